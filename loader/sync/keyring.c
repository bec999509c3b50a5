/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 4096 /* octets of a file with base64 in it */

struct keyring {
	const struct config *config;
	struct xfr_key **key; /* in the order of the configuration */
};

/* The text without what surrounds it; `buf` has SECRET_MAX + 1 octets. */
static int read_secret(char *buf, const char **ret_text, const char *path, char *ret_error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, SECRET_MAX);
	int err = len < 0 ? -errno : 0;

	if (fd >= 0)
		(void)close(fd);
	if (err) {
		(void)snprintf(ret_error, NAME_ERROR_LEN, "secret-file \"%.300s\": %s", path,
			       strerror(-err));
		return err;
	}
	while (len > 0 && strchr(" \t\r\n", buf[len - 1]))
		len--;
	buf[len] = '\0';
	*ret_text = buf + strspn(buf, " \t\r\n");
	return 0;
}

int keyring_read_key(struct xfr_key **ret_key, const struct config_key *row, char *ret_error)
{
	char buf[SECRET_MAX + 1];
	const char *secret = row->secret;
	int err = 0;

	if (!secret)
		err = read_secret(buf, &secret, row->secret_file, ret_error);
	if (!err)
		err = xfr_key_parse(ret_key, row->name, row->algorithm, secret, ret_error);
	explicit_bzero(buf, sizeof(buf));
	return err;
}

static void warn_of_readers(const struct config_key *row, const struct report *report)
{
	struct stat st;

	if (row->secret_file && stat(row->secret_file, &st) == 0 && st.st_mode & S_IROTH)
		report_say(report, LOG_LEVEL_WARNING,
			   "key %s: \"%s\" can be read by everyone on this host", row->name,
			   row->secret_file);
}

int keyring_new(struct keyring **ret_keyring, const struct config *config,
		const struct report *report)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));
	char fault[NAME_ERROR_LEN];
	int err = 0;

	if (!keyring)
		return -ENOMEM;
	keyring->config = config;
	keyring->key = calloc(config->key_count + 1, sizeof(*keyring->key));
	if (!keyring->key)
		err = -ENOMEM;
	for (unsigned int i = 0; i < config->key_count && !err; i++) {
		err = keyring_read_key(&keyring->key[i], &config->key[i], fault);
		if (err)
			report_say(report, LOG_LEVEL_ERROR, "key %s: %s", config->key[i].name,
				   err == -ENOMEM ? "out of memory" : fault);
		else
			warn_of_readers(&config->key[i], report);
	}
	if (err)
		keyring_free(keyring);
	else
		*ret_keyring = keyring;
	return err;
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	for (unsigned int i = 0; keyring->key && i < keyring->config->key_count; i++)
		xfr_key_free(keyring->key[i]);
	free(keyring->key);
	free(keyring);
}

const struct xfr_key *keyring_of_row(const struct keyring *keyring, const char *name)
{
	const struct config_key *row = name ? config_find_key(keyring->config, name) : NULL;

	return row ? keyring->key[row - keyring->config->key] : NULL;
}

const struct xfr_key *keyring_find(const struct keyring *keyring, const knot_dname_t *name)
{
	for (unsigned int i = 0; i < keyring->config->key_count; i++) {
		if (knot_dname_is_equal(keyring->key[i]->tsig.name, name))
			return keyring->key[i];
	}
	return NULL;
}
