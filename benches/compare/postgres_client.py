"""Loads rows into PostgreSQL by COPY, one transaction a batch, on so many connections:
`postgres_client.py PORT PID NDJSON COUNT BATCH IN_FLIGHT`. Prints what it did as JSON.

The frontend protocol, version 3, as chapter 55 of the manual describes it: as much as this takes.
"""

import itertools
import json
import selectors
import socket
import struct
import sys
import time

from processes import Failed, cpu_seconds

LOOPBACK = "127.0.0.1"
WAIT_SECONDS = 60
USER = "biaoshi"
DATABASE = "postgres"
COPY = "COPY identifiers (identifier, record) FROM STDIN"


def message(kind, body):
    return kind + struct.pack(">I", len(body) + 4) + body


def query_message(text):
    return message(b"Q", text.encode() + b"\0")


def start_message():
    words = b"".join(word.encode() + b"\0" for word in ("user", USER, "database", DATABASE))
    body = struct.pack(">I", 196_608) + words + b"\0"
    return struct.pack(">I", len(body) + 4) + body


def messages(buffer):
    """The whole messages at the beginning of the buffer, taken out of it."""
    while len(buffer) >= 5:
        length = struct.unpack_from(">I", buffer, 1)[0]
        if len(buffer) < length + 1:
            return
        kind, body = bytes(buffer[:1]), bytes(buffer[5 : length + 1])
        # Before it is told: whoever is content with this one asks for no further.
        del buffer[: length + 1]
        yield kind, body


def error_text(body):
    fields = [field.decode(errors="replace") for field in body.split(b"\0") if field]
    return "; ".join(field[1:] for field in fields if field[0] in "SM")


def copy_row(identifier, line):
    """A row in COPY's text format."""
    row = f"{_escaped(identifier)}\t{_escaped(line)}\n"
    return row.encode()


def _escaped(text):
    return (
        text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    )


def copy_messages(rows):
    """A transaction: the command, its rows and their end, sent at once."""
    return query_message(COPY) + message(b"d", b"".join(rows)) + message(b"c", b"")


# ----------- One question at a time ---------------------------------------------


class Connection:
    """Trusted, without TLS; an error is a Failed."""

    def __init__(self, port):
        self.buffer = bytearray()
        self.socket = socket.create_connection((LOOPBACK, port), timeout=WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._exchange(start_message())
        except Exception:
            self.socket.close()
            raise

    def query(self, text):
        """The tag of the last command."""
        return self._exchange(query_message(text))

    def _exchange(self, request):
        self.socket.sendall(request)
        tag, error = "", None
        while True:
            for kind, body in messages(self.buffer):
                if kind == b"E":
                    error = error_text(body)
                elif kind == b"C":
                    tag = body.rstrip(b"\0").decode()
                elif kind == b"Z":
                    if error:
                        raise Failed(f"PostgreSQL: {error}")
                    return tag
            more = self.socket.recv(65_536)
            if not more:
                raise Failed(f"PostgreSQL: {error or 'it hung up'}")
            self.buffer += more

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


# ----------- Many at a time -----------------------------------------------------


class Lane:
    """A connection with one transaction under way."""

    def __init__(self, port):
        self.connection = Connection(port)
        self.socket, self.buffer = self.connection.socket, self.connection.buffer
        self.socket.setblocking(False)
        self.left = b""

    def send(self, request=None):
        """Sends what fits; whether something is left."""
        if request:
            self.left = memoryview(request)
            self.began = time.monotonic()
        try:
            self.left = self.left[self.socket.send(self.left) :]
        except BlockingIOError:
            pass
        return len(self.left) > 0

    def finished(self):
        """The rows of the transaction, once it is durable; None before."""
        more = self.socket.recv(65_536)
        if not more:
            sys.exit("error: PostgreSQL hung up")
        self.buffer += more
        done = False
        for kind, body in messages(self.buffer):
            if kind == b"E":
                sys.exit(f"error: PostgreSQL: {error_text(body)}")
            elif kind == b"C":
                self.rows = int(body.rstrip(b"\0").split()[-1])
            elif kind == b"Z":
                done = True
        return self.rows if done else None


def load(lanes, requests):
    """Sends them all; (rows, seconds, latencies)."""
    selector = selectors.DefaultSelector()
    under_way = rows = 0
    latencies = []
    began = time.monotonic()
    for lane in lanes:
        request = next(requests, None)
        if request:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if lane.send(request) else 0)
            selector.register(lane.socket, events, lane)
            under_way += 1
    while under_way:
        ready = selector.select(WAIT_SECONDS)
        if not ready:
            sys.exit("error: PostgreSQL was silent for a minute")
        for key, events in ready:
            lane = key.data
            if events & selectors.EVENT_WRITE and not lane.send():
                selector.modify(lane.socket, selectors.EVENT_READ, lane)
            if not events & selectors.EVENT_READ:
                continue
            finished = lane.finished()
            if finished is None:
                continue
            rows += finished
            latencies.append(time.monotonic() - lane.began)
            request = next(requests, None)
            if request is None:
                selector.unregister(lane.socket)
                under_way -= 1
            elif lane.send(request):
                selector.modify(lane.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, lane)
    return rows, time.monotonic() - began, sorted(latencies)


def main(port, pid, file, count, batch, in_flight):
    with open(file, encoding="utf-8") as lines:
        rows = []
        for line in itertools.islice(lines, count):
            line = line.rstrip("\n")
            rows.append(copy_row(json.loads(line)["identifier"], line))
    requests = [copy_messages(rows[at : at + batch]) for at in range(0, len(rows), batch)]
    del rows
    # A backend is a process: making it is no part of a registration.
    lanes = [Lane(port) for _ in range(in_flight)]
    server, own = cpu_seconds(pid), time.process_time()
    created, seconds, latencies = load(lanes, iter(requests))
    server, own = cpu_seconds(pid) - server, time.process_time() - own
    at = lambda part: round(latencies[min(len(latencies) - 1, int(len(latencies) * part))] * 1e6)
    told = {"created": created, "seconds": seconds, "registrations_per_second": created / seconds}
    told["latency_us"] = {"p50": at(0.5), "p99": at(0.99)}
    told |= {"server_cpu_seconds": server, "loader_cpu_seconds": own}
    print(json.dumps(told))


if __name__ == "__main__":
    port, pid, file, *numbers = sys.argv[1:]
    main(int(port), int(pid), file, *map(int, numbers))
