/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What dnsbolt-resolver needs is opened once, when dnsboltd has the rights to; a resolver that is
 * started again gets the same sockets, so that what came in meanwhile waits there. The program
 * file is kept open too: one that a package upgrade puts in its place may speak another version
 * of ipc.h.
 */
#include "resolver.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "resolver_pid.h"
#include "resolver_sockets.h"

#define PROGRAM "dnsbolt-resolver"
#ifndef SBIN_DIR
#define SBIN_DIR "/usr/sbin"
#endif

#define READY_MS 5000u
#define END_MS 3000
#define BACKOFF_MIN_MS 100u
#define BACKOFF_MAX_MS 10000u
#define STEADY_MS 60000u /* a process that lived so long was not broken from the start */
#define CHILD_CHANNEL 3
#define NOTIFY_TURN 64 /* that are answered before others of the loop have their turn */

/* One process; freed when its handles are closed, which may be after the resolver is. */
struct run {
	uv_process_t process;
	uv_poll_t poll;
	struct resolver *resolver;
	int channel;
	unsigned int handles; /* not closed */
	uint64_t started;
	/* what has been handed over */
	unsigned int step, sockets;
	uint32_t segments;
	bool serve, blocked, ready, over;
};

struct resolver {
	uv_loop_t *loop;
	const struct config *config;
	struct store *store;
	const struct attach_maps *maps;
	const struct report *report;
	char path[PATH_MAX];
	int program, names, clients, stats_fd;
	struct ipc_stats *stats;
	uid_t uid;
	gid_t gid;
	struct resolver_sockets sockets;
	uv_timer_t timer; /* until it is ready, or until it is started again */
	struct run *run;  /* NULL: not running */
	resolver_notify *notify;
	void *notify_arg;
	unsigned int restarts, backoff_ms;
};

static void say(const struct resolver *resolver, const char *what, int err)
{
	report_say(resolver->report, LOG_LEVEL_ERROR, "resolver: %s: %s", what, strerror(-err));
}

/* ---- handing over ---- */

/* The next message that is due, and its descriptor. False: none is. */
static bool next_message(struct run *run, struct ipc_message *ret_msg, int *ret_fd)
{
	const struct resolver *resolver = run->resolver;
	const struct {
		struct ipc_message msg;
		int fd;
	} first[] = {
		{ { IPC_HELLO, IPC_VERSION << 16 | DNSBOLT_ABI }, -1 },
		{ { IPC_CONFIG, 0 }, resolver->maps->config },
		{ { IPC_ZONES, 0 }, resolver->maps->zones },
		{ { IPC_NAMES, 0 }, resolver->names },
		{ { IPC_CLIENTS, 0 }, resolver->clients },
		{ { IPC_STATS, 0 }, resolver->stats_fd },
	};
	const unsigned int n_first = sizeof(first) / sizeof(first[0]);
	int segment = store_segment_fd(resolver->store, run->segments);

	*ret_fd = -1;
	if (run->step < n_first) {
		*ret_msg = first[run->step].msg;
		*ret_fd = first[run->step].fd;
	} else if (segment >= 0) {
		*ret_msg = (struct ipc_message){ IPC_SEGMENT, run->segments };
		*ret_fd = segment;
	} else if (run->sockets < resolver->sockets.n) {
		const struct resolver_socket *sock = &resolver->sockets.socket[run->sockets];

		*ret_msg = (struct ipc_message){ sock->tcp ? IPC_TCP : IPC_UDP, 0 };
		*ret_fd = sock->fd;
	} else if (!run->serve) {
		*ret_msg = (struct ipc_message){ IPC_SERVE, 0 };
	} else {
		return false;
	}
	return true;
}

static void message_sent(struct run *run, enum ipc_type type)
{
	if (type == IPC_SEGMENT)
		run->segments++;
	else if (type == IPC_UDP || type == IPC_TCP)
		run->sockets++;
	else if (type == IPC_SERVE)
		run->serve = true;
	else
		run->step++;
}

static int send_message(int channel, const struct ipc_message *msg, int fd)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)msg, sizeof(*msg) };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&hdr);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	return sendmsg(channel, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Sends what is due, as far as the channel takes it; ETOOMANYREFS: too many descriptors are on
 * their way. When the other end is gone, the process has ended or is about to, which is seen
 * elsewhere. */
static void hand_over(struct run *run)
{
	struct ipc_message msg;
	int fd, err = 0;

	while (!err && next_message(run, &msg, &fd)) {
		err = send_message(run->channel, &msg, fd);
		if (!err)
			message_sent(run, msg.type);
	}
	run->blocked = err == -EAGAIN || err == -ETOOMANYREFS;
}

static void on_channel(uv_poll_t *poll, int status, int events);

static void watch_channel(struct run *run)
{
	int events = UV_READABLE | (run->blocked ? UV_WRITABLE : 0);

	if (!run->over && uv_poll_start(&run->poll, events, on_channel))
		(void)uv_process_kill(&run->process, SIGKILL);
}

/* The answer may get lost, as the NOTIFY may. */
static void answer_notify(struct run *run, const struct ipc_notify *notify, size_t len)
{
	const struct resolver *resolver = run->resolver;
	struct ipc_notify_reply reply = { .head = { IPC_NOTIFY_REPLY, notify->head.value } };
	size_t reply_len = 0;

	if (resolver->notify)
		reply_len = resolver->notify(notify->msg, len, &notify->from, reply.msg,
					     resolver->notify_arg);
	(void)send(run->channel, &reply, sizeof(reply.head) + reply_len,
		   MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Returns false when the other end is closed. */
static bool read_channel(struct run *run)
{
	const size_t notify_head = offsetof(struct ipc_notify, msg);
	struct ipc_notify msg;
	ssize_t n = 0;

	for (int i = 0; i < NOTIFY_TURN; i++) {
		n = recv(run->channel, &msg, sizeof(msg), MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		if ((size_t)n == sizeof(msg.head) && msg.head.type == IPC_READY)
			run->ready = true;
		else if ((size_t)n > notify_head && msg.head.type == IPC_NOTIFY)
			answer_notify(run, &msg, (size_t)n - notify_head);
	}
	return true;
}

static void became_ready(struct resolver *resolver);

static void on_channel(uv_poll_t *poll, int status, int events)
{
	struct run *run = poll->data;
	bool was_ready = run->ready;

	(void)status;
	(void)events;
	if (!read_channel(run)) {
		(void)uv_poll_stop(poll);
		return;
	}
	if (run->ready && !was_ready)
		became_ready(run->resolver);
	hand_over(run);
	watch_channel(run);
}

static void on_segment(uint32_t segment, int fd, void *arg)
{
	struct resolver *resolver = arg;

	(void)segment;
	(void)fd;
	if (!resolver->run || resolver->run->over)
		return;
	hand_over(resolver->run);
	watch_channel(resolver->run);
}

/* ---- the process ---- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct run *run = handle->data;

	if (--run->handles)
		return;
	(void)close(run->channel);
	free(run);
}

/* The process itself goes on, if it has not ended. */
static void run_close(struct run *run)
{
	run->over = true;
	uv_close((uv_handle_t *)&run->process, on_handle_closed);
	uv_close((uv_handle_t *)&run->poll, on_handle_closed);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal);

/* The session of its own keeps a Ctrl-C at dnsboltd's terminal from the resolver. The program is
 * named by descriptor, as the user it runs as may not reach it by path. */
static int spawn(struct resolver *resolver, struct run *run, int channel)
{
	char program[sizeof("/proc/self/fd/") + 3 * sizeof(int)], journal[PATH_MAX];
	char *args[] = { (char *)(uintptr_t)PROGRAM, (char *)(uintptr_t) "--channel",
			 (char *)(uintptr_t) "3", NULL };
	const char *stream = getenv("JOURNAL_STREAM");
	char *env[] = { stream ? journal : NULL, NULL };
	uv_stdio_container_t stdio[CHILD_CHANNEL + 1] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
		{ .flags = UV_INHERIT_FD, .data.fd = channel },
	};
	uv_process_options_t options = {
		.exit_cb = on_process_exit,
		.file = program,
		.args = args,
		.env = env,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = CHILD_CHANNEL + 1,
		.stdio = stdio,
		.uid = resolver->uid,
		.gid = resolver->gid,
	};

	_Static_assert(CHILD_CHANNEL == 3, "as args say");
	(void)snprintf(program, sizeof(program), "/proc/self/fd/%d", resolver->program);
	(void)snprintf(journal, sizeof(journal), "JOURNAL_STREAM=%s", stream ? stream : "");
	if (geteuid() == 0)
		options.flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID;
	return uv_spawn(resolver->loop, &run->process, &options);
}

/* Also on failure the run may have handles, which the loop closes. */
static int start_process(struct resolver *resolver)
{
	struct run *run = calloc(1, sizeof(*run));
	int channel[2], err;

	if (!run)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) {
		err = -errno;
		free(run);
		return err;
	}
	run->resolver = resolver;
	run->channel = channel[0];
	run->started = uv_now(resolver->loop);
	err = uv_poll_init(resolver->loop, &run->poll, channel[0]);
	if (err) {
		(void)close(channel[0]);
		(void)close(channel[1]);
		free(run);
		return err;
	}
	run->handles = 2;
	run->poll.data = run;
	err = spawn(resolver, run, channel[1]);
	run->process.data = run;
	(void)close(channel[1]);
	if (err) {
		run_close(run);
		report_say(resolver->report, LOG_LEVEL_ERROR,
			   "resolver: cannot run \"%s\" as user \"%s\": %s", resolver->path,
			   resolver->config->user, strerror(-err));
		return err;
	}
	resolver->run = run;
	hand_over(run);
	watch_channel(run);
	return 0;
}

/* A resolver that an earlier dnsboltd left has answered until now. */
static void became_ready(struct resolver *resolver)
{
	const char *run_dir = resolver->config->run_dir;
	int pidfd = resolver_pid_open(run_dir), err;

	(void)uv_timer_stop(&resolver->timer);
	if (pidfd >= 0) {
		resolver_pid_end(pidfd, END_MS);
		(void)close(pidfd);
	}
	err = resolver_pid_write(run_dir, resolver_pid(resolver));
	if (err)
		report_say(resolver->report, LOG_LEVEL_WARNING,
			   "resolver: %s/resolver.pid: %s: the next dnsboltd will not find it",
			   run_dir, strerror(-err));
}

/* ---- starting again ---- */

static void on_timer(uv_timer_t *timer);

static void start_later(struct resolver *resolver)
{
	(void)uv_timer_start(&resolver->timer, on_timer, resolver->backoff_ms, 0);
	resolver->backoff_ms *= 2;
	if (resolver->backoff_ms > BACKOFF_MAX_MS)
		resolver->backoff_ms = BACKOFF_MAX_MS;
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct run *run = process->data;
	struct resolver *resolver = run->resolver;

	resolver->run = NULL;
	if (uv_now(resolver->loop) - run->started >= STEADY_MS)
		resolver->backoff_ms = BACKOFF_MIN_MS;
	report_say(resolver->report, LOG_LEVEL_ERROR,
		   "resolver: ended (%s %d): starting it again in %u ms",
		   signal ? "signal" : "exit code", signal ? signal : (int)status,
		   resolver->backoff_ms);
	run_close(run);
	start_later(resolver);
}

static void on_timer(uv_timer_t *timer)
{
	struct resolver *resolver = timer->data;

	if (resolver->run) {
		report_say(resolver->report, LOG_LEVEL_ERROR,
			   "resolver: not ready within %u ms: ending it", READY_MS);
		(void)uv_process_kill(&resolver->run->process, SIGKILL);
		return;
	}
	resolver->restarts++;
	if (start_process(resolver))
		start_later(resolver);
	else
		(void)uv_timer_start(&resolver->timer, on_timer, READY_MS, 0);
}

/* ---- opening what is needed ---- */

/* Beside dnsboltd, as in a build tree, else where it is installed. */
static int open_program(struct resolver *resolver)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (unsigned int i = 0; i < 2; i++) {
		n = snprintf(resolver->path, sizeof(resolver->path), "%s/" PROGRAM,
			     i ? SBIN_DIR : self);
		if (n < 0 || (size_t)n >= sizeof(resolver->path))
			continue;
		resolver->program = open(resolver->path, O_PATH | O_CLOEXEC);
		if (resolver->program >= 0)
			return 0;
	}
	report_say(resolver->report, LOG_LEVEL_ERROR,
		   "resolver: no " PROGRAM " in \"%s\" or \"%s\"", self, SBIN_DIR);
	return -ENOENT;
}

static int find_user(struct resolver *resolver)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(resolver->config->user);
	if (!user) {
		report_say(resolver->report, LOG_LEVEL_ERROR, "resolver: user \"%s\": %s",
			   resolver->config->user,
			   errno ? strerror(errno) : "there is no such user");
		return errno ? -errno : -ENOENT;
	}
	resolver->uid = user->pw_uid;
	resolver->gid = user->pw_gid;
	return 0;
}

/* A descriptor of the map that cannot write, since the resolver keeps it. */
static int open_to_read(const struct resolver *resolver, const char *what, int map, int *ret_fd)
{
	LIBBPF_OPTS(bpf_get_fd_by_id_opts, opts, .open_flags = BPF_F_RDONLY);
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	int err;

	if (bpf_obj_get_info_by_fd(map, &info, &len) == 0)
		*ret_fd = bpf_map_get_fd_by_id_opts(info.id, &opts);
	if (*ret_fd >= 0)
		return 0;
	err = -errno;
	say(resolver, what, err);
	return err;
}

/* Sealed, so that nobody can make it shorter than our mapping. */
static int open_stats(struct resolver *resolver)
{
	void *start = MAP_FAILED;
	int err;

	resolver->stats_fd =
		memfd_create("dnsbolt-resolver-stats", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (resolver->stats_fd >= 0 &&
	    ftruncate(resolver->stats_fd, sizeof(*resolver->stats)) == 0 &&
	    fcntl(resolver->stats_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		start = mmap(NULL, sizeof(*resolver->stats), PROT_READ, MAP_SHARED,
			     resolver->stats_fd, 0);
	if (start != MAP_FAILED) {
		resolver->stats = start;
		return 0;
	}
	err = -errno;
	say(resolver, "counters", err);
	return err;
}

static int open_sockets(struct resolver *resolver, const struct attach *attach)
{
	int earlier = resolver_pid_open(resolver->config->run_dir);

	if (earlier >= 0)
		(void)close(earlier);
	return resolver_sockets_open(&resolver->sockets, resolver->config, attach, earlier >= 0,
				     resolver->report);
}

/* dnsboltd has nothing else to do before its start is complete, so this waits without the loop. */
static int wait_ready(struct resolver *resolver)
{
	struct run *run = resolver->run;
	uint64_t end = uv_hrtime() / 1000000 + READY_MS;

	while (!run->ready) {
		struct pollfd channel = { run->channel,
					  (short)(POLLIN | (run->blocked ? POLLOUT : 0)), 0 };
		uint64_t now = uv_hrtime() / 1000000;

		if (now >= end || poll(&channel, 1, (int)(end - now)) == 0) {
			report_say(resolver->report, LOG_LEVEL_ERROR,
				   "resolver: not ready within %u ms", READY_MS);
			return -ETIMEDOUT;
		}
		if (!read_channel(run) && !run->ready) {
			report_say(resolver->report, LOG_LEVEL_ERROR,
				   "resolver: ended before it was ready");
			return -EPIPE;
		}
		hand_over(run);
	}
	became_ready(resolver);
	watch_channel(run);
	return 0;
}

int resolver_start(struct resolver **ret_resolver, uv_loop_t *loop, const struct config *config,
		   const struct attach *attach, struct store *store, const struct report *report)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int err;

	if (!resolver)
		return -ENOMEM;
	err = uv_timer_init(loop, &resolver->timer);
	if (err) {
		free(resolver);
		return err;
	}
	resolver->timer.data = resolver;
	resolver->loop = loop;
	resolver->config = config;
	resolver->store = store;
	resolver->maps = attach_maps(attach);
	resolver->report = report;
	resolver->program = resolver->names = resolver->clients = resolver->stats_fd = -1;
	resolver->backoff_ms = BACKOFF_MIN_MS;
	err = open_program(resolver);
	if (!err)
		err = find_user(resolver);
	if (!err)
		err = open_to_read(resolver, "names map: cannot be opened for reading",
				   resolver->maps->names, &resolver->names);
	if (!err)
		err = open_to_read(resolver, "clients map: cannot be opened for reading",
				   resolver->maps->clients, &resolver->clients);
	if (!err)
		err = open_stats(resolver);
	if (!err)
		err = open_sockets(resolver, attach);
	if (!err)
		err = start_process(resolver);
	if (!err)
		err = wait_ready(resolver);
	if (err) {
		resolver_stop(resolver, false);
		return err;
	}
	store_on_segment(store, on_segment, resolver);
	*ret_resolver = resolver;
	return 0;
}

/* ---- the rest ---- */

void resolver_on_notify(struct resolver *resolver, resolver_notify *notify, void *arg)
{
	resolver->notify = notify;
	resolver->notify_arg = arg;
}

pid_t resolver_pid(const struct resolver *resolver)
{
	return resolver->run ? resolver->run->process.pid : 0;
}

unsigned int resolver_restarts(const struct resolver *resolver)
{
	return resolver->restarts;
}

const struct ipc_stats *resolver_stats(const struct resolver *resolver)
{
	return resolver->stats;
}

/* It has not been waited for yet, so the number is still its own. */
static void end_process(const struct resolver *resolver)
{
	pid_t pid = resolver_pid(resolver);
	int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0) {
		(void)kill(pid, SIGKILL);
		return;
	}
	resolver_pid_end(pidfd, END_MS);
	(void)close(pidfd);
	(void)waitpid(pid, NULL, WNOHANG);
	if (resolver->run->ready)
		resolver_pid_remove(resolver->config->run_dir);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void resolver_stop(struct resolver *resolver, bool keep)
{
	if (!resolver)
		return;
	store_on_segment(resolver->store, NULL, NULL);
	if (resolver->run) {
		if (!keep)
			end_process(resolver);
		run_close(resolver->run);
	}
	resolver_sockets_close(&resolver->sockets);
	if (resolver->stats)
		(void)munmap(resolver->stats, sizeof(*resolver->stats));
	close_fd(resolver->program);
	close_fd(resolver->names);
	close_fd(resolver->clients);
	close_fd(resolver->stats_fd);
	uv_close((uv_handle_t *)&resolver->timer, on_timer_closed);
}
