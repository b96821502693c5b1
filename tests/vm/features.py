#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""Segmentation and checksums by the stack, by the device, and merged again by
the receiver. Packets are counted by the kernel of the receiver, which knows
how many segments make a large one."""
import contextlib
import itertools
import os

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B, FAR

OUT = os.environ['OUT']
SIZE = 400000 // int(os.environ['SLOW'])
VETH_HAS_GRO = os.environ['KERNEL_NAME'] != '5.10'
HEADERS = 40 + 20 + 12  # IPv6, TCP, timestamps
ALL = 'label+hbh+do'

# What differs from everything on at the sender and no GRO at the receiver.
SETTINGS = {
    'everything on': ('', ''),
    'no TSO': ('tso off', ''),
    'no TSO, no GSO': ('tso off gso off', ''),
    'no checksum offload': ('tso off;tx off', ''),
    'no scatter-gather': ('tso off;tx off;sg off', ''),
    'no TSO, GRO at the receiver': ('tso off', 'gro on'),
    'nothing, GRO at the receiver': ('tso off;gso off;tx off', 'gro on'),
    'no checksum offload at the receiver': ('', 'rx off'),
}


def set_features(name, features):
    for some in features.split(';'):
        if some:
            net.sh(f'ip netns exec {name} ethtool -K veth0 {some}')


def all_on():
    set_features('a', 'sg on;tx on;gso on;tso on;gro on')
    set_features('b', 'sg on;tx on;gso on;tso on;gro off;rx on')


def transfers(table, ports):
    """Until all that was sent has arrived."""
    before = decode.received('b')
    flows = [{'protocol': TCP, 'src': A, 'dst': B, 'dport': 30000,
              'sport': sport} for sport in ports]
    for flow in flows:
        table.add(**flow, mark=MARKS[ports[flow['sport']]], **decode.TAG)
        with traffic.connection(flow['sport'], 30000) as conn:
            conn.bulk(SIZE)
            conn.talk(5)
    sent = sum(table.get(**flow)['packets'] for flow in flows)
    # The last packet may still be on its way.
    with contextlib.suppress(AssertionError):
        net.wait_for(lambda: decode.received('b') - before >= sent, seconds=5)


def check(what, state, packets):
    """One flow. What it sent is in packets of any size."""
    decode.check_marks(packets, state)
    equal(state['marked'], state['packets'], 'marked and all')
    payload = sum(p.payload for p in packets)
    assert payload >= SIZE + 500, 'payload is missing'
    count = state['packets']
    added = decode.octets_of(state['mark'])
    # A SYN has more options, and so has the ACK of what came twice: in
    # packets that are not large.
    more = sum(p.length - p.payload - HEADERS - added for p in packets)
    equal(state['bytes'], payload + HEADERS * count + more, 'octets')
    full = 1500 - HEADERS - added
    assert payload // full < count < payload // full + 40, \
        f'{count} packets for {payload} octets'
    large = max(p.length for p in packets) > 1500
    merged = 'gro on' in SETTINGS[what][1] and VETH_HAS_GRO
    equal(large, not SETTINGS[what][0] or merged,
          'are some larger than the MTU?')


def settings():
    path = f'{OUT}/features.pcap'
    names = itertools.cycle([name for name in MARKS if name != ALL])
    runs = {what: dict(enumerate(few((next(names), next(names), ALL)),
                                 20000 + 10 * number))
            for number, what in enumerate(SETTINGS)}
    with net.pair(offload=True):
        net.quiet()
        with net.inside('a'):
            table = Genl()
        with net.capture('b', path, snap=200, direction='in'):
            before = decode.received('b')
            for what, ports in runs.items():
                all_on()
                set_features('a', SETTINGS[what][0])
                set_features('b', SETTINGS[what][1])
                transfers(table, ports)
            total = decode.received('b') - before
        seen = decode.Seen(path)
        flows = {state['sport']: state for state in table.dump()}
        for what, ports in runs.items():
            for sport, name in ports.items():
                with case(f'{what}: all of {name} is marked'):
                    check(what, flows[sport], seen.of(flows[sport]))
        with case('the kernel of b received as many packets as were marked'):
            stats = table.stats()
            note(stats)
            equal(sum(stats.values()), stats['marked'], 'not marked')
            equal(total, stats['marked'], 'packets received')
        with case('nothing was complained of'):
            decode.check_receiver('b')
            counters = net.snmp6('a')
            for key in ('Icmp6InPktTooBigs', 'Ip6FragFails'):
                equal(counters[key], 0, key)


def cut_elsewhere():
    """Large packets of a that a router cuts: every segment, as it comes out
    on the far side, is what a would have sent without offload."""
    path = f'{OUT}/features-cut.pcap'
    with net.line(offload=True, far_offload=False):
        with net.inside('a'):
            table = Genl()
        ports = dict(enumerate(few(MARKS.items()), 20000))
        with net.capture('b', path, snap=200):
            for sport, (_, mark) in ports.items():
                table.add(protocol=TCP, src=A, dst=FAR, sport=sport,
                          dport=30000, mark=mark, **decode.TAG)
                with traffic.connection(sport, 30000, dst=FAR) as conn:
                    conn.bulk(SIZE // 2)
        seen = decode.Seen(path)
        for state in table.dump():
            name, _ = ports[state['sport']]
            with case(f'cut by a router: all segments of {name} are marked'):
                packets = seen.of(state)
                decode.check_all_marked(packets, state)
                equal(max(p.length for p in packets), 1500, 'longest packet')
        with case('cut by a router: nothing was complained of'):
            equal(net.snmp6('r')['Icmp6OutPktTooBigs'], 0, 'too-big messages')
            decode.check_receiver('b')


def main():
    net.module_load()
    settings()
    cut_elsewhere()
    net.module_unload()
    done()


main()
