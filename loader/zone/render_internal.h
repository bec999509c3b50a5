/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the files of render: render.c knows which names a change touches, render_node.c what is
 * said of one name, render_referral.c of one delegation, render_chain.c behind a CNAME,
 * render_proof.c what does not exist; render_draft.c puts records into parts and parts into
 * answers.
 */
#ifndef RENDER_INTERNAL_H
#define RENDER_INTERNAL_H

#include "../../bpf/reasons.h"
#include "denial.h"
#include "pool.h"
#include "render.h"
#include "wire.h"

/* A pointer is at 0x3fff at most, and two octets long. */
#define RENDER_PTRS_MAX (0x4000u / WIRE_POINTER_LEN)

struct render {
	struct store *store;
	uint32_t zone;
	const struct zone *from, *to;
	const struct render_zones *zones;
	const struct report *report;
	struct denial was, is; /* of `from` and of `to` */
	/* The node in work: what it points to is in the pool. */
	struct pool pool;
	int err; /* the first one: -ENOMEM */
	unsigned int n_dir;
	struct store_dirent dir[DNSBOLT_DIR_MAX];
	/* The part in work */
	int part_err;
	struct wire wire;
	struct dnsbolt_ptr ptr[RENDER_PTRS_MAX];
	uint8_t data[WIRE_RECORDS_MAX];
};

/* ---- render.c ---- */

/* How a name of the zone stands, when nothing above it covers it. */
enum render_state {
	RENDER_NONE,  /* no name: it holds nothing, or NSEC3 alone, or is another served zone's */
	RENDER_DATA,  /* authoritative data, or an empty non-terminal */
	RENDER_CUT,   /* a delegation */
	RENDER_PROOF, /* no name either, but its NSEC3 is in the denial chain */
};

enum render_state render_state(const struct render *render, const struct zone *zone,
			       const struct zone_name *name);

/* Nothing but NSEC3 with its signatures, or nothing at all. */
bool render_is_bare(const struct zone_name *name);
bool render_is_cut(const struct zone_name *name);
/* Another served zone has its apex here. */
bool render_is_other(const struct render *render, const struct zone_name *name);
/* The highest name above that covers this one (as a cut, a DNAME, another served zone); NULL: none. */
const struct zone_name *render_cover(const struct render *render, const struct zone_name *name);

/* A walk along one zone's names. */
struct render_walk {
	const struct zone *zone;
	const struct zone_name *next; /* NULL: done */
	const struct zone_name
		*cover;		 /* the highest name that covers what comes next, or came before */
	const knot_dname_t *top; /* where it began */
	bool deep;		 /* goes on below `top` */
};

/* A zone that does not have the name has nothing below it. `zone` may be NULL. */
void render_walk_begin(struct render_walk *walk, const struct render *render,
		       const struct zone *zone, const knot_dname_t *top, bool deep);
/* Takes the next name. */
enum render_state render_walk_take(struct render_walk *walk, const struct render *render);

/* ---- render_draft.c: errors are kept in struct render, and in the drafts ---- */

/* How a part spells the owner of its records; see wire_begin() and wire_put(). */
struct render_spelling {
	const knot_dname_t *owner, *suffix;
	bool exact;
};

void render_begin_part(struct render *render, const struct render_spelling *as);
/* One record. The names in it must outlive the part. */
void render_put_rdata(struct render *render, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
		      const knot_rdata_t *rdata);
void render_put_rrset(struct render *render, const struct render_spelling *as,
		      const struct zone_name *name, const struct zone_rrset *set);
/* The signatures that cover the type, with that TTL. */
void render_put_rrsigs(struct render *render, const struct render_spelling *as,
		       const struct zone_name *name, uint16_t type, uint32_t ttl);
/* NULL: it does not fit in a message. */
const struct store_part *render_end_part(struct render *render);

/* Parts of one RRset: its records, its signatures, both. */
const struct store_part *render_plain_part(struct render *render, const struct render_spelling *as,
					   const struct zone_name *name,
					   const struct zone_rrset *set);
const struct store_part *render_sig_part(struct render *render, const struct render_spelling *as,
					 const struct zone_name *name,
					 const struct zone_rrset *set);
const struct store_part *render_signed_part(struct render *render, const struct render_spelling *as,
					    const struct zone_name *name,
					    const struct zone_rrset *set);

/* An answer in the making, with what stands in its way. */
struct draft {
	struct render *render;
	const struct zone_name *name; /* whose node it is for */
	struct store_answer *answer;
	uint8_t pass[2];
};

void draft_begin(struct draft *draft, struct render *render, const struct zone_name *name,
		 uint8_t flags, enum dnsbolt_reason reason);
void draft_part(struct draft *draft, const struct store_part *part, uint8_t section, uint8_t flags);
void draft_symbol(struct draft *draft, dnsbolt_handle symbol, uint8_t section, uint8_t flags);
/* For queries with DO, unless it is there already. */
void draft_proof(struct draft *draft, const struct denial_link *link);
/* An RRset and, for queries with DO, its signatures (RFC 4035 section 3.1.1). */
void draft_rrset(struct draft *draft, const struct render_spelling *as,
		 const struct zone_name *name, const struct zone_rrset *set);
/* Makes it the entry of the type; NULL on an error. The entry may move when the node is put. */
const struct store_dirent *draft_end(struct draft *draft, uint16_t qtype);
/* An entry that passes. */
void render_pass(struct render *render, uint16_t qtype, enum dnsbolt_reason reason);

void render_begin_node(struct render *render);
/* With the directory; `node` is complete but for that. */
int render_put_node(struct render *render, struct store_node *node);
void render_say(const struct render *render, const struct zone_name *name, uint16_t type,
		const char *what);

/* ---- render_proof.c ---- */

/* "*" below the name; false: it would be too long. */
bool proof_wildcard_name(knot_dname_storage_t ret_wildcard, const knot_dname_t *name);
/* SOA, and its signatures in a signed zone (RFC 2308 section 3). */
void draft_soa(struct draft *draft);
/* That a name of the zone does not have a type (RFC 4035 section 3.1.3.1; RFC 5155 sections 7.2.3, 7.2.4
 * and 7.2.7). `own`: the answer is found at the name itself. */
void draft_deny_type(struct draft *draft, const struct zone_name *name, bool own);
/* That nothing but a wildcard of the encloser stands for the name (RFC 4035 section 3.1.3.3,
 * RFC 5155 section 7.2.6). */
void draft_deny_exact(struct draft *draft, const struct zone_name *encloser,
		      const knot_dname_t *name);
/* That the encloser exists (RFC 5155 section 7.2.1); nothing to add for NSEC. */
void draft_prove_encloser(struct draft *draft, const struct zone_name *encloser);
/* That neither the name nor a wildcard for it exists (RFC 4035 section 3.1.3.2, RFC 5155 section
 * 7.2.2). */
void draft_deny_name(struct draft *draft, const struct zone_name *encloser,
		     const knot_dname_t *name);
/* What proves about names below this one, when it is their closest encloser. */
void proof_of_encloser(struct render *render, const struct zone_name *name,
		       struct store_node *node);
/* The part that is the name's own proof; NULL: none. */
const struct store_part *proof_part(struct render *render, const struct zone_name *name);

/* ---- render_referral.c ---- */

/* NS and what belongs to them. `suffix`: the question's name ends with it. */
void draft_referral(struct draft *draft, const struct zone_name *cut, const knot_dname_t *suffix,
		    bool own);
int render_put_cut(struct render *render, const struct zone_name *name);
/* Calls `each` for the NS names of a cut whose addresses a referral has in it, lower-cased. */
void referral_each_glue(const struct zone_name *cut,
			void (*each)(const knot_dname_t *target, void *arg), void *arg);

/* ---- render_chain.c ---- */

/* All types that do not stop at a CNAME (RFC 1034 section 3.6.2): followed as far as the zone
 * goes. */
void render_chain(struct render *render, const struct zone_name *name);

/* ---- render_node.c ---- */

/* Types of PowerDNS whose answers its server computes. */
#define RENDER_TYPE_ALIAS 65401u
#define RENDER_TYPE_LUA 65402u
#define RENDER_TYPE_ANY 255u

bool render_is_computed(const struct zone_name *name);
/* The name of a wildcard below it that has something to say; NULL: there is none. */
const struct zone_name *render_wildcard(const struct render *render, const struct zone_name *name);
/* How the name's own answers spell it. */
struct render_spelling render_own_spelling(const struct zone_name *name);

/* Puts the node of a name of render->to. */
int render_put_name(struct render *render, const struct zone_name *name);
int render_put_proof(struct render *render, const struct zone_name *name);
/* The zone's new snapshot. */
int render_flip(struct render *render);

#endif /* RENDER_INTERNAL_H */
