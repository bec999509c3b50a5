/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mode. "off" does not wait for anyone: the pinned map is written first, then the daemon, where
 * there is one, is told, so that it does not set the old mode again. Who may not write the map goes
 * through the daemon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../bpf/abi.h"
#include "ctl.h"

#define TELL_TIMEOUT_MS 500u

static const char *const mode_words[] = {
	[DNSBOLT_MODE_OFF] = "off",
	[DNSBOLT_MODE_ANSWER] = "answer",
	[DNSBOLT_MODE_SHADOW] = "shadow",
};

#define N_MODES (sizeof(mode_words) / sizeof(*mode_words))

static const char *mode_word(uint32_t mode)
{
	return mode < N_MODES ? mode_words[mode] : "unknown";
}

/* `how` is for people; with -j `map` and `daemon` say the same. */
static void say_mode(const struct ctl *ctl, const char *word, bool map, bool daemon,
		     const char *how)
{
	json_t *object;
	char *line;
	size_t len;

	if (!ctl->options.json) {
		printf("mode %s (%s)\n", word, how);
		return;
	}
	object = json_pack("{s:b, s:s, s:b, s:b}", "ok", 1, "mode", word, "map", map, "daemon",
			   daemon);
	if (object && proto_format(&line, &len, object) == 0) {
		(void)fwrite(line, 1, len, stdout);
		free(line);
	}
	json_decref(object);
}

static int ask_mode(struct ctl *ctl, json_t *request)
{
	json_t *reply;
	int code;

	code = ctl_ask(ctl, request, CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json)
		printf("mode %s\n", ctl_text(reply, "mode"));
	json_decref(reply);
	return CTL_OK;
}

static int show_mode(struct ctl *ctl)
{
	char dir[4096], error[256];
	uint32_t mode;

	if (ctl_connect(ctl, CTL_TIMEOUT_MS) == 0)
		return ask_mode(ctl, json_pack("{s:s}", "command", "mode"));
	if (ctl_pinned_mode(ctl_pin_dir(&ctl->options, dir, sizeof(dir)), NULL, &mode, error) ==
	    0) {
		say_mode(ctl, mode_word(mode), true, false,
			 "the daemon is not running: read from the pinned map");
		return CTL_OK;
	}
	return ask_mode(ctl, json_pack("{s:s}", "command",
				       "mode")); /* which says what is wrong with the socket */
}

/* Why the daemon was not told, into `why`; 0: it was. */
static int tell_daemon(struct ctl *ctl, unsigned int timeout_ms, char *why, size_t size)
{
	json_t *request, *reply;
	int err;

	err = ctl_connect(ctl, timeout_ms);
	if (err) {
		(void)snprintf(why, size, "%s",
			       err == -ENOENT || err == -ECONNREFUSED ? "the daemon is not running"
								      : strerror(-err));
		return err;
	}
	request = json_pack("{s:s, s:s}", "command", "mode set", "mode", "off");
	err = request ? proto_request(&ctl->client, request, &reply, timeout_ms) : -ENOMEM;
	json_decref(request);
	if (err) {
		proto_close(&ctl->client);
		(void)snprintf(why, size, "the daemon does not answer");
		return err;
	}
	if (!ctl_flag(reply, "ok")) {
		(void)snprintf(why, size, "the daemon refused: %s", ctl_text(reply, "error"));
		err = -EACCES;
	}
	json_decref(reply);
	return err;
}

static int mode_off(struct ctl *ctl)
{
	char dir[4096], map_error[256] = "", why[512], how[4096 + 600];
	const char *pin_dir = ctl_pin_dir(&ctl->options, dir, sizeof(dir));
	const uint32_t off = DNSBOLT_MODE_OFF;
	int map_err, daemon_err;
	uint32_t mode;

	map_err = ctl_pinned_mode(pin_dir, &off, &mode, map_error);
	daemon_err = tell_daemon(ctl, map_err ? CTL_TIMEOUT_MS : TELL_TIMEOUT_MS, why, sizeof(why));
	if (map_err && !map_error[0])
		(void)snprintf(map_error, sizeof(map_error), "%s", strerror(-map_err));
	if (map_err && daemon_err)
		return ctl_fail(ctl,
				"mode off: %s, and the map pinned in \"%s\" cannot be written: %s",
				why, pin_dir, map_error);
	if (map_err)
		(void)snprintf(how, sizeof(how), "through the daemon; the pinned map: %s",
			       map_error);
	else if (daemon_err)
		(void)snprintf(how, sizeof(how), "%s: written to the pinned map", why);
	else
		(void)snprintf(how, sizeof(how),
			       "written to the pinned map, and the daemon was told");
	say_mode(ctl, "off", !map_err, !daemon_err, how);
	return CTL_OK;
}

int cmd_mode(struct ctl *ctl)
{
	if (ctl->argc == 0)
		return show_mode(ctl);
	for (unsigned int i = 0; i < N_MODES; i++) {
		if (strcmp(ctl->argv[0], mode_words[i]) != 0)
			continue;
		if (i == DNSBOLT_MODE_OFF)
			return mode_off(ctl);
		return ask_mode(ctl, json_pack("{s:s, s:s}", "command", "mode set", "mode",
					       mode_words[i]));
	}
	return ctl_usage(ctl->command, "mode \"%s\": expected answer, shadow or off", ctl->argv[0]);
}
