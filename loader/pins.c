/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "folder.h"

#define BPFFS "/sys/fs/bpf"
#define TEXT(token) TEXT_OF(token)
#define TEXT_OF(token) #token
#define ROW(token, member)                                                                         \
	{                                                                                          \
		TEXT(token), offsetof(struct attach_maps, member)                                  \
	}

const struct pins_map pins_map[] = {
	ROW(DNSBOLT_MAP_CONFIG, config), ROW(DNSBOLT_MAP_COUNTERS, counters),
	ROW(DNSBOLT_MAP_LISTEN, listen), ROW(DNSBOLT_MAP_NAMES, names),
	ROW(DNSBOLT_MAP_ARENA, arena),	 ROW(DNSBOLT_MAP_ZONES, zones),
	ROW(DNSBOLT_MAP_STAGES, stages),
};
const size_t pins_maps = sizeof(pins_map) / sizeof(pins_map[0]);

struct pins {
	char *dir;
	int fd; /* of the folder, locked */
};

int *pins_map_fd(struct attach_maps *maps, const struct pins_map *row)
{
	return (int *)((char *)maps + row->member);
}

static int path_of(char *buf, const char *dir, const char *name)
{
	int n = snprintf(buf, PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* systemd mounts it; small systems and containers may not have it. */
static void mount_bpffs(const char *dir, const struct report *report)
{
	struct statfs fs;

	if (strncmp(dir, BPFFS "/", sizeof(BPFFS)) != 0 || statfs(BPFFS, &fs) < 0 ||
	    fs.f_type == BPF_FS_MAGIC)
		return;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
		report_say(report, LOG_LEVEL_NOTICE, "pins: mounted the BPF file system at " BPFFS);
}

/* The nearest folder above `dir` that is there says on which file system it would be made. */
static int check_bpffs(const char *dir)
{
	char path[PATH_MAX];
	struct statfs fs;
	char *slash;

	if (*dir != '/' || strlen(dir) >= sizeof(path))
		return -EINVAL;
	strcpy(path, dir);
	while (statfs(path, &fs) < 0) {
		if (errno != ENOENT)
			return -errno;
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
	}
	return fs.f_type == BPF_FS_MAGIC ? 0 : -EINVAL;
}

/* -ESTALE: whoever held the lock removed the folder meanwhile. */
static int lock_folder(const char *dir)
{
	struct stat at_fd, at_path;
	int fd, err = 0;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (fstat(fd, &at_fd) < 0 || stat(dir, &at_path) < 0 || at_fd.st_ino != at_path.st_ino)
		err = -ESTALE;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int open_folder(const char *dir)
{
	int fd = -ESTALE;

	for (int i = 0; fd == -ESTALE && i < 3; i++) {
		int err = folder_make(dir, 0700);

		if (err)
			return err;
		fd = lock_folder(dir);
	}
	return fd;
}

int pins_open(struct pins **ret_pins, const char *dir, const struct report *report)
{
	struct pins *pins;
	int err;

	mount_bpffs(dir, report);
	err = check_bpffs(dir);
	if (err) {
		report_say(report, LOG_LEVEL_ERROR,
			   "pin-dir: \"%s\" is not in a BPF file system (mount -t bpf bpf " BPFFS
			   "): %s",
			   dir, strerror(-err));
		return err;
	}
	pins = calloc(1, sizeof(*pins));
	if (!pins)
		return -ENOMEM;
	pins->dir = strdup(dir);
	pins->fd = pins->dir ? open_folder(dir) : -ENOMEM;
	if (pins->fd >= 0) {
		*ret_pins = pins;
		return 0;
	}
	err = pins->fd;
	if (err == -EBUSY)
		report_say(
			report, LOG_LEVEL_ERROR,
			"pin-dir: \"%s\" is in use by another dnsboltd: stop that one, or give this one a "
			"pin-dir of its own",
			dir);
	else
		report_say(report, LOG_LEVEL_ERROR, "pin-dir: \"%s\": %s", dir, strerror(-err));
	pins_close(pins);
	return err;
}

void pins_close(struct pins *pins)
{
	if (!pins)
		return;
	if (pins->fd >= 0) {
		/* Only an empty one goes. */
		(void)rmdir(pins->dir);
		close(pins->fd);
	}
	free(pins->dir);
	free(pins);
}

int pins_get(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	int err, fd;

	err = path_of(path, pins->dir, name);
	if (err)
		return err;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int pins_put(const struct pins *pins, const char *name, int fd)
{
	char path[PATH_MAX];
	int err;

	err = path_of(path, pins->dir, name);
	if (err)
		return err;
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

void pins_remove(struct pins *pins)
{
	char path[PATH_MAX];

	/* The stub first: without it the rest is what a start left that was not completed. */
	if (!path_of(path, pins->dir, PINS_STUB))
		(void)unlink(path);
	for (size_t i = 0; i < pins_maps; i++) {
		if (!path_of(path, pins->dir, pins_map[i].name))
			(void)unlink(path);
	}
}

uint32_t pins_stub_id(const char *dir)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	char path[PATH_MAX];
	int fd;

	if (path_of(path, dir, PINS_STUB))
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		info.id = 0;
	close(fd);
	return info.id;
}
