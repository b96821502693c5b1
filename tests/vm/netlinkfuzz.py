#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Requests that are made up: right ones with values drawn at random, and such
in which types, lengths, nesting and flags were changed afterwards. The sender
may do everything, and packets leave meanwhile.

    netlinkfuzz.py [SECONDS [SEED]]

The seed is printed: the same one makes up the same requests.
"""
import errno
import os
import random
import socket
import struct
import sys
import time
import traceback

import genl
import net
from genl import NLA_F_NESTED, NLM_F_ACK, NLM_F_DUMP, Genl, attr, refused
from tap import case, done, equal, note

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else \
    int.from_bytes(os.urandom(4), 'big')

HERE, THERE = '2001:db8:a::1', '2001:db8:a::2'
PORTS = range(5000, 5008)
PUBLIC = genl.STATS_GET, genl.STATUS_GET
FOR_FLOWS = genl.FLOW_ADD, genl.FLOW_REPLACE
FOR_NAMES = genl.FLOW_DEL, genl.FLOW_GET, genl.SNAPSHOT_GET
DUMPS = genl.FLOW_GET, genl.SNAPSHOT_GET, genl.RULE_GET
REQUESTS = (*FOR_FLOWS, *FOR_NAMES, genl.FLOW_FLUSH, *PUBLIC, genl.RULE_SET,
            genl.RULE_GET)

# Attributes are (type, octets) or, where they hold others, (type, list).
NESTS = {(): (genl.A_FLOW, genl.A_RULE),
         (genl.A_RULE,): (genl.RULE_FIELDS['flow'][0],)}


class Maker:
    """Requests, drawn from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def pick(self, *values):
        return self.random.choice(values)

    def number(self, size):
        """One that is likely to be special."""
        top = (1 << 8 * size) - 1
        return self.pick(0, 1, 2, 3, 5, 6, 17, 60, 63, 255, 511, 1000, top // 2,
                         top // 2 + 1, top - 1, top,
                         self.random.randrange(top + 1)) & top

    def octets(self, most):
        return self.random.randbytes(self.random.randrange(most + 1))

    def key(self):
        sides = [HERE, THERE]
        if self.chance(10):
            sides = ['192.0.2.1', '192.0.2.2']
        if self.chance(10):
            sides[1] = self.pick('::', '::1', 'ff02::1', '0.0.0.0', '::1.2.3.4')
        return {'protocol': self.pick(6, 17), 'src': sides[0], 'dst': sides[1],
                'sport': self.pick(*PORTS), 'dport': self.pick(*PORTS)}

    def marking(self):
        fields = {'experiment': self.pick(0, 3, 511, 512, 65535),
                  'activity': self.pick(0, 14, 63, 64, 255)}
        if self.chance(80):
            fields['mark'] = self.pick(0, 1, 2, 4, 6, 7, 8)
        rest = {'layout': 4, 'option_type': 0x20, 'entropy': 3, 'oversize': 3,
                'idle_timeout': 1 << 25, 'hard_timeout': 1 << 25,
                'snapshot_interval': 1 << 23, 'snapshot_on': 64,
                'snapshot_factor': 20000}
        for name, most in rest.items():
            if self.chance(20):
                fields[name] = self.random.randrange(most)
        return fields

    def rule_fields(self):
        some = {'priority': self.number(4), 'protocol': self.pick(6, 17),
                'src': HERE, 'src_len': self.pick(0, 32, 64, 128, 129),
                'dst': THERE, 'dst_len': self.pick(0, 48, 128),
                'sport_min': 1, 'sport_max': self.number(2),
                'dport_min': self.number(2), 'dport_max': 65535,
                'port_min': 5000, 'port_max': 5008, 'uid_min': 0,
                'uid_max': self.number(4), 'cgroup': self.pick('/', '/x', 'x'),
                'fwmark': self.number(4), 'fwmask': self.number(4),
                'oif': self.pick('veth0', 'lo', 'x' * 15, 'x' * 16)}
        fields = {}
        for name in some:
            if self.chance(15):
                other = {'src': 'src_len', 'dst': 'dst_len',
                         'sport_min': 'sport_max', 'dport_min': 'dport_max',
                         'port_min': 'port_max', 'uid_min': 'uid_max',
                         'fwmark': 'fwmask'}.get(name)
                fields[name] = some[name]
                if other:
                    fields[other] = some[other]
        return fields

    def payload(self, cmd):
        """The attributes of a request that may well be right."""
        if cmd in FOR_FLOWS:
            end = {'end_on_close': 1} if self.chance(20) else {}
            return b''.join(genl.flow(**self.key(), **self.marking(), **end)
                            for _ in range(self.pick(1, 1, 1, 2, 5)))
        if cmd in FOR_NAMES:
            return genl.flow(**self.pick(self.key(), {'id': self.number(4)}))
        if cmd == genl.RULE_SET:
            return b''.join(
                genl.rule(**self.rule_fields(), exclude=True)
                if self.chance(20) else
                genl.rule(flow=self.marking(), **self.rule_fields())
                for _ in range(self.pick(0, 1, 1, 3)))
        return b''

    def changed(self, tree, path=()):
        """The octets of attributes, some of which are not what they were."""
        data = b''
        for kind, value in tree:
            if isinstance(value, list):
                value = self.changed(value, path + (kind & 0x3fff,))
            if self.chance(80):
                data += attr(kind, value)
                continue
            what = self.random.randrange(10)
            if what == 0:
                kind = self.number(2)
            elif what == 1:
                kind ^= self.pick(NLA_F_NESTED, 0x4000)
            elif what == 2:
                value = value[:self.random.randrange(len(value) + 1)]
            elif what == 3:
                value += self.octets(64)
            elif what == 4:
                value = self.octets(300)
            elif what == 5:
                data += attr(kind, value)
            elif what == 6:
                for _ in range(self.pick(1, 10, 100)):
                    value = attr(kind | NLA_F_NESTED, value)
            elif what == 7:
                continue
            elif what == 8 and value:
                at = self.random.randrange(len(value))
                value = value[:at] + self.octets(1) + value[at + 1:]
            elif what == 9:
                # A length that is not its own.
                data += struct.pack('=HH', self.number(2), kind)
                data += value + bytes(-len(value) % 4)
                continue
            data += attr(kind, value[:65000])
        return data

    def message(self, family, seq):
        """A whole message, and what is asked for in it."""
        cmd = self.pick(*REQUESTS, *FOR_FLOWS * 5, *FOR_NAMES)
        if cmd == genl.FLOW_FLUSH and self.chance(80):
            cmd = genl.FLOW_ADD
        payload = self.payload(cmd)
        flags = NLM_F_ACK | 1
        if cmd in DUMPS and self.chance(30):
            flags, payload = flags | NLM_F_DUMP, b''
        if self.chance(60):
            payload = self.changed(tree(payload))
            if self.chance(10):
                payload += self.octets(40)
        version = 1
        if self.chance(5):
            cmd, version = self.number(1), self.number(1)
        if self.chance(5):
            flags |= self.number(2) & ~0x1e  # multi, ack, echo, interrupted
        body = struct.pack('=BBH', cmd, version,
                           0 if self.chance(98) else self.number(2)) + payload
        length = len(body) + 16
        if self.chance(3):
            length = self.random.randrange(length + 1)
        return cmd, struct.pack('=IHHII', length, family, flags, seq, 0) + body


def tree(data, path=()):
    """Attributes as pairs; those that hold others as lists."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        value = data[4:length]
        inner = kind & 0x3fff
        if inner in NESTS.get(path, ()):
            value = tree(value, path + (inner,))
        found.append((kind, value))
        data = data[(length + 3) & ~3:]
    return found


class Sender:
    def __init__(self, table, maker):
        self.table, self.maker = table, maker
        self.n_sent, self.answers = 0, {}
        self.traffic = [self.socket(port) for port in PORTS]

    @staticmethod
    def socket(port):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind((HERE, port))
        sock.connect((THERE, port))
        return sock

    def packets(self):
        for sock in self.traffic:
            try:
                sock.send(bytes(self.maker.pick(1, 100, 1452, 4000)))
            except OSError:
                pass  # nobody listens there, or it is too long

    def read(self):
        """All that has been answered: it is there when send() returns."""
        self.table.sock.setblocking(False)
        try:
            while True:
                data = self.table.sock.recv(1 << 20)
                kind, = struct.unpack_from('=H', data, 4)
                error = struct.unpack_from('=i', data, 16)[0]
                if kind == genl.NLMSG_ERROR:
                    self.answers[error] = self.answers.get(error, 0) + 1
        except BlockingIOError:
            pass
        except OSError as error:
            assert error.errno == errno.ENOBUFS, error
        finally:
            self.table.sock.settimeout(60)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.table.seq += 1
            _, message = self.maker.message(self.table.family, self.table.seq)
            if self.maker.chance(2):
                self.table.seq += 1
                message += self.maker.message(self.table.family,
                                              self.table.seq)[1]
            self.table.sock.send(message)
            self.n_sent += 1
            self.read()
            if self.n_sent % 20 == 0:
                self.packets()


def consistent(table):
    """All flows that are listed are there, and no others."""
    def unchanged():
        """Those that are listed, unless one comes (of a packet that a rule has
        matched) or ends meanwhile."""
        before, flows = table.status(), table.dump()
        return (before, flows) if table.status() == before else None
    status, flows = net.wait_for(unchanged, what='list without a change')
    equal(len({flow['id'] for flow in flows}), len(flows), 'ids')
    equal(status['flows'], len(flows), 'flows')
    equal(status['rules'], len(table.rules()), 'rules')
    equal(status['hooked'], bool(flows or status['rules']), 'hooked')
    for flow in flows:
        name = {key: flow[key] for key in ('protocol', 'src', 'dst', 'sport',
                                           'dport')}
        equal(table.get(**name)['id'], flow['id'], 'by 5-tuple')
        equal(table.get(id=flow['id'])['dst'], flow['dst'], 'by id')
    return len(flows)


def nobody(family):
    """What an ordinary user is told: {command: errno}."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    table = Genl()
    equal(table.family, family, 'family')
    maker = Maker(1)
    for cmd in REQUESTS:
        for flags in NLM_F_ACK, NLM_F_DUMP:
            if flags == NLM_F_DUMP and cmd not in DUMPS:
                continue
            # It has only a dump, which some kernels (6.12) look at first.
            if flags == NLM_F_ACK and cmd == genl.RULE_GET:
                continue
            payload = maker.payload(cmd) if flags == NLM_F_ACK else b''
            if cmd in PUBLIC:
                table.request(cmd, payload, flags)
            else:
                refused(errno.EPERM,
                        lambda: table.request(cmd, payload, flags))
    for group in table.groups:
        try:
            table.join(group)
        except PermissionError:
            continue
        raise AssertionError(f'{group} joined')


def unprivileged(family):
    pid = os.fork()
    if not pid:
        status = 1
        try:
            nobody(family)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    equal(os.waitpid(pid, 0)[1], 0, 'status of the child, which has said why')


def main():
    net.sh('modprobe scitag')
    note(f'seed {SEED}')
    with net.pair(), net.inside('a'):
        table = Genl()
        sender = Sender(table, Maker(SEED))
        with case('requests that are made up are answered'):
            sender.run(SECONDS)
            names = {error: errno.errorcode[-error] if error else 'done'
                     for error in sender.answers}
            note(f'{sender.n_sent} messages: ' + ', '.join(
                f'{names[error]} {n}' for error, n in
                sorted(sender.answers.items(), reverse=True)))
            # Neither all are refused, nor none.
            assert sender.answers[0] > sender.n_sent / 20, sender.answers
            assert sender.answers[-errno.EINVAL] > 10, sender.answers
        with case('the table is what it says'):
            note(f'{consistent(table)} flows')
        with case('it does all it did before'):
            # First the rules: what waits to become a flow is of these.
            table.rule_set()
            table.flush()
            equal(consistent(table), 0, 'flows')
            table.add(protocol=17, src=HERE, dst=THERE, sport=5000, dport=5000,
                      experiment=3, activity=14, mark=genl.LABEL)
            before = table.stats()['marked']
            # Nobody listens there: every other send() only says so.
            for _ in range(20):
                sender.packets()
            assert table.stats()['marked'] > before, 'not marked'
            table.flush()
        with case('who may not change anything gets EPERM for each request'):
            unprivileged(table.family)
    done()


main()
