# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The software 82599 in a virtual machine, judged by drivers that nobody here wrote.

Boots small guests under QEMU, without root and without KVM, from Debian packages that are
unpacked into .vm/ and never installed; the card in the guest is build/.../sim82599-vfio-user.
One line for each step and each scenario on stdout, progress on stderr; what guest, kernel and
card said is kept in .vm/logs/.

Exit code 0 if all passed, 1 if something failed, 77 if nothing failed and something was skipped
(QEMU 11 or something else that is needed cannot be had).
"""

import argparse
import fcntl
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests/vm"))

try:
    import image
    import scenarios
    import simlib
    from guest import LOGS, Failed
    from image import Unavailable
except ImportError as error:
    sys.exit(f"vm: {error}; devtools/setup installs what is missing")

SKIPPED = 77


def alone():
    """Wait till no other one is at work in .vm/. @return what keeps it so while it is open"""
    os.makedirs(image.CACHE, exist_ok=True)
    lock = open(os.path.join(image.CACHE, ".lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("vm: another one is at work here: waiting for it", file=sys.stderr, flush=True)
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


def main():
    parser = argparse.ArgumentParser(
        prog="vm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios:\n" + "\n".join(
            f"  {name:14} {function.__doc__.splitlines()[0]}"
            for name, function in scenarios.SCENARIOS.items())
        + f"\n  {'quick':14} {' and '.join(scenarios.QUICK)}, as devtools/check runs them")
    parser.add_argument("--list", action="store_true", help="only names, one a line")
    parser.add_argument("--keep", action="store_true",
                        help="when a step has failed, keep the guest and pass on what is typed")
    parser.add_argument("scenario", nargs="*", help="one or more of those below, all, or quick")
    args = parser.parse_args()
    if args.list:
        print("\n".join(scenarios.SCENARIOS))
        return 0
    if not args.scenario:
        parser.print_usage(sys.stderr)
        return 2
    names = []
    for name in args.scenario:
        group = {"all": list(scenarios.SCENARIOS), "quick": scenarios.QUICK}.get(name, [name])
        if not set(group) <= set(scenarios.SCENARIOS):
            parser.error(f"no scenario '{name}'; there are all, quick, "
                         + ", ".join(scenarios.SCENARIOS))
        names += [new for new in group if new not in names]
    simlib.end_orderly()
    try:
        lock = alone()
    except OSError as error:
        sys.exit(f"vm: {error}")
    with lock:
        verdicts = [run_scenario(name, args.keep) for name in names]
    return 1 if "failed" in verdicts else SKIPPED if "skipped" in verdicts else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
