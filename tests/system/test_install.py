# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The build for a DPDK that was installed from its source tree; and `meson install`: EAL finds the
plugins by itself, and net_ixymin gets the ports. What is installed goes into a folder of the test,
and testpmd finds it where EAL looks, in a mount namespace of its own.
"""

import glob
import json
import os
import re
import shutil
import subprocess

import pytest
from ixymin_tools import releases, simlib
from rig import Rig, assert_intact

# $1: a folder with plugins; $2: where EAL looks, and has more; then the command
OVERLAY = 'mount -t overlay -o "lowerdir=$1:$2" overlay "$2" && shift 2 && exec "$@"'
RELEASE = releases.release_of(releases.installed())
WORK = os.path.join(simlib.ROOT, "build", "install")  # EAL takes no plugins from below /tmp


def in_namespace(below, folder):
    return ["unshare", "--mount", "/bin/sh", "-c", OVERLAY, "sh", below, folder]


def run(*command, env=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=env)
    return done.returncode, done.stdout


@pytest.fixture(params=[None, releases.NEWEST])
def which(request, use):
    """The DPDK of this build, and one that was built from its own source tree."""
    if request.param is not None:
        use(request.param)
    elif simlib.SUITE is not None:
        pytest.skip("EAL of another suite looks for its plugins where the system has others")
    run("ninja", "-C", simlib.BUILD, *releases.PLUGINS)


@pytest.fixture
def install(which):
    """install(tags): into a folder of its own. @return (that folder, the one that it is for)"""
    def installed(tags):
        shutil.rmtree(WORK, ignore_errors=True)
        code, said = run("meson", "install", "-C", simlib.BUILD, "--no-rebuild", "--destdir", WORK,
                         "--tags", tags)
        assert code == 0, said
        where = os.path.dirname(next(iter(json.loads(run(
            "meson", "introspect", "--installed", simlib.BUILD)[1]).values())))
        # no file anywhere else
        folders = [folder for folder, _, files in os.walk(WORK) if files]
        assert folders == [WORK + where]
        return WORK + where, where
    yield installed
    shutil.rmtree(WORK, ignore_errors=True)


class Installed(Rig):
    """testpmd without -d but for the plugins named; PCI's own choice of a driver."""

    def __init__(self, below, folder, expected, plugins=()):
        super().__init__(expected, [])
        code, said = run(*in_namespace(below, folder), "true")
        if code != 0:
            pytest.skip(f"no overlay can be mounted: {said.strip()}")
        namespace = in_namespace(below, folder)
        ours = "-d", simlib.IXYMIN_PLUGIN, simlib.SIM_PLUGIN
        words = [word for word in self.argv if word not in ours]
        at = words.index("--")
        wires = [f"--vdev={simlib.sim(i, wire='gen:start=0')}" for i in range(2)]
        self.ports = len(wires)
        self.argv = (namespace + words[:at] + [word for p in plugins for word in ("-d", p)] +
                     wires + words[at:])
        self.program = namespace + self.program


@pytest.mark.parametrize("tags, named, driver", [
    ("net_ixymin,sim82599", False, "net_ixymin"),
    ("sim82599", False, "net_ixgbe"),
    ("sim82599", True, "net_ixymin")])
def test_who_has_the_port(install, tags, named, driver):
    """net_ixymin, where it is installed or named with -d; else net_ixgbe, as before."""
    below, folder = install(tags)
    assert sorted(os.listdir(below)) == sorted(f"librte_{tag}.so" for tag in tags.split(","))
    with Installed(below, folder, driver, [simlib.IXYMIN_PLUGIN] if named else []) as pmd:
        for port in range(2):
            info = pmd.command(f"show port info {port}")
            assert f"Driver name: {driver}" in info, pmd.about(info)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000, 1: 1000}), 2000)


# The build for a DPDK that was installed from its source tree

@pytest.fixture
def set_up(use):
    """set_up(*options, sdk): meson's set-up for that DPDK, as installed with its driver headers or
    without. @return the exit code, and what was said"""
    use(releases.NEWEST)
    shutil.rmtree(WORK, ignore_errors=True)
    libraries = os.path.join(releases.Version(releases.NEWEST).root, releases.LIBRARIES)
    bare = os.path.join(WORK, "include")
    os.makedirs(bare)
    headers = os.path.normpath(libraries + "/../../include")
    for name in os.listdir(headers):
        if not name.endswith("_driver.h") and name not in ("ethdev_pci.h", "ethdev_vdev.h"):
            os.symlink(os.path.join(headers, name), os.path.join(bare, name))
    for path in glob.glob(libraries + "/pkgconfig/*.pc"):
        with open(path) as f, open(os.path.join(WORK, os.path.basename(path)), "w") as copy:
            copy.write(re.sub("^includedir=.*", "includedir=" + bare, f.read(), flags=re.MULTILINE))

    def setting_up(*options, sdk):
        path = libraries + "/pkgconfig" if sdk else WORK
        return run("meson", "setup", "-Dwerror=true", *options, os.path.join(WORK, "build"),
                   simlib.ROOT, env=dict(os.environ, PKG_CONFIG_PATH=path))
    yield setting_up
    shutil.rmtree(WORK, ignore_errors=True)


def test_driver_headers_that_are_installed(set_up):
    """They do, whatever source tree dpdk_source names: here that of Debian's DPDK."""
    code, said = set_up("-Ddpdk_source=" + releases.Version(RELEASE).source, sdk=True)
    assert code == 0, said


def test_driver_headers_of_a_source_tree(set_up):
    """Where they are not installed, dpdk_source has to be of the same release."""
    code, said = set_up("-Ddpdk_source=" + releases.Version(RELEASE).source, sdk=False)
    assert code != 0 and "name a source tree of the same release: -Ddpdk_source=" in said, said
    source = releases.Version(releases.NEWEST).source
    if not os.path.exists(source):
        pytest.skip("the source tree that this DPDK was built from has gone")
    code, said = set_up("-Ddpdk_source=" + source, sdk=False)
    assert code == 0, said
    code, said = run("ninja", "-C", os.path.join(WORK, "build"), releases.PLUGINS[0])
    assert code == 0, said
