#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The named pipe of scitagd: lines that are written into it, and the file itself.
Needs neither root nor the module.

    test_pipe.py SCITAGD
"""
import os
import pathlib
import signal
import stat
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import scitagd
from scitagd import FLOW, HERE, THERE, TIMEOUT_S, Case, until


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
        expected = ((state, port) for port in range(1, 2001)
                    for state in ("start", "end"))
        data = "".join(f"{state} tcp {HERE} {port} {THERE} 7 3 14\n"
                       for port in range(1, 2001)
                       for state in ("start", "end")).encode()
        # No more at a time than what a socket of the usual size can hold.
        for i in range(0, len(data), 4099):
            piece = data[i:i + 4099]
            d.write(piece)
            for _ in range(piece.count(b"\n")):
                firefly = d.receive()
                self.assertEqual((firefly.state, firefly.src[1]),
                                 next(expected))
        self.assertIsNone(next(expected, None))
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
        done = subprocess.run([scitagd.SCITAGD, "--config", config],
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no/flows cannot be created: No such file", done.stderr)

    def test_second_daemon(self):
        d = self.daemon()
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text(f"pipes: {d.pipe}\nreceiver:\n  listen:\n")
        done = subprocess.run([scitagd.SCITAGD, "--config", config],
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"is read by another daemon", done.stderr)
        d.nothing_more()


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
