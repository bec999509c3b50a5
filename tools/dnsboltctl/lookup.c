/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup: the driver's answer as dig prints one, and why it is what it is. */
#include <inttypes.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/lib/name.h"
#include "ctl.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A packet that owns its octets; NULL: the text is no message. */
static knot_pkt_t *parse_hex(const char *hex)
{
	knot_pkt_t *pkt = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	size_t len = strlen(hex) / 2;
	bool ok = pkt && len <= KNOT_WIRE_MAX_PKTSIZE;

	for (size_t i = 0; ok && i < len; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		ok = high >= 0 && low >= 0;
		if (ok)
			pkt->wire[i] = (uint8_t)(high << 4 | low);
	}
	if (ok) {
		pkt->size = len;
		ok = knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE) == KNOT_EOK;
	}
	if (ok)
		return pkt;
	knot_pkt_free(pkt);
	return NULL;
}

static void print_header(const knot_pkt_t *pkt)
{
	const knot_lookup_t *opcode =
		knot_lookup_by_id(knot_opcode_names, knot_wire_get_opcode(pkt->wire));
	const knot_lookup_t *rcode = knot_lookup_by_id(knot_rcode_names, knot_pkt_ext_rcode(pkt));

	printf(";; ->>HEADER<<- opcode: %s, status: %s, id: %u\n;; flags:",
	       opcode ? opcode->name : "?", rcode ? rcode->name : "?", knot_wire_get_id(pkt->wire));
	if (knot_wire_get_qr(pkt->wire))
		printf(" qr");
	if (knot_wire_get_aa(pkt->wire))
		printf(" aa");
	if (knot_wire_get_tc(pkt->wire))
		printf(" tc");
	if (knot_wire_get_rd(pkt->wire))
		printf(" rd");
	if (knot_wire_get_ra(pkt->wire))
		printf(" ra");
	if (knot_wire_get_ad(pkt->wire))
		printf(" ad");
	if (knot_wire_get_cd(pkt->wire))
		printf(" cd");
	printf("; QUERY: %u, ANSWER: %u, AUTHORITY: %u, ADDITIONAL: %u\n",
	       knot_wire_get_qdcount(pkt->wire), knot_wire_get_ancount(pkt->wire),
	       knot_wire_get_nscount(pkt->wire), knot_wire_get_arcount(pkt->wire));
}

static void print_edns(const knot_pkt_t *pkt)
{
	const knot_rrset_t *opt = pkt->opt_rr;

	if (!opt)
		return;
	printf("\n;; OPT PSEUDOSECTION:\n; EDNS: version: %u, flags:%s; udp: %u\n",
	       knot_edns_get_version(opt), knot_edns_do(opt) ? " do" : "",
	       knot_edns_get_payload(opt));
}

static void print_question(const knot_pkt_t *pkt)
{
	knot_dname_txt_storage_t name;
	char type[NAME_TYPE_LEN];

	if (knot_wire_get_qdcount(pkt->wire) == 0)
		return;
	printf(";; QUESTION SECTION:\n;%s\t\tIN\t%s\n", name_text(knot_pkt_qname(pkt), name),
	       name_type_text(knot_pkt_qtype(pkt), type));
}

/* OPT has its own lines. */
static int print_section(const knot_pkt_t *pkt, knot_section_t id, const char *title)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, id);
	size_t size = 4096;
	char *text = malloc(size);
	int err = text ? 0 : KNOT_ENOMEM;
	bool any = false;

	for (uint16_t i = 0; i < section->count && err >= 0; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);

		if (rr->type == KNOT_RRTYPE_OPT)
			continue;
		err = knot_rrset_txt_dump(rr, &text, &size, &KNOT_DUMP_STYLE_DEFAULT);
		if (err < 0)
			break;
		if (!any)
			printf("\n;; %s SECTION:\n", title);
		any = true;
		printf("%s", text);
	}
	free(text);
	return err < 0 ? err : 0;
}

static int print_sections(const knot_pkt_t *pkt)
{
	int err;

	err = print_section(pkt, KNOT_ANSWER, "ANSWER");
	if (!err)
		err = print_section(pkt, KNOT_AUTHORITY, "AUTHORITY");
	if (!err)
		err = print_section(pkt, KNOT_ADDITIONAL, "ADDITIONAL");
	if (!err)
		printf("\n;; MSG SIZE  %zu octets\n", pkt->size);
	return err;
}

static int print_packet(struct ctl *ctl, const char *hex, bool reply)
{
	knot_pkt_t *pkt = parse_hex(hex);
	int err = 0;

	if (!pkt)
		return ctl_fail(ctl, "the %s is no DNS message: %s",
				reply ? "driver's reply" : "query", hex);
	if (reply) {
		print_header(pkt);
		print_edns(pkt);
		printf("\n");
	}
	print_question(pkt);
	if (reply)
		err = print_sections(pkt);
	knot_pkt_free(pkt);
	return err ? ctl_fail(ctl, "the driver's reply cannot be shown: %s", knot_strerror(err))
		   : CTL_OK;
}

static void print_outcome(const json_t *reply)
{
	printf("\n;; driver: %s (%s): %s\n", ctl_text(reply, "action"), ctl_text(reply, "reason"),
	       ctl_reason(reply));
	if (!json_is_string(json_object_get(reply, "zone")))
		printf(";; zone: none here\n");
	else if (json_is_integer(json_object_get(reply, "serial")))
		printf(";; zone: %s serial %" PRIu64 "\n", ctl_text(reply, "zone"),
		       ctl_number(reply, "serial"));
	else
		printf(";; zone: %s, not loaded\n", ctl_text(reply, "zone"));
	printf(";; made query from %s to %s\n", ctl_text(reply, "client"),
	       ctl_text(reply, "server"));
}

static json_t *make_request(const struct ctl *ctl)
{
	json_t *request = json_pack("{s:s, s:s, s:b, s:b, s:I}", "command", "lookup", "name",
				    ctl->argv[0], "do", ctl->options.dnssec_ok, "edns",
				    !ctl->options.no_edns, "bufsize",
				    (json_int_t)ctl->options.bufsize);

	if (request && ctl->argc > 1)
		json_object_set_new(request, "type", json_string(ctl->argv[1]));
	return request;
}

int cmd_lookup(struct ctl *ctl)
{
	char error[NAME_ERROR_LEN];
	knot_dname_storage_t name;
	json_t *reply;
	uint16_t type;
	bool answered;
	int code;

	if (name_parse(name, ctl->argv[0], error) ||
	    (ctl->argc > 1 && name_type_parse(&type, ctl->argv[1], error)))
		return ctl_usage(ctl->command, "%s", error);
	if (ctl->options.dnssec_ok && ctl->options.no_edns)
		return ctl_usage(
			ctl->command,
			"--do does not go with --no-edns: the DO bit is in the OPT record");
	code = ctl_ask(ctl, make_request(ctl), CTL_TIMEOUT_MS, &reply);
	if (code)
		return code;
	if (!ctl->options.json) {
		answered = json_is_string(json_object_get(reply, "reply"));
		code = print_packet(ctl, ctl_text(reply, answered ? "reply" : "query"), answered);
		print_outcome(reply);
	}
	json_decref(reply);
	return code;
}
