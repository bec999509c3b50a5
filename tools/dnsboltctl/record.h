/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RECORD_H
#define RECORD_H

#include <jansson.h>

/* A table of the records of a reply. */
void record_print(const json_t *rows);

#endif /* RECORD_H */
