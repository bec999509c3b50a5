/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nic.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int nic_open(struct nic *ret_nic, const char *name)
{
	int fd;

	if (strlen(name) >= sizeof(ret_nic->name))
		return -EINVAL;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret_nic->fd = fd;
	strcpy(ret_nic->name, name);
	return 0;
}

void nic_close(struct nic *nic)
{
	close(nic->fd);
}

static int ask(const struct nic *nic, void *request)
{
	struct ifreq req = { .ifr_data = request };

	memcpy(req.ifr_name, nic->name, sizeof(req.ifr_name));
	return ioctl(nic->fd, SIOCETHTOOL, &req) < 0 ? -errno : 0;
}

int nic_driver(const struct nic *nic, char *ret_name, size_t room)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int err = ask(nic, &info);

	if (!err)
		(void)snprintf(ret_name, room, "%s", info.driver);
	return err;
}

int nic_queues(const struct nic *nic, unsigned int *ret_queues)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int err = ask(nic, &channels);

	if (!err)
		*ret_queues = channels.combined_count + channels.rx_count;
	return err;
}

/* How many features there are; the kernel numbers and names them. */
static int count_features(const struct nic *nic, uint32_t *ret_n)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} request = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES } };
	int err = ask(nic, &request);

	if (!err)
		*ret_n = request.count;
	return err;
}

static int find_feature(const struct nic *nic, const char *feature, uint32_t n, uint32_t *ret_bit)
{
	struct ethtool_gstrings *names;
	int err;

	names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = n;
	err = ask(nic, names);
	if (!err) {
		err = -EOPNOTSUPP;
		for (uint32_t i = 0; err && i < n; i++) {
			if (strncmp((const char *)names->data + (size_t)i * ETH_GSTRING_LEN,
				    feature, ETH_GSTRING_LEN) == 0) {
				*ret_bit = i;
				err = 0;
			}
		}
	}
	free(names);
	return err;
}

int nic_feature(const struct nic *nic, const char *feature, bool *ret_on)
{
	struct ethtool_gfeatures *features;
	uint32_t n = 0, bit = 0;
	int err;

	err = count_features(nic, &n);
	if (!err)
		err = find_feature(nic, feature, n, &bit);
	if (err)
		return err;
	features = calloc(1, sizeof(*features) + (n + 31) / 32 * sizeof(features->features[0]));
	if (!features)
		return -ENOMEM;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = (n + 31) / 32;
	err = ask(nic, features);
	if (!err)
		*ret_on = features->features[bit / 32].active >> (bit % 32) & 1;
	free(features);
	return err;
}

int nic_udp_ports_hashed(const struct nic *nic, bool *ret_hashed)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXFH, .flow_type = UDP_V4_FLOW };
	int err = ask(nic, &request);

	if (!err)
		*ret_hashed = (request.data & RXH_L4_B_0_1) && (request.data & RXH_L4_B_2_3);
	return err;
}
