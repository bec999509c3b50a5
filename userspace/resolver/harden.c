/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harden.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The kernel is asked again afterwards: that the call succeeded is not enough. */
static int drop_capabilities(void)
{
	cap_t none = cap_init(), left = NULL;
	int err = -ENOMEM;

	if (!none)
		goto out;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (cap_set_proc(none) < 0) {
		err = -errno;
		goto out;
	}
	left = cap_get_proc();
	if (left)
		err = cap_compare(none, left) == 0 ? 0 : -EPERM;
out:
	(void)cap_free(none);
	(void)cap_free(left);
	return err;
}

int harden_process(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	(void)setrlimit(RLIMIT_CORE, &none);
	return drop_capabilities();
}

void harden_raise_files(unsigned int wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
