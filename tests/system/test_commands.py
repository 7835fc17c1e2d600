# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The commands: what they say, and at bad moments: killed, or two at a time."""

import fcntl
import glob
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest
from ixymin_tools import simlib
from ixymin_tools.commands import check

DEVTOOLS = os.path.join(simlib.ROOT, "devtools")

FORWARDS = """
import sys
from ixymin_tools import simlib
with simlib.L2fwd([simlib.sim(i, "net_ixymin", wire="gen:window=64") for i in range(2)]) as app:
    print(app.process.pid, app.runtime, flush=True)
    sys.stdin.read()
"""


def test_programs_end_with_a_command_that_was_killed():
    """l2fwd would go on for ever, with a processor of its own and its memory."""
    command = subprocess.Popen([sys.executable, "-c", FORWARDS], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, PYTHONPATH=DEVTOOLS))
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


def test_signals_that_a_shell_ignores():
    """A shell ignores signals for what it runs in the background. Programs under test get them."""
    code = ("import signal, subprocess; from ixymin_tools import simlib; "
            "program = subprocess.Popen([*simlib.WITH_US, 'sleep', '60']); "
            "program.send_signal(signal.SIGINT); print(program.wait())")
    said = subprocess.run(
        ["sh", "-c", "trap '' INT QUIT; exec /usr/bin/python3 -c \"$1\"", "sh", code],
        env=dict(os.environ, PYTHONPATH=os.path.join(simlib.ROOT, "devtools")),
        stdout=subprocess.PIPE, text=True, timeout=100)
    assert said.stdout == f"{-signal.SIGINT}\n"


@pytest.mark.parametrize("command, lock", [("setup", ".dpdk/.lock"), ("build", "build/.lock")])
def test_two_at_a_time_wait_for_each_other(tmp_path, command, lock):
    """In a fresh clone both would unpack and set up the same folder."""
    shutil.copytree(DEVTOOLS, tmp_path / "devtools")
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
    def call(*command, **_):
        with open(tmp_path / "build/.lock", "w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ran.append(command[0])
        return True
    ran = []
    monkeypatch.setattr(check, "ROOT", str(tmp_path))
    monkeypatch.setattr(check, "call", call)
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


COMMANDS = [name for name in sorted(os.listdir(DEVTOOLS))
            if os.access(os.path.join(DEVTOOLS, name), os.X_OK | os.R_OK)
            and os.path.isfile(os.path.join(DEVTOOLS, name))]


@pytest.fixture
def clone(tmp_path):
    """A folder with the commands."""
    for folder in "devtools", "tests/vm":
        shutil.copytree(os.path.join(simlib.ROOT, folder), tmp_path / folder, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def files(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder)
                  for name in names)


def call(clone, command, *arguments, path=os.environ["PATH"]):
    """Run a command of a clone."""
    return subprocess.run([clone / "devtools" / command, *arguments], capture_output=True,
                          text=True, env=dict(os.environ, PATH=path, PYTHONDONTWRITEBYTECODE="1"))


@pytest.mark.parametrize("builds", [True, False])
@pytest.mark.parametrize("command", ["quickstart", "compare", "vm"])
def test_what_is_run_was_built_just_before(clone, command, builds):
    """An edit reaches the run; after a build that failed nothing runs, not even what is there."""
    (clone / "devtools/build").write_text(f"#!/bin/sh\necho build; {str(builds).lower()}\n")
    with open(clone / f"devtools/ixymin_tools/commands/{command}.py", "a") as f:
        f.write("\ndef run(args):\n    os.write(1, b'run')\n    return 0\n")
    old = clone / "build/app/sim82599/sim82599-vfio-user"
    old.parent.mkdir(parents=True)
    old.touch(0o755)
    done = call(clone, command, *(["all"] if command == "vm" else []))
    assert done.stdout == ("build\nrun" if builds else "build\n"), done.stderr
    assert (done.returncode == 0) == builds


@pytest.fixture
def only_python(tmp_path):
    """A PATH for a machine on which set-up has never run: a shell's basic programs, and Python."""
    folder = tmp_path / "only-python"
    folder.mkdir()
    for name in "sh", "cat", "dirname":
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(clone, only_python, command):
    """It tells how to use the command, and neither sets up nor builds anything; it needs no program
    that set-up installs."""
    before = files(clone)
    done = call(clone, command, "--help", path=only_python)
    assert done.returncode == 0, done.stderr
    assert re.match(rf"usage: (devtools/)?{command}\b", done.stdout) and not done.stderr
    assert files(clone) == before


IN_PYTHON = [name for name in COMMANDS if os.path.islink(os.path.join(DEVTOOLS, name))]


@pytest.mark.parametrize("command", IN_PYTHON)
def test_without_python(clone, command):
    """--help says that it needs Python. Without --help, set-up installs Python first."""
    wrapper = clone / "devtools/ixymin_tools/command"
    wrapper.write_text(wrapper.read_text().replace("/usr/bin/python3", str(clone / "python3")))
    (clone / "devtools/setup").write_text(
        f"#!/bin/sh\nprintf '#!/bin/sh\\necho \"$@\"\n' >'{clone}/python3'; "
        f"chmod +x '{clone}/python3'\n")
    done = call(clone, command, "--help")
    assert done.returncode == 1 and not done.stdout
    assert done.stderr == (f"{command}: --help needs {clone}/python3; "
                           "devtools/setup installs it\n")
    done = call(clone, command, "a", "b c")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{clone}/devtools/ixymin_tools {command} a b c\n"


@pytest.mark.parametrize("command, arguments, said", [
    ("build", ["all"], "'all' is wrong; allowed: --help"),
    ("check", ["--slow"], "'--slow' is wrong; allowed: -h, --help, --quick, --all"),
    ("check", ["quick"], "'quick' is wrong; allowed: -h, --help, --quick, --all"),
    ("bench", ["--burst", "32,257"], "argument --burst: '257' is wrong; allowed: 1 to 256"),
    ("bench", ["--ring", "100"],
     "argument --ring: '100' is wrong; allowed: multiples of 32, 64 to 4096"),
    ("bench", ["--offloads", "none,lro"],
     "argument --offloads: 'lro' is wrong; allowed: none, rx, vlan, txcsum, tso"),
    ("bench", ["--state", "cold"], "argument --state: 'cold' is wrong; allowed: warm, l3"),
    ("bench", ["--rounds", "1"], "argument --rounds: '1' is wrong; allowed: 20 to 1000000"),
    ("compare", ["--rounds=0"], "argument --rounds: '0' is wrong; allowed: 1 to "),
    ("compare", ["--seconds", "nan"],
     "argument --seconds: 'nan' is wrong; allowed: a number above"),
    ("compare", ["--burst", "513"], "argument --burst: '513' is wrong; allowed: 1 to 512"),
    ("compare", ["--ring", "100"],
     "argument --ring: '100' is wrong; allowed: multiples of 8, 64 to"),
    ("compare", ["--near", "-1"], "argument --near: '-1' is wrong; allowed: 0 to"),
    ("compare", ["--csv", "/proc/x"],
     "argument --csv: '/proc/x' is wrong; allowed: a file that can"),
    ("compare", ["--rxq=2", "--", "--txq=2"], "'--rxq=2' is wrong; allowed: -h, --help, --rounds"),
    ("debs", [], "no suite is named; allowed: [--source] SUITE FOLDER PACKAGE"),
    ("debs", ["trixie", "folder"], "no package is named; allowed: "),
    ("debs", ["--sources", "trixie"], "'--sources' is wrong; allowed: "),
    ("debs", ["--list", "trixie", "folder"], "'folder' is too much; allowed: "),
    ("fresh", ["sid"], "'sid' is wrong"),
    ("fresh", ["--bookworm"], "'--bookworm' is wrong"),
    ("fresh", ["trixie", "bookworm"], "'bookworm' is too much"),
    ("fresh", ["trixie", "devtools/build"], "'devtools/build' is wrong"),
    ("fresh", ["--source"], "--source '' is no source tree"),
    ("fresh", ["--source", "/proc", "trixie"], "--source '/proc' is no source tree"),
    ("fresh", ["trixie", "--"], "there is no command after --"),
    ("fuzz", ["--seconds", "1.5"], "--seconds '1.5' is wrong; allowed: 1, 2, ..."),
    ("fuzz", ["rings"], "'rings' is wrong; allowed: --seconds, --help, parser, registers"),
    ("loc", ["--xml"], "'--xml' is wrong; allowed: -h, --help, --dpdk, --json"),
    ("loc", ["--dpdk", "/proc"],
     "argument --dpdk: '/proc' is wrong; allowed: a source tree of DPDK"),
    ("quickstart", ["--packets", "1G"], "argument --packets: '1G' is wrong; allowed: a number of"),
    ("quickstart", ["--packets"], "argument --packets: expected one argument"),
    ("quickstart", ["--rate", "half"], "argument --rate: invalid choice: 'half' (choose from"),
    ("quickstart", ["--driver", "ixgbe"],
     "argument --driver: invalid choice: 'ixgbe' (choose from"),
    ("setup", ["--lists"], "'--lists' is wrong; allowed: --list, --help"),
    ("setup", ["--list", "all"], "'all' is wrong; allowed: --list, --help"),
    ("without", ["nothing"], "argument FEATURE: 'nothing' is wrong; allowed: rss, vlan, module"),
    ("versions", ["24"], "argument VERSION: '24' is wrong; allowed: a release of DPDK such as"),
    ("versions", ["--compiler", "cc"], "argument --compiler: invalid choice: 'cc' (choose from"),
    ("versions", ["--source", "/proc"],
     "argument --source: '/proc' is wrong; allowed: VERSION=FOLDER"),
    ("versions", ["--source", "24.11=/proc"],
     "argument --source: '24.11=/proc' is wrong; allowed: 24.11=FOLDER with a source tree"),
    ("vm", [], "no scenario is named; allowed: all, quick, linux-ixgbe"),
    ("vm", ["quick", "linux"],
     "argument scenario: 'linux' is wrong; allowed: all, quick, linux-ixgbe"),
    ("vm", ["--lists", "all"], "'--lists' is wrong; allowed: -h, --help, --list, --keep")])
def test_wrong_arguments(clone, command, arguments, said):
    """They are told before set-up and build begin: none of the programs that these start runs."""
    programs = clone / "programs"
    programs.mkdir()
    for name in "apt-get", "dpkg-query", "flock", "meson", "ninja", "sudo":
        (programs / name).write_text(f"#!/bin/sh\n: >'{clone}/has-run'; exit 1\n")
        (programs / name).chmod(0o755)
    before = files(clone)
    done = call(clone, command, *arguments, path=f"{programs}:{os.environ['PATH']}")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"{command}: {said}") and not done.stdout
    assert done.stderr.count("\n") == 1
    assert files(clone) == before


def test_wrong_arguments_of_each_command():
    marks = {mark.name: mark for mark in test_wrong_arguments.pytestmark}
    assert {command for command, *_ in marks["parametrize"].args[1]} == set(COMMANDS)


def test_no_command_imports_another():
    """The package has the code that commands share, and imports no command."""
    sources = glob.glob(os.path.join(DEVTOOLS, "ixymin_tools/**/*.py"), recursive=True)
    assert len(sources) > len(IN_PYTHON)
    for path in sources:
        with open(path) as f:
            assert not re.search(r"^\s*(from|import) .*\bcommands\b", f.read(), re.MULTILINE), path


# in the place of mmdebstrap: a root with this machine's programs, read-only
ROOT = """#!/bin/sh
set -e
for root; do [ "${root%/root}" = "$root" ] || break; done
mkdir -p "$root/usr/sbin"
cd "$root"
mkdir dev etc proc root run sys tmp
for dir in bin lib lib64; do
	mkdir usr/$dir
	ln -s usr/$dir $dir
	mount --bind /usr/$dir usr/$dir
	mount -o remount,bind,ro usr/$dir
done
"""


class Fresh:
    """devtools/fresh of a small repository."""

    def __init__(self, clone):
        self.clone = clone
        (clone / "bin").mkdir()
        (clone / "bin/mmdebstrap").write_text(ROOT)
        (clone / "devtools/debs").write_text("#!/bin/sh\necho deb http://localhost $2 main\n")
        (clone / "bin/mmdebstrap").chmod(0o755)
        shutil.copy(os.path.join(simlib.ROOT, ".gitignore"), clone)
        for words in ["init", "-q"], ["add", "devtools", ".gitignore"], [
                "-c", "user.name=test", "-c", "user.email=test", "commit", "-q", "-m", "all"]:
            subprocess.run(["git", "-C", clone, *words], check=True)

    def start(self, script, *arguments):
        # a shell cannot catch what was ignored when it began, as SIGINT is of what "&" starts
        return subprocess.Popen(
            ["env", "--default-signal=INT", self.clone / "devtools/fresh", *arguments, "trixie",
             "--", "sh", "-c", script],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env=dict(os.environ, PATH=f"{self.clone}/bin:{os.environ['PATH']}"))

    def left(self):
        """What is left on the disk."""
        return [name for name in os.listdir(self.clone / ".fresh") if name != ".lock"]


@pytest.fixture
def fresh(clone):
    able = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False)
    if os.geteuid() != 0 or able.returncode != 0:
        pytest.skip("namespaces need root")
    return Fresh(clone)


def test_fresh_runs_what_is_committed(fresh):
    """In the clone, with its exit code, and where it can set nothing of this machine; then all is
    gone."""
    running = fresh.start("pwd; ls; [ -w . ] && [ ! -w /proc/sys/vm/nr_hugepages ] &&"
                          "[ ! -w /sys/kernel/mm ] && [ $(ls -d /proc/[0-9]* | wc -l) -lt 10 ] &&"
                          "unshare --mount --pid --fork true && exit 7")
    out, err = running.communicate()
    assert running.returncode == 7, err
    assert out.split() == ["/root/ixymin", "devtools"]
    assert "not committed stays out" in err  # bin/ and others
    assert fresh.left() == []


def test_fresh_has_a_source_tree_that_is_named(fresh):
    """As devtools/setup takes it; it stays as it is."""
    (fresh.clone / "tree").mkdir()
    (fresh.clone / "tree/VERSION").write_text("24.11.6\n")
    running = fresh.start("cat .dpdk/source/VERSION; readlink .dpdk/source; [ ! -w .dpdk/source ]",
                          "--source", fresh.clone / "tree")
    out, err = running.communicate()
    assert running.returncode == 0, err
    assert out.split() == ["24.11.6", "/root/dpdk"]
    assert os.listdir(fresh.clone / "tree") == ["VERSION"]


class Sleepers:
    """Processes that would go on for years, which this test knows by their argument."""

    def __init__(self):
        self.name = str(10**9 + os.getpid())

    def alive(self):
        found = []
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as f:
                    found += [int(pid)] if f.read() == f"sleep\0{self.name}\0" else []
            except OSError:
                pass  # it has ended
        return found

    def wait(self, count):
        """@return whether this number of processes is alive, soon."""
        deadline = time.monotonic() + 10
        while len(self.alive()) != count and time.monotonic() < deadline:
            time.sleep(0.02)
        return len(self.alive()) == count


@pytest.fixture
def sleepers():
    them = Sleepers()
    yield them
    for pid in them.alive():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_fresh_takes_all_along(fresh, sleepers, number):
    """No process outlives it, and no folder: if it was killed, the next one removes its folder."""
    name = sleepers.name
    running = fresh.start(f"sleep {name} & setsid sleep {name} & echo ready; wait")
    assert running.stdout.readline() == "ready\n"
    assert sleepers.wait(2) and len(fresh.left()) == 1
    running.send_signal(number)
    assert running.wait(simlib.PATIENCE) == (-number if number == signal.SIGKILL else 128 + number)
    assert sleepers.wait(0)
    if number == signal.SIGKILL:
        assert len(fresh.left()) == 1
        fresh.start("true").wait(simlib.PATIENCE)
    assert fresh.left() == []
