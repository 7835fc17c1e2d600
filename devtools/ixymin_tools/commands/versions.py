# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Builds both plugins, with warnings as errors, for each of several versions of DPDK and
forwards packets in that version's stock dpdk-testpmd, through net_ixymin and through its
net_ixgbe.

A version that is not the installed one is unpacked from another Debian suite (devtools/debs)
into .dpdk/SUITE.  A version that no suite has is built from a source tree of DPDK, which is
named once with --source: dpdk-testpmd with net_ixgbe, below .dpdk/built-VERSION. The tree is
not changed, and nothing is installed on the system.  The plugins are in build-VERSION.

Prints one table. Exit code 0 only if every frame arrived with every version, 77 if the only
problem is that packages or driver headers of a version are not available.
"""

import contextlib
import os
import re
import sys

from ixymin_tools import simlib
from ixymin_tools.arguments import Parser, packets, wrong
from ixymin_tools.forwarding import DRIVERS, HEADS, forward, print_table
from ixymin_tools.releases import PLUGINS, Unavailable, Version, is_source, say, there

PREPARE = "setup"
SKIPPED = 77


def release(text):
    if not re.fullmatch(r"\d\d\.\d\d", text):
        raise wrong(text, "a release of DPDK such as 24.11")
    return text


def source_tree(text):
    name, _, tree = text.partition("=")
    if not tree:
        raise wrong(text, "VERSION=FOLDER")
    if not is_source(tree, release(name)):
        raise wrong(text, f"{name}=FOLDER with a source tree of DPDK {name}")
    return name, tree


def parser():
    p = Parser("versions", __doc__)
    p.add_argument("--build", action="store_true",
                   help="only build; prints two lines for each version: the folder with its DPDK "
                   "('/': installed), and net_ixymin's plugin for it")
    p.add_argument("--compiler", choices=["gcc", "clang"], default="gcc",
                   help="default gcc; clang builds in build-clang-VERSION")
    p.add_argument("--packets", type=packets, default=packets("2M"), metavar="N",
                   help="frames through each driver, both directions together (default 2M)")
    p.add_argument("--source", type=source_tree, action="append", default=[],
                   metavar="VERSION=FOLDER", help="take a version's driver headers from this DPDK "
                   "source tree, now and later (default: Debian's source package); a version that "
                   "no known suite of Debian has is built from the tree")
    p.add_argument("version", nargs="*", type=release, metavar="VERSION",
                   help=f"default: those named with --source, or {' '.join(there())}")
    return p


def build_and_forward(version, packet_count):
    """@return the table's rows and a list of what was wrong."""
    rows, faults = [], []
    version.build()
    version.use()
    for driver in DRIVERS:
        row, found = forward("testpmd", driver, (packet_count + 1) // 2, "unlimited")
        rows.append([version.number] + row)
        faults += [f"DPDK {version.release}: {fault}" for fault in found]
    return rows, faults


def run(args):
    rows, faults, missing = [], [], []
    for name, tree in args.source:
        Version(name).set_source(tree)
    with simlib.HugePages(say) if not args.build else contextlib.nullcontext():
        for name in args.version or [name for name, _ in args.source] or there():
            try:
                version = Version(name, args.compiler)
                if args.build:
                    version.build()
                    print(version.root or "/", os.path.join(version.folder, PLUGINS[0]), sep="\n")
                else:
                    more, found = build_and_forward(version, args.packets)
                    rows += more
                    faults += found
            except Unavailable as error:
                missing.append(str(error))
            except simlib.SimError as error:
                faults.append(str(error))
    if rows:
        print_table(["DPDK"] + HEADS, rows)
    for text in missing:
        say("not available: " + text)
    if faults:
        print("\n".join("WRONG: " + text for text in faults), file=sys.stderr)
        return 1
    return SKIPPED if missing else 0
