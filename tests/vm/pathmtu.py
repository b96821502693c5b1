#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""Headers behind a path MTU that is smaller than the link's.

    a [veth0] 1500 ---- 1500 [veth0] r [veth1] 1400 ---- 1400 [veth0] b
      2001:db8:a::1                                      2001:db8:b::2

A header that the socket does not know of turns this path into a black hole:
the router's too-big messages tell the socket an MTU that it keeps already.
"""
import contextlib
import hashlib
import os
import socket
import threading

import net
from genl import DO, HBH, LABEL, SAFE, Genl
from tap import case, done, equal, note

TCP = 6
A, B = '2001:db8:a::1', '2001:db8:b::2'
SIZE = (4 << 20) // int(os.environ['SLOW'])


@contextlib.contextmanager
def path(offload):
    with net.line(offload=offload, far_mtu=1400):
        # A server that offers 1460, so that the path MTU has to be found.
        net.sh('ip -n b route change 2001:db8:b::/64 dev veth0 advmss 1440;'
               'ip -n b route change default via 2001:db8:b::1 advmss 1440')
        yield


def send(sport, dport, during=lambda sock: None):
    """Send SIZE octets from a to b; returns what b has of them."""
    listener = net.tcp_listener('b', B, dport)
    sock = net.tcp_socket('a', A, sport)
    received = hashlib.sha256()
    data = os.urandom(1 << 16)

    def serve():
        peer, _ = listener.accept()
        peer.settimeout(60)
        while chunk := peer.recv(1 << 16):
            received.update(chunk)
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    sock.connect((B, dport))
    sent = hashlib.sha256()
    for number in range(SIZE >> 16):
        sock.sendall(data)
        sent.update(data)
        if number == SIZE >> 17:
            during(sock)
    mss = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
    sock.shutdown(socket.SHUT_WR)
    thread.join()
    sock.close()
    listener.close()
    equal(received.hexdigest(), sent.hexdigest(), 'what arrived')
    return mss


def too_bigs():
    return net.snmp6('r')['Icmp6OutPktTooBigs']


def transfers(offload):
    name = 'with offload' if offload else 'without offload'
    with net.inside('a'):
        table = Genl()
    flow = {'protocol': TCP, 'src': A, 'dst': B, 'experiment': 3,
            'activity': 14}

    with case(f'a plain transfer finds the path MTU ({name})'):
        before = too_bigs()
        equal(send(20000, 30000), 1400 - 40 - 20 - 12, 'MSS')
        plain = too_bigs() - before
        assert plain, 'no too-big message: the test shows nothing'
        note(f'{plain} too-big messages')

    for number, (what, mark, octets) in enumerate((
            ('hbh', HBH, 8), ('do', DO, 16), ('hbh+do', HBH | DO, 24),
            ('label+hbh', LABEL | HBH, 8)), 1):
        with case(f'{what} loses {octets} octets of MSS, no packet ({name})'):
            # The path MTU is known from before, as it is to a busy server.
            before = too_bigs()
            table.add(sport=20000 + number, dport=30000, mark=mark, **flow)
            mss = send(20000 + number, 30000)
            equal(mss, 1400 - 40 - 20 - 12 - octets, 'MSS')
            equal(too_bigs() - before, 0, 'too-big messages')
            state, = table.dump()
            note(f'{what}: {state["marked"]} of {state["packets"]} marked')
            assert state['marked'] > state['packets'] * 0.8, 'mostly unmarked'
            equal(table.stats()['too_big'], 0, 'did not fit')
            table.flush()

    with case(f'a flow that is added and deleted in mid-transfer ({name})'):
        name5 = {**flow, 'sport': 20010, 'dport': 30000}
        before = too_bigs()
        seen = {}

        def mss_is(sock, mss):
            return net.wait_for(lambda: sock.getsockopt(
                socket.IPPROTO_TCP, socket.TCP_MAXSEG) == mss, what=f'MSS {mss}')

        def toggle(sock):
            table.add(**name5, mark=HBH | DO, layout=SAFE)
            mss_is(sock, 1400 - 72 - 24)
            sock.sendall(b'')
            table.replace(**name5, mark=HBH)
            mss_is(sock, 1400 - 72 - 8)
            table.delete(**{k: v for k, v in name5.items()
                            if k in ('protocol', 'src', 'dst', 'sport',
                                     'dport')})
            mss_is(sock, 1400 - 72)
            table.add(**name5, mark=DO)
            mss_is(sock, 1400 - 72 - 16)
            seen['at'] = True

        equal(send(20010, 30000, toggle), 1400 - 72 - 16, 'MSS')
        assert seen
        equal(too_bigs() - before, 0, 'too-big messages')
        assert table.dump()[0]['marked'] > SIZE / 1400 / 8, 'hardly any marked'
        table.flush()


def main():
    net.module_load()
    for offload in (False, True):
        with path(offload):
            transfers(offload)
    net.module_unload()
    done()


main()
