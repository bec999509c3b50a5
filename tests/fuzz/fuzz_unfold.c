// SPDX-License-Identifier: GPL-3.0-or-later
/* Octets that a reader without RCU may take for a message with folded names: they are read inside of their bounds. */
#include <stdlib.h>

#include "../../userspace/lib/unfold.h"
#include "fuzz.h"

#define ROOM 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t to[ROOM];
	size_t to_len = 0;

	/* the first octet says how many are folded, the rest is the message */
	if (len < 1 + 12 + 5)
		return 0;
	if (!unfold(data + 1, len - 1, 12 + 5, data[0], to, sizeof(to), &to_len) &&
	    to_len > sizeof(to))
		abort();
	return 0;
}
