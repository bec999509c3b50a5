/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one list of what can become of a packet. Each packet ends in exactly one reason. The counters,
 * the Prometheus label `reason`, the CLI's words, the vectors' verdicts and what the resolver does with a
 * query that the driver passed come from here. Numbers are stable and never used again; the gaps
 * are for reasons yet to come.
 *
 * X(number, name, action, resolver, text)
 *   action    TX answered | PASS passed, untouched | DROP
 *   resolver  what dnsbolt-resolver does when the same code gives it this reason for a message:
 *             SEND the answer | NONE no reply | FORMERR, SERVFAIL, NOTIMP, REFUSED, NOTAUTH: that
 *             RCODE | BADVERS. Messages of the reasons 40 to 69, which are about their form, it reads in full
 *             (userspace/resolver/query.h), and answers if they can be understood.
 */
#ifndef DNSBOLT_REASONS_H
#define DNSBOLT_REASONS_H

#define DNSBOLT_REASONS(X)                                                                         \
	X(1, answer, TX, SEND, "answered: the RRset asked for")                                    \
	X(2, nodata, TX, SEND, "answered: the name exists, the type does not")                     \
	X(3, truncated, TX, SEND, "answered: TC=1, the client asks again by TCP")                  \
	X(4, referral, TX, SEND, "answered: a delegation, at or below a zone cut")                 \
	X(5, nxdomain, TX, SEND, "answered: the name does not exist")                              \
	X(6, cname, TX, SEND, "answered: a CNAME and what is at its end")                          \
	X(7, dname, TX, SEND, "answered: below a DNAME")                                           \
	X(8, identity, TX, SEND, "answered: who we are (class CH)")                                \
	X(9, slipped, TX, SEND, "answered: TC=1, in place of an answer over the rate")             \
	/* packet */                                                                               \
	X(10, off, PASS, NONE, "the program is off")                                               \
	X(11, shadow, PASS, NONE, "shadow mode: would have been answered")                         \
	X(12, orphaned, PASS, SERVFAIL, "dnsboltd has been away longer than orphan-timeout")       \
	X(13, no_stage, PASS, NONE, "no program is in the stage's slot")                           \
	X(14, multi_buffer, PASS, NONE, "the frame is in more than one buffer")                    \
	X(15, short_frame, PASS, NONE, "the frame ends inside a header")                           \
	X(16, not_ip, PASS, NONE, "neither IPv4 nor IPv6")                                         \
	X(17, vlan_depth, PASS, NONE, "more than two VLAN tags")                                   \
	X(18, not_udp, PASS, NONE, "not UDP")                                                      \
	X(19, not_port, PASS, NONE, "UDP to another port")                                         \
	X(20, not_address, PASS, NONE, "to an address that is not served")                         \
	X(21, not_mac, PASS, NONE, "destination MAC is not the interface's")                       \
	X(22, bad_source, PASS, NONE,                                                              \
	  "source is multicast, broadcast, loopback, our own, or port 0")                          \
	X(23, ip_options, PASS, NONE, "IPv4 options")                                              \
	X(24, fragment, PASS, NONE, "an IPv4 or IPv6 fragment")                                    \
	X(25, extension, PASS, NONE, "IPv6 extension headers")                                     \
	X(26, length, PASS, NONE, "frame, IP and UDP lengths do not agree")                        \
	X(27, ip_checksum, PASS, NONE, "IPv4 header checksum is wrong")                            \
	X(28, udp_checksum, PASS, NONE, "UDP checksum is wrong")                                   \
	/* question and EDNS */                                                                    \
	X(40, message_short, PASS, NONE, "shorter than a DNS header")                              \
	X(41, message_long, PASS, FORMERR, "a query of more than 512 octets")                      \
	X(42, response, PASS, NONE, "QR=1: a response")                                            \
	X(43, opcode, PASS, NOTIMP, "opcode is not QUERY")                                         \
	X(44, query_rcode, PASS, FORMERR, "a query with RCODE or TC set")                          \
	X(45, counts, PASS, FORMERR,                                                               \
	  "counts other than one question and at most one additional record")                      \
	X(46, qname, PASS, FORMERR, "the question's name is malformed or cut off")                 \
	X(47, qclass, PASS, REFUSED, "class is not IN, and no question for our identity")          \
	X(48, qtype, PASS, FORMERR, "type 0, OPT, or a meta type (128 to 250)")                    \
	X(49, trailing, PASS, FORMERR, "octets after the message")                                 \
	X(50, additional, PASS, FORMERR, "the additional record is not an OPT of the root")        \
	X(51, edns_version, PASS, BADVERS, "EDNS version is not 0")                                \
	X(52, edns_malformed, PASS, FORMERR, "the OPT record or its options are malformed")        \
	X(53, edns_options, PASS, SERVFAIL, "more EDNS options than are looked at")                \
	X(54, cookie, PASS, SERVFAIL, "COOKIE option, which the host answers")                     \
	X(55, host_option, PASS, SERVFAIL, "NSID, ECS or EXPIRE option, which the host answers")   \
	X(56, tsig, PASS, NOTAUTH, "signed by TSIG, and no key is configured")                     \
	X(57, transfer, PASS, REFUSED, "AXFR or IXFR")                                             \
	X(58, mailbox, PASS, NOTIMP, "MAILA or MAILB")                                             \
	X(59, notify, PASS, NONE, "a NOTIFY, which dnsboltd answers through the resolver")         \
	/* find */                                                                                 \
	X(70, not_ours, PASS, REFUSED, "the name is in no zone of ours")                           \
	X(71, unknown, PASS, SERVFAIL, "a stored name has the same hash")                          \
	X(72, busy, PASS, SERVFAIL, "two versions were published while the query was looked up")   \
	X(73, expired, PASS, SERVFAIL, "the zone has expired")                                     \
	X(74, no_proof, PASS, SERVFAIL,                                                            \
	  "the zone has no complete denial chain, or none that is served")                         \
	X(76, wildcard_odd, PASS, SERVFAIL, "a wildcard that is a zone cut, or is gone")           \
	X(77, cname_odd, PASS, SERVFAIL,                                                           \
	  "a CNAME chain that loops, is too long, or has too many parts")                          \
	X(78, any, PASS, SERVFAIL, "ANY or RRSIG, which `any: pass` leaves to the host")           \
	X(79, dname_twice, PASS, SERVFAIL, "a DNAME that leads to another, or to itself")          \
	X(85, computed, PASS, SERVFAIL, "the name has a type which its server computes")           \
	/* plan and commit */                                                                      \
	X(100, too_large, PASS, SERVFAIL, "the answer has parts that the driver does not send")    \
	X(101, no_room, PASS, NONE, "the frame cannot grow by what the answer needs")              \
	X(102, fib, PASS, NONE, "the route back differs from the way the query came")              \
	X(103, store, PASS, SERVFAIL, "the store does not hold what it should (a bug: report it)") \
	X(104, internal, PASS, SERVFAIL, "cannot happen (a bug: report it)")                       \
	/* limits and access */                                                                    \
	X(110, badcookie, TX, SEND, "answered: BADCOOKIE, with a cookie to ask again with")        \
	X(111, rate_limited, DROP, NONE, "over the rate of its client prefix and class")           \
	X(112, pass_limited, DROP, NONE, "to be passed, and over pass-limit")                      \
	X(113, denied, DROP, NONE, "from a client that is denied")                                 \
	X(114, denied_passed, PASS, REFUSED, "from a client that is denied, which is passed")      \
	X(115, not_served, DROP, NONE, "the zone is not served to this client")                    \
	X(116, not_served_passed, PASS, REFUSED,                                                   \
	  "the zone is not served to this client, which is passed")                                \
	X(117, cookie_only, TX, SEND, "answered: a cookie, to a query without a question")

#define DNSBOLT_REASON_ENUM(nr, name, action, resolver, text) REASON_##name = nr,
enum dnsbolt_reason { REASON_none = 0, DNSBOLT_REASONS(DNSBOLT_REASON_ENUM) REASON_max = 128 };
#undef DNSBOLT_REASON_ENUM

/* The reasons to drop for, as bits, all of them above 63. */
#define DNSBOLT_REASON_BIT_TX(nr) 0ull
#define DNSBOLT_REASON_BIT_PASS(nr) 0ull
#define DNSBOLT_REASON_BIT_DROP(nr) (1ull << ((nr)&63))
#define DNSBOLT_REASON_DROPS(nr, name, action, resolver, text) | DNSBOLT_REASON_BIT_##action(nr)
#define DNSBOLT_REASON_DROPS_LOW(nr, name, action, resolver, text)                                 \
	| ((nr) < 64 && DNSBOLT_REASON_BIT_##action(nr))
_Static_assert(!(0 DNSBOLT_REASONS(DNSBOLT_REASON_DROPS_LOW)), "reason_is_drop() looks above 63");
#undef DNSBOLT_REASON_DROPS_LOW

static inline int reason_is_drop(unsigned int reason)
{
	return reason >= 64 && ((0ull DNSBOLT_REASONS(DNSBOLT_REASON_DROPS)) >> (reason & 63) & 1);
}
#undef DNSBOLT_REASON_DROPS

#endif /* DNSBOLT_REASONS_H */
