/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsboltctl: each command is a row of commands.c and a function in a file named after its noun.
 * Dispatch, help and the shell's completion are made from the rows; so is the check that the manual
 * page names everything.
 */
#ifndef CTL_H
#define CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../userspace/lib/proto.h"

/* Exit codes. */
#define CTL_OK 0
#define CTL_FAILED 1
#define CTL_USAGE 2

#define CTL_SOCKET "/run/dnsbolt/control.sock"
#define CTL_PIN_DIR "/sys/fs/bpf/dnsbolt"
#define CTL_WORDS_MAX 4096 /* operands of one command */

/* How long a reply may take: a reload of many zones is the longest. */
#define CTL_TIMEOUT_MS 30000u
#define CTL_LONG_TIMEOUT_MS 600000u

/* What the options say; zeroed but for `socket` and `bufsize` at the start. */
struct ctl_options {
	const char *socket, *pin_dir, *duration;
	bool json, help, version;
	bool add, unsigned_ok, all, dnssec_ok, no_edns;
	uint32_t bufsize;
	uint32_t given; /* bit i: row i of ctl_option_rows was given */
};

enum ctl_option_kind { CTL_FLAG, CTL_TEXT, CTL_NUMBER };

struct ctl_option {
	const char *name; /* "--socket" */
	char letter;	  /* 's'; 0: none */
	const char *arg;  /* name of its argument; NULL: a flag */
	enum ctl_option_kind kind;
	size_t offset; /* in struct ctl_options */
	uint32_t min, max;
	bool global; /* goes with every command; else with those that name it */
	const char *help;
};

extern const struct ctl_option ctl_option_rows[]; /* a row without a name is the end */

struct ctl {
	struct ctl_options options;
	const struct ctl_command *command;
	unsigned int argc; /* operands of the command */
	char **argv;
	struct proto_client client; /* fd -1: not connected yet */
};

struct ctl_command {
	const char *name;	     /* "zone show" */
	const char *operands;	     /* "ZONE", "[TYPE]", "RDATA...", "[answer|off]" */
	const char *options;	     /* of its own, by name, separated by spaces */
	int (*run)(struct ctl *ctl); /* returns an exit code */
	const char *help;	     /* a line */
	const char *details;	     /* more lines, or NULL */
};

extern const struct ctl_command ctl_commands[]; /* a row without a name is the end */

/* ---- commands.c, options.c ---- */

/* Runs one command line (without the program's name). `base` gives the options that hold already;
 * its connection is used and left open in it. */
int ctl_run(struct ctl *base, unsigned int argc, char **argv);
/* The command whose words argv begins with; *ret_words: how many. NULL: none. */
const struct ctl_command *ctl_find(unsigned int argc, char *const *argv, unsigned int *ret_words);
/* Sorts argv into options and operands, which must have room for argc. Complaints go to standard
 * error unless `quiet`. */
int ctl_parse(struct ctl_options *options, unsigned int argc, char **argv, char **ret_operands,
	      unsigned int *ret_count, bool quiet);
bool ctl_takes(const struct ctl_command *command, const struct ctl_option *option);
/* The n-th word of an operand list, into buf; false: there is none. The last word with "..." is
 * repeated. */
bool ctl_operand(const char *operands, unsigned int n, char *buf, size_t size);

/* ---- ask.c ---- */

/* "dnsboltctl: ..." on standard error; with -j also {"ok": false, "error": ...} on standard output.
 * Returns CTL_FAILED. */
int ctl_fail(struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same without JSON and with a hint to --help. Returns CTL_USAGE. */
int ctl_usage(const struct ctl_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Connects where that was not done. 0 or a negative errno. */
int ctl_connect(struct ctl *ctl, unsigned int timeout_ms);
/* Sends the request (taken; NULL: out of memory) and gets the reply; failures are said. With -j the
 * reply is printed. CTL_OK: *ret_reply is a reply that says ok. */
int ctl_ask(struct ctl *ctl, json_t *request, unsigned int timeout_ms, json_t **ret_reply);
/* Warnings of a reply, to standard error. */
void ctl_warn(const json_t *reply);

/* Text of a member, "-" where there is none. */
const char *ctl_text(const json_t *object, const char *key);
/* The text of a reason, without "answered: ", which its row says already. */
const char *ctl_reason(const json_t *row);
uint64_t ctl_number(const json_t *object, const char *key);
bool ctl_flag(const json_t *object, const char *key);

/* ---- format.c; each writes into buf (CTL_FORMAT_LEN octets) and returns it ---- */

#define CTL_FORMAT_LEN 64
const char *ctl_duration(uint64_t seconds, char *buf);
const char *ctl_octets(uint64_t octets, char *buf);
const char *ctl_count(uint64_t count, char *buf);
const char *ctl_time(const json_t *when, char *buf);
/* "12 serving, 0 stale, 1 failed", and of the other states what there is. Returns buf. */
const char *ctl_zone_states(const json_t *states, char *buf, size_t size);

/* ---- pinned.c: the config map itself, with or without a daemon ---- */

/* pin-dir: of the option, else of SOCKET.pin, else the usual one. */
const char *ctl_pin_dir(const struct ctl_options *options, char *buf, size_t size);
/* Reads and, with `store`, writes the mode. 0 or a negative errno: -ENOENT: no such pin; -EPERM,
 * -EACCES; -EPROTO: ret_error (256 octets) says why it is not our map. */
int ctl_pinned_mode(const char *pin_dir, const uint32_t *store, uint32_t *ret_mode,
		    char *ret_error);

/* ---- functions of the rows ---- */
int cmd_status(struct ctl *ctl);
int cmd_stats(struct ctl *ctl);
int cmd_version(struct ctl *ctl);
int cmd_mode(struct ctl *ctl);
int cmd_zone_list(struct ctl *ctl);
int cmd_zone_show(struct ctl *ctl);
int cmd_zone_reload(struct ctl *ctl);
int cmd_zone_refresh(struct ctl *ctl);
int cmd_zone_retransfer(struct ctl *ctl);
int cmd_record_list(struct ctl *ctl);
int cmd_record_set(struct ctl *ctl);
int cmd_record_delete(struct ctl *ctl);
int cmd_record_reset(struct ctl *ctl);
int cmd_lookup(struct ctl *ctl);
int cmd_limits(struct ctl *ctl);
int cmd_client_list(struct ctl *ctl);
int cmd_client_deny(struct ctl *ctl);
int cmd_client_allow(struct ctl *ctl);
int cmd_batch(struct ctl *ctl);
int cmd_complete(struct ctl *ctl);
int cmd_help(struct ctl *ctl);

/* Help of one command, or of all whose names begin with `noun` (NULL: of everything). False: none
 * does. */
bool ctl_help(const struct ctl_command *command, const char *noun);

#endif /* CTL_H */
