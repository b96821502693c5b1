#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What long answers over HTTP cost scitagd. Without the module.

    pages.py SCITAGD [FLOWS]

FLOWS (20000) are open. Each answer is asked for ten times: the daemon does
nothing else while it makes one, so what counts is its processor time.
"""
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT_S = 120
PAGES = '/v1/flows?limit=1', '/v1/flows', '/v1/flows?limit=10000', '/metrics'
CONFIG = """\
marks: []
pipes: [{0}/flows]
receiver: {{listen: []}}
http: {{listen: [{0}/http]}}
state-file: none
local-addresses: ['2001:db8::1']
fireflies: {{to-remote: false}}
log-level: warning
"""


def until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f'FAILED: no {what} within {LIMIT_S} s')
        time.sleep(0.02)


def get(path, page):
    """The body of an answer."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT_S)
        sock.connect(str(path))
        sock.sendall(f'GET {page} HTTP/1.1\r\nHost: x\r\n'
                     'Connection: close\r\n\r\n'.encode())
        with sock.makefile('rb') as answer:
            return answer.read().split(b'\r\n\r\n', 1)[1]


def processor_ms(pid):
    return int(pathlib.Path(f'/proc/{pid}/schedstat').read_text().split()[0]
               ) / 1e6


def measure(pid, path, page):
    times = []
    for _ in range(10):
        before = processor_ms(pid)
        octets = len(get(path, page))
        times.append(processor_ms(pid) - before)
    print(f'{page}: {octets} octets, {statistics.median(times):.1f} ms '
          f'(at most {max(times):.1f} ms)')


def main():
    scitagd, flows = sys.argv[1], int(*sys.argv[2:3] or [20000])
    with tempfile.TemporaryDirectory(prefix='scitagd.') as name:
        base = pathlib.Path(name)
        path = base / 'http'
        (base / 'conf').write_text(CONFIG.format(base))
        daemon = subprocess.Popen([scitagd, '--config', base / 'conf'])
        try:
            until(path.exists, 'socket')
            until((base / 'flows').exists, 'pipe')
            with open(base / 'flows', 'w', buffering=1) as pipe:
                for i in range(flows):
                    pipe.write(f'start tcp 2001:db8::1 {1 + i % 60000} '
                               f'2001:db8::2 {1 + i // 60000} 3 14\n')
            until(lambda: json.loads(get(path, PAGES[0]))['total'] == flows,
                  f'{flows} flows')
            for page in PAGES:
                measure(daemon.pid, path, page)
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == '__main__':
    main()
