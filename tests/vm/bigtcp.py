#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# kernels: !5.10 !debug
"""BIG TCP: packets of more than 64 KiB within the host. Up to Linux 6.19 they
have a Hop-by-Hop header of the kernel's own, which leaves no room for another:
sockets whose flows have headers are kept from it. Labels do not mind. Not on
the debug kernel, where TCP is too slow to make packets that large."""
import os

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SIZE = (2 << 20) // int(os.environ['SLOW'])
JUMBO = 66000
# Ports of connections one of which has packets of that size: how large they
# get depends on how fast the machine is just then.
TRIES = range(20010, 20015)


def table_of(name):
    with net.inside(name):
        return Genl()


def set_sizes():
    net.sh('ip -n a link set veth0 gso_max_size 150000;'
           'ip -n b link set veth0 gso_max_size 150000 gro_max_size 150000')


def transfer(sport, later=None):
    """Returns the lengths of a's packets as they are in the host."""
    path = f'{OUT}/bigtcp-{sport}.pcap'
    before = decode.received('b')
    with net.capture('b', path, snap=200, direction='in'):
        with traffic.connection(sport, 30000) as conn:
            if later:
                conn.bulk(SIZE, during=later)
                net.wait_for(lambda: conn.mss() == 1428 - 24, what='room')
            conn.bulk(SIZE)
            conn.talk(3)
    rows = net.tshark(path, ('frame.len', 'ipv6.flow', 'ipv6.src', 'ipv6.nxt'))
    ours = [(int(length) - 14, int(label, 0)) for length, label, src, nxt
            in rows if src == A and nxt.split(',')[0] != '58']
    return ours, decode.received('b') - before, path


def flow(sport, mark):
    return {'protocol': TCP, 'src': A, 'dst': B, 'sport': sport,
            'dport': 30000, 'mark': mark, **decode.TAG}


def largest(ours):
    return max(length for length, _ in ours)


def known_before(table, sport, mark):
    """A flow and its transfer; returns how large packets were."""
    table.add(**flow(sport, mark))
    ours, received, path = transfer(sport)
    state = [s for s in table.dump() if s['sport'] == sport][0]
    note(f'{state["packets"]} packets, {received} received, the '
         f'largest {largest(ours)} octets')
    equal(state['marked'], state['packets'], 'marked and all')
    equal(received, state['packets'], 'received and sent')
    if mark & decode.LABEL:
        equal({label for _, label in ours}, {state['label']}, 'labels')
    if mark != decode.LABEL:
        decode.check_marks(decode.Seen(path).of(state), state)
    return largest(ours)


def all_known_before(table):
    with case('BIG TCP: all of label is marked, known before'):
        assert any(known_before(table, sport, MARKS['label']) > JUMBO
                   for sport in TRIES), 'no BIG TCP any more'
    names = few([name for name in MARKS if name != 'label'])
    for sport, name in enumerate(names, 20000):
        with case(f'BIG TCP: all of {name} is marked, known before'):
            known_before(table, sport, MARKS[name])


def in_mid_transfer(table):
    """A running connection that sends jumbo packets gets headers."""
    with case('BIG TCP: a flow that begins in mid-transfer'):
        mark = MARKS['label+hbh+do']
        for sport in TRIES:
            sport += 100
            ours, _, path = transfer(
                sport, lambda port=sport: table.add(**flow(port, mark)))
            if largest(ours) > JUMBO:
                break
        else:
            raise AssertionError('no BIG TCP at first')
        state = [s for s in table.dump() if s['sport'] == sport][0]
        stats = table.stats()
        note(f'{state["packets"]} packets, {stats}')
        assert state['marked'] > SIZE // 1500, 'hardly any marked'
        # What was written when there was room, by its sequence numbers. Not
        # all of it is seen: tshark leaves alone what has no length.
        seen = decode.Seen(path).of(state)
        assert seen[0].flags == decode.SYN, seen[0]
        decode.check_marks([p for p in seen[1:] if SIZE <=
                            (p.seq - seen[0].seq - 1) % (1 << 32)], state)
        equal(sum(stats.values()), stats['marked'] + stats['no_room'] +
              stats['jumbo'], 'other reasons')


def main():
    net.module_load()
    with net.pair(offload=True):
        net.quiet()
        set_sizes()
        with case('BIG TCP without a flow: the kernel has it'):
            assert any(largest(transfer(sport + 200)[0]) > JUMBO
                       for sport in TRIES), 'no'
        table = table_of('a')
        all_known_before(table)
        with case('BIG TCP: nothing was left unmarked'):
            stats = table.stats()
            note(stats)
            equal(sum(stats.values()), stats['marked'], 'not marked')
        in_mid_transfer(table)
        with case('BIG TCP: nothing was complained of'):
            decode.check_receiver('b')
            counters = net.snmp6('a')
            for key in ('Icmp6InPktTooBigs', 'Ip6FragFails'):
                equal(counters[key], 0, key)
    net.module_unload()
    done()


main()
