"""Registrations, durable, beside the same rows copied into PostgreSQL."""

import json
import os
import sys

from loaders import HERE
from processes import Failed, cpu_seconds, run

REGISTRATION = "registration"

BATCHES = (1, 100, 2_000)
IN_FLIGHT = (1, 16, 256)

# How many are registered to learn how many fit into a round: so many batches on each connection.
FIRST_BATCHES = 4
FIRST_LEAST = 200


def name_of(batch, in_flight):
    return f"{batch}x{in_flight}"


def through_node(lab, node, count, batch, in_flight):
    """A node without a ledger, the firms there, and so many registrations."""
    node.configure()
    node.start_empty()
    before = cpu_seconds(node.server.pid)
    told = node.register(count, batch, in_flight)
    told["server_cpu_seconds"] = cpu_seconds(node.server.pid) - before
    node.stop()
    return told


def through_postgres(lab, postgres, count, batch, in_flight):
    postgres.empty()
    client = os.path.join(HERE, "postgres_client.py")
    where = [postgres.port, postgres.server.pid, lab.data.ndjson]
    words = [sys.executable, "-B", client, *where, count, batch, in_flight]
    return json.loads(run(words, seconds_max=120 + count / 200).output)


def measure(lab, through, peer, count, batch, in_flight):
    told = through(lab, peer, count, batch, in_flight)
    used = told["server_cpu_seconds"]
    if told["created"] != count:
        raise Failed(f"{told['created']} of {count} were registered")
    return {
        "server": peer.name,
        "batch": batch,
        "in_flight": in_flight,
        "count": count,
        "seconds": told["seconds"],
        "rows_per_second": told["registrations_per_second"],
        "server_cpu_seconds": used,
        "server_cpu_seconds_per_million": used / count * 1e6,
        "server_busy": used / told["seconds"],
        "loader_cpu_seconds": told["loader_cpu_seconds"],
        "loader_busy": told["loader_cpu_seconds"] / told["seconds"],
    }


def rows_for(rate, seconds, batch, in_flight, most):
    """Whole batches for that time, at least one on each connection, and no more than there are."""
    least = min(most, max(FIRST_LEAST, batch * in_flight))
    count = min(most, max(least, int(rate * seconds)))
    return count - count % batch if count >= batch else count


def run_registration(lab, peers):
    """Fills in lab.results.registration."""
    sides = []
    for peer in peers:
        if peer.name == "biaoshi":
            sides.append((peer, through_node))
        elif peer.name == "PostgreSQL":
            try:
                lab.say(f"{peer.name}: preparing")
                peer.prepare()
                peer.start()
                # Nothing was in it: this is not what the others' starts are.
                peer.start_seconds.clear()
                sides.append((peer, through_postgres))
            except (Failed, OSError) as error:
                lab.fail(peer.name, f"did not start: {error}")
                peer.stop()
    for batch in BATCHES:
        for in_flight in IN_FLIGHT:
            in_turn(lab, sides, batch, in_flight)
    for peer, _ in sides:
        lab.remember_memory(REGISTRATION, peer)
        peer.stop()


def in_turn(lab, sides, batch, in_flight):
    most = lab.data.count
    first = min(most, max(FIRST_LEAST, batch * in_flight * FIRST_BATCHES))
    counts = {}
    name = name_of(batch, in_flight)
    for number in range(lab.options.rounds + 1):
        for peer, through in sides:
            if number > 0 and peer.name not in counts:
                continue
            count = counts.get(peer.name, first)
            try:
                row = measure(lab, through, peer, count, batch, in_flight)
            except (Failed, OSError, ValueError, KeyError) as error:
                lab.fail(peer.name, f"registration {name}: {error}")
                counts.pop(peer.name, None)
                continue
            if number == 0:
                rate = row["rows_per_second"]
                counts[peer.name] = rows_for(rate, lab.options.seconds, batch, in_flight, most)
                continue
            lab.results.registration.append({"round": number, **row})
            lab.say(
                f"registration {name} {number}/{lab.options.rounds} {peer.name}: "
                f"{row['rows_per_second']:,.0f} a second"
            )
