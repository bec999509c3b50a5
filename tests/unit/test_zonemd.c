/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of zones: those of RFC 8976 appendix A, and some that ldns-signzone -z made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../loader/zone/zonemd.h"
#include "../../userspace/lib/name.h"

/* appendix A.1 and A.2 */
#define A1_HEAD                                                                                    \
	"@ 86400 SOA ns1 admin 2018031900 1800 900 604800 86400\n"                                 \
	"@ 86400 NS ns1\n"                                                                         \
	"@ 86400 NS ns2\n"
#define A1                                                                                         \
	A1_HEAD "ns1 3600 A 203.0.113.63\n"                                                        \
		"ns2 3600 AAAA 2001:db8::63\n"
#define A1_DIGEST                                                                                  \
	"c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9"                         \
	"a9713b3c9ae5cc27777f98b8e730044c"
#define A2                                                                                         \
	A1_HEAD                                                                                    \
	"ns1 3600 A 203.0.113.63\n"                                                                \
	"NS2 3600 AAAA 2001:db8::63\n"                                                             \
	"occluded.sub 7200 TXT \"I'm occluded but must be digested\"\n"                            \
	"sub 7200 NS ns1\n"                                                                        \
	"duplicate 300 TXT \"I must be digested just once\"\n"                                     \
	"duplicate 300 TXT \"I must be digested just once\"\n"                                     \
	"foo.test. 555 TXT \"out-of-zone data must be excluded\"\n"                                \
	"UPPERCASE 3600 TXT \"canonicalize uppercase owner names\"\n"                              \
	"* 777 PTR dont-forget-about-wildcards\n"                                                  \
	"mail 3600 MX 20 MAIL1\n"                                                                  \
	"mail 3600 MX 10 Mail2.Example.\n"                                                         \
	"sortme 3600 AAAA 2001:db8::5:61\n"                                                        \
	"sortme 3600 AAAA 2001:db8::3:62\n"                                                        \
	"sortme 3600 AAAA 2001:db8::4:63\n"                                                        \
	"sortme 3600 AAAA 2001:db8::1:65\n"                                                        \
	"sortme 3600 AAAA 2001:db8::2:64\n"                                                        \
	"non-apex 900 ZONEMD 2018031900 1 1 616c6c6f776564206275742069676e6f7265642e"              \
	"20616c6c6f776564206275742069676e6f7265642e20616c6c6f7765\n"
#define A2_DIGEST                                                                                  \
	"a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552ae2f6b1711d4bd2"                         \
	"d8b39808226d7b9db71e34b72077f8fe"
/* appendix A.3 */
#define A3                                                                                         \
	A1_HEAD "ns1 3600 A 203.0.113.63\n"                                                        \
		"ns2 86400 TXT \"This example has multiple digests\"\n"                            \
		"ns2 3600 AAAA 2001:db8::63\n"
#define A3_SHA384                                                                                  \
	"@ 86400 ZONEMD 2018031900 1 1 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf4"   \
	"01c92c279dd10f0edb1c56f8080211f8480ee306\n"
#define A3_SHA512                                                                                  \
	"@ 86400 ZONEMD 2018031900 1 2 08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2fa9a5e6eb"   \
	"85f37c8a4e114d884e66f176eab121cb02db7d652e0cc4827e7a3204f166b47e5613fd27\n"
#define PRIVATE_HASH "@ 86400 ZONEMD 2018031900 1 240 e2d523f654b9422a96c5a8f44607bbee\n"
#define PRIVATE_SCHEME                                                                             \
	"@ 86400 ZONEMD 2018031900 241 1 e1846540e33a9e4189792d18d5d131f605fc283e000000006792901f" \
	"9f88e637493daaf401c92c279dd10f0edb1c56f8\n"
/* letters of names, the order that follows without them, empty RDATA; ldns-signzone -Z */
#define LETTERS                                                                                    \
	"@ 3600 SOA ns1 Hostmaster 7 3600 600 86400 300\n"                                         \
	"@ 3600 NS NS1\n"                                                                          \
	"@ 3600 NS a\n"                                                                            \
	"@ 300 MX 20 MAIL1\n"                                                                      \
	"@ 300 MX 10 Mail2.Example.\n"                                                             \
	"b 60 SRV 0 0 53 NS1\n"                                                                    \
	"b 60 SRV 0 0 53 a\n"                                                                      \
	"c 60 TYPE65280 \\# 3 414243\n"                                                            \
	"c 60 TYPE65281 \\# 0\n"                                                                   \
	"d 60 SVCB 1 NS1\n"                                                                        \
	"d 60 NAPTR 1 2 \"U\" \"\" \"\" NS1\n"
#define LETTERS_SHA384                                                                             \
	"@ 3600 ZONEMD 7 1 1 12cb0072dca4c4ca8477df683fa0774af0d35334b0935647683fc03825314094"     \
	"5dae1be1a650668d0bda7e9795b17f59\n"
#define LETTERS_SHA512                                                                             \
	"@ 3600 ZONEMD 7 1 2 3a1c89fcec6533d69522f32689e1deef3915292ab96cbfd1c3127fcc67cdd33f"     \
	"f7973536d8ce45c3aa7441511a5cba65b613a8d5f1147a7f03cc81b63e716869\n"
/* RRSIGs with their TTLs, one of them of the digest; ldns-signzone */
#define SIGNED                                                                                     \
	"@ 3600 SOA a.example. Hostmaster.example. 7 3600 600 86400 300\n"                         \
	"@ 3600 RRSIG SOA 13 1 3600 20360101000000 20260101000000 24704 example. uHx6WFjjuh21"     \
	"30Bp0cUV9Kvk4sA37uLVHZJyg/DGqnKutSA45H9GTYgOrPEapsGB+ubX0l8xir/i2WRlJQaNbQ==\n"           \
	"@ 3600 NS A.example.\n"                                                                   \
	"@ 3600 RRSIG NS 13 1 3600 20360101000000 20260101000000 24704 example. 8o+FvA64BxagJ"     \
	"QsjzpVMIkRoz7RJ9NqvjN690rdGdE0XlXFXeoJLLackyPXizNOg4guSVtNEWTN1BsjUtnwCkA==\n"            \
	"@ 600 MX 10 a.example.\n"                                                                 \
	"@ 600 RRSIG MX 13 1 600 20360101000000 20260101000000 24704 example. MGWcSSTWZBu6IOs"     \
	"KLAJyOK9rS6VOirfllMzcposlmIKC86Waw4ofn+xepQxJecbrpLO7IrYCE236iv3hslpAMQ==\n"              \
	"@ 3600 DNSKEY 256 3 13 +h9Lt7KbEDomLe07HVUk56VVeshSNyGjMBtqJOaYz1r/rqWdiONYeCi2zLz/+"     \
	"QdnsPJ2+BJ6YVUQUMi8pLd8+Q==\n"                                                            \
	"@ 3600 RRSIG DNSKEY 13 1 3600 20360101000000 20260101000000 24704 example. W8zO/sMgS"     \
	"EH07/gCdiCb+yu3GlB0PhsRJv23HRu3Z809NBix57KixVyHC7d8s3Ol6ui8V1PR+csW7MBxXgBKxA==\n"        \
	"@ 3600 RRSIG ZONEMD 13 1 3600 20360101000000 20260101000000 24704 example. IClQ9ATlC"     \
	"zIWoqtUZgviE+geMVdKsmVIkaIWRQO4CW/o/IItarzEhH1bNuUkkwNz/0Dbj0eylS6AN5ig5KrbMw==\n"        \
	"@ 300 NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY ZONEMD\n"                               \
	"@ 300 RRSIG NSEC 13 1 300 20360101000000 20260101000000 24704 example. WcAaBWmmuG1b4"     \
	"tYAMQUBhTWvjoXCgKzolN46JyfJgF6JMhcaaSwUMgwlwhjKode/F3PrpVSLqYrdid/+T5+OxQ==\n"            \
	"a 900 A 192.0.2.1\n"                                                                      \
	"a 900 RRSIG A 13 2 900 20360101000000 20260101000000 24704 example. khhE9kV10mgGBJGW"     \
	"C+d1j0DxAQET1iguc5V6ePtYMxqMvEg5OyTjBWfzjDj/24QzFbOlZsgab5A5AfOYZ5W3hw==\n"               \
	"a 300 NSEC example. A RRSIG NSEC\n"                                                       \
	"a 300 RRSIG NSEC 13 2 300 20360101000000 20260101000000 24704 example. VZVfSR/WnqwiS"     \
	"7igHDdMzzN5j9mS7GIHkseXZ5WfgbSR3s5RmHP1XBn8kjFZHY5BYj5UMFq4x2BVsU6nft6YmA==\n"
#define SIGNED_SHA384                                                                              \
	"@ 3600 ZONEMD 7 1 1 97bb2f25635773c999c07bf14c5fc4e5bbd5fdfdfbdbe163e0c96789a7c29cc2"     \
	"f9b5af47d9d721bda4e97182999a53c6\n"
#define SIGNED_SHA512                                                                              \
	"@ 3600 ZONEMD 7 1 2 d468f1802e6b6db7e13d0838bfdcf84f7d00ea81d6a8766199b50126f8b85457"     \
	"b9d7372a45b9facd42aeabc5a0d230b1e9865b3facee99cec1622ac5963744a0\n"

#define ZONEMD(serial, kind, digest) "@ 86400 ZONEMD " serial " " kind " " digest "\n"

static struct zone *load(const char *apex, const char *text)
{
	knot_dname_storage_t name;
	struct zone *zone;
	char path[64];
	FILE *file;
	int fd = memfd_create("zone", MFD_CLOEXEC);

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fflush(file), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(name_parse_lower(name, apex, NULL), 0);
	assert_int_equal(zone_load_file(&zone, name, path, NULL), 0);
	assert_int_equal(fclose(file), 0);
	return zone;
}

static void check(const char *text, enum zonemd_result want, const char *words)
{
	struct zone *zone = load("example", text);
	char said[NAME_ERROR_LEN] = "";
	enum zonemd_result result;

	assert_int_equal(zonemd_check(&result, zone, said), 0);
	if (result != want || !strstr(said, words))
		fail_msg("%s\nresult %d, expected %d; \"%s\", expected \"%s\"", text, result, want,
			 said, words);
	assert_int_equal(zonemd_check(&result, zone, NULL), 0);
	assert_int_equal(result, want);
	zone_free(zone);
}

static void test_appendix(void **state)
{
	(void)state;
	check(A1 ZONEMD("2018031900", "1 1", A1_DIGEST), ZONEMD_OK,
	      "the SHA-384 digest of serial 2018031900 is right");
	check(A2 ZONEMD("2018031900", "1 1", A2_DIGEST), ZONEMD_OK, "SHA-384");
	check(A3 A3_SHA384, ZONEMD_OK, "SHA-384");
	check(A3 A3_SHA512, ZONEMD_OK, "SHA-512");
	check(A3 A3_SHA384 A3_SHA512 PRIVATE_HASH PRIVATE_SCHEME, ZONEMD_OK, "is right");
}

static void test_letters(void **state)
{
	(void)state;
	check(LETTERS LETTERS_SHA384, ZONEMD_OK, "SHA-384");
	check(LETTERS LETTERS_SHA512, ZONEMD_OK, "SHA-512");
}

static void test_signed(void **state)
{
	(void)state;
	check(SIGNED SIGNED_SHA384, ZONEMD_OK, "SHA-384");
	check(SIGNED SIGNED_SHA512, ZONEMD_OK, "SHA-512");
}

static void test_mismatches(void **state)
{
	static const char *const changes[] = {
		"a 60 A 192.0.2.1\n",	  /* more */
		"ns1 3600 TXT x\n",	  /* another type */
		"ns1 3600 A 192.0.2.2\n", /* another record */
		"@ 60 NS ns1\n",	  /* another TTL */
		"@ 86400 RRSIG A 8 1 86400 20360101000000 20260101000000 1 example. AAAA\n",
		"a 86400 RRSIG ZONEMD 8 2 86400 20360101000000 20260101000000 1 example. AAAA\n",
	};
	char text[8192];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s%s%s", A1,
			       ZONEMD("2018031900", "1 1", A1_DIGEST), changes[i]);
		check(text, ZONEMD_MISMATCH, "the SHA-384 digest of serial 2018031900 is another");
	}
	check(A1 ZONEMD("2018031899", "1 1", A1_DIGEST), ZONEMD_MISMATCH,
	      "the digest is of serial 2018031899, the zone has 2018031900");
	check(A1 ZONEMD("2018031900", "1 2", A1_DIGEST), ZONEMD_MISMATCH,
	      "a SHA-512 digest of 48 octets, expected 64");
	/* RFC 8976 section 4: digests of one kind are not looked at */
	check(A1 ZONEMD("2018031900", "1 1", A1_DIGEST) ZONEMD("2018031900", "1 1", A2_DIGEST),
	      ZONEMD_MISMATCH, "more than one digest by SHA-384");
	check(A3 A3_SHA384 A3_SHA512 ZONEMD("2018031900", "1 1", A2_DIGEST), ZONEMD_OK, "SHA-512");
}

static void test_nothing_to_check(void **state)
{
	(void)state;
	check(A1, ZONEMD_NONE, "the zone has no ZONEMD");
	check(A1 "a 60 ZONEMD 2018031900 1 1 " A1_DIGEST "\n", ZONEMD_NONE, "no ZONEMD");
	check(A3 PRIVATE_HASH PRIVATE_SCHEME, ZONEMD_UNSUPPORTED,
	      "no digest of a scheme and hash that are supported");
	check(A3 PRIVATE_HASH ZONEMD("2018031900", "1 1", A2_DIGEST), ZONEMD_MISMATCH, "another");
}

/* Zones as they are published; files of other tests' data. */
static void test_published(void **state)
{
	static const char *const zones[] = { "root-servers.net", "uri.arpa" };
	const char *data = getenv("DNSBOLT_DATA");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		char path[512], said[NAME_ERROR_LEN] = "";
		knot_dname_storage_t name;
		enum zonemd_result result;
		struct zone *zone;

		(void)snprintf(path, sizeof(path), "%s/real-zones/arpa/%s.zone",
			       data ? data : "../shared/data", zones[i]);
		if (access(path, R_OK)) {
			print_message("skip: no %s (DNSBOLT_DATA)\n", path);
			skip();
		}
		assert_int_equal(name_parse_lower(name, zones[i], NULL), 0);
		assert_int_equal(zone_load_file(&zone, name, path, NULL), 0);
		assert_int_equal(zonemd_check(&result, zone, said), 0);
		print_message("%s: %s\n", zones[i], said);
		assert_int_equal(result, ZONEMD_OK);
		zone_free(zone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appendix),	 cmocka_unit_test(test_letters),
		cmocka_unit_test(test_signed),		 cmocka_unit_test(test_mismatches),
		cmocka_unit_test(test_nothing_to_check), cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests_name("zonemd", tests, NULL, NULL);
}
