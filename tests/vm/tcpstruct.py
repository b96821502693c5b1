# SPDX-License-Identifier: GPL-2.0
"""struct tcp_info and what else the kernel tells of a TCP socket, read by the
layouts of its headers, and the ways to ask for it other than the module."""
import socket
import struct

import net

TCP_INFO, TCP_CONGESTION, TCP_CC_INFO, SO_MEMINFO = 11, 13, 26, 55
ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, \
    LAST_ACK, CLOSING = 1, 2, 4, 5, 6, 7, 8, 9, 11

# include/uapi/linux/tcp.h: the struct has only ever grown at its end. Linux
# 5.10 to 6.1 have the fields up to snd_wnd; rcv_wnd and rehash came next, then
# total_rto*, then the counters of accurate ECN. The octet of the window scales
# (snd 4 bits, rcv 4 bits) and that of the flags are one field each here, as are
# the bits at the end.
_LAYOUT = (
    ('B', 'state ca_state retransmits probes backoff options wscale flags'),
    ('I', 'rto ato snd_mss rcv_mss unacked sacked lost retrans fackets '
          'last_data_sent last_ack_sent last_data_recv last_ack_recv pmtu '
          'rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss reordering '
          'rcv_rtt rcv_space total_retrans'),
    ('Q', 'pacing_rate max_pacing_rate bytes_acked bytes_received'),
    ('I', 'segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out'),
    ('Q', 'delivery_rate busy_time rwnd_limited sndbuf_limited'),
    ('I', 'delivered delivered_ce'),
    ('Q', 'bytes_sent bytes_retrans'),
    ('I', 'dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash'),
    ('H', 'total_rto total_rto_recoveries'),
    ('I', 'total_rto_time received_ce delivered_e1_bytes delivered_e0_bytes '
          'delivered_ce_bytes received_e1_bytes received_e0_bytes '
          'received_ce_bytes accecn'),
)
FIELDS = [(name, kind) for kind, names in _LAYOUT for name in names.split()]

# What goes on by itself: milliseconds since something, and microseconds of
# something that lasts (net/ipv4/tcp.c: tcp_get_info(),
# tcp_get_info_chrono_stats()).
CLOCKS = {'last_data_sent', 'last_data_recv', 'last_ack_recv', 'busy_time',
          'rwnd_limited', 'sndbuf_limited', 'total_rto_time'}

# include/uapi/linux/sock_diag.h
MEMINFO = ('rmem_alloc', 'rcvbuf', 'wmem_alloc', 'sndbuf', 'fwd_alloc',
           'wmem_queued', 'optmem', 'backlog', 'drops')

# include/uapi/linux/inet_diag.h: name of the congestion control: number of
# its attribute, and the layout of that.
CONG_INFO = {
    'vegas': (3, '=IIII', ('enabled', 'rttcnt', 'rtt', 'minrtt')),
    'dctcp': (9, '=HHIII', ('enabled', 'ce_state', 'alpha', 'ab_ecn',
                            'ab_tot')),
    'bbr': (16, '=IIIII', ('bw_lo', 'bw_hi', 'min_rtt', 'pacing_gain',
                           'cwnd_gain')),
}
_DIAG_CONG, _DIAG_INFO, _DIAG_VEGAS, _DIAG_SKMEMINFO = 4, 2, 3, 7


def tcp_info(data):
    """The octets of a struct tcp_info as a dict; a kernel that has less tells
    less."""
    result, offset = {}, 0
    for name, kind in FIELDS:
        size = struct.calcsize('=' + kind)
        if offset + size > len(data):
            break
        result[name], = struct.unpack_from('=' + kind, data, offset)
        offset += size
    assert len(data) <= offset, f'{len(data)} octets, {offset} are known'
    return result


def meminfo(data):
    return dict(zip(MEMINFO, struct.unpack(f'={len(data) // 4}I', data)))


def cong_info(name, data):
    _, layout, fields = CONG_INFO[name]
    return dict(zip(fields, struct.unpack(layout, data)))


class Socket:
    """What getsockopt() says of a socket at one moment, as octets."""

    def __init__(self, sock):
        self.tcp_info = sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 512)
        self.cong = sock.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION,
                                    16).split(b'\0')[0].decode()
        self.cong_info = sock.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, 64)
        self.meminfo = sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64)


class Diag:
    """What inet_diag, which ss asks, says of the sockets of a namespace."""

    def __init__(self, name):
        with net.inside(name):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
        self.sock.settimeout(60)

    def get(self, family, sport, dport):
        """Of one connection: a dict of attributes by their numbers."""
        extensions = sum(1 << (kind - 1) for kind in (
            _DIAG_CONG, _DIAG_INFO, _DIAG_VEGAS, _DIAG_SKMEMINFO))
        body = struct.pack('=BBBxI', family, socket.IPPROTO_TCP, extensions,
                           0xfff & ~(1 << 10))
        body += struct.pack('>HH', sport, dport) + bytes(32 + 4)
        body += struct.pack('=II', 0xffffffff, 0xffffffff)
        self.sock.send(struct.pack('=IHHII', 16 + len(body), 20, 0x301, 1, 0)
                       + body)
        found = []
        while True:
            data = self.sock.recv(1 << 16)
            while len(data) >= 16:
                length, kind = struct.unpack_from('=IH', data)
                if kind == 3:
                    (attributes,) = found
                    return attributes
                assert kind == 20, f'message {kind}'
                found.append(self._attributes(data[16 + 72:length]))
                data = data[(length + 3) & ~3:]

    @staticmethod
    def _attributes(data):
        result = {}
        while len(data) >= 4:
            length, kind = struct.unpack_from('=HH', data)
            result[kind] = data[4:length]
            data = data[(length + 3) & ~3:]
        return result

    def close(self):
        self.sock.close()
