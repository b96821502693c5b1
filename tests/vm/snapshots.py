#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
"""When snapshots are taken and of what, and what they are numbered."""
import contextlib
import errno
import math
import os
import socket
import threading
import time

import net
from events import Events, Snapshots
from genl import (FLOW_ADD, FLOW_NEW_NTF, NLM_F_DUMP, ON_CWND, ON_END,
                  ON_INTERVAL, ON_RTO, ON_RTT, ON_STATE, RULE_SET,
                  SNAPSHOT_GET, Genl, Refused, flow, refused, rule)
from tap import case, done, equal, note
from tcpends import ADDRESSES, MARK, bulk, delay, drain, ends, fill
from tcpstruct import (CLOSE, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, SYN_SENT,
                       tcp_info)

UDP = socket.IPPROTO_UDP
SLOW = int(os.environ['SLOW'])
A, B = ADDRESSES[socket.AF_INET6]
OF_SOCKETS = {'state', 'tcp_info', 'cong', 'meminfo'}


def table_of(name):
    with net.inside(name):
        return Genl()


def key(protocol=UDP, sport=5000, dport=6000, src=A, dst=B):
    return {'protocol': protocol, 'src': src, 'dst': dst, 'sport': sport,
            'dport': dport}


def taken(snapshots, count):
    """The next ones that are taken at an interval."""
    def by_interval():
        return [s for s in snapshots.got if s['trigger'] & ON_INTERVAL]
    snapshots.forget()
    snapshots.until(lambda s: len(by_interval()) >= count)
    return by_interval()[:count]


def check_rate(got, interval):
    """As many as there should be: never more, and few are left out. A busy
    machine is late, and there is no second one in the interval of the first.
    When intervals begin, the one that was the least late says."""
    step = interval * 10**6
    in_one = min(len(got) - len({(s['age'] - least['age']) // step
                                 for s in got}) for least in got)
    gaps = sorted(after['age'] - before['age']
                  for before, after in zip(got, got[1:]))
    age = got[-1]['age'] - got[0]['age']
    note(f'every {interval} ms: {len(got)} in {age / 10**9:.2f} s, {in_one} '
         f'too many, median {gaps[len(gaps) // 2] / 10**6:.0f} ms')
    # The kernel may stop for long between choosing a flow and its clock.
    assert in_one <= len(got) / 10, 'more than one in an interval'
    assert gaps[len(gaps) // 2] <= 2 * step * SLOW, 'most are left out'
    clock = got[-1]['time'] - got[0]['time']
    assert abs(age - clock) < 2 * 10**8, f'{age} ns by one clock, {clock}'


def none(snapshots):
    """No flow is sampled any more; one may have been under way."""
    snapshots.forget()
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        snapshots.read(0.5)
    assert len(snapshots.got) <= 1, 'snapshots go on'


def intervals(snapshots):
    with case('an idle connection, sampled at an interval that is changed, '
              'taken away and given back'):
        with ends(snapshot_interval=200) as (client, _):
            packets = client.table.get(**client.flow)['packets']
            got = taken(snapshots, 15)
            check_rate(got, 200)
            assert abs(got[-1]['time'] - time.time_ns()) < 10**10, 'time'
            equal({(s['flow_id'], s['packets'], s['state'],
                    s['trigger'] & ~ON_INTERVAL) for s in got},
                  {(client.table.get(**client.flow)['id'], packets,
                    ESTABLISHED, 0)}, 'flow, packets, state, triggers')
            client.table.replace(**client.flow, **MARK, snapshot_interval=20)
            check_rate(taken(snapshots, 100), 20)
            client.table.replace(**client.flow, **MARK, snapshot_interval=0)
            none(snapshots)
            equal(client.table.get(**client.flow).get('snapshot_interval', 0),
                  0, 'interval that is told')
            client.table.replace(**client.flow, **MARK, snapshot_interval=100)
            check_rate(taken(snapshots, 10), 100)
            equal(client.table.get(**client.flow)['snapshot_interval'], 100,
                  'interval that is told')
            client.table.replace(**client.flow, **MARK)
            none(snapshots)


def infos(got):
    return [tcp_info(s['tcp_info']) for s in got]


def stalled(snapshots):
    with case('a connection whose receiver does not read'):
        with ends(snapshot_interval=100) as (client, _):
            fill(client)
            got = taken(snapshots, 20)
            limits = [i['rwnd_limited'] for i in infos(got)]
            equal(limits, sorted(limits), 'growing times')
            passed = (got[-1]['age'] - got[0]['age']) / 1000
            assert limits[-1] - limits[0] > passed / 2 / SLOW, (limits, passed)
    with case('a connection whose peer is gone'):
        with ends(socket.AF_INET, snapshot_interval=100) as (client, _):
            with delay('b', 'netem loss 100%'):
                client.sock.sendall(b'x' * 100)
                got = taken(snapshots, 20)
            equal({i['unacked'] for i in infos(got)[1:]}, {1}, 'unacked')
            silence = [i['last_ack_recv'] for i in infos(got)]
            equal(silence, sorted(silence), 'growing times')
            passed = (got[-1]['age'] - got[0]['age']) / 10**6
            assert silence[-1] - silence[0] > passed / 2, (silence, passed)


def datagrams(snapshots, table):
    for family, name in (socket.AF_INET6, 'IPv6'), (socket.AF_INET, 'IPv4'):
        with case(f'UDP, {name}: the counters of the flow'):
            addrs = ADDRESSES[family]
            with net.inside('a'):
                sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.bind((addrs[0], 5000))
            sock.connect((addrs[1], 6000))
            table.add(**key(src=addrs[0], dst=addrs[1]), **MARK,
                      snapshot_interval=100)
            snapshots.forget()
            for _ in range(3):
                with contextlib.suppress(ConnectionRefusedError):
                    sock.send(b'x' * 100)
            last = snapshots.until(lambda s: s['packets'] >= 2)
            net.wait_for(lambda: table.dump()[0]['packets'] >= 2,
                         what='packets')
            state = table.dump()[0]
            last = snapshots.until(lambda s: s['packets'] ==
                                   state['packets'])
            equal((last['bytes'], last['marked'], last['flow_id']),
                  (state['bytes'], state['marked'], state['id']),
                  'octets, marked, flow')
            equal(OF_SOCKETS & set(last), set(), 'attributes of a socket')
            equal(last['bytes'], state['packets'] *
                  (100 + 8 + (40 if family == socket.AF_INET6 else 20)),
                  'octets')
            sock.close()
            table.flush()


@contextlib.contextmanager
def silent_until(snapshots, condition):
    """Nothing comes from b until there is some snapshot; then what has been
    sent is sent again."""
    def speak():
        snapshots.until(condition)
        stack.close()
    with contextlib.ExitStack() as stack:
        stack.enter_context(delay('b', 'netem loss 100%'))
        thread = threading.Thread(target=speak)
        thread.start()
        try:
            yield
        finally:
            thread.join()


def from_syn_to_end(snapshots):
    """A connection with snapshots of all its states. Returns False if the
    machine stood still in connect(), between the change of the state and the
    moment from which on the socket can be found."""
    snapshots.forget()
    # Nobody answers until it has been seen that somebody asks.
    with silent_until(snapshots, lambda s: s['trigger'] & ON_STATE), \
            ends(snapshot_on=ON_STATE, end_on_close=1) as (client, server):
        if 'state' not in snapshots.got[0]:
            return False
        snapshots.until(lambda s: s.get('state') == ESTABLISHED)
        with silent_until(snapshots, lambda s: s.get('state') == FIN_WAIT1):
            client.sock.close()
        snapshots.until(lambda s: s['trigger'] & ON_END)
        server.sock.close()
    return True


def states(snapshots):
    with case('on changes of the state, from the SYN to the end'):
        net.wait_for(lambda: from_syn_to_end(snapshots),
                     what='connection that is asked for at once')
        equal({s['trigger'] & ~ON_END for s in snapshots.got} - {0},
              {ON_STATE}, 'triggers')
        seen = [s['state'] for s in snapshots.got if 'state' in s]
        equal([s for n, s in enumerate(seen) if s not in seen[:n] and
               s != FIN_WAIT2],
              [SYN_SENT, ESTABLISHED, FIN_WAIT1, CLOSE], 'states')
        equal([tcp_info(s['tcp_info'])['state'] for s in snapshots.got
               if 'state' in s], seen, 'states of tcp_info')


def timeouts(snapshots):
    with case('on retransmission timeouts'):
        with ends(snapshot_on=ON_RTO) as (client, server):
            bulk(client, server, 20000)
            with delay('a', 'netem loss 100%'):
                snapshots.forget()
                client.sock.sendall(b'x' * 3000)
                first = snapshots.on(ON_RTO)
                snapshots.until(lambda s: s['seq'] > first['seq'] and
                                s['trigger'] & ON_RTO)
            for info in infos(snapshots.got[:2]):
                assert info['lost'] and info['total_retrans'], info
            equal({s['trigger'] for s in snapshots.got}, {ON_RTO}, 'triggers')
            drain(server.sock, 3000)


def changes(snapshots):
    with case('on changes of the round-trip time'):
        with ends(snapshot_on=ON_RTT) as (client, server):
            def short():
                bulk(client, server, 20000)
                rtt = client.info()['rtt']
                return rtt if rtt < 40000 else None
            # What was told last may be nearly twice that, and twice what was
            # told last has to be within reach.
            before = net.wait_for(short, what='round-trip time below 40 ms')
            snapshots.forget()

            def told():
                bulk(client, server, 100)
                snapshots.read(0.1)
                return [info['rtt'] for info in infos(snapshots.got)
                        if info['rtt'] >= 2 * before]
            with delay('b'):
                rtt = net.wait_for(told, what='snapshot of twice that')[0]
            note(f'{before} us, {rtt} us when told')
            equal({s['trigger'] for s in snapshots.got}, {ON_RTT}, 'triggers')
    for factor in (110, None, 300, 10000):
        options = {'snapshot_factor': factor} if factor else {}
        with case(f'on changes of the window by {factor or "the usual"}'):
            snapshots.forget()
            # Others than Reno end their slow start when a packet is late.
            with delay('b', 'netem delay 20ms'), \
                    ends(cong='reno', snapshot_on=ON_CWND, **options) as (
                        client, server):
                bulk(client, server, 250000)
                if factor != 10000:
                    snapshots.on(ON_CWND)
                while snapshots.read(0.2):
                    pass
                windows = [i['snd_cwnd'] for i in infos(snapshots.got)]
                note(f'congestion windows: {windows}')
                if factor == 10000:
                    equal(windows, [], 'windows')
                    continue
                # It was 10 at the first packet, and grows; or it shrinks, as
                # when a busy machine is late with an ACK. What is told may be
                # more than what counts for the next, and is then missing there.
                ratios = [max(pair) / min(pair)
                          for pair in zip([10] + windows, windows)]
                assert math.prod(ratios) >= \
                    ((factor or 200) / 100) ** len(windows), windows


def wrong_values(table):
    bad = {'snapshot_interval': (1, 5, 9, 86400001),
           'snapshot_on': (ON_INTERVAL, ON_END, 64, 1 << 31),
           'snapshot_factor': (0, 50, 109, 10001)}
    for name, values in bad.items():
        with case(f'{name}: {values} are refused, and it is said why'):
            for value in values:
                for request in (
                        lambda: table.add(**key(), **MARK, **{name: value}),
                        lambda: table.rule_set(
                            {'flow': {**MARK, name: value}})):
                    try:
                        request()
                        raise AssertionError(f'{value} was taken')
                    except Refused as refusal:
                        assert refusal.errno in (errno.EINVAL, errno.ERANGE), \
                            refusal
                        assert len(refusal.text) > 10, refusal
            equal((table.dump(), table.rules()), ([], []), 'table')
    with case('the ends of what may be are taken'):
        for interval, factor in ((10, 110), (86400000, 10000)):
            given = {'snapshot_interval': interval, 'snapshot_factor': factor,
                     'snapshot_on': ON_STATE | ON_RTO | ON_RTT | ON_CWND}
            table.add(**key(), **MARK, **given)
            told = table.dump()[0]
            equal({name: told[name] for name in given}, given, 'flow')
            table.flush()


def batches(snapshots, table):
    count = 300 // SLOW
    with case(f'{count} flows: numbers without a gap, many in a message'):
        table.request(FLOW_ADD, b''.join(flow(**key(sport=1000 + n), **MARK,
                                       snapshot_interval=100 * SLOW)
                                  for n in range(count)))
        snapshots.forget()
        lost = snapshots.lost
        ids = {f['id'] for f in table.dump()}
        seen = set()

        def enough(snapshot):
            seen.add(snapshot['flow_id'])
            return seen >= ids and len(snapshots.got) > 5 * count
        snapshots.until(enough, what='snapshots of all')
        note(f'{len(snapshots.got)} snapshots in {len(snapshots.messages)} '
             f'messages, at most {max(snapshots.messages)}')
        assert max(snapshots.messages) > 1, 'one in each'
        equal((snapshots.lost, snapshots.overruns), (lost, 0), 'lost')
        numbers = [s['seq'] for s in snapshots.got]
        equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))),
              'numbers')
    with case(f'a dump of {count} flows and a connection'):
        with ends() as (client, _):
            # The connection's table is the same: it is the namespace's.
            dump = table.snapshots()
            equal(sorted(f['id'] for f, _ in dump),
                  sorted(f['id'] for f in table.dump()), 'flows')
            equal([s['flow_id'] for _, s in dump], [f['id'] for f, _ in dump],
                  'flows of snapshots')
            equal({s['trigger'] for _, s in dump}, {0}, 'triggers')
            with_socket = [f['sport'] for f, s in dump if 'tcp_info' in s]
            equal(with_socket, [client.ports[0]], 'ports of those with TCP')
    table.flush()
    with case('a dump of nothing; a flow that is not there'):
        equal(table.snapshots(), [], 'snapshots')
        refused(errno.ENOENT, lambda: table.snapshot(id=4711))
        refused(errno.ENOENT, lambda: table.snapshot(**key()))


def rules(snapshots, table):
    with case('flows of rules are sampled as their rule says'):
        events = Events('a')
        what = {'snapshot_interval': 100, 'snapshot_on': ON_RTO,
                'snapshot_factor': 300}
        table.request(RULE_SET, rule(dport_min=6100,
                                     flow={**MARK, **what}))
        equal({name: table.rules()[0]['flow'][name] for name in what}, what,
              'rule')
        listener = net.tcp_listener('b', B, 6100)
        client = net.tcp_socket('a', A, 5100)
        client.connect((B, 6100))
        (cmd, new, _), = events.wait(1)
        equal(cmd, FLOW_NEW_NTF, 'event')
        equal({name: new[name] for name in what}, what, 'flow')
        snapshots.forget()
        snapshots.until(lambda s: s['flow_id'] == new['id'] and
                        s.get('state') == ESTABLISHED)
        table.request(RULE_SET)
        table.flush()
        for each in client, listener:
            each.close()


def unprivileged():
    os.setresuid(65534, 65534, 65534)
    table = Genl()
    refused(errno.EPERM, lambda: table.request(SNAPSHOT_GET, flow(**key())))
    refused(errno.EPERM, lambda: table.request(SNAPSHOT_GET,
                                               flags=NLM_F_DUMP))
    try:
        table.join('snapshots')
    except PermissionError:
        return
    raise AssertionError('joined the group of snapshots')


def permissions():
    with case('a user without CAP_NET_ADMIN gets EPERM'):
        child = os.fork()
        if not child:
            try:
                with net.inside('a'):
                    unprivileged()
                    os._exit(0)  # there is no way back
            except BaseException as error:
                note(repr(error))
            finally:
                os._exit(1)
        equal(os.waitpid(child, 0)[1], 0, 'status of the child')


def nobody(table):
    with case('while nobody listens, none is taken'):
        table.add(**key(), **MARK, snapshot_interval=10)
        first = Snapshots('a')
        first.on(ON_INTERVAL)
        first.forget()
        last = first.until(lambda s: True)['seq']
        begin = time.monotonic()
        while first.read(0):
            last = first.got[-1]['seq']
        first.genl.sock.close()
        # Those that were taken until then, and some that were under way.
        most = last + (time.monotonic() - begin) * 100 + 30
        end = time.monotonic() + 3
        net.wait_for(lambda: time.monotonic() > end, what='end of the wait')
        second = Snapshots('a')
        begin, moments = time.time(), [time.monotonic()]

        def came():
            second.read(0.05)
            moments.append(time.monotonic())
            return second.got
        snapshot = net.wait_for(came, what='snapshot')[0]
        # But for what this itself stood still.
        stood = sum(max(b - a - 0.2, 0) for a, b in zip(moments, moments[1:]))
        number = snapshot['seq']
        took = snapshot['time'] / 10**9 - begin - stood
        note(f'{last}, and 3 s later {number}; it took {took:.2f} s')
        # 300 would have been due.
        assert last < number <= most, (number, most)
        assert took < 2 * SLOW, 'it took long'
        second.genl.sock.close()
        table.flush()


def status_events():
    with case("the table's state: rules, hooks, a table that is full"):
        net.module_unload()
        net.sh('modprobe scitag max_flows=8')
        events, table = Events('a'), table_of('a')

        def told(condition, what):
            events.genl.sock.settimeout(1)

            def look():
                with contextlib.suppress(socket.timeout):
                    events.genl.events()
                return any(map(condition, events.genl.states))
            net.wait_for(look, what=what)
            events.genl.states.clear()

        table.rule_set({'flow': MARK})
        told(lambda s: s['rules'] == 1, 'event of rules')
        table.rule_set()
        told(lambda s: s['rules'] == 0 and not s['hooked'],
             'event of rules and hooks that are gone')
        table.add(**key(), **MARK)
        told(lambda s: s['hooked'], 'event of hooks')
        for number in range(7):
            table.add(**key(sport=1000 + number), **MARK)
        told(lambda s: s['flows'] == s['max_flows'] == 8,
             'event of a full table')
        refused(errno.ENOSPC, lambda: table.add(**key(sport=999), **MARK))
        table.flush()
        told(lambda s: not s['hooked'] and not s['flows'],
             'event of hooks that are gone')
        numbers = events.genl.numbers
        equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))),
              'numbers of all events')


def main():
    net.module_load()
    with net.pair():
        table, snapshots = table_of('a'), Snapshots('a')
        intervals(snapshots)
        stalled(snapshots)
        datagrams(snapshots, table)
        states(snapshots)
        timeouts(snapshots)
        changes(snapshots)
        wrong_values(table)
        batches(snapshots, table)
        rules(snapshots, table)
        permissions()
        snapshots.genl.sock.close()
        nobody(table)
        status_events()
    net.module_unload()
    done()


main()
