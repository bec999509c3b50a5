#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks signed answers by means that share nothing with the code under test (dnspython).

check_proofs.py FOLDER: zones.txt (name and file of each signed zone) and pairs.bin (questions and answers, as
compare leaves them, by round: all for which it tolerated another server's fault, and a sample of the rest). In each answer every RRset
of a signed zone, but delegation NS and glue, must have an RRSIG that validates with the zone's keys; and NXDOMAIN, NODATA,
answers from wildcards and referrals must carry every proof that RFC 4035 sections 3.1.3 and 5.4 and RFC 5155 sections 7.2
and 8 ask for. What opt-out leaves out of a chain is told apart by the chain in the zone's file.

And it is tested itself: in a sample of each kind of these answers one thing is broken at a time (a proof left out, a
signature left out or changed, a TTL raised): each must be found wrong.
"""
import base64
import copy
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
    import dns.rrset
    import dns.zone
    import cryptography  # noqa: F401  dnspython validates by it
except ImportError as e:
    print(f"skip: {e.name} is missing (python3-dnspython, python3-cryptography)")
    sys.exit(77)

SHOWN = 20
META = (T.NSEC, T.NSEC3, T.RRSIG)
SELF_TESTS = 30  # answers of each kind and each sort of chain


class Wrong(Exception):
    pass


class SignedZone:
    """The apex, the keys, the names and the NSEC3 owners; read from the file's lines, since dnspython refuses some records of
    some zones."""

    def __init__(self, name, path):
        self.name = dns.name.from_text(name)
        self.valid = {}  # (owner, type, RRSIG, RRset) seen: validated already
        self.hashes = set()
        self.hashed = {}
        self.names = {self.name}
        keys = []
        origin = self.name
        for indented, fields in self.records(path):
            if fields[0] == "$ORIGIN":
                origin = dns.name.from_text(fields[1], origin)
            if indented or fields[0].startswith("$"):
                pass  # of the last name
            elif "NSEC3" not in fields[:4] and fields[3:5] != ["RRSIG", "NSEC3"]:
                self.add_name(dns.name.from_text(fields[0], origin).canonicalize())
            if "DNSKEY" in fields and not {"RRSIG", "NSEC", "NSEC3"} & set(fields):
                keys.append(" ".join(fields[fields.index("DNSKEY") + 1:]))
            if "NSEC3" in fields[:4]:
                self.hashes.add(fields[0].split(".")[0].lower())
        if not keys:
            raise Wrong(f"{path}: no DNSKEY")
        self.keys = {self.name: dns.rrset.from_text_list(self.name, 3600, "IN", "DNSKEY", sorted(set(keys))).to_rdataset()}
        self.tags = {dns.dnssec.key_id(k) for k in self.keys[self.name]}

    def add_name(self, name):
        """And what is above it in the zone: empty non-terminals exist too."""
        while name.is_subdomain(self.name) and name not in self.names:
            self.names.add(name)
            name = name.parent()

    def exists(self, name):
        return name.canonicalize() in self.names

    @classmethod
    def records(cls, path):
        """Whether it is indented, and the fields."""
        with open(path, encoding="latin-1") as lines:
            text, depth, indented = "", 0, False
            for line in lines:
                if not text:
                    indented = line[:1].isspace()
                line = cls.strip(line)
                depth += line.count("(") - line.count(")")
                text += line.replace("(", " ").replace(")", " ")
                if depth:
                    text += " "
                    continue
                if text.strip():
                    yield indented, text.split()
                text = ""

    @staticmethod
    def strip(line):
        out, quoted = [], False
        for c in line.rstrip("\n"):
            quoted ^= c == '"'
            if c == ";" and not quoted:
                break
            out.append(c)
        return "".join(out)

    def hash_of(self, name, rdata):
        key = name.labels  # dnspython hashes a name octet by octet
        if key not in self.hashed:
            self.hashed[key] = dns.dnssec.nsec3_hash(name, rdata.salt, rdata.iterations, rdata.algorithm).lower()
        return self.hashed[key]

    def in_chain(self, name, rdata):
        return self.hash_of(name, rdata) in self.hashes


# ---- order and hashes ----

def key_of(name):
    """Sorts as RFC 4034 section 6.1 says."""
    return [label.lower() for label in reversed(name.labels)]


def covers(owner, following, apex, name):
    """RFC 4035 section 5.4: owner < name < next, the last one covers all behind it."""
    if not name.is_subdomain(apex) or key_of(owner) >= key_of(name):
        return False
    return key_of(name) < key_of(following) or following == apex


def wildcard_of(name):
    return dns.name.Name((b"*",) + name.labels)


def base32hex(octets):
    text = base64.b32encode(octets).decode()
    return text.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")).lower().rstrip("=")


def types_of(rdata):
    for window, bitmap in rdata.windows:
        for octet, bits in enumerate(bitmap):
            for bit in range(8):
                if bits & 0x80 >> bit:
                    yield window << 8 | octet * 8 + bit


def has_type(rdata, rdtype):
    return rdtype in types_of(rdata)


def is_cut(rdata):
    return has_type(rdata, T.NS) and not has_type(rdata, T.SOA)


def label_count(name):
    """As RRSIG counts them (RFC 4034 section 3.1.3)."""
    return len(name) - 1 - name.is_wild()


class Zones(dict):
    """Of one round, by name."""

    def __init__(self):
        super().__init__()
        self.by_labels = {}

    def add(self, zone):
        self[zone.name] = zone
        self.by_labels[zone.name.canonicalize().labels] = zone


# ---- one answer ----

class Answer:
    def __init__(self, zones, octets):
        self.msg = dns.message.from_wire(octets)
        self.qname = self.msg.question[0].name
        self.qtype = self.msg.question[0].rdtype
        self.zones = zones

    def zone_of(self, name):
        """The zone of ours that answers for the name; DS is the parent's (RFC 4035 section 3.1.4.1)."""
        if self.qtype == T.DS and name in self.zones and name != dns.name.root:
            above = self.deepest(name.parent())
            return above if above else self.zones[name]
        return self.deepest(name)

    def deepest(self, name):
        labels = tuple(label.lower() for label in name.labels)
        for i in range(len(labels)):
            if labels[i:] in self.zones.by_labels:
                return self.zones.by_labels[labels[i:]]
        return None

    def wire_zone(self):
        """The zone that answers: the signer of its records."""
        for section in (self.msg.answer, self.msg.authority):
            for rrset in section:
                if rrset.rdtype == T.RRSIG:
                    return self.zones.get(rrset[0].signer)
        return None

    # -- signatures --
    def check_signatures(self, zone):
        self.wildcards = {}  # owner -> closest encloser, of answers made from a wildcard
        self.check_section(zone, self.msg.answer, True)
        self.check_section(zone, self.msg.authority, False)

    def check_section(self, zone, section, is_answer):
        for rrset in section:
            if rrset.rdtype == T.RRSIG:
                self.check_expansion(rrset, rrset[0])
            elif rrset.rdtype == T.NS and not is_answer:
                if self.signatures(section, rrset):
                    raise Wrong(f"{rrset.name} NS: the delegation is signed")
            elif rrset.rdtype == T.CNAME and self.is_synthesized(section, rrset):
                pass
            else:
                self.check_rrset(zone, section, rrset)

    @staticmethod
    def is_synthesized(section, rrset):
        """RFC 6672 section 3.1"""
        for dname in section:
            if dname.rdtype == T.DNAME and rrset.name != dname.name and rrset.name.is_subdomain(dname.name):
                made = rrset.name.relativize(dname.name).concatenate(dname[0].target)
                if made != rrset[0].target:
                    raise Wrong(f"{rrset.name} CNAME: not what the DNAME makes of it")
                if rrset.ttl != dname.ttl:
                    raise Wrong(f"{rrset.name} CNAME: not the TTL of the DNAME")
                return True
        return False

    @staticmethod
    def signatures(section, rrset):
        return [r for r in section if r.rdtype == T.RRSIG and r.covers == rrset.rdtype and r.name == rrset.name]

    def check_rrset(self, zone, section, rrset):
        found = self.signatures(section, rrset)
        what = f"{rrset.name} {T.to_text(rrset.rdtype)}"
        if not found:
            raise Wrong(f"{what}: no RRSIG")
        for rrsig in found[0]:
            if rrsig.signer == zone.name and rrsig.key_tag in zone.tags:
                break
        else:
            raise Wrong(f"{what}: no RRSIG by a key of the zone")
        if rrset.ttl > rrsig.original_ttl:
            raise Wrong(f"{what}: TTL above the original one")
        if rrset.ttl != found[0].ttl:
            raise Wrong(f"{what}: the RRSIG has another TTL")  # RFC 4034 section 3
        self.validate(zone, rrset, found[0], rrsig, what)

    def check_expansion(self, rrset, rrsig):
        """RFC 4035 section 5.3.4: fewer labels in the RRSIG than in the owner's name: made from a wildcard."""
        if rrsig.labels < label_count(rrset.name):
            self.wildcards[rrset.name] = rrset.name.split(rrsig.labels + 1)[1]
        elif rrsig.labels > label_count(rrset.name):
            raise Wrong(f"{rrset.name}: RRSIG of more labels than the owner")

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

    # -- proofs: RFC 4035 section 3.1.3, RFC 5155 section 7.2: in the authority section --
    def nsecs(self):
        return [(r.name, rd) for r in self.msg.authority if r.rdtype == T.NSEC for rd in r]

    def nsec3s(self):
        return [(r.name, rd) for r in self.msg.authority if r.rdtype == T.NSEC3 for rd in r]

    def nsec_covering(self, zone, name):
        for owner, rd in self.nsecs():
            if covers(owner, rd.next, zone.name, name):
                # an NSEC of a cut or a DNAME says nothing of what is below (RFC 6840 section 4.1)
                if name != owner and name.is_subdomain(owner) and (has_type(rd, T.DNAME) or is_cut(rd)):
                    continue
                return owner, rd
        return None

    def nsec3_matching(self, zone, name):
        for owner, rd in self.nsec3s():
            if owner.parent() == zone.name and owner.labels[0].decode().lower() == zone.hash_of(name, rd):
                return rd
        if self.nsec3s() and zone.in_chain(name, self.nsec3s()[0][1]):
            self.left_out = name
        return None

    def nsec3_covering(self, zone, name):
        for owner, rd in self.nsec3s():
            if owner.parent() != zone.name:
                continue
            low, high, at = owner.labels[0].decode().lower(), base32hex(rd.next), zone.hash_of(name, rd)
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
                if has_type(rd, T.DNAME) or is_cut(rd):
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
            _, _, common = name.fullcompare(other)
            ancestor = name.split(common)[1]
            if len(ancestor) > len(best):
                best = ancestor
        return best

    def check_soa(self, zone):
        """RFC 2308 section 3"""
        if not any(r.rdtype == T.SOA and r.name == zone.name for r in self.msg.authority):
            raise Wrong("no SOA of the zone")

    def check_nxdomain(self, zone, name):
        """RFC 4035 section 3.1.3.2, RFC 5155 section 7.2.2"""
        self.check_soa(zone)
        if self.nsec3s():
            at, cover = self.closest_encloser(zone, name)
            wild = wildcard_of(at)
            if cover.flags & 1 and self.nsec3_matching(zone, wild):
                return  # opt-out hides the real encloser below one with a wildcard: no proof exists, it is insecure
            if not self.nsec3_covering(zone, wild):
                raise Wrong(f"{name}: no NSEC3 covers {wild}")
            return
        found = self.nsec_covering(zone, name)
        if not found:
            raise Wrong(f"{name}: no NSEC covers it")
        if found[1].next.is_subdomain(name):
            raise Wrong(f"{name}: NXDOMAIN, and it is an empty non-terminal")
        wild = wildcard_of(self.nsec_encloser(*found, name))
        if not self.nsec_covering(zone, wild):
            raise Wrong(f"{name}: no NSEC covers {wild}")

    def no_type(self, rd, rdtype, what):
        has = set(types_of(rd))
        # RRSIG and NSEC are of the name itself, a CNAME or not (RFC 4035 section 2.5)
        if rdtype in has or (T.CNAME in has and rdtype not in (T.NSEC, T.RRSIG)):
            raise Wrong(f"{what}: the NSEC or NSEC3 has the type")
        if rdtype == T.ANY and has - {T.NSEC, T.RRSIG}:
            raise Wrong(f"{what}: the NSEC or NSEC3 has types")
        if rdtype == T.DS:
            # at the end of a chain the zone says what it has itself, as knot and named do
            if T.SOA in has and self.zone_of(what).name != what and what == self.qname:
                raise Wrong(f"{what}: DS denied by the child")
        elif is_cut(rd):
            raise Wrong(f"{what}: denied by the parent's side of a cut")

    def check_nodata(self, zone, name):
        """RFC 4035 sections 3.1.3.1 and 3.1.3.4"""
        self.check_soa(zone)
        if self.nsec3s():
            self.check_nodata_nsec3(zone, name)
            return
        for owner, rd in self.nsecs():
            if owner == name:
                self.no_type(rd, self.qtype, name)
                return
        found = self.nsec_covering(zone, name)
        if not found:
            raise Wrong(f"{name}: no NSEC matches or covers it")
        if found[1].next.is_subdomain(name):
            return  # an empty non-terminal
        wild = wildcard_of(self.nsec_encloser(*found, name))
        for owner, rd in self.nsecs():
            if owner == wild:
                self.no_type(rd, self.qtype, wild)
                return
            if covers(owner, rd.next, zone.name, wild) and rd.next.is_subdomain(wild):
                return  # the wildcard is an empty non-terminal
        raise Wrong(f"{name}: NODATA, and no NSEC for {wild}")

    def check_nodata_nsec3(self, zone, name):
        """RFC 5155 sections 7.2.3 to 7.2.5"""
        rd = self.nsec3_matching(zone, name)
        if rd:
            self.no_type(rd, self.qtype, name)
            return
        at, cover = self.closest_encloser(zone, name)
        wild = wildcard_of(at)
        rd = None if zone.exists(name) else self.nsec3_matching(zone, wild)
        if rd:
            self.no_type(rd, self.qtype, wild)
        elif not cover.flags & 1 or not (zone.exists(name) or zone.exists(wild)):
            # section 7.2.4; an empty non-terminal or a wildcard that opt-out hides alike
            raise Wrong(f"{name}: NODATA without match, wildcard or opt-out")

    def check_wildcards(self, zone):
        """RFC 4035 section 3.1.3.3, RFC 5155 section 7.2.6"""
        for name, encloser in self.wildcards.items():
            following = name.split(len(encloser) + 1)[1]
            if self.nsec3s():
                if not self.nsec3_covering(zone, following):
                    raise Wrong(f"{name}: from a wildcard, and no NSEC3 covers {following}")
            elif not self.nsec_covering(zone, name):
                raise Wrong(f"{name}: from a wildcard, and no NSEC covers it")

    def check_referral(self, zone, cut, name):
        """RFC 4035 section 3.1.4, RFC 5155 section 7.2.7"""
        if not name.is_subdomain(cut) or not cut.is_subdomain(zone.name) or cut == zone.name:
            raise Wrong(f"{name}: referred to {cut}")
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
        if has_type(rd, T.DS) or not is_cut(rd):
            raise Wrong(f"{cut}: the proof is not of an insecure cut")

    # -- what the answer is --
    def end_of_chain(self):
        """The last name, and whether the answer has what was asked for."""
        at, steps = self.qname, 0
        while steps < 40:
            link = [r for r in self.msg.answer if r.rdtype == T.CNAME and r.name == at]
            if not link or self.qtype == T.CNAME or (
                    self.qtype in (T.ANY, T.RRSIG, T.NSEC) and
                    not self.is_synthesized(self.msg.answer, link[0])):
                break
            at, steps = link[0][0].target, steps + 1
        done = any(r.name == at and (r.rdtype == self.qtype or self.qtype == T.ANY) for r in self.msg.answer)
        return at, done

    def check(self):
        """Returns what kind of answer it is."""
        zone = self.wire_zone()
        if zone is None:
            raise Wrong("no signature of a zone of ours")
        if zone is not self.zone_of(self.qname):
            raise Wrong(f"signed by {zone.name}, which does not answer for the name")
        self.left_out = None
        self.check_signatures(zone)
        self.check_wildcards(zone)
        kind = self.check_kind(zone, *self.end_of_chain())
        if self.left_out:
            raise Wrong(f"{self.left_out}: the zone has an NSEC3 that matches it, which is left out")
        return kind

    def check_kind(self, zone, end, done):
        if self.msg.rcode() == dns.rcode.NXDOMAIN:
            self.check_nxdomain(zone, end)
            return "nxdomain"
        if self.msg.rcode() == dns.rcode.YXDOMAIN or done:
            return "answer"
        cuts = [r.name for r in self.msg.authority if r.rdtype == T.NS]
        if cuts:
            self.check_referral(zone, cuts[0], end)
            return "referral"
        if not self.msg.answer or any(r.rdtype == T.SOA for r in self.msg.authority):
            self.check_nodata(zone, end)
            return "nodata"
        if zone in (self.zone_of(end), self.deepest(end)):
            raise Wrong(f"{end}: the chain ends in the zone, and nothing is said of its end")
        return "leaves"  # the chain goes on in another zone


# ---- answers with one thing broken ----

def without(rrsets, *gone):
    return [r for r in rrsets if not any(r is g for g in gone)]


def broken_answers(answer):
    """Each with what was done to it. Yields copies; records of the additional section are not signed."""
    for name in ("answer", "authority"):
        section = getattr(answer.msg, name)
        for rrset in section:
            sigs = Answer.signatures(section, rrset)
            if not sigs:
                continue
            what = f"{rrset.name} {T.to_text(rrset.rdtype)}"
            yield f"{what}: no RRSIG", broken(answer, name, without(section, *sigs))
            yield f"{what}: RRSIG changed", broken(answer, name, without(section, *sigs) + [other_signature(sigs[0])])
            raised = copy.deepcopy(rrset)
            raised.ttl += 1
            yield f"{what}: TTL + 1", broken(answer, name, without(section, rrset) + [raised])
            if name == "authority":
                yield f"{what}: gone", broken(answer, name, without(section, rrset, *sigs))


def broken(answer, name, section):
    other = copy.copy(answer)
    other.msg = copy.copy(answer.msg)
    other.msg.sections = [list(s) for s in answer.msg.sections]
    setattr(other.msg, name, section)
    return other


def other_signature(sigs):
    other = copy.deepcopy(sigs)
    changed = [rd.replace(signature=rd.signature[:-1] + bytes([rd.signature[-1] ^ 1])) for rd in sigs]
    other.clear()
    for rd in changed:
        other.add(rd)
    return other


def sort_of(answer, kind):
    flags = {rd.flags & 1 for _, rd in answer.nsec3s()}
    return kind, "NSEC" if not answer.nsec3s() else "opt-out" if 1 in flags else "NSEC3", bool(answer.wildcards)


class SelfTest:
    def __init__(self):
        self.taken, self.tests, self.missed = {}, 0, 0

    def take(self, answer, kind):
        sort = sort_of(answer, kind)
        self.taken[sort] = self.taken.get(sort, 0) + 1
        if self.taken[sort] > SELF_TESTS:
            return
        for what, other in broken_answers(answer):
            self.tests += 1
            try:
                other.check()
            except Wrong:
                continue
            self.missed += 1
            if self.missed <= SHOWN:
                print(f"not found wrong: {what}\n{answer.msg}\n")

    def report(self):
        kinds = ", ".join(f"{kind} {chain}{' wildcard' * wild}" for kind, chain, wild in sorted(self.taken))
        print(f"report: {self.tests} broken answers, {self.missed} not found wrong; of: {kinds}")
        return bool(self.missed) or not self.tests


# ---- files ----

def read_zones(folder):
    """By round: the zones that the servers had at the same time."""
    rounds = {}
    with open(f"{folder}/zones.txt", encoding="latin-1") as lines:
        for line in lines:
            number, name, path = line.split()
            zones = rounds.setdefault(int(number), Zones())
            try:
                zone = SignedZone(name, path)
            except Wrong as e:
                print(f"left out: {e}")
                continue
            zones.add(zone)
    return rounds


def read_answers(rounds, folder):
    """Each answer, and whether a server's fault was tolerated there."""
    with open(f"{folder}/pairs.bin", "rb") as pairs:
        while head := pairs.read(7):
            number, fault, query, answer = struct.unpack("!HBHH", head)
            pairs.seek(query, 1)
            yield Answer(rounds.get(number, Zones()), pairs.read(answer)), fault


def check_all(answers, test):
    counts, wrong, faults = {}, 0, 0
    started = time.time()
    for answer, fault in answers:
        faults += fault
        try:
            kind = answer.check()
            test.take(answer, kind)
        except Wrong as e:
            wrong += 1
            kind = "wrong"
            if wrong <= SHOWN:
                print(f"wrong: {answer.qname} {T.to_text(answer.qtype)}: {e}\n{answer.msg}\n")
        counts[kind] = counts.get(kind, 0) + 1
    print(f"report: {sum(counts.values())} signed answers in {time.time() - started:.0f} s, {faults} of them with a fault of another "
          "server: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    return bool(wrong) or not counts


def say(failed, what):
    print(f"{'not ' * failed}ok - {what}")
    return failed


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "build/compare"
    test = SelfTest()
    try:
        failed = say(check_all(read_answers(read_zones(folder), folder), test), "every kept answer proves what it says")
    except FileNotFoundError as e:
        return say(1, f"{e.filename} is there: compare has to run before")
    return say(test.report(), "every broken answer is found wrong") or failed


if __name__ == "__main__":
    sys.exit(main())
