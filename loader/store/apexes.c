/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.apex_bits and apex_depths: a name is in no zone when no bit of its ancestors is set, and most queries for a host that is not
 * only authoritative are for such names. A bit that is set for nothing costs a search, one that is missing would cost an answer: bits
 * are set before their zone is there, and taken away after it is gone.
 */
#include <string.h>

#include "internal.h"

struct apex {
	uint32_t bit, depth;
};

static struct apex apex_of(const struct zone_entry *zone)
{
	const size_t len = owner_len(zone->apex);
	uint8_t name[16 + DNSBOLT_NAME_MAX] = { 0 };
	uint64_t end[2];
	struct apex apex = { .depth = 0 };

	memcpy(name + 16, zone->apex, len);
	memcpy(end, name + len, sizeof(end));
	apex.bit = dnsbolt_apex_bit((uint32_t)len, end[0], end[1]);
	for (const uint8_t *p = zone->apex; *p && apex.depth + 1 < DNSBOLT_APEX_DEPTHS; p += *p + 1)
		apex.depth++;
	return apex;
}

static void store_word(struct store *s, uint32_t word)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < 64; i++)
		bits |= (uint64_t)(s->apexes[word * 64 + i] != 0) << i;
	__atomic_store_n(&s->backing->config->apex_bits[word], bits, __ATOMIC_RELEASE);
}

static void store_depths(struct store *s)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < DNSBOLT_APEX_DEPTHS; i++)
		bits |= (uint32_t)(s->apexes_of_depth[i] != 0) << i;
	__atomic_store_n(&s->backing->config->apex_depths, bits, __ATOMIC_RELEASE);
}

void apexes_add(struct store *s, const struct zone_entry *zone)
{
	const struct apex apex = apex_of(zone);
	struct dnsbolt_config *config = s->backing->config;
	__u64 *word = &config->apex_bits[apex.bit / 64];

	s->apexes[apex.bit]++;
	s->apexes_of_depth[apex.depth]++;
	__atomic_store_n(word, *word | 1ull << apex.bit % 64, __ATOMIC_RELEASE);
	__atomic_store_n(&config->apex_depths, config->apex_depths | 1u << apex.depth,
			 __ATOMIC_RELEASE);
}

void apexes_remove(struct store *s, const struct zone_entry *zone)
{
	const struct apex apex = apex_of(zone);

	if (!--s->apexes[apex.bit])
		store_word(s, apex.bit / 64);
	if (!--s->apexes_of_depth[apex.depth])
		store_depths(s);
}

void apexes_trim(struct store *s)
{
	for (uint32_t word = 0; word < DNSBOLT_APEX_BITS / 64; word++)
		store_word(s, word);
	store_depths(s);
}
