"""The limit: each datagram comes back as it is, and nothing else is done."""

import probe
from peers.peer import Peer


class Echo(Peer):
    option = name = "echo"

    @classmethod
    def found(cls):
        # It is a part of biaoshi, which was found or built before.
        return "biaoshi bench --echo"

    @classmethod
    def version(cls):
        return "biaoshi's"

    def prepare(self):
        self.make_folder()

    def command(self):
        return [self.lab.binary, "bench", "--echo", f"{probe.LOOPBACK}:{self.port}"]

    def answers(self):
        return probe.echo(self.port)
