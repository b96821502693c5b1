#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
docs/collectors.md: its commands and configurations, with packets made by scapy
and fireflies of a real scitagd; and grok with those of gen_firefly.

    test_collectors.py SCITAGD GEN_FIREFLY SCITAG
"""
import json
import logging
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import grok
import scitagd
import test_http
from scitagd import FLOW, HERE, THERE, TOP, XROOTD, until

PAGE = TOP / "docs/collectors.md"
PROGRAMS = ("scitag", "tcpdump", "tshark", "rsyslogd", "tests/unit/grok.py",
            "curl")
GOOD = XROOTD[0].replace(b"<134>1 - ", b"<134>1 2026-01-02T03:04:05+00:00 ")


def commands():
    """Those of the page, as lists of words."""
    found = [shlex.split(line) for line in PAGE.read_text().splitlines()
             if line.startswith("    ")]
    return [words for words in found if words and words[0] in PROGRAMS]


def command(*some):
    """The command of the page with these words."""
    match, = [words for words in commands() if set(some) <= set(words)]
    return match


def replace(words, **changes):
    """The words of a command with others for some of them."""
    for old, new in changes.items():
        i = words.index(OLD[old])
        words = words[:i] + new + words[i + 1:]
    return words


OLD = {"interface": "eth0", "option": "-i", "config":
       "docs/collectors/rsyslog.conf", "files": "FILE..."}


def run(words):
    done = subprocess.run(words, cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.decode()


def missing(*programs):
    return [name for name in programs if not shutil.which(name)]


class Packets(test_http.Case):
    """One with each kind of mark, one with another tag, one without."""

    def setUp(self):
        super().setUp()
        logging.getLogger("scapy").setLevel(logging.ERROR)
        from scapy.all import (Ether, HBHOptUnknown, IPv6,
                               IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, TCP, UDP,
                               wrpcap)
        option = HBHOptUnknown(otype=0x1e, optlen=3, optdata=b"\x00\x03\x0e")
        # The label of 3/14 with entropy in all five bits, as the draft has it.
        label = 0x30038 | 0xc0103
        packets = [IPv6(src=HERE, dst=THERE, fl=label) / TCP(sport=1),
                   IPv6(src=HERE, dst=THERE, fl=0x10024) / TCP(sport=2),
                   IPv6(src=HERE, dst=THERE, fl=0x30038)
                   / IPv6ExtHdrHopByHop(options=[option]) / TCP(sport=3),
                   IPv6(src=HERE, dst=THERE)
                   / IPv6ExtHdrDestOpt(options=[option]) / TCP(sport=4),
                   IPv6(src=THERE, dst=HERE) / TCP(sport=5),
                   IPv6(src=HERE, dst=THERE) / UDP(sport=6, dport=10514)
                   / GOOD]
        self.capture = f"{self.dir}/capture.pcap"
        ether = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        wrpcap(self.capture, [ether / packet for packet in packets])

    def read(self, words):
        return run(replace(words, option=["-r"], interface=[self.capture]))

    @unittest.skipIf(missing("tshark"), "no tshark")
    def test_tshark(self):
        ends = f"{HERE}\t{THERE}\t"
        text = self.read(command("tshark", "ipv6.flow"))
        self.assertEqual(
            [(line.rsplit("\t", 1)[0] + "\t", int(line.split("\t")[2], 0))
             for line in text.splitlines()],
            [(ends, 0xf013b), (ends, 0x30038)])
        text = self.read(command("tshark", "ipv6.opt.experimental"))
        self.assertEqual(text, f"{ends}00030e\n" * 2)
        text = self.read(command("tshark", "syslog.msg"))
        name, message = text.rstrip("\n").split("\t")
        self.assertEqual(name, "xrootd")
        self.assertIn(GOOD[GOOD.index(b"{"):].decode().replace('"', '\\"'),
                      message.replace('\\"', '"').replace('"', '\\"'))

    @unittest.skipIf(missing("tcpdump"), "no tcpdump")
    def test_tcpdump(self):
        text = self.read(command("tcpdump"))
        self.assertEqual(len(text.splitlines()), 2, text)
        self.assertIn(f"{HERE}.1 > {THERE}", text)

    def test_tag(self):
        for words in [words for words in commands() if words[0] == "scitag"]:
            text = run([SCITAG, *words[1:]])
            self.assertRegex(text, r"(?s)experiment +3\n.*activity +14\n.*0x30038")


@unittest.skipIf(missing("grok"), "no grok")
class Grok(unittest.TestCase):
    def test_all_kinds(self):
        out = subprocess.run([GEN_FIREFLY, "3000", "2"], check=True,
                             stdout=subprocess.PIPE).stdout
        datagrams = [line.split(b" ", 1)[1] for line in out.split(b"\n")[:-1]]
        self.assertEqual(len(datagrams), 3000)
        for pattern in grok.PATTERNS:
            self.assertIsNone(grok.not_understood(pattern, datagrams), pattern)

    def taken(self, pattern, datagram):
        """Is there a firefly in it, after grok and the parser of JSON?"""
        for row in grok.read(pattern, [datagram]):
            try:
                return "state" in json.loads(row["firefly"])["flow-lifecycle"]
            except (ValueError, KeyError):
                pass
        return False

    def test_refused(self):
        """
        The test can tell: what the collector is known to drop. Its pattern
        does with less than the fields and puts them elsewhere then.
        """
        body = GOOD[GOOD.index(b"{"):]
        header = GOOD[:GOOD.index(b"{")]
        words = header.split(b" ")
        for pattern in grok.PATTERNS:
            self.assertTrue(self.taken(pattern, GOOD))
            for bad in (body, header, header[5:] + body,
                        b" ".join([words[0], b""] + words[2:]) + body,
                        header + body.replace(b"flow-lifecycle", b"x"),
                        header + body[:-1]):
                self.assertFalse(self.taken(pattern, bad), bad)
        host = b" ".join(words[:2] + [b"se_1"] + words[3:]) + body
        self.assertFalse(self.taken("COLLECTOR", host))


@unittest.skipIf(missing("rsyslogd"), "no rsyslogd")
class Rsyslog(test_http.Case):
    def config(self):
        text = (TOP / "docs/collectors/rsyslog.conf").read_text()
        self.out = pathlib.Path(self.dir, "fireflies")
        self.rest = pathlib.Path(self.dir, "rest")
        self.udp = scitagd.free_port()
        for old, new in (('port="10514"',
                          f'address="127.0.0.1" port="{self.udp}"'),
                         ("/var/log/fireflies.json", str(self.out)),
                         ("/var/log/no-fireflies", str(self.rest))):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = pathlib.Path(self.dir, "rsyslog.conf")
        path.write_text(text)
        return str(path)

    def lines(self):
        """Those that are there as a whole."""
        text = self.out.read_text() if self.out.exists() else ""
        return text[:text.rfind("\n") + 1].splitlines()

    def test_fireflies(self):
        words = replace(command("rsyslogd"), config=[self.config()])
        log = open(f"{self.dir}/rsyslogd.log", "wb")
        rsyslogd = subprocess.Popen(words, stderr=log, stdout=log)
        self.addCleanup(log.close)
        self.addCleanup(rsyslogd.wait)
        self.addCleanup(rsyslogd.kill)
        d = self.daemon()
        address = "127.0.0.1", self.udp

        def is_read():
            d.out.sendto(b"no firefly", address)
            return self.rest.exists()
        until(is_read, "rsyslogd")
        said = []
        for line in ("start", "end"):
            d.say(f"{line} {FLOW} 3 14")
            said.append(d.receive())
        for datagram in XROOTD:
            d.send(datagram)
            said.append(d.receive())
        for firefly in said:
            d.out.sendto(firefly.datagram, address)
        until(lambda: len(self.lines()) >= len(said), "fireflies")
        self.assertEqual([json.loads(line)
                          for line in self.lines()],
                         [firefly.json for firefly in said])
        self.assertEqual(set(self.rest.read_text().splitlines()),
                         {"no firefly"})


class Page(test_http.Case):
    def test_programs(self):
        """All of them are run by one test or another."""
        self.assertEqual({words[0] for words in commands()}, set(PROGRAMS))
        self.assertEqual(len(commands()), 9)

    @unittest.skipIf(missing("grok"), "no grok")
    def test_grok(self):
        path = pathlib.Path(self.dir, "fireflies")
        path.write_bytes(GOOD + b"\n")
        words = command("tests/unit/grok.py")
        self.assertEqual(run(replace(words, files=[str(path), str(path)])),
                         "4 passed, 0 failed\n")
        path.write_bytes(b"rubbish\n")
        with self.assertRaises(AssertionError):
            run(replace(words, files=[str(path)]))

    @unittest.skipIf(missing("curl", "promtool"), "no curl or promtool")
    def test_textfile(self):
        self.http()
        out = f"{self.dir}/scitagd.prom"
        words = [{"/run/scitagd/http.sock": str(self.path),
                  "/var/lib/prometheus/node-exporter/scitagd.prom": out}
                 .get(word, word) for word in command("curl")]
        run(words)
        with open(out, "rb") as metrics:
            subprocess.run(["promtool", "check", "metrics"], stdin=metrics,
                           check=True, timeout=60)

    def test_http(self):
        """The daemon takes what the page says of its configuration."""
        text = PAGE.read_text()
        block = text[text.index("    http:\n"):].split("\n\n")[0]
        config = pathlib.Path(self.dir, "http.conf")
        config.write_text("\n".join(line[4:] for line in block.split("\n")))
        run([scitagd.SCITAGD, "--check", "-c", str(config)])


if __name__ == "__main__":
    scitagd.SCITAGD, GEN_FIREFLY, SCITAG = map(os.path.abspath,
                                                   sys.argv[1:4])
    del sys.argv[1:4]
    absent = missing("grok", "rsyslogd", "tshark", "tcpdump", "curl",
                     "promtool")
    if os.environ.get("SCITAG_EXPECT_ALL") and absent:
        sys.exit(f"missing: {absent}")
    unittest.main()
