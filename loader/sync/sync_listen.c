/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of `notify:`, by UDP and TCP. Nothing but NOTIFY is answered here. What a client can make this hold is
 * bounded: connections, their time, and one message each.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sync_internal.h"

#define LENGTH_LEN 2u
#define MESSAGE_MAX 4096u
#define TURN 64 /* messages of one socket, before others have their turn */
#define CONNECTIONS_MAX 64u
#define CONNECTION_MS 5000u
#define BACKLOG 16

struct udp_listener {
	uv_poll_t poll;
	struct udp_listener *next;
	struct sync *sync;
	int fd;
};

struct tcp_listener {
	uv_tcp_t tcp;
	struct tcp_listener *next;
	struct sync *sync;
};

struct connection {
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_write_t write;
	LIST_ENTRY(connection) link;
	struct sync_listen *listen;
	struct sync *sync; /* NULL: it is being closed */
	unsigned int handles;
	struct dnsbolt_addr from;
	size_t octets;
	uint8_t in[LENGTH_LEN + MESSAGE_MAX];
	uint8_t out[LENGTH_LEN + SYNC_REPLY_MAX];
};

struct sync_listen {
	struct udp_listener *udp;
	struct tcp_listener *tcp;
	LIST_HEAD(connections, connection) connections;
	unsigned int n_connections;
};

/* ---- UDP ---- */

static bool take_datagram(struct udp_listener *listener)
{
	uint8_t msg[MESSAGE_MAX], reply[SYNC_REPLY_MAX];
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	struct dnsbolt_addr from;
	ssize_t len;
	size_t n;

	len = recvfrom(listener->fd, msg, sizeof(msg), MSG_DONTWAIT, (struct sockaddr *)&sa,
		       &sa_len);
	if (len < 0)
		return errno != EAGAIN;
	addr_from_sockaddr(&from, (const struct sockaddr *)&sa);
	n = sync_notify(listener->sync, msg, (size_t)len, &from, reply);
	/* One that does not arrive is asked for again: RFC 1996 section 3.6. */
	if (n)
		(void)sendto(listener->fd, reply, n, MSG_DONTWAIT | MSG_NOSIGNAL,
			     (const struct sockaddr *)&sa, sa_len);
	return true;
}

static void on_datagrams(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	for (int i = 0; i < TURN && take_datagram(poll->data); i++)
		;
}

static void on_udp_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* ---- TCP ---- */

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->handles == 0)
		free(connection);
}

static void close_connection(struct connection *connection)
{
	if (!connection->sync)
		return;
	connection->sync = NULL;
	LIST_REMOVE(connection, link);
	connection->listen->n_connections--;
	uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
	uv_close((uv_handle_t *)&connection->timer, on_connection_closed);
}

static void on_late(uv_timer_t *timer)
{
	close_connection(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
	(void)status;
	close_connection(write->data);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)connection->in + connection->octets,
			   (unsigned int)(sizeof(connection->in) - connection->octets));
}

/* One message a connection, as those send it who send NOTIFY by TCP. */
static void answer(struct connection *connection, size_t len)
{
	size_t n = sync_notify(connection->sync, connection->in + LENGTH_LEN, len,
			       &connection->from, connection->out + LENGTH_LEN);
	uv_buf_t buf = uv_buf_init((char *)connection->out, (unsigned int)(LENGTH_LEN + n));

	connection->out[0] = (uint8_t)(n >> 8);
	connection->out[1] = (uint8_t)n;
	(void)uv_read_stop((uv_stream_t *)&connection->tcp);
	if (!n ||
	    uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buf, 1, on_written))
		close_connection(connection);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *connection = stream->data;
	size_t len;

	(void)buf;
	if (n < 0) {
		close_connection(connection);
		return;
	}
	connection->octets += (size_t)n;
	if (connection->octets < LENGTH_LEN)
		return;
	len = (size_t)connection->in[0] << 8 | connection->in[1];
	if (len > MESSAGE_MAX)
		close_connection(connection);
	else if (connection->octets >= LENGTH_LEN + len)
		answer(connection, len);
}

static void open_connection(struct connection *connection, uv_stream_t *server)
{
	struct sockaddr_storage sa;
	int len = sizeof(sa);

	if (uv_accept(server, (uv_stream_t *)&connection->tcp) ||
	    uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&sa, &len) ||
	    connection->listen->n_connections > CONNECTIONS_MAX ||
	    uv_timer_start(&connection->timer, on_late, CONNECTION_MS, 0) ||
	    uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read)) {
		close_connection(connection);
		return;
	}
	addr_from_sockaddr(&connection->from, (const struct sockaddr *)&sa);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct tcp_listener *listener = server->data;
	struct connection *connection = status ? NULL : calloc(1, sizeof(*connection));

	if (!connection)
		return;
	connection->sync = listener->sync;
	connection->listen = listener->sync->listen;
	connection->tcp.data = connection->timer.data = connection->write.data = connection;
	connection->handles = 2;
	(void)uv_timer_init(server->loop, &connection->timer);
	(void)uv_tcp_init(server->loop, &connection->tcp);
	LIST_INSERT_HEAD(&connection->listen->connections, connection, link);
	connection->listen->n_connections++;
	open_connection(connection, server);
}

static void on_tcp_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* ---- all of them ---- */

/* An address that comes later (anycast) is bound all the same. */
static int bind_socket(int *ret_fd, const struct dnsbolt_addr *addr, uint16_t port, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, addr, port, 0);
	int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, err;

	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (sa.ss_family == AF_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	else
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&sa, len)) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int add_udp(struct sync *sync, const struct dnsbolt_addr *addr, uint16_t port)
{
	struct udp_listener *listener = calloc(1, sizeof(*listener));
	int err = -ENOMEM;

	if (listener)
		err = bind_socket(&listener->fd, addr, port, SOCK_DGRAM);
	if (!err) {
		err = uv_poll_init(sync->loop, &listener->poll, listener->fd);
		if (err)
			(void)close(listener->fd);
	}
	if (err) {
		free(listener);
		return err;
	}
	listener->poll.data = listener;
	listener->sync = sync;
	listener->next = sync->listen->udp;
	sync->listen->udp = listener;
	return uv_poll_start(&listener->poll, UV_READABLE, on_datagrams);
}

static int add_tcp(struct sync *sync, const struct dnsbolt_addr *addr, uint16_t port)
{
	struct tcp_listener *listener;
	int fd, err;

	err = bind_socket(&fd, addr, port, SOCK_STREAM);
	if (err)
		return err;
	listener = calloc(1, sizeof(*listener));
	err = listener ? uv_tcp_init(sync->loop, &listener->tcp) : -ENOMEM;
	if (err) {
		free(listener);
		(void)close(fd);
		return err;
	}
	listener->tcp.data = listener;
	listener->sync = sync;
	listener->next = sync->listen->tcp;
	sync->listen->tcp = listener;
	err = uv_tcp_open(&listener->tcp, fd);
	if (err)
		(void)close(fd);
	return err ? err : uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
}

int sync_listen_start(struct sync *sync)
{
	const struct config_notify *notify = sync->config->notify;
	struct dnsbolt_addr addr;
	int err = 0;

	sync->listen = calloc(1, sizeof(*sync->listen));
	if (!sync->listen)
		return -ENOMEM;
	LIST_INIT(&sync->listen->connections);
	for (unsigned int i = 0; i < notify->address_count && !err; i++) {
		err = addr_parse(&addr, notify->address[i]);
		if (!err)
			err = add_udp(sync, &addr, notify->port);
		if (!err)
			err = add_tcp(sync, &addr, notify->port);
		if (err)
			report_say(sync->report, LOG_LEVEL_ERROR,
				   "notify: %s, port %u: cannot be bound: %s", notify->address[i],
				   notify->port, strerror(-err));
	}
	return err;
}

void sync_listen_stop(struct sync *sync)
{
	struct sync_listen *listen = sync->listen;
	struct udp_listener *udp;
	struct tcp_listener *tcp;
	struct connection *connection;

	if (!listen)
		return;
	while ((udp = listen->udp)) {
		listen->udp = udp->next;
		(void)uv_poll_stop(&udp->poll);
		(void)close(udp->fd);
		uv_close((uv_handle_t *)&udp->poll, on_udp_closed);
	}
	while ((tcp = listen->tcp)) {
		listen->tcp = tcp->next;
		uv_close((uv_handle_t *)&tcp->tcp, on_tcp_closed);
	}
	while ((connection = LIST_FIRST(&listen->connections)))
		close_connection(connection);
	free(listen);
	sync->listen = NULL;
}
