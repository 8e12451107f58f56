"""Zones, rows, plans, bytes on the wire, processes."""

import struct
import unittest

import plan
import postgres_client
import probe
import processes
from data import naptr_records
from registration import rows_for

ZONE = """$ORIGIN id.example.
$TTL 3600
@ IN SOA ns hostmaster 1 3600 600 86400 60
; a comment
p1.0002.118.88 IN NAPTR 100 10 "u" "IDIS+URL" "!^.*$!https://e.example/1!" .
  3600 IN TXT "2000 NAME=x"
abc._x.2.709.88 3600 IN NAPTR 100 10 "u" "IDIS+URL" "!^.*$!https://e.example/2?a=b!" .
$ORIGIN other.example.
q NAPTR 100 10 "u" "IDIS+URL" "!^.*$!https://e.example/3!" .
absolute.example. IN 60 NAPTR 100 10 "u" "IDIS+URL" "!^.*$!https://e.example/4!" .
   NAPTR 100 20 "u" "IDIS+URL" "!^.*$!https://e.example/5!" .
"""


class Data(unittest.TestCase):
    def test_naptr_records(self):
        found = [(one.owner, one.url[-3:]) for one in naptr_records(ZONE.splitlines(True))]
        self.assertEqual(found, [
            ("p1.0002.118.88.id.example.", "e/1"),
            ("abc._x.2.709.88.id.example.", "a=b"),
            ("q.other.example.", "e/3"),
            ("absolute.example.", "e/4"),
            ("absolute.example.", "e/5"),
        ])  # fmt: skip

    def test_questions(self):
        question = probe.dns_question(7, "a-1.id.example.")
        self.assertEqual(question[:2], b"\0\x07")
        self.assertEqual(question[12:], b"\x03a-1\x02id\x07example\0\0\x23\0\x01")
        self.assertEqual(probe.resp("GET", "k"), b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")

    def test_copy(self):
        row = postgres_client.copy_row("88.118.2/A", '{"a":"x\\"y"}')
        self.assertEqual(row, b'88.118.2/A\t{"a":"x\\\\"y"}\n')
        buffer = bytearray(postgres_client.copy_messages([row, row]))
        kinds = [kind for kind, _ in postgres_client.messages(buffer)]
        self.assertEqual((kinds, len(buffer)), ([b"Q", b"d", b"c"], 0))

    def test_messages_in_parts(self):
        """What was told is gone from the buffer, also for who stops there."""
        whole = postgres_client.message(b"Z", b"I")
        buffer = bytearray(whole + whole[:3])
        self.assertEqual(next(postgres_client.messages(buffer)), (b"Z", b"I"))
        self.assertEqual(bytes(buffer), whole[:3])
        self.assertEqual(list(postgres_client.messages(buffer)), [])
        self.assertEqual(struct.unpack(">I", whole[1:5])[0], 5)

    def test_rows_for(self):
        self.assertEqual(rows_for(1_000, 5, 1, 1, 20_000), 5_000)
        self.assertEqual(rows_for(1_050, 1, 100, 1, 20_000), 1_000)
        # At least a batch on each connection, and never more than there are.
        self.assertEqual(rows_for(10, 1, 100, 16, 20_000), 1_600)
        self.assertEqual(rows_for(10, 1, 2_000, 256, 20_000), 20_000)
        self.assertEqual(rows_for(10, 1, 2_000, 1, 1_500), 1_500)


class Plan(unittest.TestCase):
    def test_who_takes_part(self):
        names = lambda *words: [peer.name for peer in plan.peers_of(plan.parse(words))]
        self.assertEqual(len(names()), 10)
        self.assertEqual(names("--only", "handle-tcp"), ["biaoshi"])
        self.assertEqual(names("--only", "dns", "--peers", "biaoshi,nsd"), ["biaoshi", "NSD"])
        self.assertEqual(names("--only", "registration"), ["biaoshi", "PostgreSQL"])
        self.assertEqual(names("--check-loader"), ["biaoshi", "Knot DNS", "nginx, a constant"])

    def test_describe(self):
        options = plan.parse(["--identifiers", "20,000", "--only", "dns"])
        self.assertIn("echo → biaoshi → gdnsd", plan.describe(options, []))


class Processes(unittest.TestCase):
    def test_what_a_tool_used(self):
        words = ["sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done"]
        done = processes.run(words, seconds_max=30, core=0)
        self.assertEqual(done.output, "done\n")
        self.assertGreater(done.cpu_seconds, 0)

    def test_a_tool_that_fails(self):
        for words, why in [(["sh", "-c", "echo no >&2; exit 3"], "exit code 3: no"),
                           (["sleep", "30"], "took too long")]:  # fmt: skip
            with self.assertRaisesRegex(processes.Failed, why):
                processes.run(words, seconds_max=0.1, core=0)
        self.assertEqual(processes.running, [])


if __name__ == "__main__":
    unittest.main()
