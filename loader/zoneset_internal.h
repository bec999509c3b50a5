/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the parts of the zone set: zoneset.c knows the zones and where they come from,
 * zoneset_load.c reads them, zoneset_files.c remembers from what, zoneset_publish.c brings them into the store, zoneset_serve.c says whom they are for, zoneset_records.c puts
 * the CLI's records on top, zoneset_edit.c and zoneset_reset.c take them
 * from the CLI and drop them.
 */
#ifndef ZONESET_INTERNAL_H
#define ZONESET_INTERNAL_H

#include <stdbool.h>
#include <sys/stat.h>
#include <bsd/sys/tree.h>

#include "sync/journal.h"
#include "zone/render.h"
#include "zoneset.h"

struct zoneset_version {
	struct zone *base, *zone; /* the same pointer when the CLI set nothing */
};

/* What a file that did not change has kept. */
struct zoneset_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct zoneset_file {
	char *path;
	struct zoneset_stamp stamp; /* before it was read */
};

/* What a zone was read from: its file, and those that it includes. */
struct zoneset_files {
	struct zoneset_file *v;
	size_t n, room;
	bool is_short; /* memory was: there may be others */
};

struct zoneset_item {
	struct zoneset_zone row; /* what others see; first */
	RB_ENTRY(zoneset_item)
	link;
	knot_dname_t *apex; /* lower-cased */
	char *file;	    /* NULL: it is transferred */
	char *error;
	struct zoneset_version now, next; /* next: to be published; its base may be that of `now` */
	struct zoneset_files files;	  /* when it was last read */
	bool is_configured;		  /* else it is on its way out */
	bool is_served;			  /* the store has a version of it */
	bool is_member;		   /* of a catalog: what the configuration says does not count */
	const char *withheld;	   /* the state, while it is passed for that; NULL */
	enum config_zonemd zonemd; /* of a zone that has a file */
	bool is_again;		   /* to be rendered in full: a zone inside it came or went */
	bool is_unsure;		   /* that was not possible: the next rendering is in full */
	uint32_t serve_to;
};

RB_HEAD(zoneset_tree, zoneset_item);
RB_PROTOTYPE(zoneset_tree, zoneset_item, link, zoneset_compare)

struct zoneset_source {
	knot_dname_t *apex; /* lower-cased */
	char *file;	    /* NULL: it is transferred */
	bool is_catalog;
	enum config_zonemd zonemd;
	uint32_t serve_to;
};

struct zoneset {
	struct store *store;
	const struct report *report;
	const struct clients *clients; /* NULL: everyone is served */
	bool is_armed;		       /* the clients' map is what `clients` says */
	struct journal *journal;       /* NULL until zoneset_configure() */
	struct zoneset_tree items;
	struct zoneset_source *source; /* of `zone:` */
	size_t n_source;
	char **dir; /* of `zone-dir` */
	size_t n_dir;
	size_t n_items;
	uint64_t version; /* of the last that was published */
	size_t n_refused; /* zones that the store did not take in the last zoneset_publish() */
	char error[1024];
};

/* ---- zoneset.c ---- */

/* Keeps the words for zoneset_error(); returns err. */
int zoneset_fail(struct zoneset *set, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The item of that apex, and the deepest configured one that the name is in; names in lower
 * case. */
struct zoneset_item *zoneset_find_item(const struct zoneset *set, const knot_dname_t *apex);
struct zoneset_item *zoneset_enclosing_item(const struct zoneset *set, const knot_dname_t *name);

void zoneset_item_free(struct zoneset_item *item);
/* NULL: no memory. */
struct zoneset_item *zoneset_add_item(struct zoneset *set, const struct zoneset_source *source);

/* Reads the directories and makes the items what the sources say: new ones appear, those that are
 * no more lose is_configured. On an error (an unreadable directory, a zone given twice) nothing
 * changes. */
int zoneset_scan(struct zoneset *set);

/* Passes everything on and keeps the first error for the zone's row. */
struct zoneset_capture {
	struct report report;
	const struct report *to;
	char text[512]; /* "": no error was said */
};
void zoneset_capture_init(struct zoneset_capture *capture, const struct report *to);

/* Says a line when the last one is two seconds old: "zones: 4000 of 12000 loaded". */
struct zoneset_progress {
	const struct report *report;
	const char *what; /* "loaded" */
	size_t done, total;
	struct timespec last;
};
void zoneset_progress_init(struct zoneset_progress *progress, const struct report *report,
			   const char *what, size_t total);
void zoneset_progress_step(struct zoneset_progress *progress);

/* ---- zoneset_files.c ---- */

void zoneset_files_add(struct zoneset_files *files, const char *path);
void zoneset_files_clear(struct zoneset_files *files);
/* Whether any of them is another than it was; also when there is none. */
bool zoneset_files_changed(const struct zoneset_files *files);

/* ---- zoneset_publish.c ---- */

/* Publishes each item's `next`, in one change set where the store takes it, and drops those that
 * are configured no more. A zone that the store refuses (it does not fit) is left out, said, and
 * counted in n_refused. Other errors of the store are errors; zoneset_error() has the words. */
int zoneset_publish(struct zoneset *set);

/* Drops what the store serves and no item stands for; marks the items that it serves. For the
 * start. */
int zoneset_adopt(struct zoneset *set);

/* Forgets item->next. */
void zoneset_discard_next(struct zoneset_item *item);

/* The word of the row, after what it depends on has changed. */
void zoneset_set_state(struct zoneset_item *item);

/* Why the zone's newest data do not serve; its state follows. NULL: they do. */
void zoneset_set_error(struct zoneset_item *item, const char *error);

/* ---- zoneset_serve.c ---- */

/* Number of the list that the options have. */
uint32_t zoneset_number(const struct zoneset *set, const struct config_sync *options);
/* Tells the store whom the item's zone is served to, before its version is there. */
void zoneset_put_serve_to(struct zoneset *set, const struct zoneset_item *item);

/* ---- zoneset_records.c ---- */

/* The base with the CLI's records of the item on top: a copy, or the base itself when there are
 * none. Records that do not fit are left out with a warning. */
int zoneset_build(struct zoneset *set, const struct zoneset_item *item, struct zone *base,
		  struct zone **ret_zone);

/* Records of the journal that are the item's. */
uint32_t zoneset_count_records(const struct zoneset *set, const struct zoneset_item *item);

/* Writes the records, all of one owner, to the journal and publishes the zone with them. When the
 * store refuses it the journal says what it said before. */
int zoneset_change(struct zoneset *set, struct zoneset_item *item,
		   const struct journal_record *const *change, size_t n);

/* Writes the records to the journal and publishes what the items have as `next`, under the same terms. */
int zoneset_commit(struct zoneset *set, const struct journal_record *const *change, size_t n);

/* Of names in the RDATA of records: the root. */
extern const knot_dname_t zoneset_origin[];

/* NULL: the zone has no such RRset. */
const struct zone_rrset *zoneset_find_rrset(const struct zone *zone, const knot_dname_t *owner,
					    uint16_t type);

#endif /* ZONESET_INTERNAL_H */
