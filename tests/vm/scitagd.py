# SPDX-License-Identifier: GPL-2.0
"""scitagd in namespace a of net.pair(), without privileges but CAP_NET_ADMIN,
and what its tests have in common.

    a: scitagd; a collector, which is the test, at 127.0.0.1:9999
    b: the other end of the connections, which listens at [B]:6000; the test at
       [B]:10514, which is where fireflies go for being the remote address
"""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess

import net
from tap import equal

A, B = '2001:db8:a::1', '2001:db8:a::2'
OUT = os.environ['OUT']
SLOW = int(os.environ.get('SLOW', '1'))


def udp(name, family, addr, port):
    with net.inside(name):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)  # RCVBUFFORCE
        sock.bind((addr, port))
        sock.settimeout(20 * SLOW)
        return sock


def firefly(datagram):
    header, body = datagram.decode().split('{', 1)
    f = json.loads('{' + body)
    f['header'] = header
    f['state'] = f['flow-lifecycle']['state']
    return f


CONFIG = """
pipes: {pipes}
receiver: {{listen: 127.0.0.1:10514}}
marks: [{marks}]
fireflies:
  collectors: [127.0.0.1:9999{collectors}]
  hostname: se1.example.org
  period: {period}
  enrichment: {enrichment}
  {fireflies}
log-level: {level}
state-file: {state}
{extra}
"""


class Setup:
    """Both namespaces with all in them but the daemon."""

    def __init__(self, stack, directory):
        self.dir = directory
        self.pipe = f'{directory}/flows'
        self.collector = udp('a', socket.AF_INET, '127.0.0.1', 9999)
        self.remote = udp('b', socket.AF_INET6, B, 10514)
        self.xrootd = udp('a', socket.AF_INET, '127.0.0.1', 0)
        for sock in self.collector, self.remote, self.xrootd:
            stack.callback(sock.close)
        self.started = 0        # as often as the log tells, before stop()
        self.said = []          # fireflies of flows with b, as datagrams
        with net.inside('b'):
            self.listener = socket.create_server((B, 6000), backlog=10,
                                                 family=socket.AF_INET6)
        stack.callback(self.listener.close)

    def configure(self, marks='label', collectors='', period=0,
                  enrichment='lean', fireflies='', pipes='{dir}/flows',
                  state='none', level='debug', extra=''):
        self.config = pathlib.Path(self.dir, 'scitagd.conf')
        self.config.write_text(CONFIG.format(
            dir=self.dir, marks=marks, collectors=collectors, period=period,
            enrichment=enrichment, fireflies=fireflies,
            state=state.format(dir=self.dir), level=level,
            pipes=pipes.format(dir=self.dir), extra=extra))

    def start(self, where='a', **config):
        self.configure(**config)
        self.log_path = pathlib.Path(self.dir, 'scitagd.log')
        with open(self.log_path, 'ab') as log, net.inside(where):
            self.process = subprocess.Popen(
                ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups',
                 '--inh-caps=-all,+net_admin', '--ambient-caps=-all,+net_admin',
                 '--bounding-set=-all,+net_admin', '--no-new-privs',
                 'scitagd', '-c', str(self.config)], stderr=log)
        self.started += 1
        net.wait_for(lambda: self.log().count('is ready') == self.started,
                     20 * SLOW, 'readiness of scitagd')

    def idle(self):
        """What came of what was said is done, to the last of it: fireflies
        leave before they are noted in the state file, and before flows leave
        the kernel."""
        net.wait_for(lambda: net.sleeps(self.process.pid), 20 * SLOW,
                     'idle scitagd')

    def flows(self, where='a'):
        """What is in the kernel when the daemon has done what it had to."""
        self.idle()
        return flow_list(where)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(20 * SLOW), 0, 'exit status')
        shutil.move(self.log_path, f'{OUT}/scitagd-{self.process.pid}.log')
        self.started = 0

    def reload(self, ok=True):
        """The configuration is read again."""
        what = 'is reloaded' if ok else 'the old one stays'
        before = self.log().count(what)
        self.process.send_signal(signal.SIGHUP)
        net.wait_for(lambda: self.log().count(what) > before, 20 * SLOW, what)

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ''

    def say(self, line):
        with open(self.pipe, 'w') as pipe:
            pipe.write(line + '\n')

    def announce(self, state, port, reverse=False):
        """An event of a flow with b, and the firefly of it."""
        ends = f'{A} {port} {B} 6000' if not reverse else f'{B} 6000 {A} {port}'
        self.say(f'{state} tcp {ends} 3 14')
        return self.receive(state)

    def receive(self, state, elsewhere=True):
        datagram = self.collector.recv(2000)
        f = firefly(datagram)
        equal(f['state'], state, 'state')
        if elsewhere:
            equal(self.remote.recv(2000), datagram, 'firefly at the remote')
            self.said.append(datagram)
        return f

    def nothing_more(self):
        """What was said so far is done, and no firefly came of it."""
        for state in 'start', 'end':
            self.say(f'{state} tcp ::1 9 ::1 9999 1 1')
            f = self.receive(state, elsewhere=False)
            equal(f['flow-id']['src-port'], 9, 'port')

    def drain(self):
        """Whatever was said so far is of no interest."""
        for state in 'start', 'end':
            self.say(f'{state} tcp {A} 9 {B} 6000 1 1')
        for sock in self.collector, self.remote:
            while True:
                f = firefly(sock.recv(2000))
                if (f['state'], f['flow-id']['src-port']) == ('end', 9):
                    break

    def connect(self, port):
        with net.inside('a'):
            near = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            near.bind((A, port))
            near.settimeout(20 * SLOW)
            near.connect((B, 6000))
        far = self.listener.accept()[0]
        far.settimeout(20 * SLOW)
        return near, far


def flow_list(where='a'):
    with net.inside(where):
        listed = json.loads(net.sh('scitag --json flow list'))
    return listed['flows'] if isinstance(listed, dict) else listed


def close(near, far):
    """In an order that leaves TIME_WAIT at b, and nothing at a."""
    far.close()
    equal(near.recv(1), b'', 'at the end')
    near.close()


def transfer(sender, receiver, size):
    """size octets, and the socket's acknowledgement of them."""
    data = b'x' * 65536
    sent = received = 0
    while received < size:
        come, free, _ = select.select([receiver], [sender] * (sent < size), [],
                                      20 * SLOW)
        assert come or free, f'{received} of {size} octets, {sent} sent'
        if free:
            sent += sender.send(data[:min(len(data), size - sent)])
        if come:
            received += len(receiver.recv(1 << 20))
    net.wait_for(lambda: outstanding(sender) == 0, 20 * SLOW, 'last ACK')


def outstanding(sock):
    """tcpi_unacked"""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[24:28], 'little')


