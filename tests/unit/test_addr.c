/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../../userspace/lib/addr.h"
#include "../../userspace/lib/reason.h"
#include "../../bpf/reasons.h"

static void texts_come_back_in_their_usual_form(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },	      { "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8:0:0::1", "2001:db8::1" }, { "::", "::" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
	};
	struct dnsbolt_addr addr;
	char buf[ADDR_STRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(addr_parse(&addr, rows[i].in), 0);
		assert_string_equal(addr_text(&addr, buf), rows[i].out);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	 "192.0.2",	 "192.0.2.256", "192.0.2.1 ", " 192.0.2.1", "fe80::1%eth0",
		"[::1]", "192.0.2.1/24", "host",	"0192.0.2.1",
	};
	struct dnsbolt_addr addr;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(addr_parse(&addr, texts[i]), -EINVAL);
}

static void an_ipv4_address_is_mapped(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct dnsbolt_addr addr;

	(void)state;
	assert_int_equal(addr_parse(&addr, "192.0.2.1"), 0);
	assert_memory_equal(addr.a, mapped, sizeof(mapped));
	assert_true(addr_is_ipv4(&addr));
	assert_int_equal(addr_parse(&addr, "2001:db8::1"), 0);
	assert_false(addr_is_ipv4(&addr));
}

static void link_local_is_fe80_10(void **state)
{
	struct dnsbolt_addr addr;

	(void)state;
	assert_int_equal(addr_parse(&addr, "febf::1"), 0);
	assert_true(addr_is_link_local(&addr));
	assert_int_equal(addr_parse(&addr, "fec0::1"), 0);
	assert_false(addr_is_link_local(&addr));
	assert_int_equal(addr_parse(&addr, "169.254.0.1"), 0);
	assert_false(addr_is_link_local(&addr));
}

static void address_and_port_are_told_apart(void **state)
{
	static const char *const wrong[] = {
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:53x",
		"::1:53",
		"[::1]",
		"[::1]53",
		"[::1:53",
		"[127.0.0.1]:53",
		":53",
		"127.0.0.1: 53",
		"127.0.0.1:-1",
		"[]:53",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:53",
	};
	struct dnsbolt_addr addr;
	uint16_t port = 0;
	char buf[ADDR_STRLEN];

	(void)state;
	assert_int_equal(addr_parse_port(&addr, &port, "127.0.0.1:9553"), 0);
	assert_string_equal(addr_text(&addr, buf), "127.0.0.1");
	assert_int_equal(port, 9553);
	assert_int_equal(addr_parse_port(&addr, &port, "[2001:db8::1]:65535"), 0);
	assert_string_equal(addr_text(&addr, buf), "2001:db8::1");
	assert_int_equal(port, 65535);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(addr_parse_port(&addr, &port, wrong[i]), -EINVAL);
}

static void socket_addresses_go_round(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "fe80::1" };
	struct sockaddr_storage sa;
	struct dnsbolt_addr addr, back;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(addr_parse(&addr, texts[i]), 0);
		assert_int_equal(addr_to_sockaddr(&sa, &addr, 53, 7),
				 i ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
		addr_from_sockaddr(&back, (struct sockaddr *)&sa);
		assert_memory_equal(&addr, &back, sizeof(addr));
		assert_int_equal(((struct sockaddr_in *)&sa)->sin_port, htons(53));
		if (i)
			assert_int_equal(((struct sockaddr_in6 *)&sa)->sin6_scope_id,
					 i == 2 ? 7 : 0);
	}
}

static void every_reason_is_found_by_its_name(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < DNSBOLT_REASONS_MAX; i++) {
		const struct reason_info *info = reason_info(i);

		assert_non_null(info);
		if (!info->name)
			continue;
		assert_non_null(info->text);
		assert_int_equal(reason_by_name(info->name), i);
		n++;
	}
	assert_true(n > 50);
	assert_int_equal(reason_by_name("no such reason"), 0);
	assert_null(reason_info(0)->name);
	assert_null(reason_info(100000)->name);
	assert_int_equal(reason_info(REASON_answer)->action, REASON_ACTION_TX);
	assert_int_equal(reason_info(REASON_edns_version)->reply, REASON_REPLY_BADVERS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_come_back_in_their_usual_form),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(an_ipv4_address_is_mapped),
		cmocka_unit_test(link_local_is_fe80_10),
		cmocka_unit_test(address_and_port_are_told_apart),
		cmocka_unit_test(socket_addresses_go_round),
		cmocka_unit_test(every_reason_is_found_by_its_name),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
