/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What again.bpf.c puts into frames. */
#ifndef BED_AGAIN_H
#define BED_AGAIN_H

#include <linux/types.h>

#define AGAIN_MAX 256u /* octets; a power of two */

struct again {
	__u32 len;   /* of the frame */
	__u32 slot;  /* of dnsbolt_stages; 0: none is called */
	__u32 spoof; /* another source each time */
	__u32 check; /* of UDP, of the frame as it is here, in host order */
	__u8 frame[AGAIN_MAX];
};

#endif /* BED_AGAIN_H */
