#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""scitag plot, which is the first argument, with the real gnuplot.

The recordings are written here by hand. A picture in SVG is read: its texts,
and where its points are.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

START = 1700000000  # 2023-11-14 22:13:20 UTC

FLOW = {"event": "flow", "id": 17, "protocol": "tcp", "src": "2001:db8::1",
        "sport": 40000, "dst": "2001:db8::2", "dport": 1094,
        "experiment": 2, "experiment-name": "atlas", "activity": 26,
        "activity-name": None}


def snapshot(seconds, flow=17, octets=0, **tcp):
    return {"event": "snapshot", "flow-id": flow, "bytes": octets,
            "time": START * 10**9 + int(seconds * 10**9), "tcp-info": tcp}


def datagrams(seconds, octets):
    shot = snapshot(seconds, octets=octets)
    del shot["tcp-info"]
    return shot


# One second apart: 1 and 2 MB are acknowledged, so 8 and 16 Mbit/s.
TRANSFER = [FLOW] + [
    snapshot(t, rtt=rtt, rttvar=rtt // 2, snd_cwnd=10 + t, pmtu=1500,
             bytes_acked=acked, bytes_received=0)
    for t, rtt, acked in ((0, 10000, 1), (1, 20000, 1000001),
                          (2, 40000, 3000001))]


class PlotTest(unittest.TestCase):
    def setUp(self):
        # pylint: disable=consider-using-with
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, lines, name="run.jsonl"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            for line in lines:
                file.write(line if isinstance(line, str) else json.dumps(line))
                file.write("\n")

    def plot(self, *args, **env):
        environment = {"PATH": "/usr/bin:/bin", **env}
        environment.update({k: v for k, v in os.environ.items()
                            if "SAN_" in k})
        return subprocess.run([SCITAG, "plot", *args], cwd=self.dir.name,
                              env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              universal_newlines=True, timeout=60)

    def svg(self, lines, *args):
        """The picture of these lines: its texts, and the points in it."""
        self.write(lines)
        run = self.plot("run.jsonl", "--output", "run.svg", *args)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
        with open(self.path("run.svg"), encoding="utf-8") as file:
            picture = file.read()
        texts = re.findall(r"<text>(?:<tspan[^>]*>)?([^<]*)<", picture)
        points = re.findall(r"<use xlink:href='#gpPt6' transform='translate"
                            r"\(([0-9.]+),([0-9.]+)\)", picture)
        return ([text.strip() for text in texts],
                [(float(x), float(y)) for x, y in points])

    def refused(self, status, error, *args, **env):
        run = self.plot(*args, **env)
        self.assertEqual((run.returncode, run.stdout), (status, ""), run)
        self.assertEqual(run.stderr.splitlines()[0], f"scitag: {error}")


class PictureTest(PlotTest):
    def test_labels(self):
        texts, _ = self.svg(TRANSFER)
        for text in ("RTT [ms]", "RTT variance [ms]", "cwnd [segments]",
                     "PMTU [octets]", "rate [Mbit/s]", "sent", "received",
                     "seconds since 2023-11-14 22:13:20 UTC",
                     "tcp 2001:db8::1 port 40000 to 2001:db8::2 port 1094, "
                     "atlas/26"):
            self.assertEqual(texts.count(text), 1, (text, texts))

    def test_points(self):
        """Three for each quantity, and two for each rate."""
        _, points = self.svg(TRANSFER)
        self.assertEqual(len(points), 3 * 4 + 2 * 2)
        rtt = points[:3]
        steps = [b[0] - a[0] for a, b in zip(rtt, rtt[1:])]
        self.assertGreater(steps[0], 100)
        self.assertAlmostEqual(steps[0], steps[1], delta=0.2)
        rises = [a[1] - b[1] for a, b in zip(rtt, rtt[1:])]
        self.assertGreater(rises[0], 10)
        self.assertAlmostEqual(rises[1] / rises[0], 2, delta=0.05)

    def test_rates(self):
        """8 and 16 Mbit/s sent, none received: heights over the axis."""
        _, points = self.svg(TRANSFER)
        sent, received = points[-4:-2], points[-2:]
        self.assertEqual(received[0][1], received[1][1])
        heights = [received[0][1] - y for _, y in sent]
        self.assertGreater(heights[0], 10)
        self.assertAlmostEqual(heights[1] / heights[0], 2, delta=0.05)

    def test_flows(self):
        """Each with its name, or its number; or only one that is chosen."""
        both = TRANSFER + [snapshot(t, 5, rtt=1000, bytes_acked=7)
                           for t in (0.5, 1.5)]
        texts, points = self.svg(both)
        self.assertEqual(texts.count("flow 5"), 1)
        self.assertEqual(sum("port 40000" in text for text in texts), 1)
        # Two round-trip times and a rate of the other one.
        self.assertEqual(len(points), 16 + 2 + 1)
        texts, points = self.svg(both, "--flow", "5")
        self.assertEqual(len(points), 2 + 1)
        self.assertNotIn("PMTU [octets]", texts)

    def test_datagrams(self):
        """A flow without a connection has the rate of what left."""
        texts, points = self.svg([FLOW, datagrams(0, 0), datagrams(1, 125000)])
        self.assertNotIn("RTT [ms]", texts)
        self.assertIn("rate [Mbit/s]", texts)
        self.assertEqual(sum("port 40000" in text for text in texts), 1)
        self.assertEqual(len(points), 1)

    def test_one_sample(self):
        """There is no rate without a second one."""
        texts, points = self.svg(TRANSFER[:2])
        self.assertNotIn("rate [Mbit/s]", texts)
        self.assertEqual(len(points), 4)

    def test_end(self):
        """The last snapshot may come twice, by itself and with the end."""
        end = dict(FLOW, event="end", snapshot=TRANSFER[3])
        _, points = self.svg(TRANSFER + [end])
        self.assertEqual(len(points), 16)
        _, points = self.svg(TRANSFER[:3] + [end])
        self.assertEqual(len(points), 16)

    def test_new_connection(self):
        """A counter that falls has no rate; the other one has."""
        _, points = self.svg(TRANSFER + [snapshot(3, bytes_acked=5,
                                                  bytes_received=0)])
        self.assertEqual(len(points), 16 + 1)

    def test_others(self):
        """What is not known is left out: lines, and fields."""
        lines = TRANSFER + ["", {"event": "lost", "what": "snapshots",
                                 "count": None},
                            {"event": "status", "flows": 1},
                            {"event": "of-the-future", "id": "x"}]
        _, points = self.svg(lines)
        self.assertEqual(len(points), 16)

    def test_many(self):
        """With more samples than points can be told apart there are none."""
        _, points = self.svg([FLOW] + [snapshot(t / 100, rtt=1000 + t)
                                       for t in range(501)])
        self.assertEqual(points, [])

    def test_names(self):
        """A name is a text to gnuplot, whatever is in it."""
        name = "it's `touch a`\n\"'; system('touch b') #\\ {/Symbol x} _1 \u00e9"
        texts, _ = self.svg([dict(FLOW, **{"activity-name": name})] +
                            TRANSFER[1:])
        self.assertTrue(any("it's ?touch a??" in text.replace("&#39;", "'")
                            and "{/Symbol x} _1 \u00e9" in text
                            for text in texts), texts)
        self.assertEqual(sorted(os.listdir(self.dir.name)),
                         ["run.jsonl", "run.svg"])

    def test_png(self):
        """The default: beside the recording."""
        self.write(TRANSFER)
        run = self.plot("run.jsonl")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        with open(self.path("run.png"), "rb") as file:
            picture = file.read()
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", picture[16:24])
        self.assertEqual(width, 1000)
        self.assertGreater(height, 800)
        self.assertEqual(picture[-8:-4], b"IEND")

    def test_stdin(self):
        text = "\n".join(json.dumps(line) for line in TRANSFER)
        run = subprocess.run([SCITAG, "plot", "-", "--output", "x.PNG"],
                             input=text, cwd=self.dir.name, check=False,
                             universal_newlines=True)
        self.assertEqual(run.returncode, 0)
        self.assertTrue(os.path.getsize(self.path("x.PNG")))


class MistakeTest(PlotTest):
    def bad(self, error, *lines):
        self.write(lines)
        self.refused(1, f"run.jsonl:{error}", "run.jsonl")
        self.assertEqual(os.listdir(self.dir.name), ["run.jsonl"])

    def test_lines(self):
        self.bad("2: ends too early", FLOW, '{"event":')
        self.bad("1: unexpected character", "what?")
        self.bad("2: this is not an object", FLOW, "[]")
        self.bad('1: "event" is missing', {})
        self.bad('3: "flow-id" is missing', FLOW, "", {"event": "snapshot"})
        self.bad('1: "time" is missing', {"event": "snapshot", "flow-id": 1})
        self.bad('1: "time" is not a number of 0..9223372036854775807',
                 {"event": "snapshot", "flow-id": 1, "time": "now"})
        self.bad('1: "flow-id" is not a number of 0..4294967295',
                 dict(snapshot(0), **{"flow-id": -1}))
        self.bad('1: "tcp-info" is not an object',
                 dict(snapshot(0), **{"tcp-info": [1]}))
        self.bad('2: "rtt" is not a number of 0..18446744073709551615',
                 FLOW, snapshot(0, rtt="x"))
        self.bad('1: "dport" is missing',
                 {k: v for k, v in FLOW.items() if k != "dport"})
        self.bad('1: "id" is missing', {"event": "end"})
        self.bad(" no snapshots", FLOW)
        self.bad(" no snapshots")

    def test_flows(self):
        self.write(TRANSFER)
        self.refused(1, "run.jsonl: no snapshots of this flow", "run.jsonl",
                     "--flow", "18")
        self.write([snapshot(0, flow, rtt=1) for flow in range(1, 10)])
        self.refused(1, "run.jsonl: snapshots of 9 flows, and at most 8 can "
                        "be told apart: choose one with --flow ID",
                     "run.jsonl")

    def test_words(self):
        self.refused(2, "plot which file? one of scitag record")
        self.refused(2, 'plot takes no more words: "y"', "x", "y")
        self.refused(2, '--output: "x.pdf" ends neither in .png nor in .svg',
                     "x", "--output", "x.pdf")
        self.refused(2, '--output: ".png" ends neither in .png nor in .svg',
                     "x", "--output", ".png")
        self.refused(2, "--output: write a file", "x", "--output")
        self.refused(2, "where to? write --output and a file", "-")
        self.refused(2, "where to? write --output and a file", "x.png")
        self.refused(2, "--flow: write the id of a flow", "x", "--flow")
        self.refused(2, '--flow: "0" is not a number of 1..4294967295', "x",
                     "--flow", "0")

    def test_files(self):
        self.refused(1, "nothing: No such file or directory", "nothing")
        self.write(TRANSFER)
        self.refused(1, "gone/x.svg: No such file or directory", "run.jsonl",
                     "--output", "gone/x.svg")
        os.symlink("/dev/full", self.path("full.svg"))
        self.refused(1, "full.svg: No space left on device", "run.jsonl",
                     "--output", "full.svg")

    def test_gnuplot(self):
        """That it is missing or fails leaves the picture of before."""
        self.write(TRANSFER)
        self.write(["old"], "run.png")
        self.refused(1, "gnuplot is not installed: apt install gnuplot-nox",
                     "run.jsonl", PATH=self.dir.name)
        gnuplot = self.path("gnuplot")
        self.write(["#!/bin/sh", "echo half", "exit 3"], "gnuplot")
        os.chmod(gnuplot, 0o755)
        self.refused(1, "gnuplot failed", "run.jsonl", PATH=self.dir.name)
        with open(self.path("run.png"), encoding="ascii") as file:
            self.assertEqual(file.read(), "old\n")


if __name__ == "__main__":
    SCITAG = os.path.abspath(sys.argv.pop(1))
    unittest.main(argv=[sys.argv[0], "-v"])
