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
enum config_cookies { CONFIG_COOKIES_DEFAULT, CONFIG_COOKIES_IGNORE, CONFIG_COOKIES_PASS };
enum config_exit { CONFIG_EXIT_DETACH, CONFIG_EXIT_STAY, CONFIG_EXIT_DISARM };

struct config_listen {
	char **address; /* text; none: all addresses of the interfaces */
	unsigned int address_count;
	uint16_t port; /* 53 */
};

struct config_zone {
	char *name; /* as written; a final dot may be missing */
	char *file;
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

#endif /* CONFIG_H */
