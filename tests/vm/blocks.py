# SPDX-License-Identifier: GPL-2.0
"""Commands in Markdown files and manual pages.

A fence marked `console`, or in a manual page a block whose first line begins
with "$ ", has commands behind "$ ", each followed by what it prints, where
"..." stands for anything. One that is followed by nothing, or by that alone, may
print what it likes, and has to succeed. A command goes on in the next line behind
a backslash or a pipe, within quotes, and down to END if it reads <<END.
"""
import re

PROMPT = '$ '
# What roff makes of these.
ESCAPES = {r'\-': '-', r'\e': '\\', r'\(dq': '"', r'\&': '', r'\:': ''}


def blocks(page, text):
    """The (kind, number of the line before, lines) of a page's blocks."""
    if page.endswith('.md'):
        return markdown(text)
    return manual(text)


def markdown(text):
    """Fences, and lines that begin with four blanks behind an empty one."""
    found, inside, before = [], None, ''
    for number, line in enumerate(text.split('\n'), 1):
        if line.startswith('```'):
            inside = None if inside == 'fence' else 'fence'
            if inside:
                found.append((line[3:], number, []))
        elif inside == 'fence':
            found[-1][2].append(line)
        elif line.startswith('    ') and (inside or not before.strip()):
            if not inside:
                found.append(('indented', number - 1, []))
            inside = 'indented'
            found[-1][2].append(line[4:])
        elif line.strip():
            inside = None
        elif inside:
            found[-1][2].append(line)
        before = line
    return found


def manual(text):
    """What is set as it stands."""
    found, inside = [], False
    for number, line in enumerate(text.split('\n'), 1):
        if line in ('.nf', '.EX'):
            inside = True
            found.append(('text', number, []))
        elif line in ('.fi', '.EE'):
            inside = False
            if found[-1][2][0].startswith(PROMPT):
                found[-1] = ('console', *found[-1][1:])
        elif inside:
            found[-1][2].append(re.sub(r'\\(-|e|\(dq|&|:)',
                                       lambda found: ESCAPES[found[0]], line))
    return found


def examples(page, text):
    """(number of the line, command, lines that it prints) of a page."""
    found, more = [], False
    for kind, first, lines in blocks(page, text):
        if kind != 'console':
            continue
        for number, line in enumerate(lines, first + 1):
            if more:
                found[-1][1] += '\n' + line
            elif line.startswith(PROMPT):
                found.append([number, line[len(PROMPT):], []])
            else:
                found[-1][2].append(line)
            more = not found[-1][2] and unfinished(found[-1][1])
    return found


def unfinished(command):
    return (command.endswith(('\\', '|')) or command.count("'") % 2 or
            '<<END' in command and not command.endswith('\nEND'))


def matches(shown, printed):
    pattern = r'[\s\S]*'.join(map(re.escape, '\n'.join(shown).split('...')))
    return re.fullmatch(pattern, printed.rstrip('\n')) is not None


def as_shown(shown, printed, status):
    """Is that what the page says?"""
    if all(line == '...' for line in shown):
        return status == 0
    return matches(shown, printed)
