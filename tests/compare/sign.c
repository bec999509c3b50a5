// SPDX-License-Identifier: GPL-3.0-or-later
/* dnssec-keygen once, dnssec-signzone for each zone: all have the same key, whose files only differ in the name. */
#include "compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE 4

static unsigned int running;
static bool failed;
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

int sign_keys(const char *dir)
{
	char *const argv[] = { "dnssec-keygen", "-q",	"-a", "ECDSAP256SHA256", "-f",
			       "KSK",		"key.", NULL };
	char name[128] = "";
	int status, fds[2];
	ssize_t got;
	pid_t pid;

	if (*key)
		return 0;
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

int sign_start(const char *dir, const char *name, enum sign_how how)
{
	static char *const ways[SIGN_WAYS][6] = {
		[SIGN_NSEC] = { NULL },
		[SIGN_NSEC3] = { "-3", "-", "-H", "0", NULL },
		[SIGN_NSEC3_SALT] = { "-3", "aabbccdd", "-H", "5", NULL },
		[SIGN_OPT_OUT] = { "-A", "-3", "-", "-H", "0", NULL },
	};
	char out[300], in[300], key_file[512], log[512];
	char *argv[24] = { "dnssec-signzone", "-P", "-z", "-e", "20450101000000", "-o",
			   (char *)name,      "-f", out };
	size_t n = 9, i;
	int fd, r = copy_key(dir, name);

	if (r)
		return r;
	if (running == AT_ONCE && wait_one())
		failed = true;
	snprintf(out, sizeof(out), "%szone", name);
	snprintf(in, sizeof(in), "%splain", name);
	snprintf(key_file, sizeof(key_file), "K%s%s", name, key);
	for (i = 0; ways[how][i]; i++)
		argv[n++] = ways[how][i];
	argv[n++] = in;
	argv[n++] = key_file;
	snprintf(log, sizeof(log), "%s/sign.log", dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (run(argv, dir, fd) < 0)
		r = -errno;
	else
		running++;
	close(fd);
	return r;
}
