# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Every field of received mbufs, as an application sees them, on two ports: receiver.c prints, and
what rte_mbuf.h and rte_ethdev.h define is compared with it.
"""

import re

import pytest
import simlib
from rig import HEADERS, STATION, EthdevCheck, frame, write_pcap

HEADROOM = 128
NB_PACKETS = 400  # three times through the ring

# rte_mbuf_ptype.h, by the headers of each kind
L2_ETHER, L3_IPV4, L3_IPV4_EXT, L3_IPV6, L3_IPV6_EXT = 0x1, 0x10, 0x30, 0x40, 0xc0
L4_TCP, L4_UDP, L4_SCTP = 0x100, 0x200, 0x400
PACKET_TYPES = {
    "udp": L3_IPV4 | L4_UDP, "tcp": L3_IPV4 | L4_TCP, "sctp": L3_IPV4 | L4_SCTP, "icmp": L3_IPV4,
    "options": L3_IPV4_EXT | L4_UDP, "fragment": L3_IPV4, "udp6": L3_IPV6 | L4_UDP,
    "tcp6": L3_IPV6 | L4_TCP, "options6": L3_IPV6_EXT | L4_UDP, "arp": 0,
    "vlan": L3_IPV4 | L4_UDP, "vlan6": L3_IPV6 | L4_TCP, "qinq": 0, "garbage": 0,
}
RX_VLAN = 1 << 0  # RTE_MBUF_F_RX_VLAN
CHECKSUMS = 1 << 3 | 1 << 4 | 1 << 7 | 1 << 8  # RTE_MBUF_F_RX_IP_CKSUM_..., _L4_CKSUM_...


class Receiver(EthdevCheck):
    """receiver.c on a port for each list of frames.  It runs to its end within the with block's
    beginning.
    """

    name = "receiver"

    def __init__(self, driver, folder, frames, *args, **kwargs):
        self.packets = len(frames[0])
        wires = [f"pcap:in={write_pcap(folder / f'in-{port}.pcap', sent)}:start=0"
                 for port, sent in enumerate(frames)]
        super().__init__(driver, wires, f"packets={self.packets}", *args, **kwargs)

    def wait_ready(self):
        self.wait_for("^ready$")
        for port in range(self.ports):
            self.sim_start(port, self.packets)
        super().wait_ready()

    def mbufs(self, port):
        """All that came on a port: [{field: value}], numbers but for data."""
        found = []
        for line in self.lines(rf"^mbuf on={port} (.*)$"):
            fields = dict(word.split("=") for word in line.split())
            data = bytes.fromhex(fields.pop("data"))
            found.append({name: int(value) for name, value in fields.items()} | {"data": data})
        return found


def expected(driver, port, kind, data):
    """What the API defines of a packet in one mbuf, with no offload asked for."""
    should = {"port": port, "nb_segs": 1, "pkt_len": len(data), "data_len": len(data),
              "data_off": HEADROOM, "refcnt": 1, "next": 0, "own_pool": 1, "data": data,
              "packet_type": PACKET_TYPES[kind], "ol_flags": 0}
    if driver == "net_ixymin":  # names the link layer of each; net_ixgbe only where IP is in it
        should["packet_type"] |= L2_ETHER
    elif "vlan" in kind:  # doc/judges.md: a tag that stays, with tag 0
        should |= {"ol_flags": RX_VLAN, "vlan_tci": 0}
    return should


def compare(receiver, port, kinds, frames):
    got = receiver.mbufs(port)
    assert len(got) == len(frames), receiver.about(f"port {port}: {len(got)} of {len(frames)}")
    for n, (mbuf, kind, data) in enumerate(zip(got, kinds, frames)):
        should = expected(receiver.driver, port, kind, data)
        if receiver.driver == "net_ixgbe":  # of what is not asked for: test_judge_rx.py
            mbuf["ol_flags"] &= ~CHECKSUMS
            mbuf["packet_type"] &= ~L2_ETHER
        wrong = {field: f"{mbuf[field]} instead of {value}" for field, value in should.items()
                 if mbuf[field] != value}
        assert not wrong, receiver.about(f"port {port}, packet {n} ({kind}): {wrong}")


@pytest.mark.parametrize("driver, simd", [
    ("net_ixymin", None), ("net_ixgbe", None), ("net_ixgbe", 64)],
    ids=["net_ixymin", "net_ixgbe-vector", "net_ixgbe-bulk"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_every_field(use, release, compiler, driver, simd, tmp_path):
    """Two ports, all kinds of headers, each mbuf several times."""
    use(release, compiler)
    kinds = [[*HEADERS, "garbage"][(n + 5 * port) % (len(HEADERS) + 1)]
             for port in range(2) for n in range(NB_PACKETS)]
    kinds = kinds[:NB_PACKETS], kinds[NB_PACKETS:]
    frames = [[frame(kind, 100 + (n * 37 + port) % 1415, STATION[port], seed=n)
               for n, kind in enumerate(kinds[port])] for port in range(2)]
    eal = [f"--force-max-simd-bitwidth={simd}"] if simd else []
    with Receiver(driver, tmp_path, frames, eal=eal) as receiver:
        for port in range(2):
            compare(receiver, port, kinds[port], frames[port])
