"""What asks: biaoshi's own loader, redis-benchmark, dnsperf, wrk; and what they tell, alike."""

import csv
import io
import json
import os
import re
from dataclasses import asdict, dataclass

from data import ZONE, shape
from probe import LOOPBACK
from processes import Failed, run

HERE = os.path.dirname(os.path.abspath(__file__))

# What biaoshi's loader does by default over UDP, and the others are told.
SOCKETS = 16
WINDOW = 8

# At a fixed rate it is time that decides: biaoshi's loader waits for none of so many, and a loader
# that stops asking while a server stalls would not see the stall.
OPEN_WINDOW = 1_024

# biaoshi takes 512 by default.
WRK_CONNECTIONS_MAX = 400
WRK_WAIT_SECONDS = 0.02

# Beyond the time to measure: making questions, and waiting for what is lost.
SPARE_SECONDS = 60


@dataclass
class Load:
    """One run of a loader."""

    answered: int
    sent: int
    lost: int
    unexpected: int
    seconds: float
    answers_per_second: float
    mean_us: float
    p50_us: float
    p99_us: float
    loader_cpu_seconds: float

    def as_dict(self):
        return asdict(self)


def _time_limit(lab, seconds):
    return seconds + SPARE_SECONDS + lab.data.count / 20_000


# ----------- biaoshi bench ------------------------------------------------------


def bench(lab, via, port, seconds, *, absent=0, identifiers=None, rate=None, sockets=SOCKETS):
    words = [lab.binary, "bench", "--via", via, "--address", f"{LOOPBACK}:{port}", "--json"]
    words += ["--identifiers", identifiers] if identifiers else shape(lab.data.count)
    words += ["--absent", absent] if absent else []
    words += ["--zone", ZONE, "--ask", "naptr"] if via == "dns" else []
    words += ["--sockets", sockets, "--threads", 1]
    # Everything that the server does is counted, so everything that is asked has to be.
    words += ["--seconds", seconds, "--warm-up-seconds", 0]
    words += ["--rate", rate] if rate else []
    done = run(words, _time_limit(lab, seconds))
    return parse_bench(done.output)


def parse_bench(text):
    try:
        told = json.loads(text)
        latency = told["latency_us"]
        return Load(
            answered=told["answered"],
            sent=told["sent"],
            lost=told["lost"],
            unexpected=told["unexpected"],
            seconds=told["seconds"],
            answers_per_second=told["answers_per_second"],
            mean_us=latency["mean"],
            p50_us=latency["p50"],
            p99_us=latency["p99"],
            loader_cpu_seconds=told["loader_cpu_seconds"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Failed(f"biaoshi bench told no figures: {error!r}: {text[:200]}") from error


# ----------- redis-benchmark ----------------------------------------------------


def redis_benchmark(lab, redis, count, pipeline, key):
    """So many GETs of random keys; the misses are what was not found."""
    missed = redis.misses()
    words = ["redis-benchmark", "-h", LOOPBACK, "-p", redis.port, "--csv", "--precision", 3]
    words += ["-c", SOCKETS, "-P", pipeline, "-n", count, "-r", lab.data.count]
    done = run([*words, "GET", key + "__rand_int__"], _time_limit(lab, count / 1_000))
    load = parse_redis_benchmark(done.output, count)
    load.loader_cpu_seconds = done.cpu_seconds
    load.unexpected = redis.misses() - missed
    return load


def parse_redis_benchmark(text, count):
    rows = list(csv.DictReader(io.StringIO(text[text.find('"test"') :])))
    if not rows or "rps" not in rows[0]:
        raise Failed(f"redis-benchmark told no figures: {text[:200]}")
    row = {name: value for name, value in rows[0].items() if name != "test"}
    rate = float(row["rps"])
    us = lambda name: float(row[name]) * 1_000
    return Load(
        answered=count,
        sent=count,
        lost=0,
        unexpected=0,
        seconds=count / rate,
        answers_per_second=rate,
        mean_us=us("avg_latency_ms"),
        p50_us=us("p50_latency_ms"),
        p99_us=us("p99_latency_ms"),
        loader_cpu_seconds=0,
    )


# ----------- dnsperf ------------------------------------------------------------


def dnsperf(lab, port, seconds, rate=None):
    words = ["dnsperf", "-s", LOOPBACK, "-p", port, "-d", lab.data.queries, "-l", seconds]
    window = SOCKETS * (OPEN_WINDOW if rate else WINDOW)
    words += ["-c", SOCKETS, "-T", 1, "-q", window, "-t", 1, "-O", "suppress=timeout", "-e"]
    words += ["-Q", rate] if rate else []
    done = run(words, _time_limit(lab, seconds))
    load = parse_dnsperf(done.output)
    load.loader_cpu_seconds = done.cpu_seconds
    return load


def parse_dnsperf(text):
    """It tells no percentiles."""

    def number(name):
        match = re.search(rf"{re.escape(name)}:\s+([\d.]+)", text)
        if not match:
            raise Failed(f"dnsperf told no {name}: {text[-200:]}")
        return float(match.group(1))

    answered = int(number("Queries completed"))
    good = re.search(r"NOERROR (\d+)", text)
    return Load(
        answered=answered,
        sent=int(number("Queries sent")),
        lost=int(number("Queries lost")),
        unexpected=answered - (int(good.group(1)) if good else 0),
        seconds=number("Run time (s)"),
        answers_per_second=number("Queries per second"),
        mean_us=number("Average Latency (s)") * 1e6,
        p50_us=None,
        p99_us=None,
        loader_cpu_seconds=0,
    )


# ----------- wrk ----------------------------------------------------------------


def wrk(lab, port, seconds, paths, rate=None):
    """wrk has no rates; its connections can wait between questions, by whole milliseconds."""
    connections = SOCKETS
    if rate:
        # So many that the wait is long beside an answer's time: else it would fall behind.
        connections = max(SOCKETS, min(WRK_CONNECTIONS_MAX, round(rate * WRK_WAIT_SECONDS)))
    words = ["wrk", "-t", 1, "-c", connections, "-d", f"{max(1, round(seconds))}s"]
    words += ["-s", os.path.join(HERE, "paths.lua"), f"http://{LOOPBACK}:{port}"]
    words += ["--", paths, round(connections / rate * 1_000) if rate else 0]
    done = run(words, _time_limit(lab, seconds))
    load = parse_wrk(done.output)
    load.loader_cpu_seconds = done.cpu_seconds
    return load


def parse_wrk(text):
    """The line that paths.lua prints at the end."""
    match = re.search(r"^figures (\{.*\})$", text, re.MULTILINE)
    if not match:
        raise Failed(f"wrk told no figures: {text[-200:]}")
    told = json.loads(match.group(1))
    seconds = told["duration_us"] / 1e6
    return Load(
        answered=told["requests"],
        sent=told["requests"] + told["timeouts"],
        lost=told["timeouts"],
        unexpected=told["status_errors"] + told["socket_errors"],
        seconds=seconds,
        answers_per_second=told["requests"] / seconds,
        mean_us=told["mean_us"],
        p50_us=told["p50_us"],
        p99_us=told["p99_us"],
        loader_cpu_seconds=0,
    )
