/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "preflight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"
#include "ifaces.h"
#include "nic.h"
#include "pins.h"

#define MTU_ONE_PAGE 3498 /* what a frame's page takes besides headroom and skb_shared_info */
#define NAME_OCTETS 128	  /* of one name in the names map, with its buckets */

struct preflight {
	const struct config *config;
	const char *interface;
	struct nic nic;
	struct ifaces_link link;
	struct ifaces_link *links;
	size_t n_links;
	void (*each)(const char *interface, const struct preflight_finding *finding, void *arg);
	void *arg;
	enum preflight_grade worst;
};

/* Drivers with native XDP, by the name they give to ethtool. */
static const char *const native_drivers[] = {
	"am65-cpsw-nuss", "bnxt_en",	   "bonding",	"cpsw",		"cpsw-switch", "ena",
	"fsl_dpa",	  "fsl_dpaa2_eth", "fsl_enetc", "fsl_enetc_vf", "funeth",      "gve",
	"hv_netvsc",	  "i40e",	   "ice",	"igb",		"igc",	       "ixgbe",
	"ixgbevf",	  "mana",	   "mlx4_en",	"mlx5_core",	"mtk_soc_eth", "mvneta",
	"mvpp2",	  "netsec",	   "nfp",	"qede",		"rvu-nicpf",   "sfc",
	"st_gmac",	  "thunder-nicvf", "tsnep",	"tun",		"veth",	       "virtio_net",
	"vmxnet3",
};

static void __attribute__((format(printf, 4, 5)))
find(struct preflight *p, enum preflight_grade grade, const char *area, const char *format, ...)
{
	struct preflight_finding finding = { .grade = grade, .area = area };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(finding.text, sizeof(finding.text), format, args);
	va_end(args);
	if (grade > p->worst)
		p->worst = grade;
	p->each(p->interface, &finding, p->arg);
}

static bool is_native(const char *driver)
{
	for (size_t i = 0; i < sizeof(native_drivers) / sizeof(native_drivers[0]); i++) {
		if (strcmp(driver, native_drivers[i]) == 0)
			return true;
	}
	return false;
}

static void check_driver(struct preflight *p)
{
	char driver[32] = "unknown";

	(void)nic_driver(&p->nic, driver, sizeof(driver));
	if (is_native(driver))
		find(p, PREFLIGHT_OK, "driver", "%s has native XDP", driver);
	else
		find(p, PREFLIGHT_WARNING, "driver",
		     "%s is not known to have native XDP: skb mode, which is much slower, is taken if it has not",
		     driver);
	if (strcmp(driver, "veth") == 0)
		find(p, PREFLIGHT_NOTE, "driver",
		     "veth: answers reach the peer only when it has an XDP program too (XDP_PASS is enough)");
	if (!(p->link.flags & IFF_UP))
		find(p, PREFLIGHT_WARNING, "link", "the interface is down: ip link set dev %s up",
		     p->interface);
}

static void check_mtu(struct preflight *p)
{
	if (p->link.mtu > MTU_ONE_PAGE)
		find(p, PREFLIGHT_WARNING, "mtu",
		     "%u: many drivers refuse native XDP where a frame needs more than one page: if so, ip link set dev %s "
		     "mtu %d",
		     p->link.mtu, p->interface, MTU_ONE_PAGE);
	else
		find(p, PREFLIGHT_OK, "mtu", "%u", p->link.mtu);
}

static void check_queues(struct preflight *p)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int queues;
	bool hashed;

	if (nic_queues(&p->nic, &queues) || queues == 0)
		return;
	if (cpus > 0 && queues < (unsigned long)cpus)
		find(p, PREFLIGHT_NOTE, "queues",
		     "%u for %ld CPUs: that many answer at most; some drivers want one for each CPU for XDP_TX: ethtool -L "
		     "%s combined %ld",
		     queues, cpus, p->interface, cpus);
	else
		find(p, PREFLIGHT_OK, "queues", "%u", queues);
	if (queues > 1 && nic_udp_ports_hashed(&p->nic, &hashed) == 0 && !hashed)
		find(p, PREFLIGHT_NOTE, "queues",
		     "UDP is spread over them by address only, so that a large resolver stays on one CPU: ethtool -N %s "
		     "rx-flow-hash udp4 sdfn (and udp6)",
		     p->interface);
}

static void check_offloads(struct preflight *p)
{
	static const struct {
		const char *feature, *option;
	} merging[] = { { "rx-lro", "lro" }, { "rx-gro-hw", "rx-gro-hw" } };
	bool on;

	for (size_t i = 0; i < sizeof(merging) / sizeof(merging[0]); i++) {
		if (nic_feature(&p->nic, merging[i].feature, &on) == 0 && on)
			find(p, PREFLIGHT_WARNING, "offload",
			     "%s merges packets before XDP sees them, and many drivers refuse XDP with it: ethtool -K %s %s off",
			     merging[i].feature, p->interface, merging[i].option);
	}
	if (nic_feature(&p->nic, "rx-vlan-hw-parse", &on) || !on)
		return;
	for (size_t i = 0; i < p->n_links; i++) {
		if (p->links[i].lower == p->link.ifindex && strcmp(p->links[i].kind, "vlan") == 0)
			find(p, PREFLIGHT_WARNING, "vlan",
			     "%s: the NIC takes the tag off before XDP sees it, so answers to its queries would go out "
			     "untagged: ethtool -K %s rxvlan off",
			     p->links[i].name, p->interface);
	}
}

static void check_master(struct preflight *p)
{
	for (size_t i = 0; p->link.master && i < p->n_links; i++) {
		const struct ifaces_link *master = &p->links[i];

		if (master->ifindex != p->link.master)
			continue;
		if (strcmp(master->kind, "bond") == 0)
			find(p, PREFLIGHT_ERROR, "bond",
			     "is a port of %s: attach to the bond: interface: [%s]", master->name,
			     master->name);
		else
			find(p, PREFLIGHT_WARNING, "bridge",
			     "is a port of %s (%s): queries to that one's MAC are not answered where it differs from the port's",
			     master->name, master->kind);
	}
}

static void check_hook(struct preflight *p)
{
	struct hook hook;
	char text[128];
	int err;

	err = hook_read(&hook, p->link.ifindex);
	if (err) {
		find(p, PREFLIGHT_WARNING, "hook", "what is attached cannot be read: %s",
		     strerror(-err));
	} else if (hook_find(&hook, pins_stub_id(p->config->pin_dir))) {
		find(p, PREFLIGHT_OK, "hook", "our program is attached in %s mode", hook.mode);
	} else if (hook_find_name(&hook, HOOK_STUB_NAME)) {
		find(p, PREFLIGHT_ERROR, "hook",
		     "another dnsboltd is attached (program %s): stop that one, or remove its program: ip link set dev "
		     "%s xdp off",
		     hook_text(&hook, text, sizeof(text)), p->interface);
	} else if (hook.mode && !hook.dispatcher) {
		find(p, PREFLIGHT_ERROR, "hook",
		     "XDP program %s is attached alone: load it by libxdp (xdp-loader), or remove it: ip link set dev %s "
		     "xdp off",
		     hook_text(&hook, text, sizeof(text)), p->interface);
	} else if (hook.mode) {
		find(p, PREFLIGHT_NOTE, "hook", "shared by libxdp's dispatcher with %s",
		     hook_text(&hook, text, sizeof(text)));
	} else {
		find(p, PREFLIGHT_OK, "hook", "free");
	}
}

/* memory.max of the control group this process is in, 0: no limit, or none known. */
static uint64_t memory_limit(void)
{
	char group[256] = "", path[320];
	uint64_t limit = 0;
	FILE *file;

	file = fopen("/proc/self/cgroup", "re");
	if (!file)
		return 0;
	while (fgets(group, sizeof(group), file) && strncmp(group, "0::", 3) != 0)
		*group = '\0';
	(void)fclose(file);
	if (!*group)
		return 0;
	group[strcspn(group, "\n")] = '\0';
	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group + 3);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &limit) != 1)
		limit = 0;
	(void)fclose(file);
	return limit;
}

static void check_memory(struct preflight *p)
{
	/* The arena has a segment at work, one that is filled next, and the template that the
	 * kernel wants at the start. */
	uint64_t need = (uint64_t)p->config->max_names * NAME_OCTETS + 3ull * DNSBOLT_SEG_SIZE +
			p->config->limit->accounts * sizeof(uint64_t);
	uint64_t limit = memory_limit();

	if (limit && limit < need)
		find(p, PREFLIGHT_WARNING, "memory",
		     "the service may use %" PRIu64 " MiB, max-names: %u needs up to %" PRIu64
		     " MiB: raise MemoryMax=, or "
		     "lower max-names",
		     limit >> 20, p->config->max_names, need >> 20);
}

static void check_host(struct preflight *p)
{
	find(p, PREFLIGHT_NOTE, "firewall",
	     "what the driver answers does not pass nftables or iptables: rules for port %u (blocks, rate limits) do not see it",
	     p->config->listen->port);
	check_memory(p);
}

static int look_up(struct preflight *p)
{
	int err;

	err = ifaces_links(&p->links, &p->n_links);
	if (err)
		return err;
	for (size_t i = 0; i < p->n_links; i++) {
		if (strcmp(p->links[i].name, p->interface) == 0) {
			p->link = p->links[i];
			return nic_open(&p->nic, p->interface);
		}
	}
	free(p->links);
	p->links = NULL;
	return -ENODEV;
}

int preflight_interface(const struct config *config, const char *interface,
			void (*each)(const char *interface, const struct preflight_finding *finding,
				     void *arg),
			void *arg)
{
	struct preflight p = { .config = config, .interface = interface, .each = each, .arg = arg };
	int err;

	err = look_up(&p);
	if (err == -ENODEV) {
		find(&p, PREFLIGHT_ERROR, "interface", "there is none of that name: ip link");
		return p.worst;
	}
	if (err) {
		free(p.links);
		return err;
	}
	check_driver(&p);
	check_mtu(&p);
	check_queues(&p);
	check_offloads(&p);
	check_master(&p);
	check_hook(&p);
	/* Of the host, not of the interface: once. */
	if (strcmp(interface, config->interface[0]) == 0)
		check_host(&p);
	nic_close(&p.nic);
	free(p.links);
	return p.worst;
}
