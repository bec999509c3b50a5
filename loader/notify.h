/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NOTIFY_H
#define NOTIFY_H

/* Tells the service manager ("READY=1", "STOPPING=1": sd_notify(3)) where there is one. */
void notify_send(const char *state);

#endif /* NOTIFY_H */
