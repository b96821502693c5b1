#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
scitag top over made-up flows (top_fake.c): what it prints, and what it shows on
a terminal of 24 lines, or another size, whose only skills are to clear itself
and to move its cursor.

    test_top.py TOP_FAKE
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

TIMEOUT_S = 60
TERMINAL = r"""scitag-test|st|terminal of a test,
    am, cols#80, lines#24,
    clear=\E[2J, cup=\E[%i%p1%d;%p2%dH, cr=\r, ind=\n, cub1=\b,
    kcuu1=\EOA, kcud1=\EOB, kcuf1=\EOC, kcub1=\EOD, knp=\E[6~, kpp=\E[5~,
    khome=\EOH, smkx=\E[?1h, rmkx=\E[?1l, kbs=\177,
"""
SEQUENCE = re.compile(r"\x1b\[(\?1[hl]|2J|(\d+);(\d+)H)|\r|\n|\x08|[^\x1b]")


class Screen:
    """top_fake on a terminal, and what can be seen there."""

    def __init__(self, test, *args, size=(24, 80), term="scitag-test"):
        self.lines, self.columns = size
        self.pid, self.fd = pty.fork()
        if not self.pid:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ,
                            struct.pack("HHHH", *size, 0, 0))
                os.execve(FAKE, [FAKE, *map(str, args)],
                          dict(os.environ, TERM=term))
            finally:
                os._exit(126)
        test.addCleanup(self.close)
        self.status = None
        self.pending = ""
        self.said = ""
        self.clear()

    def clear(self):
        self.y = self.x = 0
        self.rows = [[" "] * self.columns for _ in range(self.lines)]

    def step(self):
        """Obey what is said up to the next move of the cursor, so that what
        was shown for a moment only is seen. False: there is nothing to obey,
        or the rest of a sequence is to come."""
        obeyed = moved = False
        while not moved:
            match = SEQUENCE.match(self.pending)
            if not match:
                break
            self.pending = self.pending[match.end():]
            self.obey(match.group(0), match)
            obeyed, moved = True, match.group(2)
        return obeyed

    def obey(self, text, match):
        if match.group(2):
            self.y, self.x = int(match.group(2)) - 1, int(match.group(3)) - 1
        elif text == "\x1b[2J":
            self.clear()
        elif text == "\r":
            self.x = 0
        elif text == "\n":
            self.y = min(self.y + 1, self.lines - 1)
        elif text == "\b":
            self.x = max(self.x - 1, 0)
        elif text[0] != "\x1b":
            if self.x == self.columns:
                self.x, self.y = 0, self.y + 1
            # What comes of an older, larger size is not to be seen.
            if self.y < self.lines and self.x < self.columns:
                self.rows[self.y][self.x] = text
            self.x += 1

    def text(self):
        return ["".join(row).rstrip() for row in self.rows]

    def read(self):
        """What there is to read in a moment. False: the end."""
        if not select.select([self.fd], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.said += data.decode()
        self.pending += data.decode()
        return bool(data)

    def until(self, condition, what):
        end = time.monotonic() + TIMEOUT_S
        while not condition(self.text()):
            if not self.step() and (time.monotonic() > end or
                                    not self.read()):
                raise AssertionError(f"{what}: " + "\n".join(self.text()))
        return self.text()

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def resize(self, *size):
        while self.step():
            pass
        self.lines, self.columns = size
        self.clear()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", *size, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def end(self):
        """Its exit status; what it writes meanwhile is read."""
        while self.read():
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def fake(*args):
    run = subprocess.run([FAKE, *map(str, args)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                         universal_newlines=True, timeout=TIMEOUT_S,
                         check=False)
    return run.returncode, run.stdout, run.stderr


class Batch(unittest.TestCase):
    def test_table(self):
        status, out, err = fake(1, 1, 3, "batch")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([line.split() for line in out.splitlines()], [
            "OUT IN RTT RETR RETR/S CWND MARKED AGE EXPERIMENT ACTIVITY "
            "SOURCE DESTINATION".split(),
            "3.00 Mbit/s 1.50 Mbit/s 3.0 ms 3 3.0 10 100% 00:00:01 cms "
            "default [2001:db8::3]:1003 [2001:db8:ffff::1]:443".split(),
            "2.00 Mbit/s 1.00 Mbit/s 2.0 ms 2 2.0 10 50% 00:00:01 atlas "
            "default [2001:db8::2]:1002 [2001:db8:ffff::1]:443".split(),
            "1.00 Mbit/s - - - - - 100% 00:00:01 cms default "
            "[2001:db8::1]:1001 [2001:db8:ffff::1]:443".split()])

    def test_json(self):
        """Rates are those since the time before."""
        status, out, err = fake(1, 2, 2, "json")
        self.assertEqual((status, err), (0, ""))
        decoder = json.JSONDecoder()
        first, end = decoder.raw_decode(out)
        second, _ = decoder.raw_decode(out[end:].lstrip())
        for flows in first, second:
            self.assertEqual([flow["id"] for flow in flows], [2, 1])
            self.assertEqual(
                [flows[0][key] for key in ("out", "in", "rtt", "cwnd",
                                           "retransmit-rate", "sport")],
                [2000000, 1000000, 2000, 10, 2.0, 1002])
            self.assertEqual(
                [flows[1][key] for key in ("out", "in", "rtt", "retransmits",
                                           "retransmit-rate", "protocol")],
                [1000000, None, None, None, None, "udp"])
        self.assertEqual([flows[0]["retransmits"] for flows in (first, second)],
                         [2, 4])

    def test_filter(self):
        for words, ids in (("atlas", [2, 4]), ("ATLAS :1004", [4]),
                           ("udp", [1]), ("3/1", [1, 3]), ("cms udp", [1]),
                           ("default", [1, 2, 3, 4]), ("lhcb", []),
                           ("[2001:db8::3]:1003", [3]), ("  ", [1, 2, 3, 4])):
            flows = json.loads(fake(1, 1, 4, "json", words)[1])
            self.assertEqual(sorted(flow["id"] for flow in flows), ids, words)

    def test_error(self):
        self.assertEqual(fake(1, 3, 1, "batch")[0::2],
                         (3, "there is nothing to read\n"))

    def test_no_flows(self):
        self.assertEqual(fake(1, 2, 0, "batch"), (0, "", ""))
        self.assertEqual(fake(1, 1, 0, "json"), (0, "[]\n", ""))

    def test_signal(self):
        with subprocess.Popen([FAKE, "3600000", "9", "1", "batch"],
                              stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            process.terminate()
            self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_no_terminal(self):
        status, out, err = fake(1, 1, 1, "screen")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("needs a terminal: write --batch", err)


class FullScreen(unittest.TestCase):
    def order(self, text, rows):
        """The ports of the sources, from above."""
        return [int(port) for port in
                re.findall(r"::\w+\]:(1\d\d\d) ", "\n".join(text[3:3 + rows]))]

    def screen(self, n=3, interval=3600000, count=1000, **kwargs):
        kwargs.setdefault("size", (24, 180))
        return Screen(self, interval, count, n, "screen", **kwargs)

    def shown(self, screen):
        return screen.until(lambda text: "quit" in text[-1], "the first time")

    def becomes(self, screen, choice, ports):
        return screen.until(lambda text: text[1] == choice and
                            self.order(text, 21) == ports,
                            f"{choice}: {ports}")

    def test_shown(self):
        screen = self.screen()
        text = self.shown(screen)
        self.assertRegex(text[0], r"^scitag top  \d\d:\d\d:\d\d  3 flows, 3 "
                         r"shown  out 6\.00 Mbit/s  in 2\.50 Mbit/s$")
        self.assertEqual(text[1], "sorted by out")
        self.assertRegex(text[2], r"^ +OUT +IN +RTT +RETR +RETR/S +CWND "
                         r"+MARKED +AGE  EXPERIMENT  ACTIVITY  SOURCE +DEST")
        self.assertEqual(self.order(text, 21), [1003, 1002, 1001])
        self.assertRegex(text[3], r"^3\.00 Mbit/s  1\.50 Mbit/s +3\.0 ms +3 "
                         r"+3\.0 +10 +100% +00:00:01  cms +default +\[2001")
        screen.press("q")
        self.assertEqual(screen.end(), 0)

    def test_sort(self):
        screen = self.screen()
        self.shown(screen)
        # All have the same destination. atlas (of 1002) is before cms.
        for keys, choice, ports in (
                ("r", "out, reversed", [1001, 1002, 1003]),
                ("<", "destination, reversed", [1001, 1002, 1003]),
                ("r", "destination", [1001, 1002, 1003]),
                ("<<<", "experiment", [1002, 1001, 1003]),
                (">>>>", "out", [1003, 1002, 1001])):
            screen.press(keys)
            self.becomes(screen, f"sorted by {choice}", ports)

    def test_filter(self):
        screen = self.screen()
        self.shown(screen)
        screen.press("/cmx\x7fs q")
        screen.until(lambda text: text[-1] == "filter: cms q_", "typing")
        screen.press("\x7f\x7f\r")
        text = self.becomes(screen, "sorted by out  filter: cms", [1003, 1001])
        self.assertIn("3 flows, 2 shown  out 6.00 Mbit/s", text[0])
        screen.press("/xyz")
        screen.until(lambda text: text[-1] == "filter: cmsxyz_", "typing")
        screen.press("\x1b")
        screen.until(lambda text: "quit" in text[-1], "Escape")
        self.assertIn("filter: cms", screen.text()[1])
        screen.press("/" + 10 * "\x7f" + 300 * "x" + "\r")
        screen.until(lambda text: "0 shown" in text[0], "a long one")

    def test_move(self):
        screen = self.screen(n=100)
        text = self.shown(screen)
        self.assertEqual(self.order(text, 21), list(range(1100, 1080, -1)))

        def top(port):
            return lambda text: self.order(text, 1) == [port]

        for keys, port in (("\x1bOB", 1099), ("\x1b[6~", 1079),
                           ("\x1bOA", 1080), ("\x1b[5~\x1b[5~", 1100),
                           (10 * "\x1b[6~", 1020), ("\x1bOH", 1100)):
            screen.press(keys)
            screen.until(top(port), f"{keys!r}: {port}")
        screen.press(8 * "\x1bOC")
        screen.until(lambda text: text[2].startswith("EXPERIMENT"), "right")
        screen.press(20 * "\x1bOC")
        screen.until(lambda text: text[2] == "DESTINATION", "far right")
        screen.press(30 * "\x1bOD")
        screen.until(lambda text: "RTT" in text[2], "left")

    def test_resize(self):
        screen = self.screen(n=100, size=(24, 80))
        self.assertIn("MARKED", self.shown(screen)[2])
        for size in (50, 200), (10, 40), (4, 20), (1, 5), (24, 80):
            screen.resize(*size)
            screen.press("r")  # something to wait for that is always there
            if size[0] > 4:
                screen.until(
                    lambda text: text[-1].startswith("q quit  < > sort") and
                    all(text[3:-1]), f"{size}")

    def test_refresh(self):
        """It goes on by itself; and over times when nothing can be read."""
        screen = self.screen(interval=300)
        screen.until(lambda text: text[1] == "there is nothing to read",
                     "an error")
        text = screen.until(lambda text: "00:00:05" in text[3], "a refresh")
        self.assertEqual(text[1], "sorted by out")
        screen.press("p")
        text = screen.until(lambda text: "paused" in text[1], "a pause")
        screen.press("p")
        screen.until(lambda text: "paused" not in text[1] and
                     "00:00:07" <= text[3][text[3].index("00:"):], "no pause")

    def test_ends(self):
        screen = self.screen(interval=100, count=2)
        self.assertEqual(screen.end(), 0)
        screen = self.screen()
        self.shown(screen)
        os.kill(screen.pid, signal.SIGTERM)
        self.assertEqual(screen.end(), 0)
        # Keys are as they were.
        self.assertTrue(screen.said.rstrip("\r\n").endswith("\x1b[?1l"),
                        screen.said[-20:])

    def test_unknown_terminal(self):
        screen = self.screen(term="no-such-terminal")
        self.assertEqual(screen.end(), 1)
        self.assertIn("($TERM): write --batch", screen.said)


if __name__ == "__main__":
    FAKE = os.path.abspath(sys.argv.pop(1))
    os.environ["SCITAG_REGISTRY"] = \
        f"{os.environ['SCITAG_TOP']}/userspace/registry.json"
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory, "terminal")
        source.write_text(TERMINAL)
        subprocess.run(["tic", "-o", directory, str(source)], check=True)
        os.environ["TERMINFO"] = directory
        unittest.main()
