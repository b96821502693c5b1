#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
"""Marking takes its octets from each segment, and nothing else: the same
transfer without the module, without a flow and with one, by segments."""
import os

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SIZE = 300000 // int(os.environ['SLOW'])


def transfer(sport):
    """One write; at the sender the kernel may cut it where it likes."""
    with traffic.connection(sport, 30000) as conn:
        conn.bulk(SIZE)


def sizes(seen, flow):
    """The payload of each segment, in the order of the sequence numbers."""
    packets = seen.of(flow)
    assert packets, 'no packet was seen'
    start = packets[0].seq
    return [p.payload for p in sorted(
        decode.first_sent(packets), key=lambda p: (p.seq - start) % (1 << 32))]


def expected(octets):
    """Full segments, and the rest."""
    mss = 1500 - 40 - 20 - 12 - octets
    full, rest = divmod(SIZE, mss)
    return [mss] * full + ([rest] if rest else [])


def main():
    flow = {'protocol': TCP, 'src': A, 'dst': B, 'dport': 30000,
            **decode.TAG}
    path = f'{OUT}/segments.pcap'
    with net.pair():
        with net.capture('b', path, snap=200):
            transfer(20000)  # no module
            net.module_load()
            with net.inside('a'):
                table = Genl()
            transfer(20001)  # no flow
            table.add(**flow, sport=20002, mark=decode.MARKS['hbh+do'])
            transfer(20003)  # another flow
            ports = dict(enumerate(few(MARKS.items()), 20010))
            for sport, (_, mark) in ports.items():
                table.add(**flow, sport=sport, mark=mark)
                transfer(sport)
        seen = decode.Seen(path)
        for sport, what in ((20000, 'no module'), (20001, 'no flow'),
                            (20003, "another connection's flow")):
            with case(f'segments with {what} are full'):
                packets = seen.of({**flow, 'sport': sport})
                equal({p.chain for p in packets}, {(TCP,)}, 'headers')
                equal(sizes(seen, {**flow, 'sport': sport}), expected(0),
                      'payload of segments')
        for sport, (name, mark) in ports.items():
            octets = decode.octets_of(mark)
            with case(f'segments of {name} are full, less {octets} octets'):
                packets = seen.of({**flow, 'sport': sport})
                equal(sizes(seen, {**flow, 'sport': sport}), expected(octets),
                      'payload of segments')
                equal(max(p.length for p in packets), 1500, 'longest packet')
                decode.check_all_marked(packets, table.get(
                    protocol=TCP, src=A, dst=B, sport=sport, dport=30000))
        with case('nothing was complained of'):
            note(table.stats())
            decode.check_receiver('b')
            equal(net.snmp6('a')['Icmp6InPktTooBigs'], 0, 'too-big messages')
    net.module_unload()
    done()


main()
