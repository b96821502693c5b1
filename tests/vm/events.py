# SPDX-License-Identifier: GPL-2.0
"""Notifications of the module, for tests that wait for them."""
import contextlib
import errno
import socket
import struct
import time

import net
from genl import (A_SNAPSHOT, A_SNAPSHOT_SEQ, FLOW_END_NTF, SNAPSHOT_NTF, Genl,
                  read_snapshot)
from tap import equal


class Events:
    """Notifications of a namespace, from now on."""

    def __init__(self, name):
        with net.inside(name):
            self.genl = Genl()
        self.genl.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # RCVBUFFORCE
        self.genl.join()
        self.got = []

    def wait_whole(self, count, seconds=30):
        """The next notifications of flows, as Genl.events() has them."""
        self.genl.sock.settimeout(seconds)
        try:
            while len(self.got) < count:
                self.got += self.genl.events()
        except socket.timeout as error:
            raise AssertionError(f'{len(self.got)} notifications of {count}, '
                                 f'last {self.got[-3:]}') from error
        head, self.got = self.got[:count], self.got[count:]
        return head

    def wait(self, count, seconds=30):
        """The next notifications of flows, as (command, flow, reason)."""
        return [(cmd, flow, reason) for cmd, _, flow, reason, _ in
                self.wait_whole(count, seconds)]

    def end(self, seconds=60):
        """The next end of a flow, as (flow, reason, snapshot); what comes
        before it is let go."""
        while True:
            (cmd, _, flow, reason, snapshot), = self.wait_whole(1, seconds)
            if cmd == FLOW_END_NTF:
                return flow, reason, snapshot

    def forget(self):
        """As if nothing had come up to now."""
        self.genl.sock.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.genl.events()
        self.got = []

    def none(self):
        """Is there nothing that was not asked for?"""
        self.genl.sock.settimeout(0.3)
        with contextlib.suppress(socket.timeout):
            while True:  # one of the table's state may come before
                self.got += self.genl.events()
        equal(self.got, [], 'notifications')


class Snapshots:
    """Snapshots of a namespace that are taken from now on: got, with the
    number of each as 'seq', and messages, how many each held. Numbers that are
    missing are counted in lost, and ENOBUFS in overruns."""

    def __init__(self, name, rcvbuf=16 << 20):
        with net.inside(name):
            self.genl = Genl()
        self.genl.sock.setsockopt(socket.SOL_SOCKET, 33, rcvbuf)  # RCVBUFFORCE
        self.genl.join('snapshots')
        self.got, self.messages, self.since = [], [], 0
        self.next, self.lost, self.overruns = None, 0, 0

    def _add(self, cmd, data):
        equal(cmd, SNAPSHOT_NTF, 'command')
        seq, = struct.unpack('=Q', dict(data)[A_SNAPSHOT_SEQ])
        new = [read_snapshot(payload) for kind, payload in data
               if kind == A_SNAPSHOT]
        assert new, 'a message without a snapshot'
        if self.next is not None:
            assert seq >= self.next, f'{seq} follows {self.next - 1}'
            self.lost += seq - self.next
        self.next = seq + len(new)
        self.messages.append(len(new))
        self.got += [{**snapshot, 'seq': seq + number}
                     for number, snapshot in enumerate(new)
                     if snapshot['time'] >= self.since]

    def read(self, seconds):
        """What has come or comes within a time; was there anything?"""
        self.genl.sock.settimeout(seconds)
        try:
            for cmd, data in self.genl.notifications():
                self._add(cmd, data)
        except (socket.timeout, BlockingIOError):
            return False
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.overruns += 1
        return True

    def until(self, condition, seconds=60, what='snapshot'):
        """Wait for a snapshot, one of those that are there or of those that
        come; returns it. What came before it stays in got."""
        end = time.monotonic() + seconds
        looked_at = 0
        while True:
            for snapshot in self.got[looked_at:]:
                if condition(snapshot):
                    return snapshot
            looked_at = len(self.got)
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(
                    f'no {what} after {seconds} s; there are {looked_at}, '
                    f'triggers {[s["trigger"] for s in self.got][-20:]}')
            self.read(left)

    def on(self, trigger, seconds=60):
        """The first snapshot with a trigger."""
        return self.until(lambda s: s['trigger'] & trigger, seconds,
                          f'snapshot by trigger {trigger}')

    def forget(self):
        """As if nothing had been taken up to now."""
        self.since = time.time_ns()
        self.got, self.messages = [], []
