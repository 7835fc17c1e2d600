# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Ports come and go, stop and start; nothing is lost over it, and nothing left behind."""

import contextlib
import json
import signal
import subprocess
import time

import pytest
from ixymin_tools import simlib
from rig import EthdevCheck, Rig, assert_intact

GEN = "gen:start=0"
LEAK = r"^resources (before|after): (.*)$"


def assert_no_leak(check):
    resources = dict(check.lines(LEAK))
    assert set(resources) == {"before", "after"}, check.error("printed no resources")
    assert resources["before"] == resources["after"], check.about(resources)
    assert "mbufs 0," in resources["after"], check.about(resources)


@pytest.mark.parametrize("driver, cycles", [
    pytest.param("net_ixymin", 1000, marks=pytest.mark.slow), ("net_ixgbe", 20)])
def test_restarts_leak_nothing(driver, cycles):
    """mbufs, memory zones, heap, file descriptors and threads are what they were."""
    with EthdevCheck(driver, "gen:count=0", f"restart={cycles}") as check:
        assert check.lines("bursts with packets: (.*)") == ["rx yes, tx yes"], check.about("")
        assert_no_leak(check)


@pytest.mark.parametrize("driver, cycles", [
    pytest.param("net_ixymin", 100, marks=pytest.mark.slow), ("net_ixgbe", 10)])
def test_probes_leak_nothing(driver, cycles):
    with EthdevCheck(driver, "gen:count=0", f"reprobe={cycles}") as check:
        assert_no_leak(check)


def test_port_restarts(driver):
    """In testpmd, one port or both, with traffic before and after."""
    with Rig(driver, [GEN] * 2) as pmd:
        for round_ in range(4):
            pmd.forward()
            assert_intact(pmd, pmd.send({0: 700, 1: 300 + round_}), 1000 + round_)
            pmd.command("stop")
            port = "0" if round_ % 2 else "all"
            pmd.command(f"port stop {port}")
            said = pmd.command(f"port start {port}")
            assert "Fail" not in said, pmd.about(said)
        for port in range(2):
            pmd.wait_link(port, "UP")
        pmd.check_driver_counts()


@pytest.mark.parametrize("driver, times", [
    ("net_ixymin", 3), pytest.param("net_ixgbe", 1, marks=pytest.mark.slow)])
def test_reset(driver, times):
    """`port reset` and a new start: as at the beginning."""
    with Rig(driver, [GEN] * 2) as pmd:
        for _ in range(times):
            pmd.forward()
            assert_intact(pmd, pmd.send({0: 500, 1: 500}), 1000)
            pmd.command("stop")
            pmd.command("port stop all")
            said = pmd.command("port reset 0") + pmd.command("port start all")
            assert "Fail" not in said, pmd.about(said)
            for port in range(2):
                pmd.wait_link(port, "UP")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 500, 1: 500}), 1000)


def test_queue_restarts(driver):
    """Queues stop and start one by one."""
    with Rig(driver, [GEN] * 2, ["--rxq=2", "--txq=2", "--no-flush-rx"]) as pmd:
        queues = [("rxq 0", "RXDCTL_0"), ("rxq 1", "RXDCTL_1"), ("txq 1", "TXDCTL_1")]
        for queue, control in queues:
            for change, enabled in (("stop", 0), ("start", 1)):
                said = pmd.command(f"port 0 {queue} {change}")
                assert "fail" not in said.lower(), pmd.about(said)
                value = pmd.sim_regs(0, control)[control]
                assert value >> 25 & 1 == enabled, pmd.about(f"{queue} {change}: {value:#x}")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 5000, 1: 5000}), 10000)
        # what comes for a queue that is off is lost (8.2.3.23.75), what comes later is not
        pmd.command("stop")
        pmd.command("port 1 rxq 0 stop")
        grown = pmd.send({1: 3000}, expect={})
        assert grown[1]["rx_missed"] == 3000, pmd.about(f"port 1 rxq 0 stop\n{grown}")
        pmd.command("port 1 rxq 0 start")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 10, 1: 3000}), 3010)


def test_detach_and_attach(driver):
    """A port is unplugged and another one plugged in while its neighbour forwards."""
    with Rig(driver, [GEN] * 2) as pmd:
        pmd.command("set port setup on event")
        pmd.command("set portlist 0")
        pmd.forward()
        for how in ("port detach 1", "device detach sim82599_1"):
            pmd.command("port stop 1")
            said = pmd.command(how)
            if how.startswith("port"):  # the PCI function is gone, the virtual device not yet
                said += pmd.command("device detach sim82599_1")
            assert "is detached" in said, pmd.about(said)
            assert pmd.telemetry("/ethdev/list") == [0], pmd.about(said)
            pmd.ports = 1
            assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)
            said = pmd.command(f"port attach sim82599_1,driver={driver},wire=gen:start=0")
            assert pmd.telemetry("/ethdev/list") == [0, 1], pmd.about(said)
            said = pmd.command("port start 1")
            assert "Fail" not in said, pmd.about(said)
            pmd.wait_link(1, "UP")
            pmd.ports = 2
        pmd.command("stop")
        pmd.command("set portlist 0,1")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000, 1: 2000}), 3000)


def test_detach_and_rescan(driver):
    """A PCI function that was detached comes back by its address, as a card's would."""
    with Rig(driver, [GEN] * 2) as pmd:
        pmd.command("set port setup on event")
        for _ in range(2):
            pmd.command("port stop 1")
            said = pmd.command("port detach 1")
            assert pmd.telemetry("/ethdev/list") == [0], pmd.about(said)
            said = pmd.command("port attach 0000:03:00.1")
            assert pmd.telemetry("/ethdev/list") == [0, 1], pmd.about(said)
            assert f"Probe PCI driver: {driver} (8086:10fb) device: 0000:03:00.1" in said, said
            said = pmd.command("port start 1")
            assert "Fail" not in said, pmd.about(said)
            pmd.wait_link(1, "UP")
            pmd.forward()
            assert_intact(pmd, pmd.send({0: 100, 1: 200}), 300)
            pmd.command("stop")


def test_close(driver):
    """A closed port is gone, its neighbour is not."""
    with Rig(driver, [GEN] * 2) as pmd:
        pmd.command("port stop 1")
        pmd.command("port close 1")
        assert pmd.telemetry("/ethdev/list") == [0], pmd.about("port close 1")
        pmd.command("set portlist 0")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)


def end_by_signal(running, number):
    """@return the exit code. The handler of testpmd 22.11 sets a flag, which the thread that reads
    the terminal sees only if the signal interrupts that thread: a user presses Ctrl-C again."""
    for _ in range(simlib.PATIENCE):
        running.process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return running.process.wait(1)
    raise running.error(f"did not end by signal {number}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(driver, number, tmp_path):
    """A program that a signal ends while packets flow reports what was counted."""
    report = tmp_path / "report.json"
    with Rig(driver, ["gen"], vdev={"report": report}) as running:
        running.command("start")
        running.wait_sent(0, 1000)
        code = end_by_signal(running, number)
        running.wait_for(rf"^sim82599_0 \({driver}\): rx \d+ packets, tx \d+")
        # testpmd closes its ports and exits, or dies of the signal, by the version
        assert code in (0, 1, -number), running.about(f"ended with {code}")
        said = json.loads(report.read_text())
        assert said["from_nic"] >= 1000 and said["violations"] == 0, running.about(said)
        running.check_obedience = running.quit = lambda: None  # it is over


@pytest.mark.parametrize("number", [
    signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGFPE])
def test_signals_without_handler(number, tmp_path):
    """The same of a signal that the program does not handle; the program dies of it."""
    report = tmp_path / "report.json"
    with Rig("net_ixymin", ["gen"], vdev={"report": report}) as running:
        running.command("start")
        running.wait_sent(0, 1000)
        running.process.send_signal(number)
        code = running.wait_exit()
        assert code == -number, running.about(f"ended with {code}")
        running.wait_for(r"sim82599_0 \(net_ixymin\): rx \d+ packets, tx \d+")  # after a prompt
        said = json.loads(report.read_text())
        assert said["from_nic"] >= 1000 and said["violations"] == 0, running.about(said)
        running.check_obedience = running.quit = lambda: None  # it is over


@pytest.mark.parametrize("driver, times", [
    ("net_ixymin", 3), ("net_ixgbe", 1)])  # which takes 5 s to believe it
def test_link(driver, times):
    """Light goes and comes back: the application hears of it, and goes on, nothing lost."""
    with Rig(driver, [GEN] * 2) as pmd:
        pmd.forward()
        for _ in range(times):
            assert_intact(pmd, pmd.send({0: 500, 1: 500}), 1000)
            before = pmd.counts()
            for state, up in (("DOWN", False), ("UP", True)):
                begin = len(pmd.output)
                pmd.sim_light(0, up)
                pmd.wait_for("Port 0: link state change event", start=begin)
                link = pmd.wait_link(0, state)
                assert not up or link["speed"] == 10000, pmd.about(link)
                assert pmd.telemetry("/ethdev/link_status", 1)["status"] == "UP", pmd.about(state)
                if not up:  # these wait in the generator
                    pmd.sim_start(0, 200)
                    said = pmd.command("show port info 0")
                    assert "Link status: down" in said, pmd.about(said)
            assert_intact(pmd, pmd.send({1: 1}, expect={0: 1, 1: 200}, since=before), 201)
        pmd.check_driver_counts()


@pytest.mark.parametrize("driver, forgets", [("net_ixymin", False), ("net_ixgbe", True)])
def test_restart_after_a_link_event(driver, forgets):
    """A port that is stopped and started within 4 s after its link went down.  net_ixgbe's alarm of
    the time before clears EIMS for good, and it hears of no link change any more.
    """
    def eims():
        return pmd.sim_regs(0, "EIMS")["EIMS"]

    with Rig(driver, [GEN, "none"], ["--disable-link-check"]) as pmd:
        pmd.wait_link(0, "UP")
        time.sleep(5)  # what it does after a link event is over
        assert eims() >> 20 & 1, pmd.about(f"EIMS {eims():#x}")
        begin = len(pmd.output)
        pmd.sim_light(0, False)
        pmd.wait(lambda: "link state change" in pmd.output[begin:] or not eims() >> 20 & 1,
                 "no interrupt")
        pmd.command("port stop 0")
        pmd.sim_light(0, True)
        pmd.command("port start 0")
        time.sleep(6)
        assert (eims() == 0) == forgets, pmd.about(f"EIMS {eims():#x}")
        pmd.wait_link(0, "UP")
        pmd.sim_light(0, False)
        if forgets:
            time.sleep(5)
        pmd.wait_link(0, "UP" if forgets else "DOWN")


def test_no_link_at_start(driver):
    """A port without a partner starts at once and has no link; it comes when there is light."""
    with Rig(driver, ["gen:start=0", "none"], ["--disable-link-check"]) as pmd:
        pmd.wait_link(0, "UP")
        pmd.wait_link(1, "DOWN")
        begin = len(pmd.output)
        pmd.sim_light(1, True)
        pmd.wait_for("Port 1: link state change event", start=begin)
        pmd.wait_link(1, "UP")
