/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes sense in a configuration, beyond the types of its values. */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <libknot/libknot.h>

#include "../userspace/lib/addr.h"
#include "../userspace/lib/name.h"
#include "config_internal.h"

/* Every check says what is wrong and goes on, so that one run shows all; the tree counts. */

const char *config_item_path(char *buf, const char *list, unsigned int i, const char *member)
{
	(void)snprintf(buf, CONFIG_PATH_MAX, "%s[%u]%s", list, i, member);
	return buf;
}

/* As the kernel's dev_valid_name() has it. */
static bool is_interface_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IF_NAMESIZE || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	}
	return true;
}

static void check_interfaces(const struct config *config, struct config_tree *tree)
{
	char path[CONFIG_PATH_MAX];

	for (unsigned int i = 0; i < config->interface_count; i++) {
		const char *name = config->interface[i];

		if (!is_interface_name(name))
			config_tree_say(tree, config_item_path(path, "interface", i, ""),
					"found '%s', expected an interface name of 1 to %d letters",
					name, IF_NAMESIZE - 1);
		for (unsigned int j = 0; j < i; j++) {
			if (strcmp(config->interface[j], name) == 0)
				config_tree_say(tree, config_item_path(path, "interface", i, ""),
						"'%s' is given twice", name);
		}
	}
}

/* NULL: fit to be served. */
static const char *address_fault(const struct dnsbolt_addr *addr)
{
	static const struct dnsbolt_addr unspecified;
	const uint8_t *ipv4 = addr->a + 12;

	if (addr_is_ipv4(addr)) {
		if (ipv4[0] == 0)
			return "is no host's address; leave 'address' out to serve all";
		if (ipv4[0] >= 224)
			return "is a multicast, reserved or broadcast address, expected unicast";
		return NULL;
	}
	if (memcmp(addr, &unspecified, sizeof(unspecified)) == 0)
		return "is no host's address; leave 'address' out to serve all";
	if (addr->a[0] == 0xff)
		return "is a multicast address, expected a unicast address";
	return NULL;
}

static void check_addresses(const struct config *config, struct config_tree *tree)
{
	struct dnsbolt_addr seen[DNSBOLT_MAX_LISTEN];
	char path[CONFIG_PATH_MAX];
	unsigned int n = 0;

	for (unsigned int i = 0; i < config->listen->address_count; i++) {
		const char *text = config->listen->address[i], *fault;

		config_item_path(path, "listen.address", i, "");
		if (addr_parse(&seen[n], text)) {
			config_tree_say(
				tree, path,
				"found '%s', expected an address as 192.0.2.1 or 2001:db8::1",
				text);
			continue;
		}
		fault = address_fault(&seen[n]);
		if (fault)
			config_tree_say(tree, path, "'%s' %s", text, fault);
		for (unsigned int j = 0; j < n; j++) {
			if (memcmp(&seen[j], &seen[n], sizeof(*seen)) == 0)
				config_tree_say(tree, path, "'%s' is given twice", text);
		}
		n++;
	}
}

static void check_metrics(const struct config *config, struct config_tree *tree)
{
	const char *listen = config->metrics->listen;
	struct dnsbolt_addr addr;
	uint16_t port;

	if (*listen && addr_parse_port(&addr, &port, listen))
		config_tree_say(
			tree, "metrics.listen",
			"found '%s', expected 'ADDRESS:PORT' as 127.0.0.1:9553, or \"\" for none",
			listen);
}

static void check_user(const struct config *config, struct config_tree *tree)
{
	if (config_tree_has(tree, "user") && !getpwnam(config->user))
		config_tree_say(tree, "user", "there is no user '%s' on this host", config->user);
}

static void check_control(const struct config *config, struct config_tree *tree)
{
	size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (strlen(config->control) > room)
		config_tree_say(tree, "control",
				"found %zu octets, expected a socket's path of at most %zu",
				strlen(config->control), room);
}

/* ---- zones ---- */

struct zone_entry {
	knot_dname_t *name;
	unsigned int i;
};

static int compare_zones(const void *a, const void *b)
{
	const struct zone_entry *left = a, *right = b;
	int order = knot_dname_cmp(left->name, right->name);

	if (order)
		return order;
	return left->i < right->i ? -1 : 1;
}

static int check_zones(const struct config *config, struct config_tree *tree)
{
	struct zone_entry *entry = calloc(config->zone_count + 1, sizeof(*entry));
	char path[CONFIG_PATH_MAX], fault[NAME_ERROR_LEN];
	knot_dname_storage_t name;
	unsigned int n = 0;
	int err = 0;

	if (!entry)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->zone_count && !err; i++) {
		if (name_parse_lower(name, config->zone[i].name, fault)) {
			config_tree_say(tree, config_item_path(path, "zone", i, ".name"), "%s",
					fault);
			continue;
		}
		entry[n].i = i;
		entry[n].name = knot_dname_copy(name, NULL);
		if (entry[n].name)
			n++;
		else
			err = -ENOMEM;
	}
	qsort(entry, n, sizeof(*entry), compare_zones);
	for (unsigned int i = 1; i < n; i++) {
		if (knot_dname_is_equal(entry[i - 1].name, entry[i].name))
			config_tree_say(tree, config_item_path(path, "zone", entry[i].i, ".name"),
					"'%s' is given twice", config->zone[entry[i].i].name);
	}
	for (unsigned int i = 0; i < n; i++)
		knot_dname_free(entry[i].name, NULL);
	free(entry);
	return err;
}

static int hex_digit(int c)
{
	c = tolower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int config_nsid(const char *text, uint8_t *ret_octets, size_t *ret_len)
{
	size_t len = strlen(text);

	if (strncmp(text, "0x", 2) != 0) {
		if (len > DNSBOLT_IDENTITY_MAX)
			return -EINVAL;
		memcpy(ret_octets, text, len);
		*ret_len = len;
		return 0;
	}
	text += 2;
	len -= 2;
	if (len % 2 || len / 2 > DNSBOLT_IDENTITY_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret_octets[i] = (uint8_t)(high << 4 | low);
	}
	*ret_len = len / 2;
	return 0;
}

static void check_nsid(const struct config *config, struct config_tree *tree)
{
	uint8_t octets[DNSBOLT_IDENTITY_MAX];
	size_t len;

	if (config_nsid(config->nsid, octets, &len))
		config_tree_say(
			tree, "nsid",
			"found '%s', expected a text of at most %u octets, or 0x and as many "
			"octets in hexadecimal",
			config->nsid, DNSBOLT_IDENTITY_MAX);
}

int config_check(const struct config *config, struct config_tree *tree)
{
	int err;

	check_interfaces(config, tree);
	check_addresses(config, tree);
	check_metrics(config, tree);
	check_user(config, tree);
	check_control(config, tree);
	check_nsid(config, tree);
	config_sync_check(config, tree);
	err = check_zones(config, tree) ?: config_limit_check(config, tree);
	if (err)
		return err;
	return tree->errors ? -EINVAL : 0;
}
