/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the differential test: a reference server, and two answers held against each other. */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- nsd.c: Debian's nsd on loopback, fed with zone files ---- */
struct nsd;
struct nsd_zone {
	char name[256], path[4096]; /* PATH_MAX */
};

/* Starts it and waits until it answers. -ENOENT: there is no nsd. */
int nsd_start(struct nsd **ret_nsd, const struct nsd_zone *zones, size_t n);
void nsd_stop(struct nsd *nsd); /* NULL is fine */
/* Would it load the file? (nsd-checkzone) */
bool nsd_takes(const struct nsd_zone *zone);
/* One query by UDP, asked again a few times; the length of the reply, or a negative errno. */
ssize_t nsd_ask(struct nsd *nsd, const uint8_t *query, size_t len, uint8_t *reply, size_t room);

/* ---- answer.c ---- */

/* What may differ: T1 order, compression, letters of names; T2 our additional section is a subset; T3 sections of
 * truncated answers; T6 the OPT's own size and CD. All else must be equal: id, question, QR, opcode, RD, RCODE, AA, TC, answer
 * and authority sections as sets with TTL, one OPT or none. NULL: equal; else what differs. */
const char *answer_differs(const uint8_t *ours, size_t our_len, const uint8_t *theirs,
			   size_t their_len);

#endif /* COMPARE_H */
