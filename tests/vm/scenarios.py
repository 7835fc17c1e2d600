# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The scenarios of devtools/vm by name, and what they have in common: steps."""

import contextlib
import os
import sys
import time

import dpdk
import image
import linux
from guest import Failed, Guest


class Trial:
    """One scenario on trial. A step that fails is told, and the next one is tried."""

    def __init__(self, name, keep=False):
        self.name = name
        self.keep = keep
        self.guest = None  # of this moment, for keep
        self.passed = self.failed = 0
        self.whole = None  # what this is a part of

    def part(self, name):
        """A trial of its own name that counts as this one."""
        part = Trial(f"{self.name}-{name}", self.keep)
        part.whole = self
        return part

    def boot(self, tree, card, cmdline="", deadline=600, cpus=2):
        """@return the guest, to be used by `with`."""
        print(f"vm: {self.name}: boot", file=sys.stderr, flush=True)
        initrd = tree.write(os.path.join(image.CACHE, self.name + ".cpio"))
        self.guest = Guest(self.name, initrd, card.devices(), cmdline, deadline, cpus)
        return self.guest

    def count(self, passed, failed):
        self.passed += passed
        self.failed += failed
        if self.whole is not None:
            self.whole.count(passed, failed)

    @contextlib.contextmanager
    def step(self, what):
        print(f"vm: {self.name}: {what}", file=sys.stderr, flush=True)
        started = time.monotonic()
        facts = []  # to be told with the result
        try:
            yield facts
        except Failed as error:
            self.fail(what, error)
            return
        self.count(1, 0)
        told = "; ".join([what] + facts)
        print(f"{self.name}: ok: {told} ({time.monotonic() - started:.1f} s)", flush=True)

    def fail(self, what, error):
        self.count(0, 1)
        print(f"{self.name}: FAILED: {what}: {error}", flush=True)
        if self.keep and self.guest is not None:
            self.talk()

    def talk(self):
        """Pass on what is typed to the guest that is there."""
        print("vm: the guest's shell; end of file (Ctrl-D) goes on", file=sys.stderr)
        for line in sys.stdin:
            try:
                print(self.guest.call(line.rstrip())[0])
            except Failed as error:
                print(error)


SCENARIOS = {
    "linux-ixgbe": linux.ixgbe,
    "linux-intx": linux.intx,
    "linux-msi": linux.msi,
    "dpdk-vfio": dpdk.vfio,
    "unprivileged": dpdk.unprivileged,
    "isolation": linux.isolation,
    "spinning": dpdk.spinning,
    "hand-over": dpdk.hand_over,
}
# of a minute each at most, and with both kinds of driver
QUICK = ["isolation", "unprivileged"]
