/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prefix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED 96 /* bits before an IPv4 address */

/* Bit i of the address, from the left. */
static bool bit(const struct dnsbolt_client_key *prefix, unsigned int i)
{
	return prefix->a[i / 8] >> (7 - i % 8) & 1;
}

static int parse_length(uint32_t *ret_length, const char *text, uint32_t max)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long length;

	if (digits == 0 || digits > 3 || text[digits])
		return -EINVAL;
	length = strtoul(text, NULL, 10);
	if (length > max)
		return -EINVAL;
	*ret_length = (uint32_t)length;
	return 0;
}

int prefix_parse(struct dnsbolt_client_key *ret_prefix, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct dnsbolt_client_key prefix;
	struct dnsbolt_addr addr;
	char address[ADDR_STRLEN];
	uint32_t before, length;
	int err;

	if (n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = '\0';
	err = addr_parse(&addr, address);
	if (err)
		return err;
	before = strchr(address, ':') ? 0 : MAPPED;
	length = PREFIX_MAX - before;
	err = slash ? parse_length(&length, slash + 1, length) : 0;
	if (err)
		return err;
	prefix.prefixlen = before + length;
	memcpy(prefix.a, addr.a, sizeof(prefix.a));
	for (unsigned int i = prefix.prefixlen; i < PREFIX_MAX; i++) {
		if (bit(&prefix, i))
			return -ERANGE;
	}
	*ret_prefix = prefix;
	return 0;
}

const char *prefix_text(const struct dnsbolt_client_key *prefix, char *buf)
{
	struct dnsbolt_addr addr;
	char text[ADDR_STRLEN];
	bool ipv4;

	memcpy(addr.a, prefix->a, sizeof(addr.a));
	/* ::ffff:0:0/95 and shorter are no prefixes of IPv4. */
	ipv4 = prefix->prefixlen >= MAPPED && addr_is_ipv4(&addr);
	(void)snprintf(buf, PREFIX_STRLEN, "%s/%u", addr_text(&addr, text),
		       prefix->prefixlen - (ipv4 ? MAPPED : 0));
	return buf;
}

int prefix_compare(const void *a, const void *b)
{
	const struct dnsbolt_client_key *left = a, *right = b;
	int order = memcmp(left->a, right->a, sizeof(left->a));

	if (order)
		return order;
	return (left->prefixlen > right->prefixlen) - (left->prefixlen < right->prefixlen);
}

bool prefix_holds(const struct dnsbolt_client_key *outer, const struct dnsbolt_client_key *inner)
{
	if (outer->prefixlen > inner->prefixlen)
		return false;
	for (unsigned int i = 0; i < outer->prefixlen; i++) {
		if (bit(outer, i) != bit(inner, i))
			return false;
	}
	return true;
}
