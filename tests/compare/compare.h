/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the differential test: zones, reference servers, questions, and the judge. */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <libknot/libknot.h>

#include "../../loader/zone/zone.h"
#include "../lib/harness.h"

/* ---- random.c: the same numbers for the same seed ---- */
void random_seed(uint64_t seed);
uint32_t random_below(uint32_t n); /* 0 for n == 0 */
static inline bool random_chance(uint32_t percent)
{
	return random_below(100) < percent;
}

/* ---- zones.c: the zones of one round, here and for the servers ---- */
#define ZONES_MAX 512

struct compare_zone {
	char name[1024], path[512];
	const struct zone *zone;
	const struct zone_name **names; /* all of them, in canonical order */
	size_t n_names;
	bool opt_out; /* an NSEC3 record with the flag */
};

struct zones {
	struct compare_zone all[ZONES_MAX];
	size_t n, n_names;
	const struct compare_zone *sorted[ZONES_MAX]; /* by apex */
};

/* Loads one file into the harness; false, and said, when it is not fit to serve. */
bool zones_add(struct zones *zones, struct harness *h, const char *name, const char *path);
/* All zones of shared data below that folder. Negative errno: there is none. */
int zones_add_shared(struct zones *zones, struct harness *h, const char *data);
/* After the last zone: publishes them. */
int zones_publish(struct zones *zones, struct harness *h);
void zones_done(struct zones *zones);

/* The deepest zone that the name is in; NULL: none. Any letters. */
const struct compare_zone *zones_of(const struct zones *zones, const knot_dname_t *name);
/* The one above: the deepest whose apex is not the name itself. */
const struct compare_zone *zones_above(const struct zones *zones, const knot_dname_t *name);
/* The highest zone cut at or above the name in its zone (RFC 1034 section 4.2); NULL: none. */
const struct zone_name *zone_cut_of(const struct compare_zone *zone, const knot_dname_t *name);
bool zone_is_nsec3_owner(const struct compare_zone *zone, const struct zone_name *name);
/* The deepest existing ancestor, or the name itself. */
const struct zone_name *zone_encloser_of(const struct compare_zone *zone, const knot_dname_t *name);
/* Is the record in the zone's data? TTLs too. */
bool zone_has_record(const struct compare_zone *zone, const knot_dname_t *owner,
		     const knot_rrset_t *rr);

/* ---- generate.c, sign.c: random zones ---- */
struct generated {
	char dir[300]; /* where the files are */
	unsigned int nr;
};

/* Writes `groups` random bodies, each plain and signed in four ways, into gen->dir, and adds them all. -ENOENT: dnssec-signzone is
 * missing (the plain ones are there). */
int generate_zones(struct generated *gen, struct zones *zones, struct harness *h,
		   unsigned int groups);

/* The same for the zones of the sweep. */
int generate_sweep(struct generated *gen, struct zones *zones, struct harness *h);

/* ---- sweep.c: its zones; the questions: round.h ---- */
void sweep_print_zone(FILE *out, const char *apex_text, bool nsec3);

enum sign_how { SIGN_PLAIN, SIGN_NSEC, SIGN_NSEC3, SIGN_NSEC3_SALT, SIGN_OPT_OUT, SIGN_WAYS };
int sign_keys(const char *dir); /* makes the key of a round, of another algorithm each time */
/* Signs dir/NAME.plain, by BIND, ldns or Knot as `turn` says; several at once: sign_wait() waits for all, sign_collect() puts the
 * zone to dir/NAME.zone. */
int sign_start(const char *dir, const char *name, enum sign_how how, unsigned int turn);
int sign_collect(const char *dir, const char *name);
int sign_wait(void);

/* ---- question.c ---- */
#define QUESTION_MAX 320

struct question {
	knot_dname_storage_t name;
	uint16_t type;
	bool edns, dnssec, class_any;
	bool swept, grows;     /* by sweep.c: its own; below any name, so also a longer one */
	uint8_t bits;	       /* of the header's fourth octet: Z, AD, CD */
	uint8_t option_octets; /* of an EDNS option that none knows; 0: none */
	uint16_t edns_size, id;
	uint8_t msg[QUESTION_MAX];
	size_t len;
};

/* What a client with that question takes at most. */
size_t question_limit(const struct question *q);
/* Builds the message anew, after a change of the members. */
void question_build(struct question *q);
const char *question_text(const struct question *q); /* static */
/* A random question in and around the zones' names. */
void question_random(const struct zones *zones, struct question *ret_question);
/* Walks every name and each of its types, in some random way to ask; false at the end. */
struct question_walk {
	size_t zone, name, set;
};
size_t question_count(const struct zones *zones);
bool question_next(const struct zones *zones, struct question_walk *walk,
		   struct question *ret_question);

/* ---- message.c ---- */
enum { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTION_COUNT };

struct section {
	knot_rrset_t **rr; /* one record each, canonical, sorted; without OPT */
	size_t n;
};

struct message {
	const uint8_t *octets;
	size_t len;
	bool parsed, edns;
	uint16_t edns_size;
	struct section section[SECTION_COUNT];
};

#define MESSAGE_AA(m) ((m)->octets[2] & 0x04)
#define MESSAGE_TC(m) ((m)->octets[2] & 0x02)
#define MESSAGE_RCODE(m) ((m)->octets[3] & 0x0f)

/* `octets` must outlive it. */
void message_read(struct message *msg, const uint8_t *octets, size_t len);
void message_done(struct message *msg);
void message_print(FILE *to, const char *who, const struct message *msg);
int section_order(const knot_rrset_t *a, const knot_rrset_t *b);
bool section_has(const struct section *s, const knot_rrset_t *rr);
/* As sets: knot 3.2 repeats a DNAME that led to its own owner. That ours repeats nothing is judge_alone()'s. */
bool section_same(const struct section *a, const struct section *b);
bool section_within(const struct section *part, const struct section *whole);
/* The first record of that owner and type; owner NULL: any. */
const knot_rrset_t *section_find(const struct section *s, const knot_dname_t *owner, uint16_t type);

/* ---- server.c: reference servers on loopback ---- */
enum server_kind { SERVER_NSD, SERVER_KNOT, SERVER_NAMED, SERVER_KINDS };
struct server;

const char *server_name(enum server_kind kind);
/* -ENOENT: not installed. Waits until each zone that it takes answers. */
int server_start(struct server **ret_server, enum server_kind kind, const struct zones *zones);
void server_stop(struct server *server); /* NULL is fine */
bool server_has(const struct server *server, size_t zone);
/* The first line of its log that names the zone. */
void server_reason(const struct server *server, const char *zone, char *text, size_t room);

#define BATCH 48u
struct reply {
	size_t len; /* 0: none */
	uint8_t octets[4096];
};

/* The ids of the n questions follow each other. */
void server_send(struct server *server, const struct question *q, size_t n);
void server_collect(struct server *server, const struct question *q, size_t n,
		    struct reply *ret_replies);
/* One question by TCP: the whole answer. Its length, or 0. */
size_t server_ask_tcp(struct server *server, const struct question *q, uint8_t *reply, size_t room);

/* With all that is in it. */
int folder_remove(const char *path);

/* ---- server_config.c ---- */
int server_write_config(enum server_kind kind, const char *dir, int port,
			const struct zones *zones);
/* argv of the program, static. */
char *const *server_command(enum server_kind kind, const char *program, const char *dir);

/* ---- judge.c: ours held against theirs ---- */
/*
 * The closed list of what may differ. A new one is a change of its own, with its RFC section.
 * T1  order, compression, letters of names outside the question; so also the length, and TC where only this decides (RFC 1035
 *     section 4.1.4): both whole answers are then held against each other
 * T2  additional: ours a subset of theirs and the zone's data, all in-domain glue present (RFC 9471)
 * T3  TC=1: sections not compared; partial glue without TC
 * T4  chains that leave the zone or pass 5 links
 * T5  ANY and RRSIG: a non-empty subset of the node (RFC 8482)
 * T6  CD, and the OPT's own size
 * T7  superfluous denial records of nsd at wildcard NODATA
 * T8  named's answer to NSEC at a cut
 * T10 a zone that a server refuses to load, records that it reads otherwise (RFC 9460 appendix A.1)
 *
 * Faults of others (fault.c), each only in its exact shape, and only if a server without one agrees with us completely or
 * check_proofs.py has the answer to validate:
 * T9  nsd 4.6.1: names at and below NSEC3 owners are there for it (RFC 5155 section 7.2.8); proofs that are not the right ones:
 *     any denial after DNAME with NSEC, below opt-out empty non-terminals, and the NSEC for "*" where the name before that is
 *     more than one label below the encloser (RFC 4035 section 3.1.3.2)
 * T11 nsd 4.6.1 at a CNAME asked for RRSIG or NSEC, which are the node's own (RFC 4035 section 2.5): it follows where the node has
 *     none; asked for NSEC3, which is not: it does not follow (RFC 1034 section 3.6.2)
 * T12 nsd 4.6.1 takes a name for existing which only exists in another of its zones (RFC 8020 section 2; RFC 1034 section 4.2)
 * T13 proofs that nsd 4.6.1 or knot 3.2 leaves out: nsd the closest encloser's NSEC3 at NODATA of a wildcard that it knows names
 *     below of (RFC 5155 section 7.2.5); knot that a name whose first label is "*" is from another wildcard, and that an NSEC
 *     asked for is (RFC 4035 sections 3.1.3.3 and 3.1.3.4, RFC 5155 sections 7.2.5 and 7.2.6), the right NSEC of names with the
 *     octet 0 (RFC 4034 section 6.1), and all of NXDOMAIN below opt-out empty non-terminals (RFC 5155 section 7.2.2)
 * T14 knot 3.2 and named 9.18: the proof of a wildcard that is an empty non-terminal (RFC 4592 section 2.2.2; RFC 4035 sections
 *     3.1.3.2 and 3.1.3.4 both ask for the wildcard's): nsd has it
 * T15 knot 3.2: where the name below a DNAME grows too long (RFC 6672 section 2.2: YXDOMAIN) NXDOMAIN, or CNAMEs of names cut off
 * T16 named 9.18: ANY below a DNAME ends at the CNAME that was made (RFC 6672 section 3.2, step 3.C goes on whatever the type)
 * T17 named 9.18: at and below a "*" that is an empty non-terminal, for the NSEC that covers it or the wildcard (RFC 4035 sections
 *     3.1.3.1 and 3.1.3.2) one before it in the chain
 * T18 knot 3.2 takes an OPT whose UDP size is 1, the number of class IN, for malformed (RFC 6891 section 6.2.3: as 512)
 */
enum tolerance {
	T_NONE,
	T1,
	T2,
	T3,
	T4,
	T5,
	T6,
	T7,
	T8,
	T9,
	T10,
	T11,
	T12,
	T13,
	T14,
	T15,
	T16,
	T17,
	T18,
	TOLERANCES
};
#define TOLERANCE_BIT(t) (1u << (t))

struct verdict {
	const char *differs; /* NULL: equal, but for the tolerances */
	unsigned int tolerances;
};

/* Only ours: what must hold of any answer of the driver. NULL: fine. */
const char *judge_alone(const struct zones *zones, const struct question *q,
			const struct message *ours);
/* Neither of them is truncated, or both are. */
struct verdict judge_pair(const struct zones *zones, const struct question *q,
			  enum server_kind kind, const struct message *ours,
			  const struct message *theirs);
/* ---- fault.c ---- */
#define FAULTS                                                                                     \
	(TOLERANCE_BIT(T9) | TOLERANCE_BIT(T11) | TOLERANCE_BIT(T12) | TOLERANCE_BIT(T13) |        \
	 TOLERANCE_BIT(T14) | TOLERANCE_BIT(T17) | TOLERANCE_BIT(T18))
/* Is that difference a known fault of that server? One of FAULTS, or T_NONE. */
enum tolerance fault_of(const struct zones *zones, const struct question *q, enum server_kind kind,
			const struct message *ours, const struct message *theirs);

#endif /* COMPARE_H */
