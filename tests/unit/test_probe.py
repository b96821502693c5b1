#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The questions to kernel headers (kmod/compat/probe) tell both answers.

Each is compiled against a few lines that look like the header of a kernel
that has what is asked for, and of one that has not. The lines are written
down here from the kernels that kmod/compat and docs/kernel-support.md name. A
probe that answers both alike fails, and so does one without its two headers
here, one that refuses for another reason, and one whose answer nothing uses.
"""
import collections
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

COMPAT = pathlib.Path(os.environ['SCITAG_TOP']) / 'kmod/compat'
CC = os.environ.get('CC', 'cc').split()
# No answers, but conditions of all others: asked for by their names.
CONDITIONS = {'always_passes', 'always_fails', 'minimum'}

# Headers of a kernel that has it and of one that hasn't, and what the
# compiler has to complain of.
Probe = collections.namedtuple('Probe', 'yes no complaint')

NULL = '#define NULL ((void *)0)\n'
TYPES = NULL + 'typedef unsigned char u8;\ntypedef unsigned short u16;\n'

GENL = TYPES + '''
#define GENL_UNS_ADMIN_PERM 0x10
struct nla_policy;
struct genl_multicast_group { char name[16]; %(group)s };
struct genl_ops { %(policy)s u8 cmd; u8 flags; };
'''
POLICY = 'const struct nla_policy *policy; unsigned int maxattr;'

NETLINK = TYPES + '''
enum { NLA_NESTED = 8, NLA_REJECT = 13, NL_VALIDATE_STRICT = 0x1f };
struct netlink_ext_ack { const char *_msg; };
struct netlink_callback { %(callback)s int min_dump_alloc; };
struct nlattr;
struct nla_policy {
	u8 type, validation_type;
	u16 len;
	%(data)s
};
#define NL_SET_ERR_MSG(extack, msg) ((extack)->_msg = (msg))
int __nla_validate(const struct nlattr *head, int len, int maxtype,
		   const struct nla_policy *policy, unsigned int validate,
		   struct netlink_ext_ack *extack);
'''
UNION = '''union {
	const char *reject_message;
	const struct nla_policy *nested_policy;
};'''
VOID = 'const void *validation_data;'
# As of 5.2, and as of 4.20.
NESTED = '''
#define NLA_POLICY_NESTED(policy) { .type = NLA_NESTED, .validation_data = policy }
'''
NESTED_2 = '''
#define NLA_POLICY_NESTED(maxattr, policy) \\
	{ .type = NLA_NESTED, .validation_data = policy, .len = maxattr }
'''
EXTACK = {'callback': 'struct netlink_ext_ack *extack;', 'data': VOID}

LOOKUP = '''
struct net; struct sock; struct in6_addr; struct inet_hashinfo;
struct sock *__inet6_lookup_established(const struct net *net,
	%s
	const struct in6_addr *saddr, const unsigned short sport,
	const struct in6_addr *daddr, const unsigned short hnum,
	const int dif, const int sdif);
'''
PERNET = '''
struct net;
struct pernet_operations { %s void (*exit)(struct net *net); };
'''

PROBES = {
    'always_passes': Probe(  # has no other answer
        {'linux/module.h': '', 'net/genetlink.h': ''}, None, None),
    'always_fails': Probe(
        None, {'linux/module.h': 'struct net { int id; };'}, 'no_such_member'),
    'minimum': Probe(
        {'net/genetlink.h': NETLINK % EXTACK + NESTED,
         'net/net_namespace.h': PERNET % 'void (*pre_exit)(struct net *net);'},
        {'net/genetlink.h': NETLINK % EXTACK + NESTED_2,
         'net/net_namespace.h': PERNET % ''},
        'NLA_POLICY_NESTED'),
    'genl_mcgrp_flags': Probe(
        {'net/genetlink.h': GENL % {'group': 'u8 flags;', 'policy': POLICY}},
        {'net/genetlink.h': GENL % {'group': '', 'policy': POLICY}},
        "genl_multicast_group.* has no member named .flags"),
    'genl_ops_policy': Probe(
        {'net/genetlink.h': GENL % {'group': '', 'policy': POLICY}},
        {'net/genetlink.h': GENL % {'group': '', 'policy': ''}},
        "genl_ops.* has no member named .policy"),
    'inet_lookup_hashinfo': Probe(
        {'net/inet6_hashtables.h': LOOKUP % 'struct inet_hashinfo *hashinfo,',
         'net/inet_hashtables.h': ''},
        {'net/inet6_hashtables.h': LOOKUP % '', 'net/inet_hashtables.h': ''},
        'too many arguments to function .__inet6_lookup_established'),
    'ipv6_jumbo_header': Probe(
        {'net/ipv6.h': '''
struct sk_buff;
static inline int ipv6_has_hopopt_jumbo(const struct sk_buff *skb)
{
	return skb != 0;
}
'''},
        {'net/ipv6.h': 'struct sk_buff;'},
        'implicit declaration of function .ipv6_has_hopopt_jumbo'),
    'nla_reject_message': Probe(
        {'net/netlink.h': NETLINK % {**EXTACK, 'data': UNION}},
        {'net/netlink.h': NETLINK % EXTACK},
        'nla_policy.* has no member named .reject_message'),
}
# A kernel can lack any one of several things.
MINIMUM_LACKS = {
    'pre_exit': {**PROBES['minimum'].yes, 'net/net_namespace.h': PERNET % ''},
    'extack': {**PROBES['minimum'].yes,
               'net/genetlink.h': NETLINK % {**EXTACK, 'callback': ''}
               + NESTED},
}


def compile_probe(name, headers):
    """None if it compiles, or what the compiler said."""
    with tempfile.TemporaryDirectory() as directory:
        for header, text in headers.items():
            path = pathlib.Path(directory) / header
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding='ascii')
        result = subprocess.run(
            [*CC, '-std=gnu11', '-nostdinc', '-I', directory, '-Werror',
             '-Wall', '-fsyntax-only', COMPAT / f'probe/{name}.c'],
            check=False, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={**os.environ, 'LC_ALL': 'C'})
    return result.stdout if result.returncode else None


class Probes(unittest.TestCase):
    def test_all_have_headers_here(self):
        files = {path.stem for path in (COMPAT / 'probe').glob('*.c')}
        self.assertEqual(files, set(PROBES))

    def test_yes(self):
        for name, probe in PROBES.items():
            with self.subTest(name):
                if probe.yes is not None:
                    self.assertIsNone(compile_probe(name, probe.yes))

    def test_no(self):
        for name, probe in PROBES.items():
            with self.subTest(name):
                if probe.no is None:
                    continue
                said = compile_probe(name, probe.no)
                self.assertIsNotNone(said, 'compiles')
                self.assertRegex(said, probe.complaint)
                self.assertNotIn('No such file', said)

    def test_minimum_needs_each(self):
        for what, headers in MINIMUM_LACKS.items():
            with self.subTest(what):
                self.assertRegex(compile_probe('minimum', headers),
                                 f'has no member named .{what}')

    def test_only_conditions_have_one_answer(self):
        for name, probe in PROBES.items():
            with self.subTest(name):
                self.assertTrue(name in CONDITIONS or
                                (probe.yes and probe.no))


class Answers(unittest.TestCase):
    def setUp(self):
        text = (COMPAT / 'probe.mk').read_text(encoding='ascii')
        self.makefile = text.replace('\\\n', ' ')

    def test_all_are_asked(self):
        asked = re.search(r'^scitag-probes := (.*)$', self.makefile, re.M)[1]
        self.assertEqual(set(asked.split()), set(PROBES) - CONDITIONS)
        for name in CONDITIONS:
            self.assertIn(f'(call probe,{name})', self.makefile)

    def test_all_are_used(self):
        used = set()
        for path in [*COMPAT.glob('*.c'), *COMPAT.glob('include/**/*.h')]:
            used |= set(re.findall(r'\bHAVE_(\w+)', path.read_text()))
        self.assertEqual(used, {name.upper() for name in
                                set(PROBES) - CONDITIONS})

    def test_the_core_asks_no_versions(self):
        for path in [*COMPAT.parent.glob('*.[ch]'), *COMPAT.glob('**/*.[ch]')]:
            with self.subTest(path.name):
                self.assertNotRegex(path.read_text(encoding='utf-8'),
                                    r'LINUX_VERSION_CODE|KERNEL_VERSION|'
                                    r'RHEL_RELEASE')

    def test_only_compat_has_answers(self):
        for path in COMPAT.parent.glob('*.[ch]'):
            with self.subTest(path.name):
                self.assertNotRegex(path.read_text(encoding='utf-8'),
                                    r'\bHAVE_\w')


if __name__ == '__main__':
    unittest.main()
