/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NOTIFYs that come to dnsbolt-resolver, answered by who started it: see resolver_live.h. */
#include "resolver_live.h"

static struct {
	unsigned int n;
	struct dnsbolt_addr from;
	uint8_t msg[IPC_NOTIFY_MAX];
	size_t len;
} notified;

/* The query as its own answer. */
static size_t answer(const uint8_t *msg, size_t len, const struct dnsbolt_addr *from,
		     uint8_t *reply, void *arg)
{
	(void)arg;
	notified.n++;
	notified.from = *from;
	notified.len = len;
	memcpy(notified.msg, msg, len);
	memcpy(reply, msg, len);
	reply[2] |= 0x84;
	return len;
}

static size_t make_notify(uint8_t *to, uint16_t id)
{
	size_t len = make_query(to, id, "example", 6);

	to[2] = 0x24; /* NOTIFY, AA */
	return len;
}

/* Turns the loop until the socket has something, or is closed. */
static ssize_t receive(struct live *live, int fd, uint8_t *reply, size_t room)
{
	for (int i = 0; i < 3000; i++) {
		ssize_t n = recv(fd, reply, room, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		(void)uv_run(&live->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	fail_msg("nothing came");
	return -1;
}

static void it_comes_by_udp(void **state)
{
	struct live *live = need(state);
	uint8_t query[512], reply[512];
	size_t len = make_notify(query, 7);

	memset(&notified, 0, sizeof(notified));
	resolver_on_notify(live->resolver, answer, NULL);
	for (unsigned int i = 0; i < 2; i++) {
		int fd = connect_client(live, i, SOCK_DGRAM);
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof(sa);
		struct dnsbolt_addr own;

		assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &sa_len), 0);
		addr_from_sockaddr(&own, (struct sockaddr *)&sa);
		assert_int_equal(send(fd, query, len, 0), len);
		assert_int_equal(receive(live, fd, reply, sizeof(reply)), len);
		assert_int_equal(reply[2], 0xa4);
		assert_memory_equal(&notified.from, &own, sizeof(own));
		assert_int_equal(notified.len, len);
		assert_memory_equal(notified.msg, query, len);
		(void)close(fd);
	}
	assert_int_equal(resolver_stats(live->resolver)->reason[0][REASON_notify], 2);
}

/* Queries before it and behind it on the connection keep their order. */
static void it_comes_by_tcp_in_its_turn(void **state)
{
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_STREAM);
	uint8_t query[514], reply[4096];
	size_t len = make_notify(query + 2, 2), have = 0;
	uint16_t ids[3];

	resolver_on_notify(live->resolver, answer, NULL);
	send_tcp(fd, 1, "www.example", A);
	put_u16(query, len);
	assert_int_equal(send(fd, query, len + 2, 0), len + 2);
	send_tcp(fd, 3, "www.example", A);
	for (unsigned int i = 0; i < 3;) {
		size_t whole = have < 2 ? 0 : 2 + ((size_t)reply[0] << 8 | reply[1]);

		if (whole && have >= whole) {
			ids[i++] = (uint16_t)(reply[2] << 8 | reply[3]);
			have -= whole;
			memmove(reply, reply + whole, have);
			continue;
		}
		have += (size_t)receive(live, fd, reply + have, sizeof(reply) - have);
	}
	assert_int_equal(ids[0], 1);
	assert_int_equal(ids[1], 2);
	assert_int_equal(ids[2], 3);
	assert_int_equal(resolver_stats(live->resolver)->reason[1][REASON_notify], 1);
	(void)close(fd);
}

static size_t no_answer(const uint8_t *msg, size_t len, const struct dnsbolt_addr *from,
			uint8_t *reply, void *arg)
{
	(void)msg;
	(void)len;
	(void)from;
	(void)reply;
	(void)arg;
	notified.n++;
	return 0;
}

static void one_that_gets_no_answer_leaves_nothing(void **state)
{
	struct live *live = need(state);
	int udp = connect_client(live, 0, SOCK_DGRAM), tcp = connect_client(live, 0, SOCK_STREAM);
	uint8_t query[514], reply[512];
	size_t len = make_notify(query + 2, 7);

	memset(&notified, 0, sizeof(notified));
	resolver_on_notify(live->resolver, no_answer, NULL);
	put_u16(query, len);
	assert_int_equal(send(udp, query + 2, len, 0), len);
	assert_int_equal(send(tcp, query, len + 2, 0), len + 2);
	/* By TCP the end of the connection says so. */
	assert_int_equal(receive(live, tcp, reply, sizeof(reply)), 0);
	assert_int_equal(notified.n, 2);
	/* What comes next is answered as ever. */
	len = ask(udp, "www.example", A, reply, sizeof(reply));
	assert_true(is_answer(reply, len, "www.example", 4, 1));
	(void)close(udp);
	(void)close(tcp);
}

/* More than there are places for, nobody answers, and the first clients are gone. */
static void a_storm_keeps_no_more_than_its_places(void **state)
{
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_DGRAM), tcp = connect_client(live, 0, SOCK_STREAM);
	uint8_t query[514], reply[512];
	size_t len = make_notify(query + 2, 7);

	resolver_on_notify(live->resolver, NULL, NULL);
	put_u16(query, len);
	assert_int_equal(send(tcp, query, len + 2, 0), len + 2);
	(void)close(tcp);
	for (int i = 0; i < 1000; i++)
		(void)send(fd, query + 2, len, 0);
	len = ask(fd, "www.example", A, reply, sizeof(reply));
	assert_true(is_answer(reply, len, "www.example", 4, 1));
	resolver_on_notify(live->resolver, answer, NULL);
	for (int i = 0; i < 100; i++)
		(void)uv_run(&live->loop, UV_RUN_NOWAIT);
	while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
		;
	len = make_notify(query, 8);
	assert_int_equal(send(fd, query, len, 0), len);
	assert_int_equal(receive(live, fd, reply, sizeof(reply)), len);
	(void)close(fd);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(it_comes_by_udp),
		CASE(it_comes_by_tcp_in_its_turn),
		CASE(one_that_gets_no_answer_leaves_nothing),
		CASE(a_storm_keeps_no_more_than_its_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
