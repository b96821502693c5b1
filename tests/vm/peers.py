#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# kernels: 6.1 6.12 7.3
"""scitagd among those that it works with: XRootD, iperf3 and one that writes
lines as StoRM does, in both directions and with several connections at once.
What the wire carried says what the marks and the numbers have to be, and those
who collect fireflies say whether they are any. The hosts are those of
storage.py; on the client there is rsyslogd at port 10516, too, with the
configuration of docs/collectors.

In Debian 11 XRootD announces no transfer, and iperf3 does not end when it has
sent what it was asked for. Ongoing fireflies need transfers of some seconds, so
the cable is a slow one.
"""
import contextlib
import ipaddress
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import jsonschema

import net
from octets import connections, datagrams
from storage import (CLIENT, HOME, OUT, PIPE, SERVER, Collector, background,
                     daemon, listening, topology, xrootd)
from tap import case, done, equal, note

CONFIG = f"""marks: [label]
pipes: [{PIPE}]
receiver: {{listen: "127.0.0.1:10514"}}
fireflies:
  collectors: ["[{CLIENT}]:10515", "[{CLIENT}]:10516"]
  period: 1s
http: {{listen: {HOME}/http.sock}}
"""
SCHEMA = json.loads(pathlib.Path('tests/data/firefly.schema.json').read_text())
RSYSLOG = pathlib.Path('docs/collectors/rsyslog.conf')
MIB = 1 << 20
SIZE = 6 * MIB
ONE_PACKET = (1 << 16) // 1428 + 1  # as the hook sees it: it is cut later
# Published: draft-cc-v6ops-wlcg-flow-label-marking and the registry.
LABELS = {(3, 14): 0x30038, (2, 9): 0x10024, (2, 1): 0x10004,
          (5, 10): 0x28028, (16, 14): 0x02038}


def capture(name):
    """TCP, and the fireflies that a Collector gets."""
    return net.capture('client', f'{OUT}/{name}.pcap', device='eth0', snap=96,
                       expression='ip6 proto 6 or dst port 10515')


class Flow:
    """The fireflies of one connection; ports are those of the server and of
    the client."""

    def __init__(self, fireflies, sport, dport):
        self.fireflies = [f for f in fireflies
                          if {f['flow-id']['src-port'],
                              f['flow-id']['dst-port']} == {sport, dport}]
        self.states = [f['flow-lifecycle']['state'] for f in self.fireflies]
        self.ids = {(f['context']['experiment-id'],
                     f['context']['activity-id']) for f in self.fireflies}
        self.end = self.fireflies[-1] if self.fireflies else None

    def usage(self):
        """Octets out of the server and into it, at the end."""
        usage = self.end['usage']['sent'], self.end['usage']['received']
        local = self.end['flow-id']['src-ip'] == SERVER
        return usage if local else usage[::-1]


def fireflies(collector):
    return [f for _, f in collector.at(10515)]


def start_and_end(collector, name, flow):
    """Where the fireflies of both are on the wire. The kernel has the flow when
    the first is sent and until the last one is. name is that of the capture,
    which has all fireflies since collector.clear()."""
    all_of_them, places = fireflies(collector), datagrams(f'{OUT}/{name}.pcap')
    equal(len(places), len(all_of_them), 'fireflies on the wire')
    return [places[all_of_them.index(firefly)]
            for firefly in (flow.fireflies[0], flow.end)]


def told(collector, state, count):
    """Wait for that many fireflies of a state."""
    net.wait_for(lambda: [each for each, _ in collector.at(10515)].count(state)
                 >= count, 60, f'{count} times {state}')


def ends(collector, count):
    """Wait for that many flows to end."""
    told(collector, 'end', count)


def is_of_xrootd(end):
    """Are the numbers those that XRootD has told, the round-trip time too? They
    are where the socket could not be asked: it goes as the daemon looks at it,
    once in some hundred connections."""
    ours = end['netlink']['tcpInfo']['rtt'] / 1000
    return end['netlink']['rtt'] != ours


def check(collector, name, wire, sport, dport, ids):
    """One connection: its marks, fireflies and octets. Some packets of the server
    may leave before it is announced. XRootD announces its end before it closes:
    the FIN may be behind that."""
    flow = Flow(fireflies(collector), sport, dport)
    equal(flow.states, ['start'] + ['ongoing'] * (len(flow.states) - 2) +
          ['end'], 'fireflies')
    equal(flow.ids, {ids}, 'ids')
    out = wire['server', sport, dport]
    into = wire['client', dport, sport]
    marked = [label == LABELS[ids] for label in out.labels]
    equal(True in marked, True, 'marked')
    first = marked.index(True)
    start, end = start_and_end(collector, name, flow)
    # One may be behind the hook, on another CPU, as the flow comes to be.
    overtaken = [place for place in out.places[:first] if place > start]
    equal(len(overtaken) <= ONE_PACKET, True, 'unmarked after the start')
    wrong = [i for i, place in enumerate(out.places)
             if not marked[i] and i > first and place < end]
    equal(wrong, [], f'unmarked packets of {len(marked)}')
    equal(set(into.labels), {0}, 'labels of the client')
    octets = [(out.octets, into.octets)]
    if is_of_xrootd(flow.end):  # which counts the client's FIN, if it has come
        octets.append((out.octets, into.octets + 1))
    equal(flow.usage() in octets, True,
          f'octets, out and in: {flow.usage()} of {octets}')
    for earlier, later in zip(flow.fireflies, flow.fireflies[1:]):
        if 'usage' in earlier:
            for key in 'sent', 'received':
                equal(earlier['usage'][key] <= later['usage'][key], True, key)
    note(f'{dport}: {len(marked)} packets, the first {first} unmarked, '
         f'{len(marked) - sum(marked)} of all, {flow.usage()} octets, '
         f'{len(flow.states) - 2} ongoing fireflies')
    return flow


def ports(wire, sport):
    """Of the client, of all connections with a port of the server."""
    return sorted({dport for sender, mine, dport in wire
                   if sender == 'server' and mine == sport})


def xrdcp(*arguments):
    return subprocess.Popen(['ip', 'netns', 'exec', 'client', 'xrdcp',
                             '--nopbar', '-f', *arguments])


def url(name, scitag):
    return f'root://[{SERVER}]:1094//data/{name}?scitag.flow={scitag}'


def succeed(process):
    equal(process.wait(90), 0, f'exit status of {process.args}')


def same(first, second):
    if subprocess.run(['cmp', first, second], check=False).returncode:
        raise AssertionError(f'{first} and {second} differ')


def file_of(path, size):
    with open(path, 'wb') as file:
        file.write(os.urandom(size))
    os.chmod(path, 0o666)
    return path


def xrootd_one(collector, what, size, expected, *arguments):
    """A copy; expected is what it moves: octets out of the server, and in."""
    collector.clear()
    with capture(what):
        succeed(xrdcp(*arguments))
        ends(collector, 1)
    wire = connections(f'{OUT}/{what}.pcap')
    client, = ports(wire, 1094)
    flow = check(collector, what, wire, 1094, client, (3, 14))
    equal('ongoing' in flow.states, True, flow.states)
    for moved, least in zip(flow.usage(), expected):
        equal(least <= moved < least + size / 50 + 20000, True,
              f'{moved} octets for {least}')


def xrootd_directions(collector):
    data = file_of(f'{HOME}/exports/data/down', SIZE)
    with case('XRootD, download: marks, fireflies, octets by the wire'):
        xrootd_one(collector, 'download', SIZE, (SIZE, 0),
                   url('down', 206), f'{HOME}/down')
        same(data, f'{HOME}/down')
    with case('XRootD, upload: what the server sends is marked, too'):
        local = file_of(f'{HOME}/up', SIZE)
        xrootd_one(collector, 'upload', SIZE, (0, SIZE),
                   local, url('up', 206))
        same(local, f'{HOME}/exports/data/up')


def xrootd_at_once(collector):
    """Both directions, with tags of their own."""
    collector.clear()
    scitags = {129: (2, 1), 137: (2, 9), 330: (5, 10)}
    with case('XRootD, copies at the same time: each has its own tag'), \
            capture('copies'):
        copies = [xrdcp(url('down', 129), f'{HOME}/down.1'),
                  xrdcp(url('down', 137), f'{HOME}/down.2'),
                  xrdcp(f'{HOME}/up', url('up.1', 330))]
        for copy in copies:
            succeed(copy)
        ends(collector, 3)
    with case('XRootD, copies at the same time: marks, fireflies, octets'):
        wire = connections(f'{OUT}/copies.pcap')
        seen = []
        for client in ports(wire, 1094):
            ids, = Flow(fireflies(collector), 1094, client).ids
            check(collector, 'copies', wire, 1094, client, ids)
            seen.append(ids)
        equal(sorted(seen), sorted(scitags.values()), 'ids')


def xrootd_streams(collector):
    with case('XRootD, one copy over several connections'):
        collector.clear()
        with capture('streams'):
            succeed(xrdcp('-S', '4', url('down', 206), f'{HOME}/down.4'))
            ends(collector, 5)
        wire = connections(f'{OUT}/streams.pcap')
        flows = [check(collector, 'streams', wire, 1094, client, (3, 14))
                 for client in ports(wire, 1094)]
        equal(len(flows), 5, 'connections')
        equal(sum(flow.usage()[0] for flow in flows) >= SIZE, True, 'octets')


def write(*lines):
    with open(PIPE, 'w', encoding='ascii') as pipe:
        pipe.write(''.join(line + '\n' for line in lines))


def connected(sport):
    """Is there a connection with this port of the server that may send?"""
    return net.sh('ip netns exec server ss -Htn state connected exclude '
                  f'time-wait "sport = :{sport}"')


def iperf3(collector, what, sport, *arguments):
    """Two connections with a known port at the client's end, announced
    beforehand; below those that the kernel gives away (the connection that
    controls the test may have got one)."""
    name, clients = f'iperf3-{sport}', [4 * sport, 4 * sport + 1]
    collector.clear()
    with case(f'iperf3, {what}, two connections: marks, fireflies, octets'):
        with background('server', ['iperf3', '-s', '-1', '-p', str(sport)],
                        lambda: listening('server', sport),
                        f'{OUT}/{name}.log'), capture(name):
            write(*(f'start tcp {SERVER} {sport} {CLIENT} {client} 2 9'
                    for client in clients))
            told(collector, 'start', 2)
            text = net.sh(f'ip netns exec client iperf3 -J -c {SERVER} -p '
                          f'{sport} --cport {clients[0]} -P 2 -n 4M '
                          f'{" ".join(arguments)}')
            net.wait_for(lambda: not connected(sport), what='last packet')
            write(*(f'end tcp {SERVER} {sport} {CLIENT} {client} 2 9'
                    for client in clients))
            ends(collector, 2)
        wire = connections(f'{OUT}/{name}.pcap')
        for client in clients:
            flow = check(collector, name, wire, sport, client, (2, 9))
            equal('ongoing' in flow.states, True, flow.states)
        streams = {stream['sender']['socket']: stream for stream in
                   json.loads(text)['end']['streams']}
        for entry in json.loads(text)['start']['connected']:
            stream = streams[entry['socket']]
            out, into = Flow(fireflies(collector), sport,
                             entry['local_port']).usage()
            # The client sends 37 octets that name the test. The last block,
            # of 128 KiB, counts only if all of it is written by the end.
            moved = out if arguments else into - 37
            equal(stream['receiver']['bytes'] <= moved <
                  stream['sender']['bytes'] + 131072, True,
                  f'{moved} in {stream}')


def lines(state, clients, ids):
    """As StoRM's nginx writes them for uploads: from the client, with
    addresses in full; it swaps the ids at the end."""
    src, dst = (ipaddress.ip_address(addr).exploded
                for addr in (CLIENT, SERVER))
    if state == 'end':
        ids = ids[::-1]
    return [f'{state} tcp {src} {client} {dst} 8443 {ids[0]} {ids[1]}'
            for client in clients]


def in_pieces(line):
    """One line, as several writes."""
    with open(PIPE, 'wb', buffering=0) as pipe:
        for i in range(0, len(line), 7):
            pipe.write(line[i:i + 7].encode('ascii'))
        pipe.write(b'\n')


def storm(collector):
    """Uploads: each connection is open when it is announced."""
    clients, ids = list(range(23000, 23012)), (16, 14)
    collector.clear()
    with contextlib.ExitStack() as stack, capture('storm'), \
            case('StoRM: uploads, announced by the client\'s address'):
        listener = net.tcp_listener('server', SERVER, 8443)
        stack.callback(listener.close)
        pairs = []
        for client in clients:
            near = net.tcp_socket('client', CLIENT, client)
            near.connect((SERVER, 8443))
            pairs.append((near, listener.accept()[0]))
        write(*lines('start', clients[:10], ids))
        for line in lines('start', clients[10:], ids):
            in_pieces(line)
        told(collector, 'start', 12)
        for number, (near, far) in enumerate(pairs):
            near.sendall(b'x' * (100000 + number))
            far.settimeout(60)
            got = 0
            while got < 100000 + number:
                got += len(far.recv(1 << 20))
            far.sendall(b'y' * (200 + number))
            near.recv(1000)
            near.close()
            equal(far.recv(1), b'', 'at the end')
            far.close()
        write(*lines('end', clients[::-1], ids))
        ends(collector, 12)
    with case('StoRM: marks, fireflies with the ids of the start, octets'):
        wire = connections(f'{OUT}/storm.pcap')
        for number, client in enumerate(clients):
            flow = check(collector, 'storm', wire, 8443, client, ids)
            equal(flow.usage(), (200 + number, 100000 + number), 'octets')
            equal(flow.end['flow-id']['src-ip'], CLIENT, 'src')


@contextlib.contextmanager
def rsyslog():
    """The configuration of the docs, but for where it listens and writes."""
    text = RSYSLOG.read_text()
    for old, new in (('port="10514"', f'address="{CLIENT}" port="10516"'),
                     ('/var/log/fireflies.json', f'{OUT}/rsyslog.json'),
                     ('/var/log/no-fireflies', f'{OUT}/rsyslog.rest')):
        equal(text.count(old), 1, old)
        text = text.replace(old, new)
    pathlib.Path(HOME, 'rsyslog.conf').write_text(text)
    with background('client', ['rsyslogd', '-n', '-f', f'{HOME}/rsyslog.conf',
                               '-i', 'NONE'],
                    lambda: ':10516 ' in net.sh('ip netns exec client ss '
                                                '-Hluan'),
                    f'{OUT}/rsyslogd.log'):
        yield


class Everything(Collector):
    """Keeps what the collector port got, cleared or not."""

    def __init__(self):
        self.said = []
        super().__init__()

    def clear(self):
        self.said += [text for port, _, text in self.fireflies
                      if port == 10515]
        super().clear()


class Scrapes(threading.Thread):
    """GET /metrics each second, kept with the time of each in one file:
    scripts/dashboard-picture draws what a dashboard would have shown."""

    def __init__(self):
        super().__init__(daemon=True)
        self.lines = []
        self.ended = threading.Event()
        self.start()

    def scrape(self):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            sock.connect(f'{HOME}/http.sock')
            sock.sendall(b'GET /metrics HTTP/1.0\r\n\r\n')
            with sock.makefile(encoding='ascii', newline='') as file:
                return file.read().split('\r\n\r\n', 1)[1]

    def run(self):
        while not self.ended.wait(1):
            now = f'{time.time():.3f}'
            self.lines += [line if line.startswith('#') else f'{line} {now}'
                           for line in self.scrape().splitlines()
                           if line != '# EOF']

    def finish(self):
        """The last values, by name and labels."""
        self.ended.set()
        self.join()
        pathlib.Path(OUT, 'metrics.om').write_text(
            '\n'.join(self.lines) + '\n# EOF\n')
        return dict(line.rsplit(' ', 1) for line in self.scrape().splitlines()
                    if not line.startswith('#'))


def metrics(values):
    with case('metrics by tag: packets, marked ones and octets'):
        for exp, act in sorted(LABELS):
            flows, packets, marked, octets = (
                int(values[f'scitagd_tag_{name}_total{{exp="{exp}",'
                           f'act="{act}"}}'])
                for name in ('flows', 'packets', 'packets_marked', 'octets'))
            note(f'{exp}/{act}: {flows} flows, {packets} packets, {marked} '
                 f'marked, {octets} octets')
            equal(flows > 0, True, 'flows')
            equal(packets >= marked > 0.9 * packets, True, 'marked')
            equal(octets > 60 * packets, True, 'octets')


def accepted(collector):
    collector.clear()
    said = [json.loads(text[text.index('{'):]) for text in collector.said]
    pathlib.Path(OUT, 'fireflies.log').write_text(
        '\n'.join(collector.said) + '\n')
    with case('the published schema takes every firefly'):
        validator = jsonschema.validators.validator_for(
            SCHEMA, default=jsonschema.Draft7Validator)(SCHEMA)
        for firefly in said:
            validator.validate(firefly)
        note(f'{len(said)} fireflies')
    with case('rsyslog with the configuration of the docs reads every one'):
        path = pathlib.Path(OUT, 'rsyslog.json')
        net.wait_for(lambda: path.read_bytes().count(b'\n') >= len(said),
                     what='last line')
        # One may overtake another on the way.
        read = [json.loads(line) for line in path.read_text().splitlines()]
        equal(sorted(read, key=json.dumps), sorted(said, key=json.dumps),
              'fireflies')
        equal(pathlib.Path(OUT, 'rsyslog.rest').exists(), False, 'others')


def slow_cable():
    net.sh('ip netns exec client sysctl -qw net.ipv6.auto_flowlabels=0')
    for name in 'server', 'client':
        net.sh(f'ip netns exec {name} tc qdisc add dev eth0 root netem rate '
               '32mbit limit 10000')


def main():
    net.module_load()
    with topology(), rsyslog():
        slow_cable()
        collector = Everything()
        with daemon(CONFIG):
            scrapes = Scrapes()
            with xrootd():
                xrootd_directions(collector)
                xrootd_at_once(collector)
                xrootd_streams(collector)
            iperf3(collector, 'upload', 5201)
            iperf3(collector, 'download', 5202, '-R')
            storm(collector)
            metrics(scrapes.finish())
        accepted(collector)
    net.module_unload()
    done()


main()
