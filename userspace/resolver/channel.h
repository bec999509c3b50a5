/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The resolver's end of ipc.h. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <uv.h>

struct server;

struct channel {
	uv_poll_t poll;
	struct server *server; /* NULL: never opened, or closed */
	int fd;
	bool greeted, serving;
};

/* Takes the descriptor over, also on failure. What comes is handed to the server's parts from the
 * loop. */
int channel_open(struct channel *channel, struct server *server, int fd);

/* Takes what waits in the channel, without blocking. Returns how many messages that were. */
unsigned int channel_read(struct channel *channel);

void channel_close(struct channel *channel); /* twice is fine */

#endif /* CHANNEL_H */
