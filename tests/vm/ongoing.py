#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 480
# kernels: !debug
"""Ongoing fireflies, and what those at the end say of octets: transfers of a
known size, watched by scitagd through the module's snapshots. The namespaces
are those of scitagd.py."""
import contextlib
import datetime
import json
import os
import pathlib
import signal
import socket
import tempfile
import time

import jsonschema

import net
from genl import FLOW_ADD, FLOW_DEL, Genl, flow
from scitagd import A, B, SLOW, Setup, close, firefly, flow_list, transfer
from tap import case, done, equal, note

SCHEMA = json.loads(pathlib.Path('tests/data/firefly.schema.json').read_text())
STATES = {'start', 'ongoing', 'end'}


def at(f):
    """When it was sent, in seconds."""
    return datetime.datetime.strptime(
        f['flow-lifecycle']['current-time'][:26],
        '%Y-%m-%dT%H:%M:%S.%f').timestamp()


def ports(f):
    return f['flow-id']['src-port'], f['flow-id']['dst-port']


class Collector:
    """The fireflies that come, in their order; each is a valid one."""

    def __init__(self, s):
        self.s = s

    def next(self):
        datagram = self.s.collector.recv(2000)
        if len(datagram) > 1232:
            raise AssertionError(f'{len(datagram)} octets')
        f = firefly(datagram)
        body = {k: f[k] for k in f.keys() - {'header', 'state'}}
        jsonschema.validate(body, SCHEMA)
        return f

    def skip_to(self, state, port=None):
        """The next of a state, of the flow with a port; the ongoing ones of
        others may come before."""
        while True:
            f = self.next()
            mine = port is None or port in ports(f)
            if mine and f['state'] == state:
                return f
            if f['state'] != 'ongoing':
                raise AssertionError(f'{f}, expected {state}')

    def none(self):
        """Nothing comes of what was said so far, while no flow is open."""
        say(self.s, 'start', '::1 9 ::1 9999')
        f = self.next()
        equal((f['state'], f['flow-id']['src-port']), ('start', 9), 'firefly')
        say(self.s, 'end', '::1 9 ::1 9999')
        self.skip_to('end', 9)


def say(s, state, ends, ids='3 14', protocol='tcp'):
    s.say(f'{state} {protocol} {ends} {ids}')


def ends_of(port, reverse=False):
    return f'{B} 6000 {A} {port}' if reverse else f'{A} {port} {B} 6000'


def usage(f, local_is_src=True):
    """Octets out of a and into it."""
    u = f['usage']
    out, into = u['sent'], u['received']
    return (out, into) if local_is_src else (into, out)


def transfers(s, fireflies, port, reverse):
    """A flow of some seconds, announced from one of its sides."""
    which = 'src=remote' if reverse else 'src=local'
    out = into = 0
    with case(f'{which}: every ongoing firefly has the octets up to then'):
        say(s, 'start', ends_of(port, reverse))
        fireflies.skip_to('start', port)
        near, far = s.connect(port)
        times = []
        for size in 300000, 20000, 500000:
            transfer(near, far, size)
            out += size
            transfer(far, near, size // 2)
            into += size // 2
            # One may have been on its way.
            f = fireflies.skip_to('ongoing', port)
            while usage(f, not reverse) != (out, into):
                note(f'{usage(f, not reverse)} of {(out, into)}')
                f = fireflies.skip_to('ongoing', port)
                if len(times) > 20:
                    raise AssertionError(f'{f}, expected {out}, {into}')
                times.append(at(f))
            times.append(at(f))
            equal(f['netlink']['tcpInfo']['bytesSent'] >= out, True, 'sent')
    with case(f'{which}: end with the connection open: exactly its octets'):
        say(s, 'end', ends_of(port, reverse))
        end = fireflies.skip_to('end', port)
        equal(usage(end, not reverse), (out, into), 'usage')
        equal(end['flow-id']['src-ip'], B if reverse else A, 'src')
    near.close()
    far.close()


def intervals():
    """What the kernel is asked for, in ms, by source port."""
    with net.inside('a'):
        table = Genl()
    return {f['sport']: f['snapshot_interval'] for f in table.dump()}


def each_second(fireflies, begun, *wanted):
    """Four of each flow, by their ports. begun is before their start: a busy
    machine may be late with one or the other, but is never early."""
    got = {port: [] for port in wanted}
    while min(map(len, got.values())) < 4:
        f = fireflies.next()
        equal(f['state'], 'ongoing', 'state')
        got[ports(f)[0]].append(f)
    took = time.monotonic() - begun
    for port, list_ in got.items():
        times = [at(f) for f in list_]
        note(f'{port}: {[round(b - a, 3) for a, b in zip(times, times[1:])]}')
        equal(len(list_) - 1 <= took, True, f'{len(list_)} in {took} s')
    return got


def period(s, fireflies):
    with case('one in each second, idle as it is, and of UDP, too'):
        near, far = s.connect(5100)
        begun = time.monotonic()
        say(s, 'start', ends_of(5100))
        fireflies.skip_to('start', 5100)
        say(s, 'start', f'{A} 5101 {B} 5101', protocol='udp')
        fireflies.skip_to('start', 5101)
        with net.inside('a'), \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
            udp.bind((A, 5101))
            for _ in range(7):
                udp.sendto(b'x' * 1000, (B, 5101))
        got = each_second(fireflies, begun, 5100, 5101)
        equal(intervals(), {5100: 1000, 5101: 1000}, 'intervals')
        equal(got[5101][-1]['usage'], {'sent': 7000, 'received': 0}, 'UDP')
        equal('netlink' in got[5101][-1], False, 'netlink of UDP')
        equal(usage(got[5100][-1]), (0, 0), 'an idle connection')
        for port, protocol, ends in ((5100, 'tcp', ends_of(5100)),
                                     (5101, 'udp', f'{A} 5101 {B} 5101')):
            say(s, 'end', ends, protocol=protocol)
            fireflies.skip_to('end', port)
        near.close()
        far.close()


def gone(port):
    with net.inside('a'):
        return not net.sh(f"ss -Htan 'sport = :{port}'").strip()


def closed(s, fireflies, port, reverse):
    which = 'src=remote' if reverse else 'src=local'
    with case(f'{which}: end after the connection closed: the final counts'):
        say(s, 'start', ends_of(port, reverse))
        fireflies.skip_to('start', port)
        near, far = s.connect(port)
        transfer(near, far, 123456)
        transfer(far, near, 65432)
        close(near, far)
        net.wait_for(lambda: gone(port), 20 * SLOW, 'end of the socket')
        say(s, 'end', ends_of(port, reverse))
        end = fireflies.skip_to('end', port)
        out, into = usage(end, not reverse)
        equal(out, 123456, 'out')
        note(f'in: {into}')
        equal(into, 65432, 'in')
        equal('tcpInfo' in end['netlink'], True, 'tcpInfo')


def at_once(s, fireflies):
    with case('end announced in the moment of the close: all of them exact'):
        for port in range(5210, 5230):
            say(s, 'start', ends_of(port))
            fireflies.skip_to('start', port)
            near, far = s.connect(port)
            transfer(near, far, 100 * port)
            far.close()
            near.close()
            say(s, 'end', ends_of(port))
            end = fireflies.skip_to('end', port)
            equal(usage(end)[0], 100 * port, 'out')
            equal('tcpInfo' in end['netlink'], True, 'tcpInfo')


def accepted(s, fireflies):
    with case('a connection that this host accepted: the final counts'):
        say(s, 'start', f'{A} 5250 {B} 5251')
        fireflies.skip_to('start', 5250)
        with net.inside('a'):
            listener = socket.create_server((A, 5250),
                                            family=socket.AF_INET6)
        with net.inside('b'):
            far = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            far.bind((B, 5251))
            far.connect((A, 5250))
        near = listener.accept()[0]
        near.settimeout(20 * SLOW)
        transfer(near, far, 77777)
        near.shutdown(socket.SHUT_WR)
        equal(far.recv(1), b'', 'at the end')
        far.close()
        equal(near.recv(1), b'', 'at the end')
        near.close()
        listener.close()
        say(s, 'end', f'{A} 5250 {B} 5251')
        equal(usage(fireflies.skip_to('end', 5250))[0], 77777, 'out')


def by_kernel(s, fireflies):
    with case('a flow that the kernel ends: its end, without announcement'):
        say(s, 'start', ends_of(5300))
        fireflies.skip_to('start', 5300)
        with net.inside('a'):
            net.sh(f'scitag flow replace proto tcp src {A} sport 5300 dst {B} '
                   'dport 6000 tag 3/14 end-on-close')
        near, far = s.connect(5300)
        transfer(near, far, 700001)
        transfer(far, near, 3)
        close(near, far)
        end = fireflies.skip_to('end', 5300)
        out, into = usage(end)
        equal(out, 700001, 'out')
        equal(into, 3, 'in')
        equal('tcpInfo' in end['netlink'], True, 'tcpInfo')
        say(s, 'end', ends_of(5300))
        fireflies.none()


def ipv4_and_loopback(s, fireflies):
    with case('IPv4 has them, and within this host one direction only'):
        begun = time.monotonic()
        say(s, 'start', '192.0.2.1 5400 192.0.2.2 6000')
        fireflies.skip_to('start', 5400)
        say(s, 'start', '::1 5401 ::1 5402')
        fireflies.skip_to('start', 5401)
        each_second(fireflies, begun, 5400, 5401)
        say(s, 'end', '192.0.2.1 5400 192.0.2.2 6000')
        fireflies.skip_to('end', 5400)
        say(s, 'end', '::1 5401 ::1 5402')
        fireflies.skip_to('end', 5401)


def reload(s, fireflies):
    with case('the module goes and comes: no start, no end; all are back'):
        for port in 5500, 5501:
            say(s, 'start', ends_of(port))
            fireflies.skip_to('start', port)
        net.sh('rmmod scitag')
        with contextlib.suppress(BlockingIOError):
            s.collector.setblocking(False)
            while True:
                equal(fireflies.next()['state'], 'ongoing', 'state')
        s.collector.settimeout(20 * SLOW)
        net.sh('modprobe scitag')
        waiting = {5500, 5501}
        while waiting:
            waiting.discard(ports(fireflies.skip_to('ongoing'))[0])
        say(s, 'start', ends_of(5502))
        fireflies.skip_to('start', 5502)
        net.wait_for(lambda: sorted(f['sport'] for f in flow_list()) ==
                     [5500, 5501, 5502], 20 * SLOW, 'flows')
        waiting = {5500, 5501, 5502}
        while waiting:
            waiting.discard(ports(fireflies.skip_to('ongoing'))[0])
        for port in 5500, 5501, 5502:
            say(s, 'end', ends_of(port))
            fireflies.skip_to('end', port)


def drops():
    """What sockets of generic netlink in a had to leave out."""
    with net.inside('a'):
        lines = net.sh('cat /proc/net/netlink').splitlines()[1:]
    return sum(int(line.split()[8]) for line in lines
               if line.split()[1] == '16')


def flood():
    """More events than a socket has room for."""
    with net.inside('a'):
        table = Genl()
    many = b''.join(flow(protocol=17, src=A, dst='2001:db8:f::1', sport=port,
                         dport=9, experiment=1, activity=1, mark=1)
                    for port in range(1, 2001))
    names = b''.join(flow(protocol=17, src=A, dst='2001:db8:f::1', sport=port,
                          dport=9) for port in range(1, 2001))
    for rounds in range(100):
        table.request(FLOW_ADD, many)
        table.request(FLOW_DEL, names)
        if drops():
            note(f'{(rounds + 1) * 4000} events')
            return
    raise AssertionError('no socket is full')


def overrun(s, fireflies):
    with case('events that are lost: what has ended meanwhile ends, no more'):
        for port in 5600, 5601:
            say(s, 'start', ends_of(port))
            fireflies.skip_to('start', port)
        with net.inside('a'):
            net.sh(f'scitag flow replace proto tcp src {A} sport 5601 dst {B} '
                   'dport 6000 tag 3/14 end-on-close')
        near, far = s.connect(5601)
        s.process.send_signal(signal.SIGSTOP)
        os.waitpid(s.process.pid, os.WUNTRACED)
        flood()
        close(near, far)
        net.wait_for(lambda: [f['sport'] for f in flow_list()] == [5600],
                     20 * SLOW, 'end of the flow')
        s.process.send_signal(signal.SIGCONT)
        fireflies.skip_to('end', 5601)
        say(s, 'end', ends_of(5600))
        fireflies.skip_to('end', 5600)
        equal(s.log().count('flows had ended meanwhile'), 1, 'messages')
        equal('told more than was read: 1 flows' in s.log(), True, s.log())


def mode(s, fireflies, name):
    with case(f'enrichment {name}: at start, meanwhile and at the end'):
        s.start(period='1s', enrichment=name)
        near, far = s.connect(5700)
        transfer(near, far, 100000)
        seen = {}
        say(s, 'start', ends_of(5700))
        seen['start'] = fireflies.next()
        seen['ongoing'] = fireflies.next()
        say(s, 'end', ends_of(5700))
        seen['end'] = fireflies.skip_to('end')
        for state, f in seen.items():
            equal(f['state'], state, 'state')
            equal(usage(f), (100000, 0), 'usage')
            check_mode(name, f['netlink'])
        near.close()
        far.close()
        s.stop()


def check_mode(name, netlink):
    equal(type(netlink['rtt']), float, 'type of rtt')
    if name == 'lean':
        equal(netlink.keys(), {'rtt', 'tcpInfo', 'cong'}, 'keys')
        equal(len(netlink['tcpInfo']), 11, 'numbers')
    elif name == 'compatible':
        equal(netlink['state'], 'established', 'state')
        equal(netlink['pmtu'], 1500, 'pmtu')
        equal('tcpInfo' in netlink, False, 'tcpInfo')
    elif name == 'full':
        equal(netlink['tcpInfo']['pMtu'], 1500, 'pMtu')
        equal(len(netlink['tcpInfo']) > 20, True, netlink)
    else:
        equal(netlink.keys(), {'rtt'}, 'keys')


def main():
    net.module_load()
    with tempfile.TemporaryDirectory() as directory, net.pair(), \
            contextlib.ExitStack() as stack:
        os.chmod(directory, 0o777)
        s = Setup(stack, directory)
        fireflies = Collector(s)
        # Flows that are entered to have something lost are not its own.
        s.start(period='1s', extra='command-line: false')
        transfers(s, fireflies, 5001, False)
        transfers(s, fireflies, 5002, True)
        period(s, fireflies)
        closed(s, fireflies, 5201, False)
        closed(s, fireflies, 5202, True)
        at_once(s, fireflies)
        accepted(s, fireflies)
        by_kernel(s, fireflies)
        ipv4_and_loopback(s, fireflies)
        reload(s, fireflies)
        overrun(s, fireflies)
        with case('the daemon ends well'):
            s.stop()
        for name in 'lean', 'compatible', 'full', 'none':
            mode(s, fireflies, name)
    done()


main()
