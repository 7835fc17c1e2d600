# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Frames of all lengths and kinds through stock programs, compared byte by byte."""

import pytest
from ixymin_tools import simlib
from rig import (STATION, Rig, assert_frames, assert_intact, corpus, read_pcap, write_pcap)


def pcap_wires(tmp_path):
    """Two ports, a file into and out of each. @return wires, frames sent, files out"""
    sent = [corpus(STATION[port], port) for port in range(2)]
    out = [tmp_path / f"out{port}.pcap" for port in range(2)]
    names = [write_pcap(tmp_path / f"in{port}.pcap", sent[port]) for port in range(2)]
    wires = [f"pcap:in={names[port]}:out={out[port]}:start=0" for port in range(2)]
    return wires, sent, out


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


EXPECT = {  # what a forwarding mode makes of a frame that leaves from a port
    "io": lambda data, port: data,
    "mac": lambda data, port: bytes([2, 0, 0, 0, 0, port]) + mac(STATION[port]) + data[12:],
    "macswap": lambda data, port: data[6:12] + data[:6] + data[12:],
}


def test_testpmd(driver, tmp_path):
    """testpmd changes the addresses and nothing else, and keeps the order."""
    wires, sent, out = pcap_wires(tmp_path)
    seen = [0, 0]
    with Rig(driver, wires) as pmd:
        for mode, change in EXPECT.items():
            pmd.forward(mode)
            pmd.send({port: len(sent[port]) for port in range(2)})
            forward = pmd.stop_forwarding()
            assert forward[:3] == (2 * len(sent[0]), 2 * len(sent[0]), 0), pmd.about(mode)
            for port in range(2):
                got = read_pcap(out[port])
                should = [change(data, port) for data in sent[1 - port]]
                assert_frames(pmd, got[seen[port]:], should, f"{mode}, out of port {port}")
                seen[port] = len(got)
        pmd.check_driver_counts()


@pytest.mark.parametrize("ring", [64, 72, 4096])
def test_ring_sizes(ring):
    """The smallest ring of net_ixymin, one that is no power of two, and the largest: several
    rounds of each."""
    with Rig("net_ixymin", ["gen:size=64-1518:start=0"] * 2,
             [f"--rxd={ring}", f"--txd={ring}", "--total-num-mbufs=20000"]) as pmd:
        assert pmd.sim_regs(0, "RDLEN_0")["RDLEN_0"] == 16 * ring, pmd.about(ring)
        assert pmd.sim_regs(0, "TDLEN_0")["TDLEN_0"] == 16 * ring, pmd.about(ring)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 15000, 1: 15000}), 30000)
        pmd.check_driver_counts()


@pytest.mark.parametrize("updating", [True, False])
def test_l2fwd(driver, updating, tmp_path):
    wires, sent, out = pcap_wires(tmp_path)
    change = EXPECT["mac" if updating else "io"]
    vdevs = [simlib.sim(port, driver, wire=wire) for port, wire in enumerate(wires)]
    with simlib.L2fwd(vdevs, [] if updating else ["--no-mac-updating"]) as app:
        # l2fwd drops what a Tx ring (1,024) cannot hold
        for first in range(0, len(sent[0]), 512):
            for port in range(2):
                app.sim_start(port, min(512, len(sent[port]) - first))
            stats = app.wait_wires_done()
        app.about = lambda what: f"{driver}: {what}\n$ {app.command_line}"
        for port in range(2):
            should = [change(data, port) for data in sent[1 - port]]
            assert_frames(app, read_pcap(out[port]), should, f"l2fwd, out of port {port}")
            counted = app.port_stats(port)
            assert (counted["ipackets"], counted["opackets"]) == (
                stats[port]["to_nic"], stats[port]["from_nic"]), app.command_line
            assert app.sim_rules(port) == ({}, ""), app.command_line
            assert stats[port]["dma_refused"] == 0, app.command_line
