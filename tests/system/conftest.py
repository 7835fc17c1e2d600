# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

import pytest
import rig


@pytest.fixture(params=rig.DRIVERS)
def driver(request):
    return request.param
