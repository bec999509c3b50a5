#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a secondary takes from a NOTIFY to its first new answer.

notify_time.py PRIMARY SECONDARY PORT ZONE-FILE CHANGES SECONDS: run in the network namespace of PRIMARY, the address that the
secondary has its zone from; it takes NOTIFY on PORT. The zone's name and SOA are the first lines of ZONE-FILE, which the secondary
loads, and serves within SECONDS.

This is the primary, too: it has the changes alone, one more delegation each, and gives them by IXFR (RFC 1995), so that a zone of any
size needs no second server's memory. The time begins when the NOTIFY is sent and ends with the first answer that has the delegation;
a question is asked as soon as the one before is answered, by a process of its own that takes no CPU time from the others, as it would
be another host's. Prints one JSON object: milliseconds, how many changes were not answered within LIMIT, NOTIFYs that had to be
sent again, how often a secondary wanted the whole zone, which it cannot have here, and how long the primary took for a reply.
"""
import json
import os
import selectors
import socket
import statistics
import struct
import sys
import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

LIMIT = 120  # seconds for one change
TRY = 0.2  # seconds until a question is asked again
AGAIN = 30  # seconds until a NOTIFY is sent again
PAUSE = 1  # seconds between an answer and the next change: the zone is idle
IN = dns.rdataclass.IN


class Zone:
    """The versions from the serial of the file on: version i adds the delegation "change<i>"."""

    def __init__(self, path):
        with open(path, encoding="ascii") as lines:
            self.apex = dns.name.from_text(next(lines).split()[1])
            fields = next(lines).split()
        if fields[2] != "SOA":
            sys.exit(f"{path}: expected $ORIGIN and the SOA in the first two lines")
        self.ttl, self.soa_text = fields[1], fields[3:]
        self.first = self.serial = int(fields[5])
        self.wholes, self.ready, self.took = 0, {}, []

    def soa(self, serial):
        text = " ".join([*self.soa_text[:2], str(serial), *self.soa_text[3:]])
        soa = dns.rdata.from_text(IN, "SOA", text, origin=self.apex, relativize=False)
        return dns.rrset.from_rdata(self.apex, int(self.ttl), soa)

    def name(self, serial):
        return dns.name.from_text(f"change{serial}", self.apex)

    def delegation(self, serial):
        return dns.rrset.from_text(self.name(serial), 3600, IN, "NS", f"ns1.nic.{self.apex}")

    def difference(self, serial):
        """RFC 1995 section 4; the SOA alone to whom has it all."""
        newest = self.soa(self.serial)
        if serial == self.serial:
            return [newest]
        steps = []
        for version in range(serial, self.serial):
            steps += [self.soa(version), self.soa(version + 1), self.delegation(version + 1)]
        return [newest, *steps, newest]

    def asked(self, wire):
        """The type, and for IXFR the serial that the secondary has; None: it is no query."""
        if wire[2] & 0xF8:  # QR, opcode
            return None
        at = 12 + len(self.apex.to_wire())
        kind = struct.unpack_from(">H", wire, at)[0]
        if kind != dns.rdatatype.IXFR:
            return kind, None
        at += 4  # to the authority section: its SOA, whose owner may be compressed
        at += 2 if wire[at] >= 0xC0 else len(self.apex.to_wire())
        at += 10 + struct.unpack_from(">H", wire, at + 8)[0]
        return kind, struct.unpack_from(">I", wire, at - 20)[0]

    def compose(self, kind, serial):
        reply = dns.message.make_response(dns.message.make_query(self.apex, kind))
        reply.flags = dns.flags.QR | dns.flags.AA
        if kind == dns.rdatatype.SOA:
            reply.answer = [self.soa(self.serial)]
        elif kind == dns.rdatatype.IXFR and self.first <= serial <= self.serial:
            reply.answer = self.difference(serial)
        else:
            reply.set_rcode(dns.rcode.REFUSED)
        return reply.to_wire()

    def prepare(self):
        """What a secondary that has the version before will ask: the time to compose it is not the secondary's."""
        self.ready = {key: self.compose(*key) for key in ((dns.rdatatype.SOA, None), (dns.rdatatype.IXFR, self.serial - 1))}

    def reply(self, wire):
        """To SOA and IXFR; None: it is no query."""
        key = self.asked(wire)
        if not key:
            return None
        start = time.monotonic()
        octets = self.ready.get(key) or self.compose(*key)
        self.took.append(time.monotonic() - start)
        self.wholes += key[0] == dns.rdatatype.AXFR or (key[0] == dns.rdatatype.IXFR and octets[3] & 15 == dns.rcode.REFUSED)
        return wire[:2] + octets[2:]


class Primary:
    """The servers' side; `step` waits for what comes, and answers it."""

    def __init__(self, address, zone):
        self.zone = zone
        self.selector = selectors.DefaultSelector()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        self.listener = socket.create_server((address, 53))
        self.watch(self.udp, self.on_udp)
        self.watch(self.listener, self.on_connection)

    def watch(self, sock, act):
        self.selector.register(sock, selectors.EVENT_READ, act)

    def step(self, seconds):
        for key, _ in self.selector.select(seconds):
            key.data(key.fileobj)

    def on_udp(self, sock):
        wire, peer = sock.recvfrom(65535)
        reply = self.zone.reply(wire)
        if reply:
            sock.sendto(reply, peer)

    def on_connection(self, listener):
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held = bytearray()
        self.watch(sock, lambda sock: self.on_tcp(sock, held))

    def on_tcp(self, sock, held):
        try:
            data = sock.recv(65535)
        except ConnectionError:
            data = b""
        if not data:
            self.selector.unregister(sock)
            sock.close()
            return
        held += data
        while len(held) >= 2 and len(held) >= 2 + struct.unpack(">H", held[:2])[0]:
            end = 2 + struct.unpack(">H", held[:2])[0]
            reply = self.zone.reply(bytes(held[2:end]))
            del held[:end]
            try:
                sock.sendall(struct.pack(">H", len(reply)) + reply if reply else b"")
            except ConnectionError:
                return  # it ends with the next read

    def notify(self):
        """The message."""
        message = dns.message.make_query(self.zone.apex, "SOA")
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags = message.flags & ~dns.flags.RD | dns.flags.AA
        message.answer = [self.zone.soa(self.zone.serial)]
        return message.to_wire()


class Asker:
    """A process of its own: asks the secondary for a name until an answer has it, and says when that came."""

    def __init__(self, secondary):
        self.pipe, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if not self.pid:
            self.pipe.close()
            os.nice(19)
            self.serve(secondary, other)
            os._exit(0)
        other.close()

    def begin(self, message):
        """The answer with a referral is waited for; an empty message: none any more."""
        self.pipe.send(message)

    def came(self):
        """When; of CLOCK_MONOTONIC, which is all processes'."""
        return struct.unpack("d", self.pipe.recv(8))[0]

    @staticmethod
    def serve(secondary, pipe):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((secondary, 53))
        sock.settimeout(TRY)
        number, message = 0, pipe.recv(512)
        while message is not None:
            number = (number + 1) & 0xFFFF
            if message and Asker.ask(sock, struct.pack(">H", number) + message[2:]):
                pipe.send(struct.pack("d", time.monotonic()))
                message = b""
            message = Asker.command(pipe, message)

    @staticmethod
    def ask(sock, query):
        """Whether the answer is a referral: NOERROR with an authority section."""
        try:
            sock.send(query)
            reply = sock.recv(65535)
        except (socket.timeout, ConnectionRefusedError):
            return False
        return reply[:2] == query[:2] and not reply[3] & 15 and struct.unpack(">H", reply[8:10])[0] > 0

    @staticmethod
    def command(pipe, message):
        """Waits for one when there is nothing to ask for. None: the end."""
        try:
            command = pipe.recv(512, 0 if not message else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return message
        return command if command else None


def query(name, kind):
    message = dns.message.make_query(name, kind)
    message.flags &= ~dns.flags.RD
    return message.to_wire()


def rest(primary, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        primary.step(end - time.monotonic())


def wait_for_zone(primary, secondary, seconds):
    """By the clock: a server that loads is left in peace."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((secondary, 53))
    sock.setblocking(False)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            sock.send(query(primary.zone.apex, "SOA"))
            rest(primary, PAUSE)
            reply = sock.recv(65535)
        except (BlockingIOError, ConnectionRefusedError):
            rest(primary, PAUSE)
            continue
        if not reply[3] & 15 and reply[2] & 4:
            return
    sys.exit(f"{primary.zone.apex}: not served after {seconds} s")


def measure(primary, asker, secondary, port):
    """Milliseconds of one change, None when it was not answered in time; and how often the NOTIFY was sent again."""
    primary.zone.serial += 1
    primary.zone.prepare()
    notify = primary.notify()
    repeats, came = 0, []
    primary.watch(asker.pipe, lambda _: came.append(asker.came()))
    asker.begin(query(primary.zone.name(primary.zone.serial), "NS"))
    start = sent = time.monotonic()
    primary.udp.sendto(notify, (secondary, port))
    while not came and time.monotonic() - start < LIMIT:
        if time.monotonic() - sent > AGAIN:
            sent = time.monotonic()
            repeats += 1
            primary.udp.sendto(notify, (secondary, port))
        primary.step(TRY)
    primary.selector.unregister(asker.pipe)
    return (came[0] - start) * 1e3 if came else None, repeats


def main():
    address, secondary, port, path, changes = *sys.argv[1:3], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    asker = Asker(secondary)
    primary = Primary(address, Zone(path))
    wait_for_zone(primary, secondary, int(sys.argv[6]))
    times, repeats = [], 0
    for _ in range(changes):
        rest(primary, PAUSE)
        ms, again = measure(primary, asker, secondary, port)
        repeats += again
        if ms is None:  # it is not known what the secondary is at: the next times would be no times of a change
            break
        times.append(ms)
    asker.pipe.close()
    os.waitpid(asker.pid, 0)
    if not times:
        sys.exit(f"{primary.zone.apex}: no change was answered")
    times.sort()
    print(json.dumps({"changes": changes, "missed": changes - len(times), "notified_again": repeats,
                      "whole_zone_wanted": primary.zone.wholes, "primary_median_ms": round(statistics.median(primary.zone.took) * 1e3, 3),
                      "median_ms": round(statistics.median(times), 3), "least_ms": round(times[0], 3),
                      "worst_ms": round(times[-1], 3)}))


main()
