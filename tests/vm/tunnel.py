#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
"""The datagrams of a VXLAN are a flow of UDP. What is sent through it is large
packets, which are cut behind the tunnel's own headers and then fill the MTU.

    a [veth0] ---- [veth0] b
      [vx0] ........ [vx0]
"""
import os

import decode
import net
import traffic
from decode import UDP
from genl import EMSGSIZE, HBH, SKIP, Genl
from tap import case, done, equal, note
from traffic import A, B

SIZE = 200000 // int(os.environ['SLOW'])
INNER = {'a': '2001:db8:d::1', 'b': '2001:db8:d::2'}
PORTS = (20000, 20001)  # of which a device of newer kernels may take either
FLOW = {'protocol': UDP, 'src': A, 'dst': B, 'dport': 4789, 'mark': HBH,
        **decode.TAG}


def tunnel():
    for name, local, remote in (('a', A, B), ('b', B, A)):
        net.sh(f'ip -n {name} link add vx0 mtu 1430 type vxlan id 1 '
               f'local {local} remote {remote} dstport 4789 '
               f'srcport {PORTS[0]} {PORTS[1]};'
               f'ip -n {name} addr add {INNER[name]}/64 dev vx0 nodad;'
               f'ip -n {name} link set vx0 up')


def transfer(table, oversize):
    before = table.stats()
    for sport in PORTS:
        table.replace(**FLOW, sport=sport, oversize=oversize)
    with traffic.connection(20000, 30000, src=INNER['a'],
                            dst=INNER['b']) as conn:
        conn.bulk(SIZE)
        conn.talk(3)
    stats = {name: count - before[name]
             for name, count in table.stats().items()}
    note(stats)
    with case(f'oversize {oversize}: what there is no room for is as it was'):
        assert stats['marked'] > 4, 'too few marked'
        assert stats['too_big'] > SIZE // 1500, 'too few too long'
        equal(sum(stats.values()), stats['marked'] + stats['too_big'],
              'marked and too long')
    with case(f'oversize {oversize}: nothing is lost'):
        equal(net.snmp6('a')['Ip6FragFails'], 0, 'too long to leave')
        decode.check_receiver('b')


def main():
    net.module_load()
    with net.pair():
        tunnel()
        with net.inside('a'):
            table = Genl()
        for oversize in (SKIP, EMSGSIZE):
            transfer(table, oversize)
    net.module_unload()
    done()


main()
