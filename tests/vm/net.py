# SPDX-License-Identifier: GPL-2.0
"""Network namespaces of a test, and captures at the receiving side."""
import contextlib
import ctypes
import os
import signal
import socket
import struct
import subprocess
import time

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def sh(command, **kwargs):
    """Run a shell command that must succeed; returns what it printed."""
    result = subprocess.run(command, shell=True, text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            **kwargs)
    if result.returncode:
        raise AssertionError(f'{command}: exit status {result.returncode}\n'
                             f'{result.stdout}')
    return result.stdout


@contextlib.contextmanager
def inside(name):
    """This thread in another namespace, for the length of a block."""
    before = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{name}', os.O_RDONLY)
    try:
        _setns(there)
        yield
    finally:
        _setns(before)
        os.close(there)
        os.close(before)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'setns')


def add(name):
    sh(f'ip netns add {name}; ip -n {name} link set lo up')


def delete(name):
    if os.path.exists(f'/run/netns/{name}'):
        subprocess.run(['ip', 'netns', 'del', name], check=False)


@contextlib.contextmanager
def pair(offload=False, mtu=1500):
    """Two namespaces:

        a [veth0] 2001:db8:a::1 ---- 2001:db8:a::2 [veth0] b
                  192.0.2.1          192.0.2.2

    Without offload, what is seen at b is what a wire would carry: segments
    cut and checksums computed.
    """
    add('a')
    add('b')
    try:
        link('a', 'b', '2001:db8:a::1', '2001:db8:a::2', mtu=mtu,
             offload=offload)
        sh('ip -n a addr add 192.0.2.1/24 dev veth0;'
           'ip -n b addr add 192.0.2.2/24 dev veth0')
        yield
    finally:
        delete('a')
        delete('b')


@contextlib.contextmanager
def line(offload=False, far_offload=None, mtu=1500, far_mtu=None):
    """Three namespaces, r forwards:

        a [veth0] ---- [veth0] r [veth1] ---- [veth0] b
          2001:db8:a::1                    2001:db8:b::2
    """
    names = 'arb'
    for name in names:
        add(name)
    try:
        link('a', 'r', '2001:db8:a::1', '2001:db8:a::2', offload=offload,
             mtu=mtu)
        link('r', 'b', '2001:db8:b::1', '2001:db8:b::2', device='veth1',
             offload=offload if far_offload is None else far_offload,
             mtu=far_mtu or mtu)
        sh('ip netns exec r sysctl -qw net.ipv6.conf.all.forwarding=1;'
           'ip -n a route add default via 2001:db8:a::2;'
           'ip -n b route add default via 2001:db8:b::1')
        yield
    finally:
        for name in names:
            delete(name)


def link(left, right, left_addr, right_addr, device='veth0', peer='veth0',
         mtu=1500, offload=False):
    """A cable between two namespaces."""
    sh(f'ip link add {device} netns {left} mtu {mtu} type veth '
       f'peer name {peer} netns {right} mtu {mtu}')
    for name, dev, addr in ((left, device, left_addr),
                            (right, peer, right_addr)):
        sh(f'ip -n {name} addr add {addr}/64 dev {dev} nodad;'
           f'ip -n {name} link set {dev} up')
        if not offload:
            # In two steps: on some kernels tx depends on what is off already.
            sh(f'ip netns exec {name} ethtool -K {dev} tso off gso off gro off;'
               f'ip netns exec {name} ethtool -K {dev} tx off')


def quiet():
    """Nothing but a test's own packets goes from one end of pair() to the
    other: they know their neighbours, and are not heard by routers."""
    for name, other, addr in (('a', 'b', '2001:db8:a::2'),
                              ('b', 'a', '2001:db8:a::1')):
        words = sh(f'ip -n {other} link show veth0').split()
        mac = words[words.index('link/ether') + 1]
        sh(f'ip -n {name} neigh replace {addr} dev veth0 lladdr {mac} '
           'nud permanent')
        nft(name, out=['filter hook output priority 0',
                       'ip6 daddr ff02::/16 drop'])


def wait_for(condition, seconds=60, what='condition'):
    """Wait until a callable says something true, and return that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'no {what} after {seconds} s')
        time.sleep(0.02)


@contextlib.contextmanager
def capture(name, path, device='veth0', expression='ip6', snap=65535,
            direction=None):
    """tcpdump in a namespace while the block runs."""
    tcpdump = subprocess.Popen(
        ['ip', 'netns', 'exec', name, 'tcpdump', '-i', device, '-U', '-n',
         '--immediate-mode', '-B', '16384', '-s', str(snap), '-w', path,
         *(('-Q', direction) if direction else ()), expression],
        stderr=subprocess.PIPE, text=True)
    try:
        for line in tcpdump.stderr:
            if 'listening on' in line:
                break
        yield
        settle(tcpdump.pid, path)
    finally:
        tcpdump.send_signal(signal.SIGINT)
        rest = tcpdump.communicate()[1]
    if ' 0 packets dropped by kernel' not in ' ' + rest.replace('\n', ' '):
        raise AssertionError(f'tcpdump lost packets: {rest}')


def settle(pid, path):
    """Until a capture has not grown for a while, and who writes it waits for
    packets. Looks are counted, not seconds: where the machine stood still,
    nobody has done anything in these."""
    size, looks = -1, 0
    while looks < 10:
        before, size = size, os.path.getsize(path)
        looks = looks + 1 if size == before and sleeps(pid) else 0
        time.sleep(0.05)


def sleeps(pid):
    """Does a process wait for something? One that is about to run does not."""
    with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
        state = stat.read().rpartition(')')[2].split()[0]
    assert state != 'Z', f'process {pid} has ended'
    return state == 'S'


def packets(path):
    """The IPv6 packets of a capture of Ethernet frames, as octets."""
    with open(path, 'rb') as pcap:
        magic = struct.unpack('=I', pcap.read(24)[:4])[0]
        assert magic in (0xa1b2c3d4, 0xa1b23c4d), hex(magic)
        while True:
            header = pcap.read(16)
            if len(header) < 16:
                return
            length = struct.unpack('=IIII', header)[2]
            yield pcap.read(length)[14:]


def tshark(path, fields, where=''):
    """The packets of a capture as tshark decodes them: lists of texts."""
    command = ['tshark', '-n', '-r', path, '-T', 'fields',
               '-E', 'separator=/t', '-E', 'occurrence=a']
    for option in ('tcp.check_checksum:TRUE', 'udp.check_checksum:TRUE',
                   'tcp.analyze_sequence_numbers:FALSE'):  # slow
        command += ['-o', option]
    if where:
        command += ['-Y', where]
    for field in fields:
        command += ['-e', field]
    result = subprocess.run(command, check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [line.split('\t') for line in result.stdout.split('\n')[:-1]]


CHECKSUMS = ('tcp.checksum.status', 'tcp.checksum.ffff', 'udp.checksum.status')


def checksum_right(tcp, ffff, udp):
    """Is a packet's checksum right, by its fields CHECKSUMS?

    The kernel writes a sum of 0 as 0xffff for TCP, too (skb_checksum_help()),
    which is the same number to a receiver and wrong to tshark: one packet in
    65536.
    """
    return bool(ffff) or '1' in (tcp, udp)


def snmp6(name):
    """Counters of /proc/net/snmp6 in a namespace."""
    text = sh(f'ip netns exec {name} cat /proc/net/snmp6')
    return {key: int(value) for key, value in
            (line.split() for line in text.splitlines())}


def snmp_tcp(name):
    """Counters of TCP in /proc/net/snmp and netstat in a namespace."""
    lines = sh(f'ip netns exec {name} cat /proc/net/snmp '
               '/proc/net/netstat').splitlines()
    rows = [line.split()[1:] for line in lines
            if line.startswith(('Tcp:', 'TcpExt:'))]
    return {key: int(value) for names, values in zip(rows[::2], rows[1::2])
            for key, value in zip(names, values)}


def nft(name, **chains):
    """Rules of IPv6 in a namespace. Each chain is a list: what it hooks, and
    its rules."""
    lines = ['table ip6 test {']
    for chain, (hook, *rules) in chains.items():
        lines += [f'chain on_{chain} {{', f'type {hook};', *rules, '}']
    rules = '\n'.join(lines + ['}'])
    sh(f"ip netns exec {name} nft -f - <<'EOF'\n{rules}\nEOF")


def nft_counters(name):
    """What the rules of a namespace have counted, by their comments."""
    result = {}
    for line in sh(f'ip netns exec {name} nft list ruleset').splitlines():
        if 'packets' in line and 'comment' in line:
            words = line.split()
            result[line.split('"')[-2]] = int(
                words[words.index('packets') + 1])
    return result


def has(module):
    """Load a module of the kernel, if it has that."""
    return subprocess.run(['modprobe', '-q', module], check=False).returncode \
        == 0


def module_load():
    sh('modprobe scitag')


def module_unload():
    sh('modprobe -r scitag')


def tcp_listener(name, addr, port):
    with inside(name):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((addr, port))
        sock.listen(16)
        sock.settimeout(60)
        return sock


def tcp_socket(name, addr, port):
    """A socket that is bound, so that its 5-tuple is known beforehand."""
    with inside(name):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((addr, port))
        sock.settimeout(60)
        return sock


def udp_socket(name, addr, port):
    with inside(name):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((addr, port))
        sock.settimeout(60)
        return sock
