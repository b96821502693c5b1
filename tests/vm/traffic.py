# SPDX-License-Identifier: GPL-2.0
"""TCP connections of a test, whose data are compared where they arrive."""
import contextlib
import hashlib
import os
import socket
import threading

import net
from tap import equal
from tcpstruct import Socket, tcp_info

A, B = '2001:db8:a::1', '2001:db8:a::2'  # of net.pair()
FAR = '2001:db8:b::2'  # b behind a router, of net.line()
BIG = 8 << 20
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
MPTCP_PROTOCOL = 262
TCP_CLOSE = 7


def tcp(name, protocol=0):
    """A TCP socket in a namespace with room for all that a test writes."""
    with net.inside(name):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BIG)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BIG)
    sock.settimeout(60)
    return sock


def listen(name, addr, port, protocol=0):
    sock = tcp(name, protocol)
    sock.bind((addr, port))
    sock.listen(16)
    return sock


def read(sock, size):
    """So many octets, and no fewer."""
    data = bytearray()
    while len(data) < size:
        chunk = sock.recv(size - len(data))
        if not chunk:
            raise AssertionError(f'end after {len(data)} of {size} octets')
        data += chunk
    return bytes(data)


class Connection:
    """One connection from src, port sport, to dst, port dport. Sockets can
    be prepared before they are bound; connect is what the client calls dst, if
    it has another name for it."""

    def __init__(self, sport, dport, src=A, dst=B, names='ab', protocol=0,
                 prepare=lambda client, listener: None, connect=None):
        self.listener = listen(names[1], dst, dport, protocol)
        self.client = tcp(names[0], protocol)
        prepare(self.client, self.listener)
        self.client.bind((src, sport))
        self.client.connect((connect or dst, dport))
        self.server, _ = self.listener.accept()
        self.server.settimeout(60)

    def mss(self):
        return self.client.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)

    def bulk(self, size, write=1 << 20, during=None):
        """Random octets from client to server, in writes of some size. A
        callable runs when half of them have arrived."""
        data = os.urandom(size)
        writer = threading.Thread(target=self._write, args=(data, write))
        writer.start()
        got = read(self.server, size // 2)
        if during:
            during()
        got += read(self.server, size - len(got))
        writer.join()
        self.same(got, data)

    def _write(self, data, write):
        for start in range(0, len(data), write):
            self.client.sendall(data[start:start + write])

    @staticmethod
    def same(got, sent):
        equal(hashlib.sha256(got).hexdigest(),
              hashlib.sha256(sent).hexdigest(), 'data that arrived')

    def talk(self, times, request=100, response=1000):
        """Requests and responses, one after the other."""
        for _ in range(times):
            for sender, receiver, size in (
                    (self.client, self.server, request),
                    (self.server, self.client, response)):
                data = os.urandom(size)
                sender.sendall(data)
                self.same(read(receiver, size), data)

    def dribble(self, times):
        """Writes of one octet, each of which leaves at once."""
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = os.urandom(times)
        self._write(data, 1)
        self.same(read(self.server, times), data)
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)

    def settle(self):
        """Wait until neither end has anything to acknowledge."""
        for sock in self.client, self.server:
            net.wait_for(lambda: not tcp_info(Socket(sock).tcp_info)['unacked'],
                         what='last acknowledgement')

    def close(self):
        """In order: the client has the last word, the ACK of a FIN. When that
        has come, there is nothing left to be sent, and nothing again."""
        self.client.shutdown(socket.SHUT_WR)
        equal(self.server.recv(1), b'', 'at the end')
        self.server.shutdown(socket.SHUT_WR)
        equal(self.client.recv(1), b'', 'at the end')
        if self.server.proto != MPTCP_PROTOCOL:  # not known of its subflows
            net.wait_for(lambda: self.server.getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE,
                what='ACK of the last FIN')
        self.server.close()
        self.client.close()
        self.listener.close()

    def abort(self):
        for sock in (self.client, self.server, self.listener):
            sock.close()


@contextlib.contextmanager
def connection(*args, **kwargs):
    """A connection that is closed in order, if its block ends so."""
    conn = Connection(*args, **kwargs)
    try:
        yield conn
    except BaseException:
        conn.abort()
        raise
    conn.close()
