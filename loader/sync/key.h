/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TSIG key (RFC 8945). */
#ifndef KEY_H
#define KEY_H

#include <libknot/dname.h>
#include <libknot/tsig.h>

#include "../../userspace/lib/name.h"

#define XFR_KEY_DEFAULT "hmac-sha256"

struct xfr_key {
	knot_tsig_key_t tsig; /* the name is lower-cased */
};

/* `algorithm` as BIND and Knot write it ("hmac-sha512"); NULL: XFR_KEY_DEFAULT, so that the weak
 * ones (md5, sha1) are in use only where they were named. `secret`: base64. -EINVAL: ret_error,
 * NAME_ERROR_LEN octets or NULL, says what is wrong, without the secret. -ENOMEM. */
int xfr_key_parse(struct xfr_key **ret_key, const char *name, const char *algorithm,
		  const char *secret, char *ret_error);
void xfr_key_free(struct xfr_key *key); /* wipes the secret; NULL is fine */

const char *xfr_key_algorithm(const struct xfr_key *key); /* "hmac-sha256" */

#endif /* KEY_H */
