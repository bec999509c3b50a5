/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the running program is told by the config and listen maps: attach_configure() and
 * attach_renew(). */
#include <bpf/bpf.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../userspace/lib/addr.h"
#include "attach_internal.h"
#include "ifaces.h"

/* Rows of the listen map as they should be. */
struct listen_row {
	struct dnsbolt_addr addr;
	uint32_t flags; /* DNSBOLT_ADDR_* */
};

struct listen_rows {
	struct listen_row *row;
	size_t n;
};

static int serve(struct attach *attach, const struct dnsbolt_addr *addr)
{
	struct dnsbolt_addr *served;

	for (size_t i = 0; i < attach->n_served; i++) {
		if (memcmp(&attach->served[i], addr, sizeof(*addr)) == 0)
			return 0;
	}
	served = reallocarray(attach->served, attach->n_served + 1, sizeof(*served));
	if (!served)
		return -ENOMEM;
	attach->served = served;
	served[attach->n_served++] = *addr;
	return 0;
}

static int serve_configured(struct attach *attach, const struct config_listen *listen)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < listen->address_count; i++) {
		struct dnsbolt_addr addr;

		err = addr_parse(&addr, listen->address[i]);
		if (err)
			return attach_fail(attach, err,
					   "listen.address: \"%s\" is not an IPv4 or IPv6 address",
					   listen->address[i]);
		err = serve(attach, &addr);
	}
	return err;
}

/* Without listen.address: all that the interfaces have. */
static int serve_own(struct attach *attach)
{
	struct ifaces_address *addresses;
	size_t n;
	int err;

	err = ifaces_addresses(&addresses, &n);
	if (err)
		return attach_fail(attach, err,
				   "listen.address: the host's addresses cannot be read: %s",
				   strerror(-err));
	for (unsigned int i = 0; !err && i < attach->n_iface; i++) {
		for (size_t k = 0; !err && k < n; k++) {
			if (!addresses[k].broadcast &&
			    addresses[k].ifindex == attach->iface[i].ifindex)
				err = serve(attach, &addresses[k].addr);
		}
	}
	free(addresses);
	if (!err && attach->n_served == 0)
		err = attach_fail(
			attach, -EADDRNOTAVAIL,
			"listen.address: the interfaces have no address yet: name the addresses to serve");
	return err;
}

static int compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct dnsbolt_addr));
}

/* Sorts, and makes one row of those of one address. */
static void merge_rows(struct listen_rows *rows)
{
	size_t n = 0;

	qsort(rows->row, rows->n, sizeof(*rows->row), compare_rows);
	for (size_t i = 0; i < rows->n; i++) {
		if (n && compare_rows(&rows->row[n - 1], &rows->row[i]) == 0)
			rows->row[n - 1].flags |= rows->row[i].flags;
		else
			rows->row[n++] = rows->row[i];
	}
	rows->n = n;
}

static int make_rows(const struct attach *attach, struct listen_rows *ret_rows)
{
	struct ifaces_address *addresses;
	struct listen_rows rows = {};
	size_t n;
	int err;

	err = ifaces_addresses(&addresses, &n);
	if (err)
		return err;
	rows.row = calloc(n + attach->n_served + 1, sizeof(*rows.row));
	if (rows.row) {
		for (size_t i = 0; i < n; i++)
			rows.row[rows.n++] =
				(struct listen_row){ addresses[i].addr, DNSBOLT_ADDR_OWN };
		for (size_t i = 0; i < attach->n_served; i++)
			rows.row[rows.n++] =
				(struct listen_row){ attach->served[i], DNSBOLT_ADDR_SERVED };
		merge_rows(&rows);
		*ret_rows = rows;
	}
	free(addresses);
	return rows.row ? 0 : -ENOMEM;
}

/* An element that is right is left alone: an update takes it out of readers' sight for a moment. */
static int add_rows(int map, const struct listen_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct listen_row *row = &rows->row[i];
		uint32_t flags;

		if (bpf_map_lookup_elem(map, &row->addr, &flags) == 0 && flags == row->flags)
			continue;
		if (bpf_map_update_elem(map, &row->addr, &row->flags, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static void remove_other_rows(int map, const struct listen_rows *rows)
{
	struct dnsbolt_addr addr, next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;

	while (more) {
		addr = next;
		more = bpf_map_get_next_key(map, &addr, &next) == 0;
		if (!bsearch(&addr, rows->row, rows->n, sizeof(*rows->row), compare_rows))
			(void)bpf_map_delete_elem(map, &addr);
	}
}

/* The bits that are to be there; without `exactly` those that were stay, too. */
static void write_bits(struct dnsbolt_config *config, const struct listen_rows *rows, bool exactly)
{
	uint64_t bits[DNSBOLT_LISTEN_BITS / 64] = { 0 };

	for (size_t i = 0; i < rows->n; i++) {
		uint64_t half[2];
		uint32_t bit;

		memcpy(half, &rows->row[i].addr, sizeof(half));
		bit = dnsbolt_listen_bit(half[0], half[1]);
		bits[bit / 64] |= 1ull << bit % 64;
	}
	for (size_t i = 0; i < DNSBOLT_LISTEN_BITS / 64; i++) {
		if (!exactly)
			bits[i] |= config->listen_bits[i];
		__atomic_store_n(&config->listen_bits[i], bits[i], __ATOMIC_RELEASE);
	}
}

/* Of the served addresses those for which there is room. A place that is reused matches nothing meanwhile. */
static void write_served(struct dnsbolt_config *config, const struct listen_rows *rows)
{
	size_t at = 0;

	for (size_t i = 0; i < rows->n && at < DNSBOLT_LISTEN_QUICK; i++) {
		if (!(rows->row[i].flags & DNSBOLT_ADDR_SERVED))
			continue;
		if (memcmp(&config->served[at], &rows->row[i].addr, sizeof(struct dnsbolt_addr))) {
			memset(&config->served[at], 0, sizeof(struct dnsbolt_addr));
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
			memcpy(&config->served[at], &rows->row[i].addr,
			       sizeof(struct dnsbolt_addr));
		}
		at++;
	}
	for (; at < DNSBOLT_LISTEN_QUICK; at++)
		memset(&config->served[at], 0, sizeof(struct dnsbolt_addr));
}

static int write_listen(struct attach *attach)
{
	struct listen_rows rows;
	int err;

	err = make_rows(attach, &rows);
	if (err)
		return attach_fail(attach, err, "listen: the host's addresses cannot be read: %s",
				   strerror(-err));
	write_bits(attach->page, &rows, false);
	err = add_rows(attach->maps.listen, &rows);
	if (!err)
		write_served(attach->page, &rows);
	if (err)
		attach_fail(attach, err,
			    "listen: %zu addresses are to be known, there is room for %u: %s",
			    rows.n, DNSBOLT_MAX_LISTEN, strerror(-err));
	else
		remove_other_rows(attach->maps.listen, &rows);
	if (!err)
		write_bits(attach->page, &rows, true);
	free(rows.row);
	return err;
}

/* An entry that changes is free while it does. */
static void write_iface(struct dnsbolt_iface *to, const struct attach_iface *iface)
{
	if (to->ifindex == iface->ifindex && to->mtu == iface->mtu &&
	    memcmp(to->mac, iface->mac, sizeof(to->mac)) == 0)
		return;
	__atomic_store_n(&to->ifindex, 0, __ATOMIC_SEQ_CST);
	to->mtu = iface->mtu;
	memcpy(to->mac, iface->mac, sizeof(to->mac));
	__atomic_store_n(&to->ifindex, iface->ifindex, __ATOMIC_RELEASE);
}

static void write_ifaces(struct attach *attach)
{
	struct dnsbolt_config *page = attach->page;

	for (unsigned int i = 0; i < attach->n_iface; i++)
		write_iface(&page->iface[i], &attach->iface[i]);
	for (unsigned int i = attach->n_iface; i < DNSBOLT_MAX_IFACES; i++)
		__atomic_store_n(&page->iface[i].ifindex, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&page->n_iface, attach->n_iface, __ATOMIC_RELEASE);
}

static void put_off_orphan(const struct attach *attach)
{
	struct timespec now;
	uint64_t until = 0;

	if (attach->orphan_ns && clock_gettime(CLOCK_BOOTTIME, &now) == 0)
		until = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec +
			attach->orphan_ns;
	__atomic_store_n(&attach->page->alive_until, until, __ATOMIC_RELEASE);
}

/* The length last, and none meanwhile: the program may be reading. */
static void write_identity(struct dnsbolt_identity *to, const void *octets, size_t len)
{
	if (to->len == len && memcmp(to->text, octets, len) == 0)
		return;
	__atomic_store_n(&to->len, 0, __ATOMIC_RELEASE);
	memcpy(to->text, octets, len);
	__atomic_store_n(&to->len, (uint8_t)len, __ATOMIC_RELEASE);
}

static void write_identities(struct dnsbolt_config *page, const struct config *config)
{
	uint8_t nsid[DNSBOLT_IDENTITY_MAX];
	size_t len = 0;

	write_identity(&page->server, config->identity, strlen(config->identity));
	write_identity(&page->version, config->version, strlen(config->version));
	(void)config_nsid(config->nsid, nsid, &len); /* checked when it was read */
	write_identity(&page->nsid, nsid, len);
}

int attach_configure(struct attach *attach, const struct config *config, uint32_t pass_options)
{
	struct dnsbolt_config *page = attach->page;
	int err;

	attach->n_served = 0;
	err = config->listen->address_count ? serve_configured(attach, config->listen)
					    : serve_own(attach);
	if (!err)
		err = write_listen(attach);
	if (err)
		return err;
	attach->orphan_ns = (uint64_t)config->orphan_timeout * 1000000000u;
	put_off_orphan(attach);
	write_ifaces(attach);
	page->port = htons(config->listen->port);
	page->max_udp = config->max_udp_size;
	page->pass_options = pass_options;
	page->return_path = config->return_path;
	page->any = config->any;
	write_identities(page, config);
	attach_write_clock(attach);
	err = attach_write_limits(attach, config);
	if (err)
		return err;
	__atomic_store_n(&page->mode, config->mode, __ATOMIC_RELEASE);
	return 0;
}

static void read_iface(struct attach_iface *iface)
{
	struct ifaces_link link;

	/* One that is gone may come back by another number: that takes a restart, and is no
	 * reason to stop. */
	if (ifaces_link(&link, iface->name) < 0 || link.ifindex != iface->ifindex)
		return;
	iface->mtu = link.mtu;
	memcpy(iface->mac, link.mac, sizeof(iface->mac));
}

int attach_renew(struct attach *attach)
{
	if (attach->must_clear)
		replace_clear(attach);
	attach->must_clear = false;
	put_off_orphan(attach);
	attach_write_clock(attach);
	for (unsigned int i = 0; i < attach->n_iface; i++)
		read_iface(&attach->iface[i]);
	write_ifaces(attach);
	return write_listen(attach);
}
