#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
"""Flows are of one namespace: those of another, and what comes back, are not
marked by them; and a namespace can end while its flows carry data."""
import contextlib
import os
import socket
import subprocess
import threading

import decode
import net
import traffic
from decode import MARKS, TCP
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
TIMES = 6 // SLOW
FLOW = {'protocol': TCP, 'src': A, 'dst': B, 'sport': 20000, 'dport': 30000}


def table_of(name):
    with net.inside(name):
        return Genl()


@contextlib.contextmanager
def pairs(*names):
    """Pairs of namespaces, all with the same addresses."""
    for name in ''.join(names):
        net.add(name)
    try:
        for left, right in names:
            net.link(left, right, A, B)
        yield
    finally:
        for name in ''.join(names):
            net.delete(name)


def separate():
    """The same connection in two pairs of namespaces; one has a flow."""
    path = f'{OUT}/namespaces-{{}}.pcap'
    with pairs('ab', 'cd'):
        tables = {name: table_of(name) for name in 'abc'}
        tables['a'].add(**FLOW, mark=MARKS['label+hbh+do'], **decode.TAG)
        # The other direction, and from the other namespace's view.
        tables['b'].add(**FLOW, mark=MARKS['hbh'], **decode.TAG)
        with net.capture('a', path.format('a'), direction='in'), \
                net.capture('b', path.format('b'), direction='in'), \
                net.capture('d', path.format('d'), direction='in'):
            for names in ('ab', 'cd'):
                with traffic.connection(20000, 30000, names=names) as conn:
                    conn.bulk(100000 // SLOW)
                    conn.talk(20)
        seen = {name: decode.Seen(path.format(name)) for name in 'abd'}
        with case('the namespace of the flow: all is marked'):
            decode.check_all_marked(seen['b'].of(FLOW), tables['a'].get(**FLOW))
        with case('the same 5-tuple in another namespace: nothing is'):
            packets = seen['d'].of(FLOW)
            assert len(packets) > 10, 'too few packets'
            equal({(p.chain, p.options) for p in packets}, {((TCP,), ())},
                  'headers')
            equal(tables['c'].stats()['marked'], 0, 'marked')
        with case('the way back is another flow: nothing is'):
            back = {'protocol': TCP, 'src': B, 'dst': A, 'sport': 30000,
                    'dport': 20000}
            packets = seen['a'].of(back)
            assert len(packets) > 10, 'too few packets'
            equal({(p.chain, p.options) for p in packets}, {((TCP,), ())},
                  'headers')
        with case('a namespace that receives a flow does not count it'):
            state = tables['b'].get(**FLOW)
            equal((state['packets'], state['marked']), (0, 0), 'counters')
            equal(tables['b'].stats()['marked'], 0, 'marked')


def flood(sock):
    """Write until it ends, one way or the other."""
    data = os.urandom(1 << 16)
    with contextlib.suppress(OSError):
        while True:
            sock.sendall(data)


def drain(sock):
    with contextlib.suppress(OSError):
        while sock.recv(1 << 20):
            pass


def end_under_traffic(number):
    """Both namespaces go with data under way and flows at both ends."""
    with pairs('ab'):
        for name, src, dst, sport, dport in (('a', A, B, 20000, 30000),
                                             ('b', B, A, 30000, 20000)):
            table_of(name).add(protocol=TCP, src=src, dst=dst, sport=sport,
                               dport=dport, mark=MARKS['label+hbh+do'],
                               **decode.TAG)
        conn = traffic.Connection(20000, 30000)
        threads = [threading.Thread(target=run, args=(sock,)) for run, sock in
                   ((flood, conn.client), (drain, conn.server))]
        for thread in threads:
            thread.start()
        table = table_of('a')
        net.wait_for(lambda: table.stats()['marked'] > 50, what='traffic')
        del table
        if number % 3 == 0:
            net.sh('ip -n a link del veth0')
        if number % 3 != 2:
            # The names go first, the sockets hold the namespaces.
            for name in 'ab':
                net.delete(name)
        for sock in (conn.client, conn.server):
            sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        conn.abort()


def unloads():
    """The module can go when no namespace holds anything of it."""
    return subprocess.run(['rmmod', 'scitag'], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def main():
    net.module_load()
    separate()
    with case(f'{TIMES} times, two namespaces end in mid-transfer'):
        for number in range(TIMES):
            end_under_traffic(number)
    with case('nothing of them is left'):
        net.wait_for(unloads, seconds=60, what='end of all namespaces')
        note('the module was unloaded')
    done()


main()
