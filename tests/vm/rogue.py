# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""In the guest: a driver of 100 lines on VFIO that sends one frame from memory which it has mapped
for the device, or has not: rogue.py PCI-ADDRESS mapped|unmapped|unmapped-later|read-only

Exit code 0 if the descriptor was written back for mapped memory, and was not for the rest.
"""

import ctypes
import fcntl
import mmap
import os
import struct
import sys
import time

# linux/vfio.h
SET_IOMMU, SET_CONTAINER, GET_DEVICE, REGION_INFO = 0x3b66, 0x3b68, 0x3b6a, 0x3b6c
MAP_DMA, UNMAP_DMA = 0x3b71, 0x3b72
TYPE1_V2 = 3
READ, WRITE = 1, 2
CONFIG_REGION = 7

# data sheet 8.2
CTRL, LINKS, AUTOC, DMATXCTL = 0x00000, 0x042a4, 0x042a0, 0x04a80
TDBAL, TDBAH, TDLEN, TDT, TXDCTL = 0x06000, 0x06004, 0x06008, 0x06018, 0x06028
RING, BUFFER = 0x100000, 0x200000  # addresses for the device


class Device:
    def __init__(self, address):
        group = os.path.basename(os.readlink(f"/sys/bus/pci/devices/{address}/iommu_group"))
        self.container = os.open("/dev/vfio/vfio", os.O_RDWR)
        self.group = os.open("/dev/vfio/" + group, os.O_RDWR)
        fcntl.ioctl(self.group, SET_CONTAINER, struct.pack("i", self.container))
        fcntl.ioctl(self.container, SET_IOMMU, TYPE1_V2)
        self.fd = fcntl.ioctl(self.group, GET_DEVICE, bytearray(address.encode() + b"\0"))
        config = self.region(CONFIG_REGION)[0]
        os.pwrite(self.fd, struct.pack("<H", 0x0006), config + 4)  # memory, bus master
        offset, size = self.region(0)
        self.bar = memoryview(mmap.mmap(self.fd, size, offset=offset)).cast("I")

    def region(self, index):
        info = bytearray(struct.pack("<IIIIQQ", 32, 0, index, 0, 0, 0))
        fcntl.ioctl(self.fd, REGION_INFO, info)
        _, _, _, _, size, offset = struct.unpack("<IIIIQQ", info)
        return offset, size

    def map(self, memory, address, access):
        where = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        fcntl.ioctl(self.container, MAP_DMA,
                    struct.pack("<IIQQQ", 32, access, where, address, len(memory)))

    def unmap(self, address, size):
        fcntl.ioctl(self.container, UNMAP_DMA,
                    bytearray(struct.pack("<IIQQ", 24, 0, address, size)))

    def __getitem__(self, register):
        return self.bar[register // 4]

    def __setitem__(self, register, value):
        self.bar[register // 4] = value

    def wait(self, register, bits, what):
        for _ in range(6000):
            if self[register] & bits == bits:
                return
            time.sleep(0.01)
        sys.exit(f"{what}: not within a minute")


def main():
    address, case = sys.argv[1:]
    card = Device(address)
    ring, buffer = mmap.mmap(-1, 4096), mmap.mmap(-1, 4096)
    buffer[:60] = b"\xff" * 6 + bytes(54)
    card.map(ring, RING, READ | (0 if case == "read-only" else WRITE))
    if case != "unmapped":
        card.map(buffer, BUFFER, READ)
    if case == "unmapped-later":
        card.unmap(BUFFER, 4096)

    card[CTRL] = 1 << 26  # reset
    time.sleep(0.05)
    card[AUTOC] = card[AUTOC] & ~(7 << 13) | 3 << 13 | 1 << 12  # 10G serial, restart
    card.wait(LINKS, 1 << 30, "link up")
    card[DMATXCTL] = card[DMATXCTL] | 1
    card[TDBAL], card[TDBAH], card[TDLEN] = RING, 0, 4096
    card[TXDCTL] = 1 << 25
    card.wait(TXDCTL, 1 << 25, "queue enabled")
    # legacy descriptor: 60 bytes, RS, IFCS, EOP
    ring[:16] = struct.pack("<QHBBBBH", BUFFER, 60, 0, 0x0b, 0, 0, 0)
    card[TDT] = 1
    for _ in range(6000 if case == "mapped" else 30):
        if ring[12] & 1:
            break
        time.sleep(0.01)
    done = bool(ring[12] & 1)
    if done != (case == "mapped"):
        sys.exit(f"{case}: the descriptor was {'' if done else 'not '}written back")


main()
