/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NOTIFY messages: read, verified, answered. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libknot/tsig-op.h>
#include <cmocka.h>

#include "../../loader/sync/notify_msg.h"
#include "xfr_primary.h"

#define ID 0x1234
#define SOA "@ 3600 SOA ns1 hostmaster 7 3600 600 86400 300\n"

/* The clock that libknot asks: 2026-01-01 12:00:00 UTC. */
static time_t clock_now = 1767268800;
static struct primary primary;
static struct xfr_key *key;
static uint8_t query_mac[64];
static size_t query_mac_len;

time_t time(time_t *ret_now)
{
	if (ret_now)
		*ret_now = clock_now;
	return clock_now;
}

static int setup(void **state)
{
	(void)state;
	key = primary_key("key.example", NULL, PRIMARY_SECRET);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	xfr_key_free(key);
	return 0;
}

/* The NOTIFY that the primary sends; text: its answer section. */
static void write_notify(const char *text)
{
	primary_reset(&primary, key);
	primary.id = ID;
	primary.qtype = KNOT_RRTYPE_SOA;
	(void)primary_write(&primary, text);
	knot_wire_clear_qr(primary.wire);
	knot_wire_set_opcode(primary.wire, KNOT_OPCODE_NOTIFY);
}

static void sign_notify(const struct xfr_key *by)
{
	query_mac_len = sizeof(query_mac);
	assert_int_equal(knot_tsig_sign(primary.wire, &primary.len, sizeof(primary.wire), NULL, 0,
					query_mac, &query_mac_len, &by->tsig, 0, 0),
			 0);
}

/* The answer, as the primary reads it. To be freed. */
static knot_pkt_t *answer(const struct notify *notify, uint8_t rcode)
{
	static uint8_t msg[NOTIFY_ANSWER_MAX];
	knot_pkt_t *pkt;
	size_t len;

	assert_int_equal(notify_answer(notify, rcode, msg, sizeof(msg), &len), 0);
	pkt = knot_pkt_new(msg, (uint16_t)len, NULL);
	assert_non_null(pkt);
	assert_int_equal(knot_pkt_parse(pkt, 0), 0);
	assert_int_equal(knot_wire_get_id(pkt->wire), ID);
	assert_true(knot_wire_get_qr(pkt->wire));
	assert_int_equal(knot_wire_get_opcode(pkt->wire), KNOT_OPCODE_NOTIFY);
	assert_int_equal(knot_wire_get_ancount(pkt->wire), 0);
	return pkt;
}

static void test_notify(void **state)
{
	struct notify notify;
	knot_pkt_t *pkt;

	(void)state;
	write_notify("");
	primary.wire[13] ^= 0x20; /* letters do not count, and come back as they were */
	assert_int_equal(notify_read(&notify, primary.wire, primary.len), 0);
	assert_true(knot_dname_is_equal(notify.apex, PRIMARY_APEX));
	assert_false(notify.has_serial);
	assert_null(notify.key_name);
	pkt = answer(&notify, KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_NOERROR);
	assert_true(knot_wire_get_aa(pkt->wire));
	assert_memory_equal(knot_pkt_wire_qname(pkt), primary.wire + 12, 9 + 4);
	assert_null(pkt->tsig_rr);
	knot_pkt_free(pkt);
	pkt = answer(&notify, KNOT_RCODE_REFUSED);
	assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_REFUSED);
	assert_false(knot_wire_get_aa(pkt->wire));
	knot_pkt_free(pkt);
	notify_done(&notify);
}

static void test_serial(void **state)
{
	static const struct {
		const char *text;
		bool has_serial;
	} rows[] = {
		{ SOA, true },
		{ "@ 60 NS ns1\n", false },
		{ "a 3600 SOA ns1 hostmaster 7 3600 600 86400 300\n", false },
		{ NULL, false }, /* a SOA with empty RDATA */
	};
	struct notify notify;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_notify(rows[i].text ? rows[i].text : "");
		if (!rows[i].text)
			primary_append(&primary, "\xc0\x0c\0\6\0\1\0\0\0\0\0\0", 12, 1);
		assert_int_equal(notify_read(&notify, primary.wire, primary.len), 0);
		assert_int_equal(notify.has_serial, rows[i].has_serial);
		if (rows[i].has_serial)
			assert_int_equal(notify.serial, 7);
		notify_done(&notify);
	}
}

static void clear_header_end(void)
{
	primary.len = 11;
}

static void set_qr(void)
{
	knot_wire_set_qr(primary.wire);
}

static void set_query(void)
{
	knot_wire_set_opcode(primary.wire, KNOT_OPCODE_QUERY);
}

static void other_type(void)
{
	primary.wire[12 + 9 + 1] = KNOT_RRTYPE_NS;
}

static void other_class(void)
{
	primary.wire[12 + 9 + 3] = 3;
}

static void no_question(void)
{
	knot_wire_set_qdcount(primary.wire, 0);
	primary.len = 12;
}

static void cut_off(void)
{
	primary.len--;
}

static void bad_soa(void)
{
	primary_append(&primary, "\xc0\x0c\0\6\0\1\0\0\0\0\0\3abc", 15, 1);
}

static void bad_tsig(void)
{
	sign_notify(key);
	primary.wire[primary.len - 1] ^= 1;
}

static void test_malformed(void **state)
{
	static const struct {
		void (*change)(void);
		int err;
		bool has_question; /* in the answer */
	} rows[] = {
		{ clear_header_end, -EINVAL, false }, { set_qr, -EINVAL, false },
		{ set_query, -EINVAL, false },	      { other_type, -EBADMSG, true },
		{ other_class, -EBADMSG, true },      { no_question, -EBADMSG, false },
		{ cut_off, -EBADMSG, false },	      { bad_soa, -EBADMSG, true },
		{ bad_tsig, -EBADMSG, true },
	};
	struct notify notify;
	knot_pkt_t *pkt;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_notify("");
		rows[i].change();
		assert_int_equal(notify_read(&notify, primary.wire, primary.len), rows[i].err);
		if (rows[i].err != -EBADMSG)
			continue;
		pkt = answer(&notify, KNOT_RCODE_FORMERR);
		assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_FORMERR);
		assert_int_equal(knot_wire_get_qdcount(pkt->wire), rows[i].has_question);
		knot_pkt_free(pkt);
		notify_done(&notify);
	}
}

static void test_signed(void **state)
{
	char error[NAME_ERROR_LEN] = "";
	struct notify notify;
	knot_pkt_t *pkt;

	(void)state;
	write_notify(SOA);
	sign_notify(key);
	assert_int_equal(notify_read(&notify, primary.wire, primary.len), 0);
	assert_true(knot_dname_is_equal(notify.key_name, key->tsig.name));
	assert_int_equal(notify_verify(&notify, key, time(NULL), error), 0);
	pkt = answer(&notify, KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_tsig_client_check(pkt->tsig_rr, pkt->wire, pkt->size, query_mac,
						query_mac_len, &key->tsig, 0),
			 0);
	knot_pkt_free(pkt);
	notify_done(&notify);
}

static void test_not_rightly_signed(void **state)
{
	static const struct {
		const char *name, *algorithm, *secret; /* what it is signed by */
		bool is_known;			       /* there is a key of the name */
		uint16_t rcode;
		const char *words;
	} rows[] = {
		{ "other.example", NULL, PRIMARY_SECRET, false, KNOT_RCODE_BADKEY,
		  "BADKEY: the key other.example. is not known here" },
		{ "key.example", "hmac-sha512", PRIMARY_SECRET, true, KNOT_RCODE_BADKEY,
		  "BADKEY: signed with hmac-sha512" },
		{ "key.example", NULL, "b3RoZXI=", true, KNOT_RCODE_BADSIG, "BADSIG" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfr_key *theirs =
			primary_key(rows[i].name, rows[i].algorithm, rows[i].secret);
		char error[NAME_ERROR_LEN] = "";
		struct notify notify;
		knot_pkt_t *pkt;

		write_notify(SOA);
		sign_notify(theirs);
		assert_int_equal(notify_read(&notify, primary.wire, primary.len), 0);
		assert_int_equal(notify_verify(&notify, rows[i].is_known ? key : NULL, time(NULL),
					       error),
				 -EACCES);
		assert_non_null(strstr(error, rows[i].words));
		pkt = answer(&notify, KNOT_RCODE_NOERROR);
		assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_NOTAUTH);
		assert_int_equal(knot_tsig_rdata_error(pkt->tsig_rr), rows[i].rcode);
		assert_int_equal(knot_tsig_rdata_mac_length(pkt->tsig_rr), 0);
		assert_true(knot_dname_is_equal(pkt->tsig_rr->owner, theirs->tsig.name));
		knot_pkt_free(pkt);
		notify_done(&notify);
		xfr_key_free(theirs);
	}
}

static void test_badtime(void **state)
{
	char error[NAME_ERROR_LEN] = "";
	struct notify notify;
	knot_pkt_t *pkt;

	(void)state;
	write_notify(SOA);
	clock_now -= 3600;
	sign_notify(key);
	clock_now += 3600;
	assert_int_equal(notify_read(&notify, primary.wire, primary.len), 0);
	assert_int_equal(notify_verify(&notify, key, time(NULL), error), -EACCES);
	assert_non_null(strstr(error, "BADTIME: signed at 2026-01-01 11:00:00 UTC, our clock says "
				      "2026-01-01 12:00:00 UTC"));
	pkt = answer(&notify, KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_NOTAUTH);
	assert_int_equal(knot_tsig_rdata_error(pkt->tsig_rr), KNOT_RCODE_BADTIME);
	assert_int_equal(knot_tsig_rdata_other_data_length(pkt->tsig_rr), 6);
	assert_int_not_equal(knot_tsig_rdata_mac_length(pkt->tsig_rr), 0);
	knot_pkt_free(pkt);
	notify_done(&notify);
}

static void test_room(void **state)
{
	struct notify notify;
	uint8_t msg[NOTIFY_ANSWER_MAX];
	char error[NAME_ERROR_LEN];
	size_t room, len;

	(void)state;
	write_notify(SOA);
	sign_notify(key);
	assert_int_equal(notify_read(&notify, primary.wire, primary.len), 0);
	assert_int_equal(notify_verify(&notify, key, time(NULL), error), 0);
	for (room = 0; notify_answer(&notify, 0, msg, room, &len); room++)
		assert_in_range(room, 0, sizeof(msg) - 1);
	assert_int_equal(room, len);
	notify_done(&notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_notify, setup, teardown),
		cmocka_unit_test_setup_teardown(test_serial, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_rightly_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_badtime, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room, setup, teardown),
	};

	return cmocka_run_group_tests_name("notify_msg", tests, NULL, NULL);
}
