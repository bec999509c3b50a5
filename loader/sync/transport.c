/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LENGTH_LEN 2u /* RFC 1035 section 4.2.2 */
#define HEADER_LEN 12u
#define FLAG_QR 0x80 /* octet 2 of the header */
#define FLAG_TC 0x02
#define UDP_ROOM 4096u
/* A whole message of the largest size, and more, so that few reads suffice. */
#define IN_ROOM (4 * 65536u)
#define ERROR_LEN 512
/* By UDP: what is waited for the first answer, in ms; the next wait is twice as long. */
#define UDP_WAIT_MS 1000u
#define UDP_TRIES 3

struct transport {
	uv_loop_t *loop;
	uv_timer_t timer;
	uv_poll_t poll; /* of a UDP socket */
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	unsigned int handles; /* not closed */
	bool has_poll, has_tcp, over;
	int udp; /* -1: none */
	struct transport_server server;
	struct transport_limits limits;
	uint64_t started, active; /* uv_now() */
	unsigned int tries;
	struct soaq *soaq; /* one of the two */
	struct xfr *xfr;
	transport_soa_done *soa_done;
	transport_zone_done *zone_done;
	void *arg;
	uint8_t query[LENGTH_LEN + XFR_QUERY_MAX];
	uint8_t *in; /* IN_ROOM octets, of TCP */
	size_t in_start, in_end;
	char error[ERROR_LEN];
};

const char *transport_server_text(const struct transport_server *server, char *buf)
{
	char addr[ADDR_STRLEN];

	(void)snprintf(buf, TRANSPORT_TEXT, "%s@%u", addr_text(&server->addr, addr), server->port);
	return buf;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct transport *t = handle->data;

	if (--t->handles)
		return;
	soaq_free(t->soaq);
	free(t->in);
	free(t);
}

static void close_udp(struct transport *t)
{
	if (!t->has_poll)
		return;
	(void)uv_poll_stop(&t->poll);
	(void)close(t->udp);
	t->has_poll = false;
	uv_close((uv_handle_t *)&t->poll, on_closed);
}

static void finish(struct transport *t)
{
	t->over = true;
	close_udp(t);
	if (t->has_tcp)
		uv_close((uv_handle_t *)&t->tcp, on_closed);
	t->has_tcp = false;
	uv_close((uv_handle_t *)&t->timer, on_closed);
}

void transport_cancel(struct transport *transport)
{
	if (transport && !transport->over)
		finish(transport);
}

static void end_soa(struct transport *t, enum soaq_result result, const struct soaq_answer *answer)
{
	finish(t);
	t->soa_done(result, answer, t->error, t->arg);
}

static void end_zone(struct transport *t, enum xfr_result result)
{
	const char *error = t->error;

	finish(t);
	if (!*error)
		error = xfr_error(t->xfr);
	t->zone_done(result, error, t->arg);
}

__attribute__((format(printf, 2, 3))) static void fail(struct transport *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(t->error, sizeof(t->error), format, args);
	va_end(args);
	if (t->soaq)
		end_soa(t, SOAQ_IGNORED, NULL);
	else
		end_zone(t, XFR_FAILED);
}

/* What the last message had, that was not taken, says more than that none came. */
static void fail_late(struct transport *t, const char *words)
{
	const char *why = t->soaq ? soaq_error(t->soaq) : "";

	fail(t, "%s%s%s", words, *why ? ": " : "", why);
}

/* ---- TCP ---- */

/* Returns false when the request is over. */
static bool take_message(struct transport *t, const uint8_t *msg, size_t len)
{
	struct soaq_answer answer;
	enum soaq_result soa;
	enum xfr_result zone;

	if (t->xfr) {
		zone = xfr_feed(t->xfr, msg, len, time(NULL));
		if (zone != XFR_MORE)
			end_zone(t, zone);
		return zone == XFR_MORE;
	}
	soa = soaq_read(t->soaq, msg, len, time(NULL), &answer);
	if (soa == SOAQ_IGNORED)
		return true;
	(void)snprintf(t->error, sizeof(t->error), "%s", soaq_error(t->soaq));
	end_soa(t, soa, &answer);
	return false;
}

static void take_messages(struct transport *t)
{
	for (;;) {
		const uint8_t *in = t->in + t->in_start;
		size_t octets = t->in_end - t->in_start, len;

		if (octets < LENGTH_LEN)
			return;
		len = (size_t)in[0] << 8 | in[1];
		if (octets < LENGTH_LEN + len)
			return;
		t->in_start += LENGTH_LEN + len;
		if (!take_message(t, in + LENGTH_LEN, len))
			return;
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct transport *t = handle->data;

	(void)suggested;
	t->in_end -= t->in_start;
	memmove(t->in, t->in + t->in_start, t->in_end);
	t->in_start = 0;
	*buf = uv_buf_init((char *)t->in + t->in_end, (unsigned int)(IN_ROOM - t->in_end));
}

static void on_end_of_stream(struct transport *t, ssize_t status)
{
	enum xfr_result result = t->xfr ? xfr_end(t->xfr) : XFR_FAILED;

	if (result != XFR_FAILED)
		end_zone(t, result);
	else if (status != UV_EOF)
		fail(t, "the connection broke: %s", uv_strerror((int)status));
	else if (t->soaq)
		fail_late(t, "the connection was closed without an answer");
	else
		end_zone(t, result);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct transport *t = stream->data;

	(void)buf;
	if (n < 0) {
		on_end_of_stream(t, n);
		return;
	}
	t->active = uv_now(t->loop);
	t->in_end += (size_t)n;
	take_messages(t);
}

/* An error is seen by reading too. */
static void on_written(uv_write_t *write, int status)
{
	(void)write;
	(void)status;
}

static int make_query(struct transport *t, size_t *ret_len)
{
	size_t len = 0;
	int err;

	if (t->xfr)
		err = xfr_query(t->xfr, t->query + LENGTH_LEN, XFR_QUERY_MAX, &len);
	else
		err = soaq_query(t->soaq, t->query + LENGTH_LEN, XFR_QUERY_MAX, &len);
	t->query[0] = (uint8_t)(len >> 8);
	t->query[1] = (uint8_t)len;
	*ret_len = len;
	return err;
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct transport *t = connect->data;
	uv_stream_t *stream = connect->handle;
	uv_buf_t buf;
	size_t len;
	int err;

	if (t->over)
		return;
	if (status < 0) {
		fail(t, "cannot be connected to: %s", uv_strerror(status));
		return;
	}
	t->active = uv_now(t->loop);
	err = make_query(t, &len);
	if (!err) {
		buf = uv_buf_init((char *)t->query, (unsigned int)(LENGTH_LEN + len));
		err = uv_write(&t->write, stream, &buf, 1, on_written);
	}
	if (!err)
		err = uv_read_start(stream, on_alloc, on_read);
	if (err)
		fail(t, "cannot be asked: %s", uv_strerror(err));
}

static void start_tcp(struct transport *t)
{
	struct sockaddr_storage sa;
	int err = UV_ENOMEM;

	(void)addr_to_sockaddr(&sa, &t->server.addr, t->server.port, 0);
	t->active = uv_now(t->loop);
	t->in = malloc(IN_ROOM);
	if (t->in)
		err = uv_tcp_init(t->loop, &t->tcp);
	if (!err) {
		t->has_tcp = true;
		t->handles++;
		t->tcp.data = t->connect.data = t;
		err = uv_tcp_connect(&t->connect, &t->tcp, (const struct sockaddr *)&sa,
				     on_connected);
	}
	if (err)
		fail(t, "cannot be connected to: %s", uv_strerror(err));
}

/* ---- UDP ---- */

/* Returns true when the request has gone on, by an answer or to TCP. */
static bool read_udp(struct transport *t)
{
	struct soaq_answer answer;
	uint8_t msg[UDP_ROOM];
	enum soaq_result result;
	ssize_t len = recv(t->udp, msg, sizeof(msg), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (len < 0) {
		fail(t, "cannot be asked: %s", strerror(errno));
		return true;
	}
	if ((size_t)len >= HEADER_LEN && msg[2] & FLAG_QR && msg[2] & FLAG_TC &&
	    memcmp(msg, t->query + LENGTH_LEN, 2) == 0) {
		close_udp(t);
		start_tcp(t);
		return true;
	}
	result = soaq_read(t->soaq, msg, (size_t)len, time(NULL), &answer);
	if (result == SOAQ_IGNORED)
		return false;
	(void)snprintf(t->error, sizeof(t->error), "%s", soaq_error(t->soaq));
	end_soa(t, result, &answer);
	return true;
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	while (!read_udp(poll->data))
		;
}

static void send_udp(struct transport *t)
{
	size_t len;
	int err = make_query(t, &len);

	/* What cannot be sent now (no route, no room) may be at the next try. */
	if (!err)
		(void)send(t->udp, t->query + LENGTH_LEN, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	t->active = uv_now(t->loop);
	t->tries++;
}

/* Connected, so that nobody else can reply and an ICMP error is noticed; the kernel chooses a port by chance. */
static int open_udp(struct transport *t)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, &t->server.addr, t->server.port, 0);
	int err;

	t->udp = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->udp < 0)
		return -errno;
	if (connect(t->udp, (const struct sockaddr *)&sa, len) < 0)
		err = -errno;
	else
		err = uv_poll_init(t->loop, &t->poll, t->udp);
	if (err) {
		(void)close(t->udp);
		return err;
	}
	t->has_poll = true;
	t->handles++;
	t->poll.data = t;
	return uv_poll_start(&t->poll, UV_READABLE, on_udp);
}

static void start_udp(struct transport *t)
{
	int err = open_udp(t);

	if (err)
		fail(t, "cannot be asked: %s", strerror(-err));
	else
		send_udp(t);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *timer);

static void set_timer(struct transport *t)
{
	uint64_t now = uv_now(t->loop), end = t->started + t->limits.total * 1000ull;
	uint64_t next = t->active + (t->has_poll ? (uint64_t)UDP_WAIT_MS << (t->tries - 1)
						 : t->limits.idle * 1000ull);

	if (next > end)
		next = end;
	(void)uv_timer_start(&t->timer, on_timer, next > now ? next - now : 1, 0);
}

/* The first call starts the request: `done` is never called before transport_ask_...() is through. */
static void on_timer(uv_timer_t *timer)
{
	struct transport *t = timer->data;
	uint64_t now = uv_now(t->loop);

	if (!t->tries && !t->has_tcp) {
		if (t->soaq)
			start_udp(t);
		else
			start_tcp(t);
	} else if (now >= t->started + t->limits.total * 1000ull) {
		fail(t, "not through within %u s", t->limits.total);
	} else if (t->has_poll && now >= t->active + ((uint64_t)UDP_WAIT_MS << (t->tries - 1))) {
		if (t->tries < UDP_TRIES) {
			send_udp(t);
		} else {
			close_udp(t);
			start_tcp(t);
		}
	} else if (!t->has_poll && now >= t->active + t->limits.idle * 1000ull) {
		if (t->in_end || t->xfr)
			fail(t, "nothing came for %u s", t->limits.idle);
		else
			fail_late(t, "no answer");
	}
	if (!t->over)
		set_timer(t);
}

/* ---- requests ---- */

static int new_transport(struct transport **ret_transport, uv_loop_t *loop,
			 const struct transport_server *server,
			 const struct transport_limits *limits, void *arg)
{
	struct transport *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->loop = loop;
	t->server = *server;
	t->limits = *limits;
	t->arg = arg;
	t->udp = -1;
	t->started = t->active = uv_now(loop);
	err = uv_timer_init(loop, &t->timer);
	if (err) {
		free(t);
		return err;
	}
	t->timer.data = t;
	t->handles = 1;
	(void)uv_timer_start(&t->timer, on_timer, 0, 0);
	*ret_transport = t;
	return 0;
}

int transport_ask_soa(struct transport **ret_transport, uv_loop_t *loop,
		      const struct transport_server *server, const knot_dname_t *apex,
		      const struct transport_limits *limits, transport_soa_done *done, void *arg)
{
	struct transport *t;
	struct soaq *soaq;
	int err = soaq_new(&soaq, apex, server->key);

	if (err)
		return err;
	err = new_transport(&t, loop, server, limits, arg);
	if (err) {
		soaq_free(soaq);
		return err;
	}
	t->soaq = soaq;
	t->soa_done = done;
	*ret_transport = t;
	return 0;
}

int transport_ask_zone(struct transport **ret_transport, uv_loop_t *loop,
		       const struct transport_server *server, struct xfr *xfr,
		       const struct transport_limits *limits, transport_zone_done *done, void *arg)
{
	struct transport *t;
	int err = new_transport(&t, loop, server, limits, arg);

	if (err)
		return err;
	t->xfr = xfr;
	t->zone_done = done;
	*ret_transport = t;
	return 0;
}
