/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed transfers (RFC 8945), and keys. The clock that libknot asks is this test's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libknot/tsig-op.h>
#include <cmocka.h>

#include "../../loader/sync/xfr.h"
#include "xfr_primary.h"

#define SOA(serial) "@ 3600 SOA ns1 hostmaster " #serial " 3600 600 86400 300\n"
#define ZONE SOA(7) "@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n"
#define NOON 1767268800 /* 2026-01-01 12:00:00 UTC */

static time_t clock_now = NOON;
static struct primary primary;
static struct xfr_key *key;

time_t time(time_t *ret_now)
{
	if (ret_now)
		*ret_now = clock_now;
	return clock_now;
}

static int setup(void **state)
{
	(void)state;
	clock_now = NOON;
	key = primary_key("key.example", NULL, PRIMARY_SECRET);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	primary_done(&primary);
	xfr_key_free(key);
	return 0;
}

static struct xfr *begin(const struct zone *have, const struct xfr_key *theirs)
{
	primary_done(&primary);
	primary_reset(&primary, theirs);
	return primary_begin(&primary, have, false, key, NULL);
}

static enum xfr_result feed(struct xfr *xfr)
{
	return primary_feed(&primary, xfr, clock_now);
}

static enum xfr_result feed_signed(struct xfr *xfr, const char *text)
{
	(void)primary_write(&primary, text);
	primary_sign(&primary);
	return feed(xfr);
}

static enum xfr_result feed_unsigned(struct xfr *xfr, const char *text)
{
	(void)primary_write(&primary, text);
	primary_leave_unsigned(&primary);
	return feed(xfr);
}

static void assert_words(const struct xfr *xfr, const char *words)
{
	primary_assert_words(xfr_error(xfr), words);
}

static void free_key(struct xfr_key **other)
{
	xfr_key_free(*other);
	*other = NULL;
}

/* ---- what is taken ---- */

static void test_every_message_signed(void **state)
{
	static const char *const algorithms[] = { "hmac-sha256", "hmac-sha384", "hmac-sha512",
						  "hmac-sha224", "hmac-sha1",	"hmac-md5" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct xfr *xfr;

		xfr_key_free(key);
		key = primary_key("key.example", algorithms[i], PRIMARY_SECRET);
		assert_string_equal(xfr_key_algorithm(key), algorithms[i]);
		xfr = begin(NULL, key);
		assert_true(primary.is_signed);
		assert_int_equal(feed_signed(xfr, ZONE), XFR_MORE);
		assert_int_equal(feed_signed(xfr, "a 60 A 192.0.2.1\n"), XFR_MORE);
		assert_int_equal(feed_signed(xfr, SOA(7)), XFR_DONE);
		xfr_free(xfr);
	}
}

/* `between` unsigned messages after each of the first `rounds` signed ones, then the last. */
static enum xfr_result feed_rounds(struct xfr *xfr, int rounds, int between)
{
	enum xfr_result result = XFR_MORE;
	int i, k;

	for (i = 0; i < rounds && result == XFR_MORE; i++) {
		result = feed_signed(xfr, i ? "a 60 A 192.0.2.1\n" : ZONE);
		for (k = 0; k < between && result == XFR_MORE; k++)
			result = feed_unsigned(xfr, "b 60 A 192.0.2.1\n");
	}
	return result == XFR_MORE ? feed_signed(xfr, SOA(7)) : result;
}

static void test_unsigned_messages_between(void **state)
{
	struct xfr *xfr = begin(NULL, key);

	(void)state;
	assert_int_equal(feed_rounds(xfr, 3, 1), XFR_DONE);
	xfr_free(xfr);
	xfr = begin(NULL, key);
	assert_int_equal(feed_rounds(xfr, 2, 99), XFR_DONE);
	xfr_free(xfr);
	xfr = begin(NULL, key);
	assert_int_equal(feed_rounds(xfr, 2, 100), XFR_FAILED);
	assert_words(xfr, "TSIG: more than 99 messages without a signature");
	xfr_free(xfr);
}

static void test_up_to_date(void **state)
{
	struct zone *have = primary_zone(ZONE);
	struct xfr *xfr = begin(have, key);

	(void)state;
	assert_int_equal(feed_signed(xfr, SOA(7)), XFR_UP_TO_DATE);
	xfr_free(xfr);
	xfr = begin(have, key);
	assert_int_equal(feed_unsigned(xfr, SOA(7)), XFR_FAILED);
	assert_words(xfr, "TSIG: not signed");
	xfr_free(xfr);
	zone_free(have);
}

static void test_letters_of_the_key_do_not_count(void **state)
{
	struct xfr_key *theirs = primary_key("KEY.Example.", "hmac-sha256", PRIMARY_SECRET);
	struct xfr *xfr = begin(NULL, theirs);

	(void)state;
	assert_true(primary.is_signed);
	assert_int_equal(feed_signed(xfr, ZONE SOA(7)), XFR_DONE);
	xfr_free(xfr);
	free_key(&theirs);
}

static void test_expire_before_the_signature(void **state)
{
	struct xfr *xfr = begin(NULL, key);

	(void)state;
	(void)primary_write(&primary, ZONE SOA(7));
	primary_append_expire(&primary, 1234);
	primary_sign(&primary);
	assert_int_equal(feed(xfr), XFR_DONE);
	assert_int_equal(xfr_expire(xfr), 1234);
	xfr_free(xfr);
}

/* ---- what is not ---- */

static void test_signatures_that_are_missing(void **state)
{
	struct xfr *xfr = begin(NULL, key);

	(void)state;
	assert_int_equal(feed_unsigned(xfr, ZONE SOA(7)), XFR_FAILED);
	assert_words(xfr, "TSIG: not signed, expected was a signature by the key key.example.");
	xfr_free(xfr);
	xfr = begin(NULL, key);
	assert_int_equal(feed_signed(xfr, ZONE), XFR_MORE);
	assert_int_equal(feed_unsigned(xfr, SOA(7)), XFR_FAILED);
	assert_words(xfr, "TSIG: the last message is not signed");
	xfr_free(xfr);
	xfr = begin(NULL, key);
	(void)primary_write(&primary, "");
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_REFUSED);
	assert_int_equal(feed(xfr), XFR_FAILED);
	assert_words(xfr, "the server says REFUSED, without a signature");
	xfr_free(xfr);
}

static void test_changed_messages(void **state)
{
	struct xfr *xfr = begin(NULL, key);

	(void)state;
	(void)primary_write(&primary, ZONE SOA(7));
	primary_sign(&primary);
	primary.wire[40] ^= 0x20;
	assert_int_equal(feed(xfr), XFR_FAILED);
	assert_words(xfr, "TSIG: BADSIG: the signature is wrong");
	xfr_free(xfr);

	/* one without a signature, which the next one covers */
	xfr = begin(NULL, key);
	assert_int_equal(feed_signed(xfr, ZONE), XFR_MORE);
	(void)primary_write(&primary, "a 60 A 192.0.2.1\n");
	primary_leave_unsigned(&primary);
	primary.wire[primary.len - 1]++;
	assert_int_equal(feed(xfr), XFR_MORE);
	assert_int_equal(feed_signed(xfr, SOA(7)), XFR_FAILED);
	assert_words(xfr, "BADSIG");
	xfr_free(xfr);

	/* one that was left out */
	xfr = begin(NULL, key);
	assert_int_equal(feed_signed(xfr, ZONE), XFR_MORE);
	(void)primary_write(&primary, "a 60 A 192.0.2.1\n");
	primary_leave_unsigned(&primary);
	assert_int_equal(feed_signed(xfr, SOA(7)), XFR_FAILED);
	assert_words(xfr, "BADSIG");
	xfr_free(xfr);
}

static void test_other_keys(void **state)
{
	static const struct {
		const char *name, *algorithm, *secret, *words;
	} rows[] = {
		{ "key.example", NULL, "b3RoZXI=", "TSIG: BADSIG: the signature is wrong" },
		{ "other.example", NULL, PRIMARY_SECRET,
		  "TSIG: BADKEY: signed by the key other.example., expected was key.example." },
		{ "key.example", "hmac-sha512", PRIMARY_SECRET,
		  "TSIG: BADKEY: signed with hmac-sha512, expected was hmac-sha256" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr_key *theirs =
			primary_key(rows[i].name, rows[i].algorithm, rows[i].secret);
		struct xfr *xfr = begin(NULL, theirs);

		assert_false(primary.is_signed);
		assert_int_equal(feed_signed(xfr, ZONE SOA(7)), XFR_FAILED);
		assert_words(xfr, rows[i].words);
		xfr_free(xfr);
		free_key(&theirs);
	}
}

/* Takes octets from the end of the MAC of the TSIG that ends the message. */
static void truncate_mac(size_t octets)
{
	/* behind the MAC: original id, error, length of other data (RFC 8945 section 4.2) */
	uint8_t *mac_end = primary.wire + primary.len - 6, *mac = mac_end - primary.mac_len;
	size_t rdata_len = 13 + 6 + 2 + 2 + primary.mac_len + 6;

	assert_int_equal(knot_wire_read_u16(mac - 2), primary.mac_len);
	assert_int_equal(knot_wire_read_u16(mac_end - (rdata_len - 6) - 2), rdata_len);
	knot_wire_write_u16(mac - 2, (uint16_t)(primary.mac_len - octets));
	knot_wire_write_u16(mac_end - (rdata_len - 6) - 2, (uint16_t)(rdata_len - octets));
	memmove(mac_end - octets, mac_end, 6);
	primary.len -= octets;
}

static void test_truncated_signatures(void **state)
{
	static const size_t octets[] = { 1, 16, 31, 32 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
		struct xfr *xfr = begin(NULL, key);

		(void)primary_write(&primary, ZONE SOA(7));
		primary_sign(&primary);
		truncate_mac(octets[i]);
		assert_int_equal(feed(xfr), XFR_FAILED);
		assert_words(xfr, "truncated ones are not taken");
		xfr_free(xfr);
	}
}

static void test_clocks(void **state)
{
	static const struct {
		int offset; /* of the primary's clock */
		const char *words;
	} rows[] = {
		{ 0, NULL },
		{ 300, NULL },
		{ -300, NULL },
		{ 301,
		  "TSIG: BADTIME: signed at 2026-01-01 12:05:01 UTC, our clock says 2026-01-01 "
		  "12:00:00 UTC, and 300 s of difference are allowed" },
		{ -301, "TSIG: BADTIME: signed at 2026-01-01 11:54:59 UTC" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr *xfr = begin(NULL, key);

		(void)primary_write(&primary, ZONE SOA(7));
		clock_now = NOON + rows[i].offset;
		primary_sign(&primary);
		clock_now = NOON;
		assert_int_equal(feed(xfr), rows[i].words ? XFR_FAILED : XFR_DONE);
		if (rows[i].words)
			assert_words(xfr, rows[i].words);
		xfr_free(xfr);
	}
}

static void test_time_goes_back(void **state)
{
	struct xfr *xfr = begin(NULL, key);

	(void)state;
	assert_int_equal(feed_signed(xfr, ZONE), XFR_MORE);
	clock_now--;
	assert_int_equal(feed_signed(xfr, SOA(7)), XFR_FAILED);
	assert_words(xfr, "BADTIME");
	xfr_free(xfr);
}

/* ---- errors that the primary sends ---- */

static void test_errors(void **state)
{
	static const struct {
		uint16_t rcode;
		const char *words;
	} rows[] = {
		{ KNOT_RCODE_BADKEY, "TSIG: the server refused our signature by the key "
				     "key.example. with hmac-sha256: BADKEY: it does not know" },
		{ KNOT_RCODE_BADSIG, "BADSIG: it has another secret for this key (16)" },
		{ KNOT_RCODE_BADTRUNC, "BADTRUNC: it wants a longer signature (22)" },
		{ 99, "an unknown error (99)" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr *xfr = begin(NULL, key);

		(void)primary_write(&primary, "");
		knot_wire_set_rcode(primary.wire, KNOT_RCODE_NOTAUTH);
		primary_append_tsig_error(&primary, rows[i].rcode);
		assert_int_equal(feed(xfr), XFR_FAILED);
		assert_words(xfr, rows[i].words);
		xfr_free(xfr);
	}
}

static void test_badtime(void **state)
{
	struct xfr *xfr = begin(NULL, key);
	uint8_t mac[64];
	size_t mac_len = sizeof(mac);

	(void)state;
	(void)primary_write(&primary, "");
	knot_wire_set_rcode(primary.wire, KNOT_RCODE_NOTAUTH);
	clock_now = NOON + 3600;
	assert_int_equal(knot_tsig_sign(primary.wire, &primary.len, sizeof(primary.wire),
					primary.mac, primary.mac_len, mac, &mac_len, &key->tsig,
					KNOT_RCODE_BADTIME, primary.query_time),
			 0);
	clock_now = NOON;
	assert_int_equal(feed(xfr), XFR_FAILED);
	assert_words(xfr,
		     "TSIG: BADTIME: the server's clock says 2026-01-01 13:00:00 UTC, ours says "
		     "2026-01-01 12:00:00 UTC");
	xfr_free(xfr);
}

static void test_malformed_signatures(void **state)
{
	static const struct {
		int at; /* from the end of the message */
		uint8_t change;
	} rows[] = {
		{ -1, 1 },	      /* length of other data */
		{ -(6 + 32 + 1), 1 }, /* length of the MAC */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr *xfr = begin(NULL, key);

		(void)primary_write(&primary, ZONE SOA(7));
		primary_sign(&primary);
		primary.wire[(int)primary.len + rows[i].at] ^= rows[i].change;
		assert_int_equal(feed(xfr), XFR_FAILED);
		assert_words(xfr, "TSIG: a malformed signature");
		xfr_free(xfr);
	}
}

/* ---- keys ---- */

static void test_keys(void **state)
{
	static const struct {
		const char *name, *algorithm, *secret, *words;
	} rows[] = {
		{ "a..b", NULL, PRIMARY_SECRET, "a..b" },
		{ "key", "hmac-sha3", PRIMARY_SECRET, "\"hmac-sha3\": no algorithm of a key" },
		{ "key", "", PRIMARY_SECRET, "no algorithm of a key" },
		{ "key", NULL, "", "the secret is not base64" },
		{ "key", NULL, "secret!", "the secret is not base64" },
		{ "key", NULL, "c2VjcmV0\n", "the secret is not base64" },
	};
	struct xfr_key *made = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[NAME_ERROR_LEN] = "";

		assert_int_equal(xfr_key_parse(&made, rows[i].name, rows[i].algorithm,
					       rows[i].secret, error),
				 -EINVAL);
		if (!strstr(error, rows[i].words))
			fail_msg("expected words: %s\nbut was: %s", rows[i].words, error);
		assert_null(strstr(error, "secret!"));
		assert_int_equal(xfr_key_parse(&made, rows[i].name, rows[i].algorithm,
					       rows[i].secret, NULL),
				 -EINVAL);
		assert_null(made);
	}
	assert_string_equal(xfr_key_algorithm(key), "hmac-sha256");
	xfr_key_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_message_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsigned_messages_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_up_to_date, setup, teardown),
		cmocka_unit_test_setup_teardown(test_letters_of_the_key_do_not_count, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_expire_before_the_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signatures_that_are_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_truncated_signatures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_badtime, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed_signatures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
	};

	return cmocka_run_group_tests_name("xfr_tsig", tests, NULL, NULL);
}
