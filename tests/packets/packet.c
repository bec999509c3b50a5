// SPDX-License-Identifier: GPL-3.0-or-later
#include "packet.h"

#include <string.h>

#define HEADERS 62u /* Ethernet, IPv6 and UDP */

static uint32_t below(struct mutate *m, uint32_t n)
{
	return mutate_below(m, n);
}

static bool one_in(struct mutate *m, uint32_t n)
{
	return !mutate_below(m, n);
}

static void build(struct packet *packet, const uint8_t *msg, size_t len)
{
	uint8_t frame[FRAME_MAX];

	packet->len = frame_build(&packet->spec, msg, len, frame);
	memcpy(packet->frame, frame, packet->len);
}

void packet_raw(struct packet *packet, const struct input *input)
{
	packet->from = input;
	packet->by_spec = false;
	packet->len = input->len;
	memcpy(packet->frame, input->data, input->len);
}

void packet_wrapped(struct packet *packet, const struct input *input, bool ipv6)
{
	packet->from = input;
	packet->by_spec = true;
	frame_defaults(&packet->spec, ipv6);
	build(packet, input->data, input->len);
}

/* What is not a plain query by headers, but no lie: tags, another checksum, filling. */
static void vary_form(struct frame_spec *spec, struct mutate *m)
{
	static const enum frame_sum sums[] = { FRAME_SUM_RIGHT, FRAME_SUM_ZERO, FRAME_SUM_PARTIAL };
	uint32_t i;

	spec->n_vlan = one_in(m, 4) ? below(m, 4) : 0;
	for (i = 0; i < spec->n_vlan; i++)
		spec->vlan[i] = (uint16_t)below(m, 65536);
	spec->udp_sum = sums[below(m, 3)];
	spec->filling = one_in(m, 4) ? below(m, 64) : 0;
	spec->tos = (uint8_t)below(m, 256);
	spec->sport = (uint16_t)below(m, 65536);
}

/* One thing that is wrong. */
static void vary_headers(struct frame_spec *spec, struct mutate *m)
{
	switch (below(m, 8)) {
	case 0:
		spec->ip_len_add = (int)below(m, 65) - 32;
		break;
	case 1:
		spec->udp_len_add = (int)below(m, 65) - 32;
		break;
	case 2:
		spec->cut = below(m, 40);
		break;
	case 3:
		spec->udp_sum = FRAME_SUM_BAD;
		break;
	case 4:
		spec->bad_ip_sum = true;
		break;
	case 5:
		spec->fragment = true;
		break;
	case 6:
		spec->ip_options = true;
		break;
	default:
		spec->ethertype = (int)below(m, 65536);
	}
}

/* Any bit of the headers. */
static void damage_headers(struct packet *packet, struct mutate *m)
{
	size_t end = packet->len < HEADERS ? packet->len : HEADERS;
	uint32_t n = 1 + below(m, 3);

	while (end && n--)
		packet->frame[below(m, (uint32_t)end)] ^= (uint8_t)(1u << below(m, 8));
	packet->by_spec = false;
}

void packet_variant(struct packet *packet, const struct input *input, struct mutate *m)
{
	uint8_t msg[PACKET_MESSAGE_MAX];
	size_t len = input->len;

	packet->from = input;
	packet->by_spec = true;
	frame_defaults(&packet->spec, one_in(m, 2));
	memcpy(msg, input->data, len);
	len = mutate_message(m, msg, len, sizeof(msg));
	if (one_in(m, 2))
		vary_form(&packet->spec, m);
	if (one_in(m, 8))
		vary_headers(&packet->spec, m);
	build(packet, msg, len);
	if (one_in(m, 16))
		damage_headers(packet, m);
}
