/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../loader/resolver_pid.h"

static char run_dir[64];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(run_dir, sizeof(run_dir), "/tmp/dnsbolt-test-XXXXXX");
	return mkdtemp(run_dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	resolver_pid_remove(run_dir);
	return rmdir(run_dir);
}

/* A process that calls itself what the kernel makes of `name`; deaf to SIGTERM if wanted. */
static pid_t start(const char *name, bool deaf)
{
	int ready[2];
	char octet;
	pid_t pid;

	assert_return_code(pipe(ready), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid) {
		(void)prctl(PR_SET_NAME, name);
		if (deaf)
			(void)signal(SIGTERM, SIG_IGN);
		(void)!write(ready[1], "", 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &octet, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void the_resolver_is_found_and_ended(void **state)
{
	pid_t pid = start("dnsbolt-resolver", false);
	int pidfd, status;

	(void)state;
	assert_int_equal(resolver_pid_write(run_dir, pid), 0);
	pidfd = resolver_pid_open(run_dir);
	assert_return_code(pidfd, errno);
	resolver_pid_end(pidfd, 2000);
	(void)close(pidfd);
	/* It has ended, though nobody has waited for it. */
	assert_int_equal(resolver_pid_open(run_dir), -ENOENT);
	assert_int_equal(waitpid(pid, &status, WNOHANG), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void one_that_does_not_hear_is_killed(void **state)
{
	pid_t pid = start("dnsbolt-resolver", true);
	int pidfd, status;

	(void)state;
	assert_int_equal(resolver_pid_write(run_dir, pid), 0);
	pidfd = resolver_pid_open(run_dir);
	assert_return_code(pidfd, errno);
	resolver_pid_end(pidfd, 50);
	(void)close(pidfd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void a_number_that_is_somebody_elses_by_now_is_left_alone(void **state)
{
	pid_t pid = start("sleep", false);

	(void)state;
	assert_int_equal(resolver_pid_write(run_dir, pid), 0);
	assert_int_equal(resolver_pid_open(run_dir), -ENOENT);
	assert_return_code(kill(pid, SIGKILL), errno);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(resolver_pid_open(run_dir), -ENOENT);
}

static void what_is_no_number_names_nobody(void **state)
{
	static const char *const texts[] = { "", "x", "-1", "0", "1" };
	char name[128];

	(void)state;
	assert_int_equal(resolver_pid_open(run_dir), -ENOENT);
	(void)snprintf(name, sizeof(name), "%s/resolver.pid", run_dir);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		FILE *file = fopen(name, "w");

		assert_non_null(file);
		assert_true(fputs(texts[i], file) >= 0);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(resolver_pid_open(run_dir), -ENOENT);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_resolver_is_found_and_ended),
		CASE(one_that_does_not_hear_is_killed),
		CASE(a_number_that_is_somebody_elses_by_now_is_left_alone),
		CASE(what_is_no_number_names_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
