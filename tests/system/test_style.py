# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Rules of style that a program can check: the length of lines everywhere, and for the driver
those of DPDK's checkpatch.
"""

import os
import re

import pytest
from ixymin_tools import simlib

DRIVER = os.path.join(simlib.ROOT, "drivers/net/ixymin")
FILES = sorted(name for name in os.listdir(DRIVER) if name.endswith((".c", ".h")))
FOLDERS = ["app", "devtools", "drivers", "tests"]
COLUMNS, TAB = 100, 8
FUNCTION_LINES = 60


def read(name):
    with open(os.path.join(DRIVER, name)) as f:
        return f.read()


def functions(text):
    """All functions: (first line of the body, number of lines between the braces)."""
    for body in re.finditer(r"^\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, body.start()) + 1, body[1].count("\n")


def sources(folder):
    """The files of a folder of the repository that are text."""
    for where, folders, names in os.walk(os.path.join(simlib.ROOT, folder)):
        folders[:] = [name for name in folders if name not in ("__pycache__", "seeds")]
        yield from (os.path.join(where, name) for name in sorted(names))


@pytest.mark.parametrize("folder", FOLDERS)
def test_lines_are_short(folder):
    """At most 100 columns, where a tab has 8. The inputs in tests/hostile/seeds are not text."""
    long, files = [], 0
    for path in sources(folder):
        files += 1
        with open(path) as f:
            long += [f"{os.path.relpath(path, simlib.ROOT)}:{number}"
                     for number, line in enumerate(f, 1)
                     if len(line.rstrip("\n").expandtabs(TAB)) > COLUMNS]
    assert files > 10 and not long, f"lines above {COLUMNS} columns: {long}"


@pytest.mark.parametrize("name", FILES)
def test_functions_are_short(name):
    text = read(name)
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
