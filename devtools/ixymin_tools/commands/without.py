# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Shows that a feature of the driver is a file that can be deleted: builds the driver without it,
with warnings as errors, and forwards packets.

In a private copy of the tree, in build/without, the file goes, and from the other files each
statement, declaration and entry of a table that names a function or object which the file defines.
Of 'ret = FUNCTION(...)' and 'return FUNCTION(...)' a 0 is left. Prints a line for each feature.
"""

import os
import re
import shutil
import subprocess
import sys

from ixymin_tools import simlib
from ixymin_tools.arguments import Parser, wrong

PREPARE = "build"
DRIVER = "drivers/net/ixymin"
FEATURES = ["rss", "vlan", "module", "stats", "intr", "flow_ctrl", "dump", "recycle"]
PACKETS = 10000


def say(text):
    print("without: " + text, file=sys.stderr, flush=True)


def read(path):
    with open(path) as f:
        return f.read()


def defined(code):
    """The functions and objects of a file of the driver that other files can use."""
    functions = re.findall(r"^(?!static)[\w *]+\n(ixymin_\w+)\(", code, re.MULTILINE)
    objects = re.findall(r"^(?!static)[\w *]+ \*?(ixymin_\w+) = ", code, re.MULTILINE)
    return functions + objects


def remove(code, names, where):
    """A file's code without what names one of these. @return the code, and how many lines went"""
    name = rf"\b(?:{'|'.join(names)})\b"
    lines, kept = code.split("\n"), []
    while lines:
        line = lines.pop(0)
        if not re.search(name, line):
            kept.append(line)
            continue
        if kept and re.search(r"^\s*(?:if|else|for|while)\b[^{]*$", kept[-1]):
            raise simlib.SimError(f"{where}: '{line.strip()}' is all that '{kept[-1].strip()}' "
                                  "does: put it into braces, or into a statement of its own")
        while not re.search(r"[;,}\)]\s*(?:/\*.*\*/)?$", line) or line.count("(") > line.count(")"):
            line += " " + lines.pop(0).strip()
        value = re.match(rf"(\s*(?:ret =|return) ){name}\(.*\);$", line)
        if value:
            kept.append(value[1] + "0;")
    return "\n".join(kept), code.count("\n") - len(kept) + 1


def delete(tree, name):
    """Delete a feature's file and its lines elsewhere."""
    folder = os.path.join(tree, DRIVER)
    path = os.path.join(folder, f"ixymin_{name}.c")
    names = defined(read(path))
    os.unlink(path)
    gone = 0
    for other in sorted(os.listdir(folder)):
        code = read(os.path.join(folder, other))
        if other == "meson.build":
            left, count = code.replace(f"        'ixymin_{name}.c',\n", ""), 1
        else:
            left, count = remove(code, names, other)
        gone += count
        with open(os.path.join(folder, other), "w") as f:
            f.write(left)
    return f"{name}: {len(names)} functions or objects, {gone} lines elsewhere"


def build(tree):
    """@return the plugin, or None: it does not build"""
    def run(*command):
        return subprocess.run(command, cwd=tree, stdout=sys.stderr).returncode == 0

    target = os.path.join(DRIVER, "librte_net_ixymin.so")
    if not os.path.exists(os.path.join(tree, "build/build.ninja")):
        if not run("meson", "setup", "-Dwerror=true", "build"):
            return None
    return os.path.join(tree, "build", target) if run("ninja", "-C", "build", target) else None


def forward(plugin):
    """@return what was wrong when testpmd forwarded through the driver, or None"""
    ports = [simlib.sim(i, "net_ixymin", wire=f"gen:count={PACKETS}:lossless=1:window=384:start=0")
             for i in range(2)]
    simlib.IXYMIN_PLUGIN = plugin
    with simlib.Testpmd(ports) as pmd:
        pmd.command("start")
        for port in range(2):
            pmd.sim_start(port, PACKETS)
        stats = pmd.wait_wires_done()
        broken = [pmd.sim_rules(port)[0] for port in range(2)]
    intact = sum(port["intact"] for port in stats)
    if intact != 2 * PACKETS:
        return f"{intact} of {2 * PACKETS} frames came through intact"
    return f"broke rules: {broken}" if any(broken) else None


def without(tree, features):
    """@return is the driver fine without these?"""
    shutil.rmtree(os.path.join(tree, DRIVER))
    shutil.copytree(os.path.join(simlib.ROOT, DRIVER), os.path.join(tree, DRIVER))
    said = "; ".join(delete(tree, name) for name in features)
    plugin = build(tree)
    error = forward(plugin) if plugin else "does not build"
    print(f"{said}: {error or f'builds, and forwards {2 * PACKETS} frames'}", flush=True)
    return error is None


def feature(text):
    if text not in FEATURES:
        raise wrong(text, ", ".join(FEATURES))
    return text


def parser():
    p = Parser("without", __doc__)
    p.add_argument("--together", action="store_true", help="all at once, not one after the other")
    p.add_argument("features", nargs="*", metavar="FEATURE", type=feature, default=FEATURES,
                   help=f"ixymin_FEATURE.c (default, and allowed: {' '.join(FEATURES)})")
    return p


def run(args):
    tree = os.path.join(simlib.ROOT, "build/without")
    shutil.rmtree(tree, ignore_errors=True)
    say(f"copying the tree to {tree}")
    try:
        for part in subprocess.run(["git", "ls-files", "-z"], cwd=simlib.ROOT, check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.split("\0")[:-1]:
            os.makedirs(os.path.dirname(os.path.join(tree, part)), exist_ok=True)
            shutil.copy2(os.path.join(simlib.ROOT, part), os.path.join(tree, part),
                         follow_symlinks=False)
        os.symlink(os.path.join(simlib.ROOT, ".dpdk"), os.path.join(tree, ".dpdk"))
        sets = [args.features] if args.together else [[one] for one in args.features]
        return 0 if all([without(tree, features) for features in sets]) else 1
    finally:
        shutil.rmtree(tree, ignore_errors=True)
