/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits and who may ask: the options of `limit` and `clients`, their defaults, and whether they make sense. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access/clients.h"
#include "access/secrets.h"
#include "config_internal.h"

#define PREFIXES_MAX 65536

/* NSD's rate, and of BIND's option the window, the slip and the prefixes. */
#define DEFAULT_RATE 200
#define DEFAULT_WINDOW 15
#define DEFAULT_SLIP 2
#define DEFAULT_IPV4_PREFIX 24
#define DEFAULT_IPV6_PREFIX 56
#define DEFAULT_ACCOUNTS 65536

static const cyaml_strval_t denied[] = {
	{ "drop", CONFIG_DENIED_DROP },
	{ "pass", CONFIG_DENIED_PASS },
};

#define NUMBER(key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct config_limit, member)
#define PREFIXES(key, type, member)                                                                \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member,          \
			     &config_text_entry, 0, PREFIXES_MAX)

const cyaml_schema_field_t config_limit_fields[] = {
	NUMBER("responses-per-second", responses),
	NUMBER("nodata-per-second", nodata),
	NUMBER("nxdomains-per-second", nxdomains),
	NUMBER("referrals-per-second", referrals),
	NUMBER("errors-per-second", errors),
	NUMBER("all-per-second", all),
	NUMBER("window", window),
	NUMBER("slip", slip),
	NUMBER("ipv4-prefix", ipv4_prefix),
	NUMBER("ipv6-prefix", ipv6_prefix),
	NUMBER("accounts", accounts),
	PREFIXES("exempt", struct config_limit, exempt),
	CYAML_FIELD_BOOL("log-only", CYAML_FLAG_OPTIONAL, struct config_limit, log_only),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_clients_fields[] = {
	PREFIXES("allow", struct config_clients, allow),
	PREFIXES("deny", struct config_clients, deny),
	CYAML_FIELD_ENUM("denied", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct config_clients,
			 denied, denied, CYAML_ARRAY_LEN(denied)),
	CYAML_FIELD_END,
};

/* ---- defaults ---- */

/* 0 has a meaning of its own where the key is there. */
static void default_number(const struct config_tree *tree, const char *path, uint32_t *number,
			   uint32_t value)
{
	if (!config_tree_has(tree, path))
		*number = value;
}

int config_limit_defaults(struct config *config, const struct config_tree *tree)
{
	struct config_limit *limit;

	if (!config->limit)
		config->limit = calloc(1, sizeof(*config->limit));
	if (!config->clients)
		config->clients = calloc(1, sizeof(*config->clients));
	if (!config->limit || !config->clients)
		return -ENOMEM;
	limit = config->limit;
	default_number(tree, "limit.responses-per-second", &limit->responses, DEFAULT_RATE);
	default_number(tree, "limit.nodata-per-second", &limit->nodata, limit->responses);
	default_number(tree, "limit.nxdomains-per-second", &limit->nxdomains, limit->responses);
	default_number(tree, "limit.referrals-per-second", &limit->referrals, limit->responses);
	default_number(tree, "limit.errors-per-second", &limit->errors, limit->responses);
	default_number(tree, "limit.window", &limit->window, DEFAULT_WINDOW);
	default_number(tree, "limit.slip", &limit->slip, DEFAULT_SLIP);
	default_number(tree, "limit.ipv4-prefix", &limit->ipv4_prefix, DEFAULT_IPV4_PREFIX);
	default_number(tree, "limit.ipv6-prefix", &limit->ipv6_prefix, DEFAULT_IPV6_PREFIX);
	default_number(tree, "limit.accounts", &limit->accounts, DEFAULT_ACCOUNTS);
	return 0;
}

/* ---- checks ---- */

static void check_prefixes(struct config_tree *tree, const char *list, char *const *text,
			   unsigned int n)
{
	struct dnsbolt_client_key prefix;
	char path[CONFIG_PATH_MAX];

	for (unsigned int i = 0; i < n; i++) {
		int err = prefix_parse(&prefix, text[i]);

		if (!err)
			continue;
		config_item_path(path, list, i, "");
		if (err == -ERANGE)
			config_tree_say(tree, path, "'%s' has bits behind its length", text[i]);
		else
			config_tree_say(tree, path,
					"found '%s', expected a prefix as 192.0.2.0/24 or "
					"2001:db8::/32, or an address",
					text[i]);
	}
}

static void check_serve_to(struct config_tree *tree, const char *list, unsigned int i,
			   const struct config_sync *sync)
{
	char path[CONFIG_PATH_MAX];

	check_prefixes(tree, config_item_path(path, list, i, ".serve-to"), sync->serve_to,
		       sync->serve_to_count);
}

static void check_secrets(const struct config *config, struct config_tree *tree)
{
	char fault[SECRETS_FAULT_LEN];
	struct secrets secrets;
	bool exposed;

	if (!config->cookie_secret_file)
		return;
	if (secrets_read(&secrets, &exposed, config->cookie_secret_file, fault))
		config_tree_say(tree, "cookie-secret-file", "\"%.300s\": %s",
				config->cookie_secret_file, fault);
	explicit_bzero(&secrets, sizeof(secrets));
}

static int check_lists(const struct config *config, struct config_tree *tree)
{
	struct clients *clients = NULL;
	int err = clients_new(&clients, config);

	if (err == -E2BIG)
		config_tree_say(tree, "",
				"more than %u different lists of 'serve-to' are in zones and "
				"templates",
				CLIENTS_SETS_MAX);
	clients_free(clients);
	return err == -ENOMEM ? err : 0;
}

int config_limit_check(const struct config *config, struct config_tree *tree)
{
	const struct config_clients *clients = config->clients;
	const struct config_limit *limit = config->limit;

	if (limit->accounts & (limit->accounts - 1))
		config_tree_say(tree, "limit.accounts", "found '%u', expected a power of two",
				limit->accounts);
	check_prefixes(tree, "limit.exempt", limit->exempt, limit->exempt_count);
	check_prefixes(tree, "clients.allow", clients->allow, clients->allow_count);
	check_prefixes(tree, "clients.deny", clients->deny, clients->deny_count);
	for (unsigned int i = 0; i < config->zone_count; i++)
		check_serve_to(tree, "zone", i, &config->zone[i].sync);
	for (unsigned int i = 0; i < config->template_count; i++)
		check_serve_to(tree, "template", i, &config->template[i].sync);
	check_secrets(config, tree);
	return check_lists(config, tree);
}
