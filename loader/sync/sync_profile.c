/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From names in the configuration to servers, keys and bounds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync_internal.h"

static int add_server(struct sync_profile *profile, const char *text, const struct xfr_key *key)
{
	struct transport_server *grown =
		reallocarray(profile->server, profile->n_server + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	profile->server = grown;
	grown[profile->n_server] = (struct transport_server){ .key = key };
	return config_parse_server(text, &grown[profile->n_server].addr,
				   &grown[profile->n_server].port)
		       ?: (profile->n_server++, 0);
}

static int add_group(struct sync *sync, struct sync_profile *profile,
		     const struct config_primary *group)
{
	const struct xfr_key *key = keyring_of_row(sync->keyring, group->key);
	int err = 0;

	for (unsigned int i = 0; i < group->address_count && !err; i++)
		err = add_server(profile, group->address[i], key);
	return err;
}

static int add_servers(struct sync *sync, struct sync_profile *profile)
{
	const struct config_sync *options = &profile->options;
	int err = 0;

	for (unsigned int i = 0; i < options->primary_count && !err; i++) {
		const char *name = options->primary[i];
		const struct config_primary *group = config_find_primary(sync->config, name);

		if (strcmp(name, CONFIG_HOST) == 0)
			profile->host = true;
		else if (group)
			err = add_group(sync, profile, group);
		else
			err = add_server(profile, name, NULL);
	}
	return err;
}

static int add_notifiers(struct sync_profile *profile)
{
	const struct config_sync *options = &profile->options;

	if (!options->notify_from_count)
		return 0;
	profile->notify_from = calloc(options->notify_from_count, sizeof(*profile->notify_from));
	if (!profile->notify_from)
		return -ENOMEM;
	for (unsigned int i = 0; i < options->notify_from_count; i++)
		(void)addr_parse(&profile->notify_from[i], options->notify_from[i]);
	profile->n_notify_from = options->notify_from_count;
	return 0;
}

/* The host is polled: its zones' own timers are for servers further away. */
static void set_bounds(const struct sync *sync, struct sync_profile *profile)
{
	const struct config_sync *options = &profile->options;
	uint32_t poll = sync->config->host->poll;

	profile->bounds = (struct refresh_bounds){
		.refresh_min = profile->host ? poll : options->refresh_min,
		.refresh_max = profile->host ? poll : options->refresh_max,
		.retry_min = profile->host ? poll : options->retry_min,
		.retry_max = profile->host ? poll : options->retry_max,
		.expire_min = options->expire_min,
		.expire_max = options->expire_max,
	};
}

static int make_profile(struct sync *sync, struct sync_profile *profile,
			const struct config_sync *own, const struct config_template *template)
{
	int err;

	profile->options = config_effective_sync(own, template);
	err = add_servers(sync, profile);
	if (!err)
		err = add_notifiers(profile);
	set_bounds(sync, profile);
	profile->limits.max_octets = profile->options.max_zone_size;
	return err;
}

int sync_make_profiles(struct sync *sync)
{
	const struct config *config = sync->config;
	unsigned int n = 0;
	int err = 0;

	sync->profile =
		calloc(config->zone_count + config->template_count + 1, sizeof(*sync->profile));
	if (!sync->profile)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->zone_count && !err; i++) {
		const struct config_zone *zone = &config->zone[i];

		err = make_profile(sync, &sync->profile[n++], &zone->sync,
				   config_find_template(config, zone->template));
	}
	for (unsigned int i = 0; i < config->template_count && !err; i++)
		err = make_profile(sync, &sync->profile[n++], &config->template[i].sync, NULL);
	return err;
}

void sync_free_profiles(struct sync *sync)
{
	unsigned int n = sync->config->zone_count + sync->config->template_count;

	for (unsigned int i = 0; sync->profile && i < n; i++) {
		free(sync->profile[i].server);
		free(sync->profile[i].notify_from);
	}
	free(sync->profile);
	sync->profile = NULL;
}

const struct sync_profile *sync_zone_profile(const struct sync *sync, unsigned int zone)
{
	return &sync->profile[zone];
}

const struct sync_profile *sync_template_profile(const struct sync *sync, const char *name)
{
	const struct config *config = sync->config;
	const struct config_template *template = config_find_template(config, name);

	return template ? &sync->profile[config->zone_count + (template - config->template)] : NULL;
}

int sync_set_host(struct sync *sync, const struct dnsbolt_addr *host, size_t n_host)
{
	const struct xfr_key *key = keyring_of_row(sync->keyring, sync->config->host->key);
	unsigned int n = sync->config->zone_count + sync->config->template_count;

	for (unsigned int i = 0; i < n; i++) {
		struct sync_profile *profile = &sync->profile[i];

		if (!profile->host)
			continue;
		profile->server = calloc(n_host + 1, sizeof(*profile->server));
		if (!profile->server)
			return -ENOMEM;
		for (size_t j = 0; j < n_host; j++)
			profile->server[profile->n_server++] = (struct transport_server){
				.addr = host[j],
				.port = sync->config->listen->port,
				.key = key,
			};
	}
	return 0;
}
