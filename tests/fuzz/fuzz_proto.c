/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control protocol: octets of a peer, in two pieces, to lines and to JSON. */
#include <stdlib.h>

#include "../../userspace/lib/proto.h"
#include "fuzz.h"

static void take_lines(struct proto_buffer *buffer)
{
	char error[JSON_ERROR_TEXT_LENGTH], *line;
	size_t len;

	while (!proto_buffer_line(buffer, &line, &len) && line) {
		json_t *object = NULL;

		if (!proto_parse(&object, line, len, error))
			json_decref(object);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct proto_buffer buffer = { .max = 1024 };
	size_t first = len / 2;

	if (proto_buffer_add(&buffer, (const char *)data, first))
		abort();
	take_lines(&buffer);
	if (proto_buffer_add(&buffer, (const char *)data + first, len - first))
		abort();
	take_lines(&buffer);
	proto_buffer_free(&buffer);
	return 0;
}
