# SPDX-License-Identifier: GPL-2.0
"""Notifications of the module, for tests that wait for them."""
import contextlib
import socket

import net
from genl import Genl
from tap import equal


class Events:
    """Notifications of a namespace, from now on."""

    def __init__(self, name):
        with net.inside(name):
            self.genl = Genl()
        self.genl.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # RCVBUFFORCE
        self.genl.join()
        self.got = []

    def wait(self, count, seconds=30):
        """The next notifications, as (command, flow, reason)."""
        self.genl.sock.settimeout(seconds)
        try:
            while len(self.got) < count:
                self.got += [(cmd, flow, reason) for cmd, _, flow, reason in
                             self.genl.events()]
        except socket.timeout as error:
            raise AssertionError(f'{len(self.got)} notifications of {count}, '
                                 f'last {self.got[-3:]}') from error
        head, self.got = self.got[:count], self.got[count:]
        return head

    def none(self):
        """Is there nothing that was not asked for?"""
        self.genl.sock.settimeout(0.3)
        with contextlib.suppress(socket.timeout):
            self.got += self.genl.events()
        equal(self.got, [], 'notifications')
