/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records that were set by the CLI, kept in STATE_DIR/records.journal: one JSON object per
 * line, added with fsync(2), the newest line of an (owner, type) counts. In memory they are held in
 * canonical order.
 *
 *     {"owner": "www.example.com.", "type": "A", "ttl": 300, "rdata": ["192.0.2.1"],
 *      "who": "uid 0 (root)", "when": 1735689600}
 *
 * "rdata": "hidden" hides the zone's own RRset, [] takes back what was said before. The file is
 * written anew without superseded lines when it is opened. What a crash left of a last line is
 * dropped with a warning; any other damaged line is an error, and the file stays as it is. One
 * process writes, by a lock on the directory; others may read at the same time (dnsboltd --check).
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <bsd/sys/tree.h>
#include <libknot/dname.h>

#include "../../userspace/lib/report.h"

#define JOURNAL_TTL_MAX 0x7fffffffu /* RFC 2181 section 8 */

struct journal_record {
	RB_ENTRY(journal_record)
	link;
	knot_dname_t *owner; /* lower-cased */
	uint16_t type;
	uint32_t ttl;
	bool is_hidden;	  /* the zone's own RRset is not shown; no rdata */
	uint16_t n_rdata; /* 0 and not hidden: nothing is said of the RRset; never in the journal */
	char **rdata;	  /* presentation form, all names in it absolute */
	char *who;
	time_t when;
};

struct journal;

/* Nothing is made on disk until the first journal_put(). -EINVAL: a damaged line, which was said
 * with FILE:LINE; other errors were said too. */
int journal_open(struct journal **ret_journal, const char *directory, const struct report *report);
void journal_close(struct journal *journal); /* NULL is fine */

/* Writes the records and waits for the disk; only then they count. All or none, on an error none.
 * They are copied. -EBUSY: another process holds the lock. journal_error() says why. */
int journal_put(struct journal *journal, const struct journal_record *const *records, size_t n);
const char *journal_error(const struct journal *journal);

const struct journal_record *journal_find(const struct journal *journal, const knot_dname_t *owner,
					  uint16_t type);
/* The first record at or after the name in canonical order (NULL: of all), and the one behind a
 * record. NULL at the end. Valid until the next journal_put(). */
const struct journal_record *journal_from(const struct journal *journal, const knot_dname_t *owner);
const struct journal_record *journal_next(const struct journal_record *record);

int journal_record_copy(struct journal_record **ret_copy, const struct journal_record *record);
void journal_record_free(struct journal_record *record); /* NULL is fine */

/* One line of the file without its newline, to be freed, and back. NULL: no memory. -EINVAL:
 * *ret_fault says what is wrong. */
char *journal_format(const struct journal_record *record);
int journal_parse(struct journal_record **ret_record, const char *line, size_t len,
		  const char **ret_fault);

#endif /* JOURNAL_H */
