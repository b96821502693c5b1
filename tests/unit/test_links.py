#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Pages are found and lead somewhere: README.md has a link to each page of docs/,
and each link within the repository has something at its end.
"""
import os
import pathlib
import re
import unittest

TOP = pathlib.Path(os.environ['SCITAG_TOP']).resolve()
LINK = re.compile(r'\]\(([^)\s]+)\)')


def pages():
    return [*TOP.glob('*.md'), *TOP.glob('docs/**/*.md'),
            *TOP.glob('tests/**/*.md')]


def links(page):
    """Those of a page that leave it to something of ours, or stay in it."""
    found = []
    for target in LINK.findall(page.read_text(encoding='utf-8')):
        if not re.match('[a-z]+:', target):
            name, _, anchor = target.partition('#')
            found.append(((page.parent / name).resolve() if name else page,
                          anchor))
    return found


def anchors(page):
    """As GitHub and others make them of headings."""
    text = re.sub(r'^```.*?^```', '', page.read_text(encoding='utf-8'),
                  flags=re.M | re.S)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
            for heading in re.findall(r'^#+ +(.*?) *$', text, re.M)}


class Links(unittest.TestCase):
    def test_dead(self):
        found = 0
        for page in pages():
            for path, anchor in links(page):
                found += 1
                with self.subTest(f'{page.relative_to(TOP)}: {path}#{anchor}'):
                    self.assertTrue(path.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(path))
        self.assertGreater(found, 40)

    def test_index(self):
        """README.md names each page; what is below docs/ may be a click away."""
        readme = TOP / 'README.md'
        first = {path for path, _ in links(readme)}
        orphans = [path for path in TOP.glob('docs/*.md') if path not in first]
        text = readme.read_text(encoding='utf-8')
        orphans += [path for path in TOP.glob('docs/man/*')
                    if str(path.relative_to(TOP)) not in text]
        second = {path for page in first if page.suffix == '.md'
                  for path, _ in links(page)}
        orphans += [path for path in TOP.glob('docs/*/*.md')
                    if path not in first | second]
        self.assertEqual(orphans, [])


class Version(unittest.TestCase):
    def test_news(self):
        """VERSION is the only place of it; what it brings is in NEWS.md."""
        version = (TOP / 'VERSION').read_text(encoding='ascii').strip()
        news = (TOP / 'NEWS.md').read_text(encoding='utf-8')
        self.assertEqual(re.search(r'^## (\S+)', news, re.M)[1], version)
        stated = [path for pattern in ('docs/**/*', 'scripts/**/*', 'kmod/**/*',
                                       'userspace/**/*', 'include/**/*')
                  for path in TOP.glob(pattern)
                  if path.suffix in ('', '.build', '.c', '.conf', '.h', '.md',
                                     '.spec', '.yaml') and path.is_file()
                  and re.search(rf'(?<![\d.]){re.escape(version)}(?![\d.])',
                                path.read_text(encoding='utf-8',
                                               errors='replace'))]
        self.assertEqual(stated, [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
