#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""docs/netlink/scitag.yaml and include/uapi/linux/scitag.h say the same.

Every name and every number, both ways. The header is read with a parser of
its own for the little C that it has, the spec with the rules for genetlink:
numbers follow the order of the lists, from 1 for attributes and operations.
"""
import os
import re
import sys
import unittest

import yaml


def c_name(*parts):
    return "".join(parts).upper().replace("-", "_")


def read_header(path):
    """[{name: value}] of all enums, and {name: text} of the macros."""
    with open(path, encoding="ascii") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    enums = []
    for body in re.findall(r"\benum\b[^{;]*\{(.*?)\}", text, flags=re.S):
        values = {}
        following = 0
        for entry in filter(None, map(str.strip, body.split(","))):
            name, _, value = map(str.strip, entry.partition("="))
            if value:
                # Numbers, and "(__X_MAX - 1)".
                following = eval(value, {}, dict(values))
            values[name] = following
            following += 1
        enums.append(values)
    macros = dict(re.findall(r"^#define\s+(\w+)\s+(\S+)\s*$", text, flags=re.M))
    return enums, macros


def with_max(values, prefix):
    """Add the __MAX and MAX of a list that ends with its largest number."""
    largest = max(values.values())
    return {**values, f"__{prefix}MAX": largest + 1, f"{prefix}MAX": largest}


def definition_enum(definition):
    start = definition.get("value-start", 0)
    values = {}
    for i, entry in enumerate(definition["entries"]):
        number = 1 << i if definition["type"] == "flags" else start + i
        values[c_name(definition["name-prefix"], entry["name"])] = number
    return values


def attribute_enum(attribute_set):
    prefix = c_name(attribute_set["name-prefix"])
    names = [c_name(prefix, a["name"]) for a in attribute_set["attributes"]]
    return with_max({n: i for i, n in enumerate(names, 1)}, prefix)


def operation_enum(operations):
    prefix = c_name(operations["name-prefix"])
    names = [c_name(prefix, op["name"]) for op in operations["list"]]
    return with_max({n: i for i, n in enumerate(names, 1)}, prefix)


class SpecTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(TOP, "docs/netlink/scitag.yaml"),
                  encoding="ascii") as file:
            cls.spec = yaml.safe_load(file)
        cls.enums, cls.macros = read_header(
            os.path.join(TOP, "include/uapi/linux/scitag.h"))

    def test_enums(self):
        """The enums of both, as sets: no order, but nothing more or less."""
        spec = [definition_enum(d) for d in self.spec["definitions"]]
        spec += [attribute_enum(s) for s in self.spec["attribute-sets"]]
        spec.append(operation_enum(self.spec["operations"]))
        self.assertEqual(len(spec), 13)
        for want in spec:
            self.assertIn(want, self.enums)
        for got in self.enums:
            self.assertIn(got, spec)

    def test_no_explicit_numbers(self):
        """The rules above hold only as long as the spec gives no numbers."""
        self.assertEqual(self.spec["operations"]["enum-model"], "unified")
        for op in self.spec["operations"]["list"]:
            self.assertNotIn("value", op)
        for attribute_set in self.spec["attribute-sets"]:
            for attribute in attribute_set["attributes"]:
                self.assertNotIn("value", attribute)
        for definition in self.spec["definitions"]:
            for entry in definition["entries"]:
                self.assertNotIn("value", entry)

    def test_family(self):
        self.assertEqual(self.macros["SCITAG_FAMILY_NAME"],
                         f'"{self.spec["name"]}"')
        self.assertEqual(int(self.macros["SCITAG_FAMILY_VERSION"]),
                         self.spec["version"])
        groups = [g["name"] for g in self.spec["mcast-groups"]["list"]]
        macros = [n for n in self.macros if n.startswith("SCITAG_MCGRP_")]
        self.assertEqual(len(macros), len(groups))
        for name in groups:
            self.assertEqual(self.macros[c_name("SCITAG_MCGRP_", name)],
                             f'"{name}"')

    def test_doc(self):
        """Everything that can be sent or received is explained."""
        for definition in self.spec["definitions"]:
            for entry in definition["entries"]:
                self.assertTrue(entry["doc"].strip(), entry)
        for attribute_set in self.spec["attribute-sets"]:
            for attribute in attribute_set["attributes"]:
                if attribute["type"] != "pad":
                    self.assertTrue(attribute["doc"].strip(), attribute)
        for op in self.spec["operations"]["list"]:
            self.assertTrue(op["doc"].strip(), op)

    def test_references(self):
        """Nests, enums, attributes and groups that are named are there."""
        sets = {s["name"]: {a["name"] for a in s["attributes"]}
                for s in self.spec["attribute-sets"]}
        enums = {d["name"] for d in self.spec["definitions"]}
        groups = {g["name"] for g in self.spec["mcast-groups"]["list"]}
        for attribute_set in self.spec["attribute-sets"]:
            for attribute in attribute_set["attributes"]:
                if attribute["type"] == "nest":
                    self.assertIn(attribute["nested-attributes"], sets)
                if "enum" in attribute:
                    self.assertIn(attribute["enum"], enums)
        for op in self.spec["operations"]["list"]:
            messages = [op.get("event")]
            for mode in "do", "dump":
                messages += (op.get(mode) or {}).values()
            for message in filter(None, messages):
                self.assertLessEqual(set(message["attributes"]),
                                     sets[op["attribute-set"]], op)
            if "event" in op:
                self.assertIn(op["mcgrp"], groups)


class ParserTest(unittest.TestCase):
    """A header parser that finds nothing would find no difference."""

    def test_parser(self):
        enums, macros = read_header(
            os.path.join(TOP, "include/uapi/linux/scitag.h"))
        self.assertIn({"SCITAG_MARK_LABEL": 1, "SCITAG_MARK_HBH": 2,
                       "SCITAG_MARK_DO": 4}, enums)
        self.assertTrue(any(e.get("SCITAG_CMD_FLOW_END_NTF") == 10
                            for e in enums))
        self.assertEqual(macros["SCITAG_FAMILY_NAME"], '"scitag"')


if __name__ == "__main__":
    TOP = os.environ.get("SCITAG_TOP") or sys.argv.pop(1)
    unittest.main()
