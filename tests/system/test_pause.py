# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Link flow control between two software NICs, and what is lost without."""

import pytest
from rig import Rig

WIRES = ["cable=sim82599_1", "cable=sim82599_0"]
RING = 512       # of each port to receive
BUFFER = 512 * 1024 // 68  # frames of testpmd that fit: 64 bytes, and the FCS
BURSTS, BURST = 100, 32
ARGS = [f"--rxd={RING}", "--txd=4096"]


def send_to_nobody(pmd):
    """Port 0 is given frames to send, and nobody receives from port 1."""
    pmd.command("set portlist 0")
    pmd.command(f"start tx_first {BURSTS}")


@pytest.mark.parametrize("size, high", [(64, 128), (1514, 499)])
def test_stalled_receiver_pauses_the_sender(driver, size, high):
    """Its ring full, a port sends XOFF, again and again, and the other one minds it: nothing is
    lost, though only 13 KB of the packet buffer are left then.  XON, as soon as there are
    descriptors again."""
    with Rig(driver, WIRES, ARGS + [f"--txpkts={size}"]) as pmd:
        for port in 0, 1:
            pmd.command(f"set flow_ctrl rx on tx on {high} 64 65535 1 mac_ctrl_frame_fwd off "
                        f"autoneg off {port}")
        send_to_nobody(pmd)
        pmd.wait_counter(1, "tx_xoff_packets", 3, pmd.port_xstats)
        pmd.wait_counter(0, "rx_xoff_packets", 3, pmd.port_xstats)
        sent = pmd.sim_stats(0)["tx_packets"]
        assert RING - 1 <= sent < BURSTS * BURST, pmd.about(f"sent {sent} in spite of XOFF")
        pmd.command("stop")
        pmd.command("set portlist 1")
        pmd.command("set fwd rxonly")
        pmd.command("start")
        pmd.wait(lambda: pmd.sim_stats(1)["rx_packets"] >= BURSTS * BURST,
                 lambda: f"does not go on: {pmd.counts()}")
        pmd.wait_idle()
        sender, receiver = pmd.counts()
        assert receiver["rx_missed"] == sender["dropped"] == receiver["dropped"] == 0, \
            pmd.about([sender, receiver])
        assert receiver["rx_packets"] == sender["tx_packets"] == BURSTS * BURST, \
            pmd.about([sender, receiver])
        minded, sent = pmd.port_xstats(0), pmd.port_xstats(1)
        assert minded["rx_xoff_packets"] == sent["tx_xoff_packets"] >= 3, pmd.about([minded, sent])
        assert minded["rx_xon_packets"] == sent["tx_xon_packets"] > 0, pmd.about([minded, sent])


def test_without_flow_control_frames_are_lost(driver):
    """The same, but nobody pauses: all are sent, however many.  What neither the ring nor the
    packet buffer holds is lost, the rest comes when somebody receives."""
    with Rig(driver, WIRES, ARGS) as pmd:
        for port in 0, 1:
            pmd.command(f"set flow_ctrl rx off tx off {port}")
        pmd.command("set portlist 0")
        pmd.command("set fwd txonly")
        pmd.command("start")
        pmd.wait_sent(0, 10 * BUFFER)
        pmd.command("stop")
        pmd.wait_idle()
        sender, receiver = pmd.counts()
        assert sender["dropped"] == 0 and receiver["to_nic"] == sender["from_nic"], \
            pmd.about([sender, receiver])
        assert (receiver["rx_packets"], receiver["rx_missed"]) == \
            (RING - 1, receiver["to_nic"] - (RING - 1) - BUFFER), pmd.about([sender, receiver])
        assert pmd.port_xstats(1)["tx_xoff_packets"] == 0, pmd.about(pmd.counts())
        assert pmd.port_stats(1)["imissed"] == receiver["rx_missed"], pmd.about(pmd.port_stats(1))
        pmd.command("set portlist 1")
        pmd.command("set fwd rxonly")
        pmd.command("start")
        pmd.wait_counter(1, "ipackets", RING - 1 + BUFFER)
        pmd.wait_idle()
        receiver = pmd.sim_stats(1)
        assert receiver["rx_packets"] + receiver["rx_missed"] == receiver["to_nic"], \
            pmd.about(receiver)
