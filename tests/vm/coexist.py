#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
"""Marks together with what else handles the packets of a host: conntrack, NAT
of both kinds, rules that change packets and their route, IPVS, pacing, VRFs.

The 5-tuple that counts is the one that the packet has at the end of OUTPUT:
after a change of its destination and before one of its source.
"""
import contextlib
import os
import socket
import struct
import time

import decode
import net
import traffic
from decode import MARKS, TCP, few
from genl import CTRL_CMD_GETFAMILY, GENL_ID_CTRL, NLA_F_NESTED, Genl, attr
from genl import attrs
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SIZE = 200000 // int(os.environ['SLOW'])
NAMES = few(('label', 'do', 'label+hbh+do'))
OTHER, VIRTUAL = '2001:db8:a::11', '2001:db8:a::99'
SO_MAX_PACING_RATE = 47
PLAIN = 1500 - 40 - 20 - 12


def table_of(name):
    with net.inside(name):
        return Genl()


def flow(sport, mark, src=A, dst=B):
    return {'protocol': TCP, 'src': src, 'dst': dst, 'sport': sport,
            'dport': 30000, 'mark': mark, **decode.TAG}


@contextlib.contextmanager
def host(what, start, device='veth0', seen_src=A, prepare=lambda: None,
         idle=None):
    """A pair of namespaces, a flow of a for each mark, and what b has seen of
    each when the block has sent. An idle flow is one that nothing is of."""
    path = f'{OUT}/coexist-{what.split()[0]}.pcap'
    with net.pair():
        prepare()
        table = table_of('a')
        ports = dict(enumerate(NAMES, start))
        for sport, name in ports.items():
            table.add(**flow(sport, MARKS[name]))
            if idle:
                table.add(**flow(sport, MARKS['hbh'], **idle))
        with net.capture('b', path, device=device, snap=300, direction='in'):
            yield ports
        seen = decode.Seen(path)
        total = 0
        for state in table.dump():
            if (state['src'], state['dst']) != (A, B):
                continue
            name = ports[state['sport']]
            with case(f'{what}: all of {name} is marked, and counted once'):
                packets = seen.of({**state, 'src': seen_src})
                decode.check_all_marked(packets, state)
                assert sum(p.payload for p in packets) >= SIZE, 'too few'
            total += state['packets']
        with case(f'{what}: nothing else counted, nothing complained of'):
            stats = table.stats()
            note(stats)
            equal(sum(stats.values()), total, 'packets in all')
            decode.check_receiver('b')
            decode.check_receiver('a')
            equal(net.snmp6('a')['Icmp6InPktTooBigs'], 0, 'too-big messages')


def transfers(ports, **kwargs):
    for sport in ports:
        with traffic.connection(sport, 30000, **kwargs) as conn:
            conn.bulk(SIZE)
            conn.talk(3)


def conntrack():
    what = 'conntrack'

    def prepare():
        for name, (out, back) in (('a', ('original', 'reply')),
                                  ('b', ('reply', 'original'))):
            net.nft(name, **{chain: [
                f'filter hook {chain}put priority 0',
                f'ct state invalid counter comment "invalid {chain}"',
                f'tcp dport 30000 ct state new counter comment "new {chain}"',
                f'meta l4proto tcp ct state established ct direction {way} '
                f'counter comment "established {chain}"']
                for chain, way in (('in', back), ('out', out))})

    with host(what, 20000, prepare=prepare) as ports:
        transfers(ports)
        sent = sum(state['packets'] for state in table_of('a').dump())
        seen = {name: net.nft_counters(name) for name in 'ab'}
        with case(f'{what}: connections are established and valid'):
            note(seen)
            for each in seen.values():
                equal((each['invalid in'], each['invalid out']), (0, 0),
                      'invalid packets')
            here, there = seen['a'], seen['b']
            # All that a sent, cut into segments by then: nothing but SYNs is
            # new. Before that, TCP makes them as large as it likes.
            equal(there['new in'] + there['established in'], sent, 'came to b')
            equal(there['new in'], here['new out'], 'SYNs')
            equal(here['established in'], there['established out'],
                  'came to a, and left b')
            for each in (here['established in'], here['established out']):
                assert each >= 5 * len(ports), 'less than is said'


def source_nat():
    def prepare():
        net.sh(f'ip -n a addr add {OTHER}/64 dev veth0 nodad')
        net.nft('a', post=['nat hook postrouting priority 100',
                           f'tcp dport 30000 snat to {OTHER}'])

    with host('source NAT', 20000, seen_src=OTHER, prepare=prepare,
              idle={'src': OTHER}) as ports:
        transfers(ports)


def destination_nat():
    def prepare():
        net.nft('a', change=['nat hook output priority -100',
                             f'ip6 daddr {VIRTUAL} dnat to {B}'])

    with host('destination NAT', 20000, prepare=prepare,
              idle={'dst': VIRTUAL}) as ports:
        for sport, name in ports.items():
            virtual(sport, name)


def virtual(sport, name):
    """A connection to an address that becomes b's on the way: it is known by its
    packets alone, of which the first ones ask for room."""
    with traffic.connection(sport, 30000, connect=VIRTUAL) as conn:
        mss = PLAIN - decode.octets_of(MARKS[name])
        net.wait_for(lambda: conn.mss() <= mss, what='room')
        conn.bulk(SIZE)
        conn.talk(3)


def rerouted():
    """Rules of OUTPUT change DSCP and mark, the mark chooses another cable."""
    def prepare():
        net.link('a', 'b', '2001:db8:c::1', '2001:db8:c::2', device='veth9',
                 peer='veth9')
        net.nft('a', change=['route hook output priority -150',
                             'tcp dport 30000 meta mark set 7 '
                             'ip6 dscp set cs1'])
        net.sh('ip -n a -6 rule add fwmark 7 table 100;'
               f'ip -n a -6 route add {B}/128 via 2001:db8:c::2 dev veth9 '
               'table 100')

    with host('rerouted by a rule', 20000, 'veth9', prepare=prepare) as ports:
        transfers(ports)
    with case('rerouted by a rule: the DSCP is the one of the rule'):
        rows = net.tshark(f'{OUT}/coexist-rerouted.pcap',
                          ('tcp.dstport', 'ipv6.tclass.dscp'))
        equal({dscp for port, dscp in rows if port == '30000'}, {'8'}, 'DSCP')


def nest(kind, fields):
    return attr(kind | NLA_F_NESTED, b''.join(attr(*each) for each in fields))


def ipvs_service():
    """A virtual service of a, whose only server is b (linux/ip_vs.h)."""
    service, dest = 1, 2
    new_service, new_dest = 1, 5
    sock = table_of('a')
    (_, data), = sock.request(CTRL_CMD_GETFAMILY, attr(2, b'IPVS\0'),
                              family=GENL_ID_CTRL, version=2)
    family = struct.unpack('=H', dict(attrs(data))[1])[0]
    pack = struct.pack
    port = pack('>H', 30000)
    which = [(1, pack('=H', socket.AF_INET6)), (2, pack('=H', TCP)),
             (3, socket.inet_pton(socket.AF_INET6, VIRTUAL)), (4, port)]
    sock.request(new_service, nest(service, which + [
        (6, b'rr\0'), (7, pack('=II', 0, 0)), (8, pack('=I', 0)),
        (9, pack('=I', 128))]), family=family)
    sock.request(new_dest, nest(service, which) + nest(dest, [
        (1, socket.inet_pton(socket.AF_INET6, B)), (2, port),
        (3, pack('=I', 0)), (4, pack('=I', 1)), (5, pack('=I', 0)),
        (6, pack('=I', 0)), (11, pack('=H', socket.AF_INET6))]),
        family=family)


def ipvs():
    def prepare():
        net.sh(f'ip -n a addr add {VIRTUAL}/128 dev lo nodad')
        ipvs_service()

    with host('IPVS', 20000, prepare=prepare) as ports:
        for sport, name in ports.items():
            virtual(sport, name)


def pacing():
    rate = 1000000

    def prepare():
        net.sh('modprobe -q sch_fq || true;'
               'ip netns exec a tc qdisc replace dev veth0 root fq')

    with host('pacing by fq', 20000, prepare=prepare) as ports:
        for sport in ports:
            with traffic.connection(sport, 30000) as conn:
                conn.client.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE,
                                       rate)
                start = time.monotonic()
                conn.bulk(SIZE)
                took = time.monotonic() - start
                note(f'{SIZE} octets in {took:.2f} s')
                # The first few segments leave at once.
                with case('pacing by fq: it was paced'):
                    assert took > 0.5 * SIZE / rate, f'{took} s'


def vrf():
    """Such packets pass OUTPUT twice."""
    def prepare():
        net.sh('modprobe -q vrf || true;'
               'ip -n a link add vrf1 type vrf table 10;'
               'ip -n a link set vrf1 up;'
               'ip -n a link set veth0 master vrf1;'
               f'ip -n a addr add {A}/64 dev veth0 nodad || true')

    def bind(client, _):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'vrf1')

    with host('VRF', 20000, prepare=prepare) as ports:
        transfers(ports, prepare=bind)


def main():
    net.module_load()
    conntrack()
    source_nat()
    destination_nat()
    rerouted()
    if net.has('ip_vs'):
        ipvs()
    else:
        equal(os.environ['KERNEL_NAME'], 'debug', 'kernel without IPVS')
        note('this kernel is built without IPVS')
    pacing()
    vrf()
    net.module_unload()
    done()


main()
