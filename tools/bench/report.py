#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the table of a benchmark out of its rows.

    report.py ROWS OUT.json          the rows, one JSON object a line; prints the table, writes both
    report.py --compare OLD NEW      what changed between two OUT.json

A ratio is taken of samples of the same run that were measured in turn: sample by sample where there are as many, else of
the medians. `reach` and `aim` are goals of the project, for a ratio or for a figure.
"""
import json
import sys

OTHERS_MAX = 0.05 # of the CPUs' time, before and after
STEAL_MAX = 0.02
SPREAD_MAX = 1.25 # the reflector's own samples, largest to smallest

# (part, name) -> what is held to a goal: the ratio to the reflector, or the figure itself, or another's row
# kind: "ratio" to the samples beside it; "time" and "cost" at most that; "over:NAME" the row's figure divided by NAME's; "more:NAME" by
# how much of NAME's it is more, at most that
GOALS = [
    ("veth", "hit", "ratio", 0.60, 0.75),
    ("veth", "signed", "ratio", 0.52, 0.70),
    ("veth", "nx", "ratio", 0.50, 0.70),
    ("veth", "nx-nsec", "ratio", 0.35, 0.50),
    ("veth", "nx-nsec3", "ratio", 0.25, 0.40),
    ("veth", "hit", "over:knotd-xdp best hit", 6, 9),
    ("veth", "signed", "over:knotd-xdp best signed", 4, 6),
    ("veth", "hit", "over:named best hit", 16, 25),
    ("veth", "hit", "rate-over:knotd-xdp flood hit", 45, 60),
    ("veth", "hit", "rate-over:named flood hit", 1500, 2500),
    ("veth", "attack, what the reflector survives", "good", 0.99, 0.999),
    ("ns", "hit A", "time", 95, 60),
    ("ns", "uniform, 1000000 names", "time", 700, 350),
    ("ns", "uniform, 10000000 names", "time", 1000, 550),
    ("ns", "Zipf, 1000000 names", "time", 200, 120),
    ("ns", "not_ours", "time", 60, 40),
    ("ns", "not_ip", "time", 10, 5),
    ("ns", "limited", "more:hit A", 0.25, 0.15),
    ("ns", "limits, and a valid cookie", "more:hit A", 0.25, 0.15),
    ("front", "cost to what is passed", "cost", 0.03, 0.01),
]


def median(values):
    ordered = sorted(values)
    n = len(ordered)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def three(values):
    return {"min": min(values), "median": median(values), "max": max(values), "n": len(values)}


def ratio(row):
    """Of the answers per second; of times the other way round would be no ratio of speed: the program is a part of it."""
    beside = row.get("beside_samples")
    if not beside:
        return None
    mine = row["samples"]
    if len(mine) == len(beside) and all(beside):
        return three([a / b for a, b in zip(mine, beside)])
    return three([median(mine) / median(beside)]) if median(beside) else None


def name_of(row):
    many = row.get("group") == "many names"
    return "%s, %d names" % (row["name"], row["names"]) if many else row["name"]


def summarise(rows):
    out = []
    for row in rows:
        row = dict(row)
        row["name"] = name_of(row)
        row["figure"] = three(row["samples"])
        if row.get("beside_samples"):
            row["beside"] = three(row["beside_samples"])
            row["ratio"] = ratio(row)
        out.append(row)
    return out


# ---- the machine ----

def disturbances(machine, rows):
    found = []
    for when in ("before", "after"):
        if machine["others_" + when] > OTHERS_MAX:
            found.append("%.0f %% of the CPUs taken by others %s it, load average %.1f" %
                         (100 * machine["others_" + when], when, machine["load_" + when]))
    if machine["steal"] > STEAL_MAX:
        found.append("%.1f %% of the time stolen by other guests" % (100 * machine["steal"]))
    spread = [max(r["beside_samples"]) / min(r["beside_samples"]) for r in rows
              if r["part"] == "veth" and r.get("beside_samples") and min(r["beside_samples"]) > 0]
    if spread and max(spread) > SPREAD_MAX:
        found.append("samples of the reflector differ by up to %.2f times" % max(spread))
    return found


# ---- goals ----

def find(rows, part, name):
    for row in rows:
        if row["name"] == name and (part is None or row["part"] == part):
            return row
    return None


def goal_value(rows, row, kind):
    if kind == "ratio":
        return row["ratio"]["median"] if row.get("ratio") else None
    if kind in ("time", "cost"):
        return row["figure"]["median"]
    if kind == "good":
        return median(row["good"])
    what, _, other = kind.partition(":")
    beside = find(rows, "ns" if what == "more" else "peers", other)
    if not beside:
        return None
    if what == "more":
        return row["figure"]["median"] / beside["figure"]["median"] - 1
    key = "rate" if what == "rate-over" else "samples"
    return median(row[key]) / median(beside[key]) if median(beside[key]) else None


def judge(rows):
    out = []
    for part, name, kind, reach, aim in GOALS:
        row = find(rows, part, name)
        value = goal_value(rows, row, kind) if row else None
        if value is None:
            continue
        below = kind in ("time", "cost") or kind.startswith("more:")
        out.append({"part": part, "name": name, "kind": kind, "value": value, "reach": reach, "aim": aim,
                    "reached": value <= reach if below else value >= reach,
                    "aimed": value <= aim if below else value >= aim})
    return out


# ---- text ----

def short(value):
    if value is None:
        return "-"
    if abs(value) >= 1e6:
        return "%.2f M" % (value / 1e6)
    if abs(value) >= 1e4:
        return "%.0f k" % (value / 1e3)
    return "%.3g" % value if abs(value) < 100 else "%.0f" % value


def span(figure):
    if figure["n"] == 1:
        return short(figure["median"])
    return "%s (%s to %s)" % (short(figure["median"]), short(figure["min"]), short(figure["max"]))


TITLES = {
    "ns": "Nanoseconds per packet, by test runs (the empty program's included, as the kernel reports them)",
    "veth": "Through a veth, on one core",
    "peers": "Other servers: same zones, same queries, same veth",
    "front": "In front of another server",
    "latency": "Latency, microseconds",
    "cost": "Size of the programs",
}


def print_table(title, head, lines):
    widths = [max(len(str(line[i])) for line in [head] + lines) for i in range(len(head))]
    print("\n%s\n" % title)
    for line in [head, ["-" * w for w in widths]] + lines:
        print("| " + " | ".join(str(c).ljust(w) for c, w in zip(line, widths)) + " |")


def ns_line(row):
    return [row["group"], row["name"], "%.0f to %.0f" % (row["octets_in"], row["octets_out"]) if "octets_in" in row else "-",
            span(row["figure"]), span(row["beside"]) if row.get("beside") else "-"]


def good_text(row, prefix=""):
    text = "%.1f %%" % (100 * median(row[prefix + "good"]))
    if row.get(prefix + "p99"):
        text += ", p99 %s us" % short(median(row[prefix + "p99"]))
    if not prefix and row.get("beside_good"):
        text += " (reflector: %s)" % good_text(row, "beside_")
    return text


def rate_line(row):
    return [row["name"], short(row.get("octets")), span(row["ratio"]) if row.get("ratio") else "-", span(row["figure"]),
            short(median(row["rate"])), short(median(row["sent"])), "%.0f %%" % (100 * median(row["busy"])), good_text(row)]


def latency_line(row):
    line = [row["name"], short(median(row["sent"]))] + [span(three(row[k])) for k in ("p50", "p99", "p999")]
    return line + ["%.1f %%" % (100 * median(row["good"]))]


RATE_HEAD = ["mix", "octets of reply", "to the reflector", "absolute: answers per core-second", "answers/s", "offered/s",
             "core busy", "good answered"]
LATENCY_HEAD = ["", "offered/s", "p50", "p99", "p99.9", "answered"]
# A row with a reflector beside it is two lines of latencies.
def latency_rows(rows):
    for row in rows:
        yield row
        if row.get("beside_p50"):
            yield dict(row, name="reflector, beside " + row["name"],
                       **{k: row["beside_" + k] for k in ("sent", "good", "p50", "p99", "p999")})


def by_group(rows):
    groups = [r.get("group") for r in rows]
    return sorted(rows, key=lambda r: groups.index(r.get("group")))


COLUMNS = {
    "ns": (["", "", "octets", "absolute: ns", "reflector: ns"], ns_line),
    "veth": (RATE_HEAD, rate_line),
    "peers": (RATE_HEAD, rate_line),
    "latency": (LATENCY_HEAD, latency_line),
}


def print_parts(rows):
    for part, title in TITLES.items():
        mine = [r for r in rows if r["part"] == part]
        mine = list(latency_rows(mine)) if part == "latency" else by_group(mine)
        if not mine:
            continue
        head, line = COLUMNS.get(part, (["", "figure", "unit"], lambda r: [r["name"], span(r["figure"]), r["unit"]]))
        print_table(title, head, [line(r) for r in mine])


def print_goals(goals, marked):
    lines = []
    for g in goals:
        what = g["name"] + ("" if g["kind"] in ("ratio", "time", "cost", "good") else ", " + g["kind"].replace(":", " "))
        verdict = "aim" if g["aimed"] else "reach" if g["reached"] else "MISSED"
        lines.append([what, g["kind"].partition(":")[0], short(g["value"]) + marked, g["reach"], g["aim"], verdict])
    print_table("Goals", ["what", "as", "measured", "reach", "aim", ""], lines)


def wrong_rows(rows):
    return [r for r in rows if r.get("wrong")]


def print_all(result):
    m = result["machine"]
    print("%s, %s, %d CPUs, kernel %s, %s" % (m["date"], m["cpu"], m["cpus"], m["kernel"], m["version"]))
    if result["disturbed"]:
        print("DISTURBED, figures are marked ~: " + "; ".join(result["disturbed"]))
    print_parts(result["rows"])
    print_goals(result["goals"], "~" if result["disturbed"] else "")
    for row in wrong_rows(result["rows"]):
        print("WRONG: %s, %s: %d of %d sampled replies: %s" % (row["part"], row["name"], row["wrong"], row["checked"],
                                                                row.get("why", "")))


# ---- two runs ----

def compare(old, new):
    lines = []
    for row in new["rows"]:
        before = find(old["rows"], row["part"], row["name"])
        if not before or (before.get("group") != row.get("group")):
            continue
        key = "ratio" if row["part"] != "ns" and row.get("ratio") and before.get("ratio") else "figure"
        a, b = before[key], row[key]
        change = b["median"] / a["median"] - 1 if a["median"] else 0
        apart = b["min"] > a["max"] or b["max"] < a["min"]
        lines.append([row["part"], row.get("group", ""), row["name"], key, short(a["median"]), short(b["median"]),
                      "%+.1f %%" % (100 * change), "" if apart else "within the spread"])
    for which, result in (("old", old), ("new", new)):
        print("%s: %s, %s%s" % (which, result["machine"]["version"], result["machine"]["cpu"],
                                 ", DISTURBED" if result["disturbed"] else ""))
    print_table("What changed", ["part", "", "row", "of", "old", "new", "change", ""], lines)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--compare":
        compare(*(json.load(open(path)) for path in sys.argv[2:]))
        return 0
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    rows = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
    machine = next(r for r in rows if r["part"] == "machine")
    rows = summarise([r for r in rows if r["part"] in TITLES])
    result = {"machine": machine, "disturbed": disturbances(machine, rows), "goals": judge(rows), "rows": rows}
    with open(sys.argv[2], "w") as out:
        json.dump(result, out, indent=1)
    print_all(result)
    return 1 if wrong_rows(rows) else 0


sys.exit(main())
