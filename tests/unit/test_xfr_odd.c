/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfers from the odd primary (tests/bed/odd_primary.py), over TCP on the loopback: every kind that it has, with
 * a key, as an IXFR, and after that as the AXFR that it may ask for. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../loader/sync/xfr.h"
#include "xfr_primary.h"

#define PROGRAM "tests/bed/odd_primary.py"
#define SKIPS 77
#define WAIT_MS 1000 /* for a message */

static struct {
	pid_t pid;
	uint16_t port;
	char flag[64]; /* the file that makes it odd */
	struct xfr_key *key;
} odd = { .flag = "/tmp/dnsbolt-test-odd-XXXXXX" };

/* ---- the primary's process ---- */

static FILE *run_primary(const char *key)
{
	int out[2];

	assert_int_equal(pipe(out), 0);
	odd.pid = fork();
	assert_true(odd.pid >= 0);
	if (!odd.pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(out[0]);
		(void)execl(PROGRAM, PROGRAM, "127.0.0.1", "0", "--odd-when", odd.flag, "--key",
			    key, NULL);
		_exit(SKIPS);
	}
	(void)close(out[1]);
	return fdopen(out[0], "r");
}

static int setup(void **state)
{
	char key[256], line[256] = "";
	int fd = mkstemp(odd.flag);
	unsigned int port;
	FILE *said;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)unlink(odd.flag);
	(void)snprintf(key, sizeof(key), "key:hmac-sha256:%s", PRIMARY_SECRET);
	odd.key = primary_key("key", "hmac-sha256", PRIMARY_SECRET);
	said = run_primary(key);
	assert_non_null(said);
	if (fgets(line, sizeof(line), said) && sscanf(line, "ready %u", &port) == 1)
		odd.port = (uint16_t)port;
	(void)fclose(said);
	if (!odd.port)
		print_message("no primary: %s\n", line);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)kill(odd.pid, SIGTERM);
	(void)waitpid(odd.pid, NULL, 0);
	(void)unlink(odd.flag);
	xfr_key_free(odd.key);
	return 0;
}

static void set_odd(bool on)
{
	FILE *file;

	if (!on) {
		(void)unlink(odd.flag);
		return;
	}
	file = fopen(odd.flag, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

/* ---- a transfer ---- */

static int open_connection(void)
{
	const struct sockaddr_in where = { .sin_family = AF_INET,
					   .sin_port = htons(odd.port),
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval wait = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

static enum xfr_result run(struct xfr *xfr)
{
	static uint8_t msg[2 + UINT16_MAX];
	enum xfr_result result = XFR_MORE;
	int fd = open_connection();
	size_t len;

	assert_int_equal(xfr_query(xfr, msg + 2, XFR_QUERY_MAX, &len), 0);
	knot_wire_write_u16(msg, (uint16_t)len);
	assert_int_equal(send(fd, msg, 2 + len, MSG_NOSIGNAL), 2 + len);
	while (result == XFR_MORE) {
		if (recv(fd, msg, 2, MSG_WAITALL) != 2)
			break;
		len = knot_wire_read_u16(msg);
		if (recv(fd, msg, len, MSG_WAITALL) != (ssize_t)len)
			break;
		result = xfr_feed(xfr, msg, len, time(NULL));
	}
	(void)close(fd);
	return result == XFR_MORE ? xfr_end(xfr) : result;
}

static enum xfr_result transfer(const char *kind, const struct zone *have, bool axfr,
				struct zone **ret_zone)
{
	static const struct xfr_limits limits = { .max_records = 5000 };
	knot_dname_storage_t apex;
	enum xfr_result result;
	struct xfr *xfr;
	char text[128];

	(void)snprintf(text, sizeof(text), "%s.odd", kind);
	assert_int_equal(name_parse_lower(apex, text, NULL), 0);
	assert_int_equal(xfr_new(&xfr, apex, have, axfr, odd.key, &limits, NULL), 0);
	result = run(xfr);
	if (*xfr_error(xfr))
		print_message("%s: %s: %s\n", kind, have && !axfr ? "IXFR" : "AXFR",
			      xfr_error(xfr));
	*ret_zone = xfr_take(xfr);
	if (result == XFR_DONE)
		assert_int_equal(xfr_serial(xfr), (*ret_zone)->serial);
	if (result == XFR_DONE && !strcmp(kind, "expire") && have)
		assert_int_equal(xfr_expire(xfr), 77);
	xfr_free(xfr);
	return result;
}

/* ---- the kinds ---- */

static void check_kind(const char *kind, const char *want)
{
	struct zone *old, *zone = NULL, *again = NULL;
	bool fell_back = false;
	enum xfr_result result;

	set_odd(false);
	assert_int_equal(transfer(kind, NULL, false, &old), XFR_DONE);
	assert_int_equal(transfer(kind, old, false, &again), XFR_UP_TO_DATE);
	set_odd(true);
	result = transfer(kind, old, false, &zone);
	if (result == XFR_FALL_BACK) {
		fell_back = true;
		zone_free(zone);
		result = transfer(kind, old, true, &zone);
	}
	if (!strcmp(want, "refused") ? result != XFR_FAILED : result != XFR_DONE)
		fail_msg("%s: %d, expected %s", kind, result, want);
	if (fell_back != !strcmp(want, "fall-back"))
		fail_msg("%s: %s", kind, fell_back ? "fell back" : "did not fall back");
	if (result == XFR_DONE) /* as it is now, asked for anew */
		assert_int_equal(transfer(kind, zone, false, &again), XFR_UP_TO_DATE);
	zone_free(zone);
	/* and as an AXFR */
	result = transfer(kind, NULL, true, &zone);
	assert_int_equal(result, strcmp(want, "refused") ? XFR_DONE : XFR_FAILED);
	zone_free(zone);
	zone_free(old);
}

static void test_kinds(void **state)
{
	FILE *list = popen(PROGRAM " --list", "r");
	char kind[64], want[64];
	unsigned int n = 0;

	(void)state;
	assert_non_null(list);
	if (!odd.port) {
		(void)pclose(list);
		skip();
	}
	while (fscanf(list, "%63s %63s", kind, want) == 2) {
		if (!strcmp(kind, "trickle")) /* a clock alone ends it: e2e/xfr_odd */
			continue;
		check_kind(kind, want);
		n++;
	}
	assert_int_equal(pclose(list), 0);
	assert_true(n > 40);
	print_message("report: %u kinds of transfers\n", n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("xfr_odd", tests, setup, teardown);
}
