"""Answers: every server of a kind of question in turn, round after round."""

from dataclasses import dataclass

from loaders import bench, redis_benchmark
from peers.redis import KEY
from processes import Failed, cpu_seconds

# Starts of each server, of which the report tells the median.
STARTS = 3

# Before anything counts: caches fill, connections have been made once.
WARM_UP_SECONDS = 1

# What redis-benchmark is told at first: it knows counts and no times.
REDIS_FIRST = 20_000


@dataclass
class Kind:
    """A kind of question, and who is asked it."""

    option: str
    title: str
    # Those who share a group run at the same time.
    group: str
    asked: tuple


KINDS = [
    Kind("dns", "DNS over UDP: NAPTR of a registered identifier", "dns",
         ("echo", "biaoshi", "gdnsd", "Knot DNS", "NSD", "BIND")),
    Kind("dns-absent", "DNS over UDP: NXDOMAIN", "dns",
         ("echo", "biaoshi", "gdnsd", "Knot DNS", "NSD", "BIND")),
    Kind("handle", "Handle over UDP: all values", "handle", ("echo", "biaoshi")),
    Kind("handle-tcp", "Handle over TCP: all values", "handle", ("biaoshi",)),
    Kind("http", "HTTP: the record as JSON", "http",
         ("biaoshi", "nginx, a constant", "nginx, files")),
    Kind("redis", "Redis: GET of the record, one at a time on each connection", "http", ("Redis",)),
    Kind("redis-32", "Redis: GET of the record, 32 at a time on each connection", "http",
         ("Redis",)),
]  # fmt: skip


class Asking:
    """How a kind of question is asked of a server."""

    def __init__(self, lab):
        self.lab = lab
        self.redis_rate = {}

    def load(self, kind, peer, seconds):
        ask = lambda via, port, **more: bench(
            self.lab, via, port, seconds, rate=self.lab.options.rate, **more
        )
        if peer.name == "echo":
            return ask("echo", peer.port)
        if kind.option == "dns":
            return ask("dns", peer.port)
        if kind.option == "dns-absent":
            return ask("dns", peer.port, absent=100)
        if kind.option in ("handle", "handle-tcp"):
            return ask(kind.option, peer.handle_port)
        if kind.option == "http":
            port = peer.http_port if peer.name == "biaoshi" else peer.port
            return ask("http", port, identifiers=getattr(peer, "list", None))
        return self.load_redis(kind, peer, seconds)

    def load_redis(self, kind, peer, seconds):
        known = self.redis_rate.get(kind.option)
        count = max(REDIS_FIRST, int(known * seconds)) if known else REDIS_FIRST
        pipeline = 32 if kind.option == "redis-32" else 1
        load = redis_benchmark(self.lab, peer, count, pipeline, KEY)
        self.redis_rate[kind.option] = load.answers_per_second
        return load


def measure(asking, kind, peer, seconds):
    """One round of one server, as a dictionary."""
    pid = peer.server.pid
    before = cpu_seconds(pid)
    load = asking.load(kind, peer, seconds)
    used = cpu_seconds(pid) - before
    if peer.name == "echo" and load.answered == 0:
        # An echo is no answer to a loader that looks closely.
        load.answered, load.unexpected = load.unexpected, 0
        load.answers_per_second = load.answered / load.seconds
    if load.answered == 0:
        raise Failed(f"nothing was answered ({load.lost} lost, {load.unexpected} unexpected)")
    return {
        "kind": kind.option,
        "server": peer.name,
        **load.as_dict(),
        "server_cpu_seconds": used,
        "server_cpu_seconds_per_million": used / load.answered * 1e6,
        "server_busy": used / load.seconds,
        "loader_busy": load.loader_cpu_seconds / load.seconds,
    }


# ----------- A group ------------------------------------------------------------


def run_group(lab, group, kinds, peers):
    """Starts those who are asked, asks them, ends them. Fills in lab.results."""
    names = {name for kind in kinds for name in kind.asked}
    ready = {peer.name: peer for peer in peers if peer.name in names}
    # biaoshi first: nginx answers with as many bytes.
    lab.needs_body_bytes = any(name.startswith("nginx") for name in ready)
    order = sorted(ready.values(), key=lambda peer: peer.name != "biaoshi")
    for peer in order:
        if not start(lab, peer):
            del ready[peer.name]
    asking = Asking(lab)
    for kind in kinds:
        asked = [ready[name] for name in kind.asked if name in ready]
        ask_in_turn(lab, asking, kind, asked)
    for peer in ready.values():
        lab.remember_memory(group, peer)
    for peer in ready.values():
        peer.stop()


def start(lab, peer):
    """Prepares it once, and starts it so often that there is a median."""
    try:
        if peer.name not in lab.prepared:
            lab.say(f"{peer.name}: preparing")
            peer.prepare()
            lab.prepared.add(peer.name)
        for _ in range(max(1, STARTS - len(peer.start_seconds))):
            peer.stop()
            took = peer.start()
            lab.say(f"{peer.name}: answers after {took:.3f} s")
        lab.results.starts[peer.name] = list(peer.start_seconds)
        if peer.name == "biaoshi" and lab.needs_body_bytes and not lab.body_bytes_known:
            lab.body_bytes, lab.body_bytes_known = peer.body_bytes(), True
        return True
    except (Failed, OSError) as error:
        lab.fail(peer.name, f"did not start: {error}")
        peer.stop()
        return False


def ask_in_turn(lab, asking, kind, peers):
    failed = set()

    def once(peer, seconds):
        try:
            return measure(asking, kind, peer, seconds)
        except (Failed, OSError) as error:
            lab.fail(peer.name, f"{kind.option}: {error}")
            failed.add(peer.name)
            return None

    warm_up = min(WARM_UP_SECONDS, lab.options.seconds)
    for peer in peers:
        once(peer, warm_up)
    for number in range(1, lab.options.rounds + 1):
        for peer in peers:
            if peer.name in failed:
                continue
            row = once(peer, lab.options.seconds)
            if row:
                lab.results.rounds.append({"round": number, **row})
                lab.say(
                    f"{kind.option} {number}/{lab.options.rounds} {peer.name}: "
                    f"{row['answers_per_second']:,.0f} a second, "
                    f"{row['server_cpu_seconds_per_million']:.2f} CPU-s per million"
                )
