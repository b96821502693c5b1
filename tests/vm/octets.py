# SPDX-License-Identifier: GPL-2.0
"""What the wire carried of TCP connections: flow labels, and octets by sequence
numbers, from a capture of the hosts of storage.py without extension headers."""
import ipaddress
import struct

import net
from storage import SERVER
from tap import equal

TAG_MASK = 0x3fefc
HEADERS = struct.Struct('!IHBx16s16xHHIIBB')    # of IPv6 and TCP
SYN, RST, ACK = 2, 4, 16
UDP = 17
SERVER_OCTETS = ipaddress.ip_address(SERVER).packed


class Direction:
    """What one end of a connection sent, by the wire."""

    def __init__(self):
        self.first = None   # sequence number of the first octet
        self.sent = 0       # octets
        self.acked = 0      # octets, and perhaps one for the FIN
        self.labels = []    # of each packet, in order
        self.places = []    # where it is in the capture

    @property
    def octets(self):
        """Those that came to the other end. At the end of a test iperf3 does
        not take all that there is: the reset says how many the host had."""
        return min(self.sent, self.acked)

    def since_first(self, number):
        return (number - self.first) % (1 << 32)

    def add(self, place, label, flags, seq, length):
        self.places.append(place)
        self.labels.append(label & TAG_MASK)
        if flags & SYN:
            self.first = (seq + 1) % (1 << 32)
        elif length:
            self.sent = max(self.sent, self.since_first(seq + length))

    def add_ack(self, flags, ack):
        """The other end says so."""
        if flags & ACK and not flags & SYN:
            self.acked = max(self.acked, self.since_first(ack))


def datagrams(path):
    """The places of those of UDP in a capture."""
    return [place for place, packet in enumerate(net.packets(path))
            if packet[6] == UDP]


def connections(path):
    """The connections of a capture: directions by (address, port) of the
    sender and port of the receiver."""
    result = {}
    for place, packet in enumerate(net.packets(path)):
        if packet[6] == UDP:
            continue
        first, length, following, src, sport, dport, seq, ack, offset, flags \
            = HEADERS.unpack_from(packet)
        equal(following, 6, 'next header')
        names = ('server', 'client') if src == SERVER_OCTETS else \
            ('client', 'server')
        key, back = (names[0], sport, dport), (names[1], dport, sport)
        if key not in result:
            result[key] = Direction()
        result[key].add(place, first & 0xfffff, flags, seq,
                        length - (offset >> 4) * 4)
        if back in result:
            result[back].add_ack(flags, ack)
    return result
