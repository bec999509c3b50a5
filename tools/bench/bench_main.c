/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *     bench zones DIR NAMES [MANY]              writes the zones
 *     bench ns DIR NAMES MANY SAMPLES MS        nanoseconds per packet, by test runs of MS each (root)
 *                                               (BENCH_ROWS=TEXT: only the rows whose names have it)
 *     bench veth OPTION...                      answers per second through a veth (bench_veth.c; root)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static void say(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	fprintf(stderr, "bench: %s\n", text);
}

const struct report bench_report = { .say = say };

static uint32_t number(char **argv, int i)
{
	return argv[i] ? (uint32_t)strtoul(argv[i], NULL, 10) : 0;
}

static int run(int argc, char **argv)
{
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "zones"))
		return bench_write_zones(argv[2], number(argv, 3), number(argv, 4));
	if (argc == 7 && !strcmp(argv[1], "ns"))
		return bench_ns(&(struct ns_options){
			.zones = argv[2],
			.names = number(argv, 3),
			.many = number(argv, 4),
			.samples = number(argv, 5),
			.slice_ms = number(argv, 6),
		});
	if (argc > 2 && !strcmp(argv[1], "veth"))
		return bench_veth(argc - 1, argv + 1);
	fprintf(stderr, "usage: bench zones | ns | veth: see bench_main.c\n");
	return 2;
}

int main(int argc, char **argv)
{
	int r = run(argc, argv);

	if (r < 0)
		fprintf(stderr, "bench: %s: %s\n", argv[1], strerror(-r));
	return r < 0 ? 1 : r;
}
