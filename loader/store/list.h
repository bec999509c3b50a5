/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing list of handles, or of other numbers of 32 bits. A zeroed one is empty. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct list {
	uint32_t *v;
	size_t n, max;
};

/* After it that many list_push() cannot fail. -ENOMEM. */
static inline int list_reserve(struct list *l, size_t more)
{
	size_t max = l->max ? l->max : 64;
	uint32_t *v;

	if (l->max - l->n >= more)
		return 0;
	while (max - l->n < more)
		max *= 2;
	v = realloc(l->v, max * sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->v = v;
	l->max = max;
	return 0;
}

static inline int list_push(struct list *l, uint32_t value)
{
	int err = list_reserve(l, 1);

	if (!err)
		l->v[l->n++] = value;
	return err;
}

static inline void list_done(struct list *l)
{
	free(l->v);
	*l = (struct list){ 0 };
}

/* Empties it; gives memory back that only a large change set needed. */
static inline void list_clear(struct list *l)
{
	l->n = 0;
	if (l->max > 65536)
		list_done(l);
}

#endif /* STORE_LIST_H */
