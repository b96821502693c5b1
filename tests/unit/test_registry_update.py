#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
scitag registry: what is fetched from a server that is good, bad or slow, over
HTTPS with a certificate of its own. scitag is the first argument, the directory
of scitag-fetch that of the second.
"""
import contextlib
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TOP = pathlib.Path(os.environ["SCITAG_TOP"])
SHIPPED = TOP / "userspace/registry.json"
TAGS = 114  # of the published registry, in 14 experiments


def registry(*tags, **more):
    """A file with these tags: (experiment id, name, activity id, name)."""
    experiments = {}
    for eid, ename, aid, aname in tags:
        entry = experiments.setdefault(eid, {
            "expName": ename, "expId": eid, "activities": []})
        entry["activities"].append({"activityName": aname, "activityId": aid})
    return json.dumps(dict(experiments=list(experiments.values()), version=1,
                           **more)).encode()


def shipped():
    return json.loads(SHIPPED.read_text())


def dumped(value):
    return json.dumps(value).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as server.answer() says: (status, headers, body)."""

    def do_GET(self):
        self.server.requests.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answer(self)
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in body if isinstance(body, list) else [body]:
                if callable(piece):
                    piece()
                else:
                    self.wfile.write(piece)
                    self.wfile.flush()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that go away are no news."""


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.cert = f"{directory.name}/cert.pem"
        cls.key = f"{directory.name}/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", cls.key, "-out", cls.cert, "-days", "2",
             "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"],
            check=True, stderr=subprocess.DEVNULL)

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)
        self.file = self.dir / "scitag/registry.json"
        self.server = self.serve(True)
        self.url = f"https://localhost:{self.server.server_port}/api.json"

    def serve(self, tls):
        server = Server(("localhost", 0), Handler)
        server.requests = []
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.cert, self.key)
            server.socket = context.wrap_socket(
                server.socket, server_side=True,
                do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def answers(self, body, status=200, server=None, **headers):
        headers = {name.replace("_", "-"): value
                   for name, value in headers.items()}
        if isinstance(body, bytes):
            headers.setdefault("Content-Length", str(len(body)))
        (server or self.server).answer = lambda _: (status, headers, body)

    def scitag(self, *args, now=SHIPPED):
        env = {"PATH": "/usr/bin:/bin", "SCITAG_LIBEXEC": LIBEXEC,
               "SCITAG_REGISTRY": str(now),
               # Options of the sanitizers.
               **{k: v for k, v in os.environ.items() if "SAN_" in k}}
        return subprocess.run([SCITAG, *args], env=env, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)

    def update(self, *args, url=None, cacert=True, **kwargs):
        return self.scitag(
            "--json", "registry", "update", "--url", url or self.url,
            "--output", str(self.file),
            *(["--cacert", self.cert] if cacert else []), *args, **kwargs)

    def updated(self, *args, result="updated", **kwargs):
        run = self.update(*args, **kwargs)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        said = json.loads(run.stdout)
        self.assertEqual(said["result"], result)
        return said

    def refused(self, why, *args, **kwargs):
        """Says why, and leaves what is there as it was."""
        before = self.file.read_bytes() if self.file.exists() else None
        run = self.update(*args, **kwargs)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertRegex(run.stderr, why)
        self.assertTrue(run.stderr.startswith("scitag: "), run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertEqual(run.stdout, "")
        after = self.file.read_bytes() if self.file.exists() else None
        self.assertEqual(after, before)
        self.assertEqual([path.name for path in self.dir.rglob("*.json.*")
                          if path.suffix != ".etag"], [])


class Update(Case):
    def test_update(self):
        more = shipped()
        more["modified"] = "2027-01-01T00:00:00+00:00"
        more["experiments"][1]["activities"].append(
            {"activityName": "New One", "activityId": 63})
        self.answers(dumped(more))
        said = self.updated()
        self.assertEqual(
            {key: said[key] for key in ("experiments", "tags", "modified",
                                        "added", "removed", "renamed")},
            {"experiments": 14, "tags": TAGS + 1,
             "modified": "2027-01-01T00:00:00+00:00",
             "added": ["2/63 atlas/New One"], "removed": [], "renamed": []})
        self.assertEqual(self.file.read_bytes(), dumped(more))
        self.assertEqual(oct(self.file.stat().st_mode), "0o100644")
        headers = self.server.requests[0][1]
        version = (TOP / "VERSION").read_text().strip()
        self.assertEqual(headers["User-Agent"], f"scitag/{version}")
        # It is what names are looked up in, from now on.
        run = self.scitag("tag", "atlas/new one", now=self.file)
        self.assertIn("63 (New One)", run.stdout)

    def test_file(self):
        self.updated(url=SHIPPED.as_uri(), cacert=False)
        self.assertEqual(self.file.read_bytes(), SHIPPED.read_bytes())

    def test_etag(self):
        self.answers(SHIPPED.read_bytes(), ETag='"v1"')
        self.updated()
        self.answers(b"", 304, ETag='"v1"')
        self.updated(result="unchanged")
        self.assertEqual(self.server.requests[-1][1]["If-None-Match"], '"v1"')
        # Not for another URL, not if forced, and not if the file is bad.
        self.answers(SHIPPED.read_bytes())
        for args, url in (((), self.url + "?x"), (("--force",), self.url)):
            self.updated(*args, url=url)
            self.assertNotIn("If-None-Match", self.server.requests[-1][1])
        self.answers(SHIPPED.read_bytes(), ETag='"v1"')
        self.updated()
        self.file.write_text("{")
        self.updated()
        self.assertNotIn("If-None-Match", self.server.requests[-1][1])
        # One that is too long to be kept is none.
        self.answers(SHIPPED.read_bytes(), ETag='"' + 1000 * "x" + '"')
        self.updated()
        self.updated()
        self.assertNotIn("If-None-Match", self.server.requests[-1][1])

    def test_redirect(self):
        other = self.serve(True)
        self.answers(SHIPPED.read_bytes(), server=other, ETag='"there"')
        self.answers(b"", 302, ETag='"here"', Location=f"https://localhost:"
                     f"{other.server_port}/there")
        self.updated()
        self.assertIn('"there"',
                      pathlib.Path(f"{self.file}.etag").read_text())
        self.answers(b"", 302, Location=self.url)
        self.refused("redirect")
        plain = self.serve(False)
        self.answers(SHIPPED.read_bytes(), server=plain)
        for location in (f"http://localhost:{plain.server_port}/",
                         SHIPPED.as_uri()):
            self.answers(b"", 302, Location=location)
            self.refused("has to begin with https://|[Pp]rotocol")
        self.assertEqual(plain.requests, [])


class Refused(Case):
    def test_certificate(self):
        self.answers(SHIPPED.read_bytes())
        self.refused("certificate|SSL", cacert=False)
        self.refused("certificate|SSL|no alternative",
                     url=self.url.replace("localhost", "127.0.0.1"))
        self.assertEqual(self.server.requests, [])
        self.updated("--insecure", cacert=False)

    def test_protocols(self):
        plain = self.serve(False)
        self.answers(SHIPPED.read_bytes(), server=plain)
        url = f"http://localhost:{plain.server_port}/"
        self.refused("has to begin with https:// or file://", url=url)
        self.refused("has to begin with https://", url="ftp://localhost/x")
        self.refused("has to begin with https://", url="localhost:1/")
        self.assertEqual(plain.requests, [])
        self.updated("--insecure", url=url)

    def test_unreachable(self):
        self.refused("[Cc]onnect", url="https://localhost:1/")
        # No name can be that long: no server is asked for it.
        self.refused("resolve", url=f"https://{'x' * 64}.example/")
        self.refused("file", url="file:///nonexistent")

    def test_status(self):
        for status in 400, 403, 404, 500, 503:
            self.answers(SHIPPED.read_bytes(), status)
            self.refused(str(status))

    def test_not_a_registry(self):
        """There is a good one already, and it stays."""
        self.answers(SHIPPED.read_bytes())
        self.updated()
        for body, why in (
                (b"", "is not a registry"),
                (b"<!DOCTYPE html><html>login</html>", "is not a registry"),
                (b"[" * 10000, "is not a registry"),
                (b"\0" * 10000, "is not a registry"),
                (SHIPPED.read_bytes()[:-20], "is not a registry"),
                (b"{}", "version"),
                (registry((2, "atlas", 256, "x")), "0..255"),
                (registry((65536, "atlas", 1, "x")), "0..65535"),
                (registry((2, "a\x1b[1m", 1, "x")), "valid"),
                (registry((2, "a", 1, "x"), (3, "A", 1, "x")), "twice"),
                (registry(), "has no tags")):
            self.answers(body)
            self.refused(why)

    def test_truncated(self):
        body = SHIPPED.read_bytes()
        self.answers(body[:-100], Content_Length=str(len(body)))
        self.refused("transfer closed|end of response|partial|bytes remaining|"
                     "unexpected eof")

    def test_oversize(self):
        self.answers(b" " * (1 << 20) + b"{}")
        self.refused("more than 1048576 octets")
        # Without saying so before, and without an end.
        self.answers([b" " * 65536] * 17)
        self.refused("more than 1048576 octets")

    def test_slow(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def wait():
            go_on.wait(100)

        self.answers([b"{", wait, b"}"])
        start = time.monotonic()
        self.refused("[Tt]imed? ?out", "--timeout", "1")
        self.assertLess(time.monotonic() - start, 60)

    def test_lost_tags(self):
        """Up to a quarter may be gone or renamed, more only if forced."""
        tags = [(9, "nine", a, f"activity {a}") for a in range(40)]
        now = self.dir / "now.json"
        now.write_bytes(registry(*tags))
        self.answers(registry(*tags[10:]))
        self.assertEqual(len(self.updated(now=now)["removed"]), 10)
        self.answers(registry(*tags[11:]))
        self.refused("11 of 40 tags would be gone or renamed", now=now)
        renamed = [(9, "nine", a, "x" + name) for _, _, a, name in tags[:11]]
        self.answers(registry(*renamed, *tags[11:]))
        self.refused("11 of 40 tags would be gone", now=now)
        self.assertEqual(len(self.updated("--force", now=now)["renamed"]), 11)
        self.answers(registry())
        self.refused("has no tags", "--force", now=now)

    def test_cannot_write(self):
        self.answers(SHIPPED.read_bytes())
        self.file = self.dir / "a/b/registry.json"
        self.refused("No such file or directory")
        self.file = pathlib.Path("/proc/registry.json")
        self.refused("registry.json: ")
        self.file = self.dir / "directory"
        self.file.mkdir()
        run = self.update()
        self.assertEqual(run.returncode, 1)
        self.assertIn("Is a directory", run.stderr)

    def test_no_program(self):
        run = subprocess.run([SCITAG, "registry", "update"],
                             env={"SCITAG_LIBEXEC": str(self.dir)}, check=False,
                             stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("scitag-fetch: No such file", run.stderr)


class Look(Case):
    def test_show(self):
        run = self.scitag("--json", "registry", "show")
        said = json.loads(run.stdout)
        self.assertEqual((said["file"], said["experiments"], said["tags"]),
                         (str(SHIPPED), 14, TAGS))
        text = self.scitag("registry", "show").stdout
        self.assertRegex(text, r"(?m)^tags +114$")
        bad = self.scitag("registry", "show", now="/nonexistent")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("/nonexistent: No such file", bad.stderr)

    def test_check(self):
        good = self.dir / "good.json"
        some = shipped()
        some["experiments"][1]["activities"][0]["activityName"] = "Default"
        del some["experiments"][2]["activities"][0]
        good.write_bytes(dumped(some))
        run = self.scitag("registry", "check", str(good))
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"(?m)^removed +1: 3/1 cms/default$")
        self.assertRegex(run.stdout, r"(?m)^renamed +1: 2/1 atlas/Default$")
        self.assertRegex(run.stdout, r"(?m)^added +0$")
        good.write_bytes(b"{}")
        run = self.scitag("registry", "check", str(good))
        self.assertEqual(run.returncode, 1)
        self.assertIn("version", run.stderr)

    def test_usage(self):
        for words, why in (
                ([], "registry what?"), (["x"], "is not a command"),
                (["check"], "which file?"), (["show", "x"], "no more words"),
                (["update", "x"], "no more words"),
                (["update", "--url"], "--url has no value"),
                (["update", "--timeout", "0"], "write a number of 1..3600"),
                (["update", "--timeout", "1h"], "write a number")):
            run = self.scitag("registry", *words)
            self.assertEqual(run.returncode, 2, words)
            self.assertIn(why, run.stderr)


if __name__ == "__main__":
    SCITAG = os.path.abspath(sys.argv[1])
    LIBEXEC = os.path.dirname(os.path.abspath(sys.argv[2]))
    del sys.argv[1:3]
    unittest.main()
