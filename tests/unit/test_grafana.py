#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
docs/grafana and docs/collectors/prometheus.yml with a real Prometheus, which
scrapes a scitagd whose module is made up (fake_kernel.c): every query of the
dashboard has an answer, and every alert comes when it should.

    test_grafana.py SCITAGD_FAKE
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
import scitagd
import test_http
from scitagd import HERE, THERE, TOP, until

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
ALERTS = TOP / "docs/grafana/alerts.yaml"
ALERTS_TEST = TOP / "tests/data/alerts-test.yaml"
# What Grafana puts in.
VARIABLES = {"$instance": ".*", "$job": ".*", "$__rate_interval": "4s"}
# Names of which there may be as many as there are connections.
UNBOUNDED = {"src", "dst", "flow"}
TAGS = "3 14", "2 9", "16 14"


def dashboard():
    return json.loads((TOP / "docs/grafana/scitag.json").read_text())


def queries():
    """All queries of the dashboard, by panel."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


class Prometheus:
    """With the configuration of the docs, but for names and patience."""

    def __init__(self, case, port, token):
        self.port = test_http.tcp_port()
        directory = pathlib.Path(case.dir)
        text = (TOP / "docs/collectors/prometheus.yml").read_text()
        for old, new in (("scrape_interval: 15s", "scrape_interval: 1s"),
                         ("evaluation_interval: 15s",
                          "evaluation_interval: 1s"),
                         ("127.0.0.1:7777", f"127.0.0.1:{port}"),
                         ("/etc/prometheus/scitagd.token", str(token)),
                         ("/etc/prometheus/scitag-alerts.yaml", str(ALERTS))):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        config = directory / "prometheus.yml"
        config.write_text(text)
        subprocess.run([PROMTOOL, "check", "config", str(config)], check=True,
                       stdout=subprocess.DEVNULL)
        with open(directory / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                [PROMETHEUS, f"--config.file={config}",
                 f"--storage.tsdb.path={directory}/tsdb",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stderr=log)
        case.addCleanup(self.stop)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def get(self, path, **parameters):
        url = (f"http://127.0.0.1:{self.port}/api/v1/{path}?"
               + urllib.parse.urlencode(parameters))
        with urllib.request.urlopen(url, timeout=scitagd.TIMEOUT_S) as f:
            answer = json.load(f)
        assert answer["status"] == "success", answer
        return answer["data"]

    def is_up(self):
        try:
            up = self.get("query", query="up")["result"]
        except OSError:
            return False
        return [sample["value"][1] for sample in up] == ["1"]

    def query(self, text):
        return self.get("query", query=text)["result"]


def fill_in(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text


@unittest.skipUnless(PROMETHEUS, "no prometheus")
class Queries(test_http.Case):
    def setUp(self):
        super().setUp()
        self.d = self.http()
        self.d.say(*(f"start tcp {HERE} {port} {THERE} 7 {TAGS[port % 3]}"
                     for port in range(1000, 1009)))
        self.prometheus = Prometheus(self, self.port, self.token)
        # More than what rate() needs.
        until(self.prometheus.is_up, "scrape")
        until(lambda: self.value("count_over_time(scitagd_flows_open[1m])")
              > 5, "scrapes")

    def value(self, query):
        result = self.prometheus.query(query)
        return float(result[0]["value"][1]) if result else 0

    def answer(self, query):
        """What there is, once there is something."""
        return until(lambda: self.prometheus.query(query), query)

    def test_all(self):
        self.check_dashboard()
        self.check_values()
        self.check_rules()

    def check_dashboard(self):
        for title, query, legend in queries():
            with self.subTest(panel=title, query=query):
                result = self.answer(fill_in(query))
                names = set().union(*(sample["metric"] for sample in result))
                self.assertFalse(names & UNBOUNDED)
                for name in re.findall(r"{{(\w+)}}", legend):
                    self.assertIn(name, names)
                for sample in result:
                    self.assertGreaterEqual(float(sample["value"][1]), 0)

    def check_values(self):
        """fake_kernel.c: 1000 packets a second in each of three flows of a
        tag, 980 of them marked."""
        query = {title: expr for title, expr, _ in queries()}
        self.near(query["Marked packets by experiment and activity"],
                  {("3", "14"): 2940, ("2", "9"): 2940, ("16", "14"): 2940})
        self.near(query["Octets by experiment and activity"],
                  {("3", "14"): 4.5e6, ("2", "9"): 4.5e6, ("16", "14"): 4.5e6})
        self.near(query["Octets sent again"],
                  {("3", "14"): .01, ("2", "9"): .01, ("16", "14"): .01})
        self.near(query["Round-trip time, median"],
                  {("3", "14"): .034, ("2", "9"): .029, ("16", "14"): .034})
        self.near(query["Delivery rate, sum"],
                  {tag: 3 * 8 * 1.428e6 for tag in
                   (("3", "14"), ("2", "9"), ("16", "14"))})

    def near(self, query, expected):
        """Within a fifth: scrapes are late on a busy machine."""
        def right():
            got = {(s["metric"]["exp"], s["metric"]["act"]):
                   float(s["value"][1])
                   for s in self.prometheus.query(
                       fill_in(query).replace("4s", "10s"))}
            return got.keys() == expected.keys() and all(
                0.8 * value < got[tag] < 1.2 * value
                for tag, value in expected.items())
        until(right, f"{expected} from {query}")

    def check_rules(self):
        """All is well: none is firing, nor will be. (A scrape that took more
        than its second makes one pending, up to the next.)"""
        def quiet():
            group, = self.prometheus.get("rules")["groups"]
            self.assertEqual(len(group["rules"]), 8)
            for rule in group["rules"]:
                self.assertNotIn("firing", [alert["state"] for alert in
                                            rule["alerts"]], rule["name"])
            return all(rule["health"] == "ok" and not rule["alerts"]
                       for rule in group["rules"])
        until(quiet, "rules without an alert")


class Files(unittest.TestCase):
    def test_dashboard(self):
        board = dashboard()
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(set(ids)), len(ids))
        places = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertNotIn((x, y), places, panel["title"])
                    places.add((x, y))
            if panel["type"] != "row":
                self.assertTrue(panel["description"], panel["title"])
        self.assertGreater(len(list(queries())), 20)

    @unittest.skipUnless(PROMTOOL, "no promtool")
    def test_alerts(self):
        """Each comes in a story of its own (tests/data/alerts-test.yaml)."""
        names = re.findall(r"alert: (\w+)", ALERTS.read_text())
        tested = re.findall(r'alertname="(\w+)"', ALERTS_TEST.read_text())
        self.assertEqual(set(tested), set(names))
        done = subprocess.run([PROMTOOL, "test", "rules", str(ALERTS_TEST)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    if os.environ.get("SCITAG_EXPECT_ALL") and not PROMETHEUS:
        sys.exit("prometheus is missing")
    unittest.main()
