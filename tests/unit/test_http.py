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
import signal
import socket
import stat
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import scitagd
from scitagd import FLOW, HERE, THERE, TIMEOUT_S, free_port, until

TOKEN = "correct-horse-battery-staple"
MODULE = os.path.exists("/sys/module/scitag")


def tcp_port():
    return free_port(socket.SOCK_STREAM)


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


class Case(scitagd.Case):
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
        version = (scitagd.TOP / "VERSION").read_text().strip()
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


KEY = {"protocol": "tcp", "src": HERE, "sport": 1094, "dst": THERE,
       "dport": 40000}
START = dict(KEY, experiment=3, activity=14)
BACK = {"protocol": "tcp", "src": THERE, "sport": 40000, "dst": HERE,
        "dport": 1094}


def query(key):
    return "?" + "&".join(f"{name}={value}" for name, value in key.items())


class Flows(Case):
    def listed(self, path="/v1/flows"):
        answer = self.ask("GET", path)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def test_life(self):
        d = self.http()
        answer = self.ask("POST", "/v1/flows", START)
        self.assertEqual(answer.status, 201, answer.body)
        start = d.receive()
        self.assertEqual((start.state, start.ids), ("start", (3, 14)))
        self.assertEqual((start.src, start.dst),
                         ((HERE, 1094), (THERE, 40000)))
        flow = answer.json()
        self.assertEqual({key: flow[key] for key in START}, START)
        self.assertEqual((flow["local"], flow["application"]), ("src", None))
        self.assertEqual(self.listed(),
                         {"total": 1, "offset": 0, "flows": [flow]})
        answer = self.ask("DELETE", "/v1/flows", KEY)
        self.assertEqual((answer.status, answer.json()), (200, flow))
        end = d.receive()
        self.assertEqual((end.state, end.ids, end.flow),
                         ("end", (3, 14), start.flow))
        self.assertEqual(self.listed()["flows"], [])
        d.nothing_more()

    def test_other_sources(self):
        """A flow is the same whoever tells of it, and from either side."""
        d = self.http()
        d.say(f"start {FLOW} 3 14")
        d.receive()
        self.assertEqual(self.ask("POST", "/v1/flows", START).status, 200)
        for key in KEY, BACK:
            flow, = self.listed("/v1/flows" + query(key))["flows"]
            self.assertEqual((flow["src"], flow["sport"]), (HERE, 1094))
        answer = self.ask("DELETE", "/v1/flows" + query(BACK))
        self.assertEqual(answer.status, 200)
        self.assertEqual(d.receive().state, "end")
        d.nothing_more()
        answer = self.ask("DELETE", "/v1/flows", KEY)
        self.assertEqual(answer.status, 404)
        self.assertEqual(answer.error(), f"tcp [{HERE}]:1094 > [{THERE}]:40000"
                         " is not open")

    def test_retagged(self):
        d = self.http()
        self.ask("POST", "/v1/flows", dict(START, application="fts \u00e9"))
        answer = self.ask("POST", "/v1/flows", dict(START, experiment=5))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["experiment"], 5)
        self.assertEqual(answer.json()["application"], "fts \u00e9")
        got = [d.receive() for _ in range(3)]
        self.assertEqual([(f.state, f.ids) for f in got],
                         [("start", (3, 14)), ("end", (3, 14)),
                          ("start", (5, 14))])
        self.assertEqual(got[0].context["application"], "fts \u00e9")

    def test_start_time(self):
        d = self.http()
        answer = self.ask("POST", "/v1/flows", dict(START, **{
            "start-time": "2026-01-02T03:04:05.25+01:00"}))
        time_utc = "2026-01-02T02:04:05.250000+00:00"
        self.assertEqual(answer.json()["start-time"], time_utc)
        self.assertEqual(d.receive().lifecycle["start-time"], time_utc)

    def test_refused(self):
        d = self.http()
        for changes, why in (
                ({"src": "2001:db8::8"}, "neither address is this host's"),
                ({"dst": "ff02::1"}, "is no host's address"),
                ({"dst": "192.0.2.9"}, "one address is IPv4, the other IPv6"),
                ({"dst": HERE, "dport": 1094}, "both ends are the same"),
                ({"experiment": 512}, "not within 0..511"),
                ({"activity": 64}, "0..63"),
                ({"sport": "1094"}, "sport is not a port"),
                ({"sport": 65536}, "sport is not a port"),
                ({"protocol": "sctp"}, '"sctp" is not tcp or udp'),
                ({"src": "a" * 1000}, "is not an address"),
                ({"application": "x" * 128}, "127 octets at most"),
                ({"start-time": "yesterday"}, "is not a time"),
                ({"state": "start"}, '"state" is not known here')):
            answer = self.ask("POST", "/v1/flows", dict(START, **changes))
            self.assertEqual(answer.status, 400, changes)
            self.assertIn(why, answer.error())
        d.nothing_more()

    def test_full(self):
        self.http("max-flows: 1\n")
        self.assertEqual(self.ask("POST", "/v1/flows", START).status, 201)
        answer = self.ask("POST", "/v1/flows", dict(START, sport=1))
        self.assertEqual(answer.status, 429)
        self.assertIn("max-flows", answer.error())

    def test_bad_json(self):
        d = self.http()
        for path in "/v1/flows", "/flow":
            for body in ("", "{", "null", "[]", '"x"', "[" * 16000,
                         '{"a":' * 3000, "{}x", "\0{}", '{"src": "\\u0000"}',
                         b"\xff\xfe", b'{"\xff": 1}', "9" * 16000):
                answer = self.ask("POST", path, body)
                self.assertEqual(answer.status, 400, body)
                answer.error()
        d.nothing_more()
        self.assertNotIn("Sanitizer", d.stop())

    def test_bad_query(self):
        self.http()
        for path, why in (
                ("?protocol=tcp", "src is missing"),
                (query(dict(KEY, sport="x")), '"x" is not a port'),
                (query(dict(KEY, sport="")), '"" is not a port'),
                (query(dict(KEY, src="%ff%0a")), '"??" is not an address'),
                ("?limit=10001", "limit is not a number of 0..10000"),
                ("?limit=-1", "limit is not a number"),
                ("?offset=x", "offset is not a number")):
            answer = self.ask("GET", "/v1/flows" + path)
            self.assertEqual(answer.status, 400, path)
            self.assertIn(why, answer.error())

    def test_pages(self):
        d = self.http()
        d.say(*(f"start tcp {HERE} {port} {THERE} 7 3 14"
                for port in range(1, 1501)))
        until(lambda: self.listed("/v1/flows?limit=0")["total"] == 1500,
              "1500 flows")

        def ports(path):
            return [flow["sport"] for flow in self.listed(path)["flows"]]
        self.assertEqual(ports("/v1/flows"), list(range(1, 1001)))
        self.assertEqual(ports("/v1/flows?offset=1000"),
                         list(range(1001, 1501)))
        self.assertEqual(ports("/v1/flows?limit=2&offset=7"), [8, 9])
        self.assertEqual(ports("/v1/flows?limit=0"), [])
        self.assertEqual(ports("/v1/flows?offset=4294967295"), [])

    def test_chunked(self):
        """Bodies whose length is not said before are limited, too."""
        d = self.http()
        for length, status in (10, 400), (16384, 400), (16385, 413), \
                (1000000, 413):
            connection = UnixConnection(self.path)
            pieces = [b"x" * min(4096, length - i)
                      for i in range(0, length, 4096)]
            connection.request("POST", "/v1/flows", iter(pieces),
                               {"Content-Type": "application/json"},
                               encode_chunked=True)
            answer = Answer(connection.getresponse())
            self.assertEqual(answer.status, status, length)
            answer.error()
            connection.close()
        d.nothing_more()


class Bodies(Case):
    def test_refused_at_the_end(self):
        """Whoever sends a body is told why it was refused."""
        self.http()
        for _ in range(20):
            for path, status in ("/x", 404), ("/health", 405), \
                    ("/v1/flows", 413):
                answer = self.ask("POST", path, "x" * 200000)
                self.assertEqual(answer.status, status)
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            answer = self.ask_with(connection, "POST", "/flow", "x" * 200000)
            self.assertEqual(answer.status, 401)
            connection.close()

    def test_endless(self):
        """Nobody has to wait for a body of which nothing is kept."""
        self.http()
        for length in (1 << 20) + 1, 1 << 40, (1 << 64) - 2:
            head = ("POST /v1/flows HTTP/1.1\r\nHost: x\r\n"
                    f"Content-Length: {length}\r\n\r\n")
            self.assertEqual(self.status_of(head.encode()), 413)


class Flowd(Case):
    def body(self, state=2, **changes):
        return dict({"State": state, "Protocol": 0, "Family": 10,
                     "Src": f"[{HERE}]:1094", "Dst": f"[{THERE}]:40000",
                     "Experiment": 3, "Activity": 14,
                     "StartTs": "0001-01-01T00:00:00Z",
                     "CurrentTs": "0001-01-01T00:00:00Z"}, **changes)

    def post(self, *args, **changes):
        return self.ask("POST", "/flow", self.body(*args, **changes))

    def test_life(self):
        d = self.http()
        answer = self.post()
        self.assertEqual((answer.status, answer.json()), (200, self.body()))
        start = d.receive()
        self.assertEqual((start.state, start.ids), ("start", (3, 14)))
        self.assertEqual((start.src, start.dst),
                         ((HERE, 1094), (THERE, 40000)))
        # Go's zero is not taken for a time.
        self.assertGreater(start.lifecycle["start-time"], "2020")
        self.assertEqual(self.post(4).status, 200)
        self.assertEqual(
            self.post(3, EndTs="2100-01-02T03:04:05.123456789+01:00").status,
            200)
        end = d.receive()
        self.assertEqual((end.state, end.ids), ("end", (3, 14)))
        self.assertEqual(end.lifecycle["end-time"],
                         "2100-01-02T02:04:05.123456+00:00")
        for state in 3, 4:
            answer = self.post(state)
            self.assertEqual(answer.status, 404)
            self.assertIn("is not open", answer.error())
        d.nothing_more()

    def test_forms(self):
        d = self.http()
        for changes, src, dst in (
                ({"Src": "192.0.2.1:1", "Dst": "192.0.2.2:2", "Family": 2},
                 ("192.0.2.1", 1), ("192.0.2.2", 2)),
                ({"Src": "[::ffff:192.0.2.1]:3", "Dst": "[::ffff:c000:202]:4"},
                 ("192.0.2.1", 3), ("192.0.2.2", 4)),
                ({"Src": {"IP": HERE, "Port": 5},
                  "Dst": {"IP": THERE, "Port": 6}, "Protocol": 1},
                 (HERE, 5), (THERE, 6))):
            answer = self.post(**changes)
            self.assertEqual(answer.status, 200, answer.body)
            firefly = d.receive()
            self.assertEqual((firefly.src, firefly.dst), (src, dst))
        self.assertEqual(firefly.flow["protocol"], "udp")

    def test_bad(self):
        d = self.http()
        for changes, why in (
                ({"State": 0}, "State"), ({"State": 5}, "State"),
                ({"State": "2"}, "State"), ({"State": 2.5}, "State"),
                ({"Protocol": 6}, "Protocol"), ({"Family": 0}, "Family"),
                ({"Family": 2}, "Family"), ({"Src": HERE}, "Src"),
                ({"Src": f"{HERE}:1094"}, "Src"), ({"Src": ":1"}, "Src"),
                ({"Src": f"[{HERE}]"}, "Src"), ({"Src": f"[{HERE}]:0"}, "Src"),
                ({"Src": f"[{HERE}]:65536"}, "Src"), ({"Src": ""}, "Src"),
                ({"Src": f"[{HERE}]:" + "1" * 200}, "Src"),
                ({"Src": {"IP": HERE, "Port": "1"}}, "Src"),
                ({"Src": {"IP": HERE, "Port": 0}}, "Src"),
                ({"Src": {"IP": 1, "Port": 1}}, "Src"),
                ({"Src": {}}, "Src"), ({"Dst": None}, "Dst"),
                ({"Dst": "192.0.2.2:1"}, "one address is IPv4"),
                ({"Experiment": -1}, "Experiment"),
                ({"Experiment": 65535}, "experiment 65535"),
                ({"Activity": "14"}, "Activity"),
                ({"Src": "[2001:db8::8]:1"}, "neither address")):
            answer = self.post(**changes)
            self.assertEqual(answer.status, 400, changes)
            self.assertIn(why, answer.error())
        d.nothing_more()


class Status(Case):
    def test_counters(self):
        d = self.http("max-flows: 2\n")
        d.say("rubbish", f"start {FLOW} 3 14", f"start {FLOW} 3 14",
              f"start {FLOW} 2 9", f"end {FLOW} 2 9", f"end {FLOW} 2 9")
        for _ in range(4):
            d.receive()
        self.ask("POST", "/v1/flows", dict(START, activity=64))
        d.send(b"rubbish")
        until(lambda: self.ask("GET", "/v1/status").json()["receivers"][0][
            "received"], "the datagram")
        status = self.ask("GET", "/v1/status").json()
        self.assertEqual(status["flows"], {
            "open": 0, "max": 2, "started": 1, "started-by-kernel": 0,
            "retagged": 1, "repeated": 1, "late": 0, "ended": 1,
            "ended-by-kernel": 0, "ended-unheard": 0, "unknown-ends": 1,
            "refused": 1})
        self.assertEqual(status["fireflies"]["sent"], 4)
        self.assertEqual(status["pipes"],
                         [{"path": str(d.pipe), "lines": 6, "bad": 1}])
        self.assertEqual(status["receivers"][0]["listen"],
                         f"127.0.0.1:{d.port}")
        self.assertEqual(status["receivers"][0]["bad"], 1)
        self.assertLess(abs(status["start-time"] - time.time()), 60)
        port = d.collector.getsockname()[1]
        self.assertEqual(
            [(c["collector"], c["address"], c["used"])
             for c in status["collectors"]],
            [(f"127.0.0.1:{p}", "127.0.0.1", p == port)
             for p in (port, d.port, port)])

    def test_messages(self):
        d = self.http("log-level: debug\n")
        self.assertNotIn("ready", str(self.ask("GET", "/v1/status").json()))
        d.say("rub\x01bish", f"start {FLOW} 3 14")
        d.receive()
        said = [(m["level"], m["text"]) for m in
                self.ask("GET", "/v1/status").json()["messages"]]
        self.assertIn("rub?bish", [text for level, text in said
                                   if level == "warning"][0])
        for _ in range(20):
            self.ask("POST", "/v1/flows", dict(START, src="2001:db8::77"))
        self.assertLessEqual(
            len(self.ask("GET", "/v1/status").json()["messages"]), 10)

    @unittest.skipIf(MODULE, "module is loaded")
    def test_no_module(self):
        self.http()
        self.ask("POST", "/v1/flows", START)
        kernel = self.ask("GET", "/v1/status").json()["kernel"]
        self.assertEqual((kernel["module"], kernel["flows-failed"]), (None, 1))


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
                         "1 of 2 collectors have no address")


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
        done = subprocess.run([scitagd.SCITAGD, "-c", str(config)],
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


class Reload(Case):
    def test_config(self):
        """What is answered is of the configuration in force."""
        d = self.http("max-flows: 7\n")
        connection = UnixConnection(self.path)
        self.assertEqual(self.ask_with(connection, "GET", "/").status, 200)
        text = d.config.read_text()
        d.config.write_text(text.replace("max-flows: 7", "max-flows: 8")
                            .replace(str(self.path), "/nowhere/http.sock")
                            .replace(str(d.pipe), f"{d.pipe}2"))
        d.process.send_signal(signal.SIGHUP)
        d.logged("the configuration is reloaded")
        answer = self.ask_with(connection, "GET", "/v1/status")
        connection.close()
        self.assertEqual(answer.json()["flows"]["max"], 8)
        self.assertEqual([pipe["path"] for pipe in answer.json()["pipes"]],
                         [f"{d.pipe}2"])
        # Where HTTP is answered stays as it is until the next start.
        self.assertEqual(self.ask("GET", "/").status, 200)
        self.assertNotIn("Sanitizer", d.stop())
        self.assertFalse(self.path.exists())


class Listen(Case):
    def refused(self, what):
        config = pathlib.Path(self.dir, "other.conf")
        config.write_text("pipes:\nreceiver: {listen: }\n"
                          f"http: {{listen: '{self.path}'}}\n")
        done = subprocess.run([scitagd.SCITAGD, "-c", str(config)],
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
        begin = lap = time.monotonic()
        stalled = 0
        silent = self.raw(b"GET / HT")
        slow = self.raw(b"GET / HTTP/1.1\r\nX: ")
        silent.settimeout(0.5)
        ended = {}
        while len(ended) < 2 and time.monotonic() - begin < 120:
            # A lap is half a second; the machine did something else meanwhile.
            now = time.monotonic()
            stalled, lap = stalled + max(now - lap - 1, 0), now
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
        self.assertLess(ended["silent"], 16 + stalled)
        self.assertGreater(ended["slow"], 15)
        self.assertLess(ended["slow"], 30 + stalled)
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
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
