/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage 3: what stands behind the question: nothing, or one OPT record of the root (RFC 6891). Unknown
 * options are skipped; those that the host answers and we do not are reasons to pass (config.pass_options, config.cookie), where
 * there is a host. A COOKIE's place is noted (RFC 7873 section 5.2: of the first).
 */
#ifndef DNSBOLT_CORE_EDNS_H
#define DNSBOLT_CORE_EDNS_H

#include "../reasons.h"
#include "cookie.h"
#include "env.h"

#define EDNS_DO 0x80u /* of the first flags octet, RFC 3225 */
#define EDNS_OPTIONS_MAX 32u
#define EDNS_OPTIONS_FEW 2u

/* RFC 5001, 7314, 7871, 7873 */
#define EDNS_NSID 3u
#define EDNS_ECS 8u
#define EDNS_EXPIRE 9u
#define EDNS_COOKIE 10u

struct edns_walk {
	struct scratch *s;
	__u32 pos, end; /* offsets in the message */
	__u32 seen;	/* DNSBOLT_OPT_* */
	__u32 bad;
	__u32 cookie_at, cookie_len;
};

static __always_inline __u32 edns_known(__u32 code)
{
	switch (code) {
	case EDNS_NSID:
		return DNSBOLT_OPT_NSID;
	case EDNS_ECS:
		return DNSBOLT_OPT_ECS;
	case EDNS_EXPIRE:
		return DNSBOLT_OPT_EXPIRE;
	}
	return 0;
}

static long edns_option(__u32 i, void *arg)
{
	struct edns_walk *w = arg;
	const __u8 *p;
	__u32 code;

	(void)i;
	if (w->pos >= w->end)
		return 1;
	if (w->pos + 4 > w->end || w->pos > DNS_QUERY_MAX) {
		w->bad = 1;
		return 1;
	}
	p = env_message(w->s) + (w->pos & 511);
	code = env_get_be16(p);
	if (code == EDNS_COOKIE && !w->cookie_at) {
		w->cookie_at = w->pos + 4;
		w->cookie_len = env_get_be16(p + 2);
	}
	w->seen |= edns_known(code);
	w->pos += 4u + env_get_be16(p + 2);
	return 0;
}

static __always_inline int edns_cookie(struct scratch *s, const struct dnsbolt_config *c,
				       const struct edns_walk *w)
{
	if (!s->alone && c->cookie.mode == DNSBOLT_COOKIES_PASS)
		return REASON_cookie;
	if (!cookie_is_on(c))
		return 0;
	if (!cookie_is_length(w->cookie_len)) {
		s->cookie = DNSBOLT_COOKIE_MALFORMED;
		return REASON_edns_malformed;
	}
	s->cookie_at = (__u16)w->cookie_at;
	s->cookie_len = (__u8)w->cookie_len;
	return 0;
}

static __always_inline int edns_options(struct scratch *s, const struct dnsbolt_config *c,
					__u32 from)
{
	struct edns_walk w = { .s = s, .pos = from, .end = s->msg_len };
	__u32 i;
	int r;

	/* Most queries have no more; a loop of calls costs more than they do. */
	for (i = 0; i < EDNS_OPTIONS_FEW; i++)
		if (edns_option(i, &w))
			break;
	if (i == EDNS_OPTIONS_FEW)
		env_loop(EDNS_OPTIONS_MAX - EDNS_OPTIONS_FEW, edns_option, &w);
	if (w.bad || w.pos > w.end)
		return REASON_edns_malformed;
	if (w.pos < w.end)
		return REASON_edns_options;
	s->nsid = w.seen & DNSBOLT_OPT_NSID ? 1 : 0;
	r = w.cookie_at ? edns_cookie(s, c, &w) : 0;
	if (r || s->alone)
		return r;
	return w.seen & c->pass_options ? REASON_host_option : 0;
}

static __always_inline int edns_parse(struct scratch *s, const struct dnsbolt_config *c)
{
	const __u8 *m, *opt;
	__u32 at;

	m = env_message(s);
	at = s->question_end;
	if (!m[11]) /* ARCOUNT, 0 or 1 by now */
		return at == s->msg_len ? 0 : REASON_trailing;
	if (at > DNS_QUERY_MAX || at + DNS_OPT > (__u32)s->msg_len)
		return REASON_additional;
	opt = m + (at & 511);
	if (opt[0] || env_get_be16(opt + 1) != 41)
		return REASON_additional;
	/* {root, OPT, class: UDP size, TTL: extended RCODE, version, flags, RDLENGTH} */
	s->edns = 1;
	s->dnssec_ok = opt[7] & EDNS_DO ? 1 : 0;
	s->udp_size = env_get_be16(opt + 3) < DNS_UDP_MIN ? DNS_UDP_MIN : env_get_be16(opt + 3);
	if (opt[6])
		return REASON_edns_version;
	if (opt[5])
		return REASON_query_rcode;
	at += DNS_OPT + env_get_be16(opt + 9);
	if (at != s->msg_len)
		return at > s->msg_len ? REASON_edns_malformed : REASON_trailing;
	if (at == s->question_end + DNS_OPT)
		return 0;
	return edns_options(s, c, s->question_end + DNS_OPT);
}

#endif /* DNSBOLT_CORE_EDNS_H */
