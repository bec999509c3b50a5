/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnsbolt-resolver: answers over UDP and TCP, out of the maps, what the program in the driver
 * passed. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define EXIT_USAGE 2

static const char usage[] =
	"Usage: dnsbolt-resolver --channel FD\n"
	"\n"
	"Answers DNS queries over UDP and TCP from the maps that dnsboltd fills.\n"
	"dnsboltd starts it, as an unprivileged user, when its configuration says\n"
	"`fallback: resolver`; it is of no use by itself.\n"
	"\n"
	"  --channel FD   descriptor, inherited from dnsboltd, that everything else is\n"
	"                 handed over by\n"
	"  -h, --help     show this text\n"
	"  -V, --version  show the version\n";

static const struct option options[] = {
	{ "channel", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* -EINVAL: not the number of a SOCK_SEQPACKET socket. */
static int parse_channel(int *ret_fd, const char *text)
{
	int type;
	socklen_t len = sizeof(type);
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || end == text || *end || fd <= STDERR_FILENO || fd > INT_MAX)
		return -EINVAL;
	if (getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET)
		return -EINVAL;
	*ret_fd = (int)fd;
	return 0;
}

int main(int argc, char **argv)
{
	int channel = -1, option;

	while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			if (parse_channel(&channel, optarg)) {
				(void)fprintf(
					stderr,
					"dnsbolt-resolver: --channel %s: expected the number of a "
					"descriptor inherited from dnsboltd\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_SUCCESS;
		case 'V':
			(void)puts("dnsbolt-resolver " DNSBOLT_VERSION);
			return EXIT_SUCCESS;
		default:
			(void)fputs("Try `dnsbolt-resolver --help`.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (channel < 0 || optind < argc) {
		(void)fprintf(stderr, "dnsbolt-resolver: started by dnsboltd, not by hand\n\n%s",
			      usage);
		return EXIT_USAGE;
	}
	/* What dnsboltd had open without knowing (libraries of its own) is not for us. */
	(void)close_range(STDERR_FILENO + 1, (unsigned int)channel - 1, 0);
	(void)close_range((unsigned int)channel + 1, ~0u, 0);
	/* It may have been started through a descriptor's path, which says nothing to people. */
	(void)prctl(PR_SET_NAME, "dnsbolt-resolver");
	return server_run(channel);
}
