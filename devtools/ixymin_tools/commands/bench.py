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
CASE_HEADS = ["driver", "path", "offloads", "fast free", "ring", "burst"]
CYCLE_HEADS = CASE_HEADS + ["state", "10 %", "25 %", "50 %", "75 %", "ratio", "95 %"]
COUNT_HEADS = CASE_HEADS + ["Rx instr.", "Tx instr.", "instr.", "branches", "loads", "stores",
                            "reg. reads", "reg. writes", "PCIe up", "PCIe down"]


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
    p.add_argument("--count", action="store_true", help="instead of cycles, count instructions, "
                   "memory and register accesses and PCIe bytes for a packet; exact")
    p.add_argument("--csv", metavar="FILE", type=output_file, help="all windows, one a line")
    return p


def options(args):
    words = ["--burst", ",".join(map(str, args.burst))]
    if args.count:
        return words + ["--count"]
    return words + ["--state", ",".join(args.state), "--rounds", str(args.rounds)]


def measure(args, ring, size, offloads, fast_free):
    """@return what the ports are, and the lines of the program's table."""
    keys = {"ring": ring, "offloads": offloads, "fast_free": fast_free}
    vdev = {"wire": f"gen:size={size}"}
    if args.count:
        vdev["doorbells"] = "trap"  # which counts them
    with bench.Bench(PATHS, keys, options(args), **vdev) as program:
        print("$ " + program.command_line, file=sys.stderr)
        facts, ports, lines = program.result(600 + args.rounds)
    print(f"{facts['dpdk']}; TSC {facts['tsc']}; frames of {size} bytes", file=sys.stderr)
    for i, port in enumerate(ports):
        print(f"{PATHS[i].driver} {PATHS[i].path}: rx {port['rx_mode']} ({port['rx']}), tx "
              f"{port['tx_mode']} ({port['tx']}); probe {port['probe_ms']} ms, start until link up "
              f"{port['start_ms']} ms, {port['reg_accesses']} register accesses", file=sys.stderr)
    return ports, lines


def case_of(i, port):
    """@return the first columns of a row."""
    return [PATHS[i].driver, PATHS[i].path, port["offloads"], port["fast_free"], port["ring"]]


def cycles(ports, rounds):
    """@return the rows of one state and burst."""
    values = {i: sorted(one.values()) for i, one in rounds.items()}
    rivals = [i for i in values if PATHS[i].driver == "net_ixgbe"]
    best = min(rivals, key=lambda i: bench.quantile(values[i], 0.5), default=None)
    rows = []
    for i, port in enumerate(ports):
        row = case_of(i, port)
        if i not in values:
            rows.append(row + ["no packets"] + [""] * 5)
            continue
        if bench.same_path(ports, i):
            continue
        row += [f"{bench.quantile(values[i], share):.1f}" for share in (0.1, 0.25, 0.5, 0.75)]
        if best is None:
            rows.append(row + ["", ""])
            continue
        middle, low, high = bench.ratio(rounds[i], rounds[best])
        rows.append(row + [f"{middle:.3f}", f"{low:.3f}-{high:.3f}"])
    return rows


def cycle_rows(args, ports, windows):
    table = bench.by_round(windows)
    rows = []
    for state, burst in itertools.product(args.state, args.burst):
        rounds = {i: table[state, burst, i] for i in range(len(ports)) if table[state, burst, i]}
        rows += [row[:5] + [str(burst), state] + row[5:] for row in cycles(ports, rounds)]
    return rows


def count_rows(ports, lines):
    rows = []
    for line in lines:
        i = int(line["port"])
        row = case_of(i, ports[i]) + [line["burst"]]
        one = bench.per_packet(line)
        if not one:
            rows.append(row + ["no packets"] + [""] * (len(COUNT_HEADS) - len(row) - 1))
        elif not bench.same_path(ports, i):
            both = [one["rx_" + what] + one["tx_" + what]
                    for what in ("instructions", "branches", "loads", "stores")]
            rows.append(row + [f"{value:.2f}" for value in
                               [one["rx_instructions"], one["tx_instructions"]] + both +
                               [one["reg_reads"], one["reg_writes"]]] +
                        [f"{one[key]:.1f}" for key in ("pcie_up", "pcie_down")])
    return rows


def write_csv(path, cases):
    """Each window, or line of counts, with all that tells the cases apart."""
    with open(path, "w") as f:
        table = None
        for case, ports, lines in cases:
            for one in lines:
                line = {**case, **ports[int(one["port"])], **one}
                if table is None:
                    table = csv.DictWriter(f, list(line), lineterminator="\n")
                    table.writeheader()
                table.writerow(line)


def run(args):
    rows, cases = [], []
    with simlib.HugePages(lambda text: print(text, file=sys.stderr)):
        for case in itertools.product(args.ring, args.size, args.offloads, args.fast_free):
            ports, lines = measure(args, *case)
            rows += count_rows(ports, lines) if args.count else cycle_rows(args, ports, lines)
            cases.append(({"size": case[1]}, ports, lines))
    if args.csv:
        write_csv(args.csv, cases)
    print_table(COUNT_HEADS if args.count else CYCLE_HEADS, rows)
    return 0
