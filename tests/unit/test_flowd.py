#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The same lines for flowd and for scitagd: docs/peers.md names every difference
between the fireflies that come of them.

    test_flowd.py SCITAGD

flowd is what its published source does (scitags/flowd: np_api, udp_firefly),
written down here anew: it remembers nothing, and makes one firefly of each
line that it takes.
"""
import json
import re
import sys
import unittest

sys.dont_write_bytecode = True
import scitagd
from scitagd import FLOW, HERE, THERE, TOP

HOST = "se_1.example.org"   # as scitagd.py has it
NOW = "2026-01-02T03:04:05.678901+00:00"
# Shown elsewhere: takes a kernel with connections (tests/vm/ongoing.py).
ELSEWHERE = {"ongoing fireflies"}
shown = set()


def shows(*differences):
    """A test that fails if one of these is none."""
    shown.update(differences)
    return lambda test: test


def flowd(line):
    """The datagram and the address that flowd sends it to, or None."""
    words = line.strip().split(" ")
    if len(words) != 8:
        return None
    state, protocol, src, sport, dst, dport, experiment, activity = words
    lifecycle = {"state": state, "current-time": NOW}
    if state == "start":
        lifecycle["start-time"] = NOW
    elif state == "end":
        lifecycle["start-time"] = None
        lifecycle["end-time"] = NOW
    body = {"version": 1, "flow-lifecycle": lifecycle,
            "flow-id": {"afi": "ipv6" if ":" in dst else "ipv4", "src-ip": src,
                        "dst-ip": dst, "protocol": protocol,
                        "src-port": int(sport), "dst-port": int(dport)},
            "context": {"experiment-id": int(experiment),
                        "activity-id": int(activity),
                        "application": "flowd v1.1"}}
    return (f"<134>1 {NOW} {HOST} flowd - firefly-json - {json.dumps(body)}",
            dst)


def flat(datagram):
    """Fields of a firefly by their place; each time is the same one."""
    header, body = datagram.split("{", 1)
    body = json.loads("{" + body)
    fields = dict(zip(("pri", "time", "hostname", "app-name", "procid",
                       "msgid", "data"), header.split(" ")))
    for name, value in body.items():
        if isinstance(value, dict):
            fields.update({f"{name}.{key}": inner
                           for key, inner in value.items()})
        else:
            fields[name] = value
    is_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
    return {name: NOW if is_time.fullmatch(str(value)) else value
            for name, value in fields.items()}


def differences(line, firefly):
    """Places at which scitagd's firefly is not that of flowd."""
    theirs, ours = flat(flowd(line)[0]), flat(firefly.datagram.decode())
    return {name: (theirs.get(name, "none"), ours.get(name, "none"))
            for name in theirs.keys() | ours.keys()
            if theirs.get(name, "none") != ours.get(name, "none")}


ALWAYS = {"app-name": ("flowd", "scitagd"),
          "hostname": (HOST, HOST.replace("_", "-")),
          "context.application": ("flowd v1.1", "none")}
AT_END = {"flow-lifecycle.start-time": (None, NOW),
          "usage.received": ("none", 0), "usage.sent": ("none", 0)}


class Flowd(scitagd.Case):
    def say(self, d, line):
        d.say(line)
        return d.receive()

    @shows("app-name", "application", "host name with `_`",
           "start time of an end", "usage")
    def test_flows(self):
        """All other fields are the same, of every protocol and family."""
        d = self.daemon()
        for flow in (FLOW, f"tcp {THERE} 40000 {HERE} 1094",
                     "tcp 192.0.2.1 1094 192.0.2.2 40000",
                     f"udp {HERE} 1 {THERE} 65535"):
            for ids in "3 14", "511 63", "0 0":
                line = f"start {flow} {ids}"
                self.assertEqual(differences(line, self.say(d, line)), ALWAYS)
                line = f"end {flow} {ids}"
                self.assertEqual(differences(line, self.say(d, line)),
                                 {**ALWAYS, **AT_END})
        d.nothing_more()

    @shows("spaces in the JSON")
    def test_spaces(self):
        d = self.daemon()
        line = f"start {FLOW} 3 14"
        body = self.say(d, line).datagram.decode().split("{", 1)[1]
        self.assertNotIn(" ", body)
        self.assertIn('": ', flowd(line)[0])

    @shows("addresses")
    def test_addresses(self):
        d = self.daemon()
        line = ("start tcp 2001:0DB8:0000:0000:0000:0000:0000:0001 1094 "
                "2001:db8:0:0::2 40000 3 14")
        self.assertEqual(differences(line, self.say(d, line)), {
            **ALWAYS,
            "flow-id.src-ip": (line.split(" ")[2], HERE),
            "flow-id.dst-ip": ("2001:db8:0:0::2", THERE)})

    @shows("letters and blanks")
    def test_words(self):
        d = self.daemon()
        line = f"start   {FLOW}\t3 14"
        self.assertIsNone(flowd(line))
        self.assertEqual(self.say(d, line).state, "start")
        line = f"END {FLOW} 3 14"
        self.assertEqual(differences(line, self.say(d, line))[
            "flow-lifecycle.state"], ("END", "end"))

    @shows("ids of an end")
    def test_swapped(self):
        d = self.daemon()
        self.say(d, f"start {FLOW} 3 14")
        line = f"end {FLOW} 14 3"
        self.assertEqual(differences(line, self.say(d, line)), {
            **ALWAYS, **AT_END, "context.experiment-id": (14, 3),
            "context.activity-id": (3, 14)})

    @shows("end of an unknown flow", "flow of other hosts")
    def test_not_sent(self):
        d = self.daemon()
        for line in (f"end {FLOW} 3 14",
                     f"start tcp 2001:db8::8 1 {THERE} 2 3 14"):
            self.assertIsNotNone(flowd(line))
            d.say(line)
        d.nothing_more()

    @shows("second start")
    def test_second_start(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14", f"start {FLOW} 3 14", f"start {FLOW} 2 9")
        self.assertEqual([(f.state, f.ids) for f in
                          (d.receive() for _ in range(3))],
                         [("start", (3, 14)), ("end", (3, 14)),
                          ("start", (2, 9))])
        d.nothing_more()

    @shows("remote address")
    def test_remote(self):
        """Told by the attempt: nobody is there to be sent to."""
        d = self.daemon(to_remote="true")
        line = "start tcp 255.255.255.255 2 192.0.2.1 1 3 14"
        self.assertEqual(flowd(line)[1], "192.0.2.1")
        self.say(d, line)
        d.logged("a firefly to 255.255.255.255:10514 is lost: ")
        self.assertNotIn("192.0.2.1:10514", d.log())

    @shows("open flows at the end of the daemon")
    def test_end(self):
        d = self.daemon()
        self.say(d, f"start {FLOW} 3 14")
        d.stop()
        self.assertEqual(d.receive().state, "end")

    def test_page(self):
        rows = re.findall(r"^\| (.*?) \|",
                          (TOP / "docs/peers.md").read_text(), re.M)
        self.assertEqual(rows[0], "difference")
        self.assertEqual(sorted(rows[1:]), sorted(shown | ELSEWHERE))


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
