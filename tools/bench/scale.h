/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of the scale benchmark: what is generated, and what is measured. */
#ifndef SCALE_H
#define SCALE_H

#include <stdio.h>

#include "../../userspace/lib/report.h"

#define SCALE_TLD "tld"

extern const struct report scale_report; /* to standard error */

/* Writes a zone as a registry has it: n delegations, one in ten with DS, with addresses of servers inside and
 * outside of it, NSEC3 with opt-out. The signatures are made-up octets. The same n gives the same zone. */
int scale_write_tld(FILE *file, unsigned long n);
/* Writes n zones of a handful of names into the directory, as zNNN.example.zone. */
int scale_write_small(const char *dir, unsigned long n);

/* Writes a file of the first kind into a state-dir of dnsboltd, as if it had been transferred now. */
int scale_keep(const char *path, const char *state_dir);

/* Loads a file of the first or a directory of the second kind into kernel maps; prints one JSON object
 * of what that took, and what a change of one record takes. */
int scale_measure(const char *path);

/* The name of the i-th delegation: its label alone. */
void scale_label(char label[32], unsigned long i);

#endif /* SCALE_H */
