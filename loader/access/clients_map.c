/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clients_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct keys {
	struct dnsbolt_client_key *v;
	size_t n, room;
};

static int add_key(struct keys *keys, const struct dnsbolt_client_key *key)
{
	if (keys->n == keys->room) {
		size_t room = keys->room ? 2 * keys->room : 64;
		struct dnsbolt_client_key *v = reallocarray(keys->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		keys->v = v;
		keys->room = room;
	}
	keys->v[keys->n++] = *key;
	return 0;
}

/* All keys of the map; to be freed, also on an error. Nobody else writes it. */
static int list_keys(struct keys *ret_keys, int map)
{
	struct dnsbolt_client_key key, next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;
	int err = 0;

	while (more && !err) {
		key = next;
		err = add_key(ret_keys, &key);
		more = bpf_map_get_next_key(map, &key, &next) == 0;
	}
	return err;
}

int clients_map_adopt(struct clients *clients, int map, uint64_t now)
{
	struct dnsbolt_client client;
	struct keys keys = {};
	int err = list_keys(&keys, map);

	for (size_t i = 0; i < keys.n && !err; i++) {
		uint64_t until;

		/* The look-up of a key that is there finds that one: it is the longest. */
		if (bpf_map_lookup_elem(map, &keys.v[i], &client) < 0 ||
		    !(client.flags & DNSBOLT_CLIENT_RUNTIME))
			continue;
		until = client.own_until ?: CLIENTS_FOREVER;
		if (until > now)
			err = clients_deny(clients, &keys.v[i], until);
	}
	free(keys.v);
	return err;
}

/* Longer prefixes first: one that denies around others is in force when these are. */
static int by_length(const void *a, const void *b)
{
	const struct clients_entry *left = a, *right = b;

	return (left->prefix.prefixlen < right->prefix.prefixlen) -
	       (left->prefix.prefixlen > right->prefix.prefixlen);
}

static int compare_prefix(const void *key, const void *entry)
{
	return prefix_compare(key, &((const struct clients_entry *)entry)->prefix);
}

/* What is there no more; `entries` in the order of prefix_compare(). */
static int remove_others(int map, const struct clients_entry *entries, size_t n)
{
	struct keys keys = {};
	int err = list_keys(&keys, map);

	for (size_t i = 0; i < keys.n && !err; i++) {
		if (!bsearch(&keys.v[i], entries, n, sizeof(*entries), compare_prefix) &&
		    bpf_map_delete_elem(map, &keys.v[i]) < 0)
			err = -errno;
	}
	free(keys.v);
	return err;
}

static int put_entries(int map, struct clients_entry *entries, size_t n)
{
	int err = 0;

	qsort(entries, n, sizeof(*entries), by_length);
	for (size_t i = 0; i < n && !err; i++) {
		if (bpf_map_update_elem(map, &entries[i].prefix, &entries[i].client, BPF_ANY) < 0)
			err = -errno;
	}
	return err;
}

int clients_map_write(const struct clients *clients, int map, size_t *ret_n)
{
	struct clients_entry *entries, *sorted;
	size_t n;
	int err;

	err = clients_merge(clients, &entries, &n);
	if (err)
		return err;
	sorted = calloc(n + 1, sizeof(*sorted));
	if (sorted) {
		memcpy(sorted, entries, n * sizeof(*sorted));
		err = put_entries(map, entries, n) ?: remove_others(map, sorted, n);
	} else {
		err = -ENOMEM;
	}
	free(sorted);
	free(entries);
	if (!err)
		*ret_n = n;
	return err;
}
