#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
scitagd from end to end: what is written into its pipe and sent to its
receiver, and the fireflies that come out. Needs neither root nor the module.

    test_daemon.py SCITAGD

This host is also 2001:db8::1 and 192.0.2.1 (local-addresses). Nobody listens
at their peers.
"""
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
XROOTD = (TOP / "tests/data/xrootd-fireflies.log").read_bytes().splitlines()
TIMEOUT_S = 60

HERE, THERE = "2001:db8::1", "2001:db8::2"
FLOW = f"tcp {HERE} 1094 {THERE} 40000"

try:
    import jsonschema
    # Old ones do not know 2020-12; of what the schema uses nothing differs.
    DRAFT = getattr(jsonschema, "Draft202012Validator", None) or \
        jsonschema.Draft7Validator
    VALIDATOR = DRAFT(
        json.loads((TOP / "tests/data/firefly.schema.json").read_text()),
        format_checker=jsonschema.FormatChecker())
except (ImportError, AttributeError):
    VALIDATOR = None


def until(condition, what):
    """Waits for a condition; what it returns, if that is true."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"timeout: {what}")


def udp_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", 0))
    return sock


# Below those that the kernel gives away: between choosing a port and its use
# there is time for somebody else to be given it. Processes that run at the same
# time begin at different ones.
_ports = itertools.cycle(random.sample(range(12000, 32000), 20000))


def free_port(kind=socket.SOCK_DGRAM):
    for port in _ports:
        with socket.socket(socket.AF_INET, kind) as sock:
            with contextlib.suppress(OSError):
                sock.bind(("127.0.0.1", port))
                return port


class Firefly:
    """A datagram that the daemon sent, taken apart."""

    def __init__(self, datagram):
        self.datagram = datagram
        header, body = datagram.decode().split("{", 1)
        self.header = header.split(" ")
        self.json = json.loads("{" + body)
        if VALIDATOR:
            VALIDATOR.validate(self.json)
        self.lifecycle = self.json["flow-lifecycle"]
        self.state = self.lifecycle["state"]
        self.flow = self.json["flow-id"]
        self.context = self.json["context"]
        self.ids = (self.context["experiment-id"],
                    self.context["activity-id"])
        self.src = (self.flow["src-ip"], self.flow["src-port"])
        self.dst = (self.flow["dst-ip"], self.flow["dst-port"])


class Daemon:
    """A scitagd in a directory of its own, and a collector it sends to."""

    def __init__(self, directory, config="", fireflies="",
                 to_remote="false"):
        self.dir = pathlib.Path(directory)
        self.pipe = self.dir / "flows"
        self.collector = udp_socket()
        self.collector.settimeout(TIMEOUT_S)
        self.port = free_port()
        self.out = udp_socket()
        port = self.collector.getsockname()[1]
        self.config = self.dir / "scitagd.conf"
        self.config.write_text(
            f"pipes: {self.pipe}\n"
            f"receiver: {{listen: 127.0.0.1:{self.port}}}\n"
            f"local-addresses: [{HERE}, 192.0.2.1]\n"
            "fireflies:\n"
            + (fireflies or
               f"  collectors: [127.0.0.1:{port}, 127.0.0.1:{self.port},\n"
               f"               127.0.0.1:{port}]\n"
               "  hostname: se_1.example.org\n"
               f"  to-remote: {to_remote}\n") + config)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.dir / "notify"))
        self.notify.settimeout(TIMEOUT_S)
        self.log_path = self.dir / "log"
        environment = dict(os.environ, NOTIFY_SOCKET=str(self.dir / "notify"))
        environment.pop("JOURNAL_STREAM", None)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [SCITAGD, "--config", str(self.config)],
                stderr=log, env=environment)

    def ready(self):
        assert self.notify.recv(100) == b"READY=1"
        return self

    def configure(self, text):
        self.config.write_text(text)

    def reload(self, text):
        """Another configuration; what the daemon says of it to systemd."""
        self.configure(text)
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        self.process.send_signal(signal.SIGHUP)
        return self.reloaded(before)

    def reloaded(self, before):
        what, usec = self.notify.recv(1000).decode().split("\n")
        assert what == "RELOADING=1", what
        key, usec = usec.split("=")
        after = time.clock_gettime(time.CLOCK_MONOTONIC)
        assert key == "MONOTONIC_USEC", key
        assert before - 1e-3 < int(usec) / 1e6 < after + 1e-3, usec
        ready, status = self.notify.recv(1000).decode().split("\n")
        assert ready == "READY=1", ready
        assert status.startswith("STATUS="), status
        return status[len("STATUS="):]

    def log(self):
        return self.log_path.read_text(errors="replace")

    def logged(self, pattern):
        return until(lambda: re.search(pattern, self.log(), re.M),
                     f"{pattern!r} in the log:\n{self.log()}")

    def write(self, data):
        fd = os.open(self.pipe, os.O_WRONLY)
        try:
            while data:
                data = data[os.write(fd, data):]
        finally:
            os.close(fd)

    def say(self, *lines):
        self.write("".join(line + "\n" for line in lines).encode())

    def send(self, datagram):
        self.out.sendto(datagram, ("127.0.0.1", self.port))

    def receive(self):
        return Firefly(self.collector.recv(65536))

    def nothing_more(self):
        """What was said so far is done, and no firefly came of it."""
        self.say("start tcp ::1 9 ::1 9999 1 1", "end tcp ::1 9 ::1 9999 1 1")
        for state in "start", "end":
            firefly = self.receive()
            assert (firefly.state, firefly.ids) == (state, (1, 1)), \
                firefly.datagram
            assert firefly.src == ("::1", 9), firefly.datagram

    def stop(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        assert self.process.wait(TIMEOUT_S) == 0, self.log()
        return self.log()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for sock in self.collector, self.out, self.notify:
            sock.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="scitagd.")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.dir])

    def daemon(self, **options):
        daemon = self.unready(**options)
        return daemon.ready()

    def unready(self, **options):
        daemon = Daemon(self.dir, **options)
        self.addCleanup(daemon.close)
        return daemon


class Pipe(Case):
    def test_start_and_end(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14")
        start = d.receive()
        self.assertEqual(start.state, "start")
        self.assertEqual(start.header[0], "<134>1")
        self.assertEqual(start.header[2:], ["se-1.example.org", "scitagd", "-",
                                            "firefly-json", "-", ""])
        self.assertEqual(start.src, (HERE, 1094))
        self.assertEqual(start.dst, (THERE, 40000))
        self.assertEqual(start.flow["afi"], "ipv6")
        self.assertEqual(start.ids, (3, 14))
        self.assertEqual(start.context.keys(),
                         {"experiment-id", "activity-id"})
        # The ids are swapped, and that says nothing.
        d.say(f"end {FLOW} 14 3")
        end = d.receive()
        self.assertEqual(end.state, "end")
        self.assertEqual(end.ids, (3, 14))
        self.assertEqual(end.flow, start.flow)
        self.assertEqual(end.lifecycle["start-time"],
                         start.lifecycle["start-time"])
        self.assertGreaterEqual(end.lifecycle["end-time"],
                                end.lifecycle["start-time"])
        self.assertEqual(end.json["usage"], {"received": 0, "sent": 0})
        d.nothing_more()
        self.assertRegex(d.stop(), r"0 open, 2 started, .* 2 ended")

    def test_from_the_other_side(self):
        d = self.daemon()
        d.say(f"start udp {THERE} 1 {HERE} 2 3 14")
        start = d.receive()
        self.assertEqual((start.src, start.dst), ((THERE, 1), (HERE, 2)))
        d.say(f"end udp {HERE} 2 {THERE} 1 3 14")
        end = d.receive()
        self.assertEqual(end.flow, start.flow)

    def test_ipv4(self):
        d = self.daemon()
        d.say("start tcp 192.0.2.1 1 ::ffff:192.0.2.2 2 3 14")
        start = d.receive()
        self.assertEqual(start.flow["afi"], "ipv4")
        self.assertEqual(start.dst, ("192.0.2.2", 2))

    def test_pieces(self):
        d = self.daemon()
        line = f"  START\tTCP [{HERE}%eth0]  1094 {THERE}  40000 3 14\r\n"
        fd = os.open(d.pipe, os.O_WRONLY)
        for octet in line.encode():
            os.write(fd, bytes([octet]))
        self.assertEqual(d.receive().ids, (3, 14))
        os.write(fd, f"end {FLOW}".encode())
        os.close(fd)
        d.write(b" 3 14\n")
        self.assertEqual(d.receive().state, "end")

    def test_many(self):
        d = self.daemon()
        ports = range(1, 2001)
        data = "".join(f"start tcp {HERE} {port} {THERE} 7 3 14\n"
                       f"end tcp {HERE} {port} {THERE} 7 3 14\n"
                       for port in ports).encode()
        for i in range(0, len(data), 4099):
            d.write(data[i:i + 4099])
        for port in ports:
            for state in "start", "end":
                firefly = d.receive()
                self.assertEqual((firefly.state, firefly.src[1]),
                                 (state, port))
        self.assertRegex(d.stop(), "flows: 4000 lines, 0 bad")

    def test_bad_lines(self):
        d = self.daemon()
        good = f"{FLOW} 3 14"
        bad = [b"start", f"begin {good}".encode(), f"start {FLOW} 3".encode(),
               f"start {good} 9".encode(), f"start x {good}".encode(),
               b"x" * 513, b"x" * 100000, b"\xff\xfe\x1b[31m",
               f"start\0{good}".encode()]
        d.write(b"".join(line + b"\n" for line in bad) + b"\n \t\n\0\n")
        d.say(f"start {good}")
        self.assertEqual(d.receive().state, "start")
        log = d.stop()
        self.assertRegex(log, f"flows: {len(bad) + 1} lines, {len(bad)} bad")
        self.assertIn('flows: 1 fields where 8 have to be: "start"', log)
        self.assertIn('"begin" is not start or end', log)
        self.assertIn("a line of more than 512 octets", log)
        self.assertIn('"???[31m"', log)

    def test_log_is_limited(self):
        d = self.daemon()
        d.write(b"bad\n" * 5000)
        d.nothing_more()
        log = d.stop()
        self.assertRegex(log, "flows: 5002 lines, 5000 bad")
        self.assertLess(len(log.splitlines()), 40)

    def test_refused(self):
        d = self.daemon()
        d.say("start tcp 2001:db8::8 1 2001:db8::9 2 3 14",
              f"start tcp {HERE} 1 {THERE} 2 513 1",
              f"start tcp {HERE} 1 {THERE} 2 3 64",
              f"start tcp {HERE} 1 ff02::1 2 3 14",
              f"end {FLOW} 3 14")
        d.nothing_more()
        log = d.stop()
        self.assertIn("tcp [2001:db8::8]:1 > [2001:db8::9]:2: neither address "
                      "is this host's", log)
        self.assertIn("experiment 513, activity 1: not within 0..511 and "
                      "0..63, which is what a flow label can carry", log)
        self.assertRegex(log, "1 ends unknown, 4 refused")

    def test_repeated_and_retagged(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14", f"start {FLOW} 3 14", f"start {FLOW} 2 9",
              f"end {FLOW} 3 14", f"end {FLOW} 3 14")
        got = [d.receive() for _ in range(4)]
        self.assertEqual([(f.state, f.ids) for f in got],
                         [("start", (3, 14)), ("end", (3, 14)),
                          ("start", (2, 9)), ("end", (2, 9))])
        d.nothing_more()

    def test_max_flows(self):
        d = self.daemon(config="max-flows: 2\n")
        d.say(*(f"start tcp {HERE} {port} {THERE} 7 3 14"
                for port in (1, 2, 3)))
        d.logged("2 flows are open, which is max-flows")
        self.assertEqual([d.receive().src[1] for _ in range(2)], [1, 2])

    def test_end_of_writers_does_not_spin(self):
        d = self.daemon()
        d.write(b"")
        d.nothing_more()
        before = self.cpu_ticks(d)
        time.sleep(0.3)
        self.assertLess(self.cpu_ticks(d) - before, 5)

    def cpu_ticks(self, d):
        fields = pathlib.Path(f"/proc/{d.process.pid}/stat").read_text()
        return sum(map(int, fields.rsplit(")", 1)[1].split()[11:13]))


class Layout(Case):
    ADVICE = "layout ids in Destination Options stalls TCP connections"

    def test_unsafe(self):
        d = self.daemon(config="marks: [label, do]\nlayout: ids\n")
        self.assertIn(self.ADVICE, d.log())

    def test_safe(self):
        d = self.daemon(config="marks: [hbh]\nlayout: ids\n")
        self.assertNotIn("Destination Options", d.log())


class Marks(Case):
    def test_none(self):
        d = self.daemon(config="marks: none\n")
        for port in 1, 2:
            d.say(f"start tcp {HERE} {port} {THERE} 7 3 14")
            self.assertEqual(d.receive().state, "start")
        log = d.stop()
        self.assertEqual(log.count("none has ongoing fireflies"), 1)
        self.assertNotIn("no flow can be marked", log)


class PipeFile(Case):
    def test_created_for_all(self):
        umask = os.umask(0o077)
        try:
            d = self.daemon()
        finally:
            os.umask(umask)
        mode = os.stat(d.pipe).st_mode
        self.assertTrue(stat.S_ISFIFO(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o666)
        d.stop()
        self.assertTrue(stat.S_ISFIFO(os.stat(d.pipe).st_mode))

    def test_taken_over(self):
        os.mkfifo(f"{self.dir}/flows", 0o600)
        d = self.daemon()
        self.assertEqual(stat.S_IMODE(os.stat(d.pipe).st_mode), 0o666)
        d.nothing_more()

    def test_another_reader(self):
        """flowd was not stopped, say: it is told of, and lines are read."""
        os.mkfifo(f"{self.dir}/flows")
        fd = os.open(f"{self.dir}/flows", os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, fd)
        d = self.daemon()
        self.assertIn("flows: another program has it open", d.log())
        d.say(f"start {FLOW} 3 14")
        self.assertEqual(d.receive().state, "start")

    def test_no_other_reader(self):
        """Who has it open to write is none."""
        os.mkfifo(f"{self.dir}/flows")
        first = os.open(f"{self.dir}/flows", os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(f"{self.dir}/flows", os.O_WRONLY)
        self.addCleanup(os.close, writer)
        os.close(first)
        d = self.daemon()
        self.assertNotIn("another program", d.log())

    def test_removed(self):
        """That is told of; once nothing is in its place it is made anew."""
        d = self.daemon()
        os.unlink(d.pipe)
        d.logged("flows was removed or replaced")
        pathlib.Path(d.pipe).write_text(f"start {FLOW} 3 14\n")
        d.process.send_signal(signal.SIGHUP)
        d.logged("flows is there and is not a named pipe")
        os.unlink(d.pipe)
        d.process.send_signal(signal.SIGHUP)
        until(lambda: os.path.exists(d.pipe), "a new pipe")
        d.say(f"start {FLOW} 3 14")
        self.assertEqual(d.receive().state, "start")

    def refused(self, what):
        d = self.unready()
        self.assertEqual(d.process.wait(TIMEOUT_S), 1)
        self.assertIn(what, d.log())
        self.assertNotIn("Sanitizer", d.log())

    def test_regular_file(self):
        path = pathlib.Path(self.dir, "flows")
        path.write_text(f"start {FLOW} 3 14\n")
        self.refused("flows is there and is not a named pipe")
        self.assertEqual(path.read_text(), f"start {FLOW} 3 14\n")

    def test_symlink(self):
        os.mkfifo(f"{self.dir}/elsewhere")
        os.symlink("elsewhere", f"{self.dir}/flows")
        self.refused("flows is there and is not a named pipe")

    def test_directory_missing(self):
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text(f"pipes: {self.dir}/no/flows\nreceiver:\n  listen:\n")
        done = subprocess.run([SCITAGD, "--config", config],
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no/flows cannot be created: No such file", done.stderr)

    def test_second_daemon(self):
        d = self.daemon()
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text(f"pipes: {d.pipe}\nreceiver:\n  listen:\n")
        done = subprocess.run([SCITAGD, "--config", config],
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"is read by another daemon", done.stderr)
        d.nothing_more()


class Sources(Case):
    def test_twice_is_once(self):
        port = free_port()
        pipe = pathlib.Path(self.dir, "flows")
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text(f"pipes: [{pipe}, {pipe}]\nreceiver:\n"
                          f"  listen: ['127.0.0.1:{port}', "
                          f"'127.0.0.1:{port}']\n")
        process = subprocess.Popen([SCITAGD, "--config", config],
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until(pipe.exists, "the pipe")
        # Opened for writing, it has a reader: the daemon, and it is ready.
        os.close(os.open(pipe, os.O_WRONLY))
        process.terminate()
        log = process.communicate(timeout=TIMEOUT_S)[1].decode()
        self.assertEqual(process.returncode, 0, log)
        self.assertEqual(log.count("flows: 0 lines"), 1)
        self.assertEqual(log.count(f"127.0.0.1:{port}: 0 fireflies"), 1)


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


class Life(Case):
    def test_end_of_all(self):
        for signum in signal.SIGTERM, signal.SIGINT:
            with self.subTest(signum=signum):
                self.setUp()
                d = self.daemon()
                d.say(*(f"start tcp {HERE} {port} {THERE} 7 3 14"
                        for port in range(1, 101)))
                d.send(XROOTD[0])
                got = [d.receive() for _ in range(101)]
                d.stop(signum)
                self.assertEqual(d.notify.recv(100), b"STOPPING=1")
                ends = [d.receive() for _ in range(101)]
                self.assertEqual({f.state for f in ends}, {"end"})
                self.assertEqual(sorted(f.src for f in ends),
                                 sorted(f.src for f in got))

    def test_counters_on_request(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14")
        d.receive()
        d.process.send_signal(signal.SIGUSR1)
        d.logged("flows: 1 open, 1 started")
        d.logged("fireflies: 1 sent, 0 failed")

    def test_unreachable(self):
        """Nobody, not even a route, where fireflies go to."""
        d = self.daemon(to_remote="true")
        d.say("start tcp 192.0.2.1 1 255.255.255.255 2 3 14",
              "start tcp 127.0.0.1 1 127.0.0.1 2 3 14")
        self.assertEqual([d.receive().state for _ in range(2)], ["start"] * 2)
        log = d.stop()
        self.assertRegex(log, "a firefly to 255.255.255.255:10514 is lost: ")
        # To the loopback flow's remote, which is this host: never.
        self.assertNotIn("127.0.0.1:10514", log)

    @unittest.skipIf(os.path.exists("/sys/module/scitag"), "module is loaded")
    def test_without_module(self):
        d = self.daemon()
        d.logged(r"no flow can be marked: .*modprobe scitag")
        d.say(f"start {FLOW} 3 14")
        d.receive()
        log = d.stop()
        self.assertEqual(log.count("no flow can be marked"), 1)
        self.assertIn("kernel: 0 flows marked, 1 not", log)

    def test_port_in_use(self):
        with udp_socket() as sock:
            config = pathlib.Path(self.dir, "c")
            config.write_text("pipes:\nreceiver: {listen: '127.0.0.1:"
                              f"{sock.getsockname()[1]}'}}\n")
            done = subprocess.run([SCITAGD, "-c", config], timeout=TIMEOUT_S,
                                  stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"Address already in use", done.stderr)

    def test_unknown_collector(self):
        # No name can be that long: nobody is asked for it.
        name = "x" * 64 + ".example"
        d = self.daemon(fireflies=f"  to-remote: false\n"
                        f"  collectors: ['{name}']\n")
        d.logged(f"the address of {name} cannot be found: ")
        d.say(f"start {FLOW} 3 14", f"end {FLOW} 3 14")
        self.assertRegex(d.stop(), "fireflies: 0 sent, 0 failed, 2 unresolved")


class Outward(Case):
    """What goes out, and to whom."""

    def test_translated(self):
        """The table decides, filters see what is not translated."""
        with udp_socket() as other:
            other.settimeout(TIMEOUT_S)
            d = self.daemon(fireflies=(
                "  to-remote: false\n"
                "  collectors:\n"
                f"  - address: 127.0.0.1:{other.getsockname()[1]}\n"
                f"    networks: {HERE}\n"
                "  translate:\n"
                f"  - {{from: '{HERE}', to: '2001:db8:ffff::1'}}\n"
                "  - {from: '2001:db8::/64', to: '2001:db8:0:1::/64'}\n"))
            d.say(f"start {FLOW} 3 14", f"end {FLOW} 3 14")
            for state in "start", "end":
                firefly = Firefly(other.recv(65536))
                self.assertEqual(firefly.state, state)
                self.assertEqual(firefly.src, ("2001:db8:ffff::1", 1094))
                self.assertEqual(firefly.dst, ("2001:db8:0:1::2", 40000))

    def test_limited(self):
        """Ten seconds' worth, and then one in a second."""
        with udp_socket() as other:
            other.settimeout(TIMEOUT_S)
            port = other.getsockname()[1]
            d = self.daemon(fireflies="  to-remote: false\n  rate: 1\n"
                            f"  collectors: ['127.0.0.1:{port}']\n")
            begun = time.monotonic()
            d.say(*(f"start tcp {HERE} {sport} {THERE} 7 3 14"
                    for sport in range(1, 501)))
            got = [Firefly(other.recv(65536)).src[1] for _ in range(10)]
            self.assertEqual(got, list(range(1, 11)))
            d.logged("is lost: more than fireflies.rate")

            def all_open():
                d.process.send_signal(signal.SIGUSR1)
                return "flows: 500 open" in d.log()
            until(all_open, "the last start")
            log = d.stop()
            sent, limited = map(int, re.findall(
                r"fireflies: (\d+) sent, .* (\d+) limited \(0 of", log)[-1])
            self.assertEqual(sent + limited, 1000)
            self.assertLessEqual(sent, 11 + time.monotonic() - begun)


class Relay(Case):
    """Fireflies of flows elsewhere: from 2001:db8::8 to 2001:db8::9."""

    HEADER = b"<134>1 - se2 xrootd - firefly-json - "

    def relaying(self, how, **fireflies):
        d = self.daemon()
        text = Reload().text(
            d, receiver={"listen": [f"127.0.0.1:{d.port}"], "relay": how},
            fireflies=fireflies)
        self.assertEqual(d.reload(text), Reload.GOOD)
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


class Reload(Case):
    GOOD = "The configuration was reloaded"
    BAD = "The old configuration stays: "

    def text(self, d, **changes):
        """A configuration of d with one thing or another changed."""
        values = {"pipes": [str(d.pipe)],
                  "receiver": {"listen": [f"127.0.0.1:{d.port}"]},
                  "local-addresses": [HERE, "192.0.2.1"],
                  "fireflies": {
                      "collectors":
                          [f"127.0.0.1:{d.collector.getsockname()[1]}"],
                      "hostname": "se1", "to-remote": False}}
        values["fireflies"].update(changes.pop("fireflies", {}))
        values.update(changes)
        return json.dumps(values)

    def test_flows_stay_open(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14")
        start = d.receive()
        second = udp_socket()
        self.addCleanup(second.close)
        second.settimeout(TIMEOUT_S)
        port = second.getsockname()[1]
        self.assertEqual(d.reload(self.text(d, fireflies={
            "collectors": [f"127.0.0.1:{port}"], "hostname": "other"})),
            self.GOOD)
        d.say(f"end {FLOW} 3 14")
        end = Firefly(second.recv(65536))
        self.assertEqual(end.flow, start.flow)
        self.assertEqual(end.lifecycle["start-time"],
                         start.lifecycle["start-time"])
        self.assertEqual(end.header[2], "other")
        d.collector.setblocking(False)
        self.assertRaises(BlockingIOError, d.collector.recv, 1)
        log = d.stop()
        self.assertRegex(log, r"0 open, 1 started, .* 1 ended")

    def test_what_stays(self):
        """What needs a restart says so, once, and nothing else does."""
        d = self.daemon()
        later = "takes effect at the next start only"
        self.assertEqual(d.reload(self.text(d, **{"max-flows": 9})), self.GOOD)
        self.assertNotIn(later, d.log())
        changed = {"state-file": f"{self.dir}/other",
                   "http": {"listen": [f"{self.dir}/other.sock"]}}
        for _ in range(2):
            self.assertEqual(d.reload(self.text(d, **changed)), self.GOOD)
        self.assertEqual(re.findall(f"^(.*): {later}", d.log(), re.M),
                         ["http.listen", "state-file"])
        d.stop()
        self.assertFalse(os.path.exists(f"{self.dir}/other"))

    def test_bad(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14")
        d.receive()
        text = ("marks: label\nmax-flow: 1\nlayout: x\n"
                "pipes: /nonexistent/x\n")
        why = f"{d.config}:2: max-flow: unknown key"
        self.assertEqual(d.reload(text), self.BAD + why)
        log = d.log()
        self.assertIn(f"{why}\n{d.config}:3: layout: ", log)
        self.assertIn("the configuration is not reloaded: the old one stays",
                      log)
        d.say(f"end {FLOW} 3 14")
        self.assertEqual(d.receive().state, "end")
        d.nothing_more()
        # It reads the next one all the same.
        self.assertEqual(d.reload(self.text(d)), self.GOOD)
        d.nothing_more()

    def test_bad_yaml(self):
        d = self.daemon()
        self.assertIn(f"{d.config}:1: ", d.reload("pipes: a: b\n"))
        # Nothing else is told to systemd with it.
        self.assertIn(f"{d.config}:1: a", d.reload('"a\\nMAINPID=1": b\n'))
        d.config.unlink()
        d.process.send_signal(signal.SIGHUP)
        self.assertIn("No such file or directory", d.reloaded(0.0))
        d.nothing_more()

    def test_nothing_is_lost(self):
        """What waits in a pipe and in a socket when the reload comes."""
        d = self.daemon()
        other = pathlib.Path(self.dir, "other")
        d.process.send_signal(signal.SIGSTOP)
        n = 500
        # The last line is not complete yet.
        text = "".join(f"start tcp {HERE} {port} {THERE} 7 3 14\n"
                       for port in range(1, n + 1))
        d.write(text[:-9].encode())
        for datagram in XROOTD:
            d.send(datagram)
        d.configure(self.text(d, pipes=[str(other), str(d.pipe)]))
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        d.process.send_signal(signal.SIGHUP)
        d.process.send_signal(signal.SIGCONT)
        self.assertEqual(d.reloaded(before), self.GOOD)
        d.write(text[-9:].encode())
        got = [d.receive() for _ in range(n + len(XROOTD))]
        ports = sorted(f.src[1] for f in got if f.src[0] == HERE)
        self.assertEqual(ports, list(range(1, n + 1)))
        other.write_text(f"end tcp {HERE} 1 {THERE} 7 3 14\n")
        self.assertEqual(d.receive().state, "end")
        log = d.stop()
        self.assertRegex(log, f"flows: {n} lines, 0 bad")
        self.assertRegex(log, f"{len(XROOTD)} fireflies, 0 bad, .* 0 lost")

    def test_sources_come_and_go(self):
        d = self.daemon()
        other = pathlib.Path(self.dir, "other")
        port = free_port()
        self.assertEqual(d.reload(self.text(
            d, pipes=[str(other)],
            receiver={"listen": [f"127.0.0.1:{port}"]})), self.GOOD)
        other.write_text(f"start {FLOW} 3 14\n")
        self.assertEqual(d.receive().ids, (3, 14))
        d.out.sendto(XROOTD[0], ("127.0.0.1", port))
        self.assertEqual(d.receive().header[2], "se1")
        # Nobody reads there any more.
        with self.assertRaises(OSError):
            os.open(d.pipe, os.O_WRONLY | os.O_NONBLOCK)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", d.port))
        # And back.
        self.assertEqual(d.reload(self.text(d)), self.GOOD)
        d.say(f"end {FLOW} 3 14")
        self.assertEqual(d.receive().state, "end")

    def test_not_to_be_opened(self):
        """All stays as it was, also what would have gone well."""
        d = self.daemon()
        other = pathlib.Path(self.dir, "other")
        wrong = pathlib.Path(self.dir, "wrong")
        wrong.write_text("")
        port = free_port()
        status = d.reload(self.text(
            d, pipes=[str(other), str(wrong)], **{"max-flows": 1}))
        self.assertEqual(status, self.BAD + "File exists")
        d.logged("wrong is there and is not a named pipe")
        d.logged("^pipes: not all can be opened: File exists")
        with self.assertRaises(OSError):
            os.open(other, os.O_WRONLY | os.O_NONBLOCK)

        with udp_socket() as taken:
            used = taken.getsockname()[1]
            status = d.reload(self.text(d, receiver={"listen": [
                f"127.0.0.1:{port}", f"127.0.0.1:{used}"]}))
        self.assertEqual(status, self.BAD + "Address already in use")
        d.logged("^receiver.listen: not all can be opened: Address already")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", port))
        d.say(*(f"start tcp {HERE} {port} {THERE} 7 3 14" for port in (1, 2)))
        self.assertEqual([d.receive().src[1] for _ in range(2)], [1, 2])
        d.send(XROOTD[0])
        self.assertEqual(d.receive().state, "start")

    def test_limits(self):
        d = self.daemon()
        here = "2001:db8::55"
        d.say(f"start tcp {here} 1 {THERE} 7 3 14")
        d.logged("neither address is this host's")
        d.reload(self.text(d, **{"local-addresses": [here, HERE],
                                 "max-flows": 1}))
        d.say(f"start tcp {here} 1 {THERE} 7 3 14", f"start {FLOW} 3 14")
        self.assertEqual(d.receive().src, (here, 1))
        d.logged("1 flows are open, which is max-flows")

    def test_to_remote(self):
        d = self.daemon()
        flow = "tcp 192.0.2.1 1 255.255.255.255 2 3 14"
        d.say(f"start {flow}")
        d.receive()
        self.assertNotIn("is lost", d.log())
        d.reload(self.text(d, fireflies={"to-remote": True}))
        d.say(f"end {flow}")
        d.receive()
        d.logged("a firefly to 255.255.255.255:10514 is lost: ")

    def test_log_level(self):
        d = self.daemon()
        d.reload(self.text(d, **{"log-level": "debug"}))
        d.nothing_more()
        d.logged("^tcp .* starts: experiment 1")
        d.reload(self.text(d, **{"log-level": "error"}))
        log = d.log()
        d.nothing_more()
        d.write(b"bad\n")
        d.nothing_more()
        self.assertEqual(d.log(), log)

    @unittest.skipIf(os.path.exists("/sys/module/scitag"), "module is loaded")
    def test_marks(self):
        d = self.daemon(config="marks: none\n")
        d.say(f"start {FLOW} 3 14")
        d.receive()
        self.assertNotIn("no flow can be marked", d.log())
        self.assertEqual(d.reload(self.text(d)), self.GOOD)
        d.logged("no flow can be marked")
        self.assertEqual(d.reload(self.text(d, marks=["do"], layout="ids")),
                         self.GOOD)
        d.logged("layout ids in Destination Options stalls")
        self.assertEqual(d.reload(self.text(d, marks=[])), self.GOOD)
        self.assertEqual(d.log().count("none has ongoing fireflies"), 2)
        d.say(f"end {FLOW} 3 14")
        self.assertEqual(d.receive().state, "end")

    def test_names(self):
        """One that is known stays, one that is not is told of."""
        d = self.daemon(fireflies="  to-remote: false\n"
                        "  collectors: [localhost]\n")
        d.logged("fireflies go to localhost ")
        name = "x" * 64 + ".example"
        self.assertEqual(d.reload(self.text(d, fireflies={
            "collectors": ["localhost", name]})), self.GOOD)
        d.logged(f"the address of {name} cannot be found: ")
        self.assertEqual(d.stop().count("fireflies go to localhost "), 2)


class CommandLine(Case):
    def run_it(self, *arguments):
        return subprocess.run([SCITAGD, *arguments], timeout=TIMEOUT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)

    def test_check(self):
        config = pathlib.Path(self.dir, "c")
        config.write_text("marks: [label]\nfireflies:\n  to_remote: true\n"
                          "max-flows: many\n")
        done = self.run_it("--config", str(config), "--check")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr,
                         f"{config}:3: fireflies.to_remote: unknown key\n"
                         f'{config}:4: max-flows: "many" is not a number of '
                         "1..10000000\n")
        self.assertEqual(self.run_it("--config", str(config)).stderr,
                         done.stderr)
        config.write_text("marks: [label]\n")
        done = self.run_it("--config", str(config), "--check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_print_config(self):
        config = pathlib.Path(self.dir, "c")
        config.write_text("marks: [hbh]\nfireflies: {period: 5m}\n")
        first = self.run_it("-c", str(config), "--print-config",
                            "--log-level", "debug")
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        for line in ("marks:", "- hbh", "max-flows: 100000",
                     '  period: "300s"', f"  hostname: {socket.gethostname()}",
                     "log-level: debug"):
            self.assertIn(line.replace('"', ""),
                          first.stdout.replace('"', "").split("\n"))
        config.write_text(first.stdout)
        again = self.run_it("-c", str(config), "--print-config")
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertEqual(again.stdout, first.stdout)

    def test_print_bad_config(self):
        config = pathlib.Path(self.dir, "c")
        config.write_text("mark: hbh\n")
        done = self.run_it("-c", str(config), "--print-config")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("c:1: mark: unknown key", done.stderr)

    def test_missing_config(self):
        done = self.run_it("--config", f"{self.dir}/none", "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("none: No such file or directory", done.stderr)

    def test_options(self):
        self.assertRegex(self.run_it("--version").stdout, r"^scitagd \d+\.\d+")
        self.assertIn("--check", self.run_it("--help").stdout)
        self.assertNotEqual(self.run_it("--frobnicate").returncode, 0)
        self.assertNotEqual(self.run_it("argument").returncode, 0)
        done = self.run_it("--log-level", "loud", "--check")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("loud", done.stderr)


if __name__ == "__main__":
    SCITAGD = sys.argv.pop(1)
    unittest.main()
