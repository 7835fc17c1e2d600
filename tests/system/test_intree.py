# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The driver's folder, unchanged, as a driver of a DPDK source tree."""

import glob
import os
import re
import shutil
import subprocess

import pytest
from ixymin_tools import releases, simlib

WORK = os.path.join(simlib.BUILD, "intree")  # EAL takes no plugins from below /tmp
# nothing but what the driver needs; names differ between versions, and '*' takes what there is
OPTIONS = ["-Denable_drivers=net/ixymin", "-Dwerror=true", "-Dtests=false", "-Ddisable_apps=*"]


def run(*command):
    # DPDK's build scripts want the python3 that has elftools
    env = dict(os.environ, PATH="/usr/bin:" + os.environ["PATH"])
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=env)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture
def plugin(use, release):
    """The driver as the build of that DPDK makes it."""
    use(release)
    version = releases.Version(release)
    source = version.source
    if not os.path.isdir(source):
        pytest.skip("the source tree of this DPDK is not there")
    shutil.rmtree(WORK, ignore_errors=True)
    tree = os.path.join(WORK, "dpdk")
    # of a user's tree not what was built in it, or its history
    shutil.copytree(source, tree, symlinks=True, ignore=shutil.ignore_patterns("build", ".git"))
    shutil.copytree(simlib.ROOT + "/drivers/net/ixymin", tree + "/drivers/net/ixymin")
    drivers = tree + "/drivers/net/meson.build"
    with open(drivers) as f:
        text, changed = re.subn(r"^drivers = \[\n", r"\g<0>        'ixymin',\n", f.read(),
                                flags=re.MULTILINE)
    assert changed == 1, f"no list of drivers in {drivers}"
    with open(drivers, "w") as f:
        f.write(text)

    build = os.path.join(WORK, "build")
    # of a mempool's memory, a plugin and testpmd think alike if they are for as many cores
    platform = "native" if version.is_built else "generic"  # as versions.py and Debian build it
    run("meson", "setup", *OPTIONS, f"-Dplatform={platform}", build, tree)
    targets = re.findall(r"^(drivers/librte_net_ixymin\.(?:a|so[.\d]*)):", run(
        "ninja", "-C", build, "-t", "targets", "all"), flags=re.MULTILINE)
    assert any(t.endswith(".a") for t in targets) and any(".so" in t for t in targets), targets
    run("ninja", "-C", build, *targets)
    yield next(p for p in glob.glob(build + "/drivers/librte_net_ixymin.so*") if os.path.isfile(p))
    shutil.rmtree(WORK)


@pytest.mark.slow
def test_builds_in_tree_and_forwards(plugin, monkeypatch):
    """DPDK's build, with warnings as errors, gives a plugin that stock testpmd forwards with."""
    monkeypatch.setattr(simlib, "IXYMIN_PLUGIN", plugin)
    ports = [simlib.sim(i, "net_ixymin", wire="gen:window=128:start=0") for i in range(2)]
    with simlib.Testpmd(ports) as pmd:
        pmd.command("start")
        for port in range(2):
            pmd.sim_start(port, 100000)
        stats = pmd.wait_wires_done()
        assert [s["intact"] for s in stats] == [100000, 100000], pmd.command_line
