#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Fireflies of all kinds, with all that they may say of a connection, against
the published schema and against RFC 5424 and the rules of the strictest
collector, which are written down here anew.

    test_firefly_schema.py GEN_FIREFLY
"""
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(1 if os.environ.get("SCITAG_EXPECT_ALL") else 77)

# Old ones do not know 2020-12; of what the schema uses nothing differs.
DRAFT = getattr(jsonschema, "Draft202012Validator", None) or \
    jsonschema.Draft7Validator

TOP = pathlib.Path(__file__).resolve().parents[2]
COUNT = 5000

# RFC 5424, section 6: PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP
# PROCID SP MSGID SP STRUCTURED-DATA SP MSG; less than it allows where a peer
# takes less: six digits, +00:00, no "_" in the hostname.
HEADER = re.compile(
    r"<134>1 "
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
    r"\.[0-9]{6}\+00:00 "
    r"[A-Za-z0-9.:-]{1,255} "
    r"scitagd - firefly-json - ")

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                  r"\.[0-9]{6}\+00:00$")

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

FORBIDDEN = {"message", "tags", "host", "hostname", "program", "type",
             "@timestamp", "start", "end", "duration", "timestamp"}

LEAN = {"retransmits", "sndMss", "pMtu", "rtt", "rttVar", "sndSsThresh",
        "sndCwnd", "advMss", "minRtt", "deliveryRate", "bytesSent"}

FULL = {"rtt", "cong", "tcpInfo", "bbr", "dctcpInfo", "vegasInfo", "skMemInfo"}

FLAT = re.compile(r"[a-z]+(_[a-z]+)*$")

# Times, which are microseconds in tcp_info, and milliseconds here.
FLAT_MS = {"rtt", "rttvar", "min_rtt", "rcv_rtt", "rto", "ato", "busy_time",
           "rwnd_limited", "sndbuf_limited"}


def once(pairs):
    """An object in which no key comes twice."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key comes twice: {keys}")
    return dict(pairs)


def format_checker():
    """One that has date-time even where rfc3339-validator is missing."""
    checker = jsonschema.FormatChecker()

    @checker.checks("date-time")
    def _(value):
        return not isinstance(value, str) or bool(TIME.match(value))
    return checker


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schema = json.loads(
            (TOP / "tests/data/firefly.schema.json").read_text())
        DRAFT.check_schema(schema)
        cls.validator = DRAFT(
            schema, format_checker=format_checker())
        out = subprocess.run([cls.generator, str(COUNT), "1"], check=True,
                             stdout=subprocess.PIPE).stdout
        cls.datagrams = out.split(b"\n")[:-1]

    def check_object(self, f):
        self.validator.validate(f)
        self.assertLessEqual(f.keys(), {"version", "flow-lifecycle", "flow-id",
                                        "usage", "netlink", "context"})
        self.assertFalse(FORBIDDEN & f.keys())
        state = f["flow-lifecycle"]["state"]
        self.assertEqual("end-time" in f["flow-lifecycle"], state == "end")
        for name in f["flow-lifecycle"].keys() - {"state"}:
            self.assertRegex(f["flow-lifecycle"][name], TIME)
        if state != "start":
            self.assertIn("usage", f)
        if "usage" in f:
            self.assertEqual(f["usage"].keys(), {"received", "sent"})
            for value in f["usage"].values():
                self.assertIs(type(value), int)
                self.assertGreaterEqual(value, 0)

    def check_flow_id(self, f):
        version = {"ipv4": 4, "ipv6": 6}[f["afi"]]
        for name in "src-ip", "dst-ip":
            addr = ipaddress.ip_address(f[name])
            self.assertEqual(addr.version, version)
            self.assertNotIn("%", f[name])
            self.assertFalse(version == 6 and addr.ipv4_mapped)

    def check_netlink(self, mode, netlink):
        self.assertTrue(netlink)
        if "rtt" in netlink:
            self.assertIs(type(netlink["rtt"]), float)
        getattr(self, "check_" + mode)(netlink)

    def check_none(self, netlink):
        self.assertEqual(netlink.keys(), {"rtt"})

    def check_lean(self, netlink):
        self.assertLessEqual(netlink.keys(), {"rtt", "tcpInfo", "cong"})
        self.assertLessEqual(netlink.get("tcpInfo", {}).keys(), LEAN)
        self.check_nested(netlink)

    def check_full(self, netlink):
        self.assertLessEqual(netlink.keys(), FULL)
        self.check_nested(netlink)

    def check_nested(self, netlink):
        self.assertNotEqual(netlink.get("tcpInfo"), {})
        for name in netlink.keys() - {"rtt", "cong"}:
            for value in netlink[name].values():
                self.assertIs(type(value), int)
        if "cong" in netlink:
            self.assertEqual(netlink["cong"].keys(), {"algorithm"})
            self.assertRegex(netlink["cong"]["algorithm"], r"^[\w.?-]+$")

    def check_compatible(self, netlink):
        for name, value in netlink.items():
            self.assertRegex(name, FLAT)
            expected = {"state": str, "cong": str, "opts": list}.get(
                name, float if name in FLAT_MS else int)
            self.assertIs(type(value), expected, name)
        self.assertLessEqual(set(netlink.get("opts", [])),
                             {"ts", "sack", "ecn"})

    def test_all(self):
        self.assertEqual(len(self.datagrams), COUNT)
        seen, modes, longest = set(), {}, 0
        for line in self.datagrams:
            mode, datagram = line.decode("latin-1").split(" ", 1)
            datagram = datagram.encode("latin-1")
            with self.subTest(datagram=datagram):
                self.assertLessEqual(len(datagram), 1232)
                text = datagram.decode()
                header = HEADER.match(text)
                self.assertTrue(header)
                body = text[header.end():]
                self.assertFalse(re.search(r"[\x00-\x1f\x7f\ufeff]", body))
                f = json.loads(body, object_pairs_hook=once)
                self.assertFalse(re.search(r"\s", STRING.sub("", body)))
                self.check_object(f)
                self.check_flow_id(f["flow-id"])
                if "netlink" in f:
                    self.check_netlink(mode, f["netlink"])
                    modes.setdefault(mode, set()).update(f["netlink"])
                longest = max(longest, len(datagram))
                seen.add((f["flow-lifecycle"]["state"], f["flow-id"]["afi"],
                          f["flow-id"]["protocol"], "usage" in f,
                          "netlink" in f, "application" in f["context"]))
        # Some have more to say than there is room for.
        self.assertGreater(longest, 1200)
        self.assertEqual(modes["full"], FULL)
        self.assertEqual(modes["lean"], {"rtt", "tcpInfo", "cong"})
        self.assertEqual(modes["none"], {"rtt"})
        self.assertGreater(len(modes["compatible"]), 40)
        # Ends and ongoing ones always have usage.
        self.assertEqual(len(seen), 2 * 2 * 2 * 2 * (2 + 1 + 1))

    def test_the_test(self):
        """The schema refuses what it should: it is really applied."""
        good = json.loads(self.datagrams[0][self.datagrams[0].index(b"{"):])
        for change in (lambda f: f.pop("context"),
                       lambda f: f["flow-id"].update({"x": 1}),
                       lambda f: f["flow-id"].update({"src-ip": "host"}),
                       lambda f: f["flow-id"].update({"src-port": 0}),
                       lambda f: f["flow-lifecycle"].update(
                           {"start-time": "now"})):
            bad = json.loads(json.dumps(good))
            change(bad)
            with self.assertRaises(jsonschema.ValidationError):
                self.validator.validate(bad)


if __name__ == "__main__":
    Schema.generator = sys.argv.pop(1)
    unittest.main()
