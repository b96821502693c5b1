#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Fireflies as grok reads them, with two patterns: that of the SciTags collector
(tests/data/collector.grok) and that of docs/collectors. As a program it reads
files of datagrams, one per line, and tells how many are understood:

    grok.py FILE...
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = shutil.which("grok")
BASE = "/usr/share/grok/patterns/base"
PATTERNS = {"COLLECTOR": "tests/data/collector.grok",
            "FIREFLY": "docs/collectors/firefly.grok"}
FIELDS = ("sent", "sender", "program", "firefly")
SEPARATOR = "\x1f"
TIMEOUT_S = 150

LAST_SENDER = "last.example.org"
LAST = (f"<134>1 2026-01-02T03:04:05.678901+00:00 {LAST_SENDER} scitagd - "
        "firefly-json - {}").encode()

CONFIG = """
program {{
  load-patterns: "{base}"
  load-patterns: "{top}/{file}"
  exec "cat {directory}/lines {directory}/hold"
  match {{
    pattern: "^%{{{pattern}}}$"
    reaction: "{reaction}"
    flush: yes
  }}
}}
"""


def run(directory):
    """
    The rows that grok prints up to that of LAST. Of a program that ends it
    does not read all, so there is one that does not.
    """
    process = subprocess.Popen([PROGRAM, "-f", directory / "config"],
                               stdout=subprocess.PIPE, start_new_session=True)
    # With the program that it runs, which has its end of the pipe, too.
    group = process.pid, signal.SIGKILL
    timer = threading.Timer(TIMEOUT_S, os.killpg, group)
    timer.start()
    try:
        for line in process.stdout:
            row = dict(zip(FIELDS, line.decode()[:-1].split(SEPARATOR)))
            if row["sender"] == LAST_SENDER:
                return
            yield row
        raise AssertionError("grok ended before the last line")
    finally:
        timer.cancel()
        os.killpg(*group)
        process.communicate()


def read(pattern, datagrams):
    """
    What grok makes of those datagrams that match: their fields. None has a
    newline.
    """
    with tempfile.TemporaryDirectory(prefix="grok.") as name:
        directory = pathlib.Path(name)
        os.mkfifo(directory / "hold")
        (directory / "lines").write_bytes(
            b"".join(d + b"\n" for d in [*datagrams, LAST]))
        (directory / "config").write_text(CONFIG.format(
            base=BASE, top=TOP, file=PATTERNS[pattern], directory=name,
            pattern=pattern, reaction=SEPARATOR.join(
                f"%{{{field}}}" for field in FIELDS)))
        return list(run(directory))


def not_understood(pattern, datagrams):
    """The first datagram of which grok makes something else than it says."""
    rows = iter(read(pattern, datagrams))
    for datagram in datagrams:
        header, body = datagram.decode().split(" {", 1)
        words = header.split(" ")
        row = next(rows, None)
        if not row or [row["sent"], row["sender"] or "-", row["program"]] != \
                words[1:4] or row["firefly"] != "{" + body:
            return datagram
        json.loads(row["firefly"])
    return None


def main():
    good = bad = 0
    for path in sys.argv[1:]:
        datagrams = pathlib.Path(path).read_bytes().splitlines()
        for pattern in PATTERNS:
            wrong = not_understood(pattern, datagrams)
            if wrong is None and datagrams:
                good += 1
            else:
                bad += 1
                print(f"not ok - {path}: {pattern} does not match {wrong}")
    if not PROGRAM or not good + bad:
        bad += 1
    print(f"{good} passed, {bad} failed")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
