/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/addr.h"
#include "relay.h"

#define BATCH 32       /* messages of one system call */
#define TURN_BATCHES 4 /* of one socket, before others have their turn */
/* Longer queries are cut off: what is still whole of them counts, and a record that is not is malformed. */
#define QUERY_MAX ANSWER_UDP_ROOM

struct udp_socket {
	uv_poll_t poll;
	LIST_ENTRY(udp_socket) link;
	struct udp *udp;
	int fd;
};

/* Shared by all sockets: nothing is kept in it from one turn to the next. */
struct udp_batch {
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	struct sockaddr_storage peer[BATCH];
	uint8_t query[BATCH][QUERY_MAX];
	uint8_t reply[BATCH][ANSWER_UDP_ROOM];
};

bool udp_bad_source(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *sin = (const struct sockaddr_in *)(const void *)sa;
		uint32_t addr = ntohl(sin->sin_addr.s_addr);

		/* 0.0.0.0/8, then 224.0.0.0/4 and all above: multicast, reserved, broadcast. */
		return sin->sin_port == 0 || addr >> 24 == 0 || addr >> 28 >= 0xe;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)sa;

		return sin6->sin6_port == 0 || IN6_IS_ADDR_MULTICAST(&sin6->sin6_addr) ||
		       IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr);
	}
	return true;
}

static int receive(struct udp_batch *batch, int fd)
{
	for (unsigned int i = 0; i < BATCH; i++) {
		batch->in_iov[i] = (struct iovec){ batch->query[i], QUERY_MAX };
		batch->in[i].msg_hdr = (struct msghdr){ .msg_name = &batch->peer[i],
							.msg_namelen = sizeof(batch->peer[i]),
							.msg_iov = &batch->in_iov[i],
							.msg_iovlen = 1 };
	}
	return recvmmsg(fd, batch->in, BATCH, MSG_DONTWAIT, NULL);
}

/* Returns the number of replies in `out`. */
static unsigned int answer_batch(struct udp *udp, int fd, unsigned int n_in)
{
	struct udp_batch *batch = udp->batch;
	unsigned int n_out = 0;

	for (unsigned int i = 0; i < n_in; i++) {
		struct dnsbolt_addr client;
		size_t len;

		if (udp_bad_source((const struct sockaddr *)&batch->peer[i])) {
			answer_count(udp->answer, ANSWER_UDP, REASON_bad_source);
			continue;
		}
		if (udp->relay && relay_wants(batch->query[i], batch->in[i].msg_len)) {
			answer_count(udp->answer, ANSWER_UDP, REASON_notify);
			(void)relay_udp(udp->relay, batch->query[i], batch->in[i].msg_len, fd,
					&batch->peer[i], batch->in[i].msg_hdr.msg_namelen);
			continue;
		}
		addr_from_sockaddr(&client, (const struct sockaddr *)&batch->peer[i]);
		len = answer_message(udp->answer, ANSWER_UDP, &client, batch->query[i],
				     batch->in[i].msg_len, batch->reply[n_out]);
		if (!len)
			continue;
		batch->out_iov[n_out] = (struct iovec){ batch->reply[n_out], len };
		batch->out[n_out].msg_hdr =
			(struct msghdr){ .msg_name = &batch->peer[i],
					 .msg_namelen = batch->in[i].msg_hdr.msg_namelen,
					 .msg_iov = &batch->out_iov[n_out],
					 .msg_iovlen = 1 };
		n_out++;
	}
	return n_out;
}

/* sendmmsg() stops at the first that fails: that one is skipped (a client to whom there is no
 * route must not cost others their replies), unless the socket is full. */
static void send_batch(struct udp_batch *batch, int fd, unsigned int n)
{
	for (unsigned int done = 0; done < n;) {
		int sent = sendmmsg(fd, batch->out + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0)
			done += (unsigned int)sent;
		else if (errno == EAGAIN || errno == ENOBUFS)
			return;
		else if (errno != EINTR)
			done++;
	}
}

static void serve_socket(struct udp_socket *sock, unsigned int batches)
{
	struct udp *udp = sock->udp;

	for (unsigned int i = 0; i < batches; i++) {
		int n = receive(udp->batch, sock->fd);

		if (n <= 0)
			return;
		send_batch(udp->batch, sock->fd, answer_batch(udp, sock->fd, (unsigned int)n));
		if (n < BATCH)
			return;
	}
}

/* An error that waits in the socket (`status`) is taken off it by reading, like a message. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	serve_socket(poll->data, TURN_BATCHES);
}

static void on_closed(uv_handle_t *handle)
{
	struct udp_socket *sock = handle->data;

	(void)close(sock->fd);
	free(sock);
}

int udp_init(struct udp *udp, uv_loop_t *loop, struct answer *answer, struct relay *relay)
{
	memset(udp, 0, sizeof(*udp));
	udp->loop = loop;
	udp->answer = answer;
	udp->relay = relay;
	LIST_INIT(&udp->sockets);
	udp->batch = calloc(1, sizeof(*udp->batch));
	return udp->batch ? 0 : -ENOMEM;
}

void udp_done(struct udp *udp)
{
	free(udp->batch);
	udp->batch = NULL;
}

int udp_add(struct udp *udp, int fd)
{
	struct udp_socket *sock = calloc(1, sizeof(*sock));
	int err;

	if (!sock) {
		(void)close(fd);
		return -ENOMEM;
	}
	sock->udp = udp;
	sock->fd = fd;
	err = uv_poll_init(udp->loop, &sock->poll, fd);
	if (err) {
		(void)close(fd);
		free(sock);
		return err;
	}
	sock->poll.data = sock;
	LIST_INSERT_HEAD(&udp->sockets, sock, link);
	return udp->serving ? uv_poll_start(&sock->poll, UV_READABLE, on_readable) : 0;
}

int udp_serve(struct udp *udp)
{
	struct udp_socket *sock;

	udp->serving = true;
	LIST_FOREACH(sock, &udp->sockets, link)
	{
		int err = uv_poll_start(&sock->poll, UV_READABLE, on_readable);

		if (err)
			return err;
	}
	return 0;
}

/* The last turn is bounded as well: a flood would keep it busy for ever. */
void udp_stop(struct udp *udp)
{
	struct udp_socket *sock;

	if (udp->relay)
		relay_forget_udp(udp->relay);
	udp->relay = NULL;
	while ((sock = LIST_FIRST(&udp->sockets))) {
		if (udp->serving)
			serve_socket(sock, TURN_BATCHES);
		LIST_REMOVE(sock, link);
		uv_close((uv_handle_t *)&sock->poll, on_closed);
	}
	udp->serving = false;
}
