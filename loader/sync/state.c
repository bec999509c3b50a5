/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../userspace/lib/name.h"

#define MAGIC "dnsbolt zone 1\n"
#define MAGIC_LEN 16
#define HEAD_LEN 512
#define SLICE (1u << 20) /* octets that are written at once */
#define TURN                                                                                       \
	256u /* names from one turn of the loop to the next: some 100 us where they lie far apart */
/* Behind an owner's length. */
#define RECORD_LEN 8
#define RECORD_MAX (1 + KNOT_DNAME_MAXLEN + RECORD_LEN + KNOT_RDATA_MAXLEN)
#define FILE_NAME_MAX 240

/* FNV-1a: it finds what a disk has lost, and is no defence. */
#define SUM_START 0xcbf29ce484222325u
#define SUM_FACTOR 0x100000001b3u

struct head {
	char magic[MAGIC_LEN];
	uint64_t serial, records, sum, refreshed, expires;
	char primary[STATE_PRIMARY_MAX];
	uint8_t id[STATE_ID_MAX];
	uint8_t reserved[HEAD_LEN - MAGIC_LEN - 6 * 8 - STATE_PRIMARY_MAX - STATE_ID_MAX];
	uint64_t head_sum;
};
_Static_assert(sizeof(struct head) == HEAD_LEN, "as the first records begin there");

static uint64_t sum_octets(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *octet = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ octet[i]) * SUM_FACTOR;
	return sum;
}

static uint64_t sum_head(const struct head *head)
{
	return sum_octets(SUM_START, head, offsetof(struct head, head_sum));
}

/* ---- where ---- */

/* buf has FILE_NAME_MAX + 1 octets. */
static void file_name(const knot_dname_t *apex, char *buf)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	for (const uint8_t *label = apex; *label; label += 1 + *label) {
		if (label != apex && len < FILE_NAME_MAX)
			buf[len++] = '.';
		for (uint8_t i = 1; i <= *label && len + 3 <= FILE_NAME_MAX; i++) {
			uint8_t c = label[i];

			if (isalnum(c) || c == '-' || c == '_') {
				buf[len++] = (char)c;
			} else {
				buf[len++] = '%';
				buf[len++] = hex[c >> 4];
				buf[len++] = hex[c & 15];
			}
		}
	}
	if (!len)
		buf[len++] = '@'; /* the root: escaped everywhere else */
	buf[len] = '\0';
	if (len + 3 > FILE_NAME_MAX)
		(void)snprintf(buf, FILE_NAME_MAX + 1, "%%%016jx",
			       (uintmax_t)sum_octets(SUM_START, apex, knot_dname_size(apex)));
}

char *state_path(const char *state_dir, const knot_dname_t *catalog, const knot_dname_t *apex)
{
	char name[FILE_NAME_MAX + 1], folder[FILE_NAME_MAX + 1] = "";
	char *path;

	file_name(apex, name);
	if (catalog)
		file_name(catalog, folder);
	return asprintf(&path, "%s/%s%s/%s.zone", state_dir, catalog ? "members/" : "zones", folder,
			name) < 0
		       ? NULL
		       : path;
}

/* ---- writing ---- */

int state_write_begin(struct state_writer *writer, int fd, const struct zone *zone,
		      const struct state_info *info)
{
	*writer = (struct state_writer){
		.fd = fd,
		.info = *info,
		.zone = zone,
		.next = zone_next(zone, NULL),
		.sum = SUM_START,
		.buf = malloc(SLICE + RECORD_MAX),
	};
	if (!writer->buf)
		return -ENOMEM;
	/* The head's place: its magic comes with all the rest, at the end. */
	memset(writer->buf, 0, HEAD_LEN);
	writer->used = HEAD_LEN;
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int flush(struct state_writer *writer)
{
	int err = write_all(writer->fd, writer->buf, writer->used);

	writer->used = 0;
	return err;
}

static void put_record(struct state_writer *writer, const uint8_t *owner,
		       const struct zone_rrset *set, const knot_rdata_t *rdata)
{
	uint8_t *start = writer->buf + writer->used, *out = start;
	uint16_t type = htobe16(set->type), len = htobe16(rdata->len);
	uint32_t ttl = htobe32(set->ttl);
	size_t owner_len = owner == writer->owner ? 0 : knot_dname_size(owner);

	*out++ = (uint8_t)owner_len;
	out = mempcpy(out, owner, owner_len);
	out = mempcpy(out, &type, 2);
	out = mempcpy(out, &ttl, 4);
	out = mempcpy(out, &len, 2);
	out = mempcpy(out, rdata->data, rdata->len);
	writer->sum = sum_octets(writer->sum, start, (size_t)(out - start));
	writer->used = (size_t)(out - writer->buf);
	writer->owner = owner;
	writer->records++;
}

/* An RRset may have more records than the buffer. */
static int put_rrset(struct state_writer *writer, const uint8_t *owner,
		     const struct zone_rrset *set)
{
	const knot_rdata_t *rdata = set->rrs.rdata;
	int err = 0;

	for (uint16_t i = 0; i < set->rrs.count && !err; i++) {
		put_record(writer, owner, set, rdata);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
		if (writer->used >= SLICE)
			err = flush(writer);
	}
	return err;
}

static void fill_head(struct head *head, const struct state_info *info)
{
	head->refreshed = htobe64((uint64_t)info->refreshed);
	head->expires = htobe64((uint64_t)info->expires);
	memset(head->primary, 0, sizeof(head->primary));
	(void)snprintf(head->primary, sizeof(head->primary), "%s", info->primary);
	memcpy(head->id, info->id, sizeof(head->id));
	head->head_sum = sum_head(head);
}

static int write_head(int fd, const struct head *head)
{
	ssize_t n = pwrite(fd, head, sizeof(*head), 0);

	return n == (ssize_t)sizeof(*head) ? 0 : n < 0 ? -errno : -EIO;
}

static int finish_file(struct state_writer *writer)
{
	struct head head = {
		.magic = MAGIC,
		.serial = htobe64(writer->zone->serial),
		.records = htobe64(writer->records),
		.sum = htobe64(writer->sum),
	};
	int err = flush(writer);

	fill_head(&head, &writer->info);
	return err ? err : write_head(writer->fd, &head);
}

int state_write_some(struct state_writer *writer)
{
	size_t names = 0;
	int err = 0;

	for (; writer->next && names < TURN && !err; names++) {
		const struct zone_name *name = writer->next;

		for (uint16_t i = 0; i < name->n_sets && !err; i++)
			err = put_rrset(writer, name->owner, &name->sets[i]);
		writer->next = zone_next(writer->zone, name);
	}
	if (err || writer->next)
		return err;
	err = finish_file(writer);
	return err ? err : 1;
}

void state_write_done(struct state_writer *writer)
{
	free(writer->buf);
	writer->buf = NULL;
}

/* ---- reading ---- */

struct reader {
	const uint8_t *at, *end;
	const knot_dname_t *owner;
};

static bool read_owner(struct reader *reader)
{
	size_t len;

	if (reader->at == reader->end)
		return false;
	len = *reader->at++;
	if (!len)
		return reader->owner != NULL;
	if ((size_t)(reader->end - reader->at) < len ||
	    knot_dname_wire_check(reader->at, reader->at + len, NULL) != (int)len)
		return false;
	reader->owner = reader->at;
	reader->at += len;
	return true;
}

static int read_record(struct reader *reader, struct zone *zone, const char *where,
		       const struct report *report)
{
	uint16_t type, len;
	uint32_t ttl;

	if (!read_owner(reader) || reader->end - reader->at < RECORD_LEN)
		return -EBADMSG;
	memcpy(&type, reader->at, 2);
	memcpy(&ttl, reader->at + 2, 4);
	memcpy(&len, reader->at + 6, 2);
	reader->at += RECORD_LEN;
	if (reader->end - reader->at < be16toh(len))
		return -EBADMSG;
	reader->at += be16toh(len);
	return zone_add(zone, reader->owner, be16toh(type), be32toh(ttl), reader->at - be16toh(len),
			be16toh(len), where, report);
}

static const char *head_fault(const struct head *head, const uint8_t *body, size_t body_len)
{
	if (memcmp(head->magic, MAGIC, MAGIC_LEN) != 0)
		return "it is not of this form";
	if (head->head_sum != sum_head(head))
		return "its head is damaged";
	if (be64toh(head->sum) != sum_octets(SUM_START, body, body_len))
		return "its records are damaged";
	return NULL;
}

static int read_records(struct zone *zone, const uint8_t *body, size_t len, const char *path,
			const struct report *report)
{
	struct reader reader = { .at = body, .end = body + len };
	int err = 0;

	while (reader.at < reader.end && !err)
		err = read_record(&reader, zone, path, report);
	return err ? err : zone_check(zone, path, report);
}

static int read_file(struct zone **ret_zone, struct state_info *ret_info, const knot_dname_t *apex,
		     const uint8_t *data, size_t len, const char *path, const struct report *report)
{
	const struct head *head = (const void *)data;
	const char *fault;
	struct zone *zone;
	int err;

	fault = len < HEAD_LEN ? "it is cut off"
			       : head_fault(head, data + HEAD_LEN, len - HEAD_LEN);
	/* The first record is of the apex. */
	if (!fault && (len == HEAD_LEN || data[HEAD_LEN] != knot_dname_size(apex) ||
		       memcmp(data + HEAD_LEN + 1, apex, data[HEAD_LEN]) != 0))
		fault = "it is of another zone";
	if (fault) {
		report_say(report, LOG_LEVEL_WARNING, "%s: %s: it is not used", path, fault);
		return -EBADMSG;
	}
	err = zone_new(&zone, apex);
	if (err)
		return err;
	err = read_records(zone, data + HEAD_LEN, len - HEAD_LEN, path, report);
	if (err) {
		zone_free(zone);
		return err == -ENOMEM ? err : -EBADMSG;
	}
	ret_info->refreshed = (int64_t)be64toh(head->refreshed);
	ret_info->expires = (int64_t)be64toh(head->expires);
	(void)snprintf(ret_info->primary, sizeof(ret_info->primary), "%.*s", STATE_PRIMARY_MAX - 1,
		       head->primary);
	memcpy(ret_info->id, head->id, sizeof(ret_info->id));
	*ret_zone = zone;
	return 0;
}

int state_load(struct zone **ret_zone, struct state_info *ret_info, const knot_dname_t *apex,
	       const char *path, const struct report *report)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	void *data = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (!err && st.st_size > 0 && data == MAP_FAILED)
		err = -errno;
	(void)close(fd);
	if (err) {
		report_say(report, LOG_LEVEL_WARNING, "%s: cannot be read: %s", path,
			   strerror(-err));
		return err;
	}
	err = read_file(ret_zone, ret_info, apex, data, (size_t)st.st_size, path, report);
	if (data != MAP_FAILED)
		(void)munmap(data, (size_t)st.st_size);
	return err;
}

int state_touch(const char *path, const struct state_info *info)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), err = -EBADMSG;
	struct head head;

	if (fd < 0)
		return -errno;
	if (read(fd, &head, sizeof(head)) == (ssize_t)sizeof(head) &&
	    memcmp(head.magic, MAGIC, MAGIC_LEN) == 0 && head.head_sum == sum_head(&head)) {
		fill_head(&head, info);
		err = write_head(fd, &head);
	}
	(void)close(fd);
	return err;
}

uint32_t state_time_left(const struct state_info *info, uint32_t expire, int64_t now)
{
	int64_t left = info->expires - now;

	return left <= 0 ? 0 : left < expire ? (uint32_t)left : expire;
}
