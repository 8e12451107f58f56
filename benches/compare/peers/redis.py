"""Redis, as redis.conf of 7.0 and its page on benchmarks describe it."""

import re
import socket

import probe
from peers.peer import Peer
from processes import Failed

# redis-benchmark asks for keys that differ in twelve digits only. So the nth identifier's record is
# under this key and n: as long as an identifier, and no dearer to look up.
KEY = "88.118.0002/P"

LOADED_AT_ONCE = 2_000


def key(ordinal):
    return f"{KEY}{ordinal:012}"


class Redis(Peer):
    option = "redis"
    name = "Redis"
    program = "redis-server"
    package = "redis-server"
    version_words = ("--version",)

    def prepare(self):
        self.make_folder()
        self.is_empty = True
        self.write(
            "redis.conf",
            f"""bind {probe.LOOPBACK}
port {self.port}
daemonize no
dir {self.folder}
logfile ""
loglevel warning
# "Snapshotting can be completely disabled with a single empty string argument". What is loaded is
# saved once by hand, so that a start has something to read.
save ""
appendonly no
# "Setting io-threads to 1 will just use the main thread as usual."
io-threads 1
""",
        )
        self.start()
        self.load()
        self.stop()
        self.start_seconds.clear()
        self.is_empty = False

    def load(self):
        with socket.create_connection((probe.LOOPBACK, self.port), timeout=120) as at:
            reader = at.makefile("rb")
            waiting = []
            for ordinal, (_, line) in enumerate(self.data.lines(self.data.count)):
                waiting.append(probe.resp("SET", key(ordinal), line))
                if len(waiting) == LOADED_AT_ONCE:
                    self.send(at, reader, waiting)
            self.send(at, reader, [*waiting, probe.resp("SAVE")])

    @staticmethod
    def send(at, reader, commands):
        at.sendall(b"".join(commands))
        for _ in commands:
            reply = reader.readline()
            if not reply.startswith(b"+OK"):
                raise Failed(f"Redis: {reply.decode(errors='replace').strip()}")
        commands.clear()

    def command(self):
        return [self.found(), self.folder / "redis.conf"]

    def answers(self):
        if self.is_empty:
            reply = probe.exchange(self.port, probe.resp("PING"), lambda seen: b"\n" in seen)
            return reply.startswith(b"+PONG")
        return probe.redis_get(self.port, key(self.data.count - 1), self.data.last_line)

    def misses(self):
        """Questions that found nothing, since it started."""
        told = re.compile(rb"keyspace_misses:(\d+)\r")
        reply = probe.exchange(self.port, probe.resp("INFO", "stats"), told.search)
        return int(told.search(reply).group(1))
