// SPDX-License-Identifier: GPL-3.0-or-later
/* SipHash in a BPF program is what it is natively, for every length of SipHash's own table; that that is right: unit/test_cookie. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../bpf/core/siphash.h"
#include "../bed/siphash.h"
#include "limits.h"

#define LENGTHS 64u

/* Key and message: octets 0, 1, 2 ... */
static void make_message(struct bed_siphash *m, unsigned int len)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->words = len / 8 + 1;
	for (i = 0; i < sizeof(m->key); i++)
		((uint8_t *)m->key)[i] = (uint8_t)i;
	for (i = 0; i < len; i++)
		((uint8_t *)m->word)[i] = (uint8_t)i;
	m->word[len / 8] |= (__u64)len << 56;
}

static __u64 native_hash(const struct bed_siphash *m)
{
	struct siphash h;
	unsigned int i;

	siphash_start(&h, m->key);
	for (i = 0; i < m->words; i++)
		siphash_word(&h, m->word[i]);
	return siphash_finish(&h);
}

static int compare(const struct bpf_object *obj)
{
	int fd = bpf_program__fd(bpf_object__find_program_by_name(obj, "bed_siphash"));
	struct bed_siphash *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED,
				     bpf_object__find_map_fd_by_name(obj, "siphash_message"), 0);
	unsigned int len, same = 0;
	uint8_t frame[64] = { 0 };
	int r = 0;

	if (m == MAP_FAILED)
		return -errno;
	for (len = 0; !r && len < LENGTHS; len++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame,
			    .data_size_in = sizeof(frame));

		make_message(m, len);
		r = bpf_prog_test_run_opts(fd, &run);
		same += m->hash == native_hash(m);
	}
	limits_say(same == LENGTHS, "SipHash: %u of %u lengths have the native hash", same,
		   LENGTHS);
	(void)munmap(m, sizeof(*m));
	return r;
}

int limits_siphash(void)
{
	const char *b = getenv("B");
	struct bpf_object *obj;
	char path[256];
	int r;

	snprintf(path, sizeof(path), "%s/tests/bed/siphash.bpf.o", b ? b : "build");
	obj = bpf_object__open_file(path, NULL);
	if (!obj)
		return -errno;
	r = bpf_object__load(obj);
	if (!r)
		r = compare(obj);
	bpf_object__close(obj);
	return r;
}
