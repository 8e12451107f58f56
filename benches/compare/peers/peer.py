"""What all servers have in common."""

import os
import pwd
import re
import shutil
import subprocess
import time

import probe
from processes import Failed, Server

# Debian keeps daemons where an ordinary user's shell does not look.
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class Peer:
    """A server: its configuration in a folder of its own, its port, its process."""

    # As the command line calls it; nginx stands for two.
    option = ""
    # As the tables call it.
    name = ""
    # What has to be there, the package of Debian that it is in, and how it tells its version.
    program = ""
    package = None
    version_words = ()

    def __init__(self, lab):
        self.lab, self.data = lab, lab.data
        self.folder = lab.scratch / re.sub(r"\W+", "-", self.name)
        self.server = None
        self.port = None
        self.start_seconds = []

    # ----------- What each has of its own

    def prepare(self):
        """Writes the configuration, and what it serves."""
        raise NotImplementedError

    def command(self):
        """In the foreground."""
        raise NotImplementedError

    def answers(self):
        """Whether it answers a question about the last identifier rightly."""
        raise NotImplementedError

    def user(self):
        """Whom it runs as, if not as whoever runs this."""
        return None

    # ----------- What all do

    @classmethod
    def found(cls):
        return shutil.which(cls.program)

    @classmethod
    def version(cls):
        # gdnsd tells it and calls that an error.
        told = subprocess.run(
            [cls.found(), *cls.version_words],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        match = re.search(r"\d+\.\d+[\w.~+:-]*", told.stdout + told.stderr)
        return match.group(0) if match else "unknown"

    def make_folder(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        [self.port] = probe.free_ports(1)

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def start(self):
        """Until the first right answer; how long it took."""
        began = time.monotonic()
        self.server = Server(self.command(), self.folder, self.user())
        try:
            probe.until(self.answers, self.server, self.start_seconds_max())
        except Failed:
            self.stop()
            raise
        took = time.monotonic() - began
        self.start_seconds.append(took)
        return took

    def start_seconds_max(self):
        return 60 + self.data.count / 5_000

    def stop(self):
        if self.server:
            self.server.stop()
            self.server = None


class DnsPeer(Peer):
    """One that serves the zone."""

    def answers(self):
        record = self.data.last_record
        return probe.dns(self.port, record.owner, record.url)


def is_root():
    return os.geteuid() == 0


def first_user(*names):
    """The first of these users that there is, as (user, group)."""
    for name in names:
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        return known.pw_uid, known.pw_gid
    raise Failed(f"no user {' or '.join(names)}")
