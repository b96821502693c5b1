#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 480
"""The table of flows, through netlink: what it takes and what it refuses."""
import errno
import os
import sys
import threading
import time

import genl
import net
from genl import (A_FLOW, DO, FLOW_ADD, FLOW_DEL, FLOW_END_NTF, FLOW_FLUSH,
                  FLOW_GET, FLOW_NEW_NTF, FLOW_REPLACE, FLOW_UPDATE_NTF, HBH,
                  LABEL, NLA_F_NESTED, NLM_F_DUMP, STATS_GET, STATUS_GET,
                  Genl, attr, field, flow, refused)
from tap import case, done, equal, note

TCP, UDP = 6, 17
TUPLE = {'protocol': TCP, 'src': '2001:db8:a::1', 'dst': '2001:db8:a::2',
         'sport': 1094, 'dport': 40000}
TAG = {'experiment': 3, 'activity': 14, 'mark': LABEL}
FLOW = {**TUPLE, **TAG}


def numbered(number, **more):
    """The numbered flow of many."""
    return {**FLOW, 'sport': 1024 + number % 60000,
            'dport': 1024 + number // 60000, **more}


def basics(table):
    with case('an empty table has no hook and no flows'):
        equal(table.dump(), [], 'dump')
        status = table.status()
        equal((status['flows'], status['hooked']), (0, False), 'status')
        with open('VERSION', encoding='ascii') as version:
            equal(status['version'], version.read().strip(), 'version')

    with case('a flow is added, and read back by 5-tuple, id and dump'):
        table.add(**FLOW)
        got = table.get(**TUPLE)
        for name, value in FLOW.items():
            equal(got[name], value, name)
        equal(got['label'] & 0x3fefc, 0x30038, 'label of 3.14 (published)')
        equal((got['packets'], got['bytes'], got['marked']), (0, 0, 0),
              'counters')
        equal(table.get(id=got['id']), got, 'by id')
        equal(table.dump(), [got], 'dump')
        equal(table.status()['hooked'], True, 'hooked')

    with case('adding it once more is refused and changes nothing'):
        before = table.dump()
        text = refused(errno.EEXIST,
                       lambda: table.add(**{**FLOW, 'experiment': 4}))
        assert 'exists already' in text, text
        equal(table.dump(), before, 'dump')

    with case('replace keeps id, entropy and counters'):
        before = table.get(**TUPLE)
        table.replace(**{**FLOW, 'experiment': 2, 'activity': 9,
                         'mark': LABEL | HBH})
        after = table.get(**TUPLE)
        equal(after['id'], before['id'], 'id')
        equal(after['label'] & 0x3fefc, 0x10024, 'label of 2.9 (published)')
        equal(after['label'] & 0xc0103, before['label'] & 0xc0103, 'entropy')
        equal(after['mark'], LABEL | HBH, 'mark')

    with case('replace adds what is not there'):
        table.replace(**{**FLOW, 'sport': 1095})
        equal(len(table.dump()), 2, 'flows')

    with case('delete by 5-tuple and by id; the hook goes with the last'):
        table.delete(**TUPLE)
        equal(len(table.dump()), 1, 'flows')
        table.delete(id=table.dump()[0]['id'])
        equal(table.dump(), [], 'dump')
        equal(table.status()['hooked'], False, 'hooked')
        refused(errno.ENOENT, lambda: table.delete(**TUPLE))
        refused(errno.ENOENT, lambda: table.get(id=4711))

    with case('flush empties the table'):
        for port in range(10):
            table.add(**{**FLOW, 'sport': 5000 + port})
        table.flush()
        equal(table.dump(), [], 'dump')


def defaults(table):
    with case('layout and option type default as the spec says'):
        for proto, mark, more, layout, kind in (
                (TCP, HBH, {}, genl.IDS, 0x1e),
                (TCP, DO, {}, genl.SAFE, 0x1e),
                (TCP, HBH | DO, {}, genl.SAFE, 0x1e),
                (UDP, DO, {}, genl.IDS, 0x1e),
                (TCP, DO, {'layout': genl.LABEL4}, genl.LABEL4, 0x1f),
                (TCP, DO, {'layout': genl.LAYOUT_LABEL}, genl.LAYOUT_LABEL,
                 0x1e),
                (TCP, HBH, {'option_type': 0x1d}, genl.IDS, 0x1d)):
            spec = {**FLOW, 'protocol': proto, 'mark': mark, **more}
            table.add(**spec)
            got, = table.dump()
            equal((got['layout'], got['option_type']), (layout, kind), spec)
            table.flush()

    with case('ids beyond a label go with layout ids, and only there'):
        table.add(**{**FLOW, 'experiment': 65535, 'activity': 255,
                     'mark': HBH | DO})
        got, = table.dump()
        equal((got['experiment'], got['activity']), (65535, 255), 'ids')
        assert 'label' not in got
        table.flush()
        for more in ({'mark': LABEL}, {'mark': LABEL | HBH},
                     {'mark': HBH, 'layout': genl.LAYOUT_LABEL},
                     {'mark': DO, 'layout': genl.LABEL4}):
            for ids, word in (({'experiment': 512}, '511'),
                              ({'activity': 64}, '63')):
                text = refused(errno.ERANGE,
                               lambda: table.add(**{**FLOW, **more, **ids}))
                assert word in text, text
        equal(table.dump(), [], 'dump')

    with case('an IPv4 flow is entered, not marked, and that is said'):
        table.add(**{**FLOW, 'src': '192.0.2.1', 'dst': '192.0.2.2'})
        assert 'IPv4' in table.warning, table.warning
        got, = table.dump()
        equal((got['src'], got['dst'], got['mark']),
              ('192.0.2.1', '192.0.2.2', 0), 'flow')
        equal(table.status()['hooked'], True, 'hooked')
        table.flush()
        equal(table.status()['hooked'], False, 'hooked')


# What is wrong, the fields, and a word that the refusal must hold.
BAD_VALUES = (
    ('protocol', {'protocol': 1}, 'TCP'),
    ('unspecified source', {'src': '::'}, 'unicast'),
    ('multicast source', {'src': 'ff02::1'}, 'unicast'),
    ('unspecified destination', {'dst': '::'}, 'unspecified'),
    ('multicast destination of TCP', {'dst': 'ff02::1'}, 'unicast'),
    ('mapped source', {'src': '::ffff:192.0.2.1'}, 'IPv4-mapped'),
    ('mapped destination', {'dst': '::ffff:192.0.2.1'}, 'IPv4-mapped'),
    ('mixed families', {'dst': '192.0.2.1'}, 'IPv4'),
    ('source port 0', {'sport': 0}, 'Source port'),
    ('destination port 0', {'dport': 0}, 'Destination port'),
    ('no mark', {'mark': 0}, 'Mark'),
    ('unknown mark', {'mark': 8}, 'Mark'),
    ('mark with an unknown bit', {'mark': LABEL | 1 << 31}, 'Mark'),
    ('unknown layout', {'layout': 4}, 'Layout'),
    ('option type Pad1', {'option_type': 0}, 'Option type'),
    ('option type router alert', {'option_type': 5}, 'Option type'),
    ('option type that must be understood', {'option_type': 0x5e},
     'Option type'),
)
REQUIRED = ('protocol', 'src', 'dst', 'sport', 'dport', 'experiment',
            'activity', 'mark')
READ_ONLY = ('label', 'packets', 'bytes', 'marked')


def malformed(table):
    def nest(payload, flags=NLA_F_NESTED):
        return attr(A_FLOW | flags, payload)

    def refuse(what, payload, cmd=FLOW_ADD, err=errno.EINVAL, word=''):
        with case(f'refused with a text: {what}'):
            text = refused(err, lambda: table.request(cmd, payload))
            assert text and word in text, f'text is {text!r}'
            equal(table.dump(), [], 'dump')

    full = {name: field(name, value) for name, value in FLOW.items()}
    for what, fields, word in BAD_VALUES:
        refuse(what, flow(**{**FLOW, **fields}), word=word)
    for name in REQUIRED:
        rest = b''.join(v for k, v in full.items() if k != name)
        refuse(f'{name} missing', nest(rest))
    for name, good in full.items():
        others = b''.join(v for k, v in full.items() if k != name)
        kind = genl.FLOW_FIELDS[name][0]
        length = int.from_bytes(good[:2], sys.byteorder) - 4
        payload = good[4:4 + length]
        refuse(f'{name} empty', nest(others + attr(kind, b'')))
        refuse(f'{name} too short', nest(others + attr(kind, payload[:-1])))
        refuse(f'{name} too long', nest(others + attr(kind, payload + b'x')))
    for name in READ_ONLY:
        refuse(f'{name} given', nest(b''.join(full.values())
                                     + field(name, 1)), word='replies')
    refuse('id given', flow(**FLOW, id=1), word='id')
    refuse('unknown attribute of a flow',
           nest(b''.join(full.values()) + attr(99, b'1234')))
    refuse('unknown attribute of the request',
           flow(**FLOW) + attr(99, b'1234'))
    refuse('no flow', b'', word='without a flow')
    refuse('empty flow', nest(b''))
    refuse('flow without the nesting flag',
           nest(b''.join(full.values()), flags=0))
    refuse('octets left over', flow(**FLOW) + b'\1\0')
    refuse('delete without a name', nest(b''), cmd=FLOW_DEL)
    refuse('delete with a tag', flow(**FLOW), cmd=FLOW_DEL, word='alone')
    refuse('delete by id and 5-tuple', flow(id=1, **TUPLE), cmd=FLOW_DEL,
           word='both')
    refuse('get of two', flow(id=1) + flow(id=2), cmd=FLOW_GET, word='one')
    refuse('flush with an attribute', flow(**FLOW), cmd=FLOW_FLUSH)
    refuse('stats with an attribute', flow(**FLOW), cmd=STATS_GET)
    refuse('status with an attribute', flow(**FLOW), cmd=STATUS_GET)
    with case('refused: dump with attributes'):
        text = refused(errno.EINVAL, lambda: table.request(
            FLOW_GET, flow(id=1), flags=NLM_F_DUMP))
        # Older kernels have no place for a text where a dump is begun.
        if os.environ['KERNEL_NAME'] not in ('5.10', '6.1', 'debug'):
            assert 'no attributes' in text, text
    with case('an unknown command is refused'):
        refused(errno.EOPNOTSUPP, lambda: table.request(77))


def batches(table):
    count = 10000
    with case(f'a batch of {count} in one message'):
        before = time.monotonic()
        table.request(FLOW_ADD, b''.join(flow(**numbered(n))
                                         for n in range(count)))
        note(f'{count} flows in {time.monotonic() - before:.2f} s')
        got = table.dump()
        equal(len(got), count, 'flows')
        equal({f['sport'] for f in got},
              {numbered(n)['sport'] for n in range(count)}, 'ports')
        equal(len({f['id'] for f in got}), count, 'ids')

    with case('one bad flow in a batch: none is added, and it is named'):
        good = flow(**numbered(20000))
        for bad, err in ((flow(**numbered(77)), errno.EEXIST),
                         (flow(**{**numbered(20001), 'mark': 0}),
                          errno.EINVAL),
                         (good, errno.EEXIST)):
            try:
                table.request(FLOW_ADD, good + good.replace(
                    field('dport', 1024), field('dport', 9)) + bad)
                raise AssertionError('not refused')
            except genl.Refused as refusal:
                equal(refusal.errno, err, 'errno')
                # Header of the message and two flows before the bad one.
                first, last = 20 + 2 * len(good), 20 + 3 * len(good)
                assert first <= refusal.offset < last, refusal.offset
            equal(table.status()['flows'], count, 'flows')

    with case('replace of a mixed batch: new ones and known ones'):
        table.request(FLOW_REPLACE, b''.join(
            flow(**numbered(n, experiment=2)) for n in range(9990, 10010)))
        equal(table.status()['flows'], count + 10, 'flows')
        equal(sum(f['experiment'] == 2 for f in table.dump()), 20, 'retagged')

    with case('delete of many in one message: all or none'):
        def name(number):
            return flow(**{k: v for k, v in numbered(number).items()
                           if k in TUPLE})
        refused(errno.ENOENT, lambda: table.request(
            FLOW_DEL, name(0) + name(1) + name(50000)))
        equal(table.status()['flows'], count + 10, 'flows')
        table.request(FLOW_DEL, b''.join(name(n) for n in range(5000)))
        equal(table.status()['flows'], count + 10 - 5000, 'flows')


def dump_while_changing(table):
    with case('a dump while flows come and go holds all that stay'):
        stay = {f['id'] for f in table.dump()}
        stop = threading.Event()

        def churn():
            other = Genl()
            number = 30000
            while not stop.is_set():
                other.add(**numbered(number))
                other.delete(**{k: v for k, v in numbered(number).items()
                                if k in TUPLE})
                number = 30000 + (number + 1) % 10000

        thread = threading.Thread(target=churn)
        thread.start()
        dumps = interrupted = 0
        try:
            # Each takes a busy machine half a minute.
            while dumps < 2 or not interrupted and dumps < 20:
                dumps += 1
                ids = [f['id'] for f in table.dump()]
                interrupted += table.interrupted
                equal(len(ids), len(set(ids)), 'ids without doubles')
                assert stay <= set(ids), f'{len(stay - set(ids))} are missing'
        finally:
            stop.set()
            thread.join()
        note(f'{interrupted} of {dumps} dumps were told of changes')
        assert interrupted, 'no dump was told of changes'
    table.flush()


def parameter(value):
    with open('/sys/module/scitag/parameters/max_flows', 'w',
              encoding='ascii') as file:
        file.write(str(value))


def bounds(table):
    with case('the table is bounded: ENOSPC says what to do'):
        parameter(100)
        try:
            for number in range(100):
                table.add(**numbered(number))
            text = refused(errno.ENOSPC, lambda: table.add(**numbered(100)))
            assert 'max_flows' in text, text
            refused(errno.EEXIST, lambda: table.add(**numbered(99)))
            table.replace(**numbered(99, experiment=4))
            equal(table.status()['flows'], 100, 'flows')
            table.flush()
            refused(errno.ENOSPC, lambda: table.request(
                FLOW_ADD, b''.join(flow(**numbered(n)) for n in range(101))))
            equal(table.dump(), [], 'dump')
        finally:
            parameter(100000)

    with case('max_flows out of range is refused'):
        for value in (0, 10000001, -1, 'many'):
            try:
                parameter(value)
            except OSError:
                continue
            raise AssertionError(f'{value} was taken')
        equal(table.status()['max_flows'], 100000, 'max_flows')


CHANGES = ((FLOW_ADD, flow(**FLOW)), (FLOW_REPLACE, flow(**FLOW)),
           (FLOW_DEL, flow(**TUPLE)), (FLOW_FLUSH, b''))


def unprivileged():
    """In a child: what a user without rights gets. Prints what is wrong."""
    os.setgid(65534)
    os.setuid(65534)
    table = Genl()
    for cmd, payload in CHANGES:
        refused(errno.EPERM, lambda: table.request(cmd, payload))
    refused(errno.EPERM, lambda: table.request(FLOW_GET, flags=NLM_F_DUMP))
    try:
        table.join()
        raise AssertionError('joined the group of events')
    except PermissionError:
        pass
    assert table.status()['version']
    assert 'marked' in table.stats()


def permissions(table):
    with case('a user without CAP_NET_ADMIN gets EPERM and changes nothing'):
        table.add(**FLOW)
        before = table.dump()
        child = os.fork()
        if not child:
            try:
                unprivileged()
                os._exit(0)
            except BaseException as error:
                note(repr(error))
                os._exit(1)
        equal(os.waitpid(child, 0)[1], 0, 'status of the child')
        equal(table.dump(), before, 'dump')
        table.flush()

    with case('root of a user namespace manages its own namespace, not ours'):
        table.add(**FLOW)
        net.sh(f'unshare --user --map-root-user --net {__file__} own')
        net.sh(f'unshare --user --map-root-user {__file__} ours')
        equal(len(table.dump()), 1, 'flows')
        table.flush()


def in_user_namespace(whose):
    """Run by the test above with root's rights in a user namespace alone."""
    table = Genl()
    if whose == 'own':
        table.add(**FLOW)
        equal(len(table.dump()), 1, 'flows')
        return
    for cmd, payload in CHANGES:
        refused(errno.EPERM, lambda: table.request(cmd, payload))


def events(table):
    with case('events: new, update, end with a reason, numbered'):
        listener = Genl()
        listener.join()
        table.add(**FLOW)
        table.replace(**{**FLOW, 'experiment': 2})
        table.delete(**TUPLE)
        table.add(**FLOW)
        table.flush()
        got = []
        while len(got) < 5:
            got += listener.events()
        equal([(e[0], e[3]) for e in got],
              [(FLOW_NEW_NTF, None), (FLOW_UPDATE_NTF, None),
               (FLOW_END_NTF, 1), (FLOW_NEW_NTF, None), (FLOW_END_NTF, 2)],
              'events')
        numbers = listener.numbers
        equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))),
              'numbers')
        equal([e[2]['experiment'] for e in got], [3, 2, 2, 3, 3],
              'experiments')
        assert got[0][2]['id'] == got[2][2]['id'] != got[3][2]['id']


def main():
    net.module_load()
    table = Genl()
    basics(table)
    defaults(table)
    malformed(table)
    batches(table)
    dump_while_changing(table)
    bounds(table)
    permissions(table)
    events(table)
    net.module_unload()
    done()


if sys.argv[1:]:
    in_user_namespace(sys.argv[1])
else:
    main()
