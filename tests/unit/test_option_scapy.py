#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A decoder that is not ours reads the extension headers: scapy.

The headers are those that codec_dump (first argument) prints.
"""
import subprocess
import sys
import unittest

from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop

IDS, LABEL, LABEL4, SAFE = range(4)
PAD1, SHIM = 0x00, 0x3E


def options_of(header):
    """[(type, data)] of all options of a parsed header, padding included."""
    return [(o.otype, getattr(o, "optdata", b"")) for o in header.options]


def expected(layout, kind, experiment, activity, label):
    ids = experiment.to_bytes(2, "big") + bytes([activity])
    bits = label.to_bytes(3, "big")
    return {
        IDS: [(kind, ids), (PAD1, b"")],
        LABEL: [(kind, bits), (PAD1, b"")],
        LABEL4: [(kind, bits + b"\0")],
        SAFE: [(kind, ids), (SHIM, bytes.fromhex("00000080000000"))],
    }[layout]


class ScapyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        dump = subprocess.run([DUMP], check=True, capture_output=True,
                              text=True).stdout
        # scapy is slow, and test_codec.py reads all of them.
        rows = [line.split()[1:] for line in dump.splitlines()
                if line.startswith("option ")]
        cls.rows = rows[::97]

    def check(self, header_class, layouts):
        n = 0
        for row in self.rows:
            layout, kind, nexthdr, exp, act, label = map(int, row[:6])
            if layout not in layouts:
                continue
            header = header_class(bytes.fromhex(row[6]))
            self.assertEqual(header.nh, nexthdr, row)
            self.assertEqual((header.len + 1) * 16, len(row[6]), row)
            self.assertEqual(options_of(header),
                             expected(layout, kind, exp, act, label), row)
            n += 1
        self.assertGreater(n, 100)

    def test_destination_options(self):
        self.check(IPv6ExtHdrDestOpt, {IDS, LABEL, LABEL4, SAFE})

    def test_hop_by_hop(self):
        self.check(IPv6ExtHdrHopByHop, {IDS, LABEL, LABEL4})

    def test_packet(self):
        """Both headers in a packet lead to what follows them."""
        octets = bytes.fromhex("6000000000100040" + "0" * 63 + "1"
                               + "3c001e0300030e00" + "3b001e0300030e00")
        packet = IPv6(octets)
        hbh, dest = packet[IPv6ExtHdrHopByHop], packet[IPv6ExtHdrDestOpt]
        self.assertEqual((hbh.nh, dest.nh), (60, 59))
        for header in hbh, dest:
            self.assertEqual(options_of(header)[0], (0x1E, b"\0\3\x0e"))


if __name__ == "__main__":
    DUMP = sys.argv.pop(1)
    unittest.main()
