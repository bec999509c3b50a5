/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the packets are made of: files of octets, each a DNS message or a frame. */
#ifndef INPUTS_H
#define INPUTS_H

#include <stddef.h>
#include <stdint.h>

struct input {
	char name[128];
	uint8_t *data;
	size_t len;
};

struct inputs {
	struct input *all;
	size_t n;
};

/* Every file of the folder, in the order of their names; cut off behind `max` octets. -errno. */
int inputs_add(struct inputs *inputs, const char *folder, size_t max);
void inputs_done(struct inputs *inputs);

#endif /* INPUTS_H */
