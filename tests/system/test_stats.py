# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What a driver counts, by port, queue and size, when it forgets, and when it must not."""

import pytest
from rig import BROADCAST, STATION, Rig, assert_intact, frame, write_pcap

SIZES = [64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1518]  # with FCS
CLASSES = {"64": (64, 64), "65_to_127": (65, 127), "128_to_255": (128, 255),
           "256_to_511": (256, 511), "512_to_1023": (512, 1023), "1024_to_max": (1024, 1518)}


def test_size_and_address_counters(driver, tmp_path):
    """A different number of frames at both edges of every size class, to all kinds of address."""
    destinations = [STATION[0], "01:00:5e:00:00:01", BROADCAST, STATION[0]]
    frames = [frame("udp", size - 4, destinations[i % 4], seed=i)
              for i, size in enumerate(size for n, size in enumerate(SIZES) for _ in range(n + 1))]
    wires = [f"pcap:in={write_pcap(tmp_path / 'in.pcap', frames)}:start=0",
             f"pcap:out={tmp_path / 'out.pcap'}"]
    with Rig(driver, wires) as pmd:
        pmd.forward()
        pmd.command("set allmulti all on")
        pmd.send({0: len(frames)})
        should = {f"_size_{name}_packets": sum(low <= len(f) + 4 <= high for f in frames)
                  for name, (low, high) in CLASSES.items()}
        should["_broadcast_packets"] = sum(f[:6] == b"\xff" * 6 for f in frames)
        should["_multicast_packets"] = sum(f[:1] == b"\x01" for f in frames)
        should["_good_packets"] = len(frames)
        should["_good_bytes"] = sum(map(len, frames))
        for port, way in ((0, "rx"), (1, "tx")):
            xstats = pmd.driver_counts(port)[1]
            counted = {name: xstats[way + name] for name in should}
            assert counted == should, pmd.about(
                f"port {port}: {way} {counted}\ninstead of {should}")
        other = {name: n for name, n in pmd.port_xstats(0).items() if "err" in name and n}
        assert not other, pmd.about(other)
        pmd.check_driver_counts()


def test_queues(driver):
    """testpmd's txonly sends from every queue; the queues' counters add up to the port's."""
    queues = 4
    with Rig(driver, ["sink", "gen:start=0"], [f"--rxq={queues}", f"--txq={queues}"]) as pmd:
        mapped = driver == "net_ixymin"
        # it counts all queues together unless they are mapped, which testpmd of 25.11 cannot do
        if not mapped:
            mapped = not any("Bad arguments" in pmd.command(f"set stat_qmap tx 0 {q} {q}")
                             for q in range(1, queues))
        pmd.command("set fwd txonly")
        pmd.command("start")
        pmd.wait_sent(0, 10000)
        pmd.stop_forwarding()
        pmd.wait_idle()
        pmd.forward()
        pmd.send({1: 5000})
        pmd.check_driver_counts()
        xstats = pmd.port_xstats(0)
        sent = [xstats[f"tx_q{q}_packets"] for q in range(queues)]
        assert all(sent) or not mapped, pmd.about(f"packets sent by queue: {sent}")
        assert sum(sent) == xstats["tx_good_packets"], pmd.about(f"by queue: {sent}")
        assert sum(xstats[f"tx_q{q}_bytes"] for q in range(queues)) == xstats["tx_good_bytes"], \
            pmd.about(xstats)
        xstats = pmd.port_xstats(1)
        got = [xstats[f"rx_q{q}_packets"] for q in range(queues)]
        # one flow: all come to one queue, which RSS chooses
        assert sorted(got) == [0, 0, 0, 5000], pmd.about(f"packets received by queue: {got}")
        assert xstats[f"rx_q{got.index(5000)}_bytes"] == 5000 * 60, pmd.about(xstats)


def test_queue_mapping(driver, tmp_path):
    """A queue counts where it is told to, also after the next start; and what it drops, as well."""
    frames = [frame("garbage", 60 + n % 100, seed=n) for n in range(1100)]  # no hash: to queue 0
    wires = [f"pcap:in={write_pcap(tmp_path / 'in.pcap', frames)}:start=0:lossless=0", "sink"]
    with Rig(driver, wires, ["--rxq=4", "--txq=4", "--rxd=128", "--enable-drop-en"]) as pmd:
        for command in ("set stat_qmap rx 0 0 3", "set stat_qmap tx 1 0 2"):
            if "Bad arguments" in pmd.command(command):
                pytest.skip("testpmd of this DPDK (25.11) cannot tell it")
        for number in (50, 100):
            pmd.forward()
            pmd.send({0: 50})
            pmd.command("stop")
            for port, name, queue in ((0, "rx", 3), (1, "tx", 2)):
                xstats = pmd.port_xstats(port)
                counts = [xstats[f"{name}_q{q}_packets"] for q in range(4)]
                assert counts == [number if q == queue else 0 for q in range(4)], pmd.about(counts)
            pmd.command("port stop all")
            pmd.command("port start all")
            pmd.wait_link(0, "UP")
            pmd.wait_link(1, "UP")
        if driver == "net_ixymin":  # net_ixgbe leaves them out of imissed
            pmd.send({0: 1000}, expect={})
            stats, xstats = pmd.driver_counts(0)
            missed = pmd.sim_stats(0)["rx_missed"]
            assert missed == 1000 - 127 == stats["imissed"], pmd.about(stats)
            assert [xstats[f"rx_q{q}_errors"] for q in range(4)] == [0, 0, 0, missed], \
                pmd.about(xstats)


def test_reset(driver):
    """Cleared statistics start at zero, and then count all again, and no more than once."""
    with Rig(driver, ["gen:start=0:size=64-300"] * 2) as pmd:
        pmd.forward()
        cleared = None
        for clear in ("clear port stats all", "clear port xstats all"):
            assert_intact(pmd, pmd.send({0: 3000, 1: 2000}), 5000)
            pmd.check_driver_counts(cleared)
            pmd.command(clear)
            cleared = pmd.counts()
            pmd.check_driver_counts(cleared)
            for port in range(2):
                left = {k: v for k, v in pmd.port_xstats(port).items() if v}
                assert not left, pmd.about(f"after '{clear}', port {port} has {left}")
        assert_intact(pmd, pmd.send({0: 100, 1: 200}), 300)
        for _ in range(3):  # reading clears the device's counters, not the driver's
            pmd.check_driver_counts(cleared)


def test_outlive_stop(driver):
    """Stopping a port resets the device; what it had counted by then stays."""
    with Rig(driver, ["gen:start=0"] * 2) as pmd:
        for _ in range(3):
            pmd.forward()
            assert_intact(pmd, pmd.send({0: 1000, 1: 500}), 1500)
            pmd.command("stop")
            if driver == "net_ixymin":
                # nobody takes these from the ring, and nobody looks before the device is reset,
                # where net_ixgbe forgets them
                grown = pmd.send({0: 100}, expect={})
                assert grown[0]["rx_packets"] == 100, pmd.about(grown)
            pmd.command("port stop all")
            pmd.check_driver_counts()
            pmd.command("port start all")
            for port in range(2):
                pmd.wait_link(port, "UP")
        pmd.check_driver_counts()


def test_missed(driver):
    """Nobody receives, and the wire does not wait: what neither the ring nor the packet buffer of
    512 KB can hold is missed."""
    number, ring, buffer = 12000, 512, 8192
    with Rig(driver, ["gen:start=0:lossless=0"] * 2, [f"--rxd={ring}"]) as pmd:
        pmd.send({0: number}, expect={})
        wire = pmd.sim_stats(0)
        assert wire["rx_packets"] == ring - 1 and \
            wire["rx_missed"] == number - ring + 1 - buffer, pmd.about(wire)
        pmd.check_driver_counts()
        pmd.command("clear port stats all")
        pmd.forward()
        # what the buffer holds comes with the first polls, some of which throw it away
        pmd.wait_counter(0, "ipackets", buffer)
        pmd.wait_idle()
        assert_intact(pmd, pmd.send({1: 100}, expect={0: 100}), 100)


def test_bad_frames_are_counted(driver, tmp_path):
    """A frame beyond the largest size is an error of one kind, and no packet."""
    good = [frame("udp", 100, seed=i) for i in range(10)]
    long = [frame("udp", 1519 + 4, seed=i) for i in range(7)]
    frames = [f for pair in zip(good, long) for f in pair] + good[7:]
    wires = [f"pcap:in={write_pcap(tmp_path / 'in.pcap', frames)}:start=0", "sink"]
    with Rig(driver, wires) as pmd:
        pmd.forward()
        pmd.send({0: len(frames)}, expect={1: len(good)})
        stats, xstats = pmd.driver_counts(0)
        assert stats["ipackets"] == len(good), pmd.about(stats)
        assert stats["ierrors"] == len(long), pmd.about(stats)
        assert xstats["rx_oversize_errors"] == len(long), pmd.about(xstats)
