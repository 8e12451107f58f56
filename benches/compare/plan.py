"""The command line, and what it comes to."""

import argparse
import os

from peers import ALL
from registration import BATCHES, IN_FLIGHT, REGISTRATION
from rounds import KINDS, STARTS, WARM_UP_SECONDS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A million identifiers take about 0.7 GiB in each of seven servers.
IDENTIFIERS_MAX = 100_000_000


def parse(arguments):
    kinds = [kind.option for kind in KINDS] + [REGISTRATION]
    peers = list(dict.fromkeys(peer.option for peer in ALL))
    parser = argparse.ArgumentParser(
        prog="benches/compare/run.sh",
        description="Measures biaoshi beside other servers, on this machine and on loopback only.",
    )
    add = parser.add_argument
    add("--identifiers", type=_between(1, IDENTIFIERS_MAX), default=1_000_000, metavar="N")
    add("--rounds", type=_between(1, 1_000), default=5, metavar="R")
    add("--seconds", type=float, default=5, metavar="S", help="of each round")
    add("--only", type=_list(kinds), default=kinds, metavar="KIND,…", help=", ".join(kinds))
    add("--peers", type=_list(peers), default=peers, metavar="NAME,…", help=", ".join(peers))
    add("--rate", type=_between(1, 10_000_000), metavar="N",
        help="ask so often and no oftener: latencies that are not queues")  # fmt: skip
    add("--check-loader", action="store_true",
        help="only compare biaoshi's loader with dnsperf and wrk")  # fmt: skip
    add("--output", metavar="FILE", help="the tables; the rounds go beside them, as .json")
    add("--biaoshi", metavar="PATH", help="instead of target/release/biaoshi")
    add("--scratch", default="/var/tmp", metavar="DIR", help="where its folder is made")
    add("--keep", action="store_true", help="leave the folder")
    add("--skip-install", action="store_true", help="take what is there")
    add("--dry-run", action="store_true", help="only say what would be done")
    add("--self-test", action="store_true", help="only test this program")
    options = parser.parse_args(arguments)
    if not 0.1 <= options.seconds <= 3_600:
        parser.error("--seconds is between 0.1 and 3600")
    return options


def _between(least, most):
    def number(text):
        value = int(text.replace("_", "").replace(",", ""))
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"it is between {least:,} and {most:,}")
        return value

    return number


def _list(known):
    def words(text):
        wanted = [word for word in text.split(",") if word]
        for word in wanted:
            if word not in known:
                raise argparse.ArgumentTypeError(f"no {word}; there are {', '.join(known)}")
        return wanted

    return words


def peers_of(options):
    """The servers that this run needs."""
    classes = [peer for peer in ALL if peer.option in options.peers]
    if options.check_loader:
        needed = {"biaoshi", "Knot DNS", "nginx, a constant"}
    else:
        needed = {name for kind in kinds_of(options) for name in kind.asked}
        needed |= {"biaoshi", "PostgreSQL"} if REGISTRATION in options.only else set()
    return [peer for peer in classes if peer.name in needed]


def kinds_of(options):
    return [] if options.check_loader else [kind for kind in KINDS if kind.option in options.only]


def target_folder():
    return os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target")


def binary_of(options):
    return os.path.abspath(options.biaoshi or os.path.join(target_folder(), "release", "biaoshi"))


def describe(options, missing):
    """The plan in words."""
    names = [peer.name for peer in peers_of(options)]
    each = options.seconds * options.rounds
    lines = [
        f"biaoshi:   {binary_of(options)}",
        f"data:      {options.identifiers:,} identifiers, in a new folder below {options.scratch}",
        f"servers:   {', '.join(names)}; each on core 0, a port of its own on 127.0.0.1",
        f"install:   {' '.join(missing) or 'nothing'}",
        f"starts:    {STARTS} of each server, until its first right answer",
    ]
    seconds = 0
    for kind in kinds_of(options):
        asked = [name for name in kind.asked if name in names]
        seconds += len(asked) * (each + min(WARM_UP_SECONDS, options.seconds))
        lines.append(f"{kind.option + ':':<12}{options.rounds} × ({' → '.join(asked) or 'nobody'})")
    if not options.check_loader and REGISTRATION in options.only:
        sides = [name for name in ("biaoshi", "PostgreSQL") if name in names]
        shapes = [f"{batch:,} × {many}" for batch in BATCHES for many in IN_FLIGHT]
        seconds += len(shapes) * len(sides) * (each + 2)
        lines.append(f"{REGISTRATION}: {options.rounds} × ({' → '.join(sides)})")
        lines.append(f"           batch × in flight: {', '.join(shapes)}")
    if options.check_loader:
        seconds = 4 * 2 * 2 * each
        lines.append("loaders:   dnsperf and biaoshi's ask Knot DNS and biaoshi; wrk and biaoshi's")
        lines.append("           nginx and biaoshi; as fast as it goes, then at half of it")
    lines.append(f"measuring: about {seconds / 60:.0f} minutes, and the data and the starts")
    return "\n".join(lines)
