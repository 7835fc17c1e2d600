# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The quick scenarios of devtools/vm; the rest on request."""

import os
import subprocess

import image
import pytest
import scenarios


@pytest.mark.parametrize("name", scenarios.QUICK)
def test_scenario(name):
    done = subprocess.run([os.path.join(image.ROOT, "devtools/vm"), name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 77:
        pytest.skip(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout
