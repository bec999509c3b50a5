/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rdata.h"

#include <errno.h>
#include <string.h>

#define NAPTR_FIXED 4u	/* order and preference (RFC 3403 section 4.1) */
#define NAPTR_STRINGS 3 /* flags, services, regular expression */

/* MD, MF, MB, MG and MR are names as NS is (RFC 1035 section 3.3); libknot only knows how to
 * read them. */
static const int *type_forms(uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_MD:
	case KNOT_RRTYPE_MF:
	case KNOT_RRTYPE_MB:
	case KNOT_RRTYPE_MG:
	case KNOT_RRTYPE_MR:
		type = KNOT_RRTYPE_NS;
	}
	return knot_get_rdata_descriptor(type)->block_types;
}

void rdata_begin(struct rdata_cursor *ret_cursor, uint16_t type, const uint8_t *data, uint16_t len)
{
	*ret_cursor = (struct rdata_cursor){ type_forms(type), data, data + len };
}

/* Length of what stands before the name of a NAPTR; negative: it is cut off. */
static int naptr_header(const uint8_t *data, size_t len)
{
	size_t at = NAPTR_FIXED;
	int i;

	for (i = 0; i < NAPTR_STRINGS; i++) {
		if (at >= len)
			return -EINVAL;
		at += 1u + data[at];
	}
	return at <= len ? (int)at : -EINVAL;
}

/* Length of the next block; negative: malformed. */
static int block_len(const struct rdata_cursor *cursor, int form)
{
	size_t left = (size_t)(cursor->end - cursor->at);

	switch (form) {
	case KNOT_RDATA_WF_FIXED_DNAME:
	case KNOT_RDATA_WF_COMPRESSIBLE_DNAME:
	case KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME:
		return left ? knot_dname_wire_check(cursor->at, cursor->end, NULL) : -EINVAL;
	case KNOT_RDATA_WF_NAPTR_HEADER:
		return naptr_header(cursor->at, left);
	case KNOT_RDATA_WF_REMAINDER:
		return (int)left;
	default:
		return form >= 0 && (size_t)form <= left ? form : -EINVAL;
	}
}

int rdata_next(struct rdata_cursor *cursor, struct rdata_block *ret_block)
{
	int form = *cursor->forms, len;

	if (form == KNOT_RDATA_WF_END)
		return cursor->at == cursor->end ? 0 : -EINVAL;
	len = block_len(cursor, form);
	if (len < 0)
		return -EINVAL;
	*ret_block = (struct rdata_block){
		.data = cursor->at,
		.len = (uint16_t)len,
		.is_name = form <= KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME,
		.compressible = form == KNOT_RDATA_WF_COMPRESSIBLE_DNAME,
	};
	cursor->at += len;
	cursor->forms++;
	return 1;
}

bool rdata_is_valid(uint16_t type, const uint8_t *data, uint16_t len)
{
	struct rdata_cursor cursor;
	struct rdata_block block;
	int err;

	rdata_begin(&cursor, type, data, len);
	do
		err = rdata_next(&cursor, &block);
	while (err > 0);
	return !err;
}

bool rdata_is_equal(uint16_t type, const knot_rdata_t *a, const knot_rdata_t *b)
{
	struct rdata_cursor in_a, in_b;
	struct rdata_block of_a, of_b;

	if (a->len != b->len)
		return false;
	rdata_begin(&in_a, type, a->data, a->len);
	rdata_begin(&in_b, type, b->data, b->len);
	while (rdata_next(&in_a, &of_a) > 0 && rdata_next(&in_b, &of_b) > 0) {
		if (of_a.len != of_b.len)
			return false;
		if (of_a.is_name ? !knot_dname_is_case_equal(of_a.data, of_b.data)
				 : memcmp(of_a.data, of_b.data, of_a.len) != 0)
			return false;
	}
	return true;
}

bool rdata_has_names(uint16_t type)
{
	const int *form;

	for (form = type_forms(type); *form != KNOT_RDATA_WF_END; form++)
		if (*form <= KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME)
			return true;
	return false;
}
