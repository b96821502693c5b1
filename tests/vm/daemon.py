#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# kernels: !debug
"""scitagd with the module: real connections, real fireflies, a real rsyslog.

The namespaces are those of scitagd.py, and in b there is rsyslogd at
[2001:db8:a::2]:10515, which is a collector, too.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile

import net
from scitagd import (A, B, OUT, SLOW, Setup, close, firefly, flow_list,
                     outstanding, transfer)
from tap import case, done, equal, note

TAG_MASK, TAG_3_14 = 0x3fefc, 0x30038
LEAN = {'retransmits', 'sndMss', 'pMtu', 'rtt', 'rttVar', 'sndSsThresh',
        'sndCwnd', 'advMss', 'minRtt', 'deliveryRate', 'bytesSent'}

RSYSLOG_COLLECTOR = ', "[2001:db8:a::2]:10515"'

RSYSLOG = '''
module(load="imudp")
template(name="fields" type="list") {{
  constant(value="{{")
  property(outname="pri" name="pri" format="jsonf") constant(value=",")
  property(outname="time" name="timestamp" dateFormat="rfc3339"
           format="jsonf") constant(value=",")
  property(outname="host" name="hostname" format="jsonf") constant(value=",")
  property(outname="app" name="app-name" format="jsonf") constant(value=",")
  property(outname="procid" name="procid" format="jsonf") constant(value=",")
  property(outname="msgid" name="msgid" format="jsonf") constant(value=",")
  property(outname="sd" name="structured-data" format="jsonf")
  constant(value=",")
  property(outname="msg" name="msg" format="jsonf")
  constant(value="}}\\n")
}}
ruleset(name="fireflies" parser="rsyslog.rfc5424") {{
  action(type="omfile" file="{dir}/rsyslog.out" template="fields")
}}
input(type="imudp" address="2001:db8:a::2" port="10515" ruleset="fireflies")
'''


def check_lean(f, mtu=1500):
    tcp = f['netlink']['tcpInfo']
    equal(tcp.keys(), LEAN, 'keys of tcpInfo')
    equal(f['netlink']['cong'].keys(), {'algorithm'}, 'keys of cong')
    equal(tcp['pMtu'], mtu, 'pMtu')
    equal(f['netlink']['rtt'], tcp['rtt'] / 1000, 'rtt in ms')
    if not tcp['rtt'] > 0:
        raise AssertionError(f'rtt: {tcp}')
    return tcp


def without_module(s):
    with case('without the module: said, and fireflies are sent'):
        s.start(collectors=RSYSLOG_COLLECTOR)
        s.announce('start', 4999)
        if 'no flow can be marked' not in s.log():
            raise AssertionError(s.log())
    with case('the next flow finds the module that was loaded meanwhile'):
        net.sh('modprobe scitag')
        equal(s.announce('start', 4998)['context'],
              {'experiment-id': 3, 'activity-id': 14}, 'ids')
        equal(sorted(f['sport'] for f in flow_list()), [4998, 4999], 'flows')
        s.announce('end', 4998)
        s.announce('end', 4999)
        equal(s.flows(), [], 'flows')


def connection(s):
    path = f'{OUT}/daemon.pcap'
    with case('announced before its SYN: all its packets are marked'):
        with net.capture('b', path, expression='tcp port 5000'):
            start = s.announce('start', 5000)
            equal('netlink' in start, False, 'netlink before the connection')
            near, far = s.connect(5000)
            transfer(near, far, 1000000)
            transfer(far, near, 300000)
            s.end = s.announce('end', 5000)
            s.announce('start', 5000)
            close(near, far)
            net.wait_for(lambda: gone(5000), 20 * SLOW, 'end of the socket')
            s.late = s.announce('end', 5000)
        labels = collections_of_labels(path)
        equal(labels.get('unmarked', 0), 0, 'unmarked packets')
        equal(len(labels['marked']), 1, 'labels')
        note(f'{labels["count"]} packets')
    with case('end with the socket there: tcpInfo, and its own octets'):
        tcp = check_lean(s.end)
        equal(s.end['usage'], {'sent': 1000000, 'received': 300000}, 'usage')
        equal(tcp['bytesSent'] >= 1000000, True, 'bytesSent')
    with case('end with the socket gone: the final counts'):
        check_lean(s.late)
        equal(s.late['usage'], {'sent': 1000000, 'received': 300000}, 'usage')


def collections_of_labels(path):
    """Labels of the flow's packets from a: marked ones, and a count."""
    result = {'marked': set(), 'count': 0}
    for src, label, flags in net.tshark(path, ('ipv6.src', 'ipv6.flow',
                                               'tcp.flags.syn')):
        if src != A:
            continue
        result['count'] += 1
        if int(label, 0) & TAG_MASK == TAG_3_14:
            result['marked'].add(int(label, 0))
        else:
            result['unmarked'] = result.get('unmarked', 0) + 1
    return result


def gone(port):
    with net.inside('a'):
        return not net.sh(f"ss -Htan 'sport = :{port}'").strip()


def counted(s):
    with case('a socket that came and went meanwhile: the final counts'):
        s.announce('start', 5001)
        near, far = s.connect(5001)
        transfer(near, far, 500000)
        close(near, far)
        net.wait_for(lambda: gone(5001), 20 * SLOW, 'end of the socket')
        end = s.announce('end', 5001)
        check_lean(end)
        equal(end['usage'], {'sent': 500000, 'received': 0}, 'usage')


def from_remote(s):
    with case('announced with src=remote: marked, and usage seen from there'):
        s.announce('start', 5002, reverse=True)
        listed = flow_list()
        equal([(f['src'], f['sport'], f['dst'], f['dport']) for f in listed],
              [(A, 5002, B, 6000)], 'flows')
        near, far = s.connect(5002)
        transfer(far, near, 400000)
        transfer(near, far, 1000)
        end = s.announce('end', 5002, reverse=True)
        equal((end['flow-id']['src-ip'], end['flow-id']['src-port']),
              (B, 6000), 'src')
        equal(end['usage'], {'sent': 400000, 'received': 1000}, 'usage')
        equal(s.flows(), [], 'flows')
        close(near, far)


def xrootd(s):
    log = pathlib.Path('tests/data/xrootd-fireflies.log')
    datagrams = log.read_bytes().splitlines()
    for number, datagram in enumerate(datagrams):
        said = json.loads(datagram[datagram.index(b'{'):])
        state = said['flow-lifecycle']['state']
        with case(f'XRootD\'s firefly {number + 1}, {state}: marked, answered'):
            s.xrootd.sendto(datagram, ('127.0.0.1', 10514))
            f = s.receive(state, elsewhere=False)
            for key in 'flow-lifecycle', 'flow-id', 'context', 'usage':
                equal(f[key], said[key], key)
            ids = said['flow-id']
            ends = [(ids['src-port'], ids['dst-port']),
                    (ids['dst-port'], ids['src-port'])]
            equal(sorted((e['sport'], e['dport']) for e in s.flows()),
                  sorted(ends) if state == 'start' else [],
                  'both directions')


def loopback(s):
    """Both ends here: marked both ways, and no firefly to this host."""
    with case('a loopback connection: tcpInfo of its src'):
        with net.inside('a'):
            listener = socket.create_server(('::1', 7000),
                                            family=socket.AF_INET6)
            near = socket.create_connection(('::1', 7000))
            far = listener.accept()[0]
        port = near.getsockname()[1]
        s.say(f'start tcp ::1 7000 ::1 {port} 3 14')
        s.receive('start', elsewhere=False)
        far.sendall(b'x' * 1000)
        near.sendall(b'y' * 10)
        equal(len(near.recv(1000, socket.MSG_WAITALL)), 1000, 'octets')
        equal(len(far.recv(10, socket.MSG_WAITALL)), 10, 'octets')
        net.wait_for(lambda: not outstanding(far), 20, 'ACK')
        s.say(f'end tcp ::1 7000 ::1 {port} 3 14')
        end = s.receive('end', elsewhere=False)
        check_lean(end, 65536)
        equal(end['usage'], {'sent': 1000, 'received': 10}, 'usage')
        for sock in near, far, listener:
            sock.close()


def ipv4(s):
    with case('IPv4: in the table, not marked, with a firefly'):
        s.say('start tcp 192.0.2.1 1 192.0.2.2 2 3 14')
        s.receive('start', elsewhere=False)
        equal([f['src'] for f in flow_list()], ['192.0.2.1'], 'flows')
        s.say('end tcp 192.0.2.1 1 192.0.2.2 2 3 14')
        s.receive('end', elsewhere=False)


def retag(s):
    with case('other ids for a flow: retagged, with the same entropy'):
        s.announce('start', 5003)
        before = flow_list()[0]
        s.say(f'start tcp {A} 5003 {B} 6000 2 9')
        s.receive('end')
        equal(s.receive('start')['context'],
              {'experiment-id': 2, 'activity-id': 9}, 'ids')
        after = flow_list()[0]
        equal(after['id'], before['id'], 'id')
        equal(after['label'] & ~TAG_MASK, before['label'] & ~TAG_MASK,
              'entropy')
        equal((after['experiment'], after['activity']), (2, 9), 'tag')
        s.announce('end', 5003)


def new_address(s):
    with case('an address is this host\'s from the moment it is added'):
        for number in range(1, 21):
            addr = f'2001:db8:c::{number}'
            net.sh(f'ip -n a addr add {addr}/128 dev veth0')
            s.say(f'start tcp {addr} 5004 {B} 6000 3 14')
            s.receive('start')
            s.say(f'end tcp {addr} 5004 {B} 6000 3 14')
            s.receive('end')


def reload(s):
    with case('the module goes and comes again under the daemon'):
        net.sh('rmmod scitag')
        s.announce('start', 5005)
        equal(s.log().count('no flow can be marked'), 2, 'messages')
        net.sh('modprobe scitag')
        s.announce('start', 5006)
        equal(sorted(f['sport'] for f in flow_list()), [5005, 5006], 'flows')
        s.announce('end', 5006)
    with case('faster than the daemon can see'):
        s.process.send_signal(signal.SIGSTOP)
        os.waitpid(s.process.pid, os.WUNTRACED)
        net.sh('rmmod scitag; modprobe scitag')
        equal(flow_list(), [], 'flows')
        s.process.send_signal(signal.SIGCONT)
        net.wait_for(lambda: [f['sport'] for f in flow_list()] == [5005],
                     20 * SLOW, 'the flow')
        s.announce('end', 5005)


def shutdown(s):
    with case('SIGTERM: ends of all flows, and none is left in the kernel'):
        for port in range(5100, 5110):
            s.announce('start', port)
        equal(len(flow_list()), 10, 'flows')
        s.stop()
        for _ in range(10):
            s.receive('end')
        equal(flow_list(), [], 'flows')


def marks(s):
    """Whatever is configured gets into the kernel."""
    with case('marks of the configuration are those of the flow'):
        s.start(marks='label, do', collectors=RSYSLOG_COLLECTOR)
        s.announce('start', 5200)
        equal([f['mark'] for f in flow_list()], [['label', 'do']], 'marks')
        s.stop()
        s.receive('end')


@contextlib.contextmanager
def rsyslog(directory):
    config = pathlib.Path(directory, 'rsyslog.conf')
    config.write_text(RSYSLOG.format(dir=directory))
    with net.inside('b'):
        process = subprocess.Popen(
            ['rsyslogd', '-n', '-f', str(config), '-i', 'NONE'],
            stderr=subprocess.STDOUT, stdout=open(f'{OUT}/rsyslogd.log', 'w'))
        net.wait_for(lambda: ':10515 ' in net.sh('ss -Hluan'), 20 * SLOW,
                     'rsyslogd')
    try:
        yield
    finally:
        process.terminate()
        process.wait()


HEADER = re.compile(r'<134>1 (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) $')


def check_rsyslog(s):
    """What it made of the fireflies that b got."""
    path = pathlib.Path(s.dir, 'rsyslog.out')
    with case(f'rsyslog\'s RFC 5424 parser reads all fireflies'):
        net.wait_for(lambda: path.exists() and s.said[-1].decode().split(
            '{', 1)[1].replace('"', '\\"') in path.read_text(), 20 * SLOW,
            'last firefly in its output')
        lines = {}
        for line in path.read_text().splitlines():
            fields = json.loads('{' + line.strip('{}') + '}')
            lines[fields['msg'].strip()] = fields
        for datagram in s.said:
            f = firefly(datagram)
            time, host, app, procid, msgid, sd = \
                HEADER.match(f['header']).groups()
            fields = lines[datagram.decode()[len(f['header']):]]
            equal(fields, {'pri': '134', 'time': time, 'host': host,
                           'app': app, 'procid': procid, 'msgid': msgid,
                           'sd': sd, 'msg': fields['msg']}, 'fields')
            equal((host, app, procid, msgid, sd),
                  ('se1.example.org', 'scitagd', '-', 'firefly-json', '-'),
                  'header')
        note(f'{len(s.said)} fireflies')


def main():
    with tempfile.TemporaryDirectory() as directory, net.pair(), \
            contextlib.ExitStack() as stack:
        os.chmod(directory, 0o777)
        s = Setup(stack, directory)
        with rsyslog(directory):
            without_module(s)
            connection(s)
            counted(s)
            from_remote(s)
            xrootd(s)
            loopback(s)
            ipv4(s)
            retag(s)
            new_address(s)
            reload(s)
            shutdown(s)
            check_rsyslog(s)
        marks(s)
    done()


main()
