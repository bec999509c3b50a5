/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reasons (bpf/reasons.h) in words. */
#ifndef REASON_H
#define REASON_H

enum reason_action { REASON_ACTION_TX, REASON_ACTION_PASS, REASON_ACTION_DROP };

/* What the resolver does with a message of that reason. */
enum reason_reply {
	REASON_REPLY_SEND,
	REASON_REPLY_NONE,
	REASON_REPLY_FORMERR,
	REASON_REPLY_SERVFAIL,
	REASON_REPLY_NOTIMP,
	REASON_REPLY_REFUSED,
	REASON_REPLY_NOTAUTH,
	REASON_REPLY_BADVERS,
};

/* Reasons of this range are about the form of the message, whatever is asked. */
#define REASON_FORM_FIRST 40
#define REASON_FORM_LAST 69

struct reason_info {
	const char *name, *text; /* NULL where the number is not in use */
	enum reason_action action;
	enum reason_reply reply;
};

/* For any number below DNSBOLT_REASONS_MAX; never NULL. */
const struct reason_info *reason_info(unsigned int number);
/* Of enum dnsbolt_class and enum dnsbolt_cookie (bpf/abi.h). */
const char *reason_class_name(unsigned int class);
const char *reason_cookie_name(unsigned int cookie);
/* 0: no reason has that name. */
unsigned int reason_by_name(const char *name);

#endif /* REASON_H */
