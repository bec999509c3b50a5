/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files that write the page of metrics. */
#ifndef PAGE_H
#define PAGE_H

#include <stdint.h>
#include <stdio.h>

#include "../daemon.h"

struct page {
	FILE *out;
	struct daemon *daemon;
	const char *family; /* the one whose series are being written */
};

/* Begins a family; its name without "dnsbolt_". */
void page_begin(struct page *page, const char *name, const char *type, const char *help);
/* One series of the family. The arguments before the NULL are label names and values in turn. */
void page_put(struct page *page, uint64_t value, ...);
/* A family of one series without labels. */
void page_put_one(struct page *page, const char *name, const char *type, const char *help,
		  uint64_t value);

/* page_sync.c: zones that are transferred. */
void page_sync(struct page *page);
/* page_limits.c: limits, cookies and clients. */
void page_limits(struct page *page);

#endif /* PAGE_H */
