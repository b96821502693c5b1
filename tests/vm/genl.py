# SPDX-License-Identifier: GPL-2.0
"""A generic netlink client of a few lines, for tests that need every octet.

It shares nothing with userspace/lib: names and numbers are written down here
from docs/netlink/scitag.yaml, so that a mistake there shows here.
"""
import errno
import os
import socket
import struct

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK = 1, 2, 4
NLM_F_DUMP_INTR, NLM_F_DUMP = 0x10, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 0x10, 3

FLOW_ADD, FLOW_REPLACE, FLOW_DEL, FLOW_GET, FLOW_FLUSH = 1, 2, 3, 4, 5
STATS_GET, STATUS_GET = 6, 7
FLOW_NEW_NTF, FLOW_UPDATE_NTF, FLOW_END_NTF = 8, 9, 10

A_FLOW, A_STATS, A_STATUS, A_EVENT_SEQ, A_END_REASON = 1, 2, 3, 4, 5

FLOW_FIELDS = {  # name: (attribute, struct format)
    'id': (1, '=I'), 'protocol': (2, '=B'), 'src': (3, None),
    'dst': (4, None), 'sport': (5, '>H'), 'dport': (6, '>H'),
    'experiment': (7, '=H'), 'activity': (8, '=B'), 'mark': (9, '=I'),
    'layout': (10, '=B'), 'option_type': (11, '=B'), 'label': (12, '=I'),
    'packets': (13, '=Q'), 'bytes': (14, '=Q'), 'marked': (15, '=Q'),
    'tcp_info': (16, None),
}
STATS_FIELDS = ('marked', 'no_room', 'too_big', 'ext_header', 'jumbo',
                'offload', 'no_memory')
LABEL, HBH, DO = 1, 2, 4
IDS, LAYOUT_LABEL, LABEL4, SAFE = 0, 1, 2, 3


class Refused(OSError):
    """The kernel's no: errno, the text of the extended ACK, and the offset of
    the attribute that it complains of."""

    def __init__(self, err, text, offset):
        super().__init__(err, f'{os.strerror(err)}: {text}')
        self.text = text
        self.offset = offset


def attr(kind, payload):
    """One attribute with its padding."""
    return (struct.pack('=HH', len(payload) + 4, kind) + payload
            + bytes(-len(payload) % 4))


def attrs(data):
    """The attributes in data: a list of (type, payload)."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        found.append((kind & 0x3fff, data[4:length]))
        data = data[(length + 3) & ~3:]
    return found


def address(text):
    family = socket.AF_INET6 if ':' in text else socket.AF_INET
    return socket.inet_pton(family, text)


def field(name, value):
    """One attribute of a flow."""
    kind, fmt = FLOW_FIELDS[name]
    if isinstance(value, str):
        value = address(value)
    return attr(kind, value if fmt is None else struct.pack(fmt, value))


def flow(**fields):
    """A flow nest."""
    return attr(A_FLOW | NLA_F_NESTED,
                b''.join(field(k, v) for k, v in fields.items()))


def read_flow(data):
    """A flow nest's payload as a dict."""
    names = {kind: (name, fmt) for name, (kind, fmt) in FLOW_FIELDS.items()}
    result = {}
    for kind, payload in attrs(data):
        if kind not in names:
            continue
        name, fmt = names[kind]
        if name in ('src', 'dst'):
            family = {4: socket.AF_INET, 16: socket.AF_INET6}[len(payload)]
            result[name] = socket.inet_ntop(family, payload)
        else:
            result[name] = struct.unpack(fmt, payload)[0] if fmt else payload
    return result


class Genl:
    """A socket to the module, in the namespace that the caller is in."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)  # ..FORCE
        except PermissionError:
            pass
        self.sock.settimeout(60)
        self.sock.bind((0, 0))
        self.seq = 0
        self.warning = ''
        self.interrupted = False
        family = attrs(self.request(CTRL_CMD_GETFAMILY,
                                    attr(2, b'scitag\0'), family=GENL_ID_CTRL,
                                    version=2)[0][1])
        self.family = struct.unpack('=H', dict(family)[1])[0]
        self.groups = {}
        for _, group in attrs(dict(family).get(7, b'')):
            entry = dict(attrs(group))
            self.groups[entry[1].rstrip(b'\0').decode()] = struct.unpack(
                '=I', entry[2])[0]

    def join(self, group='events'):
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                             self.groups[group])

    def request(self, cmd, payload=b'', flags=NLM_F_ACK, family=None,
                version=1):
        """Send one message; return the replies as (cmd, attributes)."""
        self.seq += 1
        body = struct.pack('=BBH', cmd, version, 0) + payload
        self.sock.send(struct.pack('=IHHII', len(body) + 16,
                                   family or self.family,
                                   NLM_F_REQUEST | flags, self.seq, 0) + body)
        replies = []
        self.warning = ''
        self.interrupted = False
        while True:
            for kind, msg_flags, seq, data in self.receive():
                if seq != self.seq:
                    continue
                if msg_flags & NLM_F_DUMP_INTR:
                    self.interrupted = True
                if kind == NLMSG_ERROR:
                    self.ack(msg_flags, data)
                    return replies
                if kind == NLMSG_DONE:
                    return replies
                replies.append((data[0], data[4:]))

    def receive(self):
        """One datagram's messages: (type, flags, seq, payload)."""
        data = self.sock.recv(1 << 20)
        messages = []
        while len(data) >= 16:
            length, kind, flags, seq, _ = struct.unpack_from('=IHHII', data)
            messages.append((kind, flags, seq, data[16:length]))
            data = data[(length + 3) & ~3:]
        return messages

    def ack(self, flags, data):
        err = -struct.unpack_from('=i', data)[0]
        tlvs = {}
        if flags & NLM_F_ACK_TLVS:
            # Error and header of the request; CAP_ACK leaves out its payload.
            tlvs = dict(attrs(data[4 + 16:]))
        text = tlvs.get(1, b'').rstrip(b'\0').decode()
        if err:
            offset = struct.unpack('=I', tlvs[2])[0] if 2 in tlvs else None
            raise Refused(err, text, offset)
        self.warning = text

    def events(self):
        """Notifications that have arrived or arrive within the timeout:
        (cmd, seq, flow, end reason)."""
        result = []
        for kind, _, _, data in self.receive():
            if kind != self.family:
                continue
            fields = dict(attrs(data[4:]))
            reason = fields.get(A_END_REASON)
            result.append((data[0],
                           struct.unpack('=Q', fields[A_EVENT_SEQ])[0],
                           read_flow(fields[A_FLOW]),
                           reason[0] if reason else None))
        return result

    # What a user would ask for.

    def add(self, **fields):
        self.request(FLOW_ADD, flow(**fields))

    def replace(self, **fields):
        self.request(FLOW_REPLACE, flow(**fields))

    def delete(self, **fields):
        self.request(FLOW_DEL, flow(**fields))

    def get(self, **fields):
        replies = self.request(FLOW_GET, flow(**fields))
        return read_flow(dict(attrs(replies[0][1]))[A_FLOW])

    def dump(self):
        replies = self.request(FLOW_GET, flags=NLM_F_DUMP)
        return [read_flow(dict(attrs(data))[A_FLOW]) for _, data in replies]

    def flush(self):
        self.request(FLOW_FLUSH)

    def stats(self):
        (_, data), = self.request(STATS_GET)
        nest = dict(attrs(dict(attrs(data))[A_STATS]))
        return {name: struct.unpack('=Q', nest[i])[0]
                for i, name in enumerate(STATS_FIELDS, 1)}

    def status(self):
        (_, data), = self.request(STATUS_GET)
        nest = dict(attrs(dict(attrs(data))[A_STATUS]))
        return {'version': nest[1].rstrip(b'\0').decode(),
                'flows': struct.unpack('=I', nest[2])[0],
                'max_flows': struct.unpack('=I', nest[3])[0],
                'hooked': bool(nest[4][0])}


def refused(err, call):
    """Call; return the text of the kernel's refusal, which must be err."""
    try:
        call()
    except Refused as refusal:
        if refusal.errno != err:
            raise AssertionError(f'{errno.errorcode[refusal.errno]} '
                                 f'({refusal.text}), expected '
                                 f'{errno.errorcode[err]}') from refusal
        return refusal.text
    raise AssertionError(f'not refused, expected {errno.errorcode[err]}')
