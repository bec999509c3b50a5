/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TSIG keys of the configuration, by their names on the wire. */
#ifndef KEYRING_H
#define KEYRING_H

#include "../config.h"
#include "key.h"

struct keyring;

/* One key of the configuration. -EINVAL: ret_error, NAME_ERROR_LEN octets, says what is wrong, without the secret;
 * -ENOMEM; others when `secret-file` cannot be read. */
int keyring_read_key(struct xfr_key **ret_key, const struct config_key *row, char *ret_error);

/* All of them; what fails was said. */
int keyring_new(struct keyring **ret_keyring, const struct config *config,
		const struct report *report);
void keyring_free(struct keyring *keyring); /* NULL is fine */

/* By the name in the configuration (NULL: NULL), and by that in a message, lower-cased. NULL: there is none. */
const struct xfr_key *keyring_of_row(const struct keyring *keyring, const char *name);
const struct xfr_key *keyring_find(const struct keyring *keyring, const knot_dname_t *name);

#endif /* KEYRING_H */
