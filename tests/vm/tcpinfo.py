#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
"""What a snapshot says of a socket is what the kernel says of the same socket
at the same moment, field by field."""
import contextlib
import os
import socket
import threading
import time

import net
import tcpstruct
from owner import locked
from tap import case, done, equal, note
from tcpends import bulk, delay, drain, ends, fill
from tcpstruct import (CLOCKS, CLOSE_WAIT, CONG_INFO, ESTABLISHED, Socket,
                       tcp_info)

SO_MAX_PACING_RATE = 47
# The debug kernel has no module of it.
CONGS = ['dctcp', 'bbr'] + ['vegas'] * (os.environ['KERNEL_NAME'] != 'debug')


def moment(end, moving=()):
    """A snapshot, and what getsockopt() says before and after it; nothing but
    clocks has moved meanwhile, and those named have."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        before = Socket(end.sock)
        snapshot = end.table.snapshot(**end.flow)
        diag = end.diag.get(end.family, *end.ports)
        after = Socket(end.sock)
        first, last = tcp_info(before.tcp_info), tcp_info(after.tcp_info)
        moved = {name for name in first if first[name] != last[name]}
        if moved <= CLOCKS and moved >= set(moving) and \
                (before.cong_info, before.meminfo) == \
                (after.cong_info, after.meminfo):
            return before, snapshot, diag, after
    raise AssertionError(f'it never holds still; last moved: {moved}')


def check_info(what, data, before, after):
    """One struct tcp_info between two others."""
    equal(len(data), len(before.tcp_info), f'{what}: octets')
    first, ours, last = (tcp_info(each) for each in (
        before.tcp_info, data, after.tcp_info))
    wrong = {name: (first[name], ours[name], last[name]) for name in first
             if not first[name] <= ours[name] <= last[name]}
    equal(wrong, {}, f'{what}: fields that differ, and where they should be')


def check(end, moving=()):
    """All that a snapshot tells of a socket; returns its tcp_info."""
    before, snapshot, diag, after = moment(end, moving)
    check_info('snapshot', snapshot['tcp_info'], before, after)
    check_info('inet_diag', diag[2], before, after)
    equal(snapshot['trigger'], 0, 'trigger of a reply')
    equal(snapshot['state'], tcp_info(before.tcp_info)['state'], 'state')
    equal(snapshot['cong'], before.cong, 'congestion control')
    equal(snapshot['cong'], diag[4].rstrip(b'\0').decode(), 'of inet_diag')
    equal(snapshot.get('cong_info', b''), before.cong_info,
          'info of the congestion control')
    if before.cong_info:
        kind = CONG_INFO[before.cong][0]
        equal(snapshot['cong_kind'], kind, 'its kind')
        equal(snapshot['cong_info'], diag[kind], 'that of inet_diag')
    equal(snapshot['meminfo'], before.meminfo, 'socket memory')
    equal(snapshot['meminfo'], diag[7], 'that of inet_diag')
    return tcp_info(snapshot['tcp_info'])


def check_ss(end):
    """What people read. ss takes its time, in which memory may be given back."""
    def quiet_moment():
        memory = moment(end)[1]['meminfo']
        text = net.sh(f'ip netns exec {end.name} ss -tinmO '
                      f'"sport = :{end.ports[0]} and dport = :{end.ports[1]}"')
        return memory == moment(end)[1]['meminfo'] and (memory, text)
    memory, text = net.wait_for(quiet_moment, what='quiet moment')
    memory = tcpstruct.meminfo(memory)
    words = text.split('skmem:(')[1].split(')')[0].split(',')
    equal([int(word.lstrip('abcdefghijklmnopqrstuvwxyz')) for word in words],
          [memory[name] for name in tcpstruct.MEMINFO], 'skmem of ss')


def quiet(family, name):
    with case(f'{name}: a connection that has just begun'):
        with ends(family) as (client, server):
            for end in client, server:
                equal(check(end)['state'], ESTABLISHED, 'state')
    with case(f'{name}: after data, at the sender and at the receiver'):
        with ends(family) as (client, server):
            bulk(client, server, 1 << 20)
            bulk(server, client, 3000)
            bulk(client, server, 5000)
            sent = check(client)
            # The SYN was acknowledged, too; what the server sent first, its
            # SYN-ACK, is not counted (tcp_create_openreq_child()).
            equal(sent['bytes_acked'], (1 << 20) + 5000 + 1, 'octets acked')
            assert sent['busy_time'] > 0, 'never busy'
            note(f'{sent["busy_time"]} us busy')
            got = check(server)
            equal(got['bytes_received'], (1 << 20) + 5000, 'octets received')
            equal(got['bytes_acked'], 3000, 'octets that the server sent')
            assert got['ato'] > 0, 'no ato at the receiver'
            check_ss(client)


def sleeps(thread):
    """Does a thread wait for a lock of the kernel's?"""
    with open(f'/proc/self/task/{thread.native_id}/stat',
              encoding='utf-8') as stat:
        return stat.read().rpartition(')')[2].split()[0] == 'D'


def one_moment():
    """The FIN of the other end counts in bytes_received. That and a snapshot
    wait for the owner of the socket, and the FIN comes first."""
    if os.environ['KERNEL_NAME'] == 'debug':  # it has no userfaultfd
        return
    with case('a FIN that waits for the owner of the socket: state and octets '
              'are of one moment'):
        with ends() as (client, server):
            bulk(server, client, 10)
            got = []
            asker = threading.Thread(target=lambda: got.append(
                client.table.snapshot(**client.flow)))
            with locked(client.sock):
                before = net.snmp6('a')['Ip6InReceives']
                server.sock.shutdown(socket.SHUT_WR)
                net.wait_for(
                    lambda: net.snmp6('a')['Ip6InReceives'] > before,
                    what='FIN')
                asker.start()
                net.wait_for(lambda: sleeps(asker), what='snapshot at the lock')
            asker.join()
            info = tcp_info(got[0]['tcp_info'])
            equal((got[0]['state'], info['state'], info['bytes_received']),
                  (CLOSE_WAIT, CLOSE_WAIT, 10 + 1), 'state, octets and FIN')


def rwnd_limited():
    with case('a receiver that does not read: the time grows'):
        with ends() as (client, _):
            fill(client)
            info = check(client, moving={'busy_time', 'rwnd_limited'})
            assert 0 < info['rwnd_limited'] <= info['busy_time'], info
            note(f'{info["rwnd_limited"]} us limited by the window, '
                 f'{info["busy_time"]} us busy')


def small_buffer():
    """Paced, so that a write fills the buffer before all of it is sent: as it
    sends the last, with room in the window, TCP takes note of it
    (tcp_cwnd_validate())."""
    with case('a buffer that is too small for the path: the time grows'):
        net.sh('tc -n b qdisc add dev veth0 root netem delay 300ms')
        with ends(sndbuf=4096) as (client, server):
            client.sock.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE,
                                   400000)
            stop = threading.Event()

            def write():
                with contextlib.suppress(OSError):
                    while not stop.is_set():
                        client.sock.sendall(bytes(1 << 20))

            def read():
                with contextlib.suppress(OSError):
                    while server.sock.recv(1 << 16):
                        pass
            threads = [threading.Thread(target=run) for run in (write, read)]
            for thread in threads:
                thread.start()
            try:
                net.wait_for(lambda: client.info()['sndbuf_limited'],
                             what='time limited by the buffer')
                info = check(client, moving={'busy_time', 'sndbuf_limited'})
            finally:
                stop.set()
                net.sh('tc -n b qdisc del dev veth0 root')
                threads[0].join()
                client.sock.shutdown(socket.SHUT_WR)
                threads[1].join()
            note(f'{info["busy_time"]} us busy, {info["sndbuf_limited"]} us '
                 'limited by the buffer')


def losses():
    with case('after lost segments'):
        with ends() as (client, server):
            with delay('a', 'netem loss 3%'):
                for _ in range(20):  # one is nearly always enough
                    bulk(client, server, 1 << 20)
                    if client.info()['total_retrans'] and \
                            server.info()['rcv_ooopack']:
                        break
            info = check(client)
            assert info['total_retrans'] and info['bytes_retrans'], info
            info = check(server)
            assert info['rcv_ooopack'] > 0, info
    with case('while nothing arrives'):
        with ends() as (client, server):
            with delay('a', 'netem loss 100%'):
                client.sock.sendall(bytes(5000))
                net.wait_for(lambda: client.info()['backoff'] > 1,
                             what='retransmission timeouts')
                info = check(client)
            assert info['lost'] and info['unacked'] and info['backoff'], info
            equal(info['snd_cwnd'], 1, 'congestion window')
            drain(server.sock, 5000)


def congestion():
    for name in 'ab':
        net.sh(f'ip netns exec {name} sysctl -qw net.ipv4.tcp_ecn=1')
    for cong in CONGS:
        with case(f'{cong} and what it tells of itself'):
            net.has(f'tcp_{cong}')
            with ends(cong=cong) as (client, server):
                bulk(client, server, 1 << 20)
                check(client)
                told = tcpstruct.cong_info(
                    cong, client.table.snapshot(**client.flow)['cong_info'])
                note(told)
                assert any(told.values()), 'nothing'
    with case('what tells nothing of itself has no info'):
        with ends() as (client, _):
            snapshot = client.table.snapshot(**client.flow)
            equal([name for name in ('cong_kind', 'cong_info') if name in
                   snapshot], [], 'attributes')


def main():
    net.module_load()
    with net.pair():
        for family, name in ((socket.AF_INET6, 'IPv6'),
                             (socket.AF_INET, 'IPv4')):
            quiet(family, name)
        one_moment()
        rwnd_limited()
        small_buffer()
        losses()
        congestion()
    net.module_unload()
    done()


main()
