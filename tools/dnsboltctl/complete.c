/* SPDX-License-Identifier: GPL-3.0-or-later */
/* complete: what may stand in the place of the last word, out of the tables of commands and
 * options. */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define ZONES_TIMEOUT_MS 1000u

static const char *const type_words[] = { "A",	 "AAAA",  "CAA",   "CNAME", "DNAME", "DNSKEY",
					  "DS",	 "HTTPS", "MX",	   "NAPTR", "NS",    "PTR",
					  "SOA", "SRV",	  "SSHFP", "SVCB",  "TLSA",  "TXT" };

static void offer(const char *candidate, const char *begun)
{
	if (strncmp(candidate, begun, strlen(begun)) == 0)
		printf("%s\n", candidate);
}

static void offer_options(const struct ctl_command *command, const char *begun)
{
	for (const struct ctl_option *row = ctl_option_rows; row->name; row++) {
		if (command ? ctl_takes(command, row) : row->global)
			offer(row->name, begun);
	}
}

/* The next word of each command that begins with the words before. A noun is offered once: its rows
 * stand together. */
static bool offer_commands(unsigned int argc, char *const *argv, const char *begun)
{
	char word[64], before[64] = "";
	bool any = false;

	for (const struct ctl_command *row = ctl_commands; row->name; row++) {
		bool fits = true;

		for (unsigned int i = 0; fits && i < argc; i++)
			fits = ctl_operand(row->name, i, word, sizeof(word)) &&
			       strcmp(word, argv[i]) == 0;
		if (!fits || !ctl_operand(row->name, argc, word, sizeof(word)))
			continue;
		any = true;
		if (strcmp(word, before) != 0)
			offer(word, begun);
		strcpy(before, word);
	}
	return any;
}

/* No daemon, no offer. */
static void offer_zones(struct ctl *ctl, const char *begun)
{
	json_t *request = json_pack("{s:s}", "command", "zone list"), *reply = NULL;
	const json_t *rows;

	if (request && ctl_connect(ctl, ZONES_TIMEOUT_MS) == 0 &&
	    proto_request(&ctl->client, request, &reply, ZONES_TIMEOUT_MS) == 0) {
		rows = json_object_get(reply, "zones");
		for (size_t i = 0; i < json_array_size(rows); i++)
			offer(ctl_text(json_array_get(rows, i), "zone"), begun);
	}
	json_decref(reply);
	json_decref(request);
}

/* By what the command's row says of the operand: "[a|b]", "ZONE", "[TYPE]"; of others nothing is
 * known here. */
static void offer_operand(struct ctl *ctl, char *operand, const char *begun)
{
	char *word = operand + (operand[0] == '['), *rest = NULL;

	word[strcspn(word, "].")] = '\0';
	if (strncmp(word, "ZONE", 4) == 0) { /* alone, or "ZONE|NAME" */
		offer_zones(ctl, begun);
	} else if (strcmp(word, "TYPE") == 0) {
		for (size_t i = 0; i < sizeof(type_words) / sizeof(*type_words); i++)
			offer(type_words[i], begun);
	} else if (strchr(word, '|')) {
		for (word = strtok_r(word, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
			offer(word, begun);
	}
}

static int complete(struct ctl *ctl, unsigned int argc, char **argv, const char *begun)
{
	const struct ctl_command *command;
	unsigned int words, skip;
	char operand[128];

	command = ctl_find(argc, argv, &words);
	if (begun[0] == '-') {
		offer_options(command, begun);
		return CTL_OK;
	}
	if (!command) {
		(void)offer_commands(argc, argv, begun);
		return CTL_OK;
	}
	skip = argc - words;
	if (command->run == cmd_help)
		(void)offer_commands(skip, argv + words, begun);
	else if (ctl_operand(command->operands, skip, operand, sizeof(operand)))
		offer_operand(ctl, operand, begun);
	return CTL_OK;
}

/* The options among the words count too: zones are asked for where -s says. */
int cmd_complete(struct ctl *ctl)
{
	char **operands = calloc(ctl->argc + 1, sizeof(*operands));
	unsigned int before = ctl->argc > 0 ? ctl->argc - 1 : 0, count = 0;
	int code = CTL_OK;

	if (!operands)
		return ctl_fail(ctl, "out of memory");
	if (ctl_parse(&ctl->options, before, ctl->argv, operands, &count, true) == CTL_OK)
		code = complete(ctl, count, operands, ctl->argc > 0 ? ctl->argv[before] : "");
	free(operands);
	return code;
}
