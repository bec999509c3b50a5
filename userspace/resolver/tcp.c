/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input and output of a connection take turns: whole queries are answered into one buffer, the
 * buffer is written, and only when all of it is out are further queries looked at. So there is
 * never more than one buffer queued, and replies cannot change their order.
 */
#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/addr.h"
#include "count.h"
#include "relay.h"

#define LENGTH_LEN 2u /* RFC 1035 section 4.2.2 */
#define HEADER_LEN 12u
/* Longer queries are cut off: what is still whole of them counts, and a record that is not is malformed. */
#define QUERY_MAX 4096u
#define IN_MAX (LENGTH_LEN + QUERY_MAX)
/* Replies are gathered up to here, and the last one may be of any length. */
#define OUT_GATHER 16384u
#define OUT_MAX (OUT_GATHER + LENGTH_LEN + ANSWER_TCP_ROOM)
#define TURN_ACCEPTS 64u

struct tcp_listener {
	uv_poll_t poll;
	LIST_ENTRY(tcp_listener) link;
	struct tcp *tcp;
	int fd;
	bool paused; /* no descriptors or memory: until the next sweep */
};

struct tcp_conn {
	uv_tcp_t stream;
	TAILQ_ENTRY(tcp_conn) link;
	struct tcp *tcp;
	struct dnsbolt_addr client;
	uint64_t active; /* uv_now() at the last whole query, or when the last reply was out */
	uv_write_t write;
	uint8_t *queued; /* what `write` writes; NULL: nothing */
	bool closing;
	bool waiting;		 /* for the answer to a NOTIFY: nothing is looked at before */
	size_t skip;		 /* octets of a query that was too long, still to come */
	size_t in_start, in_end; /* what is in `in` and not answered */
	uint8_t in[IN_MAX];
};

/* ---- connections ---- */

static void on_conn_closed(uv_handle_t *handle)
{
	struct tcp_conn *conn = handle->data;
	struct tcp *tcp = conn->tcp;

	tcp->n_conns--;
	count_set(&tcp->answer->stats->tcp_open, tcp->n_conns);
	free(conn->queued);
	free(conn);
}

static void conn_close(struct tcp_conn *conn)
{
	if (conn->closing)
		return;
	conn->closing = true;
	if (conn->waiting)
		relay_forget(conn->tcp->relay, conn);
	TAILQ_REMOVE(&conn->tcp->conns, conn, link);
	uv_close((uv_handle_t *)&conn->stream, on_conn_closed);
}

static void conn_touch(struct tcp_conn *conn)
{
	conn->active = uv_now(conn->tcp->loop);
	TAILQ_REMOVE(&conn->tcp->conns, conn, link);
	TAILQ_INSERT_TAIL(&conn->tcp->conns, conn, link);
}

/* Forgets what is left of a query that was too long. Returns whether all of it has come. */
static bool conn_skip(struct tcp_conn *conn)
{
	size_t octets = conn->in_end - conn->in_start;

	if (octets > conn->skip)
		octets = conn->skip;
	conn->skip -= octets;
	conn->in_start += octets;
	return conn->skip == 0;
}

/* From here on nothing is read until tcp_conn_reply(). -EINPROGRESS: it is under way; -EIO: it cannot be. */
static int conn_relay(struct tcp_conn *conn, const uint8_t *msg, size_t len)
{
	struct tcp *tcp = conn->tcp;
	struct sockaddr_storage peer;
	int peer_len = sizeof(peer);

	answer_count(tcp->answer, ANSWER_TCP, REASON_notify);
	if (uv_tcp_getpeername(&conn->stream, (struct sockaddr *)&peer, &peer_len) ||
	    !relay_tcp(tcp->relay, msg, len, conn, &peer))
		return -EIO;
	conn->waiting = true;
	(void)uv_read_stop((uv_stream_t *)&conn->stream);
	return -EINPROGRESS;
}

/* Takes the next query off the input, answers it into `out`. Returns the octets written, length
 * included; 0: there is no reply; -EAGAIN: no whole query has come; -EBADMSG: not DNS; of conn_relay(). */
static ssize_t conn_next(struct tcp_conn *conn, uint8_t *out)
{
	const uint8_t *in;
	size_t expected, taken, len, octets;

	if (!conn_skip(conn))
		return -EAGAIN;
	in = conn->in + conn->in_start;
	octets = conn->in_end - conn->in_start;
	if (octets < LENGTH_LEN)
		return -EAGAIN;
	expected = (size_t)in[0] << 8 | in[1];
	if (expected < HEADER_LEN)
		return -EBADMSG;
	taken = expected < QUERY_MAX ? expected : QUERY_MAX;
	if (octets < LENGTH_LEN + taken)
		return -EAGAIN;
	conn->skip = expected - taken;
	conn->in_start += LENGTH_LEN + taken;
	conn_touch(conn);
	if (conn->tcp->relay && relay_wants(in + LENGTH_LEN, taken))
		return conn_relay(conn, in + LENGTH_LEN, taken);
	len = answer_message(conn->tcp->answer, ANSWER_TCP, &conn->client, in + LENGTH_LEN, taken,
			     out + LENGTH_LEN);
	if (!len)
		return 0;
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	return (ssize_t)(LENGTH_LEN + len);
}

static void on_written(uv_write_t *write, int status);

/* Most replies go out here and now; the rest is copied and written when the client has read. */
static int conn_send(struct tcp_conn *conn, const uint8_t *data, size_t len)
{
	uv_stream_t *stream = (uv_stream_t *)&conn->stream;
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned int)len);
	int done = uv_try_write(stream, &buf, 1);

	if (done < 0 && done != UV_EAGAIN)
		return done;
	if (done > 0) {
		data += done;
		len -= (size_t)done;
	}
	if (!len)
		return 0;
	conn->queued = malloc(len);
	if (!conn->queued)
		return -ENOMEM;
	memcpy(conn->queued, data, len);
	buf = uv_buf_init((char *)conn->queued, (unsigned int)len);
	(void)uv_read_stop(stream);
	return uv_write(&conn->write, stream, &buf, 1, on_written);
}

/* Answers what has come in, as long as the client takes the replies. */
static void conn_answer(struct tcp_conn *conn)
{
	uint8_t *out = conn->tcp->out;
	ssize_t n = 0;

	while (!conn->queued && !conn->waiting && n >= 0) {
		size_t len = 0;

		while (len < OUT_GATHER && (n = conn_next(conn, out + len)) >= 0)
			len += (size_t)n;
		if (len && conn_send(conn, out, len) < 0)
			n = -EIO;
	}
	/* Behind a reply that is queued, what is wrong is found again once it is out. */
	if (n == -EIO || (n == -EBADMSG && !conn->queued))
		conn_close(conn);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct tcp_conn *conn = handle->data;

	(void)suggested;
	conn->in_end -= conn->in_start;
	memmove(conn->in, conn->in + conn->in_start, conn->in_end);
	conn->in_start = 0;
	*buf = uv_buf_init((char *)conn->in + conn->in_end, (unsigned int)(IN_MAX - conn->in_end));
}

/* At the end of the client's octets all whole queries have been answered and written: while a
 * reply is queued, nothing is read. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct tcp_conn *conn = stream->data;

	(void)buf;
	if (n < 0) {
		conn_close(conn);
		return;
	}
	conn->in_end += (size_t)n;
	conn_answer(conn);
}

static void conn_go_on(struct tcp_conn *conn)
{
	conn_answer(conn);
	if (!conn->closing && !conn->queued && !conn->waiting &&
	    uv_read_start((uv_stream_t *)&conn->stream, on_alloc, on_read))
		conn_close(conn);
}

static void on_written(uv_write_t *write, int status)
{
	struct tcp_conn *conn = write->data;

	free(conn->queued);
	conn->queued = NULL;
	if (conn->closing)
		return;
	if (status < 0 || conn->tcp->stopping) {
		conn_close(conn);
		return;
	}
	conn_touch(conn);
	conn_go_on(conn);
}

void tcp_conn_reply(struct tcp_conn *conn, const uint8_t *msg, size_t len)
{
	uint8_t out[LENGTH_LEN + IPC_NOTIFY_MAX];

	conn->waiting = false;
	/* What was answered before is not read by a client that wants to be answered at once. */
	if (!len || len > IPC_NOTIFY_MAX || conn->queued) {
		conn_close(conn);
		return;
	}
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	memcpy(out + LENGTH_LEN, msg, len);
	conn_touch(conn);
	if (conn_send(conn, out, LENGTH_LEN + len) < 0)
		conn_close(conn);
	else
		conn_go_on(conn);
}

static void conn_open(struct tcp *tcp, int fd, const struct sockaddr *peer)
{
	struct tcp_conn *conn = calloc(1, sizeof(*conn));

	if (!conn || uv_tcp_init(tcp->loop, &conn->stream)) {
		free(conn);
		(void)close(fd);
		return;
	}
	conn->tcp = tcp;
	addr_from_sockaddr(&conn->client, peer);
	conn->stream.data = conn;
	conn->write.data = conn;
	conn->active = uv_now(tcp->loop);
	TAILQ_INSERT_TAIL(&tcp->conns, conn, link);
	tcp->n_conns++;
	count_add(&tcp->answer->stats->tcp_connections, 1);
	count_set(&tcp->answer->stats->tcp_open, tcp->n_conns);
	if (uv_tcp_open(&conn->stream, fd)) {
		(void)close(fd);
		conn_close(conn);
		return;
	}
	(void)uv_tcp_nodelay(&conn->stream, 1);
	if (uv_read_start((uv_stream_t *)&conn->stream, on_alloc, on_read))
		conn_close(conn);
}

/* A listener that fails for want of descriptors or memory would be reported ready again at once,
 * for ever; so it rests until the next sweep. */
static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct tcp_listener *listener = poll->data;
	struct tcp *tcp = listener->tcp;

	(void)status;
	(void)events;
	for (unsigned int i = 0; i < TURN_ACCEPTS; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof(peer);
		int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			    errno == ENOMEM)
				listener->paused = uv_poll_stop(poll) == 0;
			return;
		}
		if (tcp->n_conns < tcp->max_conns) {
			conn_open(tcp, fd, (const struct sockaddr *)&peer);
		} else {
			(void)close(fd);
			count_add(&tcp->answer->stats->tcp_refused, 1);
		}
	}
}

/* ---- all of them ---- */

static void on_sweep(uv_timer_t *timer)
{
	struct tcp *tcp = timer->data;
	uint64_t limit = tcp->n_conns > tcp->max_conns / 2 ? TCP_IDLE_MANY_MS : TCP_IDLE_MS;
	struct tcp_listener *listener;
	struct tcp_conn *conn;

	while ((conn = TAILQ_FIRST(&tcp->conns)) && uv_now(tcp->loop) - conn->active >= limit)
		conn_close(conn);
	LIST_FOREACH(listener, &tcp->listeners, link)
	{
		if (listener->paused)
			listener->paused =
				uv_poll_start(&listener->poll, UV_READABLE, on_connection) != 0;
	}
}

int tcp_init(struct tcp *tcp, uv_loop_t *loop, struct answer *answer, struct relay *relay)
{
	int err;

	memset(tcp, 0, sizeof(*tcp));
	tcp->loop = loop;
	tcp->answer = answer;
	tcp->relay = relay;
	tcp->max_conns = TCP_CONNECTIONS_MAX;
	LIST_INIT(&tcp->listeners);
	TAILQ_INIT(&tcp->conns);
	tcp->out = malloc(OUT_MAX);
	if (!tcp->out)
		return -ENOMEM;
	err = uv_timer_init(loop, &tcp->sweep);
	if (err) {
		tcp_done(tcp);
		return err;
	}
	tcp->sweep.data = tcp;
	uv_unref((uv_handle_t *)&tcp->sweep);
	return 0;
}

void tcp_done(struct tcp *tcp)
{
	free(tcp->out);
	tcp->out = NULL;
}

int tcp_add(struct tcp *tcp, int fd)
{
	struct tcp_listener *listener = calloc(1, sizeof(*listener));
	int err;

	if (!listener) {
		(void)close(fd);
		return -ENOMEM;
	}
	listener->tcp = tcp;
	listener->fd = fd;
	err = uv_poll_init(tcp->loop, &listener->poll, fd);
	if (err) {
		(void)close(fd);
		free(listener);
		return err;
	}
	listener->poll.data = listener;
	LIST_INSERT_HEAD(&tcp->listeners, listener, link);
	return tcp->serving ? uv_poll_start(&listener->poll, UV_READABLE, on_connection) : 0;
}

int tcp_serve(struct tcp *tcp)
{
	struct tcp_listener *listener;
	int err;

	tcp->serving = true;
	count_set(&tcp->answer->stats->tcp_open,
		  0); /* those of a process before this one are gone */
	err = uv_timer_start(&tcp->sweep, on_sweep, TCP_SWEEP_MS, TCP_SWEEP_MS);
	LIST_FOREACH(listener, &tcp->listeners, link)
	{
		if (err)
			break;
		err = uv_poll_start(&listener->poll, UV_READABLE, on_connection);
	}
	return err;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct tcp_listener *listener = handle->data;

	(void)close(listener->fd);
	free(listener);
}

void tcp_stop(struct tcp *tcp)
{
	struct tcp_listener *listener;
	struct tcp_conn *conn, *next;

	tcp->stopping = true;
	while ((listener = LIST_FIRST(&tcp->listeners))) {
		LIST_REMOVE(listener, link);
		uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
	}
	for (conn = TAILQ_FIRST(&tcp->conns); conn; conn = next) {
		next = TAILQ_NEXT(conn, link);
		if (!conn->queued)
			conn_close(conn);
	}
}

void tcp_abort(struct tcp *tcp)
{
	struct tcp_conn *conn;

	tcp_stop(tcp);
	while ((conn = TAILQ_FIRST(&tcp->conns)))
		conn_close(conn);
	if (!uv_is_closing((uv_handle_t *)&tcp->sweep))
		uv_close((uv_handle_t *)&tcp->sweep, NULL);
}
