/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.apex_bits: a name is in no zone when no bit of its ancestors is set, and most queries for a host that is not only
 * authoritative are for such names. A bit that is set for nothing costs a search, one that is missing would cost an answer: bits are
 * set before their zone is there, and taken away after it is gone.
 */
#include "internal.h"

static uint32_t apex_bit(const struct store *s, const struct zone_entry *zone)
{
	struct owner owner;

	/* The zone's entry was made of a name that was read before. */
	return owner_read(&owner, zone->apex, s->backing->config) ? 0
								  : dnsbolt_apex_bit(owner.hash[0]);
}

static void store_word(struct store *s, uint32_t word)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < 64; i++)
		bits |= (uint64_t)(s->apexes[word * 64 + i] != 0) << i;
	__atomic_store_n(&s->backing->config->apex_bits[word], bits, __ATOMIC_RELEASE);
}

void apexes_add(struct store *s, const struct zone_entry *zone)
{
	uint32_t bit = apex_bit(s, zone);
	__u64 *word = &s->backing->config->apex_bits[bit / 64];

	s->apexes[bit]++;
	__atomic_store_n(word, *word | 1ull << bit % 64, __ATOMIC_RELEASE);
}

void apexes_remove(struct store *s, const struct zone_entry *zone)
{
	uint32_t bit = apex_bit(s, zone);

	if (!--s->apexes[bit])
		store_word(s, bit / 64);
}

void apexes_trim(struct store *s)
{
	for (uint32_t word = 0; word < DNSBOLT_APEX_BITS / 64; word++)
		store_word(s, word);
}
