/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of one form: 16 octets, IPv4 mapped (::ffff:a.b.c.d), as in bpf/abi.h. */
#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../../bpf/abi.h"

#define ADDR_STRLEN 64 /* "[ipv6%interface]:port" with its end */

/* "192.0.2.1" or "2001:db8::1". -EINVAL. */
int addr_parse(struct dnsbolt_addr *ret_addr, const char *text);
/* "192.0.2.1:53" or "[2001:db8::1]:53". -EINVAL. */
int addr_parse_port(struct dnsbolt_addr *ret_addr, uint16_t *ret_port, const char *text);
bool addr_is_ipv4(const struct dnsbolt_addr *addr);
bool addr_is_link_local(const struct dnsbolt_addr *addr); /* fe80::/10 */
/* Writes the usual text form; buf has ADDR_STRLEN octets. Returns buf. */
const char *addr_text(const struct dnsbolt_addr *addr, char *buf);
void addr_from_sockaddr(struct dnsbolt_addr *ret_addr, const struct sockaddr *sa);
/* AF_INET for mapped addresses, else AF_INET6; port in host order; scope: interface index for link-local
 * addresses, else ignored. Returns the length. */
socklen_t addr_to_sockaddr(struct sockaddr_storage *ret_sa, const struct dnsbolt_addr *addr,
			   uint16_t port, unsigned int scope);

#endif /* ADDR_H */
