/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch: command lines from a file, over one connection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/*
 * Splits a line in place, as a shell does: blanks between words; '...' keeps all, "..." all but \"
 * and \\, and outside of quotes \ keeps the next character. Returns the number of words, or -1: a
 * quote is not closed, or there are too many words.
 */
static int split_words(char *line, char **ret_words, unsigned int max)
{
	char *out = line;
	unsigned int n = 0;

	for (;;) {
		char quote = 0;

		line += strspn(line, " \t\r\n");
		if (!*line)
			return (int)n;
		if (n == max)
			return -1;
		ret_words[n++] = out;
		for (; *line && (quote || !strchr(" \t\r\n", *line)); line++) {
			if (quote ? *line == quote : *line == '\'' || *line == '"') {
				quote = quote ? 0 : *line;
				continue;
			}
			if (*line == '\\' && line[1] && quote != '\'' &&
			    (!quote || strchr("\"\\", line[1])))
				line++;
			*out++ = *line;
		}
		if (quote)
			return -1;
		if (*line)
			line++;
		*out++ = '\0';
	}
}

static int run_line(struct ctl *base, char *line, unsigned int number)
{
	static char *words[CTL_WORDS_MAX];
	int n, code;

	if (line[strspn(line, " \t")] == '#')
		return CTL_OK;
	n = split_words(line, words, CTL_WORDS_MAX);
	if (n == 0)
		return CTL_OK;
	if (n < 0) {
		fprintf(stderr,
			"dnsboltctl: batch: line %u: a quote is not closed, or more than %u words\n",
			number, CTL_WORDS_MAX);
		return CTL_USAGE;
	}
	if (strcmp(words[0], "batch") == 0) {
		fprintf(stderr, "dnsboltctl: batch: line %u: batch does not go in a batch\n",
			number);
		return CTL_USAGE;
	}
	code = ctl_run(base, (unsigned int)n, words);
	(void)fflush(stdout); /* so that it stays in order with the messages */
	if (code)
		fprintf(stderr, "dnsboltctl: batch: line %u failed\n", number);
	return code;
}

int cmd_batch(struct ctl *ctl)
{
	const char *path = ctl->argc > 0 ? ctl->argv[0] : "-";
	bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	int code = CTL_OK;

	if (!in)
		return ctl_fail(ctl, "batch: \"%s\": %s", path, strerror(errno));
	while (!code && getline(&line, &size, in) >= 0)
		code = run_line(ctl, line, ++number);
	if (!code && ferror(in))
		code = ctl_fail(ctl, "batch: \"%s\": %s", path, strerror(errno));
	free(line);
	if (!standard)
		fclose(in);
	return code;
}
