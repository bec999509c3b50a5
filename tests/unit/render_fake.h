/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store that records what render puts into it. Each answer is composed to a message as a reader
 * does, read by libknot, and compared with the zone. To be included by one file of a test program;
 * what it defines takes the store's place.
 */
#ifndef RENDER_FAKE_H
#define RENDER_FAKE_H

#include <errno.h>
#include <search.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../bpf/reasons.h"
#include "../../loader/zone/rdata.h"
#include "../../loader/zone/render.h"
#include "render_message.h"

#define ZONE_INDEX 5
#define HEAD "$TTL 600\n@ SOA ns1 hostmaster 7 3600 600 86400 300\n@ NS ns1\nns1 A 192.0.2.1\n"
#define HASH "0123456789abcdefghijklmnopqrstuv"
#define SIGNATURE " 8 2 600 20300101000000 20200101000000 1 example. AAAA\n"
#define SIGNED                                                                                     \
	"@ DNSKEY 256 3 8 AAAA\n@ RRSIG SOA" SIGNATURE "@ RRSIG NS" SIGNATURE                      \
	"ns1 RRSIG A" SIGNATURE

/* ---- the recorder ---- */

struct record {
	uint8_t owner[KNOT_DNAME_MAXLEN];
	uint8_t side;
	bool put;	 /* by this change set */
	char text[1024]; /* what it says, in words */
	char *octets;	 /* all that it says */
	size_t len;
};

#define LINKS_MAX 512u

struct kept_link {
	uint8_t hash[20]; /* NSEC: zeros */
	knot_dname_storage_t owner;
	uint8_t side;
};

struct store {
	void *names; /* tsearch() */
	size_t n_names, n_answers, n_missing;
	const struct zone *zone;				      /* that is rendered */
	void (*each)(struct store *s, const struct store_node *node); /* a check of the test's */
	bool flipped;
	uint32_t flags, serial;
	char *soa, *soa_sig; /* octets of the parts */
	size_t soa_len, soa_sig_len, n_links;
	uint16_t nsec3_iterations;
	uint8_t nsec3_salt_len;
	struct kept_link chain[LINKS_MAX];
};

static inline const char *reason_name(unsigned int number)
{
#define NAME(nr, name, action, resolver, text) [nr] = #name,
	static const char *const names[REASON_max] = { DNSBOLT_REASONS(NAME) };
#undef NAME

	assert_non_null(names[number]);
	return names[number];
}

static inline int compare_entries(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = zone_order(x->owner, y->owner);

	return order ? order : (int)x->side - (int)y->side;
}

static inline void free_entry(void *entry)
{
	free(((struct record *)entry)->octets);
	free(entry);
}

static inline struct record *find_entry(const struct store *s, const uint8_t *owner, uint8_t side)
{
	struct record key = { .side = side };
	struct record *const *found;

	memcpy(key.owner, owner, knot_dname_size(owner));
	found = tfind(&key, &s->names, compare_entries);
	return found ? *found : NULL;
}

static inline void write_part(FILE *f, const struct store_part *part)
{
	(void)fprintf(f, "part %u %u %u %u:", part->len, part->n_rr, part->n_ptr, part->n_own);
	(void)fwrite(part->data, 1, part->len, f);
	(void)fwrite(part->ptr, sizeof(*part->ptr), part->n_ptr, f);
}

static inline void write_proof(FILE *f, const char *what, const struct store_proof *proof)
{
	knot_dname_txt_storage_t text;

	if (proof->owner)
		(void)fprintf(f, " %s %s %u", what,
			      knot_dname_to_str(text, proof->owner, sizeof(text)), proof->side);
}

static inline void write_node(FILE *f, const struct store_node *node)
{
	unsigned int i, j;

	(void)fprintf(f, "flags %u", node->flags);
	write_proof(f, "match", &node->match);
	write_proof(f, "wild_cover", &node->wild_cover);
	write_proof(f, "next_cover", &node->next_cover);
	if (node->proof)
		write_part(f, node->proof);
	for (i = 0; i < node->n_dir; i++) {
		const struct store_dirent *entry = &node->dir[i];
		const struct store_answer *answer = entry->answer;

		(void)fprintf(f, " type %u %u %u", entry->qtype, entry->pass[0], entry->pass[1]);
		if (!answer)
			continue;
		(void)fprintf(f, " answer %u %u %u", answer->flags, answer->rcode, answer->reason);
		for (j = 0; j < answer->n_slots; j++) {
			const struct store_slot *slot = &answer->slot[j];

			(void)fprintf(f, " slot %u %u %u ", slot->symbol, slot->section,
				      slot->flags);
			if (slot->part)
				write_part(f, slot->part);
			write_proof(f, "proof", &slot->proof);
		}
	}
}

static inline bool is_in(const struct store_slot *slot, int dnssec)
{
	return !(slot->flags & (dnssec ? DNSBOLT_SLOT_PLAIN : DNSBOLT_SLOT_DO));
}

/* "nodata" for a reason to pass with, "+answer2" for an answer of two parts */
static inline const char *describe_pass(const struct store_dirent *entry, int dnssec, char buf[64])
{
	const struct store_answer *answer = entry->answer;
	unsigned int i, n = 0;

	if (entry->pass[dnssec])
		return reason_name(entry->pass[dnssec]);
	assert_non_null(answer);
	for (i = 0; i < answer->n_slots; i++)
		n += is_in(&answer->slot[i], dnssec);
	(void)snprintf(buf, 64, "+%s%u", reason_name(answer->reason), n);
	return buf;
}

/* "APEX WILDCARD 0:+nodata1/nodata_signed A:+answer1/+answer2" */
static inline void describe_node(char *text, size_t room, const struct store_node *node)
{
	static const char *const flags[] = { "APEX",	 "CUT",	      "DNAME", "ENT",
					     "WILDCARD", "TOMBSTONE", "PROOF" };
	size_t len = 0, i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (node->flags & 1u << i)
			len += (size_t)snprintf(text + len, room - len, "%s ", flags[i]);
	for (i = 0; i < node->n_dir && len < room; i++) {
		char type[16] = "0", plain[64], dnssec[64];

		if (node->dir[i].qtype)
			assert_true(knot_rrtype_to_string(node->dir[i].qtype, type, sizeof(type)) >
				    0);
		len += (size_t)snprintf(text + len, room - len, "%s%s:%s/%s", i ? " " : "", type,
					describe_pass(&node->dir[i], 0, plain),
					describe_pass(&node->dir[i], 1, dnssec));
	}
}

/* ---- checking what is put ---- */

static inline bool has_record(const struct zone_name *name, const knot_rrset_t *rr)
{
	const struct zone_rrset *set = name ? zone_name_rrset(name, rr->type) : NULL;
	uint16_t i;

	for (i = 0; set && i < set->rrs.count; i++)
		if (rdata_is_equal(rr->type, knot_rdataset_at(&set->rrs, i), rr->rrs.rdata))
			return true;
	return false;
}

/* Whether it is the CNAME that follows from a DNAME above its owner (RFC 6672 section 3.1). */
static inline bool is_made_cname(const struct store *s, const knot_dname_t *lower,
				 const knot_rrset_t *rr)
{
	const knot_dname_t *above = lower;
	const struct zone_rrset *dname = NULL; /* the highest: it hides those below it */
	knot_dname_storage_t target;
	size_t prefix = 0;

	while (!knot_dname_is_equal(above, s->zone->apex)) {
		const struct zone_name *name;
		const struct zone_rrset *set;

		above += 1 + *above;
		name = zone_find(s->zone, above);
		set = name ? zone_name_rrset(name, KNOT_RRTYPE_DNAME) : NULL;
		if (!set)
			continue;
		dname = set;
		prefix = (size_t)(above - lower);
	}
	if (!dname || rr->type != KNOT_RRTYPE_CNAME || rr->ttl != dname->ttl)
		return false;
	memcpy(target, lower, prefix);
	memcpy(target + prefix, knot_dname_target(dname->rrs.rdata),
	       knot_dname_size(knot_dname_target(dname->rrs.rdata)));
	return knot_dname_is_case_equal(knot_cname_name(rr->rrs.rdata), target);
}

/* What an answer quotes is in the zone, under that name or by a wildcard, or follows from a DNAME; each once. */
static inline void check_quoted(const struct store *s, const knot_pkt_t *pkt)
{
	unsigned int i, j;

	for (i = 0; i < pkt->rrset_count; i++) {
		knot_dname_storage_t owner;
		const knot_dname_t *above = owner;
		bool found;

		knot_dname_copy_lower(owner, pkt->rr[i].owner);
		found = has_record(zone_find(s->zone, owner), &pkt->rr[i]);
		while (!found && !knot_dname_is_equal(above, s->zone->apex)) {
			knot_dname_storage_t wildcard = { 1, '*' };

			above += 1 + *above;
			memcpy(wildcard + 2, above, knot_dname_size(above));
			found = has_record(zone_find(s->zone, wildcard), &pkt->rr[i]);
		}
		assert_true(found || is_made_cname(s, owner, &pkt->rr[i]));
		for (j = 0; j < i; j++)
			assert_false(knot_dname_is_case_equal(pkt->rr[i].owner, pkt->rr[j].owner) &&
				     pkt->rr[i].type == pkt->rr[j].type &&
				     knot_rdataset_eq(&pkt->rr[i].rrs, &pkt->rr[j].rrs));
	}
}

/* Composes the answer to a question; what the snapshot and other nodes add is left out. */
static inline knot_pkt_t *compose(struct store *s, const uint8_t *qname,
				  const struct store_dirent *entry, int dnssec)
{
	static struct message m;
	uint8_t section = 0;
	uint16_t i;
	knot_pkt_t *pkt;

	begin_message(&m, qname, entry->qtype);
	assert_true(entry->answer->n_slots <= DNSBOLT_PARTS_MAX);
	for (i = 0; i < entry->answer->n_slots; i++) {
		const struct store_slot *slot = &entry->answer->slot[i];

		assert_true(slot->section >= section);
		section = slot->section;
		assert_int_equal((slot->part != NULL) + (slot->symbol != 0) +
					 (slot->proof.owner != NULL),
				 1);
		assert_int_equal((slot->flags & DNSBOLT_SLOT_PROOF) != 0,
				 slot->proof.owner != NULL);
		if (slot->part && is_in(slot, dnssec))
			add_part(&m, slot->part, slot->section);
	}
	pkt = parse_message(&m);
	check_quoted(s, pkt);
	s->n_answers++;
	return pkt;
}

/* The answer of a type that the name has is its RRset, then, with DO, what covers it. */
static inline void check_rrset(struct store *s, const struct zone_name *name, const uint8_t *qname,
			       const struct store_dirent *entry, int dnssec)
{
	const struct zone_rrset *set, *sigs = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	knot_pkt_t *pkt = compose(s, qname, entry, dnssec);
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_ANSWER);
	uint16_t i, n = 0;

	set = zone_name_rrset(name,
			      entry->qtype == 255 ? knot_pkt_rr(section, 0)->type : entry->qtype);
	assert_non_null(set);
	for (i = 0; i < set->rrs.count; i++) {
		const knot_rdata_t *rr = knot_rdataset_at(&set->rrs, i);

		assert_record(knot_pkt_rr(section, n++), qname, set->type,
			      set == sigs ? zone_rrsig_ttl(name, rr) : set->ttl, rr);
	}
	for (i = 0; dnssec && s->zone->is_signed && sigs && set != sigs && i < sigs->rrs.count;
	     i++) {
		const knot_rdata_t *rr = knot_rdataset_at(&sigs->rrs, i);

		if (knot_rrsig_type_covered(rr) == set->type)
			assert_record(knot_pkt_rr(section, n++), qname, KNOT_RRTYPE_RRSIG, set->ttl,
				      rr);
	}
	assert_int_equal(section->count, n);
	knot_pkt_free(pkt);
}

/* With the letters mixed; of a wildcard also for another name that it stands for. What an owner of
 * a DNAME or a cut has is also said behind names below it. */
static inline void check_entry(struct store *s, const struct store_node *node,
			       const struct zone_name *name, const struct store_dirent *entry,
			       int dnssec)
{
	knot_dname_storage_t qname[2];
	size_t len = knot_dname_size(node->owner), n = 1, i;
	bool wildcard = knot_dname_is_wildcard(node->owner) && !(node->flags & DNSBOLT_NODE_CUT);
	bool below = entry->answer->reason == REASON_referral ||
		     (entry->qtype == KNOT_RRTYPE_DNAME && node->flags & DNSBOLT_NODE_DNAME);

	mix_case(qname[0], node->owner);
	if ((wildcard || below) && len + 2 <= KNOT_DNAME_MAXLEN) {
		memcpy(qname[1], "\001y", 2);
		mix_case(qname[1] + 2, node->owner + (wildcard ? 2 : 0));
		n = 2;
	}
	for (i = 0; i < n; i++) {
		switch (entry->answer->reason) {
		case REASON_answer:
			if (!i || wildcard)
				check_rrset(s, name, qname[i], entry, dnssec);
			/* fall through */
		default:
			knot_pkt_free(compose(s, qname[i], entry, dnssec));
		}
	}
}

static inline void check_flags(const struct store_answer *answer, uint16_t qtype)
{
	uint8_t flags = DNSBOLT_ANSWER_AA;

	switch (answer->reason) {
	case REASON_nodata:
		flags |= DNSBOLT_ANSWER_NODATA;
		assert_int_equal(answer->slot[0].symbol, DNSBOLT_PART_SOA);
		assert_int_equal(answer->slot[0].section, DNSBOLT_AUTHORITY_SECTION);
		break;
	case REASON_referral:
		flags = 0;
		break;
	case REASON_cname:
		flags |= answer->flags & DNSBOLT_ANSWER_DNAME;
		break;
	default:
		assert_int_equal(answer->reason, REASON_answer);
		assert_true(qtype);
	}
	assert_int_equal(answer->flags, flags);
	if (answer->reason != REASON_cname)
		assert_int_equal(answer->rcode, 0);
}

/* Proofs stand in answers to any question of the zone. */
static inline void check_proof(struct store *s, const struct store_node *node)
{
	static struct message m;
	knot_dname_storage_t qname = { 1, 'q' };
	knot_pkt_t *pkt;

	memcpy(qname + 2, s->zone->apex, knot_dname_size(s->zone->apex));
	begin_message(&m, qname, KNOT_RRTYPE_A);
	add_part(&m, node->proof, DNSBOLT_AUTHORITY_SECTION);
	pkt = parse_message(&m);
	check_quoted(s, pkt);
	assert_true(knot_dname_is_equal(pkt->rr[0].owner, node->owner));
	assert_true(pkt->rr[0].type == KNOT_RRTYPE_NSEC || pkt->rr[0].type == KNOT_RRTYPE_NSEC3);
	knot_pkt_free(pkt);
}

static inline void check_node(struct store *s, const struct store_node *node)
{
	const struct zone_name *name = zone_find(s->zone, node->owner);
	unsigned int i;
	int dnssec;

	assert_non_null(name);
	if (node->proof)
		check_proof(s, node);
	if (node->flags & DNSBOLT_NODE_PROOF) {
		assert_non_null(node->proof);
		assert_int_equal(node->n_dir, 0);
		return;
	}
	assert_true(node->n_dir && !node->dir[0].qtype);
	for (i = 0; i < node->n_dir; i++) {
		const struct store_dirent *entry = &node->dir[i];

		assert_true(!i || entry[-1].qtype < entry->qtype);
		assert_true(entry->answer || (entry->pass[0] && entry->pass[1]));
		if (entry->answer)
			check_flags(entry->answer, entry->qtype);
		for (dnssec = 0; dnssec < 2; dnssec++)
			if (!entry->pass[dnssec])
				check_entry(s, node, name, entry, dnssec);
	}
}

/* Behind a question for the apex, and for the longest name below it. */
static inline void check_soa(struct store *s, const struct store_part *part, uint16_t type)
{
	static struct message m;
	const struct zone_name *apex = zone_next(s->zone, NULL);
	const struct zone_rrset *soa = zone_name_rrset(apex, KNOT_RRTYPE_SOA);
	uint32_t minimum = knot_soa_minimum(soa->rrs.rdata);
	size_t apex_len = knot_dname_size(apex->owner),
	       lens[] = { 0, KNOT_DNAME_MAXLEN - apex_len }, i;

	for (i = 0; i < 2; i++) {
		knot_dname_storage_t qname;
		size_t len = 0, left = lens[i];
		const knot_rrset_t *rr;
		knot_pkt_t *pkt;

		for (; left > 1; left -= 1u + qname[len], len += 1u + qname[len])
			qname[len] = (uint8_t)(left - 1 < 63 ? left - 1 : left - 1 == 64 ? 62 : 63);
		memcpy(qname + len, apex->owner, apex_len);
		begin_message(&m, qname, KNOT_RRTYPE_AAAA);
		add_part(&m, part, DNSBOLT_AUTHORITY_SECTION);
		pkt = parse_message(&m);
		rr = knot_pkt_rr(knot_pkt_section(pkt, KNOT_AUTHORITY), 0);
		assert_true(knot_dname_is_equal(rr->owner, apex->owner));
		assert_int_equal(rr->type, type);
		assert_int_equal(rr->ttl, soa->ttl < minimum ? soa->ttl : minimum);
		if (type == KNOT_RRTYPE_SOA)
			assert_true(rdata_is_equal(type, rr->rrs.rdata, soa->rrs.rdata));
		else
			assert_true(knot_rdataset_member(&zone_name_rrset(apex, type)->rrs,
							 rr->rrs.rdata));
		knot_pkt_free(pkt);
	}
}

/* ---- the store's functions ---- */

int store_put(struct store *s, uint32_t zone, const struct store_node *node)
{
	struct record *e = find_entry(s, node->owner, node->side);
	FILE *f;

	assert_int_equal(zone, ZONE_INDEX);
	check_node(s, node);
	if (s->each)
		s->each(s, node);
	if (!e) {
		e = calloc(1, sizeof(*e));
		assert_non_null(e);
		memcpy(e->owner, node->owner, knot_dname_size(node->owner));
		e->side = node->side;
		assert_non_null(tsearch(e, &s->names, compare_entries));
		s->n_names++;
	}
	free(e->octets);
	f = open_memstream(&e->octets, &e->len);
	assert_non_null(f);
	write_node(f, node);
	assert_int_equal(fclose(f), 0);
	describe_node(e->text, sizeof(e->text), node);
	e->put = true;
	return 0;
}

int store_delete(struct store *s, uint32_t zone, const uint8_t *owner, uint8_t side)
{
	struct record *e = find_entry(s, owner, side);

	assert_int_equal(zone, ZONE_INDEX);
	if (!e) {
		s->n_missing++;
		return -ENOENT;
	}
	assert_non_null(tdelete(e, &s->names, compare_entries));
	free_entry(e);
	s->n_names--;
	return 0;
}

struct sweep {
	struct record *v[1024];
	size_t n;
};

static inline void collect_unput(const void *node, VISIT visit, void *arg)
{
	struct record *e = *(struct record *const *)node;
	struct sweep *sweep = arg;

	if ((visit == postorder || visit == leaf) && !e->put &&
	    sweep->n < sizeof(sweep->v) / sizeof(sweep->v[0]))
		sweep->v[sweep->n++] = e;
}

int store_sweep(struct store *s, uint32_t zone)
{
	struct sweep sweep;
	size_t i;

	do {
		sweep.n = 0;
		twalk_r(s->names, collect_unput, &sweep);
		for (i = 0; i < sweep.n; i++)
			assert_int_equal(store_delete(s, zone, sweep.v[i]->owner, sweep.v[i]->side),
					 0);
	} while (sweep.n);
	return 0;
}

static inline void keep_part(char **ret_octets, size_t *ret_len, const struct store_part *part)
{
	FILE *f;

	free(*ret_octets);
	f = open_memstream(ret_octets, ret_len);
	assert_non_null(f);
	if (part)
		write_part(f, part);
	assert_int_equal(fclose(f), 0);
}

/* The chain as it is told: all of it, or what changes. */
static inline int compare_links(const void *a, const void *b)
{
	const struct kept_link *x = a, *y = b;
	int order = memcmp(x->hash, y->hash, sizeof(x->hash));

	return order ? order : zone_order(x->owner, y->owner);
}

static inline struct kept_link kept_link(const struct store_link *link)
{
	struct kept_link kept = { .side = link->proof.side };

	memcpy(kept.owner, link->proof.owner, knot_dname_size(link->proof.owner));
	if (link->hash)
		memcpy(kept.hash, link->hash, sizeof(kept.hash));
	return kept;
}

static inline void drop_link(struct store *s, const struct store_link *link)
{
	struct kept_link key = kept_link(link), *found;

	found = bsearch(&key, s->chain, s->n_links, sizeof(key), compare_links);
	assert_non_null(found);
	assert_int_equal(found->side, key.side);
	memmove(found, found + 1, (size_t)(s->chain + s->n_links - (found + 1)) * sizeof(key));
	s->n_links--;
}

static inline void add_link(struct store *s, const struct store_link *link)
{
	assert_non_null(find_entry(s, link->proof.owner, link->proof.side));
	assert_true(s->n_links < LINKS_MAX);
	s->chain[s->n_links++] = kept_link(link);
}

static inline void keep_links(struct store *s, const struct store_snapshot *snap)
{
	size_t i;

	s->nsec3_iterations = snap->nsec3_iterations;
	s->nsec3_salt_len = snap->nsec3_salt_len;
	if (!snap->is_change)
		s->n_links = 0;
	for (i = 0; i < snap->n_gone; i++)
		drop_link(s, &snap->gone[i]);
	for (i = 0; i < snap->n_links; i++)
		add_link(s, &snap->links[i]);
	if (snap->is_change)
		qsort(s->chain, s->n_links, sizeof(*s->chain), compare_links);
	for (i = 1; i < s->n_links; i++)
		assert_true(compare_links(&s->chain[i - 1], &s->chain[i]) < 0);
	for (i = 0; i < s->n_links; i++)
		assert_non_null(find_entry(s, s->chain[i].owner, s->chain[i].side));
}

static inline void clear_put(const void *node, VISIT visit, void *arg)
{
	(void)visit;
	(void)arg;
	(*(struct record *const *)node)->put = false;
}

int store_flip(struct store *s, uint32_t zone, const struct store_snapshot *snap)
{
	assert_int_equal(zone, ZONE_INDEX);
	assert_true(knot_dname_is_equal(snap->apex, s->zone->apex));
	s->flipped = true;
	s->serial = snap->serial;
	s->flags = snap->flags;
	check_soa(s, snap->soa, KNOT_RRTYPE_SOA);
	if (snap->soa_sig)
		check_soa(s, snap->soa_sig, KNOT_RRTYPE_RRSIG);
	keep_part(&s->soa, &s->soa_len, snap->soa);
	keep_part(&s->soa_sig, &s->soa_sig_len, snap->soa_sig);
	keep_links(s, snap);
	twalk_r(s->names, clear_put, NULL);
	return 0;
}

static inline void clear_store(struct store *s)
{
	tdestroy(s->names, free_entry);
	free(s->soa);
	free(s->soa_sig);
	*s = (struct store){ 0 };
}

static inline void assert_same_entry(const void *node, VISIT visit, void *arg)
{
	const struct record *e = *(struct record *const *)node, *other;

	if (visit != postorder && visit != leaf)
		return;
	other = find_entry(arg, e->owner, e->side);
	if (!other || other->len != e->len || memcmp(other->octets, e->octets, e->len)) {
		knot_dname_txt_storage_t owner;

		fail_msg("%s side %u: afresh: %s; step by step: %s",
			 knot_dname_to_str(owner, e->owner, sizeof(owner)), e->side, e->text,
			 other ? other->text : "not there");
	}
}

static inline void assert_same_store(struct store *afresh, struct store *steps)
{
	twalk_r(afresh->names, assert_same_entry, steps);
	assert_int_equal(steps->n_names, afresh->n_names);
	assert_int_equal(steps->serial, afresh->serial);
	assert_int_equal(steps->flags, afresh->flags);
	assert_int_equal(steps->soa_len, afresh->soa_len);
	assert_memory_equal(steps->soa, afresh->soa, afresh->soa_len);
	assert_int_equal(steps->soa_sig_len, afresh->soa_sig_len);
	assert_memory_equal(steps->soa_sig, afresh->soa_sig, afresh->soa_sig_len);
	assert_int_equal(steps->nsec3_iterations, afresh->nsec3_iterations);
	assert_int_equal(steps->nsec3_salt_len, afresh->nsec3_salt_len);
	assert_int_equal(steps->n_links, afresh->n_links);
	assert_memory_equal(steps->chain, afresh->chain, afresh->n_links * sizeof(*afresh->chain));
}

/* ---- zones ---- */

static char said[4096];

static inline void note(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(said);

	(void)level;
	(void)arg;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}

static const struct report report = { .say = note };

static inline const knot_dname_t *name(const char *text)
{
	static knot_dname_storage_t storage;

	assert_non_null(knot_dname_from_str(storage, text, sizeof(storage)));
	return storage;
}

/* Another served zone */
static inline bool is_served(const knot_dname_t *owner, void *arg)
{
	knot_dname_storage_t apex;

	return knot_dname_from_str(apex, arg, sizeof(apex)) && knot_dname_is_equal(owner, apex);
}

static char other_apex[] = "c.b.example.";
static const struct render_zones zones = { .is_apex = is_served, .arg = other_apex };

static inline struct zone *load(const char *text)
{
	char path[] = "/tmp/dnsbolt-test-render-XXXXXX";
	int fd = mkstemp(path), err;
	struct zone *zone;
	size_t len = strlen(text);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	(void)close(fd);
	said[0] = '\0';
	err = zone_load_file(&zone, name("example"), path, &report);
	(void)unlink(path);
	if (err)
		fail_msg("%s", said);
	return zone;
}

static inline int render(struct store *s, const struct zone *from, const struct zone *to)
{
	s->zone = to;
	return render_zone(s, ZONE_INDEX, from, to, &zones, &report);
}
static inline void assert_entry(const struct store *s, const char *owner, uint8_t side,
				const char *text)
{
	const struct record *e = find_entry(s, name(owner), side);

	if (!text && e)
		fail_msg("%s: not expected, but there: %s", owner, e->text);
	if (text && !e)
		fail_msg("%s: not there", owner);
	if (text)
		assert_string_equal(e->text, text);
}

#endif /* RENDER_FAKE_H */
