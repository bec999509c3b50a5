/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of zones that are kept in sync: rows, defaults, and what counts for a zone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../userspace/lib/addr.h"
#include "config_internal.h"

#define DEFAULT_PARALLEL 10
#define DEFAULT_IDLE 10
#define DEFAULT_TOTAL 3600
#define DEFAULT_POLL 1
#define DNS_PORT 53
#define LIST_MAX 64 /* of primaries and addresses */
#define GROUPS_MAX 100000
#define PREFIXES_MAX 65536

static const cyaml_strval_t zonemds[] = {
	{ "off", CONFIG_ZONEMD_OFF },
	{ "check", CONFIG_ZONEMD_CHECK },
	{ "require", CONFIG_ZONEMD_REQUIRE },
};

#define OPTIONAL_PTR (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, type, member)                                                                    \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CONFIG_TEXT_MAX)
#define TEXT_OPTIONAL(key, type, member)                                                           \
	CYAML_FIELD_STRING_PTR(key, OPTIONAL_PTR, type, member, 1, CONFIG_TEXT_MAX)
#define TEXTS(key, type, member)                                                                   \
	CYAML_FIELD_SEQUENCE(key, OPTIONAL_PTR, type, member, &config_text_entry, 1, LIST_MAX)
#define NUMBER(key, type, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, type, member)

/* Rows that zones and templates have. */
#define SYNC_ROWS(type)                                                                            \
	TEXTS("primary", type, sync.primary), TEXTS("notify-from", type, sync.notify_from),        \
		CYAML_FIELD_SEQUENCE("serve-to", OPTIONAL_PTR, type, sync.serve_to,                \
				     &config_text_entry, 1, PREFIXES_MAX),                         \
		NUMBER("refresh-min", type, sync.refresh_min),                                     \
		NUMBER("refresh-max", type, sync.refresh_max),                                     \
		NUMBER("retry-min", type, sync.retry_min),                                         \
		NUMBER("retry-max", type, sync.retry_max),                                         \
		NUMBER("expire-min", type, sync.expire_min),                                       \
		NUMBER("expire-max", type, sync.expire_max),                                       \
		NUMBER("max-zone-size", type, sync.max_zone_size),                                 \
		CYAML_FIELD_ENUM("zonemd", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, type,          \
				 sync.zonemd, zonemds, CYAML_ARRAY_LEN(zonemds))

const cyaml_schema_value_t config_text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CONFIG_TEXT_MAX),
};

static const cyaml_schema_field_t key_fields[] = {
	TEXT("name", struct config_key, name),
	TEXT_OPTIONAL("algorithm", struct config_key, algorithm),
	TEXT_OPTIONAL("secret", struct config_key, secret),
	TEXT_OPTIONAL("secret-file", struct config_key, secret_file),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_key_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_key, key_fields),
};

static const cyaml_schema_field_t primary_fields[] = {
	TEXT("name", struct config_primary, name),
	CYAML_FIELD_SEQUENCE("address", CYAML_FLAG_POINTER, struct config_primary, address,
			     &config_text_entry, 1, LIST_MAX),
	TEXT_OPTIONAL("key", struct config_primary, key),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_primary_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_primary, primary_fields),
};

static const cyaml_schema_field_t template_fields[] = {
	TEXT("name", struct config_template, name),
	SYNC_ROWS(struct config_template),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_template_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_template, template_fields),
};

static const cyaml_schema_field_t group_fields[] = {
	TEXT("name", struct config_group, name),
	TEXT("template", struct config_group, template),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t group_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_group, group_fields),
};

static const cyaml_schema_field_t zone_fields[] = {
	TEXT("name", struct config_zone, name),
	TEXT_OPTIONAL("file", struct config_zone, file),
	TEXT_OPTIONAL("template", struct config_zone, template),
	SYNC_ROWS(struct config_zone),
	CYAML_FIELD_BOOL("catalog", CYAML_FLAG_OPTIONAL, struct config_zone, catalog),
	TEXT_OPTIONAL("members", struct config_zone, members),
	CYAML_FIELD_SEQUENCE("group", OPTIONAL_PTR, struct config_zone, group, &group_entry, 0,
			     GROUPS_MAX),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t config_zone_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_zone, zone_fields),
};

const cyaml_schema_field_t config_transfer_fields[] = {
	NUMBER("parallel", struct config_transfer, parallel),
	NUMBER("idle-timeout", struct config_transfer, idle_timeout),
	NUMBER("total-timeout", struct config_transfer, total_timeout),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_notify_fields[] = {
	TEXTS("address", struct config_notify, address),
	NUMBER("port", struct config_notify, port),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t config_host_fields[] = {
	NUMBER("poll", struct config_host, poll),
	TEXT_OPTIONAL("key", struct config_host, key),
	CYAML_FIELD_END,
};

/* ---- defaults ---- */

static void default_number(uint32_t *number, uint32_t value)
{
	if (!*number)
		*number = value;
}

int config_sync_defaults(struct config *config)
{
	if (!config->transfer)
		config->transfer = calloc(1, sizeof(*config->transfer));
	if (!config->notify)
		config->notify = calloc(1, sizeof(*config->notify));
	if (!config->host)
		config->host = calloc(1, sizeof(*config->host));
	if (!config->transfer || !config->notify || !config->host)
		return -ENOMEM;
	default_number(&config->transfer->parallel, DEFAULT_PARALLEL);
	default_number(&config->transfer->idle_timeout, DEFAULT_IDLE);
	default_number(&config->transfer->total_timeout, DEFAULT_TOTAL);
	default_number(&config->host->poll, DEFAULT_POLL);
	if (!config->notify->port)
		config->notify->port = DNS_PORT;
	return 0;
}

#define TAKE(member)                                                                               \
	do {                                                                                       \
		if (!to->member)                                                                   \
			to->member = from->member;                                                 \
	} while (0)

static void take_missing(struct config_sync *to, const struct config_sync *from)
{
	if (!to->primary_count) {
		to->primary = from->primary;
		to->primary_count = from->primary_count;
	}
	if (!to->notify_from_count) {
		to->notify_from = from->notify_from;
		to->notify_from_count = from->notify_from_count;
	}
	if (!to->serve_to_count) {
		to->serve_to = from->serve_to;
		to->serve_to_count = from->serve_to_count;
	}
	TAKE(refresh_min);
	TAKE(refresh_max);
	TAKE(retry_min);
	TAKE(retry_max);
	TAKE(expire_min);
	TAKE(expire_max);
	TAKE(max_zone_size);
	TAKE(zonemd);
}

/* A primary that says 0 everywhere shall not be asked without end; a year and more is a mistake of
 * whoever wrote the SOA. */
static const struct config_sync defaults = {
	.refresh_min = 1,
	.refresh_max = 2419200,
	.retry_min = 1,
	.retry_max = 1209600,
	.expire_min = 1,
	.expire_max = 0x7fffffff,
	.zonemd = CONFIG_ZONEMD_CHECK,
};

struct config_sync config_effective_sync(const struct config_sync *own,
					 const struct config_template *template)
{
	struct config_sync sync = *own;

	if (template)
		take_missing(&sync, &template->sync);
	take_missing(&sync, &defaults);
	return sync;
}

/* ---- look-ups ---- */

const struct config_key *config_find_key(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->key_count; i++) {
		if (strcmp(config->key[i].name, name) == 0)
			return &config->key[i];
	}
	return NULL;
}

const struct config_primary *config_find_primary(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->primary_count; i++) {
		if (strcmp(config->primary[i].name, name) == 0)
			return &config->primary[i];
	}
	return NULL;
}

const struct config_template *config_find_template(const struct config *config, const char *name)
{
	for (unsigned int i = 0; name && i < config->template_count; i++) {
		if (strcmp(config->template[i].name, name) == 0)
			return &config->template[i];
	}
	return NULL;
}

int config_parse_server(const char *text, struct dnsbolt_addr *ret_addr, uint16_t *ret_port)
{
	const char *at = strchr(text, '@');
	char address[ADDR_STRLEN];
	unsigned long port = DNS_PORT;
	char *end;

	if (!at)
		at = text + strlen(text);
	if ((size_t)(at - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(at - text));
	address[at - text] = '\0';
	if (*at) {
		if (strspn(at + 1, "0123456789") != strlen(at + 1) || !at[1])
			return -EINVAL;
		errno = 0;
		port = strtoul(at + 1, &end, 10);
		if (errno || port == 0 || port > UINT16_MAX)
			return -EINVAL;
	}
	*ret_port = (uint16_t)port;
	return addr_parse(ret_addr, address);
}
