# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Ports without a device thread (core=app). testpmd does not know sim82599_poll(), so here the
device works only when a register is accessed; tests of the bench call the function.
"""

import json
import signal

import pytest
from ixymin_tools import simlib
from rig import DRIVERS, Rig


def app_rig(driver, **vdev):
    return Rig(driver, ["gen:start=0"], vdev=dict(core="app", **vdev))


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_waits_for_nobody(driver):
    """Start, link, stop of a queue and of the port: what the driver waits for comes."""
    with app_rig(driver) as pmd:
        pmd.wait_link(0, "UP")
        assert "failed" not in pmd.command("port 0 rxq 0 stop").lower(), pmd.about("rxq stop")
        assert "failed" not in pmd.command("port 0 rxq 0 start").lower(), pmd.about("rxq start")
        pmd.command("port stop 0")
        said = pmd.command("port start 0")
        assert "fail" not in said.lower(), pmd.about(said)
        pmd.wait_link(0, "UP")


@pytest.mark.parametrize("driver", DRIVERS)
def test_nothing_moves_by_itself(driver):
    """Frames wait for a poll; reading the counters is one, for each register."""
    with app_rig(driver) as pmd:
        pmd.wait_link(0, "UP")
        pmd.sim_start(0, 100)
        before = pmd.sim_stats(0)
        assert (before["to_nic"], before["rx_packets"]) == (0, 0), pmd.about(before)
        assert pmd.port_stats(0)["ipackets"] in range(101)
        after = pmd.sim_stats(0)
        assert (after["to_nic"], after["rx_packets"]) == (100, 100), pmd.about(after)
        assert 0 < after["thread_busy_cycles"] < after["thread_total_cycles"], pmd.about(after)


def test_a_signal_that_ends_the_program_has_reports_written(tmp_path):
    """No device thread could do it."""
    report = tmp_path / "report.json"
    with simlib.Testpmd([simlib.sim(0, "net_ixymin", core="app", report=report)]) as pmd:
        pmd.process.send_signal(signal.SIGQUIT)
        assert pmd.wait_exit() == -signal.SIGQUIT
        assert json.loads(report.read_text())["port"] == "sim82599_0"
