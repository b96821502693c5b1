#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each command in README.md, docs/ and the manual pages is run by a test.

Those of docs/migration.md are run here, and every configuration in a page is
checked; tests/vm/pages.py runs what needs the module. A page's file is what "$ cat
FILE" shows, if there is none of that name yet.

Arguments: scitag, scitagd.
"""
import ast
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

TOP = os.environ['SCITAG_TOP']
sys.dont_write_bytecode = True
sys.path.insert(0, f'{TOP}/tests/vm')
import blocks

HERE = ('docs/migration.md',)
# Commands of other blocks: page, command, and which test runs it, or why none
# does.
ELSEWHERE = (
    ('README.md', r'make (demo|test)\b', 'these are tests themselves'),
    ('README.md|docs/quickstart.md', r'make install\b|modprobe scitag',
     'tests/package/install.sh'),
    ('README.md', 'scitag status', 'tests/vm/pages.py'),
    ('.*', r'systemctl .*\bscitagd', 'tests/systemd/unit'),
    ('docs/collectors.md', '.*', 'tests/unit/test_collectors.py'),
    ('docs/migration.md', r'systemctl .*\bflowd-go', 'not packaged in Debian'),
    ('docs/migration.md', 'cp scitagd.conf', 'a copy'),
    ('docs/migration.md', 'scitag status', 'tests/vm/pages.py'),
    ('docs/migration.md', 'modprobe -r scitag', 'tests/vm/lifecycle.py'),
    ('docs/packaging.md', 'make dist', 'tests/unit/test_pages.py'),
    ('docs/packaging.md', r'make (packages|test-packages)|scripts/package|apt ',
     'tests/package/install.sh'),
    ('docs/packaging.md', 'rpmbuild', 'there is no EL to run it on'),
    ('docs/performance.md',
     r'(KERNELS=.* )?make bench|scripts/vm load|tests/load/load.py',
     'these are tests themselves'),
    ('docs/quickstart.md', r'scitagd --check', 'tests/unit/test_pages.py'),
    ('docs/(quickstart.md|man/scitagd.conf.5)',
     r'cp .*tmpfiles-flowd.conf|systemd-tmpfiles',
     'tests/unit/test_systemd.py'),
    ('docs/secure-boot.md', 'modprobe|modinfo', 'tests/package/secureboot.sh'),
    ('docs/secure-boot.md', r'mokutil|openssl|/usr/lib/linux-kbuild',
     'needs somebody at the console, or Secure Boot with Debian 11'),
    ('docs/snapshots.md', r'scripts/vm|gnuplot',
     'draws the pictures of the page, from what tests/vm/compare.py leaves'),
    ('docs/testing.md', '.*', 'these are tests themselves'),
)
COMMANDS = re.compile(r'''(?:sudo\ |[A-Z_]+=(?:"[^"]*"|\S*)\ )*
    (?:(?:apt|cat|cp|curl|dkms|echo|gnuplot|make|mokutil|modinfo|modprobe|
          openssl|python3|rpmbuild|rsyslogd|scitagd?|systemctl|
          systemd-tmpfiles|tc|tcpdump|tshark)\ |
       (?:\./|/usr/|scripts/|tests/|build/)\S+)''', re.X)


def pages():
    top = pathlib.Path(TOP)
    found = [top / 'README.md', *top.glob('docs/**/*.md'),
             *top.glob('docs/man/*')]
    return {str(path.relative_to(top)): path.read_text(encoding='utf-8')
            for path in sorted(found)}


def read(name):
    with open(f'{TOP}/{name}', encoding='utf-8') as file:
        return file.read()


def in_machines():
    """The pages of tests/vm/pages.py, and commands that it leaves out."""
    found = {}
    for node in ast.parse(read('tests/vm/pages.py')).body:
        if isinstance(node, ast.Assign) and \
                isinstance(node.value, ast.Tuple) and \
                isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return {*found['PAGES'], *found['PAGES_WITH_FLOWS']}


def elsewhere(page, command):
    """The entries that name a command; the first of them is meant."""
    return [entry for entry in ELSEWHERE if re.fullmatch(entry[0], page) and
            re.match(f'(sudo )?({entry[1]})', command)][:1]


class Commands(unittest.TestCase):
    def test_run(self):
        """There is no command that nobody runs, and no entry for none."""
        forgotten, used = [], set()
        for page, text in pages().items():
            ran = page in HERE or page in in_machines()
            for kind, first, lines in blocks.blocks(page, text):
                if kind == 'console':
                    if not ran:
                        forgotten.append(f'{page}:{first}: console')
                    continue
                for number, line in enumerate(lines, first + 1):
                    entries = elsewhere(page, line)
                    used.update(entries)
                    if COMMANDS.match(line) and not entries:
                        forgotten.append(f'{page}:{number}: {line}')
        self.assertEqual(forgotten, [])
        self.assertEqual([entry for entry in ELSEWHERE if entry not in used],
                         [])

    def test_tests(self):
        """Those that are to run them exist, and so does what they run."""
        for _, _, test in ELSEWHERE:
            if test.startswith('tests/'):
                self.assertTrue(os.path.exists(f'{TOP}/{test}'), test)
        targets = re.search(r'^\.PHONY:((?:.*\\\n)*.*)', read('Makefile'),
                            re.M)[1]
        for page, text in pages().items():
            for _, _, lines in blocks.blocks(page, text):
                for line in lines:
                    for target in re.findall(r'^(?:sudo )?make ([a-z-]+)', line):
                        self.assertIn(target, targets.split(), page)
                    for script in re.findall(r'^((?:scripts|tests)/\S+)', line):
                        self.assertTrue(os.access(f'{TOP}/{script}', os.X_OK),
                                        f'{page}: {script}')


class Here(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix='pages.')
        self.addCleanup(self.dir.cleanup)
        self.bin = tempfile.TemporaryDirectory(prefix='pages.')
        self.addCleanup(self.bin.cleanup)
        for program in SCITAG, SCITAGD:
            os.symlink(program, f'{self.bin.name}/{os.path.basename(program)}')

    def run_command(self, command):
        return subprocess.run(
            ['bash', '-c', command], cwd=self.dir.name, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
            env={**os.environ, 'PATH': f'{self.bin.name}:{os.environ["PATH"]}',
                 'SCITAG_REGISTRY': f'{TOP}/userspace/registry.json'})

    def test_examples(self):
        for page in HERE:
            found = blocks.examples(page, read(page))
            self.assertGreater(len(found), 3, page)
            for number, command, shown in found:
                name = re.fullmatch(r'cat ([a-z.-]+)', command)
                path = name and f'{self.dir.name}/{name[1]}'
                if path and not os.path.exists(path):
                    with open(path, 'w', encoding='utf-8') as file:
                        file.write('\n'.join(shown) + '\n')
                with self.subTest(f'{page}:{number}: {command}'):
                    done = self.run_command(command)
                    self.assertTrue(
                        blocks.as_shown(shown, done.stdout, done.returncode),
                        f'exit status {done.returncode}:\n{done.stdout}')

    @unittest.skipUnless(os.path.exists(f'{TOP}/.git'), 'no clone')
    def test_dist(self):
        """It is where docs/packaging.md says, and has the pages."""
        done = self.run_command(f'{TOP}/scripts/dist {self.dir.name}')
        self.assertEqual(done.returncode, 0, done.stdout)
        name = f'scitag-{read("VERSION").strip()}'
        with tarfile.open(f'{self.dir.name}/{name}.tar.xz') as tar:
            self.assertLessEqual({f'{name}/{page}' for page in pages()},
                                 set(tar.getnames()))

    def test_configurations(self):
        """All of them are taken."""
        found = [(page, lines) for page, text in pages().items()
                 for kind, _, lines in blocks.blocks(page, text)
                 if kind == 'yaml' or lines[0].startswith('marks: ')]
        self.assertGreater(len(found), 5)
        for page, lines in found:
            with open(f'{self.dir.name}/config', 'w', encoding='utf-8') as file:
                file.write('\n'.join(lines) + '\n')
            with self.subTest(page):
                done = self.run_command('scitagd --check --config config')
                self.assertEqual((done.returncode, done.stdout), (0, ''))


if __name__ == '__main__':
    SCITAG, SCITAGD = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], '-v'])
