/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain names and RR types as text (RFC 1035 section 5.1, RFC 3597 section 5) and as libknot holds
 * them. */
#ifndef NAME_H
#define NAME_H

#include <libknot/dname.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_ERROR_LEN 512 /* octets of a message with its end */
#define NAME_TYPE_LEN 16   /* octets of a type as text with its end */

/* Reads a name; one without a final dot is absolute too. Letters keep their case. -EINVAL:
 * ret_error, NAME_ERROR_LEN octets or NULL, says what is wrong with which text. */
int name_parse(knot_dname_storage_t ret_name, const char *text, char *ret_error);
/* The same, lower-cased. */
int name_parse_lower(knot_dname_storage_t ret_name, const char *text, char *ret_error);
/* Writes the absolute form, with a final dot; returns buf. */
const char *name_text(const knot_dname_t *name, knot_dname_txt_storage_t buf);

/* "A", "aaaa", "TYPE65280". -EINVAL as above. */
int name_type_parse(uint16_t *ret_type, const char *text, char *ret_error);
/* Writes the mnemonic, or TYPEnnn where there is none; buf has NAME_TYPE_LEN octets. Returns
 * buf. */
const char *name_type_text(uint16_t type, char *buf);

#endif /* NAME_H */
