# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What drivers are told of a received frame: checksums and packet types."""

from judge import Judge, judges, numbered
from rig import BROADCAST, STRANGER
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting)
from scapy.layers.l2 import ARP, GRE, Dot1AD, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkData
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw, raw

DATA = bytes(range(256)) * 4
V4 = dict(src="10.1.2.3", dst="10.4.5.6")
INNER = Ether(src=STRANGER, dst=BROADCAST)
V6 = dict(src="fd00:1::2", dst="fd00:3::4")


def ip4(*layers, **fields):
    """An IPv4 packet; layers may have wrong checksums."""
    packet = IP(**{**V4, **fields})
    for layer in layers:
        packet = packet / layer
    return packet


def broken(packet, offset):
    """The packet with the 16 bits at an offset from its beginning changed."""
    data = bytearray(raw(packet))
    data[offset] ^= 0x40
    return Raw(bytes(data))


def sctp4(data):
    return ip4(SCTP(sport=7, dport=8) / SCTPChunkData(data=data))


def udp6(**fields):
    return IPv6(**V6) / UDP(sport=5, dport=6, **fields) / Raw(DATA[:99])


def tcp6(*extensions):
    packet = IPv6(**V6)
    for extension in extensions:
        packet = packet / extension
    return packet / TCP(sport=5, dport=6) / Raw(DATA[:99])


def udp(**fields):
    return UDP(sport=1, dport=2, **fields) / Raw(DATA[:100])


def tcp(**fields):
    return TCP(sport=1, dport=2, **fields) / Raw(DATA[:101])


def options():
    return [IPOption(b"\x44\x08\x05\x00\x00\x00\x00\x00"), IPOption(b"\x01" * 4)]


GOOD, BAD = "GOOD", "BAD"
# Not checked: net_ixgbe looks for errors only, and says that it is good.
NOT_CHECKED = "NOT_CHECKED"
# A wrong checksum in UDP: net_ixgbe believes no 82599 about one (erratum 44) and says nothing.
BAD_UDP = "BAD_UDP"
# No checksum in UDP over IPv4: the device reports it as wrong (erratum 44).
NO_UDP = "NO_UDP"
OF_IXYMIN = {GOOD: "GOOD", BAD: "BAD", BAD_UDP: "BAD", NOT_CHECKED: "UNKNOWN", NO_UDP: "UNKNOWN"}
OF_IXGBE = {GOOD: "GOOD", BAD: "BAD", BAD_UDP: "UNKNOWN", NOT_CHECKED: "GOOD", NO_UDP: "UNKNOWN"}

# name: packet, ethertype, IP checksum, L4 checksum, packet type.  By data sheet 7.1.11 and 7.1.6.2.
CASES = {
    "udp": (ip4(udp()), 0x800, GOOD, GOOD, "L3_IPV4 L4_UDP"),
    "udp, even": (ip4(udp() / Raw(b"x")), 0x800, GOOD, GOOD, "L3_IPV4 L4_UDP"),
    "udp, checksum 0": (ip4(udp(chksum=0)), 0x800, GOOD, NO_UDP, "L3_IPV4 L4_UDP"),
    "udp, bad": (ip4(udp(chksum=0x1234)), 0x800, GOOD, BAD_UDP, "L3_IPV4 L4_UDP"),
    "udp, last byte bad": (broken(ip4(udp()), 127), 0x800, GOOD, BAD_UDP, "L3_IPV4 L4_UDP"),
    "udp, address bad": (ip4(udp(chksum=0x1234), chksum=0x4321), 0x800, BAD, BAD_UDP,
                         "L3_IPV4 L4_UDP"),
    "udp without data": (ip4(UDP(sport=1, dport=2)), 0x800, GOOD, GOOD, "L3_IPV4 L4_UDP"),
    "udp in IP options": (ip4(udp(), options=options()), 0x800, GOOD, GOOD,
                          "L3_IPV4_EXT L4_UDP"),
    "udp, bad, in IP options": (ip4(udp(chksum=1), options=options()), 0x800, GOOD, BAD_UDP,
                                "L3_IPV4_EXT L4_UDP"),
    "bad IP options": (broken(ip4(tcp(), options=options()), 24), 0x800, BAD, GOOD,
                       "L3_IPV4_EXT L4_TCP"),
    "tcp": (ip4(tcp()), 0x800, GOOD, GOOD, "L3_IPV4 L4_TCP"),
    "tcp, bad": (ip4(tcp(chksum=0xbeef)), 0x800, GOOD, BAD, "L3_IPV4 L4_TCP"),
    "tcp, checksum 0": (ip4(tcp(chksum=0)), 0x800, GOOD, BAD, "L3_IPV4 L4_TCP"),
    "tcp, last byte bad": (broken(ip4(tcp()), 140), 0x800, GOOD, BAD, "L3_IPV4 L4_TCP"),
    "tcp, bad IP": (broken(ip4(tcp()), 8), 0x800, BAD, GOOD, "L3_IPV4 L4_TCP"),
    "tcp, IP checksum bad": (ip4(tcp(), chksum=0x0101), 0x800, BAD, GOOD, "L3_IPV4 L4_TCP"),
    "tcp, all bad": (ip4(tcp(chksum=1), chksum=1), 0x800, BAD, BAD, "L3_IPV4 L4_TCP"),
    "tcp options": (ip4(tcp(options=[("MSS", 1460), ("Timestamp", (1, 2))])), 0x800, GOOD, GOOD,
                    "L3_IPV4 L4_TCP"),
    "tcp options, bad": (ip4(tcp(options=[("MSS", 1460)], chksum=7)), 0x800, GOOD, BAD,
                         "L3_IPV4 L4_TCP"),
    "tcp, padded": (Raw(raw(ip4(TCP(sport=1, dport=2))) + b"\xff" * 33), 0x800, GOOD, GOOD,
                    "L3_IPV4 L4_TCP"),
    "tcp, padded, bad": (Raw(raw(ip4(TCP(sport=1, dport=2, chksum=9))) + b"\xff" * 33), 0x800,
                         GOOD, BAD, "L3_IPV4 L4_TCP"),
    "tcp, large": (ip4(TCP(sport=1, dport=2) / Raw((DATA * 2)[:1460])), 0x800, GOOD, GOOD,
                   "L3_IPV4 L4_TCP"),
    "tcp, large, bad": (broken(ip4(TCP(sport=1, dport=2) / Raw((DATA * 2)[:1460])), 1499), 0x800,
                        GOOD, BAD, "L3_IPV4 L4_TCP"),
    "sctp": (sctp4(DATA[:100]), 0x800, GOOD, GOOD, "L3_IPV4 L4_SCTP"),
    "sctp, bad": (broken(sctp4(DATA[:100]), 60), 0x800, GOOD, BAD, "L3_IPV4 L4_SCTP"),
    "icmp": (ip4(ICMP() / Raw(DATA[:60])), 0x800, GOOD, NOT_CHECKED, "L3_IPV4"),
    "icmp, bad": (ip4(ICMP(chksum=1) / Raw(DATA[:60])), 0x800, GOOD, NOT_CHECKED, "L3_IPV4"),
    "icmp, bad IP": (ip4(ICMP() / Raw(DATA[:60]), chksum=1), 0x800, BAD, NOT_CHECKED, "L3_IPV4"),
    "first fragment": (ip4(udp(chksum=1), flags="MF"), 0x800, GOOD, NOT_CHECKED, "L3_IPV4"),
    "later fragment": (ip4(Raw(DATA[:100]), frag=7, proto=6), 0x800, GOOD, NOT_CHECKED, "L3_IPV4"),
    "fragment, bad IP": (ip4(Raw(DATA[:100]), frag=7, proto=6, chksum=1), 0x800, BAD, NOT_CHECKED,
                         "L3_IPV4"),
    "dont fragment": (ip4(tcp(), flags="DF"), 0x800, GOOD, GOOD, "L3_IPV4 L4_TCP"),
    "udp6": (udp6(), 0x86dd, NOT_CHECKED, GOOD, "L3_IPV6 L4_UDP"),
    "udp6, bad": (udp6(chksum=0x5555), 0x86dd, NOT_CHECKED, BAD_UDP, "L3_IPV6 L4_UDP"),
    "udp6, checksum 0": (udp6(chksum=0), 0x86dd, NOT_CHECKED, BAD_UDP, "L3_IPV6 L4_UDP"),
    "tcp6": (tcp6(), 0x86dd, NOT_CHECKED, GOOD, "L3_IPV6 L4_TCP"),
    "tcp6, bad": (broken(tcp6(), 70), 0x86dd, NOT_CHECKED, BAD, "L3_IPV6 L4_TCP"),
    "tcp6, address bad": (broken(tcp6(), 30), 0x86dd, NOT_CHECKED, BAD, "L3_IPV6 L4_TCP"),
    "tcp6, hop limit": (broken(tcp6(), 7), 0x86dd, NOT_CHECKED, GOOD, "L3_IPV6 L4_TCP"),
    "tcp6, padded": (Raw(raw(IPv6(**V6) / TCP(sport=1, dport=2)) + b"\xaa" * 21), 0x86dd,
                     NOT_CHECKED, GOOD, "L3_IPV6 L4_TCP"),
    "sctp6": (IPv6(**V6) / SCTP(sport=7, dport=8) / SCTPChunkData(data=DATA[:64]), 0x86dd,
              NOT_CHECKED, GOOD, "L3_IPV6 L4_SCTP"),
    "hop by hop": (tcp6(IPv6ExtHdrHopByHop()), 0x86dd, NOT_CHECKED, GOOD, "L3_IPV6_EXT L4_TCP"),
    "hop by hop, bad": (broken(tcp6(IPv6ExtHdrHopByHop()), 90), 0x86dd, NOT_CHECKED, BAD,
                        "L3_IPV6_EXT L4_TCP"),
    "destination options, bad": (broken(tcp6(IPv6ExtHdrDestOpt()), 90), 0x86dd, NOT_CHECKED, BAD,
                                 "L3_IPV6_EXT L4_TCP"),
    "fragment 6": (tcp6(IPv6ExtHdrFragment(m=1)), 0x86dd, NOT_CHECKED, NOT_CHECKED, "L3_IPV6_EXT"),
    "vlan": (Dot1Q(vlan=5) / ip4(tcp()), 0x8100, GOOD, GOOD, "L3_IPV4 L4_TCP"),
    "vlan, bad": (Dot1Q(vlan=5) / ip4(tcp(chksum=2)), 0x8100, GOOD, BAD, "L3_IPV4 L4_TCP"),
    "vlan, bad IP": (Dot1Q(vlan=5) / ip4(tcp(), chksum=2), 0x8100, BAD, GOOD, "L3_IPV4 L4_TCP"),
    "vlan6, bad": (Dot1Q(vlan=5, type=0x86dd) / broken(tcp6(), 70), 0x8100, NOT_CHECKED, BAD,
                   "L3_IPV6 L4_TCP"),
    # of a second tag nothing is known without double VLAN (7.4.5)
    "qinq, bad": (Dot1AD(vlan=5) / Dot1Q(vlan=6) / ip4(tcp(chksum=1), chksum=1), 0x88a8,
                  NOT_CHECKED, NOT_CHECKED, ""),
    # tunnels: what is inside is not checked
    "vxlan": (ip4(UDP(sport=9, dport=4789) / VXLAN(vni=7) / INNER / ip4(tcp(chksum=1))), 0x800,
              GOOD, GOOD, "L3_IPV4 L4_UDP"),
    "vxlan, bad": (ip4(UDP(sport=9, dport=4789, chksum=5) / VXLAN(vni=7) / INNER / ip4(tcp())),
                   0x800, GOOD, BAD_UDP, "L3_IPV4 L4_UDP"),
    "gre": (ip4(GRE() / ip4(tcp(chksum=1), chksum=1)), 0x800, GOOD, NOT_CHECKED, "L3_IPV4"),
    "arp": (ARP(psrc="10.0.0.1", pdst="10.0.0.2"), 0x806, NOT_CHECKED, NOT_CHECKED, ""),
}


def case_frame(packet, ethertype, number):
    return numbered(bytes(12) + ethertype.to_bytes(2, "big") + raw(packet), number)


@judges()
def test_checksum_flags(driver, path, tmp_path):
    """Good and bad checksums of every kind: what comes with the frame, and the frame itself."""
    frames = [case_frame(packet, ethertype, number)
              for number, (packet, ethertype, *_) in enumerate(CASES.values())]
    with Judge(driver, path, tmp_path, frames, ["--enable-rx-cksum"]) as pmd:
        pmd.do("set port 0 ptype_mask 0xfffffff")  # testpmd wants none
        seen, got = pmd.exchange(len(frames))
        pmd.assert_same(got, frames)
        wrong = []
        for number, (name, (_, _, ip, l4, types)) in enumerate(CASES.items()):
            said = seen[number]
            words = OF_IXGBE if driver == "net_ixgbe" else OF_IXYMIN
            flags = {f"IP_CKSUM_{words[ip]}", f"L4_CKSUM_{words[l4]}"}
            if said.flags - {"VLAN"} != flags:
                wrong.append(f"{name}: {said.flags} instead of {flags}")
            # net_ixgbe's names for "no IP" differ between its paths
            if [t for t in said.ptype if not t.startswith("L2_")] != types.split():
                wrong.append(f"{name}: {said.ptype} instead of {types}")
        assert not wrong, pmd.about("\n".join(wrong))
        errors = sum(BAD in (ip, l4) or l4 in (BAD_UDP, NO_UDP)
                     for _, _, ip, l4, _ in CASES.values())
        stats, xstats = pmd.driver_counts(0)
        assert xstats["rx_l3_l4_xsum_error"] == errors, pmd.about(xstats)  # 8.2.3.23, XEC
        assert stats["ierrors"] == 0, pmd.about(stats)
