"""Knot DNS, as knot.conf(5) of 3.2 describes it."""

import probe
from data import ZONE
from peers.peer import DnsPeer


class Knot(DnsPeer):
    option = "knot"
    name = "Knot DNS"
    program = "knotd"
    package = "knot"
    version_words = ("-V",)

    def prepare(self):
        self.make_folder()
        self.write(
            "knot.conf",
            f"""server:
    listen: {probe.LOOPBACK}@{self.port}
    rundir: "{self.folder}"
    # Each "equal to the number of online CPUs" by default, and counted without regard to the one
    # core that it has.
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    # The default: records are not rotated.
    answer-rotation: off
    # Neither tcp-reuseport nor socket-affinity: they share work among workers, and there is one.

log:
  - target: stderr
    any: warning

database:
    storage: "{self.folder}"

# No module is loaded: no rate limit (mod-rrl), no cookies (mod-cookies), no statistics.
template:
  - id: default
    storage: "{self.data.folder}"
    # The zone comes from its file at each start ...
    zonefile-load: whole
    # ... and is never written back: "to completely disable automatic zone file synchronization".
    zonefile-sync: -1
    # "The journal is not used at all."
    journal-content: none

zone:
  - domain: {ZONE}
    file: "{self.data.zone.name}"
""",
        )

    def command(self):
        return [self.found(), "-c", self.folder / "knot.conf"]
