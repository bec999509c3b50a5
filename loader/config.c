/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options, one row each, their defaults, and their words. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_internal.h"

#define ZONES_MAX DNSBOLT_MAX_ZONES
#define LISTS_MAX 100000
#define SECONDS_MAX                                                                                \
	0x7fffffff /* the largest that a timer of an SOA can be: RFC 1035 section 3.3.13 */
#define FILE_OCTETS_MAX (64u << 20)
#define RATE_MAX DNSBOLT_LIMIT_RATE_MAX
#define PASS_LIMIT_MAX 100000000
#define PASS_LIMIT 100000

static const cyaml_strval_t modes[] = {
	{ "answer", DNSBOLT_MODE_ANSWER },
	{ "shadow", DNSBOLT_MODE_SHADOW },
	{ "off", DNSBOLT_MODE_OFF },
};

static const cyaml_strval_t fallbacks[] = {
	{ "resolver", CONFIG_FALLBACK_RESOLVER },
	{ "host", CONFIG_FALLBACK_HOST },
};

static const cyaml_strval_t return_paths[] = {
	{ "swap", DNSBOLT_RETURN_SWAP },
	{ "fib", DNSBOLT_RETURN_FIB },
};

static const cyaml_strval_t cookies[] = {
	{ "answer", CONFIG_COOKIES_ANSWER },
	{ "pass", CONFIG_COOKIES_PASS },
	{ "ignore", CONFIG_COOKIES_IGNORE },
	{ "require", CONFIG_COOKIES_REQUIRE },
};

static const cyaml_strval_t anys[] = {
	{ "minimal", DNSBOLT_ANY_MINIMAL },
	{ "pass", DNSBOLT_ANY_PASS },
};

static const cyaml_strval_t booleans[] = {
	{ "false", false },
	{ "true", true },
};

static const cyaml_strval_t exits[] = {
	{ "detach", CONFIG_EXIT_DETACH },
	{ "stay", CONFIG_EXIT_STAY },
	{ "disarm", CONFIG_EXIT_DISARM },
};

static const cyaml_schema_field_t listen_fields[] = {
	CYAML_FIELD_SEQUENCE("address", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			     struct config_listen, address, &config_text_entry, 1,
			     DNSBOLT_MAX_LISTEN),
	CYAML_FIELD_UINT("port", CYAML_FLAG_OPTIONAL, struct config_listen, port),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t metrics_fields[] = {
	CYAML_FIELD_STRING_PTR("listen", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
			       struct config_metrics, listen, 0, CONFIG_TEXT_MAX),
	CYAML_FIELD_END,
};

/* All rows are optional but where CYAML_FLAG_OPTIONAL is missing. */
#define OPTIONAL_PTR (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, member, max)                                                                     \
	CYAML_FIELD_STRING_PTR(key, OPTIONAL_PTR, struct config, member, 1, max)
#define TEXT0(key, member, max) /* may be empty */                                                 \
	CYAML_FIELD_STRING_PTR(key, OPTIONAL_PTR, struct config, member, 0, max)
#define LIST(key, member, entry, max)                                                              \
	CYAML_FIELD_SEQUENCE(key, OPTIONAL_PTR, struct config, member, entry, 0, max)
#define NUMBER(key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct config, member)
#define WORD(key, member, words)                                                                   \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct config, member,      \
			 words, CYAML_ARRAY_LEN(words))

static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_SEQUENCE("interface", CYAML_FLAG_POINTER, struct config, interface,
			     &config_text_entry, 1, DNSBOLT_MAX_IFACES),
	TEXT("site", site, 255),
	CYAML_FIELD_MAPPING_PTR("listen", OPTIONAL_PTR, struct config, listen, listen_fields),
	WORD("mode", mode, modes),
	WORD("fallback", fallback, fallbacks),
	WORD("return", return_path, return_paths),
	WORD("cookies", cookies, cookies),
	TEXT("cookie-secret-file", cookie_secret_file, CONFIG_TEXT_MAX),
	CYAML_FIELD_MAPPING_PTR("limit", OPTIONAL_PTR, struct config, limit, config_limit_fields),
	NUMBER("pass-limit", pass_limit),
	CYAML_FIELD_MAPPING_PTR("clients", OPTIONAL_PTR, struct config, clients,
				config_clients_fields),
	WORD("any", any, anys),
	WORD("on-exit", on_exit, exits),
	TEXT0("identity", identity, DNSBOLT_IDENTITY_MAX),
	TEXT0("nsid", nsid, 2 + 2 * DNSBOLT_IDENTITY_MAX),
	TEXT0("version", version, DNSBOLT_IDENTITY_MAX),
	NUMBER("max-udp-size", max_udp_size),
	NUMBER("max-names", max_names),
	NUMBER("orphan-timeout", orphan_timeout),
	TEXT("user", user, 255),
	LIST("zone-dir", zone_dir, &config_text_entry, ZONES_MAX),
	LIST("zone", zone, &config_zone_entry, ZONES_MAX),
	WORD("watch", watch, booleans),
	LIST("key", key, &config_key_entry, LISTS_MAX),
	LIST("primary", primary, &config_primary_entry, LISTS_MAX),
	LIST("template", template, &config_template_entry, LISTS_MAX),
	CYAML_FIELD_MAPPING_PTR("transfer", OPTIONAL_PTR, struct config, transfer,
				config_transfer_fields),
	CYAML_FIELD_MAPPING_PTR("notify", OPTIONAL_PTR, struct config, notify,
				config_notify_fields),
	CYAML_FIELD_MAPPING_PTR("host", OPTIONAL_PTR, struct config, host, config_host_fields),
	CYAML_FIELD_MAPPING_PTR("metrics", OPTIONAL_PTR, struct config, metrics, metrics_fields),
	TEXT("control", control, CONFIG_TEXT_MAX),
	TEXT("state-dir", state_dir, CONFIG_TEXT_MAX),
	TEXT("run-dir", run_dir, CONFIG_TEXT_MAX),
	TEXT("pin-dir", pin_dir, CONFIG_TEXT_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields),
};

static const struct config_range ranges[] = {
	{ "listen.port", 1, UINT16_MAX },
	{ "max-udp-size", 512, DNSBOLT_UDP_MAX },
	{ "max-names", 1024, 1u << 28 },
	{ "orphan-timeout", 0, UINT32_MAX },
	{ "pass-limit", 0, PASS_LIMIT_MAX },
	{ "limit.responses-per-second", 0, RATE_MAX },
	{ "limit.nodata-per-second", 0, RATE_MAX },
	{ "limit.nxdomains-per-second", 0, RATE_MAX },
	{ "limit.referrals-per-second", 0, RATE_MAX },
	{ "limit.errors-per-second", 0, RATE_MAX },
	{ "limit.all-per-second", 0, RATE_MAX },
	{ "limit.window", 1, 3600 },
	{ "limit.slip", 0, 10 },
	{ "limit.ipv4-prefix", 1, 32 },
	{ "limit.ipv6-prefix", 1, 64 },
	{ "limit.accounts", 1024, 1u << 28 },
	{ "transfer.parallel", 1, 1000 },
	{ "transfer.idle-timeout", 1, 3600 },
	{ "transfer.total-timeout", 1, 604800 },
	{ "notify.port", 1, UINT16_MAX },
	{ "host.poll", 1, 3600 },
	{ "zone[].refresh-min", 1, SECONDS_MAX },
	{ "zone[].refresh-max", 1, SECONDS_MAX },
	{ "zone[].retry-min", 1, SECONDS_MAX },
	{ "zone[].retry-max", 1, SECONDS_MAX },
	{ "zone[].expire-min", 1, SECONDS_MAX },
	{ "zone[].expire-max", 1, SECONDS_MAX },
	{ "zone[].max-zone-size", 1, 1ul << 50 },
	{ "template[].refresh-min", 1, SECONDS_MAX },
	{ "template[].refresh-max", 1, SECONDS_MAX },
	{ "template[].retry-min", 1, SECONDS_MAX },
	{ "template[].retry-max", 1, SECONDS_MAX },
	{ "template[].expire-min", 1, SECONDS_MAX },
	{ "template[].expire-max", 1, SECONDS_MAX },
	{ "template[].max-zone-size", 1, 1ul << 50 },
	{ NULL, 0, 0 },
};

/* Keeps the first error of libcyaml: what config_tree_check() let through and libcyaml refuses all
 * the same. */
static void keep_error(cyaml_log_t level, void *arg, const char *format, va_list args)
{
	char *text = arg;

	if (level == CYAML_LOG_ERROR && !*text) {
		(void)vsnprintf(text, CONFIG_PATH_MAX, format, args);
		text[strcspn(text, "\n")] = '\0';
	}
}

static cyaml_config_t cyaml_settings(char *error)
{
	return (cyaml_config_t){
		.log_fn = keep_error,
		.log_ctx = error,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};
}

static int read_file(char **ret_text, size_t *ret_len, const char *path,
		     const struct report *report)
{
	char *text = NULL;
	size_t len = 0, room = 0, n;
	int err = 0;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		err = -errno;
	while (!err) {
		if (len == room) {
			char *more = room < FILE_OCTETS_MAX ? realloc(text, room + 65536) : NULL;

			if (!more) {
				err = room < FILE_OCTETS_MAX ? -ENOMEM : -EFBIG;
				break;
			}
			text = more;
			room += 65536;
		}
		n = fread(text + len, 1, room - len, file);
		if (n == 0)
			break;
		len += n;
	}
	if (!err && ferror(file))
		err = errno ? -errno : -EIO;
	if (file)
		(void)fclose(file);
	if (err) {
		report_say(report, LOG_LEVEL_ERROR, "%s: cannot be read: %s", path, strerror(-err));
		free(text);
		return err;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* ---- defaults ---- */

static int default_text(char **option, const char *text)
{
	if (*option)
		return 0;
	*option = strdup(text);
	return *option ? 0 : -ENOMEM;
}

/* cyaml_mem() is realloc() and free(), so what is allocated here can be freed by cyaml_free(). */
static int default_sections(struct config *config, const struct config_tree *tree)
{
	if (!config->listen)
		config->listen = calloc(1, sizeof(*config->listen));
	if (!config->metrics)
		config->metrics = calloc(1, sizeof(*config->metrics));
	if (!config->listen || !config->metrics)
		return -ENOMEM;
	if (!config->listen->port)
		config->listen->port = 53;
	return default_text(&config->metrics->listen, "127.0.0.1:9553")
		       ?: config_sync_defaults(config)
		       ?: config_limit_defaults(config, tree);
}

/* "off" is nothing. Where the host answers such questions, it does unless the option says otherwise. */
static int default_identity(char **option, const char *text)
{
	if (*option && !strcmp(*option, "off"))
		**option = '\0';
	return default_text(option, text);
}

static int set_identities(struct config *config)
{
	const char *own = config->fallback == CONFIG_FALLBACK_HOST ? "" : config->site;

	if (strlen(own) > DNSBOLT_IDENTITY_MAX)
		own = "";
	return default_identity(&config->identity, own) || default_identity(&config->nsid, own) ||
			       default_identity(&config->version, "")
		       ? -ENOMEM
		       : 0;
}

static int set_defaults(struct config *config, const struct config_tree *tree)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) || !*host)
		(void)snprintf(host, sizeof(host), "localhost");
	if (!config_tree_has(tree, "mode"))
		config->mode = DNSBOLT_MODE_ANSWER; /* 0 is off */
	if (!config_tree_has(tree, "watch"))
		config->watch = true;
	if (!config->max_udp_size)
		config->max_udp_size = 1232;
	if (!config->max_names)
		config->max_names = 1048576;
	if (!config_tree_has(tree, "pass-limit"))
		config->pass_limit = PASS_LIMIT;
	if (default_text(&config->site, host) ||
	    default_text(&config->user, getpwnam("dnsbolt") ? "dnsbolt" : "nobody") ||
	    default_text(&config->control, "/run/dnsbolt/control.sock") ||
	    default_text(&config->state_dir, "/var/lib/dnsbolt") ||
	    default_text(&config->run_dir, "/run/dnsbolt") ||
	    default_text(&config->pin_dir, "/sys/fs/bpf/dnsbolt"))
		return -ENOMEM;
	if (set_identities(config))
		return -ENOMEM;
	return default_sections(config, tree);
}

/* ---- loading ---- */

static int load_values(struct config **ret_config, const char *path, const char *text, size_t len,
		       const struct report *report)
{
	char error[CONFIG_PATH_MAX] = "";
	cyaml_config_t settings = cyaml_settings(error);
	cyaml_err_t status;

	status = cyaml_load_data((const uint8_t *)text, len, &settings, &config_schema,
				 (cyaml_data_t **)ret_config, NULL);
	if (status == CYAML_OK)
		return 0;
	*ret_config = NULL;
	if (status == CYAML_ERR_OOM)
		return -ENOMEM;
	report_say(report, LOG_LEVEL_ERROR, "%s: %s", path,
		   *error ? error : cyaml_strerror(status));
	return -EINVAL;
}

/* There may be secrets in it. */
static void wipe(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}

int config_load(struct config **ret_config, const char *path, const struct report *report)
{
	struct config_tree tree = { .has_document = false };
	struct config *config = NULL;
	char *text = NULL, *values = NULL;
	size_t len = 0, values_len = 0;
	int err;

	err = read_file(&text, &len, path, report);
	if (err)
		return err;
	err = config_tree_parse(&tree, path, text, len, report);
	if (err)
		goto out;
	err = config_tree_check(&tree, &config_schema, ranges);
	if (err)
		goto out;
	values = config_tree_bracket(&tree, text, len, &values_len);
	err = values ? load_values(&config, path, values, values_len, report) : -ENOMEM;
	if (err)
		goto out;
	err = set_defaults(config, &tree);
	if (err)
		goto out;
	err = config_check(config, &tree);
	if (err)
		goto out;
	*ret_config = config;
	config = NULL;
out:
	if (err == -ENOMEM)
		report_say(report, LOG_LEVEL_ERROR, "%s: out of memory", path);
	config_free(config);
	config_tree_done(&tree);
	wipe(text, len);
	wipe(values, values_len);
	return err;
}

void config_free(struct config *config)
{
	char error[CONFIG_PATH_MAX] = "";
	cyaml_config_t settings = cyaml_settings(error);

	if (!config)
		return;
	for (unsigned int i = 0; i < config->key_count; i++) {
		if (config->key[i].secret)
			explicit_bzero(config->key[i].secret, strlen(config->key[i].secret));
	}
	(void)cyaml_free(&settings, &config_schema, config, 0);
}

/* ---- words ---- */

static const char *word_of(const cyaml_strval_t *words, size_t n, int64_t value)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i].val == value)
			return words[i].str;
	}
	return "unknown";
}

const char *config_mode_name(enum dnsbolt_mode mode)
{
	return word_of(modes, CYAML_ARRAY_LEN(modes), mode);
}

bool config_mode_parse(enum dnsbolt_mode *ret_mode, const char *word)
{
	for (size_t i = 0; i < CYAML_ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i].str, word) == 0) {
			*ret_mode = (enum dnsbolt_mode)modes[i].val;
			return true;
		}
	}
	return false;
}

const char *config_fallback_name(enum config_fallback fallback)
{
	return word_of(fallbacks, CYAML_ARRAY_LEN(fallbacks), fallback);
}

const char *config_exit_name(enum config_exit on_exit)
{
	return word_of(exits, CYAML_ARRAY_LEN(exits), on_exit);
}

const char *config_cookies_name(enum config_cookies value)
{
	return word_of(cookies, CYAML_ARRAY_LEN(cookies), value);
}
