# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Counts lines of code, as cloc does: no blank lines, no comments.

Prints net_ixymin by file, with and without its register header, net_ixgbe of the
installed DPDK's version, and the ratio of the two.
"""

import json
import os

from ixymin_tools import code_lines
from ixymin_tools.arguments import Parser, wrong

PREPARE = None
REGISTERS = "ixymin_regs.h"


def dpdk_tree(text):
    if not os.path.exists(os.path.join(text, "VERSION")):
        raise wrong(text, "a source tree of DPDK")
    return text


def parser():
    p = Parser("loc", __doc__)
    p.add_argument("--dpdk", metavar="DIR", type=dpdk_tree,
                   help="DPDK source tree (default: the one that devtools/setup fetched)")
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(args):
    dpdk = args.dpdk or code_lines.DPDK
    files = code_lines.by_file(code_lines.DRIVER)
    ixymin = sum(files.values())
    ixgbe = sum(code_lines.by_file(code_lines.ixgbe(dpdk)).values())
    code = ixymin - files.get(REGISTERS, 0)
    with open(os.path.join(dpdk, "VERSION")) as f:
        version = f.read().strip()
    if args.json:
        print(json.dumps({"files": files, "net_ixymin": ixymin,
                          "net_ixymin_without_registers": code, "net_ixgbe": ixgbe,
                          "dpdk": version, "ratio": round(ixgbe / ixymin, 1)}))
        return 0
    for name, lines in sorted(files.items()):
        print(f"{lines:7,}  {name}")
    print(f"{code:7,}  net_ixymin without {REGISTERS}")
    print(f"{ixymin:7,}  net_ixymin")
    print(f"{ixgbe:7,}  net_ixgbe of DPDK {version}")
    print(f"{ixgbe / ixymin:7.1f}  times as many in net_ixgbe, register headers counted in both")
    return 0
