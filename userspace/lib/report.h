/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How library code tells its caller about problems without logging: the caller decides. */
#ifndef REPORT_H
#define REPORT_H

#include "log.h"

struct report {
	/* `text` is one line without a newline, and names the file and line, option or peer. */
	void (*say)(enum log_level level, const char *text, void *arg);
	void *arg;
};

/* Formats and calls say(); a NULL report is silent. */
void report_say(const struct report *report, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* REPORT_H */
