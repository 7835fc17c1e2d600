# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Every field of received mbufs, as an application sees them, on two ports: receiver.c prints, and
what rte_mbuf.h and rte_ethdev.h define is compared with it.
"""

import re

import pytest
from ixymin_tools import simlib
from judge import PATHS, judges
from rig import HEADERS, STATION, EthdevCheck, frame, write_pcap
from test_judge_rss import ALL, EXAMPLE_KEY, all_flows

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
# RTE_MBUF_F_RX_...
RX_VLAN, RX_RSS_HASH, RX_VLAN_STRIPPED = 1 << 0, 1 << 1, 1 << 6
IP_CKSUM_BAD, IP_CKSUM_GOOD, L4_CKSUM_BAD, L4_CKSUM_GOOD = 1 << 4, 1 << 7, 1 << 3, 1 << 8
CHECKSUMS = IP_CKSUM_BAD | IP_CKSUM_GOOD | L4_CKSUM_BAD | L4_CKSUM_GOOD
# RTE_ETH_RX_OFFLOAD_...
VLAN_STRIP, IPV4_CKSUM, UDP_CKSUM, TCP_CKSUM = 1 << 0, 1 << 1, 1 << 2, 1 << 3
KEEP_CRC, SCTP_CKSUM, RSS_HASH = 1 << 16, 1 << 17, 1 << 19
RSS_HF = {  # RTE_ETH_RSS_..., by the names of test_judge_rss
    "ip4": 1 << 2, "tcp4": 1 << 4, "udp4": 1 << 5, "ip6": 1 << 8, "tcp6": 1 << 10, "udp6": 1 << 11,
}


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
        """All segments that came on a port: [{field: value}], numbers but for data."""
        found = []
        for line in self.lines(rf"^mbuf on={port} (.*)$"):
            fields = dict(word.split("=") for word in line.split())
            data = bytes.fromhex(fields.pop("data"))
            found.append({name: int(value) for name, value in fields.items()} | {"data": data})
        return found


def expected(driver, port, kind, data):
    """What the API defines of a packet in one mbuf, with no offload asked for; kind: a key of
    PACKET_TYPES.
    """
    should = {"port": port, "nb_segs": 1, "pkt_len": len(data), "data_len": len(data),
              "data_off": HEADROOM, "refcnt": 1, "next": 0, "own_pool": 1, "data": data,
              "packet_type": PACKET_TYPES[kind], "ol_flags": 0}
    if driver == "net_ixymin":  # names the link layer of each; net_ixgbe only where IP is in it
        should["packet_type"] |= L2_ETHER
    elif "vlan" in kind:  # doc/judges.md: a tag that stays, with tag 0
        should |= {"ol_flags": RX_VLAN, "vlan_tci": 0}
    return should


def compare(receiver, port, kinds, frames, also=None):
    """also: by frame, fields that offloads change"""
    got = receiver.mbufs(port)
    assert len(got) == len(frames), receiver.about(f"port {port}: {len(got)} of {len(frames)}")
    for n, (mbuf, kind, data) in enumerate(zip(got, kinds, frames)):
        should = expected(receiver.driver, port, kind, data)
        if receiver.driver == "net_ixgbe":
            if also is None:  # what is not asked for is told all the same: test_judge_rx.py
                mbuf["ol_flags"] &= ~CHECKSUMS
            mbuf["packet_type"] &= ~L2_ETHER
        if also is not None:
            should |= also[n]
        wrong = {field: f"{mbuf[field]} instead of {value}" for field, value in should.items()
                 if mbuf[field] != value}
        assert not wrong, receiver.about(f"port {port}, packet {n} ({kind}): {wrong}")


@pytest.mark.parametrize("driver, simd", [
    ("net_ixymin", None), ("net_ixymin", 64), ("net_ixgbe", None), ("net_ixgbe", 64)],
    ids=["net_ixymin-vector", "net_ixymin-scalar", "net_ixgbe-vector", "net_ixgbe-bulk"])
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


def broken(kind, data, what):
    """A frame with what (IP, L4) wrong in it, or no UDP checksum at all."""
    data = bytearray(data)
    if what == "IP":
        data[14 + 8 + (4 if "vlan" in kind else 0)] ^= 1  # time to live
    elif what == "L4":
        data[-1] ^= 1
    elif what == "none":
        data[40:42] = 0, 0
    return bytes(data)


def checksum_flags(driver, kind, what):
    """As rte_mbuf.h defines them; of net_ixgbe as doc/judges.md tells."""
    ip = PACKET_TYPES[kind] & L3_IPV4
    l4 = PACKET_TYPES[kind] & (L4_TCP | L4_UDP | L4_SCTP)
    if driver == "net_ixgbe":
        flags = IP_CKSUM_BAD if what == "IP" else IP_CKSUM_GOOD
        wrong = what in ("L4", "none") and l4
        return flags | (not wrong and L4_CKSUM_GOOD or wrong != L4_UDP and L4_CKSUM_BAD)
    flags = (IP_CKSUM_BAD if what == "IP" else IP_CKSUM_GOOD) if ip else 0
    if l4 and what != "none":
        flags |= L4_CKSUM_BAD if what == "L4" else L4_CKSUM_GOOD
    return flags


@judges(paths=["vector", "bulk"])
def test_checksums(driver, path, tmp_path):
    """Good and bad checksums of all kinds of headers, and UDP without one."""
    cases = [(kind, what) for kind, types in PACKET_TYPES.items()
             for what in ("", "IP", "L4", "none")
             if (what != "IP" or types & L3_IPV4) and (what != "none" or kind == "udp") and
             (what != "L4" or types & (L4_TCP | L4_UDP | L4_SCTP))]
    kinds = [kind for kind, _ in cases]
    frames = [broken(kind, frame(kind, 102 + n, STATION[0], seed=n), what)
              for n, (kind, what) in enumerate(cases)]
    also = [{"ol_flags": expected(driver, 0, kind, b"")["ol_flags"] |
             checksum_flags(driver, kind, what)} for kind, what in cases]
    offloads = IPV4_CKSUM | UDP_CKSUM | TCP_CKSUM
    offloads |= SCTP_CKSUM if driver == "net_ixymin" else 0  # net_ixgbe has it all the same
    with Receiver(driver, tmp_path, [frames], f"offloads={offloads}",
                  eal=PATHS[driver][path][0]) as receiver:
        compare(receiver, 0, kinds, frames, also)


@pytest.mark.parametrize("room, how, keep", [
    (2048, "mtu=9706", 0), (1024, "mtu=9706", 0), (2047, "mtu_running=9706", 0),
    (9800, "mtu=9706", 0), (2048, "mtu=9706", KEEP_CRC), (1024, "mtu=9706", KEEP_CRC)])
@judges(paths=["vector", "bulk"])
def test_segments(driver, path, room, how, keep, tmp_path):
    """Frames of every length around multiples of a buffer, up to the largest; the driver scatters
    them without being asked for it, and tells of their checksums.
    """
    if driver == "net_ixgbe" and "running" in how:
        pytest.skip("net_ixgbe refuses such an MTU while the port runs")
    size = room // 1024 * 1024  # SRRCTL counts in KB
    lengths = [n + d for n in range(size, 9720, size) for d in (-5, -4, -3, -1, 0, 1)]
    lengths += [100, 1514, 1518, 9720]
    kinds = [("udp", "tcp", "udp6", "arp")[n % 4] for n in range(len(lengths))]
    frames = [frame(kind, length, STATION[0], seed=length) for kind, length in zip(kinds, lengths)]
    wrong = [n % 8 == 1 for n in range(len(frames))]
    frames = [broken("tcp", data, "L4") if bad else data for data, bad in zip(frames, wrong)]
    with Receiver(driver, tmp_path, [frames], how, f"room={room}",
                  f"offloads={IPV4_CKSUM | UDP_CKSUM | TCP_CKSUM | keep}",
                  eal=PATHS[driver][path][0]) as receiver:
        segments = receiver.mbufs(0)
        for n, (kind, data) in enumerate(zip(kinds, frames)):
            pieces = [data[at:at + size] for at in range(0, len(data), size)]
            should = expected(driver, 0, kind, data)
            should |= {"nb_segs": len(pieces), "ol_flags": checksum_flags(
                driver, kind, "L4" if wrong[n] else "")}
            if driver == "net_ixgbe":  # its vector path takes the first descriptor's
                del should["packet_type"]
            for number, piece in enumerate(pieces):
                should |= {"data_len": len(piece), "data": piece,
                           "next": number + 1 < len(pieces)}
                is_ = segments.pop(0)
                differ = {field: f"{is_[field]} instead of {value}"
                          for field, value in should.items() if is_[field] != value}
                assert not differ, receiver.about(
                    f"frame {n} ({kind}, {len(data)}), segment {number}: {differ}")
                should = {key: should[key] for key in ("data_off", "refcnt", "own_pool")}
                if driver == "net_ixymin":  # others leave what the API does not ask for
                    should |= {"port": 0, "nb_segs": 1, "ol_flags": 0}
        assert not segments, receiver.about(f"{len(segments)} segments too many")


@judges("VLAN offload", paths=["vector", "bulk"])
def test_tags(driver, path, tmp_path):
    """A tag that was stripped is in the mbuf; and there are no flags but this one's."""
    kinds = [*PACKET_TYPES] * 3
    frames = [frame(kind, 100 + n, STATION[0], seed=n) for n, kind in enumerate(kinds)]
    also = [{"ol_flags": 0} for _ in frames]
    for n, data in enumerate(frames):
        if data[12:14] == b"\x81\0":
            also[n] = {"ol_flags": RX_VLAN | RX_VLAN_STRIPPED,
                       "vlan_tci": int.from_bytes(data[14:16], "big")}
            frames[n] = data[:12] + data[16:]
    with Receiver(driver, tmp_path, [[frame(kind, 100 + n, STATION[0], seed=n)
                                      for n, kind in enumerate(kinds)]], f"offloads={VLAN_STRIP}",
                  eal=PATHS[driver][path][0]) as receiver:
        if driver == "net_ixgbe":
            also = [fields | {"ol_flags": fields["ol_flags"] | checksum_flags(driver, kind, "")}
                    for fields, kind in zip(also, kinds)]
        compare(receiver, 0, kinds, frames, also)


@judges("RSS hash", paths=["vector", "bulk"])
def test_hashes(driver, path, tmp_path):
    """The hash of each flow, where there is one."""
    flows = all_flows()
    with Receiver(driver, tmp_path, [[flow.frame for flow in flows]], f"offloads={RSS_HASH}",
                  f"rss_hf={sum(RSS_HF.values())}", eal=PATHS[driver][path][0]) as receiver:
        got = receiver.mbufs(0)
        assert len(got) == len(flows), receiver.about(len(got))
        for flow, mbuf in zip(flows, got):
            should = flow.hash(EXAMPLE_KEY, ALL)
            assert bool(mbuf["ol_flags"] & RX_RSS_HASH) == (should is not None), \
                receiver.about(f"{flow}: {mbuf}")
            assert should in (None, mbuf["rss"]), receiver.about(f"{flow}: {should:#x}, {mbuf}")
