#!/usr/bin/env python3
"""Counts a ledger over again, without a line of the node's own code.

    tools/recount.py LEDGER [--against DAYS.json]

LEDGER is a folder of segments: <data_dir>/ledger of a node that is stopped, or of a restored
backup. Every entry's hash is computed from the one before it, then registrations, resolutions and
how long they took are counted day by day as docs/counting.md defines them, from the bytes of
docs/format/ledger-v1.md. Days whose entries were trimmed are counted from their roll-ups. With --against they are compared with what `biaoshi statistics days
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
ROLL_UP, PUT, REMOVE, TOTALS, TIMINGS = 8, 16, 17, 32, 33
NEW, ADOPTED, RESTORED, TEST = 1, 2, 3, 4
ROUTE, IDENTIFIER = 1, 2
SUCCESS, REQUESTS = 1, {1, 2, 3, 4, 5, 6, 8}
EXTERNAL, TESTED = 1, 5
ACTS = {1: "resolution", 2: "registration"}
TIMED = ("asked", "timed", "sum_us", "min_us", "min_at_s", "max_us", "max_at_s",
         "per_second_max", "per_second_max_at_s")


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


class Chain:
    """The entries of a partition, each hash checked against the one before."""

    def __init__(self, folder):
        self.folder, self.first, self.hashes = folder, None, {}

    def begin(self, database):
        """Where it begins: only counters may lack entries, and then say what came before."""
        meta = dict(database.execute("SELECT name, value FROM meta"))
        first = int.from_bytes(meta.get("first", b"\1"), "big")
        if first > 1 and not self.folder.name.startswith("counters-"):
            sys.exit(f"{self.folder.name}: entries before {first} are missing")
        self.first = first
        return meta.get("previous", bytes(32)), first

    def __iter__(self):
        """The time and the changes of each entry."""
        for segment in sorted(self.folder.glob("segment-*.sqlite")):
            database = sqlite3.connect(f"file:{segment}?mode=ro", uri=True)
            if self.first is None:
                previous, expected = self.begin(database)
                self.hashes[expected - 1] = previous
            rows = database.execute(
                "SELECT seq, hash, header, codec, payload FROM entry ORDER BY seq")
            for seq, stored, header, codec, payload in rows:
                if seq != expected:
                    sys.exit(f"{self.folder.name}: entry {expected} is missing")
                time_ms, changes, tree = self.read(seq, header, codec, payload)
                if hashlib.sha256(previous + header + tree).digest() != stored:
                    sys.exit(f"{self.folder.name}: entry {seq} does not follow from the one before")
                previous, expected = stored, seq + 1
                self.hashes[seq] = stored
                yield time_ms, changes
            database.close()

    def read(self, seq, header, codec, payload):
        reader = Reader(header)
        reader.take(17)
        reader.text(1)
        if reader.number(8) != seq:
            sys.exit(f"{self.folder.name}: entry {seq} says that it is another")
        time_ms = reader.number(8)
        reader.take(9)
        count, raw_len = reader.number(4), reader.number(4)
        raw = payload
        if codec == 1:
            raw = zstandard.ZstdDecompressor().decompress(payload, max_output_size=raw_len)
        reader = Reader(raw)
        changes = [reader.take(reader.number(4)) for _ in range(count)]
        return time_ms, changes, root([leaf(change) for change in changes])


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
        for time_ms, changes in Chain(folder):
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


class Counted:
    """What is said of a day of a host: totals by prefix and kind, and timings."""

    def __init__(self):
        self.cells, self.timings = {}, {}

    def __eq__(self, other):
        return (self.cells, self.timings) == (other.cells, other.timings)


def take_totals(reader, day_of_cell):
    for _ in range(reader.number(4)):
        day, prefix = reader.number(4), reader.text(1)
        key = prefix, tuple(reader.take(4))
        cells = day_of_cell(day).cells
        # Totals are absolute: the largest holds.
        cells[key] = max(cells.get(key, 0), reader.number(8))


def take_timings(reader, day_of_cell):
    for _ in range(reader.number(4)):
        day, prefix, act = reader.number(4), reader.text(1), reader.number(1)
        timing = tuple(reader.number(8) for _ in TIMED)
        timings = day_of_cell(day).timings
        # The one with the most asked says all that those before it said.
        if timing[0] > timings.get((prefix, act), (0,))[0]:
            timings[prefix, act] = timing


def counted_days(ledger):
    """By host and day what the entries of the counters say, and the chain of each host."""
    days, chains = collections.defaultdict(Counted), {}
    for folder in sorted(ledger.glob("counters-*")):
        host = folder.name.removeprefix("counters-")
        chains[host] = Chain(folder)
        for _, changes in chains[host]:
            for change in changes:
                reader = Reader(change)
                what = reader.number(1), reader.number(1)
                if what == (TOTALS, 1):
                    take_totals(reader, lambda day: days[host, day])
                elif what == (TIMINGS, 1):
                    take_timings(reader, lambda day: days[host, day])
                else:
                    sys.exit("counters hold a change that is not known here")
    return days, chains


def text_of(day):
    return f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"


def resolutions(days):
    """By day: requests and successes for identifiers and for routes."""
    sums = collections.defaultdict(collections.Counter)
    for (_, day), counted in days.items():
        for (_, (subject, _, outcome, origin)), total in counted.cells.items():
            if day == 0 or origin == TESTED:
                continue
            of = "routes" if subject == ROUTE else "identifiers"
            if outcome in REQUESTS:
                sums[text_of(day)][of, "requests"] += total
            if outcome == SUCCESS and origin == EXTERNAL:
                sums[text_of(day)][of, "successes"] += total
    return sums


def timings(days):
    """By day: of one host, how long the node took."""
    found = {}
    for (_, day), counted in sorted(days.items()):
        for act, name in ACTS.items():
            if ("", act) in counted.timings:
                timing = dict(zip(TIMED, counted.timings["", act]))
                found.setdefault(text_of(day), {})[name] = timing
    return found


class RollUp(Counted):
    """A day that is over, as `control` has it, in parts."""

    def __init__(self):
        super().__init__()
        self.parts, self.read_from, self.seq, self.hash = {}, 0, 0, b""

    def is_whole(self):
        return set(self.parts.values()) == {len(self.parts)}


def roll_ups(ledger):
    """By host and day: the days of which all parts are there."""
    days = collections.defaultdict(RollUp)
    for _, changes in Chain(ledger / "control"):
        for change in changes:
            reader = Reader(change)
            tag, version = reader.number(1), reader.number(1)
            if tag != ROLL_UP:
                continue
            if version not in (1, 2):
                sys.exit(f"a roll-up of version {version} is not known here")
            host, day = reader.text(1), reader.number(4)
            rolled_up = days[host, day]
            part, count = reader.number(4), reader.number(4)
            if count not in rolled_up.parts.values():
                # It was begun anew.
                rolled_up.parts = {}
            rolled_up.parts[part] = count
            rolled_up.read_from, rolled_up.seq = reader.number(8), reader.number(8)
            rolled_up.hash = reader.take(32)
            take_totals(reader, lambda _: rolled_up)
            if version == 2:
                take_timings(reader, lambda _: rolled_up)
    return {at: day for at, day in days.items() if day.is_whole()}


def check_roll_ups(host, chain, days, rolled_up):
    """That they are what their entries come to, and that no entry was trimmed that is in none."""
    read_from = 1
    for day in sorted(rolled_up):
        told = rolled_up[day]
        # All entries of a day stand behind what the one before it was rolled up from.
        if chain.first <= read_from and days[host, day] != told:
            sys.exit(f"{day} of {host} is rolled up as what its entries do not come to")
        if chain.hashes.get(told.seq, told.hash) != told.hash:
            sys.exit(f"{day} of {host} was rolled up from other entries")
        read_from = max(read_from, told.read_from)
    if chain.first > read_from:
        sys.exit(f"entries of {host} were trimmed that are rolled up nowhere")


def recount(ledger):
    registered, live = registrations(ledger)
    days, chains = counted_days(ledger)
    rolled_up = roll_ups(ledger)
    for host, chain in chains.items():
        own = {day: told for (of, day), told in rolled_up.items() if of == host}
        check_roll_ups(host, chain, days, own)
    days |= rolled_up
    resolved, timed = resolutions(days), timings(days)
    rows = []
    for day in sorted(registered.keys() | resolved.keys() | timed.keys()):
        of_day, asked = registered[day], resolved[day]
        own = {name: of_day[name] for name in ("new", "restored", "adopted", "removed")}
        rows.append({
            "day": day,
            "registrations": own | {"registered": own["new"] + own["restored"]},
            "resolutions": {what: asked["identifiers", what] for what in ("requests", "successes")},
            "route_resolutions": {what: asked["routes", what] for what in ("requests", "successes")},
            "timings": timed.get(day, {}),
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
        for act, said_of in row["timings"].items():
            counted_of = mine["timings"].get(act) if mine else None
            if not is_timing(counted_of, said_of):
                yield f"{row['day']}: {act}: counted {counted_of}, said {said_of}"
    for day in own:
        yield f"{day}: counted, and not said"


def moment(second):
    return datetime.datetime.fromtimestamp(second, SHANGHAI).isoformat()


def is_timing(counted, said):
    """Whether a timing was said of what was counted, or of a part of it: it is seconds behind."""
    if said is None:
        return True
    if counted is None or said["requests"] > counted["asked"]:
        return False
    ms = {of: counted[f"{of}_us"] / 1000 for of in ("min", "max")}
    if said["requests"] < counted["asked"]:
        return said["per_second_max"] <= counted["per_second_max"] and (
            said["timed"] == 0
            or said["latency_ms_max"] <= ms["max"] and said["latency_ms_min"] >= ms["min"])
    expected = {
        "requests": counted["asked"],
        "timed": counted["timed"],
        "per_second_max": counted["per_second_max"],
        "per_second_max_at": moment(counted["per_second_max_at_s"]),
    }
    if counted["timed"]:
        expected["latency_ms_average"] = counted["sum_us"] // counted["timed"] / 1000
        for of in ("min", "max"):
            expected[f"latency_ms_{of}"] = ms[of]
            expected[f"latency_ms_{of}_at"] = moment(counted[f"{of}_at_s"])
    return all(said[name] == value for name, value in expected.items())


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
