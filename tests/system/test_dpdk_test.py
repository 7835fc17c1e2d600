# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""DPDK's own test program, for those of its tests that use the ports that they find."""

import json

import pytest
from ixymin_tools import simlib
from rig import KNOWN_VIOLATIONS, Rig

EVENTS = ["--vdev=event_sw0"]


class DpdkTest(simlib.Program):
    """dpdk-test that runs one test on two ports, and ends."""

    name = "dpdk-test"

    def __init__(self, driver, folder, test, eal=()):
        self.driver, self.test = driver, test
        self.reports = [folder / f"report{port}.json" for port in range(2)]
        super().__init__("dpdk-test", [simlib.sim(port, driver, wire="loop", report=report)
                                       for port, report in enumerate(self.reports)], eal=eal,
                         memory=simlib.memory_args(1024))
        self.argv.remove("--")

    about = Rig.about

    def environment(self):
        return dict(super().environment(), DPDK_TEST=self.test)

    def wait_ready(self):
        code = self.wait_exit(300)
        self.wait_for("^sim82599_1 .*busy")
        if code != 0 or "Test OK" not in self.output:
            raise self.error(f"did not pass {self.test}")
        for report in self.reports:
            last = json.loads(report.read_text())
            broken = set(last["rules"]) - KNOWN_VIOLATIONS[self.driver]
            assert not broken, self.about(f"broke rules {last['rules']}: {last['first_violation']}")
            assert (last["dma_refused"], last["unknown_access"]) == (0, 0), self.about(last)

    def _check_ports(self):
        pass  # it has ended


@pytest.mark.parametrize("test", [
    "event_eth_tx_adapter_autotest", "ring_pmd_autotest",
    # this one and its waits are DPDK's: it failed once in ten, with net_ixgbe
    pytest.param("link_bonding_autotest", marks=pytest.mark.very_slow),
    pytest.param("pmd_perf_autotest", marks=pytest.mark.very_slow)])
def test_autotest(driver, test, tmp_path):
    if not simlib.has_program("dpdk-test"):
        pytest.skip("a DPDK that was built from its source tree has no dpdk-test")
    with DpdkTest(driver, tmp_path, test, EVENTS if "event" in test else []):
        pass
