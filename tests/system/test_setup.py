# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""devtools/setup installs all that commands, tests and documents call on a machine that has only
Debian's base.  devtools/fresh proves it on such a machine, these tests without one: they compare
set-up's list with what the files name.
"""

import ast
import glob
import importlib.util
import os
import re
import shutil
import subprocess
import sys

import programs
import pytest
from ixymin_tools import simlib

# the documents whose indented lines are commands, but for drawings
DOCUMENTS = ["README.md", "doc/real-card.md", "doc/virtual-machine.md"]

# Where a program comes from that set-up does not install
ELSEWHERE = {
    "ethtool": "for Linux's driver of a real card, or in a guest, which devtools/vm makes",
    "modprobe": "for a real card, or in a guest: who has modules of the kernel has it",
    "sudo": "for who is not root; devtools/setup says so",
}


def read(path):
    with open(os.path.join(simlib.ROOT, path)) as f:
        return f.read()


def listed(*patterns):
    return sorted(os.path.relpath(path, simlib.ROOT) for pattern in patterns
                  for path in glob.glob(os.path.join(simlib.ROOT, pattern)) if os.path.isfile(path))


def python_files():
    """{module's name: text} of commands and tests, of the files that an interpreter runs here."""
    return {os.path.basename(path).removesuffix(".py"): text
            for path in listed("devtools/*/*.py", "devtools/*/*/*.py", "tests/*/*.py")
            for text in [read(path)]}


def all_started():
    """{program: where it is started}"""
    found = {}
    for path in listed("devtools/*", ".ci/*"):
        if read(path).startswith("#!/bin/sh"):
            for name in programs.shell(read(path)):
                found.setdefault(name, path)
    for path in DOCUMENTS:
        for name in programs.document(read(path)):
            found.setdefault(name, path)
    for path in listed("meson.build", "*/*/meson.build", "*/*/*/meson.build"):
        for name in re.findall(r"find_program\('([^']*)'", read(path)):
            found.setdefault(name, path)
    return {**programs.python(python_files()), **found}


@pytest.fixture(scope="module")
def packages():
    """Those that set-up wants to be installed."""
    done = subprocess.run([os.path.join(simlib.ROOT, "devtools/setup"), "--list"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def expected(packages):
    """Packages that are there after set-up on a minimal Debian. Of what these depend on, only parts
    of the same version count, as python3-minimal is of python3: another dependency may go."""
    if shutil.which("dpkg-query") is None:
        pytest.skip("packages are Debian's")
    form = "${Package}|${Essential}|${Priority}|${Pre-Depends}, ${Depends}\n"
    said = subprocess.run(["dpkg-query", "-W", "-f", form], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    there = packages | {"apt"}
    for line in said.splitlines():
        package, essential, priority, depends = line.split("|", 3)
        if essential == "yes" or priority == "required":
            there.add(package)
        if package in packages:
            there |= set(re.findall(r"([^\s,]+) \(= ", depends))
    return there


def owners(paths):
    """@return {path: the packages that have the file}, or the file that it is a link to, as
    /usr/bin/cc and /bin/sh may be."""
    found = {}
    where = {path: path for path in paths if path}
    while where:
        # on a system where /bin is a link to /usr/bin, a package may have either
        names = {path: [now, now.removeprefix("/usr"), "/usr" + now]
                 for path, now in where.items()}
        said = subprocess.run(["dpkg-query", "-S", *sum(names.values(), [])], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        packages = {}
        for line in said.splitlines():
            who, _, name = line.rpartition(": ")
            if not line.startswith("diversion "):
                packages.setdefault(name, set()).update(p.split(":")[0] for p in who.split(", "))
        for path, now in where.items():
            found[path] = set().union(*(packages.get(name, set()) for name in names[path]))
        where = {path: os.path.join(os.path.dirname(now), os.readlink(now))
                 for path, now in where.items() if not found[path] and os.path.islink(now)}
    return found


def test_set_up_installs_what_is_started(expected):
    """Each program that devtools/, tests/ and the documents name is in a package that set-up
    installs, or in Debian's base."""
    started, missing = all_started(), []
    # not what somebody put into /usr/local or into a home
    paths = {name: shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") for name in started}
    packages_of = owners(paths.values())
    for name, where in sorted(started.items()):
        who = packages_of.get(paths[name], set())
        if "/" in name and not name.startswith("/"):  # ours: built, or in this repository
            ours = os.path.join(simlib.ROOT, name)
            if name.startswith("devtools/") and not os.access(ours, os.X_OK):
                missing.append(f"{name}, named in {where}, is not there")
        elif name.startswith("dpdk-") and "libdpdk-dev" not in expected:
            continue  # of a DPDK that was installed by hand
        elif name not in ELSEWHERE and not who & expected:
            missing.append(f"{name}, named in {where}: devtools/setup installs no package with it "
                           f"(here it is in {', '.join(who) or 'none'})")
    assert not missing, "\n".join(missing)


def test_set_up_installs_what_is_imported(expected):
    """So is each Python module that is neither ours nor of Python's library."""
    modules, missing = set(), []
    files = python_files()
    for text in files.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module.split(".")[0])
    modules -= set(sys.stdlib_module_names) | {"ixymin_tools", *files}
    assert {"pytest", "scapy", "elftools"} <= modules
    specs = {name: importlib.util.find_spec(name) for name in modules}
    paths = {name: spec and spec.origin for name, spec in specs.items()}
    packages_of = owners(paths.values())
    for name, path in sorted(paths.items()):
        if not packages_of.get(path, set()) & expected:
            missing.append(f"{name}: {path}")
    assert not missing


def test_what_is_started_is_found():
    """Of each kind of place one, or the tests above would be content with nothing."""
    found = all_started()
    assert set(found) > {
        "flock", "apt-get", "dpkg-deb", "dpkg-source", "tar",  # scripts
        "/bin/sh", "/usr/bin/python3",  # their first lines
        "meson", "ninja", "clang", "pkg-config",
        "git", "ip", "nm", "dpdk-pmdinfo.py", "cloc", "setpriv", "dpdk-testpmd", "mount",  # Python
        "lspci", "dpdk-devbind.py", "nc", "devtools/vm"}  # documents
    assert set(ELSEWHERE) <= set(found)


def test_the_dependencies_are_documented(packages):
    """README's table has a reason for each package that set-up installs."""
    table = read("README.md").split("## Dependencies")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z][^|]*) \| ([^|]+) \|$", table, re.MULTILINE)[1:]
    named = [package for row, _ in rows for package in row.split(", ")]
    assert sorted(named) == sorted(packages | {"libdpdk-dev", "dpdk-dev", "dpdk"})


@pytest.mark.parametrize("text, names", [
    ("#!/bin/sh\nset -eu\na b; c && d || e | f & g", "/bin/sh a c d e f g"),
    ("A=1 B='x y' a\nA=`b` C=$(c $(d))", "a b c d"),
    ('a "$(b "c $(d)")" \'$(e)\' "\\$(f)"', "a b d"),
    ("if a; then b; elif ! c; then\nd\nelse e; fi >f", "a b c d e"),
    ("for i in a b; do c \"$i\"; done <d 2>/dev/null\nwhile a; do b; done", "a b c"),
    ("case $(a) in\n'' | b*) c ;;\n(d) e; f ;;\n*) (g) ;;\nesac; h", "a c e f g h"),
    ("a() { b; }\na c\nd()\n{\n\te\n}", "b e"),
    ("a <<END b\nc \"d $(e)\nEND\nf <<'END'\n$(g)\nEND\nh", "a e f h"),
    ("a # b\n\\\nc \\\n d", "a c"),
    ("exec a b\ncommand -v c\nenv -i A=b d\nsudo -u x e\nnice -n 9 f", "a c env d sudo e nice f"),
    ("flock -n 9\nexec 9>a\nflock -w 5 b c\nexec sudo -- d e\nsetpriv --pdeathsig KILL -- f",
     "flock c sudo d setpriv f"),
    ("CC=clang a -c\nsh -c 'b; c'", "clang a sh b c"),
    ("a $((1 + (2))) ${b:-$(c)} ${d#*)}; e", "a c e"),
    ("[ -x a ] && $here/b && \"$c/d\"", "$here/b $c/d"),
])
def test_programs_of_a_script(text, names):
    assert set(programs.shell(text)) == set(names.split())


@pytest.mark.parametrize("text", ["$a b", '"$(a)" b'])
def test_programs_of_a_script_that_cannot_be_told(text):
    with pytest.raises(programs.Unknown):
        list(programs.shell(text))


def test_programs_of_a_document():
    text = ("Text, `a`\n\n    b c | d\n    devtools/e     Linux's f, and g\n    h\n\nText\n\n"
            "    an i\n      |   j\n")
    assert set(programs.document(text)) == {"b", "d", "devtools/e", "h"}


@pytest.mark.parametrize("text, names", [
    ("subprocess.run(['a', 'b'])\nsubprocess.Popen(('c',))", "a c"),
    ("def f(*x): return subprocess.run(x)\ndef g(*y): f('a', *y)\nf('b')\ng('c')", "a b"),
    ("def f(x): subprocess.run(x)\nf(['a'] + ['b'])\nf(['c', *d])", "a c"),
    ("W = ['a', '-x', '--']\nsubprocess.run(W + ['b'])\nsubprocess.run([*W, 'c'])", "a b c"),
    ("class C:\n  def __init__(self, p): self.v = [p]\n"
     "  def go(self): subprocess.Popen(self.v + ['x'])\n"
     "class D(C):\n  def __init__(self): super().__init__('a')\nC('b')", "a b"),
    ("def f(p): return [p], 1\nx, y = f('a')\nsubprocess.run(x)", "a"),
    ("subprocess.run([os.path.join(R, 'devtools/a')])\nsubprocess.run([r / 'b'])\n"
     "subprocess.run([f'{r}/c'])", ""),
    ("subprocess.run(['a'] if b else [sys.executable])", "a /usr/bin/python3"),
    ("def run(x): subprocess.run(['a'])\nthing.run('b')\nrun('c')", "a"),
])
def test_programs_of_python(text, names):
    assert set(programs.python({"m": text})) == set(names.split())


@pytest.mark.parametrize("text", [
    "subprocess.run(x)", "def f(x): subprocess.run(x)", "subprocess.run([f'{a}b'])",
    "os.system('a')",
    "subprocess.run([os.path.join('/usr/bin', x)])", "for x in y: subprocess.run([x])"])
def test_programs_of_python_that_cannot_be_told(text):
    with pytest.raises(programs.Unknown):
        programs.python({"m": text})
