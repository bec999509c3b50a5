/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe.h"

#include <errno.h>
#include <libknot/libknot.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../userspace/lib/addr.h"

#define PAYLOAD 1232 /* octets of reply that we take */

/* 192.0.2.0/24 (RFC 7871 section 6): a prefix of documentation, which no server has data for. */
static const uint8_t client_subnet[] = { 0, 1, 24, 0, 192, 0, 2 };

static const struct {
	uint16_t code;
	uint32_t option;
} probed[] = {
	{ KNOT_EDNS_OPTION_NSID, DNSBOLT_OPT_NSID },
	{ KNOT_EDNS_OPTION_CLIENT_SUBNET, DNSBOLT_OPT_ECS },
	{ KNOT_EDNS_OPTION_EXPIRE, DNSBOLT_OPT_EXPIRE },
};
#define PROBED (sizeof(probed) / sizeof(probed[0]))

static int add_options(knot_rrset_t *opt)
{
	uint8_t cookie[PROBE_CLIENT_COOKIE];
	int err;

	if (getrandom(cookie, sizeof(cookie), 0) != (ssize_t)sizeof(cookie))
		return -EIO;
	err = knot_edns_add_option(opt, KNOT_EDNS_OPTION_NSID, 0, NULL, NULL);
	if (err == KNOT_EOK)
		err = knot_edns_add_option(opt, KNOT_EDNS_OPTION_CLIENT_SUBNET,
					   sizeof(client_subnet), client_subnet, NULL);
	if (err == KNOT_EOK)
		err = knot_edns_add_option(opt, KNOT_EDNS_OPTION_EXPIRE, 0, NULL, NULL);
	if (err == KNOT_EOK)
		err = knot_edns_add_option(opt, KNOT_EDNS_OPTION_COOKIE, sizeof(cookie), cookie,
					   NULL);
	return err == KNOT_EOK ? 0 : -ENOMEM;
}

/* Outlives knot_pkt_free(), unlike an OPT that the packet owns. */
static int put_opt(knot_pkt_t *query, knot_rrset_t *opt)
{
	int err;

	err = knot_edns_init(opt, PAYLOAD, 0, 0, NULL);
	if (err != KNOT_EOK)
		return -ENOMEM;
	err = add_options(opt);
	if (!err)
		err = knot_pkt_begin(query, KNOT_ADDITIONAL)
			      ?: knot_pkt_put(query, KNOT_COMPR_HINT_NONE, opt, 0);
	return err ? -EINVAL : 0;
}

static int make_query(uint8_t *wire, size_t room, size_t *ret_len, const uint8_t *name)
{
	knot_rrset_t opt = {};
	knot_pkt_t *query;
	uint16_t id;
	int err;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return -EIO;
	query = knot_pkt_new(wire, (uint16_t)room, NULL);
	if (!query)
		return -ENOMEM;
	knot_wire_set_id(query->wire, id);
	err = knot_pkt_put_question(query, name, KNOT_CLASS_IN, KNOT_RRTYPE_SOA);
	err = err == KNOT_EOK ? put_opt(query, &opt) : -EINVAL;
	if (!err)
		*ret_len = query->size;
	knot_pkt_free(query);
	knot_rrset_clear(&opt, NULL);
	return err;
}

/* What is shorter than a server cookie, or longer, is none. */
static void read_cookie(const knot_pkt_t *reply, struct probe_reply *to)
{
	const uint8_t *option = knot_pkt_edns_option(reply, KNOT_EDNS_OPTION_COOKIE);
	size_t len = option ? knot_edns_opt_get_length(option) : 0;

	if (len <= PROBE_CLIENT_COOKIE || len > PROBE_COOKIE_MAX)
		return;
	memcpy(to->cookie, knot_edns_opt_get_data((uint8_t *)option), len);
	to->cookie_len = len;
}

/* false: not a reply to that query. */
static bool read_reply(uint8_t *wire, size_t len, const uint8_t *query,
		       struct probe_reply *ret_reply)
{
	knot_pkt_t *reply;
	bool good;

	if (len < KNOT_WIRE_HEADER_SIZE || !knot_wire_get_qr(wire) ||
	    knot_wire_get_id(wire) != knot_wire_get_id(query))
		return false;
	reply = knot_pkt_new(wire, (uint16_t)len, NULL);
	if (!reply)
		return false;
	good = knot_pkt_parse(reply, 0) == KNOT_EOK;
	if (good)
		*ret_reply = (struct probe_reply){ .options = 0 };
	for (size_t i = 0; good && i < PROBED; i++) {
		if (knot_pkt_edns_option(reply, probed[i].code))
			ret_reply->options |= probed[i].option;
	}
	if (good)
		read_cookie(reply, ret_reply);
	knot_pkt_free(reply);
	return good;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_reply(int fd, const uint8_t *query, unsigned int timeout_ms,
		      struct probe_reply *ret_reply)
{
	int64_t end = now_ms() + timeout_ms;
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	uint8_t wire[PAYLOAD];

	for (;;) {
		int64_t left = end - now_ms();
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&readable, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		n = recv(fd, wire, sizeof(wire), MSG_DONTWAIT);
		if (n >= 0 && read_reply(wire, (size_t)n, query, ret_reply))
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

static int tell_client(int fd, struct dnsbolt_addr *ret_addr)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	addr_from_sockaddr(ret_addr, (const struct sockaddr *)&sa);
	return 0;
}

int probe_host(const struct dnsbolt_addr *address, uint16_t port, const uint8_t *name,
	       unsigned int timeout_ms, struct probe_reply *ret_reply)
{
	uint8_t query[KNOT_WIRE_MIN_PKTSIZE] = {};
	struct sockaddr_storage sa;
	struct dnsbolt_addr client;
	size_t len = 0;
	socklen_t sa_len;
	int fd, err;

	err = make_query(query, sizeof(query), &len, name);
	if (err)
		return err;
	sa_len = addr_to_sockaddr(&sa, address, port, 0);
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Connected, so that nobody else can reply and an ICMP error is noticed. */
	if (connect(fd, (const struct sockaddr *)&sa, sa_len) < 0 || send(fd, query, len, 0) < 0)
		err = -errno;
	if (!err)
		err = tell_client(fd, &client);
	if (!err)
		err = wait_reply(fd, query, timeout_ms, ret_reply);
	if (!err)
		ret_reply->client = client;
	close(fd);
	return err;
}
