/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NOTIFYs (RFC 1996) that come to this process's sockets, and that dnsboltd answers: it has the keys, and knows who
 * may send them. Those under way are few; one that comes when all places are taken has the place of the oldest, whose
 * sender asks again.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define RELAY_PLACES 64u

struct channel;
struct tcp_conn;

struct relay {
	const struct channel *channel;
	uint32_t next;
	struct relay_place {
		uint32_t token;
		bool is_taken;
		struct tcp_conn *conn; /* NULL: it came by UDP */
		int fd;
		struct sockaddr_storage peer;
		socklen_t peer_len;
	} place[RELAY_PLACES];
};

void relay_init(struct relay *relay, const struct channel *channel);

/* Whether the message is one for dnsboltd. */
bool relay_wants(const uint8_t *msg, size_t len);

/* False: it could not be handed over, and is to be forgotten without a reply. */
bool relay_udp(struct relay *relay, const uint8_t *msg, size_t len, int fd,
	       const struct sockaddr_storage *peer, socklen_t peer_len);
/* tcp_conn_reply() is called once, unless relay_forget() comes first. */
bool relay_tcp(struct relay *relay, const uint8_t *msg, size_t len, struct tcp_conn *conn,
	       const struct sockaddr_storage *peer);
void relay_forget(struct relay *relay, const struct tcp_conn *conn);
/* The UDP sockets are about to be closed. */
void relay_forget_udp(struct relay *relay);

/* From the channel. len 0: dnsboltd does not answer it. */
void relay_reply(struct relay *relay, uint32_t token, const uint8_t *msg, size_t len);

#endif /* RELAY_H */
