/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libdnssec/digest.h>

#define FILE_MAX 16384 /* octets */
#define BLANKS " \t\r"

/* What may stand before the digits: BIND's and Knot's options. */
static const char *const keywords[] = { "cookie-secret", "secret:" };

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, BLANKS);
}

static const char *skip_keyword(const char *at)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		size_t len = strlen(keywords[i]);

		if (strncmp(at, keywords[i], len) == 0 && strchr(BLANKS, at[len]) && at[len])
			return skip_blanks(at + len);
	}
	return at;
}

static uint8_t hex_value(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0'
						   : tolower((unsigned char)c) - 'a' + 10);
}

/* The digits and what is around them. false: not 32, or the quotes are not in pairs. */
static bool read_digits(uint8_t octets[SECRET_OCTETS], const char **at)
{
	const char *text = *at;
	char quote = *text == '"' || *text == '\'' ? *text++ : '\0';

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	if (strspn(text, "0123456789abcdefABCDEF") != 2 * (size_t)SECRET_OCTETS)
		return false;
	for (size_t i = 0; i < SECRET_OCTETS; i++)
		octets[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	text += 2 * SECRET_OCTETS;
	if (quote && *text++ != quote)
		return false;
	*at = skip_blanks(text);
	return true;
}

static bool is_end(const char *at)
{
	return !*at || *at == '#' || strncmp(at, "//", 2) == 0;
}

static int fail(char *ret_fault, unsigned int line, const char *what)
{
	(void)snprintf(ret_fault, SECRETS_FAULT_LEN, "line %u: %s", line, what);
	return -EINVAL;
}

static int parse_line(struct secrets *secrets, const char *text, unsigned int line, char *ret_fault)
{
	const char *at = skip_blanks(text);

	if (is_end(at))
		return 0;
	if (secrets->n == SECRETS_MAX)
		return fail(ret_fault, line, "more than three secrets");
	at = skip_keyword(at);
	if (!read_digits(secrets->octets[secrets->n], &at))
		return fail(ret_fault, line, "expected a secret of 32 hexadecimal digits");
	if (*at == ';')
		at = skip_blanks(at + 1);
	if (!is_end(at))
		return fail(ret_fault, line, "something stands behind the secret");
	secrets->n++;
	return 0;
}

/* `text` is cut into its lines. */
static int parse_lines(struct secrets *secrets, char *text, char *ret_fault)
{
	unsigned int line = 0;
	char *rest = text;
	int err = 0;

	while (!err && (text = strsep(&rest, "\n")))
		err = parse_line(secrets, text, ++line, ret_fault);
	if (!err && secrets->n == 0)
		return fail(ret_fault, line, "there is no secret in the file");
	return err;
}

int secrets_parse(struct secrets *ret_secrets, const char *text, size_t len, char *ret_fault)
{
	struct secrets secrets = {};
	char *copy;
	int err;

	if (memchr(text, '\0', len)) {
		(void)snprintf(ret_fault, SECRETS_FAULT_LEN, "not a text file");
		return -EINVAL;
	}
	copy = strndup(text, len);
	if (!copy) {
		(void)snprintf(ret_fault, SECRETS_FAULT_LEN, "out of memory");
		return -ENOMEM;
	}
	err = parse_lines(&secrets, copy, ret_fault);
	explicit_bzero(copy, len);
	free(copy);
	if (!err)
		*ret_secrets = secrets;
	explicit_bzero(&secrets, sizeof(secrets));
	return err;
}

/* Up to `room` octets. Negative errno. */
static ssize_t read_all(char *buf, size_t room, bool *ret_exposed, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	struct stat st;
	ssize_t n = -1;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0) {
		*ret_exposed = st.st_mode & S_IROTH;
		while ((n = read(fd, buf + len, room - len)) > 0)
			len += (size_t)n;
	}
	err = errno;
	(void)close(fd);
	return n < 0 ? -err : (ssize_t)len;
}

int secrets_read(struct secrets *ret_secrets, bool *ret_exposed, const char *path, char *ret_fault)
{
	char buf[FILE_MAX];
	ssize_t len = read_all(buf, sizeof(buf), ret_exposed, path);
	int err = 0;

	if (len < 0) {
		err = (int)len;
		(void)snprintf(ret_fault, SECRETS_FAULT_LEN, "%s", strerror(-err));
	} else if (len == FILE_MAX) {
		err = -EFBIG;
		(void)snprintf(ret_fault, SECRETS_FAULT_LEN, "%s", strerror(-err));
	}
	if (!err)
		err = secrets_parse(ret_secrets, buf, (size_t)len, ret_fault);
	explicit_bzero(buf, sizeof(buf));
	return err;
}

int secrets_random(struct secrets *ret_secrets)
{
	uint8_t octets[SECRET_OCTETS];

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return -EIO;
	*ret_secrets = (struct secrets){ .n = 1 };
	memcpy(ret_secrets->octets[0], octets, sizeof(octets));
	explicit_bzero(octets, sizeof(octets));
	return 0;
}

const char *secrets_print(const uint8_t secret[SECRET_OCTETS], char buf[SECRETS_PRINT_LEN])
{
	dnssec_binary_t data = { .size = SECRET_OCTETS, .data = (uint8_t *)secret }, digest = {};
	dnssec_digest_ctx_t *ctx;

	(void)snprintf(buf, SECRETS_PRINT_LEN, "unknown");
	/* libdnssec frees the context when a step fails. */
	if (dnssec_digest_init(DNSSEC_DIGEST_SHA384, &ctx) || dnssec_digest(ctx, &data) ||
	    dnssec_digest_finish(ctx, &digest))
		return buf;
	(void)snprintf(buf, SECRETS_PRINT_LEN, "%02x%02x%02x%02x", digest.data[0], digest.data[1],
		       digest.data[2], digest.data[3]);
	dnssec_binary_free(&digest);
	return buf;
}
