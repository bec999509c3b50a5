#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks signed answers by means that share nothing with the code under test (dnspython).

check_proofs.py FOLDER: zones.txt (name and file of each signed zone) and pairs.bin (questions and answers, as compare
leaves them). In each answer every RRset of a signed zone, but delegation NS and glue, must have an RRSIG that validates
with the zone's keys; and NXDOMAIN, NODATA, answers from wildcards and referrals must carry every proof that RFC 4035
section 5.4 and RFC 5155 section 8 ask for. Ends with `N passed, N failed, N skipped`.
"""
import base64
import struct
import sys
import time

try:
    import dns.dnssec
    import dns.flags
    import dns.message
    import dns.name
    import dns.rcode
    import dns.rdatatype as T
    import dns.zone
    import cryptography  # noqa: F401  dnspython validates by it
except ImportError as e:
    print(f"skip: {e.name} is missing (python3-dnspython, python3-cryptography)")
    sys.exit(77)

SHOWN = 20
META = (T.NSEC, T.NSEC3, T.RRSIG)


class Wrong(Exception):
    pass


class SignedZone:
    """The apex and the keys; read from the file's lines, since dnspython refuses some records of some zones."""

    def __init__(self, name, path):
        self.name = dns.name.from_text(name)
        self.valid = {}  # (owner, type, RRSIG, RRset) seen: validated already
        keys = []
        ttl = 3600
        with open(path, encoding="latin-1") as lines:
            text, depth = "", 0
            for line in lines:
                line = self.strip(line)
                depth += line.count("(") - line.count(")")
                text += line.replace("(", " ").replace(")", " ")
                if depth:
                    text += " "
                    continue
                fields = text.split()
                text = ""
                if "DNSKEY" in fields and "RRSIG" not in fields and "NSEC" not in fields and "NSEC3" not in fields:
                    keys.append(" ".join(fields[fields.index("DNSKEY") + 1:]))
        if not keys:
            raise Wrong(f"{path}: no DNSKEY")
        self.keys = {self.name: dns.rrset.from_text_list(self.name, ttl, "IN", "DNSKEY", sorted(set(keys))).to_rdataset()}
        tags = {dns.dnssec.key_id(k) for k in self.keys[self.name]}
        self.tags = tags

    @staticmethod
    def strip(line):
        out, quoted = [], False
        for c in line.rstrip("\n"):
            quoted ^= c == '"'
            if c == ";" and not quoted:
                break
            out.append(c)
        return "".join(out)


# ---- order and hashes ----

def key_of(name):
    """Sorts as RFC 4034 section 6.1 says."""
    return [label.lower() for label in reversed(name.labels)]


def covers(owner, following, apex, name):
    """RFC 4035 section 5.4: owner < name < next, the last one covers all behind it."""
    if not name.is_subdomain(apex) or key_of(owner) >= key_of(name):
        return False
    return key_of(name) < key_of(following) or following == apex


def hash_of(name, rdata):
    return dns.dnssec.nsec3_hash(name, rdata.salt, rdata.iterations, rdata.algorithm).lower()


def base32hex(octets):
    text = base64.b32encode(octets).decode()
    return text.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")).lower().rstrip("=")


def has_type(rdata, rdtype):
    for window, bitmap in rdata.windows:
        if window == rdtype >> 8:
            octet = (rdtype & 255) // 8
            return octet < len(bitmap) and bool(bitmap[octet] & 0x80 >> rdtype % 8)
    return False


# ---- one answer ----

class Answer:
    def __init__(self, zones, query, octets):
        self.query = dns.message.from_wire(query)
        self.msg = dns.message.from_wire(octets)
        self.qname = self.msg.question[0].name
        self.qtype = self.msg.question[0].rdtype
        self.zones = zones

    def zone_of(self, name):
        while True:
            if name in self.zones:
                return self.zones[name]
            if name == dns.name.root:
                return None
            name = name.parent()

    def wire_zone(self):
        """The zone that answers: the signer of its records; else of the question."""
        for section in (self.msg.answer, self.msg.authority):
            for rrset in section:
                if rrset.rdtype == T.RRSIG:
                    return self.zones.get(rrset[0].signer)
        return None

    # -- signatures --
    def check_signatures(self):
        self.wildcards = {}  # owner -> closest encloser, of answers made from a wildcard
        for section in (self.msg.answer, self.msg.authority):
            self.check_section(section, section is self.msg.answer)

    def check_section(self, section, is_answer):
        dnames = [r for r in section if r.rdtype == T.DNAME]
        for rrset in section:
            if rrset.rdtype == T.RRSIG:
                continue
            if rrset.rdtype == T.NS and not is_answer:
                continue  # a delegation
            if rrset.rdtype == T.CNAME and any(rrset.name != d.name and rrset.name.is_subdomain(d.name) for d in dnames):
                continue  # made from the DNAME (RFC 6672 section 5.3.1)
            if is_answer and self.qtype == T.ANY and rrset.rdtype not in META and not self.has_signature(section, rrset):
                raise Wrong(f"{rrset.name} {T.to_text(rrset.rdtype)}: no RRSIG")
            self.check_rrset(section, rrset)

    @staticmethod
    def signatures(section, rrset):
        return [r for r in section if r.rdtype == T.RRSIG and r.covers == rrset.rdtype and r.name == rrset.name]

    def has_signature(self, section, rrset):
        return bool(self.signatures(section, rrset))

    def check_rrset(self, section, rrset):
        found = self.signatures(section, rrset)
        what = f"{rrset.name} {T.to_text(rrset.rdtype)}"
        if not found:
            raise Wrong(f"{what}: no RRSIG")
        for rrsig in found[0]:
            zone = self.zones.get(rrsig.signer)
            if zone and rrsig.key_tag in zone.tags:
                break
        else:
            raise Wrong(f"{what}: no RRSIG by a key of the zone")
        if rrset.ttl > rrsig.original_ttl:
            raise Wrong(f"{what}: TTL above the original one")
        self.validate(zone, rrset, found[0], rrsig, what)
        labels = len(rrset.name) - 1
        if rrset.name.is_wild():
            labels -= 1
        if rrsig.labels < labels:
            self.wildcards[rrset.name] = rrset.name.split(rrsig.labels + 1)[1]
        elif rrsig.labels > labels:
            raise Wrong(f"{what}: RRSIG of more labels than the owner")

    @staticmethod
    def validate(zone, rrset, rrsigs, rrsig, what):
        seen = (rrset.name.canonicalize(), rrset.rdtype, rrsig.signature, tuple(sorted(r.to_digestable() for r in rrset)))
        if seen in zone.valid:
            return
        try:
            dns.dnssec.validate_rrsig(rrset, rrsig, zone.keys, now=rrsig.inception + 1)
        except dns.dnssec.ValidationFailure as e:
            raise Wrong(f"{what}: {e}") from None
        zone.valid[seen] = True

    # -- proofs --
    def nsecs(self):
        both = self.msg.authority + self.msg.answer
        return [(r.name, rd) for r in both if r.rdtype == T.NSEC for rd in r]

    def nsec3s(self):
        both = self.msg.authority + self.msg.answer
        return [(r.name, rd) for r in both if r.rdtype == T.NSEC3 for rd in r]

    def nsec_covering(self, zone, name):
        for owner, rd in self.nsecs():
            if covers(owner, rd.next, zone.name, name):
                # an NSEC of a cut or a DNAME says nothing of what is below (RFC 6840 section 4.1)
                if name != owner and name.is_subdomain(owner) and (
                        has_type(rd, T.DNAME) or has_type(rd, T.NS) and not has_type(rd, T.SOA)):
                    continue
                return owner, rd
        return None

    def nsec3_matching(self, zone, name):
        for owner, rd in self.nsec3s():
            if owner.parent() == zone.name and owner.labels[0].decode().lower() == hash_of(name, rd):
                return rd
        return None

    def nsec3_covering(self, zone, name):
        for owner, rd in self.nsec3s():
            if owner.parent() != zone.name:
                continue
            low, high, at = owner.labels[0].decode().lower(), base32hex(rd.next), hash_of(name, rd)
            if low < at < high or (high <= low and (at > low or at < high)):
                return rd
        return None

    def closest_encloser(self, zone, name):
        """RFC 5155 section 8.3: the encloser's match, and the cover of the next closer name."""
        at = name
        while at != zone.name:
            following, at = at, at.parent()
            rd = self.nsec3_matching(zone, at)
            if rd:
                if has_type(rd, T.DNAME) or has_type(rd, T.NS) and not has_type(rd, T.SOA):
                    raise Wrong(f"{name}: the closest encloser {at} is a cut or a DNAME")
                cover = self.nsec3_covering(zone, following)
                if not cover:
                    raise Wrong(f"{name}: no NSEC3 covers the next closer name {following}")
                return at, cover
        raise Wrong(f"{name}: no NSEC3 matches an encloser")

    def nsec_encloser(self, owner, rd, name):
        """What the covering NSEC shows to exist above the name."""
        best = dns.name.root
        for other in (owner, rd.next):
            relation, _, common = name.fullcompare(other)
            ancestor = name.split(common)[1]
            if len(ancestor) > len(best):
                best = ancestor
        return best

    def check_nxdomain(self, zone, name):
        if self.nsec3s():
            at, cover = self.closest_encloser(zone, name)
            wild = dns.name.Name((b"*",) + at.labels)
            if cover.flags & 1 and self.nsec3_matching(zone, wild):
                return  # opt-out hides the real encloser below one with a wildcard: no proof exists, it is insecure
            if not self.nsec3_covering(zone, wild):
                raise Wrong(f"{name}: no NSEC3 covers *.{at}")
            return
        found = self.nsec_covering(zone, name)
        if not found:
            raise Wrong(f"{name}: no NSEC covers it")
        wild = dns.name.Name((b"*",) + self.nsec_encloser(*found, name).labels)
        if not self.nsec_covering(zone, wild):
            raise Wrong(f"{name}: no NSEC covers {wild}")

    def no_type(self, rd, rdtype, what):
        # NSEC is of the name itself, a CNAME or not (RFC 4035 section 2.5)
        if has_type(rd, rdtype) or has_type(rd, T.CNAME) and rdtype != T.NSEC:
            raise Wrong(f"{what}: the NSEC or NSEC3 has the type")
        if rdtype == T.DS:
            if has_type(rd, T.SOA) and not self.is_apex(what):
                raise Wrong(f"{what}: DS denied by the child")
        elif has_type(rd, T.NS) and not has_type(rd, T.SOA):
            raise Wrong(f"{what}: denied by the parent's side of a cut")

    def is_apex(self, name):
        return name in self.zones

    def check_nodata(self, zone, name):
        rdtype = self.qtype
        if self.nsec3s():
            self.check_nodata_nsec3(zone, name, rdtype)
            return
        for owner, rd in self.nsecs():
            if owner == name:
                self.no_type(rd, rdtype, name)
                return
        found = self.nsec_covering(zone, name)
        if not found:
            raise Wrong(f"{name}: no NSEC matches or covers it")
        if found[1].next.is_subdomain(name):
            return  # an empty non-terminal
        wild = dns.name.Name((b"*",) + self.nsec_encloser(*found, name).labels)
        for owner, rd in self.nsecs():
            if owner == wild:
                self.no_type(rd, rdtype, wild)
                return
            if covers(owner, rd.next, zone.name, wild) and rd.next.is_subdomain(wild):
                return  # the wildcard is an empty non-terminal
        raise Wrong(f"{name}: NODATA, and no NSEC for {wild}")

    def check_nodata_nsec3(self, zone, name, rdtype):
        rd = self.nsec3_matching(zone, name)
        if rd:
            self.no_type(rd, rdtype, name)
            return
        at, cover = self.closest_encloser(zone, name)
        rd = self.nsec3_matching(zone, dns.name.Name((b"*",) + at.labels))
        if rd:
            self.no_type(rd, rdtype, name)
        elif not cover.flags & 1:  # RFC 5155 sections 8.6; an empty non-terminal that opt-out hides alike
            raise Wrong(f"{name}: NODATA without match, wildcard or opt-out")

    def check_wildcards(self):
        for name, encloser in self.wildcards.items():
            zone = self.wire_zone()
            following = name.split(len(encloser) + 1)[1]
            if self.nsec3s():
                if not self.nsec3_covering(zone, following):
                    raise Wrong(f"{name}: from a wildcard, and no NSEC3 covers {following}")
            elif not self.nsec_covering(zone, name):
                raise Wrong(f"{name}: from a wildcard, and no NSEC covers it")

    def check_referral(self, zone, cut):
        if any(r.rdtype == T.DS and r.name == cut for r in self.msg.authority):
            return
        for owner, rd in self.nsecs():
            if owner == cut:
                self.no_ds(rd, cut)
                return
        if not self.nsec3s():
            raise Wrong(f"{cut}: neither DS nor the NSEC of the cut")
        rd = self.nsec3_matching(zone, cut)
        if rd:
            self.no_ds(rd, cut)
            return
        _, cover = self.closest_encloser(zone, cut)
        if not cover.flags & 1:
            raise Wrong(f"{cut}: the NSEC3 that covers it has no opt-out flag")

    @staticmethod
    def no_ds(rd, cut):
        if has_type(rd, T.DS) or has_type(rd, T.SOA) or not has_type(rd, T.NS):
            raise Wrong(f"{cut}: the proof is not of an insecure cut")

    def end_of_chain(self):
        """The last name, and whether the answer has what was asked for."""
        at, steps = self.qname, 0
        while self.qtype not in (T.CNAME, T.ANY, T.RRSIG, T.NSEC) and steps < 40:
            link = [r for r in self.msg.answer if r.rdtype == T.CNAME and r.name == at]
            if not link:
                break
            at, steps = link[0][0].target, steps + 1
        done = any(r.name == at and (r.rdtype == self.qtype or self.qtype == T.ANY) for r in self.msg.answer)
        return at, done

    def check(self):
        if self.qtype == T.RRSIG:
            return "skipped"
        zone = self.wire_zone()
        if zone is None:
            if self.msg.rcode() == dns.rcode.NXDOMAIN or not self.msg.answer:
                raise Wrong("no signature at all")
            zone = self.zone_of(self.qname)
        self.check_signatures()
        self.check_wildcards()
        end, done = self.end_of_chain()
        if self.msg.rcode() == dns.rcode.NXDOMAIN:
            self.check_nxdomain(zone, end)
            return "nxdomain"
        if self.msg.rcode() == dns.rcode.YXDOMAIN or done:
            return "answer"
        cuts = [r.name for r in self.msg.authority if r.rdtype == T.NS]
        if cuts:
            self.check_referral(zone, cuts[0])
            return "referral"
        if not self.msg.answer or any(r.rdtype == T.SOA for r in self.msg.authority):
            self.check_nodata(zone, end)
            return "nodata"
        return "leaves"  # the chain goes on in another zone


# ---- files ----

def read_zones(folder):
    zones = {}
    with open(f"{folder}/zones.txt", encoding="latin-1") as lines:
        for line in lines:
            name, path = line.split()
            try:
                zone = SignedZone(name, path)
            except Wrong as e:
                print(f"left out: {e}")
                continue
            zones[zone.name] = zone
    return zones


def read_pairs(folder):
    with open(f"{folder}/pairs.bin", "rb") as pairs:
        while head := pairs.read(4):
            query, answer = struct.unpack("!HH", head)
            yield pairs.read(query), pairs.read(answer)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "build/compare"
    started = time.time()
    try:
        zones, pairs = read_zones(folder), list(read_pairs(folder))
    except FileNotFoundError as e:
        print(f"skip: {e.filename} is not there: run compare first")
        return 77
    counts, wrong = {}, 0
    for query, octets in pairs:
        answer = Answer(zones, query, octets)
        try:
            kind = answer.check()
        except Wrong as e:
            wrong += 1
            kind = "wrong"
            if wrong <= SHOWN:
                print(f"wrong: {answer.qname} {T.to_text(answer.qtype)}: {e}\n{answer.msg}\n")
        counts[kind] = counts.get(kind, 0) + 1
    print(f"report: {len(pairs)} signed answers of {len(zones)} zones in {time.time() - started:.0f} s: "
          + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    failed = bool(wrong) or not pairs
    print(f"{int(not failed)} passed, {int(failed)} failed, 0 skipped")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
