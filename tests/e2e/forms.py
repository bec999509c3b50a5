#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a server, by UDP and by TCP, queries of a rare form, octet by octet: forms.py ADDRESS

One row is one query and what must come back. Of an answer each octet is compared with the one to the plain query."""
import socket
import struct
import sys

WWW = b"\3www\7example\3com\0"
APEX = WWW[4:]
NX = b"\2nx" + APEX
OTHER = b"\3www\4none\0"
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH", 16: "BADVERS"}
A, SOA, TXT, OPT, TSIG, RRSIG, ANY = 1, 6, 16, 41, 250, 46, 255
IN, CH, HS, NONE = 1, 3, 4, 254


def header(opcode=0, flags=0, qd=1, an=0, ns=0, ar=0, rd=1):
    return struct.pack(">6H", 0x4D53, opcode << 11 | flags | rd << 8, qd, an, ns, ar)


def question(name=WWW, rtype=A, rclass=IN):
    return name + struct.pack(">HH", rtype, rclass)


def record(rtype, rclass, ttl, rdata, owner=b"\xc0\x0c"):
    return owner + struct.pack(">HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def opt(size=1232, rcode=0, version=0, flags=0, options=b"", owner=b"\0"):
    return record(OPT, size, rcode << 24 | version << 16 | flags, options, owner)


def option(code, data=b""):
    return struct.pack(">HH", code, len(data)) + data


def tsig_rdata(algorithm=b"\x0bhmac-sha256\0", mac=b"x" * 32, error=0):
    return algorithm + b"\0\0ABCD\1\x2c" + struct.pack(">H", len(mac)) + mac + struct.pack(">HHH", 0x1122, error, 0)


def tsig(key=b"\3key\0", rclass=ANY, rdata=None):
    return record(TSIG, rclass, 0, tsig_rdata() if rdata is None else rdata, key)


def ask(query, rtype=A, rclass=IN, name=WWW, **counts):
    return header(**counts) + question(name, rtype, rclass) + query


ADDRESS = record(A, IN, 60, b"\1\2\3\4")
SERIAL = record(SOA, IN, 0, b"\0\0" + struct.pack(">5I", 1, 2, 3, 4, 5))
SIG0 = record(24, ANY, 0, struct.pack(">HBBIIIH", 0, 13, 0, 0, 0xFFFFFFFF, 0, 1) + b"\3key\0abcd", b"\0")
LONG = b"".join(b"\x32" + bytes([c]) * 50 for c in b"abcd") + b"\0"
BARE, WITH_OPT = ask(b""), ask(opt(), ar=1)

# title, query, what comes back: RCODE, questions, OPT and TSIG; or the plain query whose answer it is
ROWS = [
    # opcodes; dnsboltd answers a NOTIFY (4)
    *[(f"opcode {o}", header(opcode=o) + question(APEX, SOA), "NOTIMP 1") for o in (1, 2, 3, 5, 6, 7, 15)],
    ("an opcode, with EDNS", header(opcode=6, ar=1) + question(APEX, SOA) + opt(), "NOTIMP 1 OPT"),
    ("an opcode, and no question", header(opcode=6, qd=0), "NOTIMP 0"),
    ("an opcode, and two questions", header(opcode=7, qd=2) + question() * 2, "NOTIMP 0"),
    ("an opcode, and a name that is cut off", header(opcode=7) + b"\3ww", "NOTIMP 0"),
    ("UPDATE in full", header(opcode=5, an=1, ns=1, ar=1) + question(APEX, SOA) + ADDRESS * 2 + tsig(), "NOTIMP 1"),
    # flags
    ("TC", ask(b"", flags=0x0200), BARE),
    ("an RCODE", ask(b"", flags=3), BARE),
    ("an extended RCODE", ask(opt(rcode=1), ar=1), WITH_OPT),
    ("a response", ask(b"", flags=0x8000), None),
    ("a response of another opcode", ask(b"", opcode=7, flags=0x8000), None),
    ("a long response", ask(opt(options=option(12, bytes(700))), flags=0x8000, ar=1), None),
    # counts
    ("no question", header(qd=0), "FORMERR 0"),
    ("no question, with EDNS", header(qd=0, ar=1) + opt(), "FORMERR 0 OPT"),
    ("two questions (RFC 9619)", header(qd=2) + question() * 2, "FORMERR 0"),
    ("two questions, with EDNS", header(qd=2, ar=1) + question() * 2 + opt(), "FORMERR 0 OPT"),
    ("a second question that is not there", header(qd=2) + question(), "FORMERR 0"),
    ("an answer in the query", ask(ADDRESS, an=1), BARE),
    ("an answer that is not there", ask(b"", an=1), "FORMERR 1"),
    ("an SOA in the authority section", ask(SERIAL, ns=1), BARE),
    ("an SOA in the authority section, with EDNS", ask(SERIAL + opt(), ns=1, ar=1), WITH_OPT),
    ("authority that is not there", ask(b"", ns=2), "FORMERR 1"),
    ("an additional address", ask(ADDRESS, ar=1), BARE),
    ("an additional address before OPT", ask(ADDRESS + opt(), ar=2), WITH_OPT),
    ("an additional address behind OPT", ask(opt() + ADDRESS, ar=2), WITH_OPT),
    ("an additional record that is not there", ask(b"", ar=1), "FORMERR 1"),
    ("an additional record behind OPT that is not there", ask(opt(), ar=2), "FORMERR 1 OPT"),
    ("octets behind the message", ask(b"zz"), BARE),
    ("octets behind OPT", ask(opt() + b"zz", ar=1), WITH_OPT),
    # EDNS
    ("two OPT records (RFC 6891 section 6.1.1)", ask(opt() * 2, ar=2), "FORMERR 1 OPT"),
    ("OPT in the answer section", ask(opt(), an=1), "FORMERR 1 OPT"),
    ("OPT in the authority section", ask(opt(), ns=1), "FORMERR 1 OPT"),
    ("an OPT that is not the root's", ask(opt(owner=b"\1a\0"), ar=1), "FORMERR 1"),
    ("EDNS version 1", ask(opt(version=1), ar=1), "BADVERS 1 OPT"),
    ("EDNS version 1, name of nobody's", ask(opt(version=1), name=OTHER, ar=1), "BADVERS 1 OPT"),
    ("EDNS version 1, class CH", ask(opt(version=1), rclass=CH, ar=1), "BADVERS 1 OPT"),
    ("EDNS version 1, AXFR", ask(opt(version=1), 252, ar=1), "BADVERS 1 OPT"),
    ("EDNS version 1, another opcode", ask(opt(version=1), opcode=7, ar=1), "BADVERS 1 OPT"),
    ("EDNS version 1, signed", ask(opt(version=1) + tsig(), ar=2), "BADVERS 1 OPT"),
    ("EDNS version 1 behind another record", ask(ADDRESS + opt(version=1), ar=2), "BADVERS 1 OPT"),
    ("an OPT that ends behind the message", ask(opt()[:-2] + b"\0\5", ar=1), "FORMERR 1 OPT"),
    ("an option that ends behind its OPT", ask(opt(options=b"\0\x0c\0\5a"), ar=1), "FORMERR 1 OPT"),
    ("an option of three octets", ask(opt(options=b"\0\x0c\0"), ar=1), "FORMERR 1 OPT"),
    ("unknown EDNS flags", ask(opt(flags=0x7FFF), ar=1), WITH_OPT),
    ("forty options", ask(opt(options=option(65001) * 40), ar=1), WITH_OPT),
    ("forty options, and one of them cut off", ask(opt(options=option(65001) * 40 + b"\0"), ar=1), "FORMERR 1 OPT"),
    ("Padding to 600 octets (RFC 7830)", ask(opt(options=option(12, bytes(600 - len(WITH_OPT) - 4))), ar=1), WITH_OPT),
    ("Padding to 4096 octets", ask(opt(options=option(12, bytes(4096 - len(WITH_OPT) - 4))), ar=1), WITH_OPT),
    ("Padding to 4097 octets: more than is read", ask(opt(options=option(12, bytes(4097 - len(WITH_OPT) - 4))), ar=1), "FORMERR 1 OPT"),
    ("a COOKIE that is left to the host, where there is none", ask(opt(options=option(10, b"12345678")), ar=1), WITH_OPT),
    ("long options of all kinds", ask(opt(options=b"".join(option(c, bytes(100)) for c in (3, 8, 9, 10)) * 2), ar=1),
     ask(opt(options=option(3)), ar=1)),
    # signatures
    ("TSIG", ask(tsig(), ar=1), "NOTAUTH 1 TSIG"),
    ("OPT and TSIG", ask(opt() + tsig(), ar=2), "NOTAUTH 1 OPT TSIG"),
    ("TSIG, name of nobody's", ask(tsig(), name=OTHER, ar=1), "NOTAUTH 1 TSIG"),
    ("TSIG on a transfer", ask(SERIAL + tsig(), 251, name=APEX, ns=1, ar=1), "NOTAUTH 1 TSIG"),
    ("TSIG of an unknown algorithm", ask(tsig(rdata=tsig_rdata(b"\3foo\0", b"")), ar=1), "NOTAUTH 1 TSIG"),
    ("TSIG with a compressed key name", ask(tsig(key=b"\3key\xc0\x0c"), ar=1), "NOTAUTH 1 TSIG"),
    ("TSIG that is not the last record", ask(tsig() + opt(), ar=2), "FORMERR 1 OPT"),
    ("two TSIG records", ask(tsig() * 2, ar=2), "FORMERR 1"),
    ("TSIG in the answer section", ask(tsig(), an=1), "FORMERR 1"),
    ("TSIG of class IN", ask(tsig(rclass=IN), ar=1), "FORMERR 1"),
    ("TSIG that is cut off", ask(tsig(rdata=tsig_rdata()[:-1]), ar=1), "FORMERR 1"),
    ("TSIG with octets behind", ask(tsig(rdata=tsig_rdata() + b"\0"), ar=1), "FORMERR 1"),
    ("TSIG without data", ask(tsig(rdata=b""), ar=1), "FORMERR 1"),
    ("SIG(0), which is ignored", ask(SIG0, ar=1), BARE),
    ("OPT and SIG(0)", ask(opt() + SIG0, ar=2), WITH_OPT),
    # classes
    ("class CH, a name of IN", ask(b"", TXT, CH), "REFUSED 1"),
    ("class CH, authors.bind", ask(b"", TXT, CH, b"\7authors\4bind\0"), "REFUSED 1"),
    ("class CH, version.bind A", ask(b"", A, CH, b"\7version\4bind\0"), "REFUSED 1"),
    *[(f"class {c}", ask(b"", rclass=c), "REFUSED 1") for c in (0, 2, HS, 77, NONE)],
    ("class HS, with EDNS", ask(opt(), rclass=HS, ar=1), "REFUSED 1 OPT"),
    ("class ANY", ask(b"", rclass=ANY), BARE),
    ("class ANY, with EDNS", ask(opt(), rclass=ANY, ar=1), WITH_OPT),
    ("class ANY, no such name", ask(b"", rclass=ANY, name=NX), ask(b"", name=NX)),
    ("class ANY, name of nobody's", ask(b"", rclass=ANY, name=OTHER), "REFUSED 1"),
    ("class ANY, version.bind", ask(b"", TXT, ANY, b"\7version\4bind\0"), "REFUSED 1"),
    # types
    *[(f"type {t}", ask(b"", t), "FORMERR 1") for t in (0, OPT, 128, 200, 248, 249, TSIG)],
    *[(f"type {t}", ask(b"", t), "NOTIMP 1") for t in (253, 254)],
    ("AXFR", ask(b"", 252, name=APEX), "REFUSED 1"),
    ("AXFR, name of nobody's", ask(b"", 252, name=OTHER), "REFUSED 1"),
    ("IXFR", ask(SERIAL, 251, name=APEX, ns=1), "REFUSED 1"),
    ("IXFR, with EDNS", ask(SERIAL + opt(), 251, name=APEX, ns=1, ar=1), "REFUSED 1 OPT"),
    ("ANY, left to the host, where there is none", ask(b"", ANY), "NOERROR 1"),
    ("RRSIG, left to the host, where there is none", ask(b"", RRSIG), "NOERROR 1"),
    # names
    ("a pointer in the question", header() + b"\xc0\x0c\0\1\0\1", "FORMERR 0"),
    ("an extended label type", header() + b"\x41a\0\0\1\0\1", "FORMERR 0"),
    ("a name of 257 octets", header() + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1", "FORMERR 0"),
    ("a name that is cut off", header() + b"\3ww", "FORMERR 0"),
    ("a question without a type", header() + WWW, "FORMERR 0"),
    ("a header alone", header(), "FORMERR 0"),
    ("less than a header", header()[:11], None),
]


def exchange(address, query, tcp):
    """The reply; None: there is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((address, 53))
        if not tcp:
            s.send(query)
            return s.recv(65535)
        s.sendall(struct.pack(">H", len(query)) + query)
        with s.makefile("rb") as stream:
            length = stream.read(2)
            return stream.read(struct.unpack(">H", length)[0]) if len(length) == 2 else None


def silent(address, query, tcp):
    """Whether nothing comes back: what is asked next on the same way is answered first."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((address, 53))
        after = b"\x99\x99" + HS_QUERY[2:]
        if not tcp:
            s.send(query)
            s.send(after)
            return s.recv(65535)[:2] == b"\x99\x99"
        s.sendall(struct.pack(">H", len(query)) + query + struct.pack(">H", len(after)) + after)
        with s.makefile("rb") as stream:
            reply = stream.read(4)
            return len(query) < 12 and reply == b"" or reply[2:] == b"\x99\x99"


# Of a class that the driver passes, so that it takes the same way and cannot overtake.
HS_QUERY = ask(b"", rclass=HS)


def skip_name(message, at):
    while message[at] and message[at] < 0xC0:
        at += 1 + message[at]
    return at + (2 if message[at] >= 0xC0 else 1)


def describe(query, reply):
    """The form of a row's third column; what must never be, as "wrong: ..."."""
    flags, *counts = struct.unpack(">5H", reply[2:12])
    rcode, at, words, rest = flags & 15, 12, "", b""
    if reply[:2] != query[:2] or flags & 0xFFF0 & ~0x0410 != (0x8000 | struct.unpack(">H", query[2:4])[0] & 0x7900):
        return "wrong: ID, or flags %04x" % flags
    for _ in range(counts[0]):
        at = skip_name(reply, at) + 4
    if reply[12:at] != query[12:at]:
        return "wrong: the question"
    for _ in range(sum(counts[1:])):
        start, at = at, skip_name(reply, at)
        rtype, rclass, ttl, length = struct.unpack(">HHIH", reply[at:at + 10])
        if rtype == OPT:
            rcode |= ttl >> 24 << 4
            words += " OPT" if not ttl & 0xFF7FFF and rclass == 1232 else " (bad OPT)"
        elif rtype == TSIG:
            words += " TSIG"
            rest = reply[start:]
        at += 10 + length
    if at != len(reply):
        return "wrong: octets behind the last record"
    if rest and not is_tsig(query, rest):
        return "wrong: TSIG " + rest.hex()
    return f"{RCODES.get(rcode, rcode)} {counts[0]}{words}"


def is_tsig(query, reply):
    """BADKEY, an empty MAC, the rest as in the query (RFC 8945 sections 5.2.1 and 5.3.2)"""
    at = query.rindex(b"\0\xfa\0\xff\0\0\0\0")
    key = next(k for k in (b"\3key\0", b"\3key\xc0\x0c", LONG) if query[:at].endswith(k))
    key = key.replace(b"\xc0\x0c", WWW)
    algorithm = query[at + 10:query.index(b"\0\0ABCD")]
    rdata = algorithm + b"\0\0ABCD\1\x2c\0\0\x11\x22\0\x11\0\0"
    return reply == record(TSIG, ANY, 0, rdata, key)


def as_plain(query, reply, plain):
    """What the reply were if the query had been the plain one."""
    end = skip_name(plain, 12) + 4
    if query[end - 2:end] != b"\0\xff":
        return reply
    if reply[2] & 4 or reply[end - 2:end] != b"\0\xff":
        return b"not of class ANY, or authoritative"
    return reply[:2] + bytes([reply[2] | 4]) + reply[3:end - 2] + b"\0\1" + reply[end:]


def judge(address, query, expected, tcp):
    if expected is None:
        return "" if silent(address, query, tcp) else "there is a reply"
    reply = exchange(address, query, tcp)
    if reply is None:
        return "there is no reply"
    got = describe(query, reply)
    if isinstance(expected, str):
        return "" if got == expected else f"wanted: {expected} got: {got}"
    wanted = exchange(address, expected, tcp)
    if got.startswith("wrong") or as_plain(query, reply, expected) != wanted:
        return f"{got}: wanted: {wanted.hex()} got: {reply.hex()}"
    return ""


def large_tsig(address):
    """A TSIG record that does not fit in what the client takes is left to TCP (RFC 8945 section 5.3)."""
    query = ask(tsig(key=LONG, rdata=tsig_rdata(LONG)), name=b"\x28" + b"e" * 40 + LONG, ar=1)
    udp, tcp = exchange(address, query, False), exchange(address, query, True)
    if describe(query, tcp) != "NOTAUTH 1 TSIG" or len(tcp) <= 512:
        return "by TCP: " + tcp.hex()
    if not udp[2] & 2 or describe(query, udp[:2] + bytes([udp[2] & ~2]) + udp[3:]) != "NOTAUTH 1":
        return "by UDP: " + udp.hex()
    return ""


def main():
    address, failed = sys.argv[1], 0
    cases = [(f"{title}, {'TCP' if tcp else 'UDP'}", judge, (query, expected, tcp))
             for title, query, expected in ROWS for tcp in (False, True)]
    cases.append(("a TSIG record of long names", large_tsig, ()))
    for title, check, arguments in cases:
        try:
            wrong = check(address, *arguments)
        except (OSError, ValueError, IndexError, struct.error) as e:
            wrong = repr(e)
        print(("not ok" if wrong else "ok") + f" - {address}: {title}" + (f"\n# {wrong}" if wrong else ""))
        failed |= bool(wrong)
    return failed


sys.exit(main())
