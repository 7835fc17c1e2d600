# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Link flow control between two software NICs: a cable that may lose frames, and loses none."""

import time

from rig import Rig

WIRES = ["cable=sim82599_1:lossless=0", "cable=sim82599_0:lossless=0"]


def stall(pmd):
    """Port 0 sends, and nobody receives from port 1.
    @return frames that port 0 has sent by then, and how many more in the time after.
    """
    pmd.command("set portlist 0")
    pmd.command("set fwd txonly")
    pmd.command("start")
    pmd.wait_sent(0, 600)  # more than the ring of port 1 holds
    time.sleep(0.1)
    before = pmd.sim_stats(0)["from_nic"]
    time.sleep(0.2)
    return before, pmd.sim_stats(0)["from_nic"] - before


def test_stalled_receiver_pauses_the_sender():
    """Its ring full, a port sends XOFF and the other one minds it: nothing is lost.  XON, as soon
    as there are descriptors again."""
    with Rig("net_ixgbe", WIRES, ["--rxd=512"]) as pmd:
        for port in 0, 1:
            pmd.command("set flow_ctrl rx on tx on 128 64 65535 1 mac_ctrl_frame_fwd off "
                        f"autoneg off {port}")
        before, more = stall(pmd)
        assert more < 2000, pmd.about(f"{before} frames, then {more} more, in spite of XOFF")
        pmd.command("stop")
        pmd.command("set portlist 1")
        pmd.command("set fwd rxonly")
        pmd.command("start")
        pmd.wait_idle()
        sender, receiver = pmd.counts()
        assert receiver["rx_missed"] == sender["dropped"] == receiver["dropped"] == 0, \
            pmd.about([sender, receiver])
        assert receiver["rx_packets"] == sender["tx_packets"], pmd.about([sender, receiver])
        minded, sent = pmd.port_xstats(0), pmd.port_xstats(1)
        assert minded["rx_xoff_packets"] == sent["tx_xoff_packets"] > 0, pmd.about([minded, sent])
        assert minded["rx_xon_packets"] == sent["tx_xon_packets"] > 0, pmd.about([minded, sent])


def test_without_flow_control_frames_are_lost():
    """The same, but nobody pauses."""
    with Rig("net_ixgbe", WIRES, ["--rxd=512"]) as pmd:
        for port in 0, 1:
            pmd.command(f"set flow_ctrl rx off tx off {port}")
        _, more = stall(pmd)
        assert more > 2000, pmd.about(f"only {more} frames")
        pmd.command("stop")
        pmd.wait_idle()
        assert pmd.sim_stats(1)["rx_missed"] > 0, pmd.about(pmd.counts())
        assert pmd.port_xstats(1)["tx_xoff_packets"] == 0, pmd.about(pmd.counts())
