#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""Namespaces and the module come and go, with flows and traffic in them."""
import contextlib
import hashlib
import os
import socket
import subprocess
import threading

import net
from genl import DO, HBH, LABEL, Genl
from tap import case, done, equal, note

TCP, UDP = 6, 17
OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
NAMESPACES, LOADS, CHANGES = 60 // SLOW, 12 // SLOW, 90 // SLOW
A, B = '2001:db8:a::1', '2001:db8:a::2'
FLOW = {'src': A, 'dst': B, 'sport': 5000, 'dport': 6000}


def table_of(name):
    with net.inside(name):
        return Genl()


def same_tuple():
    """Two pairs of namespaces that use the same addresses and ports."""
    with case('two namespaces, one 5-tuple, two tags'):
        for left, right in (('a', 'b'), ('c', 'd')):
            net.add(left)
            net.add(right)
            net.link(left, right, A, B)
        try:
            tags = {'a': (3, 14, 0x30038), 'c': (2, 9, 0x10024)}
            for name, (experiment, activity, _) in tags.items():
                table_of(name).add(protocol=UDP, experiment=experiment,
                                   activity=activity, mark=LABEL, **FLOW)
            for (left, (_, _, label)), right in zip(tags.items(), 'bd'):
                path = f'{OUT}/lifecycle-{left}.pcap'
                receiver = net.udp_socket(right, B, 6000)
                sender = net.udp_socket(left, A, 5000)
                with net.capture(right, path):
                    sender.sendto(b'x', (B, 6000))
                    receiver.recv(10)
                labels = [int(flow, 0) & 0x3fefc for port, flow in
                          net.tshark(path, ('udp.dstport', 'ipv6.flow'))
                          if port == '6000']
                equal(labels, [label], f'tags from {left}')
                equal(table_of(left).stats()['marked'], 1, 'marked')
            table_of('a').flush()
            equal(len(table_of('c').dump()), 1, 'flows in the other namespace')
        finally:
            for name in 'abcd':
                net.delete(name)


def namespaces_go():
    with case(f'{NAMESPACES} namespaces with flows and traffic are made and '
              'destroyed'):
        for number in range(NAMESPACES):
            name = f'n{number}'
            net.add(name)
            table = table_of(name)
            for port in range(5):
                table.add(protocol=TCP, src='::1', dst='::1',
                          sport=1000 + port, dport=2000, experiment=3,
                          activity=14, mark=LABEL | HBH | DO)
            del table
            if number % 10 == 0:
                loopback_traffic(name, 1000)
            net.delete(name)
        # A namespace that is held would keep its flows, and the module.
        net.wait_for(lambda: module_unused(), seconds=60,
                     what='end of all namespaces')


def module_unused():
    """The module can go at once when nothing of it is in use."""
    return subprocess.run(['rmmod', 'scitag'], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0 and \
        (net.module_load() or True)


def loopback_traffic(name, sport):
    listener = net.tcp_listener(name, '::1', 2000)
    sock = net.tcp_socket(name, '::1', sport)
    sock.connect(('::1', 2000))
    peer, _ = listener.accept()
    sock.sendall(b'x' * 10000)
    for each in (sock, peer, listener):
        each.close()


@contextlib.contextmanager
def transfers(count):
    """Bulk TCP transfers from a to b as long as the block runs; their data
    are checked at the end."""
    stop = threading.Event()
    problems = []
    octets = [0] * count

    def one(number):
        try:
            listener = net.tcp_listener('b', B, 30000 + number)
            sock = net.tcp_socket('a', A, 20000 + number)
            sock.connect((B, 30000 + number))
            peer, _ = listener.accept()
            peer.settimeout(60)
            sums = hashlib.sha256(), hashlib.sha256()

            def receive():
                while chunk := peer.recv(1 << 16):
                    sums[1].update(chunk)
                    octets[number] += len(chunk)

            reader = threading.Thread(target=receive)
            reader.start()
            data = os.urandom(1 << 15)
            while not stop.is_set():
                sock.sendall(data)
                sums[0].update(data)
            sock.shutdown(socket.SHUT_WR)
            reader.join()
            equal(sums[1].hexdigest(), sums[0].hexdigest(), 'data')
            for each in (sock, peer, listener):
                each.close()
        except Exception as error:  # told to the main thread
            problems.append(f'transfer {number}: {error!r}')

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    net.wait_for(lambda: problems or all(octets), what='data of all transfers')
    try:
        yield octets
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    equal(problems, [], 'problems')


@contextlib.contextmanager
def comings_and_goings():
    """Short connections from a to b, one after the other, each counted when
    its data have come back."""
    stop, count, problems = threading.Event(), [0], []
    listener = net.tcp_listener('b', B, 6003)

    def one():
        sock = net.tcp_socket('a', A, 0)
        sock.connect((B, 6003))
        peer, _ = listener.accept()
        sock.sendall(b'x' * 3000)
        peer.settimeout(60)
        got = b''
        while len(got) < 3000:
            got += peer.recv(3000)
        equal(got, b'x' * 3000, 'data')
        for each in (sock, peer):
            each.close()
        count[0] += 1

    def run():
        try:
            while not stop.is_set():
                one()
        except Exception as error:  # told to the main thread
            problems.append(repr(error))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()
        listener.close()
    equal(problems, [], 'problems')


def under_traffic():
    with net.pair(offload=True):
        before = net.snmp6('a')
        with case(f'the module is loaded and removed {LOADS} times under '
                  'traffic'):
            with transfers(4) as octets:
                for number in range(LOADS):
                    net.module_load()
                    table = table_of('a')
                    for port in range(4):
                        table.add(protocol=TCP, src=A, dst=B,
                                  sport=20000 + port, dport=30000 + port,
                                  experiment=3, activity=14,
                                  mark=LABEL | HBH | DO)
                    sent = table.stats()['marked']
                    net.wait_for(lambda: table.stats()['marked'] > sent + 20,
                                 what='marked packets')
                    if number % 2:
                        table.flush()
                    net.module_unload()
                note(f'{sum(octets) >> 20} MiB went through')
        with case(f'flows are added and deleted under traffic, {CHANGES} times'):
            net.module_load()
            table = table_of('a')
            # One that stays: each first and last flow has the kernel patch
            # its code, and QEMU 7.2 with several processors now and then
            # goes on with the old code for ever.
            table.add(protocol=TCP, src='::1', dst='::1', sport=1, dport=1,
                      experiment=3, activity=14, mark=LABEL)
            with transfers(4):
                for count in range(CHANGES):
                    flow = {'protocol': TCP, 'src': A, 'dst': B,
                            'sport': 20000 + count % 4,
                            'dport': 30000 + count % 4}
                    table.add(**flow, experiment=3, activity=14,
                              mark=(HBH, DO, HBH | DO)[count % 3])
                    # Most go at once, some when a packet has met them.
                    if not count % 5:
                        met = sum(table.stats().values())
                        net.wait_for(
                            lambda: sum(table.stats().values()) > met,
                            what='packet that met the flow')
                    table.delete(**flow)
            note(table.stats())
        with case(f'the module is loaded and removed {LOADS} times with rules '
                  'and connections that come and go'):
            net.module_unload()
            with comings_and_goings() as count:
                for _ in range(LOADS):
                    net.module_load()
                    table = table_of('a')
                    table.rule_set({'flow': {'experiment': 3, 'activity': 14,
                                             'mark': LABEL | HBH | DO}})
                    seen = count[0]
                    net.wait_for(lambda: count[0] > seen + 5 and
                                 table.rules()[0]['flows'], what='flows')
                    net.module_unload()
            note(f'{count[0]} connections')
            net.module_load()
        with case('no packet was lost for its length'):
            after = net.snmp6('a')
            for name in ('Ip6FragFails', 'Icmp6InPktTooBigs',
                         'Ip6OutDiscards'):
                equal(after[name], before[name], name)


def room_returns():
    with case('MSS is what it was when a flow is deleted or the module goes'):
        with net.pair():
            listener = net.tcp_listener('b', B, 6000)
            sock = net.tcp_socket('a', A, 5000)
            sock.connect((B, 6000))

            def mss():
                return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)

            plain = mss()
            for how in ('delete', 'flush', 'unload'):
                table = table_of('a')
                table.add(protocol=TCP, experiment=3, activity=14, mark=DO,
                          **FLOW)
                net.wait_for(lambda: mss() == plain - 16, what='room')
                if how == 'delete':
                    table.delete(protocol=TCP, **FLOW)
                elif how == 'flush':
                    table.flush()
                else:
                    net.module_unload()
                net.wait_for(lambda: mss() == plain, what=f'MSS after {how}')
            listener.close()
            sock.close()


def main():
    net.module_load()
    same_tuple()
    namespaces_go()
    room_returns()
    under_traffic()
    net.module_unload()
    done()


main()
