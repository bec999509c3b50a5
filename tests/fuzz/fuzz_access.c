/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prefixes, as anyone who may connect to the control socket sends them, and files of cookie secrets. What is taken as a prefix is
 * written so that it is read as the same. */
#include <stdlib.h>
#include <string.h>

#include "../../loader/access/prefix.h"
#include "../../loader/access/secrets.h"
#include "fuzz.h"

static void take_prefix(const char *text)
{
	struct dnsbolt_client_key prefix, again;
	char buf[PREFIX_STRLEN];

	if (prefix_parse(&prefix, text))
		return;
	if (prefix_parse(&again, prefix_text(&prefix, buf)) ||
	    prefix_compare(&prefix, &again) != 0 || !prefix_holds(&prefix, &again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char fault[SECRETS_FAULT_LEN], *text = malloc(len + 1);
	struct secrets secrets;

	if (!text)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	take_prefix(text);
	if (secrets_parse(&secrets, text, len, fault) == 0 &&
	    (secrets.n == 0 || secrets.n > SECRETS_MAX))
		abort();
	free(text);
	return 0;
}
