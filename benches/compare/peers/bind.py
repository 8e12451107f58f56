"""BIND, as named(8) and the reference manual of 9.18 describe it."""

import probe
from data import ZONE
from peers.peer import DnsPeer


class Bind(DnsPeer):
    option = "bind"
    name = "BIND"
    program = "named"
    package = "bind9"
    version_words = ("-v",)

    def prepare(self):
        self.make_folder()
        self.write(
            "named.conf",
            f"""options {{
    directory "{self.folder}";
    listen-on port {self.port} {{ {probe.LOOPBACK}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    lock-file none;
    // An authoritative server: no recursion, hence no cache to speak of and no validation.
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    // Reference manual, minimal-responses: records are added only when they are required, which
    // it says is faster.
    minimal-responses yes;
    minimal-any yes;
    // No counters of each zone, no log of queries, no limit of rates (none by default).
    zone-statistics none;
    querylog no;
    // There is nobody to tell.
    notify no;
    allow-transfer {{ none; }};
}};
controls {{ }};
logging {{ category default {{ default_stderr; }}; category lame-servers {{ null; }}; }};
zone "{ZONE}" {{
    type primary;
    file "{self.data.zone}";
    check-names ignore;
}};
""",
        )

    def command(self):
        # -n: worker threads, -U: listeners; one core. -f: in the foreground.
        words = ["-f", "-n", 1, "-U", 1, "-c", self.folder / "named.conf"]
        return [self.found(), *words]
