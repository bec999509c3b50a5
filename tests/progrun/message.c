// SPDX-License-Identifier: GPL-3.0-or-later
#include <ctype.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>

#include "vector.h"

/* What the words of `ask` say. */
struct ask {
	uint8_t name[KNOT_DNAME_MAXLEN];
	uint16_t type, class;
	uint16_t id, flags;
	int counts[4]; /* -1: what is there */
	bool edns;
	uint16_t size;
	uint8_t ext_rcode, version;
	uint16_t ext_flags;
	uint8_t options[1024];
	size_t options_len;
	uint8_t tail[512];
	size_t tail_len;
	size_t pad_to; /* octets of message, by the Padding option (RFC 7830) */
};

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int message_hex(const char *text, uint8_t *to, size_t room, size_t *len)
{
	int high, low;

	for (; *text; text += 2) {
		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			break;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || *len == room)
			return -1;
		to[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static int ask_option(struct ask *a, const char *value)
{
	size_t len = a->options_len + 4;
	char *colon;

	put16(a->options + a->options_len, (unsigned int)strtoul(value, &colon, 10));
	if (*colon &&
	    (*colon != ':' || message_hex(colon + 1, a->options, sizeof(a->options), &len)))
		return -1;
	put16(a->options + a->options_len + 2, (unsigned int)(len - a->options_len - 4));
	a->options_len = len;
	a->edns = true;
	return 0;
}

static const struct {
	const char *word;
	uint16_t bit;
} flag_words[] = {
	{ "qr", 0x8000 }, { "aa", 0x0400 }, { "tc", 0x0200 }, { "rd", 0x0100 },
	{ "ra", 0x0080 }, { "z", 0x0040 },  { "ad", 0x0020 }, { "cd", 0x0010 },
};

static bool ask_flag(struct ask *a, const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(flag_words) / sizeof(*flag_words); i++) {
		if (strcmp(word, flag_words[i].word))
			continue;
		a->flags |= flag_words[i].bit;
		return true;
	}
	if (!strcmp(word, "do")) {
		a->edns = true;
		a->ext_flags |= 0x8000;
		return true;
	}
	if (!strcmp(word, "edns")) {
		a->edns = true;
		return true;
	}
	return false;
}

static int ask_value(struct ask *a, const char *key, const char *value)
{
	static const char *const counts[] = { "qdcount", "ancount", "nscount", "arcount" };
	unsigned int number = (unsigned int)strtoul(value, NULL, 0);
	size_t i;

	for (i = 0; i < 4; i++) {
		if (!strcmp(key, counts[i])) {
			a->counts[i] = (int)number;
			return 0;
		}
	}
	if (!strcmp(key, "id"))
		a->id = (uint16_t)number;
	else if (!strcmp(key, "opcode"))
		a->flags |= (uint16_t)(number << 11);
	else if (!strcmp(key, "rcode"))
		a->flags |= (uint16_t)number;
	else if (!strcmp(key, "edns"))
		a->size = (uint16_t)number, a->edns = true;
	else if (!strcmp(key, "version"))
		a->version = (uint8_t)number, a->edns = true;
	else if (!strcmp(key, "extrcode"))
		a->ext_rcode = (uint8_t)number, a->edns = true;
	else if (!strcmp(key, "option"))
		return ask_option(a, value);
	else if (!strcmp(key, "padto"))
		a->pad_to = number, a->edns = true;
	else if (!strcmp(key, "tail"))
		return message_hex(value, a->tail, sizeof(a->tail), &a->tail_len);
	else
		return -1;
	return 0;
}

static int ask_word(struct ask *a, char *word)
{
	char *equals = strchr(word, '=');
	uint16_t class;

	if (equals) {
		*equals = '\0';
		return ask_value(a, word, equals + 1);
	}
	if (ask_flag(a, word))
		return 0;
	if (knot_rrclass_from_string(word, &class))
		return -1;
	a->class = class;
	return 0;
}

/* A Padding option that makes the message pad_to octets long. */
static void pad(struct ask *a)
{
	size_t len = 12 + knot_dname_size(a->name) + 4 + 11 + a->options_len + 4;

	if (!a->pad_to || a->pad_to < len)
		return;
	put16(a->options + a->options_len, 12);
	put16(a->options + a->options_len + 2, (unsigned int)(a->pad_to - len));
	memset(a->options + a->options_len + 4, 0, a->pad_to - len);
	a->options_len += 4 + a->pad_to - len;
}

static size_t put_message(const struct ask *a, uint8_t *msg)
{
	size_t at = 12, name_len = knot_dname_size(a->name);
	int i, counts[4] = { 1, 0, 0, a->edns };

	memset(msg, 0, 12);
	put16(msg, a->id);
	put16(msg + 2, a->flags);
	for (i = 0; i < 4; i++)
		put16(msg + 4 + 2 * i,
		      (unsigned int)(a->counts[i] >= 0 ? a->counts[i] : counts[i]));
	memcpy(msg + at, a->name, name_len);
	at += name_len;
	put16(msg + at, a->type);
	put16(msg + at + 2, a->class);
	at += 4;
	if (a->edns) {
		msg[at] = 0;
		put16(msg + at + 1, 41);
		put16(msg + at + 3, a->size);
		msg[at + 5] = a->ext_rcode;
		msg[at + 6] = a->version;
		put16(msg + at + 7, a->ext_flags);
		put16(msg + at + 9, (unsigned int)a->options_len);
		memcpy(msg + at + 11, a->options, a->options_len);
		at += 11 + a->options_len;
	}
	memcpy(msg + at, a->tail, a->tail_len);
	return at + a->tail_len;
}

int message_build(char *words, uint8_t *msg, size_t room, size_t *ret_len, const char **ret_error)
{
	struct ask a = { .class = 1, .id = 0x4d53, .size = 1232, .counts = { -1, -1, -1, -1 } };
	char *word, *rest = NULL;

	(void)room;
	word = strtok_r(words, " \t", &rest);
	if (!word || !knot_dname_from_str(a.name, word, sizeof(a.name))) {
		*ret_error = "expected: ask NAME TYPE [words]; the name";
		return -1;
	}
	word = strtok_r(NULL, " \t", &rest);
	if (!word || knot_rrtype_from_string(word, &a.type)) {
		*ret_error = "expected: ask NAME TYPE [words]; the type";
		return -1;
	}
	while ((word = strtok_r(NULL, " \t", &rest))) {
		if (ask_word(&a, word)) {
			*ret_error = word;
			return -1;
		}
	}
	pad(&a);
	*ret_len = put_message(&a, msg);
	return 0;
}

static void print_section(FILE *out, const knot_pkt_t *pkt, knot_section_t section,
			  const char *title)
{
	const knot_pktsection_t *sec = knot_pkt_section(pkt, section);
	size_t room = 1 << 17;
	char *text = malloc(room);
	uint16_t i;

	for (i = 0; text && i < sec->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(sec, i);

		if (knot_rrset_txt_dump(rr, &text, &room, &KNOT_DUMP_STYLE_DEFAULT) >= 0)
			fprintf(out, "    %s: %s", title, text);
	}
	free(text);
}

void message_print(FILE *out, const uint8_t *msg, size_t len)
{
	knot_pkt_t *pkt = knot_pkt_new((void *)msg, (uint16_t)len, NULL);
	size_t i;

	for (i = 0; i < len; i++)
		fprintf(out, "%s%02x", i % 32 ? "" : i ? "\n    " : "    ", msg[i]);
	fprintf(out, "\n");
	if (len >= 12)
		fprintf(out, "    header: %02x%02x qd %u an %u ns %u ar %u\n", msg[2], msg[3],
			msg[4] << 8 | msg[5], msg[6] << 8 | msg[7], msg[8] << 8 | msg[9],
			msg[10] << 8 | msg[11]);
	if (pkt && knot_pkt_parse(pkt, 0) == KNOT_EOK) {
		print_section(out, pkt, KNOT_ANSWER, "answer");
		print_section(out, pkt, KNOT_AUTHORITY, "authority");
		print_section(out, pkt, KNOT_ADDITIONAL, "additional");
	} else {
		fprintf(out, "    (does not parse)\n");
	}
	knot_pkt_free(pkt);
}
