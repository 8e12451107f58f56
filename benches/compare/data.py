"""The same identifiers for everyone, made by `biaoshi generate`, and what has to be read of them."""

import json
import random
import re
import urllib.parse
from dataclasses import dataclass

from processes import run

FIRMS = 60
SEED = 1
ZONE = "id.example"

# nginx serves so many of them as files.
FILES_MAX = 65_536

# dnsperf asks for so many of them in turn.
QUERIES_MAX = 1_000_000


def shape(count):
    """The words by which both `generate` and `bench` know the identifiers."""
    return ["--count", count, "--firms", FIRMS, "--seed", SEED]


@dataclass
class Record:
    owner: str
    url: str


# ----------- The zone file ------------------------------------------------------

# Behind the owner: a lifetime and a class in any order, and the six fields.
_NAPTR = re.compile(r"^(\S*)\s+(?:\S+\s+){0,2}NAPTR\s+\d+\s+\d+\s+\S+\s+\S+\s+(\S+)", re.IGNORECASE)


def absolute(owner, origin):
    return owner if owner.endswith(".") else f"{owner}.{origin}" if owner != "@" else origin


def naptr_records(lines):
    """The NAPTR records of a zone file: RFC 1035, a record a line, owners given or as before."""
    origin, owner = ZONE + ".", ""
    for line in lines:
        if line.startswith("$ORIGIN"):
            origin = line.split()[1].rstrip(".") + "."
            continue
        if line[:1] in ";$\n":
            continue
        if not line[:1].isspace():
            owner = line.split(None, 1)[0]
        match = _NAPTR.match(line)
        if match:
            yield Record(absolute(owner, origin), _url(match.group(2)))


def _url(rule):
    """What a rule such as "!^.*$!https://e.example!" leads to."""
    parts = rule.strip('"').split("!")
    return parts[2].replace("\\\\", "\\") if len(parts) > 2 else ""


# ----------- Everything ---------------------------------------------------------


class Data:
    """Files in a folder, and the last identifier, by which a server shows that it has them all."""

    def __init__(self, binary, folder, count):
        self.binary, self.folder, self.count = binary, folder, count
        self.zone, self.ndjson = folder / f"{ZONE}.zone", folder / "records.ndjson"
        self.enterprises = folder / "enterprises.csv"
        self.last_record = self.last_identifier = self.last_line = None
        self.names = 0
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)

    def make(self):
        for kind, file in [
            ("zone", self.zone),
            ("ndjson", self.ndjson),
            ("enterprises-csv", self.enterprises),
        ]:
            words = [self.binary, "generate", *shape(self.count), "--as", kind, "--output", file]
            if kind == "zone":
                words += ["--zone", ZONE, "--records", "naptr"]
            run(words, seconds_max=120 + self.count / 10_000)
            file.chmod(0o644)
        with open(self.ndjson, "rb") as lines:
            for line in lines:
                self.last_line = line.strip()
        self.last_identifier = json.loads(self.last_line)["identifier"]
        self._read_zone()

    def _read_zone(self):
        """The last record; and questions for dnsperf, in no order of the zone's."""
        names, self.names = [], 0
        with open(self.zone, encoding="utf-8") as lines:
            for record in naptr_records(lines):
                self.last_record = record
                self.names += 1
                if len(names) < QUERIES_MAX:
                    names.append(record.owner)
        random.Random(SEED).shuffle(names)
        self.queries = self.folder / "dnsperf.txt"
        self.queries.write_text("".join(f"{name} NAPTR\n" for name in names), encoding="utf-8")

    def secondary_prefixes(self):
        """Those of the firms: the first two segments of each prefix."""
        with open(self.enterprises, encoding="utf-8-sig") as lines:
            next(lines)
            return sorted({".".join(line.split(",", 1)[0].split(".")[:2]) for line in lines})

    def lines(self, most):
        """(identifier, its line of NDJSON) of the first, at most so many."""
        with open(self.ndjson, "rb") as lines:
            for line, _ in zip(lines, range(most)):
                line = line.strip()
                yield json.loads(line)["identifier"], line

    def path(self, identifier):
        return "/api/v1/identifiers/" + urllib.parse.quote(identifier)
