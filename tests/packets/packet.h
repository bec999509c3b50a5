/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets out of inputs. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>

#include "../lib/frame.h"
#include "../lib/mutate.h"
#include "inputs.h"

/* With all headers, a frame of it is none of a NIC that has more than one buffer for it. */
#define PACKET_MESSAGE_MAX 1400
#define PACKET_MAX 1600

struct packet {
	const struct input *from;
	struct frame_spec spec;
	bool by_spec; /* spec says what the frame is; else headers were damaged */
	size_t len;
	uint8_t frame[PACKET_MAX];
};

/* The input as a frame, and as a DNS message in one. */
void packet_raw(struct packet *packet, const struct input *input);
void packet_wrapped(struct packet *packet, const struct input *input, bool ipv6);

/* A damaged one: the message, the headers, or both. */
void packet_variant(struct packet *packet, const struct input *input, struct mutate *mutate);

#endif /* PACKET_H */
