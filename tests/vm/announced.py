#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
# kernels: !debug
"""scitagd and flows that the kernel announces: those of its rules, those that
are entered by hand, and what becomes of all flows when the module, the daemon
or the configuration goes and comes.

The namespaces are those of scitagd.py.
"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import net
from scitagd import A, B, SLOW, Setup, close, firefly, flow_list, transfer, udp
from tap import case, done, equal

RULES = """
rules:
- {exclude: true, dport: 6000, sport: 7000}
- {tag: 2/9, sport: 5000-5099, proto: tcp, application: iperf3}
"""
IPERF3 = {'experiment-id': 2, 'activity-id': 9, 'application': 'iperf3'}


STATE = {'state': '{dir}/state'}


def scitag(command):
    with net.inside('a'):
        return net.sh(f'scitag {command}')


def rules():
    listed = json.loads(scitag('--json rule list'))
    return listed['rules'] if isinstance(listed, dict) else listed


def ports(s):
    return sorted(flow['sport'] for flow in s.flows())


def of_a_rule(s):
    with case('a connection that a rule matches: start and end, once'):
        equal([r['exclude'] for r in rules()], [True, False], 'rules')
        near, far = s.connect(5000)
        start = s.receive('start')
        equal(start['context'], IPERF3, 'context')
        equal((start['flow-id']['src-ip'], start['flow-id']['src-port']),
              (A, 5000), 'src')
        transfer(near, far, 300000)
        close(near, far)
        end = s.receive('end')
        equal(end['context'], IPERF3, 'context')
        equal(end['usage'], {'sent': 300000, 'received': 0}, 'usage')
        equal(end['flow-lifecycle']['start-time'],
              start['flow-lifecycle']['start-time'], 'start-time')
    with case('one that is announced as well, and whose end is late'):
        near, far = s.connect(5001)
        s.receive('start')
        s.say(f'start tcp {A} 5001 {B} 6000 2 9')
        close(near, far)
        s.receive('end')
        s.say(f'end tcp {A} 5001 {B} 6000 2 9')
        s.say(f'start tcp {A} 5001 {B} 6000 2 9')
        s.say(f'end tcp {A} 5001 {B} 6000 2 9')
        s.nothing_more()
    with case('one that is announced with other ids: retagged'):
        near, far = s.connect(5002)
        s.receive('start')
        s.say(f'start tcp {B} 6000 {A} 5002 3 14')
        equal(s.receive('end')['context'], IPERF3, 'context')
        equal(s.receive('start')['context']['experiment-id'], 3, 'experiment')
        s.say(f'end tcp {B} 6000 {A} 5002 3 14')
        equal(s.receive('end')['context']['experiment-id'], 3, 'experiment')
        equal(ports(s), [], 'flows')
        # It stays open: its last packets match the rule.
        s.open = near, far


def of_hand(s):
    flow = f'proto tcp src {A} sport 8000 dst {B} dport 9000'
    with case('flows that are entered by hand are reported'):
        scitag(f'flow add {flow} tag 3/14 mark do')
        start = s.receive('start')
        equal(start['context'], {'experiment-id': 3, 'activity-id': 14},
              'context')
        scitag(f'flow replace {flow} tag 2/9 mark do')
        equal(s.receive('end')['context'], start['context'], 'context')
        equal(s.receive('start')['context'],
              {'experiment-id': 2, 'activity-id': 9}, 'context')
        equal([f['mark'] for f in flow_list()], [['do']], 'marks')
        scitag(f'flow del {flow}')
        s.receive('end')


def module(s):
    with case('the module is loaded again: flows and rules are there at once'):
        s.announce('start', 5100)
        near, far = s.connect(5003)
        s.receive('start')
        gone, gone_far = s.connect(5004)
        s.receive('start')
        net.sh('rmmod scitag')
        close(gone, gone_far)
        net.sh('modprobe scitag')
        # Without the module nobody has told of that end.
        equal(s.receive('end')['flow-id']['src-port'], 5004, 'port')
        net.wait_for(lambda: ports(s) == [5003, 5100] and len(rules()) == 2,
                     20 * SLOW, 'flows and rules')
        close(near, far)
        equal(s.receive('end')['flow-id']['src-port'], 5003, 'port')
        s.announce('end', 5100)


def reload(s):
    with case('SIGHUP: other rules, marks and pipes are in force'):
        s.announce('start', 5101)
        near, far = s.connect(5005)
        s.receive('start')
        s.configure(**STATE, extra='rules: {tag: 3/14, sport: 5200}\n', marks='do',
                    pipes='[{dir}/flows, {dir}/more]')
        s.reload()
        equal([(r['exclude'], r['sport']['min']) for r in rules()],
              [(False, 5200)], 'rules')
        equal({f['sport']: f['mark'] for f in flow_list()},
              {5101: ['do'], 5005: ['do']}, 'marks')
        with open(f'{s.dir}/more', 'w') as pipe:
            pipe.write(f'end tcp {A} 5101 {B} 6000 3 14\n')
        equal(s.receive('end')['flow-id']['src-port'], 5101, 'port')
        close(near, far)
        equal(s.receive('end')['context'], IPERF3, 'context')
        near, far = s.connect(5200)
        s.receive('start')
        close(near, far)
        s.receive('end')
    with case('SIGHUP with a mistake in it changes nothing'):
        s.configure(**STATE, extra='rules: {tag: 3/14}\n')
        s.reload(ok=False)
        equal(len(rules()), 1, 'rules')
    with case('SIGHUP without rules: none is in force'):
        s.configure(**STATE)
        s.reload()
        equal(rules(), [], 'rules')
        scitag_rules(s)


def scitag_rules(s):
    """Those that are set by hand then are left alone."""
    path = pathlib.Path(s.dir, 'rules')
    path.write_text('tag 3/14 sport 5300\n')
    scitag(f'rule set {path}')
    s.reload()
    equal(len(rules()), 1, 'rules')
    near, far = s.connect(5300)
    equal('application' in s.receive('start')['context'], False, 'application')
    close(near, far)
    s.receive('end')
    scitag('rule flush')


def restart(s, how, expected):
    s.idle()
    s.process.send_signal(how)
    equal(s.process.wait(20 * SLOW), expected, 'exit status')


def survival(s):
    with case('killed and started again: no start, no end, and all ends'):
        s.configure(**STATE, extra=RULES)
        s.reload()
        s.say(f'start tcp {B} 6000 {A} 5400 3 14')
        first = s.receive('start')
        near, far = s.connect(5006)
        s.receive('start')
        restart(s, signal.SIGKILL, -signal.SIGKILL)
        s.start(**STATE, extra=RULES)
        s.nothing_more()
        equal(ports(s), [5006, 5400], 'flows')
        s.announce('end', 5400, reverse=True)
        close(near, far)
        equal(s.receive('end')['context'], IPERF3, 'context')
        equal(first['flow-id']['src-ip'], B, 'src')
    with case('ended while no daemon was there: told when it is back'):
        near, far = s.connect(5007)
        s.receive('start')
        restart(s, signal.SIGKILL, -signal.SIGKILL)
        close(near, far)
        net.wait_for(lambda: not flow_list(), 20 * SLOW, 'end')
        s.start(**STATE, extra=RULES)
        equal(s.receive('end')['flow-id']['src-port'], 5007, 'port')
    with case('ended in order: flows are left to the kernel, rules are not'):
        s.announce('start', 5401)
        near, far = s.connect(5402)
        s.announce('start', 5402)
        restart(s, signal.SIGTERM, 0)
        equal(rules(), [], 'rules')
        equal(len(flow_list()), 2, 'flows')
        close(near, far)
        net.wait_for(lambda: len(flow_list()) == 1, 20 * SLOW, 'end')
        s.start(**STATE, extra=RULES)
        equal(s.receive('end')['flow-id']['src-port'], 5402, 'port')
        s.announce('end', 5401)
        equal(ports(s), [], 'flows')
    with case('end-at-shutdown: nothing is left'):
        s.configure(**STATE, extra=RULES, fireflies='end-at-shutdown: true')
        s.reload()
        s.announce('start', 5403)
        restart(s, signal.SIGTERM, 0)
        s.receive('end')
        equal((flow_list(), rules()), ([], []), 'flows and rules')
        s.start(**STATE, extra=RULES)
        s.nothing_more()


def step(hours):
    net.sh(f'date -s @{time.time() + hours * 3600:.6f}')


def heard(s, state, port):
    """The next of these, among what else there is."""
    while True:
        f = firefly(s.collector.recv(2000))
        if (f['state'], f['flow-id']['src-port']) == (state, port):
            return f['flow-lifecycle']


def end_in_order(s, port):
    s.say(f'end tcp {A} {port} {B} 6000 3 14')
    times = heard(s, 'end', port)
    equal(times['end-time'] >= times['start-time'], True, f'order: {times}')


def clock(s):
    s.configure(**STATE, period=1)
    s.reload()
    try:
        with case('the clock is set back by an hour: reports go on, in order'):
            for port in 5500, 5501:
                s.say(f'start tcp {A} {port} {B} 6000 3 14')
                heard(s, 'start', port)
            step(-1)
            for _ in range(2):
                heard(s, 'ongoing', 5501)
            end_in_order(s, 5500)
        with case('and forth, and forth again'):
            for hours in 1, 1:
                s.say(f'start tcp {A} 5502 {B} 6000 3 14')
                heard(s, 'start', 5502)
                step(hours)
                for _ in range(2):
                    heard(s, 'ongoing', 5501)
                end_in_order(s, 5502)
            end_in_order(s, 5501)
            equal(ports(s), [], 'flows')
    finally:
        step(-1)
    s.drain()


C, D = '2001:db8:c::1', '2001:db8:c::2'


def another_namespace():
    """c [veth1] C ---- D [veth1] a"""
    net.add('c')
    net.link('c', 'a', C, D, device='veth1', peer='veth1')


def namespace_is_there():
    return subprocess.run(['ip', '-n', 'a', 'link', 'show', 'veth1'],
                          check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def told_at(remote):
    f = firefly(remote.recv(2000))
    return f['state'], f['flow-id']['src-port']


def namespace(s):
    """One lives as long as its daemon does."""
    another_namespace()
    with case('a namespace without a name, with a daemon: reported'), \
            udp('a', socket.AF_INET6, D, 10514) as remote:
        s.start(where='c', **STATE)
        net.sh('ip netns del c')
        for protocol, port in ('tcp', 5600), ('udp', 5601):
            s.say(f'start {protocol} {C} {port} {D} 6000 3 14')
            equal(told_at(remote), ('start', port), 'firefly')
    with case('it is gone with its flows, and there is another: ends, once'):
        s.idle()
        s.process.kill()
        s.process.wait()
        net.wait_for(lambda: not namespace_is_there(), 20 * SLOW,
                     'end of the namespace')
        another_namespace()
        with udp('a', socket.AF_INET6, D, 10514) as remote:
            s.start(where='c', **STATE)
            # It is not known of a UDP flow that nobody sends any more.
            equal(told_at(remote), ('end', 5600), 'firefly')
            equal([f['sport'] for f in s.flows('c')], [5601], 'flows')
            s.say(f'end udp {C} 5601 {D} 6000 3 14')
            equal(told_at(remote), ('end', 5601), 'firefly')
            equal(s.flows('c'), [], 'flows')
    s.stop()
    net.delete('c')


def main():
    with tempfile.TemporaryDirectory() as directory, net.pair(), \
            contextlib.ExitStack() as stack:
        os.chmod(directory, 0o777)
        net.sh('modprobe scitag')
        s = Setup(stack, directory)
        s.start(**STATE, extra=RULES)
        of_a_rule(s)
        of_hand(s)
        module(s)
        reload(s)
        survival(s)
        clock(s)
        s.stop()
        namespace(s)
    done()


main()
