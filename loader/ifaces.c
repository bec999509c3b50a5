/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ifaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../userspace/lib/addr.h"

#define DUMP_OCTETS 65536 /* of one datagram; the kernel sends at most 32768 at a time */

struct link_list {
	struct ifaces_link *link;
	size_t n, room;
};

static void copy_text(char *to, size_t room, const struct rtattr *attr)
{
	size_t len = RTA_PAYLOAD(attr);

	if (len >= room)
		len = room - 1;
	memcpy(to, RTA_DATA(attr), len);
	to[len] = '\0';
}

static uint32_t number(const struct rtattr *attr)
{
	uint32_t v = 0;

	if (RTA_PAYLOAD(attr) >= sizeof(v))
		memcpy(&v, RTA_DATA(attr), sizeof(v));
	return v;
}

static void read_kind(struct ifaces_link *link, const struct rtattr *info)
{
	const struct rtattr *attr = RTA_DATA(info);
	size_t left = RTA_PAYLOAD(info);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == IFLA_INFO_KIND)
			copy_text(link->kind, sizeof(link->kind), attr);
	}
}

static void read_attributes(struct ifaces_link *link, const struct rtattr *attr, size_t left)
{
	bool foreign = false;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		switch (attr->rta_type) {
		case IFLA_IFNAME:
			copy_text(link->name, sizeof(link->name), attr);
			break;
		case IFLA_MTU:
			link->mtu = number(attr);
			break;
		case IFLA_MASTER:
			link->master = number(attr);
			break;
		case IFLA_LINK:
			link->lower = number(attr);
			break;
		case IFLA_LINK_NETNSID:
			foreign = true;
			break;
		case IFLA_LINKINFO:
			read_kind(link, attr);
			break;
		case IFLA_ADDRESS:
			if (RTA_PAYLOAD(attr) == sizeof(link->mac))
				memcpy(link->mac, RTA_DATA(attr), sizeof(link->mac));
			break;
		}
	}
	if (foreign)
		link->lower = 0;
}

static int add_link(struct link_list *list, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *info = NLMSG_DATA(msg);
	struct ifaces_link *link;

	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 16;

		link = reallocarray(list->link, room, sizeof(*link));
		if (!link)
			return -ENOMEM;
		list->link = link;
		list->room = room;
	}
	link = &list->link[list->n++];
	memset(link, 0, sizeof(*link));
	link->ifindex = (unsigned int)info->ifi_index;
	link->flags = info->ifi_flags;
	read_attributes(link, IFLA_RTA(info), IFLA_PAYLOAD(msg));
	return 0;
}

/* 1: the dump goes on. */
static int read_datagram(struct link_list *list, const struct nlmsghdr *msg, size_t left)
{
	for (; NLMSG_OK(msg, left); msg = NLMSG_NEXT(msg, left)) {
		int err = 0;

		if (msg->nlmsg_type == NLMSG_DONE)
			return 0;
		if (msg->nlmsg_type == NLMSG_ERROR)
			err = ((const struct nlmsgerr *)NLMSG_DATA(msg))->error ?: -EPROTO;
		else if (msg->nlmsg_type == RTM_NEWLINK)
			err = add_link(list, msg);
		if (err)
			return err;
	}
	return 1;
}

static int ask_links(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.info = { .ifi_family = AF_UNSPEC },
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

static int dump_links(struct link_list *list, int fd)
{
	struct nlmsghdr *buf;
	int err;

	buf = malloc(DUMP_OCTETS);
	if (!buf)
		return -ENOMEM;
	err = ask_links(fd);
	for (err = err ?: 1; err == 1;) {
		ssize_t n = recv(fd, buf, DUMP_OCTETS, 0);

		if (n >= 0)
			err = read_datagram(list, buf, (size_t)n);
		else if (errno != EINTR)
			err = -errno;
	}
	free(buf);
	return err;
}

int ifaces_links(struct ifaces_link **ret_links, size_t *ret_n)
{
	struct link_list list = {};
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	err = dump_links(&list, fd);
	close(fd);
	if (err) {
		free(list.link);
		return err;
	}
	*ret_links = list.link;
	*ret_n = list.n;
	return 0;
}

int ifaces_link(struct ifaces_link *ret_link, const char *name)
{
	struct ifaces_link *links;
	size_t n;
	int err;

	err = ifaces_links(&links, &n);
	if (err)
		return err;
	err = -ENODEV;
	for (size_t i = 0; err && i < n; i++) {
		if (strcmp(links[i].name, name) == 0) {
			*ret_link = links[i];
			err = 0;
		}
	}
	free(links);
	return err;
}

static in_addr_t ipv4_of(const struct sockaddr *sa)
{
	return ((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr;
}

/* The address with all host bits set (RFC 922 section 7), whatever broadcast address is
 * configured. Subnets of /31 and /32 have none (RFC 3021). */
static bool subnet_broadcast(struct dnsbolt_addr *ret_addr, const struct ifaddrs *ifa)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	in_addr_t mask;

	if (ifa->ifa_addr->sa_family != AF_INET || !ifa->ifa_netmask)
		return false;
	mask = ipv4_of(ifa->ifa_netmask);
	if (ntohl(mask) >= 0xfffffffe)
		return false;
	sin.sin_addr.s_addr = ipv4_of(ifa->ifa_addr) | ~mask;
	addr_from_sockaddr(ret_addr, (const struct sockaddr *)&sin);
	return true;
}

/* Up to three entries of one address of the system. */
static size_t add_addresses(struct ifaces_address *to, const struct ifaddrs *ifa)
{
	unsigned int ifindex;
	size_t n = 0;

	if (!ifa->ifa_addr ||
	    (ifa->ifa_addr->sa_family != AF_INET && ifa->ifa_addr->sa_family != AF_INET6))
		return 0;
	ifindex = if_nametoindex(ifa->ifa_name);
	to[n] = (struct ifaces_address){ .ifindex = ifindex };
	addr_from_sockaddr(&to[n++].addr, ifa->ifa_addr);
	to[n] = (struct ifaces_address){ .ifindex = ifindex, .broadcast = true };
	if (subnet_broadcast(&to[n].addr, ifa))
		n++;
	if (ifa->ifa_addr->sa_family == AF_INET && (ifa->ifa_flags & IFF_BROADCAST) &&
	    ifa->ifa_broadaddr) {
		to[n] = (struct ifaces_address){ .ifindex = ifindex, .broadcast = true };
		addr_from_sockaddr(&to[n++].addr, ifa->ifa_broadaddr);
	}
	return n;
}

int ifaces_addresses(struct ifaces_address **ret_addresses, size_t *ret_n)
{
	struct ifaces_address *addresses;
	struct ifaddrs *list, *ifa;
	size_t room = 0, n = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (ifa = list; ifa; ifa = ifa->ifa_next)
		room += 3;
	addresses = calloc(room + 1, sizeof(*addresses));
	if (!addresses) {
		freeifaddrs(list);
		return -ENOMEM;
	}
	for (ifa = list; ifa; ifa = ifa->ifa_next)
		n += add_addresses(addresses + n, ifa);
	freeifaddrs(list);
	*ret_addresses = addresses;
	*ret_n = n;
	return 0;
}
