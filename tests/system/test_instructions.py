# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Register accesses by instructions that the software 82599 does not decode."""

from rig import Rig, assert_intact

RULE = ("eth / ipv4 dst is 10.0.0.{0} src is 10.0.1.{0} proto is 17 / udp src is 1 dst is {0} / "
        "end actions queue index 0 / end")


def test_flow_rules_of_net_ixgbe():
    """net_ixgbe writes 5-tuple filters by MOVD from an xmm register; testpmd goes on."""
    with Rig("net_ixgbe", ["gen:start=0"] * 2) as pmd:
        for number in range(3):
            said = pmd.command(f"flow create 0 ingress pattern {RULE.format(number)}")
            assert f"Flow rule #{number} created" in said, pmd.about(said)
        for number in range(3):
            assert pmd.sim_regs(0, f"DAQF_{number}")[f"DAQF_{number}"], pmd.about(number)
        said = pmd.command("flow flush 0")
        assert pmd.sim_regs(0, "FTQF_0")["FTQF_0"] >> 31 == 0, pmd.about(said)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 100, 1: 100}), 200)
