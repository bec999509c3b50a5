/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP side of metrics.h. libmicrohttpd has all its sockets in one epoll descriptor; the
 * daemon's loop watches that one, and a timer that libmicrohttpd asks for. Connections are few and
 * short-lived: a scraper is waited for 10 s.
 */
#include "metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../userspace/lib/addr.h"

#define CONNECTIONS_MAX 64u
#define TIMEOUT_SECONDS 10u
#define BACKLOG 16

struct metrics {
	struct daemon *daemon;
	struct MHD_Daemon *http;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned int handles; /* that are not closed yet: each of them holds this */
};

static const char index_page[] =
	"<!DOCTYPE html><html><head><title>dnsbolt</title></head>"
	"<body><h1>dnsbolt</h1><p><a href=\"/metrics\">Metrics</a></p></body></html>\n";

/* ---- one request ---- */

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned int status,
			       const char *type, char *text, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, mode);
	enum MHD_Result result;

	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result respond_text(struct MHD_Connection *connection, unsigned int status,
				    const char *text)
{
	return respond(connection, status, "text/plain; charset=utf-8", (char *)text,
		       MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result respond_metrics(struct MHD_Connection *connection, struct daemon *daemon)
{
	char *page = metrics_render(daemon);

	if (!page)
		return respond_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	return respond(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", page,
		       MHD_RESPMEM_MUST_FREE);
}

/* Called when the header is there, and again for the end of the request: an answer to the first
 * call would end the connection. libmicrohttpd leaves the body out of the response to HEAD. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **context)
{
	struct metrics *metrics = arg;

	(void)version;
	(void)upload;
	if (!*context) {
		*context = metrics;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0; /* nobody wants a body */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return respond_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				    "expected GET or HEAD\n");
	if (strcmp(url, "/metrics") == 0)
		return respond_metrics(connection, metrics->daemon);
	if (strcmp(url, "/") == 0)
		return respond(connection, MHD_HTTP_OK, "text/html; charset=utf-8",
			       (char *)index_page, MHD_RESPMEM_PERSISTENT);
	return respond_text(connection, MHD_HTTP_NOT_FOUND,
			    "not found: the metrics are at /metrics\n");
}

/* ---- in the loop ---- */

static void on_timer(uv_timer_t *timer);

static void run_http(struct metrics *metrics)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	(void)MHD_run(metrics->http);
	if (MHD_get_timeout(metrics->http, &timeout) == MHD_YES)
		(void)uv_timer_start(&metrics->timer, on_timer, timeout, 0);
	else
		(void)uv_timer_stop(&metrics->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run_http(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run_http(poll->data);
}

static void on_closed(uv_handle_t *handle)
{
	struct metrics *metrics = handle->data;

	if (--metrics->handles == 0)
		free(metrics);
}

static int watch(struct metrics *metrics)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(metrics->http, MHD_DAEMON_INFO_EPOLL_FD);
	uv_loop_t *loop = &metrics->daemon->loop;
	int err;

	if (!info)
		return -ENOTSUP;
	err = uv_poll_init(loop, &metrics->poll, info->epoll_fd);
	if (err)
		return err;
	metrics->poll.data = metrics;
	metrics->handles++;
	(void)uv_timer_init(loop, &metrics->timer);
	metrics->timer.data = metrics;
	metrics->handles++;
	return uv_poll_start(&metrics->poll, UV_READABLE, on_poll);
}

/* ---- start and stop ---- */

/* Made here and not by libmicrohttpd, so that it can be said what is wrong with the address. */
static int listen_on(int *ret_fd, const char *listen_text)
{
	struct sockaddr_storage sa;
	struct dnsbolt_addr addr;
	socklen_t len;
	uint16_t port;
	int fd, err, one = 1;

	err = addr_parse_port(&addr, &port, listen_text);
	if (err)
		return err;
	len = addr_to_sockaddr(&sa, &addr, port, 0);
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&sa, len) < 0 || listen(fd, BACKLOG) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int start(struct metrics *metrics, const char *listen_text)
{
	int fd = -1, err;

	err = listen_on(&fd, listen_text);
	if (err)
		return err;
	metrics->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, metrics,
					 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
					 CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
					 TIMEOUT_SECONDS, MHD_OPTION_END);
	if (!metrics->http) {
		close(fd);
		return -ENOMEM;
	}
	return watch(metrics);
}

int metrics_start(struct metrics **ret_metrics, struct daemon *daemon, const struct report *report)
{
	const char *listen_text = daemon->config->metrics->listen;
	struct metrics *metrics;
	int err;

	if (!listen_text || !*listen_text) {
		*ret_metrics = NULL;
		return 0;
	}
	metrics = calloc(1, sizeof(*metrics));
	if (!metrics)
		return -ENOMEM;
	metrics->daemon = daemon;
	err = start(metrics, listen_text);
	if (err) {
		report_say(report, LOG_LEVEL_ERROR, "metrics: listen: \"%s\": %s", listen_text,
			   err == -EINVAL ? "expected address:port, such as 127.0.0.1:9553"
					  : strerror(-err));
		metrics_stop(metrics);
		return err;
	}
	*ret_metrics = metrics;
	return 0;
}

/* Freed when the loop has closed the last handle. */
void metrics_stop(struct metrics *metrics)
{
	if (!metrics)
		return;
	if (metrics->handles == 0) {
		if (metrics->http)
			MHD_stop_daemon(metrics->http);
		free(metrics);
		return;
	}
	/* The descriptor is libmicrohttpd's: it must be out of the loop before it is closed. */
	(void)uv_poll_stop(&metrics->poll);
	MHD_stop_daemon(metrics->http);
	uv_close((uv_handle_t *)&metrics->poll, on_closed);
	uv_close((uv_handle_t *)&metrics->timer, on_closed);
}
