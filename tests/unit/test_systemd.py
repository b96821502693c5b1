#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What systemd makes of the files it is given: units, users, directories. Needs
neither root nor a running systemd.

    test_systemd.py UNIT...
"""
import configparser
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

DIR = pathlib.Path(os.environ["SCITAG_TOP"], "userspace/systemd")

# The exposure that there may be, of 10.0, times ten.
THRESHOLD = 20


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True,
                          timeout=60, check=False)


def section(path, name):
    """The keys of a section; of one that is there twice the last value."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path)
    return parser[name]


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)

    def ok(self, *words):
        got = run(*words)
        self.assertEqual(got.returncode, 0, got.stdout)
        return got.stdout


class Units(Case):
    def units(self):
        """Copies whose programs are there, as systemd asks for."""
        for path in sorted(UNITS):
            copy = self.dir / path.name
            words = [f"ExecStart={shutil.which('true')}"
                     if line.startswith("ExecStart=") else line
                     for line in path.read_text().splitlines()
                     if not line.startswith("Documentation=")]
            copy.write_text("\n".join(words) + "\n")
        return sorted(self.dir.iterdir())

    def test_exposure(self):
        if run("systemd-analyze", "security", "--help").stdout.find(
                "--offline") < 0:
            self.skipTest("this systemd-analyze has no --offline")
        for unit in self.units():
            if unit.suffix == ".service":
                self.ok("systemd-analyze", "security", "--offline=true",
                        f"--threshold={THRESHOLD}", "--no-pager", str(unit))

    def test_verify(self):
        said = self.ok("systemd-analyze", "verify", "--man=no",
                       *map(str, self.units()))
        # It has a look at the units of this host, too.
        for unit in UNITS:
            self.assertNotIn(unit.name, said)

    def test_one_capability(self):
        for path in UNITS:
            if path.suffix != ".service":
                continue
            service = section(path, "Service")
            self.assertEqual(service["User"], "scitagd", path)
            self.assertIn(service["CapabilityBoundingSet"],
                          ("CAP_NET_ADMIN", ""), path)
            self.assertEqual(service.get("AmbientCapabilities", ""),
                             service["CapabilityBoundingSet"], path)


class Files(Case):
    def sysusers(self):
        self.ok("systemd-sysusers", f"--root={self.dir}",
                str(DIR / "sysusers.conf"))

    def test_user(self):
        (self.dir / "etc").mkdir()
        self.sysusers()
        name, _, uid, gid, _, home, shell = \
            (self.dir / "etc/passwd").read_text().strip().split(":")
        self.assertEqual((name, home), ("scitagd", "/var/lib/scitagd"))
        self.assertIn("nologin", shell)
        self.assertTrue(0 < int(uid) < 1000, uid)
        self.assertEqual((self.dir / "etc/group").read_text().strip(),
                         f"scitagd:x:{gid}:")

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
    def test_directories(self):
        (self.dir / "etc").mkdir()
        (self.dir / "run").mkdir()
        self.sysusers()
        uid = int((self.dir / "etc/passwd").read_text().split(":")[2])
        self.ok("systemd-tmpfiles", f"--root={self.dir}", "--create",
                str(DIR / "tmpfiles.conf"), str(DIR / "tmpfiles-flowd.conf"))
        directory = (self.dir / "run/scitagd").stat()
        self.assertEqual((oct(directory.st_mode), directory.st_uid),
                         ("0o40755", uid))
        pipe = (self.dir / "run/flowd").stat()
        self.assertEqual((oct(pipe.st_mode), pipe.st_uid), ("0o10666", uid))


if __name__ == "__main__":
    UNITS = [pathlib.Path(path) for path in sys.argv[1:]]
    unittest.main(argv=sys.argv[:1])
