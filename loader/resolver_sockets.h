/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets that dnsbolt-resolver answers on: opened here, where port 53 may be bound. */
#ifndef RESOLVER_SOCKETS_H
#define RESOLVER_SOCKETS_H

#include <stdbool.h>

#include "attach.h"
#include "config.h"

struct resolver_socket {
	int fd;
	bool tcp;
};

struct resolver_sockets {
	struct resolver_socket *socket;
	unsigned int n;
};

/* UDP and TCP of every served address. `shared`: a resolver of an earlier dnsboltd still has
 * them, and shares them until it ends; else an address that anybody else has is an error. Every
 * problem is reported with address and protocol. */
int resolver_sockets_open(struct resolver_sockets *ret_sockets, const struct config *config,
			  const struct attach *attach, bool shared, const struct report *report);
void resolver_sockets_close(struct resolver_sockets *sockets); /* twice is fine */

#endif /* RESOLVER_SOCKETS_H */
