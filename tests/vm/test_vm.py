# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The quick scenarios of devtools/vm; the rest on request."""

import os
import subprocess

import image
import linux
import pytest
import scenarios
from ixymin_tools import releases
from ixymin_tools.commands import vm


@pytest.mark.parametrize("name", scenarios.QUICK)
def test_scenario(name):
    done = subprocess.run([os.path.join(image.ROOT, "devtools/vm"), name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 77:
        pytest.skip(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def test_what_failed_is_not_skipped(monkeypatch):
    """Not even when something that is needed later cannot be had."""
    def scenario(trial):
        with trial.step("a step"):
            raise scenarios.Failed("wrong")
        raise image.Unavailable("missing")
    monkeypatch.setitem(scenarios.SCENARIOS, "trial", scenario)
    assert vm.run_scenario("trial", keep=False) == "failed"


def test_without_dpdk_there_is_nothing_to_run(monkeypatch):
    monkeypatch.setattr(releases, "installed", lambda: None)
    assert vm.run_scenario("unprivileged", keep=False) == "skipped"


@pytest.mark.parametrize("rules, ill_written, failed", [
    ({}, {}, 0),
    ({"RESERVED_BITS": 3}, {"EIMS": 3}, 0),
    ({"RESERVED_BITS": 3}, {"EIMS": 2, "CTRL": 1}, 1),  # wherever it came first
    ({"RESERVED_BITS": 1, "TAIL_RANGE": 1}, {"EIMS": 1}, 1),
])
def test_what_is_explained_of_one_register_is_not_of_another(rules, ill_written, failed):
    class Card:
        functions = [""]

        def stats(self, port):
            return {"rules": rules, "ill_written": ill_written, "first_violation": "EIMS"}
    trial = scenarios.Trial("trial")
    linux.judge_rules(trial, Card(), linux.IXGBE_BREAKS)
    assert trial.failed == failed
