#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 150
# kernels: !debug
"""Where fireflies go: names that come and go, filters, exclusions, addresses.

    a: scitagd, without the module; it is 2001:db8:a::1, ::11, 192.0.2.1, .11
       and 10.1.2.3
    b: the collectors and remote ends, 2001:db8:a::2 to ::5, 192.0.2.2 and .3;
       the name server and the STUN server, at 192.0.2.2: both are the test
"""
import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import net
from scitagd import A, B, OUT, SLOW, firefly
from tap import case, done, equal

NAME = 'c.example.org'
HOSTS = [f'2001:db8:a::{n}' for n in (2, 3, 4, 5)] + ['192.0.2.2', '192.0.2.3']

CONFIG = """
marks: none
pipes: {dir}/flows
receiver: {{listen: '127.0.0.1:10514'{relay}}}
http: {{listen: []}}
fireflies:
  hostname: se1.example.org
  source: [192.0.2.11, '2001:db8:a::11']
  collectors:
  - {name}
  - '[2001:db8:a::3]:10514'
  - '[::ffff:192.0.2.3]:10514'
  - {{address: 192.0.2.3, states: [start]}}
  - {{address: '192.0.2.2:9001', experiments: [atlas], states: [end]}}
  - {{address: '192.0.2.2:9002', networks: [192.0.2.0/24]}}
{more}
"""

# RFC 8489: Binding request and success, magic cookie, XOR-MAPPED-ADDRESS.
REQUEST, SUCCESS, COOKIE, XOR_MAPPED = 1, 0x101, 0x2112a442, 0x20


class Server(threading.Thread):
    """A UDP server at 192.0.2.2; answer() may say None."""

    def __init__(self, stack, port):
        super().__init__(daemon=True)
        with net.inside('b'):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind(('192.0.2.2', port))
        stack.callback(self.sock.close)
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                request, peer = self.sock.recvfrom(2000)
                answer = self.answer(request)
                if answer:
                    self.sock.sendto(answer, peer)

    def answer(self, request):
        raise NotImplementedError


class Dns(Server):
    """One name with one IPv6 address. RFC 1035, with no more than it takes."""

    def __init__(self, stack):
        self.addr = None        # None: it says nothing
        self.asked = 0
        super().__init__(stack, 53)

    def answer(self, request):
        self.asked += 1
        if not self.addr:
            return None
        end = request.index(b'\0', 12) + 5
        question = request[12:end]
        kind = question[-4:-2]
        found = kind == b'\0\x1c' and question.startswith(b'\1c\7example\3org')
        header = request[:2] + struct.pack('>5H', 0x8180, 1, int(found), 0, 0)
        record = b'\xc0\x0c' + kind + struct.pack('>HIH', 1, 60, 16) + \
            socket.inet_pton(socket.AF_INET6, self.addr)
        return header + question + (record if found else b'')


class Stun(Server):
    """It hears every request from the second on."""

    def __init__(self, stack):
        self.heard = []
        super().__init__(stack, 3478)

    def answer(self, request):
        self.heard.append(request)
        kind, length, cookie = struct.unpack('>HHI', request[:8])
        if (kind, length, cookie) != (REQUEST, len(request) - 20, COOKIE) or \
                len(self.heard) == 1:
            return None
        addr = int.from_bytes(socket.inet_aton('198.51.100.7'), 'big')
        return struct.pack('>HHI', SUCCESS, 12, COOKIE) + request[8:20] + \
            struct.pack('>HHBBHI', XOR_MAPPED, 8, 0, 1, 4711 ^ COOKIE >> 16,
                        addr ^ COOKIE)


class Test:
    def __init__(self, stack, directory):
        self.dir = directory
        self.stack = stack
        self.config = pathlib.Path(directory, 'scitagd.conf')
        self.log_path = pathlib.Path(OUT, 'scitagd-fireflies.log')
        self.socks = {}
        for host in HOSTS:
            self.listen(host, 10514)
        self.listen('192.0.2.2', 9001)
        self.listen('192.0.2.2', 9002)
        self.sport = 1000

    def listen(self, host, port):
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        with net.inside('b'):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind((host, port))
        sock.settimeout(20 * SLOW)
        self.stack.callback(sock.close)
        key = host.rsplit(':', 1)[-1].replace('192.0.2', '')
        self.socks[key if port == 10514 else str(port)] = sock

    def configure(self, *more, name=NAME, relay=''):
        self.config.write_text(CONFIG.format(
            dir=self.dir, name=name, relay=relay,
            more='\n'.join('  ' + line for line in more)))

    def start(self):
        with open(self.log_path, 'wb') as log, net.inside('a'):
            self.process = subprocess.Popen(
                ['scitagd', '-c', str(self.config), '--log-level=debug'],
                stderr=log)
        self.stack.callback(self.process.kill)
        self.wait('is ready')

    def wait(self, text, count=1):
        net.wait_for(lambda: self.log_path.read_text().count(text) >= count,
                     30 * SLOW, f'{text!r} in the log')

    def count(self, text):
        return self.log_path.read_text().count(text)

    def reload(self, *more, **options):
        before = self.count('configuration is reloaded')
        self.configure(*more, **options)
        self.process.send_signal(signal.SIGHUP)
        self.wait('configuration is reloaded', before + 1)

    def flow(self, remote, here=None, ids='2 26'):
        """Start and end of a new flow; where they came in, and from where."""
        self.sport += 1
        here = here or ('192.0.2.1' if '.' in remote else A)
        line = f'tcp {here} {self.sport} {remote} 443 {ids}\n'
        with open(f'{self.dir}/flows', 'w') as pipe:
            pipe.write(f'start {line}end {line}')
        return self.until(self.sport)

    def until(self, sport):
        """All that came, up to the end of this flow at .3, where all go."""
        got = {}
        last = self.take(self.socks['.3'], got, '.3')
        while (last['state'], last['flow-id']['src-port']) != ('end', sport):
            last = self.take(self.socks['.3'], got, '.3')
        # What is sent later than that goes to 9001, 9002 and the remote.
        before = self.count(' unfit')
        self.process.send_signal(signal.SIGUSR1)
        self.wait(' unfit', before + 1)
        for name, sock in self.socks.items():
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.take(sock, got, name)
            sock.settimeout(20 * SLOW)
        return got

    @staticmethod
    def take(sock, got, name):
        datagram, peer = sock.recvfrom(2000)
        f = firefly(datagram)
        f['from'] = peer[0]
        f['datagram'] = datagram
        got.setdefault(name, []).append(f)
        return f


def states(got):
    return {name: [f['state'] for f in list_] for name, list_ in got.items()}


BOTH = ['start', 'end']


def name_server_down(t, dns):
    with case('the name server says nothing: ready all the same, and sending'):
        t.configure()
        t.start()
        net.wait_for(lambda: dns.asked, 20 * SLOW, 'question')
        equal(states(t.flow(B)), {'3': BOTH, '.3': BOTH, '9001': ['end'],
                                  '2': BOTH}, 'fireflies')
        t.wait('the address of c.example.org cannot be found: ')
        t.wait(' 2 unresolved')
    with case('it is there again: the name has its address, and no restart'):
        dns.addr = '2001:db8:a::4'
        t.wait('fireflies go to c.example.org ([2001:db8:a::4]:10514)')
        equal(states(t.flow(B))['4'], BOTH, 'fireflies')


def name_moves(t, dns):
    with case('the name moves: its fireflies do'):
        dns.addr = '2001:db8:a::5'
        t.reload()
        t.wait('fireflies go to c.example.org ([2001:db8:a::5]:10514)')
        got = states(t.flow(B))
        equal((got.get('4'), got.get('5')), (None, BOTH), 'fireflies')
    with case('the name server is gone: the name keeps its address'):
        dns.addr = None
        t.reload()
        t.wait('cannot be found, and stays what it was')
        equal(states(t.flow(B))['5'], BOTH, 'fireflies')
    with case('the name stands for another collector: no firefly goes twice'):
        dns.addr = '2001:db8:a::3'
        t.reload()
        t.wait('fireflies go to c.example.org ([2001:db8:a::3]:10514)')
        equal(states(t.flow(B))['3'], BOTH, 'fireflies')


def filters(t):
    with case('filters: experiments, states, networks'):
        equal(states(t.flow(B, ids='3 14')),
              {'3': BOTH, '.3': BOTH, '2': BOTH}, 'another experiment')
        equal(states(t.flow('192.0.2.2')),
              {'3': BOTH, '.3': BOTH, '9001': ['end'], '9002': BOTH,
               '.2': BOTH}, 'a network')
    with case('the remote address is a collector: no firefly goes twice'):
        for remote in '2001:db8:a::3', '192.0.2.3', '::ffff:192.0.2.3':
            got = states(t.flow(remote, ids='3 14'))
            equal((got['3'], got['.3']), (BOTH, BOTH), remote)
    with case('the source address is the one that is configured'):
        got = t.flow('192.0.2.2')
        equal({f['from'] for name in got for f in got[name]},
              {'192.0.2.11', '2001:db8:a::11'}, 'sources')


def excluded(t):
    with case('excluded networks: nothing goes to remote addresses there'):
        t.reload("exclude: ['2001:db8:a::2', 192.0.2.0/30]")
        equal('2' in t.flow(B), False, B)
        equal('.2' in t.flow('192.0.2.2'), False, '192.0.2.2')
        equal(states(t.flow('2001:db8:a::4'))['4'], BOTH, 'another')
    with case('local: nothing goes to the networks of the interfaces'):
        t.reload('exclude: local')
        equal(set(t.flow(B)), {'3', '.3', '9001'}, B)
        net.sh('ip -n a addr flush dev veth0 to 2001:db8:a::/64;'
               'ip -n a addr add 2001:db8:a::1/128 dev veth0;'
               'ip -n a addr add 2001:db8:a::11/128 dev veth0 nodad;'
               'ip -n a route add 2001:db8:a::/64 dev veth0')
        equal(set(t.flow(B)), {'3', '.3', '9001', '2'}, 'no network any more')
    with case('to-remote: false'):
        t.reload('to-remote: false')
        equal('2' in t.flow(B), False, B)


def limited(t):
    with case('the rate: ten seconds\' worth at once, and the rest is counted'):
        t.reload('rate: 2', 'to-remote: false', name='192.0.2.3')
        before = time.monotonic()
        text = f'{B}]:443 starts: experiment 3'
        count = t.count(text)
        with open(f'{t.dir}/flows', 'w') as pipe:
            for port in range(1, 201):
                pipe.write(f'start tcp {A} {port} {B} 443 3 14\n')
        t.wait(text, count + 200)
        t.reload('to-remote: false', name='192.0.2.3')
        seconds = time.monotonic() - before
        got = t.flow(B, ids='3 14')
        ports = [f['flow-id']['src-port'] for f in got['3'] + got['.3']]
        early = sum(port <= 200 for port in ports)
        equal(20 <= early <= 21 + 2 * seconds, True, f'{early} datagrams')
        equal(len(ports) - early, 4, 'later ones')


def times_of(path, where):
    return [float(time_) for time_, in
            net.tshark(path, ('frame.time_epoch',), where)]


def stun(t, server):
    private = '10.1.2.3'
    path = f'{OUT}/stun.pcap'
    with case('STUN: asked again after 500 ms, what it says stands in them'):
        with net.capture('b', path, expression='udp port 3478'):
            t.reload('stun: 192.0.2.2')
            t.wait('STUN server 192.0.2.2: this host is known as 198.51.100.7')
        # More of them than two if the answer takes its time.
        request, = set(server.heard)
        first, second = times_of(path, 'stun.type == 1')[:2]
        equal(second - first > 0.45, True, f'{second - first} s')
        got = t.flow('192.0.2.2', here=private)
        for f in sum(got.values(), []):
            equal(f['flow-id']['src-ip'], '198.51.100.7', 'src-ip')
        equal(set(got), {'3', '.3', '9001', '9002', '.2'}, 'destinations')
        equal(t.flow('192.0.2.2')['.3'][0]['flow-id']['src-ip'], '192.0.2.1',
              'what is not private')
    with case('tshark reads the requests, and an answer to them'):
        fields = ('ip.src', 'stun.type', 'stun.cookie', 'stun.id',
                  'stun.att.ipv4', '_ws.malformed')
        rows = net.tshark(path, fields)
        # Versions of it differ in whether there is a 0x.
        told = [(src, int(kind, 16), int(cookie, 16), *rest) for
                src, kind, cookie, _, *rest in rows]
        asked = ('192.0.2.11', REQUEST, COOKIE, '', '')
        equal(told[:2], [asked, asked], 'first messages')
        equal(set(told), {asked, ('192.0.2.2', SUCCESS, COOKIE,
                                  '198.51.100.7', '')}, 'messages')
        equal({int(row[3].replace(':', ''), 16) for row in rows},
              {int.from_bytes(request[8:20], 'big')}, 'transaction ID')
    with case('the table comes before STUN'):
        t.reload('stun: 192.0.2.2',
                 'translate: [{from: 10.0.0.0/8, to: 203.0.113.9}]')
        equal(t.flow('192.0.2.2', here=private)['.3'][0]['flow-id']['src-ip'],
              '203.0.113.9', 'src-ip')


@contextlib.contextmanager
def resolv_conf(directory):
    """In the mount namespace of this test."""
    path = pathlib.Path(directory, 'resolv.conf')
    path.write_text('nameserver 192.0.2.2\noptions timeout:1 attempts:1\n')
    target = pathlib.Path('/etc/resolv.conf').resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch()
    net.sh(f'mount --bind {path} {target}')
    try:
        yield
    finally:
        net.sh(f'umount {target}')


def main():
    with tempfile.TemporaryDirectory() as directory, net.pair(), \
            resolv_conf(directory), contextlib.ExitStack() as stack:
        net.sh('for i in 3 4 5; do'
               ' ip -n b addr add 2001:db8:a::$i/64 dev veth0 nodad; done;'
               'ip -n b addr add 192.0.2.3/24 dev veth0;'
               'ip -n b route add 10.1.2.3 dev veth0;'
               'ip -n a addr add 2001:db8:a::11/64 dev veth0 nodad;'
               'ip -n a addr add 192.0.2.11/24 dev veth0;'
               'ip -n a addr add 10.1.2.3/32 dev lo')
        os.chmod(directory, 0o755)
        t = Test(stack, directory)
        dns = Dns(stack)
        name_server_down(t, dns)
        name_moves(t, dns)
        filters(t)
        stun(t, Stun(stack))
        limited(t)
        excluded(t)
        with case('SIGTERM ends it'):
            t.process.terminate()
            equal(t.process.wait(20 * SLOW), 0, 'exit status')
    done()


main()
