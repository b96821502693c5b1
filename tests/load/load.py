#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""scitagd under load, and killed in the middle of it.

    load.py [--module] SCITAGD [FLOWS [RATE [SECONDS [KILLS]]]]

FLOWS (20000) are open all the time, RATE (1000) start and RATE end in a second,
for SECONDS (600), and then again for a tenth of that, while the daemon is killed
KILLS (100; 0: not at all) times. A collector counts fireflies: each flow has one
start and one end. One that was under way when the daemon was killed may come
twice.

With --module, which is loaded then, the flows are marked, too, and the kernel
has those that are open, and no others.
"""
import argparse
import collections
import contextlib
import itertools
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time

# With our sockets, which Python 3.14's usual way of starting does not give.
FORK = multiprocessing.get_context('fork')

LOCAL = '2001:db8::1'
LINE = f'%s tcp {LOCAL} %d 2001:db8::2 %d 3 14\n'.encode()
FIREFLY = re.compile(rb'"state":"(\w+)".*?"start-time":"([^"]+)"'
                     rb'(?:,"end-time":"([^"]+)")?.*?'
                     rb'"src-port":(\d+),"dst-port":(\d+)')
PORTS = 60000
LIMIT_S = 300
SO_TIMESTAMPNS = 35
AT_ONCE = 60    # lines, which a pipe takes as a whole
RSS_SAMPLES = 20
RSS_GROWS_KIB = 1024


def line(state, number):
    return LINE % (state, 1 + number % PORTS, 1 + number // PORTS)


def number_of(sport, dport):
    return int(sport) - 1 + (int(dport) - 1) * PORTS


def until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f'FAILED: no {what} within {LIMIT_S} s')
        time.sleep(0.005)


class Collector(FORK.Process):
    """Notes number, state, start and end, and when it came, until number 0
    ends. Reads now and then, as the kernel knows when they came."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.results = sock, FORK.Queue()
        self.count = FORK.Value('q', 0)

    def run(self):
        self.sock.setblocking(False)
        seen, done = [], False
        while not done:
            time.sleep(0.02)
            with contextlib.suppress(BlockingIOError):
                while not done:
                    done = self.note(seen, *self.sock.recvmsg(2000, 64))
            self.count.value = len(seen)
        self.results.put(seen)

    @staticmethod
    def note(seen, datagram, ancillary, *_):
        state, start, end, sport, dport = FIREFLY.search(datagram).groups()
        number = number_of(sport, dport)
        if number:
            second, ns = struct.unpack('@ll', ancillary[0][2])
            seen.append((number, state, (start, end), second + ns / 1e9))
        return not number and state == b'end'


class Daemon:
    """In a directory of its own."""

    def __init__(self, program, module, directory, port):
        self.program, self.module = program, module
        self.dir = pathlib.Path(directory)
        self.config = self.dir / 'conf'
        self.config.write_text(
            f'marks: {"label" if module else "none"}\n'
            f'pipes: {directory}/flows\n'
            'receiver: {listen: []}\nhttp: {listen: []}\n'
            f'local-addresses: {LOCAL}\nstate-file: {directory}/state\n'
            f'max-flows: 1000000\nfireflies:\n  period: 0\n'
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

    def processor_s(self):
        """In user and in kernel mode."""
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        return [int(ticks) / os.sysconf('SC_CLK_TCK')
                for ticks in stat.rpartition(') ')[2].split()[11:13]]

    def check_table(self, flows):
        """What the kernel has, all lines being done but the end of number 0:
        as many flows as are open all the time, and no others."""
        if not self.module:
            return
        until(lambda: 0 not in kernel_flows(), 'end of the last flow')
        has, should = kernel_flows(), set(range(1, flows + 1))
        if has != should:
            raise SystemExit(f'FAILED: the kernel lacks {len(should - has)} '
                             f'flows, and has {len(has - should)} orphans')
        print(f'the kernel has the {flows} flows that are open, and no others',
              flush=True)


def kernel_flows():
    """Their numbers."""
    listed = subprocess.run(['scitag', '--json', 'flow', 'list'], check=True,
                            stdout=subprocess.PIPE).stdout
    return {number_of(flow['sport'], flow['dport'])
            for flow in json.loads(listed)}


def churn(first, count, behind):
    """A start and, some flows later, an end of each."""
    for i in range(count + behind):
        if i < count:
            yield b'start', first + i
        if i >= behind:
            yield b'end', first + i - behind


def write(pipe, events, rate, begin, when):
    """Numbered events at the rate, or as fast as the daemon reads: what is due
    goes in one piece."""
    lines = []

    def flush():
        now = time.time()
        when.update((event, now) for event in lines)
        if lines:
            os.write(pipe, b''.join(line(*event) for event in lines))
        lines.clear()

    for i, event in events:
        wait = begin + i / (2 * rate) - time.monotonic()
        if wait > 0 or len(lines) == AT_ONCE:
            flush()
            time.sleep(max(0, wait))
        lines.append(event)
    flush()


def collected(collector, pipe):
    os.write(pipe, line(b'start', 0) + line(b'end', 0))
    seen = collector.results.get(timeout=LIMIT_S)
    collector.join()
    return seen


def check(seen, numbers, may_repeat, states=(b'start', b'end')):
    """How many fireflies came twice: alike, so that they can be told."""
    counts = collections.Counter((n, state) for n, state, _, _ in seen)
    expected = {(n, state) for n in numbers for state in states}
    times = collections.defaultdict(set)
    starts = collections.defaultdict(set)
    for number, state, (start, end), _ in seen:
        times[number, state].add((start, end))
        starts[number].add(start)
    again = sum(counts.values()) - len(counts)
    wrong = (len(expected - counts.keys()), len(counts.keys() - expected),
             sum(len(each) > 1 for each in starts.values()),
             sum(len(each) > 1 for each in times.values()))
    if any(wrong) or again > may_repeat:
        raise SystemExit(f'FAILED: missing, unknown, flows that started twice,'
                         f' differing: {wrong}; {again} fireflies came again')
    return again


def report(late, rss):
    late.sort()
    print(f'from line to firefly: p50 {late[len(late) // 2] * 1e3:.2f} ms, '
          f'p99 {late[len(late) * 99 // 100] * 1e3:.2f} ms, '
          f'max {late[-1] * 1e3:.1f} ms')
    # The first part is for tables to grow to what they need.
    settled, most = rss[1], max(rss[1:])
    print(f'resident memory: {rss[0]} KiB before, {settled} KiB after a '
          f'{RSS_SAMPLES}th, {most} KiB at most since, {rss[-1]} KiB at last',
          flush=True)
    if most - settled > RSS_GROWS_KIB:
        raise SystemExit('FAILED: resident memory grows')


def steady(daemon, pipe, sock, flows, rate, seconds):
    collector, when = Collector(sock), {}
    collector.start()
    begin = time.monotonic()
    for number in range(1, flows + 1):
        os.write(pipe, line(b'start', number))
    until(lambda: collector.count.value >= flows, 'starts')
    print(f'{flows} flows opened in {time.monotonic() - begin:.1f} s',
          flush=True)
    first, count = flows + 1, rate * seconds
    events = enumerate(churn(first, count, rate))
    rss, begin = [daemon.rss_kib()], time.monotonic()
    before = daemon.processor_s()
    for _ in range(RSS_SAMPLES):
        part = itertools.islice(events, -(-2 * count // RSS_SAMPLES))
        write(pipe, part, rate, begin, when)
        rss.append(daemon.rss_kib())
        print(f'{time.monotonic() - begin:.0f} of {seconds} s', flush=True)
    took = time.monotonic() - begin
    until(lambda: collector.count.value >= flows + 2 * count, 'ends')
    seen = [each for each in collected(collector, pipe) if each[0] >= first]
    check(seen, range(first, first + count), 0)
    print(f'{flows} flows open; {count} started and ended in {took:.0f} s '
          f'({count / took:.0f} of each per second), each told once')
    report([came - when[state, n] for n, state, _, came in seen], rss)
    user, system = (1e6 * (b - a) / (2 * count) for a, b in
                    zip(before, daemon.processor_s()))
    print(f'processor time of the daemon for each start or end: {user:.0f} us, '
          f'and {system:.0f} us in the kernel', flush=True)
    daemon.check_table(flows)
    return first + count


def killed(daemon, pipe, sock, first, rate, count, kills):
    collector, away = Collector(sock), []
    collector.start()
    writer = FORK.Process(
        target=write, daemon=True,
        args=(pipe, enumerate(churn(first, count, rate)), rate,
              time.monotonic(), {}))
    writer.start()
    for i in range(kills):
        target = (i + 1) * 2 * count // (kills + 1)
        until(lambda n=target: collector.count.value >= n, 'progress')
        begin = time.monotonic()
        daemon.kill()
        daemon.start()
        away.append(time.monotonic() - begin)
    writer.join()
    until(lambda: collector.count.value >= 2 * count, 'ends')
    again = check(collected(collector, pipe), range(first, first + count),
                  kills)
    print(f'killed {kills} times in {2 * count} events: no flow lost, none '
          f'doubled; {again} fireflies came twice; ready again after '
          f'{max(away):.2f} s at most', flush=True)


def end_all(pipe, sock, flows):
    collector = Collector(sock)
    collector.start()
    for number in range(1, flows + 1):
        os.write(pipe, line(b'end', number))
    until(lambda: collector.count.value >= flows, 'ends')
    check(collected(collector, pipe), range(1, flows + 1), 0, (b'end',))
    print(f'the {flows} that were open all the time ended once', flush=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--module', action='store_true')
    parser.add_argument('scitagd')
    for name, default in (('flows', 20000), ('rate', 1000), ('seconds', 600),
                          ('kills', 100)):
        parser.add_argument(name, type=int, nargs='?', default=default)
    return parser.parse_args()


def collecting():
    """A socket for fireflies, which says when they came."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    # The system's limit holds without privileges.
    for option in 8, 33:
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, 64 << 20)
        except PermissionError:
            pass
    sock.bind(('127.0.0.1', 0))
    return sock


def main():
    given, sock = arguments(), collecting()
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(given.scitagd, given.module, directory,
                        sock.getsockname()[1])
        daemon.start()
        # As long as it is open here, lines survive the daemon.
        pipe = os.open(f'{directory}/flows', os.O_RDWR)
        try:
            following = steady(daemon, pipe, sock, given.flows, given.rate,
                               given.seconds)
            if given.kills:
                killed(daemon, pipe, sock, following, given.rate,
                       max(given.rate * given.seconds // 10, 10 * given.kills),
                       given.kills)
                daemon.check_table(given.flows)
            end_all(pipe, sock, given.flows)
            daemon.check_table(0)
        finally:
            daemon.kill()
            if 'OUT' in os.environ:
                shutil.copy(f'{directory}/log', os.environ['OUT'])


main()
