/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of the control socket; knows nothing of sockets. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../daemon.h"

struct call;

/* Who asks. */
struct commands_peer {
	uid_t uid;
	bool may_write; /* root, or a member of the group that owns the socket */
};

enum command_access {
	COMMAND_READ,  /* everyone who may connect */
	COMMAND_WRITE, /* whom commands_peer.may_write says */
};

struct command {
	const char *name; /* as in the request: "zone list" */
	enum command_access access;
	/* 0, or a negative errno; call_fail() then has said why. */
	int (*run)(struct call *call);
	const char *keys; /* members that a request may have, separated by spaces */
	const char *help;
};

/* One request, a line of JSON. Returns the reply; NULL: out of memory. */
json_t *commands_run(struct daemon *daemon, const struct commands_peer *peer, const char *line,
		     size_t len);

/* Functions of the rows, by file. */
int command_status(struct call *call);
int command_stats(struct call *call);
int command_zone_list(struct call *call);
int command_zone_show(struct call *call);
int command_zone_reload(struct call *call);
int command_zone_refresh(struct call *call);
int command_zone_retransfer(struct call *call);
int command_record_list(struct call *call);
int command_record_set(struct call *call);
int command_record_delete(struct call *call);
int command_record_reset(struct call *call);
int command_lookup(struct call *call);
int command_limits(struct call *call);
int command_client_list(struct call *call);
int command_client_deny(struct call *call);
int command_client_allow(struct call *call);

/* What the limits are. */
json_t *command_limit_settings(const struct call *call);
/* How many zones are in which state. */
json_t *command_zone_states(struct call *call);

#endif /* COMMANDS_H */
