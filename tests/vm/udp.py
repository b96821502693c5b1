#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
"""UDP: GSO packets (UDP_SEGMENT), datagrams made of many writes (UDP_CORK,
MSG_MORE), connected and unconnected sockets."""
import errno
import os
import socket
import struct

import decode
import net
from decode import FRAGMENT, MARKS, UDP, few
from genl import Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
DEVICES = {
    'segmentation and checksums by the device': (True, None),
    'segmentation by the stack': (True, 'tx-udp-segmentation off'),
    'segmentation and checksums by the stack': (False, None),
}
SOL_UDP, UDP_CORK, UDP_SEGMENT = 17, 1, 103


class Pair:
    """A socket of a and one of b."""

    def __init__(self, sport, connected=True):
        self.receiver = net.udp_socket('b', B, 30000)
        self.sender = net.udp_socket('a', A, sport)
        self.to = () if connected else ((B, 30000),)
        if connected:
            self.sender.connect((B, 30000))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sender.close()
        self.receiver.close()

    def arrives(self, datagrams):
        for data in datagrams:
            equal(self.receiver.recv(65536), data, 'datagram')

    def gso(self, size, count, rest=0):
        data = os.urandom(size * count + rest)
        cmsg = [(SOL_UDP, UDP_SEGMENT, struct.pack('=H', size))]
        self.sender.sendmsg([data], cmsg, 0, *self.to)
        self.arrives(data[n:n + size] for n in range(0, len(data), size))

    def cork(self, pieces):
        data = [os.urandom(size) for size in pieces]
        self.sender.setsockopt(SOL_UDP, UDP_CORK, 1)
        for piece in data:
            self.sender.sendto(piece, *self.to) if self.to else \
                self.sender.send(piece)
        self.sender.setsockopt(SOL_UDP, UDP_CORK, 0)
        self.arrives([b''.join(data)])

    def more(self, pieces):
        data = [os.urandom(size) for size in pieces]
        for piece in data[:-1]:
            self.sender.sendmsg([piece], [], socket.MSG_MORE, *self.to)
        self.sender.sendmsg([data[-1]], [], 0, *self.to)
        self.arrives([b''.join(data)])


def fits(name):
    """The longest datagram that its headers leave room for."""
    return 1500 - 48 - decode.octets_of(MARKS[name], UDP)


def has_gso():
    """Before Linux 6.11 a device had to compute checksums for it."""
    try:
        with Pair(19999) as pair:
            pair.gso(1000, 3)
    except OSError as error:
        equal(error.errno, errno.EIO, 'error')
        return False
    return True


def send(sport, name, gso):
    """All kinds of datagrams that fit; returns how many."""
    longest = fits(name)
    for connected in (True, False):
        with Pair(sport, connected) as pair:
            if gso:
                pair.gso(1000, 20, 7)
                pair.gso(longest, 5)
                pair.gso(1, 3)
            pair.cork((100, 200, 300))
            pair.cork((1,) * 10)
            pair.more((500, longest - 500))
    return 2 * (3 + (21 + 5 + 3 if gso else 0))


def all_marked(how):
    offload, feature = DEVICES[how]
    path = f'{OUT}/udp.pcap'
    ports = dict(enumerate(few(MARKS), 20000))
    count = {}
    with net.pair(offload=offload):
        net.quiet()
        if feature:
            net.sh(f'ip netns exec a ethtool -K veth0 {feature}')
        gso = has_gso()
        note(f'{how}: UDP GSO is {"" if gso else "not "}possible')
        assert gso or not offload, 'no UDP GSO'
        with net.inside('a'):
            table = Genl()
        with net.capture('b', path, direction='in', snap=300):
            before = decode.received('b')
            for sport, name in ports.items():
                table.add(protocol=UDP, src=A, dst=B, sport=sport,
                          dport=30000, mark=MARKS[name], **decode.TAG)
                count[sport] = send(sport, name, gso)
            received = decode.received('b') - before
        seen = decode.Seen(path)
        for state in table.dump():
            name, sport = ports[state['sport']], state['sport']
            with case(f'UDP, {how}: all of {name} is marked'):
                packets = seen.of(state)
                decode.check_marks(packets, state)
                equal(state['packets'], count[sport], 'packets')
                equal(state['marked'], count[sport], 'marked packets')
                payload = sum(p.payload for p in packets)
                equal(state['bytes'], payload + 48 * count[sport], 'octets')
                if not offload or feature:
                    decode.check_counted(packets, state)
        with case(f'UDP, {how}: nothing lost, nothing doubled'):
            stats = table.stats()
            note(stats)
            equal(sum(stats.values()), stats['marked'], 'not marked')
            equal(received, stats['marked'], 'received by b')
            decode.check_receiver('b')


def too_long():
    """What gets too long by its headers goes as it is, and is counted."""
    path = f'{OUT}/udp-long.pcap'
    longest = fits('label+hbh+do')
    with net.pair():
        with net.inside('a'):
            table = Genl()
        table.add(protocol=UDP, src=A, dst=B, sport=20000, dport=30000,
                  mark=MARKS['label+hbh+do'], **decode.TAG)
        gso = has_gso()
        with net.capture('b', path, direction='in', snap=300), \
                Pair(20000) as pair:
            if gso:
                pair.gso(longest + 1, 4)
            pair.cork((1000, longest + 1 - 1000))
            pair.more((1400, 1400, 1400))
            pair.cork((9000,) * 6)
        state, = table.dump()
        with case('UDP that gets too long by its headers: too_big, unmarked'):
            equal(table.stats()['too_big'], 3 + (4 if gso else 0),
                  'too big')
            equal(state['marked'], 0, 'marked')
        with case('the label is written all the same'):
            labels = {int(label, 0) for label, proto in net.tshark(
                path, ('ipv6.flow', 'ipv6.nxt')) if proto.split(',')[0] in
                (str(UDP), str(FRAGMENT))}
            equal(labels, {state['label']}, 'labels')
            decode.check_receiver('b')


def main():
    net.module_load()
    for how in DEVICES:
        all_marked(how)
    too_long()
    net.module_unload()
    done()


main()
