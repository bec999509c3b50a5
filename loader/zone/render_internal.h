/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the files of render: render.c renders what a change touches, which render_change.c finds out;
 * render_node.c is what is said of one name, render_referral.c of one delegation, render_chain.c behind a
 * CNAME, render_proof.c what does not exist, render_flip.c what is said of the zone; render_draft.c puts
 * records into parts and parts into answers. view.c knows how names stand, follow.c where CNAMEs lead,
 * denial.c the denial chain, quotes.c who quotes whom.
 */
#ifndef RENDER_INTERNAL_H
#define RENDER_INTERNAL_H

#include "../../bpf/reasons.h"
#include "pool.h"
#include "quotes.h"
#include "render.h"
#include "view.h"
#include "wire.h"

/* A pointer is at 0x3fff at most, and two octets long. */
#define RENDER_PTRS_MAX (0x4000u / WIRE_POINTER_LEN)

/* Links of the denial chain for the store. */
struct render_links {
	struct store_link *v;
	uint8_t (*hash)[NSEC3_HASH_LEN];
	size_t n, room;
};

struct render {
	struct store *store;
	uint32_t zone;
	const struct report *report;
	struct view was, is; /* `from` and `to` */
	struct view_memo memo[2][KNOT_DNAME_MAXLABELS + 1];
	struct quotes quotes; /* of the name in work */
	struct tree index;    /* of `is`, in the making */
	/* What changes in the chain, where it is not written anew; else `come` is all of it. */
	bool is_chain_change;
	struct render_links come, gone;
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

/* ---- render_change.c ---- */

/* A name that is to be rendered again. */
struct dependent {
	const knot_dname_t *owner;
	bool is_changed; /* its RRsets */
	bool is_deep;	 /* what it is to all names below it changed, too ... */
	bool is_under;	 /* ... and this is one of them */
};

struct dependents {
	struct dependent *v; /* in canonical order, each once */
	size_t n, room;
};

/* By the index of `was`. Notes which links of the chain come and go, and checks the denial chain of `is` where the
 * change touches it: where that is not complete, the dependents are not all. -ENOMEM. */
int render_find_dependents(struct render *render, struct dependents *ret_dependents);

/* ---- render_draft.c: errors are kept in struct render, and in the drafts ---- */

/* Memory for as long as the node is in work. NULL: there is none, which is noted. */
void *render_take(struct render *render, size_t len);

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
/* How the name's own answers spell it. */
struct render_spelling render_own_spelling(const struct zone_name *name);

/* Puts the node of a name of render->to. */
int render_put_name(struct render *render, const struct zone_name *name);
int render_put_proof(struct render *render, const struct zone_name *name);

/* ---- render_flip.c ---- */

/* -ENOMEM */
int render_add_link(struct render_links *links, const struct denial_link *link);
/* The zone's new snapshot. */
int render_flip(struct render *render);

#endif /* RENDER_INTERNAL_H */
