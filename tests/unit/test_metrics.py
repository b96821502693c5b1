#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
GET /metrics of scitagd, as promtool and as the parsers of Prometheus' library
for Python read it, and as this reads it.

    test_metrics.py SCITAGD GEN_FLOW_METRICS
"""
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import scitagd
import test_http
from scitagd import FLOW, TIMEOUT_S, until
from test_http import MODULE, START

try:
    from prometheus_client import parser as old_parser
    from prometheus_client.openmetrics import parser as new_parser
except ImportError:
    old_parser = new_parser = None
PROMTOOL = shutil.which("promtool")

NEW_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
OLD_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What Prometheus 2.42 sends, and what it sent before it knew OpenMetrics.
PROMETHEUS = ("application/openmetrics-text;version=1.0.0,application/"
              "openmetrics-text;version=0.0.1;q=0.75,text/plain;"
              "version=0.0.4;q=0.5,*/*;q=0.1")
OLD_PROMETHEUS = "text/plain;version=0.0.4;q=1,*/*;q=0.1"

NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (\d+)")
SUFFIX = {"gauge": "", "counter": "_total", "info": "_info"}


def read(text):
    """
    Samples of a text in OpenMetrics, by name and labels. Each family has to be
    in one piece, with HELP and TYPE and then its samples.
    """
    assert text.endswith("\n# EOF\n"), text[-100:]
    samples, families, name, kind = {}, set(), None, None
    for line in text[:-len("# EOF\n")].splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in families, line
            assert len(line.split(" ")) > 3, line
            families.add(name)
            kind = None
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2] == name and kind is None, line
            kind = line.split(" ")[3]
        elif line.startswith("# UNIT "):
            assert line.split(" ")[2] == name, line
            assert name.endswith("_" + line.split(" ")[3]), line
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == name + SUFFIX[kind], line
            key = (match[1], match[2] or "")
            assert key not in samples, line
            samples[key] = int(match[3])
    return samples


def promtool(text):
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TIMEOUT_S)
    assert (done.returncode, done.stdout) == (0, b""), done.stdout.decode()


class Metrics(test_http.Case):
    def scrape(self, accept=None):
        answer = self.ask("GET", "/metrics",
                          headers={"Accept": accept} if accept else {})
        self.assertEqual(answer.status, 200)
        return answer

    def test_types(self):
        self.http()
        for accept, kind in ((None, NEW_TYPE), ("*/*", NEW_TYPE),
                             (PROMETHEUS, NEW_TYPE),
                             (OLD_PROMETHEUS, OLD_TYPE),
                             ("text/plain", OLD_TYPE)):
            answer = self.scrape(accept)
            self.assertEqual(answer.type, kind)
            self.assertEqual(answer.body.endswith(b"\n# EOF\n"),
                             kind == NEW_TYPE)

    def test_values(self):
        d = self.http("max-flows: 7\n")
        d.say("rubbish", f"start {FLOW} 3 14", f"start {FLOW} 3 14",
              f"start {FLOW} 2 9", f"end {FLOW} 2 9", f"end {FLOW} 2 9")
        for _ in range(4):
            d.receive()
        d.send(b"rubbish")
        d.nothing_more()
        self.ask("POST", "/v1/flows", START)
        self.ask("POST", "/v1/flows", dict(START, sport=1))
        self.ask("POST", "/v1/flows", dict(START, activity=64))
        until(lambda: self.ask("GET", "/v1/status").json()["receivers"][0][
            "received"], "the datagram")
        got = read(self.scrape().body.decode())
        version = (scitagd.TOP / "VERSION").read_text().strip()
        pipe = f'pipe="{d.pipe}"'
        receiver = f'receiver="127.0.0.1:{d.port}"'
        for name, labels, value in (
                ("scitagd_build_info", f'version="{version}"', 1),
                ("scitagd_flows_open", "", 2), ("scitagd_flows_max", "", 7),
                ("scitagd_flows_started_total", "", 4),
                ("scitagd_flows_started_by_kernel_total", "", 0),
                ("scitagd_flows_late_total", "", 0),
                ("scitagd_flows_retagged_total", "", 1),
                ("scitagd_flows_repeated_total", "", 1),
                ("scitagd_flows_ended_total", "", 2),
                ("scitagd_flows_unknown_ends_total", "", 1),
                ("scitagd_flows_refused_total", "", 1),
                ("scitagd_fireflies_sent_total", "", 8),
                ("scitagd_fireflies_failed_total", "", 0),
                ("scitagd_pipe_lines_total", pipe, 8),
                ("scitagd_pipe_lines_bad_total", pipe, 1),
                ("scitagd_receiver_datagrams_total",
                 receiver + ',result="bad"', 1),
                ("scitagd_receiver_datagrams_total",
                 receiver + ',result="taken"', 0),
                ("scitagd_tag_flows_total", 'exp="3",act="14"', 3),
                ("scitagd_tag_flows_total", 'exp="2",act="9"', 1),
                ("scitagd_tag_flows_total", 'exp="1",act="1"', 1),
                ("scitagd_flow_metrics_left_out", "", 0)):
            self.assertEqual(got[name, labels], value, name)
        self.assertLess(
            abs(time.time() - got["scitagd_start_time_seconds", ""]),
            TIMEOUT_S)

    @unittest.skipIf(MODULE, "module is loaded")
    def test_no_module(self):
        self.http()
        self.ask("POST", "/v1/flows", START)
        got = read(self.scrape().body.decode())
        self.assertEqual(got["scitagd_module_up", ""], 0)
        self.assertEqual(got["scitagd_module_flows_failed_total", ""], 1)
        self.assertNotIn(("scitagd_packets_marked_total", ""), got)

    def test_counters_only_grow(self):
        d = self.http()
        d.nothing_more()
        before = read(self.scrape().body.decode())
        for _ in range(3):
            d.nothing_more()
            now = read(self.scrape().body.decode())
            self.assertEqual(now.keys(), before.keys())
            for key in now:
                if key[0].endswith("_total"):
                    self.assertGreaterEqual(now[key], before[key])
            before = now
        self.assertEqual(now["scitagd_flows_started_total", ""], 4)

    @unittest.skipUnless(new_parser, "no prometheus_client")
    def test_library(self):
        self.http()
        new = list(new_parser.text_string_to_metric_families(
            self.scrape().body.decode()))
        old = list(old_parser.text_string_to_metric_families(
            self.scrape(OLD_PROMETHEUS).body.decode()))
        self.assertGreater(len(new), 20)

        def names(families):
            return {sample.name for family in families
                    for sample in family.samples}
        self.assertEqual(names(new), names(old))
        kinds = {family.name: family.type for family in new}
        self.assertEqual(kinds["scitagd_build"], "info")
        self.assertEqual(kinds["scitagd_flows_started"], "counter")
        self.assertEqual(kinds["scitagd_flows_open"], "gauge")
        for family in new:
            self.assertTrue(family.documentation, family.name)

    @unittest.skipUnless(PROMTOOL, "no promtool")
    def test_promtool(self):
        self.http()
        promtool(self.scrape("text/plain").body)


class FlowMetrics(unittest.TestCase):
    def generate(self, count, *more):
        return subprocess.run([GENERATE, str(count), *more], check=True,
                              stdout=subprocess.PIPE,
                              timeout=TIMEOUT_S).stdout

    def test_own(self):
        got = read(self.generate(100).decode())
        self.assertEqual(got[
            "flow_tcp_rtt", 'src="::1",dst="2001:db8::2",exp="0",act="0",'
            'flow="100:7"'], 100)
        self.assertEqual(len({labels for _, labels in got}), 100)
        self.assertEqual(len(got) % 100, 0)

    @unittest.skipUnless(new_parser, "no prometheus_client")
    def test_library(self):
        families = {family.name: family for family in
                    new_parser.text_string_to_metric_families(
                        self.generate(10).decode())}
        self.assertEqual(families["flow_tcp_bytes_sent"].type, "counter")
        rtt = families["flow_tcp_rtt"]
        self.assertEqual(rtt.type, "gauge")
        self.assertEqual([sample.value for sample in rtt.samples],
                         list(range(1, 11)))
        self.assertEqual(rtt.samples[4].labels,
                         {"src": "::1", "dst": "2001:db8::2", "exp": "0",
                          "act": "0", "flow": "5:7"})

    @unittest.skipUnless(PROMTOOL, "no promtool")
    def test_promtool(self):
        promtool(self.generate(10, "old"))


if __name__ == "__main__":
    GENERATE = sys.argv.pop(2)
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
