/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* RFC 4291 section 2.5.5.2 */
static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void set_ipv4(struct dnsbolt_addr *ret_addr, const void *ipv4)
{
	memcpy(ret_addr->a, mapped_prefix, sizeof(mapped_prefix));
	memcpy(ret_addr->a + sizeof(mapped_prefix), ipv4, 4);
}

int addr_parse(struct dnsbolt_addr *ret_addr, const char *text)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		set_ipv4(ret_addr, &ipv4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &ipv6) != 1)
		return -EINVAL;
	memcpy(ret_addr->a, &ipv6, sizeof(ret_addr->a));
	return 0;
}

/* Digits alone: strtoul() would take blanks, signs and "0x". */
static int parse_port(uint16_t *ret_port, const char *text)
{
	uint32_t port = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		port = port * 10 + (uint32_t)(*text - '0');
		if (port > UINT16_MAX)
			return -EINVAL;
	}
	if (port == 0)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

int addr_parse_port(struct dnsbolt_addr *ret_addr, uint16_t *ret_port, const char *text)
{
	bool brackets = *text == '[';
	const char *end = brackets ? strchr(text, ']') : strchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	struct dnsbolt_addr addr;
	size_t len;
	int err;

	if (!end || (brackets && end[1] != ':'))
		return -EINVAL;
	text += brackets;
	len = (size_t)(end - text);
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	/* Brackets go with colons in the address, as in a URL (RFC 3986 section 3.2.2). */
	if (brackets != (strchr(host, ':') != NULL))
		return -EINVAL;
	err = addr_parse(&addr, host);
	if (err)
		return err;
	err = parse_port(ret_port, end + 1 + brackets);
	if (err)
		return err;
	*ret_addr = addr;
	return 0;
}

bool addr_is_ipv4(const struct dnsbolt_addr *addr)
{
	return memcmp(addr->a, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool addr_is_link_local(const struct dnsbolt_addr *addr)
{
	return addr->a[0] == 0xfe && (addr->a[1] & 0xc0) == 0x80;
}

const char *addr_text(const struct dnsbolt_addr *addr, char *buf)
{
	bool ipv4 = addr_is_ipv4(addr);

	if (!inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? addr->a + sizeof(mapped_prefix) : addr->a,
		       buf, ADDR_STRLEN))
		buf[0] = '\0';
	return buf;
}

void addr_from_sockaddr(struct dnsbolt_addr *ret_addr, const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		set_ipv4(ret_addr, &((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	else if (sa->sa_family == AF_INET6)
		memcpy(ret_addr->a, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		       sizeof(ret_addr->a));
	else
		memset(ret_addr->a, 0, sizeof(ret_addr->a));
}

socklen_t addr_to_sockaddr(struct sockaddr_storage *ret_sa, const struct dnsbolt_addr *addr,
			   uint16_t port, unsigned int scope)
{
	memset(ret_sa, 0, sizeof(*ret_sa));
	if (addr_is_ipv4(addr)) {
		struct sockaddr_in *sin = (struct sockaddr_in *)ret_sa;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, addr->a + sizeof(mapped_prefix), sizeof(sin->sin_addr));
		return sizeof(*sin);
	}
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ret_sa;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	sin6->sin6_scope_id = addr_is_link_local(addr) ? scope : 0;
	memcpy(&sin6->sin6_addr, addr->a, sizeof(sin6->sin6_addr));
	return sizeof(*sin6);
}
