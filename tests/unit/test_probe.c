/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_host() against servers of every manner, on loopback. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "loader/probe.h"
#include "userspace/lib/addr.h"

#define TIMEOUT_MS 3000
#define SILENCE_MS 200

static const uint8_t apex[] = "\7example\3org";
static const uint8_t option_data[16] = { 1, 2, 3, 4 };

/* A server for one query: what is in `options` comes back, after `noise` replies that are none. */
struct server {
	int fd;
	uint16_t port;
	pthread_t thread;
	const uint16_t *options; /* codes, 0 at the end; NULL: no OPT */
	bool silent, noise;
	bool well_formed; /* of the query: SOA, each option once with the length it should have */
};

static size_t option_length(const knot_pkt_t *query, uint16_t code)
{
	const uint8_t *option = knot_pkt_edns_option(query, code);

	return option ? knot_edns_opt_get_length(option) : SIZE_MAX;
}

static bool is_well_formed(const knot_pkt_t *query)
{
	return knot_dname_is_equal(knot_pkt_qname(query), apex) &&
	       knot_pkt_qtype(query) == KNOT_RRTYPE_SOA &&
	       option_length(query, KNOT_EDNS_OPTION_NSID) == 0 &&
	       option_length(query, KNOT_EDNS_OPTION_CLIENT_SUBNET) == 7 &&
	       option_length(query, KNOT_EDNS_OPTION_EXPIRE) == 0 &&
	       option_length(query, KNOT_EDNS_OPTION_COOKIE) == 8;
}

/* Makes the reply in `wire`, returns its length. */
static size_t make_reply(const struct server *server, uint8_t *wire, size_t room,
			 const knot_pkt_t *query)
{
	knot_pkt_t *reply = knot_pkt_new(wire, (uint16_t)room, NULL);
	knot_rrset_t opt = {};
	size_t len;

	assert_int_equal(knot_pkt_init_response(reply, query), KNOT_EOK);
	if (server->options) {
		assert_int_equal(knot_edns_init(&opt, 1232, 0, 0, NULL), KNOT_EOK);
		for (const uint16_t *code = server->options; *code; code++)
			assert_int_equal(knot_edns_add_option(&opt, *code, sizeof(option_data),
							      option_data, NULL),
					 KNOT_EOK);
		assert_int_equal(knot_pkt_begin(reply, KNOT_ADDITIONAL), KNOT_EOK);
		assert_int_equal(knot_pkt_put(reply, KNOT_COMPR_HINT_NONE, &opt, 0), KNOT_EOK);
	}
	len = reply->size;
	knot_pkt_free(reply);
	knot_rrset_clear(&opt, NULL);
	return len;
}

static void send_noise(int fd, const uint8_t *reply, size_t len, const struct sockaddr *to,
		       socklen_t to_len)
{
	uint8_t wrong[1232];

	memcpy(wrong, reply, len);
	wrong[0] ^= 0xff; /* another query's id */
	(void)sendto(fd, wrong, len, 0, to, to_len);
	memcpy(wrong, reply, len);
	wrong[2] &= 0x7f; /* a query */
	(void)sendto(fd, wrong, len, 0, to, to_len);
	(void)sendto(fd, reply, 5, 0, to, to_len);
	(void)sendto(fd, reply, len - 3, 0, to, to_len);
	(void)sendto(fd, reply, 0, 0, to, to_len);
}

static void *serve(void *arg)
{
	uint8_t wire[1232], out[1232] = {};
	struct server *server = arg;
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	knot_pkt_t *query;
	ssize_t n;

	n = recvfrom(server->fd, wire, sizeof(wire), 0, (struct sockaddr *)&from, &from_len);
	if (n < 0)
		return NULL;
	query = knot_pkt_new(wire, (uint16_t)n, NULL);
	if (query && knot_pkt_parse(query, 0) == KNOT_EOK) {
		size_t len = make_reply(server, out, sizeof(out), query);

		server->well_formed = is_well_formed(query);
		if (server->noise)
			send_noise(server->fd, out, len, (struct sockaddr *)&from, from_len);
		if (!server->silent)
			(void)sendto(server->fd, out, len, 0, (struct sockaddr *)&from, from_len);
	}
	knot_pkt_free(query);
	return NULL;
}

static void bind_server(struct server *server, const struct dnsbolt_addr *address)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, address, 0, 0);

	server->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(server->fd >= 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&sa, &len), 0);
	server->port = ntohs(sa.ss_family == AF_INET ? ((struct sockaddr_in *)&sa)->sin_port
						     : ((struct sockaddr_in6 *)&sa)->sin6_port);
}

static int probe(struct server *server, const char *address, unsigned int timeout_ms,
		 struct probe_reply *ret_reply)
{
	struct dnsbolt_addr addr;
	int err;

	assert_int_equal(addr_parse(&addr, address), 0);
	bind_server(server, &addr);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
	err = probe_host(&addr, server->port, apex, timeout_ms, ret_reply);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	close(server->fd);
	return err;
}

static void options_that_come_back_are_told(void **state)
{
	static const struct {
		uint16_t codes[5];
		uint32_t options;
		size_t cookie_len;
	} row[] = {
		{ { 0 }, 0, 0 },
		{ { KNOT_EDNS_OPTION_COOKIE }, 0, 16 },
		{ { KNOT_EDNS_OPTION_NSID, KNOT_EDNS_OPTION_EXPIRE },
		  DNSBOLT_OPT_NSID | DNSBOLT_OPT_EXPIRE,
		  0 },
		{ { KNOT_EDNS_OPTION_CLIENT_SUBNET }, DNSBOLT_OPT_ECS, 0 },
		{ { KNOT_EDNS_OPTION_NSID, KNOT_EDNS_OPTION_CLIENT_SUBNET, KNOT_EDNS_OPTION_EXPIRE,
		    KNOT_EDNS_OPTION_COOKIE },
		  DNSBOLT_OPT_NSID | DNSBOLT_OPT_ECS | DNSBOLT_OPT_EXPIRE,
		  16 },
		{ { KNOT_EDNS_OPTION_PADDING }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct server server = { .options = row[i].codes };
		struct probe_reply reply = { .options = ~0u, .cookie_len = 77 };

		assert_int_equal(probe(&server, "127.0.0.1", TIMEOUT_MS, &reply), 0);
		assert_int_equal(reply.options, row[i].options);
		assert_int_equal(reply.cookie_len, row[i].cookie_len);
		if (reply.cookie_len)
			assert_memory_equal(reply.cookie, option_data, sizeof(option_data));
		assert_true(server.well_formed);
	}
}

static void a_server_without_edns_answers_no_option(void **state)
{
	struct server server = {};
	struct probe_reply reply = { .options = ~0u };

	(void)state;
	assert_int_equal(probe(&server, "127.0.0.1", TIMEOUT_MS, &reply), 0);
	assert_int_equal(reply.options, 0);
}

static void ipv6_is_probed_alike(void **state)
{
	static const uint16_t codes[] = { KNOT_EDNS_OPTION_COOKIE, 0 };
	struct server server = { .options = codes };
	struct probe_reply reply = {};
	struct dnsbolt_addr loopback;

	(void)state;
	assert_int_equal(probe(&server, "::1", TIMEOUT_MS, &reply), 0);
	assert_int_equal(reply.cookie_len, 16);
	assert_int_equal(addr_parse(&loopback, "::1"), 0);
	assert_memory_equal(&reply.client, &loopback, sizeof(loopback));
}

static void what_is_no_reply_is_passed_over(void **state)
{
	static const uint16_t codes[] = { KNOT_EDNS_OPTION_NSID, 0 };
	struct server server = { .options = codes, .noise = true };
	struct probe_reply reply = {};

	(void)state;
	assert_int_equal(probe(&server, "127.0.0.1", TIMEOUT_MS, &reply), 0);
	assert_int_equal(reply.options, DNSBOLT_OPT_NSID);
}

static void silence_ends_in_time(void **state)
{
	struct server server = { .silent = true, .noise = true };
	struct probe_reply reply = { .options = 77 };

	(void)state;
	assert_int_equal(probe(&server, "127.0.0.1", SILENCE_MS, &reply), -ETIMEDOUT);
	assert_int_equal(reply.options, 77);
}

static void a_closed_port_is_told_apart(void **state)
{
	struct dnsbolt_addr addr;
	struct server server = {};
	struct probe_reply reply = { .options = 77 };

	(void)state;
	assert_int_equal(addr_parse(&addr, "127.0.0.1"), 0);
	bind_server(&server, &addr);
	close(server.fd);
	assert_int_equal(probe_host(&addr, server.port, apex, TIMEOUT_MS, &reply), -ECONNREFUSED);
	assert_int_equal(reply.options, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_come_back_are_told),
		cmocka_unit_test(a_server_without_edns_answers_no_option),
		cmocka_unit_test(ipv6_is_probed_alike),
		cmocka_unit_test(what_is_no_reply_is_passed_over),
		cmocka_unit_test(silence_ends_in_time),
		cmocka_unit_test(a_closed_port_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
