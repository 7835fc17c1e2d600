# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Documents say what the code says."""

import collections
import os
import re
import subprocess

import simlib


def test_every_interpretation_is_documented():
    """doc/interpretations.md has a row for each INTERPRETATION in a file, of the same kind."""
    found = subprocess.run(["git", "-C", simlib.ROOT, "grep", "-noE", r"INTERPRETATION \([A-Z]+\)",
                            "--", "app", "drivers"], stdout=subprocess.PIPE, text=True, check=True)
    code = collections.Counter()
    for line in found.stdout.splitlines():
        path, _, tag = line.split(":", 2)
        code[path, re.search(r"\((\w+)\)", tag)[1]] += 1
    assert code
    with open(os.path.join(simlib.ROOT, "doc/interpretations.md")) as f:
        rows = re.findall(r"^\| ((?:app|drivers)/\S+) \|[^|]*\| (\w+) \|", f.read(), re.MULTILINE)
    assert collections.Counter(rows) == code
