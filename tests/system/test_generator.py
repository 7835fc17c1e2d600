# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Many numbered frames through rings of all sizes: none lost, changed, repeated or overtaken,
and the drivers' statistics are exactly what was on the wire.
"""

import re

import pytest
from judge import PATHS, ixymin_has
from rig import Rig, assert_intact

# two pairs of ports; 64-byte and mixed frames against each other
WIRES = ["gen:start=0:size=64", "gen:start=0:size=64-1518:burst=7",
         "gen:start=0:size=1518:burst=1", "gen:start=0:size=65:flows=16:burst=3"]
ALL = range(len(WIRES))


def rounds(pmd, number, bursts=(32,)):
    for burst in bursts:
        said = pmd.command(f"set burst {burst}")
        assert f"burst set to {burst}\n" in said, pmd.about(said)
        pmd.forward()
        grown = pmd.send({port: number for port in ALL})
        forward = pmd.stop_forwarding()
        assert_intact(pmd, grown, len(WIRES) * number)
        assert forward[:3] == (4 * number, 4 * number, 0), pmd.about(f"burst {burst}: {forward}")


# net_ixgbe's vector path receives nothing at all by bursts of less than 4
@pytest.mark.parametrize("driver, path", [
    ("net_ixymin", "vector"), ("net_ixymin", "scalar"), ("net_ixgbe", "bulk")])
def test_bursts(driver, path):
    """Bursts shorter and longer than a batch of descriptors, and no power of two."""
    eal, args, says = PATHS[driver][path]
    with Rig(driver, WIRES, args, eal=eal) as pmd:
        assert re.search(says, pmd.output), pmd.about(f"has not said '{says}'")
        rounds(pmd, 30000, bursts=(1, 3, 32, 33, 128, 512))
        pmd.check_driver_counts()


@pytest.mark.parametrize("driver, size", [
    ("net_ixymin", 64), ("net_ixymin", 72), ("net_ixymin", 1000), ("net_ixymin", 4096),
    ("net_ixgbe", 96), ("net_ixgbe", 992), ("net_ixgbe", 4096)])
def test_ring_sizes(driver, size):
    """From the smallest ring to the largest. net_ixgbe's have a multiple of 32 descriptors; its
    newer releases refuse 64 of them with their own default of the free threshold."""
    with Rig(driver, WIRES, [f"--rxd={size}", f"--txd={size}", "--total-num-mbufs=65536"]) as pmd:
        rounds(pmd, 50000)
        pmd.check_driver_counts()


def test_resized_rings(driver):
    """Rings can be set up again in another size."""
    with Rig(driver, WIRES[:2] * 2, ["--total-num-mbufs=65536"]) as pmd:
        for size in (64 if driver == "net_ixymin" else 128, 2048, 96):
            pmd.command("port stop all")
            pmd.command(f"port config all rxd {size}")
            pmd.command(f"port config all txd {size}")
            said = pmd.command("port start all")
            assert "Fail" not in said, pmd.about(f"{size} descriptors: {said}")
            for port in ALL:  # what RDLEN and TDLEN say
                assert pmd.sim_regs(port, "RDLEN")["RDLEN_0"] == 16 * size, pmd.about(f"{size}")
                assert pmd.sim_regs(port, "TDLEN")["TDLEN_0"] == 16 * size, pmd.about(f"{size}")
            for port in ALL:
                pmd.wait_link(port, "UP")
            rounds(pmd, 10000)


@pytest.mark.parametrize("driver, path", [
    ("net_ixymin", "vector"), ("net_ixymin", "scalar"), ("net_ixgbe", "vector"),
    ("net_ixgbe", "bulk")])
def test_queues(driver, path):
    """Four queues each way, by the vector path, where there is one, and by the scalar one.  All
    of them have their share of the flows; without RSS it is the first that has them all.
    """
    used = set(range(4)) if driver == "net_ixgbe" or ixymin_has("RSS hash") else {0}
    wires = [wire if "flows" in wire else wire + ":flows=16" for wire in WIRES]
    eal, args, says = PATHS[driver][path]
    with Rig(driver, wires, ["--rxq=4", "--txq=4", "--rss-udp", *args], eal=eal) as pmd:
        assert re.search(says, pmd.output), pmd.about(f"has not said '{says}'")
        rounds(pmd, 50000)
        pmd.check_driver_counts()
        for port in ALL:
            for pointer in "RDH_", "TDH_":  # 50000 frames: no queue's are a multiple of its ring
                regs = pmd.sim_regs(port, pointer)
                assert {q for q in range(4) if regs[f"{pointer}{q}"]} == used, pmd.about(
                    f"port {port}: {regs}")


def test_rates(driver):
    """A slow generator makes bursts of one, line rate fills whatever there is; what a full
    device has to drop is missed, and counted by all who count."""
    wires = ["gen:start=0:rate=20000:lossless=1", "gen:start=0:rate=300000:burst=16:lossless=1",
             "gen:start=0:rate=line:size=64", "gen:start=0:rate=line:size=64-1518"]
    with Rig(driver, wires) as pmd:
        pmd.forward()
        pmd.send({0: 4000, 1: 60000, 2: 200000, 3: 50000}, expect={0: 60000, 1: 4000})
        pmd.stop_forwarding()
        pmd.wait_idle()
        counts = pmd.counts()
        for port, count in enumerate(counts):
            taken = count["rx_packets"] + count["rx_missed"]
            assert taken == count["to_nic"], pmd.about(f"port {port}: {count}")
        assert sum(c["rx_missed"] for c in counts[:2]) == 0, pmd.about(counts[:2])
        total = {key: sum(c[key] for c in counts) for key in counts[0]}
        assert total["to_nic"] == total["intact"] + total["lost"], pmd.about(total)
        assert total["corrupt"] + total["duplicated"] + total["reordered"] == 0, pmd.about(total)
        pmd.check_driver_counts()
