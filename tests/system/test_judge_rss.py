# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Receive-side scaling: the hash as computed here, and the queue that the table has for it."""

import ipaddress
import random
import re

import pytest
from judge import Judge, count_by_queue, judges, numbered, rx_by_queue
from rig import Rig, assert_intact
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, Dot1Q
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

QUEUES = 4
ADDRESSES = {IP: [("66.9.149.187", "161.142.100.80"), ("10.0.0.1", "10.0.0.2")],
             IPv6: [("3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1"), ("fd00::1", "fd00::2")]}
PORTS = [(2794, 1766), (1, 65535)]
RETA = 128
HASH = "--rx-offloads=0x80000"  # RTE_ETH_RX_OFFLOAD_RSS_HASH: net_ixgbe does so unasked
EXAMPLE_KEY = bytes.fromhex(  # comes with the definition of the hash
    "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")


def toeplitz(key, data):
    """7.1.2.8.1: for each bit of the data that is set, the 32 bits of the key from there on."""
    window = int.from_bytes(key, "big")
    bits = len(key) * 8
    result = 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            result ^= window >> (bits - 32 - i) & 0xffffffff
    return result


def test_toeplitz():
    """The example that comes with the definition of the hash."""
    key = EXAMPLE_KEY
    source, destination = (ipaddress.ip_address(a).packed for a in ADDRESSES[IP][0])
    assert toeplitz(key, source + destination) == 0x323e8fc2
    assert toeplitz(key, source + destination + bytes.fromhex("0aea06e6")) == 0x51ccc178
    source, destination = (ipaddress.ip_address(a).packed for a in ADDRESSES[IPv6][0])
    assert toeplitz(key, source + destination) == 0x2cc18cd5


class Flow:
    """A frame, and what the hash takes of it: by layer 3 and, unless it has no ports, 4."""

    def __init__(self, number, network, addresses, transport, ports, vlan=False, extension=None):
        packet = network(src=addresses[0], dst=addresses[1])
        if extension is not None:
            packet = packet / extension
        if transport in (TCP, UDP, SCTP):
            packet = packet / transport(sport=ports[0], dport=ports[1])
        elif transport is not None:
            packet = packet / transport()
        packet = packet / Raw(bytes(40))
        self.frame = numbered(Dot1Q(vlan=9) / packet if vlan else packet, number)
        self.network, self.transport = network, transport
        self.l3 = b"".join(ipaddress.ip_address(a).packed for a in addresses)
        self.l4 = b"".join(port.to_bytes(2, "big") for port in ports)
        # 7.1.2.8.1: no ports are taken from fragments
        self.fragment = isinstance(extension, IPv6ExtHdrFragment)

    def hash(self, key, types):
        """7.1.2.8.1: by the most special of the types that are enabled; None: of no type"""
        names = {TCP: "tcp", UDP: "udp"}
        version = 4 if self.network is IP else 6
        if not self.fragment and f"{names.get(self.transport)}{version}" in types:
            return toeplitz(key, self.l3 + self.l4)
        if f"ip{version}" in types:
            return toeplitz(key, self.l3)
        return None

    def __repr__(self):
        return f"{self.network.__name__} {self.transport} {self.l3.hex()} {self.l4.hex()}"


def all_flows():
    rng = random.Random(82599)
    flows = []
    for network in (IP, IPv6):
        pairs = list(ADDRESSES[network])
        size = 4 if network is IP else 16
        pairs += [tuple(str(ipaddress.ip_address(rng.randbytes(size))) for _ in range(2))
                  for _ in range(6)]
        for transport in (TCP, UDP, SCTP, None):
            for addresses in pairs:
                ports = rng.choice(PORTS + [(rng.randrange(65536), rng.randrange(65536))])
                flows.append(Flow(len(flows), network, addresses, transport, ports))
        flows.append(Flow(len(flows), network, pairs[0], TCP, PORTS[0], vlan=True))
    flows.append(Flow(len(flows), IPv6, ADDRESSES[IPv6][0], TCP, PORTS[0],
                      extension=IPv6ExtHdrDestOpt()))
    flows.append(Flow(len(flows), IPv6, ADDRESSES[IPv6][0], UDP, PORTS[0],
                      extension=IPv6ExtHdrFragment(m=1)))
    return flows


ALL = {"tcp4", "udp4", "ip4", "tcp6", "udp6", "ip6"}


class Rss(Judge):
    """What the port is set to, as the driver says, and whether it does so."""

    def key(self):
        said = self.do("show port 0 rss-hash key")
        return bytes.fromhex(re.search(r"RSS key:\s*([0-9A-Fa-f]+)", said)[1])

    def reta(self):
        said = self.do("show port 0 rss reta 128 (0xffffffffffffffff,0xffffffffffffffff)")
        table = re.findall(r"hash index=(\d+), queue=(\d+)", said)
        assert [int(i) for i, _ in table] == list(range(RETA)), self.about(said)
        return [int(queue) for _, queue in table]

    def check(self, flows, types):
        """All flows: hash, flag, queue. @return queues in use"""
        key, reta = self.key(), self.reta()
        seen, got = self.exchange(len(flows))
        self.assert_same(got, [flow.frame for flow in flows])
        wrong = []
        for number, flow in enumerate(flows):
            should, said = flow.hash(key, types), seen[number]
            queue = 0 if should is None else reta[should % RETA]
            if (said.rss, said.queue) != (should, queue):
                wrong.append(f"{flow}: hash {said.rss}, queue {said.queue} instead of {should}, "
                             f"{queue}")
        assert not wrong, self.about(f"{types}, key {key.hex()}\n" + "\n".join(wrong))
        return {said.queue for said in seen.values()}


@judges("RSS hash", "RSS key update", "RSS reta update", paths=["vector", "bulk"])
def test_hash_and_queue(driver, path, tmp_path):
    """All kinds of frames by all kinds of hash; then another key, and another table."""
    flows = all_flows()
    steps = 7
    args = [f"--rxq={QUEUES}", f"--txq={QUEUES}", HASH]
    with Rss(driver, path, tmp_path, [f.frame for f in flows] * steps, args) as pmd:
        assert pmd.check(flows, {"ip4", "ip6"}) == set(range(QUEUES))  # testpmd's default
        for types, names in (("tcp", {"tcp4", "tcp6"}), ("udp", {"udp4", "udp6"}),
                             ("ip", {"ip4", "ip6"}), ("all", ALL)):
            pmd.do(f"port config all rss {types}")
            pmd.check(flows, names)
        before = pmd.key()
        key = random.Random(1).randbytes(40)
        pmd.do(f"port config 0 rss-hash-key ipv4 {key.hex()}")
        assert pmd.key() == key != before, pmd.about(pmd.key())
        pmd.do("port config all rss all")
        assert pmd.key() == key, pmd.about(pmd.key())
        pmd.check(flows, ALL)
        reta = [random.Random(i).randrange(QUEUES) for i in range(RETA)]
        assert pmd.reta() != reta
        for at in range(0, RETA, 8):
            pairs = ",".join(f"({i},{reta[i]})" for i in range(at, at + 8))
            pmd.do(f"port config 0 rss reta {pairs}")
        assert pmd.reta() == reta, pmd.about(pmd.reta())
        pmd.check(flows, ALL)


@judges("RSS hash", paths=["vector"])
@pytest.mark.parametrize("queues", [3, 16])
def test_numbers_of_queues(driver, path, queues, tmp_path):
    """The table spreads over them all, and frames without a hash go to the first."""
    flows = all_flows()
    others = [numbered(ARP(psrc="10.0.0.1", pdst="10.0.0.2") / Raw(bytes(40)), 1000)]
    args = [f"--rxq={queues}", f"--txq={queues}", "--rss-ip", HASH]
    frames = [f.frame for f in flows] + others
    with Rss(driver, path, tmp_path, frames, args) as pmd:
        pmd.check(flows, {"ip4", "ip6"})
        assert set(pmd.reta()) == set(range(queues)), pmd.about(pmd.reta())
        seen, _ = pmd.exchange(len(others))
        assert seen[1000].queue == 0 and seen[1000].rss is None, pmd.about(seen)


@judges("RSS hash", paths=["vector", "bulk"])
def test_flows_spread(driver, path):
    """Thousands of flows: every queue has its share, and every flow keeps its order."""
    del path
    queues, number = 8, 40000
    args = [f"--rxq={queues}", f"--txq={queues}", "--rss-udp", "--no-flush-rx"]
    with Rig(driver, ["gen:start=0:flows=4096:size=64-200"] * 2, args) as pmd:
        count_by_queue(pmd, queues)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: number, 1: number}), 2 * number)
        pmd.check_driver_counts()
        for port in range(2):
            shares = rx_by_queue(pmd, port, queues)
            assert sum(shares) == number, pmd.about(shares)
            assert all(number / queues / 2 < share < number / queues * 2 for share in shares), \
                pmd.about(shares)


def fill(pmd, flows, queues):
    """Frames in. @return how many each queue of the first port received"""
    before = rx_by_queue(pmd, 0, queues)
    pmd.forward()
    assert_intact(pmd, pmd.send({0: flows}), flows)
    pmd.command("stop")
    return [b - a for a, b in zip(before, rx_by_queue(pmd, 0, queues))]


def test_settings_outlive_restarts(tmp_path):
    """The device has the key, the table and the types that were set, after each kind of start."""
    with Rss("net_ixymin", "scalar", tmp_path, [], ["--rxq=4", "--txq=4"]) as pmd:
        key = random.Random(7).randbytes(40)
        pmd.do(f"port config 0 rss-hash-key ipv4 {key.hex()}", "port config all rss udp",
               "port config 0 rss reta (0,3),(127,2)")
        settings = {name: pmd.sim_regs(0, name) for name in ("RSSRK", "RETA", "MRQC")}
        words = [int.from_bytes(key[i:i + 4], "little") for i in range(0, 40, 4)]
        assert [settings["RSSRK"][f"RSSRK_{i}"] for i in range(10)] == words, pmd.about(settings)
        assert settings["RETA"]["RETA_0"] == 0x03020103, pmd.about(settings)
        assert settings["RETA"]["RETA_31"] == 0x02020100, pmd.about(settings)
        pmd.restart()
        assert {name: pmd.sim_regs(0, name) for name in settings} == settings, pmd.about("lost")
        pmd.restart("port reset 0")
        del settings["MRQC"]  # the types are those of testpmd's configuration again
        assert {name: pmd.sim_regs(0, name) for name in settings} == settings, pmd.about("lost")


def test_several_queues_without_rss():
    """A port that has several queues and does not ask for RSS uses them all."""
    queues = 4
    with Rig("net_ixymin", ["gen:start=0:flows=1024", "sink"],
             [f"--rxq={queues}", f"--txq={queues}", "--disable-rss"]) as pmd:
        assert all(fill(pmd, 4000, queues))


def test_more_queues_than_rss_reaches():
    """Of 20 queues the first 16 receive, and a line says so."""
    queues = 20
    with Rig("net_ixymin", ["gen:start=0:flows=1024", "sink"],
             [f"--rxq={queues}", f"--txq={queues}", "--rxd=128", "--rss-udp"]) as pmd:
        shares = fill(pmd, 8000, 15)  # 15 and above are counted together
        assert all(shares) and sum(shares) < 8000, pmd.about(shares)
        said = re.findall(r"port 0: RSS reaches rx queues 0 to 15 only, not all 20\n", pmd.output)
        assert len(said) == 1, pmd.about(said)
