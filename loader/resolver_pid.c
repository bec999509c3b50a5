/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resolver_pid.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define KILL_WAIT_MS 1000
#define COMM "dnsbolt-resolve" /* the kernel keeps 15 characters */

static void file_name(char name[PATH_MAX], const char *run_dir, const char *suffix)
{
	(void)snprintf(name, PATH_MAX, "%s/resolver.pid%s", run_dir, suffix);
}

static pid_t read_pid(const char *run_dir)
{
	char name[PATH_MAX];
	int pid = 0;
	FILE *file;

	file_name(name, run_dir, "");
	file = fopen(name, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1 || pid < 2)
		pid = 0;
	(void)fclose(file);
	return pid;
}

/* By comm, not exe: that may be read without rights over the process. */
static bool is_resolver(pid_t pid)
{
	char name[PATH_MAX], comm[32] = "";
	FILE *file;

	(void)snprintf(name, sizeof(name), "/proc/%d/comm", (int)pid);
	file = fopen(name, "re");
	if (!file)
		return false;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	(void)fclose(file);
	return strcmp(comm, COMM "\n") == 0;
}

static bool has_ended(int pidfd, int wait_ms)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	return poll(&end, 1, wait_ms) > 0;
}

/* The pidfd is taken before the process is looked at: from then on the number cannot come to mean
 * another one. */
int resolver_pid_open(const char *run_dir)
{
	pid_t pid = read_pid(run_dir);
	int pidfd;

	if (!pid)
		return -ENOENT;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return -ENOENT;
	if (!is_resolver(pid) || has_ended(pidfd, 0)) {
		(void)close(pidfd);
		return -ENOENT;
	}
	return pidfd;
}

int resolver_pid_write(const char *run_dir, pid_t pid)
{
	char aside[PATH_MAX], name[PATH_MAX];
	bool written;
	FILE *file;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	file_name(aside, run_dir, ".new");
	file_name(name, run_dir, "");
	file = fopen(aside, "we");
	if (!file)
		return -errno;
	written = fprintf(file, "%d\n", (int)pid) > 0;
	if (fclose(file) || !written || rename(aside, name) < 0) {
		int err = -errno;

		(void)unlink(aside);
		return err;
	}
	return 0;
}

void resolver_pid_remove(const char *run_dir)
{
	char name[PATH_MAX];

	file_name(name, run_dir, "");
	(void)unlink(name);
}

void resolver_pid_end(int pidfd, int wait_ms)
{
	(void)pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
	if (has_ended(pidfd, wait_ms))
		return;
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	(void)has_ended(pidfd, KILL_WAIT_MS);
}
