# SPDX-License-Identifier: GPL-2.0
"""Results of a test in the form that the runner counts."""
import contextlib
import sys
import traceback

_failed = 0


@contextlib.contextmanager
def case(what):
    """One result: ok unless the block raises."""
    global _failed
    try:
        yield
    except Exception:
        _failed += 1
        for line in traceback.format_exc().splitlines():
            print('#', line)
        print('not ok -', what, flush=True)
    else:
        print('ok -', what, flush=True)


def note(text):
    for line in str(text).splitlines():
        print('#', line, flush=True)


def done():
    """End the test with the status that the results ask for."""
    sys.exit(1 if _failed else 0)


def equal(got, expected, what=''):
    if got != expected:
        raise AssertionError(f'{what}: got {got!r}, expected {expected!r}')
