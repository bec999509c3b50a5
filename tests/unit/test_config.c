/* SPDX-License-Identifier: GPL-3.0-or-later */
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

#include "../../loader/config.h"

#define WORDS_MAX 8192

static char directory[64];
static char path[128];
static char said[WORDS_MAX]; /* all messages of one load, a line each */

static void say(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(said);

	(void)level;
	(void)arg;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}

static const struct report report = { .say = say };

static int load(struct config **ret_config, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	said[0] = '\0';
	return config_load(ret_config, path, &report);
}

static void assert_said(const char *line_and_rest)
{
	char expected[512];

	(void)snprintf(expected, sizeof(expected), "%s:%s", path, line_and_rest);
	if (!strstr(said, expected))
		fail_msg("expected\n  %s\nin\n%s", expected, said);
}

static void the_interface_alone_is_enough(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(load(&config, "interface: [eth0]\n"), 0);
	assert_string_equal(said, "");
	assert_int_equal(config->interface_count, 1);
	assert_string_equal(config->interface[0], "eth0");
	assert_true(strlen(config->site) > 0);
	assert_int_equal(config->listen->address_count, 0);
	assert_int_equal(config->listen->port, 53);
	assert_int_equal(config->mode, DNSBOLT_MODE_ANSWER);
	assert_int_equal(config->fallback, CONFIG_FALLBACK_RESOLVER);
	assert_int_equal(config->return_path, DNSBOLT_RETURN_SWAP);
	assert_int_equal(config->cookies, CONFIG_COOKIES_DEFAULT);
	assert_int_equal(config->on_exit, CONFIG_EXIT_DETACH);
	assert_int_equal(config->max_udp_size, 1232);
	assert_int_equal(config->max_names, 1048576);
	assert_int_equal(config->limit->responses, 200);
	assert_int_equal(config->limit->nodata, 200);
	assert_int_equal(config->limit->nxdomains, 200);
	assert_int_equal(config->limit->referrals, 200);
	assert_int_equal(config->limit->errors, 200);
	assert_int_equal(config->limit->all, 0);
	assert_int_equal(config->limit->window, 15);
	assert_int_equal(config->limit->slip, 2);
	assert_int_equal(config->limit->ipv4_prefix, 24);
	assert_int_equal(config->limit->ipv6_prefix, 56);
	assert_int_equal(config->limit->accounts, 65536);
	assert_int_equal(config->limit->exempt_count, 0);
	assert_false(config->limit->log_only);
	assert_int_equal(config->pass_limit, 100000);
	assert_null(config->cookie_secret_file);
	assert_int_equal(config->clients->allow_count, 0);
	assert_int_equal(config->clients->deny_count, 0);
	assert_int_equal(config->clients->denied, CONFIG_DENIED_DROP);
	assert_true(config->watch);
	assert_int_equal(config->orphan_timeout, 0);
	assert_non_null(config->user);
	assert_int_equal(config->zone_dir_count, 0);
	assert_int_equal(config->zone_count, 0);
	assert_string_equal(config->metrics->listen, "127.0.0.1:9553");
	assert_string_equal(config->control, "/run/dnsbolt/control.sock");
	assert_string_equal(config->state_dir, "/var/lib/dnsbolt");
	assert_string_equal(config->run_dir, "/run/dnsbolt");
	assert_string_equal(config->pin_dir, "/sys/fs/bpf/dnsbolt");
	config_free(config);
}

/* Of the text below. */
static void assert_limits(const struct config *config)
{
	assert_string_equal(config_cookies_name(config->cookies), "require");
	assert_int_equal(config->limit->responses, 50);
	assert_int_equal(config->limit->nodata, 50);
	assert_int_equal(config->limit->nxdomains, 0);
	assert_int_equal(config->limit->all, 1000);
	assert_int_equal(config->limit->window, 1);
	assert_int_equal(config->limit->slip, 0);
	assert_int_equal(config->limit->ipv4_prefix, 32);
	assert_int_equal(config->limit->ipv6_prefix, 64);
	assert_int_equal(config->limit->exempt_count, 2);
	assert_string_equal(config->limit->exempt[1], "::1");
	assert_true(config->limit->log_only);
	assert_int_equal(config->limit->accounts, 1024);
	assert_int_equal(config->pass_limit, 0);
	assert_string_equal(config->clients->allow[0], "192.0.2.0/24");
	assert_string_equal(config->clients->deny[0], "192.0.2.128/25");
	assert_int_equal(config->clients->denied, CONFIG_DENIED_PASS);
}

static void every_option_is_read(void **state)
{
	static const char text[] =
		"site: fra1\n"
		"interface: [eth0, eth1.5]\n"
		"listen: { address: [192.0.2.53, \"2001:db8::53\"], port: 5353 }\n"
		"mode: off\n"
		"fallback: host\n"
		"return: fib\n"
		"cookies: require\n"
		"limit: { responses-per-second: 50, nxdomains-per-second: 0, all-per-second: 1000, window: 1, slip: 0,\n"
		"  ipv4-prefix: 32, ipv6-prefix: 64, exempt: [192.0.2.0/24, \"::1\"], log-only: yes, accounts: 1024 }\n"
		"pass-limit: 0\n"
		"clients: { allow: [192.0.2.0/24], deny: [192.0.2.128/25], denied: pass }\n"
		"on-exit: disarm\n"
		"max-udp-size: 4096\n"
		"max-names: 65536\n"
		"watch: false\n"
		"orphan-timeout: 3600\n"
		"user: root\n"
		"zone-dir: [/etc/dnsbolt/zones, /srv/zones]\n"
		"zone:\n"
		"  - { name: ., file: /etc/root.zone }\n"
		"  - name: Example.COM\n"
		"    file: /etc/example.com.zone\n"
		"    serve-to: [10.0.0.0/8]\n"
		"metrics: { listen: \"\" }\n"
		"control: /tmp/c.sock\n"
		"state-dir: /tmp/state\n"
		"run-dir: /tmp/run\n"
		"pin-dir: /sys/fs/bpf/other\n";
	struct config *config = NULL;

	(void)state;
	assert_int_equal(load(&config, text), 0);
	assert_string_equal(config->site, "fra1");
	assert_int_equal(config->interface_count, 2);
	assert_string_equal(config->interface[1], "eth1.5");
	assert_int_equal(config->listen->address_count, 2);
	assert_string_equal(config->listen->address[1], "2001:db8::53");
	assert_int_equal(config->listen->port, 5353);
	assert_int_equal(config->mode, DNSBOLT_MODE_OFF);
	assert_int_equal(config->fallback, CONFIG_FALLBACK_HOST);
	assert_int_equal(config->return_path, DNSBOLT_RETURN_FIB);
	assert_int_equal(config->cookies, CONFIG_COOKIES_REQUIRE);
	assert_limits(config);
	assert_string_equal(config->zone[1].sync.serve_to[0], "10.0.0.0/8");
	assert_int_equal(config->on_exit, CONFIG_EXIT_DISARM);
	assert_int_equal(config->max_udp_size, 4096);
	assert_int_equal(config->max_names, 65536);
	assert_false(config->watch);
	assert_int_equal(config->orphan_timeout, 3600);
	assert_string_equal(config->user, "root");
	assert_int_equal(config->zone_dir_count, 2);
	assert_int_equal(config->zone_count, 2);
	assert_string_equal(config->zone[0].name, ".");
	assert_string_equal(config->zone[1].name, "Example.COM");
	assert_string_equal(config->zone[1].file, "/etc/example.com.zone");
	assert_string_equal(config->metrics->listen, "");
	assert_string_equal(config->control, "/tmp/c.sock");
	assert_string_equal(config->pin_dir, "/sys/fs/bpf/other");
	config_free(config);
}

/* Each text is refused; the message starts with FILE and goes on as given. */
static const struct {
	const char *text, *message;
} refused[] = {
	{ "site: x\n", "1: key 'interface': it is missing" },
	{ "", "1: the file is empty" },
	{ "# nothing\n", "1: the file is empty" },
	{ "eth0\n", "1: found 'eth0', expected a mapping" },
	{ "\ninterface: eth0\n", "2: key 'interface': found 'eth0', expected a list: [eth0]" },
	{ "interface:\n", "1: key 'interface': found nothing, expected a list" },
	{ "interface: []\n", "1: key 'interface': found 0 entries, expected 1 to 16" },
	{ "interface: [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]\n",
	  "1: key 'interface': found 17 entries, expected 1 to 16" },
	{ "interface:\n  - eth0\n  - abcdefghijklmnop\n",
	  "3: key 'interface[1]': found 'abcdefghijklmnop', expected an interface name" },
	{ "interface: [eth0, \"\"]\n", "1: key 'interface[1]': found nothing, expected a text" },
	{ "interface: [eth0, [x]]\n",
	  "1: key 'interface[1]': found a list, expected a single value" },
	{ "interface: [eth0, eth0]\n", "1: key 'interface[1]': 'eth0' is given twice" },
	{ "interfaces: [eth0]\n",
	  "1: key 'interfaces': there is no such key, expected perhaps 'interface'" },
	{ "interface: [e]\nquite-another: 1\n", "2: key 'quite-another': there is no such key\n" },
	{ "interface: [e]\nlisten: { prot: 53 }\n",
	  "2: key 'listen.prot': there is no such key, expected perhaps 'port'" },
	{ "interface: [e]\nlisten: 53\n", "2: key 'listen': found '53', expected a mapping" },
	{ "interface: [e]\nlisten:\n  port: 0\n",
	  "3: key 'listen.port': found '0', expected a number from 1 to 65535" },
	{ "interface: [e]\nlisten: { port: 70000 }\n", "2: key 'listen.port': found '70000'" },
	{ "interface: [e]\nlisten: { port: 53x }\n", "2: key 'listen.port': found '53x'" },
	{ "interface: [e]\nlisten: { port: 0x35 }\n", "2: key 'listen.port': found '0x35'" },
	{ "interface: [e]\nlisten: { port: 053 }\n", "2: key 'listen.port': found '053'" },
	{ "interface: [e]\nlisten: { port: -1 }\n", "2: key 'listen.port': found '-1'" },
	{ "interface: [e]\nlisten: { port: }\n", "2: key 'listen.port': found nothing" },
	{ "interface: [e]\nlisten: { port: 99999999999999999999 }\n",
	  "2: key 'listen.port': found '9" },
	{ "interface: [e]\nlisten:\n  address:\n    - 192.0.2.1\n    - 192.0.2.300\n",
	  "5: key 'listen.address[1]': found '192.0.2.300', expected an address" },
	{ "interface: [e]\nlisten: { address: [224.0.0.1] }\n",
	  "2: key 'listen.address[0]': '224.0.0.1' is a multicast" },
	{ "interface: [e]\nlisten: { address: [\"ff02::1\"] }\n",
	  "2: key 'listen.address[0]': 'ff02::1' is a multicast" },
	{ "interface: [e]\nlisten: { address: [0.0.0.0] }\n",
	  "2: key 'listen.address[0]': '0.0.0.0' is no host's address" },
	{ "interface: [e]\nlisten: { address: [\"2001:db8::1\", \"2001:DB8:0::1\"] }\n",
	  "2: key 'listen.address[1]': '2001:DB8:0::1' is given twice" },
	{ "interface: [e]\nmode: on\n",
	  "2: key 'mode': found 'on', expected 'answer', 'shadow' or 'off'" },
	{ "interface: [e]\nmode: 1\n", "2: key 'mode': found '1', expected" },
	{ "interface: [e]\nfallback: none\n",
	  "2: key 'fallback': found 'none', expected 'resolver' or 'host'" },
	{ "interface: [e]\nmax-udp-size: 511\n",
	  "2: key 'max-udp-size': found '511', expected a number from 512 to 4096" },
	{ "interface: [e]\nmax-udp-size: 4097\n", "2: key 'max-udp-size': found '4097'" },
	{ "interface: [e]\nmax-names: 10\n",
	  "2: key 'max-names': found '10', expected a number from 1024" },
	{ "interface: [e]\nsite: a\nsite: b\n", "3: key 'site': the key is given twice" },
	{ "interface: [e]\nsite: \"a\\0b\"\n", "2: key 'site': the text contains a zero octet" },
	{ "interface: [e]\nuser: no-such-user-here\n", "2: key 'user': there is no user" },
	{ "interface: [e]\nzone:\n  - name: a\n", "3: key 'zone[0]': zone 'a' has no source" },
	{ "interface: [e]\nzone:\n  - { name: a..b, file: x }\n",
	  "3: key 'zone[0].name': name \"a..b\": it has an empty label" },
	{ "interface: [e]\nzone:\n  - { name: a.example, file: x }\n"
	  "  - { name: b, file: x }\n"
	  "  - { name: A.Example., file: y }\n",
	  "5: key 'zone[2].name': 'A.Example.' is given twice" },
	{ "interface: [e]\nzone-dir: /etc/zones\n",
	  "2: key 'zone-dir': found '/etc/zones', expected a list: [/etc/zones]" },
	{ "interface: [e]\nmetrics: { listen: 9553 }\n",
	  "2: key 'metrics.listen': found '9553', expected 'ADDRESS:PORT'" },
	{ "interface: [e]\nlimit: { responses-per-second: 10001 }\n",
	  "2: key 'limit.responses-per-second': found '10001', expected a number from 0 to 10000" },
	{ "interface: [e]\nlimit: { slip: 11 }\n", "2: key 'limit.slip': found '11'" },
	{ "interface: [e]\nlimit: { window: 0 }\n", "2: key 'limit.window': found '0'" },
	{ "interface: [e]\nlimit: { ipv6-prefix: 65 }\n",
	  "2: key 'limit.ipv6-prefix': found '65'" },
	{ "interface: [e]\nlimit: { accounts: 1000000 }\n",
	  "2: key 'limit.accounts': found '1000000', expected a power of two" },
	{ "interface: [e]\nlimit:\n  exempt: [192.0.2.0/24, 192.0.2.0/33]\n",
	  "3: key 'limit.exempt[1]': found '192.0.2.0/33', expected a prefix as 192.0.2.0/24" },
	{ "interface: [e]\nclients:\n  deny: [192.0.2.1/24]\n",
	  "3: key 'clients.deny[0]': '192.0.2.1/24' has bits behind its length" },
	{ "interface: [e]\nclients: { denied: refuse }\n",
	  "2: key 'clients.denied': found 'refuse', expected 'drop' or 'pass'" },
	{ "interface: [e]\nzone: [{ name: a, file: b, serve-to: [x] }]\n",
	  "2: key 'zone[0].serve-to[0]': found 'x', expected a prefix" },
	{ "interface: [e]\ncookies: yes\n",
	  "2: key 'cookies': found 'yes', expected 'answer', 'pass', 'ignore' or 'require'" },
	{ "interface: [e]\ncookie-secret-file: /nonexistent/secrets\n",
	  "2: key 'cookie-secret-file': \"/nonexistent/secrets\": No such file or directory" },
	{ "interface: [eth0\n", "2: not YAML: " },
	{ "interface: [e]\n---\nsite: x\n", "3: a second YAML document" },
	{ "? [a]\n: b\ninterface: [e]\n", "1: a key must be a word" },
};

static void errors_name_file_line_and_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct config *config = NULL;

		if (load(&config, refused[i].text) != -EINVAL)
			fail_msg("accepted:\n%s", refused[i].text);
		assert_null(config);
		assert_said(refused[i].message);
	}
}

static void one_load_says_all_that_is_wrong(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(load(&config,
			      "interface: [e]\nmode: on\nreturn: none\nlisten: { port: 0 }\n"),
			 -EINVAL);
	assert_said("2: key 'mode'");
	assert_said("3: key 'return'");
	assert_said("4: key 'listen.port'");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	struct config *config = NULL;
	char missing[128];

	(void)state;
	said[0] = '\0';
	(void)snprintf(missing, sizeof(missing), "%s/missing.yaml", directory);
	assert_int_equal(config_load(&config, missing, &report), -ENOENT);
	assert_non_null(strstr(said, "missing.yaml: cannot be read: No such file or directory"));
	said[0] = '\0';
	assert_int_equal(config_load(&config, directory, &report), -EISDIR);
	assert_non_null(strstr(said, "cannot be read: Is a directory"));
}

static void anchors_and_aliases_are_followed(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(load(&config, "interface: &i [eth0]\nzone-dir: *i\n"), 0);
	assert_string_equal(config->zone_dir[0], "eth0");
	config_free(config);
}

static void words_are_those_of_the_file(void **state)
{
	enum dnsbolt_mode mode;

	(void)state;
	assert_string_equal(config_mode_name(DNSBOLT_MODE_SHADOW), "shadow");
	assert_true(config_mode_parse(&mode, "off"));
	assert_int_equal(mode, DNSBOLT_MODE_OFF);
	assert_false(config_mode_parse(&mode, "Off"));
	assert_string_equal(config_fallback_name(CONFIG_FALLBACK_HOST), "host");
	assert_string_equal(config_exit_name(CONFIG_EXIT_STAY), "stay");
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
		cmocka_unit_test(the_interface_alone_is_enough),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(errors_name_file_line_and_key),
		cmocka_unit_test(one_load_says_all_that_is_wrong),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(anchors_and_aliases_are_followed),
		cmocka_unit_test(words_are_those_of_the_file),
	};

	return cmocka_run_group_tests_name("config", tests, make_directory, remove_directory);
}
