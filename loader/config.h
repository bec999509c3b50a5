/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration of dnsboltd: YAML, read by libcyaml. One row per option in config.c. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bpf/abi.h"
#include "../userspace/lib/report.h"

enum config_fallback { CONFIG_FALLBACK_RESOLVER, CONFIG_FALLBACK_HOST };
enum config_cookies {
	CONFIG_COOKIES_DEFAULT, /* answer, unless the host's server does otherwise */
	CONFIG_COOKIES_IGNORE,
	CONFIG_COOKIES_PASS,
	CONFIG_COOKIES_ANSWER,
	CONFIG_COOKIES_REQUIRE
};
enum config_denied { CONFIG_DENIED_DROP, CONFIG_DENIED_PASS };
enum config_exit { CONFIG_EXIT_DETACH, CONFIG_EXIT_STAY, CONFIG_EXIT_DISARM };
enum config_zonemd {
	CONFIG_ZONEMD_DEFAULT, /* check */
	CONFIG_ZONEMD_OFF,
	CONFIG_ZONEMD_CHECK,
	CONFIG_ZONEMD_REQUIRE
};

#define CONFIG_HOST "host" /* as a primary: the DNS server of this host */

struct config_listen {
	char **address; /* text; none: all addresses of the interfaces */
	unsigned int address_count;
	uint16_t port; /* 53 */
};

/* A TSIG key (RFC 8945). The secret is in base64, here or alone in a file. */
struct config_key {
	char *name, *algorithm;
	char *secret, *secret_file; /* one of them */
};

/* A group of primaries: addresses of one server, or of several that share a key. */
struct config_primary {
	char *name;
	char **address; /* "addr" or "addr@port" */
	unsigned int address_count;
	char *key; /* NULL: no TSIG */
};

/* How a zone is kept in sync. 0, NULL and an empty list: not given. */
struct config_sync {
	char **primary; /* names of groups or addresses, in order; or CONFIG_HOST alone */
	unsigned int primary_count;
	char **notify_from;
	unsigned int notify_from_count;
	uint32_t refresh_min, refresh_max, retry_min, retry_max, expire_min, expire_max; /* s */
	uint64_t max_zone_size; /* octets of a transfer */
	enum config_zonemd zonemd;
	char **serve_to; /* prefixes of clients; none: everyone */
	unsigned int serve_to_count;
};

struct config_template {
	char *name;
	struct config_sync sync;
};

struct config_group { /* of a catalog zone's members */
	char *name, *template;
};

struct config_zone {
	char *name;	/* as written; a final dot may be missing */
	char *file;	/* this, or primaries */
	char *template; /* what `sync` does not give; NULL: none */
	struct config_sync sync;
	bool catalog;
	char *members; /* template of a catalog's members that are in none of the groups */
	struct config_group *group;
	unsigned int group_count;
};

struct config_transfer {
	uint32_t parallel;		      /* 10 */
	uint32_t idle_timeout, total_timeout; /* seconds: 10, 3600 */
};

struct config_notify {
	char **address; /* none: not listened for */
	unsigned int address_count;
	uint16_t port; /* 53 */
};

struct config_host {
	uint32_t poll; /* seconds: 1 */
	char *key;
};

/* Response rate limiting. Rates are responses per second; 0: no limit. */
struct config_limit {
	uint32_t responses;			       /* 200 */
	uint32_t nodata, nxdomains, referrals, errors; /* as `responses` */
	uint32_t all;				       /* 0 */
	uint32_t window;			       /* seconds: 15 */
	uint32_t slip;				       /* 2 */
	uint32_t ipv4_prefix, ipv6_prefix;	       /* 24, 56 */
	uint32_t accounts;			       /* a power of two: 65536 */
	char **exempt;
	unsigned int exempt_count;
	bool log_only;
};

struct config_clients {
	char **allow, **deny; /* prefixes; no `allow`: everyone */
	unsigned int allow_count, deny_count;
	enum config_denied denied;
};

struct config_metrics {
	char *listen; /* "address:port"; empty: no metrics */
};

struct config {
	char *site; /* default: host name */
	char **interface;
	unsigned int interface_count; /* 1 to DNSBOLT_MAX_IFACES */
	struct config_listen *listen;
	enum dnsbolt_mode mode;
	enum config_fallback fallback;
	enum dnsbolt_return return_path;
	enum config_cookies cookies;
	char *cookie_secret_file; /* NULL: random secrets */
	struct config_limit *limit;
	uint32_t pass_limit; /* queries per second: 100000; 0: no limit */
	struct config_clients *clients;
	enum config_exit on_exit;
	enum dnsbolt_any any;
	/* At most DNSBOLT_IDENTITY_MAX octets; empty: not answered. nsid: 0x... for octets in hexadecimal. */
	char *identity, *nsid, *version;
	uint16_t max_udp_size;	 /* 512 to DNSBOLT_UDP_MAX; 1232 */
	uint32_t max_names;	 /* 1048576 */
	uint32_t orphan_timeout; /* seconds; 0: never */
	char *user; /* whom the resolver runs as; default: dnsbolt if there is such a user, else nobody */
	char **zone_dir;
	unsigned int zone_dir_count;
	struct config_zone *zone;
	unsigned int zone_count;
	struct config_key *key;
	unsigned int key_count;
	struct config_primary *primary;
	unsigned int primary_count;
	struct config_template *template;
	unsigned int template_count;
	struct config_transfer *transfer;
	struct config_notify *notify;
	struct config_host *host;
	bool watch; /* files that change are read again; true */
	struct config_metrics *metrics;
	char *control, *state_dir, *run_dir, *pin_dir;
};

/* Reads and checks `path`; all defaults are filled in. Every problem is said with file, line and key, and what was
 * expected. -ENOENT, -EINVAL, -ENOMEM. */
int config_load(struct config **ret_config, const char *path, const struct report *report);
void config_free(struct config *config);

/* Words of the options' values, as in the file. */
const char *config_mode_name(enum dnsbolt_mode mode);
bool config_mode_parse(enum dnsbolt_mode *ret_mode, const char *word);
const char *config_fallback_name(enum config_fallback fallback);
/* The octets of `nsid`; at most DNSBOLT_IDENTITY_MAX. -EINVAL: not hexadecimal, or too long. */
int config_nsid(const char *text, uint8_t *ret_octets, size_t *ret_len);
const char *config_exit_name(enum config_exit on_exit);
const char *config_cookies_name(enum config_cookies cookies);

/* By name; NULL: there is none. */
const struct config_key *config_find_key(const struct config *config, const char *name);
const struct config_primary *config_find_primary(const struct config *config, const char *name);
const struct config_template *config_find_template(const struct config *config, const char *name);
/* What counts for a zone: its own options, for the others those of the template (may be NULL), for the others the
 * defaults. Nothing is copied: it points into the configuration. */
struct config_sync config_effective_sync(const struct config_sync *own,
					 const struct config_template *template);
/* "192.0.2.1", "2001:db8::1@5353". Port 53 unless given. -EINVAL. */
int config_parse_server(const char *text, struct dnsbolt_addr *ret_addr, uint16_t *ret_port);

#endif /* CONFIG_H */
