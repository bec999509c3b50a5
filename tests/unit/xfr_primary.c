/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xfr_primary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/tsig-op.h>
#include <cmocka.h>

struct primary_said primary_said;

static void hear(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(primary_said.text);

	(void)arg;
	primary_said.errors += level == LOG_LEVEL_ERROR;
	primary_said.warnings += level == LOG_LEVEL_WARNING;
	(void)snprintf(primary_said.text + len, sizeof(primary_said.text) - len, "%s\n", text);
}

const struct report primary_report = { .say = hear };

void primary_reset(struct primary *primary, const struct xfr_key *key)
{
	memset(primary, 0, sizeof(*primary));
	primary->key = key;
	memset(&primary_said, 0, sizeof(primary_said));
}

void primary_done(struct primary *primary)
{
	free(primary->pending);
	primary->pending = NULL;
}

/* ---- the query ---- */

static void note_signature(struct primary *primary, const knot_pkt_t *pkt)
{
	const knot_rrset_t *rr = pkt->tsig_rr;

	primary->is_signed = rr && primary->key &&
			     !knot_tsig_server_check(rr, pkt->wire, pkt->size, &primary->key->tsig);
	if (!rr)
		return;
	primary->mac_len = knot_tsig_rdata_mac_length(rr);
	memcpy(primary->mac, knot_tsig_rdata_mac(rr), primary->mac_len);
	primary->query_time = knot_tsig_rdata_time_signed(rr);
}

void primary_read_query(struct primary *primary, const uint8_t *msg, size_t len)
{
	const knot_pktsection_t *authority;
	uint8_t copy[PRIMARY_MESSAGE_MAX];
	knot_pkt_t *pkt;

	memcpy(copy, msg, len);
	pkt = knot_pkt_new(copy, (uint16_t)len, NULL);
	assert_non_null(pkt);
	assert_int_equal(knot_pkt_parse(pkt, 0), 0);
	assert_false(knot_wire_get_qr(copy));
	assert_true(knot_dname_is_equal(knot_pkt_qname(pkt), PRIMARY_APEX));
	primary->id = knot_wire_get_id(copy);
	primary->qtype = knot_pkt_qtype(pkt);
	primary->has_expire = knot_pkt_edns_option(pkt, KNOT_EDNS_OPTION_EXPIRE);
	authority = knot_pkt_section(pkt, KNOT_AUTHORITY);
	primary->have_serial = -1;
	if (authority->count)
		primary->have_serial = knot_soa_serial(knot_pkt_rr(authority, 0)->rrs.rdata);
	note_signature(primary, pkt);
	primary->n_messages = 0;
	primary->n_pending = 0;
	knot_pkt_free(pkt);
}

/* ---- a transfer ---- */

struct xfr *primary_begin(struct primary *primary, const struct zone *have, bool axfr,
			  const struct xfr_key *key, const struct xfr_limits *limits)
{
	uint8_t query[XFR_QUERY_MAX];
	struct xfr *xfr;
	size_t len;

	assert_int_equal(xfr_new(&xfr, PRIMARY_APEX, have, axfr, key, limits, &primary_report), 0);
	assert_int_equal(xfr_query(xfr, query, sizeof(query), &len), 0);
	primary_read_query(primary, query, len);
	return xfr;
}

enum xfr_result primary_feed(const struct primary *primary, struct xfr *xfr, time_t now)
{
	uint8_t *msg = malloc(primary->len);
	enum xfr_result result;

	assert_non_null(msg);
	memcpy(msg, primary->wire, primary->len);
	result = xfr_feed(xfr, msg, primary->len, now);
	free(msg);
	return result;
}

void primary_assert_words(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("expected words: %s\nbut was: %s", words, text);
}

/* ---- records from text ---- */

static knot_dname_t *parse_owner(const char *text)
{
	char full[2048];
	knot_dname_t *name;

	if (!strcmp(text, "@"))
		(void)snprintf(full, sizeof(full), "example.");
	else if (text[strlen(text) - 1] == '.')
		(void)snprintf(full, sizeof(full), "%s", text);
	else
		(void)snprintf(full, sizeof(full), "%s.example.", text);
	name = knot_dname_from_str_alloc(full);
	assert_non_null(name);
	return name;
}

static void parse_record(const char *line, size_t len, knot_rrset_t *ret_rr)
{
	char text[4096], owner[1024], type[32];
	unsigned int ttl;
	const char *error;
	uint16_t number;
	int at;

	assert_true(len < sizeof(text));
	memcpy(text, line, len);
	text[len] = '\0';
	if (sscanf(text, "%1023s %u %31s %n", owner, &ttl, type, &at) != 3)
		fail_msg("no record: \"%s\"", text);
	assert_int_equal(name_type_parse(&number, type, NULL), 0);
	knot_rrset_init(ret_rr, parse_owner(owner), number, KNOT_CLASS_IN, ttl);
	if (zone_parse_rdata(&ret_rr->rrs, PRIMARY_APEX, number, text + at, &error))
		fail_msg("no RDATA: \"%s\": %s", text, error);
}

static const char *next_line(const char *text, size_t *ret_len)
{
	*ret_len = strcspn(text, "\n");
	return text[*ret_len] ? text + *ret_len + 1 : text + *ret_len;
}

struct zone *primary_zone(const char *text)
{
	struct zone *zone;
	knot_rrset_t rr;
	size_t len;

	assert_int_equal(zone_new(&zone, PRIMARY_APEX), 0);
	while (*text) {
		const char *next = next_line(text, &len);

		parse_record(text, len, &rr);
		assert_int_equal(zone_add(zone, rr.owner, rr.type, rr.ttl, rr.rrs.rdata->data,
					  rr.rrs.rdata->len, "test", NULL),
				 0);
		knot_rrset_clear(&rr, NULL);
		text = next;
	}
	assert_int_equal(zone_check(zone, "test", NULL), 0);
	return zone;
}

static int note_owner(const knot_dname_t *owner, void *arg)
{
	knot_dname_txt_storage_t name;

	(void)strncat(arg, name_text(owner, name), 200);
	(void)strncat(arg, " ", 2);
	return 0;
}

const char *primary_difference(const struct zone *a, const struct zone *b)
{
	static char text[65536];

	text[0] = '\0';
	assert_int_equal(zone_diff(a, b, note_owner, text), 0);
	return text;
}

struct xfr_key *primary_key(const char *name, const char *algorithm, const char *secret)
{
	char error[NAME_ERROR_LEN] = "";
	struct xfr_key *key;

	if (xfr_key_parse(&key, name, algorithm, secret, error))
		fail_msg("%s", error);
	return key;
}

/* ---- the answer ---- */

const char *primary_write(struct primary *primary, const char *text)
{
	knot_pkt_t *pkt = knot_pkt_new(primary->wire, PRIMARY_MESSAGE_MAX, NULL);
	size_t len;

	assert_non_null(pkt);
	knot_pkt_clear(pkt);
	knot_wire_set_id(primary->wire, primary->id);
	knot_wire_set_qr(primary->wire);
	knot_wire_set_aa(primary->wire);
	if (!primary->n_messages++ && !primary->no_question)
		assert_int_equal(
			knot_pkt_put_question(pkt, PRIMARY_APEX, KNOT_CLASS_IN, primary->qtype), 0);
	while (*text) {
		const char *next = next_line(text, &len);
		knot_rrset_t rr;

		if (len == 2 && !memcmp(text, "--", 2)) {
			text = next;
			break;
		}
		parse_record(text, len, &rr);
		assert_int_equal(knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &rr, KNOT_PF_FREE), 0);
		text = next;
	}
	primary->len = pkt->size;
	knot_pkt_free(pkt);
	return *text ? text : NULL;
}

void primary_append(struct primary *primary, const void *octets, size_t len, uint16_t count)
{
	assert_true(primary->len + len <= sizeof(primary->wire));
	memcpy(primary->wire + primary->len, octets, len);
	primary->len += len;
	knot_wire_add_ancount(primary->wire, (int16_t)count);
}

void primary_append_expire(struct primary *primary, uint32_t expire)
{
	uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 8, 0, 9, 0, 4, 0, 0, 0, 0 };

	knot_wire_write_u32(opt + sizeof(opt) - 4, expire);
	primary_append(primary, opt, sizeof(opt), 0);
	knot_wire_add_arcount(primary->wire, 1);
}

void primary_leave_unsigned(struct primary *primary)
{
	primary->pending = realloc(primary->pending, primary->n_pending + primary->len);
	assert_non_null(primary->pending);
	memcpy(primary->pending + primary->n_pending, primary->wire, primary->len);
	primary->n_pending += primary->len;
}

void primary_sign(struct primary *primary)
{
	const knot_tsig_key_t *key = &primary->key->tsig;
	uint8_t mac[64];
	size_t mac_len = sizeof(mac);

	if (primary->n_messages == 1) {
		assert_int_equal(knot_tsig_sign(primary->wire, &primary->len, sizeof(primary->wire),
						primary->mac, primary->mac_len, mac, &mac_len, key,
						0, 0),
				 0);
	} else {
		primary_leave_unsigned(primary);
		assert_int_equal(knot_tsig_sign_next(primary->wire, &primary->len,
						     sizeof(primary->wire), primary->mac,
						     primary->mac_len, mac, &mac_len, key,
						     primary->pending, primary->n_pending),
				 0);
	}
	memcpy(primary->mac, mac, mac_len);
	primary->mac_len = mac_len;
	primary->n_pending = 0;
}

void primary_append_tsig_error(struct primary *primary, uint16_t rcode)
{
	knot_rrset_t rr;

	knot_rrset_init(&rr, primary->key->tsig.name, KNOT_RRTYPE_TSIG, KNOT_CLASS_ANY, 0);
	assert_int_equal(knot_tsig_create_rdata(
				 &rr, dnssec_tsig_algorithm_to_dname(primary->key->tsig.algorithm),
				 0, 0),
			 0);
	assert_int_equal(knot_tsig_rdata_set_time_signed(&rr, primary->query_time), 0);
	assert_int_equal(
		knot_tsig_add(primary->wire, &primary->len, sizeof(primary->wire), rcode, &rr), 0);
	knot_rdataset_clear(&rr.rrs, NULL);
}
