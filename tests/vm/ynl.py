#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.12 7.3
"""The kernel source's own YNL client drives the module with our spec.

A second reader of docs/netlink/scitag.yaml, and a second writer of its
messages: neither knows anything of ours.
"""
import glob
import json
import os
import socket
import subprocess

import net
from tap import case, done, equal

SPEC = 'docs/netlink/scitag.yaml'
A, B = '2001:db8:a::1', '2001:db8:a::2'


def client():
    """cli.py has moved within the kernel source over time."""
    found = [path for pattern in ('pyynl/cli.py', 'cli.py') for path in
             glob.glob('/usr/src/ynl/**/tools/net/ynl/' + pattern,
                       recursive=True)]
    assert found, 'no YNL client in /usr/src/ynl'
    return found[0]


def address(text):
    """As the client wants it; before it moved, it took octets only."""
    if 'pyynl' in client():
        return text
    return socket.inet_pton(socket.AF_INET6, text).hex()


FLOW = {'protocol': 6, 'src': address(A), 'dst': address(B), 'sport': 1094,
        'dport': 40000, 'experiment': 3, 'activity': 14,
        'mark': ['label', 'hbh'], 'layout': 'ids'}


def schema():
    found = glob.glob('/usr/src/ynl/**/netlink/genetlink-legacy.yaml',
                      recursive=True)
    assert found, 'no schema in /usr/src/ynl'
    return found[0]


def ynl(*arguments):
    """Run the client; returns its answer, or its complaint as text."""
    command = ['python3', client(), '--spec', SPEC, '--schema', schema(),
               '--output-json', *arguments]
    result = subprocess.run(command, text=True, capture_output=True,
                            check=False)
    if result.returncode:
        return result.stdout + result.stderr
    return json.loads(result.stdout or 'null')


def main():
    net.module_load()
    with case('the spec passes the schema of the kernel source'):
        answer = ynl('--do', 'status-get')
        assert isinstance(answer, dict), answer
        equal(answer['status']['flows'], 0, 'flows')
    with case('flow-add, and the dump has it'):
        equal(ynl('--do', 'flow-add', '--json', json.dumps({'flow': [FLOW]})),
              None, 'answer')
        dump = ynl('--dump', 'flow-get')
        assert isinstance(dump, list), dump
        got, = [flow for message in dump for flow in message['flow']]
        for name in ('protocol', 'sport', 'dport', 'experiment', 'activity',
                     'layout'):
            equal(got[name], FLOW[name], name)
        equal(set(got['mark']), set(FLOW['mark']), 'mark')
        equal(got['label'] & 0x3fefc, 0x30038, 'tag')
    with case('a refusal comes with its text'):
        answer = ynl('--do', 'flow-add', '--json', json.dumps({'flow': [FLOW]}))
        assert isinstance(answer, str) and 'exists already' in answer, answer
    with case('flow-del, and the dump is empty'):
        name = {k: FLOW[k] for k in ('protocol', 'src', 'dst', 'sport',
                                     'dport')}
        equal(ynl('--do', 'flow-del', '--json', json.dumps({'flow': [name]})),
              None, 'answer')
        equal(ynl('--dump', 'flow-get'), [], 'dump')
    net.module_unload()
    done()


os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
main()
