# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The commands at bad moments: killed, or two at a time."""

import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import time

import check
import pytest
import simlib

FORWARDS = """
import simlib, sys
with simlib.L2fwd([simlib.sim(i, "net_ixymin", wire="gen:window=64") for i in range(2)]) as app:
    print(app.process.pid, app.runtime, flush=True)
    sys.stdin.read()
"""


def test_programs_end_with_a_command_that_was_killed():
    """l2fwd would go on for ever, with a processor of its own and its memory."""
    command = subprocess.Popen([sys.executable, "-c", FORWARDS], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, PYTHONPATH=os.path.dirname(simlib.__file__)))
    with command:
        pid, runtime = command.stdout.readline().split()
        watched = os.pidfd_open(int(pid))
        command.kill()
    ended = select.select([watched], [], [], simlib.PATIENCE)[0]
    if not ended:
        os.kill(int(pid), 9)
    os.close(watched)
    shutil.rmtree(runtime, ignore_errors=True)
    assert ended


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """In the place of the kernel's count of huge pages, all of which are free: a file."""
    count = tmp_path / "nr_hugepages"
    monkeypatch.setattr(simlib, "HUGE", str(count))
    monkeypatch.setattr(simlib, "free_hugepages", lambda: 2 * int(count.read_text()))
    return count


def test_two_at_a_time_give_back_their_huge_pages(pages):
    pages.write_text("3")
    first, second = simlib.HugePages(print), simlib.HugePages(print)
    with first:
        assert pages.read_text() == str(3 + simlib.HUGE_PAGES)
        pages.write_text("100")  # of which others have taken some away
        second.__enter__()
        assert pages.read_text() == str(100 + simlib.HUGE_PAGES)
    assert pages.read_text() == "100"
    second.__exit__()
    assert pages.read_text() == "0"


def test_huge_pages_are_given_back_by_who_is_ended_while_it_takes_them(pages, monkeypatch):
    def end(self):
        reserve(self)
        raise SystemExit
    reserve = simlib.HugePages._reserve
    monkeypatch.setattr(simlib.HugePages, "_reserve", end)
    pages.write_text("7")
    with pytest.raises(SystemExit), simlib.HugePages(print):
        pass
    assert pages.read_text() == "7"


@pytest.mark.parametrize("command, lock", [("setup", ".dpdk/.lock"), ("build", "build/.lock")])
def test_two_at_a_time_wait_for_each_other(tmp_path, command, lock):
    """In a fresh clone both would unpack and set up the same folder."""
    devtools = os.path.join(simlib.ROOT, "devtools")
    shutil.copytree(devtools, tmp_path / "devtools")
    if command == "build":
        (tmp_path / "devtools/setup").write_text("#!/bin/sh\n")
    (tmp_path / lock).parent.mkdir()
    with open(tmp_path / lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen([tmp_path / "devtools" / command], stderr=subprocess.PIPE,
                                  text=True, start_new_session=True)
        said = second.stderr.readline()
        time.sleep(0.5)
        waits = second.poll() is None
        os.killpg(second.pid, signal.SIGKILL)
        second.communicate()
    assert "waiting" in said and waits


def test_check_builds_while_no_other_one_does(tmp_path, monkeypatch):
    def run(*command, **_):
        with open(tmp_path / "build/.lock", "w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ran.append(command[0])
        return True
    ran = []
    monkeypatch.setattr(check, "ROOT", str(tmp_path))
    monkeypatch.setattr(check, "run", run)
    assert check.build("build", "gcc") and ran == ["meson", "ninja"]


def test_lists_of_packages_that_cannot_be_fetched_are_told(tmp_path):
    """apt itself takes a mirror that does not answer for one that has no source packages."""
    config = tmp_path / "apt.conf"
    config.write_text('Acquire::http::Proxy "http://127.0.0.1:9"; Acquire::Retries 0;')
    done = subprocess.run([os.path.join(simlib.ROOT, "devtools/debs"), "--source", "system",
                           str(tmp_path / "unpacked"), "dpdk"], stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, APT_CONFIG=str(config)))
    assert done.returncode == 1
    assert "debs: the lists of system could not be fetched" in done.stderr


@pytest.mark.parametrize("builds", [True, False])
@pytest.mark.parametrize("command", ["quickstart", "compare", "vm"])
def test_what_is_run_was_built_just_before(tmp_path, command, builds):
    """An edit reaches the run; after a build that failed there is none, not even of what is there."""
    devtools = tmp_path / "devtools"
    devtools.mkdir()
    shutil.copy(os.path.join(simlib.ROOT, "devtools", command), devtools)
    (devtools / "build").write_text(f"#!/bin/sh\necho build; {str(builds).lower()}\n")
    (devtools / "build").chmod(0o755)
    (devtools / f"{command}.py").write_text("import sys; print('run', *sys.argv[1:])\n")
    old = tmp_path / "build/app/sim82599/sim82599-vfio-user"
    old.parent.mkdir(parents=True)
    old.touch(0o755)
    done = subprocess.run([devtools / command, "all"], stdout=subprocess.PIPE, text=True)
    assert done.stdout == ("build\nrun all\n" if builds else "build\n")
    assert (done.returncode == 0) == builds
