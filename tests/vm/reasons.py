#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
"""A packet that can't be marked leaves as it came, and a counter says why."""
import contextlib
import os
import socket
import struct

import net
from genl import DO, HBH, LABEL, Genl
from tap import case, done, equal, note
from tcpstruct import Socket, tcp_info

TCP, UDP = 6, 17
A, B = '2001:db8:a::1', '2001:db8:a::2'
OUT = os.environ['OUT']
FLOW = {'src': A, 'dst': B, 'sport': 5000, 'dport': 6000, 'experiment': 3,
        'activity': 14}
PADDING = bytes([0, 0, 1, 4, 0, 0, 0, 0])  # a header with PadN and no more


class Sender:
    """UDP from a to b, captured at b."""

    def __init__(self):
        with net.inside('a'):
            self.table = Genl()
        self.sender = net.udp_socket('a', A, 5000)
        self.receiver = net.udp_socket('b', B, 6000)

    def close(self):
        self.sender.close()
        self.receiver.close()

    def send(self, sizes, path='reasons.pcap'):
        """The packets of datagrams of these sizes, as b has them, and what
        the counters of a say of them."""
        before = self.table.stats()
        path = f'{OUT}/{path}'
        with net.capture('b', path, expression=f'src {A} and ip6'):
            for size in sizes:
                data = os.urandom(size)
                self.sender.sendto(data, (B, 6000))
                equal(self.receiver.recv(65536), data, 'datagram')
        after = self.table.stats()
        packets = [raw for raw in net.packets(path) if raw[6] != 58]
        return packets, {k: v - before[k] for k, v in after.items()
                         if v != before[k]}


def too_big(udp):
    with case('a datagram that would not fit leaves unmarked: too_big'):
        udp.table.add(protocol=UDP, mark=HBH | DO, **FLOW)
        packets, counts = udp.send([1436, 1437, 1452])
        equal([raw[6] for raw in packets], [0, UDP, UDP], 'next headers')
        equal(counts, {'marked': 1, 'too_big': 2}, 'counters')
    with case('a datagram that is fragmented leaves unmarked: too_big'):
        packets, counts = udp.send([1453, 4000, 60000])
        assert all(raw[6] == 44 for raw in packets), 'not all fragments'
        equal(counts, {'too_big': 3}, 'counters')
    with case('its label is written all the same'):
        udp.table.replace(protocol=UDP, mark=LABEL | HBH, **FLOW)
        label = udp.table.dump()[0]['label']
        packets, counts = udp.send([10, 1452, 4000])
        labels = {struct.unpack('>I', raw[:4])[0] & 0xfffff for raw in packets}
        equal(labels, {label}, 'labels')
        equal(counts, {'marked': 1, 'too_big': 2}, 'counters')
    udp.table.flush()


def ext_header(udp):
    with case('a packet with extension headers of its own: ext_header'):
        udp.table.add(protocol=UDP, mark=HBH | DO, **FLOW)
        for option in (socket.IPV6_HOPOPTS, socket.IPV6_DSTOPTS):
            udp.sender.setsockopt(socket.IPPROTO_IPV6, option, PADDING)
            (raw,), counts = udp.send([100])
            first = {socket.IPV6_HOPOPTS: 0, socket.IPV6_DSTOPTS: 60}[option]
            equal(raw[6], first, 'next header')
            equal(raw[40:48], bytes([UDP]) + PADDING[1:], 'its header')
            equal(len(raw), 40 + 8 + 8 + 100, 'length')
            equal(counts, {'ext_header': 1}, 'counters')
            udp.sender.setsockopt(socket.IPPROTO_IPV6, option, b'')
    with case('its label is written all the same'):
        udp.table.replace(protocol=UDP, mark=LABEL, **FLOW)
        label = udp.table.dump()[0]['label']
        udp.sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS,
                              PADDING)
        (raw,), counts = udp.send([100])
        equal(struct.unpack('>I', raw[:4])[0] & 0xfffff, label, 'label')
        equal(counts, {'marked': 1}, 'counters')
        udp.sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, b'')
    udp.table.flush()


def raw_segment():
    """A raw socket can have TCP's number, and is no TCP socket."""
    with case('a segment from a raw socket has no MSS to take from: marked'):
        with net.inside('a'):
            table = Genl()
            sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, TCP)
        table.add(protocol=TCP, mark=HBH, **FLOW)
        before = table.stats()
        segment = struct.pack('!HHIIBBHHH', 5000, 6000, 1, 1, 0x50, 0x10, 1000,
                              0, 0) + b'x' * 80
        path = f'{OUT}/reasons-raw.pcap'
        with net.capture('b', path, expression=f'src {A} and ip6'):
            sock.sendto(segment, (B, 0))
        (packet,) = [p for p in net.packets(path) if p[6] != 58]
        equal(packet[6], 0, 'next header')
        equal(packet[48:], segment, 'segment')
        equal(table.stats()['marked'] - before['marked'], 1, 'marked')
        sock.close()
        table.flush()


def all_counted():
    """A flow that starts in mid-transfer, with much queued already."""
    with case('every packet is marked or counted with a reason'):
        with net.inside('a'):
            table = Genl()
        listener = net.tcp_listener('b', B, 6000)
        # A small window: what is sent stays in a's queue.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock = net.tcp_socket('a', A, 5000)
        sock.connect((B, 6000))
        peer, _ = listener.accept()
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sock.send(bytes(65536))
        before = table.stats()
        table.add(protocol=TCP, mark=HBH, **FLOW)
        net.wait_for(lambda: sock.getsockopt(
            socket.IPPROTO_TCP, socket.TCP_MAXSEG) == 1428 - 8, what='room')
        sock.settimeout(10)
        sock.shutdown(socket.SHUT_WR)
        peer.settimeout(30)
        while peer.recv(65536):
            pass
        # Nothing is sent (again) between one counter and the other.
        net.wait_for(lambda: not tcp_info(Socket(sock).tcp_info)['unacked'],
                     what='last acknowledgement')
        state, = table.dump()
        stats = {k: v - before[k] for k, v in table.stats().items()}
        note(f'{state["packets"]} packets, {stats}')
        equal(state['packets'], sum(stats.values()), 'all packets')
        equal(state['marked'], stats['marked'], 'marked')
        assert state['marked'] > 10, 'hardly any marked'
        for each in (sock, peer, listener):
            each.close()
        table.flush()


def main():
    net.module_load()
    with net.pair():
        udp = Sender()
        too_big(udp)
        ext_header(udp)
        udp.close()
        raw_segment()
        all_counted()
    net.module_unload()
    done()


main()
