"""gdnsd, as gdnsd.config(5) of 3.8 describes it."""

import os

import probe
from data import ZONE
from peers.peer import DnsPeer


class Gdnsd(DnsPeer):
    option = name = "gdnsd"
    program = "gdnsd"
    package = "gdnsd"
    version_words = ("version",)

    def prepare(self):
        self.make_folder()
        self.write(
            "etc/config",
            f"""options => {{
  listen => {probe.LOOPBACK}
  dns_port => {self.port}
  ; "a very small multiple of the CPU core count": one of each on one core; the least of either.
  udp_threads => 1
  tcp_threads => 1
  ; Threads that load zones: one zone is loaded by one.
  zones_rfc1035_threads => 1
  ; Cookies stay as they are: "there shouldn't be any major performance reason to disable it".
  run_dir => {self.folder}/run
  state_dir => {self.folder}/state
}}
""",
        )
        # A zone's file has the zone's name.
        zones = self.folder / "etc" / "zones"
        zones.mkdir(exist_ok=True)
        if not (zones / ZONE).exists():
            os.symlink(self.data.zone, zones / ZONE)

    def command(self):
        return [self.found(), "-c", self.folder / "etc", "start"]
