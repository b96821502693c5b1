#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The shells complete what the programs take, as their --help has it.

Arguments: scitag, scitagd.
"""
import os
import re
import subprocess
import sys
import unittest

TOP = os.environ['SCITAG_TOP']
SCITAG, SCITAGD = map(os.path.abspath, sys.argv[1:3])

# What the shell calls when somebody presses the tabulator key, by hand.
BASH = '''
compopt() { :; }
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"_$1"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
'''
ZSH = '''
compset() { :; }
_message() { :; }
_files() { echo FILES; }
compadd() {
    while [[ $1 == -* ]]; do
        case $1 in
        --) shift; break ;;
        -S) shift 2 ;;
        *) break ;;
        esac
    done
    print -l -- "$@"
}
file=$1; shift
words=("$@") CURRENT=$# service=$1
source "$file"
'''


def shell(command):
    env = {**os.environ, 'SCITAG_REGISTRY': f'{TOP}/userspace/registry.json',
           'PATH': f'{os.path.dirname(SCITAG)}:{os.environ["PATH"]}'}
    result = subprocess.run(command, env=env, check=True, text=True,
                            stdout=subprocess.PIPE)
    return result.stdout.split()


def in_bash(*words):
    return shell(['bash', '--norc', '-c', BASH, 'bash',
                  f'{TOP}/userspace/completions/scitag', *words])


def in_zsh(*words):
    """All that it offers: it is zsh that leaves out what does not fit."""
    offered = shell(['zsh', '-f', '-c', ZSH, 'zsh',
                     f'{TOP}/userspace/completions/_scitag', *words])
    return [word for word in offered if word.startswith(words[-1])]


def usage(*command):
    """The first paragraph of a program's help."""
    text = subprocess.run([*command, '--help'], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return text.split('\n\n')[0]


def commands():
    text = subprocess.run([SCITAG, '--help'], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    paragraph = text.split('\n\n')[1]
    return re.findall(r'^  ([a-z]+)', paragraph, flags=re.M)


class Completion:
    def offers(self, *words):
        return set(type(self).complete(*words))

    def test_commands(self):
        self.assertGreater(len(commands()), 8)
        self.assertLessEqual(set(commands()), self.offers('scitag', ''))
        self.assertEqual(self.offers('scitag', 'fl'), {'flow'})
        self.assertEqual(self.offers('scitag', '--json', 'mon'), {'monitor'})
        self.assertEqual(self.offers('scitag', '-r', 'file', 'mon'),
                         {'monitor'})

    def test_verbs(self):
        for group in 'flow', 'rule', 'registry':
            verbs = re.search(r'usage: scitag \w+ ([a-z|]+)', usage(SCITAG,
                                                                    group))
            self.assertLessEqual(set(verbs[1].split('|')),
                                 self.offers('scitag', group, ''))

    def test_options(self):
        for command in commands():
            wanted = set(re.findall(r'--[a-z]+[a-z-]*', usage(SCITAG, command)))
            self.assertLessEqual(wanted, self.offers('scitag', command, '--'),
                                 command)
        text = subprocess.run([SCITAGD, '--help'], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        wanted = set(re.findall(r'^ .*?(--[a-z-]+=?)', text, flags=re.M))
        offered = {word.rstrip('=') for word in self.offers('scitagd', '--')}
        self.assertLessEqual({word.rstrip('=') for word in wanted} -
                             {'--usage'}, offered)

    def test_keywords(self):
        text = usage(SCITAG, 'flow').split('scitag flow del')[0]
        wanted = set(re.findall(r'\[?\b([a-z-]+) (?:[A-Z]|tcp)', text))
        wanted |= {'entropy', 'oversize', 'end-on-close'}
        self.assertGreater(len(wanted), 15)
        self.assertLessEqual(wanted, self.offers('scitag', 'flow', 'add', ''))

    def test_values(self):
        text = usage(SCITAG, 'flow')
        for keyword in 'entropy', 'oversize':
            values = re.search(rf'\[{keyword} ([a-z|]+)\]', text)[1]
            self.assertEqual(set(values.split('|')),
                             self.offers('scitag', 'flow', 'add', keyword, ''))
        self.assertEqual(self.offers('scitag', 'flow', 'add', 'proto', 't'),
                         {'tcp'})
        self.assertEqual(self.offers('scitag', 'flow', 'add', 'mark', ''),
                         {'label', 'hbh', 'do'})
        self.assertIn('atlas/perfSONAR',
                      self.offers('scitag', 'flow', 'add', 'tag', 'atlas/'))


class Bash(Completion, unittest.TestCase):
    complete = staticmethod(in_bash)


class Zsh(Completion, unittest.TestCase):
    complete = staticmethod(in_zsh)


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], '-v'])
