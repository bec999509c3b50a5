/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/dnsboltctl: what becomes of the words of a command line. No daemon is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tools/dnsboltctl/ask.c"
#include "../../tools/dnsboltctl/batch.c"
#include "../../tools/dnsboltctl/commands.c"
#include "../../tools/dnsboltctl/complete.c"
#include "../../tools/dnsboltctl/format.c"
#include "../../tools/dnsboltctl/lookup.c"
#include "../../tools/dnsboltctl/mode.c"
#include "../../tools/dnsboltctl/options.c"
#include "../../tools/dnsboltctl/pinned.c"
#include "../../tools/dnsboltctl/record.c"
#include "../../tools/dnsboltctl/stats.c"
#include "../../tools/dnsboltctl/status.c"
#include "../../tools/dnsboltctl/zone.c"

#define MANUAL "tools/dnsboltctl/dnsboltctl.1"
#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })

static unsigned int count_words(char **words)
{
	unsigned int n = 0;

	while (words[n])
		n++;
	return n;
}

/* From capture_begin() to capture_end() both streams go to a file. */
struct capture {
	FILE *file;
	int out, err;
};

static void capture_begin(struct capture *capture)
{
	fflush(stdout);
	*capture = (struct capture){ .file = tmpfile(),
				     .out = dup(STDOUT_FILENO),
				     .err = dup(STDERR_FILENO) };
	assert_non_null(capture->file);
	dup2(fileno(capture->file), STDOUT_FILENO);
	dup2(fileno(capture->file), STDERR_FILENO);
}

static void capture_end(struct capture *capture, char *ret_output, size_t size)
{
	fflush(stdout);
	dup2(capture->out, STDOUT_FILENO);
	dup2(capture->err, STDERR_FILENO);
	close(capture->out);
	close(capture->err);
	rewind(capture->file);
	ret_output[fread(ret_output, 1, size - 1, capture->file)] = '\0';
	fclose(capture->file);
}

/* Runs a command line where no daemon is, and gives its exit code and what it wrote. */
static int run_words(char **words, char *ret_output, size_t size)
{
	struct ctl base = { .options = { .socket = "/nonexistent/control.sock", .bufsize = 1232 },
			    .client.fd = -1 };
	struct capture capture;
	int code;

	capture_begin(&capture);
	code = ctl_run(&base, count_words(words), words);
	capture_end(&capture, ret_output, size);
	proto_close(&base.client);
	return code;
}

static void expect_run(char **words, int code, const char *part)
{
	char output[16384];

	assert_int_equal(run_words(words, output, sizeof(output)), code);
	if (!strstr(output, part))
		fail_msg("\"%s\" is not in \"%s\"", part, output);
}

static void options_stand_anywhere(void **state)
{
	struct ctl_options options = { 0 };
	char *operands[16];
	unsigned int n;

	(void)state;
	assert_int_equal(ctl_parse(&options, 9,
				   WORDS("record", "-j", "set", "a", "--add", "-s", "x",
					 "--pin-dir=/p", "LOC"),
				   operands, &n, false),
			 CTL_OK);
	assert_int_equal(n, 4);
	assert_string_equal(operands[3], "LOC");
	assert_true(options.json && options.add);
	assert_string_equal(options.socket, "x");
	assert_string_equal(options.pin_dir, "/p");
	assert_int_equal(ctl_parse(&options, 5, WORDS("-2.00m", "-jsy", "--", "--add", "-"),
				   operands, &n, false),
			 CTL_OK);
	assert_int_equal(n, 3);
	assert_string_equal(operands[0], "-2.00m");
	assert_string_equal(operands[1], "--add");
	assert_string_equal(operands[2], "-");
	assert_string_equal(options.socket, "y");
}

static void usage_errors_name_the_word_and_what_was_expected(void **state)
{
	(void)state;
	expect_run(WORDS("frob"), CTL_USAGE, "there is no command \"frob\"");
	expect_run(WORDS("zone"), CTL_USAGE, "zone list");
	expect_run(WORDS("zone", "frob"), CTL_USAGE, "no command \"zone frob\"");
	expect_run(WORDS("zone", "show"), CTL_USAGE, "expected ZONE");
	expect_run(WORDS("status", "now"), CTL_USAGE, "expected nothing");
	expect_run(WORDS("status", "--add"), CTL_USAGE, "--add does not go with \"status\"");
	expect_run(WORDS("status", "-x"), CTL_USAGE, "no option -x");
	expect_run(WORDS("status", "--socket"), CTL_USAGE, "expected SOCKET");
	expect_run(WORDS("status", "--json=1"), CTL_USAGE, "takes no argument");
	expect_run(WORDS("lookup", "a", "--bufsize", "1x"), CTL_USAGE, "0 to 65535");
	expect_run(WORDS("lookup", "a..b"), CTL_USAGE, "empty label");
	expect_run(WORDS("lookup", "a", "FROB"), CTL_USAGE, "TYPEnnn");
	expect_run(WORDS("mode", "on"), CTL_USAGE, "expected answer, shadow or off");
	expect_run(WORDS("record", "set", "a", "MX", "10", "mail."), CTL_USAGE, "TTL \"mail.\"");
	expect_run(WORDS("record", "set", "a", "A", "192.0.2.1", "2147483648"), CTL_USAGE,
		   "0 to 2147483647");
	expect_run(WORDS("record", "set", "a", "A", "300"), CTL_USAGE, "NAME TYPE RDATA... TTL");
}

static void without_a_daemon_it_fails(void **state)
{
	(void)state;
	expect_run(WORDS("status"), CTL_FAILED, "/nonexistent/control.sock");
	expect_run(WORDS("status", "-j"), CTL_FAILED, "{\"ok\":false,\"error\":\"socket");
	expect_run(WORDS("record", "set", "a", "A", "192.0.2.1", "300"), CTL_FAILED,
		   "does not listen");
	expect_run(WORDS("mode", "off", "-P", "/nonexistent"), CTL_FAILED, "cannot be written");
}

static void each_command_has_its_help(void **state)
{
	(void)state;
	for (const struct ctl_command *row = ctl_commands; row->name; row++) {
		char name[64], *words[4] = { 0 }, *rest = NULL;
		unsigned int n = 0;

		(void)snprintf(name, sizeof(name), "%s", row->name);
		for (char *word = strtok_r(name, " ", &rest); word;
		     word = strtok_r(NULL, " ", &rest))
			words[n++] = word;
		words[n] = (char *)"--help";
		expect_run(words, CTL_OK, row->help);
	}
	expect_run(WORDS("help"), CTL_OK, "record set NAME TYPE RDATA... TTL");
	expect_run(WORDS("zone", "--help"), CTL_OK, "zone reload [ZONE]");
	expect_run(WORDS("-V"), CTL_OK, DNSBOLT_VERSION);
}

/* mdoc writes an option as `Fl \-add` or `Fl j`. */
static bool manual_has_option(const char *manual, const struct ctl_option *row)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "Fl \\-%s", row->name + 2);
	if (!strstr(manual, text))
		return false;
	(void)snprintf(text, sizeof(text), ".It Fl %c", row->letter);
	return !row->letter || strstr(manual, text);
}

static void the_manual_names_every_command_and_option(void **state)
{
	static char manual[65536];
	FILE *file = fopen(MANUAL, "r");

	(void)state;
	if (!file)
		skip(); /* the test runs elsewhere than in the tree */
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	for (const struct ctl_command *row = ctl_commands; row->name; row++) {
		char text[64];

		(void)snprintf(text, sizeof(text), ".It Cm %s", row->name);
		if (!strstr(manual, text))
			fail_msg("%s: \"%s\" is missing", MANUAL, text);
	}
	for (const struct ctl_option *row = ctl_option_rows; row->name; row++) {
		if (!manual_has_option(manual, row))
			fail_msg("%s: %s is missing", MANUAL, row->name);
	}
}

static void completion_knows_the_tables(void **state)
{
	char output[4096];

	(void)state;
	assert_int_equal(run_words(WORDS("complete", "--", "z"), output, sizeof(output)), CTL_OK);
	assert_string_equal(output, "zone\n");
	run_words(WORDS("complete", "--", "zone", ""), output, sizeof(output));
	assert_string_equal(output, "list\nshow\nreload\nrefresh\nretransfer\n");
	run_words(WORDS("complete", "--", "-s", "x", "record", "s"), output, sizeof(output));
	assert_string_equal(output, "set\n");
	run_words(WORDS("complete", "--", "mode", ""), output, sizeof(output));
	assert_string_equal(output, "answer\nshadow\noff\n");
	run_words(WORDS("complete", "--", "record", "r"), output, sizeof(output));
	assert_string_equal(output, "reset\n");
	run_words(WORDS("complete", "--", "record", "set", "--a"), output, sizeof(output));
	assert_string_equal(output, "--add\n");
	run_words(WORDS("complete", "--", "lookup", "a", "AA"), output, sizeof(output));
	assert_string_equal(output, "AAAA\n");
	run_words(WORDS("complete", "--", "help", "rec"), output, sizeof(output));
	assert_string_equal(output, "record\n");
	run_words(WORDS("complete", "--", "zone", "show", ""), output, sizeof(output));
	assert_string_equal(output, "");
	run_words(WORDS("complete"), output, sizeof(output));
	assert_non_null(strstr(output, "status\n"));
}

static void expect_rdata(uint16_t type, char **words, const char *expected)
{
	char *rdata = join_rdata(type, count_words(words), words);

	assert_non_null(rdata);
	assert_string_equal(rdata, expected);
	free(rdata);
}

static void words_become_rdata(void **state)
{
	(void)state;
	expect_rdata(1, WORDS("192.0.2.1"), "192.0.2.1");
	expect_rdata(15, WORDS("10", "mail."), "10 mail.");
	expect_rdata(15, WORDS("10 mail."), "10 mail.");
	expect_rdata(16, WORDS("v=spf1 -all"), "\"v=spf1 -all\"");
	expect_rdata(16, WORDS("one", "two"), "one two");
	expect_rdata(16, WORDS("\"one\" \"two words\""), "\"one\" \"two words\"");
	expect_rdata(16, WORDS("one word", "two"), "\"one word\" two");
}

static void an_answer_is_shown_as_dig_would(void **state)
{
	/* www.example.com A with two records, the SOA's owner compressed, and an OPT with DO. */
	static const char message[] =
		"12348500000100020000000103777777076578616d706c6503636f6d0000010001"
		"c00c000100010000012c0004c0000201"
		"c00c000100010000012c0004c0000202"
		"0000290fa0000080000000";
	struct ctl ctl = { .client.fd = -1 };
	struct capture capture;
	char output[4096];
	int code;

	(void)state;
	capture_begin(&capture);
	code = print_packet(&ctl, message, true);
	capture_end(&capture, output, sizeof(output));
	assert_int_equal(code, CTL_OK);
	assert_string_equal(output,
			    ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4660\n"
			    ";; flags: qr aa rd; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1\n"
			    "\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags: do; udp: 4000\n"
			    "\n;; QUESTION SECTION:\n;www.example.com.\t\tIN\tA\n"
			    "\n;; ANSWER SECTION:\n"
			    "www.example.com.    \t300\tA\t192.0.2.1\n"
			    "www.example.com.    \t300\tA\t192.0.2.2\n"
			    "\n;; MSG SIZE  76 octets\n");
	capture_begin(&capture);
	code = print_packet(&ctl, "1234zz", true);
	capture_end(&capture, output, sizeof(output));
	assert_int_equal(code, CTL_FAILED);
}

static void a_batch_splits_words_as_a_shell_does(void **state)
{
	static const struct {
		const char *line;
		int n;
		const char *word[4];
	} rows[] = {
		{ "", 0, { NULL } },
		{ "  \t\n", 0, { NULL } },
		{ "status\n", 1, { "status" } },
		{ " zone  list ", 2, { "zone", "list" } },
		{ "a 'b c' d", 3, { "a", "b c", "d" } },
		{ "a \"b c\" d", 3, { "a", "b c", "d" } },
		{ "'\"b c\"'", 1, { "\"b c\"" } },
		{ "a\"b\"'c'", 1, { "abc" } },
		{ "'' \"\"", 2, { "", "" } },
		{ "a\\ b \"\\\"\\\\\\a\" '\\'", 3, { "a b", "\"\\\\a", "\\" } },
		{ "'open", -1, { NULL } },
		{ "1 2 3 4 5", -1, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char line[64], *word[4];

		strcpy(line, rows[i].line);
		assert_int_equal(split_words(line, word, 4), rows[i].n);
		for (int w = 0; w < rows[i].n; w++)
			assert_string_equal(word[w], rows[i].word[w]);
	}
}

static void numbers_read_well(void **state)
{
	char buf[CTL_FORMAT_LEN];

	(void)state;
	assert_string_equal(ctl_duration(0, buf), "0 s");
	assert_string_equal(ctl_duration(59, buf), "59 s");
	assert_string_equal(ctl_duration(61, buf), "1 min 1 s");
	assert_string_equal(ctl_duration(7200 + 180, buf), "2 h 3 min");
	assert_string_equal(ctl_duration(3 * 86400 + 4 * 3600, buf), "3 d 4 h");
	assert_string_equal(ctl_octets(1023, buf), "1023 octets");
	assert_string_equal(ctl_octets(1536, buf), "1.5 KiB");
	assert_string_equal(ctl_octets(64 << 20, buf), "64.0 MiB");
}

static void the_pin_file_names_the_folder(void **state)
{
	char socket[64], path[80], buf[4096];
	struct ctl_options options = { .socket = socket };
	FILE *file;

	(void)state;
	(void)snprintf(socket, sizeof(socket), "/tmp/dnsbolt-test-cli.%d", getpid());
	(void)snprintf(path, sizeof(path), "%s.pin", socket);
	assert_string_equal(ctl_pin_dir(&options, buf, sizeof(buf)), CTL_PIN_DIR);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("/sys/fs/bpf/other\n", file);
	fclose(file);
	assert_string_equal(ctl_pin_dir(&options, buf, sizeof(buf)), "/sys/fs/bpf/other");
	options.pin_dir = "/mine";
	assert_string_equal(ctl_pin_dir(&options, buf, sizeof(buf)), "/mine");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(usage_errors_name_the_word_and_what_was_expected),
		cmocka_unit_test(without_a_daemon_it_fails),
		cmocka_unit_test(each_command_has_its_help),
		cmocka_unit_test(the_manual_names_every_command_and_option),
		cmocka_unit_test(completion_knows_the_tables),
		cmocka_unit_test(words_become_rdata),
		cmocka_unit_test(an_answer_is_shown_as_dig_would),
		cmocka_unit_test(a_batch_splits_words_as_a_shell_does),
		cmocka_unit_test(numbers_read_well),
		cmocka_unit_test(the_pin_file_names_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
