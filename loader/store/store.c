/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

/* Why the last store could not be opened: there is no store to ask. */
static _Thread_local char open_error[sizeof(((struct store *)0)->error)] = "no error";

static int compare_apex(const struct zone_entry *a, const struct zone_entry *b)
{
	if (a->apex_len != b->apex_len)
		return a->apex_len < b->apex_len ? -1 : 1;
	return memcmp(a->apex, b->apex, a->apex_len);
}

RB_GENERATE(store_zone_tree, zone_entry, by_apex, compare_apex)

int store_fail(struct store *s, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(s->error, sizeof(s->error), format, args);
	va_end(args);
	return err;
}

const char *store_error(const struct store *s)
{
	if (!s)
		return open_error;
	return s->error[0] ? s->error : "no error";
}

/* ---- opening ---- */

static int add_segment(void *arg)
{
	struct store *s = arg;
	uint32_t i = s->backing->n_segments;
	int err = s->backing->ops->add_segment(s->backing);

	if (err)
		return err;
	__atomic_store_n(&s->view.segment[i], s->backing->segment[i], __ATOMIC_RELEASE);
	if (s->added && s->backing->segment_fd[i] >= 0)
		s->added(i, s->backing->segment_fd[i], s->added_arg);
	return 0;
}

static dnsbolt_handle find_name(const struct env_store *view, uint64_t hash)
{
	const struct backing *b = view->arg;

	return b->ops->find(b, hash);
}

static void init_view(struct store *s)
{
	struct backing *b = s->backing;

	s->view.config = b->config;
	s->view.zones = b->zones;
	s->view.find_name = find_name;
	s->view.arg = b;
	for (uint32_t i = 0; i < b->n_segments; i++)
		s->view.segment[i] = b->segment[i];
}

/* The key is new for every store, so that names of one hash cannot be prepared. */
static int make_key(struct store *s)
{
	struct dnsbolt_config *c = s->backing->config;
	uint64_t key[3];

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return store_fail(s, -EIO, "no random octets for the hash key");
	c->abi = DNSBOLT_ABI;
	c->hash_seed = key[0];
	c->hash_key[0] = key[1] | 1;
	c->hash_key[1] = key[2] | 1;
	return 0;
}

static int check_config(struct store *s)
{
	const struct dnsbolt_config *c = s->backing->config;

	if (c->abi != DNSBOLT_ABI)
		return store_fail(s, -EPROTO, "the maps are of ABI %u, this program's is %u",
				  c->abi, DNSBOLT_ABI);
	if (!c->hash_key[0] || !c->hash_key[1])
		return store_fail(s, -EPROTO, "the config map holds no hash key");
	return 0;
}

static struct store *new_store(struct backing *b, uint32_t max_names)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->zone = calloc(DNSBOLT_MAX_ZONES, sizeof(struct zone_entry *));
	if (!s->zone) {
		free(s);
		return NULL;
	}
	s->backing = b;
	s->max_names = max_names;
	RB_INIT(&s->zones);
	arena_init(&s->arena, b, add_segment, s);
	init_view(s);
	return s;
}

int store_open_backing(struct store **ret_store, struct backing *b, uint32_t max_names, bool adopt)
{
	struct store *s = new_store(b, max_names);
	int err;

	if (!s) {
		(void)snprintf(open_error, sizeof(open_error), "no memory");
		return -ENOMEM;
	}
	if (adopt)
		err = check_config(s) ?: adopt_run(s);
	else
		err = make_key(s);
	if (err) {
		(void)snprintf(open_error, sizeof(open_error), "%s", store_error(s));
		store_close(s);
	} else {
		*ret_store = s;
	}
	return err;
}

static int open_owned(struct store **ret_store, struct backing *b, uint32_t max_names, bool adopt)
{
	int err = store_open_backing(ret_store, b, max_names, adopt);

	if (err)
		b->ops->close(b);
	else
		(*ret_store)->owns_backing = true;
	return err;
}

int store_open(struct store **ret_store, const struct store_maps *maps, uint32_t max_names,
	       bool adopt)
{
	struct backing *b;
	int err = backing_open_kernel(&b, maps, adopt);

	if (!err)
		return open_owned(ret_store, b, max_names, adopt);
	(void)snprintf(open_error, sizeof(open_error), "the store's maps: %s",
		       err == -EEXIST ? "a store is in them already" : strerror(-err));
	return err;
}

int store_open_memory(struct store **ret_store, uint32_t max_names)
{
	struct backing *b;
	int err = backing_open_memory(&b);

	if (!err)
		return open_owned(ret_store, b, max_names, false);
	(void)snprintf(open_error, sizeof(open_error), "%s", strerror(-err));
	return err;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->next_zone; i++)
		free(s->zone[i]);
	free(s->zone);
	keys_done(&s->names);
	list_done(&s->free_zones);
	list_done(&s->log);
	list_done(&s->touched);
	list_done(&s->new_anchors);
	free(s->new_key);
	list_done(&s->seen);
	marks_done(&s->is_seen);
	list_done(&s->old_nodes);
	list_done(&s->old_snapshots);
	list_done(&s->old_anchors);
	list_done(&s->loose);
	list_done(&s->dropping);
	list_done(&s->found);
	marks_done(&s->is_found);
	if (s->owns_backing)
		s->backing->ops->close(s->backing);
	free(s);
}

const struct env_store *store_view(struct store *s)
{
	return &s->view;
}

struct dnsbolt_config *store_config(struct store *s)
{
	return s->backing->config;
}

int store_segment_fd(const struct store *s, uint32_t segment)
{
	return segment < s->backing->n_segments ? s->backing->segment_fd[segment] : -1;
}

void store_on_segment(struct store *s, void (*added)(uint32_t segment, int fd, void *arg),
		      void *arg)
{
	s->added = added;
	s->added_arg = arg;
}

/* ---- zones ---- */

int store_add_zone(struct store *s, uint32_t index, const uint8_t *apex,
		   struct zone_entry **ret_zone)
{
	size_t len = owner_len(apex);
	struct zone_entry *zone = calloc(1, sizeof(*zone) + len);

	if (!zone)
		return -ENOMEM;
	zone->index = index;
	zone->apex_len = (uint16_t)len;
	memcpy(zone->wire, apex, len);
	zone->apex = zone->wire;
	if (RB_INSERT(store_zone_tree, &s->zones, zone)) {
		free(zone);
		return -EEXIST;
	}
	s->zone[index] = zone;
	if (index >= s->next_zone)
		s->next_zone = index + 1;
	*ret_zone = zone;
	return 0;
}

void store_hide_zone(struct store *s, struct zone_entry *zone)
{
	RB_REMOVE(store_zone_tree, &s->zones, zone);
}

/* An index that memory is too short to remember is not given out again. */
void store_free_zone(struct store *s, struct zone_entry *zone)
{
	uint32_t index = zone->index;

	store_set_expiry(s, index, 0);
	s->zone[index] = NULL;
	(void)list_push(&s->free_zones, index);
	free(zone);
}

static struct zone_entry *find_zone(struct store *s, const struct owner *apex)
{
	struct zone_entry key = { .apex = apex->wire, .apex_len = apex->len };

	return RB_FIND(store_zone_tree, &s->zones, &key);
}

int store_zone(struct store *s, const uint8_t *apex, uint32_t *ret_zone)
{
	struct zone_entry *zone;
	struct owner owner;
	uint32_t index;
	int err;

	if (owner_read(&owner, apex, s->backing->config))
		return store_fail(s, -EINVAL, "not a name in wire form and lower case");
	zone = find_zone(s, &owner);
	if (zone) {
		*ret_zone = zone->index;
		return 0;
	}
	if (!s->free_zones.n && s->next_zone == DNSBOLT_MAX_ZONES)
		return store_fail(s, -ENOSPC, "%u zones are the most", DNSBOLT_MAX_ZONES);
	index = s->free_zones.n ? s->free_zones.v[s->free_zones.n - 1] : s->next_zone;
	err = store_add_zone(s, index, apex, &zone);
	if (err)
		return store_fail(s, err, "%s", strerror(-err));
	if (s->free_zones.n)
		s->free_zones.n--;
	*ret_zone = index;
	return 0;
}

void store_each_zone(struct store *s,
		     void (*each)(uint32_t zone, const uint8_t *apex, uint32_t serial, void *arg),
		     void *arg)
{
	for (uint32_t i = 0; i < s->next_zone; i++) {
		dnsbolt_handle snapshot = s->backing->zones[i].snapshot;

		if (snapshot)
			each(i, s->zone[i]->apex, snapshot_at(s, snapshot)->serial, arg);
	}
}

void store_set_expiry(struct store *s, uint32_t zone, uint64_t expires)
{
	if (zone < DNSBOLT_MAX_ZONES)
		__atomic_store_n(&s->backing->zones[zone].expires, expires, __ATOMIC_RELEASE);
}

void store_set_serve_to(struct store *s, uint32_t zone, uint32_t serve_to)
{
	if (zone < DNSBOLT_MAX_ZONES)
		__atomic_store_n(&s->backing->zones[zone].serve_to, serve_to, __ATOMIC_RELEASE);
}

uint32_t store_serve_to(const struct store *s, uint32_t zone)
{
	return zone < DNSBOLT_MAX_ZONES ? s->backing->zones[zone].serve_to : 0;
}

/* ---- what is known about it ---- */

void store_get_stats(const struct store *s, struct store_stats *ret_stats)
{
	*ret_stats = s->stats;
	ret_stats->version = s->version;
	ret_stats->anchors = s->names.n;
	ret_stats->max_names = s->max_names;
	ret_stats->segments = s->backing->n_segments;
	ret_stats->octets = (uint64_t)s->backing->n_segments * DNSBOLT_SEG_SIZE;
	ret_stats->octets_used = s->arena.used * DNSBOLT_GRANULE;
	ret_stats->octets_free = s->arena.free * DNSBOLT_GRANULE;
	ret_stats->index_names = s->index.names;
	ret_stats->index_taken = s->index.taken;
	ret_stats->octets_index = index_granules(&s->index) * DNSBOLT_GRANULE;
}
