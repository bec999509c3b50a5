/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands, and the way of a request through it. */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "../../userspace/lib/proto.h"
#include "call.h"

static int command_help(struct call *call);
static int command_mode(struct call *call);
static int command_mode_set(struct call *call);
static int command_version(struct call *call);

static const struct command commands[] = {
	{ "status", COMMAND_READ, command_status, "", "is it answering, is it right, is it fresh" },
	{ "stats", COMMAND_READ, command_stats, "", "counters of the driver and of the resolver" },
	{ "version", COMMAND_READ, command_version, "", "version of the daemon and of the maps" },
	{ "help", COMMAND_READ, command_help, "", "this table" },
	{ "mode", COMMAND_READ, command_mode, "", "the mode in force" },
	{ "mode set", COMMAND_WRITE, command_mode_set, "mode", "answer, shadow or off" },
	{ "zone list", COMMAND_READ, command_zone_list, "", "every zone" },
	{ "zone show", COMMAND_READ, command_zone_show, "zone",
	  "one zone, and its records set here" },
	{ "zone reload", COMMAND_WRITE, command_zone_reload, "zone",
	  "read one zone's file again, or all" },
	{ "zone refresh", COMMAND_WRITE, command_zone_refresh, "zone",
	  "ask the primaries of one zone now, or of all" },
	{ "zone retransfer", COMMAND_WRITE, command_zone_retransfer, "zone",
	  "ask for all of a zone, whatever its serial is" },
	{ "record list", COMMAND_READ, command_record_list, "zone",
	  "records set here, of one zone or all" },
	{ "record set", COMMAND_WRITE, command_record_set, "name type ttl rdata add unsigned",
	  "set an RRset to one record, or add one" },
	{ "record delete", COMMAND_WRITE, command_record_delete, "name type unsigned",
	  "take back what was set, or hide what the zone has" },
	{ "record reset", COMMAND_WRITE, command_record_reset, "name",
	  "drop what was set and hidden, in a zone, at a name, or all" },
	{ "limits", COMMAND_READ, command_limits, "",
	  "limits, and whose responses were over them last" },
	{ "client list", COMMAND_READ, command_client_list, "",
	  "who is denied, allowed and exempt from limits" },
	{ "client deny", COMMAND_WRITE, command_client_deny, "prefix seconds",
	  "deny the clients of a prefix, for some time or until that is taken back" },
	{ "client allow", COMMAND_WRITE, command_client_allow, "prefix", "take client deny back" },
	{ "lookup", COMMAND_READ, command_lookup, "name type do edns bufsize",
	  "what the driver does with a query" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const char *version(void)
{
	return DNSBOLT_VERSION;
}

static int command_version(struct call *call)
{
	call_add(call, "version", json_string(version()));
	call_add(call, "abi", json_integer(DNSBOLT_ABI));
	return 0;
}

static int command_help(struct call *call)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *row = &commands[i];

		call_append(call, rows,
			    json_pack("{s:s, s:s, s:s, s:s}", "command", row->name, "access",
				      row->access == COMMAND_WRITE ? "write" : "read", "keys",
				      row->keys, "help", row->help));
	}
	call_add(call, "commands", rows);
	return 0;
}

/* Whoever may open the pinned map may have stored another mode than the daemon did. */
static int command_mode(struct call *call)
{
	enum dnsbolt_mode mode = *(volatile uint32_t *)&store_config(call->daemon->store)->mode;

	call_add(call, "mode", json_string(config_mode_name(mode)));
	return 0;
}

static int command_mode_set(struct call *call)
{
	enum dnsbolt_mode mode;
	const char *word;
	int err;

	err = call_need_string(call, "mode", &word);
	if (err)
		return err;
	if (!config_mode_parse(&mode, word))
		return call_fail(call, -EINVAL, "mode \"%s\": expected answer, shadow or off",
				 word);
	daemon_set_mode(call->daemon, mode);
	return command_mode(call);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* Whether `word` is one of the words of `list`. */
static bool is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n + strspn(list + n, " ");
	}
	return false;
}

/* A member that nobody reads is a mistake, and "unsigend": true would be a bad one to pass over. */
static int check_keys(struct call *call, const struct command *command)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)call->request, key, value) {
		if (strcmp(key, "command") != 0 && !is_listed(command->keys, key))
			return call_fail(call, -EINVAL, "\"%s\" is not known to %s: expected %s",
					 key, command->name,
					 *command->keys ? command->keys
							: "no members but \"command\"");
	}
	return 0;
}

static int dispatch(struct call *call)
{
	const struct command *command;
	const char *name;
	int err;

	err = call_need_string(call, "command", &name);
	if (err)
		return err;
	command = find_command(name);
	if (!command)
		return call_fail(call, -EINVAL,
				 "command \"%s\" is not known: \"help\" lists the commands", name);
	if (command->access == COMMAND_WRITE && !call->peer->may_write)
		return call_fail(
			call, -EACCES,
			"%s: uid %u may not: expected root or a member of the group that owns the socket",
			name, (unsigned int)call->peer->uid);
	err = check_keys(call, command);
	if (err)
		return err;
	err = command->run(call);
	if (err && !call->error[0])
		return call_fail(call, err, "%s: %s", name, strerror(-err));
	return err;
}

static json_t *error_reply(int err, const char *text)
{
	const char *name = strerrorname_np(-err);

	return json_pack("{s:b, s:o, s:s}", "ok", 0, "error", proto_string(text), "errno",
			 name ? name : "EIO");
}

json_t *commands_run(struct daemon *daemon, const struct commands_peer *peer, const char *line,
		     size_t len)
{
	struct call call = { .daemon = daemon, .peer = peer };
	char error[JSON_ERROR_TEXT_LENGTH];
	json_t *request, *reply;
	int err;

	err = proto_parse(&request, line, len, error);
	if (err) {
		(void)call_fail(&call, err, "the request is not one JSON object on a line: %s",
				error);
		return error_reply(err, call.error);
	}
	call.request = request;
	call.reply = json_pack("{s:b}", "ok", 1);
	err = call.reply ? dispatch(&call) : -ENOMEM;
	if (!err && call.no_memory)
		err = call_fail(&call, -ENOMEM, "out of memory");
	reply = err ? error_reply(err, call.error) : json_incref(call.reply);
	json_decref(call.reply);
	json_decref(request);
	return reply;
}
