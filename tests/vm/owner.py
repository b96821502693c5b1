# SPDX-License-Identifier: GPL-2.0
"""A socket that its owner keeps locked.

send() copies what it sends with the socket locked. It waits, with that lock,
for a page that this program provides when it likes (userfaultfd(2)).
"""
import contextlib
import ctypes
import errno
import mmap
import os
import select
import struct
import threading

import net

PAGE = mmap.PAGESIZE

# linux/userfaultfd.h; the number of the system call is that of x86-64.
SYS_USERFAULTFD = 323
UFFD_API = 0xaa
UFFDIO_API, UFFDIO_REGISTER, UFFDIO_ZEROPAGE = (0xc018aa3f, 0xc020aa00,
                                                0xc020aa04)
UFFDIO_REGISTER_MODE_MISSING = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _ioctl(fd, request, *words):
    arg = ctypes.create_string_buffer(struct.pack(f'{len(words)}Q', *words))
    if _libc.ioctl(fd, ctypes.c_ulong(request), arg) < 0:
        raise OSError(ctypes.get_errno(), f'userfaultfd: ioctl {request:#x}')


class _Page:
    """One that is not there until somebody provides it."""

    def __init__(self):
        self.fd = _libc.syscall(SYS_USERFAULTFD,
                                os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), 'userfaultfd')
        self.map = mmap.mmap(-1, PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.addr = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        _ioctl(self.fd, UFFDIO_API, UFFD_API, 0, 0)
        _ioctl(self.fd, UFFDIO_REGISTER, self.addr, PAGE,
               UFFDIO_REGISTER_MODE_MISSING, 0)

    def is_waited_for(self):
        return bool(select.select([self.fd], [], [], 0)[0])

    def provide(self):
        try:
            _ioctl(self.fd, UFFDIO_ZEROPAGE, self.addr, PAGE, 0, 0)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        os.close(self.fd)


@contextlib.contextmanager
def locked(sock):
    """While the block runs, a thread is inside send() with the lock. It sends
    a page of zeros when the block is over."""
    page = _Page()
    sender = threading.Thread(target=sock.send, args=(page.map,))
    sender.start()
    try:
        net.wait_for(page.is_waited_for, what='send() at the missing page')
        yield
    finally:
        page.provide()
        sender.join()
