/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What dnsbolt-resolver is made of. One thread, one loop. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "answer.h"
#include "channel.h"
#include "maps.h"
#include "relay.h"
#include "tcp.h"
#include "udp.h"

struct server {
	uv_loop_t loop;
	struct maps maps;
	struct answer answer;
	struct udp udp;
	struct tcp tcp;
	struct channel channel;
	struct relay relay;
	uv_signal_t sigterm, sigint;
	uv_timer_t grace;
	bool failed;
};

/* Serves what comes through the channel until SIGTERM or SIGINT. Returns the exit code. */
int server_run(int channel_fd);

/* For the channel: everything is there, begin; or give up. */
int server_serve(struct server *server);
void server_fail(struct server *server);

#endif /* SERVER_H */
