/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zone text as libzscanner takes it. Everything is left as it is, octet by octet, but for what
 * that scanner refuses although zone files have it:
 *   - base64 and hexadecimal data split at any place (RFC 4034 sections 3.2 and 5.3): the pieces
 *     are joined;
 *   - "@" as one character of a longer name (only free-standing it is the origin, RFC 1035
 *     section 5.1): escaped;
 *   - the service parameter dohpath (RFC 9461): key7.
 * Each record still begins on its line.
 */
#ifndef ZONE_TEXT_H
#define ZONE_TEXT_H

#include <stddef.h>

/* free() *ret_out. -ENOMEM. */
int zone_text_prepare(char **ret_out, size_t *ret_len, const char *text, size_t len);

#endif /* ZONE_TEXT_H */
