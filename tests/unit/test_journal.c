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
#include <sys/stat.h>
#include <unistd.h>

#include "../../loader/sync/journal.h"
#include "../../userspace/lib/name.h"

#define ENTRY(owner, type, ttl, rdata)                                                             \
	"{\"owner\":\"" owner "\",\"type\":\"" type "\",\"ttl\":" ttl ",\"rdata\":" rdata          \
	",\"who\":\"\",\"when\":1}\n"
#define LINE(owner, rdata) ENTRY(owner, "A", "60", rdata)

static char root[64], directory[96], path[128];
static char said[4096];

static void say(enum log_level level, const char *text, void *arg)
{
	size_t len = strlen(said);

	(void)level;
	(void)arg;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}

static const struct report report = { .say = say };

static struct journal *open_journal(void)
{
	struct journal *journal = NULL;

	said[0] = '\0';
	assert_int_equal(journal_open(&journal, directory, &report), 0);
	assert_non_null(journal);
	return journal;
}

static void write_file(const char *text)
{
	FILE *file;

	(void)mkdir(directory, 0755);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static char *read_file(void)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

/* `text`: one RDATA; NULL: taken back; "hidden". */
static int put(struct journal *journal, const char *owner, uint16_t type, const char *text)
{
	char *rdata[] = { (char *)text };
	knot_dname_storage_t name;
	struct journal_record record = {
		.owner = name,
		.type = type,
		.ttl = 300,
		.rdata = rdata,
		.who = "uid 0 (root)",
		.when = 1735689600,
	};
	const struct journal_record *one = &record;

	assert_int_equal(name_parse_lower(name, owner, NULL), 0);
	record.is_hidden = text && strcmp(text, "hidden") == 0;
	record.n_rdata = text && !record.is_hidden;
	return journal_put(journal, &one, 1);
}

static const struct journal_record *find(struct journal *journal, const char *owner, uint16_t type)
{
	knot_dname_storage_t name;

	assert_int_equal(name_parse_lower(name, owner, NULL), 0);
	return journal_find(journal, name, type);
}

static void nothing_is_made_before_the_first_record(void **state)
{
	struct journal *journal = open_journal();
	struct stat st;

	(void)state;
	assert_null(journal_from(journal, NULL));
	assert_int_equal(stat(directory, &st), -1);
	journal_close(journal);
}

static void records_survive_a_restart(void **state)
{
	struct journal *journal = open_journal();
	const struct journal_record *record;

	(void)state;
	assert_int_equal(put(journal, "www.Example.com", 1, "192.0.2.1"), 0);
	assert_int_equal(put(journal, "example.com", 16, "\"a \\\" quote\" \"\\009\""), 0);
	assert_int_equal(put(journal, "www.example.com", 65280, "hidden"), 0);
	assert_int_equal(put(journal, "gone.example.com", 1, "192.0.2.9"), 0);
	assert_int_equal(put(journal, "gone.example.com", 1, NULL), 0);
	journal_close(journal);

	journal = open_journal();
	assert_string_equal(said, "");
	record = journal_from(journal, NULL);
	assert_int_equal(record->type, 16);
	assert_string_equal(record->rdata[0], "\"a \\\" quote\" \"\\009\"");
	record = journal_next(record);
	assert_int_equal(record->type, 1);
	assert_int_equal(record->ttl, 300);
	assert_string_equal(record->who, "uid 0 (root)");
	assert_int_equal(record->when, 1735689600);
	assert_string_equal(record->rdata[0], "192.0.2.1");
	record = journal_next(record);
	assert_int_equal(record->type, 65280);
	assert_true(record->is_hidden);
	assert_int_equal(record->n_rdata, 0);
	assert_null(journal_next(record));
	assert_null(find(journal, "gone.example.com", 1));
	journal_close(journal);
}

static void the_newest_line_counts_and_the_rest_is_compacted(void **state)
{
	struct journal *journal = open_journal();
	char text[32];

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		(void)snprintf(text, sizeof(text), "192.0.2.%u", i);
		assert_int_equal(put(journal, "www.example.com", 1, text), 0);
	}
	journal_close(journal);
	assert_non_null(strstr(read_file(), "192.0.2.98"));

	journal = open_journal();
	assert_string_equal(find(journal, "WWW.example.com", 1)->rdata[0], "192.0.2.99");
	assert_null(strstr(read_file(), "192.0.2.98"));
	assert_non_null(strstr(read_file(), "192.0.2.99"));
	assert_int_equal(put(journal, "www.example.com", 1, "192.0.2.100"), 0);
	journal_close(journal);

	journal = open_journal();
	assert_string_equal(find(journal, "www.example.com", 1)->rdata[0], "192.0.2.100");
	journal_close(journal);
}

static void a_torn_last_line_is_dropped_with_a_warning(void **state)
{
	struct journal *journal;

	(void)state;
	write_file(LINE("a.", "[\"192.0.2.1\"]") "{\"owner\":\"b.\",\"ty");
	journal = open_journal();
	assert_non_null(strstr(said, "records.journal:2: the last line is incomplete"));
	assert_non_null(find(journal, "a", 1));
	assert_null(find(journal, "b", 1));
	assert_int_equal(put(journal, "c", 1, "192.0.2.3"), 0);
	journal_close(journal);

	journal = open_journal();
	assert_string_equal(said, "");
	assert_non_null(find(journal, "a", 1));
	assert_non_null(find(journal, "c", 1));
	journal_close(journal);
}

static void a_last_line_that_lacks_only_its_newline_counts(void **state)
{
	static const char text[] = LINE("a.", "[\"192.0.2.1\"]") LINE("b.", "\"hidden\"");
	struct journal *journal;
	char cut[sizeof(text)];

	(void)state;
	memcpy(cut, text, sizeof(text));
	cut[sizeof(text) - 2] = '\0';
	write_file(cut);
	journal = open_journal();
	assert_non_null(find(journal, "b", 1));
	assert_int_equal(put(journal, "c", 1, "192.0.2.3"), 0);
	journal_close(journal);
	journal = open_journal();
	assert_non_null(find(journal, "b", 1));
	assert_non_null(find(journal, "c", 1));
	journal_close(journal);
}

static void a_damaged_line_is_an_error_and_the_file_is_left(void **state)
{
	static const char *const lines[] = {
		"nonsense\n",
		"[]\n",
		"\n",
		ENTRY("a..b", "A", "60", "[]"),
		ENTRY("a.", "NOTYPE", "60", "[]"),
		ENTRY("a.", "A", "-1", "[]"),
		ENTRY("a.", "A", "4294967296", "[]"),
		ENTRY("a.", "A", "60", "[1]"),
		ENTRY("a.", "A", "60", "\"shown\""),
		"{\"owner\":\"a.\",\"type\":\"A\",\"ttl\":60,\"who\":\"\",\"when\":1}\n",
		"{\"owner\":\"a.\",\"type\":\"A\",\"ttl\":60,\"rdata\":[],\"when\":1}\n",
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct journal *journal = NULL;

		(void)snprintf(text, sizeof(text), "%s%s%s", LINE("x.", "[]"), lines[i],
			       LINE("y.", "[\"192.0.2.1\"]"));
		write_file(text);
		said[0] = '\0';
		assert_int_equal(journal_open(&journal, directory, &report), -EINVAL);
		assert_null(journal);
		if (!strstr(said, "records.journal:2: damaged line: "))
			fail_msg("%s: said %s", lines[i], said);
		assert_string_equal(read_file(), text);
	}
}

static void a_second_process_reads_and_does_not_write(void **state)
{
	struct journal *first = open_journal(), *second;

	(void)state;
	assert_int_equal(put(first, "a", 1, "192.0.2.1"), 0);
	assert_int_equal(put(first, "a", 1, "192.0.2.2"), 0);
	second = open_journal();
	assert_string_equal(find(second, "a", 1)->rdata[0], "192.0.2.2");
	assert_int_equal(put(second, "a", 1, "192.0.2.3"), -EBUSY);
	assert_non_null(strstr(journal_error(second), "another dnsboltd"));
	assert_string_equal(find(second, "a", 1)->rdata[0], "192.0.2.2");
	journal_close(second);
	/* Not compacted below the first one's feet. */
	assert_int_equal(put(first, "b", 1, "192.0.2.4"), 0);
	journal_close(first);
	second = open_journal();
	assert_non_null(find(second, "b", 1));
	journal_close(second);
}

static void a_walk_starts_at_a_name(void **state)
{
	static const char *const names[] = { "example", "b.example", "a.b.example", "c.example" };
	struct journal *journal = open_journal();
	const struct journal_record *record;
	knot_dname_storage_t name;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(put(journal, names[3 - i], 1, "192.0.2.1"), 0);
	assert_int_equal(name_parse_lower(name, "b.example", NULL), 0);
	record = journal_from(journal, name);
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(name_parse_lower(name, names[i], NULL), 0);
		assert_true(knot_dname_is_equal(record->owner, name));
		record = journal_next(record);
	}
	assert_null(record);
	journal_close(journal);
}

static int make_root(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/dnsbolt-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	(void)snprintf(directory, sizeof(directory), "%s/var/state", root);
	(void)snprintf(path, sizeof(path), "%s/records.journal", directory);
	return 0;
}

static int remove_root(void **state)
{
	char var[96];

	(void)state;
	(void)unlink(path);
	(void)rmdir(directory);
	(void)snprintf(var, sizeof(var), "%s/var", root);
	(void)rmdir(var);
	return rmdir(root);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_root, remove_root)

static int make_var(void **state)
{
	char var[96];

	if (make_root(state))
		return -1;
	(void)snprintf(var, sizeof(var), "%s/var", root);
	return mkdir(var, 0755);
}

#define TEST_IN_VAR(function) cmocka_unit_test_setup_teardown(function, make_var, remove_root)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(nothing_is_made_before_the_first_record),
		TEST(records_survive_a_restart),
		TEST(the_newest_line_counts_and_the_rest_is_compacted),
		TEST_IN_VAR(a_torn_last_line_is_dropped_with_a_warning),
		TEST_IN_VAR(a_last_line_that_lacks_only_its_newline_counts),
		TEST_IN_VAR(a_damaged_line_is_an_error_and_the_file_is_left),
		TEST(a_second_process_reads_and_does_not_write),
		TEST(a_walk_starts_at_a_name),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
