# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Both plugins with each version of DPDK that they are for, as its distribution ships it; and
what of net_ixgbe does not work in some of these versions.  devtools/versions says where they
come from; one that cannot be had is skipped.
"""

import signal
import subprocess

import pytest
from ixymin_tools import simlib
from rig import EthdevCheck, Rig, assert_intact


def test_clang_builds(use, release):
    """Without a warning, as the fixture's gcc does; and the plugins are clang's."""
    use(release, "clang")
    for plugin in simlib.IXYMIN_PLUGIN, simlib.SIM_PLUGIN:
        made_by = subprocess.run(["readelf", "--string-dump=.comment", plugin], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        assert "clang" in made_by, f"{plugin}: {made_by}"


def test_forwards(use, release, driver):
    """To the packet what was on the wire; so are statistics, of the queue as well."""
    use(release)
    with Rig(driver, ["gen:size=64-1518:start=0"] * 2) as pmd:
        info = pmd.command("show port info 0")
        assert f"Driver name: {driver}" in info, pmd.about(info)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 50000, 1: 50000}), 100000)
        pmd.check_driver_counts()
        for port in range(2):
            xstats = pmd.port_xstats(port)
            assert xstats["rx_q0_packets"] == xstats["tx_q0_packets"] == 50000, pmd.about(xstats)


def test_plug_and_unplug(use, release, driver):
    """The PCI bus of each version lets go of a port, and takes it again; nothing leaks."""
    use(release)
    with EthdevCheck(driver, "gen:count=0", "reprobe=4") as check:
        before, after = (check.lines(f"^resources {when}: (.*)$")[0]
                         for when in ("before", "after"))
        assert before == after, check.about(f"before: {before}\nafter:  {after}")


# Known defects of net_ixgbe. The test of a defect fails with a version that has it no more.

@pytest.mark.parametrize("release, driver, ring, received", [
    ("22.11", "net_ixgbe", 64, 1000),
    ("24.11", "net_ixgbe", 64, 1000),
    ("25.11", "net_ixgbe", 64, 63),
    ("25.11", "net_ixgbe", 128, 1000),
    ("25.11", "net_ixymin", 64, 1000),
    ("26.07", "net_ixgbe", 128, 1000),
    ("26.07", "net_ixymin", 64, 1000)])
def test_smallest_ring(use, release, driver, ring, received):
    """net_ixgbe of 25.11 allows 64 descriptors, and fills the ring only once: its vector path
    refills when more than 64 are used, and at most 63 can be."""
    use(release)
    with Rig(driver, ["gen:start=0"] * 2, [f"--rxd={ring}"]) as pmd:
        pmd.forward()
        pmd.send({0: 1000}, expect={1: received})
        told = pmd.stop_forwarding()
        assert told[:3] == (received, received, 0), pmd.about(told)


def test_smallest_ring_needs_a_threshold(use):
    """net_ixgbe of 26.07 refuses 64 descriptors, unless rx_free_thresh is below its default, 32."""
    use("26.07")
    with Rig("net_ixgbe", ["gen:start=0"] * 2, ["--rxd=64"]) as pmd:
        assert "rx ring size (64) must be > 2 * rx_free_thresh (32)" in pmd.output, pmd.about(
            pmd.output)
        assert "Not all ports were started" in pmd.command("start"), pmd.about(pmd.output)
    with Rig("net_ixgbe", ["gen:start=0"] * 2, ["--rxd=64", "--rxfreet=16"]) as pmd:
        pmd.forward()
        pmd.send({0: 1000})
        told = pmd.stop_forwarding()
        assert told[:3] == (1000, 1000, 0), pmd.about(told)


@pytest.mark.parametrize("release", ["24.11", "25.11", "26.07"])
def test_recycling(use, release):
    """Mbufs of sent packets go to the receive ring: none is taken from the pool and none comes back
    while packets flow, except by the forwarding mode that does not recycle."""
    use(release)
    with EthdevCheck("net_ixymin", "gen", "recycle=20000") as check:
        (count, at_a_time), = check.lines(r"^recycled: (\d+) mbufs, (\d+) at a time$")
        assert int(count) > 0 and at_a_time == "0", check.output
    with Rig("net_ixymin", ["gen:start=0"] * 2) as pmd:
        for mode in "io", "recycle_mbufs":
            pmd.forward(mode)
            pmd.send({0: 1024})  # the rings get their mbufs from the pool
            left = set()
            for _ in range(20):
                pmd.send({0: 32})
                left.add(pmd.available_mbufs())
            assert (len(left) == 1) == (mode == "recycle_mbufs"), pmd.about(f"{mode}: {left}")
            assert pmd.stop_forwarding()[:3] == (1664, 1664, 0), pmd.output


@pytest.mark.parametrize("release", ["25.11", "26.07"])
def test_recycling_recycles_nothing(use, release):
    """net_ixgbe's receive ring takes mbufs back by 64, its transmit ring gives them by 32."""
    use(release)
    with EthdevCheck("net_ixgbe", "gen", "recycle=20000") as check:
        assert check.lines("^recycled: (.*)$") == ["0 mbufs, 64 at a time"], check.output
    with Rig("net_ixgbe", ["gen:start=0"] * 2) as pmd:  # nobody notices
        pmd.forward("recycle_mbufs")
        assert_intact(pmd, pmd.send({0: 20000, 1: 20000}), 40000)


def test_recycling_crashes(use):
    """24.11: both agree on 32, and the entries of the transmit ring are taken for twice as long as
    they are in the vector path. Stock testpmd dies of it; the same forwarding without is fine."""
    use("24.11")
    ports = [simlib.sim(i, "net_ixgbe", wire="gen:start=0") for i in range(2)]
    with Rig("net_ixgbe", ["gen:start=0"] * 2) as pmd:
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 20000, 1: 20000}), 40000)
    with simlib.Testpmd(ports) as pmd:
        pmd.command("set fwd recycle_mbufs retry")
        pmd.command("start")
        try:
            for port in range(2):
                pmd.sim_start(port, 20000)
        except simlib.SimError:
            pass  # it may be gone by the second
        assert pmd.wait_exit() == -signal.SIGSEGV, pmd.command_line
