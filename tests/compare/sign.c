// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keys of three algorithms in turn, and zones signed by BIND, ldns and Knot in turn. The zones of one round have the same key, whose
 * files only differ in the name; but for Knot's, which makes its own.
 */
#include "compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE 4

static unsigned int running;
static bool failed;
static unsigned int rounds; /* calls of sign_keys() */
static char key[128];	    /* K + NAME + algorithm and tag: the last part */
static char key_data[1024]; /* behind the owner */

static pid_t run(char *const *argv, const char *dir, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (chdir(dir))
		_exit(126);
	dup2(out, 1);
	dup2(out, 2);
	execvp(argv[0], argv);
	_exit(127);
}

static int read_key(const char *dir)
{
	char path[512], line[1024];
	const char *data;
	FILE *in;

	snprintf(path, sizeof(path), "%s/Kkey.%s.key", dir, key);
	in = fopen(path, "r");
	if (!in)
		return -errno;
	while (fgets(line, sizeof(line), in))
		if (*line != ';' && (data = strstr(line, " IN DNSKEY ")))
			snprintf(key_data, sizeof(key_data), "%s", data + strlen(" IN DNSKEY "));
	fclose(in);
	key_data[strcspn(key_data, "\n")] = '\0';
	return *key_data ? 0 : -EINVAL;
}

/* RFC 8624 section 3.1: what zones are signed with */
static char *const algorithms[][5] = {
	{ "-a", "ECDSAP256SHA256", NULL },
	{ "-a", "RSASHA256", "-b", "2048", NULL },
	{ "-a", "ED25519", NULL },
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

int sign_keys(const char *dir)
{
	char *argv[16] = { "dnssec-keygen", "-q", "-f", "KSK" };
	char *const *algorithm = algorithms[rounds++ % ALGORITHMS];
	size_t n = 4;
	char name[128] = "";
	int status, fds[2];
	ssize_t got;
	pid_t pid;

	while (*algorithm)
		argv[n++] = *algorithm++;
	argv[n] = "key.";
	*key = '\0';
	if (pipe(fds))
		return -errno;
	pid = run(argv, dir, fds[1]);
	close(fds[1]);
	got = read(fds[0], name, sizeof(name) - 1);
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	if (status)
		return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -EINVAL;
	name[got > 0 ? got : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	snprintf(key, sizeof(key), "%s", strncmp(name, "Kkey.", 5) ? "" : name + 5);
	return *key ? read_key(dir) : -EINVAL;
}

static int copy_key(const char *dir, const char *name)
{
	char from[512], to[600], text[4096];
	FILE *file;
	size_t len;

	snprintf(from, sizeof(from), "%s/Kkey.%s.private", dir, key);
	file = fopen(from, "r");
	if (!file)
		return -errno;
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	snprintf(to, sizeof(to), "%s/K%s%s.private", dir, name, key);
	file = fopen(to, "w");
	if (!file)
		return -errno;
	fwrite(text, 1, len, file);
	if (fclose(file))
		return -errno;
	snprintf(to, sizeof(to), "%s/K%s%s.key", dir, name, key);
	file = fopen(to, "w");
	if (!file)
		return -errno;
	fprintf(file, "%s 3600 IN DNSKEY %s\n", name, key_data);
	if (fclose(file))
		return -errno;
	snprintf(to, sizeof(to), "%s/%splain", dir, name);
	file = fopen(to, "a");
	if (!file)
		return -errno;
	fprintf(file, "%s 3600 IN DNSKEY %s\n", name, key_data);
	return fclose(file) ? -errno : 0;
}

static int wait_one(void)
{
	int status;

	if (wait(&status) < 0)
		return -errno;
	running--;
	return status ? -EINVAL : 0;
}

int sign_wait(void)
{
	int r;

	while (running)
		failed = wait_one() || failed;
	r = failed ? -EINVAL : 0;
	failed = false;
	return r;
}

static int start(char *const *argv, const char *dir)
{
	char log[512];
	int fd, r = 0;

	if (running == AT_ONCE && wait_one())
		failed = true;
	snprintf(log, sizeof(log), "%s/sign.log", dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (run(argv, dir, fd) < 0)
		r = -errno;
	else
		running++;
	close(fd);
	return r;
}

struct signing {
	const char *dir, *name;
	char in[300], out[300], key_file[512];
};

static int start_bind(struct signing *s, enum sign_how how)
{
	static char *const ways[SIGN_WAYS][6] = {
		[SIGN_NSEC] = { NULL },
		[SIGN_NSEC3] = { "-3", "-", "-H", "0", NULL },
		[SIGN_NSEC3_SALT] = { "-3", "aabbccdd", "-H", "5", NULL },
		[SIGN_OPT_OUT] = { "-A", "-3", "-", "-H", "0", NULL },
	};
	char *argv[24] = { "dnssec-signzone", "-P", "-z",  "-e", "20450101000000", "-o",
			   (char *)s->name,   "-f", s->out };
	size_t n = 9, i;

	for (i = 0; ways[how][i]; i++)
		argv[n++] = ways[how][i];
	argv[n++] = s->in;
	argv[n++] = s->key_file;
	return start(argv, s->dir);
}

/* Its opt-out leaves the insecure cuts in the chain. */
static int start_ldns(struct signing *s, enum sign_how how)
{
	static char *const ways[SIGN_WAYS][6] = {
		[SIGN_NSEC] = { NULL },
		[SIGN_NSEC3] = { "-n", "-t", "0", NULL },
		[SIGN_NSEC3_SALT] = { "-n", "-t", "10", "-s", "c0ffee", NULL },
	};
	char *argv[24] = { "ldns-signzone", "-e", "20450101000000", "-f", s->out };
	size_t n = 5, i;

	for (i = 0; ways[how][i]; i++)
		argv[n++] = ways[how][i];
	argv[n++] = s->in;
	argv[n++] = s->key_file;
	return start(argv, s->dir);
}

static int start_knot(struct signing *s, enum sign_how how)
{
	static const char *const ways[SIGN_WAYS] = {
		[SIGN_NSEC] = "",
		[SIGN_NSEC3] = "    nsec3: on\n    nsec3-salt-length: 0\n",
		[SIGN_NSEC3_SALT] =
			"    nsec3: on\n    nsec3-iterations: 3\n    nsec3-salt-length: 8\n",
		[SIGN_OPT_OUT] = "    nsec3: on\n    nsec3-opt-out: on\n    nsec3-salt-length: 0\n",
	};
	static const char *const names[ALGORITHMS] = { "ecdsap256sha256", "rsasha256", "ed25519" };
	char conf[600], store[600];
	char *argv[] = { "kzonesign", "-c", conf, "-o", store, (char *)s->name, NULL };
	FILE *file;

	snprintf(conf, sizeof(conf), "%s/%sknot", s->dir, s->name);
	snprintf(store, sizeof(store), "%s/%skasp", s->dir, s->name);
	file = fopen(conf, "w");
	if (!file)
		return -errno;
	fprintf(file,
		"database:\n  storage: %s\npolicy:\n  - id: p\n    algorithm: %s\n    single-type-signing: on\n"
		"    rrsig-lifetime: 3650d\n    rrsig-refresh: 30d\n%szone:\n  - domain: %s\n    storage: %s\n    file: %s\n"
		"    dnssec-signing: on\n    dnssec-policy: p\n",
		store, names[(rounds - 1) % ALGORITHMS], ways[how], s->name, s->dir, s->in);
	if (fclose(file) || (mkdir(store, 0755) && errno != EEXIST))
		return -errno;
	return start(argv, s->dir);
}

/* What Knot signed is in a folder of its own, under the name of the file that was signed. */
int sign_collect(const char *dir, const char *name)
{
	char from[700], to[400];

	snprintf(from, sizeof(from), "%s/%skasp/%splain", dir, name, name);
	snprintf(to, sizeof(to), "%s/%szone", dir, name);
	return rename(from, to) && errno != ENOENT && errno != ENOTDIR ? -errno : 0;
}

int sign_start(const char *dir, const char *name, enum sign_how how, unsigned int turn)
{
	struct signing s = { .dir = dir, .name = name };
	int r;

	snprintf(s.out, sizeof(s.out), "%szone", name);
	snprintf(s.in, sizeof(s.in), "%splain", name);
	snprintf(s.key_file, sizeof(s.key_file), "K%s%s", name, key);
	if (turn % 3 == 2)
		return start_knot(&s, how);
	r = copy_key(dir, name);
	if (r)
		return r;
	return turn % 3 == 1 && how != SIGN_OPT_OUT ? start_ldns(&s, how) : start_bind(&s, how);
}
