# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Lines of code, as cloc counts them: no blank lines, no comments."""

import json
import os
import subprocess

from ixymin_tools.simlib import ROOT, SimError

DRIVER = os.path.join(ROOT, "drivers/net/ixymin")
DPDK = os.path.join(ROOT, ".dpdk/source")
# where net_ixgbe is in a DPDK tree: before 25.03, and since
IXGBE = ["drivers/net/ixgbe", "drivers/net/intel/ixgbe"]


def by_file(folder):
    """@return code lines of C sources and headers by file."""
    try:
        run = subprocess.run(["cloc", "--quiet", "--by-file", "--json", "--skip-uniqueness",
                              "--include-lang=C,C/C++ Header", "--", folder],
                             capture_output=True, text=True)
    except FileNotFoundError:
        raise SimError("cloc is not installed; run devtools/setup") from None
    if run.returncode != 0 or '"SUM"' not in run.stdout:
        raise SimError(f"cloc found no C code in {folder} {run.stderr}".rstrip())
    return {os.path.relpath(path, folder): entry["code"]
            for path, entry in json.loads(run.stdout).items() if path not in ("header", "SUM")}


def ixgbe(dpdk=DPDK):
    """@return the folder of net_ixgbe in a source tree of DPDK."""
    for folder in IXGBE:
        if os.path.isdir(os.path.join(dpdk, folder)):
            return os.path.join(dpdk, folder)
    raise SimError(f"{dpdk} has no net_ixgbe; run devtools/setup")
