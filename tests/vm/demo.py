#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# kernels: 6.1 6.12 7.3
"""The main job, on real software: what `make demo` shows. The hosts are those
of storage.py.

XRootD announces a transfer to the daemon of its host, the daemon has the
module mark it and tells the collector; then the same with a line written
into the daemon's pipe, for iperf3. (XRootD of Debian 11 announces nothing.)
"""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import threading

import net
from storage import (CLIENT, HOME, OUT, PIPE, SERVER, Collector, background,
                     daemon, listening, show, topology, xrootd)
from tap import case, done, equal

MIB = int(os.environ.get('DEMO_MIB', '64')) // int(os.environ['SLOW'])

CONFIG = f"""marks: [label, hbh, do]
pipes: [{PIPE}]
receiver:
  listen: ["127.0.0.1:10514"]
fireflies:
  collectors: ["[{CLIENT}]:10515"]
  period: 2s
"""


def say(title):
    print(f'\n=== {title}', flush=True)


def run(where, command):
    """Show a command and what it prints."""
    print(f'  {where}$ {command}', flush=True)
    output = net.sh(f'ip netns exec {where} {command}')
    show(output)
    return output


@contextlib.contextmanager
def dumpcap(path):
    """A capture at the client's end, the first octets of each packet. A
    filter of "tcp port" would miss what has extension headers."""
    process = subprocess.Popen(
        ['ip', 'netns', 'exec', 'client', 'dumpcap', '-q', '-i', 'eth0', '-s',
         '160', '-B', '64', '-w', path, '-f', 'ip6'],
        stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith('File:'):
            break
    try:
        yield
        net.settle(process.pid, path)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def excerpt(path, first=200, last=40):
    """The beginning and the end of a long capture: tshark takes its time."""
    count = int(net.sh(f'capinfos -Mrc {path}').split()[-1])
    shorter = f'{HOME}/excerpt.pcapng'
    ranges = f'1-{first} {count - last}-{count}' if count > first + last \
        else f'1-{count}'
    net.sh(f'editcap -r {path} {shorter} {ranges}')
    return shorter


def decode(path, port):
    """Show some packets of the server as tshark decodes them; returns the
    number of one that is marked in full, and the excerpt it is in."""
    fields = ('frame.number', 'ipv6.flow', 'ipv6.nxt', 'ipv6.opt.type',
              'ipv6.opt.experimental', 'tcp.flags.str', 'tcp.len')
    path = excerpt(path)
    rows = net.tshark(path, fields, where=f'ipv6.src == {SERVER} && '
                      f'tcp.srcport == {port}')
    payload = [row for row in rows if int(row[6] or 0) > 1000]
    print('    ' + '  '.join(f'{title:<{width}}' for title, width in COLUMNS))
    for row in rows[:4] + payload[:3] + rows[-2:]:
        print('    ' + '  '.join(f'{value:<{width}}' for value, (_, width)
                                 in zip(row, COLUMNS)), flush=True)
    return path, payload[-1][0]


COLUMNS = (('frame', 6), ('flow label', 10), ('next', 4),
           ('option types', 22), ('experiment and activity', 23),
           ('tcp', 12), ('payload', 7))


def first_in_full(path, number):
    text = net.sh(f'tshark -r {path} -Y "frame.number == {number}" -O ipv6 '
                  '2>/dev/null')
    start = text.index('Internet Protocol Version 6')
    keep = re.compile('Version 6|Flow Label|Next Header|Hop-by-Hop|Destination '
                      'Options|Experimental|Type:|Data|PadN')
    show('\n'.join(line for line in text[start:].splitlines()
                   if keep.search(line)))


def of_server(expression):
    """Neither fireflies nor neighbour discovery."""
    return (f'ip6 and src host {SERVER} and not ip6[6] == 17 and '
            f'not ip6[6] == 58 and ({expression})')


def count(path, expression):
    """Packets of the server that tcpdump finds."""
    command = f"tcpdump -n --count -r {path} '{of_server(expression)}'"
    return int(re.search(r'(\d+) packets?$', net.sh(command), re.M)[1])


TAGGED = 'ip6[0:4] & 0x3fefc = 0x30038'
OPTIONS = ('ip6[6] = 0 and ip6[42:4] = 0x1e030003 and ip6[46:2] = 0x0e00 and '
           'ip6[40] = 60 and ip6[50:4] = 0x1e030003 and ip6[54] = 0x0e')


def times(path, expression):
    """When packets of the server that tcpdump finds came."""
    output = net.sh(f"tcpdump -tt -n -q -r {path} '{of_server(expression)}'"
                    ' 2>/dev/null')
    return [float(line.split()[0]) for line in output.splitlines()]


def check_marks(path, what):
    """A flow that is announced when its connection runs already, and whose end
    is before it closes."""
    total, tagged = count(path, 'ip6[6] >= 0'), times(path, TAGGED)
    options = count(path, OPTIONS)
    with case(f'{what}: the tag of 3.14 (published: 196664) is in the label '
              'of all packets of the flow'):
        assert total > MIB * 600, f'only {total} packets'
        assert len(tagged) > 0.9 * total, f'{len(tagged)} of {total}'
        equal([t for t in times(path, f'not ({TAGGED})')
               if tagged[0] < t < tagged[-1]], [],
              'packets without it among those that have it')
    with case(f'{what}: HbH and DO options hold 3 and 14'):
        assert options > 0.9 * total, f'{options} of {total}'
    print(f'    {total} packets of the server: {len(tagged)} with the tag in their '
          f'label, {options} with both options', flush=True)


def show_fireflies(collector):
    for port, source, text in collector.fireflies:
        to = 'the collector' if port == 10515 else "the flow's other end"
        header, _, body = text.partition('{')
        body = '{' + body
        print(f'  from {source} to port {port}, {to}:')
        state = json.loads(body)['flow-lifecycle']['state']
        if (state, port) == ('end', 10515):
            show(header)
            show(json.dumps(json.loads(body), indent=1), indent='      ')
        else:
            show(text[:150] + '...')


def check_fireflies(collector, what, application=None):
    with case(f'{what}: start and end came to the collector and to the '
              "flow's remote address"):
        for port in (10514, 10515):
            start, end = (collector.take(s, port) for s in ('start', 'end'))
            for firefly in (start, end):
                context = firefly['context']
                equal((context['experiment-id'], context['activity-id']),
                      (3, 14), 'ids')
                equal(context.get('application'), application, 'application')
                equal(firefly['flow-id']['src-ip'], SERVER, 'source')
            states = [state for state, _ in collector.at(port)]
            equal(states, ['start'] + ['ongoing'] * (len(states) - 2) + ['end'],
                  f'fireflies to port {port}')
    with case(f'{what}: the end firefly has the octets that were sent, and '
              'the round-trip time'):
        end = collector.take('end')
        assert end['usage']['sent'] >= MIB << 20, end['usage']
        assert 0 < end['netlink']['rtt'] < 10000, end['netlink']


def sha256(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest() \
            if hasattr(hashlib, 'file_digest') else \
            hashlib.sha256(file.read()).hexdigest()


def part_xrootd(collector):
    capture = f'{OUT}/xrootd.pcapng'
    data, copy = f'{HOME}/exports/data/events.root', f'{HOME}/copy.root'
    say(f'A file of {MIB} MiB, copied with XRootD; its URL says scitag.flow=206')
    server = xrootd()
    with open(data, 'wb') as file:
        for _ in range(MIB):
            file.write(os.urandom(1 << 20))
    seen = []
    with server, dumpcap(capture):
        stop = threading.Event()

        def watch():
            while not seen and not stop.wait(0.1):
                text = net.sh('ip netns exec server scitag flow list')
                if ':1094' in text:
                    seen.append(text)
        watcher = threading.Thread(target=watch)
        watcher.start()
        run('client', f'xrdcp --nopbar -f "root://[{SERVER}]:1094//data/'
            f'events.root?scitag.flow=206" {copy}')
        collector.take('end')
        stop.set()
        watcher.join()
    with case('xrootd: the copied file is the same'):
        equal(sha256(copy), sha256(data), 'SHA-256')
    say('While it ran, on the server')
    print('  server$ scitag flow list')
    show(seen[0] if seen else '(gone before we looked)')
    with case('xrootd: the daemon entered the flow into the kernel'):
        assert seen, 'never seen in scitag flow list'
    run('server', 'scitag stats')
    say('On the wire, as tshark at the client decodes it')
    shorter, number = decode(capture, 1094)
    say('One packet in full')
    first_in_full(shorter, number)
    # XRootD announces the flow at the first read, when it runs already.
    check_marks(capture, 'xrootd')
    say('The fireflies')
    show_fireflies(collector)
    check_fireflies(collector, 'xrootd', 'xrdcp')


def pipe_line(state, sport, dport):
    line = f'{state} tcp {SERVER} {sport} {CLIENT} {dport} 3 14\n'
    print(f'  server$ echo "{line.strip()}" >{PIPE}', flush=True)
    with open(PIPE, 'w', encoding='ascii') as pipe:
        pipe.write(line)


@contextlib.contextmanager
def monitor(path):
    """What the kernel tells of flows, as it happens, to the end of one."""
    def listening_to_groups():
        rows = net.sh('ip netns exec server cat /proc/net/netlink')
        return [row for row in map(str.split, rows.splitlines()[1:])
                if row[1] == '16' and int(row[3], 16)]

    others = len(listening_to_groups())  # the daemon's
    with background('server', ['scitag', '--json', 'monitor'],
                    lambda: len(listening_to_groups()) > others, path):
        yield
        net.wait_for(lambda: '"end"' in pathlib.Path(path).read_text(
            encoding='ascii'), what='event of the end')


def part_pipe(collector):
    capture, events = f'{OUT}/iperf3.pcapng', f'{OUT}/events.json'
    collector.clear()
    say('The same with a line in the pipe, for iperf3')
    with background('client', ['iperf3', '-s', '-p', '5201'],
                    lambda: listening('client', 5201), f'{OUT}/iperf3.log'), \
            dumpcap(capture), monitor(events):
        pipe_line('start', 20000, 5201)
        collector.take('start')
        print('  server$ iperf3 --client', CLIENT, '--cport 20000 &')
        iperf3 = subprocess.Popen(
            ['ip', 'netns', 'exec', 'server', 'iperf3', '-c', CLIENT, '-p',
             '5201', '--cport', '20000', '-n', f'{2 * MIB}M'],
            stdout=subprocess.DEVNULL)
        net.wait_for(lambda: flows()[0]['bytes'] > MIB << 20, seconds=60,
                     what='traffic')
        run('server', 'scitag flow list')
        pipe_line('end', 20000, 5201)
        collector.take('end')
        equal(iperf3.wait(60), 0, 'exit status of iperf3')
        run('server', 'scitag stats')
    with open(events, encoding='ascii') as file:
        told = [event for event in map(json.loads, file)
                if event['event'] != 'status']
    say('On the wire, as tshark at the client decodes it')
    decode(capture, 20000)
    with case('pipe: from the SYN to the end, every packet has the tag in '
              'its label'):
        equal([e['event'] for e in told], ['new', 'end'], 'events')
        equal(count(capture, TAGGED), told[-1]['packets'], 'packets tagged')
        equal(count(capture, OPTIONS), told[-1]['marked'], 'and with options')
        assert told[-1]['marked'] > 0.9 * told[-1]['packets'], told[-1]
    print(f'    {told[-1]["packets"]} packets, {told[-1]["marked"]} of them '
          'with both options', flush=True)
    say('The fireflies')
    show_fireflies(collector)
    check_fireflies(collector, 'pipe')
    with case('pipe: after the end there is no flow in the kernel'):
        equal(flows(), [], 'flows')


def flows():
    return json.loads(net.sh('ip netns exec server scitag --json flow list'))


def main():
    net.module_load()
    with open('/proc/version', encoding='ascii') as version:
        say(version.read().split(' (')[0])
    run_here = net.sh('modinfo -F description scitag; cat '
                      '/sys/module/scitag/version')
    show(run_here)
    with topology(), daemon(CONFIG):
        collector = Collector()
        part_xrootd(collector)
        part_pipe(collector)
    net.module_unload()
    done()


main()
