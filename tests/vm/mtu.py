#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""Small, usual and jumbo MTUs, and MTUs that change while data flow."""
import functools
import os

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B, FAR

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
HEADERS = 40 + 20 + 12  # IPv6, TCP, timestamps


def table_of(name):
    with net.inside(name):
        return Genl()


def flow_to(dst, sport, mark):
    return {'protocol': TCP, 'src': A, 'dst': dst, 'sport': sport,
            'dport': 30000, 'mark': mark, **decode.TAG}


def no_complaints():
    counters = net.snmp6('a')
    for key in ('Icmp6InPktTooBigs', 'Ip6FragFails', 'Ip6OutDiscards'):
        equal(counters[key], 0, key)
    decode.check_receiver('b')


def fixed(mtu):
    """Bulk, requests and responses, and single octets, with every mark."""
    path = f'{OUT}/mtu-{mtu}.pcap'
    with net.pair(mtu=mtu):
        table = table_of('a')
        ports = dict(enumerate(few(MARKS.items()), 20000))
        with net.capture('b', path, snap=200):
            for sport, (_, mark) in ports.items():
                table.add(**flow_to(B, sport, mark))
                with traffic.connection(sport, 30000) as conn:
                    conn.bulk(120000 // SLOW)
                    conn.talk(10, 200, 2000)
                    conn.dribble(20)
        seen = decode.Seen(path)
        for state in table.dump():
            name, mark = ports[state['sport']]
            with case(f'MTU {mtu}: all of {name} is marked, segments are full'):
                packets = seen.of(state)
                decode.check_all_marked(packets, state)
                lengths = [p.length for p in packets]
                equal(max(lengths), mtu, 'longest packet')
                payload = mtu - HEADERS - decode.octets_of(mark)
                assert lengths.count(mtu) >= 120000 // SLOW // payload - 2, \
                    f'{lengths.count(mtu)} full segments'
        with case(f'MTU {mtu}: nothing was lost or complained of'):
            stats = table.stats()
            equal(stats.pop('marked'), sum(len(p) for key, p in seen.items()
                                           if key[1] == A), 'marked')
            equal(sum(stats.values()), 0, 'not marked')
            no_complaints()


def changes(conn, change, mtus):
    """The MTU becomes one after the other while data flow. Returns the MSS
    at each; a socket looks at its route again when it sends."""
    for mtu in mtus:
        conn.bulk(200000 // SLOW, write=20000,
                  during=functools.partial(change, mtu))
        conn.talk(3)
        conn.bulk(50000 // SLOW)
        yield mtu, conn.mss()


def sender_side(what, change):
    """The sender knows of the change. Segments in large packets for a route
    that is not the socket's any more are dropped by the sender itself."""
    path = f'{OUT}/mtu-{what}.pcap'
    mtus = (1300, 1500, 1280)
    with net.pair():
        table = table_of('a')
        mss, dropped = {}, {}
        ports = dict(enumerate(few(('do', 'label+hbh+do')), 20000))
        with net.capture('b', path, snap=200):
            for sport, name in ports.items():
                table.add(**flow_to(B, sport, MARKS[name]))
                before = net.snmp6('a')['Ip6FragFails']
                with traffic.connection(sport, 30000) as conn:
                    mss[sport] = dict(changes(conn, change, mtus))
                change(1500)
                dropped[sport] = net.snmp6('a')['Ip6FragFails'] - before
        seen = decode.Seen(path)
        for state in table.dump():
            name, sport = ports[state['sport']], state['sport']
            with case(f'MTU of the {what} changes in flight: all of {name} is '
                      'marked'):
                packets = seen.of(state)
                note(f'{len(packets)} packets seen, {dropped[sport]} dropped')
                decode.check_marks(packets, state)
                octets = decode.octets_of(state['mark'])
                equal(mss[sport], {mtu: mtu - HEADERS - octets
                                   for mtu in mtus}, 'MSS at each MTU')
                equal(len(packets), state['packets'] - dropped[sport],
                      'seen, and sent less dropped')
                equal(state['marked'], state['packets'] - dropped[sport],
                      'marked, and sent less dropped')
        with case(f'MTU of the {what} changes in flight: nothing else is '
                  'unmarked or lost'):
            stats = table.stats()
            note(stats)
            equal(stats['too_big'], sum(dropped.values()), 'too big')
            equal(sum(stats.values()), stats['marked'] + stats['too_big'],
                  'all packets')
            if what == 'link':
                no_complaints()


def path_mtu(offload, *names):
    """A router is told to carry less, and more again. What is on its way at
    that moment is lost, and nothing after it."""
    how = 'with offload' if offload else 'without offload'
    path = f'{OUT}/mtu-path-{offload}.pcap'

    def change(mtu):
        net.sh(f'ip -n r link set veth1 mtu {mtu};'
               'ip -n a -6 route flush cache')

    with net.line(offload=offload, far_offload=False):
        table = table_of('a')
        ports = dict(enumerate(few(names), 20000))
        lost = {}
        mss = {}
        with net.capture('b', path, snap=200, expression=f'src {A}'):
            for sport, name in ports.items():
                change(1500)
                before = net.snmp6('r')
                table.add(**flow_to(FAR, sport, MARKS[name]))
                with traffic.connection(sport, 30000, dst=FAR) as conn:
                    mss[sport] = list(changes(conn, change,
                                              (1400, 1500, 1280)))
                after = net.snmp6('r')
                lost[sport] = {key: after[key] - before[key] for key in
                               ('Ip6InTooBigErrors', 'Icmp6OutPktTooBigs')}
        seen = decode.Seen(path)
        for state in table.dump():
            name, sport = ports[state['sport']], state['sport']
            with case(f'path MTU changes in flight ({how}): all of {name} is '
                      'marked'):
                packets = seen.of(state)
                note(f'{len(packets)} packets, {lost[sport]}')
                octets = decode.octets_of(state['mark'])
                equal(mss[sport], [(mtu, mtu - HEADERS - octets)
                                   for mtu in (1400, 1500, 1280)],
                      'MSS at each MTU')
                equal(state['marked'], state['packets'], 'marked packets')
                decode.check_marks(packets, state)
                # Each change finds one flight of segments on its way.
                assert 1 <= lost[sport]['Icmp6OutPktTooBigs'] <= 200, lost
                if not offload:
                    equal(len(packets), state['packets'] -
                          lost[sport]['Ip6InTooBigErrors'],
                          'packets seen, and sent less dropped')
        with case(f'path MTU changes in flight ({how}): no complaints'):
            decode.check_receiver('b')
            equal(net.snmp6('a')['Ip6FragFails'], 0, 'Ip6FragFails')


def main():
    net.module_load()
    for mtu in few((1280, 9000, 1500)):
        fixed(mtu)
    sender_side('link', lambda mtu: net.sh(
        f'ip -n a link set veth0 mtu {mtu}'))
    sender_side('route', lambda mtu: net.sh(
        f'ip -n a route replace {B}/128 dev veth0 mtu {mtu}'))
    path_mtu(False, 'hbh', 'label+hbh+do')
    path_mtu(True, 'do', 'label+hbh+do')
    net.module_unload()
    done()


main()
