/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The real dnsbolt-resolver, started as dnsboltd does, over kernel maps that the real store fills;
 * on loopback, with an attach that only names maps and addresses. Needs root. To be included by
 * one file of a test program.
 */
#ifndef RESOLVER_LIVE_H
#define RESOLVER_LIVE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "../../bpf/reasons.h"
#include "../../loader/resolver.h"
#include "../../loader/resolver_pid.h"
#include "../../userspace/lib/addr.h"
#include "store_bed.h"

#define BIG 3000u /* octets of text, more than UDP takes */
#define A 1
#define TXT 16

/* ---- an attach of two addresses ---- */

static struct attach_maps maps;
static struct dnsbolt_addr addresses[2];

const struct attach_maps *attach_maps(const struct attach *attach)
{
	(void)attach;
	return &maps;
}

const struct dnsbolt_addr *attach_address(const struct attach *attach, unsigned int i)
{
	(void)attach;
	return i < 2 ? &addresses[i] : NULL;
}

const struct attach_iface *attach_iface(const struct attach *attach, unsigned int i)
{
	(void)attach;
	(void)i;
	return NULL;
}

/* ---- what is served: zone `example` ---- */

static inline void put_u16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* A record of the question's name. Returns its length. */
static inline uint16_t make_record(uint8_t *to, uint16_t type, const uint8_t *rdata, size_t len)
{
	static const uint8_t head[] = { 0xc0, 0x0c, 0, 0, 0, 1, 0, 0, 1, 0x2c };

	memcpy(to, head, sizeof(head));
	put_u16(to + 2, type);
	put_u16(to + 10, len);
	memcpy(to + 12, rdata, len);
	return (uint16_t)(12 + len);
}

/* `octets` of text in strings of 249, all of one letter. Returns the length. */
static inline size_t make_text(uint8_t *to, size_t octets, uint8_t letter)
{
	for (size_t i = 0; i < octets; i++)
		to[i] = i % 250 ? letter : 249;
	return octets;
}

static inline struct store_answer answer_of(const struct store_part *part)
{
	return (struct store_answer){ .flags = DNSBOLT_ANSWER_AA,
				      .reason = REASON_answer,
				      .n_slots = 1,
				      .slot = { { .part = part,
						  .section = DNSBOLT_ANSWER_SECTION } } };
}

/* `owner` with an address of four times `mark` and a text of `octets` times `mark`. */
static inline void put_name(struct bed *bed, uint32_t zone, const char *owner, uint8_t mark,
			    size_t octets)
{
	static uint8_t a[16], txt[UINT16_MAX], rdata[UINT16_MAX];
	struct store_part part[2] = { { .data = a, .n_rr = 1 }, { .data = txt, .n_rr = 1 } };
	struct store_answer answer[3] = { { .flags = DNSBOLT_ANSWER_AA,
					    .reason = REASON_nodata,
					    .n_slots = 1,
					    .slot = { { .symbol = DNSBOLT_PART_SOA,
							.section = DNSBOLT_AUTHORITY_SECTION } } },
					  answer_of(&part[0]),
					  answer_of(&part[1]) };
	const struct store_dirent dir[] = {
		{ .qtype = 0, .answer = &answer[0] },
		{ .qtype = A, .answer = &answer[1] },
		{ .qtype = TXT, .answer = &answer[2] },
	};
	const struct store_node node = { .owner = wire(owner), .n_dir = 3, .dir = dir };

	memset(rdata, mark, 4);
	part[0].len = make_record(a, A, rdata, 4);
	part[1].len = make_record(txt, TXT, rdata, make_text(rdata, octets, mark));
	assert_int_equal(store_put(bed->s, zone, &node), 0);
}

static inline void flip(struct bed *bed, uint32_t zone, uint32_t serial)
{
	/* owner: a pointer to the apex; MNAME and RNAME are the root */
	uint8_t soa[34] = { 0, 0, 0, 6, 0, 1, 0, 0, 1, 0x2c, 0, 22 };
	const struct dnsbolt_ptr ptr = { .at = 0, .distance = 9 };
	const struct store_part part = {
		.data = soa, .ptr = &ptr, .len = sizeof(soa), .n_rr = 1, .n_ptr = 1
	};
	const struct store_snapshot snap = { .apex = wire("example"),
					     .serial = serial,
					     .soa = &part };

	soa[17] = (uint8_t)serial;
	assert_int_equal(store_flip(bed->s, zone, &snap), 0);
}

static inline void publish(struct bed *bed, uint8_t mark)
{
	uint32_t zone = bed_zone(bed, "example");

	bed_begin(bed);
	put_name(bed, zone, "example", mark, 100);
	put_name(bed, zone, "www.example", mark, 100);
	put_name(bed, zone, "big.example", mark, BIG);
	flip(bed, zone, mark);
	bed_commit(bed);
}

/* ---- the bed ---- */

struct live {
	struct bed *bed;
	uv_loop_t loop;
	struct config config;
	struct config_listen listen;
	struct report report;
	struct resolver *resolver;
	char run_dir[64], said[1024];
};

static inline void remember(enum log_level level, const char *text, void *arg)
{
	struct live *live = arg;

	(void)level;
	(void)snprintf(live->said, sizeof(live->said), "%s", text);
}

static inline int start(struct live *live, struct resolver **ret_resolver)
{
	return resolver_start(ret_resolver, &live->loop, &live->config, NULL, live->bed->s,
			      &live->report);
}

static inline void program_path(char *path, size_t room)
{
	ssize_t n = readlink("/proc/self/exe", path, room - 1);

	assert_true(n > 0);
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	(void)strncat(path, "/dnsbolt-resolver", room - strlen(path) - 1);
}

/* dnsboltd looks for the program beside itself, which here is this test. */
static inline bool link_program(void)
{
	char path[4096];

	program_path(path, sizeof(path));
	if (symlink("../../dnsbolt-resolver", path) < 0 && errno != EEXIST)
		return false;
	return access(path, X_OK) == 0;
}

/* Nobody is in it. */
static inline int make_clients(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);

	return bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "clients", sizeof(struct dnsbolt_client_key),
			      sizeof(struct dnsbolt_client), 16, &opts);
}

static inline int setup(void **state)
{
	static struct live live;
	void *bed;

	memset(&live, 0, sizeof(live));
	*state = &live;
	assert_int_equal(bed_setup_kernel(&bed), 0);
	live.bed = bed;
	if (!live.bed->s || !link_program())
		return 0;
	maps = (struct attach_maps){ .config = live.bed->maps.config,
				     .names = live.bed->maps.names,
				     .arena = live.bed->maps.arena,
				     .zones = live.bed->maps.zones,
				     .clients = make_clients() };
	assert_return_code(maps.clients, errno);
	store_config(live.bed->s)->abi = DNSBOLT_ABI;
	store_config(live.bed->s)->max_udp = 1232;
	publish(live.bed, 1);
	assert_int_equal(addr_parse(&addresses[0], "127.5.3.1"), 0);
	assert_int_equal(addr_parse(&addresses[1], "::1"), 0);
	strcpy(live.run_dir, "/tmp/dnsbolt-test-XXXXXX");
	assert_non_null(mkdtemp(live.run_dir));
	live.listen.port = (uint16_t)(20000 + getpid() % 20000);
	live.config.listen = &live.listen;
	live.config.user = (char *)(uintptr_t) "nobody";
	live.config.run_dir = live.run_dir;
	live.report = (struct report){ remember, &live };
	assert_int_equal(uv_loop_init(&live.loop), 0);
	if (start(&live, &live.resolver)) {
		print_error("%s\n", live.said);
		fail();
	}
	return 0;
}

/* One that a test which failed left without a dnsboltd. */
static inline void end_orphan(const char *run_dir)
{
	int pidfd = resolver_pid_open(run_dir);

	if (pidfd < 0)
		return;
	resolver_pid_end(pidfd, 2000);
	(void)close(pidfd);
	resolver_pid_remove(run_dir);
}

static inline int teardown(void **state)
{
	struct live *live = *state;
	void *bed = live->bed;
	char path[4096];

	if (live->config.listen) {
		resolver_stop(live->resolver, false);
		(void)uv_run(&live->loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&live->loop), 0);
		end_orphan(live->run_dir);
		(void)snprintf(path, sizeof(path), "%s/resolver.pid", live->run_dir);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(rmdir(live->run_dir), 0);
		close(maps.clients);
	}
	return bed_teardown(&bed);
}

static inline struct live *need(void **state)
{
	struct live *live = *state;

	if (!live->resolver) {
		print_message("needs root and the program built\n");
		skip();
	}
	return live;
}

/* ---- a client ---- */

static inline int connect_client(const struct live *live, unsigned int i, int type)
{
	const struct timeval limit = { .tv_sec = 3 };
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, &addresses[i], live->listen.port, 0);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);

	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), errno);
	assert_return_code(connect(fd, (struct sockaddr *)&sa, len), errno);
	return fd;
}

/* With EDNS of 4096 octets. Returns the length. */
static inline size_t make_query(uint8_t *to, uint16_t id, const char *name, uint16_t type)
{
	static const uint8_t opt[] = { 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0 };
	const uint8_t *owner = wire(name);
	size_t len = owner_len(owner);

	memset(to, 0, 12);
	put_u16(to, id);
	to[2] = 1;
	to[5] = 1;
	to[11] = 1;
	memcpy(to + 12, owner, len);
	put_u16(to + 12 + len, type);
	put_u16(to + 14 + len, 1);
	memcpy(to + 16 + len, opt, sizeof(opt));
	return 16 + len + sizeof(opt);
}

static inline size_t ask(int fd, const char *name, uint16_t type, uint8_t *reply, size_t room)
{
	uint8_t query[512];
	size_t len = make_query(query, 0x5151, name, type);
	ssize_t n;

	assert_int_equal(send(fd, query, len, 0), len);
	n = recv(fd, reply, room, 0);
	assert_return_code(n, errno);
	assert_true(n >= 12);
	assert_memory_equal(reply, query, 2);
	return (size_t)n;
}

static inline void send_tcp(int fd, uint16_t id, const char *name, uint16_t type)
{
	uint8_t query[514];
	size_t len = make_query(query + 2, id, name, type);

	put_u16(query, len);
	assert_int_equal(send(fd, query, len + 2, 0), len + 2);
}

static inline size_t receive_tcp(int fd, uint8_t *reply)
{
	uint8_t length[2];
	size_t len;

	assert_int_equal(recv(fd, length, 2, MSG_WAITALL), 2);
	len = (size_t)length[0] << 8 | length[1];
	assert_int_equal(recv(fd, reply, len, MSG_WAITALL), len);
	return len;
}

/* Behind a question of `question` octets stands one record of `octets` data, all of `mark` (but a
 * text's lengths). */
static inline bool is_record(const uint8_t *reply, size_t len, size_t question, size_t octets,
			     uint8_t mark)
{
	const uint8_t *record = reply + 12 + question;

	if (reply[2] != 0x85 || reply[3] || reply[7] != 1 ||
	    len != 12 + question + 12 + octets + 11)
		return false;
	for (size_t i = 0; i < octets; i++)
		if (record[12 + i] != mark && (octets == 4 || i % 250))
			return false;
	return true;
}

static inline bool is_answer(const uint8_t *reply, size_t len, const char *name, size_t octets,
			     uint8_t mark)
{
	return is_record(reply, len, owner_len(wire(name)) + 4, octets, mark);
}

#endif /* RESOLVER_LIVE_H */
