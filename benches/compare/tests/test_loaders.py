"""What loaders tell, read."""

import json
import unittest

from loaders import parse_bench, parse_dnsperf, parse_redis_benchmark, parse_wrk
from processes import Failed

BENCH = {
    "via": "dns",
    "answered": 990,
    "sent": 1000,
    "lost": 9,
    "unexpected": 1,
    "seconds": 2.0,
    "answers_per_second": 495.0,
    "latency_us": {"mean": 10.5, "p50": 9, "p99": 40, "p99_9": 80, "max": 90},
    "loader_cpu_seconds": 1.5,
    "server": None,
}

DNSPERF = """
Statistics:

  Queries sent:         154930
  Queries completed:    154823 (99.93%)
  Queries lost:         107 (0.07%)

  Response codes:       NOERROR 154820 (100.00%), NXDOMAIN 3 (0.00%)
  Average packet size:  request 50, response 118
  Run time (s):         2.000871
  Queries per second:   77377.802007

  Average Latency (s):  0.002420 (min 0.000021, max 0.039918)
  Latency StdDev (s):   0.003119
"""

WRK = """Running 1s test @ http://127.0.0.1:1
  1 threads and 16 connections
figures {"requests": 1000, "duration_us": 2000000, "timeouts": 1, "status_errors": 2, \
"socket_errors": 3, "mean_us": 12.5, "p50_us": 11.0, "p99_us": 40.0}
"""

REDIS = (
    '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",'
    '"p99_latency_ms","max_latency_ms"\n'
    '"GET 88.118.0002/P__rand_int__","50000.00","0.125","0.016","0.063","0.200","6.220","9.000"\n'
)


class Loaders(unittest.TestCase):
    def test_bench(self):
        load = parse_bench(json.dumps(BENCH))
        self.assertEqual((load.answered, load.lost, load.unexpected), (990, 9, 1))
        self.assertEqual((load.p50_us, load.p99_us, load.loader_cpu_seconds), (9, 40, 1.5))

    def test_bench_that_failed(self):
        for text in ["", "error: no", "[]", json.dumps({**BENCH, "latency_us": None})]:
            with self.assertRaises(Failed, msg=text):
                parse_bench(text)

    def test_dnsperf(self):
        load = parse_dnsperf(DNSPERF)
        self.assertEqual((load.answered, load.sent, load.lost), (154_823, 154_930, 107))
        self.assertEqual(load.unexpected, 3)
        self.assertAlmostEqual(load.mean_us, 2_420)
        self.assertIsNone(load.p99_us)
        with self.assertRaises(Failed):
            parse_dnsperf("Error: no")

    def test_wrk(self):
        load = parse_wrk(WRK)
        self.assertEqual((load.answered, load.lost, load.unexpected), (1_000, 1, 5))
        self.assertEqual(load.answers_per_second, 500)
        with self.assertRaises(Failed):
            parse_wrk("unable to connect")

    def test_redis_benchmark(self):
        load = parse_redis_benchmark("noise\n" + REDIS, 100_000)
        self.assertEqual((load.answered, load.seconds), (100_000, 2.0))
        self.assertAlmostEqual(load.p99_us, 6_220)
        with self.assertRaises(Failed):
            parse_redis_benchmark("Could not connect", 1)


if __name__ == "__main__":
    unittest.main()
