#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# kernels: !debug
"""One transfer, watched by snapshots, by ss and by iperf3: the three agree.

What they saw stays in $OUT for compare.gp, see docs/snapshots.md. On the debug
kernel a call of ss takes seconds.
"""
import bisect
import contextlib
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

import net
from events import Snapshots
from genl import LABEL, Genl
from tap import case, done, equal, note
from tcpstruct import cong_info, tcp_info

OUT = os.environ['OUT']
RATE, DELAY = '10mbit', 60
# How long a transfer is; the next one where the machine is so busy that there
# are too few samples in it.
SECONDS = (10, 30, 60)
CLIENT, SERVER = '2001:db8:a::1', '2001:db8:b::2'
SPORT, DPORT = 20000, 5201  # below those that the kernel gives away
FLOW = {'protocol': 6, 'src': CLIENT, 'dst': SERVER, 'sport': SPORT,
        'dport': DPORT}
# What only grows, and so has to lie between the snapshots before and after.
COUNTERS = ('bytes_acked', 'bytes_sent', 'segs_out', 'segs_in',
            'data_segs_out', 'delivered')
# How far the median of what a source saw may be from that of the snapshots
# nearest in time, as a share of the value: where the machine is busy, sources
# look at different parts of the transfer. And polls of ss from the nearest
# snapshot.
MEDIANS = {'rtt': 0.1, 'cwnd': 0.2, 'rttvar': 0.4}
NEAREST = 0.2


def path(cong):
    """The delay on the way back, the bottleneck in the middle:

        a ---- [veth0] r [veth1] rate, marks CE ---- [veth0] delay b
    """
    net.has(f'tcp_{cong}')
    # Other namespaces may use what this one allows.
    net.sh('sysctl -qw net.ipv4.tcp_allowed_congestion_control='
           f'"$(sysctl -n net.ipv4.tcp_allowed_congestion_control) {cong}"')
    for name in 'ab':
        net.sh(f'ip netns exec {name} sysctl -qw '
               f'net.ipv4.tcp_ecn={int(cong == "dctcp")} '
               f'net.ipv4.tcp_congestion_control={cong}')
    # One queue; what waited for longer than 5 ms is marked, as DCTCP wants it.
    # As a drop would be CoDel's to decide, that is put off.
    net.sh(f'tc -n r qdisc replace dev veth1 root handle 1: tbf rate {RATE} '
           'burst 5kb limit 1000kb;'
           'tc -n r qdisc replace dev veth1 parent 1: handle 2: fq_codel '
           'flows 1 limit 1000 target 500ms interval 2s ce_threshold 5ms ecn;'
           f'tc -n b qdisc replace dev veth0 root netem delay {DELAY}ms '
           'limit 10000')


def ss():
    """The connection as ss shows it, with the time before and after; None when
    it is not there."""
    begin = time.time()
    text = net.sh(f"ss -tin 'sport = :{SPORT} and dport = :{DPORT}'")
    end = time.time()
    if 'bytes_acked:' not in text:
        return None
    sample = {name: int(value) for name, value in
              re.findall(r'\b(\w+):(\d+)(?=\s|$)', text)}
    rtt, var = re.search(r'\brtt:([\d.]+)/([\d.]+)', text).groups()
    sample.update(rtt=float(rtt) * 1000, rttvar=float(var) * 1000,
                  begin=begin, end=end, time=(begin + end) / 2)
    if 'alpha:' in text:
        sample['alpha'] = int(re.search(r'alpha:(\d+)', text)[1]) / 1024
    if 'bbr:(' in text:
        bw, unit = re.search(r'bw:([\d.]+)([KMG]?)bps', text).groups()
        sample['bw'] = float(bw) * {'': 1, 'K': 1e3, 'M': 1e6,
                                    'G': 1e9}[unit]
    return sample


def of_snapshot(snapshot, cong):
    """A snapshot in the same terms."""
    info = tcp_info(snapshot['tcp_info'])
    sample = {**info, 'time': snapshot['time'] / 1e9,
              'cwnd': info['snd_cwnd']}
    told = cong_info(cong, snapshot['cong_info'])
    if cong == 'dctcp':
        sample['alpha'] = told['alpha'] / 1024
    else:
        sample['bw'] = 8 * (told['bw_hi'] << 32 | told['bw_lo'])
    return sample


def looked_at(ours, poll):
    """When ss looked, by how far the connection was: ss needs some time to
    start and to end, and on a busy machine a long one."""
    return min(ours, key=lambda s: abs(s['bytes_acked'] -
                                       poll['bytes_acked']))['time']


def of_iperf3(report, begin, mss):
    """The intervals of iperf3: how it was at the end of each. It tells times
    since its begin, and the window in octets."""
    streams = [interval['streams'][0] for interval in report['intervals']]
    return [{'time': begin + s['end'], 'rtt': s['rtt'], 'pmtu': s['pmtu'],
             'rttvar': s['rttvar'], 'cwnd': s['snd_cwnd'] / mss}
            for s in streams]


@contextlib.contextmanager
def server():
    """iperf3 that serves one transfer."""
    with net.inside('b'):
        process = subprocess.Popen(['iperf3', '-s', '-1', '-p', str(DPORT)],
                                   stdout=subprocess.DEVNULL)
    try:
        net.wait_for(lambda: f':{DPORT} ' in net.sh(
            'ip netns exec b ss -Htln'), what='server')
        yield
    finally:
        process.terminate()
        process.wait()


def transfer(cong, seconds):
    """One transfer; what the three saw of it."""
    with net.inside('a'):
        table = Genl()
    snapshots, polled = Snapshots('a'), []
    table.add(**FLOW, experiment=3, activity=14, mark=LABEL,
              snapshot_interval=50)
    # A pipe would be full before anybody reads it.
    with server(), net.inside('a'), tempfile.TemporaryFile('w+') as output:
        client = subprocess.Popen(
            ['iperf3', '-c', SERVER, '-p', str(DPORT), '--cport', str(SPORT),
             '-t', str(seconds), '-i', '0.1', '-J'], stdout=output)
        while client.poll() is None and len(polled) < 100 * seconds:
            polled.append(ss())
            snapshots.read(0)
        client.wait(60)
        output.seek(0)
        report = json.load(output)
    table.flush()
    while snapshots.read(0.2):
        pass
    equal(snapshots.lost, 0, 'snapshots lost')
    ours = [of_snapshot(s, cong) for s in snapshots.got
            if s.get('state') == 1 and s['cong'] == cong]
    # The transfer begins with the first octets; both have sent some before.
    begin = next(s['time'] for s in ours if s['data_segs_out'] > 5) - 0.05
    polled = [{**s, 'time': looked_at(ours, s)} for s in polled
              if s and s['time'] > begin]
    return ([s for s in ours if s['time'] > begin], polled,
            of_iperf3(report, begin, ours[-1]['snd_mss'])), begin


def write(cong, series, begin):
    """Tables for compare.gp: time since the begin, ms, ms, segments, octets,
    and alpha or Mb/s."""
    for name, samples in zip(('scitag', 'ss', 'iperf3'), series):
        with open(f'{OUT}/compare-{cong}-{name}.tsv', 'w',
                  encoding='ascii') as file:
            for s in samples:
                extra = s.get('alpha', s.get('bw', 0) / 1e6)
                print(f'{s["time"] - begin:.3f}', s['rtt'] / 1000,
                      s['rttvar'] / 1000, f'{s["cwnd"]:.1f}', s['pmtu'],
                      f'{extra:.4f}', sep='\t', file=file)


def settled(samples, begin, name):
    """Without the first second, in which everything grows."""
    return [s[name] for s in samples if s['time'] > begin + 1]


def nearest(ours, other):
    """The snapshot that is nearest in time."""
    return min(ours, key=lambda s: abs(s['time'] - other['time']))


def apart(ours, others, name, begin):
    """How far the medians are apart, as a share of the first."""
    medians = [statistics.median(settled(each, begin, name)) for each in
               ([nearest(ours, other) for other in others], others)]
    share = abs(medians[0] - medians[1]) / medians[0]
    note(f'median {name}: {medians[0]:.6g} and {medians[1]:.6g}, '
         f'{100 * share:.1f} % apart')
    return share


def between(ours, polled):
    """Each counter of each poll is between those of the snapshots around it.
    The time of a snapshot is that of its beginning, so the last one that was
    begun before the poll may have looked later. Returns how many were compared."""
    times = [s['time'] for s in ours]
    count = 0
    for poll in polled:
        before = bisect.bisect_left(times, poll['begin']) - 2
        after = bisect.bisect_right(times, poll['end'])
        if before < 0 or after == len(ours):
            continue
        wrong = {name: (ours[before][name], poll[name], ours[after][name])
                 for name in COUNTERS if name in poll and
                 not ours[before][name] <= poll[name] <= ours[after][name]}
        equal(wrong, {}, 'counters of ss that are not between')
        count += 1
    return count


def away(ours, polled, name):
    """How far polls are from the snapshots next to them in time: the median,
    as a share of the value."""
    share = statistics.median(
        abs(nearest(ours, poll)[name] - poll[name]) / max(poll[name], 1e-9)
        for poll in polled)
    note(f'{name}: half of the polls are within {100 * share:.1f} % of the '
         'nearest snapshot')
    return share


def enough(ours, polled, iperf3):
    return len(ours) >= 100 and len(polled) >= 15 and len(iperf3) >= 50


def compare(cong, extra):
    series = ()
    with case(f'{cong}: a transfer at {RATE}'):
        path(cong)
        for seconds in SECONDS:
            series, begin = transfer(cong, seconds)
            ours, polled, iperf3 = series
            note(f'{seconds} s: {len(ours)} snapshots, {len(polled)} polls of '
                 f'ss, {len(iperf3)} intervals of iperf3')
            if enough(*series):
                break
        write(cong, series, begin)
        assert enough(*series), 'too few'
    if not series:
        return
    with case(f'{cong}: the path MTU is the same'):
        for samples in series:
            equal({s['pmtu'] for s in samples}, {1500}, 'path MTU')
    with case(f'{cong}: what ss counts is between the snapshots around it'):
        count = between(ours, polled)
        note(f'{count} polls compared')
        assert count >= 10, count
    with case(f'{cong}: the round-trip time is that of the path'):
        rtt = statistics.median(settled(ours, begin, 'rtt'))
        assert DELAY * 1000 <= rtt < 4000 * DELAY, rtt
    for name, limit in MEDIANS.items():
        with case(f'{cong}: medians of {name} are within {limit:.0%}'):
            for other in (polled, iperf3):
                assert apart(ours, other, name, begin) <= limit
    with case(f'{cong}: rtt and cwnd of ss are those of the nearest snapshot, '
              f'and so is its {extra}'):
        for name in ('rtt', 'cwnd'):
            assert away(ours, polled, name) <= NEAREST
        known = [s for s in polled if extra in s]
        assert len(known) >= 10, f'{len(known)} polls with {extra}'
        assert apart(ours, known, extra, begin) <= 0.1
        assert away(ours, known, extra) <= NEAREST


def main():
    net.module_load()
    with net.line():
        compare('dctcp', 'alpha')
        compare('bbr', 'bw')
    net.module_unload()
    done()


main()
