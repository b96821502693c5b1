#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The man pages have every command, option, keyword and key that there is.

Arguments: scitag, scitagd.
"""
import os
import re
import shutil
import subprocess
import sys
import unittest

import yaml

MAN = os.path.join(os.environ['SCITAG_TOP'], 'docs/man')


def page(name):
    """Its text, without fonts and requests."""
    with open(f'{MAN}/{name}', encoding='utf-8') as file:
        text = file.read()
    text = re.sub(r'^\.\\".*$', '', text, flags=re.M)
    text = re.sub(r'\\f[BIRP]', '', text)
    text = text.replace('\\-', '-').replace('\\:', '').replace('\\c', '')
    # Words in alternating fonts are set together.
    return re.sub(r'^\.[A-Z]{1,2} ?', '', text, flags=re.M)


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def options(text):
    return set(re.findall(r'(?<![\w-])--[a-z][a-z-]*', text))


class Manual(unittest.TestCase):
    def has(self, text, words):
        self.assertEqual([word for word in sorted(words) if not
                          re.search(rf'(?<![\w-]){re.escape(word)}(?![\w-])',
                                    text)], [])

    def test_scitag(self):
        text = page('scitag.8')
        summary = run(SCITAG, '--help')
        commands = re.findall(r'^  ([a-z]+)', summary.split('\n\n')[1],
                              flags=re.M)
        self.assertGreater(len(commands), 8)
        self.has(text, set(commands) | options(summary))
        for command in commands:
            self.has(text, options(run(SCITAG, command, '--help')))

    def test_keywords(self):
        usage = run(SCITAG, 'flow', '--help').split('\n\n')[0]
        words = set(re.findall(r'[a-z][a-z-]+[a-z]', usage))
        self.assertGreater(len(words), 20)
        self.has(page('scitag.8'), words - {'usage'})

    def test_scitagd(self):
        self.has(page('scitagd.8'),
                 options(run(SCITAGD, '--help')) - {'--usage'})

    def test_help(self):
        """That of scitag is looked at by test_cli.py."""
        lines = run(SCITAGD, '--help').splitlines()
        self.assertLessEqual(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn('scitagd --import', '\n'.join(lines[-4:]))

    @unittest.skipUnless(shutil.which('groff'), 'no groff')
    def test_set(self):
        """They fit a terminal, and groff has nothing to say."""
        for name in os.listdir(MAN):
            done = subprocess.run(
                ['groff', '-man', '-Tutf8', '-ww', '-rLL=80n', '-P-cbou',
                 f'{MAN}/{name}'], check=True, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            self.assertEqual(done.stderr, b'', name)
            long = [line for line in done.stdout.decode().splitlines()
                    if len(line) > 80]
            self.assertEqual(long, [], name)

    def test_keys(self):
        """By the configuration that has all of them, and the example."""
        config = yaml.safe_load(run(SCITAGD, '--print-config', '-c',
                                    '/dev/null'))
        keys = set()
        for name, value in config.items():
            keys |= ({f'{name}.{key}' for key in value}
                     if isinstance(value, dict) else {name})
        self.assertGreater(len(keys), 15)
        self.has(page('scitagd.conf.5'), keys)


if __name__ == '__main__':
    SCITAG, SCITAGD = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], '-v'])
