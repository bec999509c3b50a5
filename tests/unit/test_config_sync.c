/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys, primaries, templates, catalogs: what is read, and what does not fit together. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../loader/sync/keyring.h"

#define SECRET "c2VjcmV0IG9mIHRoaXMgdGVzdA=="

static char directory[64], path[128], said[8192];

static void say(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(said);

	(void)level;
	(void)arg;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}

static const struct report report = { .say = say };

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int load(struct config **ret_config, const char *text)
{
	write_file(path, text);
	said[0] = '\0';
	return config_load(ret_config, path, &report);
}

static void every_option_is_read(void **state)
{
	static const char text[] =
		"interface: [eth0]\n"
		"key:\n"
		"  - { name: k1, algorithm: hmac-sha512, secret: " SECRET " }\n"
		"  - { name: k2, secret: " SECRET " }\n"
		"primary:\n"
		"  - { name: main, address: [192.0.2.1, \"2001:db8::1@5353\"], key: k1 }\n"
		"template:\n"
		"  - { name: t, primary: main, refresh-min: 60, zonemd: require, notify-from: [192.0.2.9] }\n"
		"  - { name: u, primary: [main, 192.0.2.2@54] }\n"
		"zone:\n"
		"  - { name: a.example, primary: [main, \"2001:db8::2\"], expire-max: 7200, max-zone-size: 5000000000 }\n"
		"  - { name: b.example, template: t, refresh-min: 90 }\n"
		"  - name: cat.example\n"
		"    primary: main # a comment\n"
		"    catalog: yes\n"
		"    members: t\n"
		"    group: [{ name: g, template: u }]\n"
		"transfer: { parallel: 5, idle-timeout: 6, total-timeout: 7 }\n"
		"notify: { address: [192.0.2.53], port: 5300 }\n";
	const struct config_sync none = { .primary = NULL };
	struct config_sync sync;
	struct config *config;

	(void)state;
	assert_int_equal(load(&config, text), 0);
	assert_string_equal(said, "");
	assert_string_equal(config_find_key(config, "k1")->algorithm, "hmac-sha512");
	assert_null(config_find_key(config, "k3"));
	assert_int_equal(config_find_primary(config, "main")->address_count, 2);
	assert_int_equal(config->zone[0].sync.primary_count, 2);
	assert_int_equal(config->zone[0].sync.max_zone_size, 5000000000);
	sync = config_effective_sync(&config->zone[1].sync, config_find_template(config, "t"));
	assert_int_equal(sync.primary_count, 1);
	assert_string_equal(sync.primary[0], "main");
	assert_int_equal(sync.refresh_min, 90);
	assert_int_equal(sync.zonemd, CONFIG_ZONEMD_REQUIRE);
	assert_string_equal(sync.notify_from[0], "192.0.2.9");
	assert_true(config->zone[2].catalog);
	assert_string_equal(config->zone[2].sync.primary[0], "main");
	assert_string_equal(config->zone[2].group[0].template, "u");
	assert_int_equal(config->transfer->parallel, 5);
	assert_int_equal(config->notify->port, 5300);
	sync = config_effective_sync(&none, NULL);
	assert_int_equal(sync.zonemd, CONFIG_ZONEMD_CHECK);
	assert_true(sync.refresh_min > 0 && sync.refresh_min < sync.refresh_max);
	config_free(config);
}

static void a_text_stands_for_a_list_of_one(void **state)
{
	struct config *config;

	(void)state;
	/* Marks of the document count characters, not octets. */
	assert_int_equal(load(&config,
			      "interface: [eth0]\nsite: \"Z\xc3\xbcrich \xf0\x9f\x8c\x8d\"\n"
			      "fallback: host\nzone:\n"
			      "  - { name: a.example, primary: host }\n"
			      "  - { name: b.example, primary: \"2001:db8::1\" }\n"
			      "  - { name: c.example, primary: '192.0.2.1@54' }\n"
			      "host: { poll: 9 }\n"),
			 0);
	assert_string_equal(config->zone[0].sync.primary[0], "host");
	assert_string_equal(config->zone[1].sync.primary[0], "2001:db8::1");
	assert_string_equal(config->zone[2].sync.primary[0], "192.0.2.1@54");
	assert_int_equal(config->host->poll, 9);
	config_free(config);
}

#define HEAD                                                                                       \
	"interface: [e]\n"                                                                         \
	"key: [{ name: k, secret: " SECRET " }]\n"                                                 \
	"primary: [{ name: main, address: [192.0.2.1], key: k }]\n"                                \
	"template: [{ name: t, primary: main }, { name: bare }]\n"

/* Each is refused; the message starts with FILE and goes on as given. */
static const struct {
	const char *text, *message;
} refused[] = {
	{ HEAD "zone: [{ name: a, file: x, primary: main }]\n",
	  "5: key 'zone[0].file': zone 'a' has primaries too" },
	{ HEAD "zone: [{ name: a, file: x, template: t }]\n",
	  "5: key 'zone[0].file': zone 'a' has primaries too" },
	{ HEAD "zone: [{ name: a, template: bare }]\n",
	  "5: key 'zone[0]': zone 'a' has no source" },
	{ HEAD "zone: [{ name: a, primary: other }]\n",
	  "5: key 'zone[0].primary': 'other' is no name of 'primary'" },
	{ HEAD "zone: [{ name: a, primary: [] }]\n",
	  "5: key 'zone[0].primary': found 0 entries, expected 1 to 64" },
	{ HEAD "zone: [{ name: a, primary: host }]\n",
	  "5: key 'zone[0].primary': 'host' needs 'fallback: host'" },
	{ HEAD "fallback: host\nzone: [{ name: a, primary: [host, main] }]\n",
	  "6: key 'zone[0].primary': 'host' goes with no other" },
	{ HEAD "zone: [{ name: a, template: other }]\n",
	  "5: key 'zone[0].template': there is no template 'other'" },
	{ HEAD "zone: [{ name: a, primary: main, refresh-min: 9, refresh-max: 8 }]\n",
	  "5: key 'zone[0].refresh-min': found 9, expected at most 8" },
	{ HEAD "zone: [{ name: a, primary: main, retry-min: 0 }]\n",
	  "5: key 'zone[0].retry-min': found '0', expected a number from 1" },
	{ HEAD "zone: [{ name: a, primary: main, notify-from: [x] }]\n",
	  "5: key 'zone[0].notify-from': found 'x', expected an address" },
	{ HEAD "zone: [{ name: a, primary: main, zonemd: maybe }]\n",
	  "5: key 'zone[0].zonemd': found 'maybe', expected 'off', 'check' or 'require'" },
	{ HEAD "zone: [{ name: a, primary: main, catalog: maybe }]\n",
	  "5: key 'zone[0].catalog': found 'maybe', expected 'yes' or 'no'" },
	{ HEAD "zone: [{ name: a, primary: main, catalog: yes }]\n",
	  "5: key 'zone[0].catalog': expected 'members'" },
	{ HEAD "zone: [{ name: a, primary: main, members: t }]\n",
	  "5: key 'zone[0]': 'members' and 'group' need 'catalog: yes'" },
	{ HEAD "zone: [{ name: a, primary: main, catalog: yes, members: bare }]\n",
	  "5: key 'zone[0].members': template 'bare' names no primary" },
	{ HEAD
	  "zone: [{ name: a, primary: main, catalog: yes, group: [{ name: g, template: x }] }]\n",
	  "5: key 'zone[0].group[0].template': there is no template 'x'" },
	{ HEAD "zone: [{ name: a, file: x, catalog: yes, members: t }]\n",
	  "5: key 'zone[0].catalog': a catalog is transferred" },
	{ "interface: [e]\nprimary: [{ name: a, address: [192.0.2.1@0] }]\n",
	  "2: key 'primary[0].address[0]': found '192.0.2.1@0', expected ADDRESS or ADDRESS@PORT" },
	{ "interface: [e]\nprimary: [{ name: a, address: [192.0.2.1], key: k }]\n",
	  "2: key 'primary[0].key': there is no key 'k'" },
	{ "interface: [e]\nprimary: [{ name: host, address: [192.0.2.1] }]\n",
	  "2: key 'primary[0].name': 'host' has a meaning of its own" },
	{ "interface: [e]\nprimary:\n  - { name: a, address: [192.0.2.1] }\n  - { name: a, address: [192.0.2.1] }\n",
	  "4: key 'primary[1].name': 'a' is given twice" },
	{ "interface: [e]\nkey: [{ name: k }]\n",
	  "2: key 'key[0]': key 'k' has neither 'secret' nor 'secret-file'" },
	{ "interface: [e]\nkey: [{ name: k, secret: " SECRET ", secret-file: /x }]\n",
	  "2: key 'key[0]': key 'k' has both" },
	{ "interface: [e]\nkey: [{ name: k, secret-file: /nowhere }]\n",
	  "2: key 'key[0]': secret-file \"/nowhere\": No such file" },
	{ "interface: [e]\nfallback: host\nnotify: { address: [192.0.2.1] }\n",
	  "3: key 'notify.port': port 53 is the host's" },
	{ "interface: [e]\nnotify: { address: [x] }\n", "2: key 'notify.address[0]': found 'x'" },
	{ "interface: [e]\nhost: { key: k }\n", "2: key 'host.key': there is no key 'k'" },
	{ "interface: [e]\nhost: { poll: 0 }\n", "2: key 'host.poll': found '0'" },
	{ "interface: [e]\ntransfer: { parallel: 0 }\n", "2: key 'transfer.parallel': found '0'" },
};

static void what_does_not_fit_together_is_named(void **state)
{
	char expected[512];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct config *config = NULL;

		if (load(&config, refused[i].text) != -EINVAL)
			fail_msg("accepted:\n%s\n%s", refused[i].text, said);
		(void)snprintf(expected, sizeof(expected), "%s:%s", path, refused[i].message);
		if (!strstr(said, expected))
			fail_msg("expected\n  %s\nin\n%s", expected, said);
	}
}

/* However the configuration is wrong. */
static void no_message_says_a_secret(void **state)
{
	static const char *const texts[] = {
		"interface: [e]\nkey: [{ name: k, secret: xxSECRETxx! }]\n",
		"interface: [e]\nkey: xxSECRETxx\n",
		"interface: [e]\nkey: [xxSECRETxx]\n",
		"interface: [e]\nkey: [{ name: k, secret: [xxSECRETxx] }]\n",
		"interface: [e]\nkey: [{ name: k, algorithm: hmac-none, secret: xxSECRETxx== }]\n",
		"interface: [e]\nkey: [{ name: k..k, secret: xxSECRETxx== }]\n",
		"interface: [e]\nkey: { name: k, secret: xxSECRETxx== }\n",
	};
	struct config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(load(&config, texts[i]), -EINVAL);
		assert_string_not_equal(said, "");
		if (strstr(said, "SECRET"))
			fail_msg("%s", said);
	}
}

static void a_secret_is_read_from_its_file(void **state)
{
	char file[128], text[512];
	struct keyring *keyring;
	struct config *config;
	const struct xfr_key *one, *two;

	(void)state;
	(void)snprintf(file, sizeof(file), "%s/secret", directory);
	write_file(file, "\n  " SECRET "\n\n");
	(void)snprintf(
		text, sizeof(text),
		"interface: [e]\nkey: [{ name: One.Key, secret-file: %s }, { name: two, secret: " SECRET
		" }]\n",
		file);
	assert_int_equal(load(&config, text), 0);
	assert_int_equal(keyring_new(&keyring, config, &report), 0);
	assert_non_null(strstr(said, "can be read by everyone"));
	one = keyring_find(keyring, (const uint8_t *)"\3one\3key");
	two = keyring_of_row(keyring, "two");
	assert_non_null(one);
	assert_ptr_equal(one, keyring_of_row(keyring, "One.Key"));
	assert_int_equal(one->tsig.secret.size, two->tsig.secret.size);
	assert_memory_equal(one->tsig.secret.data, two->tsig.secret.data, one->tsig.secret.size);
	assert_null(keyring_find(keyring, (const uint8_t *)"\5other"));
	keyring_free(keyring);
	config_free(config);
	(void)unlink(file);
}

static int make_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/dnsbolt-test-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/dnsbolt.yaml", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(directory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(a_text_stands_for_a_list_of_one),
		cmocka_unit_test(what_does_not_fit_together_is_named),
		cmocka_unit_test(no_message_says_a_secret),
		cmocka_unit_test(a_secret_is_read_from_its_file),
	};

	return cmocka_run_group_tests_name("config_sync", tests, make_directory, remove_directory);
}
