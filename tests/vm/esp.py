#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
"""IPsec in transport mode: on the wire the headers are in the order of RFC
8200, and behind the receiver's decryption they are what the flow asks for.

The receiver's nftables compare the octets of each packet after decryption.
Linux puts ESP and AH behind a Destination Options header where there is no
Routing header, so the tag can be read on the way.
"""
import os

import decode
import net
import traffic
from decode import DEST, ESP, HOP, TCP, few
from genl import DO, HBH, LABEL, Genl
from tap import case, done, equal, note
from traffic import A, B

OUT = os.environ['OUT']
SLOW = int(os.environ['SLOW'])
AH = 51
KEY, AUTH = '0x' + '0123456789abcdef' * 2, '0x' + 'fedcba9876543210' * 2
PROTOCOLS = {
    ESP: ('esp', f"enc 'cbc(aes)' {KEY} auth-trunc 'hmac(sha256)' {AUTH} 128"),
    AH: ('ah', f"auth-trunc 'hmac(sha256)' {AUTH} 128"),
}
# The octets behind the fixed header, the last next-header being TCP's.
HEADERS = {
    'label': (LABEL, ''),
    'hbh': (HBH, '06001e0300030e00'),
    'do': (DO, '06011e0300030e3e0700000080000000'),
    'label+hbh+do': (LABEL | HBH | DO, '3c001e0300030e00'
                     '06011e0300030e3e0700000080000000'),
}


def secure(number):
    """Everything between a and b that is TCP."""
    proto, algorithms = PROTOCOLS[number]
    for name in 'ab':
        for src, dst, spi in ((A, B, 0x1000), (B, A, 0x2000)):
            way = 'out' if (src == A) == (name == 'a') else 'in'
            net.sh(f'ip -n {name} xfrm state add src {src} dst {dst} proto '
                   f'{proto} spi {spi} mode transport {algorithms};'
                   f'ip -n {name} xfrm policy add src {src} dst {dst} '
                   f'proto tcp dir {way} tmpl src {src} dst {dst} '
                   f'proto {proto} mode transport')


def counters(ports):
    """Packets at b, after decryption, that have these octets."""
    rules = []
    for sport, (_, octets) in ports.items():
        match, at = '', 320
        for size, part in ((8, octets[:16]), (16, octets[16:])) \
                if len(octets) > 32 else ((len(octets) // 2, octets),):
            if part:
                match += f'@nh,{at},{size * 8} 0x{part} '
            at += size * 8
        rules.append(f'meta l4proto tcp tcp sport {sport} {match}counter '
                     f'comment "{sport}"')
    net.nft('b', match=['filter hook input priority 0', *rules])


def wire(path):
    """What is on the wire: labels and chains of headers of a's packets."""
    rows = net.tshark(path, ('ipv6.src', 'ipv6.flow', 'ipv6.nxt',
                             'ipv6.hopopts.nxt', 'ipv6.dstopts.nxt',
                             'ipv6.opt.experimental', 'frame.len'))
    for src, label, *chain, options, length in rows:
        if src.split(',')[0] == A:
            yield int(label.split(',')[0], 0), tuple(
                int(nxt) for field in chain for nxt in field.split(',')
                if nxt), tuple(o for o in options.split(',') if o), \
                int(length) - 14


def protected(number):
    name = PROTOCOLS[number][0].upper()
    with net.pair():
        secure(number)
        with net.inside('a'):
            table = Genl()
        marked = few(HEADERS) if number == ESP else ['label+hbh+do']
        ports = {sport: HEADERS[what] for sport, what in enumerate(marked,
                                                                   20000)}
        counters(ports)
        on_wire = {}
        for sport, (mark, _) in ports.items():
            path = f'{OUT}/esp-{number}-{sport}.pcap'
            table.add(protocol=TCP, src=A, dst=B, sport=sport, dport=30000,
                      mark=mark, **decode.TAG)
            with net.capture('b', path, snap=300, direction='in',
                             expression=f'src {A}'):
                with traffic.connection(sport, 30000) as conn:
                    conn.bulk(120000 // SLOW)
                    conn.talk(5)
            on_wire[sport] = [row for row in wire(path) if row[1][0] != 58]
        after = net.nft_counters('b')
        for state, what in zip(sorted(table.dump(), key=lambda s: s['sport']),
                               marked):
            mark, sport = state['mark'], state['sport']
            with case(f'{name}: all of {what} is marked on the wire'):
                rows = on_wire[sport]
                chain = ((HOP,) if mark & HBH else ()) + \
                    ((DEST,) if mark & DO else ()) + (number,)
                equal({row[1][:len(chain)] for row in rows}, {chain},
                      'headers')
                equal({row[2] for row in rows}, {decode.options_of(mark)},
                      'options')
                if mark & LABEL:
                    equal({row[0] for row in rows}, {state['label']}, 'labels')
                assert max(row[3] for row in rows) <= 1500, 'too long'
                equal(len(rows), state['packets'], 'packets')
                equal(state['marked'], state['packets'], 'marked packets')
            with case(f'{name}: all of {what} is marked behind decryption'):
                equal(after[str(sport)], state['packets'], 'packets')
        with case(f'{name}: nothing was complained of'):
            stats = table.stats()
            note(stats)
            equal(sum(stats.values()), stats['marked'], 'not marked')
            decode.check_receiver('b')
            # The debug kernel keeps no statistics of IPsec.
            text = net.sh('ip netns exec b cat /proc/net/xfrm_stat'
                          if os.environ['KERNEL_NAME'] != 'debug' else 'true')
            equal({line for line in text.splitlines()
                   if line.split()[1] != '0'}, set(), 'errors of IPsec')


def main():
    net.module_load()
    for number in PROTOCOLS:
        protected(number)
    net.module_unload()
    done()


main()
