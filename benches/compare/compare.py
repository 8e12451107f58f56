"""biaoshi beside other servers: see README.md. Started by run.sh."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field

import install
import machine
import peers as servers
import plan
import report
from check_loader import run_check
from data import Data
from processes import LOADER_CORE, SERVER_CORE, Failed, memory, stop_all
from registration import run_registration
from rounds import run_group

BUILD_SECONDS_MAX = 3_600


@dataclass
class Results:
    starts: dict = field(default_factory=dict)
    memory: dict = field(default_factory=dict)
    rounds: list = field(default_factory=list)
    registration: list = field(default_factory=list)
    loader_check: list = field(default_factory=list)
    failures: dict = field(default_factory=dict)


class Lab:
    """What all parts of a run share."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.binary = plan.binary_of(options)
        self.memory_mib = machine.memory_mib()
        self.data = Data(self.binary, scratch / "data", options.identifiers)
        self.results = Results()
        self.prepared = set()
        # What biaoshi answers with over HTTP on the average, once it was asked.
        self.body_bytes, self.body_bytes_known = 700, False
        self.needs_body_bytes = False

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)

    def fail(self, name, why):
        self.say(f"warning: {name}: {why}")
        # It stands in a table.
        why = " ".join(why.replace("|", "/").split())
        self.results.failures.setdefault(name, []).append(why)

    def remember_memory(self, group, peer):
        """What it has in memory now, if it runs."""
        if peer.server:
            resident, proportional = memory(peer.server.pid)
            seen = {"group": group, "rss_bytes": resident, "pss_bytes": proportional}
            self.results.memory.setdefault(peer.name, []).append(seen)


# ----------- Before -------------------------------------------------------------


def build(lab):
    """The release binary, unless one was named or is there."""
    if os.access(lab.binary, os.X_OK):
        return
    if lab.options.biaoshi:
        raise Failed(f"there is no {lab.binary}")
    lab.say("building biaoshi")
    cargo = shutil.which("cargo") or os.path.expanduser("~/.cargo/bin/cargo")
    command = [cargo, "build", "--release", "--locked"]
    done = subprocess.run(command, cwd=plan.ROOT, timeout=BUILD_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise Failed("biaoshi could not be built")


def check_machine(options):
    if not {SERVER_CORE, LOADER_CORE} <= os.sched_getaffinity(0):
        raise Failed("two cores are needed: 0 for servers, 1 for loaders")
    if machine.file_system(os.path.realpath(options.scratch)) in ("tmpfs", "ramfs"):
        raise Failed(f"{options.scratch} is memory, where nothing is durable: use --scratch DIR")


def tool_versions(options):
    """Of the loaders that take part."""
    asked = {
        "redis-benchmark": (["--version"], {"redis", "redis-32"} & set(options.only)),
        "dnsperf": (["-h"], options.check_loader),
        "wrk": (["-v"], options.check_loader),
    }
    found = {}
    for name, (words, is_used) in asked.items():
        at = shutil.which(name)
        if not is_used or not at or (options.check_loader and name == "redis-benchmark"):
            continue
        done = subprocess.run([at, *words], capture_output=True, text=True, timeout=10, check=False)
        text = (done.stdout + done.stderr).replace("debian/", "")
        found[name] = next((word for word in text.split() if word[:1].isdigit()), "unknown")
    return found


# ----------- All of it ----------------------------------------------------------


def measure(lab, there):
    options = lab.options
    lab.say(f"making {options.identifiers:,} identifiers in {lab.scratch}")
    lab.data.make()
    if not 0 < lab.data.names <= options.identifiers:
        raise Failed(f"the zone has {lab.data.names} names for {options.identifiers} identifiers")
    kinds = plan.kinds_of(options)
    if options.check_loader:
        run_check(lab, there)
        return
    for group in dict.fromkeys(kind.group for kind in kinds):
        run_group(lab, group, [kind for kind in kinds if kind.group == group], there)
    if plan.REGISTRATION in options.only:
        run_registration(lab, there)


def versions(lab, there):
    found = {peer.name: peer.version() for peer in there}
    node = next((peer for peer in there if peer.name == "biaoshi"), None)
    if node:
        found["biaoshi"] = node.binary_version()
    return found


def notes(lab):
    options, said = lab.options, []
    if lab.body_bytes_known:
        said.append(f"biaoshi's answers over HTTP have {lab.body_bytes} bytes on the average, "
                    "and so have nginx's.")  # fmt: skip
    if lab.data.names and lab.data.names < options.identifiers:
        said.append(f"{options.identifiers - lab.data.names:,} identifiers are no name of DNS.")
    if options.rate and {"redis", "redis-32"} & set(options.only):
        said.append("redis-benchmark knows no rates: Redis was asked as fast as it goes.")
    lost = sum(row["lost"] for row in lab.results.rounds)
    sent = sum(row["sent"] for row in lab.results.rounds)
    if sent:
        said.append(f"Of {sent:,} questions {lost:,} were lost.")
    said += [f"{name}: {why}" for name, all_of in lab.results.failures.items() for why in all_of]
    return said


def tell(lab, asked, there):
    options = lab.options
    told = {
        "options": {name: getattr(options, name) for name in ("identifiers", "rounds", "seconds",
                    "rate", "only", "peers", "check_loader")},  # fmt: skip
        "machine": lab.machine,
        "versions": lab.versions,
        "tools": tool_versions(options),
        "names": [peer.name for peer in servers.ALL],
        "asked": [peer.name for peer in asked],
        "kinds": plan.kinds_of(options),
        "results": asdict(lab.results),
        "notes": notes(lab),
    }
    text = report.render(told)
    print(text, flush=True)
    if options.output:
        output = pathlib.Path(options.output)
        output.write_text(text, encoding="utf-8")
        told["kinds"] = [kind.option for kind in told["kinds"]]
        raw = json.dumps(told, indent=1, ensure_ascii=False)
        output.with_suffix(".json").write_text(raw + "\n", encoding="utf-8")


def compare(options):
    asked = plan.peers_of(options)
    missing = [] if options.skip_install else install.missing(asked)
    if options.dry_run:
        print(plan.describe(options, missing))
        return
    check_machine(options)
    install.install(missing, Lab.say)
    # This program waits; it does so where loaders run.
    os.sched_setaffinity(0, {LOADER_CORE})
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="biaoshi-compare-", dir=options.scratch))
    scratch.chmod(0o755)
    try:
        lab = Lab(options, scratch)
        build(lab)
        lab.machine = machine.describe(scratch)
        there = []
        for peer in asked:
            if peer.found():
                there.append(peer(lab))
            else:
                lab.fail(peer.name, f"not installed: {peer.program}")
        lab.versions = versions(lab, there)
        try:
            measure(lab, there)
        finally:
            # What was measured until then is told, whatever ended it.
            if lab.results.rounds or lab.results.registration or lab.results.loader_check:
                tell(lab, asked, there)
    finally:
        ignore_signals()
        stop_all()
        if options.keep:
            Lab.say(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


def ignore_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def end(number, _):
    raise SystemExit(128 + number)


def main():
    options = plan.parse(sys.argv[1:])
    here = os.path.dirname(os.path.abspath(__file__))
    if options.self_test:
        words = [sys.executable, "-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."]
        sys.exit(subprocess.run(words, cwd=here, check=False).returncode)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    # They would outrank the configuration of the nodes started here.
    for name in [name for name in os.environ if name.startswith("BIAOSHI_")]:
        del os.environ[name]
    try:
        compare(options)
    except (Failed, OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
