/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FOLDER_H
#define FOLDER_H

#include <sys/types.h>

/* Makes the folder and those above it that are missing, as mkdir -p; `path` is absolute. */
int folder_make(const char *path, mode_t mode);

/* The same for the folder that a file is in. */
int folder_make_above(const char *path, mode_t mode);

#endif /* FOLDER_H */
