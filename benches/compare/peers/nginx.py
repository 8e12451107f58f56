"""nginx, as the reference of its core module describes it: a constant, and files."""

import os
import pathlib
import resource
import tempfile

import probe
from data import FILES_MAX
from peers.peer import Peer
from processes import Failed

# Descriptors that are left to connections and to nginx itself.
OTHER_FILES = 2_000

# A word of its configuration is no longer than its buffer.
BODY_BYTES_MAX = 4_000


class Nginx(Peer):
    option = "nginx"
    program = "nginx"
    package = "nginx-light"
    version_words = ("-v",)

    def body_bytes(self):
        """What biaoshi answers with, on the average."""
        return min(self.lab.body_bytes, BODY_BYTES_MAX)

    def location(self):
        raise NotImplementedError

    def prepare(self):
        self.make_folder()
        self.location_text = self.location()
        (self.folder / "temp").mkdir(exist_ok=True)
        paths = "\n".join(
            f"    {module}_temp_path {self.folder}/temp;"
            for module in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # All files, if the system lets a process have as many open.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        hard = FILES_MAX * 2 if hard == resource.RLIM_INFINITY else hard
        files_open_max = min(FILES_MAX + OTHER_FILES, hard - OTHER_FILES)
        self.write(
            "nginx.conf",
            f"""daemon off;
pid {self.folder}/pid;
error_log stderr crit;
{"user root;" if os.geteuid() == 0 else ""}
# "The optimal value depends on ... the number of CPU cores": one.
worker_processes 1;
# Each file in the cache of open files holds a descriptor.
worker_rlimit_nofile {files_open_max + OTHER_FILES};
events {{
    worker_connections 1024;
    # On one worker there is nobody to take turns with.
    accept_mutex off;
}}
http {{
{paths}
    default_type application/json;
    # Its makers' page on tuning: each line of the log costs processor and disk.
    access_log off;
    # Files go from the page cache to the socket; headers and file in one packet.
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    # Connections stay: closing after keepalive_requests frees memory and is not what is measured.
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    # Descriptors, sizes and times of files are remembered.
    open_file_cache max={files_open_max} inactive=600s;
    open_file_cache_valid 600s;
    open_file_cache_min_uses 1;
    server {{
        listen {probe.LOOPBACK}:{self.port} backlog=1024;
        location / {{
            {self.location_text}
        }}
    }}
}}
""",
        )

    def command(self):
        words = ["-p", self.folder, "-e", "stderr", "-c", self.folder / "nginx.conf"]
        return [self.found(), *words]

    def answers(self):
        status, body = probe.http_get(self.port, self.data.path(self.asked()))
        return status == 200 and len(body) >= self.body_bytes() // 2

    def asked(self):
        return self.data.last_identifier


class NginxReturn(Nginx):
    """The same bytes whatever is asked: what a server of HTTP takes that looks nothing up."""

    name = "nginx, a constant"

    def location(self):
        return f'return 200 "{"x" * self.body_bytes()}";'


class NginxFile(Nginx):
    """A file an identifier."""

    name = "nginx, files"

    def location(self):
        """Writes the files: each is the identifier's record, filled up with blanks."""
        # In memory, like all that others answer from: files on a disk are forgotten between rounds
        # where memory is reclaimed early, and then it is the disk that is measured.
        where = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.memory = tempfile.TemporaryDirectory(prefix="biaoshi-compare-", dir=where)
        root = pathlib.Path(self.memory.name)
        root.chmod(0o755)
        self.identifiers = []
        for identifier, line in self.data.lines(FILES_MAX):
            file = root / "api" / "v1" / "identifiers" / identifier
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(line.ljust(self.body_bytes()))
            except (FileExistsError, IsADirectoryError, NotADirectoryError):
                # One is the beginning of another: it cannot be both a file and a folder.
                continue
            self.identifiers.append(identifier)
        if not self.identifiers:
            raise Failed("no identifier can be a file")
        self.list = self.write("identifiers.txt", "".join(f"{one}\n" for one in self.identifiers))
        return f"root {root};"

    def asked(self):
        return self.identifiers[-1]
