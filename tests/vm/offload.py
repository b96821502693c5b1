#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
"""Checksums and segmentation that a card computes, or the kernel for it.

Two cards with a cable between them (csumdev), which do what `ethtool -K` says
and no more:

    a [csum0] 2001:db8:a::1 ---- 2001:db8:a::2 [csum1] b

A card with tx-checksum-ipv6 knows TCP and UDP directly behind the fixed IPv6
header and nothing else; asked for more it sends a wrong checksum and counts an
error. First what each kernel does by itself with such a card and the options
of a socket (IPV6_DSTOPTS), then what it does with our headers.
"""
import contextlib
import errno
import json
import os
import socket
import struct
import threading

import net
from decode import few
from genl import DO, HBH, LABEL, Genl
from tap import case, done, equal, note

TCP, UDP = 6, 17
A, B = '2001:db8:a::1', '2001:db8:a::2'
OUT, KERNEL = os.environ['OUT'], os.environ['KERNEL_NAME']
UDP_SEGMENT = 103
PADDING = bytes([0, 0, 1, 4, 0, 0, 0, 0])  # a header with PadN and no more
GENERIC, IPV6, TSO = ('tx-checksum-ip-generic', 'tx-checksum-ipv6',
                      'tx-tcp6-segmentation')
CARDS = {'no offload': (), 'checksums of plain packets': (IPV6,),
         'checksums and TSO of plain packets': (IPV6, TSO),
         'any checksum': (GENERIC,), 'any checksum, TSO': (GENERIC, TSO)}
MARKS = few(((LABEL, 'label'), (HBH, 'hbh'), (DO, 'do'), (HBH | DO, 'hbh+do')))
PLAIN_ONLY = [name for name, has in CARDS.items() if IPV6 in has]

# Kernels that ask such a card for checksums of large packets with extension
# headers; if it has TSO, they warn of that and drop the packets.
MISTAKEN = ('5.10',)


@contextlib.contextmanager
def cable():
    net.sh('modprobe csumdev')
    net.add('a')
    net.add('b')
    try:
        for name, dev, addr in (('a', 'csum0', A), ('b', 'csum1', B)):
            net.sh(f'ip link set {dev} netns {name};'
                   f'ip -n {name} addr add {addr}/64 dev {dev} nodad;'
                   f'ip -n {name} link set {dev} up')
        net.sh('sysctl -qw net.core.netdev_max_backlog=20000')
        yield
    finally:
        net.delete('a')
        net.delete('b')
        net.wait_for(lambda: 'csum1' in os.listdir('/sys/class/net'),
                     what='cards back from the namespaces')
        net.sh('modprobe -r csumdev')


def plug(features):
    """A card with these features in a."""
    for feature in (TSO, IPV6, GENERIC):
        net.sh(f'ip netns exec a ethtool -K csum0 {feature} off')
    for feature in features:
        net.sh(f'ip netns exec a ethtool -K csum0 {feature} on')
    shown = net.sh('ip netns exec a ethtool -k csum0')
    for feature in (TSO, IPV6, GENERIC):
        equal(f'{feature}: on' in shown, feature in features, feature)


def errors():
    """Packets that the card could not do, and those that b found wrong."""
    link, = json.loads(net.sh('ip -n a -j -s link show dev csum0'))
    card = link['stats64']['tx']['errors']
    names, values = [line.split()[1:] for line in
                     net.sh('ip netns exec b cat /proc/net/snmp').splitlines()
                     if line.startswith('Tcp:')]
    wrong = int(dict(zip(names, values))['InCsumErrors'])
    return card, wrong + net.snmp6('b')['Udp6InCsumErrors']


class Errors:
    """What is added to errors() in a block."""

    def __enter__(self):
        self.before = errors()
        return self

    def __exit__(self, *exc):
        pass

    def now(self):
        return tuple(y - x for x, y in zip(self.before, errors()))


def tcp(sport, data, options=None, limit=60):
    """Send from a to b; returns what b had after so many seconds."""
    listener = net.tcp_listener('b', B, sport + 1000)
    sock = net.tcp_socket('a', A, sport)
    if options:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, options)
    received = bytearray()

    def serve():
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.settimeout(limit)
            while len(received) < len(data) and \
                    (chunk := peer.recv(65536)):
                received.extend(chunk)

    server = threading.Thread(target=serve)
    server.start()
    with contextlib.suppress(OSError):
        sock.connect((B, sport + 1000))
        sock.settimeout(limit)
        sock.sendall(data)
    server.join()
    listener.close()
    with contextlib.suppress(OSError):
        sock.recv(1)  # the FIN: what came later would be answered by a reset
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
    sock.close()
    return bytes(received)


def udp(sport, sizes, segment=0, options=None):
    """Datagrams from a to b; with segment: large ones for UDP GSO."""
    with net.udp_socket('a', A, sport) as sender, \
            net.udp_socket('b', B, sport + 1000) as receiver:
        udp_over(sender, receiver, sizes, segment, options)


def udp_over(sender, receiver, sizes, segment, options):
    if options:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, options)
    if segment:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, segment)
    for size in sizes:
        data = os.urandom(size)
        sender.sendto(data, receiver.getsockname())
        got = b''.join(receiver.recv(65536)
                       for _ in range(-(-size // (segment or size))))
        equal(got, data, 'payload')


def by_itself(name, features):
    """No module: a socket's own options."""
    wrong = KERNEL in MISTAKEN and name in PLAIN_ONLY
    if not (wrong and TSO in features):  # a warning of the kernel's otherwise
        with case(f'the kernel by itself, {name}: large TCP packets with '
                  f'options leave {"wrong" if wrong else "right"}'), \
                Errors() as seen:
            data = os.urandom(300000)
            got = tcp(10000, data, PADDING, limit=5 if wrong else 60)
            note(f'{name}: card and receiver count {seen.now()} errors')
            if wrong:
                assert min(seen.now()) > 0, 'nothing went wrong'
            else:
                equal((got == data, seen.now()), (True, (0, 0)), 'result')
    with case(f'the kernel by itself, {name}: UDP with options'), \
            Errors() as seen:
        udp(10100, [100, 1000, 1400, 4000], options=PADDING)
        equal(seen.now(), (0, 0), 'errors of card and receiver')


class Marked:
    """Flows with one mark each, over one card."""

    def __init__(self, table, name, features):
        self.table, self.name, self.features = table, name, features
        # What the module must not hand to this card.
        self.refuse = KERNEL in MISTAKEN and name in PLAIN_ONLY
        self.counted = {}  # (protocol, port): its mark, what was counted

    @contextlib.contextmanager
    def flow(self, protocol, port, mark):
        with Errors() as seen:
            self.table.add(protocol=protocol, mark=mark, src=A, dst=B,
                           sport=port, dport=port + 1000, experiment=3,
                           activity=14)
            before = self.table.stats()
            counts = {}
            yield counts
            counts.update((key, value - before[key]) for key, value
                          in self.table.stats().items() if value != before[key])
            equal(seen.now(), (0, 0), 'errors of card and receiver')
            note(f'{self.name}: port {port}: {counts}')
            self.counted[protocol, port] = mark, counts

    def run(self, port, mark, text):
        refuse = self.refuse and mark != LABEL
        with case(f'{text}, {self.name}: TCP arrives whole'):
            data = os.urandom(500000)
            with self.flow(TCP, port, mark) as counts:
                equal(tcp(port, data) == data, True, 'payload')
            equal('offload' in counts, refuse, 'anything left unmarked?')
        with case(f'{text}, {self.name}: UDP and UDP GSO arrive whole'):
            segments = 40
            with self.flow(UDP, port, mark) as counts:
                udp(port, [100, 1000, 1400])
                try:
                    udp(port, [10000, 30000], segment=1000)
                except OSError as error:  # before 6.11, without checksums
                    equal((error.errno, self.features), (errno.EIO, ()), 'GSO')
                    segments = 0
            equal(counts, {'marked': 3, 'offload': segments} if refuse else
                  {'marked': 3 + segments}, 'counters')

    def wire(self, path):
        """What b's card received."""
        rows = net.tshark(path, ('ipv6.src', 'tcp.srcport', 'udp.srcport',
                                 'ipv6.nxt', *net.CHECKSUMS),
                          where=f'ipv6.src == {A}')
        with case(f'{self.name}: tshark finds every checksum right'):
            rows = [row for row in rows if row[1] + row[2]]
            assert len(rows) > 250 * len(MARKS), f'{len(rows)} packets'
            equal([row for row in rows if not net.checksum_right(*row[4:])],
                  [], 'packets with a wrong checksum')
        with case(f'{self.name}: as many have headers as the module says'):
            for (protocol, port), (mark, counts) in self.counted.items():
                if mark == LABEL:
                    continue
                column = 1 if protocol == TCP else 2
                having = [row for row in rows if row[column] == str(port) and
                          row[3].split(',')[0] in ('0', '60')]
                equal(len(having), counts.get('marked', 0),
                      f'port {port}: packets with headers')


def tagged(table):
    """A VLAN of such a card claims any checksum, and it is the card's."""
    name = 'checksums and TSO of plain packets'
    plug(CARDS[name])
    for end, dev, addr in (('a', 'csum0', A), ('b', 'csum1', B)):
        net.sh(f'ip -n {end} link add link {dev} name vlan7 type vlan id 7;'
               f'ip -n {end} addr flush dev {dev};'
               f'ip -n {end} addr add {addr}/64 dev vlan7 nodad;'
               f'ip -n {end} link set vlan7 up')
    assert f'{GENERIC}: on' in net.sh('ip netns exec a ethtool -k vlan7')
    marked = Marked(table, f'a VLAN, {name}', CARDS[name])
    marked.refuse = KERNEL in MISTAKEN
    marked.run(20100, HBH | DO, 'hbh+do')


def main():
    with cable():
        # The debug kernel does by itself what its release does.
        if os.environ['KERNEL_NAME'] != 'debug':
            for name, features in CARDS.items():
                plug(features)
                by_itself(name, features)
        net.module_load()
        with net.inside('a'):
            table = Genl()
        for number, (name, features) in enumerate(CARDS.items()):
            plug(features)
            marked = Marked(table, name, features)
            path = f'{OUT}/offload-{number}.pcap'
            with net.capture('b', path, 'csum1', snap=2048):
                for step, (mark, text) in enumerate(MARKS):
                    marked.run(20000 + 4 * number + step, mark, text)
            table.flush()
            marked.wire(path)
        tagged(table)
    done()


main()
