/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every byte that the kernel side and user space share: map names, map values, and the objects of
 * the store that live in the arena. Fixed-width types, explicit padding, sizes asserted. Nothing
 * else crosses. DNSBOLT_ABI changes with any change here and is checked whenever pinned maps are
 * opened.
 *
 * The store in one paragraph: `names` maps a keyed hash of a lower-cased owner name to the handle
 * of its anchor; an index in the arena says the same for less. An anchor holds the name in full and
 * the heads of its nodes. A node is immutable; it says from which version of its zone on it is valid,
 * and which node was there before. Its directory maps QTYPE to an answer; an answer is a list of
 * parts; a part is rendered records in wire format with the pointers to shift. A zone's current
 * version is in the snapshot that zones[i].snapshot names: one store of that handle publishes a
 * change set.
 *
 * Byte order: host, except where a type or a name says be. Handles count granules of 16 octets
 * from the start of the arena; 0 is none.
 */
#ifndef DNSBOLT_ABI_H
#define DNSBOLT_ABI_H

#include <linux/types.h>

#ifndef DNSBOLT_ABI_TEST
#define DNSBOLT_ABI 7u
#else /* tests/e2e/upgrade.sh: another version, with a program array of another size */
#define DNSBOLT_ABI DNSBOLT_ABI_TEST
#endif

/* ---- map names (at most 15 characters: the kernel's limit), also the names of the pins ---- */
#define DNSBOLT_MAP_CONFIG dnsbolt_config
#define DNSBOLT_MAP_COUNTERS dnsbolt_counts
#define DNSBOLT_MAP_LISTEN dnsbolt_listen
#define DNSBOLT_MAP_NAMES dnsbolt_names
#define DNSBOLT_MAP_ARENA dnsbolt_arena
#define DNSBOLT_MAP_ZONES dnsbolt_zones
#define DNSBOLT_MAP_STAGES dnsbolt_stages
#define DNSBOLT_MAP_SCRATCH dnsbolt_scratch
#define DNSBOLT_MAP_LIMITS dnsbolt_limits
#define DNSBOLT_MAP_CLIENTS dnsbolt_clients
#define DNSBOLT_MAP_RECENT dnsbolt_recent

/* ---- limits ---- */
#define DNSBOLT_MAX_ZONES 131072u
#define DNSBOLT_MAX_LISTEN 4096u
#define DNSBOLT_MAX_IFACES 16u
#define DNSBOLT_MAX_SEGMENTS 1024u
#define DNSBOLT_SEG_SIZE (64u << 20)
#define DNSBOLT_GRANULE 16u
#define DNSBOLT_SEG_GRANULES (DNSBOLT_SEG_SIZE / DNSBOLT_GRANULE)
/* No object starts in the last octets of a segment, so that a reader in the kernel may touch this
 * many octets from the start of any object without leaving the segment. */
#define DNSBOLT_SEG_GUARD 16384u
#define DNSBOLT_NAME_MAX 255u /* RFC 1035 section 3.1, wire form with the root label */
#define DNSBOLT_LABELS_MAX 127u
#define DNSBOLT_PARTS_MAX 8u		 /* parts of one answer */
#define DNSBOLT_DIR_MAX 256u		 /* directory entries of one node */
#define DNSBOLT_CHAIN_MAX 4u		 /* anchors of one hash */
#define DNSBOLT_NSEC3_ITERATIONS_MAX 16u /* RFC 9276 section 3.1 asks for 0 */
#define DNSBOLT_NSEC3_SALT_MAX 32u
#define DNSBOLT_PAGE_MAX 128u /* entries of one page of a denial chain */
#define DNSBOLT_PAGE_LEVELS 4u
#define DNSBOLT_SORT_WORDS 66u /* of a sort key: 255 octets, each at most two, and the filling */
/* What the program in the driver sends at most; larger parts are for TCP. */
#define DNSBOLT_UDP_MAX 4096u
#define DNSBOLT_UDP_PTRS_MAX 512u
#define DNSBOLT_MAX_CLIENTS 65536u    /* prefixes */
#define DNSBOLT_SERVE_TO_MAX 32u      /* sets of clients that zones are served to */
#define DNSBOLT_LIMIT_RATE_MAX 10000u /* responses per second: a step of 12 ticks, 2 % off */
#define DNSBOLT_RECENT_MAX 256u	      /* a power of two */
#define DNSBOLT_SECRETS_MAX 3u	      /* of cookies: the active one and two that are accepted */
/* Program array: slot 0 is the entry of the current generation; generation g owns the slots from
 * 1 + g * DNSBOLT_STAGES on. */
#define DNSBOLT_STAGES 8u
#ifndef DNSBOLT_ABI_TEST
#define DNSBOLT_GENERATIONS 4u
#else
#define DNSBOLT_GENERATIONS 5u
#endif
#define DNSBOLT_STAGE_SLOTS (1u + DNSBOLT_GENERATIONS * DNSBOLT_STAGES)

typedef __u32 dnsbolt_handle;

/* ---- dnsbolt_config: ARRAY of one, mmapable ---- */
enum dnsbolt_mode {
	DNSBOLT_MODE_OFF = 0, /* every packet is passed */
	DNSBOLT_MODE_ANSWER = 1,
	DNSBOLT_MODE_SHADOW = 2, /* answers are composed up to the commit, then passed */
};

enum dnsbolt_return {
	DNSBOLT_RETURN_SWAP = 0, /* the reply goes to the MAC that the query came from */
	DNSBOLT_RETURN_FIB = 1,	 /* passed unless bpf_fib_lookup() agrees with that */
};

/* EDNS options that make a query pass (dnsbolt_config.pass_options) */
#define DNSBOLT_OPT_NSID (1u << 0)
#define DNSBOLT_OPT_ECS (1u << 1)
#define DNSBOLT_OPT_EXPIRE (1u << 2)

enum dnsbolt_any {
	DNSBOLT_ANY_MINIMAL = 0, /* one RRset of the name (RFC 8482 section 4.1) */
	DNSBOLT_ANY_PASS = 1,
};

/* What CH TXT questions and the NSID option are answered with (RFC 4892, RFC 5001). */
#define DNSBOLT_IDENTITY_MAX 120u

struct dnsbolt_identity {
	__u8 len; /* 0: no answer from us */
	__u8 text[DNSBOLT_IDENTITY_MAX];
	__u8 reserved[7];
};
_Static_assert(sizeof(struct dnsbolt_identity) == 128, "ABI");

struct dnsbolt_iface {
	__u32 ifindex; /* 0: free */
	__u32 mtu;     /* octets, layer 3 */
	__u8 mac[6];   /* destination MAC of packets to answer */
	__u16 reserved;
};
_Static_assert(sizeof(struct dnsbolt_iface) == 16, "ABI");

/* Responses are limited by client prefix and class (dnsbolt_config.limit). */
enum dnsbolt_class {
	DNSBOLT_CLASS_ANSWER = 0, /* per name; of wildcards and DNAMEs: per theirs */
	DNSBOLT_CLASS_NODATA,	  /* per zone */
	DNSBOLT_CLASS_NXDOMAIN,	  /* per zone */
	DNSBOLT_CLASS_REFERRAL,	  /* per name of the cut */
	DNSBOLT_CLASS_ERROR,	  /* per prefix: BADCOOKIE and what the resolver refuses */
	DNSBOLT_CLASS_ALL,	  /* per prefix: whatever it is, before it is looked up */
	DNSBOLT_CLASSES,
};

#define DNSBOLT_LIMIT_ON (1u << 0)
#define DNSBOLT_LIMIT_LOG_ONLY (1u << 1)  /* counted and noted, but sent */
#define DNSBOLT_LIMIT_ACCESS (1u << 2)	  /* dnsbolt_clients has entries */
#define DNSBOLT_LIMIT_DENY_PASS (1u << 3) /* who is denied is passed, else dropped */

/* Ticks are DNSBOLT_TICK_NS of the kernel's coarse monotonic clock. An account is a TAT (theoretical arrival time, of the
 * generic cell rate algorithm): each response moves it a step on from now or from where it is, and is sent when that is not
 * more than `burst` ahead of now. One that is not sent moves it, too, but not past now + window - step. */
#define DNSBOLT_TICK_SHIFT 13u
#define DNSBOLT_TICK_NS (1u << DNSBOLT_TICK_SHIFT)

struct dnsbolt_limit_config {
	__u32 flags;		     /* DNSBOLT_LIMIT_* */
	__u32 mask;		     /* lines of dnsbolt_limits for classes, less 1 */
	__u32 step[DNSBOLT_CLASSES]; /* ticks from one response to the next; 0: no limit */
	__u32 burst;		     /* ticks: one second's worth, so one second */
	__u32 window;		     /* ticks, at least `burst` */
	__u8 ipv4_prefix;	     /* 1 to 32 */
	__u8 ipv6_prefix;	     /* 1 to 64 */
	__u8 slip;		     /* every slip-th is answered by TC or BADCOOKIE; 0: none */
	__u8 reserved0;
	__u32 reserved1;
	__u64 seed;	    /* of the hash of accounts */
	__u64 pass_step_ns; /* from one passed query to the next; 0: no limit */
	__u64 pass_burst_ns; /* clients with a valid cookie and exempt ones may use all of it, others three quarters */
};
_Static_assert(sizeof(struct dnsbolt_limit_config) == 72, "ABI");

enum dnsbolt_cookies {
	DNSBOLT_COOKIES_IGNORE = 0, /* as an unknown option */
	DNSBOLT_COOKIES_PASS = 1,   /* queries with one are the host's */
	DNSBOLT_COOKIES_ANSWER = 2,
	DNSBOLT_COOKIES_REQUIRE =
		3, /* BADCOOKIE where there is one without a valid server cookie */
};

/* RFC 9018: SipHash-2-4. A secret is its 16 octets as two little-endian words. */
struct dnsbolt_cookie_config {
	__u32 mode;	 /* enum dnsbolt_cookies */
	__u32 n_secrets; /* 1 to DNSBOLT_SECRETS_MAX, where mode is ANSWER or REQUIRE */
	__u64 secret[DNSBOLT_SECRETS_MAX][2]; /* [0] makes cookies, all are accepted */
	__s64 wall_offset; /* s: Unix time is CLOCK_MONOTONIC in s, rounded down, and this */
};
_Static_assert(sizeof(struct dnsbolt_cookie_config) == 64, "ABI");

/* ---- dnsbolt_listen: HASH struct dnsbolt_addr -> __u32 ---- */
struct dnsbolt_addr {
	__u8 a[16]; /* IPv6, or IPv4 mapped (::ffff:a.b.c.d) */
};

#define DNSBOLT_ADDR_SERVED (1u << 0) /* queries to it are answered */
#define DNSBOLT_ADDR_OWN                                                                           \
	(1u << 1) /* an address or a broadcast address of this host: never a client */

/* What dnsbolt_config says of that map, since a look-up in it costs more than all else that is done for an address: a bit for
 * each address that is there, and some of the served ones. */
#define DNSBOLT_LISTEN_BITS 256u
#define DNSBOLT_LISTEN_QUICK 4u

/* Of an address, read as two words of eight octets. */
static inline __u32 dnsbolt_listen_bit(__u64 high, __u64 low)
{
	__u64 both = high ^ low;

	return ((__u32)both ^ (__u32)(both >> 32)) * 0x9e3779b1u >> 24;
}

/* Of apex_bits: by the length of a name, and the 16 octets up to its end as two words; what stands in front of a shorter name does not
 * count. */
#define DNSBOLT_APEX_BITS 4096u
#define DNSBOLT_APEX_DEPTHS                                                                        \
	8u /* labels of an apex, without the root label; the last one: that many or more */

static inline __u32 dnsbolt_apex_bit(__u32 len, __u64 before, __u64 last)
{
	if (len < 16)
		before = len > 8 ? before >> (128 - len * 8) << (128 - len * 8) : 0;
	if (len < 8)
		last = last >> (64 - len * 8) << (64 - len * 8);
	last |= (__u64)len << 56; /* the last octet is the root label, a zero */
	last = (last ^ before * 0x9e3779b97f4a7c15ull) * 0xd6e8feb86659fd93ull;
	return (__u32)(last >> 52);
}

struct dnsbolt_config {
	__u32 abi;	    /* DNSBOLT_ABI */
	__u32 mode;	    /* enum dnsbolt_mode; may be stored by anyone who may open the pin */
	__u32 return_path;  /* enum dnsbolt_return */
	__u32 pass_options; /* DNSBOLT_OPT_* */
	__be16 port;
	__u16 max_udp; /* octets of DNS message, 512 to DNSBOLT_UDP_MAX */
	__u32 n_iface;
	__u64 hash_seed;   /* of the hash of names: what it starts from */
	__u64 hash_key[2]; /* odd multipliers */
	/* Raised by the writer before it uses freed octets of the arena again: a reader outside of
	 * RCU that sees it move has to start again. */
	__u64 reclaim_epoch;
	__u64 alive_until; /* CLOCK_BOOTTIME ns after which nothing is answered; 0: no limit */
	__u32 any;	   /* enum dnsbolt_any */
	/* Raised by the writer when all names and heads of a change set are stored, before the first snapshot is. What a
	 * reader found absent before says nothing of a snapshot that it read after: it looks here first and last. */
	__u32 flips;
	__u64 index;	   /* of `names`: dnsbolt_index_at(); 0: there is none */
	__u32 apex_depths; /* bit i: apex_bits has an apex of that depth (DNSBOLT_APEX_DEPTHS) */
	__u32 reserved[3];
	struct dnsbolt_identity server;	 /* id.server, hostname.bind */
	struct dnsbolt_identity version; /* version.bind, version.server */
	struct dnsbolt_identity nsid;	 /* octets */
	struct dnsbolt_iface iface[DNSBOLT_MAX_IFACES];
	struct dnsbolt_limit_config limit;
	struct dnsbolt_cookie_config cookie;
	__u64 listen_bits[DNSBOLT_LISTEN_BITS / 64];	  /* dnsbolt_listen_bit() */
	struct dnsbolt_addr served[DNSBOLT_LISTEN_QUICK]; /* zeros: free */
	/* dnsbolt_apex_bit(): of each zone that has a version, set before it has one. A name of which no ancestor, nor itself, has its
	 * bit is in no zone. */
	__u64 apex_bits[DNSBOLT_APEX_BITS / 64];
};
_Static_assert(sizeof(struct dnsbolt_config) ==
		       96 + 3 * 128 + 16 * DNSBOLT_MAX_IFACES + 72 + 64 + 32 + 64 + 512,
	       "ABI");

/* ---- dnsbolt_clients: LPM_TRIE struct dnsbolt_client_key -> struct dnsbolt_client ---- */
struct dnsbolt_client_key {
	__u32 prefixlen; /* bits of the mapped form: 96 more for IPv4 */
	__u8 a[16];
};
_Static_assert(sizeof(struct dnsbolt_client_key) == 20, "ABI");

#define DNSBOLT_CLIENT_DENY (1u << 0)
#define DNSBOLT_CLIENT_EXEMPT (1u << 1) /* not limited */
#define DNSBOLT_CLIENT_RUNTIME                                                                     \
	(1u << 2) /* DENY was set by the CLI: the program does not look at it */

/* The longest prefix alone decides: its entry holds what it inherits, too. */
struct dnsbolt_client {
	__u32 flags;	 /* DNSBOLT_CLIENT_* */
	__u32 sets;	 /* bit i: in set i + 1 (dnsbolt_zone.serve_to) */
	__u64 until;	 /* CLOCK_BOOTTIME ns from which on DENY does not hold; 0: always */
	__u64 own_until; /* RUNTIME: the same without what it inherits: the daemon's own */
};
_Static_assert(sizeof(struct dnsbolt_client) == 24, "ABI");

/* ---- dnsbolt_limits: ARRAY, mmapable: limit.mask + 1 lines for classes; in the first account of one more the TAT, in ns, of what
 * is passed ---- */
#define DNSBOLT_LINE_ACCOUNTS 8u
#define DNSBOLT_ACCOUNT_TAT_BITS                                                                   \
	40u /* then 4 bits of limited responses since one slipped, 20 bits of tag */
#define DNSBOLT_ACCOUNT_SLIP_BITS 4u

/* Where none of the line has the tag, the account with the least TAT is taken: who floods keeps theirs. */
struct dnsbolt_limit_line {
	__u64 account[DNSBOLT_LINE_ACCOUNTS];
};
_Static_assert(sizeof(struct dnsbolt_limit_line) == 64, "ABI");

/* ---- dnsbolt_recent: PERCPU_ARRAY of one: the last responses that were over a limit ---- */
struct dnsbolt_limited {
	__u8 prefix[16]; /* mapped, zeros behind its bits */
	__u8 prefix_len; /* bits of the mapped form */
	__u8 class;	 /* enum dnsbolt_class */
	__u16 reason;	 /* of bpf/reasons.h: what became of it */
	__u32 zone;	 /* index; ~0: not looked up */
	__u64 when;	 /* CLOCK_BOOTTIME ns */
};
_Static_assert(sizeof(struct dnsbolt_limited) == 32, "ABI");

struct dnsbolt_recent {
	__u64 n; /* ever: the next goes to [n % DNSBOLT_RECENT_MAX] */
	struct dnsbolt_limited limited[DNSBOLT_RECENT_MAX];
};
_Static_assert(sizeof(struct dnsbolt_recent) == 8 + 32 * DNSBOLT_RECENT_MAX, "ABI");

/* ---- dnsbolt_counts: PERCPU_ARRAY of one ---- */
#define DNSBOLT_REASONS_MAX 128u

/* What a query said of cookies, where they are not ignored. */
enum dnsbolt_cookie {
	DNSBOLT_COOKIE_NONE = 0,
	DNSBOLT_COOKIE_CLIENT, /* a client cookie alone */
	DNSBOLT_COOKIE_VALID,
	DNSBOLT_COOKIE_BAD,	  /* expired, from the future, or not made by us */
	DNSBOLT_COOKIE_MALFORMED, /* RFC 7873 section 5.2.2: FORMERR */
	DNSBOLT_COOKIES,
};

struct dnsbolt_counters {
	__u64 reason[DNSBOLT_REASONS_MAX]; /* packets, by bpf/reasons.h */
	__u64 rcode[16];		   /* answers sent, by RCODE */
	__u64 answers_ipv4, answers_ipv6;
	__u64 octets_in, octets_out;	/* frames of answered queries and of their answers */
	__u64 limited[DNSBOLT_CLASSES]; /* responses over a limit, sent or not */
	__u64 slipped;			/* of them: TC or BADCOOKIE was sent */
	__u64 cookies[DNSBOLT_COOKIES]; /* queries */
};
_Static_assert(sizeof(struct dnsbolt_counters) == 8 * (128 + 16 + 4 + 6 + 1 + 5), "ABI");

/* ---- dnsbolt_zones: ARRAY of DNSBOLT_MAX_ZONES, mmapable ---- */
struct dnsbolt_zone {
	dnsbolt_handle snapshot; /* 0: no version yet, or removed: its nodes do not exist */
	__u32 serve_to;		 /* 0: to everyone; n: to clients of set n (dnsbolt_client.sets) */
	__u64 expires;		 /* CLOCK_BOOTTIME ns from which on it is passed; 0: never */
};
_Static_assert(sizeof(struct dnsbolt_zone) == 16, "ABI");

/* ---- objects of the arena ---- */

/* One version of one zone. */
struct dnsbolt_snapshot {
	__u64 version; /* of the store; grows with every change set */
	__u32 zone;    /* index in zones */
	__u32 serial;
	dnsbolt_handle apex;	/* anchor */
	dnsbolt_handle soa;	/* part: SOA as negative answers carry it (RFC 2308 section 3) */
	dnsbolt_handle soa_sig; /* part: its RRSIGs; 0: unsigned */
	dnsbolt_handle denial; /* root page of the denial chain; 0: there is none that is complete */
	__u32 flags;	       /* DNSBOLT_ZONE_* */
	__u16 iterations;      /* of NSEC3, at most DNSBOLT_NSEC3_ITERATIONS_MAX */
	__u8 salt_len;
	__u8 apex_labels; /* without the root label */
	__u8 salt[DNSBOLT_NSEC3_SALT_MAX];
	__u32 reserved[14];
};
_Static_assert(sizeof(struct dnsbolt_snapshot) == 128, "ABI");

#define DNSBOLT_ZONE_SIGNED (1u << 0)
#define DNSBOLT_ZONE_NSEC3 (1u << 1) /* the denial chain is one of NSEC3, else of NSEC */

/* A name. One anchor serves both sides of a zone cut: `head[CHILD]` is the node of the zone whose
 * data the name is (a served child's apex included), `head[PARENT]` the delegation as the parent
 * sees it. Both are judged by the version of their own zone. Every ancestor of a stored name, up to
 * the root, has an anchor too; one without heads exists for that alone. Readers take `self`, `head`,
 * `next` and the name; all but `head` and `next` is immutable to them. */
#define DNSBOLT_SIDE_CHILD 0
#define DNSBOLT_SIDE_PARENT 1

struct dnsbolt_anchor {
	dnsbolt_handle self;
	dnsbolt_handle head[2]; /* newest node of each side, stored with release */
	dnsbolt_handle next;	/* next anchor of the same hash */
	__u16 name_len;		/* octets of wire form */
	__u8 labels;		/* without the root label */
	__u8 reserved0;
	__u32 children; /* anchors one label below: the writer's own */
	__u8 name[];	/* wire form, lower-cased, filled with zeros to a multiple of 8 */
};
_Static_assert(sizeof(struct dnsbolt_anchor) == 24, "ABI");

/* The index of `names`: lines in the arena, a power of two of them, one after another. A hash has one line, so
 * that it takes one cache line to see what the map takes a bucket and an element for. Slots are written one by one, by aligned
 * stores, and stay where they are. A line without a free slot may lack names: there the map is asked, as where a slot's anchor turns
 * out to have another name. No line is in the last octets of a segment (DNSBOLT_SEG_GUARD): the map is asked for names of
 * lines that would be there. */
#define DNSBOLT_INDEX_SLOTS 8u
#define DNSBOLT_INDEX_GRANULES 4u /* of a line */
#define DNSBOLT_INDEX_TAKEN                                                                        \
	0xffffffffull /* a slot without a name that is not free, so that the line stays without one */

struct dnsbolt_index_line {
	__u64 slot[DNSBOLT_INDEX_SLOTS]; /* 0: free; else dnsbolt_index_slot() */
};
_Static_assert(sizeof(struct dnsbolt_index_line) == DNSBOLT_INDEX_GRANULES * DNSBOLT_GRANULE,
	       "ABI");

/* dnsbolt_config.index: where its lines are, and how many. */
static inline __u64 dnsbolt_index_at(dnsbolt_handle first, __u32 lines)
{
	return (__u64)(lines - 1) << 32 | first;
}

/* The line of a hash. */
static inline dnsbolt_handle dnsbolt_index_line(__u64 index, __u64 hash)
{
	return (dnsbolt_handle)index +
	       ((__u32)hash & (__u32)(index >> 32)) * DNSBOLT_INDEX_GRANULES;
}

/* Where in the line it stands when that is free. */
static inline __u32 dnsbolt_index_home(__u64 hash)
{
	return (__u32)(hash >> 29) & (DNSBOLT_INDEX_SLOTS - 1);
}

/* `anchor`: the first of the hash. */
static inline __u64 dnsbolt_index_slot(__u64 hash, dnsbolt_handle anchor)
{
	return hash >> 32 << 32 | anchor;
}

/* Directory entry. Sorted by qtype (host order); qtype 0 stands for every type that has no entry of
 * its own, so it is the first. */
struct dnsbolt_dirent {
	__u16 qtype;
	__u8 pass[2]; /* by DO: a reason of bpf/reasons.h to pass with, 0: answer */
	dnsbolt_handle answer;
};
_Static_assert(sizeof(struct dnsbolt_dirent) == 8, "ABI");

#define DNSBOLT_NODE_APEX (1u << 0)
#define DNSBOLT_NODE_CUT (1u << 1)	 /* delegation: what is below it is another zone's */
#define DNSBOLT_NODE_DNAME (1u << 2)	 /* owner of a DNAME */
#define DNSBOLT_NODE_ENT (1u << 3)	 /* empty non-terminal */
#define DNSBOLT_NODE_WILDCARD (1u << 4)	 /* "*" below it exists */
#define DNSBOLT_NODE_TOMBSTONE (1u << 5) /* the name is gone from this version on */
#define DNSBOLT_NODE_PROOF                                                                         \
	(1u                                                                                        \
	 << 6) /* owner of an NSEC3 record: no name (RFC 5155 section 7.2.8), only its proof counts */
#define DNSBOLT_NODE_INSIDE (1u << 7) /* with DNAME: its target is in the same zone */

/* A proof is named by the anchor whose node has it, so that it may change without its users: the anchor's handle, which is a
 * multiple of 4, plus the side of the node. */
typedef __u32 dnsbolt_proof;

struct dnsbolt_node {
	__u64 version;		 /* valid from this version of `zone` on */
	dnsbolt_handle prev;	 /* node before it, of this or another zone; 0: none */
	__u32 zone;		 /* index in zones */
	__u16 flags;		 /* DNSBOLT_NODE_* */
	__u16 n_dir;		 /* at most DNSBOLT_DIR_MAX */
	dnsbolt_handle wildcard; /* anchor of "*" below it, 0: none */
	/* For signed zones. What proves about names below this one, when it is their closest encloser: */
	dnsbolt_handle proof; /* part: the name's own NSEC or NSEC3 with its RRSIGs */
	dnsbolt_proof
		match; /* that this name exists: the NSEC3 that matches the closest provable encloser; 0 for NSEC */
	dnsbolt_proof wild_cover; /* that "*" below it does not exist; 0: it does */
	dnsbolt_proof
		next_cover; /* of the next closer name where all names below share it (an encloser that opt-out hides); 0: it is to be
				    * searched in the denial chain */
	__u32 reserved[2];
	struct dnsbolt_dirent dir[];
};
_Static_assert(sizeof(struct dnsbolt_node) == 48, "ABI");

enum dnsbolt_section {
	DNSBOLT_ANSWER_SECTION = 0,
	DNSBOLT_AUTHORITY_SECTION = 1,
	DNSBOLT_ADDITIONAL_SECTION = 2,
};

#define DNSBOLT_SLOT_DO (1u << 0)	/* only when the query has DO=1 */
#define DNSBOLT_SLOT_OPTIONAL (1u << 1) /* left out, without TC, when it does not fit */
#define DNSBOLT_SLOT_PLAIN (1u << 2)	/* only when the query has DO=0 */
#define DNSBOLT_SLOT_PROOF (1u << 3)	/* `part` is a dnsbolt_proof */

/* Handles that stand for a part of the snapshot in use, so that a new serial does not change the
 * answers that quote the SOA. Real handles are larger. */
#define DNSBOLT_PART_SOA 1u
#define DNSBOLT_PART_SOA_SIG 2u
#define DNSBOLT_PART_OWN_PROOF 3u /* `proof` of the node that the answer was found at */
#define DNSBOLT_PART_MADE 4u	  /* made by the program: a DNAME's CNAME, an identity */
#define DNSBOLT_PART_SYMBOLS 16u

struct dnsbolt_slot {
	dnsbolt_handle part;
	__u8 section; /* enum dnsbolt_section; slots are sorted by it */
	__u8 flags;   /* DNSBOLT_SLOT_* */
	__u16 reserved;
};
_Static_assert(sizeof(struct dnsbolt_slot) == 8, "ABI");

#define DNSBOLT_ANSWER_AA (1u << 0)
/* The name has no such type (RFC 2308): below a wildcard its encloser is proved too. */
#define DNSBOLT_ANSWER_NODATA (1u << 1)
/* Holds a DNAME, which must not stand in an answer twice: not taken where one led here. */
#define DNSBOLT_ANSWER_DNAME (1u << 2)

struct dnsbolt_answer {
	__u8 n_slots; /* 0 to DNSBOLT_PARTS_MAX */
	__u8 flags;   /* DNSBOLT_ANSWER_* */
	__u8 rcode;   /* 0 to 15 */
	__u8 reason;  /* of bpf/reasons.h, counted when it is sent whole */
	__u32 reserved;
	struct dnsbolt_slot slot[];
};
_Static_assert(sizeof(struct dnsbolt_answer) == 8, "ABI");

/* Denial chain: pages sorted by key, all leaves at one depth. NSEC: the key is the owner's sort key relative to the apex; NSEC3: the
 * hash. `prefix` is its first 8 octets as a number. The sort key of a name: its labels from the right, lower-cased, each octet 0 or 1 as
 * two (1 1, 1 2), each label ended by a zero octet, the end filled with zeros: compared word by word as numbers it is
 * the canonical order of RFC 4034 section 6.1. */
struct dnsbolt_page_entry {
	__u64 prefix;
	dnsbolt_handle key; /* struct dnsbolt_sort_key; 0: NSEC3, whose prefixes differ all */
	__u32 child;	    /* handle of a page; in a leaf the dnsbolt_proof */
};
_Static_assert(sizeof(struct dnsbolt_page_entry) == 16, "ABI");

struct dnsbolt_page {
	__u32 n; /* 1 to DNSBOLT_PAGE_MAX */
	__u32 leaf;
	struct dnsbolt_page_entry entry[];
};
_Static_assert(sizeof(struct dnsbolt_page) == 8, "ABI");

struct dnsbolt_sort_key {
	__u32 n; /* words; all that follow are zero */
	__u32 reserved;
	__u64 word[]; /* numbers, in host order; word[0] is the prefix */
};
_Static_assert(sizeof(struct dnsbolt_sort_key) == 8, "ABI");

/* A compression pointer of a part (RFC 1035 section 4.1.4). Its two octets in the data are zero; what
 * goes there is 0xc000 | target, where the target, an offset from the start of the message, is
 *   SUFFIX: 12 + length of the question's name - distance: a suffix of the question's name that
 *           is `distance` octets long, the root label included;
 *   BODY:   offset of the part in the message + distance: a name inside the part.
 * Owners of records that are the whole of the question's name (OWNER) need no shifting: the data holds 0xc00c. Where a
 * DNAME leads, what is said of the question's name holds of its target instead: the program then writes these too (n_own).
 * In RDATA the whole of the name is a SUFFIX like any other. */
#define DNSBOLT_PTR_BODY 0x8000u

struct dnsbolt_ptr {
	__u16 at; /* offset in data (at most 0x3fff); DNSBOLT_PTR_BODY set: class BODY, else SUFFIX */
	__u16 distance;
};
_Static_assert(sizeof(struct dnsbolt_ptr) == 4, "ABI");

/* Rendered records. Behind the header: ptr[n_ptr], then, at the next multiple of 8, the data. */
struct dnsbolt_part {
	__u16 len;   /* octets of data */
	__u16 n_rr;  /* records */
	__u16 n_ptr; /* compression pointers to write */
	__u16 csum;  /* folded one's complement sum (RFC 1071) of the data, read as 16-bit words in
		      * host order from an even offset on, an odd end filled with zero */
	__u32 refs;  /* answers and snapshots that use it: the writer's own */
	__u16 n_own; /* of the first records: those whose owner is the pointer to the question's name */
	__u16 reserved;
	struct dnsbolt_ptr ptr[];
};
_Static_assert(sizeof(struct dnsbolt_part) == 16, "ABI");

/* Offset of a part's data from the start of its header. */
static inline __u32 dnsbolt_part_data(__u32 n_ptr)
{
	return (__u32)(sizeof(struct dnsbolt_part) + n_ptr * sizeof(struct dnsbolt_ptr) + 7) & ~7u;
}

#endif /* DNSBOLT_ABI_H */
