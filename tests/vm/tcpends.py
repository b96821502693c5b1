# SPDX-License-Identifier: GPL-2.0
"""TCP connections both ends of which are flows, each in its namespace."""
import contextlib
import itertools
import os
import socket
import struct
import threading

import net
import tcpstruct
from genl import LABEL, Genl
from tcpstruct import Diag, Socket, tcp_info

TCP = socket.IPPROTO_TCP
ADDRESSES = {socket.AF_INET6: ('2001:db8:a::1', '2001:db8:a::2'),
             socket.AF_INET: ('192.0.2.1', '192.0.2.2')}  # of net.pair()
MARK = {'experiment': 3, 'activity': 14, 'mark': LABEL}
DPORT = 6000
_sports = itertools.count(5000)


class End:
    """One end of a connection: its socket, its flow, and who can be asked."""

    def __init__(self, name, family, addrs, ports):
        self.name, self.family, self.ports = name, family, ports
        with net.inside(name):
            self.table = Genl()
        self.open()
        self.diag = Diag(name)
        self.flow = {'protocol': TCP, 'src': addrs[0], 'dst': addrs[1],
                     'sport': ports[0], 'dport': ports[1]}

    def open(self):
        with net.inside(self.name):
            self.sock = socket.socket(self.family, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.settimeout(60)

    def abort(self):
        """Close with a RST, and without TIME_WAIT, which holds the ports."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack('ii', 1, 0))
        self.sock.close()

    def close(self):
        """What is left of both the socket and the flow."""
        self.table.flush()
        if self.sock.fileno() >= 0:
            self.abort()
        self.diag.close()
        self.table.sock.close()

    def info(self):
        return tcp_info(Socket(self.sock).tcp_info)


def connect(client, server):
    """Connect two ends that are open."""
    listener = server.sock
    listener.bind((server.flow['src'], server.ports[0]))
    listener.listen(1)
    client.sock.bind((client.flow['src'], client.ports[0]))
    client.sock.connect((client.flow['dst'], client.ports[1]))
    server.sock, _ = listener.accept()
    server.sock.settimeout(60)
    listener.close()


@contextlib.contextmanager
def ends(family=socket.AF_INET6, cong='cubic', sndbuf=None, **options):
    """Client and server of a connection, each with a flow."""
    addrs, ports = ADDRESSES[family], (next(_sports), DPORT)
    client = End('a', family, addrs, ports)
    server = End('b', family, addrs[::-1], ports[::-1])
    for end in client, server:
        end.sock.setsockopt(TCP, tcpstruct.TCP_CONGESTION, cong.encode())
        end.table.add(**end.flow, **MARK, **options)
    if sndbuf:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
    connect(client, server)
    try:
        yield client, server
    finally:
        client.close()
        server.close()


@contextlib.contextmanager
def delay(name, how='netem delay 200ms'):
    """Something that holds packets up behind a namespace's device."""
    net.sh(f'tc -n {name} qdisc add dev veth0 root {how}')
    try:
        yield
    finally:
        net.sh(f'tc -n {name} qdisc del dev veth0 root')


def drain(sock, size):
    """Read so many octets."""
    while size:
        data = sock.recv(min(size, 1 << 20))
        assert data, f'the end, and {size} octets are missing'
        size -= len(data)


def fill(end):
    """Write to a peer that does not read, until its window is full."""
    end.sock.setblocking(False)

    def is_full():
        with contextlib.suppress(BlockingIOError):
            while True:
                end.sock.send(bytes(1 << 16))
        return end.info()['rwnd_limited']
    net.wait_for(is_full, what='time limited by the window')


def write(sock, size, then=lambda: None):
    """A thread that writes so many random octets."""
    def run():
        sock.sendall(os.urandom(size))
        then()
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def bulk(sender, receiver, size):
    """So many octets, and until the last is acknowledged."""
    writer = write(sender.sock, size)
    drain(receiver.sock, size)
    writer.join()
    net.wait_for(lambda: not sender.info()['unacked'],
                 what='last acknowledgement')
