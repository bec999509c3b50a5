/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SOA queries and their answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../loader/sync/soaq.h"
#include "../../loader/sync/xfr.h"
#include "xfr_primary.h"

#define SOA "@ 3600 SOA ns1 hostmaster 7 3600 600 86400 300\n"

static struct primary primary;

static void ask(struct soaq *soaq)
{
	uint8_t query[XFR_QUERY_MAX];
	size_t len;

	assert_int_equal(soaq_query(soaq, query, sizeof(query), &len), 0);
	primary_read_query(&primary, query, len);
}

static struct soaq *begin(const struct xfr_key *key)
{
	struct soaq *soaq;

	primary_reset(&primary, key);
	assert_int_equal(soaq_new(&soaq, PRIMARY_APEX, key), 0);
	ask(soaq);
	assert_int_equal(primary.qtype, KNOT_RRTYPE_SOA);
	assert_true(primary.has_expire);
	assert_int_equal(primary.is_signed, key != NULL);
	return soaq;
}

static enum soaq_result read_answer(struct soaq *soaq, struct soaq_answer *ret_answer)
{
	uint8_t *msg = malloc(primary.len);
	enum soaq_result result;

	assert_non_null(msg);
	memcpy(msg, primary.wire, primary.len);
	result = soaq_read(soaq, msg, primary.len, time(NULL), ret_answer);
	free(msg);
	return result;
}

static void assert_words(const struct soaq *soaq, const char *words)
{
	primary_assert_words(soaq_error(soaq), words);
}

static void test_answer(void **state)
{
	struct soaq *soaq = begin(NULL);
	struct soaq_answer answer;

	(void)state;
	(void)primary_write(&primary, SOA);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_OK);
	assert_int_equal(answer.serial, 7);
	assert_int_equal(answer.refresh, 3600);
	assert_int_equal(answer.retry, 600);
	assert_int_equal(answer.expire, 86400);
	assert_int_equal(answer.minimum, 300);
	assert_int_equal(answer.expire_option, -1);
	assert_string_equal(soaq_error(soaq), "");
	primary_append_expire(&primary, 77);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_OK);
	assert_int_equal(answer.expire_option, 77);
	soaq_free(soaq);
	soaq_free(NULL);
}

static void set_id(void)
{
	knot_wire_set_id(primary.wire, (uint16_t)(primary.id + 1));
}

static void clear_qr(void)
{
	knot_wire_clear_qr(primary.wire);
}

static void set_notify(void)
{
	knot_wire_set_opcode(primary.wire, KNOT_OPCODE_NOTIFY);
}

static void other_name(void)
{
	primary.wire[13] ^= 1;
}

static void other_type(void)
{
	primary.wire[12 + 9 + 1] ^= 1;
}

static void no_question(void)
{
	primary.no_question = true;
	primary.n_messages = 0;
	(void)primary_write(&primary, SOA);
}

static void cut_off(void)
{
	primary.len--;
}

static void clear_aa(void)
{
	knot_wire_clear_aa(primary.wire);
}

static void set_servfail(void)
{
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_SERVFAIL);
}

static void refused_without_question(void)
{
	no_question();
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_REFUSED);
}

static void no_soa(void)
{
	primary.n_messages = 0;
	(void)primary_write(&primary, "@ 60 NS ns1\n");
}

static void soa_of_another(void)
{
	primary.n_messages = 0;
	(void)primary_write(&primary, "a 3600 SOA ns1 hostmaster 7 3600 600 86400 300\n");
}

static void empty_soa(void)
{
	primary.n_messages = 0;
	(void)primary_write(&primary, "");
	primary_append(&primary, "\xc0\x0c\0\6\0\1\0\0\0\0\0\0", 12, 1);
}

static void test_other_answers(void **state)
{
	static const struct {
		void (*change)(void);
		enum soaq_result result;
		const char *words;
		uint8_t rcode;
	} rows[] = {
		{ set_id, SOAQ_IGNORED, "the answer has the id", 0 },
		{ clear_qr, SOAQ_IGNORED, "no answer to a query", 0 },
		{ set_notify, SOAQ_IGNORED, "no answer to a query", 0 },
		{ other_name, SOAQ_IGNORED, "to another question", 0 },
		{ other_type, SOAQ_IGNORED, "to another question", 0 },
		{ no_question, SOAQ_IGNORED, "to another question", 0 },
		{ cut_off, SOAQ_IGNORED, "a malformed message", 0 },
		{ clear_aa, SOAQ_NOT_SERVED, "not authoritative for the zone (no AA)", 0 },
		{ set_servfail, SOAQ_NOT_SERVED, "the server says SERVFAIL", KNOT_RCODE_SERVFAIL },
		{ refused_without_question, SOAQ_NOT_SERVED, "the server says REFUSED",
		  KNOT_RCODE_REFUSED },
		{ no_soa, SOAQ_NOT_SERVED, "no SOA of the zone", 0 },
		{ soa_of_another, SOAQ_NOT_SERVED, "no SOA of the zone", 0 },
		{ empty_soa, SOAQ_NOT_SERVED, "no SOA of the zone", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct soaq *soaq = begin(NULL);
		struct soaq_answer answer = { .rcode = 0 };

		(void)primary_write(&primary, SOA);
		rows[i].change();
		assert_int_equal(read_answer(soaq, &answer), rows[i].result);
		assert_words(soaq, rows[i].words);
		assert_int_equal(answer.rcode, rows[i].rcode);
		soaq_free(soaq);
	}
}

static void test_ids(void **state)
{
	struct soaq *soaq = begin(NULL);
	struct soaq_answer answer;
	uint16_t first = primary.id;
	int tries;

	(void)state;
	(void)primary_write(&primary, SOA);
	/* two of 65,536 may be equal, and once more */
	for (tries = 0; tries < 4 && primary.id == first; tries++)
		ask(soaq);
	assert_int_not_equal(primary.id, first);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_IGNORED);
	(void)primary_write(&primary, SOA);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_OK);
	soaq_free(soaq);
}

static void test_signed(void **state)
{
	struct xfr_key *key = primary_key("key.example", NULL, PRIMARY_SECRET);
	struct soaq *soaq = begin(key);
	struct soaq_answer answer;

	(void)state;
	/* others may answer before the one who knows the key */
	(void)primary_write(&primary, SOA);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_IGNORED);
	assert_words(soaq, "TSIG: not signed");
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_REFUSED);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_IGNORED);
	assert_words(soaq, "the server says REFUSED, without a signature");
	primary.n_messages = 0;
	(void)primary_write(&primary, "");
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_NOTAUTH);
	primary_append_tsig_error(&primary, KNOT_RCODE_BADKEY);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_IGNORED);
	assert_words(soaq, "TSIG: the server refused our signature");

	primary.n_messages = 0;
	(void)primary_write(&primary, SOA);
	primary_sign(&primary);
	primary.wire[2] ^= 1; /* RD */
	assert_int_equal(read_answer(soaq, &answer), SOAQ_IGNORED);
	assert_words(soaq, "TSIG: BADSIG");
	primary.wire[2] ^= 1;
	assert_int_equal(read_answer(soaq, &answer), SOAQ_OK);
	assert_int_equal(answer.serial, 7);
	soaq_free(soaq);

	/* a query that is sent again is signed anew */
	soaq = begin(key);
	(void)primary_write(&primary, SOA);
	primary_sign(&primary);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_OK);
	ask(soaq);
	assert_true(primary.is_signed);
	(void)primary_write(&primary, SOA);
	primary_sign(&primary);
	assert_int_equal(read_answer(soaq, &answer), SOAQ_OK);
	soaq_free(soaq);
	xfr_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_other_answers),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_signed),
	};

	return cmocka_run_group_tests_name("soaq", tests, NULL, NULL);
}
