// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(enum log_level level, const char *text, void *arg)
{
	(void)arg;
	if (level <= LOG_LEVEL_ERROR)
		fprintf(stderr, "%s\n", text);
}

static const struct report report = { say, NULL };

static bool is_opt_out(const struct zone_name *name)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_NSEC3);

	return set && set->rrs.count && set->rrs.rdata->len > 1 && (set->rrs.rdata->data[1] & 1);
}

static bool list_names(struct compare_zone *to)
{
	const struct zone_name *name = NULL;

	to->names = calloc(to->zone->n_names + 1, sizeof(*to->names));
	if (!to->names)
		return false;
	while ((name = zone_next(to->zone, name))) {
		to->names[to->n_names++] = name;
		to->opt_out = to->opt_out || is_opt_out(name);
	}
	return true;
}

bool zones_add(struct zones *zones, struct harness *h, const char *name, const char *path)
{
	struct compare_zone *to = &zones->all[zones->n];
	const char *file = strrchr(path, '/');
	int r;

	if (zones->n == ZONES_MAX)
		return false;
	memset(to, 0, sizeof(*to));
	snprintf(to->name, sizeof(to->name), "%s", name);
	snprintf(to->path, sizeof(to->path), "%s", path);
	r = harness_add_file(h, name, path, &report);
	if (r) {
		printf("report: %s: not loaded here: %s\n", file ? file + 1 : path, strerror(-r));
		return false;
	}
	to->zone = harness_zone(h, zones->n);
	if (!to->zone || !list_names(to))
		return false;
	zones->n_names += to->n_names;
	zones->n++;
	return true;
}

/* NAME.zone is the zone NAME, but for those whose origin is given beside them (SOURCE.txt). */
static void zone_name(const char *file, char *name, size_t room)
{
	static const char *const odd[][2] = { { "root-2020020102.zone", "." },
					      { "knot-records.zone", "records." },
					      { "knot-svcb.zone", "svcb." },
					      { "knot-nsec3-optout-example.zone", "example." },
					      { "knot-ripe.net.zone", "ripe.net." } };
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		if (!strcmp(file, odd[i][0])) {
			snprintf(name, room, "%s", odd[i][1]);
			return;
		}
	}
	snprintf(name, room, "%.*s.", (int)(strlen(file) - strlen(".zone")), file);
}

static void add_file(struct zones *zones, struct harness *h, const char *dir, const char *file)
{
	const char *end = strstr(file, ".zone");
	char path[800], name[256], *whole;

	if (!end || strcmp(end, ".zone"))
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	zone_name(file, name, sizeof(name));
	whole = realpath(path, NULL); /* the servers change their folder */
	if (whole)
		zones_add(zones, h, name, whole);
	free(whole);
}

static int add_folder(struct zones *zones, struct harness *h, const char *data, const char *folder)
{
	struct dirent **files = NULL;
	char dir[512];
	int i, n;

	snprintf(dir, sizeof(dir), "%s/%s", data, folder);
	n = scandir(dir, &files, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		add_file(zones, h, dir, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return 0;
}

int zones_add_shared(struct zones *zones, struct harness *h, const char *data)
{
	static const char *const folders[] = { "all-types", "real-zones/arpa", "real-zones/moj",
					       "real-zones/wikimedia", "root-zone" };
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(folders) / sizeof(*folders) && !r; i++)
		r = add_folder(zones, h, data, folders[i]);
	return r;
}

/* Any order will do that tells names apart. */
static int compare_names(const knot_dname_t *a, const knot_dname_t *b)
{
	size_t x = knot_dname_size(a), y = knot_dname_size(b);

	return x != y ? (x < y ? -1 : 1) : memcmp(a, b, x);
}

static int compare_apexes(const void *a, const void *b)
{
	const struct compare_zone *const *x = a, *const *y = b;

	return compare_names((*x)->zone->apex, (*y)->zone->apex);
}

int zones_publish(struct zones *zones, struct harness *h)
{
	size_t i;

	for (i = 0; i < zones->n; i++)
		zones->sorted[i] = &zones->all[i];
	qsort(zones->sorted, zones->n, sizeof(*zones->sorted), compare_apexes);
	return harness_publish(h, &report);
}

void zones_done(struct zones *zones)
{
	size_t i;

	for (i = 0; i < zones->n; i++)
		free(zones->all[i].names);
	zones->n = zones->n_names = 0;
}

static const struct compare_zone *find_zone(const struct zones *zones, const knot_dname_t *apex)
{
	size_t low = 0, high = zones->n, mid;
	int r;

	while (low < high) {
		mid = (low + high) / 2;
		r = compare_names(apex, zones->sorted[mid]->zone->apex);
		if (!r)
			return zones->sorted[mid];
		if (r < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static const struct compare_zone *find_deepest(const struct zones *zones, const knot_dname_t *name)
{
	const struct compare_zone *found;

	for (;; name = knot_wire_next_label(name, NULL)) {
		found = find_zone(zones, name);
		if (found || !*name)
			return found;
	}
}

const struct compare_zone *zones_of(const struct zones *zones, const knot_dname_t *name)
{
	knot_dname_storage_t lower;

	memcpy(lower, name, knot_dname_size(name));
	knot_dname_to_lower(lower);
	return find_deepest(zones, lower);
}

const struct compare_zone *zones_above(const struct zones *zones, const knot_dname_t *name)
{
	knot_dname_storage_t lower;

	memcpy(lower, name, knot_dname_size(name));
	knot_dname_to_lower(lower);
	return *lower ? find_deepest(zones, knot_wire_next_label(lower, NULL)) : NULL;
}

/* Nothing but NSEC3 records: the name does not exist (RFC 5155 section 7.2.8). */
bool zone_is_nsec3_owner(const struct compare_zone *zone, const struct zone_name *name)
{
	return zone_name_rrset(name, KNOT_RRTYPE_NSEC3) && !zone_has_below(zone->zone, name) &&
	       name->n_sets == 1u + !!zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
}

const struct zone_name *zone_encloser_of(const struct compare_zone *zone, const knot_dname_t *name)
{
	const struct zone_name *found;

	while ((!(found = zone_find(zone->zone, name)) || zone_is_nsec3_owner(zone, found)) &&
	       *name)
		name = knot_wire_next_label(name, NULL);
	return found;
}

const struct zone_name *zone_cut_of(const struct compare_zone *zone, const knot_dname_t *name)
{
	const struct zone_name *at = zone_encloser_of(zone, name), *cut = NULL;

	for (; at && !zone_name_is_apex(at); at = zone_parent(zone->zone, at))
		if (zone_name_rrset(at, KNOT_RRTYPE_NS))
			cut = at;
	return cut;
}

static bool same_rdata(const knot_rrset_t *rr, const struct zone_rrset *set, uint16_t i)
{
	knot_rdata_t *rdata = knot_rdataset_at(&set->rrs, i);
	knot_rrset_t *one = knot_rrset_new(rr->owner, rr->type, rr->rclass, rr->ttl, NULL);
	bool same = false;

	if (one && knot_rrset_add_rdata(one, rdata->data, rdata->len, NULL) == KNOT_EOK &&
	    knot_rrset_rr_to_canonical(one) == KNOT_EOK)
		same = one->rrs.rdata->len == rr->rrs.rdata->len &&
		       !memcmp(one->rrs.rdata->data, rr->rrs.rdata->data, rr->rrs.rdata->len);
	knot_rrset_free(one, NULL);
	return same;
}

bool zone_has_record(const struct compare_zone *zone, const knot_dname_t *owner,
		     const knot_rrset_t *rr)
{
	const struct zone_name *name = zone ? zone_find(zone->zone, owner) : NULL;
	const struct zone_rrset *set = name ? zone_name_rrset(name, rr->type) : NULL;
	uint16_t i;

	for (i = 0; set && i < set->rrs.count; i++)
		if ((rr->type == KNOT_RRTYPE_RRSIG || set->ttl == rr->ttl) &&
		    same_rdata(rr, set, i))
			return true;
	return false;
}
