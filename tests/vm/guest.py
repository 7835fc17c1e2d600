# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""A guest under QEMU, without root and without KVM: its kernel talks to a file, and a shell in
it does what it is told.

    with Guest("name", devices=[...], initrd=path, deadline=60) as guest:
        print(guest.run("uname -a"))

Everything that went to and fro is in .vm/logs/NAME.*.
"""

import os
import re
import subprocess
import threading
import time

import image
from ixymin_tools.simlib import WITH_US

LOGS = os.path.join(image.CACHE, "logs")
MEMORY = 1024  # MB
# seconds for what takes a few: a guest is emulated, on a machine that may be slow and busy
PATIENCE = 120


class Failed(Exception):
    """Something is not as it should be."""


class Guest:
    """devices: values of QEMU's -device; deadline: seconds from its start to its end."""

    def __init__(self, name, initrd, devices=(), cmdline="", deadline=600, cpus=2):
        os.makedirs(LOGS, exist_ok=True)
        self.name = name
        self.initrd = initrd
        self.devices = devices
        self.cmdline = cmdline
        self.cpus = cpus
        self.deadline = time.monotonic() + deadline
        self.console = os.path.join(LOGS, name + ".console.log")
        self.program = os.path.join(LOGS, name + ".program.log")
        self.process = None
        self._log = open(os.path.join(LOGS, name + ".guest.log"), "w")
        self._said = ""
        self._arrived = threading.Condition()
        self._number = 0

    def __enter__(self):
        qemu = image.unpack(*image.QEMU)
        kernel = image.Kernel(image.unpack(*image.LINUX))
        argv = image.foreign(
            qemu, "usr/bin/qemu-system-x86_64", "-L", os.path.join(qemu, "usr/share/qemu"),
            "-L", os.path.join(qemu, "usr/share/seabios"),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(self.cpus), "-m", f"{MEMORY}M",
            "-machine", "q35,memory-backend=mem",
            "-object", f"memory-backend-memfd,id=mem,size={MEMORY}M,share=on",
            "-device", "intel-iommu,intremap=on,caching-mode=on",
            *[word for device in self.devices for word in ("-device", device)],
            "-serial", "file:" + self.console,
            "-chardev", "stdio,id=shell,signal=off", "-serial", "chardev:shell",
            "-serial", "file:" + self.program,
            "-kernel", kernel.vmlinux(), "-initrd", self.initrd,
            "-append", f"console=ttyS0 panic=-1 loglevel=7 intel_iommu=on {self.cmdline}")
        self._log.write("$ " + " ".join(argv) + "\n")
        self._log.flush()
        self.process = subprocess.Popen(WITH_US + argv, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        stderr=self._log, start_new_session=True)
        threading.Thread(target=self._collect, daemon=True).start()
        try:
            self._expect(r"ready\n", 300, "boot")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()

    def _collect(self):
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            with self._arrived:
                self._said += data.decode(errors="replace").replace("\r", "")
                self._arrived.notify_all()
            if not data:
                return

    def _expect(self, pattern, timeout, what):
        end = min(time.monotonic() + timeout, self.deadline)
        with self._arrived:
            while True:
                match = re.search(pattern, self._said)
                if match:
                    text, self._said = self._said[:match.start()], self._said[match.end():]
                    self._log.write(text)
                    self._log.flush()
                    return text, match
                if self.process.poll() is not None:
                    raise Failed(f"{what}: QEMU ended with code {self.process.poll()}, see "
                                 f"{self._log.name}")
                left = end - time.monotonic()
                if left <= 0:
                    self._log.write(self._said)
                    raise Failed(f"{what}: not done in time, see {self._log.name}\n"
                                 + self._said[-1000:])
                self._arrived.wait(min(left, 0.5))

    def run(self, command, timeout=PATIENCE, check=True):
        """Let the guest's shell run something. @return what it printed."""
        return self.call(command, timeout, check)[0]

    def call(self, command, timeout=PATIENCE, check=False):
        """@return what a command printed, and its exit code."""
        self._number += 1
        self._log.write(f"\n# {command}\n")
        self._log.flush()
        mark = f"@{self._number}:"
        line = f"{{\n{command}\n}} </dev/null; code=$?; echo; echo {mark}$code\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        text, match = self._expect(r"(?:\n|^)" + mark + r"(\d+)\n", timeout, command)
        code = int(match[1])
        text = text.strip("\n")
        if check and code != 0:
            raise Failed(f"in the guest, with exit code {code}: {command}\n{text}")
        return text, code

    def private_memory(self):
        """Bytes that QEMU has for itself; the guest's memory is not in it."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"^RssAnon:\s+(\d+) kB", f.read(), re.MULTILINE)[1]) * 1024

    def kernel_log(self):
        with open(self.console, errors="replace") as f:
            return f.read()

    def program_log(self):
        """What was written to /dev/ttyS2: a terminal, so programs write line by line."""
        with open(self.program, errors="replace") as f:
            return f.read().replace("\r", "")

    def wait(self, condition, what, timeout=PATIENCE):
        """Wait till condition() is true. @return what it said."""
        end = min(time.monotonic() + timeout, self.deadline)
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise Failed(f"{what}: not within {timeout} s")
            time.sleep(0.2)
