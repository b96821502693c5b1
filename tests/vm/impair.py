#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""A path that loses, reorders, duplicates and marks congestion.

    a [veth0] ---- [veth0] r [veth1] netem ---- [veth0] b

What a sent is counted where it reaches r, and what came through at b.
"""
import collections
import os

import decode
import net
import traffic
from decode import CE, CWR, ECT0, MARKS, TCP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, FAR

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
# Where there is one transfer alone, too, its some 190 packets of payload are so
# many that it can't be none of them.
SIZE = 250000
PATHS = {
    'loss': (f'loss {3 * SLOW}%', MARKS),
    'reordering': ('delay 4ms reorder 50% 50%', ('do', 'label+hbh+do')),
    'duplication': ('duplicate 10%', ('label', 'hbh', 'label+hbh+do')),
    'congestion marks': ('loss 10% ecn', ('label', 'do', 'label+hbh+do')),
}


def run(table, netem, ports):
    """Transfers over one kind of path, and the CE marks that b received."""
    net.sh(f'ip netns exec r tc qdisc replace dev veth1 root netem {netem}')
    before = net.snmp6('b')['Ip6InCEPkts']
    for sport, name in ports.items():
        table.add(protocol=TCP, src=A, dst=FAR, sport=sport, dport=30000,
                  mark=MARKS[name], **decode.TAG)
        with traffic.connection(sport, 30000, dst=FAR) as conn:
            conn.bulk(SIZE)
            conn.talk(10, 100, 3000)
            conn.dribble(10)
    return net.snmp6('b')['Ip6InCEPkts'] - before


def impaired(what, sent, came):
    """Does the capture at b show what was to be shown?"""
    at_r, at_b = ([(p.seq, p.payload, p.flags) for p in packets if p.payload]
                  for packets in (sent, came))
    if what == 'loss':
        return len(at_b) < len(at_r)
    if what == 'duplication':
        return len(at_b) > len(at_r)
    if what == 'reordering':
        return at_b != at_r and collections.Counter(at_b) == \
            collections.Counter(at_r)
    return any(p.ecn == CE for p in came)


def check_ecn(sent, came):
    """ECN is as TCP set it, and the path can still change it."""
    before, after = (collections.Counter(p.ecn for p in packets)
                     for packets in (sent, came))
    note(f'ECN sent {dict(before)}, received {dict(after)}')
    equal(before[CE], 0, 'CE when sent')
    assert before[ECT0] > SIZE // 1500 / 2, 'hardly any ECT0'
    equal(after[ECT0] + after[CE], before[ECT0], 'ECT0 that arrived')
    assert any(p.flags & CWR and p.payload for p in sent), \
        'no reaction to congestion'


def check_path(what, flows, ports, sent, came):
    for sport, name in ports.items():
        state = flows[sport]
        with case(f'{what}: all of {name} is marked'):
            decode.check_all_marked(sent.of(state), state)
            decode.check_marks(came.of(state), state)
            if what == 'congestion marks':
                check_ecn(sent.of(state), came.of(state))
    with case(f'{what}: the path did what it was told'):
        ours = [(sent.of(flows[p]), came.of(flows[p])) for p in ports]
        all_sent, all_came = (sum(each, []) for each in zip(*ours))
        note(f'{len(all_sent)} packets sent, {len(all_came)} came')
        assert impaired(what, all_sent, all_came), 'it did not'
        return sum(p.ecn == CE for p in all_came)


def paths(table):
    captures = {where: f'{OUT}/impair-{where}.pcap' for where in 'rb'}
    runs = {what: dict(enumerate(few(names), 20000 + 10 * number))
            for number, (what, (_, names)) in enumerate(PATHS.items())}
    with net.capture('r', captures['r'], snap=200, expression=f'src {A}'), \
            net.capture('b', captures['b'], snap=200, expression=f'src {A}'):
        ce = {what: run(table, PATHS[what][0], ports)
              for what, ports in runs.items()}
    sent, came = (decode.Seen(captures[where]) for where in 'rb')
    flows = {state['sport']: state for state in table.dump()}
    for what, ports in runs.items():
        seen = check_path(what, flows, ports, sent, came)
        with case(f'{what}: the kernel of b counts the same CE marks'):
            equal(ce[what], seen, 'CE marks')


def main():
    net.module_load()
    with net.line():
        net.sh('modprobe -q sch_netem || true')
        for name in 'ab':
            # Also where the first SYN is lost.
            net.sh(f'ip netns exec {name} sysctl -qw net.ipv4.tcp_ecn=1 '
                   'net.ipv4.tcp_ecn_fallback=0')
        with net.inside('a'):
            table = Genl()
        paths(table)
        with case('no other packet was left unmarked, none complained of'):
            stats = table.stats()
            equal(sum(stats.values()), stats['marked'], 'not marked')
            decode.check_receiver('b')
            equal(net.snmp6('a')['Icmp6InPktTooBigs'], 0, 'too-big messages')
    net.module_unload()
    done()


main()
