#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
"""A flow that is added, replaced and removed a thousand times while its
connection carries data: each packet has one of its marks, wholly, or none, and
the data do not notice."""
import collections
import os
import socket
import threading

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
TIMES = 1000 // SLOW
SO_MAX_PACING_RATE = 47
HEADER_MARKS = [name for name in MARKS if name != 'label']
PLAIN = 1500 - 40 - 20 - 12


def churn(table, flow, conn, stopped):
    """Add, replace, remove, with the transfer going on."""
    name = {key: flow[key] for key in ('protocol', 'src', 'dst', 'sport',
                                       'dport')}
    for number in range(TIMES):
        first, second = (HEADER_MARKS[(number + n) % 4] for n in (0, 1))
        table.add(**flow, mark=MARKS[first], **decode.TAG)
        table.replace(**flow, mark=MARKS[second], **decode.TAG)
        if number % 25 == 0:
            # Now and then it stays until it has come into force, and been
            # met.
            mss = PLAIN - decode.octets_of(MARKS[second])
            met = table.stats()['marked']
            net.wait_for(lambda: conn.mss() == mss and
                         table.stats()['marked'] > met + 3,
                         what=f'MSS {mss}, and packets')
        table.delete(**name)
        assert not stopped.is_set(), 'the transfer ended early'


def transfer(conn, stopped, done_with, problems):
    """Requests, responses and bulk until it is enough."""
    try:
        while not done_with.is_set():
            conn.bulk(100000)
            conn.talk(2)
            conn.dribble(3)
    except Exception as error:  # told to the main thread
        problems.append(error)
    finally:
        stopped.set()


def run(sport, table, path):
    flow = {'protocol': TCP, 'src': A, 'dst': B, 'sport': sport,
            'dport': 30000}
    stopped, done_with = threading.Event(), threading.Event()
    problems = []
    with net.capture('b', path, snap=200, direction='in'):
        with traffic.connection(sport, 30000) as conn:
            # So that there is not more than tshark likes to read.
            conn.client.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE,
                                   1500000 // SLOW)
            thread = threading.Thread(
                target=transfer, args=(conn, stopped, done_with, problems))
            thread.start()
            try:
                churn(table, flow, conn, stopped)
            finally:
                done_with.set()
                thread.join()
            equal(problems, [], 'problems of the transfer')
            conn.talk(1)
            net.wait_for(lambda: conn.mss() == PLAIN, what='MSS as before')
    return decode.Seen(path).of(flow)


def kind(packet):
    """The mark that a packet has, by name; of a label nothing is asked."""
    for name in HEADER_MARKS:
        mark = MARKS[name] & ~MARKS['label']
        if decode.is_marked(packet, mark, TCP, None):
            return name.replace('label+', '')
    return 'none' if packet.chain == (TCP,) and not packet.options else 'odd'


def check(what, seen, stats):
    with case(f'{what}: each packet has a whole mark or none'):
        kinds = collections.Counter(kind(p) for p in seen)
        note(f'{dict(kinds)}, {stats}')
        equal(kinds['odd'], 0, 'packets with something else')
        for name in ('hbh', 'do', 'hbh+do'):
            assert kinds[name] > 10, f'hardly any with {name}'
        equal(sum(kinds.values()) - kinds['none'], stats['marked'], 'marked')
        assert kinds['none'] >= stats['no_room'], 'counted, but not seen'
    with case(f'{what}: segments that were sent twice are few'):
        payload = [p for p in seen if p.payload]
        again = len(payload) - len(decode.first_sent(seen))
        note(f'{again} of {len(payload)} segments were sent again')
        assert again <= 20 + len(payload) // 100, 'it is the marks'


def rounds(offload):
    what = f'{TIMES} changes with{"" if offload else "out"} offload'
    with net.pair(offload=offload):
        with net.inside('a'):
            table = Genl()
        # One that stays, so that the hook does.
        table.add(protocol=TCP, src='::1', dst='::1', sport=1, dport=1,
                  mark=MARKS['label'], **decode.TAG)
        seen = []
        with case(f'{what}: the data are the same, the room returns'):
            seen = run(20000, table, f'{OUT}/churn-{offload}.pcap')
            assert seen, 'no packets'
        stats = table.stats()
        if not offload:  # each packet is one of the wire
            check(what, seen, stats)
        with case(f'{what}: packets without a mark are explained'):
            equal(sum(stats.values()), stats['marked'] + stats['no_room'],
                  'reasons other than room')
            assert stats['marked'] > 100, 'hardly any marked'
        with case(f'{what}: nothing was complained of'):
            counters = net.snmp6('a')
            for key in ('Icmp6InPktTooBigs', 'Ip6FragFails'):
                equal(counters[key], 0, key)
            decode.check_receiver('b')


def main():
    net.module_load()
    for offload in few((True, False)):
        rounds(offload)
    net.module_unload()
    done()


main()
