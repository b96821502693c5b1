#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
"""Destination Options behind a Linux host that forwards large packets.

    a [veth0] ---- [veth0] r [veth1] ---- [veth0] b      MTU 1280

Such a host takes what follows the fixed header or the Hop-by-Hop header for
TCP. Behind 8 octets of Destination Options, the length of the TCP header is
then read from the top four bits of the sequence number: the kernel believes
that segments are too long for the link, or that the packet is broken. Behind
the 16 octets of the layout `safe` it reads 8 from the option.

The sequence numbers are chosen, with TCP_REPAIR, so that nothing depends on
chance.
"""
import contextlib
import os
import socket
import struct
import threading

import decode
import net
import traffic
from decode import TCP, few
from genl import DO, HBH, IDS, SAFE, Genl
from tap import case, done, equal, note
from traffic import A, FAR

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
SIZE = (2 << 20) // SLOW
LIMIT = 30  # seconds; what goes well takes a few tenths of one
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_REPAIR_OPTIONS = 19, 20, 21, 22
RECV_QUEUE, SEND_QUEUE = 1, 2
WINDOW, SACK, TIMESTAMP = 3, 4, 8
# First sequence number of a, and what its upper four bits say: 15 * 4 octets
# of TCP header are too long for the link, 6 * 4 are not; less than 5 * 4 can't
# be one, which Linux 7.1 and later look at.
LONG, SHORT, BROKEN = 0xf0000000, 0x60000000, 0x10000000


def end(name, src, dst, sequence, acknowledged):
    """One end of a connection that begins in the middle."""
    sock = traffic.tcp(name)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.bind(src)
    for queue, number in ((RECV_QUEUE, acknowledged), (SEND_QUEUE, sequence)):
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ,
                        struct.pack('=I', number))
    sock.connect(dst)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_OPTIONS, struct.pack(
        '=6I', WINDOW, 7 | 7 << 16, SACK, 0, TIMESTAMP, 0))
    return sock


@contextlib.contextmanager
def connection(sport, sequence):
    here, there = (A, sport), (FAR, 30000)
    client = end('a', here, there, sequence, 0x70000000)
    server = end('b', there, here, 0x70000000, sequence)
    try:
        for sock in (client, server):  # each tells the other of its window
            sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
        yield client, server
    finally:
        for sock in (client, server):
            # Reset, or what is queued would be sent for minutes.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack('=ii', 1, 0))
            sock.close()


def too_bigs():
    return net.snmp6('r')['Icmp6OutPktTooBigs']


def transfer(sport, sequence, octets, enough):
    """Send until all has arrived, LIMIT is over, or it is enough. Returns how
    much has arrived, and how many too-big messages there were."""
    before = too_bigs()
    data = os.urandom(SIZE)
    got = bytearray()
    with connection(sport, sequence) as (client, server):
        net.wait_for(lambda: client.getsockopt(
            socket.IPPROTO_TCP, socket.TCP_MAXSEG) == 1208 - octets,
            what='room for headers')

        def receive():
            server.settimeout(0.2)
            with contextlib.suppress(OSError):
                while not stop.is_set() and len(got) < SIZE:
                    with contextlib.suppress(socket.timeout):
                        got.extend(server.recv(1 << 20))

        stop = threading.Event()
        reader = threading.Thread(target=receive)
        reader.start()
        client.sendall(data)  # its buffer takes it all
        with contextlib.suppress(AssertionError):
            net.wait_for(lambda: len(got) == SIZE or
                         enough(too_bigs() - before), seconds=LIMIT)
        stop.set()
        reader.join()
    traffic.Connection.same(bytes(got), data[:len(got)])
    return len(got), too_bigs() - before


def harmless(table, sport, how, name, mark):
    """The safe layout, whatever the sequence numbers."""
    octets = decode.octets_of(mark)
    for number, sequence in enumerate((LONG, SHORT, BROKEN)):
        flow = {'protocol': TCP, 'src': A, 'dst': FAR, 'sport': sport + number,
                'dport': 30000}
        table.add(**flow, mark=mark, layout=SAFE, **decode.TAG)
        with case(f'{how}: {name} in layout safe goes through, sequence '
                  f'{sequence:#x}'):
            equal(transfer(flow['sport'], sequence, octets,
                           lambda count: False), (SIZE, 0),
                  'octets and too-big messages')
            state = table.get(**flow)
            assert state['packets'] > SIZE // 1280, 'too few packets'


def harmful(table, sport, how, name, mark):
    """8 octets: by the sequence number, it goes well or it does not."""
    octets = 16 if mark & HBH else 8
    flow = {'protocol': TCP, 'src': A, 'dst': FAR, 'dport': 30000,
            'mark': mark, 'layout': IDS, **decode.TAG}
    table.add(**flow, sport=sport)
    table.add(**flow, sport=sport + 1)
    with case(f'{how}: {name} in layout ids goes through by luck'):
        equal(transfer(sport, SHORT, octets, lambda count: False), (SIZE, 0),
              'octets and too-big messages')
    with case(f'{how}: {name} in layout ids meets too-big messages otherwise'):
        arrived, messages = transfer(sport + 1, LONG, octets,
                                     lambda count: count > 0)
        note(f'{messages} too-big messages for {arrived} octets')
        assert messages, 'none'


def forwarder(how):
    with net.inside('a'):
        table = Genl()
    for number, (name, mark) in enumerate(
            few((('do', DO), ('hbh+do', HBH | DO)))):
        sport = 20000 + 100 * number
        harmless(table, sport, how, name, mark)
        harmful(table, sport + 10, how, name, mark)


def main():
    net.module_load()
    with net.line(offload=True, mtu=1280):
        forwarder('a sender with TSO')
    if os.environ['KERNEL_NAME'] == '5.10':
        note('veth has no GRO in this kernel')
    else:
        with net.line(offload=True, mtu=1280):
            net.sh('ip netns exec a ethtool -K veth0 tso off;'
                   'ip netns exec r ethtool -K veth0 gro on')
            forwarder('a router with GRO')
    net.module_unload()
    done()


main()
