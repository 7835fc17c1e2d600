# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Sets up, builds, and forwards packets between two software 82599 ports, with stock
dpdk-testpmd and stock l2fwd, through net_ixymin and through DPDK's own net_ixgbe.

The two generators number each frame, and the sinks check it. Prints one table. Exit code 0
only if every frame arrived intact, once and in order, the drivers' statistics are equal to
the wire's counts, and net_ixymin broke no rule of the data sheet.
"""

import os
import sys

from ixymin_tools import code_lines, simlib
from ixymin_tools.arguments import Parser, packets
from ixymin_tools.forwarding import DRIVERS, HEADS, PROGRAMS, forward, print_table, say

PREPARE = "build"


def parser():
    p = Parser("quickstart", __doc__)
    p.add_argument("--packets", type=packets, default=packets("50M"), metavar="N",
                   help="frames through each driver and program, both directions together "
                   "(500k, 100M, ...; default 50M)")
    p.add_argument("--rate", choices=["unlimited", "line"], default="unlimited",
                   help="line: each generator sends 64-byte frames at 10 Gbit/s, 14.88 Mpps "
                   "(default: as fast as the software NIC takes them)")
    p.add_argument("--driver", choices=DRIVERS, help="only this one (default: both)")
    p.add_argument("--program", choices=PROGRAMS, help="only this one (default: both)")
    return p


def run(args):
    lines = {"net_ixymin": sum(code_lines.by_file(code_lines.DRIVER).values()),
             "net_ixgbe": sum(code_lines.by_file(code_lines.ixgbe()).values())}
    rows, wrong = [], []
    if len(os.sched_getaffinity(0)) < 2:
        say("There is only one processor. The program and the software NIC take turns on it: slow.")
    with simlib.HugePages(say):
        for program in [args.program] if args.program else PROGRAMS:
            for driver in [args.driver] if args.driver else DRIVERS:
                row, faults = forward(program, driver, (args.packets + 1) // 2, args.rate)
                rows.append(row + [lines[driver]])
                wrong += faults
    print_table(HEADS + ["lines of code"], rows)
    if wrong:
        print("\n".join("WRONG: " + text for text in wrong), file=sys.stderr)
        return 1
    print("Every frame came through intact, once and in order; the drivers' statistics agree.")
    return 0
