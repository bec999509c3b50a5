/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says of this host's interfaces and addresses. */
#ifndef IFACES_H
#define IFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bpf/abi.h"

/* One interface of this network namespace. */
struct ifaces_link {
	char name[IF_NAMESIZE];
	char kind[16]; /* "veth", "bond", "vlan" ...; empty: hardware, or not said */
	unsigned int ifindex;
	unsigned int mtu;
	unsigned int flags;  /* IFF_* */
	unsigned int master; /* bond or bridge it is a port of; 0: none */
	unsigned int lower;  /* what it stands on (VLAN); 0: none, or in another namespace */
	uint8_t mac[6];
};

/* All of them; free() the array. */
int ifaces_links(struct ifaces_link **ret_links, size_t *ret_n);

/* One, by name. -ENODEV: there is none. */
int ifaces_link(struct ifaces_link *ret_link, const char *name);

struct ifaces_address {
	struct dnsbolt_addr addr;
	unsigned int ifindex;
	bool broadcast; /* no address of the host: the broadcast address of one of its subnets */
};

/* All addresses of the host, and the IPv4 subnets' broadcast addresses; free() the array. */
int ifaces_addresses(struct ifaces_address **ret_addresses, size_t *ret_n);

#endif /* IFACES_H */
