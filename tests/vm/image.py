# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What a guest is made of: Debian's QEMU, kernel and programs, unpacked by devtools/debs and
never installed, and the initramfs with just the files that a guest needs.

All of it is kept in .vm/ and made anew only after that was removed.
"""

import lzma
import os
import re
import stat
import struct
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, ".vm")
HERE = os.path.dirname(os.path.abspath(__file__))

LIBRARIES = "usr/lib/x86_64-linux-gnu"
LIBGCC = LIBRARIES + "/libgcc_s.so.1"  # libc loads it when a thread is cancelled
LOADER = "lib64/ld-linux-x86-64.so.2"

# QEMU 11.1 is the first with vfio-user-pci that Debian has
QEMU = ("trixie-backports", "qemu", ["qemu-system-x86"])
LINUX = ("trixie", "linux", ["linux-image-amd64", "busybox-static", "zstd", "ethtool", "iperf3",
                             "iproute2", "iputils-ping", "python3", "pciutils", "tcpdump"])

MODULES = ["ixgbe", "vfio-pci", "vfio_iommu_type1", "8021q", "igb"]


class Unavailable(Exception):
    """A guest cannot be had on this machine: nothing to do with what is tested."""


def unpack(suite, name, packages):
    """@return the folder with these packages of a Debian suite, fetched if need be."""
    folder = os.path.join(CACHE, name)
    done = subprocess.run([os.path.join(ROOT, "devtools/debs"), suite, folder] + packages)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(packages)} of Debian's {suite} cannot be had")
    return folder


def foreign(folder, program, *args):
    """The command that starts a program of an unpacked suite by that suite's own loader."""
    return [os.path.join(folder, LOADER), "--library-path", os.path.join(folder, LIBRARIES),
            os.path.join(folder, program), *args]


class Tree:
    """The files of an initramfs, and where each comes from."""

    def __init__(self):
        self.entries = {}  # path in the guest: (mode, bytes or file name)

    def folder(self, path):
        if path and path not in self.entries:
            self.folder(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | 0o755, b"")

    def add(self, path, content, mode=0o644):
        """content: bytes, or the name of the file that has them."""
        self.folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFREG | mode, content)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def usr_merged(self):
        """/bin, /lib ... lie in /usr, as on a Debian system."""
        for name in "bin", "lib", "lib64", "sbin":
            self.folder("usr/" + name)
            self.link(name, "usr/" + name)

    def program(self, root, *paths):
        """Add programs or libraries below root, and all the libraries that they need."""
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            if path in self.entries:
                continue
            source = os.path.join(root, path)
            where = os.path.relpath(os.path.realpath(source), os.path.realpath(root))
            if where != path and not where.startswith(".."):  # one file, also for the loader
                self.link(path, "/" + where)
                path = where
            self.add(path, os.path.realpath(source), 0o755)
            for library in needed(source):
                found = os.path.join(LIBRARIES, library)
                if os.path.exists(os.path.join(root, found)):
                    waiting.append(found)
                elif library != os.path.basename(LOADER):
                    raise Unavailable(f"{path} needs {library}, which was not unpacked")
        loader = os.path.realpath(os.path.join(root, LOADER))
        self.add("usr/" + LOADER, loader, 0o755)

    def copy(self, root, path, leave_out=()):
        """Add a whole folder."""
        for folder, folders, files in os.walk(os.path.join(root, path)):
            folders[:] = [name for name in folders if name not in leave_out]
            for name in files:
                source = os.path.join(folder, name)
                if os.path.exists(source):  # else a link to what is not unpacked there
                    self.add(os.path.relpath(source, root), os.path.realpath(source))

    def write(self, path):
        """An archive that the kernel unpacks (cpio, "newc")."""
        with open(path + ".new", "wb") as out:
            for number, name in enumerate(sorted(self.entries) + ["TRAILER!!!"], 1):
                mode, content = self.entries.get(name, (0, b""))
                if isinstance(content, str):
                    with open(content, "rb") as source:
                        content = source.read()
                encoded = name.encode() + b"\0"
                fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
                out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + encoded)
                out.write(b"\0" * (-out.tell() % 4) + content)
                out.write(b"\0" * (-out.tell() % 4))
        os.rename(path + ".new", path)
        return path


def needed(path):
    """The libraries that an ELF file asks for."""
    from elftools.elf.elffile import ELFFile  # only here: `devtools/vm --help` works without it
    with open(path, "rb") as f:
        dynamic = ELFFile(f).get_section_by_name(".dynamic")
        return [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")] if dynamic else []


class Kernel:
    """Debian's kernel: vmlinux, and modules by name."""

    def __init__(self, root):
        self.root = root
        self.release = os.listdir(os.path.join(root, "usr/lib/modules"))[0]
        self.folder = os.path.join("usr/lib/modules", self.release)
        self.files = {}
        for folder, _, files in os.walk(os.path.join(root, self.folder)):
            for name in files:
                match = re.fullmatch(r"(.+)\.ko(\.xz)?", name)
                if match:
                    self.files[match[1].replace("-", "_")] = os.path.join(folder, name)

    def vmlinux(self):
        """Unpack the kernel here: QEMU starts it some seconds sooner than the guest could."""
        path = os.path.join(CACHE, "vmlinux-" + self.release)
        if os.path.exists(path):
            return path
        with open(os.path.join(self.root, "boot/vmlinuz-" + self.release), "rb") as f:
            image = f.read()
        # Linux's x86 boot protocol: setup sectors, payload offset and length
        start = (image[0x1f1] + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
        payload = image[start:start + struct.unpack_from("<I", image, 0x24c)[0]]
        with open(path + ".new", "wb") as out:
            subprocess.run(foreign(self.root, "usr/bin/zstd", "-dcq"), input=payload, stdout=out,
                           stderr=subprocess.DEVNULL, check=False)  # the size follows the payload
        with open(path + ".new", "rb") as f:
            if f.read(4) != b"\x7fELF":
                raise Unavailable(f"vmlinuz-{self.release} holds no kernel compressed by zstd")
        os.rename(path + ".new", path)
        return path

    def add_modules(self, tree, names):
        """Put modules, and those that they depend on, where modprobe finds them."""
        dependencies = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop().replace("-", "_")
            if name in dependencies or name not in self.files:
                continue  # not there: built in
            with open(self.files[name], "rb") as f:
                module = f.read()
            if self.files[name].endswith(".xz"):
                module = lzma.decompress(module)
            asked = re.search(rb"\0depends=([^\0]*)", module)
            dependencies[name] = asked[1].decode().replace("-", "_").split(",") if asked else []
            waiting += filter(None, dependencies[name])
            tree.add(f"{self.folder}/{name}.ko", module)

        def order(name):
            below = [d for d in dependencies.get(name, []) if d in dependencies]
            return [f"{d}.ko" for d in below] + [x for d in below for x in order(d)]
        tree.add(f"{self.folder}/modules.dep", "".join(
            f"{name}.ko: {' '.join(dict.fromkeys(order(name)))}\n"
            for name in dependencies).encode())


def compiled(source):
    """@return a program for guests, made of a C file here."""
    program = os.path.join(CACHE, os.path.splitext(source)[0])
    done = subprocess.run(["cc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program,
                           os.path.join(HERE, source)])
    if done.returncode != 0:
        raise Unavailable(f"{source} cannot be compiled: see above")
    return program


def base(kernel_root):
    """What every guest has: busybox, modules, the init script."""
    tree = Tree()
    tree.usr_merged()
    tree.add("usr/bin/busybox", os.path.join(kernel_root, "usr/bin/busybox"), 0o755)
    tree.link("usr/bin/sh", "busybox")
    tree.add("init", os.path.join(HERE, "init.sh"), 0o755)
    Kernel(kernel_root).add_modules(tree, MODULES)
    return tree


def linux_programs(tree, root):
    """ethtool, iperf3, ip, ping, tcpdump"""
    tree.program(root, "usr/sbin/ethtool", "usr/bin/iperf3", "usr/bin/ip", "usr/bin/ping",
                 "usr/bin/tcpdump", LIBGCC)


def python(tree, root):
    """Python with its smaller modules, and lspci, for dpdk-devbind.py."""
    version = os.path.basename(os.path.realpath(os.path.join(root, "usr/bin/python3")))
    library = "usr/lib/" + version
    tree.program(root, "usr/bin/" + version, "usr/bin/lspci")
    tree.link("usr/bin/python3", version)
    tree.copy(root, library, leave_out=(
        "__pycache__", "lib-dynload", "asyncio", "ensurepip", "idlelib", "pydoc_data", "test",
        "turtledemo", "unittest", "xml"))
    for name in os.listdir(os.path.join(root, library, "lib-dynload")):
        if re.match(r"(_ctypes|mmap)\.", name):
            tree.program(root, os.path.join(library, "lib-dynload", name))
    tree.add("usr/share/misc/pci.ids", os.path.realpath(os.path.join(root,
             "usr/share/misc/pci.ids")))


def testpmd(tree, root, plugin):
    """Stock testpmd with the drivers that it needs here, and net_ixymin built for it."""
    pmds = os.path.join(LIBRARIES, "dpdk")
    pmds = os.path.join(pmds, os.listdir(os.path.join(root, pmds))[0])
    tree.program(root, "usr/bin/dpdk-testpmd", LIBGCC)
    for name in os.listdir(os.path.join(root, pmds)):
        if re.match(r"librte_(bus_pci|bus_vdev|mempool_ring|net_ixgbe)\.so\.\d+\.?\d*$", name):
            tree.program(root, os.path.join(pmds, name))
    if plugin is not None:
        tree.add("usr/local/lib/librte_net_ixymin.so", plugin, 0o755)
