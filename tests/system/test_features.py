# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Packet types, MBUF_FAST_FREE, and what the driver's plugin says of itself."""

import json
import re
import subprocess

import pytest
from ixymin_tools import simlib
from judge import PATHS
from rig import HEADERS, EthdevCheck, Rig, assert_intact, frame, write_pcap

PTYPES = {  # by the data sheet, 7.1.6.2, and what DPDK calls it
    "udp": "L3_IPV4 L4_UDP", "tcp": "L3_IPV4 L4_TCP", "sctp": "L3_IPV4 L4_SCTP",
    "icmp": "L3_IPV4", "options": "L3_IPV4_EXT L4_UDP", "fragment": "L3_IPV4",
    "udp6": "L3_IPV6 L4_UDP", "tcp6": "L3_IPV6 L4_TCP", "options6": "L3_IPV6_EXT L4_UDP",
    "arp": "", "vlan": "L3_IPV4 L4_UDP", "vlan6": "L3_IPV6 L4_TCP", "qinq": "", "garbage": "",
}


@pytest.mark.parametrize("driver, path", [
    ("net_ixymin", "vector"), ("net_ixymin", "scalar"), ("net_ixgbe", "vector"),
    ("net_ixgbe", "bulk")])
def test_packet_types(driver, path, tmp_path):
    """By two paths of each driver: the type that the device found, for each kind of frame."""
    kinds = [*HEADERS, "garbage"] * 3
    frames = [frame(kind, 100, seed=i) for i, kind in enumerate(kinds)]
    wire = f"pcap:in={write_pcap(tmp_path / 'in.pcap', frames)}:start=0"
    eal, args, says = PATHS[driver][path]
    with Rig(driver, [wire], args, eal=eal) as pmd:
        assert re.search(says, pmd.output), pmd.about(f"has not said '{says}'")

        def seen():
            begin = len(pmd.output)
            pmd.command("start")
            pmd.send({0: len(frames)}, expect={})
            def dumps():
                return re.findall(r"^ +src=.*$", pmd.output[begin:], re.MULTILINE)

            pmd.wait(lambda: len(dumps()) >= len(frames), lambda: f"dumped {len(dumps())}")
            pmd.command("stop")
            assert len(dumps()) == len(frames), pmd.about(f"{len(dumps())} of {len(frames)} dumped")
            return [(re.search(r"hw ptype: (.*?) - ", d) or [0, ""])[1].split() for d in dumps()]

        pmd.command("set fwd rxonly")
        pmd.command("set verbose 1")
        if driver == "net_ixymin":  # testpmd has switched them off; net_ixgbe cannot
            assert seen() == [[]] * len(frames), pmd.about("types that nobody wants")
            said = pmd.command("set port 0 ptype_mask 0xfffffff")
            assert "Unable" not in said, pmd.about(said)
        got = seen()
        for i, (kind, types) in enumerate(zip(kinds, got)):
            should = PTYPES[kind].split()
            # net_ixgbe's names for "no IP" differ between its paths
            assert [t for t in types if not t.startswith("L2_")] == should, pmd.about(
                f"frame {i}, {kind}: {types} instead of {should}\n{frames[i].hex(' ')}")
            assert not should or "L2_ETHER" in types, pmd.about(f"frame {i}, {kind}: {types}")
        if driver == "net_ixymin":
            pmd.command("set port 0 ptype_mask 0")
            assert seen() == [[]] * len(frames), pmd.about("types that nobody wants any more")


def test_supported_packet_types(driver):
    """All that occurs is announced."""
    with Rig(driver, ["sink"]) as pmd:
        said = pmd.command("show port 0 ptypes")
        for name in {n for names in PTYPES.values() for n in names.split()}:
            assert re.search(rf"\b{name}\b", said), pmd.about(f"{name} is not in\n{said}")


@pytest.mark.parametrize("fast", [True, False])
def test_fast_free(fast):
    """With and without MBUF_FAST_FREE, all mbufs are back in the pool when the ports stop."""
    with Rig("net_ixymin", ["gen:start=0:size=64-1518"] * 2,
             [f"--tx-offloads={'0x10000' if fast else '0'}", "--mbcache=0"]) as pmd:
        said = pmd.command("show port 0 tx_offload configuration")
        assert ("MBUF_FAST_FREE" in said) == fast, pmd.about(said)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 40000, 1: 30001}), 70001)
        pmd.command("stop")
        pmd.command("port stop all")
        assert pmd.available_mbufs() == 16384, pmd.about(pmd.available_mbufs())


@pytest.mark.parametrize("fast", [True, False])
def test_fast_free_is_taken(fast):
    """With MBUF_FAST_FREE, and only with it, mbufs go back to their pool without a look at them:
    then references of others, which that offload forbids, stay as they are."""
    with EthdevCheck("net_ixymin", "sink", f"fastfree={fast:d}") as check:
        held = check.lines(r"^held: (\d+) references$")
        assert held == ["2" if fast else "1"] * 64, check.error(
            "looks" if fast else "does not look")
        assert check.lines(r"^not back: (\d+)$") == ["0" if fast else "64"], check.error(
            "keeps mbufs")


def test_mbufs_return(driver):
    """Without FAST_FREE: what somebody else holds stays his, each pool gets back its own."""
    with EthdevCheck(driver, "sink", "return=2000") as check:
        assert set(check.lines(r"^held: (\d+) references$")) == {"1"}, check.error("takes")
        assert check.lines(r"^not back: (.*)$") == ["0, 0 of the other pool"], check.error("mixes")


def test_sent_mbufs_come_back():
    """To an application that falls silent, by an empty burst and by tx_done_cleanup: all of them,
    also those of the last burst, and of a ring that is not half full.
    """
    with EthdevCheck("net_ixymin", "sink", "silent=12") as check:
        empty = check.lines(r"^bursts of \d+: by an empty burst (.*)$")
        assert empty == ["255 of 255 back"] * 6, check.error(f"keeps mbufs: {empty}")
        cleanup = check.lines(r"^bursts of \d+: by tx_done_cleanup (.*)$")
        assert cleanup == ["255 of 255 back, 255 told"] * 6, check.error(f"keeps mbufs: {cleanup}")


def test_queue_info():
    """Rings, pools, settings and states, before and after the start."""
    with EthdevCheck("net_ixymin", "sink", "queues=3") as check:
        said = check.lines(r"^queue (\d): (.*)$")
        assert said == [(str(q), f"rx ring {64 << q}, its pool, drop {q % 2}, scattered 0, "
                         f"buffer 2048, {state}; tx ring {128 << q}, {state}")
                        for state in ("stopped", "started") for q in range(3)], check.error(said)


def test_states_and_limits():
    """What telemetry and `show port info` tell of queues and descriptors."""
    with Rig("net_ixymin", ["none"], ["--rxq=2", "--txq=3"]) as pmd:
        def states():
            info = pmd.telemetry("/ethdev/info", 0)
            return info["rxq_state"], info["txq_state"]

        assert states() == ([1, 1], [1, 1, 1]), pmd.about(states())
        pmd.command("port stop 0")
        assert states() == ([0, 0], [0, 0, 0]), pmd.about(states())
        said = pmd.command("show port info 0")
        limits = re.findall(r"^Max segment number per (packet|MTU/TSO): (\d+)$", said, re.MULTILINE)
        assert limits == [("packet", "40"), ("MTU/TSO", "40")], pmd.about(said)


def test_xstats_by_id(driver):
    """By id, by name, one by one or all together: the same names and values."""
    with EthdevCheck(driver, "gen:size=64-1518:count=5000", "xstats=5000") as check:
        said = check.lines(r"^xstats: (\d+), wrong (\d+), beyond the last: (\w+)$")
        assert said and int(said[0][0]) > 20, check.error("has no xstats")
        assert said[0][1:] == ("0", "refused"), check.error("wrong xstats")
        assert check.lines("^too small an array: (.*)$") == ["number needed"], check.error("xstats")


def test_registers_touched():
    """net_ixymin's data path reads no register, and writes one tail for each burst at most."""
    def run(packets):
        with EthdevCheck("net_ixymin", "gen", f"bursts={packets}",
                         vdev={"doorbells": "trap"}) as check:
            (rx, tx), = check.lines(r"^bursts with packets: rx (\d+), tx (\d+)$")
            counts = check.report()
            # at the start: the tails of empty rings, and that of the filled one
            assert 0 < counts["rdt_writes"] <= int(rx) + 2, check.about(counts)
            assert 0 < counts["tdt_writes"] <= int(tx) + 1, check.about(counts)
            return counts, int(rx), int(tx)

    few, *_ = run(100)
    many, rx, _ = run(50000)
    assert many["rx_packets"] > few["rx_packets"] + 40000
    assert many["rdt_writes"] > few["rdt_writes"] + 1000
    # waiting for the device takes a few reads more or less; a read for each burst would be
    assert abs(many["reg_reads"] - few["reg_reads"]) < 100, (few, many)


@pytest.mark.parametrize("plugin, driver", [(True, "net_ixymin"), (False, "net_ixgbe")])
def test_who_gets_a_card(plugin, driver):
    """The driver of a plugin that was asked for, even in a program that is linked with another."""
    with simlib.Testpmd([simlib.sim(0, wire="none")], driver_plugin=plugin) as pmd:
        said = pmd.command("show port info 0")
        assert re.search(rf"^Driver name: {driver}$", said, re.MULTILINE), pmd.error(said)


def test_pmdinfo():
    """dpdk-pmdinfo reads the PCI ids and the kernel modules from the plugin."""
    info, = json.loads(subprocess.run(["dpdk-pmdinfo.py", simlib.IXYMIN_PLUGIN], check=True,
                                      stdout=subprocess.PIPE).stdout)
    assert info["name"] == "net_ixymin"
    assert {i["vendor"] for i in info["pci_ids"]} == {"8086"}, info
    devices = [i["device"] for i in info["pci_ids"]]
    assert "10fb" in devices and len(set(devices)) == len(devices) > 10, info
    assert "vfio-pci" in info["kmod"], info


@pytest.mark.parametrize("plugin, names", [
    (simlib.IXYMIN_PLUGIN, []), (simlib.SIM_PLUGIN, ["sim82599_counter", "sim82599_poll"])],
    ids=["ixymin", "sim"])
def test_what_plugins_export(plugin, names):
    """Plugins of one process do not meet in their symbols: they export their interface only."""
    said = subprocess.run(["nm", "-D", "--defined-only", plugin], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    # A: the name of a version, not of a thing
    assert [line.split()[-1] for line in said.splitlines() if line.split()[-2] != "A"] == names
