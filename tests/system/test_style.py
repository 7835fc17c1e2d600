# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""DPDK's rules for the code of a driver, as far as a machine can tell; they are checkpatch's."""

import os
import re

import pytest
from ixymin_tools import simlib

DRIVER = os.path.join(simlib.ROOT, "drivers/net/ixymin")
FILES = sorted(name for name in os.listdir(DRIVER) if name.endswith((".c", ".h")))
COLUMNS, TAB = 100, 8
FUNCTION_LINES = 60


def read(name):
    with open(os.path.join(DRIVER, name)) as f:
        return f.read()


def functions(text):
    """All functions: (first line of the body, number of lines between the braces)."""
    for body in re.finditer(r"^\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, body.start()) + 1, body[1].count("\n")


@pytest.mark.parametrize("name", FILES)
def test_lines_and_functions_are_short(name):
    text = read(name)
    long = [number for number, line in enumerate(text.splitlines(), 1)
            if len(line.expandtabs(TAB)) > COLUMNS]
    assert not long, f"{name}: lines above {COLUMNS} columns: {long}"
    found = list(functions(text))
    assert found or name.endswith(".h"), f"{name}: no function was found"
    assert all(lines <= FUNCTION_LINES for _, lines in found), f"{name}: {found}"


def test_atomics_are_those_of_dpdk():
    """rte_stdatomic.h has been there since 23.11; ixymin_compat.h defines it for older releases."""
    users = [name for name in FILES if re.search(r"\b__(atomic|sync)_", read(name))]
    assert users == ["ixymin_compat.h"]
    assert any("rte_atomic_load_explicit" in read(name) for name in FILES if name.endswith(".c"))


def test_the_log_has_one_macro():
    """Each line begins with the driver and the port."""
    calls = {name: len(re.findall(r"\brte_log\(|\bRTE_LOG\(|\bprintf\(", read(name)))
             for name in FILES}
    assert {name: n for name, n in calls.items() if n > 0} == {"ixymin_hw.h": 1}
