/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzz target without libFuzzer: every file of the folders given, and MUTATIONS variants of each by a fixed sequence,
 * so that a run is the same each time.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/mutate.h"
#include "fuzz.h"

#define INPUT_MAX 65536
#define MUTATIONS 2000

static struct mutate mutate = { .state = 1 };
static unsigned long inputs, variants;

/* An allocation of exactly that size, so that a read past the end is found. */
static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void run_file(const char *path)
{
	static uint8_t data[INPUT_MAX], variant[INPUT_MAX];
	FILE *in = fopen(path, "rb");
	size_t len;

	if (!in) {
		perror(path);
		exit(1);
	}
	len = fread(data, 1, sizeof(data), in);
	fclose(in);
	run_exact(data, len);
	inputs++;
	for (unsigned int i = 0; i < MUTATIONS; i++) {
		memcpy(variant, data, len);
		run_exact(variant, mutate_octets(&mutate, variant, len, INPUT_MAX));
		variants++;
	}
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_visible, alphasort);

	if (n < 0) {
		perror(path);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		(void)snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		run_file(file);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_folder(argv[i]);
	printf("%s - %lu inputs and %lu variants of them\n", inputs ? "ok" : "not ok", inputs,
	       variants);
	return inputs ? 0 : 1;
}
