// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_SECONDS 60
/* No further zone has come for so long since one did: the others were refused. */
#define SETTLED_SECONDS 3
/* A reply is waited for 100 ms, then asked for again and waited for twice as long: 25 s in all. */
#define FIRST_WAIT_MS 100
#define TRIES 8

struct server {
	enum server_kind kind;
	pid_t pid;
	int sock;
	struct sockaddr_in addr;
	char dir[64];
	bool has[ZONES_MAX];
};

static const struct {
	const char *name, *program;
} kinds[] = { { "nsd", "nsd" }, { "knot", "knotd" }, { "named", "named" } };

const char *server_name(enum server_kind kind)
{
	return kinds[kind].name;
}

bool server_has(const struct server *server, size_t zone)
{
	return server->has[zone];
}

static const char *find_program(const char *name, char *path, size_t room)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin", "/usr/local/sbin" };
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, room, "%s/%s", dirs[i], name);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

/* A port that is free now, for UDP and TCP. */
static int try_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), port = -1;

	if (!bind(udp, (struct sockaddr *)&sin, len) &&
	    !getsockname(udp, (struct sockaddr *)&sin, &len) &&
	    !bind(tcp, (struct sockaddr *)&sin, len))
		port = ntohs(sin.sin_port);
	close(udp);
	close(tcp);
	return port;
}

static int free_port(void)
{
	int tries, port = -1;

	for (tries = 0; port < 0 && tries < 50; tries++)
		port = try_port();
	return port;
}

static void run(const struct server *server, char *const *argv)
{
	char log[128];
	int fd, i;

	snprintf(log, sizeof(log), "%s/log", server->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	for (i = 3; i < 256; i++) /* the maps and programs of the test */
		close(i);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execv(argv[0], argv);
	_exit(127);
}

static void soa_question(struct question *q, const struct compare_zone *zone, uint16_t id)
{
	memset(q, 0, sizeof(*q));
	memcpy(q->name, zone->zone->apex, knot_dname_size(zone->zone->apex));
	q->type = KNOT_RRTYPE_SOA;
	q->id = id;
	question_build(q);
}

static bool is_loaded(const struct reply *reply)
{
	return reply->len > 12 && (reply->octets[2] & 4) && !(reply->octets[3] & 15) &&
	       reply->octets[7];
}

/* Asks each zone that did not answer yet for its SOA; returns how many do now. */
static size_t count_loaded(struct server *server, const struct zones *zones)
{
	static struct reply replies[BATCH];
	static uint16_t id;
	struct question q[BATCH];
	size_t i, k, n, loaded = 0;

	for (i = 0; i < zones->n; i += n) {
		n = zones->n - i < BATCH ? zones->n - i : BATCH;
		for (k = 0; k < n; k++)
			soa_question(&q[k], &zones->all[i + k], id++);
		server_send(server, q, n);
		server_collect(server, q, n, replies);
		for (k = 0; k < n; k++)
			loaded += server->has[i + k] = is_loaded(&replies[k]);
	}
	return loaded;
}

static bool answers(struct server *server, const struct zones *zones)
{
	static struct reply reply;
	struct question q;

	soa_question(&q, &zones->all[0], 1);
	if (send(server->sock, q.msg, q.len, 0) < 0 && errno != ECONNREFUSED)
		return false;
	poll(&(struct pollfd){ .fd = server->sock, .events = POLLIN }, 1, 200);
	return recv(server->sock, reply.octets, sizeof(reply.octets), MSG_DONTWAIT) > 0;
}

static int wait_ready(struct server *server, const struct zones *zones)
{
	time_t start = time(NULL), last = 0;
	size_t loaded = 0, now;

	while (time(NULL) - start < READY_SECONDS) {
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
			server->pid = 0;
			return -ECHILD;
		}
		now = answers(server, zones) ? count_loaded(server, zones) : 0;
		if (now == zones->n ||
		    (now && now == loaded && time(NULL) - last > SETTLED_SECONDS))
			return 0;
		if (now != loaded)
			last = time(NULL);
		loaded = now;
		poll(NULL, 0, 100);
	}
	return loaded ? 0 : -ETIMEDOUT;
}

static int open_socket(struct server *server, int port)
{
	int room = 4 << 20;

	server->addr = (struct sockaddr_in){ .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	server->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (server->sock < 0 ||
	    connect(server->sock, (struct sockaddr *)&server->addr, sizeof(server->addr)))
		return -errno;
	(void)setsockopt(server->sock, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return 0;
}

static void show_log(const struct server *server)
{
	char path[128], line[300];
	FILE *in;
	int n;

	snprintf(path, sizeof(path), "%s/log", server->dir);
	in = fopen(path, "r");
	for (n = 0; in && n < 20 && fgets(line, sizeof(line), in); n++)
		fprintf(stderr, "%s: %s", server_name(server->kind), line);
	if (in)
		fclose(in);
}

void server_reason(const struct server *server, const char *zone, char *text, size_t room)
{
	char path[128], line[300], name[256];
	FILE *in;

	snprintf(path, sizeof(path), "%s/log", server->dir);
	snprintf(name, sizeof(name), "%.*s", (int)strlen(zone) - 1, zone);
	snprintf(text, room, "no reason given");
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in)) {
		if (!strstr(line, name))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, room, "%s", line);
		break;
	}
	if (in)
		fclose(in);
}

int server_start(struct server **ret_server, enum server_kind kind, const struct zones *zones)
{
	struct server *server;
	char program[128];
	int r, port;

	if (!find_program(kinds[kind].program, program, sizeof(program)))
		return -ENOENT;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->kind = kind;
	server->sock = -1;
	snprintf(server->dir, sizeof(server->dir), "/tmp/dnsbolt-%s-XXXXXX", kinds[kind].name);
	port = free_port();
	r = !mkdtemp(server->dir) ? -errno : port < 0 ? -EADDRNOTAVAIL : 0;
	if (!r)
		r = server_write_config(kind, server->dir, port, zones);
	if (!r)
		r = open_socket(server, port);
	if (r)
		goto out;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	server->pid = fork();
	if (!server->pid)
		run(server, server_command(kind, program, server->dir));
	r = server->pid < 0 ? -errno : wait_ready(server, zones);
out:
	if (r) {
		show_log(server);
		server_stop(server);
	} else {
		*ret_server = server;
	}
	return r;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int folder_remove(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	if (server->pid > 0) {
		kill(server->pid, SIGTERM);
		waitpid(server->pid, NULL, 0);
		while (waitpid(-1, NULL, WNOHANG) > 0) /* its own children, which became ours */
			;
	}
	if (server->sock >= 0)
		close(server->sock);
	if (folder_remove(server->dir))
		fprintf(stderr, "%s: not removed: %s\n", server->dir, strerror(errno));
	free(server);
}

void server_send(struct server *server, const struct question *q, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) /* a lost one is asked again */
		(void)!send(server->sock, q[i].msg, q[i].len, 0);
}

/* Takes what comes until each has its reply, or none comes for `wait_ms`. */
static size_t receive(struct server *server, const struct question *q, size_t n,
		      struct reply *replies, size_t missing, int wait_ms)
{
	struct pollfd p = { .fd = server->sock, .events = POLLIN };
	static uint8_t octets[65536];
	uint16_t at;
	ssize_t got;

	while (missing) {
		got = recv(server->sock, octets, sizeof(octets), MSG_DONTWAIT);
		if (got < 0 && poll(&p, 1, wait_ms) <= 0)
			break;
		if (got < 12)
			continue;
		at = (uint16_t)((octets[0] << 8 | octets[1]) - q[0].id);
		if (at >= n || replies[at].len || (size_t)got > sizeof(replies[at].octets))
			continue; /* late, of an earlier batch */
		memcpy(replies[at].octets, octets, (size_t)got);
		replies[at].len = (size_t)got;
		missing--;
	}
	return missing;
}

void server_collect(struct server *server, const struct question *q, size_t n,
		    struct reply *ret_replies)
{
	size_t i, missing = n;
	int tries;

	for (i = 0; i < n; i++)
		ret_replies[i].len = 0;
	for (tries = 0; tries < TRIES; tries++) {
		missing = receive(server, q, n, ret_replies, missing, FIRST_WAIT_MS << tries);
		if (!missing)
			break;
		for (i = 0; i < n; i++)
			if (!ret_replies[i].len)
				server_send(server, &q[i], 1);
	}
}

static bool read_all(int fd, uint8_t *to, size_t len)
{
	ssize_t got;

	for (; len; to += got, len -= (size_t)got) {
		got = recv(fd, to, len, 0);
		if (got <= 0)
			return false;
	}
	return true;
}

size_t server_ask_tcp(struct server *server, const struct question *q, uint8_t *reply, size_t room)
{
	struct timeval limit = { 2, 0 };
	uint8_t msg[2 + QUESTION_MAX], head[2];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;

	msg[0] = (uint8_t)(q->len >> 8);
	msg[1] = (uint8_t)q->len;
	memcpy(msg + 2, q->msg, q->len);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&server->addr, sizeof(server->addr)) &&
	    send(fd, msg, q->len + 2, MSG_NOSIGNAL) == (ssize_t)q->len + 2 &&
	    read_all(fd, head, 2)) {
		len = (size_t)head[0] << 8 | head[1];
		if (len > room || !read_all(fd, reply, len))
			len = 0;
	}
	close(fd);
	return len;
}
