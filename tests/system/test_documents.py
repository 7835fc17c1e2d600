# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Documents say what the code says."""

import ast
import collections
import configparser
import os
import re
import subprocess
import sys

import judge
import pytest
import rig
import test_dpdk_test
import test_ovs
import test_programs
import test_testpmd
from ixymin_tools import simlib
from ixymin_tools.releases import SUITES


def test_every_interpretation_is_documented():
    """doc/interpretations.md has a row for each INTERPRETATION in a file, of the same kind."""
    found = subprocess.run(["git", "-C", simlib.ROOT, "grep", "-noE", r"INTERPRETATION \([A-Z]+\)",
                            "--", "app", "drivers"], stdout=subprocess.PIPE, text=True, check=True)
    code = collections.Counter()
    for line in found.stdout.splitlines():
        path, _, tag = line.split(":", 2)
        code[path, re.search(r"\((\w+)\)", tag)[1]] += 1
    assert code
    with open(os.path.join(simlib.ROOT, "doc/interpretations.md")) as f:
        rows = re.findall(r"^\| ((?:app|drivers)/\S+) \|[^|]*\| (\w+) \|", f.read(), re.MULTILINE)
    assert collections.Counter(rows) == code


def test_every_rule_is_documented():
    """doc/sim82599.md has the rules of nic/rules.h, in their order and their words."""
    with open(os.path.join(simlib.ROOT, "app/sim82599/nic/rules.h")) as f:
        rules = f.read().replace('" \\\n\t     "', "")  # a text may have two lines
    code = re.findall(r'RULE\((\w+), "([^"]*)", \\\n\t     "([^"]*)"\)', rules)
    with open(os.path.join(simlib.ROOT, "doc/sim82599.md")) as f:
        rows = re.findall(r"^\| ([A-Z_]+) \| (\S+) \| (.*) \|$", f.read(), re.MULTILINE)
    assert code and rows == code


def test_every_fault_is_documented():
    """doc/sim82599.md explains the faults that the device knows."""
    with open(os.path.join(simlib.ROOT, "app/sim82599/nic/nic.c")) as f:
        code = re.findall(r'\[NIC_FAULT_\w+\] = "(\w+)"', f.read())
    with open(os.path.join(simlib.ROOT, "doc/sim82599.md")) as f:
        faults = f.read().split("## Faults")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z_, ]+) \|", faults, re.MULTILINE)
    assert code and ", ".join(rows[1:]).split(", ") == code


def test_all_that_is_absent_is_documented():
    """doc/sim82599.md has a row for each feature that nic/rules.h counts as absent."""
    with open(os.path.join(simlib.ROOT, "app/sim82599/nic/rules.h")) as f:
        code = re.findall(r"FEATURE\(([A-Z_]+)\)", f.read().split("enum nic_absent")[0])
    with open(os.path.join(simlib.ROOT, "doc/sim82599.md")) as f:
        section = f.read().split("## What is not emulated")[1].split("\n## ")[0]
    names = re.findall(r"^\|[^|]*\|[^|]*\| ([A-Z_, ]+) \|$", section, re.MULTILINE)
    assert "RSC" in code
    assert sorted(", ".join(names).split(", ")) == sorted(code)


def judges_tables():
    """The rows of doc/judges.md: (drivers that it credits with its tests, releases, the row).
    The tables of what is odd and of defects are about net_ixgbe."""
    with open(os.path.join(simlib.ROOT, "doc/judges.md")) as f:
        rows = [line for line in f if line.startswith("| ")]
    found, table = [], None
    for row in rows:
        first, second, third = (row.strip("| \n").split(" | ") + ["", ""])[:3]
        if first in ("feature", "driver", "what"):
            table = first
            continue
        if table == "feature":
            who, when = second, third
        elif table == "driver":
            who = when = first
        else:
            who, when = "net_ixgbe", ""
        found.append((who, re.findall(r"\d\d\.\d\d", when), row))
    assert len(found) > 20
    return found


def named_tests(row):
    return re.findall(r"`(\w+/[\w.]+)::(\w+)`", row)


def named_scenarios(row):
    return re.findall(r"`devtools/vm ([\w-]+)`", row)


def test_every_judge_has_its_test():
    """doc/judges.md names a test in each row, and each of them exists."""
    missing = []
    for _, _, row in judges_tables():
        if not named_tests(row) and not named_scenarios(row):
            missing.append(row)
        for path, name in named_tests(row):
            with open(os.path.join(simlib.ROOT, "tests", path)) as f:
                if not re.search(rf"\b{name}\(", f.read()):
                    missing.append(f"{path}::{name}")
        for name in named_scenarios(row):
            with open(os.path.join(simlib.ROOT, "tests/vm/scenarios.py")) as f:
                if f'"{name}"' not in f.read():
                    missing.append(f"scenario {name}")
    assert not missing


def collected(paths):
    """The tests of these files by name, each with its parameters' ids as pytest makes them."""
    tests = os.path.join(simlib.ROOT, "tests")
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "-p",
                           "no:cacheprovider", *paths],
                          cwd=tests, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    ids = collections.defaultdict(set)
    for path, name, parameters in re.findall(r"^([\w/.]+)::(\w+)(?:\[(.*)\])?$", done.stdout,
                                             re.MULTILINE):
        ids[path, name].add(parameters)
    return ids


def function_of(path, name):
    with open(os.path.join(simlib.ROOT, "tests", path)) as f:
        module = ast.parse(f.read())
    return next(node for node in module.body
                if isinstance(node, ast.FunctionDef) and node.name == name)


def written_in(path, name):
    """The drivers that a test's code names: those that it runs if it has no parameter."""
    return {node.value for node in ast.walk(function_of(path, name))
            if isinstance(node, ast.Constant) and node.value in rig.DRIVERS}


def run_by(scenario):
    """DPDK's drivers that a scenario of devtools/vm runs: all that it knows, or none."""
    with open(os.path.join(simlib.ROOT, "tests/vm/scenarios.py")) as f:
        module, name = re.search(rf'"{scenario}": (\w+)\.(\w+)', f.read()).groups()
    names = {node.id for node in ast.walk(function_of(f"vm/{module}.py", name))
             if isinstance(node, ast.Name)}
    return rig.DRIVERS if "DRIVERS" in names else []


def has(parameters, *values):
    """Is each of these values one of the parameters that an id stands for?"""
    return all(re.search(rf"(^|-){re.escape(value)}(-|$)", parameters) for value in values)


def wrong_credit(who, releases, tests, ids):
    """What a row says that its tests do not run.  A path, in brackets behind its driver, is one of
    some test; a driver, and a release if a test is made for several, is one of every test."""
    wrong = []
    for driver, paths in re.findall(r"(net_\w+)(?: \(([\w, -]+)\))?", who):
        for path in set(re.findall(r"\w+", paths)) & set(judge.PATHS[driver]):
            if not any(has(parameters, driver, path) for test in tests
                       for parameters in ids[test]):
                wrong.append(f"none of {tests} runs {driver}'s path '{path}'")
        for test in tests:
            having = [parameters for parameters in ids[test] if has(parameters, driver)]
            if not any(has(parameters, each) for each in rig.DRIVERS for parameters in ids[test]):
                having = ids[test] if driver in written_in(*test) else []
            if not having:
                wrong.append(f"{test} does not run {driver}: {sorted(ids[test])}")
            elif any(has(parameters, each) for each in SUITES for parameters in having):
                wrong += [f"{test} does not run {driver} with {release}" for release in releases
                          if not any(has(parameters, release) for parameters in having)]
    return wrong


def test_judges_are_those_that_the_tests_run():
    """doc/judges.md credits a driver, its path and a release only with tests that run them."""
    table = judges_tables()
    ids = collected({path for _, _, row in table for path, _ in named_tests(row)})
    wrong = [error for who, releases, row in table
             for error in wrong_credit(who, releases, named_tests(row), ids)]
    wrong += [f"scenario {scenario} does not run {driver}" for who, _, row in table
              for scenario in named_scenarios(row) for driver in re.findall(r"net_\w+", who)
              if driver not in run_by(scenario)]
    assert not wrong, "\n".join(wrong)


def test_every_program_has_its_row():
    """doc/programs.md has a row for each test of a program: what it needs, and its parameters."""
    with open(os.path.join(simlib.ROOT, "doc/programs.md")) as f:
        rows = re.findall(r"^\| ([^|]+) \| ([^|]*?) ?\| [^|]+ \| `(\S+)::(\w+)`(?: \[(.*)\])? \|$",
                          f.read(), re.MULTILINE)
    ours = [test_dpdk_test, test_ovs, test_programs, test_testpmd]
    ids = collected({f"system/{module.__name__}.py" for module in ours} |
                    {path for _, _, path, _, _ in rows})
    said = {(path, name): set((parameters or "").split(", "))
            for _, _, path, name, parameters in rows}
    run = {test: {re.sub(r"-?\bnet_\w+\b-?", "", each) for each in parameters}
           for test, parameters in ids.items()
           if test in said or test[0] in {f"system/{module.__name__}.py" for module in ours}}
    assert said == run
    for _, wants, path, name, _ in rows:
        for module in ours:
            if path == f"system/{module.__name__}.py":
                needs = getattr(getattr(module, name), "needs", ())
                assert wants == ", ".join(needs), f"{name} needs {needs}, its row says {wants}"


def test_wrong_credit_is_seen():
    """The check above sees a driver, a path and a release that no test runs."""
    path = "system/test_judge_queues.py"
    single, several = (path, "test_last_queue"), ("x", "several")
    ids = {single: {""}, several: {"net_ixgbe-vector-22.11", "net_ixymin-scalar-25.11"}}
    assert not wrong_credit("net_ixgbe", ["22.11"], [single], ids)
    assert not wrong_credit("net_ixgbe (vector)", ["22.11"], [several], ids)
    assert len(wrong_credit("net_ixgbe, net_ixymin", [], [single], ids)) == 1
    assert len(wrong_credit("net_ixgbe (bulk)", [], [several], ids)) == 1
    assert len(wrong_credit("net_ixymin", ["22.11", "25.11"], [several], ids)) == 1


def test_features_are_features_of_dpdk():
    """doc/ixymin.ini knows no feature that DPDK's table has not, and has them in its order."""
    def features(path):
        parser = configparser.ConfigParser()
        parser.optionxform = str
        with open(path) as f:
            parser.read_file(f)
        return dict(parser["Features"])

    guides = os.path.join(simlib.ROOT, ".dpdk/source/doc/guides/nics/features")
    if not os.path.isdir(guides):
        pytest.skip("no DPDK source tree in .dpdk")
    ours = features(os.path.join(simlib.ROOT, "doc/ixymin.ini"))
    table = list(features(os.path.join(guides, "default.ini")))
    assert list(ours) == [name for name in table if name in ours]
    assert set(ours.values()) <= {"Y", "P"}
