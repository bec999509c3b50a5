#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A primary whose transfers are odd, each in its own way.

odd_primary.py ADDRESS PORT [--odd-when FILE] [--key NAME:ALGORITHM:SECRET] [--list]

Serves the zone KIND.odd. for every KIND of the table at the end of this file: SOA by UDP and TCP, AXFR and IXFR by TCP.
While FILE is not there, the zone has serial 1 and is transferred as it should be; when it is there, the zone has serial
2 and the transfer is odd. A zone has SOA, NS, ns1 A, and `version TXT "SERIAL"`. Answers are signed when the query is and
there is a key. `--list` prints the kinds, with `ok` (a transfer that must be taken), `fall-back` (an IXFR that must be
followed by an AXFR, which is as it should be) or `refused`; some are so only with a key. Runs until it gets a signal; says
`ready PORT` when it serves (PORT 0: a free one).
"""
import argparse
import base64
import hmac
import os
import socket
import socketserver
import struct
import sys
import threading
import time

try:
    import dns.message
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype as T
    import dns.tsig
except ImportError as e:
    print(f"skip: {e.name} is missing (python3-dnspython)")
    sys.exit(77)

ORIGIN = dns.name.from_text("odd.")
FUDGE = 300
STALL = 3600
TRICKLE = 0.5
EXPIRE = 77
NOTAUTH, BADKEY = 9, 17
options = None


# ---- records, in wire form ----

def wire(name):
    return name.to_wire() if isinstance(name, dns.name.Name) else name


def record(owner, kind, ttl=60, rclass=1):
    """`kind`: "TYPE RDATA", names in it absolute; or (type, octets)."""
    if isinstance(kind, str):
        name, text = kind.split(None, 1)
        number = T.from_text(name)
        data = dns.rdata.from_text(dns.rdataclass.IN, number, text, relativize=False).to_wire()
    else:
        number, data = kind
    return wire(owner) + struct.pack(">HHIH", number, rclass, ttl, len(data)) + data


class Zone:
    def __init__(self, apex):
        self.apex = apex

    def name(self, label):
        return dns.name.from_text(label, self.apex)

    def soa(self, serial):
        return record(self.apex, f"SOA ns1.{self.apex} host.{self.apex} {serial} 2 2 3600 60")

    def version(self, serial):
        return record(self.name("version"), f'TXT "{serial}"')

    def body(self, serial):
        return [record(self.apex, f"NS ns1.{self.apex}"), record(self.name("ns1"), "A 192.0.2.1"),
                self.version(serial)]

    def whole(self, serial, *more):
        return [self.soa(serial), *self.body(serial), *more, self.soa(serial)]

    def change(self, start, end, delete=None, add=None):
        """Differences, without the new SOA around them."""
        return [self.soa(start), *(delete or [self.version(start)]), self.soa(end), *(add or [self.version(end)])]


# ---- messages ----

class Answer:
    """The answer to one query: send() writes one message of it."""

    def __init__(self, query, write):
        self.query, self.write = query, write
        self.key = options.key if query.had_tsig else None
        self.mac, self.pending, self.n_sent = b"", b"", 0
        if self.key:
            self.mac = query.mac
        question = query.question[0]
        self.question = wire(question.name) + struct.pack(">HH", question.rdtype, question.rdclass)

    def header(self, n_questions, n_answers, n_additional, rcode, aa, id_offset):
        flags = 0x8000 | (0x0400 if aa else 0) | rcode
        return struct.pack(">HHHHHH", (self.query.id + id_offset) & 0xFFFF, flags, n_questions, n_answers, 0, n_additional)

    def send(self, records, rcode=0, aa=True, question=None, sign=True, expire=None, id_offset=0, **tsig):
        has_question = question if question is not None else not self.n_sent
        opt = b""
        if expire is not None:
            opt = b"\0" + struct.pack(">HHIH", T.OPT, 1232, 0, 8) + struct.pack(">HHI", 9, 4, expire)
        msg = self.header(has_question, len(records), 1 if opt else 0, rcode, aa, id_offset)
        msg += (self.question if has_question else b"") + b"".join(records) + opt
        if self.key and sign:
            msg = self.signed(msg, **tsig)
        elif self.key:
            self.pending += msg
        self.n_sent += 1
        self.write(msg)

    def signed(self, msg, cut=0, spoil=False, offset=0, error=0):
        """RFC 8945 section 4.3. `cut`: octets taken off the MAC."""
        now = struct.pack(">Q", int(time.time()) + offset)[2:]
        timers = now + struct.pack(">H", FUDGE)
        covered = struct.pack(">H", len(self.mac)) + self.mac + self.pending + msg
        if self.n_sent:
            covered += timers
        else:
            covered += wire(self.key.name) + struct.pack(">HI", 255, 0) + wire(self.key.algorithm) + timers
            covered += struct.pack(">HH", error, 0)
        mac = b"" if error else hmac.new(self.key.secret, covered, self.key.digest).digest()
        if spoil:
            mac = bytes([mac[0] ^ 1]) + mac[1:]
        self.mac, self.pending = mac, b""
        mac = mac[:len(mac) - cut]
        data = wire(self.key.algorithm) + timers + struct.pack(">H", len(mac)) + mac
        data += struct.pack(">HHH", self.query.id, error, 0)
        rr = wire(self.key.name) + struct.pack(">HHIH", T.TSIG, 255, 0, len(data)) + data
        n_additional = struct.unpack(">H", msg[10:12])[0] + 1
        return msg[:10] + struct.pack(">H", n_additional) + msg[12:] + rr


# ---- what is odd ----

def each_alone(answer, records, **how):
    for r in records:
        answer.send([r], **how)


def unsigned_between(count):
    def serve(answer, zone):
        answer.send([zone.soa(2), *zone.body(2)])
        for i in range(count):
            answer.send([record(zone.name(f"n{i}"), "A 192.0.2.2")], sign=False)
        answer.send([zone.soa(2)])
    return serve


def last_unsigned(answer, zone):
    answer.send([zone.soa(2), *zone.body(2)])
    answer.send([zone.soa(2)], sign=False)


def endless(answer, zone):
    answer.send([zone.soa(2), *zone.body(2)])
    while True: # until the other side hangs up
        answer.send([record(zone.name(f"n{answer.n_sent}-{i}"), "A 192.0.2.2") for i in range(500)])


def stall(answer, zone):
    answer.send([zone.soa(2), *zone.body(2)])
    time.sleep(STALL)


def trickle(answer, zone):
    answer.send([zone.soa(2), *zone.body(2)])
    while True: # until the other side hangs up
        time.sleep(TRICKLE)
        answer.send([record(zone.name(f"n{answer.n_sent}"), "A 192.0.2.2")])


def plain(make, **how):
    """One message with the records that `make` returns."""
    return lambda answer, zone: answer.send(make(zone), **how)


def whole(*more):
    """`more`: (label, "TYPE RDATA") of further records."""
    return lambda z: z.whole(2, *[record(z.name(label) if isinstance(label, str) else label, kind) for label, kind in more])


# KIND: (what must become of it, AXFR, IXFR); None: as it should be
KINDS = {
    "good": ("ok", None, None),
    "one-record": ("ok", lambda a, z: each_alone(a, z.whole(2)), None),
    "questions": ("ok", lambda a, z: each_alone(a, z.whole(2), question=True), None),
    "out-of-zone": ("ok", plain(whole((dns.name.from_text("elsewhere."), "A 192.0.2.2"))), "axfr"),
    "unknown-types": ("ok", plain(whole(("u", r"TYPE65280 \# 2 0102"))), "axfr"),
    "empty-rdata": ("ok", plain(whole(("u", (65280, b"")), ("p", (T.APL, b"")))), "axfr"),
    "duplicates": ("ok", plain(whole(("d", "A 192.0.2.2"), ("d", "A 192.0.2.2"))), "axfr"),
    "no-aa": ("ok", plain(whole(), aa=False), "axfr"),
    "expire": ("ok", plain(whole(), expire=EXPIRE), "axfr"),
    "unsigned-99": ("ok", unsigned_between(99), "axfr"),
    "serial-0": ("ok", None, None),
    "second-soa": ("refused", plain(lambda z: [*z.whole(2), z.version(2), z.soa(2)]), "axfr"),
    "other-serials": ("refused", plain(lambda z: [z.soa(2), *z.body(2), z.soa(3)]), "axfr"),
    "no-final-soa": ("refused", plain(lambda z: [z.soa(2), *z.body(2)]), "axfr"),
    "no-soa-first": ("refused", plain(lambda z: [*z.body(2), z.soa(2)]), "axfr"),
    "cname": ("refused", plain(whole(("c", "CNAME x.odd."), ("c", "A 192.0.2.2"))), "axfr"),
    "meta-type": ("refused", plain(whole(("m", (T.ANY, b"")))), "axfr"),
    "other-class": ("refused", plain(lambda z: z.whole(2, record(z.name("c"), "A 192.0.2.2", rclass=3))), "axfr"),
    "bad-rdata": ("refused", plain(whole(("b", (T.A, b"abc")))), "axfr"),
    "no-ns": ("refused", plain(lambda z: [z.soa(2), z.version(2), z.soa(2)]), "axfr"),
    "empty-message": ("refused", plain(lambda z: []), "axfr"),
    "other-id": ("refused", plain(whole(), id_offset=1), "axfr"),
    "servfail": ("refused", plain(lambda z: [], rcode=2), "axfr"),
    "rcode-refused": ("refused", plain(lambda z: [], rcode=5), "axfr"),
    "endless": ("refused", endless, "axfr"),
    "stall": ("refused", stall, "axfr"),
    "trickle": ("refused", trickle, "axfr"),
    "unsigned": ("refused", plain(whole(), sign=False), "axfr"),
    "unsigned-100": ("refused", unsigned_between(100), "axfr"),
    "last-unsigned": ("refused", last_unsigned, "axfr"),
    "bad-sig": ("refused", plain(whole(), spoil=True), "axfr"),
    "truncated-mac": ("refused", plain(whole(), cut=16), "axfr"),
    "bad-clock": ("refused", plain(whole(), offset=-3600), "axfr"),
    "badkey": ("refused", plain(lambda z: [], rcode=NOTAUTH, error=BADKEY), "axfr"),
    "ixfr-condensed": ("ok", None, plain(lambda z: [z.soa(2), *z.change(1, 2), z.soa(2)])),
    "ixfr-one-record": ("ok", None, lambda a, z: each_alone(a, [z.soa(2), *z.change(1, 2), z.soa(2)])),
    "ixfr-as-axfr": ("ok", None, plain(whole())),
    "ixfr-cname": ("refused", plain(whole(("ns1", "CNAME x.odd."))), plain(lambda z: [
        z.soa(2), *z.change(1, 2, add=[record(z.name("ns1"), "CNAME x.odd.")]), z.soa(2)])),
    "ixfr-delete-missing": ("fall-back", None, plain(lambda z: [
        z.soa(2), *z.change(1, 2, delete=[record(z.name("no"), "A 192.0.2.2")]), z.soa(2)])),
    "ixfr-add-existing": ("fall-back", None, plain(lambda z: [
        z.soa(2), *z.change(1, 2, add=[record(z.name("ns1"), "A 192.0.2.1")]), z.soa(2)])),
    "ixfr-other-begin": ("fall-back", None, plain(lambda z: [z.soa(2), *z.change(0, 2), z.soa(2)])),
    "ixfr-gap": ("fall-back", None, plain(lambda z: [
        z.soa(2), *z.change(1, 2)[:2], z.soa(2), z.version(2), z.soa(3), z.soa(2), z.soa(2)])),
    "ixfr-soa-alone": ("fall-back", None, plain(lambda z: [z.soa(2)])),
    "ixfr-notimp": ("fall-back", None, plain(lambda z: [], rcode=4)),
}


def serials(kind):
    """Before and after."""
    return (0xFFFFFFFF, 0) if kind == "serial-0" else (1, 2)


def answer_transfer(answer, zone, kind, query):
    _, axfr, ixfr = KINDS[kind]
    is_ixfr = query.question[0].rdtype == T.IXFR
    is_odd = options.odd_when and os.path.exists(options.odd_when)
    old, new = serials(kind)
    serial = new if is_odd else old
    if is_ixfr and query.authority[0][0].serial == serial:
        answer.send([zone.soa(serial)])
        return
    odd = (axfr if ixfr == "axfr" else ixfr) if is_ixfr else axfr
    if is_odd and odd:
        odd(answer, zone)
    elif is_ixfr and is_odd:
        answer.send([zone.soa(new), *zone.change(old, new), zone.soa(new)])
    else:
        answer.send(zone.whole(serial))


def answer_query(raw, write):
    query = dns.message.from_wire(raw, keyring=options.keyring)
    name = query.question[0].name
    answer = Answer(query, write)
    kind = name.labels[0].decode().lower() if name.parent() == ORIGIN else None
    if kind not in KINDS:
        answer.send([], rcode=5, aa=False)
        return
    zone = Zone(name)
    if query.question[0].rdtype in (T.AXFR, T.IXFR):
        answer_transfer(answer, zone, kind, query)
        return
    is_odd = options.odd_when and os.path.exists(options.odd_when)
    soa = [zone.soa(serials(kind)[bool(is_odd)])] if query.question[0].rdtype == T.SOA else []
    answer.send(soa, expire=EXPIRE if kind == "expire" else None)


# ---- sockets ----

def exactly(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            return None
        data += more
    return data


class Tcp(socketserver.BaseRequestHandler):
    """One query, then the connection is closed: so a missing end is seen at once."""

    def handle(self):
        head = exactly(self.request, 2)
        raw = exactly(self.request, struct.unpack(">H", head)[0]) if head else None
        if not raw:
            return
        try:
            answer_query(raw, lambda msg: self.request.sendall(struct.pack(">H", len(msg)) + msg))
        except ConnectionError: # it has heard enough
            pass


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        raw, sock = self.request
        answer_query(raw, lambda msg: sock.sendto(msg, self.client_address))


class Key:
    """What dnspython checks queries by, and what answers are signed with."""

    def __init__(self, text):
        name, algorithm, secret = text.split(":")
        self.name = dns.name.from_text(name)
        self.algorithm = dns.name.from_text(algorithm)
        self.digest = algorithm.split("-")[1]
        self.secret = base64.b64decode(secret)
        self.ring = {self.name: dns.tsig.Key(self.name, self.secret, self.algorithm)}


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("address", nargs="?")
    parser.add_argument("port", nargs="?", type=int)
    parser.add_argument("--odd-when", metavar="FILE")
    parser.add_argument("--key", type=Key, metavar="NAME:ALGORITHM:SECRET")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for kind, row in KINDS.items():
            print(kind, row[0])
        return
    options.keyring = options.key.ring if options.key else None
    if options.port is None:
        parser.error("ADDRESS and PORT, or --list")
    for server in (socketserver.ThreadingTCPServer, socketserver.ThreadingUDPServer):
        server.allow_reuse_address = True
        server.daemon_threads = True
        server.address_family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    tcp = socketserver.ThreadingTCPServer((options.address, options.port), Tcp)
    port = tcp.server_address[1]
    udp = socketserver.ThreadingUDPServer((options.address, port), Udp)
    threading.Thread(target=udp.serve_forever, daemon=True).start()
    print("ready", port, flush=True)
    tcp.serve_forever()


if __name__ == "__main__":
    main()
