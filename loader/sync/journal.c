/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal's file, and what it says in memory. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../zone/zone.h"

#define FILE_NAME "records.journal"
#define NEW_NAME "records.journal.new"
#define FILE_MODE 0640
#define DIRECTORY_MODE 0750

RB_HEAD(journal_tree, journal_record);

struct journal {
	struct journal_tree records;
	char *directory;
	int dir_fd; /* -1: there is no such directory yet */
	int fd;	    /* for appending; -1: no file yet, or not ours to write */
	bool is_locked;
	bool is_broken; /* a failed write could not be taken back */
	bool is_torn;	/* no newline ends the file */
	size_t lines, n_records;
	char error[512];
};

static int compare(const struct journal_record *a, const struct journal_record *b)
{
	int order = zone_order(a->owner, b->owner);

	if (order)
		return order;
	return a->type < b->type ? -1 : a->type > b->type;
}

RB_PROTOTYPE(journal_tree, journal_record, link, compare)
RB_GENERATE(journal_tree, journal_record, link, compare)

__attribute__((format(printf, 3, 4))) static int fail(struct journal *journal, int err,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(journal->error, sizeof(journal->error), format, args);
	va_end(args);
	return err;
}

const char *journal_error(const struct journal *journal)
{
	return journal->error;
}

/* ---- in memory ---- */

/* Takes the record over. */
static void accept_record(struct journal *journal, struct journal_record *record)
{
	struct journal_record *old = RB_FIND(journal_tree, &journal->records, record);

	if (old) {
		RB_REMOVE(journal_tree, &journal->records, old);
		journal->n_records--;
		journal_record_free(old);
	}
	if (!record->is_hidden && record->n_rdata == 0) {
		journal_record_free(record);
		return;
	}
	RB_INSERT(journal_tree, &journal->records, record);
	journal->n_records++;
}

const struct journal_record *journal_find(const struct journal *journal, const knot_dname_t *owner,
					  uint16_t type)
{
	struct journal_record key = { .owner = (knot_dname_t *)owner, .type = type };

	return RB_FIND(journal_tree, (struct journal_tree *)&journal->records, &key);
}

const struct journal_record *journal_from(const struct journal *journal, const knot_dname_t *owner)
{
	struct journal_record key = { .owner = (knot_dname_t *)owner };

	if (!owner)
		return RB_MIN(journal_tree, (struct journal_tree *)&journal->records);
	return RB_NFIND(journal_tree, (struct journal_tree *)&journal->records, &key);
}

const struct journal_record *journal_next(const struct journal_record *record)
{
	return RB_NEXT(journal_tree, NULL, (struct journal_record *)record);
}

/* ---- reading ---- */

static int replay_line(struct journal *journal, const char *line, size_t len,
		       const struct report *report)
{
	struct journal_record *record;
	const char *fault;

	journal->lines++;
	if (journal_parse(&record, line, len, &fault) == 0) {
		accept_record(journal, record);
		return 0;
	}
	if (!journal->is_torn) {
		report_say(report, LOG_LEVEL_ERROR,
			   "%s/" FILE_NAME
			   ":%zu: damaged line: %s; repair or delete it, the file is as it was",
			   journal->directory, journal->lines, fault);
		return -EINVAL;
	}
	report_say(report, LOG_LEVEL_WARNING,
		   "%s/" FILE_NAME ":%zu: the last line is incomplete, as after a crash: dropped",
		   journal->directory, journal->lines);
	return 0;
}

static int replay(struct journal *journal, FILE *file, const struct report *report)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&line, &room, file)) > 0) {
		journal->is_torn = line[len - 1] != '\n';
		err = replay_line(journal, line, (size_t)len - !journal->is_torn, report);
	}
	if (!err && ferror(file))
		err = -EIO;
	free(line);
	return err;
}

static int read_file(struct journal *journal, const struct report *report)
{
	int fd = openat(journal->dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC);
	FILE *file;
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	file = fdopen(fd, "r");
	if (!file) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	err = replay(journal, file, report);
	(void)fclose(file);
	return err;
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The lines of the records, each with its newline, in one piece of memory. */
static int format_lines(const struct journal_record *const *records, size_t n, char **ret_data,
			size_t *ret_len)
{
	FILE *stream = open_memstream(ret_data, ret_len);
	int err = 0;

	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		char *line = journal_format(records[i]);

		if (!line || fprintf(stream, "%s\n", line) < 0)
			err = -ENOMEM;
		free(line);
	}
	if (fclose(stream) && !err)
		err = -ENOMEM;
	if (err)
		free(*ret_data);
	return err;
}

static int format_tree(struct journal *journal, char **ret_data, size_t *ret_len)
{
	const struct journal_record **list =
		calloc(journal->n_records + 1, sizeof(struct journal_record *));
	struct journal_record *record;
	size_t n = 0;
	int err;

	if (!list)
		return -ENOMEM;
	RB_FOREACH (record, journal_tree, &journal->records)
		list[n++] = record;
	err = format_lines(list, n, ret_data, ret_len);
	free(list);
	return err;
}

/* Aside, to disk, then by one rename(2) into place: a crash at any point leaves the old file or the
 * new one. */
static int compact(struct journal *journal)
{
	char *data = NULL;
	size_t len = 0;
	int err, fd;

	err = format_tree(journal, &data, &len);
	if (err)
		return err;
	fd = openat(journal->dir_fd, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	err = write_all(fd, data, len);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(journal->dir_fd, NEW_NAME, journal->dir_fd, FILE_NAME))
		err = -errno;
	if (!err && fsync(journal->dir_fd))
		err = -errno;
	if (!err)
		journal->lines = journal->n_records;
	else
		(void)unlinkat(journal->dir_fd, NEW_NAME, 0);
out:
	free(data);
	return err;
}

/* The lock is on the directory, because the file is replaced. It ends with the descriptor. */
static int lock_directory(struct journal *journal)
{
	if (journal->dir_fd < 0 || journal->is_locked)
		return 0;
	if (flock(journal->dir_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	journal->is_locked = true;
	return 0;
}

static int make_directories(const char *path)
{
	char *copy = strdup(path), *slash = copy;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && slash) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(copy, DIRECTORY_MODE) && errno != EEXIST)
			err = -errno;
		if (slash)
			*slash = '/';
	}
	free(copy);
	return err;
}

static int open_directory(struct journal *journal)
{
	journal->dir_fd = open(journal->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return journal->dir_fd < 0 ? -errno : 0;
}

static int open_for_append(struct journal *journal)
{
	int err = 0;

	if (journal->is_broken)
		return fail(journal, -EIO,
			    "%s/" FILE_NAME ": an earlier write failed; restart dnsboltd",
			    journal->directory);
	if (journal->fd >= 0)
		return 0;
	if (journal->dir_fd < 0) {
		err = make_directories(journal->directory);
		if (!err)
			err = open_directory(journal);
	}
	if (!err)
		err = lock_directory(journal);
	if (err == -EBUSY)
		return fail(journal, err, "%s: another dnsboltd holds this state-dir",
			    journal->directory);
	if (!err) {
		journal->fd = openat(journal->dir_fd, FILE_NAME,
				     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
		if (journal->fd < 0 || fsync(journal->dir_fd))
			err = -errno;
	}
	if (err)
		return fail(journal, err, "%s/" FILE_NAME ": cannot be opened for writing: %s",
			    journal->directory, strerror(-err));
	return 0;
}

static int append(struct journal *journal, const char *data, size_t len)
{
	struct stat st;
	int err;

	if (fstat(journal->fd, &st))
		return fail(journal, -errno, "%s/" FILE_NAME ": %s", journal->directory,
			    strerror(errno));
	err = write_all(journal->fd, data, len);
	if (!err && fsync(journal->fd))
		err = -errno;
	if (!err)
		return 0;
	/* What was refused must not come to life at the next start. */
	if (ftruncate(journal->fd, st.st_size) || fsync(journal->fd))
		journal->is_broken = true;
	return fail(journal, err, "%s/" FILE_NAME ": cannot be written: %s", journal->directory,
		    strerror(-err));
}

static void free_records(struct journal_record **records, size_t n)
{
	for (size_t i = 0; records && i < n; i++)
		journal_record_free(records[i]);
	free(records);
}

int journal_put(struct journal *journal, const struct journal_record *const *records, size_t n)
{
	struct journal_record **copies = calloc(n + 1, sizeof(*copies));
	char *data = NULL;
	size_t len = 0;
	int err = copies ? 0 : -ENOMEM;

	/* Memory first: once the lines are on disk nothing may fail. */
	for (size_t i = 0; i < n && !err; i++)
		err = journal_record_copy(&copies[i], records[i]);
	if (!err)
		err = format_lines(records, n, &data, &len);
	if (err) {
		free_records(copies, n);
		return fail(journal, err, "out of memory");
	}
	err = open_for_append(journal);
	if (!err)
		err = append(journal, data, len);
	free(data);
	if (err) {
		free_records(copies, n);
		return err;
	}
	journal->lines += n;
	for (size_t i = 0; i < n; i++)
		accept_record(journal, copies[i]);
	free(copies);
	return 0;
}

/* ---- open and close ---- */

static int load(struct journal *journal, const struct report *report)
{
	int err = open_directory(journal);

	if (err == -ENOENT)
		return 0;
	if (!err)
		err = lock_directory(journal);
	if (err == -EBUSY)
		err = 0; /* a reader beside the one that writes */
	if (!err)
		err = read_file(journal, report);
	if (err && err != -EINVAL)
		report_say(report, LOG_LEVEL_ERROR, "%s/" FILE_NAME ": cannot be read: %s",
			   journal->directory, strerror(-err));
	return err;
}

int journal_open(struct journal **ret_journal, const char *directory, const struct report *report)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int err = -ENOMEM;

	if (!journal)
		return err;
	RB_INIT(&journal->records);
	journal->fd = journal->dir_fd = -1;
	journal->directory = strdup(directory);
	if (!journal->directory)
		goto out;
	err = load(journal, report);
	if (err)
		goto out;
	/* A torn line at the end must not become the beginning of the next one. */
	if (journal->is_locked && (journal->is_torn || journal->lines != journal->n_records)) {
		err = compact(journal);
		if (err) {
			report_say(report, LOG_LEVEL_ERROR,
				   "%s/" FILE_NAME ": cannot be written anew: %s", directory,
				   strerror(-err));
			goto out;
		}
	}
	*ret_journal = journal;
	journal = NULL;
out:
	journal_close(journal);
	return err;
}

void journal_close(struct journal *journal)
{
	struct journal_record *record, *next;

	if (!journal)
		return;
	RB_FOREACH_SAFE (record, journal_tree, &journal->records, next) {
		RB_REMOVE(journal_tree, &journal->records, record);
		journal_record_free(record);
	}
	if (journal->fd >= 0)
		(void)close(journal->fd);
	if (journal->dir_fd >= 0)
		(void)close(journal->dir_fd);
	free(journal->directory);
	free(journal);
}
