# SPDX-License-Identifier: GPL-2.0
"""What tshark makes of packets at the receiver, and whether it is what their
flow asks for. Nothing here shares code with what is tested: the tag is written
down as docs/netlink/scitag.yaml and the drafts have it."""
import collections
import os

import net
from genl import DO, HBH, LABEL
from tap import equal

TCP, UDP = 6, 17
HOP, ROUTING, FRAGMENT, ESP, DEST = 0, 43, 44, 50, 60
TAG = {'experiment': 3, 'activity': 14}
TAG_OPTION, SHIM_OPTION = '00030e', '00000080000000'
TAG_LABEL, TAG_MASK = 0x30038, 0x3fefc
FIN, SYN, RST, ACK, CWR = 1, 2, 4, 16, 128
ECT0, CE = 2, 3

MARKS = {'label': LABEL, 'hbh': HBH, 'do': DO, 'hbh+do': HBH | DO,
         'label+hbh+do': LABEL | HBH | DO}


def few(things):
    """All of them, or where everything takes long the last alone."""
    things = list(things)
    return things[-1:] if int(os.environ['SLOW']) > 1 else things


FIELDS = {
    'src': 'ipv6.src', 'dst': 'ipv6.dst', 'plen': 'ipv6.plen',
    'label': 'ipv6.flow', 'ecn': 'ipv6.tclass.ecn', 'nxt': 'ipv6.nxt',
    'hop': 'ipv6.hopopts.nxt', 'dest': 'ipv6.dstopts.nxt',
    'routing': 'ipv6.routing.nxt',
    'options': 'ipv6.opt.experimental', 'tcp_sport': 'tcp.srcport',
    'tcp_dport': 'tcp.dstport', 'udp_sport': 'udp.srcport',
    'udp_dport': 'udp.dstport', 'flags': 'tcp.flags', 'seq': 'tcp.seq_raw',
    'payload': 'tcp.len', 'udp_len': 'udp.length',
    'bad': '_ws.malformed', 'frame': 'frame.len',
}

Packet = collections.namedtuple(
    'Packet', 'chain options label ecn length flags seq payload')


def octets_of(mark, protocol=TCP):
    """What the headers of a mark in its default layout take."""
    hop = 8 if mark & HBH else 0
    dest = (16 if protocol == TCP else 8) if mark & DO else 0
    return hop + dest


def chain_of(mark, protocol=TCP):
    """The headers of a marked packet, in the order of RFC 8200."""
    return ((HOP,) if mark & HBH else ()) + ((DEST,) if mark & DO else ()) \
        + (protocol,)


def options_of(mark, protocol=TCP):
    """The data of the options in these headers."""
    shim = (SHIM_OPTION,) if protocol == TCP else ()
    return ((TAG_OPTION,) if mark & HBH else ()) + \
        ((TAG_OPTION,) + shim if mark & DO else ())


class Seen(dict):
    """The packets of a capture, by (protocol, src, sport, dst, dport)."""

    def __init__(self, path, where=''):
        super().__init__()
        for values in net.tshark(path, FIELDS.values(), where):
            row = dict(zip(FIELDS, values))
            if row['tcp_sport']:
                key = TCP, row['tcp_sport'], row['tcp_dport']
            elif row['udp_sport']:
                key = UDP, row['udp_sport'], row['udp_dport']
            else:
                continue
            self.setdefault((key[0], row['src'], int(key[1]), row['dst'],
                             int(key[2])), []).append(packet(row))

    def of(self, flow):
        """The packets of a flow as it was given to the table."""
        return self.get((flow['protocol'], flow['src'], flow['sport'],
                         flow['dst'], flow['dport']), [])


def packet(row):
    assert 'Malformed Packet: IPv6' not in row['bad'], row
    chain = tuple(int(number) for field in ('nxt', 'hop', 'dest', 'routing')
                  for number in row[field].split(',') if number)
    payload = row['payload'] or int(row['udp_len'] or 8) - 8
    options = tuple(data for data in row['options'].split(',') if data)
    return Packet(chain, options, int(row['label'], 0),
                  int(row['ecn'] or 0), int(row['frame']) - 14,
                  int(row['flags'] or '0', 0), int(row['seq'] or 0),
                  int(payload))


def is_marked(seen, mark, protocol, label):
    """Has this packet every mark, and nothing else?"""
    return seen.chain == chain_of(mark, protocol) \
        and seen.options == options_of(mark, protocol) \
        and (not mark & LABEL or seen.label == label)


def check_marks(seen, state):
    """Every packet carries the marks of its flow."""
    assert seen, 'no packet was seen'
    mark, label = state['mark'], state.get('label')
    if mark & LABEL:
        equal(label & TAG_MASK, TAG_LABEL, 'tag in the label')
    unmarked = [p for p in seen
                if not is_marked(p, mark, state['protocol'], label)]
    if unmarked:
        octets = sum(p.payload for p in seen)
        share = 1 - sum(p.payload for p in unmarked) / max(octets, 1)
        raise AssertionError(
            f'{len(unmarked)} of {len(seen)} packets are not marked, '
            f'{share:.1%} of the payload is; the first is '
            f'{seen.index(unmarked[0])}: {unmarked[0]}')


def check_all_marked(seen, state):
    """Every packet of a flow carries its marks, and the counters of the
    sender agree with what the receiver saw: nothing lost, nothing doubled."""
    check_marks(seen, state)
    check_counted(seen, state)
    equal(state['marked'], state['packets'], 'packets counted as marked')


def check_counted(seen, state):
    """Packets and octets at both sides are the same."""
    equal(len(seen), state['packets'], 'packets seen and counted')
    extra = octets_of(state['mark'], state['protocol'])
    plain = sum(p.length - (extra if len(p.chain) > 1 else 0) for p in seen)
    equal(plain, state['bytes'], 'octets seen and counted')


def first_sent(seen):
    """Segments with payload without those that were sent again."""
    done, result = set(), []
    for each in seen:
        if each.payload and each.seq not in done:
            done.add(each.seq)
            result.append(each)
    return result


def received(name):
    """Packets that the kernel of a namespace received, as they were on the
    wire: the segments of a large one are counted one by one. Those of a test
    are all there are after net.quiet()."""
    counters = net.snmp6(name)
    return sum(counters[f'Ip6In{kind}Pkts'] for kind in
               ('NoECT', 'ECT1', 'ECT0', 'CE'))


def check_receiver(name):
    """The receiving kernel had nothing to complain of."""
    counters = net.snmp6(name)
    for key in ('Ip6InHdrErrors', 'Ip6InDiscards', 'Ip6InTruncatedPkts',
                'Udp6InCsumErrors', 'Udp6InErrors', 'Icmp6InErrors'):
        equal(counters[key], 0, key)
    tcp = net.snmp_tcp(name)
    equal(tcp['InCsumErrors'], 0, 'wrong checksums of TCP')
    # Where the machine stood still, a SYN or its answer is sent again although
    # it had arrived: to an open connection that is an error, too.
    assert tcp['InErrs'] <= tcp['TCPSYNChallenge'], \
        f'{tcp["InErrs"]} errors of TCP, {tcp["TCPSYNChallenge"]} late SYNs'
