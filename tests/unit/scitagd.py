# SPDX-License-Identifier: GPL-2.0
"""
A scitagd to be tested: its configuration, pipe and receiver, and the fireflies
that come out. Needs neither root nor the module.

This host is also 2001:db8::1 and 192.0.2.1 (local-addresses). Nobody listens
at their peers.
"""
import contextlib
import errno
import itertools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
XROOTD = (TOP / "tests/data/xrootd-fireflies.log").read_bytes().splitlines()
TIMEOUT_S = 60
SCITAGD = None   # the program; whoever imports this sets it

HERE, THERE = "2001:db8::1", "2001:db8::2"
FLOW = f"tcp {HERE} 1094 {THERE} 40000"
RELOADED = "The configuration was reloaded"

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


def port_block(size=200):
    """
    Ports for this process alone, and what keeps them: a name that no other test
    can have meanwhile. They are below those that the kernel gives away: between
    choosing a port and its use there is time for somebody else to get it.
    """
    for first in random.sample(range(12000, 32000, size), 20000 // size):
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0scitag-test-ports-{first}")
            return name, itertools.cycle(range(first, first + size))
        except OSError as error:
            name.close()
            assert error.errno == errno.EADDRINUSE, error
    raise AssertionError("all ports are taken by other tests")


_name, _ports = port_block()


def free_port(kind=socket.SOCK_DGRAM, family=socket.AF_INET):
    for port in _ports:
        with socket.socket(family, kind) as sock:
            with contextlib.suppress(OSError):
                sock.bind(("::1" if family == socket.AF_INET6 else
                           "127.0.0.1", port))
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

    def text(self, **changes):
        """Its configuration with one thing or another changed."""
        values = {"pipes": [str(self.pipe)],
                  "receiver": {"listen": [f"127.0.0.1:{self.port}"]},
                  "local-addresses": [HERE, "192.0.2.1"],
                  "fireflies": {
                      "collectors":
                          [f"127.0.0.1:{self.collector.getsockname()[1]}"],
                      "hostname": "se1", "to-remote": False}}
        values["fireflies"].update(changes.pop("fireflies", {}))
        values.update(changes)
        return json.dumps(values)

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
