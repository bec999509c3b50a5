/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loader/control/udpframe.c: frames as a client's kernel would send them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../loader/control/udpframe.h"
#include "../../userspace/lib/addr.h"

static struct udpframe_path path_of(const char *from, const char *to)
{
	struct udpframe_path path = { .mac_from = { 2, 0, 0, 0, 0, 1 },
				      .mac_to = { 2, 0, 0, 0, 0, 2 },
				      .port_from = 53535,
				      .port_to = 53 };

	assert_int_equal(addr_parse(&path.from, from), 0);
	assert_int_equal(addr_parse(&path.to, to), 0);
	return path;
}

/* RFC 1071, the plain way: over pseudo-header and datagram a right checksum gives all ones. */
static uint16_t sum16(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void an_ipv4_frame_has_right_lengths_and_checksums(void **state)
{
	struct udpframe_path path = path_of("198.51.100.1", "192.0.2.53");
	uint8_t frame[128];

	(void)state;
	for (size_t len = 0; len < 40; len++) {
		size_t size = udpframe_build(
			frame, sizeof(frame), &path,
			(const uint8_t *)"0123456789012345678901234567890123456789", len);

		assert_int_equal(size, 14 + 20 + 8 + len);
		assert_memory_equal(frame, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\x00\x45", 15);
		assert_int_equal(frame[16] << 8 | frame[17], size - 14);
		assert_memory_equal(frame + 26, "\xc6\x33\x64\x01\xc0\x00\x02\x35", 8);
		assert_int_equal(sum16(0, frame + 14, 20), 0xffff);
		assert_int_equal(frame[38] << 8 | frame[39], 8 + len);
		assert_int_equal(sum16(17 + 8 + (uint32_t)len + sum16(0, frame + 26, 8), frame + 34,
				       8 + len),
				 0xffff);
	}
}

static void an_ipv6_frame_has_right_lengths_and_checksums(void **state)
{
	struct udpframe_path path = path_of("2001:db8:ffff::1", "2001:db8::53");
	uint8_t frame[128];
	size_t size = udpframe_build(frame, sizeof(frame), &path, (const uint8_t *)"odd", 3);

	(void)state;
	assert_int_equal(size, 14 + 40 + 8 + 3);
	assert_memory_equal(frame + 12, "\x86\xdd\x60", 3);
	assert_int_equal(frame[18] << 8 | frame[19], 11);
	assert_int_equal(frame[20], 17);
	assert_int_equal(sum16(17 + 11 + sum16(0, frame + 22, 32), frame + 54, 11), 0xffff);
}

static void a_payload_comes_back(void **state)
{
	static const char *const ends[][2] = { { "198.51.100.1", "192.0.2.53" },
					       { "2001:db8:ffff::1", "2001:db8::53" } };
	const uint8_t *payload;
	uint8_t frame[128];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct udpframe_path path = path_of(ends[i][0], ends[i][1]);
		size_t size =
			udpframe_build(frame, sizeof(frame), &path, (const uint8_t *)"payload", 7);

		/* Padding behind the packet is not payload. */
		assert_int_equal(udpframe_payload(frame, size + 10, &payload, &len), 0);
		assert_int_equal(len, 7);
		assert_memory_equal(payload, "payload", 7);
		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(udpframe_payload(frame, cut, &payload, &len), -EPROTO);
	}
}

static void what_is_no_udp_has_no_payload(void **state)
{
	struct udpframe_path path = path_of("198.51.100.1", "192.0.2.53");
	const uint8_t *payload;
	uint8_t frame[128];
	size_t len, size = udpframe_build(frame, sizeof(frame), &path, (const uint8_t *)"x", 1);

	(void)state;
	frame[23] = 6; /* TCP */
	assert_int_equal(udpframe_payload(frame, size, &payload, &len), -EPROTO);
	frame[23] = 17;
	frame[39]++; /* the length of UDP */
	assert_int_equal(udpframe_payload(frame, size, &payload, &len), -EPROTO);
	frame[39]--;
	frame[13] = 6; /* ARP */
	assert_int_equal(udpframe_payload(frame, size, &payload, &len), -EPROTO);
}

static void what_does_not_fit_is_not_built(void **state)
{
	struct udpframe_path path = path_of("198.51.100.1", "192.0.2.53");
	uint8_t frame[64];

	(void)state;
	assert_int_equal(udpframe_build(frame, 42 + 9, &path, (const uint8_t *)"0123456789", 10),
			 0);
	assert_int_equal(udpframe_build(frame, 42 + 10, &path, (const uint8_t *)"0123456789", 10),
			 52);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_frame_has_right_lengths_and_checksums),
		cmocka_unit_test(an_ipv6_frame_has_right_lengths_and_checksums),
		cmocka_unit_test(a_payload_comes_back),
		cmocka_unit_test(what_is_no_udp_has_no_payload),
		cmocka_unit_test(what_does_not_fit_is_not_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
