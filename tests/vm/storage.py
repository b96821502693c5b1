# SPDX-License-Identifier: GPL-2.0
"""A storage server and one that reads from it and writes to it, with real
software, and what its tests have in common.

    server                                            client
    xrootd --firefly--> scitagd --netlink--> module   xrdcp, iperf3
           [eth0] 2001:db8:1::1 ---- 2001:db8:2::1 [eth0]
                                                      collector of fireflies
"""
import contextlib
import json
import os
import pwd
import select
import signal
import socket
import subprocess
import threading

import net

OUT = os.environ['OUT']
HOME = '/run/demo'
SERVER, CLIENT = '2001:db8:1::1', '2001:db8:2::1'
PIPE = f'{HOME}/flows'

XROOTD = """all.export /data
oss.localroot {home}/exports
all.adminpath {home}/xrootd
all.pidpath {home}/xrootd
xrd.port 1094
xrootd.pmark ffdest 127.0.0.1:10514
xrootd.pmark domain any
xrootd.pmark use firefly scitag
"""


def show(text, indent='    '):
    for line in str(text).rstrip().splitlines():
        print(indent + line, flush=True)


@contextlib.contextmanager
def topology():
    """Two hosts and a cable that carries what a real one would: packets that
    are no longer than the MTU."""
    os.makedirs(HOME, exist_ok=True)
    os.chmod(HOME, 0o755)
    net.add('server')
    net.add('client')
    try:
        net.sh('ip link add eth0 netns server type veth peer eth0 netns client'
               f'; ip -n server addr add {SERVER}/32 dev eth0 nodad'
               f'; ip -n client addr add {CLIENT}/32 dev eth0 nodad'
               '; ip -n server link set eth0 up'
               '; ip -n client link set eth0 up'
               '; ip netns exec server ethtool -K eth0 tso off'
               '; ip netns exec client ethtool -K eth0 tso off')
        yield
    finally:
        net.delete('server')
        net.delete('client')


class Collector(threading.Thread):
    """Receives the fireflies of scitagd on both ports that they are sent to:
    10514, as the remote address of flows, and 10515."""

    def __init__(self):
        super().__init__(daemon=True)
        self.fireflies = []
        self.sockets = [net.udp_socket('client', CLIENT, port)
                        for port in (10514, 10515)]
        self.start()

    def run(self):
        while True:
            for sock in select.select(self.sockets, [], [])[0]:
                data, source = sock.recvfrom(65536)
                # XRootD 5.8 sends its own to the other end, too.
                if b' scitagd - firefly-json - ' in data[:200]:
                    self.fireflies.append((sock.getsockname()[1], source[0],
                                           data.decode()))

    def at(self, port):
        """The fireflies that came to a port, as (state, JSON)."""
        read = [json.loads(text[text.index('{'):])
                for to, _, text in self.fireflies if to == port]
        return [(each['flow-lifecycle']['state'], each) for each in read]

    def take(self, state, port=10515):
        """The firefly of a state that came to a port, as JSON."""
        return net.wait_for(lambda: dict(self.at(port)).get(state),
                            what=f'{state} firefly')

    def clear(self):
        self.fireflies.clear()


@contextlib.contextmanager
def background(where, command, ready, log):
    """A program that runs until the block ends, once it says it is ready."""
    with open(log, 'w', encoding='utf-8') as output:
        process = subprocess.Popen(['ip', 'netns', 'exec', where, *command],
                                   stdout=output, stderr=output)
    try:
        net.wait_for(ready, what=f'start of {command[0]}: see {log}')
        yield process
    except AssertionError:
        with open(log, encoding='utf-8') as output:
            show(output.read()[-3000:])
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def listening(where, port):
    return f':{port} ' in net.sh(f'ip netns exec {where} ss -Hltn '
                                 f'"sport = :{port}"')


def daemon(config):
    """scitagd on the server; config names PIPE."""
    path, log = f'{HOME}/scitagd.conf', f'{OUT}/scitagd.log'
    with open(path, 'w', encoding='ascii') as file:
        file.write(config)

    def ready():
        with open(log, encoding='utf-8') as said:
            return 'is ready' in said.read()
    return background('server', ['scitagd', '--config', path], ready, log)


def xrootd():
    """XRootD on the server; its files are in HOME/exports/data."""
    log = f'{OUT}/xrootd.log'
    user = pwd.getpwnam('xrootd')
    for path in ('xrootd', 'exports', 'exports/data'):
        os.makedirs(f'{HOME}/{path}', exist_ok=True)
        os.chown(f'{HOME}/{path}', user.pw_uid, user.pw_gid)
    with open(f'{HOME}/xrootd.cfg', 'w', encoding='ascii') as file:
        file.write(XROOTD.format(home=HOME))
    # XRootD wants to know its own name, and won't run as root.
    for name, addr in (('server', SERVER), ('client', CLIENT)):
        os.makedirs(f'/etc/netns/{name}', exist_ok=True)
        with open(f'/etc/netns/{name}/hosts', 'w', encoding='ascii') as file:
            file.write(f'127.0.0.1 localhost\n{addr} {name}.example.org '
                       f'{name} {socket.gethostname()}\n')
    return background('server', ['setpriv', '--reuid=xrootd',
                                 '--regid=xrootd', '--clear-groups', 'xrootd',
                                 '-c', f'{HOME}/xrootd.cfg', '-n', 'demo'],
                      lambda: listening('server', 1094), log)
