/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int folder_make(const char *path, mode_t mode)
{
	char *copy = strdup(path);
	char *slash = copy;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && slash) {
		slash = *slash ? strchr(slash + 1, '/') : NULL;
		if (slash)
			*slash = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			err = -errno;
		if (slash)
			*slash = '/';
	}
	free(copy);
	return err;
}

int folder_make_above(const char *path, mode_t mode)
{
	char *copy = strdup(path);
	char *slash = copy ? strrchr(copy, '/') : NULL;
	int err = copy ? 0 : -ENOMEM;

	if (slash && slash != copy) {
		*slash = '\0';
		err = folder_make(copy, mode);
	}
	free(copy);
	return err;
}
