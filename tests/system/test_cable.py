# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""A cable between two ports carries light: what a driver does with one end's laser is seen by the
driver of the other."""

import pytest
from rig import Rig

WIRES = ["cable=sim82599_1", "cable=sim82599_0"]


def assert_passes(pmd):
    """A burst that port 0 sends is received by port 1."""
    before = pmd.sim_stats(1)["rx_packets"]
    pmd.command("set portlist 0")
    pmd.command("start tx_first 1")
    pmd.command("stop")
    pmd.wait(lambda: pmd.sim_stats(1)["rx_packets"] == before + 32,
             lambda: f"port 1 has not received the burst: {pmd.counts()}")


def assert_seen_by_port_0(pmd, state, change):
    """Port 0's driver hears of it, and so does the program."""
    begin = len(pmd.output)
    change()
    pmd.wait_for("Port 0: link state change event", start=begin)
    pmd.wait_link(0, state)
    assert pmd.sim_regs(0, "LINKS")["LINKS"] >> 30 & 1 == (state == "UP"), pmd.about(state)


def test_a_port_that_is_stopped_darkens_the_other(driver):
    with Rig(driver, WIRES) as pmd:
        for port in 0, 1:
            pmd.wait_link(port, "UP")
        assert_passes(pmd)
        assert_seen_by_port_0(pmd, "DOWN", lambda: pmd.command("port stop 1"))
        assert_seen_by_port_0(pmd, "UP", lambda: pmd.command("port start 1"))
        pmd.wait_link(1, "UP")
        assert_passes(pmd)


def test_a_laser_that_is_switched_off_darkens_the_other():
    """net_ixgbe's `set link-down` switches off the laser and nothing else."""
    with Rig("net_ixgbe", WIRES) as pmd:
        for port in 0, 1:
            pmd.wait_link(port, "UP")
        assert_seen_by_port_0(pmd, "DOWN", lambda: pmd.command("set link-down port 1"))
        assert_seen_by_port_0(pmd, "UP", lambda: pmd.command("set link-up port 1"))
        pmd.wait_link(1, "UP")
        assert_passes(pmd)


@pytest.mark.parametrize("how", ["light", "sfp"])
def test_a_plug_or_a_module_that_is_pulled(driver, how):
    """Both ports lose their links, and have them again."""
    with Rig(driver, WIRES) as pmd:
        for out in True, False:
            def change():
                if how == "light":
                    pmd.sim_light(1, not out)
                else:
                    pmd.sim_fault(1, "sfp" if out else "none")
            state = "DOWN" if out else "UP"
            assert_seen_by_port_0(pmd, state, change)
            pmd.wait_link(1, state)
        assert_passes(pmd)
