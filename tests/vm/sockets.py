#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
"""TCP packets that do not come out of an established connection's write queue,
and sockets that do more than write."""
import os
import socket
import struct

import decode
import net
import traffic
from decode import (ACK, DEST, FIN, HOP, MARKS, ROUTING, RST, SYN, TCP,
                    few)
from genl import DO, HBH, LABEL, Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
ALL = LABEL | HBH | DO
TCP_FASTOPEN, MSG_FASTOPEN = 23, 0x20000000
TCP_SYN_RECV = 3
SO_ZEROCOPY, MSG_ZEROCOPY = 60, 0x4000000
PADDING = bytes([0, 0, 1, 4, 0, 0, 0, 0])  # a header with PadN and no more


def table_of(name):
    with net.inside(name):
        return Genl()


def to_b(sport, mark, dport=30000):
    return {'protocol': TCP, 'src': A, 'dst': B, 'sport': sport,
            'dport': dport, 'mark': mark, **decode.TAG}


def to_a(sport, mark, dport=30000):
    return {'protocol': TCP, 'src': B, 'dst': A, 'sport': dport,
            'dport': sport, 'mark': mark, **decode.TAG}


def set_sysctl(name, setting):
    net.sh(f'ip netns exec {name} sysctl -qw {setting}')


class Run:
    """Flows in both namespaces, and what the other side saw of them."""

    def __init__(self, name):
        self.tables = {where: table_of(where) for where in 'ab'}
        self.paths = {where: f'{OUT}/sockets-{name}-{where}.pcap'
                      for where in 'ab'}
        self.cases = []
        self.seen = {}

    def capture(self, where):
        return net.capture(where, self.paths[where], snap=300, direction='in')

    def add(self, what, flow, check=lambda packets: None, early=False):
        """A flow and what is to be seen of it besides its marks. Early data
        are those of a server before the handshake is complete."""
        self.tables['a' if flow['src'] == A else 'b'].add(**flow)
        self.cases.append((what, flow, check, early))

    def check(self):
        for where in 'ab':
            self.seen[where] = decode.Seen(self.paths[where])
        early_unmarked = 0
        for what, flow, check, early in self.cases:
            here, there = 'ab' if flow['src'] == A else 'ba'
            with case(what):
                packets = self.seen[there].of(flow)
                state = self.tables[here].get(
                    **{key: flow[key] for key in
                       ('protocol', 'src', 'dst', 'sport', 'dport')})
                if early:
                    early_unmarked += check_early(packets, state)
                else:
                    decode.check_all_marked(packets, state)
                check(packets)
        with case('nothing else left unmarked, nothing was complained of'):
            for where in 'ab':
                stats = self.tables[where].stats()
                note(f'{where}: {stats}')
                equal(sum(stats.values()), stats['marked'] + stats['no_room'],
                      'other reasons')
                decode.check_receiver(where)
                equal(net.snmp6(where)['Icmp6InPktTooBigs'], 0, 'too big')
            equal([self.tables[where].stats()['no_room'] for where in 'ab'],
                  [0, early_unmarked], 'no room')
        for table in self.tables.values():
            table.flush()


def check_early(packets, state):
    """The one case in which room may come too late: a server that has data to
    send before its connection is established, of which the kernel does not
    tell. Returns how many packets have no mark for that reason."""
    decode.check_counted(packets, state)
    marked = [decode.is_marked(p, state['mark'], TCP, state.get('label'))
              for p in packets]
    equal(state['marked'], sum(marked), 'marked packets')
    unmarked = [p for p, is_marked in zip(packets, marked) if not is_marked]
    assert all(p.payload and p.chain == (TCP,) for p in unmarked), unmarked
    # They are the first ones with payload: none of it is unmarked again.
    payload = [p for p in packets if p.payload]
    equal(payload[:len(unmarked)], unmarked, 'unmarked packets')
    return len(unmarked)


def flags(packets):
    return [p.flags & (SYN | ACK | RST | FIN) for p in packets]


def has_syn_ack(packets):
    equal(flags(packets)[0], SYN | ACK, 'flags of the first packet')


def listener(run):
    """Flows from the listening side, with cookies and without."""
    for cookies in (1, 2):
        set_sysctl('b', f'net.ipv4.tcp_syncookies={cookies}')
        how = ' with SYN cookies' if cookies == 2 else ''
        for number, (name, mark) in enumerate(few(MARKS.items())):
            sport = 20000 + 10 * cookies + number
            run.add(f'a server that answers{how}, its SYN-ACK included: all '
                    f'of {name} is marked', to_a(sport, mark), has_syn_ack)
            with traffic.connection(sport, 30000) as conn:
                conn.talk(3, 100, 30000 // SLOW)
    set_sysctl('b', 'net.ipv4.tcp_syncookies=1')


def resets(run):
    def is_reset(packets):
        equal(flags(packets), [RST | ACK], 'flags')

    run.add('the reset of a closed port is marked', to_a(20100, ALL, 30100),
            is_reset)
    client = traffic.tcp('a')
    client.bind((A, 20100))
    try:
        client.connect((B, 30100))
    except ConnectionRefusedError:
        pass
    client.close()

    def ends_in_reset(packets):
        assert packets[-1].flags & RST, 'no reset'

    run.add('the reset of an aborted connection is marked', to_b(20101, ALL),
            ends_in_reset)
    conn = traffic.Connection(20101, 30000)
    conn.bulk(20000)
    conn.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack('=ii', 1, 0))
    conn.abort()


def time_wait(run):
    def ends_in_ack(packets):
        equal(flags(packets)[-2:], [FIN | ACK, ACK], 'the last flags')

    run.add('the ACK of a socket in TIME-WAIT is marked', to_b(20102, ALL),
            ends_in_ack)
    conn = traffic.Connection(20102, 30000)
    conn.bulk(20000)
    conn.client.close()
    equal(conn.server.recv(1), b'', 'at the end')
    # Orphaned and acknowledged: a TIME_WAIT socket stands for it now.
    net.wait_for(lambda: 'FIN-WAIT-2' in net.sh(
        'ip netns exec a ss -tn6a sport = :20102'), what='FIN-WAIT-2')
    conn.abort()


def fast_open_one(run, sport, name, mark):
    """A connection; was it answered before its handshake was complete?"""
    def data_in_syn(packets):
        equal(packets[0].flags & SYN, SYN, 'first is a SYN')
        equal(packets[0].payload, 500, 'payload of the SYN')

    run.add(f'TCP Fast Open, client: all of {name} is marked',
            to_b(sport, mark), data_in_syn)
    run.add(f'TCP Fast Open, server: all of {name} is marked or early',
            to_a(sport, mark), has_syn_ack, early=True)
    listen = traffic.listen('b', B, 30000)
    listen.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    client = traffic.tcp('a')
    client.bind((A, sport))
    request, response = os.urandom(500), os.urandom(8000)
    client.sendto(request, MSG_FASTOPEN, (B, 30000))
    server, _ = listen.accept()
    server.settimeout(60)
    equal(traffic.read(server, 500), request, 'request')
    server.sendall(response)
    state = server.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    equal(traffic.read(client, 8000), response, 'response')
    client.shutdown(socket.SHUT_WR)
    equal(server.recv(1), b'', 'at the end')
    for sock in (server, client, listen):
        sock.close()
    return state == TCP_SYN_RECV


def fast_open(run):
    """Data in the SYN, and an answer before the handshake is complete: the
    client's packets are late."""
    set_sysctl('a', 'net.ipv4.tcp_fastopen=5')  # client, needs no cookie
    set_sysctl('b', 'net.ipv4.tcp_fastopen=0x202')  # server, wants none
    net.sh('ip netns exec a tc qdisc add dev veth0 root netem delay 300ms')
    for number, (name, mark) in enumerate(few(MARKS.items())):
        # Again if the machine was too busy to answer in these 300 ms.
        for sport in range(20200 + 10 * number, 20205 + 10 * number):
            if fast_open_one(run, sport, name, mark):
                break
        else:
            raise AssertionError('the handshake is always complete before')
    net.wait_for(lambda: 'backlog 0b 0p' in net.sh(
        'ip netns exec a tc -s qdisc show dev veth0'), what='empty queue')
    net.sh('ip netns exec a tc qdisc del dev veth0 root')


def other_writes(run):
    """Pages of files and of the writer, rather than copies."""
    for number, name in enumerate(few(('do', 'label+hbh+do'))):
        run.add(f'sendfile and MSG_ZEROCOPY: all of {name} is marked',
                to_b(20300 + number, MARKS[name]))
        with traffic.connection(20300 + number, 30000) as conn:
            data = os.urandom(200000 // SLOW)
            with open('/tmp/data', 'wb') as file:
                file.write(data)
            with open('/tmp/data', 'rb') as file:
                conn.client.sendfile(file)
            conn.same(traffic.read(conn.server, len(data)), data)
            conn.client.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
            conn.client.sendall(data, MSG_ZEROCOPY)
            conn.same(traffic.read(conn.server, len(data)), data)


def routing_header():
    """A segment routing header with one segment, that is passed already."""
    return bytes([0, 2, 4, 0, 0, 0, 0, 0]) + socket.inet_pton(
        socket.AF_INET6, B)


def own_headers():
    """Sockets with extension headers of their own: these stay as they are,
    nothing is added to them, and the label is written all the same."""
    options = {
        'IPV6_HOPOPTS': (socket.IPV6_HOPOPTS, PADDING, (HOP, TCP)),
        'IPV6_DSTOPTS': (socket.IPV6_DSTOPTS, PADDING, (DEST, TCP)),
        'IPV6_RTHDR': (socket.IPV6_RTHDR, routing_header(), (ROUTING, TCP)),
    }
    set_sysctl('b', 'net.ipv6.conf.all.seg6_enabled=1')
    set_sysctl('b', 'net.ipv6.conf.veth0.seg6_enabled=1')
    table = table_of('a')
    before = table.stats()
    path = f'{OUT}/sockets-own.pcap'
    runs = []
    with net.capture('b', path, snap=300, direction='in'):
        for number, (name, (option, value, _)) in enumerate(options.items()):
            for mark in few((LABEL, ALL)):
                flow = to_b(20400 + 10 * number + mark, mark)
                table.add(**flow)
                with traffic.connection(
                        flow['sport'], 30000, prepare=lambda client, _:
                        client.setsockopt(socket.IPPROTO_IPV6, option,
                                          value)) as conn:
                    conn.bulk(60000 // SLOW)
                    conn.talk(3)
                runs.append((name, flow))
    seen = decode.Seen(path)
    flows = {state['sport']: state for state in table.dump()}
    total = 0
    for name, flow in runs:
        state, packets = flows[flow['sport']], seen.of(flow)
        labelled = flow['mark'] == LABEL
        what = 'the label' if labelled else 'label+hbh+do'
        with case(f'a socket with {name} and {what}'):
            assert packets, 'nothing was seen'
            equal({p.chain for p in packets}, {options[name][2]}, 'headers')
            equal({p.options for p in packets}, {()}, 'options')
            equal({p.label for p in packets}, {state['label']}, 'labels')
            equal(max(p.length for p in packets), 1500, 'longest packet')
            equal(state['packets'], len(packets), 'counted')
            equal(state['marked'], len(packets) if labelled else 0, 'marked')
        total += 0 if labelled else len(packets)
    with case('such packets are counted as ext_header'):
        stats = {key: value - before[key]
                 for key, value in table.stats().items()}
        equal(stats.pop('ext_header'), total, 'ext_header')
        equal(sum(stats.values()), stats['marked'], 'other reasons')
        decode.check_receiver('b')
    table.flush()


def idle_connections():
    """A flow of a connection that says nothing takes and gives back the room
    at once; what is sent afterwards is all marked, then not at all. A socket
    that is bound to a device is found by the first packet that it sends."""
    table = table_of('a')
    path = f'{OUT}/sockets-idle.pcap'
    for sport, device in ((20500, None), (20501, 'veth0')):
        def prepare(client, _):
            if device:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                                  device.encode())

        what = 'an idle connection' + (' bound to a device' if device else '')
        flow = to_b(sport, ALL)
        name = {key: flow[key] for key in ('protocol', 'src', 'dst', 'sport',
                                           'dport')}
        state = {}
        with case(f'{what}: a flow takes its room and gives it back'), \
                net.capture('b', path, snap=300, direction='in'), \
                traffic.connection(sport, 30000, prepare=prepare) as conn:
            before = conn.mss()
            table.add(**flow)
            if device:
                conn.talk(1)
            net.wait_for(lambda: conn.mss() == before - 24, what='room')
            conn.bulk(50000)
            conn.talk(3)
            conn.settle()  # the last ACK is late
            state = table.get(**name)
            table.delete(**name)
            net.wait_for(lambda: conn.mss() == before, what='MSS as it was')
            conn.bulk(50000)
        with case(f'{what}: all is marked as long as it has a flow'):
            unmarked = state['packets'] - state['marked']
            assert unmarked <= (1 if device else 0), f'{unmarked} are not'
            marked = [p for p in decode.Seen(path).of(flow)
                      if len(p.chain) > 1]
            equal(len(marked), state['marked'], 'marked packets')
            decode.check_marks(marked, state)


def main():
    net.module_load()
    with net.pair():
        net.sh('modprobe -q sch_netem || true')
        run = Run('all')
        with run.capture('a'), run.capture('b'):
            listener(run)
            resets(run)
            time_wait(run)
            other_writes(run)
        run.check()
        run = Run('tfo')
        with run.capture('a'), run.capture('b'):
            fast_open(run)
        run.check()
        own_headers()
        idle_connections()
    net.module_unload()
    done()


main()
