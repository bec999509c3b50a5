/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters in memory that dnsboltd reads at the same time; this process alone writes them. */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

static inline void count_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void count_set(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

#endif /* COUNT_H */
