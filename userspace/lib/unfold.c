/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unfold.h"

#include <errno.h>
#include <libknot/libknot.h>
#include <string.h>

#define RECORD_FIXED 10u /* type, class, TTL, RDLENGTH: RFC 1035 section 4.1.3 */

#define LABEL_KIND 0xc0 /* RFC 1035 section 4.1.4 */
#define LABEL_POINTER 0xc0
#define LABEL_FOLD 0x80 /* commit_target() */
/* Labels of a name, and the jumps between them: each leads to a label at least. */
#define STEPS_MAX (2u * KNOT_DNAME_MAXLABELS + 2u)

struct unfolding {
	const uint8_t *from;
	size_t at, end;
	uint8_t *to;
	size_t len, room;
	size_t folded; /* still to come */
};

static int copy_from(struct unfolding *u, size_t at, size_t n)
{
	if (n > u->end - at)
		return -EBADMSG;
	if (n > u->room - u->len)
		return -EMSGSIZE;
	memcpy(u->to + u->len, u->from + at, n);
	u->len += n;
	return 0;
}

static int copy(struct unfolding *u, size_t n)
{
	int err = copy_from(u, u->at, n);

	if (!err)
		u->at += n;
	return err;
}

/* To where the folded name at `at` is spelled. The `first` of a name ends it, in the message. 0: to nowhere. */
static size_t jump(struct unfolding *u, size_t at, bool first)
{
	size_t back;

	if (u->end - at < 2)
		return 0;
	back = knot_wire_read_u16(u->from + at) & 0x3fff;
	if (first) {
		u->at = at + 2;
		u->folded--;
	}
	return back && back < at ? at - back : 0;
}

/* Pointers lead to what stands before all that is folded, and so did not move. */
static int put_name(struct unfolding *u)
{
	size_t at = u->at, n;
	bool jumped = false;
	unsigned int i;
	int err;

	for (i = 0; i < STEPS_MAX && at < u->end; i++) {
		uint8_t kind = u->from[at] & LABEL_KIND;

		n = kind ? 2 : 1u + u->from[at];
		if (kind == LABEL_FOLD) {
			at = jump(u, at, !jumped);
			jumped = true;
			if (!at)
				return -EBADMSG;
			continue;
		}
		err = kind && kind != LABEL_POINTER ? -EBADMSG : copy_from(u, at, n);
		if (err)
			return err;
		at += n;
		if (!jumped)
			u->at = at;
		if (n == 1 || kind)
			return 0;
	}
	return -EBADMSG;
}

/* Only names that may be compressed can be folded. */
static int put_rdata(struct unfolding *u, uint16_t type, size_t rdlen)
{
	const int *block = knot_get_rdata_descriptor(type)->block_types;
	size_t end = u->at + rdlen;
	int err = 0;

	for (; *block != KNOT_RDATA_WF_END && u->at < end && !err; block++) {
		if (*block == KNOT_RDATA_WF_COMPRESSIBLE_DNAME)
			err = put_name(u);
		else if (*block > 0 && (size_t)*block <= end - u->at)
			err = copy(u, (size_t)*block);
		else
			break;
	}
	if (!err && u->at > end)
		err = -EBADMSG;
	return err ? err : copy(u, end - u->at);
}

static int put_record(struct unfolding *u)
{
	size_t fixed, rdlen;
	uint16_t type;
	int err;

	err = put_name(u);
	if (err)
		return err;
	fixed = u->at;
	err = copy(u, RECORD_FIXED);
	if (err)
		return err;
	type = knot_wire_read_u16(u->from + fixed);
	rdlen = knot_wire_read_u16(u->from + fixed + 8);
	if (rdlen > u->end - u->at)
		return -EBADMSG;
	fixed = u->len;
	err = put_rdata(u, type, rdlen);
	knot_wire_write_u16(u->to + fixed - 2, (uint16_t)(u->len - fixed));
	return err;
}

int unfold(const uint8_t *from, size_t len, size_t question_end, size_t folded, uint8_t *to,
	   size_t room, size_t *ret_len)
{
	struct unfolding u = { .from = from, .end = len, .to = to, .room = room, .folded = folded };
	unsigned int i, n;
	int err;

	err = copy(&u, question_end);
	if (err)
		return err;
	n = knot_wire_get_ancount(from) + knot_wire_get_nscount(from) + knot_wire_get_arcount(from);
	for (i = 0; i < n && !err; i++)
		err = put_record(&u);
	if (err)
		return err;
	if (u.at != len || u.folded)
		return -EBADMSG;
	*ret_len = u.len;
	return 0;
}
