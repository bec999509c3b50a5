/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libdnssec/tsig.h>
#include <libknot/errcode.h>

int xfr_key_parse(struct xfr_key **ret_key, const char *name, const char *algorithm,
		  const char *secret, char *ret_error)
{
	char unused[NAME_ERROR_LEN], *error = ret_error ? ret_error : unused;
	knot_dname_storage_t wire;
	struct xfr_key *key;
	int err;

	if (!algorithm)
		algorithm = XFR_KEY_DEFAULT;
	if (name_parse_lower(wire, name, error))
		return -EINVAL;
	if (dnssec_tsig_algorithm_from_name(algorithm) == DNSSEC_TSIG_UNKNOWN) {
		(void)snprintf(error, NAME_ERROR_LEN,
			       "\"%.64s\": no algorithm of a key: hmac-sha256, hmac-sha384, "
			       "hmac-sha512, hmac-sha224, hmac-sha1 or hmac-md5",
			       algorithm);
		return -EINVAL;
	}
	key = calloc(1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	err = *secret ? knot_tsig_key_init(&key->tsig, algorithm, name, secret) : KNOT_EINVAL;
	if (!err && key->tsig.secret.size) {
		*ret_key = key;
		return 0;
	}
	xfr_key_free(key);
	if (err == KNOT_ENOMEM)
		return -ENOMEM;
	(void)snprintf(error, NAME_ERROR_LEN, "the secret is not base64");
	return -EINVAL;
}

void xfr_key_free(struct xfr_key *key)
{
	if (!key)
		return;
	knot_tsig_key_deinit(&key->tsig);
	free(key);
}

const char *xfr_key_algorithm(const struct xfr_key *key)
{
	return dnssec_tsig_algorithm_to_name(key->tsig.algorithm);
}
