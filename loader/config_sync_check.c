/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys, primaries, templates, and what zones say of them: does it fit together? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../userspace/lib/addr.h"
#include "../userspace/lib/name.h"
#include "config_internal.h"
#include "sync/keyring.h"

/* Secrets are checked as the daemon reads them, by making a key of them. */
static void check_key(const struct config *config, struct config_tree *tree, unsigned int i)
{
	const struct config_key *row = &config->key[i];
	char path[CONFIG_PATH_MAX], fault[NAME_ERROR_LEN];
	struct xfr_key *key;

	config_item_path(path, "key", i, "");
	if (!row->secret == !row->secret_file) {
		config_tree_say(tree, path, "key '%s' has %s, expected one of them", row->name,
				row->secret ? "both 'secret' and 'secret-file'"
					    : "neither 'secret' nor 'secret-file'");
		return;
	}
	if (keyring_read_key(&key, row, fault))
		config_tree_say(tree, path, "%s", fault);
	else
		xfr_key_free(key);
}

/* "'NAME' is given twice" where config_find_...() found another row first. */
static void check_first(struct config_tree *tree, const char *list, unsigned int i,
			const char *name, bool is_first)
{
	char path[CONFIG_PATH_MAX];

	if (!is_first)
		config_tree_say(tree, config_item_path(path, list, i, ".name"),
				"'%s' is given twice", name);
}

static void check_server(struct config_tree *tree, const char *path, const char *text)
{
	struct dnsbolt_addr addr;
	uint16_t port;

	if (config_parse_server(text, &addr, &port))
		config_tree_say(tree, path,
				"found '%s', expected ADDRESS or ADDRESS@PORT, as 192.0.2.1@5353",
				text);
}

static void check_primary(const struct config *config, struct config_tree *tree, unsigned int i)
{
	const struct config_primary *row = &config->primary[i];
	char path[CONFIG_PATH_MAX], member[32];
	struct dnsbolt_addr addr;
	uint16_t port;

	if (strcmp(row->name, CONFIG_HOST) == 0 || !config_parse_server(row->name, &addr, &port))
		config_tree_say(tree, config_item_path(path, "primary", i, ".name"),
				"'%s' has a meaning of its own, expected another name", row->name);
	for (unsigned int j = 0; j < row->address_count; j++) {
		(void)snprintf(member, sizeof(member), ".address[%u]", j);
		check_server(tree, config_item_path(path, "primary", i, member), row->address[j]);
	}
	if (row->key && !config_find_key(config, row->key))
		config_tree_say(tree, config_item_path(path, "primary", i, ".key"),
				"there is no key '%s'", row->key);
}

/* ---- the options of a zone or a template ---- */

static void check_primaries(const struct config *config, struct config_tree *tree, const char *list,
			    unsigned int i, const struct config_sync *sync)
{
	char path[CONFIG_PATH_MAX];
	struct dnsbolt_addr addr;
	uint16_t port;

	config_item_path(path, list, i, ".primary");
	for (unsigned int j = 0; j < sync->primary_count; j++) {
		const char *text = sync->primary[j];

		if (strcmp(text, CONFIG_HOST) == 0) {
			if (sync->primary_count > 1)
				config_tree_say(tree, path,
						"'" CONFIG_HOST "' goes with no other primary");
			if (config->fallback != CONFIG_FALLBACK_HOST)
				config_tree_say(tree, path,
						"'" CONFIG_HOST "' needs 'fallback: host'");
		} else if (!config_find_primary(config, text) &&
			   config_parse_server(text, &addr, &port)) {
			config_tree_say(tree, path,
					"'%s' is no name of 'primary', expected one, an ADDRESS, "
					"ADDRESS@PORT or '" CONFIG_HOST "'",
					text);
		}
	}
}

static void check_bounds(struct config_tree *tree, const char *list, unsigned int i,
			 const char *option, uint32_t min, uint32_t max)
{
	char path[CONFIG_PATH_MAX], member[32];

	(void)snprintf(member, sizeof(member), ".%s-min", option);
	if (min > max)
		config_tree_say(tree, config_item_path(path, list, i, member),
				"found %u, expected at most %u, which is %s-max", min, max, option);
}

static void check_sync(const struct config *config, struct config_tree *tree, const char *list,
		       unsigned int i, const struct config_sync *own,
		       const struct config_template *template)
{
	struct config_sync sync = config_effective_sync(own, template);
	char path[CONFIG_PATH_MAX];
	struct dnsbolt_addr addr;

	check_primaries(config, tree, list, i, own);
	for (unsigned int j = 0; j < own->notify_from_count; j++) {
		if (addr_parse(&addr, own->notify_from[j]))
			config_tree_say(tree, config_item_path(path, list, i, ".notify-from"),
					"found '%s', expected an address", own->notify_from[j]);
	}
	check_bounds(tree, list, i, "refresh", sync.refresh_min, sync.refresh_max);
	check_bounds(tree, list, i, "retry", sync.retry_min, sync.retry_max);
	check_bounds(tree, list, i, "expire", sync.expire_min, sync.expire_max);
}

/* ---- zones ---- */

static void check_template_name(const struct config *config, struct config_tree *tree,
				const char *path, const char *name, bool needs_primary)
{
	const struct config_template *template = config_find_template(config, name);

	if (!template)
		config_tree_say(tree, path, "there is no template '%s'", name);
	else if (needs_primary && !template->sync.primary_count)
		config_tree_say(tree, path,
				"template '%s' names no primary, which members of a catalog need",
				name);
}

static void check_catalog(const struct config *config, struct config_tree *tree, unsigned int i)
{
	const struct config_zone *zone = &config->zone[i];
	char path[CONFIG_PATH_MAX], member[48];

	if (!zone->catalog) {
		if (zone->members || zone->group_count)
			config_tree_say(tree, config_item_path(path, "zone", i, ""),
					"'members' and 'group' need 'catalog: yes'");
		return;
	}
	if (!zone->members && !zone->group_count)
		config_tree_say(tree, config_item_path(path, "zone", i, ".catalog"),
				"expected 'members', the template of its members, or 'group'");
	if (zone->members)
		check_template_name(config, tree, config_item_path(path, "zone", i, ".members"),
				    zone->members, true);
	for (unsigned int j = 0; j < zone->group_count; j++) {
		(void)snprintf(member, sizeof(member), ".group[%u].template", j);
		check_template_name(config, tree, config_item_path(path, "zone", i, member),
				    zone->group[j].template, true);
		for (unsigned int k = 0; k < j; k++) {
			if (strcmp(zone->group[j].name, zone->group[k].name) == 0)
				config_tree_say(tree, path, "group '%s' is given twice",
						zone->group[j].name);
		}
	}
}

static void check_zone(const struct config *config, struct config_tree *tree, unsigned int i)
{
	const struct config_zone *zone = &config->zone[i];
	const struct config_template *template = config_find_template(config, zone->template);
	struct config_sync sync = config_effective_sync(&zone->sync, template);
	char path[CONFIG_PATH_MAX];

	if (zone->template)
		check_template_name(config, tree, config_item_path(path, "zone", i, ".template"),
				    zone->template, false);
	if (zone->file && sync.primary_count)
		config_tree_say(tree, config_item_path(path, "zone", i, ".file"),
				"zone '%s' has primaries too, expected one of 'file' and 'primary'",
				zone->name);
	if (!zone->file && !sync.primary_count)
		config_tree_say(tree, config_item_path(path, "zone", i, ""),
				"zone '%s' has no source, expected 'file' or 'primary'",
				zone->name);
	if (zone->file && zone->catalog)
		config_tree_say(tree, config_item_path(path, "zone", i, ".catalog"),
				"a catalog is transferred, expected 'primary' in place of 'file'");
	check_sync(config, tree, "zone", i, &zone->sync, template);
	check_catalog(config, tree, i);
}

static void check_listeners(const struct config *config, struct config_tree *tree)
{
	char path[CONFIG_PATH_MAX];
	struct dnsbolt_addr addr;

	for (unsigned int i = 0; i < config->notify->address_count; i++) {
		if (addr_parse(&addr, config->notify->address[i]))
			config_tree_say(
				tree, config_item_path(path, "notify.address", i, ""),
				"found '%s', expected an address as 192.0.2.1 or 2001:db8::1",
				config->notify->address[i]);
	}
	if (config->notify->address_count && config->fallback == CONFIG_FALLBACK_HOST &&
	    config->notify->port == config->listen->port)
		config_tree_say(tree, "notify.port",
				"port %u is the host's with 'fallback: host', expected another",
				config->notify->port);
	if (config->host->key && !config_find_key(config, config->host->key))
		config_tree_say(tree, "host.key", "there is no key '%s'", config->host->key);
}

void config_sync_check(const struct config *config, struct config_tree *tree)
{
	for (unsigned int i = 0; i < config->key_count; i++) {
		const struct config_key *row = &config->key[i];

		check_first(tree, "key", i, row->name, config_find_key(config, row->name) == row);
		check_key(config, tree, i);
	}
	for (unsigned int i = 0; i < config->primary_count; i++) {
		const struct config_primary *row = &config->primary[i];

		check_first(tree, "primary", i, row->name,
			    config_find_primary(config, row->name) == row);
		check_primary(config, tree, i);
	}
	for (unsigned int i = 0; i < config->template_count; i++) {
		const struct config_template *row = &config->template[i];

		check_first(tree, "template", i, row->name,
			    config_find_template(config, row->name) == row);
		check_sync(config, tree, "template", i, &row->sync, NULL);
	}
	for (unsigned int i = 0; i < config->zone_count; i++)
		check_zone(config, tree, i);
	check_listeners(config, tree);
}
