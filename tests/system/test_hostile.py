# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""A device that misbehaves, before net_ixymin, beside a port that does not."""

import errno
import re

import pytest
from rig import Rig, assert_intact

GEN = "gen:start=0"


def attach(pmd, **arguments):
    """Plug port 1 in. @return what was said"""
    pmd.command("set port setup on event")
    arguments = {"driver": "net_ixymin", "wire": GEN, **arguments}
    vdev = ",".join(f"{key}={value}" for key, value in arguments.items())
    return pmd.command(f"port attach sim82599_1,{vdev}")


def errors(said):
    return re.findall(r"^net_ixymin: .*$", said, re.MULTILINE)


def written(trace, names):
    """What the driver wrote to these registers: (name, value)"""
    return [(name, int(value, 16)) for name, value in
            re.findall(rf" W ({names}) +\w+ (\w+)", trace)]


@pytest.mark.parametrize("fault, why", [
    ("gone", "0xffffffff"),
    ("reset", "reset not complete within 110 ms"),
    ("eeprom", None),
    ("eerd", None),
])
def test_at_probe(fault, why):
    """A device that does not come up is refused, clearly, within its deadline; the next is not."""
    with Rig("net_ixymin", [GEN]) as pmd:
        pmd.forward()
        said = attach(pmd, fault=fault)
        lines = errors(said)
        if why is None:  # net_ixymin reads no EEPROM but through registers that reset loads
            assert pmd.telemetry("/ethdev/list") == [0, 1] and not lines, pmd.about(said)
            pmd.command("device detach sim82599_1")
        else:
            assert len(lines) == 1 and re.search(why, lines[0]), pmd.about(said)
            assert pmd.telemetry("/ethdev/list") == [0], pmd.about(said)
        assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)
        said = attach(pmd)
        assert pmd.telemetry("/ethdev/list") == [0, 1] and not errors(said), pmd.about(said)
        assert "Fail" not in pmd.command("port start 1")
        pmd.wait_link(1, "UP")


RESET = r"port 0: reset not complete within \d+ ms \(CTRL 0x04000000\)"


@pytest.mark.parametrize("fault, why, again", [
    ("rxq", [r"port 0: rx queue 0: not enabled within 10 ms \(RXDCTL 0x\w+\)"], None),
    ("txq", [r"port 0: tx queue 0: not enabled within 10 ms \(TXDCTL 0x\w+\)"], None),
    # after one reset that did not come to its end, the next finds DMA pending, too
    ("reset", [RESET], [r"port 0: DMA not finished within \d+ ms \(STATUS 0x\w+\)", RESET]),
], ids=["rxq", "txq", "reset"])
def test_at_start(fault, why, again):
    """A port that cannot start says which step failed, and nothing else; without the fault it
    starts."""
    with Rig("net_ixymin", [GEN] * 2) as pmd:
        pmd.command("port stop 0")
        pmd.sim_fault(0, fault)
        for whys in why, again or why:
            said = pmd.command("port start 0")
            lines = errors(said)
            assert len(lines) == len(whys) and all(
                re.fullmatch("net_ixymin: " + w, line) for w, line in zip(whys, lines)), \
                pmd.about(f"{said}\ninstead of {whys}")
            assert "Fail to start port 0" in said, pmd.about(said)
        pmd.sim_fault(0, "none")
        said = pmd.command("port start 0")
        assert not errors(said) and "Fail" not in said, pmd.about(said)
        pmd.wait_link(0, "UP")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000, 1: 1000}), 2000)


def test_dma_that_does_not_finish(tmp_path):
    """The driver says so, empties the device's buffers and resets it twice (5.2.5.3.2), and the
    port starts."""
    trace = tmp_path / "trace"
    with Rig("net_ixymin", [f"{GEN},trace={trace}", GEN]) as pmd:
        pmd.command("port stop 0")
        pmd.sim_fault(0, "dma")
        before = trace.read_text()
        said = pmd.command("port start 0")
        lines = errors(said)
        assert len(lines) == 1 and "DMA not finished within 100 ms" in lines[0], pmd.about(said)
        wrote = written(trace.read_text()[len(before):], "HLREG0|GCR_EXT|CTRL")
        pmd.sim_fault(0, "none")
        pmd.wait_link(0, "UP")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000, 1: 1000}), 2000)
    lpbk, clear, reset = 1 << 15, 1 << 30, 1 << 26
    assert [name for name, _ in wrote[:7]] == \
        ["CTRL", "HLREG0", "GCR_EXT", "GCR_EXT", "HLREG0", "CTRL", "CTRL"], pmd.about(wrote)
    values = [value for _, value in wrote[1:7]]
    assert [values[0] & lpbk, values[1], values[2], values[3] & lpbk] == [lpbk, clear, 0, 0], \
        pmd.about(wrote)
    assert values[4] & reset and values[5] & reset, pmd.about(wrote)
    # at the end the firmware is told that there is no driver (DRV_LOAD)
    assert not written(trace.read_text(), "CTRL_EXT")[-1][1] >> 28 & 1, pmd.about("DRV_LOAD")


def mbufs_used(pmd):
    return 16384 - pmd.available_mbufs()  # of testpmd's only pool


@pytest.mark.parametrize("faults, is_kept", [("reset", False), ("dma", False), ("reset+dma", True)])
def test_mbufs_of_a_device_that_cannot_be_stopped(faults, is_kept):
    """As long as DMA is pending and no reset was done, the device may write to the buffers: the
    driver keeps them, and frees them when a later reset is done."""
    with Rig("net_ixymin", [GEN]) as pmd:
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)
        pmd.command("stop")
        running = mbufs_used(pmd)
        pmd.sim_fault(0, faults)
        said = pmd.command("port stop 0")
        assert errors(said), pmd.about(said)
        assert (mbufs_used(pmd) > running // 2) == is_kept, pmd.about(f"{running} {said}")
        assert is_kept or mbufs_used(pmd) == 0, pmd.about(said)
        pmd.sim_fault(0, "none")
        said = pmd.command("port stop 0")  # testpmd takes the port for started until it stops
        said += pmd.command("port start 0")
        assert not errors(said) and "Fail" not in said, pmd.about(said)
        pmd.wait_link(0, "UP")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)
        pmd.command("stop")
        pmd.command("port stop 0")
        assert mbufs_used(pmd) == 0, pmd.about("mbufs lost")


@pytest.mark.parametrize("fault", ["sfp", "link"])
def test_no_light(fault):
    """An empty cage or a dark fibre is no error, but no link."""
    with Rig("net_ixymin", [GEN] * 2, ["--disable-link-check"],
             vdev={"fault": fault}) as pmd:
        pmd.forward()
        pmd.wait_link(0, "DOWN")
        assert not errors(pmd.output), pmd.about(pmd.output)
        for port in range(2):
            pmd.sim_fault(port, "none")
        for port in range(2):
            pmd.wait_link(port, "UP")
        assert_intact(pmd, pmd.send({0: 1000, 1: 1000}), 2000)
        pmd.sim_fault(0, fault)
        pmd.wait_link(0, "DOWN")
        pmd.sim_fault(0, "none")
        pmd.wait_link(0, "UP")
        assert_intact(pmd, pmd.send({0: 1000, 1: 1000}), 2000)


@pytest.mark.parametrize("mtu", [1500, 9000], ids=["whole", "scattered"])
@pytest.mark.parametrize("fault", ["rx_len", "rx_status", "rx_len+rx_status"])
def test_impossible_write_backs(fault, mtu):
    """Every 7th descriptor is nonsense: that frame is an error, the other six are intact."""
    number = 7000
    with Rig("net_ixymin", [GEN] * 2, ["--mbcache=0", f"--max-pkt-len={mtu + 18}"]) as pmd:
        pmd.forward()
        pmd.sim_fault(0, fault)
        # an unfinished frame takes the next one down with it, as its end; the last has no next
        most = number * 6 // 7 if fault == "rx_len" else number * 5 // 7 + 1
        grown = pmd.send({0: number}, expect={1: most})
        stats, wire = pmd.port_stats(0), pmd.counts()
        good, bad = stats["ipackets"], stats["ierrors"]
        assert wire[1]["intact"] == most and wire[1]["corrupt"] == wire[1]["foreign"] == 0, \
            pmd.about((stats, wire))
        assert bad == number - most, pmd.about((stats, grown))
        # doc/driver.md: what the queues got, also what ierrors took out of it again
        assert good == number, pmd.about(stats)
        pmd.sim_fault(0, "none")
        # the last unfinished one takes the next with it
        lost = 0 if fault == "rx_len" else 1
        grown = pmd.send({0: number, 1: number}, expect={0: number, 1: number - lost})
        assert grown[0]["lost"] == lost and grown[1]["lost"] == 0, pmd.about(grown)
        pmd.command("stop")
        pmd.command("port stop all")
        assert pmd.available_mbufs() == 16384, pmd.about(pmd.available_mbufs())


@pytest.mark.parametrize("mtu", [1500, 9000], ids=["whole", "scattered"])
def test_packet_without_end(mtu):
    """A packet that goes on for ever is dropped where it is too large to be one, and so is what
    follows up to an end; then frames come again, and no mbuf is lost.
    """
    number = 2000
    with Rig("net_ixymin", [GEN] * 2, ["--mbcache=0", f"--max-pkt-len={mtu + 18}"]) as pmd:
        pmd.forward()
        pmd.sim_fault(0, "rx_eop")
        pmd.send({0: number}, expect={1: 0})
        # the first four buffers may be a packet's
        lost = number - (4 if mtu > 1500 else 0)
        assert pmd.port_stats(0)["ierrors"] == lost, pmd.about(pmd.port_stats(0))
        pmd.sim_fault(0, "none")
        pmd.send({0: number}, expect={1: number - 1})
        # in the middle of one, the port stops
        pmd.sim_fault(0, "rx_eop")
        pmd.send({0: 2}, expect={1: 0})
        pmd.command("stop")
        pmd.command("port stop all")
        assert pmd.available_mbufs() == 16384, pmd.about(pmd.available_mbufs())


def test_lost_tx_write_backs():
    """The ring fills up, and testpmd drops; a new start makes it good."""
    with Rig("net_ixymin", [GEN] * 2, ["--rxd=512", "--txd=512", "--mbcache=0"]) as pmd:
        pmd.sim_fault(1, "tx_dd")
        pmd.command("set fwd io")
        pmd.command("start")
        pmd.send({0: 5000}, expect={1: 511})
        pmd.wait(lambda: pmd.dropped() >= 5000 - 511, lambda: f"dropped {pmd.dropped()}")
        said = pmd.command("stop")
        assert "TX-dropped: 4489" in said, pmd.about(said)
        assert pmd.sim_stats(1)["intact"] == 511, pmd.about(pmd.counts())
        pmd.sim_fault(1, "none")
        pmd.command("port stop 1")
        said = pmd.command("port start 1")
        assert "Fail" not in said, pmd.about(said)
        pmd.wait_link(1, "UP")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 5000, 1: 5000}), 10000)


def test_pulled_while_forwarding():
    """The card is pulled: nothing hangs or crashes, there are no statistics that could run away,
    the port can be stopped and closed, and the others go on."""
    # io mode drops what a Tx ring cannot hold: Rx rings that never hold so much
    with Rig("net_ixymin", [GEN] * 3, ["--rxd=256"]) as pmd:
        pmd.command("set portlist 0,1,2")  # 0 and 1 are a pair, 2 forwards to itself
        pmd.command("set fwd io")
        pmd.command("start")
        pmd.send({port: 1000 for port in range(3)}, expect={port: 1000 for port in range(3)})
        pmd.sim_start(1, 100000)
        pmd.sim_fault(1, "gone")
        grown = pmd.send({0: 2000, 2: 1000}, expect={2: 1000})  # 0's go to the port that is gone
        assert grown[2]["intact"] == 1000 and grown[2]["lost"] == 0, pmd.about(grown[2])
        said = pmd.command("show port stats 1")
        assert f"failed to get stats (port 1): {-errno.EIO}" in said, pmd.about(said)
        said += pmd.command("show port xstats 1")
        assert "Unable to get xstats" in said, pmd.about(said)
        assert not re.findall(r"\w+: +\d+", said), pmd.about(said)
        pmd.command("stop")
        said = pmd.command("port stop 1")
        assert any("0xffffffff" in line for line in errors(said)), pmd.about(
            f"'port stop 1' finds nothing wrong: {said}")
        pmd.command("port close 1")
        assert pmd.telemetry("/ethdev/list") == [0, 2], pmd.about("port close 1")
        pmd.command("set portlist 0,2")
        pmd.forward()
        grown = pmd.send({0: 1000, 2: 1000}, expect={0: 1000, 2: 1000})
        assert grown[0]["lost"] == grown[2]["lost"] == 0, pmd.about(grown)
