/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each message is one write(2), so that lines of several processes do not mix. */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 4096

static enum log_level most_detailed = LOG_LEVEL_INFO;

static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
	most_detailed = level;
}

/* JOURNAL_STREAM holds device and inode of the stream (systemd.exec(5)); a child whose standard
 * error was sent elsewhere inherits the variable all the same. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/* What a peer or a file put into a message must not make lines of its own, nor talk to the
 * terminal. */
static void blank_controls(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	}
}

/* Length of what snprintf() really left in `room` octets. */
static size_t written(int n, size_t room)
{
	if (n < 0)
		return 0;
	return (size_t)n < room ? (size_t)n : room - 1;
}

void log_write(enum log_level level, const char *format, ...)
{
	static int journal = -1;
	char line[LINE_MAX_OCTETS];
	size_t len = 0, text;
	va_list args;

	if (level > most_detailed)
		return;
	if (journal < 0)
		journal = is_journal();
	if (journal)
		len = written(snprintf(line, sizeof(line), "<%d>", (int)level), sizeof(line));
	text = len;
	len += written(snprintf(line + len, sizeof(line) - len, "%s: ", level_words[level]),
		       sizeof(line) - len);
	va_start(args, format);
	len += written(vsnprintf(line + len, sizeof(line) - len, format, args), sizeof(line) - len);
	va_end(args);
	blank_controls(line + text, len - text);
	line[len++] = '\n';
	/* There is nowhere to report that the report could not be written. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
