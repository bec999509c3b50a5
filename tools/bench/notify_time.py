#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a secondary takes from a NOTIFY to its first new answer.

notify_time.py SECONDARY KNOT-CONF ZONE CHANGES: run where knotd, the primary, is, in its network namespace (eth0). Each change is one
more delegation, made by knotc. The time begins when the NOTIFY of its serial passes the interface and ends with the first answer that
has the delegation; a question is asked as soon as the one before is answered. Prints one JSON object: milliseconds, and how many
changes were not answered within 20 s after the primary had them.
"""
import ctypes
import json
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

import dns.message
import dns.rdatatype

ETH_P_ALL = 3
SO_TIMESTAMPNS, SO_ATTACH_FILTER = 35, 26  # asm-generic/socket.h
NOTIFY = 4
PORTS = (53, 5300)
LIMIT = 20  # seconds after the primary has the change
TRY = 0.2


def query(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">HHHHHH", number, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 2, 1)


def only_notify():
    """Classic BPF, so that the questions do not fill the socket: UDP whose opcode is NOTIFY, and all TCP."""
    load_octet, jump_equal, mask, accept = 0x30, 0x15, 0x54, 0x06
    code = [(load_octet, 0, 0, 23), (jump_equal, 4, 0, 6), (jump_equal, 0, 4, 17), (load_octet, 0, 0, 44), (mask, 0, 0, 0xF8),
            (jump_equal, 0, 1, NOTIFY << 3), (accept, 0, 0, 2048), (accept, 0, 0, 0)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    return program, struct.pack("HL", len(code), ctypes.addressof(program))


def notify_serial(message):
    """Of the SOA in its answer section (RFC 1996 section 3.7); None: it has none."""
    answer = dns.message.from_wire(message, ignore_trailing=True).answer
    return answer[0][0].serial if answer and answer[0].rdtype == dns.rdatatype.SOA else None


class Sniffer(threading.Thread):
    """Keeps when the first NOTIFY of each serial to the secondary passes eth0."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = socket.inet_aton(address)
        self.seen, self.known, self.sees = {}, set(), threading.Condition()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind(("eth0", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        program, fprog = only_notify()
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)
        del program

    def run(self):
        while True:
            frame, more, _, _ = self.socket.recvmsg(2048, 64)
            message = self.notify(frame)
            if message:
                seconds, ns = struct.unpack("qq", more[0][2][:16])
                with self.sees:
                    self.seen.setdefault(notify_serial(message), seconds + ns / 1e9)
                    self.sees.notify()

    def notify(self, frame):
        """IPv4 without options to the secondary, its port 53 or that of dnsboltd; by UDP, or the first segment of TCP."""
        if frame[12:15] != b"\x08\x00\x45" or frame[30:34] != self.address or len(frame) < 54:
            return None
        if struct.unpack(">H", frame[36:38])[0] not in PORTS:
            return None
        message = frame[42:] if frame[23] == 17 else frame[34 + (frame[46] >> 4) * 4 + 2:]
        return message if frame[23] in (6, 17) and len(message) > 12 and message[2] >> 3 == NOTIFY else None

    def next(self):
        """When the NOTIFY came whose serial was not seen before; None: none came."""
        with self.sees:
            self.sees.wait_for(lambda: set(self.seen) - self.known, LIMIT)
            new = set(self.seen) - self.known
            self.known |= new
            return min((self.seen[serial] for serial in new), default=None)


def first_answer(sock, name, maker):
    """When it came; None: not in time."""
    number, end = 0, None
    while not end or time.time() < end:
        if not end and not maker.is_alive():
            end = time.time() + LIMIT
        number = (number + 1) & 0xFFFF
        sock.send(query(name, number))
        try:
            reply = sock.recv(4096)
        except socket.timeout:
            continue
        # NOERROR with an authority section: the referral
        if reply[:2] == struct.pack(">H", number) and not reply[3] & 15 and struct.unpack(">H", reply[8:10])[0]:
            return time.time()
    return None


def change(conf, zone, label):
    for command in (["zone-begin", zone], ["zone-set", zone, label, "3600", "NS", "ns1.nic." + zone],
                    ["zone-commit", zone]):
        subprocess.run(["knotc", "-c", conf, *command], check=True, capture_output=True)


def main():
    secondary, conf, zone, changes = sys.argv[1], sys.argv[2], sys.argv[3].rstrip(".") + ".", int(sys.argv[4])
    sniffer = Sniffer(secondary)
    sniffer.start()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(TRY)
    sock.connect((secondary, 53))
    times, missed = [], 0
    for i in range(changes):
        label = f"change{i}"
        maker = threading.Thread(target=change, args=(conf, zone, label))
        maker.start()
        came = first_answer(sock, f"{label}.{zone}", maker)
        maker.join()
        notified = sniffer.next()
        if notified is None:
            sys.exit(f"{label}.{zone}: no NOTIFY was seen")
        if came is None:
            missed += 1
        else:
            times.append((came - notified) * 1e3)
    if not times:
        sys.exit(f"{zone}: no change was answered")
    times.sort()
    print(json.dumps({"changes": changes, "missed": missed, "median_ms": round(statistics.median(times), 3),
                      "least_ms": round(times[0], 3), "worst_ms": round(times[-1], 3)}))


main()
