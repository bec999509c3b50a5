/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an operator should know about an interface before the program is attached to it, and what
 * to do about it. */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "config.h"

enum preflight_grade { PREFLIGHT_OK, PREFLIGHT_NOTE, PREFLIGHT_WARNING, PREFLIGHT_ERROR };

struct preflight_finding {
	enum preflight_grade grade;
	const char *area; /* "driver", "mtu", ... */
	char text[256];	  /* what is, and what to do about it */
};

/* Looks at driver, MTU, queues, offloads, bond and VLAN relations, other programs on the hook,
 * firewall rules for the port. Calls `each` for every finding. Returns the worst grade or a
 * negative errno. */
int preflight_interface(const struct config *config, const char *interface,
			void (*each)(const char *interface, const struct preflight_finding *finding,
				     void *arg),
			void *arg);

#endif /* PREFLIGHT_H */
