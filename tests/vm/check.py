#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# kernels: !debug
"""scitag check on paths that do this and that to marks.

    a [veth0] ---- [veth0] r [veth1] ---- [veth0] b
      2001:db8:a::1                2001:db8:b::2
"""
import contextlib
import json
import os
import signal
import subprocess

import net
from tap import case, done, equal, note

A, B = '2001:db8:a::1', '2001:db8:b::2'
SLOW = int(os.environ.get('SLOW', '1'))
PORT = 5201
OCTETS = 32768
KINDS = ['plain', 'label', 'hbh', 'do', 'hbh+do', 'do-8']


@contextlib.contextmanager
def path(offload=False):
    for name in 'arb':
        net.add(name)
    try:
        net.link('a', 'r', A, '2001:db8:a::2', offload=offload)
        net.link('r', 'b', '2001:db8:b::1', B, device='veth1',
                 offload=offload)
        net.sh('ip netns exec r sysctl -qw net.ipv6.conf.all.forwarding=1;'
               'ip -n a route add default via 2001:db8:a::2;'
               'ip -n b route add default via 2001:db8:b::1')
        yield
    finally:
        for name in 'arb':
            net.delete(name)


@contextlib.contextmanager
def drops(rule):
    """r drops what matches an ip6tables rule."""
    net.sh(f'ip netns exec r ip6tables -A FORWARD {rule} -j DROP')
    try:
        yield
    finally:
        net.sh('ip netns exec r ip6tables -F FORWARD')


@contextlib.contextmanager
def listener():
    """scitag check --listen at b; yields what it printed when it is over."""
    printed = []
    with net.inside('b'):
        process = subprocess.Popen(
            ['scitag', '--json', 'check', '--listen', str(PORT)],
            stdout=subprocess.PIPE, text=True)
    net.wait_for(lambda: f':{PORT}' in net.sh('ip netns exec b ss -ltn'),
                 what='listener')
    try:
        yield printed
    finally:
        process.send_signal(signal.SIGTERM)
        out = process.communicate(timeout=60)[0]
        printed += [json.loads(line) for line in out.splitlines()]
    equal(process.returncode, 0, 'exit status of the listener')


def check(*more, timeout=3):
    """Exit status, outcomes by kind, and what was said. Only where something
    does not arrive, the timeout passes."""
    with net.inside('a'):
        run = subprocess.run(
            ['scitag', '--json', 'check', f'[{B}]:{PORT}', '--timeout',
             str(timeout * SLOW), *more], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False,
            timeout=60 + 10 * timeout * SLOW)
    note(run.stdout + run.stderr)
    rows = json.loads(run.stdout)
    equal(flows(), [], 'flows that are left')
    return run.returncode, {row['kind']: row for row in rows}, run.stderr


def flows():
    with net.inside('a'):
        return json.loads(net.sh('scitag --json flow list'))


def results(rows):
    return {kind: row['result'] for kind, row in rows.items()}


def wanted(**different):
    """All ok but for those that are named, with _ for what is no letter."""
    names = {kind.replace('+', '_').replace('-', '_'): kind for kind in KINDS}
    want = dict.fromkeys(KINDS, 'ok')
    want.update({names[name]: result for name, result in different.items()})
    return want


def good_path():
    with listener() as printed:
        status, rows, said = check(timeout=20)
    equal((status, said), (0, ''), 'status')
    equal(results(rows), wanted(), 'results')
    equal(list(rows), KINDS, 'order')
    for kind, row in rows.items():
        equal((row['acked'], row['arrived'], row['pmtu']),
              (OCTETS, OCTETS, 1500), kind)
        if kind == 'plain':
            equal((row['packets'], row['marked']), (None, None), kind)
        elif not row['packets'] > 20 or row['marked'] != row['packets']:
            raise AssertionError(f'{kind}: not all packets marked: {row}')
    equal([p['octets'] for p in printed], [OCTETS] * len(KINDS),
          'what the far end read')
    equal([p['headers'] for p in printed],
          ['none', 'none', 'hbh', 'do', 'hbh,do', 'do'], 'with which headers')
    # Experiment 1, activity 1, without the bits that are entropy.
    equal(printed[1]['label'] & 0x3fefc, 0x20004, 'with which label')
    equal({p['from'] for p in printed}, {A}, 'and from whom')


def mss():
    """Room for the headers is taken from the segments, no more and no less."""
    with listener():
        rows = check(timeout=20)[1]
    equal({kind: rows['plain']['snd-mss'] - row['snd-mss']
           for kind, row in rows.items()},
          {'plain': 0, 'label': 0, 'hbh': 8, 'do': 16, 'hbh+do': 24,
           'do-8': 8}, 'octets less than without a mark')


def hop_by_hop_dropped():
    with listener(), drops('-m ipv6header --soft --header hop'):
        status, rows, said = check()
    equal(status, 1, 'status')
    equal(results(rows),
          wanted(hbh='no-connection', hbh_do='no-connection'), 'results')
    equal(rows['hbh']['text'], 'no connection (no answer)', 'in words')
    equal(said, 'scitag: not ok: hbh, hbh+do\n', 'what is said')


def long_packets_dropped():
    """The handshake gets through, and data does not."""
    rule = '-m ipv6header --soft --header dst -m length --length 1000:65535'
    with listener(), drops(rule):
        status, rows, _ = check()
    equal(status, 1, 'status')
    equal(results(rows),
          wanted(do='nothing-arrives', hbh_do='nothing-arrives',
                 do_8='nothing-arrives'), 'results')


def misread_header():
    """r takes 8 octets of Destination Options for TCP, in packets that it
    gets whole from a; and those of layout safe for what they are."""
    with listener():
        status, rows, _ = check()
    equal(status, 1, 'status')
    bad = rows['do-8']
    equal(results(rows), wanted(do_8=bad['result']), 'results')
    if bad['result'] not in ('slow', 'stalled', 'nothing-arrives'):
        raise AssertionError(bad)


def label_rewritten():
    """r sets all labels to 0, and lets the packets pass."""
    # nft can't any more: Linux 7.3 lets no rule write there.
    net.sh('tc -n r qdisc add dev veth1 clsact;'
           'tc -n r filter add dev veth1 egress protocol ipv6 matchall '
           'action pedit munge offset 0 u32 set 0 retain 0xfffff')
    try:
        with listener() as printed:
            status, rows, said = check(timeout=20)
    finally:
        net.sh('tc -n r qdisc del dev veth1 clsact')
    equal((status, said), (1, 'scitag: not ok: label\n'), 'what is said')
    equal(results(rows), wanted(label='stripped'), 'results')
    equal(rows['label']['text'], 'arrives without the mark', 'in words')
    equal({p['label'] for p in printed}, {0}, 'labels that arrived')


def no_listener():
    status, rows, said = check(timeout=20)
    equal((status, results(rows)), (1, {'plain': 'no-connection'}), 'results')
    equal(rows['plain']['text'], 'no connection (Connection refused)',
          'in words')
    equal(said, 'scitag: the far end cannot be reached even without a mark\n',
          'what is said')


def other_service():
    """Something that reads and never answers."""
    with net.inside('b'):
        process = subprocess.Popen(
            ['socat', '-u', f'TCP6-LISTEN:{PORT},reuseaddr,fork',
             'OPEN:/dev/null'])
    try:
        net.wait_for(lambda: f':{PORT}' in net.sh('ip netns exec b ss -ltn'),
                     what='service')
        status, rows, _ = check(timeout=20)
    finally:
        process.terminate()
        process.wait()
    equal((status, results(rows)), (0, wanted()), 'results')
    equal({row['arrived'] for row in rows.values()}, {None}, 'answers')


def interrupted():
    """Its flow goes with it."""
    with listener(), drops('-m ipv6header --soft --header hop'):
        with net.inside('a'):
            process = subprocess.Popen(
                ['scitag', 'check', f'[{B}]:{PORT}', '--timeout', '60'],
                stderr=subprocess.PIPE, text=True)
        net.wait_for(lambda: [f for f in flows() if f['mark'] == ['hbh']],
                     60 * SLOW, 'flow with hbh')
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    equal((process.returncode, said), (1, 'scitag: interrupted\n'), 'status')
    equal(flows(), [], 'flows that are left')


def no_module():
    run = subprocess.run(['scitag', 'check', '::1', '--port', '1'],
                         stderr=subprocess.PIPE, text=True, check=False)
    equal(run.returncode, 3, 'status')


def main():
    with case('without the module: 3'):
        no_module()
    net.module_load()
    with path():
        with case('a good path: every kind is ok, marked and read'):
            good_path()
        with case('segments give up as much as the headers need'):
            mss()
        with case('a router that drops Hop-by-Hop headers'):
            hop_by_hop_dropped()
        with case('a router that drops long packets with Destination Options'):
            long_packets_dropped()
        with case('a router that rewrites labels'):
            label_rewritten()
        with case('nothing listens'):
            no_listener()
        with case('a service that never answers'):
            other_service()
        with case('SIGINT ends it, and its flow'):
            interrupted()
    with path(offload=True):
        with case('a router that misreads Destination Options of 8 octets'):
            misread_header()
    net.module_unload()
    done()


main()
