#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
docs/http/openapi.yaml and scitagd: every path, method and status of the one is
seen in the other, no others are, and every text is as its schema says.

    test_openapi.py SCITAGD
"""
import sys
import unittest

import yaml

sys.dont_write_bytecode = True
import scitagd
import test_http
from scitagd import HERE, THERE

try:
    import jsonschema
    DRAFT = getattr(jsonschema, "Draft202012Validator", None) or \
        jsonschema.Draft7Validator
except ImportError:
    DRAFT = None

SPEC = yaml.safe_load(
    (scitagd.TOP / "docs/http/openapi.yaml").read_text())
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ERRORS = {400, 401, 404, 413, 415, 429}
KEY = {"protocol": "tcp", "src": HERE, "sport": 1094, "dst": THERE,
       "dport": 40000}
START = dict(KEY, experiment=3, activity=14)
QUERY = f"protocol=tcp&src={HERE}&sport=1094&dst={THERE}&dport=40000"
FLOWD = {"State": 2, "Protocol": 0, "Family": 10, "Src": f"[{HERE}]:1",
         "Dst": f"[{THERE}]:2", "Experiment": 3, "Activity": 14}


def resolve(node):
    """The same without references: what stands beside one is kept."""
    if isinstance(node, list):
        return [resolve(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {}
    if "$ref" in node:
        target = SPEC
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        result.update(resolve(target))
    result.update({key: resolve(value) for key, value in node.items()
                   if key != "$ref"})
    return result


PATHS = resolve(SPEC["paths"])


def operations():
    for path, item in PATHS.items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


@unittest.skipUnless(DRAFT, "no jsonschema")
class OpenApi(test_http.Case):
    def setUp(self):
        super().setUp()
        self.seen = set()

    def valid(self, schema, value):
        DRAFT(schema, format_checker=jsonschema.FormatChecker()).validate(
            value)

    def check(self, method, path, answer):
        """Is the answer one that is described? Notes that it was seen."""
        bare = path.split("?")[0]
        operation = PATHS[bare][method.lower()]
        described = operation["responses"].get(str(answer.status))
        self.assertIsNotNone(described,
                             f"{method} {path}: {answer.status} {answer.body}")
        (kind, content), = described["content"].items()
        self.assertEqual(answer.type.split(";")[0], kind.split(";")[0])
        if kind == "application/json":
            self.valid(content["schema"], answer.json())
        for name, header in described.get("headers", {}).items():
            self.valid(header["schema"], answer.headers[name])
        self.assertEqual(answer.status in ERRORS,
                         answer.body.startswith(b'{"error":'))
        self.seen.add((bare, method.lower(), answer.status))

    def expect(self, status, method, path, body=None, headers=()):
        answer = self.ask(method, path, body, headers)
        self.assertEqual(answer.status, status,
                         f"{method} {path} {body}: {answer.body}")
        self.check(method, path, answer)
        return answer

    def valid_request(self, path, body):
        content = PATHS[path]["post"]["requestBody"]["content"]
        self.valid(content["application/json"]["schema"], body)

    def flows(self):
        self.valid_request("/v1/flows", START)
        self.expect(201, "POST", "/v1/flows", START)
        self.expect(200, "POST", "/v1/flows", START)
        full = dict(START, sport=3, application="x", **{
            "start-time": "2026-01-02T03:04:05Z"})
        self.valid_request("/v1/flows", full)
        self.expect(201, "POST", "/v1/flows", full)
        self.expect(429, "POST", "/v1/flows", dict(START, sport=4))
        self.expect(400, "POST", "/v1/flows", dict(START, sport=0))
        self.expect(200, "GET", "/v1/flows")
        self.expect(200, "GET", "/v1/flows?" + QUERY)
        self.expect(404, "GET", "/v1/flows?" + QUERY.replace("1094", "9"))
        self.expect(400, "GET", "/v1/flows?sport=9")
        self.expect(200, "DELETE", "/v1/flows?" + QUERY)
        self.expect(404, "DELETE", "/v1/flows", KEY)
        self.expect(400, "DELETE", "/v1/flows")

    def flowd(self):
        self.valid_request("/flow", FLOWD)
        self.expect(200, "POST", "/flow", FLOWD)
        self.expect(429, "POST", "/flow", dict(FLOWD, Src=f"[{HERE}]:7"))
        self.expect(200, "POST", "/flow", dict(FLOWD, State=4))
        self.expect(200, "POST", "/flow", dict(FLOWD, State=3))
        self.expect(404, "POST", "/flow", dict(FLOWD, State=3))
        self.expect(400, "POST", "/flow", dict(FLOWD, State=1))

    def bodies(self):
        """What is said of bodies is true wherever there is one."""
        for path, method, operation in operations():
            method = method.upper()
            if "requestBody" not in operation:
                continue
            self.expect(413, method, path, "x" * 16385)
            self.expect(400, method, path, "x" * 16384)
            self.expect(415, method, path, "{}",
                        {"Content-Type": "text/plain"})

    def tokens(self):
        for path, method, operation in operations():
            answer = self.ask_tcp(path, method=method.upper())
            if operation.get("security") == []:
                self.assertNotEqual(answer.status, 401)
            else:
                self.assertEqual(answer.status, 401, path)
                self.check(method, path, answer)

    def test_all(self):
        d = self.http("max-flows: 2\nmarks: none\n")
        self.assertEqual(self.ask("GET", "/none").status, 404)
        self.expect(200, "GET", "/")
        self.expect(200, "GET", "/health")
        self.expect(200, "GET", "/v1/status")
        self.expect(200, "GET", "/metrics")
        self.flows()
        self.flowd()
        self.bodies()
        self.tokens()
        d.stop()
        d.close()
        (d.dir / "notify").unlink()
        self.http(fireflies="  to-remote: false\n  collectors: "
                  f"[{'x' * 64}.example]\n")
        self.expect(503, "GET", "/health")
        described = {(path, method, int(status))
                     for path, method, operation in operations()
                     for status in operation["responses"]}
        self.assertEqual(described - self.seen, set())

    def test_methods(self):
        self.http()
        for path, item in PATHS.items():
            known = {method.upper() for method in METHODS if method in item}
            answer = self.ask("PATCH", path)
            self.assertEqual(answer.status, 405, path)
            self.assertEqual(set(answer.headers["Allow"].split(", ")), known)
            for method in METHODS:
                status = self.ask(method.upper(), path).status
                self.assertEqual(
                    status == 405, method.upper() not in known and not
                    (method == "head" and "GET" in known), (method, path))

    def test_requests_are_strict(self):
        """What the schema of a request does not allow, the daemon refuses."""
        self.http("marks: none\n")
        values = (None, True, -1, 0, 1, 1.5, 1 << 40, 1 << 70, "", "x", "tcp",
                  HERE, [], {}, [KEY])
        for path, good in (("/v1/flows", START), ("/flow", FLOWD)):
            schema = PATHS[path]["post"]["requestBody"]["content"][
                "application/json"]["schema"]
            validator = DRAFT(schema)
            for name in list(good):
                missing = {k: v for k, v in good.items() if k != name}
                for body in [missing] + [dict(good, **{name: value})
                                         for value in values]:
                    if validator.is_valid(body) and body.keys() == good.keys():
                        continue
                    answer = self.ask("POST", path, body)
                    self.assertEqual(answer.status, 400, body)
                    self.assertTrue(answer.error())
        self.assertEqual(self.ask("GET", "/v1/flows").json()["total"], 0)


if __name__ == "__main__":
    scitagd.SCITAGD = sys.argv.pop(1)
    unittest.main()
