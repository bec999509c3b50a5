/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "../lib/log.h"
#include "harden.h"

#define GRACE_MS 1000u /* for what is queued on TCP connections, at the end */
/* Connections, and a UDP and a TCP socket for every address that can be configured. */
#define FILES_MAX (TCP_CONNECTIONS_MAX + 2 * DNSBOLT_MAX_LISTEN + 64)

static bool refresh(void *arg)
{
	struct server *server = arg;

	return channel_read(&server->channel) > 0;
}

int server_serve(struct server *server)
{
	const char *missing = maps_missing(&server->maps);
	int err;

	if (missing) {
		log_error("channel: %s: not handed over before the start", missing);
		return -EPROTO;
	}
	harden_raise_files(FILES_MAX);
	err = harden_process();
	if (err) {
		log_error("resolver: cannot drop privileges: %s", strerror(-err));
		return err;
	}
	err = maps_make_limits(&server->maps);
	if (!err)
		err = core_new(&server->answer.core, &server->maps.view);
	if (err) {
		log_error("resolver: cannot start: %s", strerror(-err));
		return err;
	}
	server->answer.view = &server->maps.view;
	server->answer.stats = server->maps.stats;
	server->answer.refresh = refresh;
	server->answer.arg = server;
	err = udp_serve(&server->udp);
	if (!err)
		err = tcp_serve(&server->tcp);
	if (err)
		log_error("resolver: cannot serve: %s", strerror(-err));
	return err;
}

static void on_grace_over(uv_timer_t *timer)
{
	struct server *server = timer->data;

	tcp_abort(&server->tcp);
}

static void close_handle(void *handle)
{
	uv_handle_t *h = handle;

	if (h->type != UV_UNKNOWN_HANDLE && !uv_is_closing(h))
		uv_close(h, NULL);
}

/* The loop ends by itself when the last connection is closed. */
static void stop(struct server *server)
{
	close_handle(&server->sigterm);
	close_handle(&server->sigint);
	channel_close(&server->channel);
	udp_stop(&server->udp);
	tcp_stop(&server->tcp);
	(void)uv_timer_start(&server->grace, on_grace_over, GRACE_MS, 0);
	uv_unref((uv_handle_t *)&server->grace);
}

static void on_signal(uv_signal_t *signal, int number)
{
	log_info("resolver: ending: %s", strsignal(number));
	stop(signal->data);
}

void server_fail(struct server *server)
{
	server->failed = true;
	stop(server);
}

static int watch_signal(struct server *server, uv_signal_t *signal, int number)
{
	int err = uv_signal_init(&server->loop, signal);

	signal->data = server;
	return err ? err : uv_signal_start(signal, on_signal, number);
}

static int server_init(struct server *server, int channel_fd)
{
	int err;

	/* A client that goes away in the middle of a reply is nothing to die of. */
	(void)signal(SIGPIPE, SIG_IGN);
	err = uv_timer_init(&server->loop, &server->grace);
	server->grace.data = server;
	relay_init(&server->relay, &server->channel);
	if (!err)
		err = udp_init(&server->udp, &server->loop, &server->answer, &server->relay);
	if (!err)
		err = tcp_init(&server->tcp, &server->loop, &server->answer, &server->relay);
	if (!err)
		err = watch_signal(server, &server->sigterm, SIGTERM);
	if (!err)
		err = watch_signal(server, &server->sigint, SIGINT);
	if (!err)
		err = channel_open(&server->channel, server, channel_fd);
	return err;
}

static void server_done(struct server *server)
{
	close_handle(&server->sigterm);
	close_handle(&server->sigint);
	close_handle(&server->grace);
	channel_close(&server->channel);
	udp_stop(&server->udp);
	if (server->tcp.loop)
		tcp_abort(&server->tcp);
	(void)uv_run(&server->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&server->loop);
	udp_done(&server->udp);
	tcp_done(&server->tcp);
	core_free(server->answer.core);
	maps_done(&server->maps);
}

int server_run(int channel_fd)
{
	static struct server server;
	int err;

	maps_init(&server.maps);
	err = uv_loop_init(&server.loop);
	if (err) {
		log_error("resolver: cannot start: %s", strerror(-err));
		return 1;
	}
	err = server_init(&server, channel_fd);
	if (err) {
		log_error("resolver: cannot start: %s", strerror(-err));
		server.failed = true;
	} else {
		(void)uv_run(&server.loop, UV_RUN_DEFAULT);
	}
	server_done(&server);
	return server.failed;
}
