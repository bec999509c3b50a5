/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits, cookies and clients, of the driver and of the resolver. */
#include "../../userspace/lib/reason.h"
#include "page.h"

struct family {
	const char *name, *help;
};

static void put_classes(struct page *page, const struct family *family, const uint64_t *limited)
{
	page_begin(page, family->name, "counter", family->help);
	for (unsigned int i = 0; i < DNSBOLT_CLASSES; i++)
		page_put(page, limited[i], "class", reason_class_name(i), NULL);
}

static void put_cookies(struct page *page, const struct family *family, const uint64_t *cookies)
{
	page_begin(page, family->name, "counter", family->help);
	for (unsigned int i = 0; i < DNSBOLT_COOKIES; i++)
		page_put(page, cookies[i], "cookie", reason_cookie_name(i), NULL);
}

static void page_limited_driver(struct page *page)
{
	static const struct family limited = {
		"limited_total",
		"Responses of the driver over a rate, sent or not, by class; with log-only all are sent."
	};
	static const struct family cookies = {
		"cookies_total",
		"Queries to the driver by what their COOKIE option had, while cookies are answered."
	};
	uint64_t by_class[DNSBOLT_CLASSES], by_cookie[DNSBOLT_COOKIES];
	struct dnsbolt_counters counters;

	if (attach_counters(page->daemon->attach, &counters))
		return;
	for (unsigned int i = 0; i < DNSBOLT_CLASSES; i++)
		by_class[i] = counters.limited[i];
	for (unsigned int i = 0; i < DNSBOLT_COOKIES; i++)
		by_cookie[i] = counters.cookies[i];
	put_classes(page, &limited, by_class);
	page_put_one(
		page, "slipped_total", "counter",
		"Responses of the driver over a rate in whose place TC=1 or BADCOOKIE was sent.",
		counters.slipped);
	put_cookies(page, &cookies, by_cookie);
}

static void page_limited_resolver(struct page *page)
{
	static const struct family limited = {
		"resolver_limited_total",
		"Replies of the resolver by UDP over a rate, sent or not, by class."
	};
	static const struct family cookies = {
		"resolver_cookies_total",
		"Messages to the resolver by what their COOKIE option had, while cookies are answered."
	};
	const struct resolver *resolver = page->daemon->resolver;
	const struct ipc_stats *stats = resolver ? resolver_stats(resolver) : NULL;

	if (!stats)
		return;
	put_classes(page, &limited, stats->limited);
	page_put_one(
		page, "resolver_slipped_total", "counter",
		"Replies of the resolver over a rate in whose place TC=1 or BADCOOKIE was sent.",
		stats->slipped);
	put_cookies(page, &cookies, stats->cookies);
}

static void page_cookies(struct page *page)
{
	static const char *const modes[] = {
		[DNSBOLT_COOKIES_IGNORE] = "ignore",
		[DNSBOLT_COOKIES_PASS] = "pass",
		[DNSBOLT_COOKIES_ANSWER] = "answer",
		[DNSBOLT_COOKIES_REQUIRE] = "require",
	};
	const struct cookies *cookies = page->daemon->cookies;
	char print[SECRETS_PRINT_LEN];

	page_begin(page, "cookies_mode", "gauge",
		   "What is done with cookies: that in force has 1, the others 0.");
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		page_put(page, cookies_mode(cookies) == i, "mode", modes[i], NULL);
	page_put_one(page, "cookies_disagree", "gauge",
		     "Whether the host's server does otherwise with cookies than the driver.",
		     cookies_fault(cookies) != NULL);
	page_begin(
		page, "cookie_secret", "gauge",
		"Cookie secrets by the first digits of their SHA-384: 1 makes cookies, 0 is accepted.");
	for (uint32_t i = 0; cookies_print(cookies, i, print); i++)
		page_put(page, i == 0, "fingerprint", print, NULL);
}

static void page_clients(struct page *page)
{
	const struct clients *clients = access_clients(page->daemon->access);
	uint64_t n = 0;

	while (clients_denial(clients, n))
		n++;
	page_put_one(page, "clients_denied", "gauge",
		     "Prefixes of clients that are denied by the control socket.", n);
}

void page_limits(struct page *page)
{
	page_limited_driver(page);
	page_limited_resolver(page);
	page_cookies(page);
	page_clients(page);
}
