"""PostgreSQL, as chapters 14.4, 20 and 30 of the manual of 15 describe it."""

import glob
import os

import probe
from peers.peer import Peer, first_user, is_root
from postgres_client import Connection
from processes import Failed, run

# The manual advises a quarter of the memory for shared_buffers; more than this holds nothing here.
SHARED_MIB_MAX = 4_096

TABLE = "CREATE TABLE identifiers (identifier text PRIMARY KEY, record text NOT NULL)"


class PostgreSql(Peer):
    option = "postgresql"
    name = "PostgreSQL"
    program = "postgres"
    package = "postgresql"
    version_words = ("--version",)

    @classmethod
    def found(cls):
        """Debian keeps each version in a place of its own: the latest."""
        at = glob.glob("/usr/lib/postgresql/*/bin/postgres")
        return max(at, key=lambda path: int(path.split("/")[4]), default=None)

    def user(self):
        # It refuses to run as root.
        return first_user("postgres", "nobody") if is_root() else None

    def prepare(self):
        self.make_folder()
        if self.user():
            os.chown(self.folder, *self.user())
        initdb = os.path.join(os.path.dirname(self.found()), "initdb")
        words = ["-D", self.folder / "data", "-U", "biaoshi", "-A", "trust", "-E", "UTF8"]
        run([initdb, *words, "--no-locale"], seconds_max=120, user=self.user())
        shared = min(SHARED_MIB_MAX, self.lab.memory_mib // 4)
        with open(self.folder / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"""
listen_addresses = '{probe.LOOPBACK}'
port = {self.port}
unix_socket_directories = ''
max_connections = 300
# Durable, as the ledger is: these are the defaults.
fsync = on
synchronous_commit = on
full_page_writes = on
# 14.4.7, when loading: no archive, no replication.
wal_level = minimal
archive_mode = off
max_wal_senders = 0
# 14.4.6: "temporarily increasing the max_wal_size ... can also make large data loads faster".
max_wal_size = 16GB
checkpoint_timeout = 30min
# 20.4.1: "a reasonable starting value for shared_buffers is 25% of the memory in your system".
shared_buffers = {shared}MB
# 14.4.5
maintenance_work_mem = 256MB
# 30.5: commit_delay stays 0, wal_sync_method is the system's default.
logging_collector = off
log_min_messages = warning
""")

    def command(self):
        return [self.found(), "-D", self.folder / "data"]

    def answers(self):
        try:
            with Connection(self.port) as connection:
                return connection.query("SELECT 1") == "SELECT 1"
        except Failed:
            return False

    def empty(self):
        """A new table, and nothing left to write of the last one."""
        with Connection(self.port) as connection:
            for command in ["DROP TABLE IF EXISTS identifiers", TABLE, "CHECKPOINT"]:
                connection.query(command)
