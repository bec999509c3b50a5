#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends DNS queries by UDP at a rate, from one address, and counts what comes back, as one line of JSON.

    flood.py SERVER NAME [TYPE] [--count N] [--rate N] [--random] [--source ADDRESS] [--cookie HEX|get]
             [--edns] [--pcap FILE]

--random: each query has a label of its own before NAME. --cookie: a COOKIE option with these octets in it; `get`: with the
server's cookie, asked for first. --pcap: the queries to which the responses in FILE are, those at and below NAME.
Counted: sent, replies, whole, tc, badcookie, rcode by number, octets in and out (of DNS messages), seconds."""
import argparse
import json
import os
import random
import select
import socket
import struct
import time

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdatatype

COOKIE = 10
QUIET = 0.5  # seconds without a reply after which none comes


def query(name, rdtype, options, edns):
    q = dns.message.make_query(name, rdtype, want_dnssec=False)
    q.flags &= ~dns.flags.RD
    if edns or options:
        q.use_edns(0, payload=4096, options=options)
    return q


def pcap_queries(path, zone):
    """Of an Ethernet capture: the question of each response to port 53's clients, as the query that it answers."""
    with open(path, "rb") as f:
        data = f.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, found = 24, []
    while at + 16 <= len(data):
        length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
            continue
        ip = frame[14:]
        if struct.unpack(">H", ip[6:8])[0] & 0x1fff:
            continue  # a later fragment
        udp = ip[(ip[0] & 15) * 4:]
        message = udp[8:]
        if udp[:2] != b"\0\x35" or len(message) < 12 or not message[2] & 0x80:
            continue
        try:
            name, used = dns.name.from_wire(message, 12)
            rdtype = struct.unpack(">H", message[12 + used:14 + used])[0]
        except (dns.exception.DNSException, struct.error):
            continue
        if not name.is_subdomain(zone):
            continue
        q = dns.message.make_query(name, rdtype)
        q.use_edns(0, payload=4096, ednsflags=dns.flags.DO)
        found.append(q.to_wire())
    return found


class Flood:
    def __init__(self, server, source):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((server, 53))
        self.socket.setblocking(False)
        self.count = {"sent": 0, "replies": 0, "whole": 0, "tc": 0, "badcookie": 0, "in": 0, "out": 0}
        self.rcodes = {}

    def send(self, wire):
        self.socket.send(wire)
        self.count["sent"] += 1
        self.count["in"] += len(wire)

    def take(self, timeout):
        """What has come; False: nothing in that time."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return False
        while True:
            try:
                wire = self.socket.recv(65535)
            except BlockingIOError:
                return True
            except ConnectionRefusedError:
                continue
            self.judge(wire)

    def judge(self, wire):
        rcode = wire[3] & 15
        # 23 is all that needs the upper bits: the OPT is the last record of a BADCOOKIE
        bad = rcode == 7 and dns.message.from_wire(wire).rcode() == 23
        self.count["replies"] += 1
        self.count["out"] += len(wire)
        self.count["tc"] += bool(wire[2] & 2)
        self.count["badcookie"] += bad
        self.count["whole"] += not bad and not wire[2] & 2
        self.rcodes[23 if bad else rcode] = self.rcodes.get(23 if bad else rcode, 0) + 1


def get_cookie(args):
    client = os.urandom(8)
    flood = Flood(args.server, args.source)
    flood.socket.setblocking(True)
    flood.socket.settimeout(2)
    flood.socket.send(query(args.name, args.type, [dns.edns.GenericOption(COOKIE, client)], True).to_wire())
    reply = dns.message.from_wire(flood.socket.recv(65535))
    return next(o.data for o in reply.options if o.otype == COOKIE)


def wires(args):
    """Queries without end."""
    if args.pcap:
        found = pcap_queries(args.pcap, dns.name.from_text(args.name))
        while found:
            yield from found
        return
    options = []
    if args.cookie:
        data = get_cookie(args) if args.cookie == "get" else bytes.fromhex(args.cookie)
        options = [dns.edns.GenericOption(COOKIE, data)]
    plain = bytearray(query(args.name, args.type, options, args.edns).to_wire())
    while True:
        if args.random:
            name = "r%d.%s" % (random.getrandbits(48), args.name)
            plain = bytearray(query(name, args.type, options, args.edns).to_wire())
        struct.pack_into(">H", plain, 0, random.getrandbits(16))
        yield bytes(plain)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("server")
    p.add_argument("name", nargs="?", default=".")
    p.add_argument("type", nargs="?", default="A")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--rate", type=int, default=1000)
    p.add_argument("--random", action="store_true")
    p.add_argument("--edns", action="store_true")
    p.add_argument("--source")
    p.add_argument("--cookie")
    p.add_argument("--pcap")
    args = p.parse_args()
    flood = Flood(args.server, args.source)
    start = time.monotonic()
    for i, wire in enumerate(wires(args)):
        if i == args.count:
            break
        while (due := start + i / args.rate - time.monotonic()) > 0:
            flood.take(due)
        flood.send(wire)
        flood.take(0)
    flood.count["seconds"] = round(time.monotonic() - start, 3)
    while flood.take(QUIET):
        pass
    print(json.dumps(flood.count | {"rcode": flood.rcodes}))


main()
