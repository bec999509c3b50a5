/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an interface's driver says, by the ethtool ioctl. */
#ifndef NIC_H
#define NIC_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct nic {
	int fd;
	char name[IF_NAMESIZE];
};

int nic_open(struct nic *ret_nic, const char *name);
void nic_close(struct nic *nic);

/* All of them: -EOPNOTSUPP where the driver does not say. */
int nic_driver(const struct nic *nic, char *ret_name, size_t room);
/* Queues that receive. */
int nic_queues(const struct nic *nic, unsigned int *ret_queues);
/* Feature of that name ("rx-lro"): is it on? */
int nic_feature(const struct nic *nic, const char *feature, bool *ret_on);
/* Are UDP packets spread over the queues by their ports too? */
int nic_udp_ports_hashed(const struct nic *nic, bool *ret_hashed);

#endif /* NIC_H */
