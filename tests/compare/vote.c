// SPDX-License-Identifier: GPL-3.0-or-later
#include "round.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_OF_A_KIND 3
#define SHOWN_TOLERATED 20

bool vote_wrong(struct round *round, const char *kind, const struct question *q)
{
	struct tally *tally = round->tally;
	size_t i;

	tally->wrong++;
	for (i = 0; i < tally->n_signatures; i++)
		if (!strcmp(tally->signature[i].text, kind))
			break;
	if (i == SIGNATURES_MAX)
		return false;
	if (i == tally->n_signatures) {
		tally->n_signatures++;
		snprintf(tally->signature[i].text, sizeof(tally->signature[i].text), "%s", kind);
		snprintf(tally->signature[i].example, sizeof(tally->signature[i].example), "%s",
			 question_text(q));
	}
	return ++tally->signature[i].n <= SHOWN_OF_A_KIND;
}

/*
 * alpn is read in two steps, first as any quoted string, then as a list with escapes of its own (RFC 9460 appendix A.1, and the
 * example in D.2 with both): named does so. libzscanner 3.2, by which zones are loaded here, and knot with it, reads the second step
 * otherwise: alpn=\\\\ becomes two backslashes, not one, and alpn=foo\\\092,bar one item "foo,bar", not "foo\" and "bar". These
 * are the two names of shared data where that shows.
 */
static bool is_misread(const struct question *q)
{
	static const char *const names[] = { "\11example10\4svcb", "\11example12\4svcb" };

	return (q->type == KNOT_RRTYPE_SVCB || q->type == KNOT_RRTYPE_ANY) &&
	       (knot_dname_is_case_equal(q->name, (const knot_dname_t *)names[0]) ||
		knot_dname_is_case_equal(q->name, (const knot_dname_t *)names[1]));
}

/* A server that lacks a zone which the name is in answers from another one, or not at all (T10). */
static bool is_left_out(const struct round *round, enum server_kind kind, const struct question *q)
{
	const struct compare_zone *zone = zones_of(&round->zones, q->name);
	const struct server *server = round->servers[kind];

	if (kind == SERVER_NAMED && is_misread(q))
		return true;
	for (; zone; zone = zones_above(&round->zones, zone->zone->apex))
		if (!server_has(server, (size_t)(zone - round->zones.all)))
			return true;
	return false;
}

/* The octets of the records without which a referral is complete, as short as they may be. */
static size_t optional_octets(const struct message *msg)
{
	const struct section *authority = &msg->section[SECTION_AUTHORITY];
	const struct section *s = &msg->section[SECTION_ADDITIONAL];
	const knot_rrset_t *ns = section_find(authority, NULL, KNOT_RRTYPE_NS);
	size_t i, octets = 0;

	for (i = 0; ns && i < s->n; i++)
		if (knot_dname_in_bailiwick(s->rr[i]->owner, ns->owner) < 0)
			octets += 12u + s->rr[i]->rrs.rdata->len;
	return octets;
}

/* At least one of the two is truncated: rightly so, if both say the same with room for all, and if ours does not fit when it is
 * ours. */
static struct verdict judge_whole(struct round *round, const struct question *q,
				  enum server_kind kind, const struct message *ours)
{
	static uint8_t our_octets[UINT16_MAX], their_octets[UINT16_MAX];
	struct verdict v = { .differs = "TC" };
	struct message whole, theirs;
	struct question roomy = *q;
	size_t least;

	roomy.edns = true;
	roomy.edns_size = DNSBOLT_UDP_MAX;
	question_build(&roomy);
	message_read(&whole, our_octets,
		     round_whole(round, &roomy, our_octets, sizeof(our_octets)));
	message_read(&theirs, their_octets,
		     server_ask_tcp(round->servers[kind], &roomy, their_octets,
				    sizeof(their_octets)));
	least = whole.len - (q->edns ? 0 : 11);
	if (whole.parsed && !MESSAGE_TC(&whole) &&
	    (!MESSAGE_TC(ours) || least > question_limit(q) + optional_octets(&whole)))
		v = judge_pair(&round->zones, &roomy, kind, &whole, &theirs);
	if (!v.differs)
		v.tolerances |= TOLERANCE_BIT(
			section_find(&whole.section[SECTION_AUTHORITY], NULL, KNOT_RRTYPE_NS) ? T3
											      : T1);
	message_done(&whole);
	message_done(&theirs);
	return v;
}

static void count_tolerances(struct tally *tally, enum server_kind kind, unsigned int bits)
{
	int t;

	tally->compared[kind]++;
	for (t = 0; t < TOLERANCES; t++)
		tally->tolerated[kind][t] += bits >> t & 1;
}

static void show(struct round *round, const char *what, const struct question *q,
		 const struct message *ours, const struct message theirs[SERVER_KINDS])
{
	int kind;

	fprintf(stderr, "%s: %s\n", what, question_text(q));
	message_print(stderr, "ours", ours);
	for (kind = 0; kind < SERVER_KINDS; kind++)
		if (round->servers[kind])
			message_print(stderr, server_name((enum server_kind)kind), &theirs[kind]);
}

/* "authority section: not as nsd, named" */
static void describe(const struct round *round, const struct verdict v[SERVER_KINDS], char *text,
		     size_t room)
{
	const char *differs = NULL;
	size_t len;
	int kind;

	for (kind = 0; kind < SERVER_KINDS && !differs; kind++)
		differs = v[kind].differs;
	len = (size_t)snprintf(text, room, "%s: not as", differs ? differs : "?");
	for (kind = 0; kind < SERVER_KINDS; kind++)
		if (round->servers[kind] && v[kind].differs && len < room)
			len += (size_t)snprintf(text + len, room - len, " %s",
						server_name((enum server_kind)kind));
}

/* One that stops a chain before its end (T4) says no more than that it follows the CNAME, which is all that T11 is about. */
static bool agrees(const struct verdict *v, const struct question *q, unsigned int faults)
{
	unsigned int fine = TOLERANCE_BIT(T1) | TOLERANCE_BIT(T2) | TOLERANCE_BIT(T3) |
			    TOLERANCE_BIT(T6);

	if (q->type == KNOT_RRTYPE_RRSIG || q->type == KNOT_RRTYPE_ANY)
		fine |= TOLERANCE_BIT(T5);
	if (faults & TOLERANCE_BIT(T11))
		fine |= TOLERANCE_BIT(T4);
	return !v->differs && !(v->tolerances & ~fine);
}

/* A fault of one is taken for that if another server agrees with us completely; else check_proofs.py has to validate the answer. */
static void confirm_faults(const struct round *round, const struct question *q,
			   struct verdict v[SERVER_KINDS])
{
	const struct compare_zone *zone = zones_of(&round->zones, q->name);
	bool confirmed = q->dnssec && zone && zone->zone->is_signed;
	unsigned int faults = 0;
	int kind;

	for (kind = 0; kind < SERVER_KINDS; kind++)
		faults |= v[kind].tolerances & FAULTS;
	for (kind = 0; faults && kind < SERVER_KINDS; kind++)
		confirmed = confirmed ||
			    (round->servers[kind] && !(v[kind].tolerances & TOLERANCE_BIT(T10)) &&
			     agrees(&v[kind], q, faults));
	for (kind = 0; kind < SERVER_KINDS; kind++)
		if ((v[kind].tolerances & FAULTS) && !confirmed)
			v[kind] = (struct verdict){ .differs = "a fault that none confirms" };
}

static struct verdict judge_one(struct round *round, const struct question *q,
				enum server_kind kind, const struct message *ours,
				const struct message *theirs)
{
	struct verdict v = judge_pair(&round->zones, q, kind, ours, theirs);

	if (v.differs && theirs->parsed && (MESSAGE_TC(ours) || MESSAGE_TC(theirs)))
		v = judge_whole(round, q, kind, ours);
	return v;
}

static void judge_all(struct round *round, const struct question *q, const struct message *ours,
		      const struct message theirs[SERVER_KINDS], struct verdict v[SERVER_KINDS])
{
	int kind;

	for (kind = 0; kind < SERVER_KINDS; kind++) {
		v[kind] = (struct verdict){ .differs = NULL };
		if (!round->servers[kind])
			continue;
		if (is_left_out(round, (enum server_kind)kind, q)) {
			v[kind].tolerances = TOLERANCE_BIT(T10);
			continue;
		}
		v[kind] = judge_one(round, q, (enum server_kind)kind, ours, &theirs[kind]);
	}
}

/* The first ones of each tolerance that COMPARE_SHOW names. */
static void show_tolerated(struct round *round, const struct question *q,
			   const struct message *ours, const struct message theirs[SERVER_KINDS],
			   const struct verdict v[SERVER_KINDS])
{
	struct tally *tally = round->tally;
	char text[32];
	int kind, t;

	for (kind = 0; kind < SERVER_KINDS; kind++)
		for (t = T1; t < TOLERANCES; t++) {
			if (!(v[kind].tolerances & tally->show & TOLERANCE_BIT(t)) ||
			    tally->tolerated[kind][t] > SHOWN_TOLERATED)
				continue;
			snprintf(text, sizeof(text), "T%d of %s", t,
				 server_name((enum server_kind)kind));
			show(round, text, q, ours, theirs);
		}
}

/* Returns the tolerances of all. */
static unsigned int conclude(struct round *round, const struct question *q,
			     const struct message *ours, const struct message theirs[SERVER_KINDS],
			     struct verdict v[SERVER_KINDS])
{
	bool equal = false, differs = false;
	unsigned int bits = 0;
	char text[160];
	int kind;

	confirm_faults(round, q, v);
	for (kind = 0; kind < SERVER_KINDS; kind++) {
		if (!round->servers[kind])
			continue;
		count_tolerances(round->tally, (enum server_kind)kind, v[kind].tolerances);
		bits |= v[kind].tolerances;
		differs = differs || v[kind].differs;
		equal = equal || (!v[kind].differs && !(v[kind].tolerances & TOLERANCE_BIT(T10)));
	}
	show_tolerated(round, q, ours, theirs, v);
	if (!differs)
		return bits;
	round->tally->voters_disagree += equal;
	describe(round, v, text, sizeof(text));
	if (vote_wrong(round, text, q))
		show(round, text, q, ours, theirs);
	return bits;
}

unsigned int vote(struct round *round, const struct question *q, const struct message *ours,
		  struct reply replies[SERVER_KINDS][BATCH], size_t at)
{
	const char *differs = judge_alone(&round->zones, q, ours);
	struct message theirs[SERVER_KINDS];
	struct verdict v[SERVER_KINDS];
	unsigned int bits = 0;
	int kind;

	for (kind = 0; kind < SERVER_KINDS; kind++)
		message_read(&theirs[kind], replies[kind][at].octets,
			     round->servers[kind] ? replies[kind][at].len : 0);
	if (differs) {
		if (vote_wrong(round, differs, q))
			show(round, differs, q, ours, theirs);
	} else {
		judge_all(round, q, ours, theirs, v);
		bits = conclude(round, q, ours, theirs, v);
	}
	for (kind = 0; kind < SERVER_KINDS; kind++)
		message_done(&theirs[kind]);
	return bits;
}
