/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>

void report_say(const struct report *report, enum log_level level, const char *format, ...)
{
	char text[4096];
	va_list args;

	if (!report || !report->say)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report->say(level, text, report->arg);
}
