/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes from other servers: answers to transfers and SOA queries, NOTIFY. The first octet says which; then
 * messages, each behind its length as in TCP. They get the id of the query. A new zone goes on to what reads zones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/sync/catalog.h"
#include "../../loader/sync/key.h"
#include "../../loader/sync/notify_msg.h"
#include "../../loader/sync/soaq.h"
#include "../../loader/sync/xfr.h"
#include "../../loader/zone/zonemd.h"
#include "fuzz.h"

enum what { AXFR, IXFR, SIGNED_AXFR, SIGNED_IXFR, SOA_QUERY, SIGNED_SOA_QUERY, NOTIFY, WHATS };

#define LIMIT_RECORDS 10000

static const knot_dname_t apex[] = "\7example";
static struct zone *have;
static struct xfr_key *key;

static void hold(bool condition)
{
	if (!condition)
		abort();
}

static void add(const knot_dname_t *owner, uint16_t type, const char *rdata)
{
	knot_rdataset_t rrs;

	hold(!zone_parse_rdata(&rrs, apex, type, rdata, NULL));
	hold(!zone_add(have, owner, type, 60, rrs.rdata->data, rrs.rdata->len, "", NULL));
	knot_rdataset_clear(&rrs, NULL);
}

static void set_up(void)
{
	if (have)
		return;
	hold(!zone_new(&have, apex));
	add(apex, KNOT_RRTYPE_SOA, "ns1 hostmaster 7 3600 600 86400 300");
	add(apex, KNOT_RRTYPE_NS, "ns1");
	add((const uint8_t *)"\1a\7example", KNOT_RRTYPE_A, "192.0.2.1");
	hold(!zone_check(have, "", NULL));
	hold(!xfr_key_parse(&key, "key", NULL, "c2VjcmV0", NULL));
}

/* The next message, in memory of its own; NULL: there is none. */
static uint8_t *next_message(const uint8_t **data, size_t *left, uint16_t id, size_t *ret_len)
{
	size_t len;
	uint8_t *msg;

	if (*left < 2)
		return NULL;
	len = (size_t)(*data)[0] << 8 | (*data)[1];
	if (len > *left - 2)
		len = *left - 2;
	msg = malloc(len ? len : 1);
	hold(msg);
	memcpy(msg, *data + 2, len);
	if (len >= 2)
		knot_wire_set_id(msg, id);
	*data += 2 + len;
	*left -= 2 + len;
	*ret_len = len;
	return msg;
}

static void look_at(struct zone *zone)
{
	char words[NAME_ERROR_LEN];
	struct catalog *catalog;
	enum zonemd_result result;

	hold(zone);
	hold(!zone_check(zone, "", NULL));
	hold(!zonemd_check(&result, zone, words));
	if (!catalog_read(&catalog, zone, words))
		catalog_free(catalog);
	zone_free(zone);
}

static void transfer(enum what what, const uint8_t *data, size_t left)
{
	static const struct xfr_limits limits = { .max_records = LIMIT_RECORDS };
	bool is_ixfr = what == IXFR || what == SIGNED_IXFR;
	bool is_signed = what == SIGNED_AXFR || what == SIGNED_IXFR;
	enum xfr_result result = XFR_MORE;
	uint8_t query[XFR_QUERY_MAX], *msg;
	struct xfr *xfr;
	size_t len;

	hold(!xfr_new(&xfr, apex, is_ixfr ? have : NULL, false, is_signed ? key : NULL, &limits,
		      NULL));
	hold(!xfr_query(xfr, query, sizeof(query), &len));
	while (result == XFR_MORE &&
	       (msg = next_message(&data, &left, knot_wire_get_id(query), &len))) {
		result = xfr_feed(xfr, msg, len, 0);
		free(msg);
	}
	if (result == XFR_MORE)
		result = xfr_end(xfr);
	hold(result != XFR_MORE &&
	     (is_ixfr || (result != XFR_FALL_BACK && result != XFR_UP_TO_DATE)));
	hold((result == XFR_FAILED || result == XFR_FALL_BACK) == (*xfr_error(xfr) != '\0'));
	if (result == XFR_DONE)
		look_at(xfr_take(xfr));
	xfr_free(xfr);
	hold(have->n_records == 3 && have->serial == 7);
}

static void ask(bool is_signed, const uint8_t *data, size_t left)
{
	uint8_t query[XFR_QUERY_MAX], *msg;
	struct soaq_answer answer;
	struct soaq *soaq;
	size_t len;

	hold(!soaq_new(&soaq, apex, is_signed ? key : NULL));
	hold(!soaq_query(soaq, query, sizeof(query), &len));
	while ((msg = next_message(&data, &left, knot_wire_get_id(query), &len))) {
		enum soaq_result result = soaq_read(soaq, msg, len, 0, &answer);

		hold((result == SOAQ_OK) == (*soaq_error(soaq) == '\0'));
		free(msg);
	}
	soaq_free(soaq);
}

static void notify(const uint8_t *data, size_t left)
{
	uint8_t answer[NOTIFY_ANSWER_MAX], *msg;
	char words[NAME_ERROR_LEN];
	struct notify n;
	size_t len;

	while ((msg = next_message(&data, &left, 1, &len))) {
		int err = notify_read(&n, msg, len);

		if (!err && n.key_name)
			(void)notify_verify(&n, key, 0, words);
		if (!err || err == -EBADMSG) {
			hold(!notify_answer(&n, err ? KNOT_RCODE_FORMERR : 0, answer,
					    sizeof(answer), &len));
			notify_done(&n);
		}
		free(msg);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum what what;

	set_up();
	if (!len)
		return 0;
	what = data[0] % WHATS;
	if (what <= SIGNED_IXFR)
		transfer(what, data + 1, len - 1);
	else if (what <= SIGNED_SOA_QUERY)
		ask(what == SIGNED_SOA_QUERY, data + 1, len - 1);
	else
		notify(data + 1, len - 1);
	return 0;
}
