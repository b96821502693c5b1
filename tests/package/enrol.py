#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Somebody at the console of a machine with a key to enrol: goes through the menu
that shim shows before Linux starts, until the machine restarts.

    enrol.py LOG PASSWORD COMMAND...

COMMAND is the machine, with its console as input and output; LOG is what was
shown there.
"""
import os
import re
import select
import subprocess
import sys
import time

TIMEOUT_S = 300
# A screen is drawn in pieces; this long without one, and it waits for a key.
QUIET_S = 0.5
DOWN, ENTER = b"\x1b[B", b"\r"

# What is shown, and what is pressed then; as docs/secure-boot.md says it.
MENU = (("Press any key to perform MOK management", ENTER),
        ("Enroll MOK", DOWN + ENTER),
        ("View key 0", DOWN + ENTER),
        ("Enroll the key", DOWN + ENTER),
        ("Password:", None),
        ("Reboot", ENTER))


class Console:
    """What a machine shows, and what is typed there."""

    def __init__(self, command, log):
        self.machine = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.log = log
        self.seen = b""

    def read(self, seconds):
        """Return whether anything more was shown in that time."""
        output = self.machine.stdout.fileno()
        if not select.select([output], [], [], seconds)[0]:
            return False
        data = os.read(output, 65536)
        self.log.write(data)
        self.seen += data
        return bool(data)

    def shows(self, text):
        """Wait for a screen with this text; forget what it shows."""
        end = time.monotonic() + TIMEOUT_S
        while text not in re.sub(r"\x1b\[[0-9;=]*[A-Za-z]", "",
                                 self.seen.decode("latin-1")):
            if time.monotonic() > end or self.machine.poll() is not None:
                return False
            self.read(1)
        while self.read(QUIET_S):
            pass
        self.seen = b""
        return True

    def press(self, keys):
        """Type, a key at a time."""
        for key in re.findall(rb"\x1b\[.|[^\x1b]", keys):
            self.machine.stdin.write(key)
            self.machine.stdin.flush()
            while self.read(QUIET_S):
                pass

    def ended(self):
        """Whether the machine has ended by itself, within the time limit."""
        end = time.monotonic() + TIMEOUT_S
        while self.machine.poll() is None and time.monotonic() < end:
            self.read(1)
        return self.machine.poll() == 0


def main():
    log_name, password = sys.argv[1:3]
    results = []

    def check(passed, what):
        results.append(passed)
        print("ok -" if passed else "not ok -", what, flush=True)
        return passed

    with open(log_name, "wb", buffering=0) as log:
        console = Console(sys.argv[3:], log)
        try:
            for text, keys in MENU:
                if not check(console.shows(text), f"the console shows {text!r}"):
                    break
                console.press(keys or password.encode() + ENTER)
            else:
                check(console.ended(), "the machine restarts")
        finally:
            console.machine.kill()
            console.machine.wait()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
