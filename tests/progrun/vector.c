// SPDX-License-Identifier: GPL-3.0-or-later
#include "vector.h"

#include <ctype.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/addr.h"
#include "../../userspace/lib/reason.h"

int vector_error(const struct vector_file *f, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", f->path, f->number);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

static bool is_comment(const char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	return !*line || *line == '#';
}

char *vector_line(struct vector_file *f)
{
	ssize_t len;

	if (f->again) {
		f->again = false;
		return f->line;
	}
	do {
		len = getline(&f->line, &f->room, f->in);
		if (len < 0)
			return NULL;
		f->number++;
		while (len && isspace((unsigned char)f->line[len - 1]))
			f->line[--len] = '\0';
	} while (is_comment(f->line));
	return f->line;
}

void vector_unread(struct vector_file *f)
{
	f->again = true;
}

/* `word` and a blank at the start of the line: what follows. */
static char *after(char *line, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) || (line[len] && !isspace((unsigned char)line[len])))
		return NULL;
	line += len;
	while (isspace((unsigned char)*line))
		line++;
	return line;
}

static int frame_number(struct frame_spec *f, const char *key, const char *value)
{
	long number = strtol(value, NULL, 0);

	if (!strcmp(key, "vlan") && f->n_vlan < 3)
		f->vlan[f->n_vlan++] = (uint16_t)number;
	else if (!strcmp(key, "sport"))
		f->sport = (uint16_t)number;
	else if (!strcmp(key, "dport"))
		f->dport = (uint16_t)number;
	else if (!strcmp(key, "tos"))
		f->tos = (uint8_t)number;
	else if (!strcmp(key, "ethertype"))
		f->ethertype = (int)number;
	else if (!strcmp(key, "protocol"))
		f->protocol = (int)number;
	else if (!strcmp(key, "iplen"))
		f->ip_len_add = (int)number;
	else if (!strcmp(key, "udplen"))
		f->udp_len_add = (int)number;
	else if (!strcmp(key, "filling"))
		f->filling = (unsigned int)number;
	else if (!strcmp(key, "cut"))
		f->cut = (unsigned int)number;
	else
		return -1;
	return 0;
}

static int frame_value(struct frame_spec *f, const char *key, const char *value)
{
	static const char *const sums[] = { "right", "zero", "bad", "partial" };
	size_t len = 0;
	int i;

	if (!strcmp(key, "src"))
		return addr_parse(&f->src, value);
	if (!strcmp(key, "dst"))
		return addr_parse(&f->dst, value);
	if (!strcmp(key, "dmac"))
		return message_hex(value, f->dmac, 6, &len);
	if (!strcmp(key, "smac"))
		return message_hex(value, f->smac, 6, &len);
	if (!strcmp(key, "udpsum")) {
		for (i = 0; i < 4; i++)
			if (!strcmp(value, sums[i]))
				f->udp_sum = (enum frame_sum)i;
		return 0;
	}
	return frame_number(f, key, value);
}

/* `by ipv4|ipv6|both [words]`: how the query comes. */
static int read_by(struct vector_file *f, char *words, struct vector *v)
{
	char *word, *equals, *rest = NULL;

	for (word = strtok_r(words, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		equals = strchr(word, '=');
		if (equals) {
			*equals = '\0';
			if (frame_value(&v->frame, word, equals + 1))
				return vector_error(
					f, "by: \"%s\" is not known, or its value is not", word);
		} else if (!strcmp(word, "ipv6")) {
			frame_defaults(&v->frame, true);
		} else if (!strcmp(word, "both")) {
			v->v6_too = true;
		} else if (!strcmp(word, "fragment")) {
			v->frame.fragment = true;
		} else if (!strcmp(word, "options")) {
			v->frame.ip_options = true;
		} else if (!strcmp(word, "badipsum")) {
			v->frame.bad_ip_sum = true;
		} else if (strcmp(word, "ipv4")) {
			return vector_error(f, "by: \"%s\" is not known", word);
		}
	}
	return 0;
}

static int read_verdict(struct vector_file *f, const char *word, enum reason_action action,
			struct vector *v)
{
	v->reason = reason_by_name(word);
	if (!v->reason)
		return vector_error(f, "\"%s\" is no reason of bpf/reasons.h", word);
	if (reason_info(v->reason)->action != action)
		return vector_error(f, "reason \"%s\" is not one of that action", word);
	v->action = action == REASON_ACTION_TX	   ? XDP_TX
		    : action == REASON_ACTION_DROP ? XDP_DROP
						   : XDP_PASS;
	return 0;
}

static int read_reply(struct vector_file *f, char *rest, struct vector *v)
{
	char *line = rest;

	do {
		if (message_hex(line, v->reply, sizeof(v->reply), &v->reply_len)) {
			vector_unread(f);
			return v->reply_len ? 0
					    : vector_error(f, "reply: hexadecimal octets expected");
		}
		line = vector_line(f);
	} while (line && isspace((unsigned char)*line));
	if (line)
		vector_unread(f);
	return 0;
}

static int read_field(struct vector_file *f, char *line, struct vector *v)
{
	const char *error = NULL;
	char *rest;

	if ((rest = after(line, "ask")))
		return message_build(rest, v->msg, sizeof(v->msg), &v->msg_len, &error)
			       ? vector_error(f, "ask: %s", error)
			       : 0;
	if ((rest = after(line, "raw")))
		return message_hex(rest, v->msg, sizeof(v->msg), &v->msg_len)
			       ? vector_error(f, "raw: hexadecimal octets expected")
			       : 0;
	if ((rest = after(line, "by")))
		return read_by(f, rest, v);
	if ((rest = after(line, "room"))) {
		v->has_room = sscanf(rest, "%zu %zu %zu", &v->headroom, &v->tailroom, &v->first) >=
			      2;
		return v->has_room ? 0
				   : vector_error(f, "room: expected HEADROOM TAILROOM [FIRST]");
	}
	if ((rest = after(line, "pass")))
		return read_verdict(f, rest, REASON_ACTION_PASS, v);
	if ((rest = after(line, "drop")))
		return read_verdict(f, rest, REASON_ACTION_DROP, v);
	if ((rest = after(line, "answer")))
		return read_verdict(f, rest, REASON_ACTION_TX, v);
	if ((rest = after(line, "reply")))
		return read_reply(f, rest, v);
	return vector_error(f, "not a line of a case: \"%s\"", line);
}

/* Is it the first line of what is no part of the case? */
static bool is_beside(char *line)
{
	static const char *const words[] = { "case",	"zone",	 "set",	   "text",
					     "secrets", "clock", "client", "serve" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (after(line, words[i]))
			return true;
	return false;
}

int vector_read(struct vector_file *f, const char *title, struct vector *ret_vector)
{
	struct vector *v = ret_vector;
	char *line;

	memset(v, 0, sizeof(*v));
	snprintf(v->title, sizeof(v->title), "%s", title);
	v->line = f->number;
	frame_defaults(&v->frame, false);
	while ((line = vector_line(f))) {
		if (is_beside(line)) {
			vector_unread(f);
			break;
		}
		if (read_field(f, line, v))
			return -1;
	}
	if (!v->reason)
		return vector_error(f, "case \"%s\" has no verdict (pass, drop or answer REASON)",
				    v->title);
	return 0;
}
