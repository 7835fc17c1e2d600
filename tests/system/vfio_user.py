# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""A client of the vfio-user protocol, as small as a test needs it, and the server to talk to."""

import array
import json
import mmap
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time

from ixymin_tools import simlib
from ixymin_tools.simlib import PATIENCE

SERVER = os.path.join(simlib.ROOT, "build/app/sim82599/sim82599-vfio-user")

(VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_REGION_IO_FDS, GET_IRQ_INFO, SET_IRQS,
 REGION_READ, REGION_WRITE, DMA_READ, DMA_WRITE, RESET, DIRTY_PAGES, WRITE_MULTI) = range(1, 16)
NO_REPLY, ERROR = 0x10, 0x20
BAR0, BAR2, BAR4, CONFIG = 0, 2, 4, 7
INTX, MSI, MSIX, ERR, REQ = range(5)
# flags of SET_IRQS
DATA_NONE, DATA_BOOL, DATA_EVENTFD, MASK, UNMASK, TRIGGER = (1 << bit for bit in range(6))


class Refused(Exception):
    """The server answered with an error."""


class Gone(Exception):
    """The server closed the connection."""


class Client:
    def __init__(self, path, negotiate=True):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.serial = 0
        self.questions = []  # of the server: (command, payload)
        if negotiate:
            self.version = self.call(VERSION, struct.pack("<HH", 0, 1) + json.dumps(
                {"capabilities": {"max_msg_fds": 16, "max_data_xfer_size": 1 << 20}}
                ).encode() + b"\0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data, fds=()):
        self.socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                      array.array("i", fds))] if fds else [])

    def message(self, command, payload=b"", flags=0, size=None):
        self.serial = (self.serial + 1) & 0xffff
        return struct.pack("<HHIII", self.serial, command,
                           16 + len(payload) if size is None else size, flags, 0) + payload

    def take(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.socket.recv(n - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Gone
            data += more
        return data

    def reply(self):
        serial, command, size, flags, error = struct.unpack("<HHIII", self.take(16))
        while flags & 0xf == 0:  # the server asks
            self.questions.append((command, self.take(size - 16)))
            self.send(struct.pack("<HHIII", serial, command, 16, 1 | ERROR, 14))
            serial, command, size, flags, error = struct.unpack("<HHIII", self.take(16))
        assert flags & 0xf == 1 and serial == self.serial
        payload = self.take(size - 16)
        if flags & ERROR:
            assert not payload
            raise Refused(command, os.strerror(error))
        return payload

    def call(self, command, payload=b"", fds=()):
        self.send(self.message(command, payload), fds)
        return self.reply()

    # regions
    def read(self, region, offset, count=4):
        data = self.call(REGION_READ, struct.pack("<QII", offset, region, count))
        assert data[:16] == struct.pack("<QII", offset, region, count)
        return int.from_bytes(data[16:], "little")

    def write(self, region, offset, value, count=4, flags=0):
        payload = struct.pack("<QII", offset, region, count) + value.to_bytes(count, "little")
        self.send(self.message(REGION_WRITE, payload, flags))
        if not flags & NO_REPLY:
            assert self.reply() == payload[:16]

    def write_multi(self, *writes, flags=0):
        """writes: (region, offset, value, count)"""
        payload = struct.pack("<Q", len(writes)) + b"".join(
            struct.pack("<QII", offset, region, count) + value.to_bytes(8, "little")
            for region, offset, value, count in writes)
        self.send(self.message(WRITE_MULTI, payload, flags))
        if not flags & NO_REPLY:
            assert self.reply() == payload[:8]

    def region_size(self, region):
        data = self.call(GET_REGION_INFO, struct.pack("<IIIIQQ", 32, 0, region, 0, 0, 0))
        return struct.unpack("<IIIIQQ", data)[4]

    # memory
    def map(self, fd, addr, size, offset=0, flags=3):
        self.call(DMA_MAP, struct.pack("<IIQQQ", 32, flags, offset, addr, size),
                  () if fd is None else (fd,))

    def unmap(self, addr, size, flags=0):
        return self.call(DMA_UNMAP, struct.pack("<IIQQ", 24, flags, addr, size))

    # interrupts
    def set_irqs(self, index, flags, start=0, count=1, data=b"", fds=()):
        head = struct.pack("<IIIII", 20 + len(data), flags, index, start, count)
        self.call(SET_IRQS, head + data, fds)


class Server:
    """sim82599-vfio-user with a socket for each text of arguments."""

    def __init__(self, *functions):
        self.folder = tempfile.TemporaryDirectory()
        self.control = os.path.join(self.folder.name, "control")
        self.paths = [os.path.join(self.folder.name, str(i)) for i in range(len(functions))]
        self.command = [SERVER, "--control", self.control]
        for path, arguments in zip(self.paths, functions):
            self.command += ["--socket", path + ("," + arguments if arguments else "")]
        # to append: what it writes does not go where we read
        self.log = open(os.path.join(self.folder.name, "log"), "a+")
        self.process = subprocess.Popen(simlib.WITH_US + self.command, stderr=self.log)
        self.wait_serving(1)

    def wait_serving(self, times):
        """Wait until it has said so often that it serves: then it listens at its sockets."""
        deadline = time.monotonic() + PATIENCE
        while self.output().count("serving") < times:
            assert self.process.poll() is None and time.monotonic() < deadline, self.output()
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        running = self.process.poll() is None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        output = self.output()
        left = [path for path in self.paths + [self.control] if os.path.exists(path)]
        self.log.close()
        self.folder.cleanup()
        if kind is None:
            assert running and code == 0 and not left, f"exit code {code}, left {left}: {output}"

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, question):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asker:
            asker.settimeout(PATIENCE)
            asker.connect(self.control)
            asker.sendall(question.encode() + b"\n")
            answer = b""
            while more := asker.recv(65536):
                answer += more
        return json.loads(answer)

    def client(self, port=0):
        return Client(self.paths[port])


class Memory:
    """A file in memory, as a client gives it to the device."""

    def __init__(self, size):
        self.fd = os.memfd_create("guest")
        os.ftruncate(self.fd, size)
        self.size = size
        self.bytes = mmap.mmap(self.fd, size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bytes.close()
        os.close(self.fd)
