"""NSD, as nsd.conf(5) of 4.6 describes it."""

import probe
from data import ZONE
from peers.peer import DnsPeer


class Nsd(DnsPeer):
    option = "nsd"
    name = "NSD"
    program = "nsd"
    package = "nsd"
    version_words = ("-v",)

    def prepare(self):
        self.make_folder()
        self.write(
            "nsd.conf",
            f"""server:
    ip-address: {probe.LOOPBACK}@{self.port}
    do-ip6: no
    # "use this number of cpu cores"
    server-count: 1
    # "Only really useful if you also configure a server-count higher than 1"
    reuseport: no
    # "reduces packets as small as possible"
    minimal-responses: yes
    # "useful to stop query floods trying to get large responses"
    refuse-any: yes
    # "If set to 0 then it is disabled (unlimited rate), also set the whitelist-ratelimit to 0 to
    # disable ratelimit processing." The table is made all the same: as small as it may be.
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    rrl-size: 1
    # "If set to "" then no database is used. This uses less memory"
    database: ""
    # A primary writes no zone, and keeps no state of transfers.
    zonefiles-write: 0
    xfrdfile: ""
    xfrdir: "{self.folder}"
    zonelistfile: "{self.folder}/zone.list"
    zonesdir: "{self.data.folder}"
    pidfile: ""
    # As whoever runs this, in the folder of this run.
    username: ""
    chroot: ""
    logfile: ""
    verbosity: 0

remote-control:
    control-enable: no

zone:
    name: {ZONE}
    zonefile: "{self.data.zone}"
""",
        )

    def command(self):
        return [self.found(), "-d", "-c", self.folder / "nsd.conf"]
