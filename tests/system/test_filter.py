# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Which frames a port lets through, as the application asks for it."""

import re

from rig import BROADCAST, STATION, STRANGER, Rig, assert_frames, frame, read_pcap, write_pcap

OWN = STATION[0]
SECOND = "02:82:59:aa:00:01"
THIRD = "02:82:59:aa:00:02"
GROUP = "01:00:5e:01:02:03"
GROUP6 = "33:33:00:00:00:16"
OTHER_GROUP = "01:00:5e:7f:ff:fa"
LOOKALIKE = "01:00:5e:7f:0f:03"  # the bits that the 82599 compares (47:36) are GROUP's
ALL = [OWN, SECOND, THIRD, STRANGER, GROUP, GROUP6, OTHER_GROUP, LOOKALIKE, BROADCAST,
       "00:00:00:00:00:00"]
GROUPS = [GROUP, GROUP6, OTHER_GROUP, LOOKALIKE]


FRAMES = {dst: frame("udp", 60 + i, dst) for i, dst in enumerate(ALL)}


def probe_wire(folder):
    return (f"pcap:in={write_pcap(folder / 'in.pcap', FRAMES.values())}:"
            f"out={folder / 'out.pcap'}:start=0")


class Probe:
    """A port that sends back what it accepts of one frame to each address."""

    def __init__(self, pmd, folder):
        self.pmd, self.out, self.seen = pmd, folder / "out.pcap", 0

    def accepts(self, *accepted):
        """Frames to exactly these addresses are received, and counted; the others filtered."""
        accepted = [dst for dst in ALL if dst in accepted]
        before = self.pmd.port_stats(0)
        grown = self.pmd.send({0: len(ALL)}, expect={0: len(accepted)})[0]
        got = read_pcap(self.out)[self.seen:]
        self.seen += len(got)
        assert_frames(self.pmd, got, [FRAMES[dst] for dst in accepted],
                      f"frames to {', '.join(accepted)}")
        after = self.pmd.port_stats(0)
        assert grown["rx_filtered"] == len(ALL) - len(accepted), self.pmd.about(grown)
        assert after["ipackets"] - before["ipackets"] == len(accepted), self.pmd.about(after)
        assert after["ierrors"] == after["imissed"] == 0, self.pmd.about(after)


def test_filters(driver, tmp_path):
    """Each step changes one thing, and the accepted addresses change by just that."""
    with Rig(driver, [probe_wire(tmp_path)]) as pmd:
        probe = Probe(pmd, tmp_path)
        pmd.command("start")
        probe.accepts(*ALL)  # testpmd starts promiscuous
        pmd.command("set promisc 0 off")
        probe.accepts(OWN, BROADCAST)
        pmd.command("set allmulti 0 on")
        probe.accepts(OWN, *GROUPS, BROADCAST)
        pmd.command("set promisc 0 on")
        pmd.command("set allmulti 0 off")
        probe.accepts(*ALL)
        pmd.command("set promisc 0 off")
        probe.accepts(OWN, BROADCAST)

        pmd.command(f"mcast_addr add 0 {GROUP}")
        probe.accepts(OWN, GROUP, LOOKALIKE, BROADCAST)
        pmd.command(f"mcast_addr add 0 {GROUP6}")
        probe.accepts(OWN, GROUP, GROUP6, LOOKALIKE, BROADCAST)
        pmd.command(f"mcast_addr remove 0 {GROUP}")
        probe.accepts(OWN, GROUP6, BROADCAST)
        pmd.command("set promisc 0 on")
        pmd.command("set promisc 0 off")
        probe.accepts(OWN, GROUP6, BROADCAST)
        pmd.command(f"mcast_addr remove 0 {GROUP6}")
        probe.accepts(OWN, BROADCAST)

        pmd.command(f"mac_addr add 0 {SECOND}")
        probe.accepts(OWN, SECOND, BROADCAST)
        pmd.command(f"mac_addr add 0 {THIRD}")
        probe.accepts(OWN, SECOND, THIRD, BROADCAST)
        pmd.command(f"mac_addr remove 0 {SECOND}")
        probe.accepts(OWN, THIRD, BROADCAST)
        pmd.command(f"mac_addr set 0 {SECOND}")
        probe.accepts(SECOND, THIRD, BROADCAST)


def test_all_addresses(driver, tmp_path):
    """128 addresses: frames to each are received, others are not, and there is no room for more."""
    own = [OWN] + [f"02:82:59:aa:01:{n:02x}" for n in range(127)]
    others = [STRANGER] + [f"02:82:59:aa:02:{n:02x}" for n in range(127)]
    frames = [frame("udp", 60, dst) for pair in zip(own, others) for dst in pair]
    out = tmp_path / "out.pcap"
    wire = f"pcap:in={write_pcap(tmp_path / 'in.pcap', frames)}:out={out}:start=0"
    with Rig(driver, [wire]) as pmd:
        pmd.command("set promisc 0 off")
        for addr in own[1:]:
            said = pmd.command(f"mac_addr add 0 {addr}")
            assert said.strip() == "", pmd.about(said)
        said = pmd.command("mac_addr add 0 02:82:59:aa:03:00")
        assert re.search("(?i)no space|full|error", said), pmd.about(said)
        pmd.forward()
        pmd.send({0: len(frames)}, expect={0: len(own)})
        assert_frames(pmd, read_pcap(out), frames[::2], "frames to the port's addresses")


def test_filters_outlive_stop(driver, tmp_path):
    """Addresses and modes are the same after the port was stopped and started."""
    with Rig(driver, [probe_wire(tmp_path)]) as pmd:
        probe = Probe(pmd, tmp_path)

        def restart(*commands):
            pmd.command("stop")
            pmd.command("port stop 0")
            for command in commands:
                pmd.command(command)
            pmd.command("port start 0")
            # testpmd's start turns promiscuous mode on again
            pmd.command("set promisc 0 off")
            pmd.wait_link(0, "UP")
            pmd.command("start")

        pmd.command("start")
        pmd.command("set promisc 0 off")
        pmd.command(f"mac_addr add 0 {THIRD}")
        restart()
        probe.accepts(OWN, THIRD, BROADCAST)
        restart(f"mac_addr set 0 {SECOND}", "set allmulti 0 on")
        probe.accepts(SECOND, THIRD, *GROUPS, BROADCAST)
        restart("set allmulti 0 off", f"mac_addr remove 0 {THIRD}")
        probe.accepts(SECOND, BROADCAST)


def test_multicast_list_outlives_stop(tmp_path):
    """ethdev does not restore the list; net_ixymin does."""
    with Rig("net_ixymin", [probe_wire(tmp_path)]) as pmd:
        probe = Probe(pmd, tmp_path)
        pmd.command(f"mcast_addr add 0 {GROUP}")
        pmd.command("port stop 0")
        pmd.command("port start 0")
        pmd.command("set promisc 0 off")
        pmd.wait_link(0, "UP")
        pmd.command("start")
        probe.accepts(OWN, GROUP, LOOKALIKE, BROADCAST)
