#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The HTTP server of scitagd, asked by the client of Python's library and over
bare sockets. Needs neither root nor the module.

    test_http.py SCITAGD
"""
import http.client
import json
import os
import pathlib
import resource
import socket
import stat
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import test_daemon
from test_daemon import TIMEOUT_S, until

TOKEN = "correct-horse-battery-staple"
MODULE = os.path.exists("/sys/module/scitag")


def tcp_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=TIMEOUT_S)
        self.unix_path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(self.unix_path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.type = response.getheader("Content-Type")
        self.body = response.read()

    def json(self):
        assert self.type == "application/json", self.type
        return json.loads(self.body)

    def error(self):
        """The text of an error, which is all there is."""
        answer = self.json()
        assert list(answer) == ["error"], answer
        return answer["error"]


class Case(test_daemon.Case):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.dir, "http.sock")
        self.token = pathlib.Path(self.dir, "token")
        self.token.touch(0o600)
        self.token.write_text(TOKEN + "\n")
        self.port = tcp_port()

    def http(self, config="", **options):
        """A daemon that answers on a unix socket and on an address."""
        return self.daemon(config=f"http:\n  listen: ['{self.path}',"
                           f" '127.0.0.1:{self.port}']\n"
                           f"  token-file: {self.token}\n" + config, **options)

    def ask_with(self, connection, method, path, body=None, headers=()):
        headers = dict(headers)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, headers)
        return Answer(connection.getresponse())

    def ask(self, method, path, body=None, headers=()):
        connection = UnixConnection(self.path)
        try:
            return self.ask_with(connection, method, path, body, headers)
        finally:
            connection.close()

    def ask_tcp(self, path, headers=(), method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=TIMEOUT_S)
        try:
            return self.ask_with(connection, method, path, None, headers)
        finally:
            connection.close()

    def raw(self, data=b"", tcp=False):
        """A connection of which data is what has been sent."""
        sock = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(TIMEOUT_S)
        sock.connect(("127.0.0.1", self.port) if tcp else str(self.path))
        sock.sendall(data)
        return sock

    def status_of(self, data):
        """The status that is answered to these octets."""
        sock = self.raw(data)
        line = sock.makefile("rb").readline()
        return int(line.split(b" ")[1])


class Pages(Case):
    def test_root(self):
        self.http()
        answer = self.ask("GET", "/")
        self.assertEqual(answer.status, 200)
        version = (test_daemon.TOP / "VERSION").read_text().strip()
        self.assertEqual(answer.json(),
                         {"name": "scitagd", "version": version})
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_head(self):
        self.http()
        answer = self.ask("HEAD", "/")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["Content-Length"],
                         self.ask("GET", "/").headers["Content-Length"])

    def test_no_page(self):
        self.http()
        for path in "/x", "/health/", "//", "/%ff", "/..", "/health%2f":
            answer = self.ask("GET", path)
            self.assertEqual(answer.status, 404, path)
            self.assertEqual(answer.error(), "there is no such page")

    def test_bad_method(self):
        self.http()
        for method in "POST", "DELETE", "PUT", "OPTIONS", "BREW":
            answer = self.ask(method, "/health")
            self.assertEqual(answer.status, 405, method)
            self.assertEqual(answer.headers["Allow"], "GET")
            self.assertEqual(answer.error(), "use GET")

    def test_kept_alive(self):
        self.http()
        connection = UnixConnection(self.path)
        for _ in range(100):
            answer = self.ask_with(connection, "GET", "/")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers.get("Connection"), None)
        connection.close()


class Health(Case):
    @unittest.skipIf(MODULE, "module is loaded")
    def test_no_module(self):
        self.http()
        answer = self.ask("GET", "/health")
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.json()["healthy"], False)
        checks = answer.json()["checks"]
        self.assertIn("module scitag", checks.pop("module"))
        self.assertEqual(checks, {"collectors": "ok", "sources": "ok"})

    def test_healthy(self):
        self.http("marks: none\n")
        answer = self.ask("GET", "/health")
        self.assertEqual(answer.json(), {"healthy": True, "checks": {
            "module": "ok", "collectors": "ok", "sources": "ok"}})
        self.assertEqual(answer.status, 200)

    def test_collector_without_address(self):
        name = "x" * 64 + ".example"
        self.http("marks: none\n", fireflies="  to-remote: false\n"
                  f"  collectors: ['{name}', 127.0.0.1]\n")
        answer = self.ask("GET", "/health")
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.json()["checks"]["collectors"],
                         "1 of 2 collectors are left out")


class Token(Case):
    def test_shown(self):
        self.http("marks: none\n")
        good = "Bearer " + TOKEN
        self.assertEqual(
            self.ask_tcp("/", {"Authorization": good}).status, 200)
        self.assertEqual(self.ask_tcp(
            "/", {"Authorization": good.replace("Bearer", "bearer")}).status,
            200)
        for bad in (None, "", "Bearer", "Bearer ", good[:-1], good + "x",
                    good.upper(), "Basic " + TOKEN, TOKEN,
                    "Bearer  " + TOKEN, "Bearer " + "x" * len(TOKEN)):
            headers = {} if bad is None else {"Authorization": bad}
            for method, path in (("GET", "/"), ("GET", "/x"), ("POST", "/")):
                answer = self.ask_tcp(path, headers, method)
                self.assertEqual(answer.status, 401, bad)
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
                self.assertIn("token", answer.error())

    def test_health_is_public(self):
        self.http("marks: none\n")
        self.assertEqual(self.ask_tcp("/health").status, 200)

    def refused(self, what):
        config = pathlib.Path(self.dir, "bad.conf")
        config.write_text("pipes:\nreceiver: {listen: }\nhttp: {listen: "
                          f"'127.0.0.1:{self.port}', token-file: "
                          f"{self.token}}}\n")
        done = subprocess.run([test_daemon.SCITAGD, "-c", str(config)],
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                              universal_newlines=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.token}: {what}", done.stderr)

    def test_bad_files(self):
        for text in "", "short", "two words of a token", "x" * 257, "x" * 258, \
                "a" * 16 + "\n\n", "é" * 16:
            self.token.write_text(text)
            self.refused("has to be one word" if len(text) < 258 else
                         "File too large")
        self.token.write_text(TOKEN)
        for mode in 0o604, 0o602, 0o601:
            self.token.chmod(mode)
            self.refused("everybody may use it: chmod o=")
        self.token.unlink()
        self.refused("No such file")
        self.token.mkdir(0o700)
        self.refused("Is a directory")


class Listen(Case):
    def refused(self, what):
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text("pipes:\nreceiver: {listen: }\n"
                          f"http: {{listen: '{self.path}'}}\n")
        done = subprocess.run([test_daemon.SCITAGD, "-c", str(config)],
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                              universal_newlines=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"HTTP cannot be answered on {self.path}: {what}",
                      done.stderr)

    def test_mode(self):
        for umask in 0o000, 0o077:
            with self.subTest(umask=umask):
                self.setUp()
                before = os.umask(umask)
                try:
                    d = self.http()
                finally:
                    os.umask(before)
                mode = os.stat(self.path).st_mode
                self.assertTrue(stat.S_ISSOCK(mode))
                self.assertEqual(stat.S_IMODE(mode), 0o660)
                d.stop()
                self.assertFalse(self.path.exists())

    def test_killed_before(self):
        d = self.http()
        d.process.kill()
        d.process.wait()
        d.close()
        (d.dir / "notify").unlink()
        self.assertTrue(self.path.exists())
        self.http()
        self.assertEqual(self.ask("GET", "/").status, 200)

    def test_second_daemon(self):
        self.http()
        self.refused("Address already in use")
        self.assertEqual(self.ask("GET", "/").status, 200)

    def test_something_else(self):
        self.path.write_text("mine")
        self.refused("File exists")
        self.assertEqual(self.path.read_text(), "mine")

    def test_port_in_use(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", self.port))
            sock.listen(1)
            d = self.unready(config="http:\n  listen: "
                             f"'127.0.0.1:{self.port}'\n"
                             f"  token-file: {self.token}\n")
            self.assertEqual(d.process.wait(TIMEOUT_S), 1)
        self.assertIn("Address already in use", d.log())
        self.assertNotIn("Sanitizer", d.log())


class Hostile(Case):
    def cpu_ticks(self, d):
        fields = pathlib.Path(f"/proc/{d.process.pid}/stat").read_text()
        return sum(map(int, fields.rsplit(")", 1)[1].split()[11:13]))

    def memory_kb(self, d):
        text = pathlib.Path(f"/proc/{d.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    def descriptors(self, d):
        return len(os.listdir(f"/proc/{d.process.pid}/fd"))

    def test_headers(self):
        self.http()
        for data, statuses in (
                (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 65536,
                 (431, 400, 413)),
                (b"GET /" + b"x" * 65536, (414, 400, 431)),
                (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000, (431, 400, 413)),
                (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                 (400, 405)),
                (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
                 (400,))):
            try:
                self.assertIn(self.status_of(data), statuses, data[:60])
            except (ConnectionError, BrokenPipeError):
                # It was closed before all of it was sent.
                pass
            self.assertEqual(self.ask("GET", "/").status, 200)

    def test_rubbish(self):
        d = self.http()
        for data in (b"\0" * 1000, b"\r\n" * 5000, b"\xff" * 70000, b"GET",
                     b"\x16\x03\x01\x02\x00" + os.urandom(512), b"\n", b" "):
            try:
                self.raw(data).shutdown(socket.SHUT_WR)
            except (ConnectionError, BrokenPipeError, OSError):
                pass
            self.assertEqual(self.ask("GET", "/").status, 200)
        d.nothing_more()
        self.assertNotIn("Sanitizer", d.stop())

    def test_slow(self):
        """Neither silence nor an octet now and then keeps a connection."""
        d = self.http()
        begin = time.monotonic()
        silent = self.raw(b"GET / HT")
        slow = self.raw(b"GET / HTTP/1.1\r\nX: ")
        silent.settimeout(0.5)
        ended = {}
        while len(ended) < 2 and time.monotonic() - begin < 40:
            # The answer to a request that is not there is the end.
            if "silent" not in ended:
                try:
                    silent.recv(4096)
                    ended["silent"] = time.monotonic() - begin
                except socket.timeout:
                    pass
                except ConnectionError:
                    ended["silent"] = time.monotonic() - begin
            else:
                time.sleep(0.5)
            try:
                slow.sendall(b"x")
            except OSError:
                ended.setdefault("slow", time.monotonic() - begin)
        self.assertGreater(ended["silent"], 5)
        self.assertLess(ended["silent"], 16)
        self.assertGreater(ended["slow"], 15)
        self.assertLess(ended["slow"], 30)
        d.nothing_more()

    def test_idle_does_not_spin(self):
        d = self.http()
        self.raw(b"GET / HTTP/1.1\r\n")
        self.assertEqual(self.ask("GET", "/").status, 200)
        before = self.cpu_ticks(d)
        time.sleep(0.5)
        self.assertLess(self.cpu_ticks(d) - before, 5)

    def many(self, family, address, count):
        socks = []
        for _ in range(count):
            sock = socket.socket(family)
            self.addCleanup(sock.close)
            sock.setblocking(False)
            try:
                sock.connect(address)
                sock.send(b"GET / HTTP/1.1\r\n")
            except OSError:
                pass
            socks.append(sock)
        return socks

    def test_many_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(10000, (hard if hard > 0 else 20000) - 100)
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (max(soft, count + 100), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        d = self.http()
        self.assertEqual(self.ask("GET", "/").status, 200)
        memory, descriptors = self.memory_kb(d), self.descriptors(d)
        socks = self.many(socket.AF_INET, ("127.0.0.1", self.port), count // 2)
        # One address has no more than its share, and the others have theirs.
        d.nothing_more()
        self.assertLess(self.descriptors(d), descriptors + 40)
        self.assertEqual(self.ask("GET", "/").status, 200)
        socks += self.many(socket.AF_UNIX, str(self.path), count // 2)
        d.nothing_more()
        self.assertLess(self.descriptors(d), descriptors + 32 + 128 + 10)
        self.assertLess(self.memory_kb(d) - memory, 32768)
        for sock in socks:
            sock.close()

        def answered():
            try:
                return self.ask("GET", "/").status == 200 and \
                    self.ask_tcp("/health").status in (200, 503)
            except OSError:
                return False
        until(answered, "an answer after all have gone")
        until(lambda: self.descriptors(d) <= descriptors + 2, "closed")
        self.assertNotIn("Sanitizer", d.stop())


if __name__ == "__main__":
    test_daemon.SCITAGD = sys.argv.pop(1)
    unittest.main()
