# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The old name of ixymin_tools.simlib. It goes when no test uses it any more."""

import sys

from ixymin_tools import simlib

sys.modules[__name__] = simlib
