# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What net_ixymin's log tells an engineer at level debug, and that it is silent without."""

import re

from rig import STATION, Rig

SAYS = [
    rf"\S+: device 0x10fb, MAC address {STATION[0].upper()}",
    r"EEPROM and firmware version 0x[0-9a-f]{8}",
    r"SFP\+ module \S+ \S+",
    r"started: MTU 1500, interrupts of link on, of rx queues off",
    r"2 rx queues, offloads 0x[0-9a-f]+",
    r"2 tx queues, offloads 0x[0-9a-f]+: (Scalar|Vector AVX2)(, full)?",
    r"link up, 10000 Mb/s \(LINKS 0x[0-9a-f]+\)",
    r"link down, 0 Mb/s \(LINKS 0x[0-9a-f]+\)",
    r"stopped",
]


def life(eal):
    with Rig("net_ixymin", ["sink"], ["--rxq=2", "--txq=2"], eal=eal) as pmd:
        pmd.wait_link(0, "UP")
        pmd.sim_light(0, False)
        pmd.wait_link(0, "DOWN")
        pmd.command("port stop 0")
        said = re.findall("net_ixymin: port 0: (.*)$", pmd.output, re.MULTILINE)
        return pmd, said


def test_debug_log():
    """Probe, start, link changes and stop: a line each, with the values."""
    pmd, said = life(["--log-level=pmd.net.ixymin:debug"])
    for pattern in SAYS:
        assert any(re.fullmatch(pattern, line) for line in said), pmd.about(f"'{pattern}': {said}")


def test_silent():
    """At the default level a port that works says nothing."""
    pmd, said = life([])
    assert not said, pmd.about(said)
