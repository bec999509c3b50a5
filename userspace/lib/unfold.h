/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names of a long message that no compression pointer reaches (RFC 1035 section 4.1.4: 16 KiB): the core says how
 * far back each is (bpf/core/commit.h), here they are spelled. Only messages by TCP are that long.
 */
#ifndef UNFOLD_H
#define UNFOLD_H

#include <stddef.h>
#include <stdint.h>

/* Copies the message `from` of len octets, in which `folded` names are folded, to `to`, which has `room` octets and overlaps
 * nothing, and spells these. -EMSGSIZE: there is no room; -EBADMSG: it is not such a message. */
int unfold(const uint8_t *from, size_t len, size_t question_end, size_t folded, uint8_t *to,
	   size_t room, size_t *ret_len);

#endif /* UNFOLD_H */
