# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Drivers that judge the software 82599: what they see of a frame that scapy made.

A feature of DPDK's table is judged by net_ixgbe, by each of its data paths, and by net_ixymin
from the day on which doc/ixymin.ini says that it has the feature.
"""

import collections
import configparser
import os
import re

import pytest
from ixymin_tools import simlib
from rig import STATION, Rig, assert_frames, read_pcap, write_pcap
from scapy.layers.l2 import Ether
from scapy.packet import raw

# EAL's and testpmd's arguments that make a driver take a path, and what it then says
IXYMIN_SAYS = "--log-level=pmd.net.ixymin:debug"
with open("/proc/cpuinfo") as cpuinfo:
    IXYMIN_VECTOR = "Vector AVX2" if re.search(r"\bavx2\b", cpuinfo.read()) else "Scalar"
IXGBE_SAYS = "--log-level=pmd.net.ixgbe.init:debug"
PATHS = {
    "net_ixgbe": {
        "vector": ([IXGBE_SAYS], [], "Vector rx enabled|Using Vector Scattered"),
        "bulk": ([IXGBE_SAYS, "--force-max-simd-bitwidth=64"], [],
                 "Rx Burst Bulk Alloc function will be|Using a Scattered with bulk"),
        "single": ([IXGBE_SAYS, "--force-max-simd-bitwidth=64"], ["--rxfreet=16"],
                   "Bulk Alloc Preconditions are not|Using Regular"),
    },
    "net_ixymin": {
        "vector": ([IXYMIN_SAYS], [], f"tx queues, .*: {IXYMIN_VECTOR}"),
        "scalar": ([IXYMIN_SAYS, "--force-max-simd-bitwidth=64"], [], "tx queues, .*: Scalar"),
    },
}


def features_of(path):
    table = configparser.ConfigParser()
    table.optionxform = str
    with open(os.path.join(simlib.ROOT, path)) as f:
        table.read_file(f)
    return set(table["Features"])


def ixymin_has(*features):
    """Does doc/ixymin.ini have all these features of DPDK's table?"""
    known = ".dpdk/source/doc/guides/nics/features/default.ini"
    if os.path.exists(os.path.join(simlib.ROOT, known)):
        # of a misspelled one net_ixymin would never be put to the test
        assert set(features) <= features_of(known), f"DPDK does not know all of {features}"
    return set(features) <= features_of("doc/ixymin.ini")


def judges(*features, paths=None):
    """Parameters (driver, path) of all drivers that have the features; paths: only these, where
    'bulk' stands for net_ixymin's scalar path, too.
    """
    drivers = ["net_ixgbe"] + (["net_ixymin"] if ixymin_has(*features) else [])
    found = [(driver, path) for driver in drivers for path in PATHS[driver]
             if paths is None or {"scalar": "bulk"}.get(path, path) in paths]
    return pytest.mark.parametrize("driver, path", found, ids=["-".join(f) for f in found])


Seen = collections.namedtuple("Seen", "number length segs rss vlan outer ptype queue flags")


def numbered(packet, number, dst=STATION[0]):
    """A frame to the first port, whose source address tells it from all others; padded."""
    source = b"\x02\x82" + number.to_bytes(4, "big")
    if isinstance(packet, bytes):
        frame = bytes.fromhex(dst.replace(":", "")) + source + packet[12:]
    else:
        frame = raw(Ether(dst=dst, src=":".join(f"{byte:02x}" for byte in source)) / packet)
    return frame.ljust(60, b"\0")


def count_by_queue(pmd, queues):
    """net_ixgbe counts all queues together, unless it is told otherwise."""
    if pmd.driver == "net_ixgbe":
        for port in range(pmd.ports):
            for q in range(1, queues):
                if "Bad arguments" in pmd.command(f"set stat_qmap rx {port} {q} {q}"):
                    pytest.skip("testpmd of this DPDK (25.11) cannot tell it")


def rx_by_queue(pmd, port, queues):
    xstats = pmd.port_xstats(port)
    return [xstats[f"rx_q{q}_packets"] for q in range(queues)]


def pieces(frame, shape):
    """Into how many mbufs testpmd cuts a frame ('set txpkts'); the last one takes the rest."""
    cut = 0
    for number, length in enumerate(map(int, shape.split(",")), 1):
        cut += length
        if cut >= len(frame):
            break
    return number


def number_of(frame):
    return int.from_bytes(frame[8:12], "big")


class Judge(Rig):
    """testpmd with one port that sends what it receives back to the wire, and tells what the
    driver says of it.

    frames: all that will ever be sent into the port, in order; wire: more of its arguments.
    """

    DUMP = re.compile(r"^  src=([\dA-F:]+) - dst=\S+ - pool=\S+ - type=0x\w+ - length=(\d+) - "
                      r"nb_segs=(\d+)(.*?) - sw ptype: .*?Receive queue=0x(\w+)\n"
                      r"  ol_flags: (.*)$", re.MULTILINE)

    def __init__(self, driver, path, folder, frames, args=(), wire="", vdev=None):
        eal, paths_args, self.says = PATHS[driver][path]
        self.path, self.out = path, folder / f"out-{driver}-{path}.pcap"
        self.frames, self.sent, self.came_out = frames, 0, 0
        inside = write_pcap(folder / f"in-{driver}-{path}.pcap", frames)
        super().__init__(driver, [f"pcap:in={inside}:out={self.out}:start=0{wire}"],
                         [*paths_args, *args], eal=eal, vdev=vdev)

    def about(self, what):
        return super().about(f"({self.path}) {what}")

    def wait_ready(self):
        super().wait_ready()
        assert re.search(self.says, self.output), self.error(f"has not said '{self.says}'")

    def do(self, *commands):
        """Commands that must not fail. @return what testpmd said"""
        said = ""
        for command in commands:
            answer = self.command(command)
            wrong = re.search(r"(?i)\bfail|(?<!X-)error|invalid|bad arg|not supp|unsupp|"
                              r"please stop|unable|give up", answer)
            assert not wrong, self.about(f"{command}: {answer}")
            said += answer
        return said

    def restart(self, *commands):
        """Commands for which the port has to be stopped."""
        self.do("port stop 0", *commands, "port start 0")
        self.wait_link(0, "UP")

    def tx_tail(self, since=0):
        """Where the transmit ring's tail is, or how many descriptors it has moved since then."""
        regs = self.sim_regs(0, "TD")
        return (regs["TDT_0"] - since) % (regs["TDLEN_0"] // 16)

    def exchange(self, number, out=None, verbose=True, since=None):
        """Let the next frames in, and out again (or out of them; counted since, see send()).
        @return what the driver said of each, by frame number; and the frames that came out
        """
        begin = len(self.output)
        self.do("set verbose 1" if verbose else "set verbose 0", "start")
        out = number if out is None else out
        self.send({0: number}, expect={0: out}, since=since)
        self.do("stop", "set verbose 0")
        self.sent += number
        seen = {}
        for src, length, segs, extra, queue, flags in self.DUMP.findall(self.output, begin):
            def field(pattern, base=16):
                found = re.search(pattern, extra)
                return int(found[1], base) if found else None

            ptype = re.search(r" - hw ptype: (.*?) *$", extra)
            dump = Seen(int(src.replace(":", "")[4:], 16), int(length), int(segs),
                        field(r"RSS hash=0x(\w+)"), field(r"VLAN tci=0x(\w+)"),
                        field(r"outer=0x(\w+)"), (ptype[1].split() if ptype else []),
                        int(queue, 16), {name for name in
                                         flags.replace("RTE_MBUF_F_RX_", "").split()
                                         if not name.startswith("OUTER_")})
            assert dump.number not in seen, self.about(f"twice: {dump}")
            seen[dump.number] = dump
        assert "INVALID mbuf" not in self.output[begin:], self.error("has broken mbufs")
        got = read_pcap(self.out)[self.came_out:]
        self.came_out += len(got)
        return seen, got

    def assert_same(self, got, should):
        """The same frames; if they came by several queues, in any order."""
        assert_frames(self, sorted(got, key=number_of), sorted(should, key=number_of), "out")
