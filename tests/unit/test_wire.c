/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The octets of parts: owners, compression, what is never compressed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/zone/wire.h"

static knot_rdata_t *rdata(const char *octets, uint16_t len)
{
	static uint16_t storage[256];
	knot_rdata_t *ret = (knot_rdata_t *)storage;

	knot_rdata_init(ret, len, (const uint8_t *)octets);
	return ret;
}

static void assert_part(const struct wire *wire, const char *octets, size_t len,
			const struct dnsbolt_ptr *ptr, size_t n_ptr)
{
	struct store_part part;

	wire_end(wire, &part);
	assert_int_equal(part.len, len);
	assert_memory_equal(part.data, octets, len);
	assert_int_equal(part.n_ptr, n_ptr);
	if (n_ptr)
		assert_memory_equal(part.ptr, ptr, n_ptr * sizeof(*ptr));
}

/* MX records of one question, "w.example": the octets and pointers that are expected */
#define MX(rdlength) "\300\14\0\17\0\1\0\0\1\0\0" rdlength
static const char mx_octets[] = MX("\11") "\0\1\4Mail\0\0" /* 0: a suffix of the question */
	MX("\6") "\0\2\1x\0\0"				   /* 21: the name before */
	MX("\16") "\0\3\1x\4mail\3net\0"		   /* 39: spelled */
	MX("\6") "\0\4\1y\0\0"				   /* 65: its part from "mail" on */
	MX("\13") "\0\5\1y\4Mail\0\0"  /* 83: from "net" on: other letters before */
	MX("\4") "\0\6\0\0"	       /* 106: the question */
	MX("\3") "\0\7\0"	       /* 122: the root, never pointed at */
	MX("\13") "\0\10\7ample\0z\0"; /* 137: looks like a suffix, but for labels */
static const struct dnsbolt_ptr mx_ptr[] = {
	{ 19, 9 },
	{ 37 | DNSBOLT_PTR_BODY, 14 },
	{ 81 | DNSBOLT_PTR_BODY, 55 },
	{ 104 | DNSBOLT_PTR_BODY, 60 },
	{ 120, 11 },
};

static void test_compression(void **state)
{
	static const struct {
		const char *octets;
		uint16_t len;
	} rows[] = {
		{ "\0\1\4Mail\7Example", 16 },
		{ "\0\2\1x\4Mail\7Example", 18 },
		{ "\0\3\1x\4mail\3net", 14 },
		{ "\0\4\1y\4mail\3net", 14 },
		{ "\0\5\1y\4Mail\3net", 14 },
		{ "\0\6\1W\7exaMple", 13 },
		{ "\0\7", 3 },
		{ "\0\10\7ample\0z", 11 },
	};
	static const uint8_t question[] = "\1w\7example";
	static uint16_t keep[8][32]; /* names outlive the part */
	static struct wire wire;
	uint8_t data[512];
	struct dnsbolt_ptr ptr[16];
	size_t i;

	(void)state;
	wire_begin(&wire, data, sizeof(data), ptr, 16, question, true);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		knot_rdata_init((knot_rdata_t *)keep[i], rows[i].len,
				(const uint8_t *)rows[i].octets);
		assert_int_equal(
			wire_put(&wire, NULL, KNOT_RRTYPE_MX, 256, (knot_rdata_t *)keep[i]), 0);
	}
	assert_part(&wire, mx_octets, sizeof(mx_octets) - 1, mx_ptr,
		    sizeof(mx_ptr) / sizeof(mx_ptr[0]));
	assert_int_equal(wire.n_own, 8);
}

static void test_owners(void **state)
{
	uint8_t data[64];
	struct dnsbolt_ptr ptr[4];
	static struct wire wire;
	static const uint8_t apex[] = "\7example", root[] = "", www[] = "\3www\7example";

	(void)state;
#define A_RR "\0\1\0\1\0\0\0\0\0\4abcd"
	wire_begin(&wire, data, sizeof(data), ptr, 4, apex, false);
	assert_int_equal(wire_put(&wire, NULL, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_int_equal(wire_put(&wire, apex, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_part(&wire, "\300\14" A_RR "\0\0" A_RR, 32, &(struct dnsbolt_ptr){ 16, 9 }, 1);
	assert_int_equal(wire.n_own, 1);
	/* those of the question's own name come first: where it is another, they alone are written anew */
	assert_int_equal(wire_put(&wire, NULL, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), -EINVAL);
	wire_begin(&wire, data, sizeof(data), ptr, 4, apex, true);
	assert_int_equal(wire_put(&wire, apex, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_int_equal(wire_put(&wire, www, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_part(&wire, "\0\0" A_RR "\3www\0\0" A_RR, 36,
		    (struct dnsbolt_ptr[]){ { 0, 9 }, { 20, 9 } }, 2);
	assert_int_equal(wire.n_own, 0);
	wire_begin(&wire, data, sizeof(data), ptr, 4, root, true);
	assert_int_equal(wire_put(&wire, NULL, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_part(&wire, "\0" A_RR, 15, NULL, 0);
	wire_begin(&wire, data, sizeof(data), ptr, 4, root, false);
	assert_int_equal(wire_put(&wire, root, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_part(&wire, "\0" A_RR, 15, NULL, 0);
	/* no room for a pointer: spelled; none for the octets: an error */
	wire_begin(&wire, data, sizeof(data), ptr, 0, apex, false);
	assert_int_equal(wire_put(&wire, apex, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), 0);
	assert_part(&wire, "\7example\0" A_RR, 23, NULL, 0);
	wire_begin(&wire, data, 15, ptr, 4, apex, false);
	assert_int_equal(wire_put(&wire, apex, KNOT_RRTYPE_A, 0, rdata("abcd", 4)), -EMSGSIZE);
#undef A_RR
}

static void test_types_not_compressed(void **state)
{
	static const struct {
		uint16_t type, before; /* octets before the name */
		bool compressed;
	} rows[] = {
		{ 2, 0, true },	  { 3, 0, true },   { 4, 0, true },    { 5, 0, true },
		{ 7, 0, true },	  { 8, 0, true },   { 9, 0, true },    { 12, 0, true },
		{ 15, 2, true },  { 18, 2, false }, { 21, 2, false },  { 33, 6, false },
		{ 36, 2, false }, { 39, 0, false }, { 107, 2, false }, { 65280, 0, false },
	};
	static const uint8_t owner[] = "\7example";
	uint8_t data[64], octets[32] = { 0 };
	struct dnsbolt_ptr ptr[4];
	static struct wire wire;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t len = (uint16_t)(rows[i].before + sizeof(owner));

		memset(octets, 0, sizeof(octets));
		memcpy(octets + rows[i].before, owner, sizeof(owner));
		wire_begin(&wire, data, sizeof(data), ptr, 4, owner, true);
		assert_int_equal(wire_put(&wire, NULL, rows[i].type, 0, rdata((char *)octets, len)),
				 0);
		assert_int_equal(wire.len, 12u + (rows[i].compressed ? rows[i].before + 2u : len));
		assert_int_equal(data[11], wire.len - 12);
	}
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compression),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_types_not_compressed),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
