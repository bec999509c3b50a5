/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zone files. The file is one in memory; $INCLUDE is not for this target, which must not read what it finds by chance. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../loader/zone/zone.h"
#include "fuzz.h"

static bool has_include(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i++) {
		if (strncasecmp((const char *)data + i, "$INCLUDE", 8) == 0)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const knot_dname_t apex[] = "\7example\3com";
	struct zone *zone = NULL;
	char path[64];
	int fd;

	if (has_include(data, len))
		return 0;
	fd = memfd_create("zone", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!zone_load_file(&zone, apex, path, NULL))
		zone_free(zone);
	close(fd);
	return 0;
}
