/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which process is the resolver, across restarts of dnsboltd: RUN_DIR/resolver.pid. */
#ifndef RESOLVER_PID_H
#define RESOLVER_PID_H

#include <sys/types.h>

/* A pidfd of the resolver that the file names. -ENOENT: there is none, or the number is by now
 * somebody else's. */
int resolver_pid_open(const char *run_dir);

/* The file is there in full or not at all. */
int resolver_pid_write(const char *run_dir, pid_t pid);
void resolver_pid_remove(const char *run_dir);

/* SIGTERM, then, after `wait_ms`, SIGKILL. Returns when the process has ended. */
void resolver_pid_end(int pidfd, int wait_ms);

#endif /* RESOLVER_PID_H */
