"""Whether biaoshi's loader tells what other people's loaders tell of the same server."""

from loaders import bench, dnsperf, wrk
from processes import Failed, cpu_seconds
from rounds import start

# Of what the slower loader reaches.
FIXED_PART = 0.5

PATHS_MAX = 65_536


def run_check(lab, peers):
    """Fills in lab.results.loader_check."""
    by_name = {peer.name: peer for peer in peers}
    order = ["biaoshi", "Knot DNS", "nginx, a constant"]
    lab.needs_body_bytes = True
    ready = [by_name[name] for name in order if name in by_name and start(lab, by_name[name])]
    paths = lab.data.folder / "paths.txt"
    lines = (lab.data.path(identifier) + "\n" for identifier, _ in lab.data.lines(PATHS_MAX))
    paths.write_text("".join(lines), encoding="utf-8")
    for peer in ready:
        if peer.name != "nginx, a constant":
            check(lab, "DNS", peer, {
                "dnsperf": lambda rate, port=peer.port:
                    dnsperf(lab, port, lab.options.seconds, rate),
                "biaoshi": lambda rate, port=peer.port:
                    bench(lab, "dns", port, lab.options.seconds, rate=rate),
            })  # fmt: skip
        if peer.name != "Knot DNS":
            port = getattr(peer, "http_port", peer.port)
            check(lab, "HTTP", peer, {
                "wrk": lambda rate, port=port: wrk(lab, port, lab.options.seconds, paths, rate),
                "biaoshi": lambda rate, port=port:
                    bench(lab, "http", port, lab.options.seconds, rate=rate),
            })  # fmt: skip
    for peer in ready:
        peer.stop()


def check(lab, protocol, peer, loaders):
    """As fast as it goes, then both at half of what the slower one reached."""
    rates = {}
    at_saturation = rounds(lab, protocol, peer, loaders, None)
    for row in at_saturation:
        rates.setdefault(row["loader"], []).append(row["answers_per_second"])
    if len(rates) < len(loaders):
        return
    slower = min(sorted(all_of)[len(all_of) // 2] for all_of in rates.values())
    rounds(lab, protocol, peer, loaders, max(1, round(slower * FIXED_PART)))


def rounds(lab, protocol, peer, loaders, rate):
    rows = []
    for number in range(1, lab.options.rounds + 1):
        for name, load in loaders.items():
            before = cpu_seconds(peer.server.pid)
            try:
                told = load(rate)
            except (Failed, OSError) as error:
                lab.fail(peer.name, f"{protocol} asked by {name}: {error}")
                continue
            used = cpu_seconds(peer.server.pid) - before
            rows.append({
                "round": number,
                "protocol": protocol,
                "server": peer.name,
                "loader": name,
                "rate": rate,
                **told.as_dict(),
                "server_cpu_seconds_per_million": used / max(1, told.answered) * 1e6,
                "loader_cpu_seconds_per_million":
                    told.loader_cpu_seconds / max(1, told.answered) * 1e6,
            })  # fmt: skip
            at = f"at {rate:,} a second" if rate else "as fast as it goes"
            lab.say(
                f"{protocol}, {peer.name} asked by {name} {at}: {told.answers_per_second:,.0f}"
            )
    lab.results.loader_check += rows
    return rows
