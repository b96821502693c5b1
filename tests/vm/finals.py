#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
"""The snapshot at the end of a flow has the final counts of its connection,
however that ends."""
import contextlib
import errno
import os
import socket

import net
from events import Events, Snapshots
from genl import CLOSED, DELETED, FLUSHED, ON_END, RESET, TIMED_OUT, Genl
from owner import locked
from tap import case, done, equal
from tcpends import bulk, connect, delay, drain, ends, write
from tcpstruct import (CLOSE, CLOSE_WAIT, CLOSING, ESTABLISHED, LAST_ACK,
                       TIME_WAIT, tcp_info)

TCP = socket.IPPROTO_TCP
TCP_USER_TIMEOUT = 18
SENT, RETURNED = 100000, 3000

# What the kernel counts beside the octets of data, from net/ipv4/:
# bytes_acked, the sequence numbers that were acknowledged from snd_una on
# (tcp_snd_una_update()): of a client its SYN, as tcp_connect() sets snd_una to
# the number of that; of a server not its SYN-ACK, as
# tcp_create_openreq_child() sets it to the one after that; of both their FIN.
# bytes_received, the sequence numbers that rcv_nxt moved by
# (tcp_rcv_nxt_update()): not the SYN, which it is set behind, but the FIN, if
# the socket is not in TIME_WAIT by then, which tcp_time_wait() ends it for.
SYN = FIN = 1

# States in which it is there.
PEER_CLOSED = (TIME_WAIT, CLOSE_WAIT, LAST_ACK, CLOSING)


class Watch:
    """Ends of flows at both sides."""

    def __init__(self):
        self.events = {name: Events(name) for name in 'ab'}
        self.snapshots = Snapshots('a')

    def any_end(self, name, reason):
        """The next flow that ends there, and its snapshot."""
        flow, why, snapshot = self.events[name].end()
        equal(why, reason, f'{name}: reason')
        assert snapshot, f'{name}: no snapshot'
        self.same(flow, snapshot)
        return flow, snapshot

    def aborts(self, name):
        """It is reset by its own end: tcp_disconnect(), which does that, sets
        the counts to 0 when it has told that the socket is closed. Nothing of
        the socket is told then, rather than that."""
        _, snapshot = self.any_end(name, RESET)
        equal('tcp_info' in snapshot, False, f'{name}: tcp_info')

    def end(self, name, reason, acked, received, fin=0, state=CLOSE):
        """The next flow that ends there, and how."""
        flow, snapshot = self.any_end(name, reason)
        equal(snapshot['trigger'] & ON_END, ON_END, f'{name}: trigger')
        info = tcp_info(snapshot['tcp_info'])
        equal((snapshot['state'], info['state']), (state, state),
              f'{name}: states')
        equal((info['bytes_acked'], info['bytes_received']),
              (acked, received + fin), f'{name}: octets acked and received')
        if state == CLOSE:
            equal(snapshot['closed_from'] in PEER_CLOSED, bool(fin),
                  f'{name}: the FIN that came, by the state before')
        return flow, info

    @staticmethod
    def same(flow, snapshot):
        equal({name: snapshot[name] for name in ('packets', 'bytes',
                                                 'marked')},
              {name: flow[name] for name in ('packets', 'bytes', 'marked')},
              'counters of the flow and of its snapshot')
        equal(snapshot['flow_id'], flow['id'], 'flow')


@contextlib.contextmanager
def used(watch, **options):
    """A connection that has carried data in both directions."""
    for events in watch.events.values():
        events.forget()
    with ends(**{'end_on_close': 1, **options}) as (client, server):
        bulk(client, server, SENT)
        bulk(server, client, RETURNED)
        yield client, server


def in_order(watch, family, name):
    with case(f'{name}: closed by the client first'):
        with used(watch, family=family) as (client, server):
            client.sock.close()
            watch.end('a', CLOSED, SYN + SENT + FIN, RETURNED)
            equal(server.sock.recv(1), b'', 'at the end')
            server.sock.close()
            watch.end('b', CLOSED, RETURNED + FIN, SENT, FIN)
    with case(f'{name}: closed by the server first'):
        with used(watch, family=family) as (client, server):
            server.sock.close()
            watch.end('b', CLOSED, RETURNED + FIN, SENT)
            equal(client.sock.recv(1), b'', 'at the end')
            client.sock.close()
            watch.end('a', CLOSED, SYN + SENT + FIN, RETURNED, FIN)
    with case(f'{name}: closed with much under way'):
        with used(watch, family=family) as (client, server), \
                delay('a', 'netem delay 50ms'):
            size = 1 << 18
            writer = write(client.sock, size, client.sock.close)
            drain(server.sock, size)
            writer.join()
            watch.end('a', CLOSED, SYN + SENT + size + FIN, RETURNED)
            equal(server.sock.recv(1), b'', 'at the end')
            server.sock.close()
            watch.end('b', CLOSED, RETURNED + FIN, SENT + size, FIN)


def aborted(watch):
    with case('reset by the peer'):
        with used(watch) as (client, server):
            server.abort()
            watch.end('a', RESET, SYN + SENT, RETURNED)
            watch.aborts('b')
            client.sock.close()
    with case('reset by itself'):
        with used(watch) as (client, server):
            client.abort()
            watch.aborts('a')
            watch.end('b', RESET, RETURNED, SENT)
            server.sock.close()
    with case('closed with data that nobody has read'):
        with used(watch) as (client, server):
            server.sock.sendall(b'x' * 10)
            net.wait_for(lambda: client.info()['bytes_received'] ==
                         RETURNED + 10, what='data')
            # What a RST acknowledges is not counted.
            net.wait_for(lambda: not server.info()['unacked'],
                         what='acknowledgement')
            client.sock.close()
            watch.end('a', RESET, SYN + SENT, RETURNED + 10)
            watch.end('b', RESET, RETURNED + 10, SENT)
            server.sock.close()
    with case('given up, as the peer no longer answers'):
        with used(watch) as (client, server):
            client.sock.setsockopt(TCP, TCP_USER_TIMEOUT, 500)
            net.nft('b', input=['filter hook input priority 0', 'drop'])
            client.sock.sendall(b'x' * 10)
            _, info = watch.end('a', TIMED_OUT, SYN + SENT, RETURNED)
            assert info['total_retrans'] > 0, info
            net.sh('ip netns exec b nft delete table ip6 test')
            server.abort()
            watch.aborts('b')
    with case('refused'):
        watch.events['a'].forget()
        client = net.tcp_socket('a', '2001:db8:a::1', 4000)
        with net.inside('a'):
            table = Genl()
        table.add(protocol=TCP, src='2001:db8:a::1', dst='2001:db8:a::2',
                  sport=4000, dport=4001, experiment=3, activity=14, mark=1,
                  end_on_close=1)
        equal(client.connect_ex(('2001:db8:a::2', 4001)), errno.ECONNREFUSED,
              'connect')
        watch.end('a', RESET, 0, 0)
        client.close()


def alive(watch):
    with case('deleted, while the connection goes on'):
        with used(watch) as (client, server):
            client.table.delete(**client.flow)
            watch.end('a', DELETED, SYN + SENT, RETURNED, state=ESTABLISHED)
            server.sock.close()
            net.wait_for(lambda: client.info()['state'] == CLOSE_WAIT,
                         what='FIN')
            watch.end('b', CLOSED, RETURNED + FIN, SENT)
    with case('flushed'):
        with used(watch) as (client, server):
            client.table.flush()
            watch.end('a', FLUSHED, SYN + SENT, RETURNED, state=ESTABLISHED)
            server.table.flush()
            watch.end('b', FLUSHED, RETURNED, SENT, state=ESTABLISHED)
    with case('a flow without a connection has counters alone'):
        with net.inside('a'):
            table = Genl()
        for protocol in (TCP, socket.IPPROTO_UDP):
            table.add(protocol=protocol, src='2001:db8:a::1',
                      dst='2001:db8:a::2', sport=4000, dport=4001,
                      experiment=3, activity=14, mark=1)
            table.flush()
            flow, reason, snapshot = watch.events['a'].end()
            equal(reason, FLUSHED, 'reason')
            if snapshot:
                watch.same(flow, snapshot)
                equal([name for name in ('state', 'tcp_info', 'cong',
                                         'meminfo') if name in snapshot],
                      [], 'attributes of a socket')


@contextlib.contextmanager
def used_again(watch):
    """A second connection between the ports of a flow that outlives them."""
    with used(watch, end_on_close=0) as (client, server):
        server.abort()
        net.wait_for(lambda: client.table.snapshot(**client.flow).get('state')
                     == CLOSE, what='snapshot of the first connection')
        client.sock.close()
        client.open()
        server.open()
        connect(client, server)
        yield client, server


def reused(watch):
    with case('of the connection there is, not of the one before'):
        with used_again(watch) as (client, server):
            bulk(client, server, 10)
            client.table.delete(**client.flow)
            watch.end('a', DELETED, SYN + 10, 0, state=ESTABLISHED)
    if os.environ['KERNEL_NAME'] == 'debug':  # it has no userfaultfd
        return
    with case('none, if the owner of that connection keeps it locked'):
        with used_again(watch) as (client, _), locked(client.sock):
            client.table.delete(**client.flow)
            _, reason, snapshot = watch.events['a'].end()
            equal((reason, snapshot), (DELETED, None), 'end')


def listener(watch):
    with case('who listens to snapshots gets the same'):
        watch.snapshots.forget()
        with used(watch, snapshot_interval=3600000) as (client, server):
            client.sock.close()
            flow, info = watch.end('a', CLOSED, SYN + SENT + FIN, RETURNED)
            equal(server.sock.recv(1), b'', 'at the end')
            server.sock.close()
            watch.end('b', CLOSED, RETURNED + FIN, SENT, FIN)
            last = watch.snapshots.until(
                lambda s: s['flow_id'] == flow['id'] and
                s['trigger'] & ON_END)
            watch.same(flow, last)
            equal(tcp_info(last['tcp_info']), info, 'tcp_info')


def main():
    net.module_load()
    with net.pair():
        watch = Watch()
        in_order(watch, socket.AF_INET6, 'IPv6')
        in_order(watch, socket.AF_INET, 'IPv4')
        aborted(watch)
        alive(watch)
        reused(watch)
        listener(watch)
    net.module_unload()
    done()


main()
