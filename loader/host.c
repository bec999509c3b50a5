/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/dname.h>

#include "../userspace/lib/addr.h"

#define REPLY_MS 1000
#define ASK_MS 30000

struct host {
	uv_timer_t timer;
	uv_work_t work;
	struct host_query query; /* the thread's while is_asking, as are the next two */
	struct probe_reply reply;
	int err;
	bool is_asking, is_closed;
	host_tell *tell; /* NULL: it is stopped */
	void *arg;
};

void host_query_init(struct host_query *ret_query, const struct attach *attach,
		     const struct config *config, const struct zoneset *zones)
{
	const struct zoneset_zone *zone = zoneset_next(zones, NULL);
	const struct dnsbolt_addr *addr;

	*ret_query = (struct host_query){ .port = config->listen->port };
	if (zone)
		memcpy(ret_query->name, zone->apex, knot_dname_size(zone->apex));
	/* A link-local one would need its interface, and the host has others. */
	for (unsigned int i = 0; ret_query->n < HOST_ADDRESSES; i++) {
		addr = attach_address(attach, i);
		if (!addr)
			break;
		if (!addr_is_link_local(addr))
			ret_query->address[ret_query->n++] = *addr;
	}
}

int host_ask(const struct host_query *query, struct probe_reply *ret_reply)
{
	int err = -EADDRNOTAVAIL;

	for (size_t i = 0; err && i < query->n; i++)
		err = probe_host(&query->address[i], query->port, query->name, REPLY_MS, ret_reply);
	return err;
}

static void ask(uv_work_t *work)
{
	struct host *host = work->data;

	host->err = host_ask(&host->query, &host->reply);
}

static void free_when_over(struct host *host)
{
	if (host->is_closed && !host->is_asking)
		free(host);
}

static void on_asked(uv_work_t *work, int status)
{
	struct host *host = work->data;

	host->is_asking = false;
	if (status == 0 && host->tell)
		host->tell(host->err, &host->reply, host->arg);
	free_when_over(host);
}

static void on_time(uv_timer_t *timer)
{
	struct host *host = timer->data;

	if (host->is_asking)
		return;
	host->is_asking = uv_queue_work(timer->loop, &host->work, ask, on_asked) == 0;
}

int host_start(struct host **ret_host, uv_loop_t *loop, const struct host_query *query,
	       host_tell *tell, void *arg)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return -ENOMEM;
	host->query = *query;
	host->tell = tell;
	host->arg = arg;
	host->work.data = host;
	(void)uv_timer_init(loop, &host->timer);
	host->timer.data = host;
	(void)uv_timer_start(&host->timer, on_time, ASK_MS, ASK_MS);
	*ret_host = host;
	return 0;
}

void host_ask_soon(struct host *host)
{
	if (host)
		(void)uv_timer_start(&host->timer, on_time, 0, ASK_MS);
}

static void on_closed(uv_handle_t *handle)
{
	struct host *host = handle->data;

	host->is_closed = true;
	free_when_over(host);
}

void host_stop(struct host *host)
{
	if (!host)
		return;
	host->tell = NULL;
	if (host->is_asking)
		(void)uv_cancel((uv_req_t *)&host->work);
	uv_close((uv_handle_t *)&host->timer, on_closed);
}
