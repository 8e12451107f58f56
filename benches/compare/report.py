"""The tables, from what was measured: no clock, no process, no file."""

from statistics import median

# Of a core's time; beyond it whoever has that core was the limit.
BUSY = 0.95

NONE = "–"


# ----------- Numbers ------------------------------------------------------------


def number(value, digits=3):
    """So many significant digits, thousands with commas."""
    if value is None:
        return NONE
    if value == 0 or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:.{digits - whole}f}"


def rounded(value, digits=3):
    """A large number to so many significant digits."""
    if value is None or value == 0:
        return NONE if value is None else "0"
    unit = 10 ** max(0, len(str(int(abs(value)))) - digits)
    return number(round(value / unit) * unit if unit > 1 else value, digits)


def spread(values, best, show=number):
    """The median, and from the best to the worst."""
    best_of, worst_of = (min, max) if best == "low" else (max, min)
    return f"{show(median(values))} ({show(best_of(values))}–{show(worst_of(values))})"


def times(value, base):
    return f"{number(value / base, 2)} ×" if base and value is not None else NONE


def mib(value):
    return f"{value / 1_048_576:,.0f}"


def percent(value):
    return f"{value * 100:.0f} %"


def limit(server_busy, loader_busy):
    """Whose core had no time left."""
    whose = [
        name
        for name, busy in (("server", server_busy), ("loader", loader_busy))
        if busy is not None and busy >= BUSY
    ]
    said = " and ".join(whose) or "neither"
    loader = percent(loader_busy) if loader_busy is not None else NONE
    return f"{said} ({percent(server_busy)}; {loader})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def column(rows, name):
    return [row[name] for row in rows if row[name] is not None]


def middle(rows, name):
    values = column(rows, name)
    return median(values) if values else None


# ----------- Answers ------------------------------------------------------------


def answers_table(kind, rounds, failures):
    """A line a server that was asked this; a line too for one that could not be."""
    by_server = {}
    for row in rounds:
        if row["kind"] == kind.option:
            by_server.setdefault(row["server"], []).append(row)
    cost = {
        name: middle(rows, "server_cpu_seconds_per_million") for name, rows in by_server.items()
    }
    lines = []
    for name in kind.asked:
        rows = by_server.get(name)
        if not rows:
            lines.append([name, failures.get(name, "not asked")] + [NONE] * 6)
            continue
        lines.append([
            name,
            spread(column(rows, "server_cpu_seconds_per_million"), "low"),
            spread(column(rows, "answers_per_second"), "high", rounded),
            times(cost[name], cost.get("echo")),
            times(cost[name], cost.get("biaoshi")),
            f"{rounded(middle(rows, 'p50_us'))}; {rounded(middle(rows, 'p99_us'))}",
            f"{sum(column(rows, 'lost')):,} of {sum(column(rows, 'sent')):,}; "
            f"{sum(column(rows, 'unexpected')):,}",
            limit(middle(rows, "server_busy"), middle(rows, "loader_busy")),
        ])  # fmt: skip
    head = [
        "server",
        "CPU-s per million (best–worst)",
        "answers a second (best–worst)",
        "CPU to the echo",
        "CPU to biaoshi",
        "p50; p99, µs",
        "lost; unexpected",
        "the limit (core of server; of loader)",
    ]
    return table(head, lines)


# ----------- Servers ------------------------------------------------------------


def servers_table(names, versions, memory, starts, failures):
    lines = []
    for name in names:
        seen = memory.get(name, [])
        most = max(seen, key=lambda one: one["pss_bytes"], default=None)
        took = starts.get(name)
        lines.append([
            name,
            versions.get(name, NONE),
            f"{mib(most['rss_bytes'])}; {mib(most['pss_bytes'])}" if most else NONE,
            spread(took, "low") if took else NONE,
            failures.get(name, "measured"),
        ])  # fmt: skip
    head = [
        "server",
        "version",
        "memory, MiB: RSS; shared pages once",
        "first right answer after, s (best–worst)",
        "state",
    ]
    return table(head, lines)


# ----------- Registration -------------------------------------------------------


def registration_table(rows, servers):
    """A line too for a server that took part and could not do that one."""
    groups = {}
    for row in rows:
        at = (row["batch"], row["in_flight"])
        groups.setdefault(at, {}).setdefault(row["server"], []).append(row)
    lines = []
    for (batch, in_flight), by_server in sorted(groups.items()):
        ours = by_server.get("biaoshi")
        for name in servers:
            of = by_server.get(name)
            if not of:
                lines.append([f"{batch:,} × {in_flight}", name, "none: see below"] + [NONE] * 5)
                continue
            cost = middle(of, "server_cpu_seconds_per_million")
            rate = middle(of, "rows_per_second")
            lines.append([
                f"{batch:,} × {in_flight}",
                name,
                f"{max(column(of, 'count')):,}",
                spread(column(of, "rows_per_second"), "high", rounded),
                times(rate, middle(ours, "rows_per_second")) if ours else NONE,
                spread(column(of, "server_cpu_seconds_per_million"), "low"),
                times(cost, middle(ours, "server_cpu_seconds_per_million")) if ours else NONE,
                f"{percent(middle(of, 'server_busy'))}; {percent(middle(of, 'loader_busy'))}",
            ])  # fmt: skip
    head = [
        "batch × in flight",
        "server",
        "rows",
        "rows a second (best–worst)",
        "to biaoshi",
        "CPU-s per million (best–worst)",
        "to biaoshi",
        "core of server; of loader",
    ]
    return table(head, lines)


# ----------- Loaders ------------------------------------------------------------


def loader_table(rows):
    groups = {}
    for row in rows:
        at = (row["protocol"], row["server"], row["rate"] or 0, row["loader"])
        groups.setdefault(at, []).append(row)
    lines = []
    for (protocol, server, rate, loader), of in groups.items():
        lines.append([
            f"{protocol}, {server}",
            f"{rate:,}" if rate else "as fast as it goes",
            loader,
            spread(column(of, "answers_per_second"), "high", rounded),
            "; ".join(rounded(middle(of, name)) for name in ("mean_us", "p50_us", "p99_us")),
            f"{sum(column(of, 'lost')):,}; {sum(column(of, 'unexpected')):,}",
            number(middle(of, "loader_cpu_seconds_per_million")),
            number(middle(of, "server_cpu_seconds_per_million")),
        ])  # fmt: skip
    head = [
        "asked",
        "rate",
        "loader",
        "answers a second (best–worst)",
        "mean; p50; p99, µs",
        "lost; unexpected",
        "CPU-s per million: loader",
        "server",
    ]
    return table(head, lines)


# ----------- All of it ----------------------------------------------------------


def machine_text(machine):
    return (
        f"{machine['date']}. {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_mib'] / 1024:.1f} GiB; Linux {machine['kernel']}, {machine['system']}; "
        f"load {machine['load']} before. Data on {machine['file_system']}; "
        f"a sync of 4 KiB takes {machine['sync_us']} µs."
    )


def render(told):
    """The document, from what compare.py keeps."""
    options, results = told["options"], told["results"]
    # The tables say that something failed, the notes what.
    failures = {name: why[0].split(":")[0] + ": see below" for name, why in
                results["failures"].items()}  # fmt: skip
    rate = f", {options['rate']:,} questions a second" if options["rate"] else ""
    parts = [
        "## biaoshi and others\n",
        machine_text(told["machine"]) + "\n",
        f"{options['identifiers']:,} identifiers; {options['rounds']} interleaved rounds of "
        f"{options['seconds']:g} s{rate}. Medians; servers on core 0, loaders on core 1.\n",
    ]
    names = [name for name in told["names"] if name in told["asked"]]
    servers = servers_table(
        names, told["versions"], results["memory"], results["starts"], failures
    )
    parts += ["### Servers\n", servers]
    for kind in told["kinds"]:
        parts += [f"### {kind.title}\n", answers_table(kind, results["rounds"], failures)]
    if results["registration"]:
        parts += [
            "### Registration, durable, and COPY into PostgreSQL\n",
            registration_table(
                results["registration"],
                [name for name in ("biaoshi", "PostgreSQL") if name in told["asked"]],
            ),
        ]
    if results["loader_check"]:
        parts += ["### The loader beside others\n", loader_table(results["loader_check"])]
    tools = ", ".join(f"{name} {version}" for name, version in told["tools"].items())
    if tools:
        parts.append(f"Loaders: {tools}.\n")
    if told["notes"]:
        parts.append("\n".join(f"- {note}" for note in told["notes"]) + "\n")
    return "\n".join(parts)
