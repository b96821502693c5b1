#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""scitagd under load, and killed in the middle of it. Without the module.

    load.py SCITAGD [FLOWS [RATE [SECONDS [KILLS]]]]

FLOWS (20000) are open all the time, RATE (1000) start and end in a second, for
SECONDS (600), and then again for a tenth of that, while the daemon is killed
KILLS (100) times. A collector counts fireflies: each flow has one start and one
end. One that was under way when the daemon was killed may come twice.
"""
import collections
import multiprocessing
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

A, B = '2001:db8::1', '2001:db8::2'
FIREFLY = re.compile(rb'"state":"(\w+)".*?"start-time":"([^"]+)".*?'
                     rb'"src-port":(\d+),"dst-port":(\d+)')
PORTS = 60000
LIMIT_S = 300


def line(state, number):
    return b'%s tcp %s %d %s %d 3 14\n' % (
        state, A.encode(), 1 + number % PORTS, B.encode(),
        1 + number // PORTS)


def until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f'FAILED: no {what} within {LIMIT_S} s')
        time.sleep(0.005)


class Collector(multiprocessing.Process):
    """Notes number, state, start-time and when it came, until number 0 ends."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.results = sock, multiprocessing.Queue()
        self.count = multiprocessing.Value('q', 0)

    def run(self):
        seen = []
        while True:
            datagram = self.sock.recv(2000)
            now = time.monotonic()
            state, start, sport, dport = FIREFLY.search(datagram).groups()
            number = int(sport) - 1 + (int(dport) - 1) * PORTS
            if number:
                seen.append((number, state, start, now))
                self.count.value += 1
            elif state == b'end':
                break
        self.results.put(seen)


class Daemon:
    """In a directory of its own."""

    def __init__(self, program, directory, port):
        self.program, self.dir = program, pathlib.Path(directory)
        self.config = self.dir / 'conf'
        self.config.write_text(
            f'marks: none\npipes: {directory}/flows\n'
            'receiver: {listen: []}\nhttp: {listen: []}\n'
            f'local-addresses: {A}\nstate-file: {directory}/state\n'
            f'max-flows: 1000000\nfireflies:\n'
            f'  collectors: "127.0.0.1:{port}"\n  to-remote: false\n')
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(f'{directory}/notify')
        self.notify.settimeout(LIMIT_S)

    def start(self):
        with open(self.dir / 'log', 'ab') as log:
            self.process = subprocess.Popen(
                [self.program, '-c', str(self.config)], stderr=log,
                env=dict(os.environ, NOTIFY_SOCKET=str(self.dir / 'notify')))
        assert self.notify.recv(1000) == b'READY=1'

    def kill(self):
        self.process.kill()
        self.process.wait()

    def rss_kib(self):
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', status)[1])


def churn(first, count, behind):
    """A start and, some flows later, an end of each."""
    for i in range(count + behind):
        if i < count:
            yield b'start', first + i
        if i >= behind:
            yield b'end', first + i - behind


def write(pipe, events, rate, when=None):
    """At the rate, or as fast as the daemon reads. Returns the seconds."""
    begin = time.monotonic()
    for i, (state, number) in enumerate(events):
        wait = begin + i / (2 * rate) - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        if when is not None:
            when[state, number] = time.monotonic()
        os.write(pipe, line(state, number))
    return time.monotonic() - begin


def collected(collector, pipe):
    os.write(pipe, line(b'start', 0) + line(b'end', 0))
    seen = collector.results.get(timeout=LIMIT_S)
    collector.join()
    return seen


def check(seen, numbers, may_repeat, states=(b'start', b'end')):
    """How many fireflies came twice."""
    counts = collections.Counter((n, state) for n, state, _, _ in seen)
    expected = {(n, state) for n in numbers for state in states}
    starts = collections.defaultdict(set)
    for number, _, start, _ in seen:
        starts[number].add(start)
    again = sum(counts.values()) - len(counts)
    wrong = (len(expected - counts.keys()), len(counts.keys() - expected),
             sum(len(times) > 1 for times in starts.values()))
    if wrong != (0, 0, 0) or again > may_repeat:
        raise SystemExit(f'FAILED: missing, unknown, flows that started twice:'
                         f' {wrong}; {again} fireflies came again')
    return again


def steady(daemon, pipe, sock, flows, rate, seconds):
    collector, when = Collector(sock), {}
    collector.start()
    for number in range(1, flows + 1):
        os.write(pipe, line(b'start', number))
    until(lambda: collector.count.value >= flows, 'starts')
    before = daemon.rss_kib()
    first, count = flows + 1, rate * seconds
    took = write(pipe, churn(first, count, rate), rate, when)
    until(lambda: collector.count.value >= flows + 2 * count, 'ends')
    after = daemon.rss_kib()
    seen = [each for each in collected(collector, pipe) if each[0] >= first]
    check(seen, range(first, first + count), 0)
    late = sorted(came - when[state, n] for n, state, _, came in seen)
    print(f'{flows} flows open; {count} started and ended in {took:.0f} s '
          f'({count / took:.0f} of each per second), each told once')
    print(f'from line to firefly: p50 {late[len(late) // 2] * 1e3:.2f} ms, '
          f'p99 {late[len(late) * 99 // 100] * 1e3:.2f} ms, '
          f'max {late[-1] * 1e3:.1f} ms')
    print(f'resident memory: {before} KiB before, {after} KiB after')
    return first + count


def killed(daemon, pipe, sock, first, rate, count, kills):
    collector = Collector(sock)
    collector.start()
    writer = multiprocessing.Process(
        target=write, args=(pipe, list(churn(first, count, rate)), rate),
        daemon=True)
    writer.start()
    for i in range(kills):
        target = (i + 1) * 2 * count // (kills + 1)
        until(lambda n=target: collector.count.value >= n, 'progress')
        daemon.kill()
        daemon.start()
    writer.join()
    until(lambda: collector.count.value >= 2 * count, 'ends')
    again = check(collected(collector, pipe), range(first, first + count),
                  kills)
    print(f'killed {kills} times in {2 * count} events: no flow lost, none '
          f'doubled; {again} fireflies came twice')


def end_all(pipe, sock, flows):
    collector = Collector(sock)
    collector.start()
    for number in range(1, flows + 1):
        os.write(pipe, line(b'end', number))
    until(lambda: collector.count.value >= flows, 'ends')
    check(collected(collector, pipe), range(1, flows + 1), 0, (b'end',))
    print(f'the {flows} that were open all the time ended once')


def main():
    defaults = [20000, 1000, 600, 100]
    given = [int(text) for text in sys.argv[2:]]
    flows, rate, seconds, kills = given + defaults[len(given):]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # The system's limit holds without privileges.
    for option in 8, 33:
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, 64 << 20)
        except PermissionError:
            pass
    sock.bind(('127.0.0.1', 0))
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(sys.argv[1], directory, sock.getsockname()[1])
        daemon.start()
        # As long as it is open here, lines survive the daemon.
        pipe = os.open(f'{directory}/flows', os.O_RDWR)
        try:
            following = steady(daemon, pipe, sock, flows, rate, seconds)
            killed(daemon, pipe, sock, following, rate,
                   max(rate * seconds // 10, 10 * kills), kills)
            end_all(pipe, sock, flows)
        finally:
            daemon.kill()


main()
