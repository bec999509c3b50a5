/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS over UDP. Each socket is bound to one address, and the reply leaves by the socket that the
 * query came in by, so it comes from the address that was asked. A reply that the kernel does not
 * take at once is lost, as UDP may be. */
#ifndef UDP_H
#define UDP_H

#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

#include "answer.h"

struct relay;
struct udp_socket;
struct udp_batch;

struct udp {
	uv_loop_t *loop;
	struct answer *answer;
	struct relay *relay; /* NULL: NOTIFYs are answered like any message */
	struct udp_batch *batch;
	LIST_HEAD(udp_sockets, udp_socket) sockets;
	bool serving;
};

int udp_init(struct udp *udp, uv_loop_t *loop, struct answer *answer, struct relay *relay);
void udp_done(struct udp *udp); /* after udp_stop() and the loop's end */

/* Takes over a bound socket (closed on failure); it is read at once when udp_serve() was called,
 * else from then on. */
int udp_add(struct udp *udp, int fd);
int udp_serve(struct udp *udp);

/* Answers what waits in the sockets, then closes them. */
void udp_stop(struct udp *udp);

/* Whether no reply may go there: port 0, multicast, broadcast, unspecified. */
bool udp_bad_source(const struct sockaddr *sa);

#endif /* UDP_H */
