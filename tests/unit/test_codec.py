#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Labels and options of include/scitag against an implementation in strings.

What codec_dump (first argument) prints is compared with labels and headers
that are put together here from the drafts' pictures, bit by bit, and with
vectors, some of which were published by others.
"""
import subprocess
import sys
import unittest

# Experiment, activity, label without entropy, scitag.flow. The published ones
# are 2.9, 3.12, 3.14, 3.23, 3.24 and 511.63.
VECTORS = [
    (1, 1, 0x20004, 65),
    (1, 2, 0x20008, 66),
    (2, 1, 0x10004, 129),
    (2, 9, 0x10024, 137),
    (3, 12, 0x30030, 204),
    (3, 14, 0x30038, 206),
    (3, 23, 0x3005C, 215),
    (3, 24, 0x30060, 216),
    (4, 3, 0x0800C, 259),
    (5, 10, 0x28028, 330),
    (16, 14, 0x02038, 1038),
    (23, 14, 0x3A038, 1486),
    (255, 63, 0x3FCFC, 16383),
    (256, 1, 0x00204, 16385),
    (341, 42, 0x2AAA8, 21866),
    (511, 63, 0x3FEFC, 32767),
]

IDS, LABEL, LABEL4, SAFE = range(4)

# Option types that IANA has given to something else, and the two paddings.
ASSIGNED = {0x00, 0x01, 0x04, 0x05, 0x07, 0x08, 0x0F, 0x11, 0x12}


def label_of(experiment, activity, entropy):
    """The 20 bits as a string: EEeeeeeeeeeEaaaaaaEE."""
    tag = f"{experiment:09b}"[::-1]
    bits = "EE" + tag + "E" + f"{activity:06b}" + "EE"
    random = f"{entropy % 2**20:020b}"
    return int("".join(r if b == "E" else b for b, r in zip(bits, random)), 2)


def ids_of(label):
    bits = f"{label:020b}"
    return int(bits[2:11][::-1], 2), int(bits[12:18], 2)


def header_of(layout, kind, nexthdr, experiment, activity, label):
    """An extension header with the option, as hexadecimal digits."""
    ids = f"{experiment:04x}{activity:02x}"
    bits = f"{label:06x}"
    if layout == IDS:
        return f"{nexthdr:02x}00{kind:02x}03{ids}00"
    if layout == LABEL:
        return f"{nexthdr:02x}00{kind:02x}03{bits}00"
    if layout == LABEL4:
        return f"{nexthdr:02x}00{kind:02x}04{bits}00"
    return f"{nexthdr:02x}01{kind:02x}03{ids}3e0700000080000000"


class CodecTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        dump = subprocess.run([DUMP], check=True, capture_output=True,
                              text=True).stdout
        cls.rows = {"label": [], "option": [], "type": []}
        for line in dump.splitlines():
            kind, *values = line.split()
            cls.rows[kind].append(values)

    def test_labels(self):
        entropies = set()
        pairs = set()
        for row in self.rows["label"]:
            exp, act, entropy, label, exp2, act2 = map(int, row)
            self.assertEqual(label, label_of(exp, act, entropy), row)
            self.assertEqual((exp2, act2), (exp, act), row)
            self.assertEqual(ids_of(label), (exp, act), row)
            pairs.add((exp, act))
            entropies.add(entropy)
        self.assertEqual(len(pairs), 32768)
        self.assertEqual(len(self.rows["label"]), 32768 * len(entropies))
        self.assertLessEqual({0, 0xC0103, 0xFFFFFFFF}, entropies)

    def test_label_vectors(self):
        labels = {(int(r[0]), int(r[1])): int(r[3])
                  for r in self.rows["label"] if r[2] == "0"}
        for exp, act, label, flow in VECTORS:
            self.assertEqual(labels[exp, act], label, (exp, act))
            self.assertEqual(exp << 6 | act, flow)
        self.assertEqual(len(set(labels.values())), 32768)

    def test_label_masks(self):
        """Tag and entropy share no bit, and 0x7fefe is 511.63 with 0x40002."""
        self.assertEqual(label_of(511, 63, 0), 0x3FEFC)
        self.assertEqual(label_of(0, 0, 2**20 - 1), 0xC0103)
        self.assertEqual(label_of(511, 63, 0x40002), 0x7FEFE)
        row = ["511", "63", str(0x40000), str(0x7FEFC), "511", "63"]
        self.assertIn(row, self.rows["label"])

    def test_options(self):
        layouts = set()
        for row in self.rows["option"]:
            layout, kind, nexthdr, exp, act, label = map(int, row[:6])
            self.assertEqual(row[6], header_of(layout, kind, nexthdr, exp,
                                               act, label), row)
            layouts.add(layout)
        self.assertEqual(layouts, {IDS, LABEL, LABEL4, SAFE})

    def test_types(self):
        self.assertEqual(len(self.rows["type"]), 256)
        for row in self.rows["type"]:
            number, ok, default = map(int, row)
            self.assertEqual(ok, number < 0x20 and number not in ASSIGNED, row)
            self.assertEqual(default, 0x1F if number == LABEL4 else 0x1E, row)


if __name__ == "__main__":
    DUMP = sys.argv.pop(1)
    unittest.main()
