"""Installs from Debian what is missing, and starts nothing."""

import os
import shutil
import subprocess

# Programs that ask or look, and their packages. perf is for looking why, and may be missing.
TOOLS = {
    "dnsperf": "dnsperf",
    "wrk": "wrk",
    "redis-benchmark": "redis-tools",
    "taskset": "util-linux",
    "perf": "linux-perf",
}

INSTALL_SECONDS_MAX = 900


def missing(peers):
    """The packages that these servers and the tools need and this machine lacks."""
    packages = [peer.package for peer in peers if peer.package and not peer.found()]
    packages += [package for program, package in TOOLS.items() if not shutil.which(program)]
    return sorted(set(packages))


def install(packages, say):
    """All at once; where that fails one by one, so that one that is not there keeps none back."""
    if not packages:
        return
    if not shutil.which("apt-get"):
        say(f"missing: {' '.join(packages)}; there is no apt-get here to install them with")
        return
    say(f"installing: {' '.join(packages)}")
    if _apt("update", "-q") and _apt("install", "-qy", "--no-install-recommends", *packages):
        return
    for package in packages:
        if not _apt("install", "-qy", "--no-install-recommends", package):
            say(f"{package} could not be installed")


def _apt(*words):
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    # RUNLEVEL=1: an installation here starts no service.
    environment = ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive"]
    command = ["timeout", str(INSTALL_SECONDS_MAX), *as_root, *environment, "apt-get", *words]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0
