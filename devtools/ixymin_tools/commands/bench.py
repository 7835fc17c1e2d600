# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Measures the CPU cycles that net_ixymin and net_ixgbe take to receive and send a packet.

Driver and software NIC work in turn on one processor: the NIC fills the receive ring, the driver
receives and sends some packets, which is timed, the NIC drains the transmit ring. All drivers and
paths take turns in one program. The figures are TSC cycles for a packet: the 10th percentile,
quartiles, and the ratio to the best path of net_ixgbe, with the interval that contains it with 95 %
certainty. doc/bench.md says more.
"""

import csv
import itertools
import sys

from ixymin_tools import bench, simlib
from ixymin_tools.arguments import Parser, output_file, whole_number, wrong
from ixymin_tools.forwarding import print_table

PREPARE = "build"

PATHS = [bench.Path(driver, path) for driver in ("net_ixymin", "net_ixgbe")
         for path in ("scalar", "vector")]
HEADS = ["driver", "path", "state", "offloads", "fast free", "ring", "burst",
         "10 %", "25 %", "50 %", "75 %", "ratio", "95 %"]


def one_of(*allowed):
    """@return the type of an argument that is a list of these words."""
    def convert(text):
        words = text.split(",")
        for word in words:
            if word not in allowed:
                raise wrong(word, ", ".join(allowed) + "; several with a comma between them")
        return words
    return convert


def numbers(least, most, step=1):
    """@return the type of an argument that is a list of such numbers."""
    def convert(text):
        return [whole_number(least, most, step)(word) for word in text.split(",")]
    return convert


def parser():
    p = Parser("bench", __doc__, "A LIST has commas: --burst 4,32. All combinations are measured.")
    p.add_argument("--burst", type=numbers(1, 256), default=[32], metavar="LIST",
                   help="packets of a call (default 32)")
    p.add_argument("--ring", type=numbers(64, 4096, 32), default=[512], metavar="LIST",
                   help="Rx and Tx descriptors (default 512)")
    p.add_argument("--size", type=numbers(64, 9728), default=[64], metavar="LIST",
                   help="bytes of frames (default 64)")
    p.add_argument("--offloads", type=one_of("none", "rx", "vlan", "txcsum", "tso"),
                   default=["none"], metavar="LIST", help="sets of offloads that are asked for: "
                   "none, rx, vlan, txcsum, tso (default none)")
    p.add_argument("--fast-free", type=one_of("0", "1"), default=["1"], metavar="LIST",
                   help="1: ask for MBUF_FAST_FREE where the driver has it (default 1)")
    p.add_argument("--state", type=one_of("warm", "l3"), default=["warm"], metavar="LIST",
                   help="of memory: warm, l3 (default warm)")
    p.add_argument("--rounds", type=whole_number(20, 1000000), default=2000, metavar="N",
                   help="windows of 256 packets for each line of the table (default 2000)")
    p.add_argument("--csv", metavar="FILE", type=output_file, help="all windows, one a line")
    return p


def measure(args, ring, size, offloads, fast_free):
    """@return what the ports are, and all windows."""
    keys = {"ring": ring, "offloads": offloads, "fast_free": fast_free}
    options = ["--burst", ",".join(map(str, args.burst)), "--state", ",".join(args.state),
               "--rounds", str(args.rounds)]
    with bench.Bench(PATHS, keys, options, wire=f"gen:size={size}") as program:
        print("$ " + program.command_line, file=sys.stderr)
        facts, ports, windows = program.result(600 + args.rounds)
    print(f"{facts['dpdk']}; TSC {facts['tsc']}; frames of {size} bytes", file=sys.stderr)
    return ports, windows


def describe(table, ports, state, burst):
    """@return the rows of one state and burst."""
    rounds = {i: table[state, burst, i] for i in range(len(ports)) if table[state, burst, i]}
    values = {i: sorted(one.values()) for i, one in rounds.items()}
    rivals = [i for i in values if PATHS[i].driver == "net_ixgbe"]
    best = min(rivals, key=lambda i: bench.quantile(values[i], 0.5), default=None)
    rows = []
    for i, port in enumerate(ports):
        row = [PATHS[i].driver, PATHS[i].path, state, port["offloads"], port["fast_free"],
               port["ring"], str(burst)]
        if i not in values:
            rows.append(row + ["no packets"] + [""] * 5)
            continue
        row += [f"{bench.quantile(values[i], share):.1f}" for share in (0.1, 0.25, 0.5, 0.75)]
        if best is None:
            rows.append(row + ["", ""])
            continue
        middle, low, high = bench.ratio(rounds[i], rounds[best])
        rows.append(row + [f"{middle:.3f}", f"{low:.3f}-{high:.3f}"])
    return rows


def write_windows(path, cases):
    """Each window a line, with all that tells the cases apart."""
    with open(path, "w") as f:
        table = None
        for case, ports, windows in cases:
            for window in windows:
                line = {**case, **ports[int(window["port"])], **window}
                if table is None:
                    table = csv.DictWriter(f, list(line), lineterminator="\n")
                    table.writeheader()
                table.writerow(line)


def run(args):
    rows, cases = [], []
    with simlib.HugePages(lambda text: print(text, file=sys.stderr)):
        for case in itertools.product(args.ring, args.size, args.offloads, args.fast_free):
            ports, windows = measure(args, *case)
            table = bench.by_round(windows)
            for state, burst in itertools.product(args.state, args.burst):
                rows += describe(table, ports, state, burst)
            cases.append(({"size": case[1]}, ports, windows))
    if args.csv:
        write_windows(args.csv, cases)
    print_table(HEADS, rows)
    return 0
