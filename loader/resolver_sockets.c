/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resolver_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../userspace/lib/addr.h"

#define BACKLOG 1024	     /* connections; the kernel's somaxconn is a limit to it */
#define UDP_BUFFER (1 << 20) /* octets, for bursts; the kernel's rmem_max is a limit to it */

struct place {
	struct sockaddr_storage sa;
	socklen_t len;
	bool tcp;
	char text[ADDR_STRLEN + sizeof("[]:65535 (UDP)")];
};

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* IP_FREEBIND: an address may come later (VRRP, anycast routes), or be in duplicate address
 * detection. PMTUDISC_OMIT: a forged "fragmentation needed" must not make our replies fragments
 * (RFC 9715 section 3.1). */
static int set_family_options(int fd, sa_family_t family, bool tcp)
{
	int err;

	if (family == AF_INET) {
		err = set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
		if (!err && !tcp)
			err = set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
		return err;
	}
	err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err)
		err = set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	if (!err && !tcp)
		err = set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	return err;
}

/* SO_REUSEADDR is for connections of an earlier listener that are still in TIME_WAIT. With UDP it
 * would let any two programs share a port, so it is not set there. */
static int bind_socket(int *ret_fd, const struct place *place, bool reuse_port)
{
	int fd = socket(place->sa.ss_family,
			(place->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = set_family_options(fd, place->sa.ss_family, place->tcp);
	if (!err && place->tcp)
		err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err && reuse_port)
		err = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err && bind(fd, (const struct sockaddr *)&place->sa, place->len) < 0)
		err = -errno;
	if (err)
		(void)close(fd);
	else
		*ret_fd = fd;
	return err;
}

/* SO_REUSEPORT lets the next resolver take over without a gap; but two that set it share a port
 * also when they are strangers, each with a part of the queries. So the port is first asked for
 * alone. */
static int open_place(int *ret_fd, const struct place *place, bool shared)
{
	int fd, err;

	if (!shared) {
		err = bind_socket(&fd, place, false);
		if (err)
			return err;
		(void)close(fd);
	}
	err = bind_socket(&fd, place, true);
	if (err)
		return err;
	if (!place->tcp)
		(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER);
	else if (listen(fd, BACKLOG) < 0)
		err = -errno;
	if (err)
		(void)close(fd);
	else
		*ret_fd = fd;
	return err;
}

static int add_place(struct resolver_sockets *sockets, const struct place *place, bool shared,
		     const struct report *report)
{
	struct resolver_socket *grown;
	int fd, err;

	grown = reallocarray(sockets->socket, sockets->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	sockets->socket = grown;
	err = open_place(&fd, place, shared);
	if (err == -EADDRINUSE)
		report_say(report, LOG_LEVEL_ERROR,
			   "%s: in use by another program: set `fallback: host`, or stop it",
			   place->text);
	else if (err)
		report_say(report, LOG_LEVEL_ERROR, "%s: cannot be bound: %s", place->text,
			   strerror(-err));
	else
		sockets->socket[sockets->n++] = (struct resolver_socket){ fd, place->tcp };
	return err;
}

static int add_address(struct resolver_sockets *sockets, const struct dnsbolt_addr *addr,
		       uint16_t port, unsigned int scope, bool shared, const struct report *report)
{
	const char *format = addr_is_ipv4(addr) ? "%s:%u (%s)" : "[%s]:%u (%s)";
	char text[ADDR_STRLEN];
	struct place place;
	int err = 0;

	place.len = addr_to_sockaddr(&place.sa, addr, port, scope);
	for (int tcp = 0; tcp < 2 && !err; tcp++) {
		place.tcp = tcp;
		(void)snprintf(place.text, sizeof(place.text), format, addr_text(addr, text), port,
			       tcp ? "TCP" : "UDP");
		err = add_place(sockets, &place, shared, report);
	}
	return err;
}

/* A link-local address says nothing without its interface, and which one it is of is not known:
 * all are taken. */
static int add_link_local(struct resolver_sockets *sockets, const struct dnsbolt_addr *addr,
			  uint16_t port, const struct attach *attach, bool shared,
			  const struct report *report)
{
	const struct attach_iface *iface;
	int err = 0;

	for (unsigned int i = 0; !err && (iface = attach_iface(attach, i)); i++)
		err = add_address(sockets, addr, port, iface->ifindex, shared, report);
	return err;
}

int resolver_sockets_open(struct resolver_sockets *ret_sockets, const struct config *config,
			  const struct attach *attach, bool shared, const struct report *report)
{
	struct resolver_sockets sockets = { 0 };
	uint16_t port = config->listen->port;
	const struct dnsbolt_addr *addr;
	int err = 0;

	for (unsigned int i = 0; !err && (addr = attach_address(attach, i)); i++) {
		if (addr_is_link_local(addr))
			err = add_link_local(&sockets, addr, port, attach, shared, report);
		else
			err = add_address(&sockets, addr, port, 0, shared, report);
	}
	if (err)
		resolver_sockets_close(&sockets);
	else
		*ret_sockets = sockets;
	return err;
}

void resolver_sockets_close(struct resolver_sockets *sockets)
{
	for (unsigned int i = 0; i < sockets->n; i++)
		(void)close(sockets->socket[i].fd);
	free(sockets->socket);
	sockets->socket = NULL;
	sockets->n = 0;
}
