/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process that reads octets from the network does not need, it gives away. */
#ifndef HARDEN_H
#define HARDEN_H

/* Drops all capabilities (and looks whether they are gone), forbids new ones by exec, core dumps
 * and ptrace by others. To be called before the first message is read. -EPERM: capabilities are
 * left. */
int harden_process(void);

/* Raises the limit of open files as far as it may go, to at most `wanted`. A failure leaves it as
 * it is. */
void harden_raise_files(unsigned int wanted);

#endif /* HARDEN_H */
