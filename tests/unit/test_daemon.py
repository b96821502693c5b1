#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
scitagd from end to end: its start and end, its sources together, what it sends
where, and its command line. Needs neither root nor the module.

    test_daemon.py SCITAGD
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import scitagd
from scitagd import (FLOW, HERE, THERE, TIMEOUT_S, XROOTD, Case, Firefly,
                     free_port, udp_socket, until)


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


class Sources(Case):
    def test_twice_is_once(self):
        port = free_port()
        pipe = pathlib.Path(self.dir, "flows")
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text(f"pipes: [{pipe}, {pipe}]\nreceiver:\n"
                          f"  listen: ['127.0.0.1:{port}', "
                          f"'127.0.0.1:{port}']\n")
        process = subprocess.Popen([scitagd.SCITAGD, "--config", config],
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
            done = subprocess.run([scitagd.SCITAGD, "-c", config], timeout=TIMEOUT_S,
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


class CommandLine(Case):
    def run_it(self, *arguments):
        return subprocess.run([scitagd.SCITAGD, *arguments], timeout=TIMEOUT_S,
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
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
