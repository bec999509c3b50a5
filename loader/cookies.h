/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS cookies as the daemon has them: which secrets, read again when their file changes, and what becomes of queries
 * with a cookie, by `cookies` and by what the host's server does. All servers behind one address have to agree in it:
 * a resolver that has once seen a cookie from an address asks again by TCP what comes without (RFC 7873 section 5.3).
 */
#ifndef COOKIES_H
#define COOKIES_H

#include <uv.h>

#include "access/secrets.h"
#include "attach.h"
#include "probe.h"

struct cookies;

/* Puts the secrets into the maps: of the file, else those that are there already, else random ones; with `loop` the
 * file is watched. `changed`, which may be NULL, is called when there are others. Says why it fails. */
int cookies_start(struct cookies **ret_cookies, uv_loop_t *loop, const struct config *config,
		  struct attach *attach, const struct report *report);
void cookies_on_change(struct cookies *cookies, void (*changed)(void *arg), void *arg);
/* It is freed when the loop has closed its handles. NULL is fine. */
void cookies_stop(struct cookies *cookies);

/* Reads the file again. Where it is bad the secrets stay, and an error is said. */
void cookies_reload(struct cookies *cookies);

/* What the host's server does: err 0: `reply` says it. Stores the mode; a disagreement is said when it comes. */
void cookies_meet_host(struct cookies *cookies, int err, const struct probe_reply *reply);
/* fallback: resolver */
void cookies_without_host(struct cookies *cookies);

enum dnsbolt_cookies cookies_mode(const struct cookies *cookies);
/* "answer", "pass (the host makes others)" */
const char *cookies_text(const struct cookies *cookies);
/* What the host does otherwise and what to do about it; NULL: they agree. */
const char *cookies_fault(const struct cookies *cookies);
/* Fingerprint of the i-th secret; NULL past the last. */
const char *cookies_print(const struct cookies *cookies, uint32_t i, char buf[SECRETS_PRINT_LEN]);

/* Whether a server that has one of the secrets made the reply's cookie (RFC 9018 section 4). */
bool cookies_are_shared(const struct secrets *secrets, const struct probe_reply *reply);

#endif /* COOKIES_H */
