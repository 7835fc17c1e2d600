# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Interrupts in process: stock programs sleep until packets come, and hear of the link."""

import signal

import pytest
from ixymin_tools import simlib
from judge import ixymin_has
from rig import (KNOWN_VIOLATIONS, STATION, STRANGER, EthdevCheck, Rig, assert_frames, read_pcap,
                 write_pcap)
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import raw
from test_lifecycle import assert_no_leak

RX_INTERRUPT_DRIVERS = ["net_ixgbe", "net_ixymin"]
# where there is no checksum offload l3fwd-power sends IP checksums of 0
L3FWD_POWER_DRIVERS = ["net_ixgbe"] + (["net_ixymin"] if ixymin_has("L3 checksum offload") else [])


def routed(port, number):
    """Frames that the example's built-in routes send out of a port, and as they leave it."""
    frames = [Ether(dst=STATION[port ^ 1], src=STRANGER) /
              IP(src="10.0.0.1", dst=f"{port + 1}.1.1.{i % 250 + 1}", ttl=64, id=i) / UDP() /
              bytes(i % 256 for _ in range(60 + 3 * i)) for i in range(number)]
    out = [frame.copy() for frame in frames]
    for frame in out:
        frame.dst, frame.src = f"02:00:00:00:00:{port:02x}", STATION[port]
        frame[IP].ttl -= 1
    return [raw(frame) for frame in frames], [raw(frame) for frame in out]


class Sleeper(simlib.L3fwdPower):
    """l3fwd-power that forwards between pcap files, and ends as it should."""

    def __init__(self, driver, folder, number):
        self.driver = driver
        self.explained = set(KNOWN_VIOLATIONS[driver])
        self.should, self.out = [], []
        vdevs = []
        for port in range(2):
            frames, out = routed(port, number)
            self.should.append(out)
            self.out.append(folder / f"out{port}.pcap")
            source = write_pcap(folder / f"in{port ^ 1}.pcap", frames)
            # what goes out of a port comes in at the other one
            vdevs.append((port ^ 1, source))
        vdevs = [simlib.sim(port, driver, wire=f"pcap:in={source}:out={self.out[port]}:start=0")
                 for port, source in sorted(vdevs)]
        super().__init__(vdevs)

    about = Rig.about
    wait = Rig.wait
    check_obedience = Rig.check_obedience

    def quit(self):
        self.process.send_signal(signal.SIGINT)
        code = self.wait_exit()
        assert code == 0, self.about(f"ended with code {code}")


@pytest.mark.parametrize("driver", L3FWD_POWER_DRIVERS)
def test_l3fwd_power(driver, tmp_path):
    """Stock l3fwd-power sleeps; a message of the port's queue wakes it, and it forwards."""
    number = 40
    with Sleeper(driver, tmp_path, number) as app:
        assert [app.sim_irq(port) for port in range(2)] == [{"line": 0}] * 2, app.about("")
        for port, sent in ((0, 10), (1, number), (0, number - 10)):
            begin, before = len(app.output), app.sim_irq(port).get("vector_1", 0)
            out = app.sim_stats(port ^ 1)["from_nic"]
            app.sim_start(port, sent)
            app.wait_for(f"is waked up from rx interrupt on port {port} queue 0", start=begin)
            # it may fall asleep in between, and wakes up again
            app.wait(lambda: app.sim_stats(port ^ 1)["from_nic"] - out >= sent, "not forwarded")
            app.wait_for("sleeps until interrupt triggers", start=begin)
            irq = app.sim_irq(port)
            assert irq["vector_1"] > before and set(irq) == {"line", "vector_1"}, app.about(irq)
            assert app.sim_stats(port ^ 1)["from_nic"] - out == sent, app.about("more than sent")
        app.check_obedience()
        app.quit()
        for port in range(2):
            assert_frames(app, read_pcap(app.out[port]), app.should[port], f"out of port {port}")


def assert_restarts(check):
    assert check.lines("^woken (.*)$") == ["36, before a packet came 0, refused 12"], \
        check.error("did not see them")
    assert_no_leak(check)


@pytest.mark.parametrize("driver", RX_INTERRUPT_DRIVERS)
def test_rx_interrupts_across_restarts(driver):
    """Each start has Rx interrupts if, and only if, they are asked for; with 1 to 3 queues."""
    with EthdevCheck(driver, "loop", "rxintr=12") as check:
        assert_restarts(check)
        if driver == "net_ixymin":
            assert check.lines("^enabled though not configured: (.*)$") == ["0"], check.about("")
            says = "rx queue 0: the port was not started with Rx interrupts"
            assert check.output.count(says) == 12, check.error(f"does not say '{says}'")


def test_both_interrupts_across_restarts():
    """With the link's interrupt, too: it tells of the link after each of many starts that follow
    each other at once."""
    with EthdevCheck("net_ixymin", "loop", "rxintr_lsc=12") as check:
        assert_restarts(check)


@pytest.mark.parametrize("queues", [64, 127])
def test_queues_share_a_vector(queues):
    """Of 63 vectors, the first one is that of the last queue, too: neither of them keeps the other
    one from being woken, or takes a wake-up away from it."""
    with EthdevCheck("net_ixymin", "loop", f"rxshare={queues}") as check:
        assert check.lines("^shared: (.*)$") == [
            "the other one disabled: woken 1", "the other one enabled: woken 1",
            "enabled while a packet waits: woken 1", "received 1",
            "disabled, then enabled: woken 1", "received 1"] * 3, check.error("did not see it")
        assert check.lines("^woken while disabled: (.*)$") == ["0"], check.about("")


def test_link_interrupt_is_the_line(driver):
    """Without Rx interrupts there are no messages: the link's change is a level, taken back once
    the driver has seen it."""
    with Rig(driver, ["gen:start=0"] * 2) as pmd:
        begin = len(pmd.output)
        pmd.sim_light(0, False)
        pmd.wait_for("Port 0: link state change event", start=begin)
        pmd.wait_link(0, "DOWN")
        irq = pmd.sim_irq(0)
        assert irq["line"] > 0 and set(irq) == {"line"}, pmd.about(irq)
        regs = pmd.sim_regs(0, "EI")
        assert regs["EICR"] & regs["EIMS"] == 0, pmd.about("the line is still up")
