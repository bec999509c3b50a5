/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Damaged variants of packets, by a sequence that is the same each time. On octets of any kind, and on DNS messages, where
 * the damage knows the form: what stays right lets the rest come further than the header.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct mutate {
	uint64_t state;		     /* the seed */
	const uint8_t *const *names; /* wire form: what questions may come to ask for */
	size_t n_names;
};

/* 0 to n - 1; 0 where n is 0. */
uint32_t mutate_below(struct mutate *m, uint32_t n);

/* Both work in place, in `room` octets, and return the new length. */
size_t mutate_octets(struct mutate *m, uint8_t *data, size_t len, size_t room);
size_t mutate_message(struct mutate *m, uint8_t *msg, size_t len, size_t room);

/* Offset behind the first question; 0: there is none that is whole. Compressed names are none. */
size_t mutate_question_end(const uint8_t *msg, size_t len);

#endif /* MUTATE_H */
