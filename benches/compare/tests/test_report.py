"""Figures and tables."""

import unittest

import report
from rounds import KINDS


def row(server, cpu, rate, **more):
    given = {
        "kind": "dns", "server": server, "server_cpu_seconds_per_million": cpu,
        "answers_per_second": rate, "p50_us": 100, "p99_us": 2_345, "lost": 1, "sent": 1_000,
        "unexpected": 0, "server_busy": 0.99, "loader_busy": 0.5,
    }  # fmt: skip
    return {**given, **more}


class Report(unittest.TestCase):
    def test_numbers(self):
        told = [report.number(value) for value in (None, 0, 0.0421, 3.678, 12.34, 123.4, 12_345)]
        self.assertEqual(told, ["–", "0", "0.042", "3.68", "12.3", "123", "12,345"])
        told = [report.rounded(value) for value in (None, 0, 9.04, 163, 110_234, 1_234_567)]
        self.assertEqual(told, ["–", "0", "9.04", "163", "110,000", "1,230,000"])

    def test_spread(self):
        self.assertEqual(report.spread([3, 1, 2], "low"), "2.00 (1.00–3.00)")
        self.assertEqual(report.spread([300, 100, 200], "high"), "200 (300–100)")

    def test_limit(self):
        self.assertEqual(report.limit(0.99, 0.5), "server (99 %; 50 %)")
        self.assertEqual(report.limit(0.5, 0.97), "loader (50 %; 97 %)")
        self.assertEqual(report.limit(0.96, 0.97), "server and loader (96 %; 97 %)")
        self.assertEqual(report.limit(0.1, None), "neither (10 %; –)")

    def test_answers(self):
        rounds = [row("echo", 4, 230_000), row("biaoshi", 8, 110_000), row("biaoshi", 10, 90_000)]
        text = report.answers_table(KINDS[0], rounds, {"gdnsd": "not installed: see below"})
        lines = text.splitlines()
        self.assertEqual(len(lines), 2 + len(KINDS[0].asked))
        self.assertEqual({line.count("|") for line in lines}, {9})
        self.assertIn("9.00 (8.00–10.0)", lines[3])
        self.assertIn("2.2 × | 1.0 ×", lines[3])
        self.assertIn("2 of 2,000; 0", lines[3])
        self.assertIn("not installed: see below", lines[4])
        self.assertIn("not asked", lines[5])

    def test_registration(self):
        at = {"batch": 100, "in_flight": 16, "count": 1_600, "server_busy": 0.9}
        ours = {"server": "biaoshi", "rows_per_second": 100_000, "loader_busy": 0.5}
        theirs = {"server": "PostgreSQL", "rows_per_second": 50_000, "loader_busy": 0.25}
        rows = [
            {**at, **ours, "server_cpu_seconds_per_million": 5},
            {**at, **theirs, "server_cpu_seconds_per_million": 15},
        ]
        rows.append({**rows[1], "in_flight": 256})
        servers = ["biaoshi", "PostgreSQL"]
        lines = report.registration_table(rows, servers).splitlines()
        self.assertIn("| 100 × 256 | biaoshi | none: see below |", lines[4])
        self.assertIn("0.50 × | 15.0 (15.0–15.0) | 3.0 ×", lines[3])
        self.assertEqual({line.count("|") for line in lines}, {9})

    def test_what_was_not_measured(self):
        lines = report.servers_table(["NSD"], {}, {}, {}, {"NSD": "not installed"}).splitlines()
        self.assertEqual(lines[2], "| NSD | – | – | – | not installed |")


if __name__ == "__main__":
    unittest.main()
