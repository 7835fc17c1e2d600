# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What the device makes of frames that a driver wants to have completed: checksums and
segments.  testpmd's csum mode asks for it; scapy says what is right.
"""

import random

import pytest
from judge import Judge, judges, numbered, pieces
from rig import EthdevCheck, assert_frames, read_pcap, write_pcap
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkData
from scapy.packet import Raw

V4 = dict(src="10.1.2.3", dst="172.16.5.6", id=0x7fff, ttl=3)
V6 = dict(src="fd00:1::2", dst="fd00:3::4", fl=0x12445)
HW = ["csum set ip hw 0", "csum set udp hw 0", "csum set tcp hw 0", "csum set sctp hw 0"]


def data(size, seed=0):
    return Raw(random.Random(f"{size} {seed}").randbytes(size))


def zero_sum():
    """A UDP datagram whose checksum computes to 0, which is sent as ffff (RFC 768)."""
    packet = IP(**V4) / UDP(sport=1, dport=2) / Raw(b"\0\0zero")
    packet[Raw].load = IP(bytes(packet))[UDP].chksum.to_bytes(2, "big") + b"zero"
    return packet


PACKETS = {
    "udp": IP(**V4) / UDP(sport=1, dport=2) / data(100),
    "udp, odd": IP(**V4) / UDP(sport=1, dport=2) / data(101),
    "udp, 1 byte": IP(**V4) / UDP(sport=1, dport=2) / data(1),
    "udp, large": IP(**V4) / UDP(sport=1, dport=2) / data(1472),
    "udp, sum 0": zero_sum(),
    "udp in IP options": IP(**V4, options=[IPOption(b"\x01" * 4)]) / UDP(sport=1) / data(77),
    "tcp": IP(**V4) / TCP(sport=1, dport=2, flags="SA") / data(100),
    "tcp, odd": IP(**V4) / TCP(sport=1, dport=2, flags="PA") / data(33),
    "tcp, no data": IP(**V4) / TCP(sport=1, dport=2),
    "tcp, options": IP(**V4) / TCP(options=[("MSS", 9000), ("SAckOK", b"")]) / data(500),
    "tcp, large": IP(**V4) / TCP(sport=1, dport=2) / data(1459),
    "tcp in IP options": IP(**V4, options=[IPOption(b"\x01" * 40)]) / TCP() / data(9),
    "sctp": IP(**V4) / SCTP(sport=7, dport=8) / SCTPChunkData(data=data(100).load),
    "sctp6": IPv6(**V6) / SCTP(sport=7, dport=8) / SCTPChunkData(data=data(40).load),
    "icmp": IP(**V4) / ICMP() / data(50),
    "udp6": IPv6(**V6) / UDP(sport=1, dport=2) / data(64),
    "udp6, odd": IPv6(**V6) / UDP(sport=1, dport=2) / data(1451),
    "tcp6": IPv6(**V6) / TCP(sport=1, dport=2) / data(200),
    "tcp6, odd": IPv6(**V6) / TCP(sport=1, dport=2) / data(201),
    "vlan": Dot1Q(vlan=5, prio=7) / IP(**V4) / TCP() / data(99),
    "vlan udp": Dot1Q(vlan=5, prio=7) / IP(**V4) / UDP() / data(98),
    "vlan6": Dot1Q(vlan=5) / IPv6(**V6) / UDP() / data(97),
    "arp": ARP(psrc="10.0.0.1", pdst="10.0.0.2"),
}


def spoiled(data_):
    """The frame with all checksums wrong that the device is to write.  SCTP's has to be 0: it is
    part of what the device sums up (7.2.5.3).
    """
    packet = Ether(data_)
    at = 18 if Dot1Q in packet else 14
    out = bytearray(data_)
    proto = None
    if IP in packet:
        out[at + 10:at + 12] = b"\xde\xad"
        proto, at = packet[IP].proto, at + packet[IP].ihl * 4
    elif IPv6 in packet:
        proto, at = packet[IPv6].nh, at + 40
    where = {6: (16, 2), 17: (6, 2), 132: (8, 4)}.get(proto)
    if where:
        out[at + where[0]:at + sum(where)] = bytes(4) if proto == 132 else b"\xbe\xef"
    return bytes(out)


@judges("L3 checksum offload", "L4 checksum offload", paths=["vector"])
def test_checksums_inserted(driver, path, tmp_path):
    """All headers whole and in one buffer, then cut into pieces at odd places."""
    should = [numbered(packet, n) for n, packet in enumerate(PACKETS.values())]
    frames = [spoiled(f) for f in should]
    assert all(a != b for a, b in zip(frames[:-1], should))
    with Judge(driver, path, tmp_path, frames * 4) as pmd:
        pmd.do("set fwd csum")
        pmd.restart(*HW, "csum mac-swap off 0")

        def check(how):
            tail = pmd.tx_tail()
            _, got = pmd.exchange(len(frames), verbose=False)
            for name, g, s in zip(PACKETS, got, should):
                assert_frames(pmd, [g], [s], f"{name}{how}")
            assert len(got) == len(should), pmd.about(f"{len(got)} of {len(should)}")
            return pmd.tx_tail(since=tail)

        whole = check("")
        pmd.do("set txsplit on")
        # net_ixgbe wants all headers in the first piece, of which the largest are 98 bytes
        for shape in ("98,20,8,300", "99,1,3,5,7,11,13,17", "110,64"):
            pmd.do(f"set txpkts {shape}")
            more = check(f", in pieces {shape}") - whole
            # a driver may have use for the contexts of the round before
            least = sum(pieces(f, shape) - 1 for f in frames) - 2
            assert more >= least > 2, pmd.about(f"{more} descriptors more, not {least}")


@judges("L3 checksum offload", "L4 checksum offload", paths=["vector"])
def test_one_checksum(driver, path, tmp_path):
    """What is not asked for stays as it is: testpmd computes it itself, or leaves it wrong."""
    names = [name for name in PACKETS if "sctp" not in name and name != "udp, sum 0"]
    should = [numbered(PACKETS[name], n) for n, name in enumerate(names)]
    spoilt = [spoiled(f) for f in should]
    with Judge(driver, path, tmp_path, spoilt * 4) as pmd:
        pmd.do("set fwd csum")
        for only in "ip", "udp", "tcp":
            pmd.restart(*[f"csum set {what} {'hw' if what == only else 'sw'} 0"
                          for what in ("ip", "udp", "tcp")], "csum mac-swap off 0")
            _, got = pmd.exchange(len(should), verbose=False)
            assert_frames(pmd, got, should, f"with {only}")
        pmd.restart(*HW)
        pmd.do("set fwd io")
        _, got = pmd.exchange(len(should), verbose=False)
        assert_frames(pmd, got, spoilt, "with none")


# segments

FIN, PSH, CWR = 0x01, 0x08, 0x80


def segmented(frame_, mss):
    """7.2.4: what is to come out for a TCP frame: header by header, with scapy's checksums."""
    packet = Ether(frame_)
    tcp = packet[TCP]
    payload = bytes(tcp.payload)
    if IP in packet:
        payload = payload[:packet[IP].len - packet[IP].ihl * 4 - tcp.dataofs * 4]
    pieces = [payload[at:at + mss] for at in range(0, len(payload), mss)]
    if len(pieces) < 2:
        return [frame_]
    out = []
    for n, piece in enumerate(pieces):
        segment = Ether(frame_)
        header = segment[TCP]
        header.remove_payload()
        header.seq = (tcp.seq + n * mss) & 0xffffffff
        flags = int(tcp.flags)
        if n < len(pieces) - 1:
            flags &= ~(FIN | PSH)
        else:  # the reset values of DTXTCPFLGL and H, 8.2.3.9.3 and 4
            flags &= ~CWR
        header.flags = flags
        del header.chksum
        if IP in segment:
            segment[IP].id = (packet[IP].id + n) & 0xffff
            del segment[IP].len, segment[IP].chksum
        else:
            del segment[IPv6].plen
        out.append(bytes(segment / Raw(piece)).ljust(60, b"\0"))
    return out


def tcp_frames(largest):
    """Around one and two segments, many of them, all flags, options, IDs that wrap."""
    options = [("Timestamp", (1, 2)), ("NOP", None), ("NOP", None)]
    all_flags = "FSRPAUEC"
    made = []
    for n, size in enumerate([1, 999, 1000, 1001, 1999, 2000, 2001, 5000, 7777, largest]):
        made.append(IP(**V4) / TCP(seq=0xfffff000 + n, flags="PA") / data(size))
    made.append(IP(**{**V4, "id": 0xfffe}) / TCP(flags="FPA", window=77) / data(4500))
    made.append(IP(**V4, tos=0xb8, flags="DF") / TCP(flags=all_flags, urgptr=9) / data(3001))
    made.append(IP(**V4) / TCP(flags="AEC", options=options) / data(3500))
    made.append(IP(**V4, options=[IPOption(b"\x01" * 8)]) / TCP(flags="FA") / data(2500))
    made.append(IPv6(**V6) / TCP(flags="FPA") / data(4321))
    made.append(IPv6(**V6) / TCP(flags="PA", options=options) / data(2002))
    made.append(Dot1Q(vlan=5, prio=3) / IP(**V4) / TCP(flags="PA") / data(3333))
    made.append(Dot1Q(vlan=5, prio=3) / IPv6(**V6) / TCP(flags="PA") / data(3334))
    made.append(IP(**V4) / UDP() / data(3000))  # none of TSO's business
    return [numbered(packet, n) for n, packet in enumerate(made)]


@judges("TSO", paths=["vector"])
def test_segmentation(driver, path, tmp_path):
    """Frames of up to 9,728 bytes come out as the segments that they stand for."""
    frames = tcp_frames(9728 - 4 - 4 - 54)
    sizes = [1000, 1460, 333, 8000]
    with Judge(driver, path, tmp_path, [spoiled(f) for f in frames] * (len(sizes) + 1),
               ["--max-pkt-len=9728", "--mbuf-size=10368", "--rxd=512", "--txd=1024"]) as pmd:
        pmd.do("set fwd csum")
        pmd.restart(*HW, "csum mac-swap off 0")

        def check(mss):
            pmd.restart(f"tso set {mss} 0")
            before = pmd.port_stats(0)
            should = [segmented(f, mss) if TCP in Ether(f) else [f] for f in frames]
            flat = [s for segments in should for s in segments]
            _, got = pmd.exchange(len(frames), out=len(flat), verbose=False)
            at = 0
            for f, segments in zip(frames, should):
                assert_frames(pmd, got[at:at + len(segments)], segments,
                              f"MSS {mss}, {Ether(f).summary()}, {len(f)} bytes")
                at += len(segments)
            after = pmd.port_stats(0)
            assert after["opackets"] - before["opackets"] == len(flat), pmd.about(after)
            assert after["obytes"] - before["obytes"] == sum(map(len, flat)), pmd.about(after)
            return pmd.tx_tail()

        used = [check(mss) for mss in sizes]
        shape = "110,500,700,2000"
        pmd.do("set txsplit on", f"set txpkts {shape}")
        more = check(sizes[0]) - used[0]
        should = sum(pieces(f, shape) - 1 for f in frames)
        assert more == should > 0, pmd.about(f"{more} pieces more, not {should}")


@pytest.mark.parametrize("driver", ["net_ixgbe", "net_ixymin"])
def test_tag_with_other_offloads(driver, tmp_path):
    """What testpmd does not do at the same time: a tag put in, and checksums or segments."""
    frames = [numbered(IP(**V4) / TCP(seq=n, flags="FPA") / data(1460 - 100 * n), n)
              for n in range(12)]
    should = []
    for n, f in enumerate(frames):
        tag = b"\x81\0" + (0x6000 + n).to_bytes(2, "big")
        made = segmented(f, 500) if n % 3 == 2 else [f]
        should += [m[:12] + tag + m[12:] for m in made]
    spoilt = [f if n % 3 == 0 else spoiled(f) for n, f in enumerate(frames)]
    out = tmp_path / "out.pcap"
    wire = f"pcap:in={write_pcap(tmp_path / 'in.pcap', spoilt)}:out={out}"
    with EthdevCheck(driver, wire, f"tag={len(frames)}") as check:
        assert_frames(check, read_pcap(out), should, "out")
