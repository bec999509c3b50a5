/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people read them. */
#include <inttypes.h>
#include <time.h>

#include "ctl.h"

/* The two largest units. */
const char *ctl_duration(uint64_t seconds, char *buf)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	unsigned int i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	if (i == 3)
		(void)snprintf(buf, CTL_FORMAT_LEN, "%" PRIu64 " s", seconds);
	else
		(void)snprintf(buf, CTL_FORMAT_LEN, "%" PRIu64 " %s %" PRIu64 " %s",
			       seconds / units[i].seconds, units[i].name,
			       seconds % units[i].seconds / units[i + 1].seconds,
			       units[i + 1].name);
	return buf;
}

const char *ctl_octets(uint64_t octets, char *buf)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)octets / 1024;
	unsigned int i = 0;

	if (octets < 1024) {
		(void)snprintf(buf, CTL_FORMAT_LEN, "%" PRIu64 " octets", octets);
		return buf;
	}
	for (; value >= 1024 && i < 3; i++)
		value /= 1024;
	(void)snprintf(buf, CTL_FORMAT_LEN, "%.1f %s", value, units[i]);
	return buf;
}

const char *ctl_count(uint64_t count, char *buf)
{
	(void)snprintf(buf, CTL_FORMAT_LEN, "%" PRIu64, count);
	return buf;
}

const char *ctl_zone_states(const json_t *states, char *buf, size_t size)
{
	static const struct {
		const char *name;
		bool always;
	} words[] = { { "serving", true },  { "stale", true },	  { "failed", true },
		      { "waiting", false }, { "expired", false }, { "stopped", false } };
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && len < size; i++) {
		uint64_t n = ctl_number(states, words[i].name);

		if (n > 0 || words[i].always)
			len += (size_t)snprintf(buf + len, size - len, "%s%" PRIu64 " %s",
						len ? ", " : "", n, words[i].name);
	}
	return buf;
}

const char *ctl_time(const json_t *when, char *buf)
{
	time_t seconds = json_integer_value(when);
	struct tm tm;

	if (!json_is_integer(when) || !localtime_r(&seconds, &tm) ||
	    !strftime(buf, CTL_FORMAT_LEN, "%Y-%m-%d %H:%M:%S", &tm))
		(void)snprintf(buf, CTL_FORMAT_LEN, "-");
	return buf;
}
