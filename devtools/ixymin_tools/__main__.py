# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Runs a command: python3 devtools/ixymin_tools NAME [ARGUMENT]...

Wrong arguments end it before set-up and build begin.
"""

import importlib
import os
import subprocess
import sys

DEVTOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[0] = DEVTOOLS  # instead of the package's own folder


def main(name, words):
    # not above: the package is not found before sys.path is set
    from ixymin_tools import simlib
    command = importlib.import_module("ixymin_tools.commands." + name)
    arguments = command.parser().parse_args(words)
    simlib.end_orderly()
    if command.PREPARE is not None:
        prepared = subprocess.run([os.path.join(DEVTOOLS, command.PREPARE)])
        if prepared.returncode != 0:
            return prepared.returncode
    try:
        return command.run(arguments)
    except simlib.SimError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
