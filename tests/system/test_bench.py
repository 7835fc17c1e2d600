# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The bench: every window moves the packets that it says, and wrong arguments are told. What the
windows take is for people to judge, and no test.
"""

import subprocess

import pytest
from ixymin_tools import bench, simlib
from rig import DRIVERS

PATHS = [bench.Path(driver, "scalar") for driver in DRIVERS]


def measure(keys, options, **vdev):
    with bench.Bench(PATHS, keys, options, **vdev) as program:
        return program.result(120)


@pytest.mark.parametrize("offloads", ["none", "rx", "vlan", "txcsum", "tso"])
def test_every_window_is_full(offloads):
    """Ports without a thread get packets when the bench polls them, and only then."""
    _, ports, windows = measure({"ring": 256, "offloads": offloads},
                                ["--rounds", "5", "--burst", "1,32", "--state", "warm,l3"])
    assert [port["driver"] for port in ports] == DRIVERS
    assert [port["offloads"] for port in ports] == [offloads] * 2
    assert len(windows) == 5 * 2 * 2 * 2
    for window in windows:
        assert int(window["cycles"]) > 0, window
        asked = int(window["calls"]) * int(window["burst"])
        assert asked >= 128 and 0.9 * asked <= int(window["packets"]) <= asked, window


def test_no_device_is_told():
    """A port with a device thread is none that the bench can call."""
    with bench.Bench(PATHS[:1], {}, ["--rounds", "1"], core="0") as program:
        assert program.wait_exit() == 1
        program.wait_for(r"sim82599_poll\(0\) is wrong; allowed: N of a port sim82599_N with "
                         "core=app")


@pytest.mark.parametrize("arguments, said", [
    (["0:simd=65"], "simd '65' is wrong; allowed: 64, 128, 256, 512"),
    (["0:burst=1"], "argument 'burst' is wrong; allowed: simd, offloads, use, fast_free, ring"),
    (["0:offloads=lro"], "offloads 'lro' is wrong; allowed: none, rx, vlan, txcsum, tso"),
    (["0", "0"], "port '0' is wrong; allowed: each port once"),
    (["1"], "port '1' is wrong; allowed: the number of a port that EAL has found"),
    (["--burst", "0", "0"], "--burst '0' is wrong; allowed: 1 to 256"),
    (["--state", "cold", "0"], "--state 'cold' is wrong; allowed: warm, l3"),
    (["--csv", "/proc/x", "0"], "--csv /proc/x: "),
    ([], "port '' is wrong; allowed: at least one port"),
])
def test_wrong_arguments_of_the_program(arguments, said):
    program, plugins = simlib.in_suite(bench.PROGRAM)
    done = subprocess.run(program + ["--no-pci", "--no-huge", "-m", "64", "--no-shconf",
                                     "--no-telemetry", "--vdev=net_null0", *plugins, "--",
                                     *arguments],
                          stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2 and f"bench: {said}" in done.stderr, done.stderr
