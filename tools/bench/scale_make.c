/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scale.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/zone/nsec3.h"

#define SIGNED_OF 10u /* one of so many delegations has DS */
#define HOSTERS_OF 1000u
#define HASH_TEXT 33u
#define SIGNATURE                                                                                  \
	"20360101000000 20260101000000 4711 tld. "                                                 \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="

static const struct nsec3_params params = { 0, 0, NULL };

/* splitmix64: what follows from a number looks like nothing. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void scale_label(char label[32], unsigned long i)
{
	uint64_t r = mix(i);
	unsigned int n = 0, len = 5 + (unsigned int)(r % 9);

	for (r /= 9; n < len; r = r / 26 ? r / 26 : mix(r + i))
		label[n++] = (char)('a' + r % 26);
	(void)snprintf(label + n, 32 - n, "%lx", i);
}

/* ---- one delegation ---- */

static void write_own_servers(FILE *f, const char *label, uint64_t r)
{
	unsigned int k;

	for (k = 1; k <= 2; k++) {
		(void)fprintf(f, "%s 86400 NS ns%u.%s\n", label, k, label);
		(void)fprintf(f, "ns%u.%s 86400 A 198.18.%u.%u\n", k, label,
			      (unsigned)(r >> 8 & 255), (unsigned)(r & 255));
	}
	if (r & 1u << 16)
		(void)fprintf(f, "ns1.%s 86400 AAAA 2001:db8::%x\n", label, (unsigned)(r & 0xffff));
}

/* A hoster's servers serve many zones; some hosters are inside the zone. */
static void write_servers(FILE *f, const char *label, unsigned long i, unsigned long n)
{
	uint64_t r = mix(i + 0x10000000u);
	unsigned long hosters = n / HOSTERS_OF + 1, hoster = r / 1000 % hosters;
	char at[64];
	unsigned int k;

	if (i < hosters || r % 10 < 2) { /* the first ones are the hosters */
		write_own_servers(f, label, r);
		return;
	}
	if (r % 10 < 6) {
		char name[32];

		scale_label(name, hoster);
		(void)snprintf(at, sizeof(at), "%s." SCALE_TLD ".", name);
	} else {
		(void)snprintf(at, sizeof(at), "dns%lu.example.", hoster);
	}
	for (k = 1; k <= 2; k++)
		(void)fprintf(f, "%s 86400 NS ns%u.%s\n", label, k, at);
}

static bool has_ds(unsigned long i)
{
	return mix(i + 0x20000000u) % SIGNED_OF == 0;
}

static void write_delegation(FILE *f, unsigned long i, unsigned long n)
{
	uint64_t r = mix(i);
	char label[32];

	scale_label(label, i);
	write_servers(f, label, i, n);
	if (!has_ds(i))
		return;
	(void)fprintf(f, "%s 86400 DS %u 13 2 %016jx%016jx%016jx%016jx\n", label,
		      (unsigned)(r & 0xffff), (uintmax_t)r, (uintmax_t)mix(r),
		      (uintmax_t)mix(r + 1), (uintmax_t)mix(r + 2));
	(void)fprintf(f, "%s 86400 RRSIG DS 13 2 86400 " SIGNATURE "\n", label);
}

/* ---- the chain ---- */

struct hash {
	uint8_t octets[NSEC3_HASH_LEN];
	bool is_apex;
};

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(((const struct hash *)a)->octets, ((const struct hash *)b)->octets,
		      NSEC3_HASH_LEN);
}

static int hash_label(struct hash *hash, const char *label)
{
	knot_dname_storage_t name;
	char text[64];

	(void)snprintf(text, sizeof(text), "%s%s" SCALE_TLD ".", label, *label ? "." : "");
	if (!knot_dname_from_str(name, text, sizeof(name)))
		return -EINVAL;
	hash->is_apex = !*label;
	return nsec3_hash(&params, name, hash->octets);
}

static void hash_text(char text[HASH_TEXT], const struct hash *hash)
{
	static const knot_dname_t root[] = { 0 };
	knot_dname_storage_t owner;

	nsec3_owner(owner, hash->octets, root);
	memcpy(text, owner + 1, HASH_TEXT - 1);
	text[HASH_TEXT - 1] = '\0';
}

static int write_chain(FILE *f, unsigned long n)
{
	struct hash *hash = calloc(n + 1, sizeof(*hash));
	unsigned long i, count = 1;
	int err = hash ? hash_label(&hash[0], "") : -ENOMEM;

	for (i = 0; i < n && !err; i++) {
		char label[32];

		if (!has_ds(i))
			continue;
		scale_label(label, i);
		err = hash_label(&hash[count++], label);
	}
	if (!err)
		qsort(hash, count, sizeof(*hash), compare_hashes);
	for (i = 0; i < count && !err; i++) {
		char owner[HASH_TEXT], next[HASH_TEXT];

		hash_text(owner, &hash[i]);
		hash_text(next, &hash[(i + 1) % count]);
		(void)fprintf(f, "%s 3600 NSEC3 1 1 0 - %s %s\n", owner, next,
			      hash[i].is_apex ? "NS SOA RRSIG DNSKEY NSEC3PARAM" : "NS DS RRSIG");
		(void)fprintf(f, "%s 3600 RRSIG NSEC3 13 2 3600 " SIGNATURE "\n", owner);
	}
	free(hash);
	return err;
}

/* ---- zones ---- */

int scale_write_tld(FILE *f, unsigned long n)
{
	static const char *const types[] = { "SOA", "NS", "DNSKEY", "NSEC3PARAM" };
	unsigned long i;

	(void)fprintf(f, "$ORIGIN " SCALE_TLD ".\n"
			 "@ 86400 SOA ns1.nic hostmaster.nic 1 7200 900 1209600 3600\n"
			 "@ 86400 NS ns1.nic\n@ 86400 NS ns2.nic\n"
			 "nic 86400 NS ns1.nic\nnic 86400 NS ns2.nic\n"
			 "ns1.nic 86400 A 198.18.0.1\nns2.nic 86400 A 198.18.0.2\n"
			 "@ 3600 DNSKEY 257 3 13 AAECAwQFBgcICQoLDA0ODw==\n"
			 "@ 0 NSEC3PARAM 1 0 0 -\n");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		(void)fprintf(f, "@ 86400 RRSIG %s 13 1 86400 " SIGNATURE "\n", types[i]);
	for (i = 0; i < n; i++)
		write_delegation(f, i, n);
	return write_chain(f, n);
}

int scale_write_small(const char *dir, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		char path[4096];
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/z%lu.example.zone", dir, i);
		f = fopen(path, "w");
		if (!f)
			return -errno;
		(void)fprintf(f,
			      "@ 3600 SOA ns1 hostmaster 1 7200 900 1209600 3600\n"
			      "@ 3600 NS ns1\n@ 3600 NS ns2.dns.example.\n@ 3600 MX 10 mail\n"
			      "@ 3600 A 198.18.%lu.%lu\nns1 3600 A 198.18.0.1\nwww 3600 CNAME @\n"
			      "mail 3600 A 198.18.0.2\n",
			      i >> 8 & 255, i & 255);
		if (fclose(f))
			return -errno;
	}
	return 0;
}
