/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Over loopback, server and clients in one thread; with a core that answers every query by
 * itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../userspace/lib/addr.h"
#include "../../userspace/resolver/udp.h"
#include "core_fakes.h"

static struct dnsbolt_config config = { .abi = DNSBOLT_ABI, .max_udp = 1232 };
static struct env_store view = { .config = &config };
static struct ipc_stats stats;

enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp)
{
	(void)core;
	assert_false(tcp);
	assert_true(*len <= room);
	if (*len < 12)
		return REASON_message_short;
	if (*len > 512)
		return REASON_message_long;
	if (msg[2] & 0x80)
		return REASON_response;
	msg[2] |= 0x80;
	return REASON_answer;
}

static bool refresh(void *arg)
{
	(void)arg;
	return false;
}

struct bed {
	uv_loop_t loop;
	struct answer answer;
	struct udp udp;
	struct sockaddr_storage addr[3];
	socklen_t len[3];
};

static const char *const addresses[] = { "127.0.0.1", "127.0.0.2", "::1" };

static int setup(void **state)
{
	static struct bed bed;

	memset(&bed, 0, sizeof(bed));
	memset(&stats, 0, sizeof(stats));
	bed.answer = (struct answer){ .view = &view, .stats = &stats, .refresh = refresh };
	assert_int_equal(uv_loop_init(&bed.loop), 0);
	assert_int_equal(udp_init(&bed.udp, &bed.loop, &bed.answer, NULL), 0);
	for (unsigned int i = 0; i < 3; i++) {
		struct dnsbolt_addr addr;
		int fd;

		assert_int_equal(addr_parse(&addr, addresses[i]), 0);
		bed.len[i] = addr_to_sockaddr(&bed.addr[i], &addr, 0, 0);
		fd = socket(bed.addr[i].ss_family, SOCK_DGRAM, 0);
		assert_return_code(bind(fd, (struct sockaddr *)&bed.addr[i], bed.len[i]), errno);
		assert_return_code(getsockname(fd, (struct sockaddr *)&bed.addr[i], &bed.len[i]),
				   errno);
		assert_int_equal(udp_add(&bed.udp, fd), 0);
		if (i == 1)
			assert_int_equal(udp_serve(&bed.udp), 0); /* the last one comes late */
	}
	*state = &bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	udp_stop(&bed->udp);
	(void)uv_run(&bed->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bed->loop), 0);
	udp_done(&bed->udp);
	return 0;
}

static void turn(struct bed *bed)
{
	for (unsigned int i = 0; i < 20; i++) {
		(void)uv_run(&bed->loop, UV_RUN_NOWAIT);
		(void)usleep(100);
	}
}

/* Connected, so that a reply from another address would not arrive. */
static int connect_client(struct bed *bed, unsigned int i)
{
	int fd = socket(bed->addr[i].ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_return_code(connect(fd, (struct sockaddr *)&bed->addr[i], bed->len[i]), errno);
	return fd;
}

static void send_query(int fd, uint16_t id, size_t len)
{
	uint8_t query[65000] = { (uint8_t)(id >> 8), (uint8_t)id };

	assert_int_equal(send(fd, query, len, 0), len);
}

static void replies_come_from_the_address_that_was_asked(void **state)
{
	uint8_t reply[512];

	for (unsigned int i = 0; i < 3; i++) {
		int fd = connect_client(*state, i);

		send_query(fd, 77, 30);
		turn(*state);
		assert_int_equal(recv(fd, reply, sizeof(reply), 0), 30);
		assert_int_equal(reply[1], 77);
		assert_int_equal(reply[2], 0x80);
		(void)close(fd);
	}
}

static void a_burst_is_answered(void **state)
{
	int fd = connect_client(*state, 0);
	uint8_t reply[512];

	for (uint16_t i = 0; i < 150; i++)
		send_query(fd, i, 12);
	turn(*state);
	for (uint16_t i = 0; i < 150; i++) {
		assert_int_equal(recv(fd, reply, sizeof(reply), 0), 12);
		assert_int_equal(reply[1], i);
	}
	(void)close(fd);
}

static void what_is_no_query_gets_nothing_and_stops_nothing(void **state)
{
	int fd = connect_client(*state, 0);
	uint8_t reply[512], response[12] = { 0, 1, 0x80 };

	send_query(fd, 1, 0);
	send_query(fd, 1, 11);
	assert_int_equal(send(fd, response, sizeof(response), 0), sizeof(response));
	send_query(fd, 2, 12);
	turn(*state);
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), 12);
	assert_int_equal(reply[1], 2);
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), -1);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_message_short], 2);
	assert_int_equal(stats.reason[ANSWER_UDP][REASON_response], 1);
	(void)close(fd);
}

static void a_query_that_is_too_long_is_formerr(void **state)
{
	int fd = connect_client(*state, 0);
	uint8_t reply[512];

	send_query(fd, 3, 65000);
	turn(*state);
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), 12);
	assert_int_equal(reply[3], 1);
	(void)close(fd);
}

static void a_client_that_is_gone_costs_others_nothing(void **state)
{
	int gone = connect_client(*state, 0), fd = connect_client(*state, 0);
	uint8_t reply[512];

	for (uint16_t i = 0; i < 10; i++)
		send_query(gone, i, 12);
	send_query(fd, 9, 12);
	(void)close(gone);
	turn(*state);
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), 12);
	(void)close(fd);
}

static void what_waits_at_the_end_is_answered(void **state)
{
	struct bed *bed = *state;
	int fd = connect_client(bed, 0);
	uint8_t reply[512];

	send_query(fd, 4, 12);
	udp_stop(&bed->udp);
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), 12);
	(void)close(fd);
}

static void nothing_goes_where_no_client_is(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		bool bad;
	} rows[] = {
		{ "192.0.2.1", 53, false },	{ "127.0.0.1", 1024, false },
		{ "192.0.2.1", 0, true },	{ "0.0.0.0", 1024, true },
		{ "0.1.2.3", 1024, true },	{ "223.255.255.255", 1, false },
		{ "224.0.0.251", 5353, true },	{ "239.1.1.1", 1024, true },
		{ "240.0.0.1", 1024, true },	{ "255.255.255.255", 68, true },
		{ "2001:db8::1", 1024, false }, { "2001:db8::1", 0, true },
		{ "fe80::1", 1024, false },	{ "ff02::fb", 5353, true },
		{ "::", 1024, true },		{ "::1", 1024, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sockaddr_storage sa;
		struct dnsbolt_addr addr;

		assert_int_equal(addr_parse(&addr, rows[i].addr), 0);
		(void)addr_to_sockaddr(&sa, &addr, rows[i].port, 0);
		assert_int_equal(udp_bad_source((struct sockaddr *)&sa), rows[i].bad);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(replies_come_from_the_address_that_was_asked),
		CASE(a_burst_is_answered),
		CASE(what_is_no_query_gets_nothing_and_stops_nothing),
		CASE(a_query_that_is_too_long_is_formerr),
		CASE(a_client_that_is_gone_costs_others_nothing),
		CASE(what_waits_at_the_end_is_answered),
		cmocka_unit_test(nothing_goes_where_no_client_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
