/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store says of one name; the rules of each are with them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "render_internal.h"

/* Types of PowerDNS whose answers its server computes. */
#define TYPE_ALIAS 65401u
#define TYPE_LUA 65402u

#define WILDCARD_LEN 2u /* octets of the label "*" */

/* NODATA of an unsigned zone, and without DO of a signed one (RFC 2308 section 2.2). */
static const struct store_answer nodata = {
	.flags = DNSBOLT_ANSWER_AA,
	.reason = REASON_nodata,
	.n_slots = 1,
	.slot = { { .symbol = DNSBOLT_PART_SOA, .section = DNSBOLT_AUTHORITY_SECTION } },
};

static void say(const struct render *render, const struct zone_name *name, uint16_t type,
		const char *what)
{
	knot_dname_txt_storage_t text;
	char type_text[NAME_TYPE_LEN];

	report_say(render->report, LOG_LEVEL_WARNING, "%s %s: %s", name_text(name->owner, text),
		   name_type_text(type, type_text), what);
}

/* ---- parts ---- */

/* Room for all parts of a name: each RRset once, each RRSIG twice (by what it covers, and as an
 * RRset of its own); names only become shorter. A record has at most an owner's pointer and two
 * of its RDATA. */
static int begin_node(struct render *render, const struct zone_name *name)
{
	size_t records = 0, octets = 0;
	uint16_t i;

	for (i = 0; i < name->n_sets; i++) {
		size_t times = name->sets[i].type == KNOT_RRTYPE_RRSIG ? 2 : 1;

		records += times * name->sets[i].rrs.count;
		octets += times * name->sets[i].rrs.size;
	}
	octets += records * (WIRE_POINTER_LEN + WIRE_RECORD_FIXED);
	if (octets > render->data_room) {
		free(render->data);
		render->data = malloc(octets);
		render->data_room = render->data ? octets : 0;
	}
	if (3 * records > render->ptr_room) {
		free(render->ptr);
		render->ptr = calloc(3 * records, sizeof(*render->ptr));
		render->ptr_room = render->ptr ? 3 * records : 0;
	}
	render->data_used = render->ptr_used = 0;
	render->n_parts = render->n_answers = render->n_dir = 0;
	return octets > render->data_room || 3 * records > render->ptr_room ? -ENOMEM : 0;
}

static void begin_part(struct render *render, const knot_dname_t *suffix, bool exact)
{
	wire_begin(&render->wire, render->data + render->data_used,
		   render->data_room - render->data_used, render->ptr + render->ptr_used,
		   render->ptr_room - render->ptr_used, suffix, exact);
}

static const struct store_part *end_part(struct render *render)
{
	struct store_part *part = &render->part[render->n_parts++];

	wire_end(&render->wire, part);
	render->data_used += part->len;
	render->ptr_used += part->n_ptr;
	return part;
}

/* The signatures that cover `type`, into the part that was begun. `owner` as in wire_put(). */
static int put_rrsigs(struct render *render, const struct zone_name *name,
		      const knot_dname_t *owner, uint16_t type, uint32_t ttl)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint16_t i, n = set ? set->rrs.count : 0;
	int err = 0;

	for (i = 0; i < n && !err; i++, rr = knot_rdataset_next(rr))
		if (knot_rrsig_type_covered(rr) == type)
			err = wire_put(&render->wire, owner, KNOT_RRTYPE_RRSIG, ttl, rr);
	return err;
}

/* The RRset as the answer to a question for its owner's name. Signatures have the TTL of what
 * they cover (RFC 4034 section 3), so those of one name may have several. */
static int put_rrset(struct render *render, const struct zone_name *name,
		     const struct zone_rrset *set)
{
	knot_rdata_t *rr = set->rrs.rdata;
	uint16_t i;
	int err = 0;

	for (i = 0; i < set->rrs.count && !err; i++, rr = knot_rdataset_next(rr))
		err = wire_put(&render->wire, NULL, set->type,
			       set->type == KNOT_RRTYPE_RRSIG ? zone_rrsig_ttl(name, rr) : set->ttl,
			       rr);
	return err;
}

/* ---- directory entries ---- */

static struct store_dirent *add_dirent(struct render *render, uint16_t type,
				       enum dnsbolt_reason plain, enum dnsbolt_reason dnssec)
{
	struct store_dirent *entry = &render->dir[render->n_dir++];

	*entry =
		(struct store_dirent){ .qtype = type, .pass = { (uint8_t)plain, (uint8_t)dnssec } };
	return entry;
}

/* Adds the signatures to the answer, for queries with DO (RFC 4035 section 3.1.1). -EMSGSIZE:
 * they do not fit beside what is there. */
static int add_rrsigs(struct render *render, const struct zone_name *name,
		      const struct zone_rrset *set, struct store_answer *answer)
{
	const struct store_part *part;
	int err;

	begin_part(render, name->owner, true);
	err = put_rrsigs(render, name, NULL, set->type, set->ttl);
	if (err || !render->wire.n_rr)
		return err;
	if (answer->slot[0].part->len + render->wire.len > WIRE_RECORDS_MAX)
		return -EMSGSIZE;
	part = end_part(render);
	answer->slot[answer->n_slots++] =
		(struct store_slot){ .part = part, .flags = DNSBOLT_SLOT_DO };
	return 0;
}

static int add_rrset(struct render *render, const struct zone_name *name,
		     const struct zone_rrset *set)
{
	struct store_dirent *entry = add_dirent(render, set->type, REASON_none, REASON_none);
	struct store_answer *answer;
	int err;

	begin_part(render, name->owner, true);
	err = put_rrset(render, name, set);
	if (err) {
		entry->pass[0] = entry->pass[1] = REASON_too_large;
		goto out;
	}
	answer = &render->answer[render->n_answers++];
	*answer = (struct store_answer){
		.flags = DNSBOLT_ANSWER_AA,
		.reason = REASON_answer,
		.n_slots = 1,
		.slot = { { .part = end_part(render), .section = DNSBOLT_ANSWER_SECTION } },
	};
	entry->answer = answer;
	if (!render->to->is_signed || set->type == KNOT_RRTYPE_RRSIG)
		return 0;
	err = add_rrsigs(render, name, set, answer);
	if (err)
		entry->pass[1] = REASON_too_large;
out:
	if (err != -EMSGSIZE)
		return err;
	say(render, name, set->type,
	    "does not fit in a message of 65535 octets: not answered from the store");
	return 0;
}

/* The entry for all types that the name does not have. */
static void add_rest(struct render *render, const struct zone_name *name)
{
	struct store_dirent *entry;

	if (zone_name_rrset(name, KNOT_RRTYPE_CNAME)) {
		(void)add_dirent(render, 0, REASON_cname, REASON_cname);
		return;
	}
	entry = add_dirent(render, 0, REASON_none,
			   render->to->is_signed ? REASON_nodata_signed : REASON_none);
	entry->answer = &nodata;
}

/* An entry for each type. DS at the apex is the parent's to answer (RFC 4035 section 3.1.4.1). */
static int add_types(struct render *render, const struct zone_name *name)
{
	bool ds = !name->parent;
	uint16_t i;
	int err = 0;

	for (i = 0; i < name->n_sets && !err; i++) {
		const struct zone_rrset *set = &name->sets[i];

		if (ds && set->type >= KNOT_RRTYPE_DS) {
			(void)add_dirent(render, KNOT_RRTYPE_DS, REASON_ds_apex, REASON_ds_apex);
			ds = false;
		}
		if (name->parent || set->type != KNOT_RRTYPE_DS)
			err = add_rrset(render, name, set);
	}
	if (ds)
		(void)add_dirent(render, KNOT_RRTYPE_DS, REASON_ds_apex, REASON_ds_apex);
	return err;
}

/* ---- nodes ---- */

static bool has_wildcard(const struct render *render, const struct zone_name *name)
{
	knot_dname_storage_t owner = { 1, '*' };
	size_t len = knot_dname_size(name->owner);
	const struct zone_name *wildcard;

	if (!name->n_children || zone_name_rrset(name, KNOT_RRTYPE_DNAME) ||
	    len + WILDCARD_LEN > sizeof(owner))
		return false;
	memcpy(owner + WILDCARD_LEN, name->owner, len);
	wildcard = zone_find(render->to, owner);
	return wildcard && render_state(render, render->to, wildcard) != RENDER_NONE;
}

static uint16_t node_flags(const struct render *render, const struct zone_name *name)
{
	uint16_t flags = 0;

	if (!name->parent)
		flags |= DNSBOLT_NODE_APEX;
	else if (render_is_bare(name))
		flags |= DNSBOLT_NODE_ENT;
	if (zone_name_rrset(name, KNOT_RRTYPE_DNAME))
		flags |= DNSBOLT_NODE_DNAME;
	if (has_wildcard(render, name))
		flags |= DNSBOLT_NODE_WILDCARD;
	return flags;
}

/* Why nothing at all can be answered of the name; REASON_none: it can. */
static enum dnsbolt_reason pass_reason(const struct zone_name *name, uint16_t flags)
{
	if (flags & DNSBOLT_NODE_ENT)
		return REASON_empty_nonterminal;
	if (zone_name_rrset(name, TYPE_ALIAS) || zone_name_rrset(name, TYPE_LUA))
		return REASON_computed;
	/* RFC 5155 section 7.2.8 says nothing of a name that is both. */
	if (zone_name_rrset(name, KNOT_RRTYPE_NSEC3))
		return REASON_nsec3_owner;
	/* beside its types: type 0, and DS at the apex */
	return name->n_sets + 2u > DNSBOLT_DIR_MAX ? REASON_too_large : REASON_none;
}

static int put_node(struct render *render, const struct zone_name *name, uint8_t side,
		    uint16_t flags)
{
	const struct store_node node = {
		.owner = name->owner,
		.side = side,
		.flags = flags,
		.n_dir = (uint16_t)render->n_dir,
		.dir = render->dir,
	};

	return store_put(render->store, render->zone, &node);
}

int render_put_name(struct render *render, const struct zone_name *name)
{
	uint16_t flags = node_flags(render, name);
	enum dnsbolt_reason reason = pass_reason(name, flags);
	int err = begin_node(render, name);

	if (err)
		return err;
	if (reason == REASON_too_large)
		say(render, name, name->sets[name->n_sets - 1].type,
		    "one of more types than the store holds of one name: none is answered from the store");
	if (reason != REASON_none) {
		(void)add_dirent(render, 0, reason, reason);
	} else {
		add_rest(render, name);
		err = add_types(render, name);
	}
	return err ? err : put_node(render, name, DNSBOLT_SIDE_CHILD, flags);
}

int render_put_cut(struct render *render, const struct zone_name *name)
{
	render->n_dir = 0;
	(void)add_dirent(render, 0, REASON_at_cut, REASON_at_cut);
	return put_node(render, name, DNSBOLT_SIDE_PARENT, DNSBOLT_NODE_CUT);
}

/* ---- snapshots ---- */

/* The SOA of negative answers lives as long as they do (RFC 2308 sections 3 and 5), and its
 * signatures with it; the original TTL in them stays (RFC 4034 section 3.1.4). */
int render_flip(struct render *render)
{
	const struct zone *zone = render->to;
	const struct zone_name *apex = zone_next(zone, NULL);
	const struct zone_rrset *soa = zone_name_rrset(apex, KNOT_RRTYPE_SOA);
	struct store_snapshot snap = { .apex = apex->owner, .serial = zone->serial };
	uint32_t minimum = knot_soa_minimum(soa->rrs.rdata);
	uint32_t ttl = soa->ttl < minimum ? soa->ttl : minimum;
	int err = begin_node(render, apex);

	if (err)
		return err;
	begin_part(render, apex->owner, false);
	err = wire_put(&render->wire, apex->owner, KNOT_RRTYPE_SOA, ttl, soa->rrs.rdata);
	if (err)
		return err;
	snap.soa = end_part(render);
	if (zone->is_signed) {
		snap.flags = DNSBOLT_ZONE_SIGNED | (zone->is_nsec3 ? DNSBOLT_ZONE_NSEC3 : 0);
		begin_part(render, apex->owner, false);
		err = put_rrsigs(render, apex, apex->owner, KNOT_RRTYPE_SOA, ttl);
		if (err) {
			say(render, apex, KNOT_RRTYPE_SOA,
			    "its signatures do not fit in a message");
			return err;
		}
		if (render->wire.n_rr)
			snap.soa_sig = end_part(render);
	}
	return store_flip(render->store, render->zone, &snap);
}
