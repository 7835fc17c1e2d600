# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Nothing that net_ixymin offers is without a test: doc/features.md beside a running port."""

import configparser
import os
import re

import pytest
from ixymin_tools import simlib
from rig import Rig
from test_documents import collected, named_tests, wrong_credit

FLOW_CONTROL = {"none": "rx off tx off", "rx": "rx on tx off", "tx": "rx off tx on",
                "rx and tx": "rx on tx on"}


def features():
    """Lines of doc/ixymin.ini: name and value."""
    table = configparser.ConfigParser()
    table.optionxform = str
    table.read(os.path.join(simlib.ROOT, "doc/ixymin.ini"))
    return dict(table["Features"])


def rows():
    """Of doc/features.md: kind, what is offered, the tests, the remark."""
    with open(os.path.join(simlib.ROOT, "doc/features.md")) as f:
        found = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]*?) ?\|$", f.read(),
                           re.MULTILINE)
    return [row for row in found if row[0] != "kind"]


def flow_control_taken(pmd):
    """The modes that a port takes, and then says that it has."""
    for name, mode in FLOW_CONTROL.items():
        pmd.command(f"set flow_ctrl {mode} 128 64 1664 1 mac_ctrl_frame_fwd off autoneg off 0")
        said = pmd.command("show port 0 flow_ctrl")
        has = dict(re.findall(r"([RT]x) pause: (on|off)", said))
        if mode == f"rx {has['Rx']} tx {has['Tx']}":
            yield name


def offered(pmd):
    """What a port offers, by kind."""
    info = pmd.command("show port info 0")
    # newer releases tell the MTUs, too: those of the lengths of packets
    limits = [": ".join(limit) for limit in re.findall(
        r"^(?!M\w+ MTU)((?:Max|Min|[RT]XDs|Hash key|Redirection).*): (\d+)$", info, re.MULTILINE)
        if limit[1] != "0"]  # 0: there is none
    flow_types = re.search(r"^Supported RSS offload flow types:\n(.*)$", info, re.MULTILINE)[1]
    capabilities = re.search(r"^Device capabilities: \w+\((.*)\)$", info, re.MULTILINE)[1]
    found = {"feature": list(features()), "limit": limits, "RSS type": flow_types.split(),
             "device capability": capabilities.split(),
             "packet type": re.findall(r"^(L\w+) ?$", pmd.command("show port 0 ptypes"),
                                       re.MULTILINE),
             "speed": re.findall(r"\d+ \w+", re.search(
                 r"Device speed capability: (.*)", pmd.command("show device info all"))[1]),
             "flow control": list(flow_control_taken(pmd))}
    for way in "rx", "tx":
        said = pmd.command(f"show port 0 {way}_offload capabilities")
        found[f"{way.title()} offload"] = [
            name for line in re.findall(r"^  Per (?:Queue|Port) *:(.*)$", said, re.MULTILINE)
            for name in line.split()]
    return {(kind, name) for kind, names in found.items() for name in names}


def test_nothing_offered_is_untested():
    """doc/features.md has a row for each thing that is offered, and for nothing else."""
    table = [(kind, name) for kind, names, _, _ in rows() for name in names.split(", ")]
    assert len(table) == len(set(table)), "a thing has two rows"
    with Rig("net_ixymin", ["sink"]) as pmd:
        has = offered(pmd)
    assert len(has) > 80, has
    assert has - set(table) == set(), "offered, and without a row"
    assert set(table) - has == set(), "a row, and not offered"


def test_the_tests_run_net_ixymin():
    """Each row of doc/features.md names tests, and each of them runs net_ixymin."""
    tests = {test for _, _, text, _ in rows() for test in named_tests(text)}
    ids = collected({path for path, _ in tests})
    missing = [row for row in rows() if not named_tests(row[2])] + sorted(tests - set(ids))
    assert not missing
    assert not wrong_credit("net_ixymin", [], sorted(tests), ids)


@pytest.mark.parametrize("value", ["Y", "P"])
def test_partial_features_have_a_reason(value):
    """A feature that is P in doc/ixymin.ini has a remark that says why, and no other has."""
    said = {name for kind, names, _, remark in rows() if kind == "feature"
            for name in names.split(", ") if remark.startswith("P: ") == (value == "P")}
    assert said == {name for name, has in features().items() if has == value}


def test_usage_doc():
    """doc/ixymin.rst has the sections of DPDK's guides, and the numbers of queues."""
    with open(os.path.join(simlib.ROOT, "doc/ixymin.rst")) as f:
        text = f.read()
    for title in "Features", "Prerequisites", "Configuration", "Limitations":
        assert re.search(rf"^{title}\n-+\n", text, re.MULTILINE), title
    said = re.findall(r"^- Multiple queues: (\d+) receive and (\d+) transmit", text, re.MULTILINE)
    with Rig("net_ixymin", ["sink"]) as pmd:
        info = pmd.command("show port info 0")
    assert said == [tuple(re.findall(r"Max possible [RT]X queues: (\d+)", info))]
