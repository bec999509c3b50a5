// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sweep: every shape of answer, for names of every length, at every limit of size. Its zones (lNX.gen., plain and signed in
 * four ways) have a stem for each shape: below most of them any name will do, others have long names of their own. Each
 * question is asked in each way to ask; the answer's length gives the sizes one less and one more, and the lengths of name that
 * make it just fit 512 and 1232 octets. The root zone of shared data, where it is, has names of 1 to 127 labels.
 */
#include "round.h"

#include <stdio.h>
#include <string.h>

enum { LABELS_LONG, LABELS_SHORT, LABEL_STYLES };

/* Octets of the whole name; what is not longer than the stem becomes one label below it. */
static const uint8_t lengths[] = { 0, 64, 127, 128, 191, 253, 254, 255 };

static const struct shape_row {
	const char *stem; /* wire form without the apex */
	uint16_t type;
	bool exact; /* the zone has names of these lengths below it */
} rows[] = {
	{ "\2ws", KNOT_RRTYPE_A, false },    { "\2ws", KNOT_RRTYPE_MX, false },
	{ "\2wm", KNOT_RRTYPE_TXT, false },  { "\2wl", KNOT_RRTYPE_TXT, false },
	{ "\2wc", KNOT_RRTYPE_TXT, false },  { "\2wo", KNOT_RRTYPE_A, false },
	{ "\2w1", KNOT_RRTYPE_TXT, false },  { "\2do", KNOT_RRTYPE_A, false },
	{ "\2di", KNOT_RRTYPE_TXT, false },  { "\1n", KNOT_RRTYPE_A, false },
	{ "", KNOT_RRTYPE_A, false },	     { "\2ci", KNOT_RRTYPE_A, false },
	{ "\2cl", KNOT_RRTYPE_A, false },    { "\2cs", KNOT_RRTYPE_A, false },
	{ "\2cd", KNOT_RRTYPE_AAAA, false }, { "\1x", KNOT_RRTYPE_A, true },
	{ "\1x", KNOT_RRTYPE_TXT, true },    { "\1x", KNOT_RRTYPE_MX, true },
	{ "\2xc", KNOT_RRTYPE_TXT, true },   { "\2xd", KNOT_RRTYPE_DS, true },
	{ "\2xd", KNOT_RRTYPE_A, true },     { "\3ent", KNOT_RRTYPE_A, true },
};

#define N_ROWS (sizeof(rows) / sizeof(*rows))
#define N_LENGTHS (sizeof(lengths) / sizeof(*lengths))
#define N_WAYS 4u
#define EACH_ZONE (N_ROWS * N_LENGTHS * LABEL_STYLES * N_WAYS)

/* ---- names ---- */

/* The length of the next label in front of a name that is to grow by `more` octets, which are at least 2: never 1 remains. */
static size_t next_label(size_t more, int style)
{
	size_t len = style == LABELS_LONG && more > 4 ? more - 1 : 1;

	len = len > 63 ? 63 : len;
	return more - len - 1 == 1 ? (len > 1 ? len - 1 : 2) : len;
}

/* Labels in front of the name until it has `length` octets, or one label when it is not shorter. */
static void grow(knot_dname_t *name, size_t length, int style)
{
	size_t have = knot_dname_size(name), more, len;

	more = length > have + 2 ? length - have : 2;
	for (; more; more -= len + 1) {
		len = next_label(more, style);
		memmove(name + len + 1, name, knot_dname_size(name));
		name[0] = (uint8_t)len;
		memset(name + 1, 'l', len);
	}
}

static void put_stem(knot_dname_t *name, const char *stem, const knot_dname_t *apex)
{
	size_t len = strlen(stem);

	memcpy(name, stem, len);
	memcpy(name + len, apex, knot_dname_size(apex));
}

/* ---- the zones ---- */

static size_t at_most(size_t length, size_t longest)
{
	return length < longest ? length : longest;
}

static void print_long_names(FILE *out, const char *stem, const knot_dname_t *apex, size_t longest,
			     const char *records)
{
	char text[KNOT_DNAME_TXT_MAXLEN + 1];
	knot_dname_storage_t name;
	size_t i;
	int style;

	for (i = 0; i < N_LENGTHS; i++)
		for (style = 0; style < LABEL_STYLES; style++) {
			if (!i && style)
				continue;
			put_stem(name, stem, apex);
			grow(name, at_most(lengths[i], longest), style);
			knot_dname_to_str(text, name, sizeof(text));
			fprintf(out, "%s %s\n", text, records);
		}
}

static void print_texts(FILE *out, const char *name, unsigned int octets)
{
	for (; octets > 60; octets -= 60)
		fprintf(out, "%s 300 TXT \"%02u%.*s\"\n", name, octets / 60, 45,
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
}

static void print_cuts(FILE *out)
{
	unsigned int i;

	fprintf(out, "ci 300 NS ns.ci\nns.ci 300 A 192.0.2.1\nns.ci 300 AAAA 2001:db8::1\n");
	for (i = 0; i < 13; i++)
		fprintf(out,
			"cl 300 NS ns%u.cl\nns%u.cl 300 A 192.0.2.%u\nns%u.cl 300 AAAA 2001:db8::%x\n",
			i, i, i + 1, i, i + 1);
	for (i = 0; i < 6; i++)
		fprintf(out, "cs 300 NS ns%u.cl\n", i);
	fprintf(out,
		"cd 300 NS ns.other.test.\ncd 300 NS ns.cd\nns.cd 300 A 192.0.2.2\ncd 300 DS 12345 13 2 %064x\n",
		1);
}

/* dnssec-signzone ends with an error where "*" would not fit below a name, if it makes NSEC3. */
static size_t longest_of(bool nsec3)
{
	return KNOT_DNAME_MAXLEN - (nsec3 ? 2 : 0);
}

void sweep_print_zone(FILE *out, const char *apex_text, bool nsec3)
{
	knot_dname_storage_t apex;
	size_t longest = longest_of(nsec3);
	char records[100];

	knot_dname_from_str(apex, apex_text, sizeof(apex));
	fprintf(out,
		"@ 600 SOA ns1 hostmaster 1 7200 900 1209600 300\n@ 3600 NS ns1\nns1 300 A 192.0.2.53\n");
	fprintf(out, "*.ws 300 A 192.0.2.1\nn 300 A 192.0.2.1\n");
	print_texts(out, "*.wm", 420);
	print_texts(out, "*.wl", 1020);
	fprintf(out,
		"*.wc 300 CNAME z.wm\n*.wo 300 CNAME www.other.test.\n*.w1 300 CNAME z.w2\n*.w2 300 CNAME z.wm\n");
	fprintf(out, "do 300 DNAME other.test.\ndi 300 DNAME wm\n");
	print_cuts(out);
	print_long_names(out, "\1x", apex, longest, "300 A 192.0.2.1");
	snprintf(records, sizeof(records), "300 TXT \"%.*s\"", 60,
		 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh");
	print_long_names(out, "\1x", apex, longest, records);
	print_long_names(out, "\2xc", apex, longest, "300 CNAME z.wm");
	print_long_names(out, "\2xd", apex, longest, "300 NS ns.other.test.");
	snprintf(records, sizeof(records), "300 DS 12345 13 2 %064x", 2);
	print_long_names(out, "\2xd", apex, longest, records);
	print_long_names(out, "\1a\3ent", apex, longest, "300 A 192.0.2.1");
}

/* ---- the questions ---- */

static void choose_way(struct question *q, size_t way)
{
	q->edns = way != 0;
	q->dnssec = way >= 2;
	q->edns_size = way == 3 ? 512 : 1232;
}

static bool is_swept(const struct compare_zone *zone)
{
	return zone->name[0] == 'l' && strstr(zone->name, ".gen.");
}

static void read_row(const struct compare_zone *zone, size_t at, struct question *q)
{
	const struct shape_row *row = &rows[at / N_WAYS / LABEL_STYLES / N_LENGTHS];
	size_t length = lengths[at / N_WAYS / LABEL_STYLES % N_LENGTHS];

	choose_way(q, at % N_WAYS);
	q->type = row->type;
	put_stem(q->name, row->stem, zone->zone->apex);
	if (row->exact)
		length = at_most(length, longest_of(zone->zone->is_nsec3));
	grow(q->name, length, at / N_WAYS % LABEL_STYLES);
	q->grows = !row->exact && length == lengths[0];
}

/* One of 1 to 127 labels, below the root: not there, and below a cut. */
static void read_root(size_t at, struct question *q)
{
	size_t labels = 1 + at / 2 % 127;

	choose_way(q, at / 2 / 127);
	q->type = KNOT_RRTYPE_A;
	strcpy((char *)q->name, at % 2 ? "\3com" : "");
	while ((size_t)knot_dname_labels(q->name, NULL) < labels &&
	       knot_dname_size(q->name) + 2 <= KNOT_DNAME_MAXLEN)
		grow(q->name, 0, LABELS_SHORT);
}

bool sweep_next(struct round *round, struct question *ret_question)
{
	const struct compare_zone *zone;
	size_t of;

	for (; round->sweep_zone < round->zones.n; round->sweep_zone++, round->sweep_at = 0) {
		zone = &round->zones.all[round->sweep_zone];
		of = is_swept(zone) ? EACH_ZONE : strcmp(zone->name, ".") ? 0 : 2 * 127 * N_WAYS;
		if (round->sweep_at == of)
			continue;
		memset(ret_question, 0, sizeof(*ret_question));
		if (is_swept(zone))
			read_row(zone, round->sweep_at++, ret_question);
		else
			read_root(round->sweep_at++, ret_question);
		ret_question->swept = true;
		return true;
	}
	return false;
}

static void queue(struct round *round, const struct question *q, size_t size)
{
	struct question *next = &round->sweep[round->n_sweep];

	if (round->n_sweep == SWEEP_QUEUE)
		return;
	*next = *q;
	next->swept = next->grows = false;
	next->edns_size = (uint16_t)size;
	round->n_sweep++;
}

/* Names as long as the answer just fits in `limit`, one octet less and one more. */
static void queue_borders(struct round *round, const struct question *q, size_t len, size_t limit,
			  size_t size)
{
	size_t name = knot_dname_size(q->name), length;
	struct question grown = *q;

	if (len >= limit)
		return;
	for (length = name + limit - len - 1;
	     length <= name + limit - len + 1 && length <= KNOT_DNAME_MAXLEN; length++) {
		if (length < name + 2)
			continue;
		memcpy(grown.name, q->name, name);
		grow(grown.name, length, LABELS_LONG);
		queue(round, &grown, size);
	}
}

void sweep_follow(struct round *round, const struct question *q, const struct message *ours)
{
	size_t size;

	if (MESSAGE_TC(ours))
		return;
	if (q->edns && q->edns_size > 512 && ours->len > 512)
		for (size = ours->len - 1; size <= ours->len + 1; size++)
			queue(round, q, size);
	if (!q->grows)
		return;
	queue_borders(round, q, ours->len, 512, 512);
	if (q->edns && q->edns_size > 512)
		for (size = 1231; size <= 1233; size++)
			queue_borders(round, q, ours->len, size < 1232 ? size : 1232, size);
}
