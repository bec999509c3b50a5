/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
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
#define MAP_PREFIX "dnsbolt_" /* of the maps of all ABI versions */
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
	ROW(DNSBOLT_MAP_LIMITS, limits), ROW(DNSBOLT_MAP_CLIENTS, clients),
	ROW(DNSBOLT_MAP_RECENT, recent), ROW(DNSBOLT_MAP_STAGES, stages),
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

static void remove_pin(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];

	if (!path_of(path, pins->dir, name))
		(void)unlink(path);
}

/* The folder may be another's too. */
static bool is_ours(const char *name)
{
	return strncmp(name, MAP_PREFIX, strlen(MAP_PREFIX)) == 0 || strcmp(name, PINS_GATE) == 0;
}

static bool is_known(const char *name)
{
	bool known = strcmp(name, PINS_GATE) == 0;

	for (size_t i = 0; i < pins_maps; i++)
		known = known || strcmp(name, pins_map[i].name) == 0;
	return known;
}

static void remove_entries(struct pins *pins, bool known_too)
{
	DIR *dir = opendir(pins->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (is_ours(entry->d_name) && (known_too || !is_known(entry->d_name)))
			remove_pin(pins, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

void pins_remove(struct pins *pins)
{
	/* The stub first: without it the rest is what a start left that was not completed. */
	remove_pin(pins, PINS_STUB);
	remove_entries(pins, true);
}

void pins_remove_strays(struct pins *pins)
{
	remove_entries(pins, false);
}

/* ---- aside: a dot would not be allowed in a name ---- */

static const char *aside_name(char *buf, const struct pins_map *row)
{
	(void)snprintf(buf, NAME_MAX, "%s-new", row->name);
	return buf;
}

int pins_put_aside(const struct pins *pins, const struct pins_map *row, int fd)
{
	char name[NAME_MAX];

	return pins_put(pins, aside_name(name, row), fd);
}

int pins_get_aside(const struct pins *pins, const struct pins_map *row)
{
	char name[NAME_MAX];

	return pins_get(pins, aside_name(name, row));
}

int pins_move_aside(struct pins *pins)
{
	char from[PATH_MAX], to[PATH_MAX], name[NAME_MAX];
	int err = 0;

	for (size_t i = 0; i < pins_maps && !err; i++) {
		err = path_of(from, pins->dir, aside_name(name, &pins_map[i]));
		if (!err)
			err = path_of(to, pins->dir, pins_map[i].name);
		if (!err && rename(from, to) < 0 && errno != ENOENT)
			err = -errno;
	}
	return err;
}

void pins_remove_aside(struct pins *pins)
{
	char name[NAME_MAX];

	/* The program array first: without it the others say nothing. */
	for (size_t i = pins_maps; i-- > 0;)
		remove_pin(pins, aside_name(name, &pins_map[i]));
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
