# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""devtools/without: features of the driver are files that can be deleted."""

import os
import re
import subprocess

import pytest
from ixymin_tools import simlib
from ixymin_tools.commands.without import FEATURES, defined, remove

NAMES = ["ixymin_x_get", "ixymin_x_start", "ixymin_x_default"]


@pytest.mark.very_slow
@pytest.mark.parametrize("together", [False, True])
def test_features_can_be_deleted(together):
    """Without each of these files, and without all of them, the driver builds and forwards."""
    done = subprocess.run([os.path.join(simlib.ROOT, "devtools/without"),
                           *(["--together"] if together else [])],
                          stdout=subprocess.PIPE, text=True)
    said = re.findall(r"(\w+): \d+ functions or objects", done.stdout)
    assert (done.returncode, said) == (0, FEATURES), done.stdout
    assert done.stdout.count("builds, and forwards 20000 frames\n") == (1 if together else 8)


def test_names_of_a_file():
    """What other files can use of it: not its static functions."""
    code = ("static int\nixymin_own(void)\n{\n}\n\nint\nixymin_x_get(int n)\n{\n}\n\n"
            "const struct a ixymin_x_default = {\n};\nstatic int ixymin_mine = 1;\n")
    assert defined(code) == ["ixymin_x_get", "ixymin_x_default"]


@pytest.mark.parametrize("code, left, gone", [
    (".get = ixymin_x_get,\n.set = ixymin_y_set,\n", ".set = ixymin_y_set,\n", 1),
    ("int ixymin_x_get(int a,\n\t\t int b);\nint ixymin_y(void);\n", "int ixymin_y(void);\n", 2),
    ("ixymin_x_start(a,\n\t\t b); /* why */\ny();\n", "y();\n", 2),
    ("ret = ixymin_x_start(a);\nreturn ixymin_x_get(1);\n", "ret = 0;\nreturn 0;\n", 0),
    ("a.b = ixymin_x_default;\n", "", 1),
    ("if (a) {\n\tixymin_x_start(a);\n}\n", "if (a) {\n}\n", 1),
    ("ixymin_x_started(a);\n", "ixymin_x_started(a);\n", 0),
])
def test_lines_that_go(code, left, gone):
    """Statements, declarations and entries that have one of the names, and no others."""
    assert remove(code, NAMES, "y.c") == (left, gone)


def test_a_line_that_cannot_go():
    """What is left would be another program."""
    with pytest.raises(simlib.SimError, match=r"y.c: 'ixymin_x_start\(\);' is all that 'if \(a\)'"):
        remove("if (a)\n\tixymin_x_start();\nreturn 1;\n", NAMES, "y.c")
