"""biaoshi itself, as its users run it: the ledger durable, every protocol open."""

import json
import re
import shutil

import probe
from data import ZONE, shape
from peers.peer import Peer
from processes import Failed, run


class Node(Peer):
    option = name = "biaoshi"

    @classmethod
    def found(cls):
        return "biaoshi"

    @classmethod
    def version(cls):
        # The lab knows which binary: lab.versions().
        return "unknown"

    def binary_version(self):
        told = run([self.lab.binary, "--version"], seconds_max=10)
        match = re.search(r"\d+\.\d+\S*", told.output)
        return match.group(0) if match else "unknown"

    # ----------- Configuration

    def configure(self):
        """A folder without a ledger, and the configuration of a node there."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.make_folder()
        self.port, self.handle_port, self.http_port, metrics_port = probe.free_ports(4)
        prefixes = json.dumps(self.data.secondary_prefixes())
        # The defaults, but: ports that are free, no snapshot in the middle of a round, and no
        # line of the log for what is well.
        self.config = self.write(
            "node.toml",
            f"""version = 1
[node]
data_dir = "{self.folder}/node"
zone = "{ZONE}"
secondary_prefixes = {prefixes}
[snapshot]
interval_seconds = 86400
[http]
listen = "{probe.LOOPBACK}:{self.http_port}"
[handle]
listen = "{probe.LOOPBACK}:{self.handle_port}"
[dns]
listen = "{probe.LOOPBACK}:{self.port}"
[metrics]
listen = "{probe.LOOPBACK}:{metrics_port}"
[log]
level = "warn"
""",
        )

    def prepare(self):
        """Registers everything over HTTP, and stops: the next start reads its snapshot."""
        self.configure()
        self.start_empty()
        counted = self.register(self.data.count, batch=2_000, in_flight=16)
        self.stop()
        if counted["created"] != self.data.count:
            raise Failed(f"{counted['created']} of {self.data.count} were registered")

    def start_empty(self):
        self.is_empty = True
        super().start()
        self.start_seconds.clear()
        self.is_empty = False
        words = ["--config", self.config, "import", self.data.enterprises]
        run([self.lab.binary, *words], seconds_max=60)

    def register(self, count, batch, in_flight):
        """What `biaoshi generate --as node` tells, and what it used itself."""
        words = ["generate", *shape(count), "--as", "node", "--json"]
        words += ["--node", f"http://{probe.LOOPBACK}:{self.http_port}"]
        words += ["--token-file", self.folder / "node" / "admin-token"]
        words += ["--batch", batch, "--in-flight", in_flight]
        done = run([self.lab.binary, *words], seconds_max=120 + count / 200)
        told = json.loads(done.output)
        told["loader_cpu_seconds"] = done.cpu_seconds
        return told

    # ----------- Running

    def command(self):
        return [self.lab.binary, "--config", self.config, "serve"]

    def answers(self):
        if self.is_empty:
            return probe.http_get(self.http_port, "/readyz")[0] == 200
        record = self.data.last_record
        return probe.dns(self.port, record.owner, record.url)

    def body_bytes(self, most=1_000):
        """The mean length of what it answers over HTTP."""
        lengths = []
        for identifier, _ in self.data.lines(most):
            status, body = probe.http_get(self.http_port, self.data.path(identifier))
            if status != 200:
                raise Failed(f"HTTP {status} for {identifier}")
            lengths.append(len(body))
        return round(sum(lengths) / len(lengths))
