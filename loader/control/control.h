/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket of dnsboltd: one JSON object per line each way (userspace/lib/proto.h). A
 * request is {"command": "zone list", ...}, a reply {"ok": true, ...} or {"ok": false, "error":
 * "..."}. The commands are the rows of commands.c: name, access, function. Socket mode 0660, group
 * dnsbolt where there is one; commands that change something ask for peer credentials: root or a
 * member of the group that owns the socket.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "../daemon.h"

struct control;

/* A socket that a dead daemon left is replaced; -EADDRINUSE: one that answers is there. Writes
 * PATH.pin, which names pin-dir for the CLI when the daemon is dead. */
int control_start(struct control **ret_control, struct daemon *daemon, const struct report *report);
void control_stop(struct control *control); /* NULL is fine */

#endif /* CONTROL_H */
