/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one query leaves behind on its way through the stages: the scratch. In the driver it is a per-CPU
 * map value, natively a member of the context. Octets past what this query wrote are an earlier query's:
 * every stage that reads up to a length has set it itself or checks it against one that was.
 */
#ifndef DNSBOLT_CORE_TYPES_H
#define DNSBOLT_CORE_TYPES_H

#include <linux/types.h>

#include "../abi.h"

#define DNS_HEADER 12u	   /* octets, RFC 1035 section 4.1.1 */
#define DNS_QFIXED 4u	   /* QTYPE and QCLASS */
#define DNS_OPT 11u	   /* an OPT record without options, RFC 6891 section 6.1.2 */
#define DNS_UDP_MIN 512u   /* RFC 1035 section 4.2.1; RFC 6891 section 6.2.3 */
#define DNS_QUERY_MAX 512u /* longer queries are passed */

/* Ethernet, two VLAN tags, IPv6, UDP */
#define FRAME_HEADERS_MAX 70u
/* Where the DNS message stands in scratch.frame: in front of it is room for the headers, and the question's name (12
 * octets on) is aligned to 8. */
#define FRAME_DNS 76u
#define FRAME_NAME (FRAME_DNS + DNS_HEADER)
#define FRAME_WORDS ((FRAME_DNS + DNS_QUERY_MAX + 20u) / 8u)

#define NAME_WORDS 34u /* 255 octets, and a read of 8 at any offset below 256 */

#define DNSBOLT_PROOFS_MAX 3u
#define DNSBOLT_PROOFS_ROOM 4u	     /* a power of two */
#define MADE_FIXED 12u		     /* owner as a pointer, type, class, TTL, RDLENGTH */
#define MADE_MAX (MADE_FIXED + 255u) /* and RDATA of one name */
#define MADE_WORDS 66u		     /* and room for any 9-bit offset */

/* SHA-1 over a name and a salt (RFC 5155 section 5): 255 + 32 octets and the filling are 5 blocks. */
#define SHA1_BLOCK 64u
#define SHA1_BLOCKS_MAX 5u

struct sha1 {
	__u32 h[5];
	__u32 blocks;
	__u64 message[64]; /* 5 blocks, and room for any 9-bit offset */
	__u32 schedule[16];
};

#define COOKIE_MEMOS 128u /* a power of two */

/* A hash that was made for a client, and all that it is of. One line of memory. */
struct cookie_memo {
	__u64 secret[2], cookie[2], src[2];
	__u64 ipv6;
	__u64 hash;
};

/* One part of the planned answer. Its two words are stored as such. */
struct plan_part {
	__u16 len, n_rr, n_ptr, csum; /* as in struct dnsbolt_part */
	dnsbolt_handle handle;
	__u8 section, flags;
	__u16 reserved;
};
_Static_assert(sizeof(struct plan_part) == 16 &&
		       __builtin_offsetof(struct plan_part, csum) ==
			       __builtin_offsetof(struct dnsbolt_part, csum) &&
		       __builtin_offsetof(struct plan_part, handle) == 8 &&
		       __builtin_offsetof(struct plan_part, section) == 12 &&
		       __builtin_offsetof(struct plan_part, flags) == 13,
	       "two words");

/* The planned answer as a whole. */
struct plan {
	__u64 counts; /* records, 16 bits for each section */
	__u32 n_parts;
	__u32 body_full, body_optional; /* octets of all parts, and of those that may be left out */
	__u8 truncated;
	__u8 of_target; /* PLAN_OF_TARGET: what is planned is said of the DNAME's target */
	__u8 many_ptrs; /* a part has more pointers than are written here */
	__u8 resolved; /* a part was named by something else than its handle: what follows may be it */
};

struct scratch {
	__u64 frame[FRAME_WORDS]; /* the DNS message as it came; in front of it, when they must move, the headers */
	__u64 no_name[2]; /* whatever: in front of a short name, so that its last 16 octets are read like others' */
	__u64 name[NAME_WORDS]; /* the question's name lower-cased; a word of zeros behind */
	__u64 hash;		/* of the whole name */
	__u8 at[128];		/* where label i starts in the name; [labels]: the root label */

	/* packet */
	__u32 frame_len; /* octets of the frame's first buffer; nearly always it is the only one */
	__u32 walk;	 /* of the label walk: where the next label starts */
	__u16 l3, l4;	 /* offsets of the IP and UDP headers */
	__u16 dns;	 /* offset of the DNS message */
	__u16 msg_len;	 /* octets of the DNS message */
	__u16 mtu;	 /* octets of IP packet that the interface takes */
	__u8 ipv6;
	__u8 tcp;   /* a message that came by TCP: no limit of size (native only) */
	__u8 alone; /* nobody is behind us to whom a query could be left (native only) */
	__u8 reserved[3];
	struct dnsbolt_addr src, dst;
	__u64 pseudo_sum; /* of the pseudo-header, but for its length: the same for the reply */

	/* question and EDNS */
	__u16 name_len, labels;
	__u16 qtype, qclass;
	/* One word, so that it is cleared by one store: */
	__u16 question_end; /* offset in the message; 0: no question was read */
	__u8 edns, dnssec_ok, nsid;
	__u8 chaos; /* class CH: a question for our identity */
	__u8 cookie_len; /* octets of the COOKIE option's data; 0: there is none, or it is not our business */
	__u8 has_cookie; /* cookie_sent goes into the reply's OPT */
	__u16 cookie_at; /* offset in the message of that data */
	__u16 udp_size;	 /* of the client: from OPT, at least 512 */
	__u64 question_sum; /* one's complement sum, not folded, of the question from an even offset on */

	/* client, cookies, limits */
	__u32 client_flags, client_sets; /* as struct dnsbolt_client has them */
	__u8 cookie; /* enum dnsbolt_cookie; DNSBOLT_COOKIES: the query was not read so far, or cookies are not our business */
	__u8 debited;	      /* classes whose account has this query's response */
	__u8 limited;	      /* 1 + the class that is over its rate; 0: none is */
	__u8 slipped;	      /* and the reply says to ask again */
	__u64 cookie_sent[3]; /* client cookie, server cookie */
	__u64 limit_what;     /* name or zone whose responses are counted */
	__u64 tick, coarse;   /* jiffies, and the coarse clock as it was then */

	/* find */
	__u32 flips; /* of the config map, before the first look-up */
	dnsbolt_handle anchor, node, answer, snapshot; /* answer 0: the name does not exist */
	dnsbolt_handle visible;			       /* the node that find_visible() found */
	dnsbolt_handle encloser; /* node of the closest encloser; 0: the name itself was found */
	__u32 n_proofs;
	__u8 ds_up; /* DS at an apex whose parent's side is not here: the zone above answers */
	__u8 renamed; /* what is looked for is a DNAME's target, in name, at and hash; the question is in the frame */
	__u8 beside;	      /* find_inside(): the name is in or below another zone */
	__u8 is_ours;	      /* find_may_be_ours() */
	__u32 zone;	      /* index; ~0: none */
	__u32 depth;	      /* labels of the closest encloser */
	dnsbolt_handle dname; /* renamed: the DNAME's answer */
	__u32 barrier; /* target of the atomic that orders loads on weakly ordered machines */

	/* denial */
	__u64 key[DNSBOLT_SORT_WORDS + 62]; /* sort key, or the first 8 octets of an NSEC3 hash */
	__u32 key_out, key_skip;
	dnsbolt_proof cover;	   /* of the name, or of the next closer name */
	dnsbolt_handle proof_part; /* the part that find_proof() found */
	struct sha1 sha1;
	dnsbolt_handle proof[DNSBOLT_PROOFS_ROOM]; /* parts */

	/* records that are made here: the CNAME of a DNAME, the TXT of an identity */
	__u64 made[MADE_WORDS];
	__u32 made_len;

	/* plan */
	struct plan_part part[16]; /* PLAN_PARTS_MAX */
	struct plan plan;
	__u32 reply_len; /* octets of DNS message */
	__u16 opt_len;	 /* octets of our OPT record, 0: none */
	__u8 rcode, aa, reason;
	__u8 moved;	 /* the frame has grown in front, and its headers are to be put back */
	__u32 target_at; /* offset in the message of that target's name */
	__u64 sum;	 /* checksum so far, not folded */
	__u32 where;	 /* offset in the message where the next part goes */
	__u32 folded;	 /* names that no pointer reaches */

	/* what one query leaves for others */
	struct cookie_memo memo[COOKIE_MEMOS];
};

_Static_assert(__builtin_offsetof(struct scratch, question_end) % 8 == 0 &&
		       __builtin_offsetof(struct scratch, cookie_at) ==
			       __builtin_offsetof(struct scratch, question_end) + 8,
	       "one word");

#endif /* DNSBOLT_CORE_TYPES_H */
