/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "zone_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Types whose data ends in base64 or hexadecimal digits, and how many fields stand before these. */
static const struct {
	const char *type;
	unsigned int fields;
} digit_types[] = {
	{ "CDNSKEY", 3 }, { "CDS", 3 },	  { "CERT", 3 },       { "DHCID", 0 },	  { "DNSKEY", 3 },
	{ "DS", 3 },	  { "KEY", 3 },	  { "OPENPGPKEY", 0 }, { "IPSECKEY", 4 }, { "RRSIG", 8 },
	{ "SMIMEA", 3 },  { "SSHFP", 2 }, { "TLSA", 3 },       { "ZONEMD", 3 },
};

enum stage {
	STAGE_START,	/* of a record's first line */
	STAGE_TYPE,	/* TTL, class or type comes */
	STAGE_FIELDS,	/* `left` fields, then digits */
	STAGE_DIGITS,	/* digits were written: more of them are joined */
	STAGE_SERVICE,	/* parameters of SVCB or HTTPS */
	STAGE_VERBATIM, /* nothing to do up to the record's end */
};

struct prepare {
	const char *at, *end;
	char *out;
	enum stage stage;
	unsigned int left;
	bool in_parentheses;  /* of the text */
	bool out_parentheses; /* of what was written */
	size_t owed;	      /* line ends that were left out between digits */
};

struct token {
	const char *text;
	size_t len;
};

static bool token_is(const struct token *token, const char *word)
{
	return strlen(word) == token->len && !strncasecmp(token->text, word, token->len);
}

static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ')' || c == ';';
}

static bool is_ttl_or_class(const struct token *token)
{
	return isdigit((unsigned char)token->text[0]) || token_is(token, "IN") ||
	       token_is(token, "CH") || token_is(token, "HS") ||
	       (token->len > 5 && !strncasecmp(token->text, "CLASS", 5));
}

/* End of the octet at `at`, its escape included. */
static const char *skip_octet(const char *at, const char *end)
{
	at += *at == '\\';
	return at < end ? at + 1 : end;
}

/* End of the string that begins with the quote at `at`. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"';)
		at = skip_octet(at, end);
	return at < end ? at + 1 : end;
}

/* A string begins where a token does, or behind the "=" of a service parameter. */
static bool begins_string(const struct token *token, const char *at)
{
	return *at == '"' && (at == token->text || at[-1] == '=');
}

static struct token next_token(const struct prepare *p)
{
	struct token token = { .text = p->at };
	const char *at = p->at;

	while (at < p->end && !is_separator(*at))
		at = begins_string(&token, at) ? skip_string(at, p->end) : skip_octet(at, p->end);
	token.len = (size_t)(at - p->at);
	return token;
}

static void write_octets(struct prepare *p, const char *from, const char *to)
{
	memcpy(p->out, from, (size_t)(to - from));
	p->out += to - from;
}

static void write_token(struct prepare *p, const struct token *token)
{
	const char *at = token->text, *end = at + token->len, *next;

	if (token->len == 1 || !memchr(at, '@', token->len)) {
		write_octets(p, at, end);
		return;
	}
	for (; at < end; at = next) {
		next = begins_string(token, at) ? skip_string(at, end) : skip_octet(at, end);
		if (*at == '@')
			*p->out++ = '\\';
		write_octets(p, at, next);
	}
}

static void take_type(struct prepare *p, const struct token *token)
{
	size_t i;

	p->stage = STAGE_VERBATIM;
	if (token_is(token, "SVCB") || token_is(token, "HTTPS"))
		p->stage = STAGE_SERVICE;
	for (i = 0; i < sizeof(digit_types) / sizeof(digit_types[0]); i++) {
		if (token_is(token, digit_types[i].type)) {
			p->stage = STAGE_FIELDS;
			p->left = digit_types[i].fields;
		}
	}
}

static void take_token(struct prepare *p)
{
	static const char doh_path[] = "dohpath=", doh_key[] = "key7=";
	struct token token = next_token(p);

	p->at += token.len;
	switch (p->stage) {
	case STAGE_START:
		p->stage = token.text[0] == '$' ? STAGE_VERBATIM : STAGE_TYPE;
		break;
	case STAGE_TYPE:
		if (!is_ttl_or_class(&token))
			take_type(p, &token);
		break;
	case STAGE_FIELDS:
		if (token_is(&token, "\\#")) /* RFC 3597 section 5 */
			p->stage = STAGE_VERBATIM;
		else if (!p->left--)
			p->stage = STAGE_DIGITS;
		break;
	case STAGE_SERVICE:
		if (token.len >= strlen(doh_path) &&
		    !strncasecmp(token.text, doh_path, strlen(doh_path))) {
			write_octets(p, doh_key, doh_key + strlen(doh_key));
			token.text += strlen(doh_path);
			token.len -= strlen(doh_path);
		}
		break;
	case STAGE_DIGITS:
	case STAGE_VERBATIM:
		break;
	}
	write_token(p, &token);
}

/* Left-out line ends follow the record, so that the next one keeps its line. */
static void end_record(struct prepare *p)
{
	if (p->stage == STAGE_DIGITS && p->out_parentheses)
		*p->out++ = ')';
	for (; p->owed; p->owed--)
		*p->out++ = '\n';
	p->out_parentheses = false;
	p->stage = STAGE_START;
}

static void take_separator(struct prepare *p)
{
	bool joining = p->stage == STAGE_DIGITS;
	char c = *p->at++;

	switch (c) {
	case '\n':
		if (p->in_parentheses)
			p->owed += joining;
		else {
			end_record(p);
			joining = false;
		}
		break;
	case '(':
	case ')':
		p->in_parentheses = c == '(';
		if (!joining)
			p->out_parentheses = p->in_parentheses;
		break;
	default:
		if (p->stage == STAGE_START) /* the record before has its owner */
			p->stage = STAGE_TYPE;
	}
	if (!joining)
		*p->out++ = c;
}

static void take_comment(struct prepare *p)
{
	const char *end = memchr(p->at, '\n', (size_t)(p->end - p->at));

	if (!end)
		end = p->end;
	if (p->stage != STAGE_DIGITS)
		write_octets(p, p->at, end);
	p->at = end;
}

int zone_text_prepare(char **ret_out, size_t *ret_len, const char *text, size_t len)
{
	struct prepare p = { .at = text, .end = text + len };
	size_t longer = 1, i; /* by a parenthesis at the end, and a backslash for each "@" */
	char *out;

	for (i = 0; i < len; i++)
		longer += text[i] == '@';
	out = malloc(len + longer);
	if (!out)
		return -ENOMEM;
	p.out = out;
	while (p.at < p.end) {
		if (*p.at == ';')
			take_comment(&p);
		else if (is_separator(*p.at))
			take_separator(&p);
		else
			take_token(&p);
	}
	end_record(&p);
	*ret_out = out;
	*ret_len = (size_t)(p.out - out);
	return 0;
}
