# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Builds both plugins for another release of DPDK, which comes from another suite of Debian, or is
built from a source tree.
"""

import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys

from ixymin_tools import simlib

DPDK = os.path.join(simlib.ROOT, ".dpdk")
SUITES = {"22.11": "bookworm", "24.11": "trixie", "25.11": "forky"}
# DPDK itself, and the libraries that this repository is built with
PACKAGES = ["dpdk", "dpdk-dev", "libdpdk-dev", "libzydis-dev", "libpcap-dev", "libcmocka-dev",
            "libc6-dev"]
LIBRARIES = "usr/lib/x86_64-linux-gnu"  # below the folder of a suite, or of a DPDK that was built
# The parts of a source tree to build: testpmd, net_ixgbe, and the libraries that l2fwd and
# l3fwd-power call. The libraries are shared ones: with a testpmd that contains EAL, each plugin
# would register EAL's lists once more. Options that a release does not have are omitted; a release
# ignores names of drivers and libraries that it does not have.
DPDK_OPTIONS = {
    "default_library": "shared",
    "tests": "false",
    "enable_apps": "test-pmd",
    "enable_driver_sdk": "true",
    "enable_drivers": "net/ixgbe,net/intel/ixgbe",
    "enable_libs": "cryptodev,lpm,metrics,power,rcu,security,stack,timer",
}
# the newest release that the plugins are for, where no suite of Debian has it yet
NEWEST = "26.07"
PLUGINS = ["drivers/net/ixymin/librte_net_ixymin.so", "app/sim82599/librte_sim82599.so"]


class Unavailable(Exception):
    """Packages or driver headers are not available here."""


def say(text):
    print("versions: " + text, file=sys.stderr, flush=True)


def run(*command, **more):
    """@return whether a command succeeded; what it prints goes to stderr."""
    return subprocess.run(command, cwd=simlib.ROOT, stdout=sys.stderr, **more).returncode == 0


def release_of(number):
    """24.11.4 -> 24.11"""
    return ".".join(number.split(".")[:2])


def installed():
    """The installed DPDK's version, or None."""
    if shutil.which("pkg-config") is None:  # set-up installs it
        return None
    asked = subprocess.run(["pkg-config", "--modversion", "libdpdk"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
    return asked.stdout.strip() if asked.returncode == 0 else None


def read(path):
    """A file's text, "" if there is none."""
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def is_source(tree, release):
    """Is it a source tree of this release of DPDK?"""
    return release_of(read(os.path.join(tree, "VERSION"))) == release


def built():
    """Releases that were built from a source tree, or have one."""
    found = glob.glob(DPDK + "/built-*/.made-of") + glob.glob(DPDK + "/source-*")
    return {re.search(r"(?:built|source)-([^/]*)", path)[1] for path in found} - set(SUITES)


def there():
    """Releases that are installed, built, or in a suite of Debian; the oldest first."""
    own = installed()
    return sorted({*SUITES, *built(), *([release_of(own)] if own else [])})


class Version:
    """A release of DPDK and our plugins for it: the one installed, one in a suite of Debian, or one
    that was built from its source tree."""

    def __init__(self, release, compiler="gcc"):
        self.release, self.compiler = release, compiler
        self.number = installed()  # that of another suite: see fetch()
        self.suite = None
        if self.number is None or release_of(self.number) != release:
            self.suite = SUITES.get(release, "built-" + release)
        self.root = os.path.join(DPDK, self.suite) if self.suite else None
        self.source = os.path.join(DPDK, "source-" + release if self.suite else "source")
        self.is_built = self.suite is not None and release not in SUITES
        self.folder = os.path.join(
            simlib.ROOT, f"build-{release}" if compiler == "gcc" else f"build-{compiler}-{release}")

    def set_source(self, tree):
        """Take the driver headers from this source tree, now and later."""
        if not is_source(tree, self.release):
            raise Unavailable(f"{tree} is no source tree of DPDK {self.release}")
        if os.path.islink(self.source):
            os.unlink(self.source)
        os.makedirs(DPDK, exist_ok=True)
        os.symlink(os.path.abspath(tree), self.source)

    def fetch(self):
        """Headers and programs of a version that is not the installed one; quick if they are there.
        The driver headers come first: those may not be had.
        """
        if self.suite is None:
            return
        if self.is_built:
            self.make()
            return
        if not os.path.exists(self.source):
            folder = os.path.join(DPDK, self.suite + "-source")
            if not run("devtools/debs", "--source", self.suite, folder, "dpdk"):
                raise Unavailable(
                    f"DPDK {self.release}: {self.suite}'s source package, which has the driver "
                    "headers, cannot be fetched; name a source tree: "
                    f"devtools/versions --source {self.release}=FOLDER")
            self.set_source(os.path.join(folder, "dpdk"))
        if not run("devtools/debs", self.suite, self.root, *PACKAGES):
            raise Unavailable(f"DPDK {self.release}: {self.suite}'s packages cannot be fetched")
        self.number = self.number_there()
        if release_of(self.number) != self.release:
            raise Unavailable(f"DPDK {self.release}: {self.suite} has DPDK {self.number} by now")

    def number_there(self):
        """The version below root, as its pkg-config file says."""
        pc = read(f"{self.root}/{LIBRARIES}/pkgconfig/libdpdk.pc")
        return re.search(r"^Version: (.*)", pc, re.MULTILINE)[1]

    def make(self):
        """Build and install DPDK from its source tree, below root; quick if that is done."""
        stamp = self.root + "/.made-of"
        number = read(os.path.join(self.source, "VERSION")).strip()
        known = read(os.path.join(self.source, "meson_options.txt"))
        options = [f"-D{name}={value}" for name, value in DPDK_OPTIONS.items()
                   if name == "default_library" or f"'{name}'" in known]
        made_of = "\n".join([f"DPDK {number}"] + options) + "\n"
        os.makedirs(DPDK, exist_ok=True)
        with open(self.root + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if number and read(stamp) != made_of:
                say(f"building DPDK {number} from {os.path.realpath(self.source)}")
                shutil.rmtree(self.root, ignore_errors=True)
                self.compile(self.root + "/build", options)
                with open(stamp, "w") as f:
                    f.write(made_of)
        if not os.path.exists(stamp):
            raise Unavailable(
                f"DPDK {self.release} is neither installed ({installed() or 'none'} is) nor in a "
                f"known suite of Debian ({', '.join(SUITES)} are); name a source tree to build it "
                f"from: devtools/versions --source {self.release}=FOLDER")
        self.number = self.number_there()

    def compile(self, build, options):
        # DPDK's scripts need the python3 that has elftools; Python must not write to the tree
        env = dict(os.environ, PATH="/usr/bin:" + os.environ["PATH"], PYTHONDONTWRITEBYTECODE="1")
        if not (run("meson", "setup", f"--prefix={self.root}/usr", "--libdir=lib/x86_64-linux-gnu",
                    *options, build, os.path.realpath(self.source), env=env)
                and run("ninja", "-C", build, "install", env=env)):
            raise simlib.SimError(f"DPDK {self.release} could not be built from {self.source}, "
                                  "see above")
        shutil.rmtree(build)

    def settings(self):
        """@return meson's settings: everything is from the suite. Its libraries stand first,
        because gcc looks into its own folder after them.
        """
        paths, flags, link, more = "", "", "", ""
        libraries = f"{self.root}/{LIBRARIES}"
        if self.is_built:  # only DPDK is from there
            more = f"pkg_config_path = '{libraries}/pkgconfig'\n"
        elif self.suite:
            paths = (f"[properties]\nsys_root = '{self.root}'\npkg_config_libdir = "
                     f"['{libraries}/pkgconfig', '{self.root}/usr/share/pkgconfig']\n")
            flags = f"'--sysroot={self.root}'"
            link = f"{flags}, '-L{libraries}'"
        return (f"# DPDK {self.number}\n[binaries]\nc = '{self.compiler}'\n"
                f"[project options]\ndpdk_source = '{self.source}'\n{paths}[built-in options]\n"
                f"werror = true\nc_args = [{flags}]\nc_link_args = [{link}]\n{more}")

    def build(self, *targets):
        """Build the plugins, or the targets named; quick if they are there."""
        self.fetch()
        native = os.path.join(DPDK, os.path.basename(self.folder) + ".ini")
        if not os.path.exists(self.folder + "/build.ninja") or read(native) != self.settings():
            shutil.rmtree(self.folder, ignore_errors=True)
            with open(native, "w") as f:
                f.write(self.settings())
            if not run("meson", "setup", "--native-file", native, self.folder):
                raise simlib.SimError(f"DPDK {self.release}: 'meson setup {self.folder}' failed, "
                                      "see above")
        if not run("ninja", "-C", self.folder, *(targets or PLUGINS)):
            raise simlib.SimError(f"DPDK {self.release}: 'ninja -C {self.folder}' failed, "
                                  "see above")

    def use(self):
        """simlib starts this version's programs from now on."""
        simlib.use_dpdk(self.folder, self.root)
