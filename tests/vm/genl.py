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
RULE_SET, RULE_GET = 11, 12
SNAPSHOT_GET, SNAPSHOT_NTF, STATUS_NTF = 13, 14, 15

A_FLOW, A_STATS, A_STATUS, A_EVENT_SEQ, A_END_REASON = 1, 2, 3, 4, 5
A_RULE, A_SNAPSHOT, A_SNAPSHOT_SEQ = 7, 8, 9

FLOW_FIELDS = {  # name: (attribute, struct format)
    'id': (1, '=I'), 'protocol': (2, '=B'), 'src': (3, None),
    'dst': (4, None), 'sport': (5, '>H'), 'dport': (6, '>H'),
    'experiment': (7, '=H'), 'activity': (8, '=B'), 'mark': (9, '=I'),
    'layout': (10, '=B'), 'option_type': (11, '=B'), 'label': (12, '=I'),
    'packets': (13, '=Q'), 'bytes': (14, '=Q'), 'marked': (15, '=Q'),
    'tcp_info': (16, None),
    'entropy': (18, '=B'), 'oversize': (19, '=B'),
    'idle_timeout': (20, '=I'), 'hard_timeout': (21, '=I'),
    'end_on_close': (22, '=B'), 'rule': (23, '=I'),
    'age': (24, '=Q'), 'idle': (25, '=Q'),
    'snapshot_interval': (26, '=I'), 'snapshot_on': (27, '=I'),
    'snapshot_factor': (28, '=I'),
}
RULE_FIELDS = {
    'id': (1, '=I'), 'priority': (2, '=I'), 'protocol': (3, '=B'),
    'src': (4, None), 'src_len': (5, '=B'), 'dst': (6, None),
    'dst_len': (7, '=B'), 'sport_min': (8, '=H'), 'sport_max': (9, '=H'),
    'dport_min': (10, '=H'), 'dport_max': (11, '=H'), 'port_min': (12, '=H'),
    'port_max': (13, '=H'), 'uid_min': (14, '=I'), 'uid_max': (15, '=I'),
    'cgroup': (16, str), 'fwmark': (17, '=I'), 'fwmask': (18, '=I'),
    'oif': (19, str), 'exclude': (20, ''), 'flow': (21, None),
    'flows': (22, '=Q'),
}
SNAPSHOT_FIELDS = {
    'flow_id': (1, '=I'), 'trigger': (2, '=I'), 'time': (3, '=Q'),
    'age': (4, '=Q'), 'packets': (5, '=Q'), 'bytes': (6, '=Q'),
    'marked': (7, '=Q'), 'state': (8, '=B'), 'tcp_info': (9, None),
    'cong': (10, str), 'cong_kind': (11, '=I'), 'cong_info': (12, None),
    'meminfo': (13, None), 'closed_from': (15, '=B'),
}
STATS_FIELDS = {'marked': 1, 'no_room': 2, 'too_big': 3, 'ext_header': 4,
                'jumbo': 5, 'offload': 6, 'no_memory': 7, 'refused': 9}
LABEL, HBH, DO = 1, 2, 4
IDS, LAYOUT_LABEL, LABEL4, SAFE = 0, 1, 2, 3
CONSTANT, NONE, HASH = 0, 1, 2
SKIP, FRAGMENT, EMSGSIZE = 0, 1, 2
DELETED, FLUSHED, CLOSED, RESET, TIMED_OUT, IDLE, EXPIRED = 1, 2, 3, 4, 5, 6, 7
ON_INTERVAL, ON_STATE, ON_RTO, ON_RTT, ON_CWND, ON_END = 1, 2, 4, 8, 16, 32


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


def field(name, value, fields=FLOW_FIELDS):
    """One attribute of a flow or a rule."""
    kind, fmt = fields[name]
    if fmt is str:
        value = value.encode() + b'\0'
    elif isinstance(value, str):
        value = address(value)
    elif fmt == '':
        value = b''
    elif fmt:
        value = struct.pack(fmt, value)
    return attr(kind, value)


def flow(**fields):
    """A flow nest."""
    return attr(A_FLOW | NLA_F_NESTED,
                b''.join(field(k, v) for k, v in fields.items()))


def rule(flow=None, **fields):
    """A rule nest; what its flows get is a dict."""
    data = b''.join(field(k, v, RULE_FIELDS) for k, v in fields.items())
    if flow is not None:
        data += attr(RULE_FIELDS['flow'][0] | NLA_F_NESTED,
                     b''.join(field(k, v)
                              for k, v in flow.items()))
    return attr(A_RULE | NLA_F_NESTED, data)


def read_fields(fields, data):
    """A nest's payload as a dict."""
    names = {kind: (name, fmt) for name, (kind, fmt) in fields.items()}
    result = {}
    for kind, payload in attrs(data):
        if kind not in names:
            continue
        name, fmt = names[kind]
        if name in ('src', 'dst'):
            family = {4: socket.AF_INET, 16: socket.AF_INET6}[len(payload)]
            result[name] = socket.inet_ntop(family, payload)
        elif fmt is str:
            result[name] = payload.rstrip(b'\0').decode()
        elif fmt == '':
            result[name] = True
        else:
            result[name] = struct.unpack(fmt, payload)[0] if fmt else payload
    return result


def read_flow(data):
    return read_fields(FLOW_FIELDS, data)


def without_times(state):
    """What of a flow is the same a moment later."""
    return {k: v for k, v in state.items() if k not in ('age', 'idle')}


def read_rule(data):
    result = read_fields(RULE_FIELDS, data)
    if 'flow' in result:
        result['flow'] = read_flow(result['flow'])
    return result


def read_snapshot(data):
    return read_fields(SNAPSHOT_FIELDS, data)


def read_status(data):
    nest = dict(attrs(data))
    return {'version': nest[1].rstrip(b'\0').decode(),
            'flows': struct.unpack('=I', nest[2])[0],
            'max_flows': struct.unpack('=I', nest[3])[0],
            'hooked': bool(nest[4][0]),
            'rules': struct.unpack('=I', nest[5])[0],
            'max_rules': struct.unpack('=I', nest[6])[0],
            'untracked': struct.unpack('=Q', nest[7])[0],
            'tracing': bool(nest[8][0])}


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
        self.numbers, self.states = [], []
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

    def notifications(self):
        """Those that have arrived or arrive within the timeout, as (cmd,
        attributes). All that are left out are not of the module."""
        return [(data[0], attrs(data[4:])) for kind, _, _, data in
                self.receive() if kind == self.family]

    def events(self):
        """Notifications of flows that have arrived or arrive within the
        timeout: (cmd, seq, flow, end reason, snapshot). Numbers of all, those
        of the table's state too, are added to self.numbers, and what these
        say to self.states."""
        result = []
        for cmd, data in self.notifications():
            fields = dict(data)
            seq = struct.unpack('=Q', fields[A_EVENT_SEQ])[0]
            self.numbers.append(seq)
            if cmd == STATUS_NTF:
                self.states.append(read_status(fields[A_STATUS]))
                continue
            reason = fields.get(A_END_REASON)
            snapshot = fields.get(A_SNAPSHOT)
            result.append((cmd, seq, read_flow(fields[A_FLOW]),
                           reason[0] if reason else None,
                           read_snapshot(snapshot) if snapshot else None))
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
        return without_times(read_flow(dict(attrs(replies[0][1]))[A_FLOW]))

    def times(self, **fields):
        """Milliseconds since a flow began, and since its last packet."""
        replies = self.request(FLOW_GET, flow(**fields))
        state = read_flow(dict(attrs(replies[0][1]))[A_FLOW])
        return state['age'], state['idle']

    def dump(self):
        replies = self.request(FLOW_GET, flags=NLM_F_DUMP)
        return [without_times(read_flow(dict(attrs(data))[A_FLOW]))
                for _, data in replies]

    def snapshot(self, **fields):
        """A snapshot of a flow as it is now."""
        (_, data), = self.request(SNAPSHOT_GET, flow(**fields))
        return read_snapshot(dict(attrs(data))[A_SNAPSHOT])

    def snapshots(self):
        """Flows and snapshots of all."""
        replies = [dict(attrs(data)) for _, data in
                   self.request(SNAPSHOT_GET, flags=NLM_F_DUMP)]
        return [(read_flow(reply[A_FLOW]), read_snapshot(reply[A_SNAPSHOT]))
                for reply in replies]

    def flush(self):
        self.request(FLOW_FLUSH)

    def rule_set(self, *rules):
        """Rules as dicts; a flow in one is a dict again."""
        self.request(RULE_SET, b''.join(rule(**fields) for fields in rules))

    def rules(self):
        replies = self.request(RULE_GET, flags=NLM_F_DUMP)
        return [read_rule(dict(attrs(data))[A_RULE]) for _, data in replies]

    def stats(self):
        (_, data), = self.request(STATS_GET)
        nest = dict(attrs(dict(attrs(data))[A_STATS]))
        return {name: struct.unpack('=Q', nest[i])[0]
                for name, i in STATS_FIELDS.items()}

    def status(self):
        (_, data), = self.request(STATUS_GET)
        return read_status(dict(attrs(data))[A_STATUS])


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
