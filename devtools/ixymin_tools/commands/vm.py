# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Tests the software 82599 in virtual machines, with the drivers of Linux and DPDK.

Boots small guests under QEMU, without root and without KVM, from Debian packages that are
unpacked into .vm/ and never installed; build/.../sim82599-vfio-user is the card in the guest.
Prints a line for each step and each scenario to stdout, and progress to stderr. The output of
guest, kernel and card is in .vm/logs/.

Exit code 0 if all scenarios passed, 1 if one failed, 77 if none failed and one was skipped
(because QEMU 11 or another part is not available).
"""

import fcntl
import os
import sys
import time

from ixymin_tools.arguments import Parser, wrong
from ixymin_tools.simlib import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests/vm"))

import image
import scenarios
from guest import LOGS, Failed
from image import Unavailable

PREPARE = "build"  # so that an edit reaches the guests
SKIPPED = 77
GROUPS = {"all": list(scenarios.SCENARIOS), "quick": scenarios.QUICK}
NAMES = [*GROUPS, *scenarios.SCENARIOS]


def alone():
    """Wait until no other process uses .vm/. @return an open file that holds the lock"""
    os.makedirs(image.CACHE, exist_ok=True)
    lock = open(os.path.join(image.CACHE, ".lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("vm: waiting for another process that uses .vm/", file=sys.stderr, flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def run_scenario(name, keep):
    """@return None if it passed, else "failed" or "skipped"."""
    trial = scenarios.Trial(name, keep)
    started = time.monotonic()
    try:
        scenarios.SCENARIOS[name](trial)
    except Unavailable as reason:
        print(f"{name}: skipped: {reason}", flush=True)
        if not trial.failed:
            return "skipped"
    except (Failed, OSError) as error:
        trial.fail("unexpected", error)
    seconds = time.monotonic() - started
    count = f"{trial.passed} of {trial.passed + trial.failed} steps"
    verdict = "FAILED" if trial.failed else "passed"
    print(f"{name}: {verdict}, {count} in {seconds:.0f} s", flush=True)
    if trial.failed:
        print(f"vm: see {LOGS}/{name}*", file=sys.stderr)
    return "failed" if trial.failed else None


def scenario(text):
    """@return the scenarios that a name stands for."""
    if text not in NAMES:
        raise wrong(text, ", ".join(NAMES))
    return GROUPS.get(text, [text])


class Scenarios(Parser):
    def parse_args(self, words):
        args = super().parse_args(words)
        if not args.scenario:
            self.error("no scenario is named; allowed: " + ", ".join(NAMES))
        return args


def parser():
    p = Scenarios("vm", __doc__, "scenarios:\n" + "\n".join(
        f"  {name:14} {function.__doc__.splitlines()[0]}"
        for name, function in scenarios.SCENARIOS.items())
        + f"\n  {'quick':14} {' and '.join(scenarios.QUICK)}, as devtools/check runs them")
    # as an option of this kind, it ends the program without set-up
    p.add_argument("--list", action="version", version="\n".join(scenarios.SCENARIOS),
                   help="only print the names of the scenarios, one a line")
    p.add_argument("--keep", action="store_true",
                   help="when a step has failed, keep the guest and pass on what is typed")
    p.add_argument("scenario", nargs="*", type=scenario,
                   help="one or more of those below, all, or quick")
    return p


def run(args):
    names = list(dict.fromkeys(name for group in args.scenario for name in group))
    try:
        lock = alone()
    except OSError as error:
        sys.exit(f"vm: {error}")
    with lock:
        verdicts = [run_scenario(name, args.keep) for name in names]
    return 1 if "failed" in verdicts else SKIPPED if "skipped" in verdicts else 0
