#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# kernels: 5.10 6.12
"""The examples in docs/ do what they show.

Blocks marked `yaml` are configurations of scitagd. Blocks marked `console` are
commands behind "$ ", each with what it prints, where "..." stands for anything.
They run on the host that the pages speak of, which has a connection, a daemon,
and a neighbour:

    a: 2001:db8::1 [eth0] ---- [eth0] 2001:db8::2 :b
       port 1094, tag atlas/14 --------> port 40000
       UDP, in Destination Options ----> port 2001, where nobody is
"""
import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading

import net
from tap import case, done

PAGES = ('docs/troubleshooting.md', 'docs/quickstart.md')
A, B = '2001:db8::1', '2001:db8::2'
SLOW = int(os.environ.get('SLOW', '1'))


def blocks(text, mark):
    """The (line number, lines) of a page's blocks of one kind."""
    found, inside = [], False
    for number, line in enumerate(text.split('\n'), 1):
        if line.startswith('```'):
            inside = line == f'```{mark}'
            if inside:
                found.append((number, []))
        elif inside:
            found[-1][1].append(line)
    return found


def examples(text):
    """(line number, command, lines that it prints) of a page."""
    found = []
    for first, lines in blocks(text, 'console'):
        for number, line in enumerate(lines, first + 1):
            if line.startswith('$ '):
                found.append((number, line[2:], []))
            else:
                found[-1][2].append(line)
    return found


def matches(shown, printed):
    pattern = r'[\s\S]*'.join(map(re.escape, '\n'.join(shown).split('...')))
    return re.fullmatch(pattern, printed.rstrip('\n')) is not None


def run(command):
    return subprocess.run(
        ['ip', 'netns', 'exec', 'a', 'timeout', str(90 * SLOW), 'bash', '-c',
         command], text=True, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


def check(command, shown):
    """Some of it is so only a moment later."""
    result = None

    def as_shown():
        nonlocal result
        result = run(command)
        return matches(shown, result.stdout)
    try:
        net.wait_for(as_shown, 10 * SLOW, 'such output')
    except AssertionError as error:
        raise AssertionError(f'exit status {result.returncode}, and not what '
                             f'the page shows:\n{result.stdout}') from error


class Transfer:
    """Something to see: a connection whose data never end."""

    def __init__(self):
        with net.inside('b'):
            far = socket.create_server((B, 40000), family=socket.AF_INET6)
            self.other = socket.create_server((B, 5201),
                                              family=socket.AF_INET6)
        with net.inside('a'):
            self.near = socket.create_connection((B, 40000),
                                                 source_address=(A, 1094))
            self.datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.datagrams.bind((A, 2000))
        self.far, _ = far.accept()
        far.close()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=run) for run in
                        (self.send, self.receive, self.answer)]
        for thread in self.threads:
            thread.start()

    def send(self):
        while not self.stop.wait(0.05):
            self.near.send(bytes(5000))
            self.datagrams.sendto(bytes(100), (B, 2001))

    def receive(self):
        with contextlib.suppress(OSError):
            while self.far.recv(65536):
                pass

    def answer(self):
        """What `scitag check` asks for: a service that reads."""
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.other.accept()
                with sock:
                    while sock.recv(65536):
                        pass

    def end(self):
        self.stop.set()
        self.far.shutdown(socket.SHUT_RDWR)
        self.other.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for sock in self.near, self.far, self.other, self.datagrams:
            sock.close()


@contextlib.contextmanager
def daemon(config):
    os.makedirs('/run/scitagd', exist_ok=True)
    with net.inside('a'), open(f'{os.environ["OUT"]}/scitagd.log', 'w') as log:
        process = subprocess.Popen(['scitagd', '-c', config], stderr=log)
    try:
        net.wait_for(lambda: os.path.exists('/run/scitagd/flows'), 20 * SLOW,
                     'pipe of scitagd')
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20 * SLOW)


@contextlib.contextmanager
def host():
    with contextlib.ExitStack() as stack:
        for name in 'ab':
            net.add(name)
            stack.callback(net.delete, name)
        net.link('a', 'b', A, B, device='eth0', peer='eth0')
        stack.callback(Transfer().end)
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as config:
            config.write('fireflies: {period: 1s}\n')
            config.flush()
            stack.enter_context(daemon(config.name))
            with open('/run/scitagd/flows', 'w') as pipe:
                pipe.write(f'start tcp {A} 1094 {B} 40000 2 14\n')
            net.sh(f'ip netns exec a scitag flow add proto udp src {A} '
                   f'sport 2000 dst {B} dport 2001 tag atlas/14 mark do')
            yield


def check_config(lines):
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as config:
        config.write('\n'.join(lines))
        config.flush()
        net.sh(f'scitagd --check -c {config.name}')


def main():
    net.module_load()
    with host():
        for page in PAGES:
            with open(page) as file:
                text = file.read()
            found = examples(text)
            assert found, f'{page}: no examples'
            for number, command, shown in found:
                with case(f'{page}:{number}: {command}'):
                    check(command, shown)
            for number, lines in blocks(text, 'yaml'):
                with case(f'{page}:{number}: scitagd takes it'):
                    check_config(lines)
    net.module_unload()
    done()


main()
