#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""Listeners that stop reading, are killed or are many, and what goes away
while it is sampled: flows, sockets, namespaces, the module."""
import contextlib
import os
import resource
import signal
import socket
import subprocess
import threading
import time

import net
import tcpends
from events import Events, Snapshots
from genl import (FLOW_ADD, FLOW_NEW_NTF, ON_CWND, ON_RTO, ON_RTT, ON_STATE,
                  Genl, flow)
from tap import case, done, equal, note

TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
SLOW = int(os.environ['SLOW'])
LISTENERS, NAMESPACES, LOADS = 1000 // SLOW, 12 // SLOW, 9 // SLOW
CHURN, MOST = 6, 2000  # seconds, and connections
A, B = '2001:db8:a::1', '2001:db8:a::2'
ALWAYS = {'snapshot_interval': 10,
          'snapshot_on': ON_STATE | ON_RTO | ON_RTT | ON_CWND,
          'snapshot_factor': 110}


def table_of(name):
    with net.inside(name):
        return Genl()


def fill(table, count, interval, addrs=(A, B)):
    """So many flows of datagrams."""
    table.request(FLOW_ADD, b''.join(
        flow(protocol=UDP, src=addrs[0], dst=addrs[1], sport=1000 + n,
             dport=2000, **tcpends.MARK, snapshot_interval=interval)
        for n in range(count)))


def slow(table):
    with case('one that stops reading loses snapshots, and no events'):
        events, good = Events('a'), Snapshots('a')
        bad = Snapshots('a', rcvbuf=1 << 14)
        fill(table, 50, 50)
        bad.until(lambda s: True)
        good.until(lambda s: s['seq'] > bad.next + 1000)
        bad.until(lambda s: bad.lost)
        note(f'{len(bad.got)} snapshots were read, {bad.lost} were lost')
        # Again, if it is too slow for what comes next, too.
        assert bad.overruns, 'no ENOBUFS'
        good.until(lambda s: s['seq'] >= bad.next)
        equal((good.lost, good.overruns), (0, 0), 'lost by the other one')
        got = {s['seq']: s for s in bad.got}
        all_of_them = {s['seq']: s for s in good.got if s['seq'] in
                       range(min(got), bad.next)}
        equal(len(all_of_them) - len(got), bad.lost, 'lost by comparison')
        equal([n for n in got if n in all_of_them and
               got[n] != all_of_them[n]], [], 'snapshots that differ')
        equal(len(table.snapshots()), 50, 'snapshots of a dump')
        table.flush()
        equal(len(events.wait(100)), 100, 'events')
        numbers = events.genl.numbers
        equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))),
              'numbers of events')
        for each in events, good, bad:
            each.genl.sock.close()


def killed(table):
    with case('one that is killed: the others do not notice'):
        good = Snapshots('a')
        fill(table, 20, 20)
        good.until(lambda s: True)
        for _ in range(6 // SLOW):
            ready, tell = os.pipe()
            child = os.fork()
            if not child:
                Snapshots('a', rcvbuf=1 << 14).until(lambda s: True)
                os.write(tell, b'x')
                signal.pause()
            os.close(tell)
            equal(os.read(ready, 1), b'x', 'child')
            os.close(ready)
            last = good.next
            good.until(lambda s: s['seq'] > last + 100)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        equal((good.lost, good.overruns), (0, 0), 'lost')
        table.flush()
        good.genl.sock.close()


def many(table):
    with case(f'{LISTENERS} of them'):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        listeners = [Snapshots('a') for _ in range(LISTENERS)]
        fill(table, 10, 500)
        first = listeners[0].until(lambda s: True)['seq']
        for each in listeners:
            each.until(lambda s: s['seq'] >= first + 30)
            equal((each.lost, each.overruns), (0, 0), 'lost')
        equal([len({tuple(sorted(s.items())) for each in listeners
                    for s in each.got if s['seq'] == first + number})
               for number in range(30)], [1] * 30, 'the same for all')
        # Half of them leave while there is something to send.
        for each in listeners[::2]:
            each.genl.sock.close()
        last = listeners[1].next
        for each in listeners[1::2]:
            each.until(lambda s: s['seq'] >= last + 10)
            equal(each.lost, 0, 'lost')
            each.genl.sock.close()
        table.flush()
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


class Churn:
    """Connections that come, talk, and go in all ways, each of them a flow
    that is changed meanwhile; until it is stopped."""

    def __init__(self, threads):
        self.stop, self.problems = threading.Event(), []
        self.count = [0] * threads
        self.threads = [threading.Thread(target=self.run, args=(n,))
                        for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        try:
            table = table_of('a')
            listener = net.tcp_listener('b', B, 7000 + number)
            while not self.stop.is_set():
                self.one(table, number, listener)
                self.count[number] += 1
            listener.close()
        except Exception as error:  # told to the main thread
            self.problems.append(repr(error))

    def one(self, table, number, listener):
        turn = self.count[number]
        sport = 20000 + 1000 * number + turn % 1000
        key = {'protocol': TCP, 'src': A, 'dst': B, 'sport': sport,
               'dport': 7000 + number}
        table.add(**key, **tcpends.MARK, **ALWAYS, end_on_close=turn % 2)
        client = net.tcp_socket('a', A, sport)
        client.connect((B, 7000 + number))
        server, _ = listener.accept()
        client.sendall(b'x' * 30000)
        server.settimeout(60)
        tcpends.drain(server, 20000 if turn % 3 == 0 else 30000)
        if turn % 4 == 1:
            table.replace(**key, **tcpends.MARK, snapshot_interval=20,
                          end_on_close=turn % 2)
        for sock in (client, server)[::1 if turn % 5 else -1]:
            sock.close()
        if turn % 2 == 0:
            table.delete(**key)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        equal(self.problems, [], 'problems')
        return sum(self.count)


def churn(table):
    with case('flows and connections come and go while they are sampled'):
        events, snapshots = Events('a'), Snapshots('a')
        busy = Churn(4)
        end = time.monotonic() + CHURN
        # The events of more might not be kept until they are read.
        while time.monotonic() < end and sum(busy.count) < MOST:
            snapshots.read(0.1)
        count = busy.end()
        table.flush()
        while snapshots.read(0.5):
            pass
        kinds = {}
        for snapshot in snapshots.got:
            kinds[snapshot['trigger']] = kinds.get(snapshot['trigger'], 0) + 1
        note(f'{count} connections, {len(snapshots.got)} snapshots; by '
             f'trigger: {kinds}; {snapshots.lost} lost')
        equal(len({s['flow_id'] for s in snapshots.got if s['flow_id']}) >
              count // 2, True, 'flows seen')
        equal((snapshots.lost, kinds.get(0, 0)), (0, 0),
              'lost, and taken for no reason')
        new = [e for e in events.wait_whole(2 * count) if
               e[0] == FLOW_NEW_NTF]
        assert len(new) >= count // 2, len(new)
        for each in events, snapshots:
            each.genl.sock.close()


def in_namespace(number):
    """Flows of a namespace that ends while they are sampled."""
    name = f'n{number}'
    net.add(name)
    table, snapshots = table_of(name), Snapshots(name)
    fill(table, 20, 10, ('::1', '::1'))
    table.add(protocol=TCP, src='::1', dst='::1', sport=3000, dport=3001,
              **tcpends.MARK, **ALWAYS)
    listener = net.tcp_listener(name, '::1', 3001)
    client = net.tcp_socket(name, '::1', 3000)
    client.connect(('::1', 3001))
    server, _ = listener.accept()
    client.sendall(b'x' * 30000)
    snapshots.until(lambda s: 'tcp_info' in s)
    net.delete(name)
    # Each of them holds the namespace; the last is another one each time.
    last = [client, server, listener, snapshots.genl.sock, table.sock]
    for turn in range(len(last)):
        last[(turn + number) % len(last)].close()


def namespaces():
    with case(f'{NAMESPACES} namespaces end while their flows are sampled'):
        for number in range(NAMESPACES):
            in_namespace(number)

    def unloads():
        return subprocess.run(['rmmod', 'scitag'], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    with case('nothing of them is left'):
        net.wait_for(unloads, seconds=60, what='end of all namespaces')
        net.module_load()


def flood(sock):
    with contextlib.suppress(OSError):
        while True:
            sock.sendall(bytes(1 << 15))


def swallow(sock):
    with contextlib.suppress(OSError):
        while sock.recv(1 << 18):
            pass


def module():
    with case(f'the module is removed {LOADS} times while it samples'):
        listener = net.tcp_listener('b', B, 6000)
        client = net.tcp_socket('a', A, 5000)
        client.connect((B, 6000))
        server, _ = listener.accept()
        threads = [threading.Thread(target=run, args=(sock,)) for run, sock in
                   ((flood, client), (swallow, server))]
        for thread in threads:
            thread.start()
        for number in range(LOADS):
            net.module_load()
            table, snapshots = table_of('a'), Snapshots('a')
            fill(table, 20, 10)
            table.add(protocol=TCP, src=A, dst=B, sport=5000, dport=6000,
                      **tcpends.MARK, **ALWAYS)
            snapshots.until(lambda s: 'tcp_info' in s)
            if number % 3 == 1:
                table.flush()
            elif number % 3 == 2:
                snapshots.genl.sock.close()
            net.module_unload()
        client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for each in client, server, listener:
            each.close()


def main():
    net.module_load()
    with net.pair(offload=True):
        table = table_of('a')
        slow(table)
        killed(table)
        many(table)
        churn(table)
        table.sock.close()
        namespaces()
        net.module_unload()
        module()
    done()


main()
