/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What dnsboltd is made of; main.c owns it all. Everything runs in one thread, in one libuv loop. */
#ifndef DAEMON_H
#define DAEMON_H

#include <time.h>
#include <uv.h>

#include "access/access.h"
#include "attach.h"
#include "config.h"
#include "cookies.h"
#include "host.h"
#include "resolver.h"
#include "sigwatch.h"
#include "store/store.h"
#include "sync/sync.h"
#include "watch.h"
#include "zoneset.h"

struct daemon {
	uv_loop_t loop;
	const char *config_path;
	struct config *config;
	struct attach *attach;
	struct store *store;
	struct zoneset *zones;
	struct sync *sync;
	struct sigwatch *sigwatch;
	struct watch *watch;	   /* NULL with watch: false */
	struct resolver *resolver; /* NULL with fallback: host */
	uint32_t pass_options;	   /* DNSBOLT_OPT_* in force */
	struct cookies *cookies;
	struct access *access;
	struct host *host; /* NULL with fallback: resolver */
	time_t started;
};

/* Stores the mode in the config map and remembers it. */
void daemon_set_mode(struct daemon *daemon, enum dnsbolt_mode mode);

#endif /* DAEMON_H */
