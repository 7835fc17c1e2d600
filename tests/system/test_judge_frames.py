# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Frames larger than a buffer, and up to the largest: in as many pieces as need be."""

import re

import pytest
from judge import Judge, judges, numbered, pieces
from rig import assert_frames, frame
from scapy.layers.l2 import Ether

FCS = 4


def of_lengths(lengths, kinds=("udp", "tcp6", "garbage")):
    """Frames of these lengths with FCS."""
    return [numbered(frame(kinds[n % len(kinds)], length - FCS, seed=n), n + 10000 * length)
            for n, length in enumerate(lengths)]


def segments(output, begin):
    """How many mbufs each frame came in."""
    return [int(n) for n in re.findall(r"nb_segs=(\d+)", output[begin:])]


@judges("Scattered Rx")
@pytest.mark.parametrize("buffer, largest", [(2048, 9728), (1024, 15872)])
def test_scatter(driver, path, buffer, largest, tmp_path):
    """Every length around multiples of a buffer up to the largest, which is judged by the FCS
    and grows by a tag; longer frames are counted as such.  All come out again as they were.
    """
    if driver == "net_ixymin":  # its limit is the data sheet's (1.3)
        largest = 9728
    around = [n + FCS + d for n in range(buffer, largest + 1, buffer) for d in (-1, 0, 1)]
    lengths = [n for n in [64, 300, *around, 1518, 1519, largest - 1, largest] if n <= largest]
    good = of_lengths(lengths)
    too_long = of_lengths([n for n in (largest + 1, largest + 2, 15872) if largest < n <= 15872])
    tag = [frame("vlan", largest)] if largest < 15872 else []  # 4 bytes more than the largest
    frames = [f for pair in zip(good, too_long) for f in pair] + good[len(too_long):] + tag
    should = [f for f in frames if f not in too_long]
    with Judge(driver, path, tmp_path, frames,
               [f"--max-pkt-len={largest}", f"--mbuf-size={buffer + 128}", "--enable-scatter",
                "--tx-offloads=0x8000", "--rxd=512", "--txd=512"]) as pmd:
        if driver == "net_ixgbe" and largest > 10 * 1024:  # doc/judges.md
            pmd.explained.add("TX_PB_THRESH")
        begin = len(pmd.output)
        _, got = pmd.exchange(len(frames), out=len(should))
        assert_frames(pmd, got, should, "out")
        pieces = segments(pmd.output, begin)
        assert pieces == [-(-len(f) // buffer) for f in should], pmd.about(pieces)
        stats, xstats = pmd.driver_counts(0)
        assert xstats["rx_oversize_errors"] == stats["ierrors"] == len(too_long), pmd.about(stats)
        large = sum(len(f) + FCS >= 1024 for f in should)
        for way in "rx", "tx":
            assert xstats[f"{way}_size_1024_to_max_packets"] == large, pmd.about(xstats)
            assert xstats[f"{way}_good_bytes"] == sum(map(len, should)), pmd.about(xstats)


@judges("MTU update", paths=["vector"])
def test_largest_without_jumbo(driver, path, tmp_path):
    """1,518 bytes, or 1,522 with a tag, and one more of each is too much."""
    frames = [frame("udp", 1514), frame("udp", 1515), frame("vlan", 1518), frame("vlan", 1519)]
    with Judge(driver, path, tmp_path, frames) as pmd:
        _, got = pmd.exchange(len(frames), out=2, verbose=False)
        assert_frames(pmd, got, [frames[0], frames[2]], "out")
        assert pmd.driver_counts(0)[1]["rx_oversize_errors"] == 2, pmd.about("")


@judges("CRC offload", paths=["vector", "bulk"])
def test_fcs_kept(driver, path, tmp_path):
    """The device writes the FCS, too; the driver has it to itself, and counts without it."""
    frames = of_lengths([64, 65, 127, 1514 + FCS])
    with Judge(driver, path, tmp_path, frames) as pmd:
        pmd.restart("port config 0 rx_offload keep_crc on")
        assert not pmd.sim_regs(0, "HLREG0")["HLREG0"] & 2, pmd.about("RXCRCSTRP is set")
        seen, got = pmd.exchange(len(frames))
        assert_frames(pmd, got, frames, "out")
        assert [said.length for said in seen.values()] == [len(f) for f in frames]
        assert pmd.port_stats(0)["ibytes"] == sum(map(len, frames)), pmd.about("")


@judges(paths=["vector"])
def test_pieces(driver, path, tmp_path):
    """Frames are sent from many buffers of all sizes."""
    lengths = [80, 81, 100, 127, 128, 500, 1514 + FCS, 3000, 9000, 9728]
    frames = of_lengths(lengths, ("udp", "udp6", "garbage"))
    # testpmd wants a sum of 42
    shapes = ["14,20,8", "60,1,2,3,4,5,6,7", "42", "48,48,48,48", "1000,1000,1000,1000",
              "46," + ",".join(["2"] * 36)]
    with Judge(driver, path, tmp_path, frames * len(shapes),
               ["--max-pkt-len=9728", "--mbuf-size=10368", "--tx-offloads=0x8000",
                "--rxd=256", "--txd=512"], vdev={"strict": 1}) as pmd:
        pmd.do("set fwd csum", "csum mac-swap off 0", "set txsplit on")
        for shape in shapes:
            pmd.do(f"set txpkts {shape}")
            tail = pmd.tx_tail()
            _, got = pmd.exchange(len(frames), verbose=False)
            assert_frames(pmd, got, frames, f"in pieces {shape}")
            least = sum(pieces(f, shape) for f in frames)
            used = pmd.tx_tail(since=tail)  # a driver may write contexts, too
            assert used >= least, pmd.about(f"{used} descriptors for {least} pieces of {shape}")
        sent = pmd.sim_stats(0)
        assert sent["tx_packets"] == len(frames) * len(shapes), pmd.about(sent)
        pmd.check_driver_counts()
