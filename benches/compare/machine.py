"""On what it was measured."""

import datetime
import os
import platform
import re
import time


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _first(pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1).strip() if match else "unknown"


def memory_mib():
    return int(_first(r"^MemTotal:\s+(\d+)", _read("/proc/meminfo"))) // 1024


def sync_us(folder, times=100):
    """The median time of an fsync of 4 KiB where the servers keep their data."""
    took = []
    at = os.path.join(folder, "sync")
    file = os.open(at, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(times):
            os.write(file, b"\0" * 4_096)
            began = time.monotonic()
            os.fsync(file)
            took.append(time.monotonic() - began)
    finally:
        os.close(file)
        os.unlink(at)
    return round(sorted(took)[times // 2] * 1e6)


def file_system(folder):
    """The type of the file system that holds it."""
    best = ("", "unknown")
    for line in _read("/proc/mounts").splitlines():
        _, at, kind, *_ = line.split()
        inside = str(folder) == at or str(folder).startswith(at.rstrip("/") + "/")
        if inside and len(at) >= len(best[0]):
            best = (at, kind)
    return best[1]


def describe(folder):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _first(r"^model name\s*:\s*(.*)$", _read("/proc/cpuinfo")),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": _first(r'^PRETTY_NAME="?([^"\n]*)', _read("/etc/os-release")),
        "memory_mib": memory_mib(),
        "load": round(os.getloadavg()[0], 2),
        "file_system": file_system(folder),
        "sync_us": sync_us(folder),
    }
