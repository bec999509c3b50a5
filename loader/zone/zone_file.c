/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zone text, read by libzscanner; the contract is in zone.h. */
#include "zone.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <libzscanner/scanner.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../userspace/lib/name.h"
#include "rdata.h"
#include "zone_text.h"

#define DEFAULT_TTL 3600u /* without $TTL, as other servers do */
#define INCLUDE_DEPTH 16u /* of files that include files */
#define SAY_MAX 20u	  /* errors, and as many warnings, that are said one by one */

/* One zone file with all that it includes. */
struct load {
	struct zone *zone;
	const struct report *report; /* the caller's */
	struct report limited;	     /* at most SAY_MAX lines of a kind go through it to `report` */
	unsigned int errors, warnings;
	int err;
	void (*note)(const char *path, void *arg);
	void *arg;
};

static void say_limited(enum log_level level, const char *text, void *arg)
{
	struct load *load = arg;
	unsigned int *n = level == LOG_LEVEL_ERROR ? &load->errors : &load->warnings;

	if ((*n)++ < SAY_MAX)
		report_say(load->report, level, "%s", text);
}

static void say_rest(const struct load *load, const char *path)
{
	if (load->errors > SAY_MAX)
		report_say(load->report, LOG_LEVEL_ERROR, "%s: %u more errors", path,
			   load->errors - SAY_MAX);
	if (load->warnings > SAY_MAX)
		report_say(load->report, LOG_LEVEL_WARNING, "%s: %u more warnings", path,
			   load->warnings - SAY_MAX);
}

/* ---- files ---- */

/* Reads what fstat() says the file has. It is not mapped: a file that is cut while it is read
 * must not kill the process. */
static int read_open_file(int fd, char **ret_text, size_t *ret_len)
{
	struct stat st;
	size_t len = 0;
	char *text;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

		if (n < 0 && errno != EINTR) {
			int err = -errno;

			free(text);
			return err;
		}
		if (!n)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* Reads the file in the form that the scanner takes. */
static int read_file(const char *path, char **ret_text, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	size_t len = 0;
	int err;

	if (fd < 0)
		return -errno;
	err = read_open_file(fd, &text, &len);
	(void)close(fd);
	if (err)
		return err;
	err = zone_text_prepare(ret_text, ret_len, text, len);
	free(text);
	return err;
}

/* The scanner takes files to include from `path` of its own, when their name is relative. */
static int set_folder(zs_scanner_t *scanner, const char *path)
{
	char *copy = strdup(path), *folder = copy ? strdup(dirname(copy)) : NULL;

	free(copy);
	if (!folder)
		return -ENOMEM;
	free(scanner->path);
	scanner->path = folder;
	return 0;
}

/* ---- records ---- */

static const char *scanner_hint(int code)
{
	switch (code) {
	case ZS_UNSUPPORTED_TYPE:
		return " (or a class other than IN)";
	case ZS_BAD_ORIGIN:
	case ZS_BAD_INCLUDE_ORIGIN:
		return " (expected a name with a final dot)";
	case ZS_BAD_DIRECTIVE:
		return " (expected $ORIGIN, $TTL or $INCLUDE)";
	default:
		return "";
	}
}

static void say_scanner(struct load *load, const zs_scanner_t *scanner, const char *path)
{
	load->err = -EINVAL;
	report_say(&load->limited, LOG_LEVEL_ERROR, "%s:%llu: %s%s", path,
		   (unsigned long long)scanner->line_counter, zs_strerror(scanner->error.code),
		   scanner_hint(scanner->error.code));
}

/* Problems of the record are noted in load->err; what is returned ends the loading. */
static int add_record(struct load *load, const zs_scanner_t *scanner, const char *path)
{
	char where[PATH_MAX + 24];
	int err;

	(void)snprintf(where, sizeof(where), "%s:%llu", path,
		       (unsigned long long)scanner->line_counter);
	if (scanner->r_class != KNOT_CLASS_IN) {
		load->err = -EINVAL;
		report_say(&load->limited, LOG_LEVEL_ERROR, "%s: class %u: expected IN", where,
			   scanner->r_class);
		return 0;
	}
	err = zone_add(load->zone, scanner->r_owner, scanner->r_type, scanner->r_ttl,
		       scanner->r_data, (uint16_t)scanner->r_data_length, where, &load->limited);
	if (err != -EINVAL)
		return err;
	load->err = err;
	return 0;
}

static int scan_file(struct load *load, const char *path, const char *origin, uint32_t ttl,
		     unsigned int depth);

/* A file that cannot be included ends the loading: without it the rest means little, and one
 * that includes itself would go on for long. */
static int include_file(struct load *load, const zs_scanner_t *scanner, const char *path,
			unsigned int depth)
{
	int err = -ELOOP;

	if (depth < INCLUDE_DEPTH)
		err = scan_file(load, scanner->include_filename, (const char *)scanner->buffer,
				scanner->default_ttl, depth + 1);
	if (err)
		report_say(&load->limited, LOG_LEVEL_ERROR, "%s:%llu: including \"%s\": %s", path,
			   (unsigned long long)scanner->line_counter, scanner->include_filename,
			   err == -ELOOP ? "files include files too deeply" : strerror(-err));
	return err;
}

static int scan_records(struct load *load, zs_scanner_t *scanner, const char *path,
			unsigned int depth)
{
	int err = 0;

	while (!err && !zs_parse_record(scanner)) {
		switch (scanner->state) {
		case ZS_STATE_DATA:
			err = add_record(load, scanner, path);
			break;
		case ZS_STATE_INCLUDE:
			err = include_file(load, scanner, path, depth);
			break;
		case ZS_STATE_ERROR:
			say_scanner(load, scanner, path);
			if (scanner->error.fatal)
				return 0;
			break;
		default:
			return 0;
		}
	}
	if (!err)
		say_scanner(load, scanner, path);
	return err;
}

static int scan_file(struct load *load, const char *path, const char *origin, uint32_t ttl,
		     unsigned int depth)
{
	zs_scanner_t *scanner;
	char *text = NULL;
	size_t len = 0;
	int err;

	load->note(path, load->arg);
	err = read_file(path, &text, &len);
	if (err)
		return err;
	scanner = malloc(sizeof(*scanner)); /* 200 KiB: not for the stack */
	if (!scanner) {
		err = -ENOMEM;
		goto out_text;
	}
	if (zs_init(scanner, origin, KNOT_CLASS_IN, ttl)) {
		err = -EINVAL;
		goto out_scanner;
	}
	err = set_folder(scanner, path);
	if (!err && zs_set_input_string(scanner, text, len))
		err = -EINVAL;
	if (!err)
		err = scan_records(load, scanner, path, depth);
	zs_deinit(scanner);
out_scanner:
	free(scanner);
out_text:
	free(text);
	return err;
}

int zone_load_files(struct zone **ret_zone, const knot_dname_t *apex, const char *path,
		    void (*note)(const char *path, void *arg), void *arg,
		    const struct report *report)
{
	struct load load = { .report = report,
			     .limited = { .say = say_limited, .arg = &load },
			     .note = note,
			     .arg = arg };
	knot_dname_txt_storage_t origin;
	int err = zone_new(&load.zone, apex);

	if (err)
		return err;
	err = scan_file(&load, path, name_text(load.zone->apex, origin), DEFAULT_TTL, 0);
	if (err && !load.errors)
		report_say(&load.limited, LOG_LEVEL_ERROR, "%s: %s", path,
			   err == -EINVAL ? "expected a regular file" : strerror(-err));
	if (!err)
		err = load.err;
	if (!err)
		err = zone_check(load.zone, path, &load.limited);
	say_rest(&load, path);
	if (err) {
		zone_free(load.zone);
		return err;
	}
	*ret_zone = load.zone;
	return 0;
}

static void note_nothing(const char *path, void *arg)
{
	(void)path;
	(void)arg;
}

int zone_load_file(struct zone **ret_zone, const knot_dname_t *apex, const char *path,
		   const struct report *report)
{
	return zone_load_files(ret_zone, apex, path, note_nothing, NULL, report);
}

/* ---- one record ---- */

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			return false;
	return true;
}

/* Reads the one record of the line; NULL or why not. */
static const char *scan_line(zs_scanner_t *scanner, uint16_t type, const char *line)
{
	if (zs_set_input_string(scanner, line, strlen(line)) || zs_parse_record(scanner))
		return zs_strerror(scanner->error.code);
	if (scanner->state == ZS_STATE_ERROR)
		return zs_strerror(scanner->error.code);
	if (scanner->state != ZS_STATE_DATA)
		return "expected the data of one record";
	if (!rdata_is_valid(type, scanner->r_data, (uint16_t)scanner->r_data_length))
		return "octets that are not of this type's form";
	return NULL;
}

static int parse_line(knot_rdataset_t *ret_rrs, const char *origin, uint16_t type, const char *line,
		      const char **ret_why)
{
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	knot_rdataset_t rrs = { 0 };
	knot_rdata_t *rdata;
	int err = -EINVAL;

	*ret_why = strerror(ENOMEM);
	if (!scanner)
		return -ENOMEM;
	if (zs_init(scanner, origin, KNOT_CLASS_IN, 0))
		goto out_scanner;
	*ret_why = scan_line(scanner, type, line);
	if (*ret_why)
		goto out_init;
	err = -ENOMEM;
	rdata = malloc(knot_rdata_size((uint16_t)scanner->r_data_length));
	if (!rdata)
		goto out_init;
	knot_rdata_init(rdata, (uint16_t)scanner->r_data_length, scanner->r_data);
	if (!knot_rdataset_add(&rrs, rdata, NULL)) {
		*ret_rrs = rrs;
		err = 0;
	}
	free(rdata);
out_init:
	zs_deinit(scanner);
out_scanner:
	free(scanner);
	return err;
}

int zone_parse_rdata(knot_rdataset_t *ret_rrs, const knot_dname_t *origin, uint16_t type,
		     const char *rdata, const char **ret_error)
{
	static _Thread_local char error[128];
	knot_dname_txt_storage_t origin_text;
	char type_text[NAME_TYPE_LEN], *line = NULL;
	const char *why = "expected one line without control characters";
	int err = -EINVAL;

	if (!is_one_line(rdata))
		goto out;
	/* The owner does not matter; a type's number is known to the scanner when its mnemonic
	 * is not. */
	if (asprintf(&line, ". 0 IN TYPE%u %s\n", type, rdata) < 0) {
		line = NULL;
		why = strerror(ENOMEM);
		err = -ENOMEM;
		goto out;
	}
	err = parse_line(ret_rrs, name_text(origin, origin_text), type, line, &why);
out:
	if (err && ret_error) {
		(void)snprintf(error, sizeof(error), "RDATA of type %s: %s",
			       name_type_text(type, type_text), why ? why : strerror(ENOMEM));
		*ret_error = error;
	}
	free(line);
	return err;
}
