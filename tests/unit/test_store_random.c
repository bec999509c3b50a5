/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store against a plain model in random change sets, against SIGKILL, and under a reader's
 * eyes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_bed.h"

#define CHILD DNSBOLT_SIDE_CHILD

/* ---- random change sets and their model ---- */

#define N_ZONES 3u
#define N_NAMES 48u

static const char *const apexes[N_ZONES] = { "example", "sub.example", "other" };

#define N_LINKS 200u

struct model {
	bool no_chains;
	struct {
		bool exists;
		uint32_t index;
		unsigned id[N_NAMES]; /* 0: not there */
		bool wildcard[N_NAMES];
		bool nsec3;
		uint8_t link[N_LINKS]; /* of the denial chain */
	} zone[N_ZONES];
};

static const char *name_of(unsigned zone, unsigned i)
{
	static const char *const forms[] = { "%c%u.%s", "%c%u.deep.%s", "%c%u.er.deep.%s",
					     "*.%c%u.%s" };
	static char buf[2][64];
	static unsigned turn;
	char *to = buf[turn++ % 2];

	if (!i)
		(void)snprintf(to, sizeof(buf[0]), "%s", apexes[zone]);
	else
		(void)snprintf(to, sizeof(buf[0]), forms[i % 4], 'a' + (int)(i / 4 % 6), i / 24,
			       apexes[zone]);
	return to;
}

static bool has_wildcard(const struct bed *bed, const char *owner)
{
	const struct dnsbolt_node *node = bed_node(bed, owner, CHILD, NULL);
	char text[80];

	(void)snprintf(text, sizeof(text), "*.%s", owner);
	if (node->wildcard)
		assert_int_equal(node->wildcard, bed_anchor(bed, text));
	return node->wildcard != 0;
}

static struct bed_chain chain_of(const struct model *m, unsigned z)
{
	return (struct bed_chain){ m->zone[z].nsec3, N_LINKS, m->zone[z].link };
}

static void compare_chains(const struct bed *bed, const struct model *m)
{
	for (unsigned z = 0; z < N_ZONES; z++) {
		struct bed_chain chain = chain_of(m, z);

		if (m->zone[z].exists && !bed_is_chain(bed, m->zone[z].index, apexes[z], 0, &chain))
			fail_msg("the chain of %s is wrong", apexes[z]);
	}
}

static void compare(const struct bed *bed, const struct model *m,
		    const struct bed_versions *versions)
{
	for (unsigned z = 0; z < N_ZONES; z++) {
		for (unsigned i = 0; i < N_NAMES && m->zone[z].exists; i++) {
			const char *name = name_of(z, i);

			if (!bed_is(bed, name, CHILD, versions, m->zone[z].index, m->zone[z].id[i]))
				fail_msg("%s is not %u", name, m->zone[z].id[i]);
			if (m->zone[z].id[i] && !versions)
				assert_int_equal(has_wildcard(bed, name), m->zone[z].wildcard[i]);
		}
	}
	if (!versions)
		compare_chains(bed, m);
}

static unsigned count_suffixes(char seen[][64], unsigned n, const char *name)
{
	for (;; name += strcspn(name, "."), name += *name == '.') {
		unsigned i;

		for (i = 0; i < n && strcmp(seen[i], name); i++)
			;
		if (i < n)
			return n;
		(void)snprintf(seen[n++], 64, "%s", name);
		if (!*name)
			return n;
	}
}

#define SEEN_MAX (N_ZONES * (N_NAMES * (4 + 4 * BED_PROOFS) + N_LINKS * 4))

static unsigned count_node(char seen[][64], unsigned n, const struct model *m, unsigned z,
			   unsigned i)
{
	char text[80];

	if (!m->zone[z].id[i])
		return n;
	(void)snprintf(text, sizeof(text), "*.%s", name_of(z, i));
	n = count_suffixes(seen, n, text + (m->zone[z].wildcard[i] ? 0 : 2));
	for (unsigned k = 0; k < BED_PROOFS; k++)
		if (bed_proof_name(text, m->zone[z].id[i], k))
			n = count_suffixes(seen, n, text);
	return n;
}

/* How many anchors there must be: names, wildcards, proofs and apexes with their ancestors. */
static unsigned count_anchors(const struct model *m)
{
	static char seen[SEEN_MAX][64];
	unsigned n = 0;
	char text[64];

	for (unsigned z = 0; z < N_ZONES; z++) {
		if (!m->zone[z].exists)
			continue;
		n = count_suffixes(seen, n, apexes[z]);
		for (unsigned i = 0; i < N_NAMES; i++)
			n = count_node(seen, n, m, z, i);
		for (unsigned i = 0; i < N_LINKS; i++) {
			bed_link_name(text, i, apexes[z]);
			if (m->zone[z].link[i])
				n = count_suffixes(seen, n, text);
		}
	}
	return n;
}

/* Mostly a little; sometimes all, or another kind. */
static void change_chain(struct model *m, unsigned z)
{
	unsigned n = random() % 8 ? (unsigned)random() % 6 : N_LINKS;

	if (m->no_chains)
		return;
	if (random() % 20 == 0)
		m->zone[z].nsec3 = !m->zone[z].nsec3;
	if (random() % 20 == 0)
		memset(m->zone[z].link, 0, N_LINKS);
	while (n--)
		m->zone[z].link[random() % N_LINKS] = random() % 3 != 0;
}

/* -ENOSPC: too many names of one hash. */
static int random_put(struct bed *bed, struct model *m, unsigned z, unsigned i)
{
	bool wildcard = random() % 10 == 0;
	unsigned id = random() % 4 && m->zone[z].id[i] ? m->zone[z].id[i]
						       : 1 + (unsigned)random() % 60;
	int err;

	if (id < BED_PROVEN && !m->no_chains && random() % 4 == 0)
		id += BED_PROVEN;
	err = bed_put_side(bed, m->zone[z].index, name_of(z, i), CHILD,
			   wildcard ? DNSBOLT_NODE_WILDCARD : 0, id);
	if (err)
		return err;
	m->zone[z].id[i] = id;
	m->zone[z].wildcard[i] = wildcard;
	return 0;
}

/* With a sweep, names that are going to be swept are still there. */
static void random_delete(struct bed *bed, struct model *m, unsigned z, unsigned i, bool sweep)
{
	int err = store_delete(bed->s, m->zone[z].index, wire(name_of(z, i)), CHILD);

	assert_true(err == (m->zone[z].id[i] ? 0 : -ENOENT) || (sweep && !err));
	m->zone[z].id[i] = 0;
}

static int sweep_zone(struct bed *bed, struct model *m, unsigned z)
{
	unsigned was[N_NAMES];
	int err = store_sweep(bed->s, m->zone[z].index);

	memcpy(was, m->zone[z].id, sizeof(was));
	for (unsigned i = 0; i < N_NAMES && !err; i++) {
		m->zone[z].id[i] = random() % 2 ? was[i] : 0;
		if (random() % 3)
			err = random_put(bed, m, z, i);
		else
			m->zone[z].id[i] = 0;
	}
	return err;
}

static int change_zone(struct bed *bed, struct model *m, unsigned z)
{
	unsigned n = random() % 8 ? (unsigned)random() % 12 : 80;
	bool sweep = random() % 10 == 0;
	struct bed_chain chain;
	int err = 0;

	if (!m->zone[z].exists) {
		memset(&m->zone[z], 0, sizeof(m->zone[z]));
		m->zone[z].index = bed_zone(bed, apexes[z]);
		m->zone[z].exists = true;
	}
	if (sweep)
		err = sweep_zone(bed, m, z);
	while (n-- && !err) {
		unsigned i = (unsigned)random() % N_NAMES;

		if (random() % 3)
			err = random_put(bed, m, z, i);
		else
			random_delete(bed, m, z, i, sweep);
	}
	if (err)
		return err;
	change_chain(m, z);
	chain = chain_of(m, z);
	err = bed_flip_chain(bed, m->zone[z].index, apexes[z], (uint32_t)random() % 100, &chain);
	if (err)
		return err;
	if (random() % 16 == 0) {
		err = store_drop(bed->s, m->zone[z].index);
		m->zone[z].exists = false;
	}
	return err;
}

static void random_set(struct bed *bed, struct model *m)
{
	struct bed_versions versions = bed_versions(bed);
	struct model next = *m;
	int err = 0;

	bed_begin(bed);
	for (unsigned z = 0; z < N_ZONES && !err; z++)
		if (random() % 3)
			err = change_zone(bed, &next, z);
	assert_true(!err || err == -ENOSPC);
	compare(bed, m, NULL);
	if (err || random() % 8 == 0) {
		store_abort(bed->s);
	} else if (random() % 16 == 0) {
		bed_reopen(bed);
	} else {
		bed_commit(bed);
		for (unsigned z = 0; z < N_ZONES; z++)
			m->zone[z].exists &= next.zone[z].exists; /* else there is no old version */
		compare(bed, m, &versions);
		*m = next;
	}
	compare(bed, m, NULL);
}

static void random_sets(struct bed *bed, unsigned n, bool exact)
{
	struct model m = { .no_chains = !exact };

	srandom(11);
	for (unsigned i = 1; i <= n; i++) {
		random_set(bed, &m);
		if (random() % 10)
			continue;
		if (random() % 3 == 0)
			bed_reopen(bed);
		bed_settle(bed);
		compare(bed, &m, NULL);
		if (exact)
			assert_int_equal(bed_stats(bed).anchors, count_anchors(&m));
	}
	assert_int_equal(bed_stats(bed).segments, 1);
}

static void random_change_sets_agree_with_a_model(void **state)
{
	struct bed *bed = bed_need(state);

	random_sets(bed, bed->kernel ? 100 : 2000, true);
}

static void random_change_sets_agree_when_names_share_hashes(void **state)
{
	struct bed *bed = bed_need(state);

	bed_weaken(bed);
	random_sets(bed, 1500, false);
}

/* ---- SIGKILL ---- */

#define KILL_NAMES 300u

/* What name i of the zone holds in a version: content's number, 0: it does not exist. */
static unsigned id_at(unsigned zone, unsigned i, uint32_t serial)
{
	uint32_t x = (zone * 7919 + i * 104729 + serial / (1 + i % 5) * 1299709) * 2654435761u;

	return serial && x >> 29 ? 1 + (x >> 8) % 90 : 0;
}

static void take_serial(uint32_t zone, const uint8_t *apex, uint32_t serial, void *arg)
{
	(void)apex;
	((uint32_t *)arg)[zone] = serial;
}

/* The chain changes as names do. */
static struct bed_chain chain_at(unsigned zone, uint32_t serial)
{
	static uint8_t has[KILL_NAMES];

	for (unsigned i = 0; i < KILL_NAMES; i++)
		has[i] = id_at(zone, KILL_NAMES + i, serial) % 3 != 0;
	return (struct bed_chain){ zone % 2, KILL_NAMES, has };
}

static void step_zone(struct bed *bed, unsigned zone, uint32_t serial)
{
	struct bed_chain chain = chain_at(zone, serial);

	for (unsigned i = 1; i < KILL_NAMES; i++) {
		unsigned was = id_at(zone, i, serial - 1), is = id_at(zone, i, serial);
		char name[64];

		(void)snprintf(name, sizeof(name), "n%u.x%u.%s", i, i % 20, apexes[zone]);
		if (is && is != was)
			bed_put(bed, zone, name, is);
		else if (!is && was)
			bed_delete(bed, zone, name);
	}
	assert_int_equal(bed_flip_chain(bed, zone, apexes[zone], serial, &chain), 0);
}

static void check_zone(struct bed *bed, unsigned zone, uint32_t serial)
{
	struct bed_chain chain = chain_at(zone, serial);

	assert_true(bed_is_chain(bed, zone, apexes[zone], 0, &chain));
	for (unsigned i = 1; i < KILL_NAMES; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "n%u.x%u.%s", i, i % 20, apexes[zone]);
		if (!bed_is_now(bed, name, zone, id_at(zone, i, serial)))
			fail_msg("%s is wrong in serial %u", name, serial);
	}
}

/* A child that ends with the test. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Ends by SIGKILL only, or by exit status 1. */
static void write_until_killed(struct bed *bed)
{
	uint32_t serial[BED_ZONES] = { 0 };

	if (store_open(&bed->s, &bed->maps, bed->max_names, true))
		_exit(1);
	store_each_zone(bed->s, take_serial, serial);
	for (;;) {
		if (store_begin(bed->s))
			_exit(1);
		for (unsigned z = 0; z < N_ZONES; z++)
			if (random() % 2)
				step_zone(bed, z, ++serial[z]);
		if (store_commit(bed->s))
			_exit(1);
	}
}

static void kill_at_any_moment(struct bed *bed, unsigned round)
{
	int status;
	pid_t pid;

	store_close(bed->s);
	bed->s = NULL;
	pid = fork_child();
	if (!pid) {
		srandom(round);
		write_until_killed(bed);
	}
	(void)usleep((useconds_t)(random() % 150000));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(store_open(&bed->s, &bed->maps, bed->max_names, true), 0);
}

static void a_killed_writer_leaves_whole_versions(void **state)
{
	struct bed *bed = bed_need(state);
	uint32_t serial[BED_ZONES] = { 0 };
	uint64_t rolled_back = 0;

	bed_begin(bed);
	for (unsigned z = 0; z < N_ZONES; z++) {
		assert_int_equal(bed_zone(bed, apexes[z]), z);
		step_zone(bed, z, 1);
	}
	bed_commit(bed);
	for (unsigned round = 0; round < 30; round++) {
		kill_at_any_moment(bed, round);
		rolled_back += bed_stats(bed).rolled_back;
		store_each_zone(bed->s, take_serial, serial);
		for (unsigned z = 0; z < N_ZONES; z++)
			check_zone(bed, z, serial[z]);
		if (round % 2)
			bed_settle(bed);
	}
	print_message("serials %u %u %u, %ju nodes rolled back\n", serial[0], serial[1], serial[2],
		      (uintmax_t)rolled_back);
	assert_true(serial[0] > 1 && serial[1] > 1 && serial[2] > 1);
}

/* ---- a reader that nobody waits for, as the resolver is ---- */

#define READ_NAMES 60u

/* Every name is written anew in each serial, but for every seventh, which is not there. */
static bool is_there(unsigned i, uint32_t serial)
{
	return (i + serial) % 7;
}

static void write_serial(struct bed *bed, uint32_t serial)
{
	struct store_part part = { .data = (const uint8_t *)&serial, .len = sizeof(serial) };
	struct store_answer answer = { .n_slots = 1, .slot = { { .part = &part } } };
	struct store_dirent dir = { .qtype = 1, .answer = &answer };
	struct store_node node = { .n_dir = 1, .dir = &dir };
	char name[64];

	bed_begin(bed);
	for (unsigned i = 0; i < READ_NAMES; i++) {
		(void)snprintf(name, sizeof(name), "n%u.d%u.example", i, i % 9);
		node.owner = wire(name);
		if (is_there(i, serial))
			assert_int_equal(store_put(bed->s, 0, &node), 0);
		else if (serial > 1 && is_there(i, serial - 1))
			bed_delete(bed, 0, name);
	}
	bed_flip(bed, 0, "example", serial);
	bed_commit(bed);
}

/* NULL where nothing is: what is read may be rubbish. */
static const void *read_at(const struct env_store *v, const dnsbolt_handle *handle)
{
	dnsbolt_handle h = __atomic_load_n(handle, __ATOMIC_ACQUIRE);

	return h && h < ARENA_USABLE ? v->segment[0] + (size_t)h * DNSBOLT_GRANULE : NULL;
}

/* Serial that the name was written in, as a reader of the version sees it; 0: not there. */
static uint32_t read_name(const struct bed *bed, const char *name, uint64_t version)
{
	const struct env_store *v = store_view(bed->s);
	const struct dnsbolt_anchor *a;
	const struct dnsbolt_node *node;
	const struct dnsbolt_answer *answer;
	const struct dnsbolt_part *part;
	struct owner owner;
	dnsbolt_handle h;

	(void)owner_read(&owner, wire(name), v->config);
	h = v->find_name(v, owner.hash[0]);
	a = read_at(v, &h);
	node = a ? read_at(v, &a->head[0]) : NULL;
	if (node && node->version > version)
		node = read_at(v, &node->prev);
	if (!node || node->flags & DNSBOLT_NODE_TOMBSTONE)
		return 0;
	answer = read_at(v, &node->dir[0].answer);
	part = answer ? read_at(v, &answer->slot[0].part) : NULL;
	return part ? *(const uint32_t *)(const void *)part->ptr : 0;
}

/* The names that are wrong for the snapshot that is current. */
static unsigned read_all(const struct bed *bed)
{
	const struct env_store *v = store_view(bed->s);
	const struct dnsbolt_snapshot *snap = read_at(v, &v->zones[0].snapshot);
	uint32_t serial = snap->serial;
	uint64_t version = snap->version;
	unsigned wrong = 0;
	char name[64];

	for (unsigned i = 0; i < READ_NAMES; i++) {
		(void)snprintf(name, sizeof(name), "n%u.d%u.example", i, i % 9);
		wrong += read_name(bed, name, version) != (is_there(i, serial) ? serial : 0);
	}
	return wrong;
}

/* Exit status 0: right whenever the epoch stood still, and it did so often enough to tell. */
static void read_until(const struct bed *bed, uint32_t last)
{
	const struct env_store *v = store_view(bed->s);
	unsigned right = 0;
	uint32_t serial = 0;

	while (serial < last) {
		uint64_t epoch = __atomic_load_n(&v->config->reclaim_epoch, __ATOMIC_ACQUIRE);
		unsigned wrong = read_all(bed);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&v->config->reclaim_epoch, __ATOMIC_RELAXED) != epoch)
			continue;
		if (wrong)
			_exit(1);
		right++;
		serial = snapshot_at(bed->s, v->zones[0].snapshot)->serial;
	}
	_exit(right < last);
}

static void a_reader_outside_of_rcu_sees_whole_versions(void **state)
{
	struct bed *bed = bed_need(state);
	const uint32_t last = 100;
	int status;
	pid_t pid;

	(void)bed_zone(bed, "example");
	write_serial(bed, 1);
	pid = fork_child();
	if (!pid)
		read_until(bed, last);
	for (uint32_t serial = 2; serial <= last; serial++)
		write_serial(bed, serial);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	bed_settle(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_BOTH(random_change_sets_agree_with_a_model),
		BED_TEST(memory, random_change_sets_agree_when_names_share_hashes),
		BED_TEST(kernel, a_killed_writer_leaves_whole_versions),
		BED_TEST(kernel, a_reader_outside_of_rcu_sees_whole_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
