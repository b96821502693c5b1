#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
"""How flows end, what their labels are made of, and datagrams that get too
long."""
import errno
import os
import socket
import struct
import time

import net
from events import Events
from genl import (CLOSED, CONSTANT, DELETED, DO, EMSGSIZE, EXPIRED,
                  FLOW_END_NTF, FLOW_NEW_NTF, FLUSHED, FRAGMENT, HASH, HBH,
                  IDLE, LABEL, NONE, RESET, SKIP, TIMED_OUT, Genl, Refused,
                  refused)
from tap import case, done, equal

TCP, UDP = 6, 17
A, B = '2001:db8:a::1', '2001:db8:a::2'
OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
TAG, TAG_MASK, ENTROPY_MASK = 0x30038, 0x3fefc, 0xc0103
MARK = {'experiment': 3, 'activity': 14, 'mark': LABEL}
FLOW = {'protocol': TCP, 'src': A, 'dst': B, 'sport': 5000, 'dport': 6000,
        **MARK}


def end_of(events):
    """The next flow's beginning and end: its last state and the reason."""
    (first, new, _), (last, end, reason) = events.wait(2)
    equal((first, last, new['id']), (FLOW_NEW_NTF, FLOW_END_NTF, end['id']),
          'events')
    return end, reason


def outlives_idle(table, sender):
    """Packets keep a flow for longer than its idle timeout. Returns False if
    this test itself stood still for nearly as long, and the flow has ended."""
    flow = {**FLOW, 'protocol': UDP}
    key = {name: flow[name] for name in flow if name not in MARK}
    moments = [time.monotonic()]
    table.add(**flow, idle_timeout=3, hard_timeout=0)

    def old_enough():
        moments.append(time.monotonic())
        sender.sendto(b'x', (B, 6000))
        age, idle = table.times(**key)
        return idle < 3000 and age > 5000

    try:
        net.wait_for(old_enough, what='age of 5 s')
    except Refused:
        moments.append(time.monotonic())
        if max(b - a for a, b in zip(moments, moments[1:])) < 2:
            raise
        return False
    return True


def timeouts(table, events):
    with case('a flow without packets ends when its idle timeout is over'):
        table.add(**FLOW, idle_timeout=1)
        equal(end_of(events)[1], IDLE, 'reason')
    with case('a flow ends when its time is over, busy or not'):
        table.add(**{**FLOW, 'protocol': UDP}, idle_timeout=100,
                  hard_timeout=2)
        sender = net.udp_socket('a', A, 5000)
        sent = 0

        def ended():
            nonlocal sent
            sender.sendto(b'x', (B, 6000))
            sent += 1
            return not table.dump()

        net.wait_for(ended, what='end')
        end, reason = end_of(events)
        equal(reason, EXPIRED, 'reason')
        assert sent - 2 <= end['packets'] <= sent, (sent, end['packets'])
        sender.close()
    with case('packets put the idle end off'):
        sender = net.udp_socket('a', A, 5000)
        while not outlives_idle(table, sender):
            equal(end_of(events)[1], IDLE, 'reason')
        # Where this has stood still until it ended, it is another flow.
        table.replace(**{**FLOW, 'protocol': UDP}, idle_timeout=1)
        net.wait_for(lambda: not table.dump(), what='end')
        equal(events.end()[1], IDLE, 'reason')
        events.forget()
        sender.close()
    with case('deleted and flushed flows say so'):
        table.add(**FLOW)
        table.delete(id=table.dump()[0]['id'])
        equal(end_of(events)[1], DELETED, 'reason')
        table.add(**FLOW)
        table.flush()
        equal(end_of(events)[1], FLUSHED, 'reason')
    with case('timeouts out of range are refused'):
        for field in ('idle_timeout', 'hard_timeout'):
            refused(errno.ERANGE,
                    lambda: table.add(**FLOW, **{field: 31536001}))
        refused(errno.EINVAL, lambda: table.add(
            **{**FLOW, 'protocol': UDP}, end_on_close=1))
        refused(errno.EINVAL, lambda: table.add(**FLOW, end_on_close=2))
        equal(table.dump(), [], 'flows')


def connection():
    listener = net.tcp_listener('b', B, 6000)
    sock = net.tcp_socket('a', A, 5000)
    sock.connect((B, 6000))
    peer, _ = listener.accept()
    listener.close()
    peer.settimeout(30)
    return sock, peer


def abort(sock):
    """Close with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
    sock.close()


def closes(table, events):
    def follow():
        table.add(**FLOW, end_on_close=1)

    with case('a connection that is closed ends its flow, as often as it is '
              'there'):
        for first in (0, 1):
            follow()
            ends = connection()
            ends[first].close()
            ends[1 - first].recv(1)
            ends[1 - first].close()
            equal(end_of(events)[1], CLOSED, f'reason, end {first} first')
            equal(table.dump(), [], 'flows')
    with case('a reset from either side'):
        for first in (0, 1):
            follow()
            ends = connection()
            abort(ends[first])
            equal(end_of(events)[1], RESET, f'reason, by end {first}')
            ends[1 - first].close()
    with case('a connection that is refused'):
        follow()
        sock = net.tcp_socket('a', A, 5000)
        again = net.snmp_tcp('a')['RetransSegs']
        equal(sock.connect_ex((B, 6000)), errno.ECONNREFUSED, 'connect')
        end, reason = end_of(events)
        syns = 1 + net.snmp_tcp('a')['RetransSegs'] - again
        equal((reason, end['packets']), (RESET, syns), 'end')
        sock.close()
    with case('a second socket that finds the connection taken ends nothing'):
        follow()
        sock, peer = connection()
        second = net.tcp_socket('a', A, 5000)
        equal(second.connect_ex((B, 6000)), errno.EADDRNOTAVAIL, 'connect')
        second.close()
        sock.close()
        peer.recv(1)
        peer.close()
        equal(end_of(events)[1], CLOSED, 'reason')
    with case('a peer that no longer answers'):
        follow()
        sock, peer = connection()
        sock.setsockopt(socket.IPPROTO_TCP, 18, 500)  # TCP_USER_TIMEOUT
        net.sh('ip -n b link set veth0 down')
        sock.sendall(b'x')
        equal(end_of(events)[1], TIMED_OUT, 'reason')
        net.sh('ip -n b link set veth0 up;'
               'ip -n b addr replace 2001:db8:a::2/64 dev veth0 nodad')
        sock.close()
        abort(peer)
    with case('a flow that is to stay, stays'):
        table.add(**FLOW)
        sock, peer = connection()
        sock.close()
        peer.recv(1)
        peer.close()
        net.wait_for(lambda: table.dump()[0]['packets'] >= 4, what='packets')
        (cmd, _, _), = events.wait(1)
        equal(cmd, FLOW_NEW_NTF, 'event')
        events.none()
        table.flush()
        events.wait(1)
    with case('after the end, what TIME_WAIT answers is marked'):
        follow()
        sock, peer = connection()
        path = f'{OUT}/lifetime-timewait.pcap'
        with net.capture('b', path):
            sock.close()  # the peer acknowledges, and does not close yet
            equal(end_of(events)[1], CLOSED, 'reason')
            before = table.stats()['marked']
            peer.recv(1)
            peer.close()
            net.wait_for(lambda: table.stats()['marked'] > before,
                         what='one more packet')
        rows = net.tshark(path, ('ipv6.src', 'ipv6.flow', 'tcp.flags'))
        ours = [(int(label, 0), int(flags, 0)) for src, label, flags in rows
                if src == A and flags]
        equal(len({label for label, _ in ours}), 1, f'labels of {ours}')
        equal(ours[-1][1] & 0x13, 0x10, 'flags of the last one')
        equal(ours[0][0] & TAG_MASK, TAG, 'tag')
    with case('the same ports again: a new flow in the place of the old'):
        follow()
        equal(len(table.dump()), 1, 'flows')
        table.flush()
        events.wait(2)
        equal(table.status()['hooked'], False, 'hooked')


def label_of(sock, receiver):
    sock.sendto(b'x', (B, 6000))
    _, ((_, _, data),), _, _ = receiver.recvmsg(10, 200)
    return struct.unpack('!I', data)[0] & 0xfffff


def entropies(table):
    udp = {**FLOW, 'protocol': UDP}
    receiver = net.udp_socket('b', B, 6000)
    receiver.setsockopt(socket.IPPROTO_IPV6, 11, 1)  # IPV6_FLOWINFO
    with case('constant entropy: the same over replace, delete and add'):
        sock = net.udp_socket('a', A, 5000)
        table.add(**udp)
        label = label_of(sock, receiver)
        equal(label & TAG_MASK, TAG, 'tag')
        table.replace(**{**udp, 'mark': LABEL | HBH}, entropy=CONSTANT)
        equal(label_of(sock, receiver), label, 'label after replace')
        table.flush()
        table.add(**udp)
        equal(label_of(sock, receiver), label, 'label after add')
        equal(table.dump()[0]['label'], label, 'label told')
        table.flush()
    with case('no entropy: the tag alone'):
        table.add(**udp, entropy=NONE)
        equal(label_of(sock, receiver), TAG, 'label')
        equal(table.dump()[0]['label'], TAG, 'label told')
        table.flush()
        sock.close()
    with case("the socket's hash: it changes with the socket, the tag not"):
        # UDP has no hash of its own: the kernel takes one of the packet's
        # addresses, ports and label. TCP sockets draw theirs.
        table.add(**{**FLOW, 'sport': 5001, 'dport': 6001}, entropy=HASH)
        path = f'{OUT}/lifetime-hash.pcap'
        with net.capture('b', path):
            for _ in range(40):
                listener = net.tcp_listener('b', B, 6001)
                sock = net.tcp_socket('a', A, 5001)
                sock.connect((B, 6001))
                abort(sock)
                listener.close()
        labels = {int(label, 0) for src, label, flags in net.tshark(
            path, ('ipv6.src', 'ipv6.flow', 'tcp.flags'))
            if src == A and flags}
        equal({label & TAG_MASK for label in labels}, {TAG}, 'tags')
        assert len(labels) > 5, f'{len(labels)} different labels'
        table.flush()
    receiver.close()


def oversize(table):
    udp = {**FLOW, 'protocol': UDP, 'mark': HBH | DO}
    receiver = net.udp_socket('b', B, 6000)

    def send(size, discover):
        """What comes of a datagram: what the sender gets, and the packets."""
        sender = net.udp_socket('a', A, 5000)
        sender.setsockopt(socket.IPPROTO_IPV6, 23, discover)
        data = os.urandom(size)
        path = f'{OUT}/lifetime-oversize.pcap'
        error = 0
        with net.capture('b', path, expression=f'src {A} and ip6'):
            try:
                sender.sendto(data, (B, 6000))
                equal(receiver.recv(65536), data, 'datagram')
            except OSError as problem:
                error = problem.errno
        sender.close()
        raw = [p for p in net.packets(path) if p[6] != 58]
        return error, [p[6] for p in raw], raw

    want, do = 1, 2  # IPV6_PMTUDISC_WANT, IPV6_PMTUDISC_DO
    with case('skip: too long by the headers, it goes without'):
        table.add(**udp, oversize=SKIP)
        equal(send(1452, want)[:2], (0, [UDP]), 'packets')
        equal(send(1452, do)[:2], (0, [UDP]), 'packets')
    with case('fragment: it goes in two, both with the Hop-by-Hop header'):
        table.replace(**udp, oversize=FRAGMENT)
        error, first, raw = send(1452, want)
        equal((error, first), (0, [0, 0]), 'packets')
        for packet in raw:
            equal(packet[40:48].hex(), '3c001e0300030e00', 'header')
            assert len(packet) <= 1500, len(packet)
        error, first, raw = send(5000, want)
        equal((error, set(first)), (0, {0}), 'packets of a longer one')
        equal(send(1400, want)[1], [0], 'packets of a shorter one')
    with case('fragment, where the sender forbids it: as with skip'):
        equal(send(1452, do)[:2], (0, [UDP]), 'packets')
    with case('emsgsize: the sender is told, and nothing leaves'):
        table.replace(**udp, oversize=EMSGSIZE)
        before = table.stats()['refused']
        equal(send(1452, do)[:2], (errno.EMSGSIZE, []), 'packets')
        equal(table.stats()['refused'] - before, 1, 'refused')
        equal(send(1436, do)[:2], (0, [0]), 'packets of what fits')
    with case('emsgsize, where the sender lets it be fragmented: as with skip'):
        equal(send(1452, want)[:2], (0, [UDP]), 'packets')
    table.flush()
    receiver.close()


def ipv4(table):
    with case('an IPv4 flow is counted, and not touched'):
        table.add(**{**FLOW, 'protocol': UDP, 'src': '192.0.2.1',
                     'dst': '192.0.2.2'})
        with net.inside('b'):
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.bind(('192.0.2.2', 6000))
            receiver.settimeout(30)
        with net.inside('a'):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sender.bind(('192.0.2.1', 5000))
            mapped = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            mapped.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for _ in range(3):
            sender.sendto(b'x' * 100, ('192.0.2.2', 6000))
            equal(receiver.recv(200), b'x' * 100, 'datagram')
        sender.close()
        mapped.bind(('::ffff:192.0.2.1', 5000))
        mapped.sendto(b'x' * 100, ('::ffff:192.0.2.2', 6000))
        equal(receiver.recv(200), b'x' * 100, 'datagram')
        flow, = table.dump()
        equal((flow['packets'], flow['bytes'], flow['marked']),
              (4, 4 * 128, 0), 'packets, octets, marked')
        for each in (mapped, receiver):
            each.close()
        table.flush()


def main():
    net.module_load()
    with net.pair():
        with net.inside('a'):
            table = Genl()
        events = Events('a')
        timeouts(table, events)
        closes(table, events)
        entropies(table)
        oversize(table)
        ipv4(table)
    net.module_unload()
    done()


main()
