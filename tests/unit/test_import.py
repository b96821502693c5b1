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
  iperf3:
    minSourcePort: 5201
    maxSourcePort: 5210
    maxDestinationPort: 49999
    cgroupPath: /sys/fs/cgroup/perf
    randomIDs: true
    activityIds: [4, 5]
    experimentIds: [3, 3]
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
            ["12:", "COLOUR:", "is"],
            ["3:", "prometheus:", "is"]])
        self.assertIn("12: COLOUR: is not known", said)
        self.assertIn("3: prometheus: is /metrics of http.listen here", said)

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

    # Those that Python's ipaddress calls private, as far as hosts have them.
    PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
               "169.254.0.0/16", "fc00::/7", "fe80::/10")

    def rules(self, *networks):
        return "".join('- exclude: "true"\n' + f'  dst: "{net}"\n'
                       for net in [*networks, *self.PRIVATE])

    def test_connections(self):
        """All of them, but for those within the site."""
        for plugin in "netstat", "netlink":
            name = plugin.upper()
            ours, said = self.turn(
                f"PLUGIN='{plugin}'\nBACKEND='ebpf_el9'\n"
                f"{name}_EXPERIMENT=16\n{name}_ACTIVITY=14\n"
                f"{name}_INTERNAL_NETWORKS=('192.0.2.0/24', '2001:db8::/32')\n"
                f"{name}_TIMEOUT=2\n")
            self.assertIn("marks:\n- label\n", ours)
            self.assertIn("rules:\n"
                          + self.rules("192.0.2.0/24", "2001:db8::/32")
                          + '- experiment: "16"\n'
                          '  activity: "14"\n'
                          "  proto: tcp\n", ours)
            self.assertEqual(said, [f"6: {name}_TIMEOUT: is not needed"])

    def test_one_network(self):
        """What flowd's own example has is no tuple, but a string."""
        ours, said = self.turn("PLUGIN='netstat'\nBACKEND='ebpf_el8'\n"
                               "EXPERIMENT=2\nACTIVITY=3\n"
                               "NETSTAT_INTERNAL_NETWORKS=('192.0.2.0/24')\n")
        self.assertIn(self.rules("192.0.2.0/24") + '- experiment: "2"\n'
                      '  activity: "3"\n', ours)
        self.assertEqual(said, [])

    def test_rules_without_marks(self):
        """The module finds these connections, so it has to mark."""
        ours, said = self.turn("PLUGIN='netstat'\nBACKEND='udp_firefly'\n"
                               "NETSTAT_EXPERIMENT=2\nNETSTAT_ACTIVITY=1\n")
        self.assertIn("marks:\n- label\n", ours)
        self.assertIn("  proto: tcp\n", ours)
        self.assertEqual(len(said), 1)
        self.assertTrue(said[0].endswith(": marks is label"), said)

    def test_connections_without_tag(self):
        ours, said = self.turn("PLUGIN='netstat'\nBACKEND='ebpf_el9'\n"
                               "NETSTAT_EXPERIMENT=512\nNETSTAT_ACTIVITY=1\n"
                               "NETSTAT_INTERNAL_NETWORKS=['192.0.2.1/24']\n")
        self.assertNotIn("proto", ours)
        self.assertEqual(said, [
            '5: NETSTAT_INTERNAL_NETWORKS: "192.0.2.1/24" has bits '
            "beyond its length: write 192.0.2.0/24",
            "1: PLUGIN: experiment 512, activity 1: the marks have no room "
            "for more than 511 and 63"])

    def test_iperf(self):
        for ids, tag in ("[(3, 4), (2, 9)]", "34"), ("[]", "29"):
            ours, said = self.turn("PLUGIN='iperf_rr'\nBACKEND='ebpf_el9'\n"
                                   f"IPERF_FLOW_ID={ids}\n")
            self.assertIn(self.rules() + f'- experiment: "{tag[0]}"\n'
                          f'  activity: "{tag[1]}"\n'
                          "  proto: tcp\n"
                          '  port: "5201-5299"\n', ours)
            self.assertEqual(len(said), 1)
            self.assertTrue(said[0].startswith("1: PLUGIN: iperf becomes "))

    def test_stun(self):
        text = "PLUGIN='np_api'\nBACKEND='udp_firefly'\n"
        for more, server in (
                ("True", "stun.l.google.com:19305"),
                ("True\nSTUN_SERVERS=[('192.0.2.3', 9)]", "192.0.2.3:9")):
            ours, said = self.turn(f"{text}IP_DISCOVERY_ENABLED={more}\n")
            self.assertIn(f'  stun: "{server}"\n', ours)
            self.assertEqual(said, [])
        ours, said = self.turn(f"{text}IP_DISCOVERY_ENABLED=False\n"
                               "UDP_FIREFLY_IP4_SRC='192.0.2.1'\n"
                               "UDP_FIREFLY_WITH_NETLINK=True\n")
        self.assertNotIn("stun", ours)
        self.assertIn("  enrichment: compatible\n", ours)
        self.assertEqual([line.split(":")[:2] for line in said],
                         [["4", " UDP_FIREFLY_IP4_SRC"]])

    def test_bad_values(self):
        ours, said = self.turn("BACKEND='magic'\nPLUGIN='firefly'\n"
                               "FIREFLY_LISTENER_HOST='localhost'\n")
        self.assertEqual(ours, self.NOTHING)
        self.assertEqual(said, [
            "1: magic: is not known",
            '3: FIREFLY_LISTENER_HOST: "localhost" is not an address'])

    def test_too_many(self):
        """Our lists have an end."""
        ours, said = self.turn("PLUGIN='np_api'\nUDP_FIREFLY_DST=["
                               + "'192.0.2.1'," * 1001 + "]\n")
        self.assertEqual(ours.count('- "192.0.2.1:10514"\n'), 1000)
        self.assertEqual(said,
                         ["2: UDP_FIREFLY_DST: is one item too many"])

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
                               "  enrichment: compatible\n"
                               "rules:\n"
                               '- experiment: "3"\n'
                               '  activity: "4"\n'
                               "  proto: tcp\n"
                               '  sport: "5201-5210"\n'
                               '  dport: "1-49999"\n'
                               "  cgroup: /sys/fs/cgroup/perf\n"
                               '- experiment: "1"\n'
                               '  activity: "2"\n'
                               '  all: "true"\n')
        self.assertEqual([line.split(": ")[:2] for line in said], [
            ["1", "pidPath"],
            ["5", "plugins.namedPipe.maxReaders"],
            ["9", "plugins.firefly.hasSyslogHeader"],
            ["10", "plugins.api"],
            ["19", "plugins.iperf3.randomIDs"],
            ["24", "backends.marker.targetInterfaces"],
            ["29", "backends.firefly.prependSyslog"],
            ["35", "backends.firefly.colour"],
            ["38", "enrichers.netlink"],
            ["26", "backends.marker.markingStrategy"],
            ["14", "plugins.iperf3"],
            ["37", "enrichers.period"]])
        self.assertIn("35: backends.firefly.colour: is not known", said)

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

    def test_rules(self):
        """Their defaults: every connection, with the first tag of each."""
        ours, said = self.turn("plugins: {iperf3: {}, perfsonar: {}}\n"
                               "backends: {marker: {matchAll: true}}\n")
        self.assertIn("rules:\n"
                      '- experiment: "0"\n'
                      '  activity: "0"\n'
                      "  proto: tcp\n"
                      '- experiment: "0"\n'
                      '  activity: "0"\n'
                      '  all: "true"\n', ours)
        self.assertEqual([line.split(": ")[:2] for line in said],
                         [["2", "backends.marker.matchAll"],
                          ["1", "plugins.iperf3"]])
        ours, said = self.turn("plugins:\n  perfsonar:\n    activityId: 2\n"
                               "  iperf3:\n    minSourcePort: 70000\n")
        self.assertEqual(said, [
            "4: plugins.iperf3: the module finds these connections, and "
            "follows what it marks only: marks is label",
            '4: plugins.iperf3: "70000-65535" is neither a port (1..65535) '
            "nor a range of them (5201-5210)",
            "4: plugins.iperf3: of experimentIDs and activityIDs (0, 1 and 2 "
            "if there are none) a rule has the first"])
        self.assertIn("marks:\n- label\n", ours)
        self.assertNotIn("proto", ours)

    def test_receivers(self):
        """They get what is received, and so become collectors."""
        ours, said = self.turn("plugins:\n"
                               "  firefly:\n"
                               "    fireflyReceivers:\n"
                               "      - address: global.example.org\n"
                               "      - {address: '2001:db8::9', port: 9}\n"
                               "      - {port: 9}\n")
        self.assertIn("  relay: verbatim\n", ours)
        self.assertIn("  collectors:\n"
                      '  - "global.example.org:10514"\n'
                      '  - "[2001:db8::9]:9"\n'
                      "  to-remote: false\n", ours)
        self.assertEqual(said[0], "6: plugins.firefly.fireflyReceivers: "
                         '":9" is not a host')
        self.assertRegex(said[1], "^3: .* they become collectors: ")
        self.assertEqual(len(said), 2)
        ours, said = self.turn("plugins: {firefly: {fireflyReceivers: []},\n"
                               "  fireflyp: {}}\n")
        self.assertNotIn("relay", ours)
        self.assertEqual(said, ["2: plugins.fireflyp: is not known to "
                                "flowd-go, either: it reads plugins.firefly"])

    def test_stun(self):
        ours, said = self.turn("backends:\n"
                               "  firefly:\n"
                               "    stun:\n"
                               "      stunServers: [stun.example.org, b:9]\n"
                               "      manualMapping:\n"
                               '        "10.0.0.1": 192.0.2.1\n'
                               '        "10.0.0.2": here\n')
        self.assertIn("  translate:\n"
                      '  - from: "10.0.0.1/32"\n'
                      '    to: "192.0.2.1/32"\n'
                      '  stun: "stun.example.org:3478"\n', ours)
        self.assertNotIn("10.0.0.2", ours)
        self.assertEqual([line.split(": ")[:2] for line in said], [
            ["7", "backends.firefly.stun.manualMapping"],
            ["4", "backends.firefly.stun.stunServers"]])
        for text, server in (
                ("backends: {firefly: {stun: {}}}\n",
                 "stun.l.google.com:3478"),
                ("stunServers: ['stun:stun.example.org:19305']\n"
                 "backends: {firefly: {}}\n", "stun.example.org:19305")):
            ours, said = self.turn(text)
            self.assertIn(f'  stun: "{server}"\n', ours)
            self.assertEqual(said, [])
        ours, said = self.turn("backends: {firefly: {stun:\n"
                               " {stunResolution: false,\n"
                               "  httpResolution: true}}}\n")
        self.assertNotIn("stun:", ours)
        self.assertEqual(said, ["3: backends.firefly.stun.httpResolution: has "
                                "no equivalent: nobody is asked over HTTP"])

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
