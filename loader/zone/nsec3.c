/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nsec3.h"

#include <errno.h>
#include <string.h>
#include <libdnssec/error.h>
#include <libdnssec/nsec.h>

#define PARAM_FIXED 5u /* algorithm, flags, iterations, length of the salt (RFC 5155 section 4.2) */
#define FLAG_OPT_OUT 1u /* RFC 5155 section 3.1.2.1 */

static bool has_salt(const knot_rdata_t *rdata)
{
	return rdata->len >= PARAM_FIXED &&
	       rdata->len - PARAM_FIXED >= rdata->data[PARAM_FIXED - 1];
}

bool nsec3_read_params(struct nsec3_params *ret_params, const knot_rdata_t *nsec3param)
{
	if (!has_salt(nsec3param) || knot_nsec3param_flags(nsec3param) ||
	    knot_nsec3param_alg(nsec3param) != DNSSEC_NSEC3_ALGORITHM_SHA1)
		return false;
	*ret_params = (struct nsec3_params){
		.iterations = knot_nsec3param_iters(nsec3param),
		.salt_len = knot_nsec3param_salt_len(nsec3param),
		.salt = knot_nsec3param_salt(nsec3param),
	};
	return true;
}

bool nsec3_read_record(struct nsec3_record *ret_record, const knot_rdata_t *nsec3)
{
	if (!has_salt(nsec3) || knot_nsec3_alg(nsec3) != DNSSEC_NSEC3_ALGORITHM_SHA1 ||
	    nsec3->len < PARAM_FIXED + knot_nsec3_salt_len(nsec3) + 1u + NSEC3_HASH_LEN ||
	    knot_nsec3_next_len(nsec3) != NSEC3_HASH_LEN)
		return false;
	*ret_record = (struct nsec3_record){
		.params = {
			.iterations = knot_nsec3_iters(nsec3),
			.salt_len = knot_nsec3_salt_len(nsec3),
			.salt = knot_nsec3_salt(nsec3),
		},
		.is_opt_out = knot_nsec3_flags(nsec3) & FLAG_OPT_OUT,
		.next = knot_nsec3_next(nsec3),
	};
	return true;
}

bool nsec3_same_params(const struct nsec3_params *a, const struct nsec3_params *b)
{
	return a->iterations == b->iterations && a->salt_len == b->salt_len &&
	       (!a->salt_len || !memcmp(a->salt, b->salt, a->salt_len));
}

int nsec3_hash(const struct nsec3_params *params, const knot_dname_t *name,
	       uint8_t ret_hash[NSEC3_HASH_LEN])
{
	const dnssec_binary_t data = { knot_dname_size(name), (uint8_t *)name };
	const dnssec_nsec3_params_t with = {
		.algorithm = DNSSEC_NSEC3_ALGORITHM_SHA1,
		.iterations = params->iterations,
		.salt = { params->salt_len, (uint8_t *)params->salt },
	};
	dnssec_binary_t hash = { 0 };
	int err = dnssec_nsec3_hash(&data, &with, &hash);

	if (!err && hash.size == NSEC3_HASH_LEN)
		memcpy(ret_hash, hash.data, NSEC3_HASH_LEN);
	else
		err = -ENOMEM;
	dnssec_binary_free(&hash);
	return err;
}

/* RFC 4648 section 7, lower case; -EINVAL: no digit. */
static int base32hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -EINVAL;
}

bool nsec3_owner_hash(const knot_dname_t *owner, uint8_t ret_hash[NSEC3_HASH_LEN])
{
	uint32_t bits = 0;
	size_t i, n = 0, at = 0;

	if (*owner != NSEC3_LABEL_LEN)
		return false;
	for (i = 1; i <= NSEC3_LABEL_LEN; i++) {
		int digit = base32hex_digit(owner[i]);

		if (digit < 0)
			return false;
		bits = bits << 5 | (uint32_t)digit;
		n += 5;
		if (n >= 8) {
			n -= 8;
			ret_hash[at++] = (uint8_t)(bits >> n);
		}
	}
	return true;
}

/* 40 bits are 8 digits. */
void nsec3_owner(knot_dname_storage_t ret_owner, const uint8_t hash[NSEC3_HASH_LEN],
		 const knot_dname_t *apex)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	size_t i, n = 0;
	uint64_t bits;

	ret_owner[0] = NSEC3_LABEL_LEN;
	for (i = 0; i < NSEC3_HASH_LEN; i += 5) {
		bits = (uint64_t)hash[i] << 32 | (uint64_t)hash[i + 1] << 24 |
		       (uint64_t)hash[i + 2] << 16 | (uint64_t)hash[i + 3] << 8 | hash[i + 4];
		for (int shift = 35; shift >= 0; shift -= 5)
			ret_owner[++n] = (uint8_t)digits[bits >> shift & 31];
	}
	memcpy(ret_owner + 1 + NSEC3_LABEL_LEN, apex, knot_dname_size(apex));
}
