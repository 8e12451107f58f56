#!/usr/bin/env python3
"""Counts a ledger over again, without a line of the node's own code.

    tools/recount.py LEDGER [--against DAYS.json]

LEDGER is a folder of segments: <data_dir>/ledger of a node that is stopped, or of a restored
backup. Every entry's hash is computed from the one before it, then registrations and resolutions
are counted day by day as docs/counting.md defines them, from the bytes of
docs/format/ledger-v1.md. With --against they are compared with what `biaoshi statistics days
--json` said, and any difference ends with 1. Needs the package zstandard.
"""

import argparse
import collections
import datetime
import hashlib
import json
import pathlib
import sqlite3
import sys

try:
    import zstandard
except ImportError:
    sys.exit("this needs the package zstandard: pip install zstandard")

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))

# Numbers of the format.
ROLL_UP, PUT, REMOVE, TOTALS = 8, 16, 17, 32
NEW, ADOPTED, RESTORED, TEST = 1, 2, 3, 4
ROUTE, IDENTIFIER = 1, 2
SUCCESS, REQUESTS = 1, {1, 2, 3, 4, 5, 6, 8}
EXTERNAL, TESTED = 1, 5


class Reader:
    """Bytes from the left to the right."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("cut off")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def text(self, length_bytes):
        return self.take(self.number(length_bytes)).decode()

    def optional_position(self):
        return self.take(14) if self.number(1) else None


def leaf(change):
    return hashlib.sha256(b"\0" + change).digest()


def root(leaves):
    """The Merkle tree hash of RFC 9162, section 2.1.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


def entries(folder):
    """The time and the changes of each entry of a partition, its hashes checked."""
    previous, expected = bytes(32), 1
    for segment in sorted(folder.glob("segment-*.sqlite")):
        database = sqlite3.connect(f"file:{segment}?mode=ro", uri=True)
        rows = database.execute("SELECT seq, hash, header, codec, payload FROM entry ORDER BY seq")
        for seq, stored, header, codec, payload in rows:
            if seq != expected:
                sys.exit(f"{folder.name}: entry {expected} is missing")
            reader = Reader(header)
            reader.take(17)
            reader.text(1)
            if reader.number(8) != seq:
                sys.exit(f"{folder.name}: entry {seq} says that it is another")
            time_ms = reader.number(8)
            reader.take(9)
            count, raw_len = reader.number(4), reader.number(4)
            raw = payload
            if codec == 1:
                raw = zstandard.ZstdDecompressor().decompress(payload, max_output_size=raw_len)
            reader = Reader(raw)
            changes = [reader.take(reader.number(4)) for _ in range(count)]
            tree = root([leaf(change) for change in changes])
            if hashlib.sha256(previous + header + tree).digest() != stored:
                sys.exit(f"{folder.name}: entry {seq} does not follow from the one before it")
            previous, expected = stored, seq + 1
            yield time_ms, changes
        database.close()


def day_of(time_ms):
    return datetime.datetime.fromtimestamp(time_ms / 1000, SHANGHAI).date().isoformat()


def fold(spelling):
    """ASCII letters are one, whatever their case; nothing else is."""
    return "".join(c.lower() if c.isascii() else c for c in spelling)


def registrations(ledger):
    """By day: new, restored, adopted, removed; and how many are live."""
    days = collections.defaultdict(collections.Counter)
    known = {}
    for folder in sorted(ledger.glob("data-*")):
        for time_ms, changes in entries(folder):
            for change in changes:
                reader = Reader(change)
                tag, version = reader.number(1), reader.number(1)
                if tag not in (PUT, REMOVE):
                    continue
                if version != 1:
                    sys.exit(f"a change of version {version} is not known here")
                reader.take(1)
                name = fold(reader.text(2))
                day = days[day_of(time_ms)]
                if tag == PUT:
                    kind = reader.number(1)
                    was_there, is_live = name in known, known.get(name, (False, 0))[0]
                    known[name] = (True, kind)
                    if is_live or kind == TEST:
                        continue
                    if was_there or kind == RESTORED:
                        day["restored"] += 1
                    else:
                        day["new" if kind == NEW else "adopted"] += 1
                elif known.get(name, (False, 0))[0]:
                    kind = known[name][1]
                    known[name] = (False, kind)
                    day["removed"] += kind != TEST
    return days, sum(is_live for is_live, _ in known.values())


def counted_cells(ledger):
    """The totals of each host, day, prefix and kind."""
    cells = {}
    for folder in sorted(ledger.glob("counters-*")):
        for _, changes in entries(folder):
            for change in changes:
                reader = Reader(change)
                if (reader.number(1), reader.number(1)) != (TOTALS, 1):
                    sys.exit("counters hold a change that is not known here")
                for _ in range(reader.number(4)):
                    day, prefix = reader.number(4), reader.text(1)
                    kind = tuple(reader.take(4))
                    key = (folder.name, day, prefix, kind)
                    # Totals are absolute: the largest holds.
                    cells[key] = max(cells.get(key, 0), reader.number(8))
    return cells


def resolutions(cells):
    """By day: requests and successes for identifiers and for routes."""
    days = collections.defaultdict(collections.Counter)
    for (_, day, _, (subject, _, outcome, origin)), total in cells.items():
        if day == 0 or origin == TESTED:
            continue
        text = f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"
        of = "routes" if subject == ROUTE else "identifiers"
        if outcome in REQUESTS:
            days[text][of, "requests"] += total
        if outcome == SUCCESS and origin == EXTERNAL:
            days[text][of, "successes"] += total
    return days


def roll_ups(ledger):
    """By host and day: cells as `control` has them, of the days of which all parts are there."""
    parts, cells = collections.defaultdict(dict), collections.defaultdict(dict)
    for _, changes in entries(ledger / "control"):
        for change in changes:
            reader = Reader(change)
            if (reader.number(1), reader.number(1)) != (ROLL_UP, 1):
                continue
            host, day = reader.text(1), reader.number(4)
            part, count = reader.number(4), reader.number(4)
            reader.take(48)
            parts[host, day][part] = count
            for _ in range(reader.number(4)):
                reader.take(4)
                key = (reader.text(1), tuple(reader.take(4)))
                cells[host, day][key] = max(cells[host, day].get(key, 0), reader.number(8))
    whole = {at for at, found in parts.items() if set(found.values()) == {len(found)}}
    return {at: cells[at] for at in whole}


def recount(ledger):
    registered, live = registrations(ledger)
    cells = counted_cells(ledger)
    for (host, day), rolled_up in roll_ups(ledger).items():
        own = {key[2:]: total for key, total in cells.items() if key[:2] == (f"counters-{host}", day)}
        if own != rolled_up:
            sys.exit(f"{day} of {host} is rolled up as what its entries do not come to")
    resolved = resolutions(cells)
    rows = []
    for day in sorted(registered.keys() | resolved.keys()):
        of_day, asked = registered[day], resolved[day]
        own = {name: of_day[name] for name in ("new", "restored", "adopted", "removed")}
        rows.append({
            "day": day,
            "registrations": own | {"registered": own["new"] + own["restored"]},
            "resolutions": {what: asked["identifiers", what] for what in ("requests", "successes")},
            "route_resolutions": {what: asked["routes", what] for what in ("requests", "successes")},
        })
    return {
        "live": live,
        "registrations": sum(row["registrations"]["new"] for row in rows),
        "days": rows,
    }


def differences(counted, said):
    """Days on which the node says something else; a day of which nothing is known is all zero."""
    own = {row["day"]: row for row in counted["days"]}
    for row in said["days"]:
        mine = own.pop(row["day"], None)
        for name in ("registrations", "resolutions", "route_resolutions"):
            found = mine[name] if mine else {what: 0 for what in row[name]}
            if found != row[name]:
                yield f"{row['day']}: {name}: counted {found}, said {row[name]}"
    for day in own:
        yield f"{day}: counted, and not said"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ledger", type=pathlib.Path)
    parser.add_argument("--against", type=pathlib.Path)
    arguments = parser.parse_args()
    if not (arguments.ledger / "control").is_dir():
        sys.exit(f"{arguments.ledger} holds no ledger: name the folder with control/ in it")
    counted = recount(arguments.ledger)
    print(json.dumps(counted, indent=1))
    if arguments.against:
        found = list(differences(counted, json.loads(arguments.against.read_text())))
        if found:
            sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
