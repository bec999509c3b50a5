/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../bpf/core/hash.h"
#include "owner.h"

#define LABEL_MAX 63u /* RFC 1035 section 2.3.4 */

static uint64_t hash_name(const uint8_t *name, uint32_t len, const struct dnsbolt_config *c)
{
	uint64_t h = c->hash_seed, w;

	for (; len >= sizeof(w); len -= sizeof(w), name += sizeof(w)) {
		memcpy(&w, name, sizeof(w));
		h = hash_word(h, w, c->hash_key[0], c->hash_key[1]);
	}
	w = 0;
	memcpy(&w, name, len);
	return hash_word(h, w, c->hash_key[0], c->hash_key[1]);
}

int owner_read(struct owner *ret_owner, const uint8_t *wire, const struct dnsbolt_config *config)
{
	uint32_t at = 0, labels = 0;

	while (wire[at]) {
		if (wire[at] > LABEL_MAX || at + wire[at] + 2u > DNSBOLT_NAME_MAX)
			return -EINVAL;
		for (uint32_t i = 1; i <= wire[at]; i++)
			if (wire[at + i] >= 'A' && wire[at + i] <= 'Z')
				return -EINVAL;
		ret_owner->at[labels++] = (uint8_t)at;
		at += wire[at] + 1u;
	}
	ret_owner->wire = wire;
	ret_owner->at[labels] = (uint8_t)at;
	ret_owner->labels = (uint8_t)labels;
	ret_owner->len = (uint16_t)(at + 1);
	for (uint32_t i = 0; i <= labels; i++)
		ret_owner->hash[i] = hash_name(wire + ret_owner->at[i],
					       ret_owner->len - ret_owner->at[i], config);
	return 0;
}

size_t owner_len(const uint8_t *wire)
{
	size_t at = 0;

	while (wire[at])
		at += wire[at] + 1u;
	return at + 1;
}

int owner_wildcard(uint8_t ret_wire[DNSBOLT_NAME_MAX], const struct owner *owner)
{
	if (owner->len + 2u > DNSBOLT_NAME_MAX)
		return -EINVAL;
	ret_wire[0] = 1;
	ret_wire[1] = '*';
	memcpy(ret_wire + 2, owner->wire, owner->len);
	return 0;
}

const char *owner_text(char buf[OWNER_TEXT_MAX], const uint8_t *wire)
{
	char *p = buf;

	if (!*wire)
		*p++ = '.';
	while (*wire) {
		for (uint8_t n = *wire++; n; n--, wire++) {
			if (*wire <= ' ' || *wire > '~')
				p += sprintf(p, "\\%03u", *wire);
			else
				p += sprintf(p, strchr(".\\\"();@$", *wire) ? "\\%c" : "%c", *wire);
		}
		*p++ = '.';
	}
	*p = '\0';
	return buf;
}
