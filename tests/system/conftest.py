# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

import functools

import pytest
import rig
from ixymin_tools import releases, simlib


@pytest.fixture(params=rig.DRIVERS)
def driver(request):
    return request.param


def is_build(version):
    """Is it what all tests run on, unless they are told otherwise: the installed one, by gcc?"""
    return version.suite is None and version.compiler == "gcc"


@functools.lru_cache(None)
def built(release, compiler):
    """@return the version, or why it cannot be had."""
    try:
        version = releases.Version(release, compiler)
        if not is_build(version):
            version.build(*releases.PLUGINS, "tests/system/ethdev-check", "tests/system/receiver")
        return version
    except releases.Unavailable as error:
        return str(error)


@pytest.fixture
def use():
    """use(release): programs are that version's from now on, until the test ends."""
    before = simlib.BUILD, simlib.SUITE

    def use_version(release, compiler="gcc"):
        version = built(release, compiler)
        if isinstance(version, str):
            pytest.skip(version)
        if not is_build(version):
            version.use()
        elif simlib.SUITE is not None:
            simlib.use_dpdk("build")

    yield use_version
    simlib.use_dpdk(*before)


@pytest.fixture(params=sorted({*releases.there(), releases.NEWEST}))
def release(request):
    return request.param
