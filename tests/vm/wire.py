#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
"""What leaves the host, seen at the receiving side.

Every mark in every layout, over TCP and UDP, decoded by tshark and compared
octet by octet with what docs/netlink/scitag.yaml and the drafts say. The
expected octets are written down here; nothing of ours computes them.
"""
import collections
import hashlib
import os
import re
import socket
import struct
import threading

import net
from genl import (DO, HBH, IDS, LABEL, LABEL4, LAYOUT_LABEL, SAFE, Genl)
from tap import case, done, equal, note

TCP, UDP = 6, 17
A, B = '2001:db8:a::1', '2001:db8:a::2'
OUT = os.environ['OUT']
TAG_MASK, ENTROPY_MASK = 0x3fefc, 0xc0103

# Experiment 3, activity 14; label 0x30038 (published vector) and, where a
# label is in an option, the flow's entropy on top of it.
IDS_OPTION = '1e 03 00 03 0e 00'
SAFE_OPTION = '1e 03 00 03 0e 3e 07 00 00 00 80 00 00 00'
LABEL_OPTION = {LAYOUT_LABEL: '1e 03 {label} 00', LABEL4: '1f 04 {label} 00'}

Case = collections.namedtuple('Case', 'name mark layout headers')


def cases():
    """Every mark in every layout, with the headers as hex: {l4} stands for
    the upper-layer protocol, {label} for the label in three octets."""
    yield Case('label', LABEL, None, '')
    for layout, name in ((IDS, 'ids'), (LAYOUT_LABEL, 'label'),
                         (LABEL4, 'label4'), (SAFE, 'safe')):
        option = LABEL_OPTION.get(layout, IDS_OPTION)
        do = ('{l4} 01 ' + SAFE_OPTION if layout == SAFE
              else '{l4} 00 ' + option)
        hbh = '00 ' + option
        yield Case(f'hbh, layout {name}', HBH, layout, '{l4} ' + hbh)
        yield Case(f'do, layout {name}', DO, layout, do)
        yield Case(f'hbh+do, layout {name}', HBH | DO, layout,
                   '3c ' + hbh + ' ' + do)
        yield Case(f'label+hbh+do, layout {name}', LABEL | HBH | DO, layout,
                   '3c ' + hbh + ' ' + do)
    yield Case('label+hbh', LABEL | HBH, None, '{l4} 00 ' + IDS_OPTION)
    yield Case('label+do', LABEL | DO, SAFE, '{l4} 01 ' + SAFE_OPTION)


def expected_headers(test, proto, label):
    text = test.headers.format(l4=f'{proto:02x}', label=f'{label:06x}')
    return bytes.fromhex(text)


def first_header(test):
    if not test.headers:
        return None
    return 0 if test.mark & HBH else 60


def text(size):
    """Octets that differ, and that tshark takes for nothing else."""
    return b''.join(b'%07d ' % n for n in range(size // 8 + 1))[:size]


def tcp_transfer(sport, dport, data, octets=0):
    """Send from a to b, and a little back; returns what b received. Most is
    sent when the socket has made room for so many octets of headers."""
    listener = net.tcp_listener('b', B, dport)
    sock = net.tcp_socket('a', A, sport)
    received = bytearray()

    def serve():
        peer, _ = listener.accept()
        peer.settimeout(60)
        while chunk := peer.recv(65536):
            received.extend(chunk)
        peer.sendall(b'done')
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    sock.connect((B, dport))
    sock.sendall(data[:20000])
    net.wait_for(lambda: sock.getsockopt(
        socket.IPPROTO_TCP, socket.TCP_MAXSEG) == 1428 - octets,
        what='room for headers')
    sock.sendall(data[20000:])
    sock.shutdown(socket.SHUT_WR)
    equal(sock.recv(4), b'done', 'answer')
    thread.join()
    sock.close()
    listener.close()
    return bytes(received)


def udp_transfer(sport, dport, sizes):
    receiver = net.udp_socket('b', B, dport)
    sender = net.udp_socket('a', A, sport)
    for size in sizes:
        sender.sendto(text(size), (B, dport))
        equal(receiver.recv(65536), text(size), 'datagram')
    sender.close()
    receiver.close()


class Capture:
    """The packets of a capture by protocol and source port, twice: as octets
    and as tshark decodes them."""

    FIELDS = ('ipv6.src', 'tcp.srcport', 'udp.srcport', 'ipv6.flow',
              'ipv6.opt.type', 'ipv6.opt.experimental', 'tcp.flags', 'tcp.len',
              'ipv6.nxt', '_ws.malformed', *net.CHECKSUMS)

    def __init__(self, path):
        self.flows = collections.defaultdict(list)
        octets = list(net.packets(path))
        decoded = net.tshark(path, self.FIELDS)
        equal(len(decoded), len(octets), 'packets that tshark sees')
        for raw, fields in zip(octets, decoded):
            row = dict(zip(self.FIELDS, fields))
            if row['ipv6.src'] != A:
                continue
            proto = TCP if row['tcp.srcport'] else UDP
            port = int(row['tcp.srcport'] or row['udp.srcport'] or 0)
            self.flows[proto, port].append((raw, row))

    def __getitem__(self, key):
        return self.flows[key]


def label_of(raw):
    return struct.unpack('>I', raw[:4])[0] & 0xfffff


def carries(raw, test, headers):
    """Has this packet the headers of its mark, and nothing else of the kind?"""
    if not headers:
        return raw[6] in (TCP, UDP)
    return raw[6] == first_header(test) and \
        raw[40:40 + len(headers)] == headers


def check_decoded(row, test):
    """What tshark, which knows nothing of us, makes of a marked packet."""
    # What it takes the payload for, by port or guess, is none of our doing.
    assert not re.search(r'Malformed Packet: (IPv6|TCP|UDP)',
                         row['_ws.malformed']), row['_ws.malformed']
    types = [t for t in row['ipv6.opt.type'].split(',') if t]
    types = [int(t, 0) for t in types]
    if not test.headers:
        equal(types, [], 'options')
        return
    option = 0x1f if test.layout == LABEL4 else 0x1e
    count = bin(test.mark & (HBH | DO)).count('1')
    equal(types.count(option), count, f'SciTags options in {types}')
    if test.layout in (IDS, SAFE, None):
        assert row['ipv6.opt.experimental'].startswith('00030e'), \
            row['ipv6.opt.experimental']


def check_flow(table, capture, test, proto, sport, dport):
    state = table.get(protocol=proto, src=A, dst=B, sport=sport, dport=dport)
    seen = capture[proto, sport]
    label = state.get('label', 0)
    headers = expected_headers(test, proto, label)
    marked = [carries(raw, test, headers) for raw, _ in seen]

    assert len(seen) >= 3, f'only {len(seen)} packets'
    equal(state['packets'], len(seen), 'packets counted')
    equal(state['bytes'], sum(len(raw) - (len(headers) if m else 0)
                              for m, (raw, _) in zip(marked, seen)),
          'octets counted')
    equal(state['marked'], sum(marked), 'marked packets counted')
    bad = [row for _, row in seen
           if not net.checksum_right(*(row[f] for f in net.CHECKSUMS))]
    equal(bad, [], 'packets with a wrong checksum')
    if test.mark & LABEL:
        equal({label_of(raw) for raw, _ in seen}, {label}, 'labels')
        equal({int(row['ipv6.flow'], 0) for _, row in seen}, {label},
              'labels as tshark has them')
        equal(label & TAG_MASK, 0x30038, 'tag in the label')
    for is_marked, (raw, row) in zip(marked, seen):
        if is_marked:
            check_decoded(row, test)
        else:
            assert raw[6] in (TCP, UDP), \
                f'neither marked nor plain: {raw[:80].hex()}'
            # Only payload that the socket had no room for yet.
            assert proto == TCP and int(row['tcp.len']) > 0, row
    # Payload may go unmarked until there is room, and never after that.
    payload = [m for m, (_, row) in zip(marked, seen)
               if proto == UDP or int(row['tcp.len']) > 0]
    unmarked = payload.count(False)
    assert False not in payload[unmarked:], 'unmarked after marked payload'
    assert payload[-1], 'the last payload is unmarked'
    assert max(len(raw) for raw, _ in seen) <= 1500, 'longer than the MTU'
    return unmarked


def marks(table):
    data = text(120000)
    digest = hashlib.sha256(data).digest()
    sizes = (1, 2, 100, 1000, 1400, 1428)  # the last fits with 24 octets
    runs = []
    path = f'{OUT}/wire-marks.pcap'
    with net.capture('b', path):
        for number, test in enumerate(cases()):
            for proto in (TCP, UDP):
                sport, dport = 20000 + number, 30000 + number
                spec = {'protocol': proto, 'src': A, 'dst': B, 'sport': sport,
                        'dport': dport, 'experiment': 3, 'activity': 14,
                        'mark': test.mark}
                if test.layout is not None:
                    spec['layout'] = test.layout
                table.add(**spec)
                runs.append((test, proto, sport, dport))
                if proto == UDP:
                    udp_transfer(sport, dport, sizes)
                    continue
                got = tcp_transfer(sport, dport, data,
                                   len(expected_headers(test, TCP, 0)))
                assert hashlib.sha256(got).digest() == digest, 'data differ'
    capture = Capture(path)
    unmarked = 0
    for test, proto, sport, dport in runs:
        with case(f'{test.name} over {"TCP" if proto == TCP else "UDP"}'):
            unmarked += check_flow(table, capture, test, proto, sport, dport)

    with case('the counters of the namespace are the sums of its flows'):
        flows = table.dump()
        stats = table.stats()
        equal(stats.pop('marked'), sum(f['marked'] for f in flows), 'marked')
        equal(sum(stats.values()), unmarked, f'not marked, in {stats}')
        equal(stats['no_room'], unmarked,
              f'not marked for want of room, in {stats}')
    with case('the kernel of the receiver had nothing to complain of'):
        counters = net.snmp6('b')
        for name in ('Ip6InHdrErrors', 'Ip6InDiscards', 'Udp6InCsumErrors',
                     'Udp6InErrors', 'Icmp6InErrors'):
            equal(counters[name], 0, name)
        equal(net.snmp6('a')['Icmp6InPktTooBigs'], 0, 'too-big messages')
    note(f'{unmarked} packets left before their sockets had room')
    table.flush()


def traffic_classes(table):
    with case('DSCP and ECN: all 256 traffic classes stay as they are'):
        mark = {'experiment': 3, 'activity': 14, 'mark': LABEL | HBH | DO}
        table.add(protocol=UDP, src=A, dst=B, sport=5000, dport=6000, **mark)
        receiver = net.udp_socket('b', B, 6000)
        sender = net.udp_socket('a', A, 5000)
        path = f'{OUT}/wire-tclass.pcap'
        with net.capture('b', path, expression=f'dst {B}'):
            for tclass in range(256):
                sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS,
                                  tclass)
                sender.sendto(bytes([tclass]), (B, 6000))
                equal(receiver.recv(10), bytes([tclass]), 'datagram')
        seen = [raw for raw in net.packets(path) if raw[-1:] and raw[6] == 0]
        words = [struct.unpack('>I', raw[:4])[0] for raw in seen]
        equal([word >> 28 for word in words], [6] * 256, 'versions')
        equal([word >> 20 & 0xff for word in words], list(range(256)),
              'traffic classes')
        equal({word & TAG_MASK for word in words}, {0x30038}, 'tags')
        decoded = net.tshark(path, ('ipv6.tclass', 'ipv6.nxt'))
        equal([int(c, 0) for c, nxt in decoded if nxt.split(',')[0] == '0'],
              list(range(256)), 'traffic classes as tshark has them')
        sender.close()
        receiver.close()
        table.flush()


def deterministic_datagrams(path):
    """The same datagrams each time, in a capture."""
    receiver = net.udp_socket('b', B, 6100)
    sender = net.udp_socket('a', A, 5100)
    with net.capture('b', path, expression='udp port 6100'):
        for size in (0, 1, 100, 1000, 1452):
            for tclass in (0, 0x2e << 2 | 1, 255):
                sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS,
                                  tclass)
                sender.sendto(b'x' * size, (B, 6100))
                receiver.recv(2000)
    sender.close()
    receiver.close()
    return list(net.packets(path))


def unmatched():
    with case('traffic of no flow is what it is without the module'):
        net.sh('ip netns exec a sysctl -qw net.ipv6.auto_flowlabels=0')
        net.module_unload()
        without = deterministic_datagrams(f'{OUT}/wire-without.pcap')
        net.module_load()
        with net.inside('a'):
            table = Genl()
        near = {'protocol': UDP, 'src': A, 'dst': B, 'experiment': 3,
                'activity': 14, 'mark': LABEL | HBH | DO}
        table.add(sport=5101, dport=6100, **near)
        table.add(sport=5100, dport=6101, **near)
        table.add(sport=6100, dport=5100, **near)
        table.add(sport=5100, dport=6100, **{**near, 'protocol': TCP})
        table.add(sport=5100, dport=6100, **{**near, 'src': '2001:db8:a::3'})
        assert table.status()['hooked']
        equal(len(without), 15, 'packets')
        equal(deterministic_datagrams(f'{OUT}/wire-with.pcap'), without,
              'packets')
        equal(table.stats()['marked'], 0, 'marked')
        net.sh('ip netns exec a sysctl -qw net.ipv6.auto_flowlabels=1')


def entropy():
    with case('entropy: drawn for each flow, all five bits, nothing else'):
        with net.inside('a'):
            table = Genl()
        for port in range(200):
            table.add(protocol=UDP, src=A, dst=B, sport=7000 + port,
                      dport=1, experiment=3, activity=14, mark=LABEL)
        labels = [f['label'] for f in table.dump()]
        equal({label & TAG_MASK for label in labels}, {0x30038}, 'tags')
        ones = zeros = 0
        for label in labels:
            ones |= label & ENTROPY_MASK
            zeros |= ~label & ENTROPY_MASK
        equal((ones, zeros), (ENTROPY_MASK, ENTROPY_MASK), 'bits that vary')
        assert len(set(labels)) > 20, f'{len(set(labels))} different labels'
        table.flush()


def receiving_direction():
    """A flow that was announced from the far side: b -> a is marked at b."""
    with case('the local egress of a flow that comes in is what is marked'):
        with net.inside('b'):
            table = Genl()
        table.add(protocol=TCP, src=B, dst=A, sport=31000, dport=21000,
                  experiment=3, activity=14, mark=LABEL)
        path = f'{OUT}/wire-remote.pcap'
        with net.capture('a', path):
            tcp_transfer(21000, 31000, b'x' * 50000)
        rows = net.tshark(path, ('ipv6.src', 'ipv6.flow', 'tcp.flags'))
        label = table.dump()[0]['label']
        ours = [row for row in rows if row[0] == B and row[2]]
        equal({int(row[1], 0) for row in ours}, {label}, 'labels from b')
        flags = [int(row[2], 0) for row in ours]
        assert flags[0] & 0x12 == 0x12, 'no SYN-ACK first'
        assert any(f & 1 for f in flags), 'no FIN'
        theirs = {int(row[1], 0) for row in rows if row[0] == A and row[2]}
        assert label not in theirs
        table.flush()


def main():
    net.module_load()
    with net.pair():
        with net.inside('a'):
            table = Genl()
        marks(table)
        traffic_classes(table)
        receiving_direction()
        entropy()
        unmatched()
    net.module_unload()
    done()


main()
