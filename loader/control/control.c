/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The socket of control.h. One request of a client is worked on at a time, and while its reply is
 * on its way nothing more is read from that client: what one client can make the daemon hold is one
 * line and one reply. When all places are taken, the client that has been silent for longest makes
 * room.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../userspace/lib/proto.h"
#include "commands.h"

#define CLIENTS_MAX 128
#define BACKLOG 64
#define READ_OCTETS ((size_t)64 << 10)
#define GROUPS_MAX 1024 /* of one peer */
#define CONTROL_GROUP "dnsbolt"

struct client {
	uv_pipe_t pipe;
	uv_write_t write;
	struct control *control;
	struct commands_peer peer;
	struct proto_buffer in;
	char *out;		  /* the reply on its way; NULL: none */
	bool last;		  /* to be closed when `out` is written */
	TAILQ_ENTRY(client) link; /* the one that was silent for longest is first */
};

struct control {
	uv_pipe_t server;
	struct daemon *daemon;
	const struct report *report;
	char *path, *pin_path;
	gid_t group;
	TAILQ_HEAD(, client) clients;
	unsigned int n_clients;
	unsigned int handles; /* that are not closed yet: each of them holds this */
	char scratch[READ_OCTETS];
};

static void read_more(struct client *client);

/* ---- ends ---- */

static void control_release(struct control *control)
{
	if (--control->handles > 0)
		return;
	free(control->path);
	free(control->pin_path);
	free(control);
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;

	control_release(client->control);
	proto_buffer_free(&client->in);
	free(client->out);
	free(client);
}

static void client_close(struct client *client)
{
	struct control *control = client->control;

	if (uv_is_closing((uv_handle_t *)&client->pipe))
		return;
	TAILQ_REMOVE(&control->clients, client, link);
	control->n_clients--;
	uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_server_closed(uv_handle_t *handle)
{
	control_release(handle->data);
}

/* ---- who is there ---- */

/* By the groups that the peer's process has, as the kernel knows them: no directory service is
 * asked. */
static bool is_in_group(int fd, const struct ucred *cred, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (cred->gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

static int identify(struct client *client)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	uv_os_fd_t fd;
	int err;

	err = uv_fileno((uv_handle_t *)&client->pipe, &fd);
	if (err)
		return err;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	client->peer.uid = cred.uid;
	client->peer.may_write = cred.uid == 0 || is_in_group(fd, &cred, client->control->group);
	return 0;
}

/* ---- requests and replies ---- */

static void on_written(uv_write_t *write, int status)
{
	struct client *client = write->data;

	free(client->out);
	client->out = NULL;
	if (status < 0 || client->last)
		client_close(client);
	else
		read_more(client);
}

/* Takes the reply; NULL closes the connection. */
static void send_reply(struct client *client, json_t *reply)
{
	uv_buf_t buf;
	size_t len;

	if (!reply || proto_format(&client->out, &len, reply) < 0) {
		client_close(client);
		goto out;
	}
	(void)uv_read_stop((uv_stream_t *)&client->pipe);
	buf = uv_buf_init(client->out, (unsigned int)len);
	client->write.data = client;
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1, on_written) < 0)
		client_close(client);
out:
	json_decref(reply);
}

static void refuse_long_line(struct client *client)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "the request is longer than %zu octets",
		       PROTO_REQUEST_MAX);
	client->last = true;
	send_reply(client,
		   json_pack("{s:b, s:s, s:s}", "ok", 0, "error", text, "errno", "EMSGSIZE"));
}

/* Works on what has been read: at most one request, whose reply stops the reading. */
static void take_line(struct client *client)
{
	char *line;
	size_t len;

	if (proto_buffer_line(&client->in, &line, &len) < 0) {
		refuse_long_line(client);
		return;
	}
	if (!line)
		return;
	TAILQ_REMOVE(&client->control->clients, client, link);
	TAILQ_INSERT_TAIL(&client->control->clients, client, link);
	send_reply(client, commands_run(client->control->daemon, &client->peer, line, len));
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct client *client = handle->data;

	(void)suggested;
	*ret_buf = uv_buf_init(client->control->scratch, sizeof(client->control->scratch));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	if (n < 0 || (n > 0 && proto_buffer_add(&client->in, buf->base, (size_t)n) < 0)) {
		client_close(client);
		return;
	}
	if (!client->out)
		take_line(client);
}

/* After a reply: the next request may have been read already. */
static void read_more(struct client *client)
{
	take_line(client);
	if (client->out || uv_is_closing((uv_handle_t *)&client->pipe))
		return;
	if (uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) < 0)
		client_close(client);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct control *control = server->data;
	struct client *client;

	if (status < 0)
		return;
	client = calloc(1, sizeof(*client));
	if (!client)
		return;
	if (control->n_clients == CLIENTS_MAX)
		client_close(TAILQ_FIRST(&control->clients));
	client->control = control;
	client->in.max = PROTO_REQUEST_MAX;
	(void)uv_pipe_init(server->loop, &client->pipe, 0);
	client->pipe.data = client;
	control->handles++;
	control->n_clients++;
	TAILQ_INSERT_TAIL(&control->clients, client, link);
	if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0 || identify(client) < 0)
		client_close(client);
	else
		read_more(client);
}

/* ---- the socket's place ---- */

/* What stands in the way: a socket that nobody listens on goes, anything else stays. */
static int clear_path(const char *path, const struct report *report)
{
	struct proto_client probe;
	struct stat st;
	int err;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		report_say(report, LOG_LEVEL_ERROR,
			   "control: \"%s\" is there and is no socket: expected a free path", path);
		return -EEXIST;
	}
	err = proto_connect(&probe, path, 100);
	proto_close(&probe);
	if (err == -ECONNREFUSED)
		return unlink(path) < 0 ? -errno : 0;
	report_say(report, LOG_LEVEL_ERROR,
		   "control: \"%s\" is in use: another dnsboltd runs, or one that hangs", path);
	return -EADDRINUSE;
}

/* The mode of a socket's file counts from its bind() on, hence by umask. */
static int bind_socket(struct control *control)
{
	const struct group *group = getgrnam(CONTROL_GROUP);
	mode_t mask;
	int err;

	/* uv_pipe_bind() would cut a long path. */
	if (strlen(control->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return -ENAMETOOLONG;
	control->group = group ? group->gr_gid : 0;
	mask = umask(0117);
	err = uv_pipe_bind(&control->server, control->path);
	umask(mask);
	if (err)
		return err;
	if (chown(control->path, (uid_t)-1, control->group) < 0)
		report_say(control->report, LOG_LEVEL_WARNING,
			   "control: \"%s\" cannot be given to group %u: %s", control->path,
			   (unsigned int)control->group, strerror(errno));
	return uv_listen((uv_stream_t *)&control->server, BACKLOG, on_connection);
}

static char *concat(const char *a, const char *b)
{
	char *text = malloc(strlen(a) + strlen(b) + 1);

	if (text)
		strcpy(stpcpy(text, a), b);
	return text;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* PATH.pin: where the maps are, for a CLI that finds no daemon. Written aside and renamed: never
 * half. */
static int write_pin_file(const struct control *control)
{
	char *temporary = concat(control->pin_path, ".new");
	char *text = concat(control->daemon->config->pin_dir, "\n");
	int fd = -1, err = -ENOMEM;

	if (!temporary || !text)
		goto out;
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	err = fd < 0 ? -errno : write_all(fd, text);
	if (!err && rename(temporary, control->pin_path) < 0)
		err = -errno;
	if (err && fd >= 0)
		(void)unlink(temporary);
out:
	if (fd >= 0)
		close(fd);
	free(temporary);
	free(text);
	return err;
}

/* ---- start and stop ---- */

static int start(struct control *control)
{
	int err;

	err = clear_path(control->path, control->report);
	if (err == -EEXIST || err == -EADDRINUSE)
		return err;
	if (!err)
		err = bind_socket(control);
	if (err) {
		report_say(control->report, LOG_LEVEL_ERROR, "control: \"%s\": %s", control->path,
			   strerror(-err));
		return err;
	}
	err = write_pin_file(control);
	if (err)
		report_say(
			control->report, LOG_LEVEL_WARNING,
			"control: \"%s\" cannot be written: %s; with the daemon dead, \"dnsboltctl mode off\" needs --pin-dir",
			control->pin_path, strerror(-err));
	return 0;
}

int control_start(struct control **ret_control, struct daemon *daemon, const struct report *report)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control)
		return -ENOMEM;
	control->daemon = daemon;
	control->report = report;
	TAILQ_INIT(&control->clients);
	control->path = strdup(daemon->config->control);
	control->pin_path = concat(daemon->config->control, ".pin");
	if (!control->path || !control->pin_path) {
		free(control->path);
		free(control->pin_path);
		free(control);
		return -ENOMEM;
	}
	/* libuv writes without MSG_NOSIGNAL, and clients may hang up at any time. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)uv_pipe_init(&daemon->loop, &control->server, 0);
	control->server.data = control;
	control->handles = 1;
	err = start(control);
	if (err) {
		uv_close((uv_handle_t *)&control->server, on_server_closed);
		return err;
	}
	*ret_control = control;
	return 0;
}

/* Freed when the loop has closed the last handle. The socket's file goes with the handle; PATH.pin
 * stays while there are pins to be found by it. */
void control_stop(struct control *control)
{
	struct client *client;

	if (!control)
		return;
	while ((client = TAILQ_FIRST(&control->clients)))
		client_close(client);
	if (control->daemon->config->on_exit == CONFIG_EXIT_DETACH)
		(void)unlink(control->pin_path);
	uv_close((uv_handle_t *)&control->server, on_server_closed);
}
