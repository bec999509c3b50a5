/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of a version of the zone as a whole: the SOA of negative answers, the denial chain. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render_internal.h"

/* The SOA of negative answers lives as long as they do (RFC 2308 sections 3 and 5), and its
 * signatures with it; the original TTL in them stays (RFC 4034 section 3.1.4). */
static int soa_parts(struct render *render, struct store_snapshot *snap)
{
	const struct zone_name *apex = zone_next(render->is.zone, NULL);
	const struct render_spelling as = { .owner = apex->owner, .suffix = apex->owner };
	struct zone_rrset soa = *zone_name_rrset(apex, KNOT_RRTYPE_SOA);
	uint32_t minimum = knot_soa_minimum(soa.rrs.rdata);
	const struct store_part *sig;

	if (soa.ttl > minimum)
		soa.ttl = minimum;
	snap->soa = render_plain_part(render, &as, apex, &soa);
	if (!render->is.zone->is_signed)
		return snap->soa ? 0 : -ENOMEM;
	sig = render_sig_part(render, &as, apex, &soa);
	if (snap->soa && !sig && render->part_err) {
		render_say(render, apex, KNOT_RRTYPE_SOA, "its signatures do not fit in a message");
		return -EMSGSIZE;
	}
	if (!snap->soa || !sig)
		return -ENOMEM;
	if (sig->n_rr)
		snap->soa_sig = sig;
	return 0;
}

/* ---- the denial chain ---- */

int render_add_link(struct render_links *links, const struct denial_link *link)
{
	if (links->n == links->room) {
		size_t room = links->room ? 2 * links->room : 64;
		struct store_link *v = reallocarray(links->v, room, sizeof(*v));
		uint8_t(*hash)[NSEC3_HASH_LEN];

		if (!v)
			return -ENOMEM;
		links->v = v;
		hash = reallocarray(links->hash, room, sizeof(*hash));
		if (!hash)
			return -ENOMEM;
		links->hash = hash;
		links->room = room;
	}
	memcpy(links->hash[links->n], link->hash, NSEC3_HASH_LEN);
	links->v[links->n++] = (struct store_link){ .proof = link->proof };
	return 0;
}

static int take_link(const struct denial_link *link, void *arg)
{
	return render_add_link(arg, link);
}

/* The hashes are where they stay, now. */
static const struct store_link *with_hashes(struct render_links *links, bool is_nsec3)
{
	size_t i;

	for (i = 0; i < links->n && is_nsec3; i++)
		links->v[i].hash = links->hash[i];
	return links->v;
}

static int take_chain(struct render *render, struct store_snapshot *snap)
{
	const struct denial *denial = &render->is.denial;
	int err = 0;

	if (!render->is_chain_change)
		err = denial_each(&render->is, take_link, &render->come);
	snap->links = with_hashes(&render->come, denial->is_nsec3);
	snap->n_links = render->come.n;
	snap->is_change = render->is_chain_change;
	snap->gone = with_hashes(&render->gone, denial->is_nsec3);
	snap->n_gone = render->gone.n;
	if (denial->is_nsec3) {
		snap->nsec3_iterations = denial->params.iterations;
		snap->nsec3_salt_len = denial->params.salt_len;
		snap->nsec3_salt = denial->params.salt;
	}
	return err;
}

int render_flip(struct render *render)
{
	const struct zone *zone = render->is.zone;
	struct store_snapshot snap = {
		.apex = zone->apex,
		.serial = zone->serial,
		.flags = zone->is_signed ? DNSBOLT_ZONE_SIGNED : 0,
	};
	int err;

	if (render->is.denial.is_nsec3)
		snap.flags |= DNSBOLT_ZONE_NSEC3;
	render_begin_node(render);
	err = soa_parts(render, &snap);
	if (!err && render->is.denial.is_complete)
		err = take_chain(render, &snap);
	if (!err)
		err = store_flip(render->store, render->zone, &snap);
	return err;
}
