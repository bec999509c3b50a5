/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "soaq.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../zone/rdata.h"
#include "message.h"
#include "tsig.h"

struct soaq {
	knot_dname_t *apex; /* lower-cased */
	struct tsig tsig;
	uint16_t id;
	char error[NAME_ERROR_LEN + 64];
};

__attribute__((format(printf, 3, 4))) static enum soaq_result
say(struct soaq *soaq, enum soaq_result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(soaq->error, sizeof(soaq->error), format, args);
	va_end(args);
	return result;
}

int soaq_new(struct soaq **ret_soaq, const knot_dname_t *apex, const struct xfr_key *key)
{
	struct soaq *soaq = calloc(1, sizeof(*soaq));

	if (!soaq)
		return -ENOMEM;
	soaq->apex = knot_dname_copy(apex, NULL);
	if (!soaq->apex) {
		free(soaq);
		return -ENOMEM;
	}
	knot_dname_to_lower(soaq->apex);
	tsig_init(&soaq->tsig, key);
	*ret_soaq = soaq;
	return 0;
}

void soaq_free(struct soaq *soaq)
{
	if (!soaq)
		return;
	tsig_done(&soaq->tsig);
	knot_dname_free(soaq->apex, NULL);
	free(soaq);
}

int soaq_query(struct soaq *soaq, uint8_t *msg, size_t room, size_t *ret_len)
{
	size_t len;
	int err = message_write_query(msg, room, &len, soaq->apex, KNOT_RRTYPE_SOA, NULL);

	if (!err)
		err = tsig_sign(&soaq->tsig, msg, &len, room);
	if (err)
		return err;
	soaq->id = knot_wire_get_id(msg);
	*ret_len = len;
	return 0;
}

/* Whether it is the answer to the query, from one who may give it. */
static enum soaq_result check_origin(struct soaq *soaq, const struct message *message, time_t now)
{
	const uint8_t *wire = message->wire;
	uint8_t rcode = knot_wire_get_rcode(wire);
	char error[NAME_ERROR_LEN], text[MESSAGE_RCODE_LEN];
	int err;

	if (!knot_wire_get_qr(wire) || knot_wire_get_opcode(wire) != KNOT_OPCODE_QUERY)
		return say(soaq, SOAQ_IGNORED, "a message that is no answer to a query");
	if (knot_wire_get_id(wire) != soaq->id)
		return say(soaq, SOAQ_IGNORED, "the answer has the id %u, expected was %u",
			   knot_wire_get_id(wire), soaq->id);
	/* servers that could not read the query leave the question out */
	if (message->has_question ? !message_asks(message, soaq->apex, KNOT_RRTYPE_SOA) : !rcode)
		return say(soaq, SOAQ_IGNORED, "the answer is to another question");
	err = tsig_verify(&soaq->tsig, message, now, error);
	if (err == -EACCES && rcode && !message->tsig_at)
		return say(soaq, SOAQ_IGNORED, "the server says %s, without a signature",
			   message_rcode_text(rcode, text));
	if (err)
		return say(soaq, SOAQ_IGNORED, "TSIG: %s",
			   err == -EACCES ? error : "out of memory");
	return SOAQ_OK;
}

/* -ENOENT: the answer section has no SOA of the zone. */
static int find_soa(const struct soaq *soaq, const struct message *message, knot_rrset_t *ret_soa)
{
	size_t at = message->answer_at;
	uint16_t i;
	int err;

	for (i = 0; i < message->n_answer; i++) {
		err = message_record(message, &at, ret_soa);
		if (err)
			return err;
		if (ret_soa->type == KNOT_RRTYPE_SOA && ret_soa->rclass == KNOT_CLASS_IN &&
		    knot_dname_is_case_equal(ret_soa->owner, soaq->apex) &&
		    rdata_is_valid(KNOT_RRTYPE_SOA, ret_soa->rrs.rdata->data,
				   ret_soa->rrs.rdata->len))
			return 0;
		knot_rrset_clear(ret_soa, NULL);
	}
	return -ENOENT;
}

enum soaq_result soaq_read(struct soaq *soaq, const uint8_t *msg, size_t len, time_t now,
			   struct soaq_answer *ret_answer)
{
	char text[MESSAGE_RCODE_LEN];
	struct message message;
	enum soaq_result result;
	knot_rrset_t soa;

	if (message_open(&message, msg, len))
		return say(soaq, SOAQ_IGNORED, "a malformed message");
	result = check_origin(soaq, &message, now);
	if (result != SOAQ_OK)
		return result;
	*ret_answer = (struct soaq_answer){ .rcode = knot_wire_get_rcode(msg),
					    .expire_option = message_expire(&message) };
	if (ret_answer->rcode)
		return say(soaq, SOAQ_NOT_SERVED, "the server says %s",
			   message_rcode_text(ret_answer->rcode, text));
	if (!knot_wire_get_aa(msg))
		return say(soaq, SOAQ_NOT_SERVED,
			   "the server is not authoritative for the zone (no AA)");
	if (find_soa(soaq, &message, &soa))
		return say(soaq, SOAQ_NOT_SERVED, "the answer has no SOA of the zone");
	ret_answer->serial = knot_soa_serial(soa.rrs.rdata);
	ret_answer->refresh = knot_soa_refresh(soa.rrs.rdata);
	ret_answer->retry = knot_soa_retry(soa.rrs.rdata);
	ret_answer->expire = knot_soa_expire(soa.rrs.rdata);
	ret_answer->minimum = knot_soa_minimum(soa.rrs.rdata);
	knot_rrset_clear(&soa, NULL);
	soaq->error[0] = '\0';
	return SOAQ_OK;
}

const char *soaq_error(const struct soaq *soaq)
{
	return soaq->error;
}
