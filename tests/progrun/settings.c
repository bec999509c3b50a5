// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/addr.h"
#include "../lib/harness.h"
#include "vector.h"

/* Ticks of one response: more than a file takes to run, so that what is over a limit does not depend on the machine. */
#define STEP (1u << 22)
#define FIELD(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(struct dnsbolt_config, member),                                     \
			sizeof(((struct dnsbolt_config *)0)->member)                               \
	}

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD("mode", mode),
	FIELD("max_udp", max_udp),
	FIELD("mtu", iface[0].mtu),
	FIELD("any", any),
	FIELD("pass_options", pass_options),
	FIELD("cookies", cookie.mode),
	FIELD("alive_until", alive_until),
	FIELD("limit", limit.flags),
	FIELD("slip", limit.slip),
	FIELD("ipv4_prefix", limit.ipv4_prefix),
	FIELD("ipv6_prefix", limit.ipv6_prefix),
	FIELD("pass_burst", limit.pass_burst_ns),
	FIELD("pass_step", limit.pass_step_ns),
};

static const char *const class_names[DNSBOLT_CLASSES] = { "answers",   "nodata", "nxdomains",
							  "referrals", "errors", "all" };

/* `set answers 1` and its like limit that class; `set burst N`: how many responses may be sent. */
static bool set_limit(struct dnsbolt_config *c, const char *key, unsigned long value)
{
	size_t i;

	if (!strcmp(key, "burst")) {
		c->limit.burst = (uint32_t)value * STEP;
		c->limit.window = c->limit.burst + STEP;
		return true;
	}
	for (i = 0; i < DNSBOLT_CLASSES; i++) {
		if (strcmp(key, class_names[i]))
			continue;
		c->limit.step[i] = (uint32_t)value * STEP;
		return true;
	}
	return false;
}

/* `set KEY VALUE`: numbers of the configuration page. */
static int read_set(struct harness *h, struct vector_file *f, const char *words)
{
	struct dnsbolt_config *c = harness_config(h);
	unsigned long value;
	char key[32];
	size_t i;

	if (sscanf(words, "%31s %lu", key, &value) != 2)
		return vector_error(f, "set: expected KEY NUMBER");
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (strcmp(key, fields[i].name))
			continue;
		memcpy((uint8_t *)c + fields[i].offset, &value, fields[i].size);
		return 0;
	}
	return set_limit(c, key, value) ? 0 : vector_error(f, "set: \"%s\" is not known", key);
}

/* `text server|version|nsid TEXT`: who we say that we are; without a text nothing is said. */
static int read_text(struct harness *h, struct vector_file *f, const char *words)
{
	struct dnsbolt_config *c = harness_config(h);
	struct dnsbolt_identity *to;
	char key[32], text[DNSBOLT_IDENTITY_MAX + 1] = "";

	if (sscanf(words, "%31s %120[^\n]", key, text) < 1)
		return vector_error(f, "text: expected KEY TEXT");
	to = !strcmp(key, "server")    ? &c->server
	     : !strcmp(key, "version") ? &c->version
	     : !strcmp(key, "nsid")    ? &c->nsid
				       : NULL;
	if (!to)
		return vector_error(f, "text: \"%s\" is not known", key);
	to->len = (uint8_t)strlen(text);
	memcpy(to->text, text, to->len);
	return 0;
}

/* `secrets HEX...`: of cookies, the active one first. */
static int read_secrets(struct harness *h, struct vector_file *f, char *words)
{
	struct dnsbolt_cookie_config *c = &harness_config(h)->cookie;
	char *word, *rest = NULL;
	size_t len;

	c->n_secrets = 0;
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		len = 0;
		if (c->n_secrets == DNSBOLT_SECRETS_MAX ||
		    message_hex(word, (uint8_t *)c->secret[c->n_secrets++], 16, &len) || len != 16)
			return vector_error(f, "secrets: up to %u of 32 hexadecimal digits",
					    DNSBOLT_SECRETS_MAX);
	}
	return 0;
}

/* `client PREFIX/BITS FLAGS SETS UNTIL` */
static int read_client(struct harness *h, struct vector_file *f, const char *words)
{
	struct dnsbolt_client_key key = { 0 };
	struct dnsbolt_client client = { 0 };
	unsigned long long until;
	struct dnsbolt_addr addr;
	char text[64];

	if (sscanf(words, "%63[^/]/%u %u %u %llu", text, &key.prefixlen, &client.flags,
		   &client.sets, &until) != 5 ||
	    addr_parse(&addr, text) || key.prefixlen > 128)
		return vector_error(f, "client: expected PREFIX/BITS FLAGS SETS UNTIL");
	if (strchr(text, '.'))
		key.prefixlen += 96;
	client.until = until;
	memcpy(key.a, addr.a, sizeof(key.a));
	return harness_client(h, &key, &client) ? vector_error(f, "client: no room") : 0;
}

/* `serve ZONE SET`: the zone's place in the file, from 0 on. */
static int read_serve(struct harness *h, struct vector_file *f, const char *words)
{
	uint32_t zone, set;

	if (sscanf(words, "%u %u", &zone, &set) != 2 || harness_serve_to(h, zone, set))
		return vector_error(f, "serve: expected ZONE SET");
	return 0;
}

int settings_read(struct harness *h, struct vector_file *f, char *line)
{
	if (!strncmp(line, "set ", 4))
		return read_set(h, f, line + 4);
	if (!strncmp(line, "text ", 5))
		return read_text(h, f, line + 5);
	if (!strncmp(line, "secrets ", 8))
		return read_secrets(h, f, line + 8);
	if (!strncmp(line, "client ", 7))
		return read_client(h, f, line + 7);
	if (!strncmp(line, "serve ", 6))
		return read_serve(h, f, line + 6);
	if (strncmp(line, "clock ", 6))
		return 1;
	f->clock = (uint32_t)strtoul(line + 6, NULL, 10);
	return 0;
}

int64_t settings_set_clock(struct harness *h, const struct vector_file *f)
{
	return f->clock ? harness_set_clock(h, f->clock) : 0;
}
