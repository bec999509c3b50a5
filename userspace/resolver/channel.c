/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Until the resolver serves, anything wrong on the channel ends it: dnsboltd is there to see
 * that. Later on it goes on with what it has, whatever comes or does not come.
 */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/log.h"
#include "ipc.h"
#include "server.h"

static int take_hello(struct server *server, uint32_t value, int fd)
{
	(void)fd;
	if (value != (IPC_VERSION << 16 | DNSBOLT_ABI)) {
		log_error("channel: dnsboltd speaks version %u.%u, this %u.%u: install both of one",
			  value >> 16, value & 0xffff, IPC_VERSION, DNSBOLT_ABI);
		return -EPROTO;
	}
	server->channel.greeted = true;
	return 0;
}

static int take_config(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return maps_add_config(&server->maps, fd);
}

static int take_zones(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return maps_add_zones(&server->maps, fd);
}

static int take_names(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return maps_add_names(&server->maps, fd);
}

static int take_clients(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return maps_add_clients(&server->maps, fd);
}

static int take_stats(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return maps_add_stats(&server->maps, fd);
}

static int take_segment(struct server *server, uint32_t value, int fd)
{
	return maps_add_segment(&server->maps, value, fd);
}

static int take_udp(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return udp_add(&server->udp, fd);
}

static int take_tcp(struct server *server, uint32_t value, int fd)
{
	(void)value;
	return tcp_add(&server->tcp, fd);
}

static int take_serve(struct server *server, uint32_t value, int fd)
{
	const struct ipc_message ready = { .type = IPC_READY };
	int err;

	(void)value;
	(void)fd;
	if (server->channel.serving)
		return -EEXIST;
	err = server_serve(server);
	if (err)
		return err;
	server->channel.serving = true;
	/* A dnsboltd that is gone by now needs no answer. */
	(void)send(server->channel.fd, &ready, sizeof(ready), MSG_DONTWAIT | MSG_NOSIGNAL);
	return 0;
}

static const struct channel_message {
	const char *name;
	bool has_fd;
	int (*take)(struct server *server, uint32_t value, int fd); /* takes fd over */
} messages[] = {
	[IPC_HELLO] = { "hello", false, take_hello },
	[IPC_CONFIG] = { "config", true, take_config },
	[IPC_ZONES] = { "zones", true, take_zones },
	[IPC_NAMES] = { "names", true, take_names },
	[IPC_STATS] = { "stats", true, take_stats },
	[IPC_SEGMENT] = { "segment", true, take_segment },
	[IPC_UDP] = { "UDP socket", true, take_udp },
	[IPC_TCP] = { "TCP socket", true, take_tcp },
	[IPC_SERVE] = { "serve", false, take_serve },
	[IPC_CLIENTS] = { "clients", true, take_clients },
};

/* Takes fd over. */
static int dispatch(struct channel *channel, const struct ipc_message *msg, int fd)
{
	const struct channel_message *known = NULL;
	const char *name = "unknown message";
	int err = -EPROTO;

	if (msg->type < sizeof(messages) / sizeof(messages[0]) && messages[msg->type].take)
		known = &messages[msg->type];
	if (known)
		name = known->name;
	if (known && known->has_fd == (fd >= 0) && (channel->greeted || msg->type == IPC_HELLO))
		err = known->take(channel->server, msg->value, fd);
	else if (fd >= 0)
		(void)close(fd);
	if (err)
		log_error("channel: %s (type %u, value %u): %s", name, msg->type, msg->value,
			  strerror(-err));
	return err;
}

/* Returns 0, or -EAGAIN: nothing is there, -EPIPE: the other end is closed, -EPROTO: not of
 * ipc.h. */
static int receive(int channel_fd, struct ipc_notify_reply *ret_msg, size_t *ret_len, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { ret_msg, sizeof(*ret_msg) };
	struct msghdr hdr = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(channel_fd, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *cmsg;

	*ret_fd = -1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	if (n == 0)
		return -EPIPE;
	cmsg = CMSG_FIRSTHDR(&hdr);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS &&
	    cmsg->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(cmsg), sizeof(int));
	*ret_len = (size_t)n - sizeof(ret_msg->head);
	if ((size_t)n >= sizeof(ret_msg->head) &&
	    (!*ret_len || ret_msg->head.type == IPC_NOTIFY_REPLY) &&
	    !(hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	if (*ret_fd >= 0)
		(void)close(*ret_fd);
	return -EPROTO;
}

unsigned int channel_read(struct channel *channel)
{
	unsigned int n = 0;

	while (channel->server) {
		struct server *server = channel->server;
		struct ipc_notify_reply msg;
		size_t len;
		int fd, err;

		err = receive(channel->fd, &msg, &len, &fd);
		if (err == -EAGAIN)
			break;
		if (err == -EPROTO)
			log_error("channel: a message that is not of this version");
		if (!err && fd < 0 && msg.head.type == IPC_NOTIFY_REPLY)
			relay_reply(&server->relay, msg.head.value, msg.msg, len);
		else if (!err)
			err = dispatch(channel, &msg.head, fd);
		if (err && !channel->serving) {
			if (err == -EPIPE)
				log_error("channel: dnsboltd went away before all was handed over");
			server_fail(server);
		} else if (err == -EPIPE) {
			log_notice("channel: dnsboltd has gone: serving on");
			channel_close(channel);
		} else {
			n++;
		}
	}
	return n;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	(void)channel_read(poll->data);
}

int channel_open(struct channel *channel, struct server *server, int fd)
{
	int err = uv_poll_init(&server->loop, &channel->poll, fd);

	if (err) {
		(void)close(fd);
		return err;
	}
	channel->poll.data = channel;
	channel->server = server;
	channel->fd = fd;
	return uv_poll_start(&channel->poll, UV_READABLE, on_readable);
}

static void on_closed(uv_handle_t *handle)
{
	struct channel *channel = handle->data;

	(void)close(channel->fd);
}

void channel_close(struct channel *channel)
{
	if (!channel->server)
		return;
	channel->server = NULL;
	uv_close((uv_handle_t *)&channel->poll, on_closed);
}
