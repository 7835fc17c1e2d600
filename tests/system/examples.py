# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""DPDK's example programs, built from its source package, between pcap files."""

import fcntl
import functools
import os
import signal
import subprocess

import pytest
from ixymin_tools import simlib
from judge import ixymin_has
from rig import KNOWN_VIOLATIONS, Ports, assert_frames, read_pcap, write_pcap


def needs(*features):
    """The features of DPDK's table that a program asks of a driver: net_ixymin runs it from the day
    on which doc/ixymin.ini has them."""
    drivers = ["net_ixgbe"] + (["net_ixymin"] if ixymin_has(*features) else [])

    def mark(function):
        function.needs = features
        return pytest.mark.parametrize("driver", drivers)(function)

    return mark


@functools.lru_cache(None)
def build(folder):
    """Build all of them in a build directory, at the first one that a test runs there."""
    with open(os.path.join(folder, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["ninja", "-C", folder, "examples"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


class Example(Ports, simlib.Program):
    """An example, or another program that forwards.  It ends at SIGINT, with code 0 if it handles
    it, when a with block went well; then no rule may have been broken, no DMA address refused.

    inputs: for each port, the frames that come in from its wire, which wait for send().
    lcores: how many it needs; they share the machine's cores.  ready: what it says when it is.
    """

    ends_at, ends_with = signal.SIGINT, 0

    def __init__(self, driver, program, folder, inputs, args=(), lcores=1,
                 ready="TELEMETRY: ", vdev=None, **kwargs):
        if simlib.SUITE:  # the libraries and generated headers of some are not there
            pytest.skip("DPDK's examples are run with the installed DPDK")
        build(simlib.BUILD)
        self.name, self.driver = program, driver
        self.explained = set(KNOWN_VIOLATIONS[driver])
        self.inputs, self.outputs, self.seen = inputs, [], [0] * len(inputs)
        self.ready = ready
        self.lcores = lcores
        vdevs = []
        for port, frames in enumerate(inputs):
            self.outputs.append(folder / f"out{port}.pcap")
            source = write_pcap(folder / f"in{port}.pcap", frames)
            wire = f"pcap:in={source}:out={self.outputs[port]}:start=0"
            vdevs.append(simlib.sim(port, driver, wire=wire, **(vdev or {})))
        super().__init__(os.path.join(simlib.BUILD, f"dpdk-{program}"), vdevs, args, **kwargs)

    def default_lcores(self):
        """The main one beside the software NIC if there are several, for it has little to do."""
        main, forwarding = simlib.cores()
        if self.lcores == 1:
            return f"0@{forwarding[0]}"
        return ",".join([f"0@{main}"] + [f"{i}@{forwarding[i % len(forwarding)]}"
                                         for i in range(1, self.lcores)])

    def wait_ready(self):
        self.wait_for(self.ready)

    def start(self):
        super().start()
        self.ports = len(self.inputs)  # of the software NIC
        for port in range(self.ports):
            self.wait_link(port, "UP")

    def quit(self):
        self.process.send_signal(self.ends_at)
        code = self.wait_exit()
        assert code == self.ends_with, self.about(f"ended with code {code}")

    def forward(self, should, same_order=True):
        """Let all frames in that are left, and see that those come out that should (by port)."""
        self.send({port: len(frames) for port, frames in enumerate(self.inputs) if frames},
                  expect={port: len(frames) for port, frames in enumerate(should)})
        for port, frames in enumerate(should):
            got = self.out(port)
            if not same_order:
                got, frames = sorted(got), sorted(frames)
            assert_frames(self, got, frames, f"{self.name}, out of port {port}")

    def out(self, port):
        """The frames that came out of a port since the last call."""
        got = read_pcap(self.outputs[port])[self.seen[port]:]
        self.seen[port] += len(got)
        return got


class Endless(Example):
    """An example that has no end, but that SIGINT kills."""

    ends_with = -signal.SIGINT


class Stubborn(Example):
    """An example that catches SIGINT, and does not end."""

    ends_at, ends_with = signal.SIGKILL, -signal.SIGKILL
