#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""Rules: connections that nobody announces become flows, are marked from
their first packet to their last, and end when they close."""
import errno
import itertools
import os
import socket
import struct
import time

import net
from events import Events
from genl import (CLOSED, DO, FLOW_END_NTF, FLOW_NEW_NTF, HBH, IDLE, LABEL,
                  RULE_SET, Genl, refused, rule)
from tap import case, done, equal, note

TCP, UDP = 6, 17
A, B = '2001:db8:a::1', '2001:db8:a::2'
OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
TAG, TAG_MASK = 0x30038, 0x3fefc  # experiment 3, activity 14
TAG_2_9 = 0x10024
MARK = {'experiment': 3, 'activity': 14, 'mark': LABEL}
MARK_2_9 = {'experiment': 2, 'activity': 9, 'mark': LABEL}
PARAMETERS = '/sys/module/scitag/parameters'
# Ports that the kernel gives to nobody: a flow that is there from before would
# have its mark, whatever the rules are.
_ports = itertools.count(10000)


def transfer(dport, size=100000, sport=0, client='a', server='b'):
    """A connection from a client that sends and closes; its source port."""
    ends = {'a': A, 'b': B}
    listener = net.tcp_listener(server, ends[server], dport)
    sock = net.tcp_socket(client, ends[client], sport)
    sock.connect((ends[server], dport))
    sport = sock.getsockname()[1]
    peer, _ = listener.accept()
    peer.settimeout(30)
    data, received = os.urandom(size), bytearray()
    pid = os.fork()
    if not pid:
        sock.sendall(data)
        os._exit(0)
    sock.close()
    while chunk := peer.recv(1 << 16):
        received += chunk
    os.waitpid(pid, 0)
    for each in (peer, listener):
        each.close()
    equal(bytes(received) == data, True, 'data are the same')
    return sport


def tags_of(path, source, port):
    """The labels of a connection's packets from one side, and their flags."""
    rows = net.tshark(path, ('ipv6.src', 'tcp.port', 'ipv6.flow', 'tcp.flags',
                             'ipv6.nxt', 'tcp.len'))
    return [(int(label, 0), int(flags, 0), nxt.split(',')[0], int(length))
            for src, ports, label, flags, nxt, length in rows
            if src == source and str(port) in ports.split(',')]


def whole_connection(table):
    with case('a connection to a port: all packets from SYN to the last ACK'):
        table.rule_set({'protocol': TCP, 'dport_min': 6000,
                        'flow': {**MARK, 'mark': LABEL | HBH}})
        events = Events('a')
        path = f'{OUT}/rules-client.pcap'
        with net.capture('b', path):
            sport = transfer(6000)
            new, end = events.wait(2)
        seen = tags_of(path, A, 6000)
        assert seen[0][1] & 0x12 == 2, 'no SYN first'
        assert any(flags & 1 for _, flags, _, _ in seen), 'no FIN'
        labels = {label for label, _, _, _ in seen}
        equal(len(labels), 1, f'labels in {labels}')
        equal(labels.pop() & TAG_MASK, TAG, 'tag')
        equal({nxt for _, _, nxt, _ in seen}, {'0'}, 'next headers')
        equal((new[0], end[0], end[2]), (FLOW_NEW_NTF, FLOW_END_NTF, CLOSED),
              'events')
        equal((new[1]['sport'], new[1]['dport'], new[1]['rule']),
              (sport, 6000, table.rules()[0]['id']), 'flow')
        # What follows our FIN answers the other one, perhaps after the end.
        last = max(n for n, (_, flags, _, _) in enumerate(seen) if flags & 1)
        assert last + 1 <= end[1]['packets'] <= len(seen), \
            f'{end[1]["packets"]} packets counted, {len(seen)} seen, ' \
            f'{last + 1} up to the FIN'
        equal(end[1]['marked'], end[1]['packets'], 'marked')
        equal(table.dump(), [], 'flows')
        equal(table.rules()[0]['flows'], 1, 'flows that the rule made')
        events.none()

    with case('a socket that is bound to a device: one flow, one end'):
        table.rule_set({'protocol': TCP, 'dport_min': 6002, 'flow': MARK})
        listener = net.tcp_listener('b', B, 6002)
        sock = net.tcp_socket('a', A, 0)
        sock.setsockopt(socket.SOL_SOCKET, 25, b'veth0')  # SO_BINDTODEVICE
        sock.connect((B, 6002))
        (_, flow, _), = events.wait(1)
        sock.sendall(b'x' * 1000)
        peer, _ = listener.accept()
        assert 'tcp_info' in table.get(id=flow['id'])
        for each in (sock, peer, listener):
            each.close()
        (cmd, end, _), = events.wait(1)
        equal((cmd, end['id'], end['packets'] > 3), (FLOW_END_NTF, flow['id'],
                                                     True), 'end')
        events.none()

    with case('a connection from a listener: the SYN-ACK as the rest'):
        table.rule_set({'protocol': TCP, 'sport_min': 6001,
                        'dst': '2001:db8:a::', 'dst_len': 64, 'flow': MARK})
        path = f'{OUT}/rules-server.pcap'
        events = Events('a')
        with net.capture('b', path):
            transfer(6001, client='b', server='a')
            events.wait(2)
        seen = tags_of(path, A, 6001)
        equal(seen[0][1] & 0x12, 0x12, 'flags of the first packet')
        equal(len({label for label, _, _, _ in seen}), 1, 'labels')
        equal(seen[0][0] & TAG_MASK, TAG, 'tag')


def udp_label(dst=B, dport=6000, sport=0, options=(), name='a'):
    """The label of a datagram, as the receiver's kernel tells it; it tells of
    none if that is 0."""
    sport = sport or next(_ports)
    receiver = net.udp_socket('b', dst, dport)
    receiver.setsockopt(socket.IPPROTO_IPV6, 11, 1)  # IPV6_FLOWINFO
    sender = net.udp_socket(name, A, sport)
    for option in options:
        sender.setsockopt(*option)
    sender.sendto(b'x', (dst, dport))
    _, ancillary, _, _ = receiver.recvmsg(10, 200)
    labels = [struct.unpack('!I', data)[0] & 0xfffff
              for level, kind, data in ancillary
              if (level, kind) == (socket.IPPROTO_IPV6, 11)]
    sender.close()
    receiver.close()
    return labels[0] if labels else 0


def conditions(table):
    def tagged(expected, **kwargs):
        equal(udp_label(**kwargs) & TAG_MASK == TAG, expected,
              f'tagged {kwargs}')

    with case('source ports, destination ports, and either'):
        table.rule_set({'sport_min': 5000, 'sport_max': 5001, 'flow': MARK})
        for sport, expected in ((4999, False), (5000, True), (5001, True),
                                (5002, False)):
            tagged(expected, sport=sport)
        table.rule_set({'port_min': 5201, 'port_max': 5210, 'flow': MARK})
        tagged(True, sport=5201, dport=7000)
        tagged(True, sport=7000, dport=5210)
        tagged(False, sport=5200, dport=5211)
    with case('protocol, prefixes of either side'):
        table.rule_set({'protocol': TCP, 'flow': MARK})
        tagged(False)
        table.rule_set({'src': A, 'dst': '2001:db8::', 'dst_len': 32,
                        'flow': MARK})
        tagged(True)
        table.rule_set({'src': B, 'flow': MARK})
        tagged(False)
        table.rule_set({'dst': '2001:db8:b::', 'dst_len': 48, 'flow': MARK})
        tagged(False)
    with case('mark of the packet, with a mask, and device'):
        table.rule_set({'fwmark': 0x20, 'fwmask': 0xf0, 'flow': MARK})
        for value, expected in ((0x20, True), (0x2f, True), (0x30, False)):
            tagged(expected, options=[(socket.SOL_SOCKET, 36, value)])
        table.rule_set({'oif': 'veth0', 'flow': MARK})
        tagged(True)
        table.rule_set({'oif': 'veth', 'flow': MARK})
        tagged(False)
    with case('user who owns the socket'):
        table.rule_set({'uid_min': 1000, 'uid_max': 1001, 'flow': MARK})
        for uid, expected in ((999, False), (1000, True), (1001, True),
                              (1002, False)):
            equal(as_child(uid=uid) & TAG_MASK == TAG, expected, f'user {uid}')
    with case('control group in which the socket was made, or below'):
        path = '/sys/fs/cgroup/storage'
        os.makedirs(f'{path}/door', exist_ok=True)
        table.rule_set({'cgroup': '/storage', 'flow': MARK})
        equal(table.rules()[0]['cgroup'], '/storage', 'path')
        equal(as_child(cgroup=f'{path}/door') & TAG_MASK, TAG, 'tag below')
        equal(as_child(cgroup=path) & TAG_MASK, TAG, 'tag in it')
        tagged(False)
        text = refused(errno.ENOENT, lambda: table.rule_set(
            {'cgroup': '/nowhere', 'flow': MARK}))
        assert 'cgroup' in text, text


def as_child(uid=0, cgroup=None):
    """The label of a datagram that another process sends."""
    reader, writer = os.pipe()
    sport = next(_ports)
    pid = os.fork()
    if not pid:
        try:
            if cgroup:
                with open(f'{cgroup}/cgroup.procs', 'w',
                          encoding='ascii') as procs:
                    procs.write('0')
            receiver = net.udp_socket('b', B, 6000)
            receiver.setsockopt(socket.IPPROTO_IPV6, 11, 1)
            with net.inside('a'):
                os.setresuid(uid, uid, 0)
                sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                os.setresuid(0, 0, 0)
            sender.bind((A, sport))
            sender.sendto(b'x', (B, 6000))
            _, ancillary, _, _ = receiver.recvmsg(10, 200)
            os.write(writer, ancillary[0][2] if ancillary else bytes(4))
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    data = os.read(reader, 4)
    os.close(reader)
    return struct.unpack('!I', data)[0] & 0xfffff


def order(table):
    with case('the first in the order of priorities decides'):
        table.rule_set({'priority': 20, 'flow': MARK},
                       {'priority': 10, 'dport_min': 6000, 'flow': MARK_2_9})
        equal(udp_label() & TAG_MASK, TAG_2_9, 'tag')
        equal(udp_label(dport=6001) & TAG_MASK, TAG, 'tag of the others')
        equal([r['priority'] for r in table.rules()], [10, 20], 'priorities')
        table.rule_set({'flow': MARK}, {'flow': MARK_2_9})
        equal(udp_label() & TAG_MASK, TAG, 'tag of the first')
    with case('exclusion of a local network from everything that leaves'):
        table.rule_set({'priority': 1, 'dst': '2001:db8:a::', 'dst_len': 64,
                        'exclude': True}, {'priority': 2, 'flow': MARK})
        assert udp_label() & TAG_MASK != TAG
        net.sh('ip -n b addr add 2001:db8:c::2/64 dev veth0 nodad;'
               'ip -n a route add 2001:db8:c::/64 dev veth0')
        equal(udp_label(dst='2001:db8:c::2') & TAG_MASK, TAG, 'tag')
        net.wait_for(table.dump, what='flow')
    with case('what goes to loopback, and multicast, does not leave'):
        # First the rules: what waits to become a flow is of the old ones.
        table.rule_set({'flow': MARK})
        table.flush()
        with net.inside('a'):
            for dst in ('::1', 'ff02::1%veth0'):
                sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                sock.sendto(b'x', socket.getaddrinfo(dst, 9)[0][4])
                sock.close()
        udp_label()
        flows = net.wait_for(table.dump, what='flow')
        equal([flow['dst'] for flow in flows], [B], 'flows')


def replacement(table):
    with case('one bad rule: its place is told, those in force stay'):
        table.rule_set({'flow': MARK})
        before = table.rules()
        good = rule(flow=MARK)
        bad = rule(flow=MARK, dst='2001:db8::1', dst_len=32)
        try:
            table.request(RULE_SET, good + bad + good)
            raise AssertionError('taken')
        except OSError as error:
            equal(error.errno, errno.EINVAL, 'errno')
            assert 'prefix' in error.text, error.text
            at = error.offset - 20
            assert len(good) <= at < len(good + bad), at
        equal(table.rules(), before, 'rules')
    for what, fields in (
            ('neither', {}), ('both', {'exclude': True, 'flow': MARK}),
            ('range', {'port_min': 9, 'port_max': 8, 'flow': MARK}),
            ('no first port', {'sport_max': 8, 'flow': MARK}),
            ('long prefix', {'dst': '192.0.2.0', 'dst_len': 33, 'flow': MARK}),
            ('two families', {'src': '192.0.2.0', 'src_len': 24,
                              'dst': '2001:db8::', 'dst_len': 32,
                              'flow': MARK}),
            ('mask', {'fwmark': 3, 'fwmask': 1, 'flow': MARK}),
            ('protocol', {'protocol': 1, 'flow': MARK}),
            ('key in the flow', {'flow': {**MARK, 'sport': 1}}),
            ('id', {'id': 3, 'flow': MARK}),
            ('no mark', {'flow': {'experiment': 3, 'activity': 14}}),
            ('label', {'flow': {**MARK, 'experiment': 512}})):
        with case(f'refused with a text: {what}'):
            try:
                table.rule_set(fields)
                raise AssertionError('taken')
            except OSError as error:
                assert error.errno in (errno.EINVAL, errno.ERANGE), error
                assert len(error.text) > 10, error.text
            equal(table.rules(), before, 'rules')
    with case('more than max_rules: ENOSPC says what to do'):
        text = refused(errno.ENOSPC,
                       lambda: table.rule_set(*[{'flow': MARK}] * 65))
        assert 'max_rules' in text, text
        table.rule_set(*[{'flow': MARK}] * 64)
        equal(len(table.rules()), 64, 'rules')
        equal((table.status()['rules'], table.status()['max_rules']),
              (64, 64), 'status')
    with case('flows of rules that are gone keep their mark'):
        table.flush()
        table.rule_set({'flow': MARK})
        receiver = net.udp_socket('b', B, 6000)
        sender = net.udp_socket('a', A, 5000)
        sender.sendto(b'x', (B, 6000))
        net.wait_for(table.dump, what='flow')
        table.rule_set({'flow': MARK_2_9})
        sender.sendto(b'x', (B, 6000))
        flow, = table.dump()
        equal((flow['experiment'], flow['packets'], flow['marked']),
              (3, 2, 2), 'flow')
        table.rule_set()
        equal(table.rules(), [], 'rules')
        sender.sendto(b'x', (B, 6000))
        equal(table.dump()[0]['marked'], 3, 'marked')
        sender.close()
        receiver.close()
        table.flush()
        equal(table.status()['hooked'], False, 'hooked')


def bounds(table):
    with case('SYNs that nobody means make no flows'):
        table.rule_set({'flow': MARK})
        listener = net.tcp_listener('a', A, 6000)
        before = table.stats()['marked']
        net.sh('ip netns exec b nft add table ip6 t;'
               'ip netns exec b nft add chain ip6 t inbound '
               "'{ type filter hook input priority 0; }';"
               'ip netns exec b nft add rule ip6 t inbound tcp sport 6000 drop')
        path = f'{OUT}/rules-synack.pcap'
        with net.capture('b', path):
            socks = [net.tcp_socket('b', B, 0) for _ in range(20)]
            for sock in socks:
                sock.setblocking(False)
                sock.connect_ex((A, 6000))
            net.wait_for(lambda: table.stats()['marked'] - before >= 20,
                         what='SYN-ACKs')
        equal(table.dump(), [], 'flows')
        seen = tags_of(path, A, 6000)
        assert len(seen) >= 20, f'{len(seen)} packets'
        equal({label & TAG_MASK for label, _, _, _ in seen}, {TAG}, 'tags')
        for sock in socks + [listener]:
            sock.close()
        net.sh('ip netns exec b nft delete table ip6 t')
    with case('a full table: packets are marked, and counted as untracked'):
        with open(f'{PARAMETERS}/max_flows', 'w', encoding='ascii') as file:
            file.write('6')
        before = table.status()['untracked']
        for sport in range(7000, 7020):
            equal(udp_label(sport=sport) & TAG_MASK, TAG, f'tag of {sport}')
        net.wait_for(lambda: table.status()['flows'] == 6, what='6 flows')
        net.wait_for(lambda: table.status()['untracked'] - before == 14,
                     what='14 that are untracked')
        with open(f'{PARAMETERS}/max_flows', 'w', encoding='ascii') as file:
            file.write('8')
        for sport in range(7020, 7024):
            udp_label(sport=sport)
        net.wait_for(lambda: table.status()['flows'] == 7, what='7 flows')
        table.add(protocol=UDP, src=A, dst=B, sport=1, dport=1, **MARK)
        equal(table.status()['flows'], 8, 'flows, with one that was entered')
        with open(f'{PARAMETERS}/max_flows', 'w', encoding='ascii') as file:
            file.write('100000')
        table.rule_set()
        table.flush()


def short_ones(table):
    count = 200 // SLOW
    with case(f'{count} short connections: as many begin and end'):
        events = Events('a')
        table.rule_set({'dport_min': 6000, 'flow': {**MARK, 'mark': HBH}})
        listener = net.tcp_listener('b', B, 6000)
        for _ in range(count):
            sock = net.tcp_socket('a', A, next(_ports))
            sock.connect((B, 6000))
            sock.sendall(b'x')
            peer, _ = listener.accept()
            equal(peer.recv(10), b'x', 'data')
            for each in (peer, sock):
                each.close()
        got = events.wait(2 * count)
        equal(len([1 for cmd, _, _ in got if cmd == FLOW_NEW_NTF]), count,
              'new')
        ends = [(flow, reason) for cmd, flow, reason in got
                if cmd == FLOW_END_NTF]
        equal({reason for _, reason in ends}, {CLOSED}, 'reasons')
        equal([flow for flow, _ in ends if flow['marked'] != flow['packets']],
              [], 'flows with unmarked packets')
        equal(len({flow['id'] for flow, _ in ends}), count, 'ids')
        events.none()
        equal(table.dump(), [], 'flows')
        listener.close()


def same_ports(table):
    count = 20 // SLOW
    with case(f'{count} connections between the same ports: each as the first'):
        events = Events('a')
        table.rule_set({'dport_min': 6000, 'flow': {**MARK, 'mark': HBH | DO}})
        listener = net.tcp_listener('b', B, 6000)
        for number in range(count):
            sock = net.tcp_socket('a', A, 7777)
            sock.connect((B, 6000))
            peer, _ = listener.accept()
            for _ in range(10):
                sock.sendall(b'x')
                equal(peer.recv(10), b'x', 'data')
            for each in (peer, sock):
                each.close()
            (_, new, _), (_, end, reason) = events.wait(2)
            equal((new['id'], reason), (end['id'], CLOSED), 'end')
            equal(end['marked'], end['packets'],
                  f'marked packets of connection {number}')
        listener.close()


def udp_ends(table):
    with case('a flow over UDP ends when it is idle, and begins again'):
        table.flush()
        table.rule_set({'protocol': UDP, 'flow': {**MARK, 'idle_timeout': 1}})
        events = Events('a')
        start = time.monotonic()
        label = udp_label(sport=5000)
        (_, new, _), (cmd, flow, reason) = events.wait(2)
        equal((cmd, reason, flow['packets'], flow['id']),
              (FLOW_END_NTF, IDLE, 1, new['id']), 'end')
        # The kernel counts ticks, of 10 ms at most.
        took = time.monotonic() - start
        assert took > 0.98, f'after {took} s'
        equal(udp_label(sport=5000), label, 'label of the same 5-tuple')
        (_, again, _), = events.wait(1)
        assert again['id'] != new['id']


def ipv4(table):
    with case('a connection over IPv4 is followed, and not marked'):
        table.rule_set({'dst': '192.0.2.0', 'dst_len': 24, 'flow': MARK})
        table.flush()  # or what is left from before ends meanwhile
        events = Events('a')
        with net.inside('b'):
            listener = socket.create_server(('192.0.2.2', 6000))
        with net.inside('a'):
            sock = socket.create_connection(('192.0.2.2', 6000), 30)
        peer, _ = listener.accept()
        sock.sendall(b'x' * 1000)
        sock.close()
        peer.settimeout(30)
        while peer.recv(2000):
            pass
        peer.close()
        listener.close()
        (_, new, _), (_, end, reason) = events.wait(2)
        equal((new['src'], new['dst'], new['mark']),
              ('192.0.2.1', '192.0.2.2', 0), 'flow')
        equal((reason, end['marked']), (CLOSED, 0), 'end')
        assert end['packets'] >= 4 and end['bytes'] > 1000, end
        table.flush()
        table.rule_set({'dst': '::', 'dst_len': 0, 'flow': MARK})
        with net.inside('a'):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.sendto(b'x', ('192.0.2.2', 9))
        sock.close()
        udp_label()
        flow, = net.wait_for(table.dump, what='flow')
        equal(flow['dst'], B, 'what ::/0 matches')
        table.rule_set({'dst': '192.0.2.0', 'dst_len': 24, 'flow': MARK})
        rules, = table.rules()
        equal((rules['dst'], rules['dst_len']), ('192.0.2.0', 24), 'prefix')


def unprivileged():
    """In a child: what a user without rights gets."""
    with net.inside('a'):
        table = Genl()
    os.setgid(65534)
    os.setuid(65534)
    refused(errno.EPERM, lambda: table.rule_set({'flow': MARK}))
    refused(errno.EPERM, table.rules)


def permissions(table):
    with case('rules take CAP_NET_ADMIN'):
        child = os.fork()
        if not child:
            try:
                unprivileged()
                os._exit(0)
            except BaseException as error:
                note(repr(error))
                os._exit(1)
        equal(os.waitpid(child, 0)[1], 0, 'status of the child')
        assert table.rules()


def main():
    net.module_load()
    with net.pair():
        # What no rule matches has no label, rather than any.
        net.sh('ip netns exec a sysctl -qw net.ipv6.auto_flowlabels=0')
        with net.inside('a'):
            table = Genl()
        assert table.status()['tracing']
        whole_connection(table)
        conditions(table)
        order(table)
        replacement(table)
        bounds(table)
        short_ones(table)
        same_ports(table)
        udp_ends(table)
        ipv4(table)
        permissions(table)
    net.module_unload()
    done()


main()
