// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct nsd {
	pid_t pid;
	int sock;
	char dir[64];
};

static const char *find_program(const char *name, char *path, size_t room)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin", "/usr/local/sbin" };
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, room, "%s/%s", dirs[i], name);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

bool nsd_takes(const struct nsd_zone *zone)
{
	char path[128];
	int status = 0, null;
	pid_t pid;

	if (!find_program("nsd-checkzone", path, sizeof(path)))
		return true;
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execl(path, path, zone->name, zone->path, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* A port that is free now. */
static int free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), port = -1;

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&sin, len) &&
	    !getsockname(fd, (struct sockaddr *)&sin, &len))
		port = ntohs(sin.sin_port);
	close(fd);
	return port;
}

static int write_config(const struct nsd *nsd, int port, const struct nsd_zone *zones, size_t n)
{
	char path[128];
	FILE *out;
	size_t i;

	snprintf(path, sizeof(path), "%s/nsd.conf", nsd->dir);
	out = fopen(path, "w");
	if (!out)
		return -errno;
	fprintf(out,
		"server:\n"
		"    ip-address: 127.0.0.1@%d\n    server-count: 1\n    username: \"\"\n    database: \"\"\n"
		"    zonesdir: \"%s\"\n    pidfile: \"%s/nsd.pid\"\n    xfrdfile: \"%s/xfrd.state\"\n"
		"    zonelistfile: \"%s/zone.list\"\n    cookie-secret-file: \"%s/cookies\"\n    answer-cookie: no\n"
		"    minimal-responses: yes\n    ipv4-edns-size: 1232\n    rrl-ratelimit: 0\n    verbosity: 0\n"
		"remote-control:\n    control-enable: no\n",
		port, nsd->dir, nsd->dir, nsd->dir, nsd->dir, nsd->dir);
	for (i = 0; i < n; i++)
		fprintf(out, "zone:\n    name: \"%s\"\n    zonefile: \"%s\"\n", zones[i].name,
			zones[i].path);
	return fclose(out) ? -errno : 0;
}

static void run_nsd(const char *program, const char *dir)
{
	char conf[128], log[128];
	int fd;

	snprintf(conf, sizeof(conf), "%s/nsd.conf", dir);
	snprintf(log, sizeof(log), "%s/nsd.log", dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execl(program, program, "-d", "-c", conf, (char *)NULL);
	_exit(127);
}

/* Any answer will do. */
static int wait_ready(struct nsd *nsd)
{
	static const uint8_t query[17] = { 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };
	uint8_t reply[4096];
	int i;

	for (i = 0; i < 100; i++) {
		if (waitpid(nsd->pid, NULL, WNOHANG) == nsd->pid) {
			nsd->pid = 0;
			return -ECHILD;
		}
		if (nsd_ask(nsd, query, sizeof(query), reply, sizeof(reply)) > 0)
			return 0;
		poll(NULL, 0, 100);
	}
	return -ETIMEDOUT;
}

int nsd_start(struct nsd **ret_nsd, const struct nsd_zone *zones, size_t n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct nsd *nsd = calloc(1, sizeof(*nsd));
	char program[128];
	int r, port = free_port();

	if (!nsd)
		return -ENOMEM;
	nsd->sock = -1;
	snprintf(nsd->dir, sizeof(nsd->dir), "/tmp/dnsbolt-nsd-XXXXXX");
	r = !find_program("nsd", program, sizeof(program)) ? -ENOENT
	    : port < 0					   ? -EADDRNOTAVAIL
							   : 0;
	if (!r)
		r = mkdtemp(nsd->dir) ? write_config(nsd, port, zones, n) : -errno;
	if (r)
		goto out;
	sin.sin_port = htons((uint16_t)port);
	nsd->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (nsd->sock < 0 || connect(nsd->sock, (struct sockaddr *)&sin, sizeof(sin))) {
		r = -errno;
		goto out;
	}
	nsd->pid = fork();
	if (!nsd->pid)
		run_nsd(program, nsd->dir);
	r = nsd->pid < 0 ? -errno : wait_ready(nsd);
out:
	if (r)
		nsd_stop(nsd);
	else
		*ret_nsd = nsd;
	return r;
}

void nsd_stop(struct nsd *nsd)
{
	char command[128];

	if (!nsd)
		return;
	if (nsd->pid > 0) {
		kill(nsd->pid, SIGTERM);
		waitpid(nsd->pid, NULL, 0);
	}
	if (nsd->sock >= 0)
		close(nsd->sock);
	snprintf(command, sizeof(command), "rm -rf %s", nsd->dir);
	if (strstr(nsd->dir, "/tmp/dnsbolt-nsd-") == nsd->dir && system(command))
		fprintf(stderr, "%s: not removed\n", nsd->dir);
	free(nsd);
}

ssize_t nsd_ask(struct nsd *nsd, const uint8_t *query, size_t len, uint8_t *reply, size_t room)
{
	struct pollfd p = { .fd = nsd->sock, .events = POLLIN };
	ssize_t got;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		if (send(nsd->sock, query, len, 0) < 0 && errno != ECONNREFUSED)
			return -errno;
		while (poll(&p, 1, 500) > 0) {
			got = recv(nsd->sock, reply, room, 0);
			if (got < 0)
				break;
			/* A late reply to an earlier question has another id. */
			if (got >= 12 && !memcmp(reply, query, 2))
				return got;
		}
		if (errno == ECONNREFUSED)
			return -ECONNREFUSED;
	}
	return -ETIMEDOUT;
}
