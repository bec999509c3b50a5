/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a zone beside the loop: records in slices, then fsync and rename in libuv's threads. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../folder.h"
#include "state.h"

struct state_save {
	uv_loop_t *loop;
	uv_idle_t idle;
	uv_work_t work;
	struct state_writer writer;
	struct zone *zone;
	char *path, *aside;
	int fd, err;
	bool is_working, is_cancelled;
	state_saved *done;
	void *arg;
};

/* ---- file by file ---- */

static int open_aside(int *ret_fd, char **ret_aside, const char *path)
{
	char *aside;
	int fd, err;

	if (asprintf(&aside, "%s.new", path) < 0)
		return -ENOMEM;
	err = folder_make_above(aside, 0750);
	fd = err ? -1 : open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (!err && fd < 0)
		err = -errno;
	if (err) {
		free(aside);
		return err;
	}
	*ret_fd = fd;
	*ret_aside = aside;
	return 0;
}

static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, err;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	(void)close(fd);
	return err;
}

static int put_in_place(int fd, const char *aside, const char *path)
{
	if (fsync(fd) || rename(aside, path))
		return -errno;
	return sync_folder(path);
}

int state_save_now(const char *path, const struct zone *zone, const struct state_info *info)
{
	struct state_writer writer;
	char *aside;
	int fd, err;

	err = open_aside(&fd, &aside, path);
	if (err)
		return err;
	err = state_write_begin(&writer, fd, zone, info);
	while (!err)
		err = state_write_some(&writer);
	state_write_done(&writer);
	err = err < 0 ? err : put_in_place(fd, aside, path);
	if (err)
		(void)unlink(aside);
	(void)close(fd);
	free(aside);
	return err;
}

/* ---- in the loop ---- */

static void on_closed(uv_handle_t *handle)
{
	struct state_save *save = handle->data;

	state_write_done(&save->writer);
	(void)close(save->fd);
	zone_free(save->zone);
	free(save->path);
	free(save->aside);
	free(save);
}

static void finish(struct state_save *save, int err)
{
	if (err)
		(void)unlink(save->aside);
	if (!save->is_cancelled)
		save->done(err, save->arg);
	uv_close((uv_handle_t *)&save->idle, on_closed);
}

static void work(uv_work_t *request)
{
	struct state_save *save = request->data;

	save->err = put_in_place(save->fd, save->aside, save->path);
}

static void after_work(uv_work_t *request, int status)
{
	struct state_save *save = request->data;

	finish(save, status ? status : save->err);
}

static void on_idle(uv_idle_t *idle)
{
	struct state_save *save = idle->data;
	int result = state_write_some(&save->writer);

	if (result == 0)
		return;
	(void)uv_idle_stop(idle);
	save->is_working = result > 0;
	if (result > 0)
		result = uv_queue_work(save->loop, &save->work, work, after_work);
	if (result < 0)
		finish(save, result);
}

static int start(struct state_save *save, const char *path, const struct zone *zone,
		 const struct state_info *info)
{
	int err;

	save->path = strdup(path);
	if (!save->path)
		return -ENOMEM;
	err = zone_copy(&save->zone, zone);
	if (!err)
		err = open_aside(&save->fd, &save->aside, path);
	if (!err)
		err = state_write_begin(&save->writer, save->fd, save->zone, info);
	if (!err)
		err = uv_idle_init(save->loop, &save->idle);
	return err;
}

int state_save_start(struct state_save **ret_save, uv_loop_t *loop, const char *path,
		     const struct zone *zone, const struct state_info *info, state_saved *done,
		     void *arg)
{
	struct state_save *save = calloc(1, sizeof(*save));
	int err;

	if (!save)
		return -ENOMEM;
	save->loop = loop;
	save->fd = -1;
	save->done = done;
	save->arg = arg;
	save->idle.data = save->work.data = save;
	err = start(save, path, zone, info);
	if (err) {
		if (save->fd >= 0) {
			(void)unlink(save->aside);
			(void)close(save->fd);
		}
		state_write_done(&save->writer);
		zone_free(save->zone);
		free(save->path);
		free(save->aside);
		free(save);
		return err;
	}
	(void)uv_idle_start(&save->idle, on_idle);
	*ret_save = save;
	return 0;
}

/* While libuv's thread has it, it ends by itself. */
void state_save_cancel(struct state_save *save)
{
	if (!save)
		return;
	save->is_cancelled = true;
	if (save->is_working)
		return;
	(void)uv_idle_stop(&save->idle);
	finish(save, -ECANCELED);
}
