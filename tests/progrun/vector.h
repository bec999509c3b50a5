/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vector files: zones, queries, verdicts, replies, as text. See tests/vectors/README.md for the form.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../lib/frame.h"

struct vector_file {
	const char *path;
	FILE *in;
	char *line;
	size_t room;
	unsigned int number; /* of the line */
	bool again;	     /* the line is to be read once more */
	uint32_t clock;	     /* Unix time of every case; 0: none was set */
};

/* One case, as the lines from `case` on say. */
struct vector {
	char title[256];
	unsigned int line;
	struct frame_spec frame;
	uint8_t msg[2048];
	size_t msg_len;
	bool v6_too;			  /* `both`: the same by IPv6 */
	bool has_room;			  /* `room`: native only, with these */
	size_t headroom, tailroom, first; /* first: octets of the first buffer, 0: all */
	unsigned int reason;
	int action; /* XDP_* */
	uint8_t reply[8192];
	size_t reply_len;
};

/* Next line that is not empty and no comment, without its end. NULL at the end of the file. */
char *vector_line(struct vector_file *f);
void vector_unread(struct vector_file *f);
/* Prints "PATH:LINE: text" to standard error; returns -1. */
int vector_error(const struct vector_file *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct harness;

/* Everything but zones and cases (settings.c): 0, 1: the line is not one of those, -1: it is wrong. */
int settings_read(struct harness *h, struct vector_file *f, char *line);
/* The clock is the file's again, where it has one. Returns the second of the machine's, which that holds for. */
int64_t settings_set_clock(struct harness *h, const struct vector_file *f);

/* The line `case TITLE` was read: reads the rest of the case. 0 or -1. */
int vector_read(struct vector_file *f, const char *title, struct vector *ret_vector);

/* The words of `ask` into a DNS message (message.c). 0 or -1 with *ret_error. */
int message_build(char *words, uint8_t *msg, size_t room, size_t *ret_len, const char **ret_error);
int message_hex(const char *text, uint8_t *to, size_t room, size_t *len);
void message_print(FILE *out, const uint8_t *msg, size_t len);

#endif /* VECTOR_H */
