/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address prefixes, in the form of the clients' map: of IPv4 as of ::ffff:0:0/96. */
#ifndef PREFIX_H
#define PREFIX_H

#include <stdbool.h>

#include "../../bpf/abi.h"
#include "../../userspace/lib/addr.h"

#define PREFIX_STRLEN (ADDR_STRLEN + 4)
#define PREFIX_MAX 128u

/* "192.0.2.0/24", "2001:db8::/32", or an address, which is a prefix of its own. -EINVAL: it is none; -ERANGE: it
 * has bits behind its length, so another one may have been meant. */
int prefix_parse(struct dnsbolt_client_key *ret_prefix, const char *text);
/* buf has PREFIX_STRLEN octets. Returns buf. */
const char *prefix_text(const struct dnsbolt_client_key *prefix, char *buf);

/* For qsort(): a prefix comes before all that are in it, and these before whatever else follows. */
int prefix_compare(const void *a, const void *b);
/* Whether `inner` is in `outer`, or the same. */
bool prefix_holds(const struct dnsbolt_client_key *outer, const struct dnsbolt_client_key *inner);

#endif /* PREFIX_H */
