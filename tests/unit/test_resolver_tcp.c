/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Over loopback, server and client in one thread; with a core whose replies are as long as the
 * query's ARCOUNT says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../userspace/resolver/tcp.h"
#include "core_fakes.h"

#define MESSAGE 14 /* octets of a query with its length */

static struct dnsbolt_config config = { .abi = DNSBOLT_ABI, .max_udp = 1232 };
static struct env_store view = { .config = &config };
static struct ipc_stats stats;

enum dnsbolt_reason core_message(struct core *core, uint8_t *msg, size_t *len, size_t room,
				 bool tcp)
{
	size_t wanted = (size_t)msg[10] << 8 | msg[11];

	(void)core;
	assert_true(tcp);
	assert_true(wanted <= room);
	if (*len > 512)
		return REASON_message_long;
	if (msg[2] & 0x80)
		return REASON_response;
	if (wanted > *len)
		memset(msg + *len, msg[1], wanted - *len);
	*len = wanted;
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
	struct tcp tcp;
	struct sockaddr_in addr;
};

static int setup(void **state)
{
	static struct bed bed;
	socklen_t len = sizeof(bed.addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memset(&bed, 0, sizeof(bed));
	memset(&stats, 0, sizeof(stats));
	bed.answer = (struct answer){ .view = &view, .stats = &stats, .refresh = refresh };
	bed.addr.sin_family = AF_INET;
	bed.addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_return_code(bind(fd, (struct sockaddr *)&bed.addr, len), errno);
	assert_return_code(listen(fd, 64), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)&bed.addr, &len), errno);
	assert_int_equal(uv_loop_init(&bed.loop), 0);
	assert_int_equal(tcp_init(&bed.tcp, &bed.loop, &bed.answer, NULL), 0);
	assert_int_equal(tcp_add(&bed.tcp, fd), 0);
	assert_int_equal(tcp_serve(&bed.tcp), 0);
	*state = &bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	tcp_abort(&bed->tcp);
	(void)uv_run(&bed->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bed->loop), 0);
	assert_int_equal(stats.tcp_open, 0);
	tcp_done(&bed->tcp);
	return 0;
}

static void turn(struct bed *bed, unsigned int ms)
{
	uint64_t end = uv_hrtime() + ms * 1000000ull;

	do {
		(void)uv_run(&bed->loop, UV_RUN_NOWAIT);
		(void)usleep(200);
	} while (uv_hrtime() < end);
}

static int connect_client(struct bed *bed)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_return_code(connect(fd, (struct sockaddr *)&bed->addr, sizeof(bed->addr)), errno);
	assert_return_code(fcntl(fd, F_SETFL, O_NONBLOCK), errno);
	turn(bed, 2);
	return fd;
}

/* Query `id` that asks for a reply of `size` octets. */
static void put_query(uint8_t *to, uint16_t id, uint16_t size)
{
	memset(to, 0, MESSAGE);
	to[1] = MESSAGE - 2;
	to[2] = (uint8_t)(id >> 8);
	to[3] = (uint8_t)id;
	to[12] = (uint8_t)(size >> 8);
	to[13] = (uint8_t)size;
}

static void send_query(int fd, uint16_t id, uint16_t size)
{
	uint8_t query[MESSAGE];

	put_query(query, id, size);
	assert_int_equal(send(fd, query, sizeof(query), 0), sizeof(query));
}

/* Returns how many of `len` octets came within two seconds, before the end of the connection. */
static size_t receive(struct bed *bed, int fd, uint8_t *to, size_t len)
{
	uint64_t end = uv_hrtime() + 2000000000ull;
	size_t got = 0;

	while (got < len && uv_hrtime() < end) {
		ssize_t n = recv(fd, to + got, len - got, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			got += (size_t)n;
		(void)uv_run(&bed->loop, UV_RUN_NOWAIT);
	}
	return got;
}

static void assert_reply(struct bed *bed, int fd, uint16_t id, uint16_t size)
{
	static uint8_t reply[UINT16_MAX];

	assert_int_equal(receive(bed, fd, reply, 2), 2);
	assert_int_equal(reply[0] << 8 | reply[1], size);
	assert_int_equal(receive(bed, fd, reply, size), size);
	assert_int_equal(reply[0] << 8 | reply[1], id);
	assert_int_equal(reply[2], 0x80);
	for (size_t i = MESSAGE; i < size; i++)
		assert_int_equal(reply[i], id & 0xff);
}

/* The peer has closed, and nothing came before that. */
static void assert_closed(struct bed *bed, int fd, unsigned int ms)
{
	uint64_t end = uv_hrtime() + ms * 1000000ull;
	uint8_t octet;
	ssize_t n;

	do {
		turn(bed, 5);
		n = recv(fd, &octet, 1, 0);
	} while (n < 0 && errno == EAGAIN && uv_hrtime() < end);
	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
	(void)close(fd);
}

static void queries_of_one_segment_are_answered_in_order(void **state)
{
	uint8_t queries[100 * MESSAGE];
	int fd = connect_client(*state);

	for (uint16_t i = 0; i < 100; i++)
		put_query(queries + i * MESSAGE, i, (uint16_t)(12 + i * 7));
	assert_int_equal(send(fd, queries, sizeof(queries), 0), sizeof(queries));
	for (uint16_t i = 0; i < 100; i++)
		assert_reply(*state, fd, i, (uint16_t)(12 + i * 7));
	assert_int_equal(stats.reason[ANSWER_TCP][REASON_answer], 100);
	(void)close(fd);
}

static void a_query_may_come_octet_by_octet(void **state)
{
	uint8_t query[MESSAGE];
	int fd = connect_client(*state);

	put_query(query, 7, 40);
	for (unsigned int i = 0; i < MESSAGE; i++) {
		assert_int_equal(send(fd, query + i, 1, 0), 1);
		turn(*state, 1);
	}
	assert_reply(*state, fd, 7, 40);
	(void)close(fd);
}

static void the_largest_reply_comes_whole(void **state)
{
	int fd = connect_client(*state);

	send_query(fd, 1, UINT16_MAX);
	send_query(fd, 2, UINT16_MAX);
	assert_reply(*state, fd, 1, UINT16_MAX);
	assert_reply(*state, fd, 2, UINT16_MAX);
	(void)close(fd);
}

/* Sixty million octets of replies, and a client that first only asks. */
static void who_does_not_read_is_not_read_from(void **state)
{
	int fd = connect_client(*state);
	unsigned int asked = 0;
	uint64_t answered;

	for (; asked < 60000; asked++) {
		uint8_t query[MESSAGE];
		ssize_t n;

		put_query(query, (uint16_t)asked, 1000);
		n = send(fd, query, sizeof(query), 0);
		if (n < 0)
			break;
		assert_int_equal(n, sizeof(query));
		(void)uv_run(&((struct bed *)*state)->loop, UV_RUN_NOWAIT);
	}
	turn(*state, 20);
	answered = stats.reason[ANSWER_TCP][REASON_answer];
	turn(*state, 20);
	assert_int_equal(answered, stats.reason[ANSWER_TCP][REASON_answer]);
	assert_true(answered < asked);
	for (unsigned int i = 0; i < asked; i++)
		assert_reply(*state, fd, (uint16_t)i, 1000);
	(void)close(fd);
}

static void lengths_that_are_no_dns_close_the_connection(void **state)
{
	static const uint8_t lengths[] = { 0, 1, 11 };

	for (unsigned int i = 0; i < sizeof(lengths); i++) {
		uint8_t bad[2] = { 0, lengths[i] };
		int fd = connect_client(*state);

		send_query(fd, 5, 30);
		assert_int_equal(send(fd, bad, 2, 0), 2);
		assert_reply(*state, fd, 5, 30);
		assert_closed(*state, fd, 500);
	}
}

static void a_query_that_is_too_long_is_refused_and_the_next_answered(void **state)
{
	static uint8_t longest[2 + 60000];
	int fd = connect_client(*state);

	memset(longest, 0xaa, sizeof(longest));
	longest[0] = 60000 >> 8;
	longest[1] = 60000 & 255;
	longest[4] = 0; /* QR */
	for (size_t at = 0; at < sizeof(longest);) {
		ssize_t n = send(fd, longest + at, sizeof(longest) - at, 0);

		if (n > 0)
			at += (size_t)n;
		turn(*state, 1);
	}
	send_query(fd, 9, 50);
	assert_int_equal(receive(*state, fd, longest, MESSAGE), MESSAGE);
	assert_int_equal(longest[5], 1); /* FORMERR */
	assert_reply(*state, fd, 9, 50);
	(void)close(fd);
}

static void a_response_gets_no_reply(void **state)
{
	uint8_t response[MESSAGE];
	int fd = connect_client(*state);

	put_query(response, 1, 100);
	response[4] = 0x80;
	assert_int_equal(send(fd, response, sizeof(response), 0), sizeof(response));
	send_query(fd, 2, 100);
	assert_reply(*state, fd, 2, 100);
	(void)close(fd);
}

static void a_client_that_has_said_all_gets_all(void **state)
{
	int fd = connect_client(*state);

	for (uint16_t i = 0; i < 40; i++)
		send_query(fd, i, 50000);
	assert_return_code(shutdown(fd, SHUT_WR), errno);
	turn(*state, 10);
	for (uint16_t i = 0; i < 40; i++)
		assert_reply(*state, fd, i, 50000);
	assert_closed(*state, fd, 500);
}

static void too_many_connections_are_closed_at_once(void **state)
{
	struct bed *bed = *state;
	int fd[4];

	bed->tcp.max_conns = 3;
	for (unsigned int i = 0; i < 4; i++)
		fd[i] = connect_client(bed);
	assert_closed(bed, fd[3], 500);
	assert_int_equal(stats.tcp_connections, 3);
	assert_int_equal(stats.tcp_open, 3);
	assert_int_equal(stats.tcp_refused, 1);
	send_query(fd[2], 1, 20);
	assert_reply(bed, fd[2], 1, 20);
	(void)close(fd[0]);
	turn(bed, 5);
	assert_int_equal(stats.tcp_open, 2);
	fd[3] = connect_client(bed);
	send_query(fd[3], 1, 20);
	assert_reply(bed, fd[3], 1, 20);
	for (unsigned int i = 1; i < 4; i++)
		(void)close(fd[i]);
}

/* Octets that never become a query do not count as life, nor does a reply that is not read. */
static void idle_connections_end_sooner_when_there_are_many(void **state)
{
	struct bed *bed = *state;
	int idle, trickle, deaf, lively;

	idle = connect_client(bed);
	trickle = connect_client(bed);
	deaf = connect_client(bed);
	lively = connect_client(bed);
	bed->tcp.max_conns = 2; /* four are many, down to two */
	for (uint16_t i = 0; i < 200; i++)
		send_query(deaf, i, 60000);
	for (uint16_t i = 0; i < 12; i++) {
		uint8_t octet = 0;

		turn(bed, 220);
		(void)send(trickle, i ? &octet : (const uint8_t *)"\x01", 1, MSG_NOSIGNAL);
		send_query(lively, i, 20);
		assert_reply(bed, lively, i, 20);
	}
	assert_int_equal(stats.tcp_open, 1);
	assert_closed(bed, idle, 100);
	(void)close(trickle);
	(void)close(deaf);
	(void)close(lively);
}

static void at_the_end_what_is_queued_is_written(void **state)
{
	struct bed *bed = *state;
	int fd = connect_client(bed), idle = connect_client(bed);
	uint8_t reply[4096];
	size_t got = 0, n;

	for (uint16_t i = 0; i < 200; i++)
		send_query(fd, i, 60000);
	turn(bed, 20);
	tcp_stop(&bed->tcp);
	assert_closed(bed, idle, 100);
	while ((n = receive(bed, fd, reply, sizeof(reply))) > 0)
		got += n;
	/* Whole replies; those that were not composed yet are not. */
	assert_true(got > 0);
	assert_int_equal(got % 60002, 0);
	(void)close(fd);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(queries_of_one_segment_are_answered_in_order),
		CASE(a_query_may_come_octet_by_octet),
		CASE(the_largest_reply_comes_whole),
		CASE(who_does_not_read_is_not_read_from),
		CASE(lengths_that_are_no_dns_close_the_connection),
		CASE(a_query_that_is_too_long_is_refused_and_the_next_answered),
		CASE(a_response_gets_no_reply),
		CASE(a_client_that_has_said_all_gets_all),
		CASE(too_many_connections_are_closed_at_once),
		CASE(idle_connections_end_sooner_when_there_are_many),
		CASE(at_the_end_what_is_queued_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
