#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
# kernels: !5.10
"""Multipath TCP: each subflow is a connection of its own with a 5-tuple of its
own, and is marked as its flow asks for.

    a [veth0] 2001:db8:a::1  ---- 2001:db8:a::2 [veth0] b
              2001:db8:a::11 (for a second subflow)
"""
import os

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B, MPTCP_PROTOCOL

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
SECOND = '2001:db8:a::11'


def next_port(port):
    """Choose the port that the next second subflow comes from."""
    net.sh('ip netns exec a sysctl -qw '
           f'net.ipv4.ip_local_port_range="{port} {port}"')


def subflows():
    """Established connections of a to b, as (address, port)."""
    lines = net.sh('ip netns exec a ss -Hnt6 state established').splitlines()
    ends = [line.split()[2].rsplit(':', 1) for line in lines]
    return {(host.split('%')[0].strip('[]'), int(port)) for host, port in ends}


def states(name):
    """Those of the TCP sockets in a namespace."""
    lines = net.sh(f'ip netns exec {name} ss -Hant6').splitlines()
    return {line.split()[0] for line in lines}


def transfer(sport, second):
    with traffic.connection(sport, 30000, protocol=MPTCP_PROTOCOL) as conn:
        conn.talk(2)
        net.wait_for(lambda: subflows() >= {(A, sport), (SECOND, second)},
                     what='second subflow')
        conn.bulk(600000 // SLOW)
        conn.talk(5)
    # The kernel closes the subflows when it comes to it.
    net.wait_for(lambda: states('a') | states('b') <= {'TIME-WAIT', 'LISTEN'},
                 what='end of the subflows')


def main():
    net.module_load()
    path = f'{OUT}/mptcp.pcap'
    with net.pair():
        for name in 'ab':
            net.sh(f'ip netns exec {name} sysctl -qw net.mptcp.enabled=1;'
                   f'ip -n {name} mptcp limits set subflow 1')
        net.sh(f'ip -n a addr add {SECOND}/64 dev veth0 nodad;'
               f'ip -n a mptcp endpoint add {SECOND} dev veth0 subflow')
        with net.inside('a'):
            table = Genl()
        runs = []
        for number, name in enumerate(
                few(('label', 'do', 'label+hbh+do'))):
            sport, second, capture = (20000 + number, 41000 + number,
                                      f'{path}.{number}')
            flow = {'protocol': TCP, 'dst': B, 'dport': 30000,
                    'mark': MARKS[name], **decode.TAG}
            table.add(**flow, src=A, sport=sport)
            table.add(**flow, src=SECOND, sport=second)
            next_port(second)
            with net.capture('b', capture, snap=300, direction='in'):
                transfer(sport, second)
            runs.append((name, table.dump(), decode.Seen(capture)))
            table.flush()
        for name, states, seen in runs:
            for state in states:
                which = 'first' if state['src'] == A else 'second'
                with case(f'{which} subflow: all of {name} is marked'):
                    packets = seen.of(state)
                    decode.check_all_marked(packets, state)
                    octets = sum(p.payload for p in packets)
                    note(f'{octets} octets in {len(packets)} packets')
                    assert octets, 'it carried nothing'
        with case('nothing else left unmarked, nothing was complained of'):
            stats = table.stats()
            note(stats)
            equal(sum(stats.values()), stats['marked'], 'not marked')
            decode.check_receiver('b')
            equal(net.snmp6('a')['Icmp6InPktTooBigs'], 0, 'too-big messages')
    net.module_unload()
    done()


main()
