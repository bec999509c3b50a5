/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands, its help, and the way of a command line through it. */
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/table.h"
#include "ctl.h"

const struct ctl_command ctl_commands[] = {
	{ "status", "", "", cmd_status, "is it answering, is it right, is it fresh",
	  "Mode, interfaces, addresses, fallback, zones by state, fill of the store, packets in short." },
	{ "mode", "[answer|shadow|off]", "", cmd_mode, "show or set the mode",
	  "answer: queries are answered in the driver. shadow: answers are composed, and everything is passed.\n"
	  "off: everything is passed. off acts at once and without dnsboltd: the pinned map is written itself." },
	{ "zone list", "", "", cmd_zone_list, "every zone with its state and serial", NULL },
	{ "zone show", "ZONE", "", cmd_zone_show,
	  "one zone: state, file, serial, names, records set here", NULL },
	{ "zone reload", "[ZONE]", "", cmd_zone_reload,
	  "read the file of a zone again, or of all zones",
	  "Without ZONE the zone-dir folders are read again too. A bad file never replaces a good zone." },
	{ "zone refresh", "[ZONE]", "", cmd_zone_refresh,
	  "ask the primaries of a zone now, or of all zones",
	  "Also while they are being left alone for not having answered. Does not wait for what comes of it." },
	{ "zone retransfer", "ZONE", "", cmd_zone_retransfer,
	  "ask for all of a zone, whatever its serial is",
	  "The version that is there serves until the other one has come and is fit to serve." },
	{ "record list", "[ZONE]", "", cmd_record_list,
	  "records that were set here, of one zone or all", NULL },
	{ "record set", "NAME TYPE RDATA... TTL", "--add --unsigned", cmd_record_set,
	  "set an RRset to one record",
	  "The last word is the TTL in seconds; between TYPE and TTL stands RDATA as in a zone file, in one word or in\n"
	  "several. Example: dnsboltctl record set www.example.com A 192.0.2.1 300" },
	{ "record delete", "NAME [TYPE]", "--unsigned", cmd_record_delete,
	  "take back what was set, or hide what the zone has",
	  "Without TYPE: every type of the name. Where nothing was set here the zone's own RRset is hidden." },
	{ "record reset", "[ZONE|NAME]", "", cmd_record_reset,
	  "drop what was set and hidden, in a zone, at a name, or all",
	  "A zone then has what its file or its primary says. Without ZONE or NAME: everything, also what is in no zone\n"
	  "any more." },
	{ "lookup", "NAME [TYPE]", "--do --no-edns --bufsize", cmd_lookup,
	  "what the driver does with a query",
	  "Runs the real program on a made query (nothing goes over the wire) and prints the answer as dig would, with\n"
	  "the reason. TYPE is A when it is not given." },
	{ "limits", "", "--all", cmd_limits, "limits, and whose responses were over them last",
	  "The last 256 responses of each CPU that were over a rate, by prefix and class, and how often each class was." },
	{ "client list", "", "", cmd_client_list, "who is denied, allowed and exempt from limits",
	  NULL },
	{ "client deny", "PREFIX", "--for", cmd_client_deny, "deny the clients of a prefix",
	  "At once, whatever the configuration allows inside it, until its time is over or it is taken back; also for the next\n"
	  "dnsboltd that adopts the maps. Example: dnsboltctl client deny 198.51.100.0/24 --for 10m" },
	{ "client allow", "PREFIX", "", cmd_client_allow, "take client deny back",
	  "What the configuration denies stays denied." },
	{ "stats", "", "--all", cmd_stats, "counters of the driver and of the resolver, by reason",
	  NULL },
	{ "version", "", "", cmd_version, "versions of this program and of the daemon", NULL },
	{ "batch", "[FILE]", "", cmd_batch, "commands from FILE or standard input, one a line",
	  "Words are split and quoted as in a shell; # begins a comment line. Ends at the first command that fails." },
	{ "complete", "[WORD...]", "", cmd_complete,
	  "words that may follow, for the shell's completion",
	  "Use: complete -- WORD..., of which the last may be empty." },
	{ "help", "[COMMAND...]", "", cmd_help, "help on everything or on one command", NULL },
	{ 0 },
};

/* ---- help ---- */

static void help_options(const struct ctl_command *command, bool global)
{
	static const char *const heads[] = { "", "", "", NULL };
	struct table *table;

	if (table_new(&table, heads))
		return;
	for (const struct ctl_option *row = ctl_option_rows; row->name; row++) {
		char name[64];

		if (row->global != global || (command && !ctl_takes(command, row)))
			continue;
		if (row->letter)
			(void)snprintf(name, sizeof(name), "-%c, %s%s%s", row->letter, row->name,
				       row->arg ? " " : "", row->arg ? row->arg : "");
		else
			(void)snprintf(name, sizeof(name), "    %s%s%s", row->name,
				       row->arg ? " " : "", row->arg ? row->arg : "");
		(void)table_add(table, (const char *const[]){ "", name, row->help });
	}
	table_print(table, stdout);
	table_free(table);
}

static void help_command(const struct ctl_command *command)
{
	printf("Usage: dnsboltctl [OPTION]... %s%s%s\n\n%s\n", command->name,
	       *command->operands ? " " : "", command->operands, command->help);
	if (command->details)
		printf("%s\n", command->details);
	if (*command->options) {
		printf("\nOptions of this command:\n");
		help_options(command, false);
	}
	printf("\nOptions of every command:\n");
	help_options(command, true);
}

/* The commands that begin with the word `noun`. */
static bool help_list(const char *noun)
{
	static const char *const heads[] = { "", "", "", NULL };
	size_t len = noun ? strlen(noun) : 0;
	struct table *table;
	bool any = false;

	if (table_new(&table, heads))
		return false;
	for (const struct ctl_command *row = ctl_commands; row->name; row++) {
		char form[128];

		if (noun && (strncmp(row->name, noun, len) != 0 || row->name[len] != ' '))
			continue;
		any = true;
		(void)snprintf(form, sizeof(form), "%s%s%s", row->name, *row->operands ? " " : "",
			       row->operands);
		(void)table_add(table, (const char *const[]){ "", form, row->help });
	}
	if (any) {
		printf("Usage: dnsboltctl [OPTION]... COMMAND [WORD]...\n\nCommands:\n");
		table_print(table, stdout);
	}
	table_free(table);
	return any;
}

bool ctl_help(const struct ctl_command *command, const char *noun)
{
	if (command) {
		help_command(command);
		return true;
	}
	if (!help_list(noun))
		return false;
	printf("\nOptions of every command:\n");
	help_options(NULL, true);
	if (!noun)
		printf("\nExit status: 0 ok, 1 failed, 2 usage. Each command has its own help: dnsboltctl help COMMAND\n");
	return true;
}

int cmd_help(struct ctl *ctl)
{
	unsigned int words;
	const struct ctl_command *command = ctl_find(ctl->argc, ctl->argv, &words);

	if (command && words == ctl->argc)
		return ctl_help(command, NULL) ? CTL_OK : CTL_FAILED;
	if (ctl->argc <= 1 && ctl_help(NULL, ctl->argc ? ctl->argv[0] : NULL))
		return CTL_OK;
	return ctl_usage(ctl->command, "there is no command \"%s%s%s\"", ctl->argv[0],
			 ctl->argc > 1 ? " " : "", ctl->argc > 1 ? ctl->argv[1] : "");
}

/* ---- dispatch ---- */

/* How many words of `name` argv begins with in full; 0: it does not. */
static unsigned int match_words(const char *name, unsigned int argc, char *const *argv)
{
	unsigned int words = 0;

	while (*name) {
		size_t len = strcspn(name, " ");

		if (words == argc || strlen(argv[words]) != len ||
		    strncmp(argv[words], name, len) != 0)
			return 0;
		words++;
		name += len + strspn(name + len, " ");
	}
	return words;
}

const struct ctl_command *ctl_find(unsigned int argc, char *const *argv, unsigned int *ret_words)
{
	for (const struct ctl_command *row = ctl_commands; row->name; row++) {
		*ret_words = match_words(row->name, argc, argv);
		if (*ret_words > 0)
			return row;
	}
	return NULL;
}

static int check_options(const struct ctl_command *command, const struct ctl_options *options)
{
	for (const struct ctl_option *row = ctl_option_rows; row->name; row++) {
		if ((options->given & 1u << (row - ctl_option_rows)) && !ctl_takes(command, row))
			return ctl_usage(command, "%s does not go with \"%s\"", row->name,
					 command->name);
	}
	return CTL_OK;
}

/* "NAME [TYPE]": one to two; "RDATA...": one or more. */
static int check_operands(const struct ctl_command *command, unsigned int argc)
{
	unsigned int min = 0, max = 0;
	bool many = strstr(command->operands, "...") != NULL;

	for (const char *at = command->operands; *at; at += strspn(at, " ")) {
		min += *at != '[';
		max++;
		at += strcspn(at, " ");
	}
	if (argc < min || (argc > max && !many))
		return ctl_usage(command, "%s: expected %s after it", command->name,
				 *command->operands ? command->operands : "nothing");
	return CTL_OK;
}

static int unknown_command(unsigned int argc, char *const *argv)
{
	if (argc == 0)
		return ctl_usage(NULL, "expected a command");
	for (const struct ctl_command *row = ctl_commands; row->name; row++) {
		size_t len = strlen(argv[0]);

		if (strncmp(row->name, argv[0], len) != 0 || row->name[len] != ' ')
			continue;
		if (argc == 1)
			return ctl_usage(NULL, "%s: expected another word, as in \"%s\"", argv[0],
					 row->name);
		return ctl_usage(NULL, "there is no command \"%s %s\"; there is \"%s\"", argv[0],
				 argv[1], row->name);
	}
	return ctl_usage(NULL, "there is no command \"%s\"", argv[0]);
}

static int run_operands(struct ctl *ctl)
{
	unsigned int words = 0;
	int code;

	ctl->command = ctl_find(ctl->argc, ctl->argv, &words);
	if (ctl->options.help) {
		if (!ctl_help(ctl->command, !ctl->command && ctl->argc ? ctl->argv[0] : NULL))
			return unknown_command(ctl->argc, ctl->argv);
		return CTL_OK;
	}
	if (ctl->options.version) {
		printf("dnsboltctl %s\n", DNSBOLT_VERSION);
		return CTL_OK;
	}
	if (!ctl->command)
		return unknown_command(ctl->argc, ctl->argv);
	ctl->argc -= words;
	ctl->argv += words;
	code = check_options(ctl->command, &ctl->options);
	if (!code)
		code = check_operands(ctl->command, ctl->argc);
	return code ? code : ctl->command->run(ctl);
}

int ctl_run(struct ctl *base, unsigned int argc, char **argv)
{
	char **operands = calloc(argc + 1, sizeof(*operands));
	struct ctl ctl = *base;
	int code;

	if (!operands)
		return ctl_fail(&ctl, "out of memory");
	ctl.argv = operands;
	code = ctl_parse(&ctl.options, argc, argv, operands, &ctl.argc, false);
	if (!code)
		code = run_operands(&ctl);
	base->client = ctl.client;
	free(operands);
	return code;
}
