/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay.h"

#include <string.h>

#include "../lib/addr.h"
#include "channel.h"
#include "ipc.h"
#include "tcp.h"

#define HEADER_LEN 12u
#define FLAG_QR 0x80	 /* octet 2 */
#define MASK_OPCODE 0x78 /* octet 2 */
#define OPCODE_NOTIFY (4 << 3)

void relay_init(struct relay *relay, const struct channel *channel)
{
	memset(relay, 0, sizeof(*relay));
	relay->channel = channel;
}

bool relay_wants(const uint8_t *msg, size_t len)
{
	return len >= HEADER_LEN && !(msg[2] & FLAG_QR) && (msg[2] & MASK_OPCODE) == OPCODE_NOTIFY;
}

static bool send_notify(const struct relay *relay, uint32_t token, const uint8_t *msg, size_t len,
			const struct sockaddr_storage *peer)
{
	struct ipc_notify notify = { .head = { IPC_NOTIFY, token } };

	if (!relay->channel->server || len > IPC_NOTIFY_MAX)
		return false;
	addr_from_sockaddr(&notify.from, (const struct sockaddr *)peer);
	memcpy(notify.msg, msg, len);
	return send(relay->channel->fd, &notify, offsetof(struct ipc_notify, msg) + len,
		    MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* NULL: it could not be handed over. */
static struct relay_place *hand_over(struct relay *relay, const uint8_t *msg, size_t len,
				     const struct sockaddr_storage *peer)
{
	struct relay_place *place = &relay->place[relay->next % RELAY_PLACES];

	if (!send_notify(relay, relay->next, msg, len, peer))
		return NULL;
	if (place->is_taken && place->conn)
		tcp_conn_reply(place->conn, NULL, 0);
	*place = (struct relay_place){ .token = relay->next++, .is_taken = true };
	return place;
}

bool relay_udp(struct relay *relay, const uint8_t *msg, size_t len, int fd,
	       const struct sockaddr_storage *peer, socklen_t peer_len)
{
	struct relay_place *place = hand_over(relay, msg, len, peer);

	if (!place)
		return false;
	place->fd = fd;
	place->peer = *peer;
	place->peer_len = peer_len;
	return true;
}

bool relay_tcp(struct relay *relay, const uint8_t *msg, size_t len, struct tcp_conn *conn,
	       const struct sockaddr_storage *peer)
{
	struct relay_place *place = hand_over(relay, msg, len, peer);

	if (!place)
		return false;
	place->conn = conn;
	return true;
}

void relay_forget(struct relay *relay, const struct tcp_conn *conn)
{
	for (unsigned int i = 0; i < RELAY_PLACES; i++) {
		if (relay->place[i].conn == conn)
			relay->place[i] = (struct relay_place){ .is_taken = false };
	}
}

void relay_forget_udp(struct relay *relay)
{
	for (unsigned int i = 0; i < RELAY_PLACES; i++) {
		if (!relay->place[i].conn)
			relay->place[i].is_taken = false;
	}
}

void relay_reply(struct relay *relay, uint32_t token, const uint8_t *msg, size_t len)
{
	struct relay_place *place = &relay->place[token % RELAY_PLACES];
	struct relay_place taken = *place;

	if (!taken.is_taken || taken.token != token)
		return;
	*place = (struct relay_place){ .is_taken = false };
	if (taken.conn)
		tcp_conn_reply(taken.conn, msg, len);
	else if (len)
		(void)sendto(taken.fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			     (const struct sockaddr *)&taken.peer, taken.peer_len);
}
