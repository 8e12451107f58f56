"""Processes: servers on one core, loaders on the other, what they use, and that all of them end."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

SERVER_CORE = 0
LOADER_CORE = 1

# A server may write a snapshot when it is asked to end.
STOP_SECONDS = 60

TICKS = os.sysconf("SC_CLK_TCK")

running = []


class Failed(Exception):
    """What went wrong, to be told in a line of the report."""


# ----------- What a process uses -------------------------------------------------


def _stat(pid):
    """The fields of /proc/PID/stat from the state on, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            # The name stands in brackets and may hold anything.
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def tree(pid):
    """The process and all that descend from it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(name)
            if stat:
                children.setdefault(int(stat[1]), []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pid):
    """Of all threads of all its processes, and of those of its processes that ended."""
    total = 0
    for one in tree(pid):
        stat = _stat(one)
        if stat:
            # utime and stime; and those of children that were waited for.
            own, children = (sum(map(int, stat[at : at + 2])) / TICKS for at in (11, 13))
            total += max(own, _threads_seconds(one)) + children
    return total


def _threads_seconds(pid):
    """Of its threads that are left. The ticks above are whole hundredths, of which each of 256
    processes may lose one; these are nanoseconds, but of threads that ended they know nothing."""
    nanoseconds = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                nanoseconds += int(file.read().split()[0])
    except OSError:
        # It ended, or this kernel does not tell.
        pass
    return nanoseconds / 1e9


def memory(pid):
    """(resident, proportional) bytes of all its processes: the second counts shared pages once."""
    resident = proportional = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as file:
                sizes = dict(line.split(":", 1) for line in file if ":" in line[:20])
        except OSError:
            continue
        resident += int(sizes.get("Rss", "0 kB").split()[0]) * 1024
        proportional += int(sizes.get("Pss", "0 kB").split()[0]) * 1024
    return resident, proportional


# ----------- Servers ------------------------------------------------------------


class Server:
    """A process on the servers' core, with a log of its own."""

    def __init__(self, command, folder, user=None):
        self.log = folder / "log"
        who = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(SERVER_CORE), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
                **who,
            )
        self.pid = self.process.pid
        running.append(self)

    def ended(self):
        return self.process.poll() is not None

    def last_words(self):
        """The end of its log, in a line."""
        text = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(text[-3:])[-300:] or "it said nothing"

    def stop(self):
        """Asks it to end, and sees that all its processes do."""
        if self not in running:
            return
        all_of_it = tree(self.pid)
        if not self.ended():
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # Its session, and only what was seen to descend from it.
        for pid in all_of_it[1:]:
            stat = _stat(pid)
            if stat and int(stat[3]) == self.pid:
                _signal(pid, signal.SIGKILL)
        running.remove(self)


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def stop_all():
    """Ends whatever runs; for the end of everything."""
    for one in list(running):
        try:
            one.stop()
        except (OSError, subprocess.SubprocessError) as error:
            print(f"warning: process {one.pid} may be left: {error}", flush=True)


# ----------- Loaders and tools --------------------------------------------------


@dataclass
class Finished:
    output: str
    errors: str
    seconds: float
    cpu_seconds: float


class Tool:
    """A process that ends by itself; whoever waits for it learns what it used."""

    def __init__(self, command, seconds_max, core, user, given):
        self.output, self.errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        who = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        limit = ["timeout", "--signal=TERM", "--kill-after=5", str(round(seconds_max + 1))]
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), *limit, *map(str, command)],
            stdin=given or subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.errors,
            start_new_session=True,
            **who,
        )
        self.pid = self.process.pid
        running.append(self)

    def wait(self):
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        running.remove(self)
        return usage.ru_utime + usage.ru_stime

    def stop(self):
        for pid in reversed(tree(self.pid)):
            _signal(pid, signal.SIGKILL)
        self.wait()

    @staticmethod
    def text(file):
        with file:
            file.seek(0)
            return file.read().decode(errors="replace")


def run(command, seconds_max, core=LOADER_CORE, user=None, given=None):
    """Runs a command to its end; Failed if it fails or takes too long."""
    command = [str(word) for word in command]
    began = time.monotonic()
    try:
        tool = Tool(command, seconds_max, core, user, given)
    except OSError as error:
        raise Failed(f"{command[0]}: {error}") from error
    used = tool.wait()
    seconds = time.monotonic() - began
    code = tool.process.returncode
    output, errors = tool.text(tool.output), tool.text(tool.errors)
    if code != 0:
        why = "took too long" if code in (124, 137) else f"exit code {code}"
        words = " / ".join((errors.strip() or output.strip()).splitlines()[-3:])[-300:]
        raise Failed(f"{os.path.basename(command[0])}: {why}: {words}")
    return Finished(output, errors, seconds, used)
