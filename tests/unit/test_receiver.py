#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The firefly receiver of scitagd: flows that fireflies announce, and what is
relayed. Needs neither root nor the module.

    test_receiver.py SCITAGD
"""
import json
import sys
import unittest

sys.dont_write_bytecode = True
import scitagd
from scitagd import FLOW, HERE, RELOADED, THERE, XROOTD, Case


class Receiver(Case):
    def test_xrootd(self):
        d = self.daemon()
        for datagram in XROOTD:
            d.send(datagram)
            said = json.loads(datagram[datagram.index(b"{"):])
            firefly = d.receive()
            self.assertEqual(firefly.json, said)
            self.assertEqual(firefly.header[3], "scitagd")
        d.nothing_more()
        self.assertRegex(d.stop(), "6 fireflies, 0 bad")

    def test_all_at_once(self):
        d = self.daemon()
        for datagram in XROOTD:
            d.send(datagram)
        for datagram in XROOTD:
            self.assertEqual(d.receive().json,
                             json.loads(datagram[datagram.index(b"{"):]))

    def test_end_from_the_pipe(self):
        d = self.daemon()
        d.send(XROOTD[0])
        start = d.receive()
        d.say("end tcp ::1 53014 ::1 21094 0 0")
        end = d.receive()
        self.assertEqual(end.flow, start.flow)
        self.assertEqual(end.context, start.context)
        self.assertEqual(end.lifecycle["start-time"],
                         start.lifecycle["start-time"])

    def body(self, state="start", **changes):
        body = {"version": 1,
                "flow-lifecycle": {"state": state,
                                   "start-time": "2026-01-02T03:04:05Z"},
                "flow-id": {"afi": "ipv6", "src-ip": HERE, "dst-ip": THERE,
                            "protocol": "tcp", "src-port": 1, "dst-port": 2},
                "context": {"experiment-id": 3, "activity-id": 14}}
        if state == "end":
            body["flow-lifecycle"]["end-time"] = "2026-01-02T03:04:06.5+00:00"
        body.update(changes)
        return body

    def test_tolerated(self):
        d = self.daemon()
        for header in ("", "<134>1 - 2001:db8::1 a - firefly-json - ",
                       "<134>1 2026-01-02T03:04:05Z h a - firefly-json - ",
                       "<134>1 2026-01-02T03:04:05.123456789+02:00 h a - - - "):
            d.send((header + json.dumps(self.body(
                usage={"sent": 1.5e3, "received": 7.0, "x": 0}, y=1),
                indent=1) + "\n").encode())
            start = d.receive()
            self.assertEqual(start.json["usage"],
                             {"sent": 1500, "received": 7})
            self.assertEqual(start.lifecycle["start-time"],
                             "2026-01-02T03:04:05.000000+00:00")
            d.send((header + json.dumps(self.body("end"))).encode())
            end = d.receive()
            self.assertEqual(end.lifecycle["end-time"],
                             "2026-01-02T03:04:06.500000+00:00")
            # Nothing better is known.
            self.assertEqual(end.json["usage"], {"sent": 0, "received": 0})
        d.nothing_more()

    def test_bad(self):
        d = self.daemon()
        bad = [b"", b"x", b"\0" * 100, XROOTD[0][:-1], XROOTD[0] + b"x",
               XROOTD[0].replace(b'"start"', b'"begin"'),
               XROOTD[0].replace(b"21094", b"0"),
               XROOTD[0].replace(b'"version":1', b'"version":2'),
               XROOTD[0] + b" " * 9000,
               json.dumps(self.body(context={})).encode()]
        for datagram in bad:
            d.send(datagram)
        d.send(XROOTD[0])
        self.assertEqual(d.receive().json["version"], 1)
        d.nothing_more()
        log = d.stop()
        self.assertRegex(log, f"{len(bad) + 1} fireflies, {len(bad)} bad")
        self.assertRegex(log, r"bad firefly from 127\.0\.0\.1:[0-9]+: bad JSON")

    def test_refused(self):
        d = self.daemon()
        d.send(json.dumps(self.body(context={
            "experiment-id": 513, "activity-id": 1})).encode())
        d.send(json.dumps(self.body("end")).encode())
        d.send(json.dumps(self.body("ongoing")).encode())
        d.logged("flow refused, announced by 127.0.0.1:[0-9]+: experiment 513")
        d.nothing_more()
        log = d.stop()
        self.assertRegex(log, "3 fireflies, 0 bad, 0 own, 0 foreign, 1 ongo")
        self.assertRegex(log, "1 ends unknown, 1 refused")

    def test_own(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14")
        d.send(d.receive().datagram)
        d.send(XROOTD[0].replace(b" xrootd ", b" scitagd "))
        self.assertEqual(d.receive().ids, (3, 14))
        d.nothing_more()
        log = d.stop()
        self.assertRegex(log, "2 fireflies, 0 bad, 1 own")
        self.assertRegex(log, "collector 127.0.0.1 is left out: at "
                         "127.0.0.1:[0-9]+ is this daemon")


class Relay(Case):
    """Fireflies of flows elsewhere: from 2001:db8::8 to 2001:db8::9."""

    HEADER = b"<134>1 - se2 xrootd - firefly-json - "

    def relaying(self, how, **fireflies):
        d = self.daemon()
        text = d.text(receiver={"listen": [f"127.0.0.1:{d.port}"],
                                "relay": how}, fireflies=fireflies)
        self.assertEqual(d.reload(text), RELOADED)
        return d

    def said(self, state="start", port=1, **more):
        now = "2026-01-02T03:04:05.678901+00:00"
        lifecycle = {"state": state, "current-time": now, "start-time": now}
        if state == "end":
            lifecycle["end-time"] = now
        return json.dumps({
            "version": 1, "flow-lifecycle": lifecycle,
            "flow-id": {"afi": "ipv6", "src-ip": "2001:db8::8",
                        "dst-ip": "2001:db8::9", "protocol": "tcp",
                        "src-port": port, "dst-port": 2},
            "context": {"experiment-id": 3, "activity-id": 14,
                        "application": "xrootd"}, **more}).encode()

    def test_verbatim(self):
        """As they came, once; not those of a scitagd, nor too long ones."""
        d = self.relaying("verbatim")
        for state in "start", "ongoing", "end":
            datagram = self.HEADER + self.said(state)
            d.send(datagram)
            d.send(datagram)
            d.send(datagram.replace(b" xrootd - ", b" scitagd - "))
            self.assertEqual(d.collector.recv(65536), datagram)
        d.send(self.said(port=2, padding="x" * 1232))
        d.logged("a firefly of [0-9]+ octets is not passed on")
        d.send(self.said(port=3))
        self.assertEqual(d.collector.recv(65536), self.said(port=3))
        # A flow of this host is told of by the daemon.
        d.send(XROOTD[0])
        self.assertEqual(d.receive().header[3], "scitagd")
        d.nothing_more()
        self.assertRegex(d.stop(), "12 fireflies, .* 8 relayed")

    def test_enriched(self):
        d = self.relaying("enriched", translate=[
            {"from": "2001:db8::8", "to": "2001:db8:ffff::8"}])
        d.send(self.said("end", usage={"received": 1, "sent": 2}))
        firefly = d.receive()
        self.assertEqual(firefly.header[2:4], ["se1", "scitagd"])
        self.assertEqual(firefly.src, ("2001:db8:ffff::8", 1))
        self.assertEqual(firefly.json["usage"], {"received": 1, "sent": 2})
        self.assertEqual(firefly.lifecycle["end-time"],
                         "2026-01-02T03:04:05.678901+00:00")
        # It is what a scitagd sent: here it ends.
        d.send(firefly.datagram)
        d.nothing_more()

    def test_none(self):
        d = self.relaying("none")
        d.send(self.HEADER + self.said())
        d.logged("flow refused, announced by .* neither address is this host")
        d.nothing_more()


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
