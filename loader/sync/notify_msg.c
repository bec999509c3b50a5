/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "notify_msg.h"

#include <errno.h>
#include <string.h>

#include "../zone/rdata.h"
#include "tsig.h"

/* The SOA that the sender has, if it says so (RFC 1996 section 3.7). */
static int read_hint(struct notify *notify)
{
	size_t at = notify->message.answer_at;
	knot_rrset_t soa;
	int err;

	if (!notify->message.n_answer)
		return 0;
	err = message_record(&notify->message, &at, &soa);
	if (err)
		return err;
	if (soa.type == KNOT_RRTYPE_SOA && soa.rclass == KNOT_CLASS_IN &&
	    knot_dname_is_case_equal(soa.owner, notify->apex) &&
	    rdata_is_valid(KNOT_RRTYPE_SOA, soa.rrs.rdata->data, soa.rrs.rdata->len)) {
		notify->has_serial = true;
		notify->serial = knot_soa_serial(soa.rrs.rdata);
	}
	knot_rrset_clear(&soa, NULL);
	return 0;
}

static int read_contents(struct notify *notify)
{
	const struct message *message = &notify->message;
	int err;

	if (!message->has_question || message->qtype != KNOT_RRTYPE_SOA ||
	    message->qclass != KNOT_CLASS_IN)
		return -EINVAL;
	(void)knot_dname_copy_lower(notify->apex, message->qname);
	err = read_hint(notify);
	if (!err && message->tsig_at)
		err = tsig_read(&notify->tsig, message);
	if (!err && notify->tsig)
		notify->key_name = notify->tsig->owner;
	return err;
}

int notify_read(struct notify *ret_notify, const uint8_t *msg, size_t len)
{
	int err;

	if (len < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qr(msg) ||
	    knot_wire_get_opcode(msg) != KNOT_OPCODE_NOTIFY)
		return -EINVAL;
	memset(ret_notify, 0, sizeof(*ret_notify));
	ret_notify->id = knot_wire_get_id(msg);
	err = message_open(&ret_notify->message, msg, len);
	if (!err)
		err = read_contents(ret_notify);
	return err == -EINVAL ? -EBADMSG : err;
}

void notify_done(struct notify *notify)
{
	knot_rrset_free(notify->tsig, NULL);
	notify->tsig = NULL;
}

int notify_verify(struct notify *notify, const struct xfr_key *key, time_t now, char *ret_error)
{
	int err = tsig_verify_query(&notify->message, notify->tsig, key, now, &notify->tsig_error,
				    ret_error);

	if (!err)
		notify->tsig_error = 0;
	notify->key = key;
	return err;
}

static int put_header(const struct notify *notify, uint8_t rcode, uint8_t *msg, size_t room,
		      size_t *ret_len)
{
	const struct message *message = &notify->message;
	size_t len = message->has_question ? message->answer_at : KNOT_WIRE_HEADER_SIZE;

	if (room < len)
		return -EMSGSIZE;
	if (message->has_question)
		memcpy(msg, message->wire, len);
	memset(msg, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_qdcount(msg, message->has_question);
	knot_wire_set_id(msg, notify->id);
	knot_wire_set_qr(msg);
	knot_wire_set_opcode(msg, KNOT_OPCODE_NOTIFY);
	if (!rcode)
		knot_wire_set_aa(msg);
	knot_wire_set_rcode(msg, rcode);
	*ret_len = len;
	return 0;
}

int notify_answer(const struct notify *notify, uint8_t rcode, uint8_t *msg, size_t room,
		  size_t *ret_len)
{
	size_t len;
	int err;

	if (notify->tsig_error)
		rcode = KNOT_RCODE_NOTAUTH; /* RFC 8945 section 5.2 */
	err = put_header(notify, rcode, msg, room, &len);
	/* the key is there, or the error is one that is not signed */
	if (!err && (notify->key || notify->tsig_error))
		err = tsig_sign_answer(msg, &len, room, notify->tsig, notify->key,
				       notify->tsig_error);
	if (!err)
		*ret_len = len;
	return err;
}
