/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The programs and maps in the kernel: loading, pinning under pin-dir, adopting what a daemon
 * before this one left, attaching the stub by libxdp, and the second instance on which `lookup`
 * runs. Knows bpf/abi.h and the skeleton, never zones.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include <net/if.h>

#include "config.h"

struct attach;

struct attach_iface {
	char name[IF_NAMESIZE];
	unsigned int ifindex;
	unsigned int mtu;
	unsigned char mac[6];
	const char *mode; /* "native", "skb", NULL: not attached */
	bool dispatcher;  /* below libxdp's dispatcher, with other programs possible */
	uint32_t prog_id; /* of the stub */
};

/* Opens pin-dir (made when it is missing), takes its lock, and adopts what is pinned there: the stub with
 * its maps, or, where those are of another ABI version or size, the stub alone, with new maps beside them
 * that take their place in attach_start(). Where nothing is pinned all is loaded and pinned afresh.
 * Says itself, through `report`, why it fails: -EBUSY: another dnsboltd holds pin-dir; -EPROTO: the
 * pins are incomplete; -ENODEV: no such interface. `report` has to live as long as what is returned. */
int attach_open(struct attach **ret_attach, const struct config *config,
		const struct report *report);
bool attach_adopted(const struct attach *attach);      /* the stub, at least */
bool attach_maps_adopted(const struct attach *attach); /* they hold a store already */

/* Why the last call failed. Never NULL. */
const char *attach_error(const struct attach *attach);

/* Map descriptors for the store and others; they stay attach's. */
struct attach_maps {
	int config, counters, listen, names, arena, zones, limits, clients, recent, stages;
};
const struct attach_maps *attach_maps(const struct attach *attach);

/* Room of the names map. */
uint32_t attach_max_names(const struct attach *attach);

/* Writes port, sizes, interfaces, options, return path and mode into the config map and the
 * addresses into the listen map (additions before removals). */
int attach_configure(struct attach *attach, const struct config *config, uint32_t pass_options);

/* ---- limits and cookies; attach_configure() writes the limits ---- */

struct secrets;

/* The secrets that the maps have, of the daemon before this one. false: none. */
bool attach_secrets(const struct attach *attach, struct secrets *ret_secrets);
void attach_set_secrets(struct attach *attach, const struct secrets *secrets);
void attach_set_cookies(struct attach *attach, enum dnsbolt_cookies mode);

/* The clients' map of the daemon before this one, also where it is replaced; -1: there is none of this version. */
int attach_former_clients(const struct attach *attach);
/* Whether the clients' map has entries, so that the program looks into it. */
void attach_set_access(struct attach *attach, bool has_clients);

/* The last responses over a limit, of all CPUs, in no order; to be freed. */
int attach_recent(const struct attach *attach, struct dnsbolt_limited **ret_rows, size_t *ret_n);

/* To be called every few seconds: puts off orphan-timeout, and follows changes of the
 * interfaces' MAC and MTU and of the host's own addresses. What is served stays as
 * attach_configure() found it. */
int attach_renew(struct attach *attach);

/* Attaches the stub to each interface, native first, then skb (reported), or finds it attached;
 * then flips slot 0 to this generation. To be called when the zones are in the maps. */
int attach_start(struct attach *attach);

/* Interfaces in the order of the configuration; NULL past the last. */
const struct attach_iface *attach_iface(const struct attach *attach, unsigned int i);

/* Addresses that are served, in the order of the configuration; NULL past the last. */
const struct dnsbolt_addr *attach_address(const struct attach *attach, unsigned int i);

/* By on-exit: detach: off the interfaces, pins removed; stay: nothing; disarm: mode off, stays
 * attached. */
void attach_stop(struct attach *attach, enum config_exit on_exit);

/* Takes back what a start made that attach_start() did not complete; what was adopted goes on as
 * it was. NULL is fine. */
void attach_free(struct attach *attach);

/* Sums of the per-CPU counters. */
int attach_counters(const struct attach *attach, struct dnsbolt_counters *ret_counters);

/* Runs the real programs on a frame, over the same store, with scratch and counters of their own
 * (loaded at the first call, mode answer). The frame is an IPv6 or IPv4 UDP packet to a served
 * address; *ret_len is the room, then the length. *ret_reason: counted. Returns the XDP action
 * or a negative errno. */
int attach_test_run(struct attach *attach, const uint8_t *frame, size_t len, uint8_t *ret_frame,
		    size_t *ret_len, unsigned int *ret_reason);

#endif /* ATTACH_H */
