/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnsboltd: options, start in order, the loop, the end in order. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "../userspace/lib/addr.h"
#include "check.h"
#include "control/control.h"
#include "daemon.h"
#include "folder.h"
#include "limits.h"
#include "metrics/metrics.h"
#include "notify.h"
#include "preflight.h"
#include "resolver_pid.h"

#ifndef DNSBOLT_VERSION
#define DNSBOLT_VERSION "0.1.0"
#endif

#define CONFIG_PATH "/etc/dnsbolt/dnsboltd.conf"
#define EXIT_USAGE 2
#define RENEW_MS 5000
#define SYNC_ADDRESSES 3
#define FORMER_RESOLVER_MS 2000
#define ALL_OPTIONS (DNSBOLT_OPT_NSID | DNSBOLT_OPT_ECS | DNSBOLT_OPT_EXPIRE)

struct program {
	struct daemon daemon;
	struct control *control;
	struct metrics *metrics;
	bool ending; /* a signal said so, maybe while starting */
	uv_signal_t signals[3];
	uv_timer_t renew;
	uv_prepare_t settle;
	struct limits limits;
};

static void say(enum log_level level, const char *text, void *arg)
{
	(void)arg;
	log_write(level, "%s", text);
}

static const struct report report = { .say = say };

void daemon_set_mode(struct daemon *daemon, enum dnsbolt_mode mode)
{
	__atomic_store_n(&store_config(daemon->store)->mode, mode, __ATOMIC_RELEASE);
	daemon->config->mode = mode;
}

/* What the libraries say is for whoever looks for a cause; what it means is said by the callers. */
static int print_debug(const char *format, va_list args)
{
	char text[2048];

	if (vsnprintf(text, sizeof(text), format, args) > 0) {
		text[strcspn(text, "\n")] = '\0';
		log_debug("libbpf: %s", text);
	}
	return 0;
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return print_debug(format, args);
}

static int print_libxdp(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level;
	return print_debug(format, args);
}

static void say_finding(const char *interface, const struct preflight_finding *finding, void *arg)
{
	static const enum log_level level[] = {
		[PREFLIGHT_OK] = LOG_LEVEL_DEBUG,
		[PREFLIGHT_NOTE] = LOG_LEVEL_INFO,
		[PREFLIGHT_WARNING] = LOG_LEVEL_WARNING,
		[PREFLIGHT_ERROR] = LOG_LEVEL_ERROR,
	};

	(void)arg;
	log_write(level[finding->grade], "preflight: %s: %s: %s", interface, finding->area,
		  finding->text);
}

static int preflight_all(const struct config *config)
{
	int worst = PREFLIGHT_OK;

	for (unsigned int i = 0; i < config->interface_count; i++) {
		int grade = preflight_interface(config, config->interface[i], say_finding, NULL);

		if (grade < 0)
			log_warning("preflight: %s: %s", config->interface[i], strerror(-grade));
		else if (grade > worst)
			worst = grade;
	}
	return worst == PREFLIGHT_ERROR ? -EINVAL : 0;
}

static int make_folder(const char *path, mode_t mode, int (*make)(const char *path, mode_t mode))
{
	int err = make(path, mode);

	if (err)
		log_error("start: \"%s\" cannot be made: %s", path, strerror(-err));
	return err;
}

static int make_folders(const struct config *config)
{
	int err;

	err = make_folder(config->run_dir, 0755, folder_make);
	if (!err)
		err = make_folder(config->state_dir, 0750, folder_make);
	if (!err)
		err = make_folder(config->control, 0755, folder_make_above);
	return err;
}

static int open_store(struct daemon *daemon)
{
	const struct attach_maps *maps = attach_maps(daemon->attach);
	const struct store_maps store_maps = {
		.config = maps->config,
		.names = maps->names,
		.arena = maps->arena,
		.zones = maps->zones,
	};
	struct store_stats stats;
	int err;

	err = store_open(&daemon->store, &store_maps, attach_max_names(daemon->attach),
			 attach_maps_adopted(daemon->attach));
	if (err)
		log_error("store: cannot be opened: %s", strerror(-err));
	if (err)
		return err;
	store_get_stats(daemon->store, &stats);
	if (stats.rolled_back)
		log_notice("store: an interrupted change set was taken back: %ju nodes",
			   (uintmax_t)stats.rolled_back);
	return 0;
}

/* What the maps say of both is taken over before it is written anew. */
static int open_limits(struct daemon *daemon)
{
	int err = access_start(&daemon->access, daemon->config, daemon->attach);

	if (err) {
		log_error("clients: %s", strerror(-err));
		return err;
	}
	err = cookies_start(&daemon->cookies, &daemon->loop, daemon->config, daemon->attach,
			    &report);
	if (err)
		log_error("cookies: cannot be started: %s", strerror(-err));
	return err;
}

static int load_zones(struct daemon *daemon)
{
	int err;

	err = zoneset_new(&daemon->zones, daemon->store, &report);
	if (err) {
		log_error("zones: %s", strerror(-err));
		return err;
	}
	if (daemon->config->watch) {
		err = watch_start(&daemon->watch, &daemon->loop, daemon->zones, daemon->config,
				  &report);
		if (err)
			log_warning("watch: changes of files cannot be seen: %s", strerror(-err));
	}
	zoneset_set_clients(daemon->zones, access_clients(daemon->access));
	err = zoneset_configure(daemon->zones, daemon->config);
	if (err) {
		log_error("zones: %s", check_error(daemon->zones, err));
		return err;
	}
	err = sync_open(&daemon->sync, &daemon->loop, daemon->config, daemon->store, daemon->zones,
			&report);
	if (err)
		return err;
	err = zoneset_load(daemon->zones);
	if (err)
		log_error("zones: %s", check_error(daemon->zones, err));
	else if (daemon->watch)
		watch_zones(daemon->watch);
	return err;
}

static size_t answer_notify(const uint8_t *msg, size_t len, const struct dnsbolt_addr *from,
			    uint8_t *reply, void *arg)
{
	return sync_notify(arg, msg, len, from, reply);
}

/* Served addresses are the host's; one that is reached by a single interface would need it named. */
static int start_sync(struct daemon *daemon)
{
	struct dnsbolt_addr host[SYNC_ADDRESSES];
	const struct dnsbolt_addr *addr;
	size_t n = 0;
	int err;

	for (unsigned int i = 0; n < SYNC_ADDRESSES; i++) {
		addr = attach_address(daemon->attach, i);
		if (!addr)
			break;
		if (!addr_is_link_local(addr))
			host[n++] = *addr;
	}
	err = sync_start(daemon->sync, host, n);
	if (!err)
		err = sigwatch_start(&daemon->sigwatch, &daemon->loop, daemon->zones, &report);
	if (err)
		log_error("sync: cannot be started: %s", strerror(-err));
	else if (daemon->resolver)
		resolver_on_notify(daemon->resolver, answer_notify, daemon->sync);
	return err;
}

static void meet_host(int err, const struct probe_reply *reply, void *arg)
{
	cookies_meet_host(arg, err, reply);
}

static void ask_host_soon(void *arg)
{
	host_ask_soon(arg);
}

/* Which EDNS options make a query pass to the host, and what it does with cookies: from now on asked regularly. */
static int follow_host(struct daemon *daemon)
{
	struct probe_reply reply = {};
	struct host_query query;
	int err;

	host_query_init(&query, daemon->attach, daemon->config, daemon->zones);
	err = host_ask(&query, &reply);
	if (err) {
		reply.options = ALL_OPTIONS;
		log_warning(
			"probe: the host's DNS server did not answer: %s: queries with COOKIE, NSID, ECS or EXPIRE "
			"options go to it",
			strerror(-err));
	}
	daemon->pass_options = reply.options;
	cookies_meet_host(daemon->cookies, err, &reply);
	err = host_start(&daemon->host, &daemon->loop, &query, meet_host, daemon->cookies);
	if (!err)
		cookies_on_change(daemon->cookies, ask_host_soon, daemon->host);
	return err;
}

/* The resolver of a daemon before this one, which was configured with it: port 53 is the host's now. */
static void end_former_resolver(const struct daemon *daemon)
{
	int pidfd = resolver_pid_open(daemon->config->run_dir);

	if (pidfd < 0)
		return;
	log_notice("resolver: the one that an earlier dnsboltd left is ended (fallback: host)");
	resolver_pid_end(pidfd, FORMER_RESOLVER_MS);
	close(pidfd);
	resolver_pid_remove(daemon->config->run_dir);
}

static int configure_access(struct daemon *daemon)
{
	int err = access_apply(daemon->access, daemon->zones);

	if (err)
		log_error("clients: there is room for %u prefixes: %s", DNSBOLT_MAX_CLIENTS,
			  strerror(-err));
	return err;
}

static int configure(struct daemon *daemon)
{
	bool host = daemon->config->fallback == CONFIG_FALLBACK_HOST;
	int err = 0;

	/* The addresses to ask at are known when the maps are written: until the host has answered,
	 * it gets what it may answer otherwise. */
	if (host) {
		err = attach_configure(daemon->attach, daemon->config, ALL_OPTIONS);
		end_former_resolver(daemon);
	} else {
		cookies_without_host(daemon->cookies);
	}
	if (!err && host)
		err = follow_host(daemon);
	if (!err)
		err = attach_configure(daemon->attach, daemon->config, daemon->pass_options);
	if (err)
		log_error("%s", attach_error(daemon->attach));
	return err ? err : configure_access(daemon);
}

static int start_fallback(struct daemon *daemon)
{
	int err;

	if (daemon->config->fallback != CONFIG_FALLBACK_RESOLVER)
		return 0;
	err = resolver_start(&daemon->resolver, &daemon->loop, daemon->config, daemon->attach,
			     daemon->store, &report);
	if (err)
		log_error("resolver: cannot be started: %s", strerror(-err));
	return err;
}

static int start_attach(struct daemon *daemon)
{
	int err = attach_start(daemon->attach);

	if (err)
		log_error("%s", attach_error(daemon->attach));
	return err;
}

static int start_outlets(struct program *program)
{
	int err;

	err = control_start(&program->control, &program->daemon, &report);
	if (err)
		log_error("control: \"%s\": %s", program->daemon.config->control, strerror(-err));
	else if (*program->daemon.config->metrics->listen)
		err = metrics_start(&program->metrics, &program->daemon, &report);
	return err;
}

static int start(struct program *program)
{
	struct daemon *daemon = &program->daemon;
	int err;

	err = config_load(&daemon->config, daemon->config_path, &report);
	if (!err)
		err = preflight_all(daemon->config);
	if (!err)
		err = make_folders(daemon->config);
	if (!err)
		err = attach_open(&daemon->attach, daemon->config, &report);
	if (!err)
		err = open_store(daemon);
	if (!err)
		err = open_limits(daemon);
	if (!err)
		err = load_zones(daemon);
	if (!err)
		err = configure(daemon);
	if (!err)
		err = start_fallback(daemon);
	if (!err)
		err = start_sync(daemon);
	/* Last, so that whatever fails before has not touched an interface. */
	if (!err)
		err = start_outlets(program);
	if (!err)
		err = start_attach(daemon);
	return err;
}

/* "eth0, eth1 in native mode"; where they differ "eth0 in native mode, eth1 in skb mode" */
static void write_interfaces(FILE *out, const struct attach *attach)
{
	const struct attach_iface *iface;

	for (unsigned int i = 0; (iface = attach_iface(attach, i)); i++) {
		const struct attach_iface *next = attach_iface(attach, i + 1);

		(void)fputs(iface->name, out);
		if (!next || strcmp(next->mode, iface->mode) != 0)
			(void)fprintf(out, " in %s mode", iface->mode);
		if (next)
			(void)fputs(", ", out);
	}
}

/* The line that says so has a form of its own: scripts wait for it. */
static void say_ready(const struct daemon *daemon)
{
	size_t zones, names, len;
	char *text = NULL;
	FILE *out;

	(void)check_count(daemon->zones, &zones, &names);
	out = open_memstream(&text, &len);
	if (!out)
		return;
	(void)fprintf(out, "ready: %zu zones, %zu names, attached to ", zones, names);
	write_interfaces(out, daemon->attach);
	if (fclose(out) == 0)
		(void)fprintf(stderr, "%s\n", text);
	free(text);
	notify_send("READY=1");
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct program *program = handle->data;
	int err;

	if (number != SIGHUP) {
		program->ending = true;
		uv_stop(handle->loop);
		return;
	}
	if (!program->daemon.zones)
		return;
	cookies_reload(program->daemon.cookies);
	err = zoneset_reload(program->daemon.zones, NULL);
	if (err)
		log_error("zones: reload: %s", check_error(program->daemon.zones, err));
	else
		log_info("zones: reloaded");
}

static void on_renew(uv_timer_t *timer)
{
	struct program *program = timer->data;
	static bool said;
	int err = attach_renew(program->daemon.attach);

	access_renew(program->daemon.access);
	limits_check(&program->limits, program->daemon.store, &report);
	if (err && !said)
		log_warning("%s: trying again", attach_error(program->daemon.attach));
	said = err != 0;
}

/* From here on signals wait for the loop: one that comes while starting ends in good order too. */
static void watch_signals(struct program *program)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		(void)uv_signal_init(&program->daemon.loop, &program->signals[i]);
		program->signals[i].data = program;
		(void)uv_signal_start(&program->signals[i], on_signal, numbers[i]);
	}
	(void)signal(SIGPIPE, SIG_IGN);
}

static void renew_regularly(struct program *program)
{
	(void)uv_timer_init(&program->daemon.loop, &program->renew);
	program->renew.data = program;
	(void)uv_timer_start(&program->renew, on_renew, RENEW_MS, RENEW_MS);
	limits_check(&program->limits, program->daemon.store, &report);
}

/* What the last change left to do once no reader is in the old version is done before the loop waits, so
 * that the next change need not wait for it. What fails here is tried again, and said, by that one. */
static void on_settle(uv_prepare_t *prepare)
{
	struct program *program = prepare->data;

	(void)store_reclaim(program->daemon.store);
}

static void settle_when_idle(struct program *program)
{
	(void)uv_prepare_init(&program->daemon.loop, &program->settle);
	program->settle.data = program;
	(void)uv_prepare_start(&program->settle, on_settle);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* In the order in which what goes is needed no more; NULLs are fine. `completed`: what is attached
 * ends by on-exit, else as if this start had not been. */
static void stop(struct program *program, bool completed)
{
	struct daemon *daemon = &program->daemon;
	bool stays = completed ? daemon->config->on_exit == CONFIG_EXIT_STAY
			       : daemon->attach && attach_adopted(daemon->attach);

	metrics_stop(program->metrics);
	control_stop(program->control);
	if (daemon->resolver)
		resolver_on_notify(daemon->resolver, NULL, NULL);
	host_stop(daemon->host);
	cookies_stop(daemon->cookies);
	sigwatch_stop(daemon->sigwatch);
	sync_stop(daemon->sync);
	if (completed)
		attach_stop(daemon->attach, daemon->config->on_exit);
	resolver_stop(daemon->resolver, stays);
	watch_stop(daemon->watch);
	zoneset_free(daemon->zones);
	access_stop(daemon->access);
	store_close(daemon->store);
	attach_free(daemon->attach);
	uv_walk(&daemon->loop, close_handle, NULL);
	(void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&daemon->loop);
	config_free(daemon->config);
}

static int run(const char *config_path)
{
	struct program program = { .daemon = { .config_path = config_path,
					       .started = time(NULL) } };
	int err;

	err = uv_loop_init(&program.daemon.loop);
	if (err) {
		log_error("start: %s", uv_strerror(err));
		return EXIT_FAILURE;
	}
	watch_signals(&program);
	err = start(&program);
	if (!err) {
		renew_regularly(&program);
		settle_when_idle(&program);
		say_ready(&program.daemon);
		if (!program.ending)
			(void)uv_run(&program.daemon.loop, UV_RUN_DEFAULT);
		notify_send("STOPPING=1");
	}
	stop(&program, !err);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void usage(FILE *out)
{
	(void)fprintf(
		out,
		"usage: dnsboltd [-d] [-c FILE]          run in the foreground\n"
		"       dnsboltd --check [-d] [-c FILE]  check the configuration and its zones\n"
		"       dnsboltd -V | -h\n"
		"\n"
		"  -c, --config FILE  configuration (" CONFIG_PATH ")\n"
		"      --check        exit with 0 when all is well, 1 when not\n"
		"  -d, --debug        say more\n"
		"  -V, --version\n"
		"  -h, --help\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
		{ "debug", no_argument, NULL, 'd' },	    { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },	    {},
	};
	const char *path = CONFIG_PATH;
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:dVh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'd':
			log_set_level(LOG_LEVEL_DEBUG);
			break;
		case 'V':
			printf("dnsboltd " DNSBOLT_VERSION "\n");
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "dnsboltd: \"%s\": no arguments besides options\n",
			      argv[optind]);
		usage(stderr);
		return EXIT_USAGE;
	}
	(void)libbpf_set_print(print_libbpf);
	(void)libxdp_set_print(print_libxdp);
	return check ? check_run(path, &report) : run(path);
}
