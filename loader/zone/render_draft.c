/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records into parts, parts into answers, answers into a node. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "render_internal.h"

void render_say(const struct render *render, const struct zone_name *name, uint16_t type,
		const char *what)
{
	knot_dname_txt_storage_t text;
	char type_text[NAME_TYPE_LEN];

	report_say(render->report, LOG_LEVEL_WARNING, "%s %s: %s", name_text(name->owner, text),
		   name_type_text(type, type_text), what);
}

void *render_take(struct render *render, size_t len)
{
	void *data = pool_take(&render->pool, len);

	if (!data)
		render->err = -ENOMEM;
	return data;
}

/* ---- parts ---- */

void render_begin_part(struct render *render, const struct render_spelling *as)
{
	render->part_err = 0;
	wire_begin(&render->wire, render->data, sizeof(render->data), render->ptr, RENDER_PTRS_MAX,
		   as->suffix, as->exact);
}

void render_put_rdata(struct render *render, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
		      const knot_rdata_t *rdata)
{
	if (!render->part_err)
		render->part_err = wire_put(&render->wire, owner, type, ttl, rdata);
}

/* Signatures have the TTL of what they cover (RFC 4034 section 3), so those of one name may have
 * several. */
void render_put_rrset(struct render *render, const struct render_spelling *as,
		      const struct zone_name *name, const struct zone_rrset *set)
{
	knot_rdata_t *rr = set->rrs.rdata;
	uint16_t i;

	for (i = 0; i < set->rrs.count && !render->part_err; i++, rr = knot_rdataset_next(rr))
		render->part_err = wire_put(
			&render->wire, as->owner, set->type,
			set->type == KNOT_RRTYPE_RRSIG ? zone_rrsig_ttl(name, rr) : set->ttl, rr);
}

void render_put_rrsigs(struct render *render, const struct render_spelling *as,
		       const struct zone_name *name, uint16_t type, uint32_t ttl)
{
	const struct zone_rrset *set = zone_name_rrset(name, KNOT_RRTYPE_RRSIG);
	knot_rdata_t *rr = set ? set->rrs.rdata : NULL;
	uint16_t i, n = set ? set->rrs.count : 0;

	for (i = 0; i < n && !render->part_err; i++, rr = knot_rdataset_next(rr))
		if (knot_rrsig_type_covered(rr) == type)
			render->part_err =
				wire_put(&render->wire, as->owner, KNOT_RRTYPE_RRSIG, ttl, rr);
}

const struct store_part *render_end_part(struct render *render)
{
	size_t ptrs = render->wire.n_ptr * sizeof(*render->ptr);
	struct store_part *part;
	uint8_t *data;

	if (render->part_err)
		return NULL;
	part = render_take(render, sizeof(*part));
	data = render_take(render, ptrs + render->wire.len);
	if (!part || !data)
		return NULL;
	wire_end(&render->wire, part);
	part->ptr = memcpy(data, part->ptr, ptrs);
	part->data = memcpy(data + ptrs, part->data, part->len);
	return part;
}

const struct store_part *render_plain_part(struct render *render, const struct render_spelling *as,
					   const struct zone_name *name,
					   const struct zone_rrset *set)
{
	render_begin_part(render, as);
	render_put_rrset(render, as, name, set);
	return render_end_part(render);
}

const struct store_part *render_sig_part(struct render *render, const struct render_spelling *as,
					 const struct zone_name *name, const struct zone_rrset *set)
{
	render_begin_part(render, as);
	render_put_rrsigs(render, as, name, set->type, set->ttl);
	return render_end_part(render);
}

const struct store_part *render_signed_part(struct render *render, const struct render_spelling *as,
					    const struct zone_name *name,
					    const struct zone_rrset *set)
{
	render_begin_part(render, as);
	render_put_rrset(render, as, name, set);
	render_put_rrsigs(render, as, name, set->type, set->ttl);
	return render_end_part(render);
}

/* ---- answers ---- */

void draft_begin(struct draft *draft, struct render *render, const struct zone_name *name,
		 uint8_t flags, enum dnsbolt_reason reason)
{
	*draft = (struct draft){
		.render = render,
		.name = name,
		.answer = render_take(render, sizeof(*draft->answer)),
	};
	if (draft->answer)
		*draft->answer = (struct store_answer){ .flags = flags, .reason = (uint8_t)reason };
}

/* Without it there is no answer for the queries that it is meant for. */
static void refuse(struct draft *draft, uint8_t flags, enum dnsbolt_reason reason)
{
	if (!(flags & DNSBOLT_SLOT_DO))
		draft->pass[0] = (uint8_t)reason;
	if (!(flags & DNSBOLT_SLOT_PLAIN))
		draft->pass[1] = (uint8_t)reason;
}

static void add_slot(struct draft *draft, const struct store_slot *slot)
{
	struct store_answer *answer = draft->answer;

	if (!answer)
		return;
	if (answer->n_slots == DNSBOLT_PARTS_MAX)
		refuse(draft, slot->flags,
		       answer->reason == REASON_cname ? REASON_cname_odd : REASON_too_large);
	else
		answer->slot[answer->n_slots++] = *slot;
}

void draft_part(struct draft *draft, const struct store_part *part, uint8_t section, uint8_t flags)
{
	if (!part && !(flags & DNSBOLT_SLOT_OPTIONAL))
		refuse(draft, flags, REASON_too_large);
	else if (part && part->n_rr)
		add_slot(draft,
			 &(struct store_slot){ .part = part, .section = section, .flags = flags });
}

void draft_symbol(struct draft *draft, dnsbolt_handle symbol, uint8_t section, uint8_t flags)
{
	add_slot(draft,
		 &(struct store_slot){ .symbol = symbol, .section = section, .flags = flags });
}

void draft_proof(struct draft *draft, const struct denial_link *link)
{
	const struct store_answer *answer = draft->answer;
	unsigned int i;

	for (i = 0; answer && i < answer->n_slots; i++)
		if (answer->slot[i].flags & DNSBOLT_SLOT_PROOF &&
		    answer->slot[i].proof.owner == link->proof.owner)
			return;
	add_slot(draft, &(struct store_slot){ .proof = link->proof,
					      .section = DNSBOLT_AUTHORITY_SECTION,
					      .flags = DNSBOLT_SLOT_DO | DNSBOLT_SLOT_PROOF });
}

void draft_rrset(struct draft *draft, const struct render_spelling *as,
		 const struct zone_name *name, const struct zone_rrset *set)
{
	struct render *render = draft->render;

	draft_part(draft, render_plain_part(render, as, name, set), DNSBOLT_ANSWER_SECTION, 0);
	if (render->is.zone->is_signed && set->type != KNOT_RRTYPE_RRSIG)
		draft_part(draft, render_sig_part(render, as, name, set), DNSBOLT_ANSWER_SECTION,
			   DNSBOLT_SLOT_DO);
}

/* What the answer needs of a message; what may be left out does not count. */
static size_t answer_len(const struct store_answer *answer, uint8_t without)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < answer->n_slots; i++)
		if (answer->slot[i].part &&
		    !(answer->slot[i].flags & (without | DNSBOLT_SLOT_OPTIONAL)))
			len += answer->slot[i].part->len;
	return len;
}

const struct store_dirent *draft_end(struct draft *draft, uint16_t qtype)
{
	struct render *render = draft->render;
	struct store_dirent *entry = &render->dir[render->n_dir];

	if (render->err)
		return NULL;
	if (answer_len(draft->answer, DNSBOLT_SLOT_DO) > WIRE_RECORDS_MAX)
		draft->pass[0] = REASON_too_large;
	if (answer_len(draft->answer, DNSBOLT_SLOT_PLAIN) > WIRE_RECORDS_MAX)
		draft->pass[1] = REASON_too_large;
	if (draft->pass[0] == REASON_too_large || draft->pass[1] == REASON_too_large)
		render_say(
			render, draft->name, qtype,
			"does not fit in a message of 65535 octets: not answered from the store");
	*entry = (struct store_dirent){
		.qtype = qtype,
		.pass = { draft->pass[0], draft->pass[1] },
		.answer = draft->pass[0] && draft->pass[1] ? NULL : draft->answer,
	};
	render->n_dir++;
	return entry;
}

void render_pass(struct render *render, uint16_t qtype, enum dnsbolt_reason reason)
{
	render->dir[render->n_dir++] = (struct store_dirent){
		.qtype = qtype,
		.pass = { (uint8_t)reason, (uint8_t)reason },
	};
}

/* ---- nodes ---- */

void render_begin_node(struct render *render)
{
	pool_reset(&render->pool);
	render->n_dir = 0;
}

static int compare_dirents(const void *a, const void *b)
{
	const struct store_dirent *x = a, *y = b;

	return (int)x->qtype - (int)y->qtype;
}

int render_put_node(struct render *render, struct store_node *node)
{
	if (render->err)
		return render->err;
	qsort(render->dir, render->n_dir, sizeof(*render->dir), compare_dirents);
	node->n_dir = (uint16_t)render->n_dir;
	node->dir = render->dir;
	return store_put(render->store, render->zone, node);
}
