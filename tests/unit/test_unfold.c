/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers by TCP that are so long that no compression pointer reaches some of their names (RFC 1035 section 4.1.4): read
 * by libknot, compared with what was put into the zone; and the message of such a form that never comes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libknot/libknot.h>

#include "../../userspace/lib/reason.h"
#include "../../userspace/lib/unfold.h"
#include "../lib/zonebed.h"

#define SERVERS 500u
#define A KNOT_RRTYPE_A
#define AAAA KNOT_RRTYPE_AAAA
#define LABEL "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456."
/* With ".cut.far." it is as long as a name may be. */
#define LONGEST LABEL LABEL LABEL "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstu.cut.far"

static uint8_t msg[65535];

/* "cut", whose servers are below it, and "sibling", which has the same ones: optional glue. */
static void write_zone(const struct zonebed *bed)
{
	static char text[1 << 18];
	char *end = text;
	unsigned int i;

	end += sprintf(end, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n"
			    "alias 60 CNAME x.cut\n");
	for (i = 0; i < SERVERS; i++)
		end += sprintf(
			end,
			"cut 60 NS ns%u.cut\nsibling 60 NS ns%u.cut\nns%u.cut 60 A 192.0.%u.%u\n"
			"ns%u.cut 60 AAAA 2001:db8::%u\n",
			i, i, i, i / 250, i % 250, i, i);
	zonebed_write(bed, "far", text);
}

static size_t put_query(const char *name, uint16_t type, bool dnssec_ok)
{
	knot_pkt_t *pkt = knot_pkt_new(msg, sizeof(msg), NULL);
	knot_rrset_t opt;
	size_t len;

	memset(msg, 0, KNOT_WIRE_HEADER_SIZE);
	assert_int_equal(knot_pkt_put_question(pkt, zonebed_wire(name), KNOT_CLASS_IN, type), 0);
	if (dnssec_ok) {
		assert_int_equal(knot_edns_init(&opt, 1232, 0, 0, NULL), 0);
		knot_edns_set_do(&opt);
		assert_int_equal(knot_pkt_begin(pkt, KNOT_ADDITIONAL), 0);
		assert_int_equal(knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE), 0);
	}
	len = pkt->size;
	knot_pkt_free(pkt);
	return len;
}

/* By TCP. The reply must be whole, and is the caller's to free. */
static knot_pkt_t *ask(struct zonebed *bed, const char *name, uint16_t type, bool dnssec_ok)
{
	size_t len = put_query(name, type, dnssec_ok);
	enum dnsbolt_reason reason = core_message(bed->core, msg, &len, sizeof(msg), true);
	knot_pkt_t *pkt;

	if (reason_info(reason)->reply != REASON_REPLY_SEND)
		fail_msg("%s: %s", name, reason_info(reason)->name);
	pkt = knot_pkt_new(msg, (uint16_t)len, NULL);
	pkt->size = len;
	assert_int_equal(knot_pkt_parse(pkt, KNOT_PF_NOCANON), 0);
	assert_false(knot_wire_get_tc(msg));
	return pkt;
}

/* "nsN" of "nsN.cut.far" */
static unsigned int server_number(const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	unsigned int number;
	char rest[16];

	assert_non_null(knot_dname_to_str(text, name, sizeof(text)));
	assert_int_equal(sscanf(text, "ns%u%15s", &number, rest), 2);
	assert_string_equal(rest, ".cut.far.");
	assert_true(number < SERVERS);
	return number;
}

static unsigned int address_number(const knot_rrset_t *rr)
{
	const uint8_t *octets = rr->rrs.rdata->data;

	assert_int_equal(rr->rrs.rdata->len, rr->type == A ? 4 : 16);
	return rr->type == A ? octets[2] * 250u + octets[3] :
			     /* the number in decimal, read as hexadecimal digits */
		       (octets[14] >> 4) * 1000u + (octets[14] & 15) * 100u +
			       (octets[15] >> 4) * 10u + (octets[15] & 15);
}

static void assert_servers(const knot_pkt_t *pkt, const knot_dname_t *cut)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_AUTHORITY);
	bool seen[SERVERS] = { false };
	uint16_t i;

	assert_int_equal(section->count, SERVERS);
	for (i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		unsigned int number = server_number(knot_ns_name(rr->rrs.rdata));

		assert_true(knot_dname_is_equal(rr->owner, cut));
		assert_int_equal(rr->type, KNOT_RRTYPE_NS);
		assert_false(seen[number]);
		seen[number] = true;
	}
}

static void assert_glue(const knot_pkt_t *pkt)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, KNOT_ADDITIONAL);
	bool seen[2][SERVERS] = { { false } };
	uint16_t i;

	assert_int_equal(section->count, 2 * SERVERS);
	for (i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		unsigned int number = server_number(rr->owner);

		assert_true(rr->type == A || rr->type == AAAA);
		assert_int_equal(address_number(rr), number);
		assert_false(seen[rr->type == A][number]);
		seen[rr->type == A][number] = true;
	}
}

static void a_referral_to_many_servers_has_them_and_their_addresses(void **state)
{
	static const struct {
		const char *name, *cut;
		uint16_t n_answer;
	} rows[] = {
		{ "cut.far", "cut.far", 0 },
		{ LONGEST, "cut.far", 0 },
		{ "x.sibling.far", "sibling.far", 0 },
		{ "alias.far", "cut.far", 1 },
	};
	struct zonebed *bed = *state;
	size_t i;

	write_zone(bed);
	zonebed_start(bed);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		knot_pkt_t *pkt = ask(bed, rows[i].name, A, false);

		assert_int_equal(knot_wire_get_ancount(msg), rows[i].n_answer);
		assert_servers(pkt, zonebed_wire(rows[i].cut));
		assert_glue(pkt);
		knot_pkt_free(pkt);
	}
}

#define SIGNATURE " 8 1 60 20300101000000 20200101000000 1 far. AAAA\n"

/* Proofs stand behind the records, and the owner of a proof's signature is a pointer into the proof. */
static void a_proof_behind_many_records_is_whole(void **state)
{
	static char text[1 << 16] = "@ 60 SOA ns h 1 2 3 4 5\n"
				    "@ 60 RRSIG SOA" SIGNATURE "@ 60 NS ns\n"
				    "@ 60 DNSKEY 256 3 8 AAAA\n"
				    "@ 60 NSEC ns NS SOA RRSIG NSEC DNSKEY\n"
				    "@ 60 RRSIG NSEC" SIGNATURE "ns 60 A 192.0.2.53\n"
				    "ns 60 NSEC *.wild A RRSIG NSEC\n"
				    "ns 60 RRSIG NSEC" SIGNATURE "*.wild 60 NSEC @ TXT RRSIG NSEC\n"
				    "*.wild 60 RRSIG NSEC" SIGNATURE;
	struct zonebed *bed = *state;
	const knot_pktsection_t *section;
	char *end = text + strlen(text);
	knot_pkt_t *pkt;
	uint16_t i;

	for (i = 0; i < 80; i++)
		end += sprintf(end, "*.wild 60 TXT %02u%0240u\n", i, 0);
	zonebed_write(bed, "far", text);
	zonebed_start(bed);
	pkt = ask(bed, "x.wild.far", KNOT_RRTYPE_TXT, true);
	assert_int_equal(knot_wire_get_ancount(msg), 80);
	section = knot_pkt_section(pkt, KNOT_AUTHORITY);
	assert_int_equal(section->count, 2);
	for (i = 0; i < section->count; i++)
		assert_true(knot_dname_is_equal(knot_pkt_rr(section, i)->owner,
						zonebed_wire("*.wild.far")));
	assert_int_equal(knot_pkt_rr(section, 0)->type, KNOT_RRTYPE_NSEC);
	assert_int_equal(knot_pkt_rr(section, 1)->type, KNOT_RRTYPE_RRSIG);
	knot_pkt_free(pkt);
}

/* ---- messages by hand: `q. MX`, and two of them ---- */

#define QUESTION_END 19
#define FIXED(rdlen) "\0\17\0\1\0\0\0\0\0" rdlen
#define HEAD "\0\0\200\0\0\1\0\2\0\0\0\0\1q\0\0\17\0\1"
#define FIRST HEAD "\1a\300\14" FIXED("\4") "\0\1\300\14" /* octets 19 to 36 */
#define ROW(folded, from)                                                                          \
	{                                                                                          \
		folded, from, sizeof(from) - 1                                                     \
	}

struct row {
	size_t folded;
	const char *from;
	size_t len;
};

static void what_is_folded_is_spelled(void **state)
{
	static const struct row rows[][2] = {
		/* an owner */
		{ ROW(1, FIRST "\200\22" FIXED("\3") "\0\2\0"),
		  ROW(0, FIRST "\1a\300\14" FIXED("\3") "\0\2\0") },
		/* in the data, which grows */
		{ ROW(1, FIRST "\0" FIXED("\6") "\0\2\1b\200\41"),
		  ROW(0, FIRST "\0" FIXED("\10") "\0\2\1b\1a\300\14") },
		/* one that leads to another */
		{ ROW(2, FIRST "\200\22" FIXED("\4") "\0\2\200\16"),
		  ROW(0, FIRST "\1a\300\14" FIXED("\6") "\0\2\1a\300\14") },
		/* none */
		{ ROW(0, FIRST "\0" FIXED("\3") "\0\2\0"),
		  ROW(0, FIRST "\0" FIXED("\3") "\0\2\0") },
	};
	uint8_t to[128];
	size_t i, room, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *from = &rows[i][0], *wanted = &rows[i][1];
		const uint8_t *octets = (const uint8_t *)from->from;

		assert_int_equal(unfold(octets, from->len, QUESTION_END, from->folded, to,
					sizeof(to), &len),
				 0);
		assert_int_equal(len, wanted->len);
		assert_memory_equal(to, wanted->from, len);
		for (room = 0; room < wanted->len; room++)
			assert_int_equal(unfold(octets, from->len, QUESTION_END, from->folded, to,
						room, &len),
					 -EMSGSIZE);
		for (len = QUESTION_END; len < from->len; len++)
			assert_int_equal(unfold(octets, len, QUESTION_END, from->folded, to,
						sizeof(to), &room),
					 -EBADMSG);
	}
}

static void what_is_no_such_message_is_not_believed(void **state)
{
	static const struct row rows[] = {
		ROW(1, FIRST "\0" FIXED("\3") "\0\2\0"),	/* there is none */
		ROW(0, FIRST "\200\22" FIXED("\3") "\0\2\0"),	/* there is one */
		ROW(1, FIRST "\200\0" FIXED("\3") "\0\2\0"),	/* to itself */
		ROW(1, FIRST "\1b\200\2" FIXED("\3") "\0\2\0"), /* for ever */
		ROW(1, FIRST "\277\377" FIXED("\3") "\0\2\0"),	/* before the message */
		ROW(0, FIRST "\101b\0" FIXED("\3") "\0\2\0"),	/* a label type of nobody's */
		ROW(0, FIRST "\0" FIXED("\3") "\0\2\0\0"),	/* octets behind */
		ROW(0, FIRST "\0" FIXED("\3") "\0\2\1b\0"),	/* a name past its record */
		ROW(0, FIRST "\0" FIXED("\7") "\0\2\0"),	/* a record past the message */
		ROW(0, FIRST "\0" FIXED("\3") "\0\2\77"),	/* a label past the message */
		ROW(1, FIRST "\0" FIXED("\3") "\0\2\200"),	/* half of a fold */
	};
	static uint8_t to[1024];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = unfold((const uint8_t *)rows[i].from, rows[i].len, QUESTION_END,
				 rows[i].folded, to, sizeof(to), &len);

		if (err != -EBADMSG)
			fail_msg("row %zu: %d", i, err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_referral_to_many_servers_has_them_and_their_addresses, zonebed_setup,
			zonebed_teardown),
		cmocka_unit_test_setup_teardown(a_proof_behind_many_records_is_whole, zonebed_setup,
						zonebed_teardown),
		cmocka_unit_test(what_is_folded_is_spelled),
		cmocka_unit_test(what_is_no_such_message_is_not_believed),
	};

	return cmocka_run_group_tests_name("unfold", tests, NULL, NULL);
}
