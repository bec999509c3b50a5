// SPDX-License-Identifier: GPL-3.0-or-later
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_file(struct inputs *inputs, const char *folder, const char *name, size_t max)
{
	struct input *all = reallocarray(inputs->all, inputs->n + 1, sizeof(*all)), *to;
	char path[512];
	FILE *in;

	if (!all)
		return -ENOMEM;
	inputs->all = all;
	to = &all[inputs->n];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(to->name, sizeof(to->name), "%s", name);
	in = fopen(path, "rb");
	if (!in)
		return -errno;
	to->data = malloc(max);
	to->len = to->data ? fread(to->data, 1, max, in) : 0;
	fclose(in);
	if (!to->data)
		return -ENOMEM;
	inputs->n++;
	return 0;
}

int inputs_add(struct inputs *inputs, const char *folder, size_t max)
{
	struct dirent **files = NULL;
	int i, n = scandir(folder, &files, is_visible, alphasort), r = n < 0 ? -errno : 0;

	for (i = 0; i < n; i++) {
		if (!r)
			r = add_file(inputs, folder, files[i]->d_name, max);
		free(files[i]);
	}
	free(files);
	return r;
}

void inputs_done(struct inputs *inputs)
{
	size_t i;

	for (i = 0; i < inputs->n; i++)
		free(inputs->all[i].data);
	free(inputs->all);
	*inputs = (struct inputs){ 0 };
}
