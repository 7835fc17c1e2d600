# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The receive packet buffer, as stock testpmd fills it: it is one FIFO for all queues."""

import pytest
from judge import ixymin_has
from rig import Rig

RING = 512
BUFFER = 8192  # frames of 64 bytes in 512 KB
# With one transmit queue, testpmd makes a stream of the first receive queue only, and never polls
# the second. RSS over ports sends about half of the frames to each.
ARGS = [f"--rxd={RING}", "--rxq=2", "--txq=1", "--rss-udp", "--no-flush-rx"]
WIRES = ["gen:start=0:rate=2000000:flows=64", "sink"]
NUMBER = 40000

both = pytest.mark.parametrize(
    "driver", ["net_ixgbe"] + (["net_ixymin"] if ixymin_has("RSS hash") else []))


def received(pmd):
    """What the two queues of port 0 have received; the second one never got back a descriptor."""
    second = pmd.sim_regs(0, "RDH")["RDH_1"]
    return [pmd.sim_stats(0)["rx_packets"] - second, second]


@both
def test_queue_that_is_not_polled_holds_up_the_others(driver):
    """Without drop_en, once its ring is full all that comes later stays in the packet buffer, and
    when that is full is lost.  As soon as the queue lets go, the other one's frames follow."""
    with Rig(driver, WIRES, ARGS) as pmd:
        pmd.forward()
        grown = pmd.send({0: NUMBER}, expect={})[0]
        stuck, second = received(pmd)
        assert second == RING - 1, pmd.about(f"by queue: {stuck, second}")
        assert RING / 2 < stuck < 2 * RING, pmd.about(f"by queue: {stuck, second}")
        assert grown["rx_missed"] == NUMBER - stuck - second - BUFFER, pmd.about(grown)
        pmd.check_driver_counts()
        # a queue that is off takes nothing, but holds up nobody (8.2.3.23.75)
        pmd.command("stop")
        pmd.command("port 0 rxq 1 stop")
        pmd.forward()
        pmd.wait(lambda: pmd.sim_stats(0)["rx_packets"] + pmd.sim_stats(0)["rx_missed"] == NUMBER,
                 lambda: f"does not go on: {pmd.counts()}")
        pmd.wait_idle()
        first = pmd.sim_stats(0)["rx_packets"] - second
        assert BUFFER / 4 < first - stuck < 3 * BUFFER / 4, pmd.about(f"{stuck}, then {first}")
        sink = pmd.sim_stats(1)
        assert (sink["intact"], sink["reordered"]) == (first, 0), pmd.about((first, sink))


@both
def test_queue_that_drops_holds_up_nobody(driver):
    """With drop_en it loses what its ring cannot hold, and the other queue loses nothing.  Each
    time no more come than the other one's ring holds, however slowly it is polled."""
    times, number = 10, RING - 1
    with Rig(driver, WIRES, ARGS + ["--enable-drop-en"]) as pmd:
        pmd.forward()
        for _ in range(times):
            pmd.send({0: number}, expect={})
        first, second = received(pmd)
        assert second == RING - 1, pmd.about(f"by queue: {first, second}")
        assert 1 / 4 < first / (times * number) < 3 / 4, pmd.about(f"by queue: {first, second}")
        assert pmd.sim_stats(0)["rx_missed"] == times * number - first - second, \
            pmd.about(pmd.sim_stats(0))
        sink = pmd.sim_stats(1)
        assert (sink["intact"], sink["reordered"]) == (first, 0), pmd.about((first, sink))
        stats = pmd.port_stats(0)
        assert stats["ipackets"] == first + second, pmd.about((first, second, stats))
        if driver == "net_ixgbe":  # it leaves out what queues drop: so RXMPC has counted nothing
            assert stats["imissed"] == 0, pmd.about(stats)
