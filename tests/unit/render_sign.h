/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zone_sign.h beside the zone that render_fake.h takes for another served one. */
#ifndef RENDER_SIGN_H
#define RENDER_SIGN_H

#include "render_fake.h"
#include "zone_sign.h"

static inline bool is_bare(const struct zone_name *n)
{
	return sign_is_bare(n);
}

static inline bool is_hidden(const struct zone *zone, const struct zone_name *n)
{
	return sign_is_hidden(zone, n, &zones);
}

static inline void sign_zone(struct zone *zone, enum signing kind)
{
	sign_zone_among(zone, kind, &zones);
}

#endif /* RENDER_SIGN_H */
