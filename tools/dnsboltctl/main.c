/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "ctl.h"

int main(int argc, char **argv)
{
	struct ctl base = {
		.options = { .socket = CTL_SOCKET, .bufsize = 1232 },
		.client = { .fd = -1 },
	};
	int code = ctl_run(&base, argc > 0 ? (unsigned int)argc - 1 : 0, argv + 1);

	proto_close(&base.client);
	/* Output that went nowhere is a failure too. */
	if (fflush(stdout) == EOF) {
		perror("dnsboltctl: standard output");
		code = code ? code : CTL_FAILED;
	}
	return code;
}
