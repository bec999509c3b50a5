/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between dnsboltd and dnsbolt-resolver: a SOCK_SEQPACKET pair, whose end is inherited as the descriptor that
 * `dnsbolt-resolver --channel FD` names. dnsboltd opens what needs rights (maps, port 53) and hands it over, so
 * that the resolver has no capability at all. Each message is one struct, some with octets behind it, with at most one descriptor
 * (SCM_RIGHTS). When the channel closes the resolver goes on with what it has, until it is told to end by SIGTERM:
 * answers over TCP outlive a crash of dnsboltd as the driver's answers do.
 */
#ifndef IPC_H
#define IPC_H

#include <stdint.h>

#include "../../bpf/abi.h"

#define IPC_VERSION 3u

enum ipc_type {
	/* dnsboltd -> resolver */
	IPC_HELLO = 1,	 /* value: IPC_VERSION << 16 | DNSBOLT_ABI; first */
	IPC_CONFIG = 2,	 /* fd of the config map: mapped read-only, then closed */
	IPC_ZONES = 3,	 /* fd of the zones map: likewise */
	IPC_NAMES = 4,	 /* fd of the names map, opened BPF_F_RDONLY: kept */
	IPC_STATS = 5,	 /* fd of a memfd of one struct ipc_stats: mapped for writing */
	IPC_SEGMENT = 6, /* value: number, fd: mapped read-only, then closed */
	IPC_UDP = 7,	 /* fd: a bound UDP socket */
	IPC_TCP = 8,	 /* fd: a bound and listening TCP socket */
	IPC_SERVE = 9,	 /* all is handed over; messages 6 to 8 and 10 may follow at any time */
	IPC_NOTIFY_REPLY = 10, /* value: that of the IPC_NOTIFY; the answer behind it */
	IPC_CLIENTS = 11,      /* fd of the clients map, opened BPF_F_RDONLY: kept */
	/* resolver -> dnsboltd */
	IPC_READY = 16,	 /* answer to IPC_SERVE */
	IPC_NOTIFY = 17, /* value: whatever the resolver knows it by; struct ipc_notify */
};

struct ipc_message {
	uint32_t type; /* enum ipc_type */
	uint32_t value;
};

/* A NOTIFY that came to port 53: dnsboltd has the keys, and knows who may. It may be lost either way, as the sender
 * asks again (RFC 1996 section 3.6). */
#define IPC_NOTIFY_MAX 1024u

struct ipc_notify {
	struct ipc_message head;
	struct dnsbolt_addr from;
	uint8_t msg[IPC_NOTIFY_MAX]; /* what the length of the message leaves of it */
};

struct ipc_notify_reply {
	struct ipc_message head;
	uint8_t msg[IPC_NOTIFY_MAX];
};

/* Counters of the resolver, in shared memory; written with relaxed atomic stores by the resolver alone. */
struct ipc_stats {
	uint64_t reason[2][DNSBOLT_REASONS_MAX]; /* messages by bpf/reasons.h; [0] UDP, [1] TCP */
	uint64_t rcode[16];			 /* replies, by RCODE */
	uint64_t tcp_connections, tcp_open,
		tcp_refused;		   /* accepted; open now; closed at once: too many */
	uint64_t retries;		   /* composed again: the store moved */
	uint64_t limited[DNSBOLT_CLASSES]; /* replies by UDP over a limit, sent or not */
	uint64_t slipped;		   /* of them: TC or BADCOOKIE was sent */
	uint64_t cookies[DNSBOLT_COOKIES]; /* messages, as struct dnsbolt_counters has them */
};

#endif /* IPC_H */
