#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
scitagd --import: configurations of flowd and flowd-go, and what comes of them.

    test_import.py SCITAGD

Keys, values and defaults are those of the README of flowd and of flowd-go(1).
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TIMEOUT_S = 20

FLOWD = """\
# A storage element.
PLUGIN = 'np_api'
BACKEND = 'udp_firefly, ebpf_el9,prometheus'
FLOW_MAP_API = 'https://api.example.org/map.json'
NETWORK_INTERFACE = "eth0"

UDP_FIREFLY_DST = 'collector.example.org'
UDP_FIREFLY_NETLINK = True
IP_DISCOVERY_ENABLED = False
NETSTAT_INTERNAL_NETWORKS = (
    '192.0.2.0/24', '198.51.100.0/24')
COLOUR = 7
"""

FLOWD_GO = """\
pidPath: /run/flowd-go/pid
plugins:
  namedPipe:
    pipePath: /run/flowd-go/pipe
    maxReaders: 9
  firefly:
    bindAddress: "::1"
    bindPort: 10515
    hasSyslogHeader: true
  api: {}
  perfsonar:
    activityId: 2
    experimentId: 1
backends:
  marker:
    targetInterfaces: [eth0]
    matchAll: false
    markingStrategy: hopByHopDestination
  firefly:
    destinationPort: 10514
    prependSyslog: false
    sendToCollector: true
    collectorAddress: 2001:db8::5
    collectorPort: 9
    enrich: true
    enrichmentVerbosity: compatible
    colour: blue
enrichers:
  period: 2500
  netlink:
    protocol: 6
"""


class Import(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="import.")
        self.addCleanup(self.dir.cleanup)
        self.file = pathlib.Path(self.dir.name, "theirs")

    def scitagd(self, *arguments):
        environment = dict(os.environ)
        environment.pop("JOURNAL_STREAM", None)
        return subprocess.run([SCITAGD, *map(str, arguments)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=TIMEOUT_S,
                              env=environment)

    def turn(self, text):
        """What comes of a text, which we read again; and what is said."""
        self.file.write_text(text)
        done = self.scitagd("--import", self.file)
        self.assertEqual(done.returncode, 0, done.stderr)
        ours = pathlib.Path(self.dir.name, "ours")
        ours.write_text(done.stdout)
        checked = self.scitagd("--config", ours, "--check")
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        said = [line.replace(f"{self.file}:", "", 1)
                for line in done.stderr.splitlines()]
        return done.stdout, said

    def refuse(self, text, why):
        self.file.write_text(text)
        done = self.scitagd("--import", self.file)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, f"{self.file}{why}\n")


class Flowd(Import):
    def test_nul(self):
        """Nothing behind it is left out without a word."""
        self.refuse("PLUGIN = 'np_api'\n\0BACKEND = 'ebpf'\n",
                    ": a NUL in the file")

    def test_large(self):
        """As many strings as there is room for take no time worth saying."""
        self.turn("UDP_FIREFLY_DST = (" + "''," * 300000 + ")\n")

    NOTHING = ("marks: []\n"
               "pipes: []\n"
               "receiver:\n"
               "  listen: []\n"
               "fireflies:\n"
               "  to-remote: false\n")

    def test_all(self):
        ours, said = self.turn(FLOWD)
        self.assertEqual(ours, "marks:\n"
                               "- label\n"
                               "pipes:\n"
                               "- /var/run/flowd\n"
                               "receiver:\n"
                               "  listen: []\n"
                               "fireflies:\n"
                               "  collectors:\n"
                               '  - "collector.example.org:10514"\n'
                               "  to-remote: true\n"
                               '  period: "0s"\n'
                               "  enrichment: compatible\n")
        self.assertEqual([line.split(" ")[:3] for line in said], [
            ["4:", "FLOW_MAP_API:", "is"],
            ["5:", "NETWORK_INTERFACE:", "has"],
            ["10:", "NETSTAT_INTERNAL_NETWORKS:", "has"],
            ["12:", "COLOUR:", "is"],
            ["3:", "prometheus:", "has"]])
        self.assertIn("12: COLOUR: is not known", said)
        self.assertIn("3: prometheus: has no equivalent", said)

    def test_receiver(self):
        ours, said = self.turn("PLUGIN='firefly'\nBACKEND='udp_firefly'\n")
        self.assertIn('  listen:\n  - "0.0.0.0:10514"\n', ours)
        self.assertIn("marks: []\npipes: []\n", ours)
        self.assertIn("  enrichment: none\n", ours)
        self.assertNotIn("collectors", ours)
        self.assertEqual(said, [])
        ours, said = self.turn("PLUGIN='firefly'\n"
                               "FIREFLY_LISTENER_HOST='::1'\n"
                               "FIREFLY_LISTENER_PORT=9\n"
                               "UDP_FIREFLY_DST=['192.0.2.1', '::2']\n")
        self.assertIn('  listen:\n  - "[::1]:9"\n', ours)
        self.assertIn('  - "192.0.2.1:10514"\n  - "[::2]:10514"\n', ours)
        self.assertEqual(said, [])

    def test_rules(self):
        for plugin in "netstat", "netlink", "iperf":
            ours, said = self.turn(f"\nPLUGIN='{plugin}'\nBACKEND=''\n")
            self.assertEqual(ours, self.NOTHING)
            self.assertRegex("\n".join(said),
                             rf"^2: {plugin}: has no .* rules .*\Z")

    def test_bad_values(self):
        ours, said = self.turn("BACKEND='magic'\nPLUGIN='firefly'\n"
                               "FIREFLY_LISTENER_HOST='localhost'\n"
                               "IP_DISCOVERY_ENABLED=True\n")
        self.assertEqual(ours, self.NOTHING)
        self.assertEqual(said[0].split(" ")[:4],
                         ["4:", "IP_DISCOVERY_ENABLED:", "has", "no"])
        self.assertEqual(said[1:], [
            '3: FIREFLY_LISTENER_HOST: "localhost" is not an address',
            "1: magic: is not known"])

    def test_refused(self):
        self.refuse("PLUGIN='np_api'\nimport os\n",
                    ":2: no assignment of a literal")


class FlowdGo(Import):
    NOTHING = Flowd.NOTHING

    def test_all(self):
        ours, said = self.turn(FLOWD_GO)
        self.assertEqual(ours, "marks:\n"
                               "- hbh\n"
                               "- do\n"
                               "pipes:\n"
                               "- /run/flowd-go/pipe\n"
                               "receiver:\n"
                               "  listen:\n"
                               '  - "[::1]:10515"\n'
                               "fireflies:\n"
                               "  collectors:\n"
                               '  - "[2001:db8::5]:9"\n'
                               "  to-remote: true\n"
                               '  period: "3s"\n'
                               "  enrichment: compatible\n")
        self.assertEqual([line.split(": ")[:2] for line in said], [
            ["1", "pidPath"],
            ["5", "plugins.namedPipe.maxReaders"],
            ["9", "plugins.firefly.hasSyslogHeader"],
            ["10", "plugins.api"],
            ["11", "plugins.perfsonar"],
            ["16", "backends.marker.targetInterfaces"],
            ["21", "backends.firefly.prependSyslog"],
            ["27", "backends.firefly.colour"],
            ["30", "enrichers.netlink"],
            ["18", "backends.marker.markingStrategy"],
            ["29", "enrichers.period"]])
        self.assertIn("27: backends.firefly.colour: is not known", said)
        self.assertIn("10: plugins.api: has no equivalent", said)

    def test_defaults(self):
        ours, said = self.turn("plugins: {namedPipe: {}, firefly: {}}\n"
                               "backends: {marker: {}, firefly: {}}\n")
        self.assertEqual(ours, "marks:\n"
                               "- label\n"
                               "pipes:\n"
                               "- /var/run/flowd-go/np\n"
                               "receiver:\n"
                               "  listen:\n"
                               '  - "127.0.0.1:10514"\n'
                               "fireflies:\n"
                               "  to-remote: true\n"
                               '  period: "0s"\n'
                               "  enrichment: none\n")
        self.assertEqual(said, [])

    def test_nothing(self):
        for text in "", "---\n# nothing\n", "plugins:\nbackends:\n  marker:\n":
            self.assertEqual(self.turn(text), (self.NOTHING, []))

    def test_strategies(self):
        for strategy, marks in (("label", ["label"]), ("HOPBYHOP", ["hbh"]),
                                ("destination", ["do"])):
            ours, said = self.turn(
                f"backends: {{marker: {{markingStrategy: {strategy}}}}}\n")
            self.assertTrue(ours.startswith(
                "marks:\n" + "".join(f"- {m}\n" for m in marks) + "pipes:"))
            self.assertEqual(len(said), strategy == "destination")
        ours, said = self.turn("backends:\n marker:\n  markingStrategy: x\n")
        self.assertEqual(ours, self.NOTHING)
        self.assertEqual(said,
                         ["3: backends.marker.markingStrategy: is not known"])

    def test_enrichment(self):
        for mode, ours_is in ("enrichmentMode: ''", "full"), ("", "lean"):
            ours, said = self.turn("backends:\n  firefly:\n"
                                   f"    enrich: true\n    {mode}\n")
            self.assertIn(f'  period: "1s"\n  enrichment: {ours_is}\n', ours)
            self.assertEqual(said, [])

    def test_json(self):
        ours, said = self.turn('{"plugins": {"namedPipe":'
                               ' {"pipePath": "/run/x"}}}')
        self.assertIn("pipes:\n- /run/x\n", ours)
        self.assertEqual(said, [])

    def test_bad_values(self):
        ours, said = self.turn("plugins:\n"
                               "  namedPipe: {pipePath: np}\n"
                               "  firefly:\n"
                               "    bindPort: 70000\n"
                               "backends:\n"
                               "  firefly:\n"
                               "    enrich: true\n"
                               "    enrichmentMode: fat\n"
                               "enrichers:\n"
                               "  period: often\n")
        self.assertEqual(ours, self.NOTHING.replace("false", "true"))
        self.assertEqual(said, [
            '2: plugins.namedPipe.pipePath: "np" is not an absolute path',
            '3: plugins.firefly.bindAddress: "127.0.0.1:70000" has a bad port',
            "10: enrichers.period: is no number",
            '8: backends.firefly.enrichmentMode: "fat" is none of lean, '
            "compatible, full, none"])

    def test_refused(self):
        self.refuse("- plugins\n", ":1: the file: is no configuration of "
                    "flowd or flowd-go")
        self.refuse("plugins: &a {}\n",
                    ":1: anchors, aliases and tags are not known")
        done = self.scitagd("--import", f"{self.dir.name}/none")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, f"{self.dir.name}/none: No such file or "
                         "directory\n")


if __name__ == "__main__":
    SCITAGD = sys.argv.pop(1)
    unittest.main()
