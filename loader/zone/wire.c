/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire.h"

#include <errno.h>
#include <string.h>

#include "rdata.h"

#define POINTER_TO_QUESTION 0xc00cu
/* A pointer's place in the data (struct dnsbolt_ptr). */
#define POINTER_AT_MAX 0x3fffu
/* Targets inside the part: wherever the part stands in a message behind some kilobytes, they
 * stay below 0x3fff. */
#define TARGET_AT_MAX 0x1fffu

void wire_begin(struct wire *wire, uint8_t *data, size_t room, struct dnsbolt_ptr *ptr,
		size_t ptr_room, const knot_dname_t *suffix, bool exact)
{
	wire->data = data;
	wire->ptr = ptr;
	wire->room = room < WIRE_RECORDS_MAX ? room : WIRE_RECORDS_MAX;
	wire->ptr_room = ptr_room;
	wire->len = wire->n_ptr = wire->n_rr = wire->n_own = 0;
	wire->suffix = suffix;
	wire->exact = exact;
	wire->n_targets = 0;
}

static int put_octets(struct wire *wire, const void *octets, size_t n)
{
	if (n > wire->room - wire->len)
		return -EMSGSIZE;
	memcpy(wire->data + wire->len, octets, n);
	wire->len += n;
	return 0;
}

static int put_u16(struct wire *wire, uint16_t value)
{
	uint8_t octets[sizeof(value)];

	knot_wire_write_u16(octets, value);
	return put_octets(wire, octets, sizeof(octets));
}

static bool may_point(const struct wire *wire)
{
	return wire->len <= POINTER_AT_MAX && wire->n_ptr < wire->ptr_room;
}

static int put_pointer(struct wire *wire, uint16_t class_bit, size_t distance)
{
	wire->ptr[wire->n_ptr++] = (struct dnsbolt_ptr){
		.at = (uint16_t)(wire->len | class_bit),
		.distance = (uint16_t)distance,
	};
	return put_u16(wire, 0);
}

/* How many octets at the end of the name are also at the end of the question's name; 1: the root
 * label alone. */
static size_t common_suffix(const struct wire *wire, const knot_dname_t *name)
{
	knot_dname_storage_t lower;
	size_t labels, common;

	knot_dname_copy_lower(lower, name);
	labels = knot_dname_labels(lower, NULL);
	common = knot_dname_matched_labels(lower, wire->suffix);
	return knot_dname_size(name) -
	       knot_dname_prefixlen(name, (unsigned int)(labels - common), NULL);
}

/* The letters of a name are its zone's to choose, so only equal octets are pointed at. */
static const struct wire_target *find_target(const struct wire *wire, const uint8_t *name,
					     size_t len)
{
	unsigned int i;

	for (i = 0; i < wire->n_targets; i++)
		if (wire->target[i].len == len && !memcmp(wire->target[i].name, name, len))
			return &wire->target[i];
	return NULL;
}

static void remember_target(struct wire *wire, const uint8_t *name, size_t len)
{
	if (wire->len <= TARGET_AT_MAX && wire->n_targets < WIRE_TARGETS)
		wire->target[wire->n_targets++] =
			(struct wire_target){ name, (uint16_t)wire->len, (uint8_t)len };
}

/* Writes the name up to the longest suffix that can be pointed at. The root label alone never
 * is: it is shorter. */
static int put_name(struct wire *wire, const knot_dname_t *name)
{
	size_t left = knot_dname_size(name), common = common_suffix(wire, name);
	const struct wire_target *target;
	int err = 0;

	for (; *name && !err; left -= 1u + *name, name += 1u + *name) {
		if (left == common && may_point(wire))
			return put_pointer(wire, 0, left);
		target = may_point(wire) ? find_target(wire, name, left) : NULL;
		if (target)
			return put_pointer(wire, DNSBOLT_PTR_BODY, target->at);
		remember_target(wire, name, left);
		err = put_octets(wire, name, 1u + *name);
	}
	return err ? err : put_octets(wire, "", 1);
}

/* The root is one octet, and never pointed at. */
static int put_owner(struct wire *wire, const knot_dname_t *owner)
{
	if (owner || (wire->exact && !*wire->suffix))
		return put_name(wire, owner ? owner : wire->suffix);
	if (wire->n_own != wire->n_rr)
		return -EINVAL; /* the reader takes these to be the first ones */
	wire->n_own++;
	return put_u16(wire, POINTER_TO_QUESTION);
}

static int put_rdata(struct wire *wire, uint16_t type, const knot_rdata_t *rdata)
{
	struct rdata_cursor cursor;
	struct rdata_block block;
	int err;

	rdata_begin(&cursor, type, rdata->data, rdata->len);
	while ((err = rdata_next(&cursor, &block)) > 0) {
		err = block.compressible ? put_name(wire, block.data)
					 : put_octets(wire, block.data, block.len);
		if (err)
			break;
	}
	return err;
}

int wire_put(struct wire *wire, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
	     const knot_rdata_t *rdata)
{
	uint8_t fixed[WIRE_RECORD_FIXED] = { 0 };
	size_t start;
	int err;

	err = put_owner(wire, owner);
	if (err)
		return err;
	knot_wire_write_u16(fixed, type);
	knot_wire_write_u16(fixed + 2, KNOT_CLASS_IN);
	knot_wire_write_u32(fixed + 4, ttl);
	err = put_octets(wire, fixed, sizeof(fixed));
	if (err)
		return err;
	start = wire->len;
	err = put_rdata(wire, type, rdata);
	if (err)
		return err;
	knot_wire_write_u16(wire->data + start - 2, (uint16_t)(wire->len - start));
	wire->n_rr++;
	return 0;
}

void wire_end(const struct wire *wire, struct store_part *ret_part)
{
	*ret_part = (struct store_part){
		.data = wire->data,
		.ptr = wire->ptr,
		.len = (uint16_t)wire->len,
		.n_rr = (uint16_t)wire->n_rr,
		.n_ptr = (uint16_t)wire->n_ptr,
		.n_own = (uint16_t)wire->n_own,
	};
}
