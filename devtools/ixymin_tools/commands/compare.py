# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Compares the CPU cycles that net_ixymin and net_ixgbe take for a forwarded packet.

One stock dpdk-testpmd has two software ports of each driver, and forwards between the two of one
driver and of the other in turn, for a fraction of a second each, so that both drivers meet the
same machine.  A figure is what testpmd prints at 'stop' (--record-core-cycles).

The distance of the processors (the cycles that a cache line takes to the other one and back) is
measured before and after each round: on virtual machines it changes suddenly, and all figures
change with it.  A round is near if both distances are at most --near; the other rounds are
reported separately.  Without huge pages, the processor's address translation takes most of the
time, and not the drivers.
"""

import csv
import os
import statistics
import subprocess
import sys
import time

from ixymin_tools import simlib
from ixymin_tools.arguments import Parser, output_file, seconds, whole_number

PREPARE = "build"

DRIVERS = {"net_ixgbe": (0, 1), "net_ixymin": (2, 3)}
PINGPONG = os.path.join(simlib.BUILD, "app/bench/pingpong")


def pingpong():
    main, forwarding = simlib.cores()
    done = subprocess.run([PINGPONG, str(main), str(forwarding[0])], stdout=subprocess.PIPE,
                          text=True, check=True)
    return int(done.stdout)


def forward(pmd, ports, seconds):
    """Forward between two ports for a while. @return cycles/packet and packets."""
    pmd.command("set portlist " + ",".join(map(str, ports)))
    pmd.command("start")
    for port in ports:
        pmd.sim_start(port, 0)
    time.sleep(seconds)
    for port in ports:
        pmd.sim_stop(port)
    result = pmd.stop_forwarding()
    if result.cycles is None:
        raise simlib.SimError(f"ports {ports} forwarded nothing in {seconds} s")
    return result.cycles, result.rx


def measure(args):
    """@return a dictionary a round: distance (worse of before and after), and by driver cycles."""
    vdevs = [simlib.sim(port, driver, wire="gen:start=0")
             for driver, ports in DRIVERS.items() for port in ports]
    eal = [] if args.vector else ["--force-max-simd-bitwidth=64"]
    # more Tx than Rx descriptors: nothing that was received finds no room
    options = [f"--rxd={args.ring}", f"--txd={2 * args.ring}", f"--burst={args.burst}",
               "--no-flush-rx", "--total-num-mbufs=32768"] + args.testpmd
    rounds = []
    with simlib.Testpmd(vdevs, options, eal=eal, memory=simlib.memory_args(512)) as pmd:
        print("$ " + pmd.command_line, file=sys.stderr)
        before = pingpong()
        for number in range(args.rounds):
            one = {}
            for driver, ports in DRIVERS.items():
                one[driver], one[driver + " packets"] = forward(pmd, ports, args.seconds)
            after = pingpong()
            one["distance"] = max(before, after)
            one["ratio"] = one["net_ixymin"] / one["net_ixgbe"]
            before = after
            rounds.append(one)
            print(f"round {number + 1}/{args.rounds}: net_ixgbe {one['net_ixgbe']:.1f}, net_ixymin "
                  f"{one['net_ixymin']:.1f} cycles/packet, distance {one['distance']}",
                  file=sys.stderr)
        for port in range(4):
            stats = pmd.sim_stats(port)
            bad = {key: stats[key] for key in ("corrupt", "duplicated", "reordered", "violations")
                   if stats[key]}
            if bad:
                raise simlib.SimError(f"port {port}: {bad}")
    return rounds


def summary(name, rounds):
    if not rounds:
        return f"{name}: no rounds"
    text = f"{name}: {len(rounds)} rounds"
    for key in list(DRIVERS) + ["ratio"]:
        values = sorted(one[key] for one in rounds)
        digits = 2 if key == "ratio" else 1
        text += (f"; {key} {statistics.median(values):.{digits}f} "
                 f"({values[0]:.{digits}f} to {values[-1]:.{digits}f})")
    return text


class ForTestpmd(Parser):
    """Takes what follows "--" for arguments of testpmd."""

    def parse_args(self, words):
        own = words.index("--") if "--" in words else len(words)
        args = super().parse_args(words[:own])
        args.testpmd = words[own + 1:]
        return args


def parser():
    p = ForTestpmd("compare", __doc__, "arguments after -- are given to testpmd")
    p.add_argument("--rounds", type=whole_number(1), default=20, metavar="N", help="default 20")
    p.add_argument("--seconds", type=seconds, default=0.5, metavar="S",
                   help="forwarding time of a driver in a round (default 0.5)")
    p.add_argument("--vector", action="store_true",
                   help="let the drivers choose vector paths (default: scalar paths, by "
                   "--force-max-simd-bitwidth=64)")
    p.add_argument("--burst", type=whole_number(1, 512), default=32, metavar="N",
                   help="testpmd's (default 32)")
    p.add_argument("--ring", type=whole_number(64, 2048, 8), default=512, metavar="N",
                   help="Rx descriptors; twice as many for Tx (default 512)")
    p.add_argument("--near", type=whole_number(0), default=400, metavar="CYCLES",
                   help="distance up to which a round is near (default 400)")
    p.add_argument("--csv", metavar="FILE", type=output_file, help="all rounds, one a line")
    return p


def run(args):
    with simlib.HugePages(lambda text: print(text, file=sys.stderr)):
        rounds = measure(args)
    if args.csv:
        with open(args.csv, "w") as f:
            table = csv.DictWriter(f, list(rounds[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(rounds)
    near = [one for one in rounds if one["distance"] <= args.near]
    print(summary("near", near))
    print(summary("far", [one for one in rounds if one["distance"] > args.near]))
    return 0
