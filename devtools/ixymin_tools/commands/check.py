# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Sets up (devtools/setup), builds with gcc and with clang with warnings as errors, runs
the unit tests of both builds, the system tests and the quick scenarios in a virtual machine
(devtools/vm), and closes with 'N passed, N failed, N skipped'.  Exit code 0 only if nothing failed.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from ixymin_tools.arguments import Parser
from ixymin_tools.simlib import ROOT

PREPARE = "setup"
BUILDS = {"build": "gcc", "build-clang": "clang"}


def call(*command, **environment):
    """@return whether the command succeeded; what it prints goes to stderr."""
    print("check: " + " ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, cwd=ROOT, stdout=sys.stderr,
                          env=dict(os.environ, **environment)).returncode == 0


def build(folder, compiler):
    os.makedirs(os.path.join(ROOT, folder), exist_ok=True)
    with open(os.path.join(ROOT, folder, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # devtools/build may be building
        if os.path.exists(os.path.join(ROOT, folder, "build.ninja")):
            ready = call("meson", "configure", "-Dwerror=true", folder)
        else:  # perhaps there is something of a setup that was interrupted
            shutil.rmtree(os.path.join(ROOT, folder, "meson-private"), ignore_errors=True)
            ready = call("meson", "setup", "-Dwerror=true", folder, CC=compiler)
        return ready and call("ninja", "-C", folder)


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def fail(self, what):
        print("check: FAILED: " + what, file=sys.stderr)
        self.failed += 1

    def add_report(self, report, succeeded):
        """Count a JUnit report; a program that failed must not go unnoticed for want of one."""
        failed = tests = skipped = 0
        if os.path.exists(report):
            for suite in xml.etree.ElementTree.parse(report).iter("testsuite"):
                tests += int(suite.get("tests"))
                failed += int(suite.get("failures")) + int(suite.get("errors"))
                skipped += int(suite.get("skipped"))
        self.passed += tests - failed - skipped
        self.failed += failed
        self.skipped += skipped
        if tests == 0 or not succeeded and failed == 0:
            self.fail(f"no report of tests run in {report}" if tests == 0 else f"see {report}")


def parser():
    p = Parser("check", __doc__)
    which = p.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true",
                       help="leave out virtual machines and tests marked as slow")
    which.add_argument("--all", action="store_true",
                       help="do not leave out tests marked as very slow")
    return p


def run(args):
    totals = Totals()
    for folder, compiler in BUILDS.items():
        if not build(folder, compiler):
            totals.fail(f"the build with {compiler}")
            continue
        report = os.path.join(ROOT, folder, "meson-logs/testlog.junit.xml")
        if os.path.exists(report):
            os.unlink(report)
        succeeded = call("meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs")
        totals.add_report(report, succeeded)
    if os.path.exists(os.path.join(ROOT, "build/dpdk-l2fwd")):
        left_out = "not slow and not very_slow" if args.quick else "not very_slow"
        which = [] if args.all else ["-m", left_out]
        for kind in ["system"] if args.quick else ["system", "vm"]:
            report = os.path.join(ROOT, f"build/{kind}-tests.xml")
            if os.path.exists(report):
                os.unlink(report)
            succeeded = call("/usr/bin/python3", "-m", "pytest", "-v", "--junit-xml", report,
                             "tests/" + kind, *which)
            totals.add_report(report, succeeded)
    else:
        print("check: the tests on DPDK and in virtual machines were not run", file=sys.stderr)
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return 1 if totals.failed else 0
