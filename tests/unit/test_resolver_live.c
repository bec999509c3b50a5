/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnsbolt-resolver as a whole: see resolver_live.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "resolver_live.h"

#define LONG_PART 60000u /* octets of text, to fill segments */

static void it_answers_from_every_address(void **state)
{
	struct live *live = need(state);
	uint8_t reply[4096];

	for (unsigned int i = 0; i < 2; i++) {
		int udp = connect_client(live, i, SOCK_DGRAM),
		    tcp = connect_client(live, i, SOCK_STREAM);
		size_t len = ask(udp, "www.example", A, reply, sizeof(reply));

		assert_true(is_answer(reply, len, "www.example", 4, 1));
		send_tcp(tcp, 1, "www.example", A);
		len = receive_tcp(tcp, reply);
		assert_true(is_answer(reply, len, "www.example", 4, 1));
		(void)close(udp);
		(void)close(tcp);
	}
	assert_int_equal(resolver_stats(live->resolver)->reason[0][REASON_answer], 2);
	assert_int_equal(resolver_stats(live->resolver)->reason[1][REASON_answer], 2);
	assert_int_equal(resolver_stats(live->resolver)->rcode[0], 4);
	assert_int_equal(resolver_stats(live->resolver)->tcp_connections, 2);
}

static void what_has_no_answer_has_its_rcode(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		uint8_t rcode, authority;
	} rows[] = {
		{ "www.example", 28, 0, 1 }, /* NODATA */
		{ "none.example", A, 3, 1 }, /* NXDOMAIN */
		{ "www.elsewhere", A, 5, 0 }, { "www.example", 252, 5, 0 },
		{ "www.example", 254, 4, 0 }, { "www.example", 250, 1, 0 },
	};
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_DGRAM);
	uint8_t reply[4096];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		(void)ask(fd, rows[i].name, rows[i].type, reply, sizeof(reply));
		assert_int_equal(reply[3], rows[i].rcode);
		assert_int_equal(reply[9], rows[i].authority);
		assert_int_equal(reply[11], 1);
	}
	(void)close(fd);
}

static void what_is_too_large_for_udp_comes_by_tcp(void **state)
{
	struct live *live = need(state);
	int udp = connect_client(live, 0, SOCK_DGRAM), tcp = connect_client(live, 0, SOCK_STREAM);
	uint8_t reply[8192];
	size_t len = ask(udp, "big.example", TXT, reply, sizeof(reply));

	assert_int_equal(reply[2], 0x87); /* TC */
	assert_int_equal(reply[7], 0);
	assert_true(len < 100);
	send_tcp(tcp, 1, "big.example", TXT);
	len = receive_tcp(tcp, reply);
	assert_true(is_answer(reply, len, "big.example", BIG, 1));
	(void)close(udp);
	(void)close(tcp);
}

static void replies_of_a_pipeline_keep_their_order(void **state)
{
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_STREAM);
	uint8_t reply[8192];

	for (uint16_t i = 0; i < 500; i++)
		send_tcp(fd, i, i % 3 ? "www.example" : "big.example", i % 3 ? A : TXT);
	for (uint16_t i = 0; i < 500; i++) {
		size_t len = receive_tcp(fd, reply);

		assert_int_equal(reply[0] << 8 | reply[1], i);
		assert_true(is_answer(reply, len, i % 3 ? "www.example" : "big.example",
				      i % 3 ? 4 : BIG, 1));
	}
	(void)close(fd);
}

static void a_change_is_in_the_next_answer(void **state)
{
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_DGRAM);
	uint8_t reply[4096];

	for (uint8_t mark = 2; mark < 20; mark++) {
		size_t len;

		publish(live->bed, mark);
		len = ask(fd, "www.example", A, reply, sizeof(reply));
		assert_true(is_answer(reply, len, "www.example", 4, mark));
	}
	(void)close(fd);
}

static void names_in_segments_that_came_later_are_answered(void **state)
{
	static uint8_t reply[UINT16_MAX];
	struct live *live = need(state);
	uint32_t zone = bed_zone(live->bed, "example");
	int fd = connect_client(live, 0, SOCK_STREAM);
	char name[64];
	size_t len;

	bed_begin(live->bed);
	for (unsigned int i = 0; i < 1500; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put_name(live->bed, zone, name, (uint8_t)i, LONG_PART);
	}
	flip(live->bed, zone, 2);
	bed_commit(live->bed);
	assert_true(bed_stats(live->bed).segments > 1);
	for (unsigned int i = 0; i < 1500; i += 7) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		send_tcp(fd, 1, name, TXT);
		len = receive_tcp(fd, reply);
		assert_true(is_answer(reply, len, name, LONG_PART, (uint8_t)i));
	}
	(void)close(fd);
}

#define BIG_QUESTION 17 /* octets of big.example TXT IN */

struct reader {
	int fd;
	uint8_t query[514];
	size_t query_len;
	bool stop;
	unsigned int answers, wrong, failures;
};

/* In a thread: no assertions, and nothing of the bed. */
static void *read_all_the_time(void *arg)
{
	static uint8_t reply[8192];
	struct reader *reader = arg;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED)) {
		size_t len;

		if (send(reader->fd, reader->query, reader->query_len, 0) < 0 ||
		    recv(reader->fd, reply, 2, MSG_WAITALL) != 2)
			break;
		len = (size_t)reply[0] << 8 | reply[1];
		if (len > sizeof(reply) ||
		    recv(reader->fd, reply, len, MSG_WAITALL) != (ssize_t)len)
			break;
		if (reply[3] == 2)
			reader->failures++;
		else if (!is_record(reply, len, BIG_QUESTION, BIG, reply[12 + BIG_QUESTION + 13]))
			reader->wrong++;
		reader->answers++;
	}
	return NULL;
}

/* Every change frees what the one before the last wrote, under the reader's eyes. */
static void answers_are_never_of_two_versions(void **state)
{
	struct live *live = need(state);
	static struct reader reader; /* outlives a failed assertion, as the thread does */
	pthread_t thread;

	reader = (struct reader){ .fd = connect_client(live, 0, SOCK_STREAM) };
	reader.query_len = 2 + make_query(reader.query + 2, 1, "big.example", TXT);
	put_u16(reader.query, reader.query_len - 2);
	assert_int_equal(pthread_create(&thread, NULL, read_all_the_time, &reader), 0);
	for (unsigned int i = 0; i < 150; i++) {
		publish(live->bed, (uint8_t)(1 + i % 200));
		(void)usleep(1000);
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(reader.fd);
	print_message("%u answers, %u SERVFAIL, %llu composed again\n", reader.answers,
		      reader.failures, (unsigned long long)resolver_stats(live->resolver)->retries);
	assert_int_equal(reader.wrong, 0);
	assert_true(reader.answers > 100);
	assert_true(reader.failures * 20 < reader.answers);
}

/* The rest of the line of /proc/PID/status that begins with `key`. */
static void status_line(pid_t pid, const char *key, char *ret_value, size_t room)
{
	char path[64], line[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	*ret_value = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			(void)snprintf(ret_value, room, "%s", line + strlen(key) + 2);
	}
	(void)fclose(file);
	ret_value[strcspn(ret_value, "\n")] = '\0';
}

static void it_has_no_privileges(void **state)
{
	static const char *const empty[] = { "CapInh", "CapPrm", "CapEff", "CapAmb" };
	struct live *live = need(state);
	pid_t pid = resolver_pid(live->resolver);
	char value[256], path[64];
	struct stat st;

	for (size_t i = 0; i < 4; i++) {
		status_line(pid, empty[i], value, sizeof(value));
		assert_string_equal(value, "0000000000000000");
	}
	status_line(pid, "NoNewPrivs", value, sizeof(value));
	assert_string_equal(value, "1");
	status_line(pid, "Uid", value, sizeof(value));
	assert_string_equal(value, "65534\t65534\t65534\t65534");
	status_line(pid, "Gid", value, sizeof(value));
	assert_string_equal(value, "65534\t65534\t65534\t65534");
	status_line(pid, "Groups", value, sizeof(value));
	assert_true(value[strspn(value, " ")] == '\0');
	/* What is not dumpable belongs to root in /proc. */
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	assert_return_code(stat(path, &st), errno);
	assert_int_equal(st.st_uid, 0);
}

/* Of the maps only those of the names and of the clients, which it can but read. */
static void it_keeps_no_descriptor_that_writes_the_store(void **state)
{
	struct live *live = need(state);
	unsigned int n = 0;

	for (int fd = 0; fd < 64; fd++) {
		char path[64], link[256], line[256];
		unsigned int flags = 0;
		ssize_t len;
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d",
			       (int)resolver_pid(live->resolver), fd);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		if (!strstr(link, "bpf-map"))
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d",
			       (int)resolver_pid(live->resolver), fd);
		file = fopen(path, "r");
		assert_non_null(file);
		while (fgets(line, sizeof(line), file))
			(void)sscanf(line, "flags: %o", &flags);
		(void)fclose(file);
		assert_int_equal(flags & O_ACCMODE, O_RDONLY);
	}
	assert_int_equal(n, 2);
}

static void turn_until_restarted(struct live *live, unsigned int restarts)
{
	uint64_t end = uv_hrtime() + 5000000000ull;

	while ((resolver_restarts(live->resolver) < restarts || !resolver_pid(live->resolver)) &&
	       uv_hrtime() < end) {
		(void)uv_run(&live->loop, UV_RUN_NOWAIT);
		(void)usleep(1000);
	}
	assert_int_equal(resolver_restarts(live->resolver), restarts);
	for (unsigned int i = 0; i < 100; i++) {
		(void)uv_run(&live->loop, UV_RUN_NOWAIT);
		(void)usleep(1000);
	}
}

/* What is asked meanwhile waits in the socket. */
static void one_that_dies_is_started_again(void **state)
{
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_DGRAM);
	pid_t pid = resolver_pid(live->resolver);
	uint8_t reply[4096], query[512];
	size_t len = make_query(query, 1, "www.example", A);
	ssize_t n;

	assert_return_code(kill(pid, SIGKILL), errno);
	(void)usleep(20000);
	assert_int_equal(send(fd, query, len, 0), len);
	turn_until_restarted(live, 1);
	assert_non_null(strstr(live->said, "signal 9"));
	assert_int_not_equal(resolver_pid(live->resolver), pid);
	n = recv(fd, reply, sizeof(reply), 0);
	assert_return_code(n, errno);
	assert_true(is_answer(reply, (size_t)n, "www.example", 4, 1));
	(void)close(fd);
}

static void sigterm_ends_it_in_good_order(void **state)
{
	struct live *live = need(state);
	int tcp = connect_client(live, 0, SOCK_STREAM);
	uint8_t octet;

	(void)usleep(20000);
	assert_return_code(kill(resolver_pid(live->resolver), SIGTERM), errno);
	assert_int_equal(recv(tcp, &octet, 1, 0), 0);
	turn_until_restarted(live, 1);
	assert_non_null(strstr(live->said, "exit code 0"));
	(void)close(tcp);
}

/* dnsboltd goes and leaves it; the next dnsboltd's resolver takes its place without a query
 * lost. */
static void the_next_one_takes_over(void **state)
{
	struct live *live = need(state);
	int fd = connect_client(live, 0, SOCK_DGRAM);
	pid_t earlier = resolver_pid(live->resolver);
	uint8_t reply[4096];
	size_t len;

	resolver_stop(live->resolver, true);
	live->resolver = NULL;
	(void)uv_run(&live->loop, UV_RUN_DEFAULT);
	publish(live->bed, 9);
	len = ask(fd, "www.example", A, reply, sizeof(reply));
	assert_true(is_answer(reply, len, "www.example", 4, 9));
	assert_int_equal(start(live, &live->resolver), 0);
	assert_int_not_equal(resolver_pid(live->resolver), earlier);
	/* It is this process's child, so it stays as a zombie; but it has ended. */
	assert_int_equal(waitpid(earlier, NULL, WNOHANG), earlier);
	len = ask(fd, "www.example", A, reply, sizeof(reply));
	assert_true(is_answer(reply, len, "www.example", 4, 9));
	(void)close(fd);
}

static void an_address_that_is_taken_is_named(void **state)
{
	struct live *live = need(state);
	struct resolver *second = NULL;
	struct sockaddr_storage sa;
	socklen_t len;
	char expected[128];
	int fd, yes = 1;

	resolver_stop(live->resolver, false);
	live->resolver = NULL;
	(void)uv_run(&live->loop, UV_RUN_DEFAULT);
	len = addr_to_sockaddr(&sa, &addresses[1], live->listen.port, 0);
	fd = socket(sa.ss_family, SOCK_DGRAM, 0);
	/* Even one that would share. */
	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)), errno);
	assert_return_code(bind(fd, (struct sockaddr *)&sa, len), errno);
	assert_int_equal(start(live, &second), -EADDRINUSE);
	(void)snprintf(
		expected, sizeof(expected),
		"[::1]:%u (UDP): in use by another program: set `fallback: host`, or stop it",
		live->listen.port);
	assert_string_equal(live->said, expected);
	assert_null(second);
	(void)close(fd);
	assert_int_equal(start(live, &live->resolver), 0);
}

static void a_user_that_is_not_there_is_named(void **state)
{
	struct live *live = need(state);
	struct resolver *second = NULL;

	live->config.user = (char *)(uintptr_t) "no-such-user";
	assert_int_equal(start(live, &second), -ENOENT);
	assert_string_equal(live->said, "resolver: user \"no-such-user\": there is no such user");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(it_answers_from_every_address),
		CASE(what_has_no_answer_has_its_rcode),
		CASE(what_is_too_large_for_udp_comes_by_tcp),
		CASE(replies_of_a_pipeline_keep_their_order),
		CASE(a_change_is_in_the_next_answer),
		CASE(names_in_segments_that_came_later_are_answered),
		CASE(answers_are_never_of_two_versions),
		CASE(it_has_no_privileges),
		CASE(it_keeps_no_descriptor_that_writes_the_store),
		CASE(one_that_dies_is_started_again),
		CASE(sigterm_ends_it_in_good_order),
		CASE(the_next_one_takes_over),
		CASE(an_address_that_is_taken_is_named),
		CASE(a_user_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
