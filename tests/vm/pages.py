#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kernels: 5.10 6.12
"""The commands in README.md, docs/ and manual pages do what is shown.

blocks.py says what of a page that is. They run on the host that the pages speak
of, which has a connection, a daemon, and a neighbour:

    a: 2001:db8::1 [eth0] ---- [eth0] 2001:db8::2 :b
       port 1094 --------------------> port 40000
       UDP from port 2000 -----------> port 2001, where nobody is

README.md and manual pages begin with no flow. For the others, the connection has
the tag atlas/14, and so has UDP, in Destination Options.
"""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

import blocks
import net
from tap import case, done

PAGES = ('README.md', 'docs/man/scitag.8', 'docs/man/scitagd.8')
PAGES_WITH_FLOWS = ('docs/troubleshooting.md', 'docs/quickstart.md')
# What these show is another path: check.py has it.
ELSEWHERE = ('scitag check 2001:db8:2::1 --port 5201',)
A, B = '2001:db8::1', '2001:db8::2'
SLOW = int(os.environ.get('SLOW', '1'))
TOP = os.getcwd()


def run(command):
    return subprocess.run(
        ['ip', 'netns', 'exec', 'a', 'timeout', str(180 * SLOW), 'bash', '-c',
         command], text=True, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


def check(command, shown):
    """Some of it is so only a moment later."""
    result = None

    def as_shown():
        nonlocal result
        result = run(command)
        return blocks.as_shown(shown, result.stdout, result.returncode)
    if not shown:
        assert as_shown(), f'{result.returncode}: {result.stdout}'
        return
    try:
        net.wait_for(as_shown, 30 * SLOW, 'such output')
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
    path = pathlib.Path(os.environ['OUT'], 'scitagd.log')
    with net.inside('a'), open(path, 'w') as log:
        process = subprocess.Popen(['scitagd', '-c', config], stderr=log)
    try:
        net.wait_for(lambda: 'is ready' in path.read_text(), what='scitagd')
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
        config = stack.enter_context(tempfile.NamedTemporaryFile('w'))
        config.write('fireflies: {period: 1s}\n')
        config.flush()
        stack.enter_context(daemon(config.name))
        # Where commands run, and what they ask for that is not there.
        here = stack.enter_context(tempfile.TemporaryDirectory())
        with open(f'{here}/gnuplot', 'w') as file:
            file.write('#!/bin/sh\nexec cat >gnuplot.script\n')
        os.chmod(f'{here}/gnuplot', 0o755)
        os.environ['PATH'] += f':{here}'
        os.environ['EDITOR'] = 'true'
        os.chdir(here)
        stack.callback(os.chdir, TOP)
        yield


def run_examples(page):
    with open(f'{TOP}/{page}') as file:
        examples = blocks.examples(page, file.read())
    assert examples, f'{page}: no examples'
    for number, command, shown in examples:
        if command not in ELSEWHERE:
            with case(f'{page}:{number}: {command.splitlines()[0]}'):
                check(command, shown)


def main():
    net.module_load()
    with host():
        for page in PAGES:
            run_examples(page)
            net.sh('ip netns exec a scitag flow flush;'
                   'ip netns exec a scitag rule flush')
        with open('/run/scitagd/flows', 'w') as pipe:
            pipe.write(f'start tcp {A} 1094 {B} 40000 2 14\n')
        net.sh(f'ip netns exec a scitag flow add proto udp src {A} sport 2000 '
               f'dst {B} dport 2001 tag atlas/14 mark do')
        for page in PAGES_WITH_FLOWS:
            run_examples(page)
    net.module_unload()
    done()


main()
