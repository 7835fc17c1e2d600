# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What net_ixymin's burst functions execute and move for a packet, exactly: no clock is read. A
change of the data path changes counts.csv, where reviewers see it.

The table is of gcc 12 and DPDK 22.11. Other compilers and releases of DPDK (whose functions for
mempools are inlined) execute other instructions, but hardly more; register accesses and PCIe bytes
are the same everywhere.
"""

import csv
import os
import re

import pytest
from ixymin_tools import bench

TABLE = os.path.join(os.path.dirname(__file__), "counts.csv")
EXECUTED = ["instructions", "branches", "loads", "stores"]
MOVED = ["reads", "writes", "up", "down"]  # registers, PCIe bytes
PATHS = [bench.Path("net_ixymin", "scalar"), bench.Path("net_ixymin", "vector")]
SLACK = 1.25  # of instructions in another build


def table():
    with open(TABLE) as f:
        return {(row["path"], row["offloads"], row["fast_free"], row["burst"]):
                {key: float(row[key]) for key in EXECUTED + MOVED} for row in csv.DictReader(f)}


def is_build_of_table(facts):
    return re.match(r"DPDK 22\.11\..*, built by gcc 12\.", facts["dpdk"]) is not None


def measure(offloads, fast_free):
    """@return {path: counts of a packet}, without a path that is another one's, and is it the build
    of the table?"""
    with bench.Bench(PATHS, {"offloads": offloads, "fast_free": fast_free}, ["--count"],
                     doorbells="trap") as program:
        facts, ports, lines = program.result(200)
    counts = {}
    for i, line in enumerate(lines):
        one = bench.per_packet(line)
        one.update((what, one["rx_" + what] + one["tx_" + what]) for what in EXECUTED)
        one.update(zip(MOVED, map(one.get, ["reg_reads", "reg_writes", "pcie_up", "pcie_down"])))
        if not bench.same_path(ports, i):
            counts[PATHS[i].path] = {key: round(one[key], 2) for key in EXECUTED + MOVED}
    return counts, is_build_of_table(facts)


@pytest.mark.parametrize("offloads, fast_free", [
    ("none", "1"), ("none", "0"), ("rx", "1"), ("vlan", "1"), ("txcsum", "1"), ("tso", "1")])
def test_counts(offloads, fast_free):
    """If they changed on purpose, write the row into counts.csv, and the reason into the commit."""
    counts, exact = measure(offloads, fast_free)
    assert "scalar" in counts
    for path, found in counts.items():
        row = path, offloads, fast_free, "32"
        text = ",".join(row) + "," + ",".join(f"{found[key]:.2f}" for key in EXECUTED + MOVED)
        expected = table().get(row)
        assert expected is not None, f"counts.csv lacks the row\n{text}"
        for key in MOVED:
            assert found[key] == expected[key], f"{key}: counts.csv has {expected[key]}\n{text}"
        if exact:
            for key in EXECUTED:
                assert found[key] == expected[key], f"{key}: counts.csv has {expected[key]}\n{text}"
        else:
            assert found["instructions"] <= SLACK * expected["instructions"], text
