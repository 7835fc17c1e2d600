# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""No mbufs, or no room: nothing hangs, nothing is lost that need not be, and it ends by itself."""

import re

from rig import EthdevCheck, Rig

RING = 512


def test_dry_pool(driver):
    """The ring is emptied without refill, five times over; each time all of it comes back."""
    with EthdevCheck(driver, "gen", "starve=5") as check:
        dry = [(int(got), int(ring), counted) for got, ring, counted in
               check.lines(r"^dry: received (\d+) of (\d+) descriptors, rx_nombuf (\w+)")]
        assert len(dry) == 5, check.error("did not starve five times")
        for got, ring, counted in dry:
            # net_ixgbe keeps back what it cannot replace; net_ixymin gives all but what
            # it had not refilled yet, less than a batch
            assert counted == "counted", check.about(dry)
            least = ring - 1 - 31 if driver == "net_ixymin" else 1
            assert least <= got <= ring + 32, check.about(dry)
        assert "mbufs 0," in check.lines("^resources after: (.*)$")[0], check.error("leaked")
        counts = dict(re.findall(r"(intact|lost|corrupt|duplicated|reordered) (\d+)",
                                 check.output[check.output.index("sim82599_0 ("):]))
        assert int(counts["intact"]) > 100000, check.about(counts)
        assert counts["corrupt"] == counts["duplicated"] == counts["reordered"] == "0", \
            check.about(counts)


def test_small_pool(driver):
    """A pool with hardly more mbufs than the rings hold: testpmd's frames get stuck in no ring."""
    with Rig(driver, ["gen:start=0"] * 2, [f"--rxd={RING}", "--txd=64", "--mbcache=0",
                                           f"--total-num-mbufs={2 * RING + 200}"]) as pmd:
        pmd.forward()
        grown = pmd.send({0: 50000, 1: 50000})
        sums = {key: sum(g[key] for g in grown) for key in ("intact", "lost", "reordered")}
        assert sums == {"intact": 100000, "lost": 0, "reordered": 0}, pmd.about(sums)


def test_pool_runs_out_and_recovers(driver):
    """Frames that cannot leave port 1 hold all mbufs: port 0 starves, and says so.  When they
    are freed, it receives again."""
    args = [f"--rxd={RING}", "--txd=1024", "--mbcache=0",
            f"--total-num-mbufs={3 * RING + 300}"]
    # lossless: the cable is asked to wait for port 2, which a card would not do
    wires = ["gen:start=0", "cable=sim82599_2:lossless=1", "cable=sim82599_1:lossless=1"]
    with Rig(driver, wires, args) as pmd:
        pmd.command("set portlist 0,1")
        pmd.command("set fwd io")
        pmd.command("start")
        pmd.sim_start(0, 20000)
        # port 2 is started, but nobody receives from it
        pmd.wait_counter(0, "rx_nombuf", 1)
        stuck = pmd.port_stats(0)
        assert stuck["ierrors"] == stuck["imissed"] == 0, pmd.about(stuck)
        pmd.command("stop")
        # the way is free, and what was stuck flows off
        pmd.command("set fwd rxonly")
        pmd.command("set portlist 0,1,2")
        pmd.command("start")
        pmd.wait_counter(0, "ipackets", 20000)
        pmd.wait(lambda: pmd.sim_stats(1)["from_nic"] == pmd.sim_stats(2)["rx_packets"],
                 lambda: f"does not flow off: {pmd.counts()}")
        pmd.wait_idle()
        wire = pmd.sim_stats(0)
        assert wire["to_nic"] == wire["rx_packets"] == 20000, pmd.about(wire)
        assert pmd.port_stats(0)["ipackets"] == 20000, pmd.about(pmd.port_stats(0))
        one, two = pmd.sim_stats(1), pmd.sim_stats(2)
        assert one["from_nic"] == two["to_nic"] == two["rx_packets"], pmd.about((one, two))


def test_tx_backpressure(driver):
    """Nobody receives at the other end of the cable, which is asked to wait: what does not fit is
    testpmd's to drop, all else arrives, in order, when somebody does."""
    wires = ["gen:start=0", "cable=sim82599_2:lossless=1", "cable=sim82599_1:lossless=1", "sink"]
    args = [f"--rxd={RING}", f"--txd={RING}", "--no-flush-rx"]
    with Rig(driver, wires, args) as pmd:
        pmd.command("set portlist 0,1")
        pmd.command("set fwd io")
        pmd.command("start")
        pmd.sim_start(0, 20000)

        def in_tx_ring():
            regs = pmd.sim_regs(1, "TD")
            return (regs["TDT_0"] - regs["TDH_0"]) % RING

        pmd.wait(lambda: pmd.sim_stats(1)["from_nic"] + in_tx_ring() + pmd.dropped() == 20000,
                 lambda: f"where are they? {pmd.dropped(), in_tx_ring(), pmd.counts()}")
        dropped = pmd.dropped()
        pmd.command("stop")
        stuck = pmd.sim_stats(0), pmd.sim_stats(1)
        # Tx ring, cable and Rx ring are full; not a frame more got lost
        assert 20000 - dropped >= 3 * RING // 2, pmd.about((dropped, stuck))
        assert stuck[1]["dropped"] == 0, pmd.about(stuck)
        pmd.command("set portlist 2,3")
        pmd.forward()
        pmd.wait_from_nic(3, 20000 - dropped)
        pmd.wait_idle()
        sink = pmd.sim_stats(3)
        assert (sink["intact"], sink["reordered"], sink["corrupt"], sink["duplicated"]) == (
            20000 - dropped, 0, 0, 0), pmd.about((dropped, sink))
        assert pmd.sim_stats(0)["lost"] == dropped, pmd.about((dropped, pmd.counts()))
        # and again, this time all the way
        pmd.command("stop")
        pmd.command("set portlist 0,1,2,3")
        pmd.forward()
        pmd.send({0: 5000}, expect={3: 5000})
        assert pmd.sim_stats(0)["lost"] == dropped, pmd.about(pmd.counts())
