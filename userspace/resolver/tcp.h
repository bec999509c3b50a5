/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS over TCP (RFC 7766): any number of queries on a connection, answered in their order. What a
 * client can make this process hold is bounded: connections, octets of a query that is not
 * complete, octets of replies that it does not read (it is not read from meanwhile), and the time
 * it may take for either.
 */
#ifndef TCP_H
#define TCP_H

#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

#include "answer.h"

#define TCP_CONNECTIONS_MAX 1000u
#define TCP_IDLE_MS 10000u     /* without a whole query, or with replies that are not read */
#define TCP_IDLE_MANY_MS 2000u /* the same, when more than half of the connections are in use */
#define TCP_SWEEP_MS 250u      /* how exact these are */

struct relay;
struct tcp_listener;
struct tcp_conn;

struct tcp {
	uv_loop_t *loop;
	struct answer *answer;
	struct relay *relay; /* NULL: NOTIFYs are answered like any message */
	uv_timer_t sweep;
	LIST_HEAD(tcp_listeners, tcp_listener) listeners;
	TAILQ_HEAD(tcp_conns, tcp_conn) conns; /* the longest idle first */
	unsigned int n_conns, max_conns;
	uint8_t *out; /* replies that are being composed; empty between callbacks */
	bool serving, stopping;
};

int tcp_init(struct tcp *tcp, uv_loop_t *loop, struct answer *answer, struct relay *relay);
void tcp_done(struct tcp *tcp); /* after tcp_abort() and the loop's end */

/* Takes over a listening socket (closed on failure); it is accepted from at once when tcp_serve()
 * was called, else from then on. */
int tcp_add(struct tcp *tcp, int fd);
int tcp_serve(struct tcp *tcp);

/* Accepts nothing any more; connections end as soon as what is queued for them is written. */
void tcp_stop(struct tcp *tcp);
/* What the connection waited for: the answer to the NOTIFY that it relayed. len 0: none comes, and it is closed. */
void tcp_conn_reply(struct tcp_conn *conn, const uint8_t *msg, size_t len);

/* Ends at once what tcp_stop() left. */
void tcp_abort(struct tcp *tcp);

#endif /* TCP_H */
