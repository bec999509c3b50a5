/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever is thrown at dnsbolt-resolver, it goes on. Random octets, damaged queries, and, where
 * they are there, messages that troubled other servers: DNSBOLT_DATA says where (../shared/data).
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "resolver_live.h"

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

struct garbage {
	int udp;
	const struct live *live;
	uint32_t seed;
	unsigned int sent;
};

/* By UDP, by TCP with its length, and by TCP as it is. */
static void throw(struct garbage * garbage, const uint8_t *data, size_t len)
{
	uint8_t framed[2 + 4096], reply[4096];

	(void)send(garbage->udp, data, len, MSG_DONTWAIT);
	(void)recv(garbage->udp, reply, sizeof(reply), MSG_DONTWAIT);
	if (++garbage->sent % 16 == 0) {
		int tcp = connect_client(garbage->live, 0, SOCK_STREAM);

		put_u16(framed, len);
		memcpy(framed + 2, data, len);
		(void)send(tcp, framed, len + 2, MSG_DONTWAIT | MSG_NOSIGNAL);
		(void)send(tcp, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		(void)close(tcp);
	}
	if (garbage->sent % 64 == 0)
		(void)usleep(1000);
}

static void throw_mutants(struct garbage *garbage, const uint8_t *data, size_t len, unsigned int n)
{
	uint8_t mutant[4096];

	throw(garbage, data, len);
	for (unsigned int i = 0; i < n && len; i++) {
		memcpy(mutant, data, len);
		for (unsigned int k = next_random(&garbage->seed) % 5 + 1; k; k--)
			mutant[next_random(&garbage->seed) % len] =
				(uint8_t)next_random(&garbage->seed);
		if (len > 2)
			mutant[2] &= 0x7f; /* else half of them were responses */
		throw(garbage, mutant, len - next_random(&garbage->seed) % 4 % len);
	}
}

/* The files are removed as they are read. */
static void throw_folder(struct garbage *garbage, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		uint8_t packet[4000];
		ssize_t len = fd < 0 ? -1 : read(fd, packet, sizeof(packet));

		if (len >= 0)
			throw_mutants(garbage, packet, (size_t)len, 2);
		if (fd >= 0)
			(void)close(fd);
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
}

static void throw_archive(struct garbage *garbage)
{
	const char *data = getenv("DNSBOLT_DATA");
	char archive[256], folder[128], command[512];

	(void)snprintf(archive, sizeof(archive), "%s/fuzz-packets/cznic-dns-packets-A.tar.gz",
		       data ? data : "../shared/data");
	(void)snprintf(folder, sizeof(folder), "%s/packets", garbage->live->run_dir);
	(void)snprintf(command, sizeof(command), "tar -xzf '%s' -C '%s'", archive, folder);
	if (access(archive, R_OK) < 0) {
		print_message("without \"%s\", which is not there\n", archive);
		return;
	}
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(system(command), 0);
	throw_folder(garbage, folder);
	assert_int_equal(rmdir(folder), 0);
}

static void garbage_does_no_harm(void **state)
{
	struct live *live = need(state);
	struct garbage garbage = { .live = live, .seed = 20240229 };
	pid_t pid = resolver_pid(live->resolver);
	const struct ipc_stats *stats = resolver_stats(live->resolver);
	uint8_t data[4096];
	uint64_t counted = 0;
	size_t len;
	int fd;

	garbage.udp = connect_client(live, 0, SOCK_DGRAM);
	len = make_query(data, 1, "www.example", A);
	throw_mutants(&garbage, data, len, 3000);
	for (unsigned int i = 0; i < 2000; i++) {
		len = next_random(&garbage.seed) % 600;
		for (size_t k = 0; k < len; k++)
			data[k] = (uint8_t)next_random(&garbage.seed);
		throw(&garbage, data, len);
	}
	throw_archive(&garbage);
	(void)close(garbage.udp);
	fd = connect_client(live, 1, SOCK_DGRAM);
	len = ask(fd, "www.example", A, data, sizeof(data));
	assert_true(is_answer(data, len, "www.example", 4, 1));
	(void)close(fd);
	assert_int_equal(resolver_pid(live->resolver), pid);
	assert_return_code(kill(pid, 0), errno);
	assert_int_equal(resolver_restarts(live->resolver), 0);
	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++)
		counted += stats->reason[0][i];
	print_message("%u messages sent, %llu counted by UDP\n", garbage.sent,
		      (unsigned long long)counted);
	assert_int_equal(stats->reason[0][REASON_internal] + stats->reason[0][REASON_store], 0);
	assert_true(counted > garbage.sent / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(garbage_does_no_harm, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
