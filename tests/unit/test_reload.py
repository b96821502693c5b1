#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
A configuration that changes while scitagd runs. Needs neither root nor the
module.

    test_reload.py SCITAGD
"""
import os
import pathlib
import re
import signal
import socket
import sys
import time
import unittest

sys.dont_write_bytecode = True
import scitagd
from scitagd import (FLOW, HERE, RELOADED, THERE, TIMEOUT_S, XROOTD, Case,
                     Firefly, free_port, udp_socket)


class Reload(Case):
    BAD = "The old configuration stays: "

    def test_flows_stay_open(self):
        d = self.daemon()
        d.say(f"start {FLOW} 3 14")
        start = d.receive()
        second = udp_socket()
        self.addCleanup(second.close)
        second.settimeout(TIMEOUT_S)
        port = second.getsockname()[1]
        self.assertEqual(d.reload(d.text(fireflies={
            "collectors": [f"127.0.0.1:{port}"], "hostname": "other"})),
            RELOADED)
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
        self.assertEqual(d.reload(d.text(**{"max-flows": 9})), RELOADED)
        self.assertNotIn(later, d.log())
        changed = {"state-file": f"{self.dir}/other",
                   "http": {"listen": [f"{self.dir}/other.sock"]}}
        for _ in range(2):
            self.assertEqual(d.reload(d.text(**changed)), RELOADED)
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
        self.assertEqual(d.reload(d.text()), RELOADED)
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
        n = 100  # whose fireflies fit into a socket of the usual size
        # The last line is not complete yet.
        text = "".join(f"start tcp {HERE} {port} {THERE} 7 3 14\n"
                       for port in range(1, n + 1))
        d.write(text[:-9].encode())
        for datagram in XROOTD:
            d.send(datagram)
        d.configure(d.text(pipes=[str(other), str(d.pipe)]))
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        d.process.send_signal(signal.SIGHUP)
        d.process.send_signal(signal.SIGCONT)
        self.assertEqual(d.reloaded(before), RELOADED)
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
        self.assertEqual(d.reload(d.text(
            pipes=[str(other)],
            receiver={"listen": [f"127.0.0.1:{port}"]})), RELOADED)
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
        self.assertEqual(d.reload(d.text()), RELOADED)
        d.say(f"end {FLOW} 3 14")
        self.assertEqual(d.receive().state, "end")

    def test_not_to_be_opened(self):
        """All stays as it was, also what would have gone well."""
        d = self.daemon()
        other = pathlib.Path(self.dir, "other")
        wrong = pathlib.Path(self.dir, "wrong")
        wrong.write_text("")
        port = free_port()
        status = d.reload(d.text(
            pipes=[str(other), str(wrong)], **{"max-flows": 1}))
        self.assertEqual(status, self.BAD + "File exists")
        d.logged("wrong is there and is not a named pipe")
        d.logged("^pipes: not all can be opened: File exists")
        with self.assertRaises(OSError):
            os.open(other, os.O_WRONLY | os.O_NONBLOCK)

        with udp_socket() as taken:
            used = taken.getsockname()[1]
            status = d.reload(d.text(receiver={"listen": [
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
        d.reload(d.text(**{"local-addresses": [here, HERE],
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
        d.reload(d.text(fireflies={"to-remote": True}))
        d.say(f"end {flow}")
        d.receive()
        d.logged("a firefly to 255.255.255.255:10514 is lost: ")

    def test_log_level(self):
        d = self.daemon()
        d.reload(d.text(**{"log-level": "debug"}))
        d.nothing_more()
        d.logged("^tcp .* starts: experiment 1")
        d.reload(d.text(**{"log-level": "error"}))
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
        self.assertEqual(d.reload(d.text()), RELOADED)
        d.logged("no flow can be marked")
        self.assertEqual(d.reload(d.text(marks=["do"], layout="ids")),
                         RELOADED)
        d.logged("layout ids in Destination Options stalls")
        self.assertEqual(d.reload(d.text(marks=[])), RELOADED)
        self.assertEqual(d.log().count("none has ongoing fireflies"), 2)
        d.say(f"end {FLOW} 3 14")
        self.assertEqual(d.receive().state, "end")

    def test_names(self):
        """One that is known stays, one that is not is told of."""
        d = self.daemon(fireflies="  to-remote: false\n"
                        "  collectors: [localhost]\n")
        d.logged("fireflies go to localhost ")
        name = "x" * 64 + ".example"
        self.assertEqual(d.reload(d.text(fireflies={
            "collectors": ["localhost", name]})), RELOADED)
        d.logged(f"the address of {name} cannot be found: ")
        self.assertEqual(d.stop().count("fireflies go to localhost "), 2)


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
