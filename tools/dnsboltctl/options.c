/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row per option. They may stand anywhere; "--" ends them. A word such as -2.00m (LOC) is none:
 * letters follow the dash. */
#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define AT(member) offsetof(struct ctl_options, member)

const struct ctl_option ctl_option_rows[] = {
	{ "--socket", 's', "SOCKET", CTL_TEXT, AT(socket), 0, 0, true,
	  "control socket of dnsboltd (" CTL_SOCKET ")" },
	{ "--pin-dir", 'P', "DIR", CTL_TEXT, AT(pin_dir), 0, 0, true,
	  "where the maps are pinned, for mode off without dnsboltd (named by SOCKET.pin, else " CTL_PIN_DIR
	  ")" },
	{ "--json", 'j', NULL, CTL_FLAG, AT(json), 0, 0, true,
	  "print the daemon's reply, one line of JSON" },
	{ "--help", 'h', NULL, CTL_FLAG, AT(help), 0, 0, true,
	  "help, of the command if one is given" },
	{ "--version", 'V', NULL, CTL_FLAG, AT(version), 0, 0, true, "version of this program" },
	{ "--add", 0, NULL, CTL_FLAG, AT(add), 0, 0, false,
	  "add the record to those that are there" },
	{ "--unsigned", 0, NULL, CTL_FLAG, AT(unsigned_ok), 0, 0, false,
	  "in a signed zone too: the answer will be bogus to validating resolvers" },
	{ "--all", 0, NULL, CTL_FLAG, AT(all), 0, 0, false,
	  "reasons that never came, or all prefixes, too" },
	{ "--for", 0, "TIME", CTL_TEXT, AT(duration), 0, 0, false,
	  "for that time alone, as 90s, 10m, 2h or 1d" },
	{ "--do", 0, NULL, CTL_FLAG, AT(dnssec_ok), 0, 0, false, "ask for DNSSEC records (DO=1)" },
	{ "--no-edns", 0, NULL, CTL_FLAG, AT(no_edns), 0, 0, false, "ask without an OPT record" },
	{ "--bufsize", 0, "OCTETS", CTL_NUMBER, AT(bufsize), 0, 65535, false,
	  "EDNS buffer size of the query (1232)" },
	{ 0 },
};

static int __attribute__((format(printf, 2, 3))) usage(bool quiet, const char *format, ...)
{
	char text[4096];
	va_list args;

	if (quiet)
		return CTL_USAGE;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return ctl_usage(NULL, "%s", text);
}

static const struct ctl_option *find_option(const char *name, size_t len, char letter)
{
	for (const struct ctl_option *row = ctl_option_rows; row->name; row++) {
		if (letter ? row->letter == letter
			   : strlen(row->name) == len && strncmp(row->name, name, len) == 0)
			return row;
	}
	return NULL;
}

static bool parse_number(const char *text, const struct ctl_option *row, uint32_t *ret_number)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	number = strtoul(text, &end, 10);
	if (*end || number < row->min || number > row->max)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static int store_option(struct ctl_options *options, const struct ctl_option *row,
			const char *value, bool quiet)
{
	void *member = (char *)options + row->offset;

	switch (row->kind) {
	case CTL_FLAG:
		*(bool *)member = true;
		break;
	case CTL_TEXT:
		*(const char **)member = value;
		break;
	case CTL_NUMBER:
		if (!parse_number(value, row, member))
			return usage(quiet, "%s \"%s\": expected a number, %u to %u", row->name,
				     value, row->min, row->max);
		break;
	}
	options->given |= 1u << (row - ctl_option_rows);
	return CTL_OK;
}

/* One word of options at argv[0]; *ret_used: 1, or 2 with an argument in the next word. */
static int parse_long(struct ctl_options *options, unsigned int argc, char **argv,
		      unsigned int *ret_used, bool quiet)
{
	const char *word = argv[0], *equals = strchr(word, '=');
	const struct ctl_option *row =
		find_option(word, equals ? (size_t)(equals - word) : strlen(word), 0);

	if (!row)
		return usage(quiet, "there is no option %s (-- before it makes it an operand)",
			     word);
	if (!row->arg) {
		if (equals)
			return usage(quiet, "%s takes no argument", row->name);
		return store_option(options, row, NULL, quiet);
	}
	if (equals)
		return store_option(options, row, equals + 1, quiet);
	if (argc < 2)
		return usage(quiet, "%s: expected %s after it", row->name, row->arg);
	*ret_used = 2;
	return store_option(options, row, argv[1], quiet);
}

/* -j, -jh, -s SOCKET, -sSOCKET */
static int parse_letters(struct ctl_options *options, unsigned int argc, char **argv,
			 unsigned int *ret_used, bool quiet)
{
	for (const char *c = argv[0] + 1; *c; c++) {
		const struct ctl_option *row = find_option(NULL, 0, *c);
		int code;

		if (!row)
			return usage(
				quiet,
				"there is no option -%c (-- before it makes \"%s\" an operand)", *c,
				argv[0]);
		if (row->arg && c[1])
			return store_option(options, row, c + 1, quiet);
		if (row->arg && argc < 2)
			return usage(quiet, "-%c: expected %s after it", *c, row->arg);
		if (row->arg)
			*ret_used = 2;
		code = store_option(options, row, row->arg ? argv[1] : NULL, quiet);
		if (code)
			return code;
	}
	return CTL_OK;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && (isalpha((unsigned char)word[1]) || (word[1] == '-' && word[2]));
}

int ctl_parse(struct ctl_options *options, unsigned int argc, char **argv, char **ret_operands,
	      unsigned int *ret_count, bool quiet)
{
	unsigned int count = 0, used;

	for (unsigned int i = 0; i < argc; i += used) {
		int code;

		used = 1;
		if (strcmp(argv[i], "--") == 0) {
			while (++i < argc)
				ret_operands[count++] = argv[i];
			break;
		}
		if (!is_option(argv[i])) {
			ret_operands[count++] = argv[i];
			continue;
		}
		if (argv[i][1] == '-')
			code = parse_long(options, argc - i, argv + i, &used, quiet);
		else
			code = parse_letters(options, argc - i, argv + i, &used, quiet);
		if (code)
			return code;
	}
	*ret_count = count;
	return CTL_OK;
}

bool ctl_takes(const struct ctl_command *command, const struct ctl_option *option)
{
	size_t len = strlen(option->name);
	const char *at = command->options;

	if (option->global)
		return true;
	while (*at) {
		size_t n = strcspn(at, " ");

		if (n == len && strncmp(at, option->name, n) == 0)
			return true;
		at += n + strspn(at + n, " ");
	}
	return false;
}

bool ctl_operand(const char *operands, unsigned int n, char *buf, size_t size)
{
	const char *at = operands;

	while (*at) {
		size_t len = strcspn(at, " ");

		if (n == 0 || (len > 3 && strncmp(at + len - 3, "...", 3) == 0) ||
		    (len > 4 && strncmp(at + len - 4, "...]", 4) == 0)) {
			(void)snprintf(buf, size, "%.*s", (int)len, at);
			return true;
		}
		n--;
		at += len + strspn(at + len, " ");
	}
	return false;
}
