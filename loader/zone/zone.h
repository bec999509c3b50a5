/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A zone in memory: its names in canonical order (RFC 4034 section 6.1), each with its RRsets.
 * Empty non-terminals are names without RRsets. Names are lower-cased wire form; the letters
 * inside RDATA stay as they came. RDATA is as libknot holds it (knot_rdataset_t: sorted
 * canonically, no duplicates).
 *
 * A copy shares all that is equal with the zone it was made of: a copy costs nothing, and a change
 * to either costs the names on its way. So a zone and its copies belong to one thread. What is found
 * in a zone (names, RRsets, records) stays where it is until that zone is changed or freed; who needs
 * it for longer makes a copy of the zone.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include <libknot/libknot.h>

#include "../../userspace/lib/report.h"
#include "tree.h"

struct zone_rrset {
	uint16_t type;	/* host order; RRSIG: all signatures of the name */
	bool mixed_ttl; /* records with different TTLs were added: warned of already */
	uint32_t ttl;	/* of RRSIGs: see zone_rrsig_ttl() */
	knot_rdataset_t rrs;
};

/* zone_name.kinds */
#define ZONE_KIND_APEX (1u << 0)
#define ZONE_KIND_DATA (1u << 1)  /* has more than NSEC3 and its signatures */
#define ZONE_KIND_RRSIG (1u << 2) /* has RRSIGs ... */
#define ZONE_KIND_NSEC (1u << 3)
#define ZONE_KIND_NSEC3 (1u << 4)
#define ZONE_KIND_UNFIT (1u << 5) /* does not pass what zone_check() asks of it */

/* Never changed while more than one refers to it. */
struct zone_name {
	uint32_t refs;		 /* trees that have it */
	uint16_t n_sets;	 /* 0: empty non-terminal */
	uint8_t kinds;		 /* ZONE_KIND_* */
	struct zone_rrset *sets; /* sorted by type */
	uint8_t owner[];	 /* wire form; what `sets` points to is behind it */
};

/* What render keeps of a version that it rendered; see render_internal.h. A copy of the zone has none. */
struct zone_rendered {
	bool is_known;
	bool is_complete; /* the denial chain */
	struct tree quotes;
};

struct zone {
	knot_dname_t *apex; /* lower-cased */
	struct tree names;
	struct tree_cursor last;   /* the name that a record was added to: the next is often near */
	size_t n_names, n_records; /* names: empty non-terminals too */
	uint32_t serial;
	bool is_signed; /* DNSKEY at the apex and RRSIGs in the zone */
	bool is_nsec3;	/* NSEC3PARAM at the apex */
	struct zone_rendered *rendered;
};

/* Canonical order (RFC 4034 section 6.1) of two lower-cased names: below, at or above 0.
 * knot_dname_cmp() takes names with zero octets in their labels for equal to others. */
int zone_order(const knot_dname_t *a, const knot_dname_t *b);

/* A zone without records: its apex alone, which no change removes. -ENOMEM. */
int zone_new(struct zone **ret_zone, const knot_dname_t *apex);
void zone_free(struct zone *zone); /* NULL is fine */
int zone_copy(struct zone **ret_zone, const struct zone *zone);
/* Makes `zone` share the names that it has in common with `with`, which it was made without. */
int zone_share(struct zone *zone, const struct zone *with);

/* Adds one record; RRsets are made as needed. What becomes of odd ones: out of zone: skipped
 * with a warning (0); duplicate (letters of names in RDATA compared without case): dropped (0);
 * another TTL than the RRset's: the lowest is kept, warned of once per RRset; RDATA that is not
 * of its type's form: -EINVAL, reported. `where` ("file:line") is for the messages. */
int zone_add(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const uint8_t *rdata, uint16_t rdata_len, const char *where,
	     const struct report *report);

/* Whether the record is there; letters of names in RDATA compared without case, the TTL not. */
bool zone_has(const struct zone *zone, const knot_dname_t *owner, uint16_t type,
	      const uint8_t *rdata, uint16_t rdata_len);

/* Removes one record; its RRset and empty non-terminals go with the last of theirs. -ENOENT: it
 * is not there (compared as by zone_has()); -ENOMEM: the zone is as it was. */
int zone_remove(struct zone *zone, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
		uint16_t rdata_len);

/* Replaces (or, with no records, removes) a whole RRset; empty non-terminals come and go by
 * themselves. -EINVAL: the name is not in the zone; -ENOMEM: the zone is as it was. */
int zone_set(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const knot_rdataset_t *rrs);

const struct zone_name *zone_find(const struct zone *zone,
				  const knot_dname_t *owner); /* any letter case */
const struct zone_rrset *zone_name_rrset(const struct zone_name *name, uint16_t type);
/* The name after that one in canonical order (what is below a name follows it directly); NULL
 * gives the first, which is the apex; NULL at the end. Who walks far takes a place (zone_seek()). */
const struct zone_name *zone_next(const struct zone *zone, const struct zone_name *after);
/* The name one label above; NULL: this is the apex. */
const struct zone_name *zone_parent(const struct zone *zone, const struct zone_name *name);
bool zone_has_below(const struct zone *zone, const struct zone_name *name);

static inline bool zone_name_is_apex(const struct zone_name *name)
{
	return name->kinds & ZONE_KIND_APEX;
}

/* The place of a lower-cased name of the zone, or where it would be; whether it is there. And behind it
 * and all that is below it. */
bool zone_seek(const struct zone *zone, const knot_dname_t *lower, struct tree_cursor *ret_at);
void zone_seek_behind(const struct zone *zone, const knot_dname_t *lower,
		      struct tree_cursor *ret_at);

static inline struct zone_name *zone_name_ref(const struct zone_name *name)
{
	struct zone_name *kept = (struct zone_name *)name;

	kept->refs++;
	return kept;
}

void zone_name_unref(struct zone_name *name);

/* The TTL of one of the name's RRSIGs: that of the RRset which it covers (RFC 4034 section 3).
 * Where the name has no such RRset it is the lowest among the name's RRSIGs. */
uint32_t zone_rrsig_ttl(const struct zone_name *name, const knot_rdata_t *rrsig);

/* The checks that a zone must pass before it may serve: exactly one SOA, NS at the apex, nothing
 * beside a CNAME (but RRSIG, NSEC: RFC 2181 section 10.1, 4034), one DNAME, no meta types.
 * Reports each problem. Sets serial, is_signed, is_nsec3. -EINVAL: not fit to serve. Looks at
 * the apex and at names that are not fit, no others. */
int zone_check(struct zone *zone, const char *source, const struct report *report);

/* Reads a zone file (RFC 1035 section 5, $INCLUDE, RFC 3597) by libzscanner and checks it. A
 * relative name of a file to include is relative to the folder of the file that includes it.
 * Records before any $TTL that have no TTL get 3600 s. Problems are said with file and line, all
 * of them up to a limit, and how many more there are. -ENOENT, -EINVAL, -ENOMEM ... On an error
 * there is no zone. */
int zone_load_file(struct zone **ret_zone, const knot_dname_t *apex, const char *path,
		   const struct report *report);

/* The same; `note` is called for each file that is read or looked for, before that: the zone's own first, then those that
 * it includes. */
int zone_load_files(struct zone **ret_zone, const knot_dname_t *apex, const char *path,
		    void (*note)(const char *path, void *arg), void *arg,
		    const struct report *report);

/* RDATA of one record from text, as on a zone file's line: names without a final dot are
 * relative to `origin`; it must be one line. -EINVAL: *ret_error (may be NULL) says why, until
 * the thread's next call. The caller frees *ret_rrs by knot_rdataset_clear(). */
int zone_parse_rdata(knot_rdataset_t *ret_rrs, const knot_dname_t *origin, uint16_t type,
		     const char *rdata, const char **ret_error);

/* Calls `each` for every name whose RRsets differ between the two (either may be NULL: all names
 * of the other), in canonical order. An empty non-terminal differs from a name that is not
 * there. Stops when `each` returns other than 0, with that. `owner` lives as long as its zone. */
int zone_diff(const struct zone *from, const struct zone *to,
	      int (*each)(const knot_dname_t *owner, void *arg), void *arg);
/* The same with the names of either (NULL: it has none). What the two share is not looked at. */
int zone_diff_names(const struct zone *from, const struct zone *to,
		    int (*each)(const struct zone_name *old, const struct zone_name *new,
				void *arg),
		    void *arg);

#endif /* ZONE_H */
