"""Asks one question and says whether the answer is right: for readiness and the time until it."""

import os
import socket
import struct
import time

from processes import Failed

LOOPBACK = "127.0.0.1"
WAIT_SECONDS = 0.25
PAUSE_SECONDS = 0.005

NAPTR = 35


def free_ports(count):
    """Ports that are free over TCP and UDP, all held until the last is found."""
    held, ports = [], []
    while len(ports) < count:
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        held += [tcp, udp]
        tcp.bind((LOOPBACK, 0))
        try:
            udp.bind((LOOPBACK, tcp.getsockname()[1]))
        except OSError:
            continue
        ports.append(tcp.getsockname()[1])
    for one in held:
        one.close()
    return ports


def until(is_right, server, seconds_max):
    """Asks until the answer is right."""
    deadline = time.monotonic() + seconds_max
    while not _tried(is_right):
        if server.ended():
            raise Failed(f"ended before it answered: {server.last_words()}")
        if time.monotonic() > deadline:
            raise Failed(f"no right answer in {seconds_max:.0f} s: {server.last_words()}")
        time.sleep(PAUSE_SECONDS)


def _tried(is_right):
    try:
        return is_right()
    except OSError:
        return False


# ----------- UDP ----------------------------------------------------------------


def _datagram(port, question):
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(WAIT_SECONDS)
        asking.connect((LOOPBACK, port))
        asking.send(question)
        return asking.recv(65_535)


def echo(port):
    question = os.urandom(32)
    return _datagram(port, question) == question


def dns_question(number, name, kind=NAPTR):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">6H", number, 0, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, kind, 1)


def dns(port, name, url):
    """The NAPTR record of that name is there, with that URL in it."""
    number = int.from_bytes(os.urandom(2), "big")
    answer = _datagram(port, dns_question(number, name))
    if len(answer) < 12:
        return False
    got, flags, _, answers = struct.unpack(">4H", answer[:8])
    return got == number and flags & 0x000F == 0 and answers > 0 and url.encode() in answer


# ----------- TCP ----------------------------------------------------------------


def exchange(port, request, is_whole, seconds=5):
    """Sends a request and reads until the reply is whole."""
    with socket.create_connection((LOOPBACK, port), timeout=seconds) as asking:
        asking.sendall(request)
        reply = b""
        while not is_whole(reply):
            more = asking.recv(65_536)
            if not more:
                break
            reply += more
        return reply


def http_get(port, path):
    """(status, body)."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n"
    reply = exchange(port, request.encode(), lambda _: False)
    head, _, body = reply.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    return (int(words[1]) if len(words) > 1 else 0), body


def resp(*words):
    """A command of Redis as bytes."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


def redis_get(port, key, value):
    reply = exchange(port, resp("GET", key), lambda seen: seen.endswith(b"\r\n") and len(seen) > 5)
    return value in reply
