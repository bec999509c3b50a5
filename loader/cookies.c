/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cookies.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/core/siphash.h"
#include "../userspace/lib/addr.h"

#define LOOK_MS 1000	 /* at the file */
#define SERVER_COOKIE 16 /* octets: RFC 9018 section 4 */
#define HASH_AT 16	 /* of the option's data */

enum host_cookies {
	HOST_UNKNOWN, /* not asked yet */
	HOST_IS_US,   /* fallback: resolver */
	HOST_SILENT,
	HOST_NONE,   /* answers no cookies */
	HOST_OTHERS, /* of other secrets, or not of RFC 9018 */
	HOST_SAME,
};

struct cookies {
	uv_fs_poll_t file;
	const struct config *config;
	struct attach *attach;
	const struct report *report;
	struct secrets secrets;
	enum host_cookies host;
	enum dnsbolt_cookies mode;
	void (*changed)(void *arg);
	void *arg;
	bool is_watched;
};

/* ---- the mode ---- */

static enum dnsbolt_cookies choose(enum config_cookies option, enum host_cookies host)
{
	switch (option) {
	case CONFIG_COOKIES_IGNORE:
		return DNSBOLT_COOKIES_IGNORE;
	case CONFIG_COOKIES_PASS:
		return DNSBOLT_COOKIES_PASS;
	case CONFIG_COOKIES_ANSWER:
		return DNSBOLT_COOKIES_ANSWER;
	case CONFIG_COOKIES_REQUIRE:
		return DNSBOLT_COOKIES_REQUIRE;
	case CONFIG_COOKIES_DEFAULT:
		break;
	}
	if (host == HOST_IS_US || host == HOST_SAME)
		return DNSBOLT_COOKIES_ANSWER;
	return host == HOST_NONE ? DNSBOLT_COOKIES_IGNORE : DNSBOLT_COOKIES_PASS;
}

static const struct {
	enum dnsbolt_cookies mode;
	enum host_cookies host;
	const char *text;
} faults[] = {
	{ DNSBOLT_COOKIES_IGNORE, HOST_OTHERS,
	  "the host answers cookies, and the driver ignores them: resolvers will ask by TCP what the driver answers: "
	  "leave 'cookies' out" },
	{ DNSBOLT_COOKIES_IGNORE, HOST_SAME,
	  "the host answers cookies, and the driver ignores them: resolvers will ask by TCP what the driver answers: "
	  "leave 'cookies' out" },
	{ DNSBOLT_COOKIES_ANSWER, HOST_NONE,
	  "the host answers no cookies: resolvers will ask by TCP what it answers: let it answer them with the same "
	  "secrets, or leave 'cookies' out" },
	{ DNSBOLT_COOKIES_ANSWER, HOST_OTHERS,
	  "the host makes cookies of other secrets: give it those of cookie-secret-file, or leave 'cookies' out" },
	{ DNSBOLT_COOKIES_REQUIRE, HOST_NONE,
	  "the host answers no cookies: resolvers will ask by TCP what it answers: let it answer them with the same "
	  "secrets" },
	{ DNSBOLT_COOKIES_REQUIRE, HOST_OTHERS,
	  "the host makes cookies of other secrets: give it those of cookie-secret-file" },
};

const char *cookies_fault(const struct cookies *cookies)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (faults[i].mode == cookies->mode && faults[i].host == cookies->host)
			return faults[i].text;
	}
	return NULL;
}

const char *cookies_text(const struct cookies *cookies)
{
	switch (cookies->mode) {
	case DNSBOLT_COOKIES_IGNORE:
		return cookies->host == HOST_NONE ? "ignore (the host answers none)" : "ignore";
	case DNSBOLT_COOKIES_PASS:
		return cookies->config->cookies == CONFIG_COOKIES_PASS ? "pass"
		       : cookies->host == HOST_OTHERS
			       ? "pass (the host makes cookies of other secrets)"
			       : "pass (the host did not answer when it was asked)";
	case DNSBOLT_COOKIES_ANSWER:
		return cookies->host == HOST_SAME ? "answer (as the host does)" : "answer";
	case DNSBOLT_COOKIES_REQUIRE:
		return "require";
	}
	return "unknown";
}

static void set_host(struct cookies *cookies, enum host_cookies host)
{
	const char *before = cookies_fault(cookies), *now;

	cookies->host = host;
	cookies->mode = choose(cookies->config->cookies, host);
	attach_set_cookies(cookies->attach, cookies->mode);
	now = cookies_fault(cookies);
	if (now && now != before)
		report_say(cookies->report, LOG_LEVEL_WARNING, "preflight: cookies: %s", now);
	else if (before && !now)
		report_say(cookies->report, LOG_LEVEL_NOTICE,
			   "cookies: the host and the driver agree now");
}

/* ---- what the host does ---- */

bool cookies_are_shared(const struct secrets *secrets, const struct probe_reply *reply)
{
	const uint8_t *client = reply->client.a;
	uint64_t word[3], ipv6[2];
	struct siphash hash;
	__u64 key[2];
	uint32_t ipv4;

	if (reply->cookie_len != PROBE_CLIENT_COOKIE + SERVER_COOKIE)
		return false;
	memcpy(word, reply->cookie, sizeof(word));
	memcpy(ipv6, client, sizeof(ipv6));
	memcpy(&ipv4, client + 12, sizeof(ipv4));
	for (uint32_t i = 0; i < secrets->n; i++) {
		memcpy(key, secrets->octets[i], sizeof(key));
		key[0] = le64toh(key[0]);
		key[1] = le64toh(key[1]);
		siphash_start(&hash, key);
		siphash_word(&hash, le64toh(word[0]));
		siphash_word(&hash, le64toh(word[1]));
		/* The last word has the length in its last octet. */
		if (addr_is_ipv4(&reply->client)) {
			siphash_word(&hash, le32toh(ipv4) | 20ull << 56);
		} else {
			siphash_word(&hash, le64toh(ipv6[0]));
			siphash_word(&hash, le64toh(ipv6[1]));
			siphash_word(&hash, 32ull << 56);
		}
		if (siphash_finish(&hash) == le64toh(word[2]))
			return true;
	}
	return false;
}

void cookies_meet_host(struct cookies *cookies, int err, const struct probe_reply *reply)
{
	/* One that is restarted is silent for a moment: what it did counts on. */
	if (err && cookies->host != HOST_UNKNOWN)
		return;
	set_host(cookies, err						 ? HOST_SILENT
			  : !reply->cookie_len				 ? HOST_NONE
			  : cookies_are_shared(&cookies->secrets, reply) ? HOST_SAME
									 : HOST_OTHERS);
}

void cookies_without_host(struct cookies *cookies)
{
	set_host(cookies, HOST_IS_US);
}

/* ---- secrets ---- */

static int read_file(struct cookies *cookies, struct secrets *ret_secrets)
{
	const char *path = cookies->config->cookie_secret_file;
	char fault[SECRETS_FAULT_LEN];
	bool exposed;
	int err;

	err = secrets_read(ret_secrets, &exposed, path, fault);
	if (err)
		report_say(cookies->report, LOG_LEVEL_ERROR, "cookie-secret-file: \"%s\": %s", path,
			   fault);
	else if (exposed)
		report_say(cookies->report, LOG_LEVEL_WARNING,
			   "cookie-secret-file: \"%s\" can be read by everyone on this host", path);
	return err;
}

static void take(struct cookies *cookies, const struct secrets *secrets)
{
	cookies->secrets = *secrets;
	attach_set_secrets(cookies->attach, secrets);
}

static int choose_secrets(struct cookies *cookies)
{
	struct secrets secrets = {};
	int err = 0;

	if (cookies->config->cookie_secret_file)
		err = read_file(cookies, &secrets);
	else if (!attach_secrets(cookies->attach, &secrets))
		err = secrets_random(&secrets);
	if (!err)
		take(cookies, &secrets);
	explicit_bzero(&secrets, sizeof(secrets));
	return err;
}

void cookies_reload(struct cookies *cookies)
{
	struct secrets secrets = {};
	char print[SECRETS_PRINT_LEN];

	if (cookies->config->cookie_secret_file && read_file(cookies, &secrets) == 0 &&
	    memcmp(&secrets, &cookies->secrets, sizeof(secrets)) != 0) {
		take(cookies, &secrets);
		report_say(cookies->report, LOG_LEVEL_NOTICE,
			   "cookie-secret-file: read: %u secrets, %s makes cookies", secrets.n,
			   secrets_print(secrets.octets[0], print));
		if (cookies->changed)
			cookies->changed(cookies->arg);
	}
	explicit_bzero(&secrets, sizeof(secrets));
}

const char *cookies_print(const struct cookies *cookies, uint32_t i, char buf[SECRETS_PRINT_LEN])
{
	return i < cookies->secrets.n ? secrets_print(cookies->secrets.octets[i], buf) : NULL;
}

enum dnsbolt_cookies cookies_mode(const struct cookies *cookies)
{
	return cookies->mode;
}

/* ---- start and stop ---- */

static void on_look(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
	(void)before;
	(void)now;
	/* One that is gone for a moment, while another takes its place, comes as another change. */
	if (status == 0)
		cookies_reload(poll->data);
}

static int watch_file(struct cookies *cookies, uv_loop_t *loop)
{
	int err;

	if (!cookies->config->cookie_secret_file)
		return 0;
	err = uv_fs_poll_init(loop, &cookies->file);
	if (err)
		return err;
	cookies->file.data = cookies;
	cookies->is_watched = true;
	return uv_fs_poll_start(&cookies->file, on_look, cookies->config->cookie_secret_file,
				LOOK_MS);
}

int cookies_start(struct cookies **ret_cookies, uv_loop_t *loop, const struct config *config,
		  struct attach *attach, const struct report *report)
{
	struct cookies *cookies = calloc(1, sizeof(*cookies));
	int err;

	if (!cookies)
		return -ENOMEM;
	cookies->config = config;
	cookies->attach = attach;
	cookies->report = report;
	err = choose_secrets(cookies);
	if (!err)
		err = watch_file(cookies, loop);
	if (err)
		cookies_stop(cookies);
	else
		*ret_cookies = cookies;
	return err;
}

void cookies_on_change(struct cookies *cookies, void (*changed)(void *arg), void *arg)
{
	cookies->changed = changed;
	cookies->arg = arg;
}

static void forget(struct cookies *cookies)
{
	explicit_bzero(&cookies->secrets, sizeof(cookies->secrets));
	free(cookies);
}

static void on_closed(uv_handle_t *handle)
{
	forget(handle->data);
}

void cookies_stop(struct cookies *cookies)
{
	if (!cookies)
		return;
	if (cookies->is_watched)
		uv_close((uv_handle_t *)&cookies->file, on_closed);
	else
		forget(cookies);
}
