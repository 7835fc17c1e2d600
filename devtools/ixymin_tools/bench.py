# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Runs app/bench, which measures drivers in turn with their software NICs, and what its figures
say.
"""

import collections
import csv
import math
import os
import re
import statistics
import tempfile

from ixymin_tools import simlib

PROGRAM = os.path.join(simlib.BUILD, "app/bench/bench")
BLOCKS = 20  # of rounds; a block's median is one sample of what the machine was like

Path = collections.namedtuple("Path", "driver path")
SIMD = {"scalar": 64, "vector": 256, "avx512": 512}


class Bench(simlib.Program):
    """The program with a port for each driver and path."""

    name = "bench"

    def __init__(self, paths, keys, options, **vdev):
        self.folder = tempfile.TemporaryDirectory(prefix="bench.")
        self.csv = os.path.join(self.folder.name, "windows.csv")
        vdev = {"wire": "gen", "core": "app", **vdev}
        plugs = [word for i, path in enumerate(paths)
                 for word in ("--plug", simlib.sim(i, path.driver, **vdev))]
        ports = [":".join([str(i), f"simd={SIMD[path.path]}"] +
                          [f"{key}={value}" for key, value in keys.items()])
                 for i, path in enumerate(paths)]
        super().__init__(PROGRAM, [], ["--csv", self.csv] + plugs + options + ports,
                         eal=["--iova-mode=va"], memory=simlib.memory_args(512))

    def default_lcores(self):
        return f"0@{simlib.cores()[1][0]}"

    def wait_ready(self):
        self.wait_for("^dpdk: ")

    def _check_ports(self):
        """The program plugs them in by itself, and needs no telemetry."""

    def close(self):
        super().close()
        self.folder.cleanup()

    def result(self, timeout):
        """Wait for the end.
        @return {name: what the program tells of itself}, [{...} of each port], [{...} of each line
        of its table]
        """
        if self.wait_exit(timeout) != 0:
            raise self.error("failed")
        self.wait_for(r"(?s).\Z")
        facts = dict(re.findall(r"^(dpdk|tsc): (.*)$", self.output, re.MULTILINE))
        ports = [dict((key, plain or quoted) for key, quoted, plain in
                      re.findall(r'(\w+)=(?:"([^"]*)"|(\S*))', line))
                 for line in re.findall(r"^port \d+: (.*)$", self.output, re.MULTILINE)]
        with open(self.csv) as f:
            windows = list(csv.DictReader(f))
        return facts, ports, windows


def same_path(ports, i):
    """Did the driver choose the functions that an earlier port of it has?"""
    return any(all(ports[j][key] == ports[i][key] for key in ("driver", "rx", "tx"))
               for j in range(i))


def per_packet(line):
    """A line of --count, for a packet: {"rx_instructions": 59.2, ...}"""
    return {key: int(value) / int(line["packets"]) for key, value in line.items()
            if key not in ("port", "burst", "packets") and int(line["packets"]) > 0}


def quantile(values, share):
    """Of sorted values, between the two nearest ones."""
    at = share * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def by_round(windows):
    """@return {(state, burst, port): {round: cycles/packet}}"""
    table = collections.defaultdict(dict)
    for window in windows:
        key = window["state"], int(window["burst"]), int(window["port"])
        if int(window["packets"]) > 0:
            table[key][int(window["round"])] = int(window["cycles"]) / int(window["packets"])
    return table


def ratio(rounds, reference):
    """The ratio to another port, from what both took in the same rounds.
    @return the median, and the interval that contains the true one with 95 % certainty: of 20
    medians of rounds that followed each other, the 6th and the 15th (a sign test).
    """
    both = sorted(set(rounds) & set(reference))
    if len(both) < BLOCKS:
        return math.nan, math.nan, math.nan
    values = [rounds[r] / reference[r] for r in both]
    size = len(values) // BLOCKS
    blocks = sorted(statistics.median(values[i * size:(i + 1) * size]) for i in range(BLOCKS))
    return statistics.median(values), blocks[5], blocks[14]
