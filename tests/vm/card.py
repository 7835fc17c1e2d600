# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The software card of a guest: sim82599-vfio-user, and what it says of itself."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

import image
from guest import LOGS, Failed
from ixymin_tools.simlib import WITH_US

PROGRAM = os.path.join(image.ROOT, "build/app/sim82599/sim82599-vfio-user")


class Card:
    """functions: for each, the arguments of --socket that follow the path.

    They are one card, behind a PCI Express root port: 01:00.0, 01:00.1.  posted: whether QEMU may
    send writes without waiting for the card.
    """

    def __init__(self, name, *functions, posted=True):
        self.name = name
        self.functions = functions
        self.posted = posted
        self.addresses = [f"0000:01:00.{port}" for port in range(len(functions))]

    def __enter__(self):
        if not os.path.exists(PROGRAM):
            raise Failed(f"{PROGRAM} is missing: meson setup build && ninja -C build")
        os.makedirs(LOGS, exist_ok=True)
        self.folder = tempfile.TemporaryDirectory(prefix="sim82599.")  # a socket's path is short
        self.control = os.path.join(self.folder.name, "control")
        command = [PROGRAM, "--control", self.control]
        for port, arguments in enumerate(self.functions):
            command += ["--socket", f"{self.socket(port)},lan_id={port},{arguments}"]
        self.log = open(os.path.join(LOGS, self.name + ".card.log"), "w")
        self.log.write("$ " + " ".join(command) + "\n")
        self.log.flush()
        self.process = subprocess.Popen(WITH_US + command, stderr=self.log,
                                        start_new_session=True)
        end = time.monotonic() + 60
        while not self.is_serving():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__(None)
                raise Failed(f"the card did not start, see {self.log.name}")
            time.sleep(0.02)
        return self

    def is_serving(self):
        """It says so as soon as it listens at its sockets."""
        with open(self.log.name) as f:
            return re.search("^serving", f.read(), re.MULTILINE)

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.log.close()
        self.folder.cleanup()
        if kind is None and code != 0:
            raise Failed(f"the card ended with code {code}, see {self.log.name}")

    def socket(self, port):
        return os.path.join(self.folder.name, str(port))

    def devices(self):
        """For QEMU's -device."""
        yield "pcie-root-port,id=rp,chassis=1,slot=1,addr=1.0"
        for port in range(len(self.functions)):
            yield json.dumps({
                "driver": "vfio-user-pci", "bus": "rp", "addr": f"0.{port}",
                "multifunction": len(self.functions) > 1,
                "x-no-posted-writes": not self.posted,
                "socket": {"type": "unix", "path": self.socket(port)}})

    def ask(self, *words):
        """A question or a request over the control socket."""
        question = " ".join(str(word) for word in words)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(60)
            try:
                s.connect(self.control)
                s.sendall(question.encode() + b"\n")
                answer = json.loads(b"".join(iter(lambda: s.recv(65536), b"")))
            except (OSError, ValueError) as error:
                raise Failed(f"the card does not answer '{question}': {error}, "
                             f"see {self.log.name}") from None
        if "error" in answer:
            raise Failed(f"the card to '{question}': {answer}")
        return answer

    def stats(self, port):
        return self.ask("stats", port)

    def register(self, port, name):
        return self.ask("regs", port, name)[name]

    def link(self, port, up):
        self.ask("link", port, "up" if up else "down")

    def start(self, port, count):
        self.ask("start", port, count)
