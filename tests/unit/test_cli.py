#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The command line from outside: scitag is the first argument.

Where a test needs that the kernel module is not there, it is left out if the
module is; tests/vm tests what the command line does with it.
"""
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
from scitagd import free_port

KEY = ("proto tcp src 2001:db8::1 sport 40000 "
       "dst 2001:db8::2 dport 443").split()


def scitag(*args, text="", registry=True, **env):
    environment = {"PATH": "/usr/bin:/bin", **env}
    # Options of the sanitizers.
    environment.update({k: v for k, v in os.environ.items() if "SAN_" in k})
    if registry:
        environment["SCITAG_REGISTRY"] = f"{TOP}/userspace/registry.json"
    return subprocess.run([SCITAG, *args], input=text, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=60, check=False)


def module_there():
    return scitag("stats").returncode == 0


class CliTest(unittest.TestCase):
    def run_ok(self, *args, **kwargs):
        run = scitag(*args, **kwargs)
        self.assertEqual((run.returncode, run.stderr), (0, ""), args)
        return run.stdout

    def refused(self, status, part, *args, **kwargs):
        """Ends with status and a text on stderr, and writes nothing else."""
        run = scitag(*args, **kwargs)
        self.assertEqual(run.returncode, status, (args, run.stderr))
        self.assertIn(part, run.stderr, args)
        self.assertTrue(run.stderr.startswith("scitag: "), run.stderr)
        self.assertEqual(run.stdout, "", args)


class HelpTest(CliTest):
    def test_help(self):
        main = self.run_ok("--help")
        for group in ("flow", "rule", "check", "stats", "status", "monitor",
                      "record", "plot", "tag", "registry", "top"):
            text = self.run_ok(group, "--help")
            self.assertTrue(text.startswith(f"usage: scitag {group}"), text)
            self.assertIn("\nexample", text)
            self.assertIn(f"\n  {group} ", main)
            self.fits(text)
        self.fits(main)
        self.assertEqual(self.run_ok("flow", "add", "--help"),
                         self.run_ok("flow", "--help"))

    def fits(self, text):
        lines = text.splitlines()
        self.assertLessEqual(len(lines), 24, text)
        self.assertLessEqual(max(map(len, lines)), 80, text)

    def test_version(self):
        with open(f"{TOP}/VERSION", encoding="ascii") as file:
            version = file.read().strip()
        self.assertEqual(self.run_ok("--version"), f"scitag {version}\n")


class UsageTest(CliTest):
    def test_commands(self):
        for words, what in (([], "no command is given"),
                            (["flows"], '"flows" is not a command')):
            done = scitag(*words)
            self.assertEqual(
                (done.returncode, done.stdout, done.stderr),
                (2, "", f"scitag: {what}: scitag --help has all of them\n"))
        self.refused(2, "flow what? write one of add, replace", "flow")
        self.refused(2, '"flow ad" is not a command', "flow", "ad")
        self.refused(2, "try scitag flow --help", "flow", "ad")
        self.refused(2, 'no more words: "all"', "flow", "flush", "all")
        self.refused(2, "no more words", "stats", "x")
        self.refused(2, "number above 0", "monitor", "--count", "0")
        self.refused(2, "number above 0", "monitor", "--count")
        self.refused(2, "number above 0", "record", "x", "--count", "many")
        self.refused(2, 'no more words: "x"', "monitor", "--snapshots", "x")
        self.refused(2, "record to which file?", "record", "--flow", "1")
        self.refused(2, '--flow: "x" is not a number', "record", "x", "--flow",
                     "x")
        self.refused(2, 'record takes no more words: "y"', "record", "x", "y")
        self.refused(2, "write a path", "status", "--socket")
        self.refused(2, 'status takes no more words: "x"', "status", "x")
        self.refused(2, "seconds, 0.1..3600", "top", "-d", "0.01")
        self.refused(2, "seconds, 0.1..3600", "top", "--interval", "nan")
        self.refused(2, "seconds, 0.1..3600", "top", "-d", "1x")
        self.refused(2, "number above 0", "top", "-n", "0")
        self.refused(2, "--sort: write out, in", "top", "--sort", "size")
        self.refused(2, "--filter has no value", "top", "--filter")
        self.refused(2, 'top takes no more words: "x"', "top", "x", "-b")
        self.refused(2, "check what?", "check")
        self.refused(2, "which port?", "check", "::1")
        self.refused(2, '"host" is not an IPv6 address', "check", "host")
        self.refused(2, "IPv4 packets carry no marks", "check", "192.0.2.1",
                     "--port", "1")

    def test_options(self):
        for args in (["--jsn", "stats"], ["--registry"], ["--batch"]):
            run = scitag(*args)
            self.assertEqual(run.returncode, 2, args)
            self.assertIn(args[0], run.stderr)
        self.refused(2, "takes no command", "--batch", "-", "stats")

    def test_flow_words(self):
        add = ["flow", "add"]
        self.refused(2, "missing: proto, src, sport, dst, dport", *add)
        self.refused(2, "missing: sport, dport", *add, "proto", "tcp", "src",
                     "::1", "dst", "::2", "tag", "2/26")
        self.refused(2, "missing: tag", *add, *KEY)
        self.refused(2, "missing: activity", *add, *KEY, "experiment", "2")
        self.refused(2, "not both", *add, *KEY, "experiment", "2", "tag",
                     "2/26")
        self.refused(2, "sport is given twice", *add, *KEY, "sport", "1")
        self.refused(2, "mark has no value", *add, *KEY, "tag", "2/26", "mark")
        self.refused(2, '"color" is not a keyword here', *add, "color", "red")
        self.refused(2, '"id" is not a keyword here', *add, "id", "1")
        self.refused(2, '"exclude" is not a keyword here', *add, "exclude")
        self.refused(2, "end-on-close is given twice", *add, "end-on-close",
                     "end-on-close")
        self.refused(2, '"tag" is not a keyword here', "flow", "del", "tag",
                     "2/26")
        self.refused(2, "which flow?", "flow", "del")
        self.refused(2, "not both", "flow", "show", "id", "1", *KEY)
        self.refused(2, "1..4294967295", "flow", "del", "id", "4294967296")

    def test_flow_values(self):
        def add(part, *change, status=2, tag="2/26"):
            words = dict(zip(KEY[::2], KEY[1::2]))
            words["tag"] = tag
            words.update(zip(change[::2], change[1::2]))
            flat = [w for pair in words.items() for w in pair]
            self.refused(status, part, "flow", "add", *flat)

        add('proto: "sctp" is neither', "proto", "sctp")
        add('src: "host" is not an IP address', "src", "host")
        add('dst: "[::1]:80" is not an IP address', "dst", "[::1]:80")
        add("one of src and dst is IPv4", "dst", "192.0.2.1")
        add('sport: "0" is not a port', "sport", "0")
        add('dport: "65536" is not a port', "dport", "65536")
        add('mark: "dst" is not label', "mark", "dst")
        add('mark: "none" is not label', "mark", "none")
        add('layout: "x" is not', "mark", "do", "layout", "x")
        add("write mark hbh or mark do", "layout", "ids")
        add("write mark hbh or mark do", "option-type", "0x1e")
        add("0x05 is not a number below 0x20", "mark", "do", "option-type",
            "5")
        add("0..255", "mark", "do", "option-type", "256")
        add('entropy: "random" is not constant', "entropy", "random")
        add('oversize: "drop" is not skip', "oversize", "drop")
        add('idle-timeout: "1m" is not a number of seconds', "idle-timeout",
            "1m")
        add("1..31536000", "hard-timeout", "31536001")

        time = "is not a time of 10ms..24h (write 50ms, 1s, 5m or 1h)"
        for text in "9ms", "1", "1.5s", "-1s", "86401s", "25h", "10 ms", "":
            add(f'snapshot: "{text}" {time}', "snapshot", text)
        for text in "end", "interval", "rto,", "":
            add(f'snapshot-on: "{text}" is not state, rto, rtt, cwnd',
                "snapshot-on", text)
        for text in "109", "10001", "150%":
            add(f'"{text}" is not a number of percent (110..10000)',
                "snapshot-on", "rtt", "snapshot-factor", text)
        add("write snapshot-on rtt or cwnd, too", "snapshot-on", "state,rto",
            "snapshot-factor", "150")

    def test_flow_tags(self):
        """Ids that do not fit are refused, not cut: 513 is not 1."""
        def add(part, tag, *more, status=2):
            self.refused(status, part, "flow", "add", *KEY, "tag", tag, *more)

        add("513/1 does not fit into a flow label", "513/1")
        add("does not fit", "1/64", "mark", "label,do")
        add("does not fit", "512/1", "mark", "do", "layout", "label")
        add("does not fit", "512/1", "mark", "hbh", "layout", "label4")
        add("0..65535", "65536/1", "mark", "do")
        add("0..255", "1/256", "mark", "do")
        add("write label:196664", "scitag:196664")
        add("65..65535", "scitag:64")
        add("scitag:206 for 3/14", "206")
        add('experiment "nobody" is not in the registry', "nobody/1", status=1)
        add('activity "nothing" of cms is not in the registry', "cms/nothing",
            status=1)


class AdviceTest(CliTest):
    """Layouts that break connections are told of, and taken all the same."""
    ADVICE = ("warning: layout ids in Destination Options stalls TCP "
              "connections behind Linux routers: leave layout out, or write "
              "layout safe\n")

    def setUp(self):
        if module_there():
            self.skipTest("the kernel module is loaded")

    def add(self, *words):
        run = scitag("flow", "add", *KEY, "tag", "2/26", *words)
        self.assertEqual(run.returncode, 3, run.stderr)
        return run.stderr

    def test_advice(self):
        self.assertTrue(self.add("mark", "hbh,do", "layout", "ids")
                        .startswith(self.ADVICE))
        for words in (["mark", "do"], ["mark", "do", "layout", "safe"],
                      ["mark", "hbh", "layout", "ids"]):
            self.assertNotIn("warning", self.add(*words), words)

    def test_batch(self):
        line = " ".join(["flow add", *KEY, "tag 2/26 mark do layout ids\n"])
        run = scitag("--batch", "-", text="tag 2/26\n" + line * 12)
        lines = run.stderr.splitlines()
        self.assertEqual(lines[0], "-:2: " + self.ADVICE.strip())
        self.assertEqual(sum("warning" in line for line in lines), 10)
        udp = line.replace("tcp", "udp")
        self.assertNotIn("warning", scitag("--batch", "-", text=udp).stderr)


class TagTest(CliTest):
    def test_forms(self):
        """One tag, all its names. Figures of the published registry."""
        for form in ("atlas/Data Challenge", "ATLAS/data challenge", "2/26",
                     "atlas/26", "scitag:154", "scitag 154", "scitag.flow=154",
                     "label:0x10068", "label 65640", "label:0xd016b"):
            self.assertEqual(json.loads(self.run_ok("--json", "tag", form)), {
                "experiment": 2, "experiment-name": "atlas", "activity": 26,
                "activity-name": "Data Challenge", "scitag-flow": 154,
                "label": 0x10068}, form)

    def test_text(self):
        self.assertEqual(self.run_ok("tag", "cms/14"),
                         "experiment   3 (cms)\n"
                         "activity     14 (Analysis Input)\n"
                         "scitag.flow  206\n"
                         "flow label   0x30038 (196664)\n")

    def test_words(self):
        self.assertEqual(self.run_ok("tag", "atlas/Data", "Challenge"),
                         self.run_ok("tag", "atlas/Data Challenge"))

    def test_no_label(self):
        self.assertIn("none: experiments above 511", self.run_ok("tag",
                                                                 "512/1"))
        tag = json.loads(self.run_ok("tag", "65535/255", "--json"))
        self.assertEqual(tag, {
            "experiment": 65535, "experiment-name": None, "activity": 255,
            "activity-name": None, "scitag-flow": None, "label": None})

    def test_list(self):
        with open(f"{TOP}/userspace/registry.json", encoding="utf-8") as file:
            registry = json.load(file)
        want = [(e["expId"], e["expName"], a["activityId"], a["activityName"])
                for e in registry["experiments"] for a in e["activities"]]
        got = [(t["experiment"], t["experiment-name"], t["activity"],
                t["activity-name"])
               for t in json.loads(self.run_ok("--json", "tag", "--list"))]
        self.assertEqual(got, want)
        lines = self.run_ok("tag", "--list").splitlines()
        self.assertEqual(len(lines), len(want) + 1)
        self.assertRegex(lines[1], r"^1 \(default\) +1 \(default\) +65 "
                                   r" +0x20004 \(131076\)$")

    def test_published(self):
        """The shipped registry says what the published one said."""
        path = f"{TOP}/../shared/data/registry-api.json"
        if not os.path.exists(path):
            self.skipTest("no copy of the published registry here")
        with open(path, encoding="utf-8") as file:
            published = json.load(file)
        with open(f"{TOP}/userspace/registry.json", encoding="utf-8") as file:
            self.assertEqual(json.load(file), published)

    def test_errors(self):
        self.refused(2, "tag what?", "tag")
        self.refused(2, "is not a tag", "tag", "atlas")
        self.refused(2, "no more words", "tag", "--list", "x")
        self.refused(2, "too long", "tag", "a/" + 400 * "x")
        self.refused(1, "not in the registry", "tag", "atlas/Nothing")

    def test_registry(self):
        gone = "/nonexistent/registry.json"
        self.refused(1, f"registry {gone}: No such file", "--registry", gone,
                     "tag", "3/14")
        self.refused(1, f"registry {gone}: No such file", "tag", "cms/14",
                     registry=False, SCITAG_REGISTRY=gone)
        self.refused(1, f"registry {gone}: No such file", "tag", "--list",
                     registry=False, SCITAG_REGISTRY=gone)
        # Numbers need none; a bad one is told of, an absent one is not.
        run = scitag("tag", "3/14", registry=False, SCITAG_REGISTRY=gone)
        self.assertEqual(run.returncode, 0)
        self.assertIn("206", run.stdout)
        self.assertEqual(run.stderr, f"warning: registry {gone}: No such file "
                                     "or directory\n")
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write('{"version":1,"experiments":[\n{"expName":"own",'
                       '"expId":77,"activities":[\n{"activityName":"x",'
                       '"activityId":9}]}]}')
            file.flush()
            self.assertIn("77 (own)", self.run_ok("--registry", file.name,
                                                  "tag", "own/X"))
            file.write("}")
            file.flush()
            self.refused(1, "line 3", "--registry", file.name, "tag", "3/14")


class BatchTest(CliTest):
    def test_syntax(self):
        """Mistakes are named by file and line, and nothing is carried out."""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("# tags\ntag 2/26\n\ntag 'x\nflow ad\n")
            file.flush()
            run = scitag("--batch", file.name)
            self.assertEqual(run.returncode, 2)
            self.assertEqual(run.stdout, "")
            lines = run.stderr.splitlines()
            self.assertEqual(len(lines), 2, lines)
            self.assertEqual(lines[0], f"{file.name}:4: the ' is not closed")
            self.assertTrue(lines[1].startswith(f"{file.name}:5: "), lines)

    def test_stdin(self):
        run = scitag("--batch", "-", text="tag 3/14\nbad\n")
        self.assertEqual(run.returncode, 2)
        self.assertTrue(run.stderr.startswith('-:2: "bad" is not'), run.stderr)
        self.assertEqual(run.stdout, "")

    def test_json(self):
        """One value for each command."""
        out = self.run_ok("--json", "--batch", "-", text="tag 3/14\ntag 2/1\n")
        self.assertEqual([json.loads(line)["scitag-flow"]
                          for line in out.splitlines()], [206, 129])

    def test_words(self):
        """What a line names is known until it is carried out."""
        run = scitag("--batch", "-", text="status --socket /no/such/socket\n")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("/no/such/socket", run.stdout)

    def test_no_file(self):
        run = scitag("--batch", "/nonexistent")
        self.assertEqual(run.returncode, 1)
        self.assertIn("/nonexistent: No such file", run.stderr)

    def test_large(self):
        """10,000 flows are read in a moment."""
        lines = [f"flow add proto tcp src 2001:db8::1 sport {i} dst "
                 f"2001:db8::2 dport 443 tag 'atlas/Data Challenge'"
                 for i in range(1, 10001)]
        lines.append("flow ad")
        run = scitag("--batch", "-", text="\n".join(lines))
        self.assertEqual(run.returncode, 2)
        self.assertTrue(run.stderr.startswith("-:10001: "), run.stderr)


class RuleTest(CliTest):
    """Rule files: mistakes have a line, and nothing is sent to the kernel."""

    def set(self, text, status, *lines):
        run = scitag("rule", "set", "-", text=text)
        self.assertEqual((run.returncode, run.stdout), (status, ""), run)
        self.assertEqual(run.stderr.splitlines()[:len(lines)], list(lines))

    def test_words(self):
        self.refused(2, "rule what? write one of set, list, flush", "rule")
        self.refused(2, "write the name of a file, or -", "rule", "set")
        self.refused(2, "no more words", "rule", "set", "-", "x")
        self.refused(2, '"rule add" is not a command', "rule", "add")
        self.refused(1, "/nonexistent: No such file", "rule", "set",
                     "/nonexistent")

    def test_mistakes(self):
        self.set("# nothing\n\nall tag 3/14\ndst ::1/64 exclude\n"
                 "port 99999 exclude # far\n", 2,
                 '-:4: dst: "::1/64" has bits beyond its length: write ::/64',
                 '-:5: port: "99999" is neither a port (1..65535) nor a range '
                 'of them (5201-5210)',
                 "scitag: the rules stay as they were")

    def test_name(self):
        """A name that is not known is refused, no mistake."""
        self.set("all tag atlas/nothing\n", 1,
                 '-:1: activity "nothing" of atlas is not in the registry '
                 "(scitag tag --list shows what is)")

    def test_empty(self):
        for text in "", "\n", "# all tag 3/14\n":
            self.set(text, 1, "scitag: -: there is no rule in it (scitag rule "
                              "flush removes all)")

    def test_advice(self):
        if module_there():
            self.skipTest("the kernel module is loaded")
        self.set("\nall tag 3/14 mark do layout label\n", 3,
                 "-:2: warning: layout label in Destination Options stalls "
                 "TCP connections behind Linux routers: leave layout out, or "
                 "write layout safe")

    def test_batch(self):
        run = scitag("--batch", "-", text="rule set -\n")
        self.assertEqual(run.stderr, "-:1: rule set cannot stand in a batch\n")


class CheckListenTest(CliTest):
    """The far end, which needs neither module nor privilege."""

    def test_listen(self):
        with socket.socket(socket.AF_INET6) as sock:
            try:
                sock.bind(("::1", 0))
            except OSError:
                self.skipTest("no IPv6 here")
        port = free_port(socket.SOCK_STREAM, socket.AF_INET6)
        with subprocess.Popen([SCITAG, "--json", "check", "--listen",
                               str(port)], stdout=subprocess.PIPE,
                              universal_newlines=True) as process:
            answers = [self.talk(port, size) for size in (0, 1, 1000000)]
            lines = [json.loads(process.stdout.readline()) for _ in answers]
            process.terminate()
            self.assertEqual(process.wait(60), 0)
        self.assertEqual([answer.split(",")[0] for answer in answers],
                         ["scitag check: 0 octets", "scitag check: 1 octets",
                          "scitag check: 1000000 octets"])
        self.assertEqual([(line["from"], line["octets"]) for line in lines],
                         [("::1", 0), ("::1", 1), ("::1", 1000000)])

    def test_marks(self):
        """What comes with packets: headers that a socket of our own sends."""
        option = bytes.fromhex("00001e0300030e00")
        with socket.socket(socket.AF_INET6) as sock:
            try:
                sock.bind(("::1", 0))
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS,
                                option)
            except OSError:
                self.skipTest("no IPv6, or not the capability to send headers")
        port = free_port(socket.SOCK_STREAM, socket.AF_INET6)
        hbh = [(socket.IPV6_HOPOPTS, option)]
        do = [(socket.IPV6_DSTOPTS, option)]
        with subprocess.Popen([SCITAG, "--json", "check", "--listen",
                               str(port)], stdout=subprocess.PIPE,
                              universal_newlines=True) as process:
            answers = [self.talk(port, 3000, options)
                       for options in ([], hbh, do, hbh + do)]
            lines = [json.loads(process.stdout.readline()) for _ in answers]
            process.terminate()
        self.assertEqual([answer.split(",")[2] for answer in answers],
                         [f" headers {n}\n" for n in (0, 2, 4, 6)])
        self.assertEqual([line["headers"] for line in lines],
                         ["none", "hbh", "do", "hbh,do"])
        for answer, line in zip(answers, lines):
            self.assertEqual(int(answer.split(",")[1].split()[1], 16),
                             line["label"])

    def talk(self, port, size, options=()):
        end = time.monotonic() + 60
        while True:
            try:
                sock = socket.socket(socket.AF_INET6)
                for option in options:
                    sock.setsockopt(socket.IPPROTO_IPV6, *option)
                sock.settimeout(60)
                sock.connect(("::1", port))
                break
            except ConnectionRefusedError:
                sock.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
        with sock:
            sock.sendall(bytes(size))
            sock.shutdown(socket.SHUT_WR)
            return sock.makefile().read()


class OutputTest(CliTest):
    def test_full(self):
        """What cannot be written is no success."""
        with open("/dev/full", "w", encoding="ascii") as full:
            run = subprocess.run([SCITAG, "tag", "3/14"], stdout=full,
                                 stderr=subprocess.PIPE, check=False,
                                 universal_newlines=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("No space left", run.stderr)


HEALTHY = {"healthy": True, "checks": {"module": "ok", "collectors": "ok"}}
UNWELL = {"healthy": False, "checks": {
    "module": "ok", "collectors": "2 of 3 collectors are left out"}}
DAEMON = {
    "version": "9.8.7", "start-time": 1000,
    "flows": {"open": 12, "max": 34, "started": 56,
              "started-by-kernel": 6, "late": 2, "ended": 44,
              "refused": 3},
    "kernel": {"flows-failed": 5, "module": None},
    "fireflies": {"sent": 78, "failed": 9, "collectors-left-out": 2},
    "collectors": [
        {"collector": "a.example:1", "address": None, "used": False},
        {"collector": "[::1]:10514", "address": "::1", "used": True}],
    "pipes": [{"path": "/run/a", "lines": 1, "bad": 0},
              {"path": "/run/b", "lines": 2, "bad": 1}],
    "receivers": [{"listen": "[::1]:10514", "received": 6, "bad": 4,
                   "lost": 0}],
    "messages": [{"time": 1600000000 + i, "level": "warning",
                  "text": f"message {i}"} for i in range(9, -1, -1)],
}


class Daemon:
    """What answers as scitagd does: with these bodies, by path."""

    def __init__(self, test, bodies):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        self.path = f"{directory.name}/http.sock"
        self.bodies = bodies
        self.socket = socket.socket(socket.AF_UNIX)
        test.addCleanup(self.socket.close)
        self.socket.bind(self.path)
        self.socket.listen(5)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            with connection, contextlib.suppress(ConnectionError):
                path = connection.recv(4096).decode().split(" ")[1]
                connection.sendall(self.bodies[path])


def http(value, status="200 OK"):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return (f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class StatusTest(CliTest):
    def daemon(self, status=http(DAEMON), health=http(HEALTHY)):
        return Daemon(self, {"/v1/status": status, "/health": health}).path

    def status(self, path, *options):
        return scitag(*options, "status", "--socket", path)

    def problems(self, path):
        problems = json.loads(self.status(path, "--json").stdout)["problems"]
        return [text for text in problems if "modprobe" not in text]

    def test_text(self):
        lines = self.status(self.daemon()).stdout.splitlines()
        text = {line[:26].rstrip(): line[26:] for line in lines
                if line[0] != " "}
        self.assertRegex(text["daemon"],
                         r"^version 9\.8\.7, running for \d+ d \d+ h, "
                         r"healthy$")
        self.assertEqual(text["its flows"], "12 open of at most 34; 56 "
                         "started (6 by the kernel), 44 ended, 3 refused, "
                         "2 late, 5 not marked")
        self.assertEqual(text["its pipes"], "/run/a: 1 lines, 0 bad")
        self.assertIn(26 * " " + "/run/b: 2 lines, 1 bad", lines)
        self.assertEqual(text["its receivers"],
                         "[::1]:10514: 6 fireflies, 4 bad, 0 lost")
        self.assertEqual(text["its collectors"], "a.example:1 (?): left out")
        self.assertIn(26 * " " + "[::1]:10514 (::1)", lines)
        self.assertEqual(text["its fireflies"],
                         "78 sent, 9 not; 2 collectors are left out")
        shown = [line for line in lines if " warning: message " in line]
        self.assertEqual([line[-1] for line in shown],
                         ["9", "8", "7", "6", "5"])

    def test_json(self):
        path = self.daemon(health=http(UNWELL, "503 Service Unavailable"))
        run = self.status(path, "--json")
        self.assertEqual(json.loads(run.stdout)["daemon"],
                         dict(DAEMON, health=UNWELL))
        self.assertEqual(self.problems(path),
                         ["the daemon says: 2 of 3 collectors are left out "
                          "(journalctl -u scitagd)"])

    def test_well(self):
        path = self.daemon()
        self.assertEqual(self.problems(path), [])
        run = self.status(path)
        self.assertEqual(run.returncode, 0 if module_there() else 3)
        if module_there():
            self.assertEqual(run.stderr, "")
        else:
            self.assertIn("modprobe scitag", run.stderr)

    def test_not_there(self):
        path = self.daemon()
        for gone in path + "x", os.path.dirname(path):
            run = self.status(gone, "--json")
            self.assertIn(run.returncode, (1, 3))
            self.assertIsNone(json.loads(run.stdout)["daemon"])
        self.assertIn("systemctl start scitagd", self.problems(path + "x")[0])
        run = scitag("--json", "status", "--no-daemon")
        self.assertNotIn("daemon", json.loads(run.stdout))

    def test_hostile(self):
        """No answer, and answers that are none, are told as such."""
        for body, why in (
                (b"", "Bad message"),
                (b"HTTP/1.0 200 OK\r\n\r\n", "Bad message"),
                (b"SSH-2.0-x\r\n\r\n{}", "Bad message"),
                (http(b"<html>"), "Bad message"),
                (http(b"[" * 100000), "Bad message"),
                (http([]), "Bad message"),
                (http(bytes(5 << 20)), "File too large")):
            self.assertIn(why, self.problems(self.daemon(body))[0], body[:20])
        # Answers in other shapes are shown as far as there is something.
        for body in ({}, {"pipes": {}}, {"pipes": [1, None, {}]},
                     {"messages": [None]}, {"flows": [], "start-time": -5},
                     {"messages": [{"text": "x" * 5000, "time": 1e300}]},
                     {"version": None, "receivers": [[[]]]}):
            run = self.status(self.daemon(http(body), http({"checks": [1]})))
            self.assertIn(run.returncode, (0, 3), (body, run.stderr))
        for health in {"checks": {"a": None}}, {"checks": {"a": [1]}}, {}:
            run = self.status(self.daemon(health=http(health)))
            self.assertIn(run.returncode, (0, 1, 3), (health, run.stderr))

    def test_silence(self):
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        with tempfile.TemporaryDirectory() as directory:
            sock.bind(f"{directory}/http.sock")
            sock.listen(5)
            self.assertIn("does not answer",
                          self.problems(f"{directory}/http.sock")[0])


class NoModuleTest(CliTest):
    def test_no_module(self):
        if module_there():
            self.skipTest("the kernel module is loaded")
        hint = "modprobe scitag"
        self.refused(3, hint, "stats")
        run = scitag("status", "--no-daemon")
        self.assertEqual(run.returncode, 3)
        self.assertIn(hint, run.stderr)
        self.refused(3, hint, "top")
        self.refused(3, hint, "top", "--batch")
        self.refused(3, hint, "monitor")
        self.refused(3, hint, "monitor", "--snapshots")
        self.refused(3, hint, "record", "/nonexistent/x")
        self.refused(3, hint, "flow", "list", "-s")
        self.refused(3, hint, "flow", "list")
        self.refused(3, hint, "flow", "flush")
        self.refused(3, hint, "check", "[::1]:1")
        self.refused(3, hint, "rule", "list")
        self.refused(3, hint, "rule", "flush")
        self.refused(3, hint, "rule", "set", "-", text="all exclude")
        self.refused(3, hint, "flow", "del", "id", "1")
        self.refused(3, hint, "flow", "show", *KEY)
        self.refused(3, hint, "flow", "add", *KEY, "tag", "2/26")
        run = scitag("--batch", "-", text="tag 2/26\n\nflow flush\n")
        self.assertEqual(run.returncode, 3)
        self.assertIn("-:3: the kernel module", run.stderr)
        self.assertIn("-: 1 of 2 commands were carried out", run.stderr)
        self.assertIn("154", run.stdout)


if __name__ == "__main__":
    TOP = os.environ["SCITAG_TOP"]
    SCITAG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
