#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What nobody should send to scitagd, sent to it: memory stays bounded, the other
sources have their turn, what was wrong is counted, and the log does not fill.
Needs neither root nor the module.

    test_hostile.py SCITAGD

HOSTILE_LINE is how many MB the endless line has: 64 if it is not set.
"""
import json
import os
import pathlib
import resource
import signal
import socket
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
import scitagd
import test_http
from scitagd import FLOW, HERE, THERE, TIMEOUT_S, until

LINE_MB = int(os.environ.get("HOSTILE_LINE", "64"))

# How much more memory may be used than before, in kB.
ROOM_KB = 16 << 10

# How long the daemon may compute until a start is with the collector while
# others flood, in seconds of a processor: the machine may be busy otherwise.
SHARE_S = 5
TICKS = os.sysconf("SC_CLK_TCK")


class Case(test_http.Case):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        # The address sanitizer keeps up to 256 MB of what was freed.
        options = os.environ.get("ASAN_OPTIONS", "")
        os.environ["ASAN_OPTIONS"] = options + ":quarantine_size_mb=1"
        self.addCleanup(os.environ.__setitem__, "ASAN_OPTIONS", options)

    def hostile(self, config="", **options):
        """A daemon, all of whose memory has been used once."""
        self.d = self.http(config, **options)
        self.d.nothing_more()
        self.ask("GET", "/v1/status")
        self.before_kb = self.peak_kb()
        self.begun = time.monotonic()
        return self.d

    def peak_kb(self):
        text = pathlib.Path(f"/proc/{self.d.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0])

    def bounded(self, room_kb=ROOM_KB):
        """It has not used more memory than that at any time."""
        used = self.peak_kb() - self.before_kb
        self.assertLess(used, room_kb, f"{used} kB")

    def has_its_turn(self):
        """Another source is heard, in a time; and so is HTTP."""
        begin = self.cpu_ticks()
        self.d.nothing_more()
        self.assertEqual(self.ask("GET", "/v1/flows?limit=1").status, 200)
        self.assertLess(self.cpu_ticks() - begin, SHARE_S * TICKS)

    def cpu_ticks(self):
        return test_http.Hostile.cpu_ticks(self, self.d)

    def status(self):
        return self.ask("GET", "/v1/status").json()

    def sane(self, messages=60):
        """No sanitizer has complained, and the log is short: of a kind there
        are ten messages in ten seconds, and there are few kinds."""
        messages += 2 * (time.monotonic() - self.begun)
        log = self.d.stop()
        self.assertNotIn("Sanitizer", log)
        self.assertNotIn("runtime error", log)
        self.assertLess(len(log.splitlines()), messages, log[:4000])

    def background(self, function):
        """Runs until the end of the test: function(stop), an Event."""
        stop = threading.Event()
        thread = threading.Thread(target=function, args=(stop,), daemon=True)
        thread.start()

        def end():
            stop.set()
            thread.join(TIMEOUT_S)
        self.addCleanup(end)
        return end


class Pipe(Case):
    def test_endless_line(self):
        """One line, longer than the memory there is."""
        d = self.hostile()
        piece = b"start tcp " + b"x" * 65526
        fd = os.open(d.pipe, os.O_WRONLY)
        for _ in range(LINE_MB * 16):
            os.write(fd, piece)
        os.close(fd)
        # Nothing of it has an end as yet. The receiver is another source.
        self.assertEqual(self.status()["pipes"][0]["bad"], 0)
        d.send(scitagd.XROOTD[0])
        self.assertEqual(d.receive().context["application"], "xrdcp")
        d.write(b"\n")
        d.nothing_more()
        self.assertEqual(self.status()["pipes"][0]["bad"], 1)
        self.bounded()
        self.sane()

    def test_writer_without_newline(self):
        """It spoils one line, and no more than one."""
        d = self.hostile()
        fd = os.open(d.pipe, os.O_WRONLY)
        os.write(fd, b"x" * 600)
        d.write(f"start {FLOW} 3 14\n".encode())
        os.close(fd)
        d.nothing_more()
        self.assertEqual(self.status()["pipes"][0]["bad"], 1)
        self.assertEqual(self.status()["flows"]["started"], 2)
        self.sane()

    def test_flood(self):
        """Writers that never stop: others are heard all the same."""
        d = self.hostile()
        # Whole lines, no more than are written at once (PIPE_BUF).
        bad = b"x y z\n" * 500 + b"\0" * 100 + b"\n" + b"\xff" * 400 + b"\n"

        def flood(stop):
            fd = os.open(d.pipe, os.O_WRONLY)
            while not stop.is_set():
                os.write(fd, bad)
            os.close(fd)
        ends = [self.background(flood) for _ in range(4)]
        until(lambda: self.status()["pipes"][0]["bad"] > 10000, "bad lines")
        for _ in range(5):
            self.has_its_turn()
        for end in ends:
            end()
        self.bounded()
        self.sane()

    def test_many_writers(self):
        """As many as there can be, each with lines of its own."""
        d = self.hostile()
        writers = [os.open(d.pipe, os.O_WRONLY) for _ in range(2000)]
        # No more at a time than what a socket of the usual size can hold.
        for first in range(0, len(writers), 100):
            ports = range(first + 1, first + 101)
            for port in ports:
                os.write(writers[port - 1], f"start tcp {HERE} {port} {THERE} "
                         "7 3 14\n".encode())
            self.assertEqual({d.receive().src[1] for _ in ports}, set(ports))
        for fd in writers:
            os.close(fd)
        d.nothing_more()
        self.bounded()
        self.sane()

    def test_half_lines_at_reload(self):
        """A line that comes in pieces, with a reload after each."""
        d = self.hostile()
        text = d.config.read_text()
        for octet in f"start {FLOW} 3 14\n":
            d.write(octet.encode())
            d.reload(text)
        self.assertEqual(d.receive().ids, (3, 14))
        d.write(f"end {FLOW} 3 ".encode())
        # With a bad configuration, too, and in the middle of a number.
        d.reload("marks: [x]\n")
        d.write(b"14\n")
        self.assertEqual(d.receive().state, "end")
        d.nothing_more()
        self.bounded()
        self.sane(20 * len(FLOW))


class Receiver(Case):
    def test_flood(self):
        """Datagrams faster than they can be read: those that are lost are
        counted, and nothing of the others is."""
        d = self.hostile()
        # What goes on is not told to anybody.
        good = scitagd.XROOTD[0].replace(b'"start"', b'"ongoing"')
        sent = [0]

        def flood(stop):
            with scitagd.udp_socket() as sock:
                sock.connect(("127.0.0.1", d.port))
                kinds = (b"rubbish", good, b"{" * 8000, b"\0" * 9000,
                         b'{"version":1,' + b"[" * 7000,
                         b'{"version":1e999,"a":' + b"9" * 7000 + b"}")
                while not stop.is_set():
                    sock.send(kinds[sent[0] % len(kinds)])
                    sent[0] += 1
        end = self.background(flood)
        until(lambda: self.status()["receivers"][0]["bad"] > 2000, "bad ones")
        for _ in range(5):
            self.has_its_turn()
        end()

        def all_counted():
            d.send(b"the last one")
            sent[0] += 1
            counted = self.status()["receivers"][0]
            return counted["received"] + counted["lost"] == sent[0]
        until(all_counted, "every datagram, received or lost")
        self.bounded()
        self.sane()


class Http(Case):
    many = test_http.Hostile.many

    def test_deep_json(self):
        d = self.hostile()
        for body in "[" * 100000, '{"a":' * 100000, "9" * 100000:
            for path in "/v1/flows", "/flow":
                self.assertEqual(self.ask("POST", path, body).status, 413)
                self.assertEqual(self.ask("POST", path, body[:16000]).status,
                                 400)
        d.nothing_more()
        self.bounded()
        self.sane()

    def test_numbers(self):
        self.hostile()
        for number in ("1e999", "-1", "18446744073709551616", "1.5", "NaN",
                       "0x10", "1" + "0" * 5000):
            body = json.dumps(test_http.START).replace(": 14", ": " + number)
            self.assertIn(number, body)
            self.assertEqual(self.ask("POST", "/v1/flows", body).status, 400)
        self.sane()

    def test_descriptors(self):
        """More connections than there are descriptors."""
        d = self.hostile()
        resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE, (48, 48))
        socks = self.many(socket.AF_UNIX, str(self.path), 100)
        d.nothing_more()
        before = self.cpu_ticks()
        # A second is no time for a loop that has nothing to do.
        time.sleep(1)
        self.assertLess(self.cpu_ticks() - before, 30)
        for sock in socks:
            sock.close()

        def answered():
            try:
                return self.ask("GET", "/").status == 200
            except OSError:
                return False
        until(answered, "an answer after all have gone")
        self.bounded()
        self.sane()

    def test_slow_clients(self):
        """All the connections there are, and each sends an octet at a time:
        header or body. They end, and whoever comes then is answered."""
        d = self.hostile()
        begin = time.monotonic()
        head = b"POST /v1/flows HTTP/1.1\r\nHost: x\r\n"
        slow = [self.patient(head + (b"X: " if i % 2 else
                                     b"Content-Type: application/json\r\n"
                                     b"Content-Length: 9000\r\n\r\n{"))
                for i in range(128)]

        def trickle(stop):
            while not stop.wait(1):
                for sock in slow:
                    try:
                        sock.send(b" ")
                    except OSError:
                        pass
        self.background(trickle)
        for _ in range(3):
            d.nothing_more()
        # As soon as their time has passed: 20 s.
        connection = test_http.UnixConnection(self.path)
        connection.timeout = 60
        connection.connect()
        connection.sock.settimeout(60)
        answer = self.ask_with(connection, "GET", "/v1/status")
        connection.close()
        self.assertEqual(answer.status, 200)
        self.assertLess(time.monotonic() - begin, 45)
        self.bounded()
        self.sane()

    def patient(self, data):
        """A connection as raw() has it; more than 64 can't be waiting."""
        def connected():
            try:
                return self.raw(data)
            except BlockingIOError:
                return None
        return until(connected, "a connection")

    def test_slow_readers(self):
        """Long answers that nobody reads are not all kept."""
        d = self.hostile()
        n = 10000
        d.say(*(f"start tcp {HERE} {port} {THERE} {port} 3 14"
                for port in range(1, n + 1)))
        until(lambda: self.status()["flows"]["open"] == n, "flows")
        path = "/v1/flows?limit=10000"
        length = len(self.ask("GET", path).body)
        self.before_kb = self.peak_kb()
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        # 16 MiB of them at a time, and none for longer than 20 s.
        answers = [self.patient(request).recv(12) for _ in range(4)]
        self.assertEqual(answers, 4 * [b"HTTP/1.1 200"])
        self.assertLess(4 * length, 16 << 20)
        until(lambda: self.patient(request).recv(12) == b"HTTP/1.1 503",
              "an answer that is refused")
        self.bounded((16 << 10) + ROOM_KB)
        # Short ones are given, and long ones when others have gone.
        self.assertEqual(self.ask("GET", "/v1/flows?limit=100").status, 200)
        until(lambda: self.ask("GET", path).status == 200, "a long answer")
        self.sane()


class Config(Case):
    BOMB = "".join(f"{name}: &{name} [{', '.join([before] * 9)}]\n"
                   for name, before in zip("bcdefghij",
                                           ["lol"] + [f"*{c}" for c in
                                                      "bcdefghi"]))

    def test_reload(self):
        """None of these is taken, and the old one stays."""
        d = self.hostile()
        before = self.status()["flows"]["max"]
        for text in (self.BOMB, "a: " + "[" * 100000, "{" * 100000,
                     "? " * 100000, "- " * 100000, "a: " + "x" * (2 << 20),
                     "max-flows: " + "9" * 500000, "\0" * 1000,
                     "pipes: [" + "/run/x, " * 50000 + "]",
                     "".join(f"k{i}: 1\n" for i in range(20))):
            begin = self.cpu_ticks()
            said = d.reload(text)
            self.assertLess(self.cpu_ticks() - begin, SHARE_S * TICKS)
            self.assertLess(len(said), 1000)
            self.assertIn("The old configuration stays: ", said)
            d.nothing_more()
        self.assertEqual(self.status()["flows"]["max"], before)
        self.bounded(64 << 10)
        self.sane(200)

    def test_gigabyte(self):
        d = self.hostile()
        with open(d.config, "r+b") as file:
            file.truncate(1 << 30)
        d.process.send_signal(signal.SIGHUP)
        d.logged("File too large")
        d.nothing_more()
        self.bounded()
        self.sane()


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
