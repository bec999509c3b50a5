/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pinned config map, for the one switch that has to work when nothing else does. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../bpf/abi.h"
#include "ctl.h"

#define STRING(x) #x
#define NAME_OF(x) STRING(x)

/* The first line of SOCKET.pin, which the daemon writes. */
static bool read_pin_file(const char *socket, char *buf, size_t size)
{
	char path[4096];
	FILE *file;
	bool ok;

	if ((size_t)snprintf(path, sizeof(path), "%s.pin", socket) >= sizeof(path))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	ok = fgets(buf, (int)size, file) != NULL;
	fclose(file);
	if (!ok || !strchr(buf, '\n'))
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return buf[0] == '/';
}

const char *ctl_pin_dir(const struct ctl_options *options, char *buf, size_t size)
{
	if (options->pin_dir)
		return options->pin_dir;
	return read_pin_file(options->socket, buf, size) ? buf : CTL_PIN_DIR;
}

/* A pin of that name may be anything: it must be an array of the right size that can be mapped. */
static int check_map(int fd, char *ret_error)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	if (info.type == BPF_MAP_TYPE_ARRAY && (info.map_flags & BPF_F_MMAPABLE) &&
	    info.value_size == sizeof(struct dnsbolt_config))
		return 0;
	(void)snprintf(
		ret_error, 256,
		"the map that is pinned there is not the configuration of dnsbolt, or of another version");
	return -EPROTO;
}

static int use_config(struct dnsbolt_config *config, const uint32_t *store, uint32_t *ret_mode,
		      char *ret_error)
{
	if (config->abi != DNSBOLT_ABI) {
		(void)snprintf(ret_error, 256,
			       "the pinned maps have ABI %u, this dnsboltctl knows %u", config->abi,
			       DNSBOLT_ABI);
		return -EPROTO;
	}
	/* One aligned store: the program sees the old mode or the new one. */
	if (store)
		__atomic_store_n(&config->mode, *store, __ATOMIC_SEQ_CST);
	*ret_mode = __atomic_load_n(&config->mode, __ATOMIC_SEQ_CST);
	return 0;
}

int ctl_pinned_mode(const char *pin_dir, const uint32_t *store, uint32_t *ret_mode, char *ret_error)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(struct dnsbolt_config) + page - 1) / page * page;
	struct dnsbolt_config *config;
	char path[4096];
	int fd, err;

	if ((size_t)snprintf(path, sizeof(path), "%s/" NAME_OF(DNSBOLT_MAP_CONFIG), pin_dir) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	err = check_map(fd, ret_error);
	if (err)
		goto out;
	config = mmap(NULL, size, store ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (config == MAP_FAILED) {
		err = -errno;
		goto out;
	}
	err = use_config(config, store, ret_mode, ret_error);
	(void)munmap(config, size);
out:
	close(fd);
	return err;
}
