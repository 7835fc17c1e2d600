# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The software 82599 over vfio-user, without a virtual machine: a small client is the machine and
the driver in it."""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time

import pytest
from ixymin_tools import simlib
from ixymin_tools.simlib import PATIENCE
from scapy.layers.l2 import ARP, Ether
from scapy.packet import raw
from scapy.utils import RawPcapReader
from vfio_user import (BAR0, BAR2, BAR4, CONFIG, DATA_BOOL, DATA_EVENTFD, DATA_NONE, DMA_MAP,
                       DIRTY_PAGES, DMA_READ, DMA_UNMAP, DMA_WRITE, GET_INFO, GET_IRQ_INFO,
                       GET_REGION_INFO, GET_REGION_IO_FDS, INTX, MASK, MSI, MSIX, NO_REPLY,
                       REGION_READ, REGION_WRITE, REQ, RESET, SERVER, SET_IRQS, TRIGGER, UNMASK,
                       VERSION, WRITE_MULTI, Client, Gone, Memory, Refused, Server)

# configuration space
COMMAND, STATUS, PIN = 0x04, 0x06, 0x3d
PM, MSI_CAP, MSIX_CAP, EXPRESS = 0x40, 0x50, 0x70, 0xa0
MEMORY, MASTER, INTX_DISABLE = 2, 4, 1 << 10

# registers
CTRL, EICR, EICS, EIMS, EIMC, GPIE, IVAR = 0x0, 0x800, 0x808, 0x880, 0x888, 0x898, 0x900
ESDP = 0x20
RDBAL, RDBAH, RDLEN, RDH, SRRCTL, RDT, RXDCTL = (0x1000, 0x1004, 0x1008, 0x1010, 0x1014, 0x1018,
                                                 0x1028)
RXCTRL, HLREG0, AUTOC, LINKS, DMATXCTL = 0x3000, 0x4240, 0x42a0, 0x42a4, 0x4a80
FCTRL, TDBAL, TDBAH, TDLEN, TDH, TDT, TXDCTL = (0x5080, 0x6000, 0x6004, 0x6008, 0x6010, 0x6018,
                                                0x6028)
RAL, SWSM, RDRXCTL = 0x5400, 0x10140, 0x2f00
LINK_UP, ENABLE, LSC = 1 << 30, 1 << 25, 1 << 20

PAGE = 4096
IOVA = 0x7f_4000_0000  # above 4 GB, so that both halves of an address count


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


@contextlib.contextmanager
def one(wire="loop", **arguments):
    """A server of one function with a client, memory access and bus master enabled."""
    text = ",".join([f"wire={wire}"] + [f"{k}={v}" for k, v in arguments.items()])
    with Server(text) as server, server.client() as client:
        client.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
        yield server, client


class Driver:
    """Queue 0 of both directions, in memory at IOVA: rings, and a buffer a descriptor.  With
    scattered, each page is a mapping of its own, and they are in the file in another order; the
    buffers lie across the pages' ends.
    """

    COUNT = 16
    RX_RING, TX_RING, RX_BUFFERS, TX_BUFFERS, PAGES = 0, PAGE, 2 * PAGE, 34 * PAGE, 67

    def __init__(self, client, memory, legacy=False, scattered=False, mapped=False):
        self.client, self.memory, self.legacy = client, memory, legacy
        self.shift = PAGE - 300 if scattered else 0  # of the buffers
        self.order = list(range(self.PAGES))
        if scattered:
            self.order = [page * 29 % self.PAGES for page in self.order]
            for i, page in enumerate(self.order):
                client.map(memory.fd, IOVA + i * PAGE, PAGE, page * PAGE)
        elif not mapped:
            client.map(memory.fd, IOVA, self.PAGES * PAGE)
        self.rx_next = self.tx_next = 0

    def store(self, at, data):
        for i, byte in enumerate(data):
            page, offset = divmod(at + i, PAGE)
            self.memory.bytes[self.order[page] * PAGE + offset] = byte

    def load(self, at, size):
        return bytes(self.memory.bytes[self.order[(at + i) // PAGE] * PAGE + (at + i) % PAGE]
                     for i in range(size))

    def rx_buffer(self, i):
        return self.RX_BUFFERS + 2 * i * PAGE + self.shift

    def tx_buffer(self, i):
        return self.TX_BUFFERS + 2 * i * PAGE + self.shift

    def start(self):
        c = self.client
        c.write(BAR0, AUTOC, 0x3000 | 3 << 13)
        until(lambda: c.read(BAR0, LINKS) & LINK_UP, "no link")
        c.write(BAR0, HLREG0, c.read(BAR0, HLREG0) | 2)      # strip the CRC, here ...
        c.write(BAR0, RDRXCTL, c.read(BAR0, RDRXCTL) | 2)    # ... and there
        c.write(BAR0, FCTRL, 0x700)                          # promiscuous
        for low, high, length, ring in ((RDBAL, RDBAH, RDLEN, self.RX_RING),
                                        (TDBAL, TDBAH, TDLEN, self.TX_RING)):
            c.write(BAR0, low, (IOVA + ring) & 0xffffffff)
            c.write(BAR0, high, IOVA + ring >> 32)
            c.write(BAR0, length, self.COUNT * 16)
        c.write(BAR0, SRRCTL, 2 | (0 if self.legacy else 1 << 25))
        c.write(BAR0, RXDCTL, ENABLE)
        for i in range(self.COUNT):
            self.store(self.RX_RING + 16 * i, struct.pack("<QQ", IOVA + self.rx_buffer(i), 0))
        c.write(BAR0, RXCTRL, 1)
        c.write(BAR0, DMATXCTL, c.read(BAR0, DMATXCTL) | 1)  # its bit 2 stays set
        c.write(BAR0, TXDCTL, ENABLE)
        c.write(BAR0, RDT, self.COUNT - 1)

    def send(self, frame):
        i = self.tx_next
        self.tx_next = (i + 1) % self.COUNT
        self.store(self.tx_buffer(i), frame)
        self.store_descriptor(i, len(frame))
        self.client.write(BAR0, TDT, self.tx_next)
        until(lambda: self.load(self.TX_RING + 16 * i + 12, 1)[0] & 1, "not sent")

    def store_descriptor(self, i, size):
        """For transmission, with EOP, IFCS and RS."""
        if self.legacy:
            command = size | 0x0b << 24
        else:
            command = size | 3 << 20 | 0x2b << 24 | size << 46
        self.store(self.TX_RING + 16 * i, struct.pack("<QQ", IOVA + self.tx_buffer(i), command))

    def receive(self):
        i = self.rx_next
        at = self.RX_RING + 16 * i
        status = 12 if self.legacy else 8
        until(lambda: self.load(at + status, 1)[0] & 1, "nothing received")
        assert self.load(at + status, 1)[0] & 3 == 3
        length = int.from_bytes(self.load(at + (8 if self.legacy else 12), 2), "little")
        self.rx_next = (i + 1) % self.COUNT
        self.store(at, struct.pack("<QQ", IOVA + self.rx_buffer(i), 0))
        self.client.write(BAR0, RDT, i)
        return self.load(self.rx_buffer(i), length)


def guest():
    return Memory(Driver.PAGES * PAGE)


def frame(size, seed=0):
    return bytes.fromhex("0282590000000282590000ee88b5") + bytes(
        (i * 7 + seed) & 0xff for i in range(size - 14))


class Event:
    """An eventfd that the device signals."""

    def __init__(self):
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)

    def came(self):
        """Within the time that a server needs at the most."""
        return bool(select.select([self.fd], [], [], PATIENCE)[0]) and os.eventfd_read(self.fd)

    def is_quiet(self, client):
        """The server has looked at all that was asked before."""
        for _ in range(3):
            client.read(CONFIG, 0)
        return not select.select([self.fd], [], [], 0)[0]


# negotiation and information

def test_version_is_negotiated():
    """The reply names only capabilities that the client knows, and its own limits."""
    with Server("") as server:
        with server.client() as c:
            assert c.version[:4] == struct.pack("<HH", 0, 1)
            assert c.version[4:] == (b'{"capabilities":{"max_msg_fds":16,'
                                     b'"max_data_xfer_size":65536}}\0')
            with pytest.raises(Refused, match="Invalid"):
                c.call(VERSION, struct.pack("<HH", 0, 1))
        with Client(server.paths[0], negotiate=False) as c:
            with pytest.raises(Refused, match="Invalid"):
                c.call(GET_INFO, struct.pack("<IIII", 16, 0, 0, 0))
            with pytest.raises(Refused, match="Invalid"):
                c.call(VERSION, struct.pack("<HH", 1, 0))
            with pytest.raises(Refused, match="Invalid"):
                c.call(VERSION, struct.pack("<HH", 0, 0) + b"{}")  # without its NUL
            assert c.call(VERSION, struct.pack("<HH", 0, 0)) == struct.pack(
                "<HH", 0, 0) + b'{"capabilities":{}}\0'
        with Client(server.paths[0], negotiate=False) as c:
            known = b'{"capabilities":{"write_multiple":true,"max_msg_fds":8}}\0'
            assert c.call(VERSION, struct.pack("<HH", 0, 1) + known) == struct.pack(
                "<HH", 0, 1) + b'{"capabilities":{"max_msg_fds":16,"write_multiple":true}}\0'


def test_device_regions_and_interrupts_are_told():
    with one() as (_, c):
        info = struct.unpack("<IIII", c.call(GET_INFO, struct.pack("<IIII", 16, 0, 0, 0)))
        assert info == (16, 3, 9, 5)
        assert [c.region_size(i) for i in range(9)] == [0x20000, 0, 32, 0, 0x4000, 0, 0, 4096, 0]
        counts = [struct.unpack("<IIII", c.call(GET_IRQ_INFO, struct.pack("<IIII", 16, 0, i, 0)))
                  for i in range(5)]
        assert counts == [
            (16, 7, 0, 1), (16, 1, 1, 1), (16, 1, 2, 64), (16, 1, 3, 1), (16, 1, 4, 1)]


# configuration space

def test_capabilities_are_those_of_an_82599():
    """Their places are fixed in silicon, and drivers know some of them."""
    with one(mac="02:82:59:aa:bb:cc") as (_, c):
        assert c.read(CONFIG, 0) == 0x10fb8086 and c.read(CONFIG, 0x2c) == 0x00038086
        assert c.read(CONFIG, 0x08) == 0x02000001  # class: Ethernet; revision 1
        found, at = {}, c.read(CONFIG, 0x34, 1)
        while at:
            found[c.read(CONFIG, at, 1)] = at
            at = c.read(CONFIG, at + 1, 1)
        assert found == {1: PM, 5: MSI_CAP, 0x11: MSIX_CAP, 0x10: EXPRESS}
        found, at = {}, 0x100
        while at:
            header = c.read(CONFIG, at)
            found[header & 0xffff] = at
            at = header >> 20
        assert found == {1: 0x100, 3: 0x140}
        assert c.read(CONFIG, 0x144, 8).to_bytes(8, "big").hex() == "028259ffffaabbcc"
        assert c.read(CONFIG, MSIX_CAP + 2, 2) == 63
        assert c.read(CONFIG, MSIX_CAP + 4, 8) == 0x2004_00000004  # table and PBA in BAR 4
        assert c.read(CONFIG, EXPRESS + 4) >> 28 & 1               # function-level reset
        assert c.read(CONFIG, EXPRESS + 0x12, 2) & 0x3ff == 8 << 4 | 2


def test_only_writable_bits_are_written():
    with one() as (_, c):
        before = [c.read(CONFIG, i) for i in range(0, 4096, 4)]
        for i in range(0, 4096, 4):
            if i not in (0x44, 0xa8):  # power state and resets are other tests' matter
                c.write(CONFIG, i, 0xffffffff)
        after = {i * 4: before[i] ^ c.read(CONFIG, i * 4) for i in range(1024)}
        assert after[0x10] == 0xfffe0000 and after[0x14] == 0xffffffff  # 128 KB
        assert after[0x18] == 0xffffffe0 and after[0x1c] == 0           # 32 ports
        assert after[0x20] == 0xffffc000 and after[0x24] == 0xffffffff  # 16 KB
        assert {i for i, changed in after.items() if changed} == {
            0x04, 0x0c, 0x10, 0x14, 0x18, 0x20, 0x24, 0x3c, 0x50, 0x54, 0x58, 0x5c, 0x60, 0x70,
            0xb0, 0xc8, 0xd0, 0x108, 0x10c, 0x114, 0x118}


def test_registers_need_memory_access_enabled():
    with Server("wire=none") as server, server.client() as c:
        assert c.read(BAR0, RAL) == 0xffffffff
        c.write(BAR0, GPIE, 0x10)
        c.write(CONFIG, COMMAND, MEMORY, 2)
        assert c.read(BAR0, RAL) == 0x00598202 and c.read(BAR0, GPIE) == 0
        c.write(CONFIG, PM + 4, 3, 2)  # D3hot
        assert c.read(BAR0, RAL) == 0xffffffff


def test_registers_through_the_io_bar():
    with one() as (_, c):
        assert c.read(BAR2, 0) == 0xffffffff
        c.write(CONFIG, COMMAND, 1, 2)
        c.write(BAR2, 0, RAL)
        assert c.read(BAR2, 0) == RAL and c.read(BAR2, 4) == 0x00598202
        c.write(BAR2, 4, 0x12345678)
        assert c.read(BAR2, 4) == 0x12345678
        c.write(BAR2, 0, 0x20000)  # behind the last register
        assert c.read(BAR2, 4) == 0


def test_register_accesses_of_other_sizes():
    """Two registers at once are two; anything else is counted and changes nothing."""
    with one() as (server, c):
        c.write(BAR0, RAL, 0x8000_1234_89abcdef, 8)
        assert c.read(BAR0, RAL) == 0x89abcdef and c.read(BAR0, RAL, 8) == 0x8000_1234_89abcdef
        assert not server.ask("stats 0")["rules"]
        c.write(BAR0, RAL, 0, 2)
        assert c.read(BAR0, RAL) == 0x89abcdef
        assert c.read(BAR0, RAL + 1, 2) == 0xabcd
        assert c.read(BAR0, RAL + 2, 4) == 0xffffffff
        assert server.ask("stats 0")["rules"] == {"ACCESS_SIZE": 3}
        assert not server.ask("stats 0")["ill_written"]


@pytest.mark.parametrize("how", ["flr", "message", "d3hot"])
def test_reset(how):
    """Registers, configuration space and what the device does come back to their start."""
    with one() as (_, c), guest() as memory:
        driver = Driver(c, memory)
        driver.start()
        c.write(BAR0, RAL, 0x12345678)
        c.write(CONFIG, 0x10, 0xabcd0000)
        if how == "flr":
            c.write(CONFIG, EXPRESS + 8, c.read(CONFIG, EXPRESS + 8, 2) | 0x8000, 2)
        elif how == "message":
            assert c.call(RESET) == b""
        else:
            c.write(CONFIG, PM + 4, 3, 2)
            c.write(CONFIG, PM + 4, 0, 2)
        assert c.read(CONFIG, COMMAND, 2) == 0 and c.read(CONFIG, 0x10) & 0xfffffff0 == 0
        assert not c.read(CONFIG, EXPRESS + 8, 2) & 0x8000
        c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
        assert c.read(BAR0, RAL) == 0x00598202
        assert not c.read(BAR0, RXDCTL) & ENABLE
        driver.rx_next = driver.tx_next = 0  # the mappings are the client's: they stay
        driver.start()
        driver.send(frame(100))
        assert driver.receive() == frame(100)


def test_two_functions_of_a_card():
    """lan_id=1: shared semaphores, the second function's number, pin and address."""
    with Server("", "lan_id=1", "") as server:
        with server.client(0) as a, server.client(1) as b, server.client(2) as other:
            for c in a, b, other:
                c.write(CONFIG, COMMAND, MEMORY, 2)
            assert [c.read(BAR0, 8) >> 2 & 3 for c in (a, b, other)] == [0, 1, 0]
            assert [c.read(CONFIG, PIN, 1) for c in (a, b, other)] == [1, 2, 1]
            assert [c.read(CONFIG, 0x0e, 1) for c in (a, b, other)] == [0x80, 0x80, 0]
            assert [c.read(BAR0, SWSM) & 1 for c in (a, b, other)] == [0, 1, 0]
            a.write(BAR0, SWSM, 0)
            assert b.read(BAR0, SWSM) & 1 == 0


# packets

@pytest.mark.parametrize("scattered", [False, True], ids=["contiguous", "scattered"])
@pytest.mark.parametrize("legacy", [False, True], ids=["advanced", "legacy"])
def test_packets(legacy, scattered):
    """What is sent comes back, byte by byte, and nothing else of the memory changes."""
    with one() as (server, c), guest() as memory:
        driver = Driver(c, memory, legacy, scattered)
        driver.start()
        for n, size in enumerate([60, 64, 299, 300, 301, 302, 1000, 1513, 1514, 60] * 4):
            driver.send(frame(size, n))
            assert driver.receive() == frame(size, n)
        counts = server.ask("stats 0")
        assert counts["rx_packets"] == counts["tx_packets"] == counts["to_nic"] == 40
        assert not counts["rules"] and counts["dma_refused"] == 0, counts
        used = bytearray(Driver.PAGES * PAGE)
        for at, size in [(driver.RX_RING, 256), (driver.TX_RING, 256)] + [
                (buffer(i), 1516) for buffer in (driver.rx_buffer, driver.tx_buffer)
                for i in range(driver.COUNT)]:
            used[at:at + size] = b"\1" * size
        assert not any(driver.load(i, 1)[0] for i in range(0, len(used)) if not used[i])


def test_generator_and_pcap(tmp_path):
    """Wires that make frames run while the client sleeps; pcap shows what was sent."""
    with one("gen:count=10:size=100:rate=1000:start=0") as (server, c), guest() as memory:
        driver = Driver(c, memory)
        driver.start()
        assert server.ask("start 0 5")["done"] == 1
        for _ in range(5):
            assert len(driver.receive()) == 96
    out = tmp_path / "out.pcap"
    with one(f"pcap:out={out}") as (server, c), guest() as memory:
        driver = Driver(c, memory)
        driver.start()
        driver.send(frame(333))
        assert server.ask("stats 0")["from_nic"] == 1
        assert [data for data, _ in RawPcapReader(str(out))] == [frame(333)]


def test_two_ports_with_a_cable():
    with Server("wire=cable=sim82599_1", "wire=cable=sim82599_0") as server:
        with contextlib.ExitStack() as stack:
            drivers = []
            for port in range(2):
                c = stack.enter_context(server.client(port))
                c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
                drivers.append(Driver(c, stack.enter_context(guest())))
            for driver in drivers:
                driver.start()
            for n in range(20):
                drivers[n % 2].send(frame(60 + 10 * n, n))
                assert drivers[1 - n % 2].receive() == frame(60 + 10 * n, n)


def test_light_goes_through_the_cable():
    """A laser that one client switches off takes the other's link, and tells by an interrupt; so
    does a client that goes away, for a moment."""
    with Server("wire=cable=sim82599_1", "wire=cable=sim82599_0") as server, \
            server.client(0) as near:
        near.write(CONFIG, COMMAND, MEMORY | MASTER, 2)

        def changed(up, what):
            until(lambda: near.read(BAR0, EICR) & LSC, f"{what}: no interrupt")
            until(lambda: bool(near.read(BAR0, LINKS) & LINK_UP) == up, f"{what}: link not {up}")

        changed(True, "start")
        with server.client(1) as far:
            far.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
            esdp = far.read(BAR0, ESDP)
            far.write(BAR0, ESDP, esdp | 1 << 3)
            changed(False, "laser off")
            assert server.ask("stats 0")["link"] == server.ask("stats 1")["link"] == 0
            far.write(BAR0, ESDP, esdp)
            changed(True, "laser on")
            near.read(BAR0, EICR)
        changed(True, "the client has gone")


def test_peer_without_a_driver_takes_and_forgets():
    """A function with a link, but nobody who receives: its peer can send without end, all is
    counted, and nothing of it comes when there is a driver, or is missed by it."""
    number = 5000  # more than the cable holds
    with Server("wire=cable=sim82599_1", "wire=cable=sim82599_0") as server:
        with contextlib.ExitStack() as stack:
            c = stack.enter_context(server.client(0))
            c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
            sender = Driver(c, stack.enter_context(guest()))
            sender.start()
            until(lambda: server.ask("stats 1")["link"] == 1, "no link without a driver")
            for n in range(number):
                sender.send(bytes.fromhex("028259000001") + frame(60, n)[6:])
            until(lambda: server.ask("stats 1")["to_nic"] == number, "they are not taken")
            assert server.ask("regs 1 GPRC")["GPRC"] == number
            c = stack.enter_context(server.client(1))
            c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
            receiver = Driver(c, stack.enter_context(guest()))
            receiver.start()
            sender.send(frame(100))
            assert receiver.receive() == frame(100)
            counts = server.ask("stats 1")
            seen = [counts[key] for key in ("rx_packets", "rx_missed", "rx_disabled")]
            assert seen == [1, 0, number]


# memory

def refused(server):
    return server.ask("stats 0")["dma_refused"]


@pytest.mark.parametrize("how", ["never", "unmapped", "unmapped by a huge range", "all unmapped",
                                 "cut in the middle", "read-only", "without a descriptor"])
def test_dma_outside_of_the_mappings_is_refused(how):
    """The device reaches what it was given, as it was given, and nothing else."""
    with one() as (server, c), guest() as memory:
        driver = Driver(c, memory)
        driver.start()
        driver.send(frame(200))
        driver.receive()
        c.unmap(IOVA, Driver.PAGES * PAGE)
        if how != "never":
            c.map(memory.fd, IOVA, Driver.PAGES * PAGE)
        if how == "unmapped":
            c.unmap(IOVA, Driver.PAGES * PAGE)
        elif how == "unmapped by a huge range":
            c.unmap(IOVA - PAGE, 2**64 - PAGE)
        elif how == "all unmapped":
            c.unmap(0, 0, flags=2)
        elif how == "cut in the middle":
            c.unmap(IOVA + driver.tx_buffer(1), PAGE)
        elif how == "read-only":
            c.unmap(IOVA, Driver.PAGES * PAGE)
            c.map(memory.fd, IOVA, Driver.PAGES * PAGE, flags=1)
        elif how == "without a descriptor":
            c.unmap(IOVA, Driver.PAGES * PAGE)
            c.map(None, IOVA, Driver.PAGES * PAGE)
        for i in range(1, 3):
            driver.store_descriptor(i, 100)
        before = memory.bytes[:]
        c.write(BAR0, TDT, 3)
        until(lambda: refused(server) > 0, "not refused")
        assert memory.bytes[:] == before
        assert c.read(BAR0, RAL) == 0x00598202
        # the client's IOMMU is to know, too
        wanted = driver.TX_RING + 16  # descriptor 1
        if how == "without a descriptor":
            assert not c.questions
        elif how == "read-only":
            assert c.questions == [(DMA_WRITE, struct.pack("<QQ", IOVA + wanted, 1) + b"\0")]
        else:
            if how == "cut in the middle":
                wanted = driver.tx_buffer(1)
            assert c.questions == [(DMA_READ, struct.pack("<QQ", IOVA + wanted, 1))]
        assert server.ask("stats 0")["errors"] == 0


def test_unmapped_half_of_a_buffer():
    """A buffer across two mappings, used before, is out of reach when one of them is gone."""
    with one() as (server, c), guest() as memory:
        driver = Driver(c, memory, scattered=True)
        driver.start()
        driver.send(frame(1000))
        assert driver.receive() == frame(1000)
        at = (driver.tx_buffer(0) + PAGE) // PAGE * PAGE
        c.unmap(IOVA + at, PAGE)
        driver.tx_next = 0
        c.write(BAR0, TXDCTL, 0)
        until(lambda: not c.read(BAR0, TXDCTL) & ENABLE, "still enabled")
        c.write(BAR0, TXDCTL, ENABLE)
        driver.store_descriptor(0, 1000)
        c.write(BAR0, TDT, 1)
        until(lambda: refused(server) == 1, "not refused")
        c.read(BAR0, RAL)
        assert c.questions == [(DMA_READ, struct.pack("<QQ", IOVA + at, 1))]
        assert server.ask("stats 0")["tx_packets"] == 1


def test_cut_range_keeps_its_ends():
    """An unmap in the middle of a mapping leaves the device what is before and behind it."""
    with one() as (server, c), guest() as memory:
        driver = Driver(c, memory)
        driver.start()
        c.unmap(IOVA + driver.tx_buffer(1), 2 * PAGE)
        driver.send(frame(200))  # from buffer 0
        assert driver.receive() == frame(200)
        assert server.ask("stats 0")["dma_ranges"] == 2 and refused(server) == 0
        c.map(memory.fd, IOVA + driver.tx_buffer(1), 2 * PAGE, driver.tx_buffer(1))
        for i in range(4):
            driver.send(frame(300, i))
            assert driver.receive() == frame(300, i)


def test_no_dma_without_bus_master():
    with one() as (server, c), guest() as memory:
        driver = Driver(c, memory)
        driver.start()
        c.write(CONFIG, COMMAND, MEMORY, 2)
        driver.store(driver.tx_buffer(0), frame(100))
        driver.store_descriptor(0, 100)
        before = memory.bytes[:]
        c.write(BAR0, TDT, 1)
        for _ in range(10):
            c.read(BAR0, TDH)
        assert memory.bytes[:] == before
        c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
        assert driver.receive() == frame(100) and refused(server) == 0


def test_wrong_mappings_are_refused():
    with one() as (server, c), guest() as memory:
        size = memory.size
        c.map(memory.fd, IOVA, size)
        for addr in IOVA, IOVA + PAGE, IOVA - PAGE, IOVA + size - PAGE:
            with pytest.raises(Refused, match="exists"):
                c.map(memory.fd, addr, 2 * PAGE)
        ends = {"addr": 2**40, "size": PAGE, "offset": 0, "flags": 3}
        for wrong in ({"addr": 2**40 + 1}, {"size": 0}, {"size": PAGE + 1}, {"offset": 1},
                      {"offset": size}, {"size": size + PAGE}, {"addr": 2**64 - PAGE},
                      {"addr": 2**64 - PAGE, "size": 2 * PAGE}, {"size": 2**64 - PAGE},
                      {"offset": 2**64 - PAGE}, {"flags": 0}, {"flags": 2}, {"flags": 7}):
            with pytest.raises(Refused, match="Invalid"):
                c.map(memory.fd, **{**ends, **wrong})
        with open("/dev/null") as null:
            with pytest.raises(Refused, match="Invalid"):
                c.map(null.fileno(), **ends)
        read_only = os.open(f"/proc/self/fd/{memory.fd}", os.O_RDONLY)
        fresh = os.memfd_create("fresh")
        os.ftruncate(fresh, PAGE)
        fresh_read_only = os.open(f"/proc/self/fd/{fresh}", os.O_RDONLY)
        c.map(read_only, **ends)  # the device may write this file already
        ends["addr"] *= 2
        with pytest.raises(Refused, match="denied"):
            c.map(fresh_read_only, **ends)
        for fd in read_only, fresh, fresh_read_only:
            os.close(fd)
        for addr, length in (0, 0), (IOVA, PAGE // 2), (IOVA + PAGE // 2, PAGE), (0, 2**64 - 1):
            with pytest.raises(Refused, match="Invalid"):
                c.unmap(addr, length)
        with pytest.raises(Refused, match="supported"):
            c.unmap(IOVA, size, flags=1)
        assert c.unmap(0x1000, PAGE) == struct.pack("<IIQQ", 24, 0, 0x1000, PAGE)  # of nothing
        assert server.ask("stats 0")["dma_ranges"] == 2


def test_many_mappings():
    """As many as one negotiates, in any order; one more is refused."""
    with one() as (server, c), Memory(PAGE) as memory:
        messages = b""
        for i in range(65535):
            payload = struct.pack("<IIQQQ", 32, 3, 0, (i * 40504 % 65535 + 1) * 2 * PAGE, PAGE)
            messages += c.message(DMA_MAP, payload, NO_REPLY)
            if i == 0:
                c.send(messages, (memory.fd,))
                messages = b""
            elif i % 500 == 0 or i == 65534:
                c.socket.sendall(messages)
                messages = b""
        assert server.ask("stats 0")["errors"] == 0
        until(lambda: server.ask("stats 0")["dma_ranges"] == 65535, "not all are mapped")
        with pytest.raises(Refused, match="space"):
            c.map(memory.fd, 0, PAGE)
        c.unmap(0, 2**50)
        assert server.ask("stats 0")["dma_ranges"] == 0


def test_a_file_that_is_cut():
    """The device finds zeroes, the client is disconnected, and the next one is served."""
    with Server("wire=loop") as server, guest() as memory:
        with server.client() as c:
            c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
            driver = Driver(c, memory)
            driver.start()
            driver.send(frame(100))
            driver.receive()
            os.ftruncate(memory.fd, PAGE)
            try:
                c.write(BAR0, TDT, 3)
                c.take(1)
                pytest.fail("the client is still there")
            except (Gone, BrokenPipeError):
                pass
        os.ftruncate(memory.fd, memory.size)
        with server.client() as c:
            c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
            driver = Driver(c, memory)
            driver.start()
            driver.send(frame(100))
            assert driver.receive() == frame(100)
        assert "shorter" in server.output()


def test_a_file_that_grows():
    """Mapped when it was one page, it is reached as a whole, and the first page still."""
    with one() as (_, c), guest() as memory:
        os.ftruncate(memory.fd, PAGE)
        c.map(memory.fd, IOVA, PAGE)
        os.ftruncate(memory.fd, memory.size)
        c.map(memory.fd, IOVA + PAGE, memory.size - PAGE, PAGE)
        driver = Driver(c, memory, mapped=True)
        driver.start()
        driver.send(frame(100))
        assert driver.receive() == frame(100)


def test_next_client_finds_a_fresh_device():
    with Server("wire=loop") as server, guest() as memory:
        for _ in range(3):
            with server.client() as c:
                assert c.read(CONFIG, COMMAND, 2) == 0
                c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
                assert c.read(BAR0, RAL) == 0x00598202 and not c.read(BAR0, RXDCTL)
                c.write(BAR0, RAL, 1)
                driver = Driver(c, memory)
                driver.start()
                driver.send(frame(64))
                assert driver.receive() == frame(64)
            until(lambda: server.ask("stats 0")["client"] == 0, "still there")
            assert server.ask("stats 0")["dma_ranges"] == 0


# interrupts

def test_msix():
    """A queue's cause goes to its vector's eventfd; a masked vector is pending until unmasked."""
    with one() as (_, c), guest() as memory:
        events = [Event() for _ in range(4)]
        c.write(CONFIG, MSIX_CAP + 2, 0x8000, 2)
        c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, 1, 4, fds=[event.fd for event in events])
        driver = Driver(c, memory)
        c.write(BAR0, GPIE, 0x10)
        c.write(BAR0, IVAR, 0x82_83)  # Rx of queue 0 on vector 3, Tx on 2
        driver.start()
        c.write(BAR0, EIMS, 0xc)
        driver.send(frame(64))
        assert events[2].came() and events[1].came()
        assert events[0].is_quiet(c) and events[3].is_quiet(c)
        c.read(BAR0, EICR)
        c.write(BAR0, EICR, 0xffffffff)
        c.set_irqs(MSIX, DATA_NONE | MASK, 3)
        c.write(BAR0, EIMS, 0xc)
        driver.send(frame(64))
        assert events[1].came() and events[2].is_quiet(c)
        assert c.read(BAR4, 0x2000) == 8
        c.set_irqs(MSIX, DATA_NONE | UNMASK, 3)
        assert events[2].came() and c.read(BAR4, 0x2000) == 0
        # of all: masked in configuration space
        c.write(CONFIG, MSIX_CAP + 2, 0xc000, 2)
        c.write(BAR0, EICR, 0xffffffff)
        c.write(BAR0, EIMS, 0xc)
        c.write(BAR0, EICS, 8)
        assert events[2].is_quiet(c)
        c.write(CONFIG, MSIX_CAP + 2, 0x8000, 2)
        assert events[2].came()
        # taken away
        c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, 3, 1)
        c.write(BAR0, EICR, 0xffffffff)
        c.write(BAR0, EIMS, 0xc)
        c.write(BAR0, EICS, 8)
        assert events[2].is_quiet(c)


def test_msi():
    with one() as (_, c):
        event = Event()
        c.set_irqs(MSI, DATA_EVENTFD | TRIGGER, fds=[event.fd])
        c.write(CONFIG, MSI_CAP + 2, 1, 2)
        c.write(BAR0, EIMS, LSC)
        c.write(BAR0, EICS, LSC)
        assert event.came()
        c.write(CONFIG, MSI_CAP + 0x10, 1)  # masked
        c.read(BAR0, EICR)
        c.write(BAR0, EIMS, LSC)
        c.write(BAR0, EICS, LSC)
        assert event.is_quiet(c) and c.read(CONFIG, MSI_CAP + 0x14) == 1
        c.write(CONFIG, MSI_CAP + 0x10, 0)
        assert event.came() and c.read(CONFIG, MSI_CAP + 0x14) == 0
        # without bus master, no message leaves
        c.read(BAR0, EICR)
        c.write(CONFIG, COMMAND, MEMORY, 2)
        c.write(BAR0, EIMS, LSC)
        c.write(BAR0, EICS, LSC)
        assert event.is_quiet(c)
        c.write(CONFIG, COMMAND, MEMORY | MASTER, 2)
        assert event.came()


def test_intx_masks_itself():
    """The line fires once until it is unmasked, and again if it is still asserted then."""
    with one() as (_, c):
        event, unmask = Event(), Event()
        c.set_irqs(INTX, DATA_EVENTFD | TRIGGER, fds=[event.fd])
        c.write(BAR0, EIMS, LSC)
        c.write(BAR0, EICS, LSC)
        assert event.came() and c.read(CONFIG, STATUS, 2) & 8
        c.write(BAR0, EIMS, LSC)
        c.write(BAR0, EICS, LSC)
        c.write(CONFIG, 0x3c, 11, 1)  # the server looks at all that could be sent
        assert event.is_quiet(c)
        c.set_irqs(INTX, DATA_NONE | UNMASK)
        assert event.came()
        c.set_irqs(INTX, DATA_BOOL | UNMASK, data=b"\1")
        assert event.came()
        c.set_irqs(INTX, DATA_EVENTFD | UNMASK, fds=[unmask.fd])
        os.eventfd_write(unmask.fd, 1)
        assert event.came()
        c.read(BAR0, EICR)
        assert not c.read(CONFIG, STATUS, 2) & 8
        c.set_irqs(INTX, DATA_NONE | UNMASK)
        assert event.is_quiet(c)
        c.write(CONFIG, COMMAND, MEMORY | INTX_DISABLE, 2)
        c.write(BAR0, EIMS, LSC)
        c.write(BAR0, EICS, LSC)
        assert event.is_quiet(c) and c.read(CONFIG, STATUS, 2) & 8
        c.write(CONFIG, COMMAND, MEMORY, 2)
        assert event.came()
        c.set_irqs(INTX, DATA_NONE | TRIGGER, 0, 0)  # all off
        c.set_irqs(INTX, DATA_NONE | UNMASK)
        assert event.is_quiet(c)


def test_client_triggers():
    with one() as (_, c):
        events = [Event() for _ in range(3)]
        c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, 61, 3, fds=[event.fd for event in events])
        c.set_irqs(MSIX, DATA_NONE | TRIGGER, 62, 1)
        assert events[1].came() and events[0].is_quiet(c)
        c.set_irqs(MSIX, DATA_BOOL | TRIGGER, 61, 3, b"\1\0\1")
        assert events[0].came() and events[2].came() and events[1].is_quiet(c)
        c.set_irqs(REQ, DATA_EVENTFD | TRIGGER, fds=[events[1].fd])
        c.set_irqs(REQ, DATA_NONE | TRIGGER)
        assert events[1].came()


def test_wrong_interrupt_requests_are_refused():
    with one() as (_, c):
        event = Event()
        for wrong in ({"index": 5}, {"start": 64}, {"start": 63, "count": 2}, {"count": 2**32 - 1},
                      {"start": 2**32 - 1, "count": 1}, {"flags": TRIGGER}, {"flags": DATA_NONE},
                      {"flags": DATA_NONE | DATA_BOOL | TRIGGER},
                      {"flags": DATA_NONE | MASK | UNMASK},
                      {"flags": DATA_BOOL | TRIGGER}, {"flags": DATA_BOOL | TRIGGER, "count": 0},
                      {"flags": 1 << 6 | DATA_NONE | TRIGGER},
                      {"flags": DATA_NONE | TRIGGER, "fds": [event.fd]},
                      {"flags": DATA_EVENTFD | TRIGGER, "count": 2, "fds": [event.fd]},
                      {"flags": DATA_EVENTFD | TRIGGER, "fds": [event.fd] * 2},
                      {"flags": DATA_EVENTFD | MASK, "fds": [event.fd]}):
            with pytest.raises(Refused):
                c.set_irqs(**{"index": MSIX, "flags": DATA_NONE | TRIGGER, **wrong})
        c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, fds=[event.fd])
        c.set_irqs(MSIX, DATA_NONE | TRIGGER)
        assert event.came()


def test_an_eventfd_that_is_none():
    """Descriptors of any kind do not stop the server, be they full, read-only or closed."""
    with one() as (_, c):
        ends = os.pipe()
        os.set_blocking(ends[1], False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(ends[1], b"x" * 65536)
        os.set_blocking(ends[1], True)
        full = os.eventfd(0)
        os.eventfd_write(full, 2**64 - 2)
        for fd in ends[1], ends[0], full:
            c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, fds=[fd])
            c.set_irqs(MSIX, DATA_NONE | TRIGGER)
            c.set_irqs(INTX, DATA_EVENTFD | UNMASK, fds=[fd])
            os.close(fd)
        assert c.read(BAR0, RAL) == 0x00598202


def test_an_eventfd_that_nobody_reads():
    """A pipe whose other end is closed raises SIGPIPE."""
    with one() as (_, c):
        ends = os.pipe()
        c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, fds=[ends[1]])
        for fd in ends:
            os.close(fd)
        c.set_irqs(MSIX, DATA_NONE | TRIGGER)
        assert c.read(BAR0, RAL) == 0x00598202


def test_many_descriptors():
    """All vectors and all files of many clients: more than a process is usually given at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip(f"a process can have {hard} descriptors at most")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        server = Server(*[""] * 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with server, contextlib.ExitStack() as clients:
        for port in range(10):
            c = clients.enter_context(server.client(port))
            fd = os.eventfd(0)
            for first in range(0, 64, 16):
                c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, first, 16, fds=[fd] * 16)
            os.close(fd)
            for i in range(64):
                with Memory(PAGE) as memory:
                    c.map(memory.fd, i * PAGE, PAGE)
        assert server.ask("stats 9")["dma_ranges"] == 64


def forever(call, *arguments):
    """@return a process that does nothing else."""
    process = os.fork()
    while process == 0:
        call(*arguments)
    return process


def test_a_client_that_fills_its_eventfd():
    """Room in an eventfd may be gone when it is written to: the server waits for no client."""
    trigger = struct.pack("<IIIII", 20, DATA_NONE | TRIGGER, MSIX, 0, 16)
    with one() as (server, c):
        fd = os.eventfd(0)
        filler = forever(os.eventfd_write, fd, 2**64 - 2)
        reader = forever(os.eventfd_read, fd)
        try:
            for _ in range(20):
                c.set_irqs(MSIX, DATA_EVENTFD | TRIGGER, count=16, fds=[fd] * 16)
                os.kill(reader, signal.SIGCONT)
                for _ in range(100):
                    c.send(c.message(SET_IRQS, trigger, NO_REPLY))
                os.kill(reader, signal.SIGSTOP)
                assert server.ask("stats 0")["errors"] == 0
        finally:
            for process in reader, filler:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
        os.close(fd)


# messages that are wrong

MALFORMED = {
    "no such command": (0, b""),
    "no such command, high": (0xffff, b""),
    "device to client": (DMA_READ, bytes(16)),
    "optional": (GET_REGION_IO_FDS, bytes(16)),
    "pages that were written": (DIRTY_PAGES, bytes(32)),
    "writes, no number of them": (WRITE_MULTI, bytes(7)),
    "writes, half of one": (WRITE_MULTI, struct.pack("<QQIIQ", 1, 4, CONFIG, 4, 0)[:-1]),
    "writes, one missing": (WRITE_MULTI, struct.pack("<QQIIQ", 2, 4, CONFIG, 4, 0)),
    "writes, one too many": (WRITE_MULTI, struct.pack("<QQIIQ", 0, 4, CONFIG, 4, 0)),
    "writes, their number overflows": (WRITE_MULTI, struct.pack("<Q", 2**63 + 2**61)),
    "writes, the last too long": (WRITE_MULTI, struct.pack(
        "<QQIIQQIIQ", 2, 4, CONFIG, 2, 0, 4, CONFIG, 9, 0)),
    "writes, the last of nothing": (WRITE_MULTI, struct.pack(
        "<QQIIQQIIQ", 2, 4, CONFIG, 2, 0, 4, CONFIG, 0, 0)),
    "writes, the last behind the end": (WRITE_MULTI, struct.pack(
        "<QQIIQQIIQ", 2, 4, CONFIG, 2, 0, 0x20000, BAR0, 4, 0)),
    "writes, the last to no region": (WRITE_MULTI, struct.pack(
        "<QQIIQQIIQ", 2, 4, CONFIG, 2, 0, 0, 9, 4, 0)),
    "migration": (16, bytes(64)),
    "map, short": (DMA_MAP, bytes(31)),
    "map, long": (DMA_MAP, bytes(33)),
    "unmap, short": (DMA_UNMAP, bytes(23)),
    "info, short": (GET_INFO, bytes(15)),
    "info, no room for the answer": (GET_INFO, bytes(16)),
    "no such region": (GET_REGION_INFO, struct.pack("<IIIIQQ", 32, 0, 9, 0, 0, 0)),
    "region info, no room": (GET_REGION_INFO, bytes(32)),
    "no such interrupt": (GET_IRQ_INFO, struct.pack("<IIII", 16, 0, 5, 0)),
    "set interrupts, short": (SET_IRQS, bytes(19)),
    "set interrupts, long": (SET_IRQS, bytes(20 + 65)),
    "booleans missing": (SET_IRQS, struct.pack("<IIIII", 20, DATA_BOOL | TRIGGER, MSIX, 0, 64)),
    "read, short": (REGION_READ, bytes(15)),
    "read of nothing": (REGION_READ, struct.pack("<QII", 0, BAR0, 0)),
    "read behind the end": (REGION_READ, struct.pack("<QII", 0x20000, BAR0, 4)),
    "read over the end": (REGION_READ, struct.pack("<QII", 0x1fffe, BAR0, 4)),
    "read, offset overflows": (REGION_READ, struct.pack("<QII", 2**64 - 2, BAR0, 4)),
    "read, too much": (REGION_READ, struct.pack("<QII", 0, BAR0, 0x10001)),
    "read, far too much": (REGION_READ, struct.pack("<QII", 0, BAR0, 2**32 - 1)),
    "read of no region": (REGION_READ, struct.pack("<QII", 0, 9, 4)),
    "read of no region, high": (REGION_READ, struct.pack("<QII", 0, 2**32 - 1, 4)),
    "read of an empty region": (REGION_READ, struct.pack("<QII", 0, 6, 4)),
    "write without data": (REGION_WRITE, struct.pack("<QII", 0, BAR0, 4)),
    "write, data missing": (REGION_WRITE, struct.pack("<QII", 0, CONFIG, 4) + b"abc"),
    "write, too much data": (REGION_WRITE, struct.pack("<QII", 0, CONFIG, 4) + b"abcde"),
    "write behind the end": (REGION_WRITE, struct.pack("<QII", 4093, CONFIG, 4) + b"abcd"),
    "reset with data": (RESET, b"\0"),
    "version again": (VERSION, struct.pack("<HH", 0, 0)),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_messages_are_answered_with_an_error(what):
    command, payload = MALFORMED[what]
    with one() as (server, c):
        before = [c.read(CONFIG, i) for i in range(0, 256, 4)]
        with pytest.raises(Refused):
            c.call(command, payload)
        c.send(c.message(command, payload, NO_REPLY))
        assert [c.read(CONFIG, i) for i in range(0, 256, 4)] == before
        assert server.ask("stats 0")["errors"] == 2


def test_several_writes_in_a_message():
    """They are made one after the other, to whatever region; reads come after them."""
    with one() as (server, c):
        c.write(CONFIG, COMMAND, 1 | MEMORY | MASTER, 2)  # and IO, for BAR 2
        before = server.ask("stats 0")["reg_writes"]
        for flags in 0, NO_REPLY:
            c.write_multi((BAR0, RAL, 1, 4), (CONFIG, 0x3c, 5 + flags, 1), (BAR0, RAL, 2, 4),
                          (BAR2, 0, RAL + 8, 4), (BAR2, 4, 3 + flags, 4), flags=flags)
            assert [c.read(BAR0, RAL), c.read(BAR0, RAL + 8), c.read(CONFIG, 0x3c, 1)] == \
                [2, 3 + flags, 5 + flags]
        stats = server.ask("stats 0")
        assert stats["reg_writes"] == before + 6 and stats["errors"] == 0
        c.write_multi(*((BAR0, RAL, n, 4) for n in range(2700)))
        assert c.read(BAR0, RAL) == 2699


def test_descriptors_that_nobody_wants():
    """They are closed; a message with more than there may be ends the connection."""
    def open_files(server):
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    with one() as (server, c), Memory(PAGE) as memory:
        before = open_files(server)
        for command, payload in (REGION_READ, struct.pack("<QII", 0, CONFIG, 4)), (77, b""), (
                DMA_MAP, struct.pack("<IIQQQ", 32, 3, 0, 0, PAGE)):
            with pytest.raises(Refused):
                c.call(command, payload, [memory.fd] * 2)
        assert open_files(server) == before
        c.send(c.message(SET_IRQS, bytes(20)), [memory.fd] * 17)
        with pytest.raises(Gone):
            c.reply()
        until(lambda: open_files(server) == before - 1, "descriptors are left open")


@pytest.mark.parametrize("size", [0, 15, 16 + 16 + 65537, 2**32 - 1])
def test_a_size_that_cannot_be(size):
    """An error is answered, and, as nobody knows where the next message starts, the end."""
    with Server("") as server:
        with server.client() as c:
            c.send(c.message(REGION_READ, struct.pack("<QII", 0, CONFIG, 4), size=size))
            with pytest.raises(Refused, match="too long"):
                c.reply()
            with pytest.raises(Gone):
                c.reply()
        with server.client() as c:
            assert c.read(CONFIG, 0) == 0x10fb8086


def test_replies_are_no_commands():
    with one() as (_, c):
        for kind in 1, 2, 15:
            c.send(c.message(REGION_READ, struct.pack("<QII", 0, CONFIG, 4), flags=kind))
            with pytest.raises(Refused):
                c.reply()


def test_messages_in_pieces_and_in_heaps():
    """A stream has no borders: bytes one by one, and many messages at once, in order."""
    with one() as (_, c):
        message = c.message(REGION_READ, struct.pack("<QII", 0, CONFIG, 4))
        for i in range(len(message)):
            c.send(message[i:i + 1])
        assert c.reply()[16:] == struct.pack("<I", 0x10fb8086)
        count = 500  # their replies do not fit the socket, and nobody reads them yet
        heap = b"".join(c.message(REGION_READ, struct.pack("<QII", 0, CONFIG, 4096))
                        for _ in range(count))
        c.serial -= count
        c.send(heap)
        for _ in range(count):
            c.serial += 1
            assert len(c.reply()) == 16 + 4096


def test_a_client_that_does_not_read():
    """It waits for itself; the other function's client does not."""
    with Server("", "") as server:
        with server.client(0) as deaf, server.client(1) as c:
            deaf.socket.setblocking(False)
            message = deaf.message(REGION_READ, struct.pack("<QII", 0, CONFIG, 4096)) * 100
            with contextlib.suppress(BlockingIOError):
                while True:
                    deaf.socket.send(message)
            assert c.read(CONFIG, 0) == 0x10fb8086
            assert server.ask("stats 0")["client"] == 1


def test_half_a_message_and_gone():
    with Server("") as server, Memory(PAGE) as memory:
        for _ in range(3):
            c = server.client()
            c.send(c.message(DMA_MAP, bytes(32))[:20], [memory.fd])
            c.socket.close()
        with server.client() as c:
            assert c.read(CONFIG, 0) == 0x10fb8086


# the program

def run(*arguments):
    done = subprocess.run([SERVER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


def test_help():
    code, out, err = run("--help")
    assert code == 0 and "--socket PATH" in out and not err


@pytest.mark.parametrize("arguments, code, words", [
    ([], 2, "no function to serve"),
    (["--socket"], 2, "'--socket'"),
    (["--sockets", "x"], 2, "'--sockets'"),
    (["--socket", ""], 2, "names no path"),
    (["--socket", "x,colour=red"], 2,
     "unknown argument 'colour'; allowed: wire, mac, strict, fault"),
    (["--socket", "x,strict=2"], 2, "strict=2 is wrong; allowed: 0 or 1"),
    (["--socket", "x,mac=01:00:00:00:00:00"], 2, "unicast"),
    (["--socket", "x,lan_id=2"], 2, "lan_id=2 is wrong; allowed: 0 or 1"),
    (["--socket", "x,fault=rain"], 2, "fault=rain is wrong; allowed: none, gone"),
    (["--socket", "x,wire=rope"], 1, "there is no such wire"),
    (["--socket", "x,wire=tap=with space"], 1, "no interface has such a name"),
    (["--socket", "x,trace=/nowhere/file"], 1, "trace=/nowhere/file: No such file"),
    (["--socket", "x,report=r", "--socket", "y,report=r"], 2,
     "report=r is already used by sim82599_0"),
    (["--socket", "x,wire=cable=1", "--socket", "y,wire=cable=sim82599_0"], 2,
     "sim82599_0: wire: cable=1: this is not the name of another port; "
     "allowed: sim82599_0 to sim82599_1, but not sim82599_0"),
    (["--socket", "x,wire=cable=sim82599_0", "--socket", "y"], 2, "cable=sim82599_0: this is not"),
    (["--socket", "x,wire=cable=sim82599_2", "--socket", "y"], 2, "cable=sim82599_2: this is not"),
    (["--socket", "x,wire=cable=sim82599_01", "--socket", "y"], 2,
     "cable=sim82599_01: this is not"),
    (["--socket", "x,wire=cable=sim82599_1"], 2, "allowed: none, for there is no other port"),
    (["--socket", "x,wire=cable=sim82599_1:lossless=0", "--socket", "y,wire=gen"], 2,
     "wire: cable=sim82599_1:lossless=0: the wire of sim82599_1 is gen; allowed: a port whose wire "
     "is cable=sim82599_0"),
    (["--socket", "x,wire=cable=sim82599_1", "--socket", "y,wire=cable=sim82599_2", "--socket",
      "z,wire=cable=sim82599_1"], 2, "the wire of sim82599_1 is cable=sim82599_2"),
    (["--socket", "/nowhere/" + "x"], 1, "socket /nowhere/x: No such file"),
    (["--socket", "x" * 200], 1, "too long; allowed: 107 bytes"),
    (["--socket", "x"] * 17, 2, "too many functions; allowed: 16"),
])
def test_wrong_arguments(arguments, code, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    got, out, err = run(*arguments)
    assert got == code and words in err and not out, err
    assert not os.listdir(tmp_path)


def test_socket_in_use_and_left_over():
    with Server("") as server:
        code, _, err = run("--socket", server.paths[0])
        assert code == 1 and "in use" in err
        with server.client() as c:
            assert c.read(CONFIG, 0) == 0x10fb8086
        server.process.kill()
        server.process.wait()
        assert os.path.exists(server.paths[0])
        server.process = subprocess.Popen(simlib.WITH_US + server.command, stderr=server.log)
        server.wait_serving(2)
        with server.client() as c:
            assert c.read(CONFIG, 0) == 0x10fb8086


def test_sigterm_as_soon_as_there_are_sockets(tmp_path):
    for _ in range(50):
        server = subprocess.Popen([SERVER, "--socket", tmp_path / "0", "--control", tmp_path / "1"],
                                  stderr=subprocess.DEVNULL)
        while not (tmp_path / "1").exists():
            assert server.poll() is None
        server.terminate()
        assert server.wait(20) == 0 and not list(tmp_path.iterdir())


def test_a_file_is_no_socket_left_over(tmp_path):
    path = tmp_path / "file"
    path.write_text("of the user")
    for arguments in ["--socket", path], ["--socket", tmp_path / "socket", "--control", path]:
        code, _, err = run(*arguments)
        assert code == 1 and "in use" in err
        assert path.read_text() == "of the user"


def test_control_socket():
    with one() as (server, c):
        c.write(BAR0, AUTOC, 0x3000 | 3 << 13)
        until(lambda: c.read(BAR0, LINKS) & LINK_UP, "no link")
        assert server.ask("regs 0 RAL[0]")["RAL[0]"] == 0x00598202
        assert server.ask("link 0 down")["done"] == 1
        assert not c.read(BAR0, LINKS) & LINK_UP
        assert server.ask("link sim82599_0 up")["done"] == 1
        until(lambda: c.read(BAR0, LINKS) & LINK_UP, "no link")
        assert server.ask("fault 0 gone")["done"] == 1
        assert c.read(BAR0, RAL) == 0xffffffff
        assert server.ask("fault 0 none")["done"] == 1
        assert c.read(BAR0, RAL) == 0x00598202
        for wrong in "", "stats", "stats 1", "stats x", "stats 00", "stats sim82599_1", (
                "stats sim82599_00"), "weather 0", "link 0", "link 0 sideways", (
                "fault 0 rain"), "start 0 1", "stop 0", "start 0 -1", "x" * 200:
            assert "error" in server.ask(wrong), wrong
        assert server.ask("stats 1") == {"error": "no such port", "given": "1", "done": 0,
                                         "allowed": "0 to 0, or sim82599_0 to sim82599_0"}


def test_who_asks_nothing_holds_up_nobody():
    with contextlib.ExitStack() as stack, Server("") as server:
        def come():
            asker = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            asker.settimeout(20)
            asker.connect(server.control)
            return asker
        silent = [come() for _ in range(50)]
        assert server.ask("stats 0")["client"] == 0
        assert silent[0].recv(1) == b""  # there is no room for all
        first, second = come(), come()
        first.sendall(b"stats ")
        second.sendall(b"link 0 up\n")
        assert b"up" in second.recv(1000)
        first.sendall(b"0\n")
        assert b"port" in first.recv(10000)


def test_report_and_trace(tmp_path):
    with one(report=tmp_path / "report", trace=tmp_path / "trace") as (server, c):
        c.read(BAR0, RAL)
        c.write(BAR0, LINKS, 1)
    report = json.loads((tmp_path / "report").read_text())
    assert report["reg_reads"] == 1 and report["rules"] == {"READ_ONLY": 1}
    assert report["ill_written"] == {"LINKS": 1}
    assert " R RAL[0]" in (tmp_path / "trace").read_text()
    assert server.process.returncode == 0


# the Linux interface

def ip(*arguments):
    return subprocess.run(["ip", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def test_tap():
    """The host answers to ARP over the interface; its carrier is the port's link."""
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        pytest.skip("a tap interface needs root and /dev/net/tun")
    name = f"sim{os.getpid()}"
    with one(f"tap={name}") as (server, c), guest() as memory:
        ip("link", "set", name, "up")
        ip("addr", "add", "198.18.82.1/30", "dev", name)
        driver = Driver(c, memory)
        driver.start()
        until(lambda: "LOWER_UP" in ip("link", "show", name), "no carrier")
        request = Ether(src="02:82:59:00:00:00", dst="ff:ff:ff:ff:ff:ff") / ARP(
            hwsrc="02:82:59:00:00:00", psrc="198.18.82.2", pdst="198.18.82.1")
        driver.send(raw(request).ljust(60, b"\0"))
        while True:  # the host has messages of its own, too
            answer = Ether(driver.receive())
            if ARP in answer and answer[ARP].op == 2:
                break
        assert answer[ARP].psrc == "198.18.82.1" and answer.dst == "02:82:59:00:00:00"
        assert len(answer) == 60
        counts = server.ask("stats 0")
        assert counts["to_nic"] == counts["rx_packets"] + counts["rx_filtered"]
        server.ask("link 0 down")
        until(lambda: "NO-CARRIER" in ip("link", "show", name), "still a carrier")
    assert name not in ip("link", "show")

