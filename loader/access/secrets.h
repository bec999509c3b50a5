/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The secrets of server cookies (RFC 9018 section 4), out of a file in which the first one makes cookies and the others
 * are accepted. A line has one: 32 hexadecimal digits, as in NSD's and Unbound's file, or as BIND's `cookie-secret
 * "HEX";` or Knot's `secret: 0xHEX`. Comments begin with '#' or '//'. No message has a digit of any.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRETS_MAX 3
#define SECRET_OCTETS 16
#define SECRETS_FAULT_LEN 512
#define SECRETS_PRINT_LEN 9 /* of a fingerprint, with its end */

struct secrets {
	uint32_t n; /* 1 to SECRETS_MAX */
	uint8_t octets[SECRETS_MAX][SECRET_OCTETS];
};

/* -EINVAL: ret_fault (SECRETS_FAULT_LEN) says what is wrong in which line. */
int secrets_parse(struct secrets *ret_secrets, const char *text, size_t len, char *ret_fault);
/* The same of a file; *ret_exposed: everyone on this host may read it. Other errors are those of reading. */
int secrets_read(struct secrets *ret_secrets, bool *ret_exposed, const char *path, char *ret_fault);
/* One of random octets. -EIO. */
int secrets_random(struct secrets *ret_secrets);

/* The first 8 hexadecimal digits of the secret's SHA-384, to compare sites by. Returns buf. */
const char *secrets_print(const uint8_t secret[SECRET_OCTETS], char buf[SECRETS_PRINT_LEN]);

#endif /* SECRETS_H */
