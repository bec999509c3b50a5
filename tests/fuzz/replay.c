/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzz target without libFuzzer: every file of the folders given, and MUTATIONS variants of each by a fixed sequence,
 * so that a run is the same each time.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX 65536
#define MUTATIONS 2000

static unsigned long inputs, variants;

/* xorshift64 (Marsaglia 2003) */
static uint64_t next_random(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

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

/* Flips a bit, sets an octet, cuts the end off, or doubles a piece; some of that once or more. */
static size_t mutate(uint8_t *data, size_t len)
{
	static const uint8_t odd[] = { 0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff };
	unsigned int n = 1 + next_random() % 4;

	while (n-- && len) {
		size_t at = next_random() % len;

		switch (next_random() % 4) {
		case 0:
			data[at] ^= (uint8_t)(1u << next_random() % 8);
			break;
		case 1:
			data[at] = odd[next_random() % sizeof(odd)];
			break;
		case 2:
			if (next_random() % 4 == 0)
				len = at;
			break;
		default:
			if (len + len - at <= INPUT_MAX) {
				memmove(data + len, data + at, len - at);
				len += len - at;
			}
		}
	}
	return len;
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
		run_exact(variant, mutate(variant, len));
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
