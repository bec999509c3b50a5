/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tsig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/tsig-op.h>

#define TIME_LEN 32
#define OTHER_TIME_LEN 6u /* of BADTIME (RFC 8945 section 5.2.3) */

void tsig_init(struct tsig *ret_tsig, const struct xfr_key *key)
{
	*ret_tsig = (struct tsig){ .key = key };
}

void tsig_done(struct tsig *tsig)
{
	free(tsig->pending);
}

bool tsig_is_settled(const struct tsig *tsig)
{
	return !tsig->n_unsigned;
}

/* ---- words ---- */

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(error, NAME_ERROR_LEN, format, args);
	va_end(args);
	return -EACCES;
}

static const char *time_text(uint64_t seconds, char *buf)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, TIME_LEN, "%Y-%m-%d %H:%M:%S UTC", &tm))
		(void)snprintf(buf, TIME_LEN, "%llu", (unsigned long long)seconds);
	return buf;
}

static const char *error_word(uint16_t rcode)
{
	const char *word = "an unknown error";

	switch (rcode) {
	case KNOT_RCODE_BADSIG:
		word = "BADSIG: it has another secret for this key";
		break;
	case KNOT_RCODE_BADKEY:
		word = "BADKEY: it does not know this key, or uses another algorithm";
		break;
	case KNOT_RCODE_BADTRUNC:
		word = "BADTRUNC: it wants a longer signature";
		break;
	}
	return word;
}

static int refuse_clocks(const knot_rrset_t *rr, time_t now, char *error)
{
	char theirs[TIME_LEN], ours[TIME_LEN];

	return refuse(
		error,
		"BADTIME: signed at %s, our clock says %s, and %u s of difference are allowed",
		time_text(knot_tsig_rdata_time_signed(rr), theirs), time_text((uint64_t)now, ours),
		knot_tsig_rdata_fudge(rr));
}

/* The other side told that it does not take our signature. */
static int refuse_answer(const knot_rrset_t *rr, const struct xfr_key *key, time_t now, char *error)
{
	uint16_t rcode = knot_tsig_rdata_error(rr);
	char theirs[TIME_LEN], ours[TIME_LEN];
	knot_dname_txt_storage_t name;

	if (rcode == KNOT_RCODE_BADTIME && knot_tsig_rdata_other_data_length(rr) == OTHER_TIME_LEN)
		return refuse(error, "BADTIME: the server's clock says %s, ours says %s",
			      time_text(knot_wire_read_u48(knot_tsig_rdata_other_data(rr)), theirs),
			      time_text((uint64_t)now, ours));
	return refuse(error, "the server refused our signature by the key %s with %s: %s (%u)",
		      name_text(key->tsig.name, name), xfr_key_algorithm(key), error_word(rcode),
		      rcode);
}

static int refuse_check(int err, const knot_rrset_t *rr, time_t now, char *error)
{
	switch (err) {
	case 0:
		return 0;
	case KNOT_ENOMEM:
		return -ENOMEM;
	case KNOT_TSIG_EBADTIME:
		return refuse_clocks(rr, now, error);
	default:
		return refuse(error, "BADSIG: the signature is wrong: another secret, or the "
				     "message was changed");
	}
}

/* Key, algorithm and length of the MAC, before anything is computed. */
static int check_form(const knot_rrset_t *rr, const struct xfr_key *key, uint16_t *ret_rcode,
		      char *error)
{
	size_t len = knot_tsig_rdata_mac_length(rr);
	size_t full = dnssec_tsig_algorithm_size(key->tsig.algorithm);
	const char *algorithm = dnssec_tsig_algorithm_to_name(knot_tsig_rdata_alg(rr));
	knot_dname_txt_storage_t theirs, ours;

	*ret_rcode = KNOT_RCODE_BADKEY;
	if (!knot_dname_is_equal(rr->owner, key->tsig.name))
		return refuse(error, "BADKEY: signed by the key %s, expected was %s",
			      name_text(rr->owner, theirs), name_text(key->tsig.name, ours));
	if (knot_tsig_rdata_alg(rr) != key->tsig.algorithm)
		return refuse(error, "BADKEY: signed with %s, expected was %s",
			      algorithm ? algorithm : "an unknown algorithm",
			      xfr_key_algorithm(key));
	*ret_rcode = KNOT_RCODE_BADTRUNC; /* RFC 8945 section 5.2.2.1: full length only */
	if (len != full)
		return refuse(
			error,
			"BADTRUNC: the signature has %zu octets, %zu were expected: truncated "
			"ones are not taken",
			len, full);
	return 0;
}

/* ---- what a signature covers ---- */

/* Appends the message as it was before it was signed. */
static int append(struct tsig *tsig, const struct message *message)
{
	size_t len = message->tsig_at ? message->tsig_at : message->len;
	size_t room = tsig->room;
	uint8_t *pending = tsig->pending;

	if (len > room - tsig->n_pending) {
		while (len > room - tsig->n_pending)
			room = room ? 2 * room : KNOT_WIRE_MAX_PKTSIZE;
		pending = realloc(pending, room);
		if (!pending)
			return -ENOMEM;
		tsig->pending = pending;
		tsig->room = room;
	}
	memcpy(pending + tsig->n_pending, message->wire, len);
	if (message->tsig_at)
		knot_wire_add_arcount(pending + tsig->n_pending, -1);
	tsig->n_pending += len;
	return 0;
}

int tsig_sign(struct tsig *tsig, uint8_t *msg, size_t *len, size_t room)
{
	int err;

	if (!tsig->key)
		return 0;
	tsig->signed_at = 0;
	tsig->n_pending = 0;
	tsig->n_unsigned = 0;
	tsig->mac_len = sizeof(tsig->mac);
	err = knot_tsig_sign(msg, len, room < UINT16_MAX ? room : UINT16_MAX, NULL, 0, tsig->mac,
			     &tsig->mac_len, &tsig->key->tsig, 0, 0);
	return !err ? 0 : err == KNOT_ENOMEM ? -ENOMEM : -EMSGSIZE;
}

int tsig_read(knot_rrset_t **ret_rr, const struct message *message)
{
	size_t at = message->tsig_at;
	knot_rrset_t *rr = malloc(sizeof(*rr));
	int err;

	if (!rr)
		return -ENOMEM;
	err = message_record(message, &at, rr);
	if (err) {
		free(rr);
		return err;
	}
	knot_dname_to_lower(rr->owner);
	/* RFC 8945 section 4.2 */
	if (knot_tsig_rdata_is_ok(rr) && rr->rclass == KNOT_CLASS_ANY && !rr->ttl) {
		*ret_rr = rr;
		return 0;
	}
	knot_rrset_free(rr, NULL);
	return -EINVAL;
}

static int take_unsigned(struct tsig *tsig, const struct message *message, char *error)
{
	knot_dname_txt_storage_t name;

	if (!tsig->signed_at)
		return refuse(error, "not signed, expected was a signature by the key %s",
			      name_text(tsig->key->tsig.name, name));
	if (++tsig->n_unsigned > TSIG_UNSIGNED_MAX)
		return refuse(error, "more than %d messages without a signature",
			      TSIG_UNSIGNED_MAX);
	return append(tsig, message);
}

static int check_mac(struct tsig *tsig, const struct message *message, const knot_rrset_t *rr)
{
	const knot_tsig_key_t *key = &tsig->key->tsig;

	if (append(tsig, message))
		return KNOT_ENOMEM;
	if (!tsig->signed_at)
		return knot_tsig_client_check(rr, tsig->pending, tsig->n_pending, tsig->mac,
					      tsig->mac_len, key, 0);
	return knot_tsig_client_check_next(rr, tsig->pending, tsig->n_pending, tsig->mac,
					   tsig->mac_len, key, tsig->signed_at);
}

static int take_signed(struct tsig *tsig, const struct message *message, const knot_rrset_t *rr,
		       time_t now, char *error)
{
	uint16_t rcode = knot_tsig_rdata_error(rr), unused;
	size_t n_pending = tsig->n_pending;
	int err;

	/* these are not signed (RFC 8945 section 5.3.2) */
	if (rcode && rcode != KNOT_RCODE_BADTIME)
		return refuse_answer(rr, tsig->key, now, error);
	err = check_form(rr, tsig->key, &unused, error);
	if (!err)
		err = refuse_check(check_mac(tsig, message, rr), rr, now, error);
	tsig->n_pending = n_pending; /* by UDP another answer may follow one that is refused */
	if (err)
		return err;
	if (rcode)
		return refuse_answer(rr, tsig->key, now, error);
	tsig->mac_len = knot_tsig_rdata_mac_length(rr);
	memcpy(tsig->mac, knot_tsig_rdata_mac(rr), tsig->mac_len);
	tsig->signed_at = knot_tsig_rdata_time_signed(rr);
	tsig->n_unsigned = 0;
	tsig->n_pending = 0;
	return 0;
}

int tsig_verify(struct tsig *tsig, const struct message *message, time_t now, char *ret_error)
{
	knot_rrset_t *rr;
	int err;

	if (!tsig->key) {
		if (message->tsig_at)
			return refuse(ret_error, "signed, which was not asked for");
		return 0;
	}
	if (!message->tsig_at)
		return take_unsigned(tsig, message, ret_error);
	err = tsig_read(&rr, message);
	if (err == -EINVAL)
		return refuse(ret_error, "a malformed signature");
	if (err)
		return err;
	err = take_signed(tsig, message, rr, now, ret_error);
	knot_rrset_free(rr, NULL);
	return err;
}

/* ---- the other side ---- */

int tsig_verify_query(const struct message *message, const knot_rrset_t *rr,
		      const struct xfr_key *key, time_t now, uint16_t *ret_rcode, char *ret_error)
{
	knot_dname_txt_storage_t name;
	struct tsig tsig;
	int err;

	*ret_rcode = KNOT_RCODE_BADKEY;
	if (!key)
		return refuse(ret_error, "BADKEY: the key %s is not known here",
			      name_text(rr->owner, name));
	err = check_form(rr, key, ret_rcode, ret_error);
	if (err)
		return err;
	tsig_init(&tsig, key);
	err = append(&tsig, message);
	if (!err) {
		err = knot_tsig_server_check(rr, tsig.pending, tsig.n_pending, &key->tsig);
		*ret_rcode = err == KNOT_TSIG_EBADTIME ? KNOT_RCODE_BADTIME : KNOT_RCODE_BADSIG;
		err = refuse_check(err, rr, now, ret_error);
	}
	tsig_done(&tsig);
	return err;
}

int tsig_sign_answer(uint8_t *msg, size_t *len, size_t room, const knot_rrset_t *rr,
		     const struct xfr_key *key, uint16_t rcode)
{
	uint8_t mac[TSIG_MAC_MAX];
	size_t mac_len = sizeof(mac);
	int err;

	if (room > UINT16_MAX)
		room = UINT16_MAX;
	if (knot_tsig_can_sign(rcode))
		err = knot_tsig_sign(msg, len, room, knot_tsig_rdata_mac(rr),
				     knot_tsig_rdata_mac_length(rr), mac, &mac_len, &key->tsig,
				     rcode, knot_tsig_rdata_time_signed(rr));
	else
		err = knot_tsig_add(msg, len, room, rcode, rr);
	return !err ? 0 : err == KNOT_ENOMEM ? -ENOMEM : -EMSGSIZE;
}
