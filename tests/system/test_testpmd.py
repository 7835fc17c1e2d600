# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""testpmd forwards in each of its modes, and DPDK's tools ask it about its ports."""

import os
import re
import subprocess

import pytest
from ixymin_tools import simlib
from judge import ixymin_has
from rig import STATION, STRANGER, Rig, assert_frames, frame, read_pcap, write_pcap
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import raw
from test_forward import EXPECT


def swap(data, *fields):
    """Exchange the source and the destination in each of these layers; checksums stay right."""
    packet = Ether(data)
    for layer, one, other in ((Ether, "src", "dst"), *fields):
        if layer in packet:
            first, second = getattr(packet[layer], one), getattr(packet[layer], other)
            setattr(packet[layer], one, second)
            setattr(packet[layer], other, first)
    return raw(packet)


def swap5(data):
    return swap(data, (IP, "src", "dst"), (IPv6, "src", "dst"), (UDP, "sport", "dport"),
                (TCP, "sport", "dport"))


class Modes(Rig):
    """testpmd between two pcap files, of which it gets one piece after the other."""

    def __init__(self, driver, folder, pieces):
        self.out = [folder / f"out{port}.pcap" for port in range(2)]
        self.pieces, self.seen = pieces, [0, 0]
        wires = []
        for port in range(2):
            source = write_pcap(folder / f"in{port}.pcap",
                                [data for piece in pieces for data in piece[port]])
            wires.append(f"pcap:in={source}:out={self.out[port]}:start=0")
        super().__init__(driver, wires)

    def try_mode(self, mode, piece, should):
        """Let a piece in, and compare what comes out of the ports."""
        self.command(f"set fwd {mode}")
        self.command("start")
        self.send({port: len(frames) for port, frames in enumerate(piece) if frames},
                  expect={port: len(frames) for port, frames in enumerate(should)})
        self.stop_forwarding()
        for port in range(2):
            got = read_pcap(self.out[port])[self.seen[port]:]
            self.seen[port] += len(got)
            assert_frames(self, got, should[port], f"{mode}, out of port {port}")


def of_kinds(port, kinds, number=64):
    return [frame(kinds[i % len(kinds)], 64 + i * 1450 // (number - 1), STATION[port], seed=i)
            for i in range(number)]


def crossed(piece, change):
    return [[change(data, port) for data in piece[port ^ 1]] for port in range(2)]


def with_wrong_checksums(port):
    """IPv4 datagrams whose checksums are wrong, and as they should be after mode csum."""
    frames, should = [], []
    for i in range(32):
        packet = (Ether(dst=STATION[port], src=STRANGER) /
                  IP(src="10.0.0.1", dst="10.0.0.2", id=i) /
                  (UDP(sport=1, dport=9) if i % 2 else TCP(sport=1, dport=9)) / bytes(40 + i))
        should.append(EXPECT["mac"](raw(packet), port ^ 1))
        packet[IP].chksum = 0x1234
        packet[IP].payload.chksum = 0x4321
        frames.append(raw(packet))
    return frames, should


def asked_and_answered(port):
    """What wants an answer, and the answer that mode icmpecho gives out of the same port."""
    frames, should = [], []
    for i in range(8):
        ask = Ether(dst="ff:ff:ff:ff:ff:ff", src=STRANGER) / ARP(
            hwsrc=STRANGER, psrc="10.0.0.1", pdst=f"10.0.0.{2 + i}")
        echo = Ether(dst=STATION[port], src=STRANGER) / IP(
            src="10.0.0.1", dst=f"10.0.0.{2 + i}", id=i) / ICMP(id=7, seq=i) / bytes(30 + 9 * i)
        frames += [raw(ask).ljust(60, b"\0"), raw(echo)]
        answer = Ether(dst=STRANGER, src=STATION[port]) / ARP(
            op=2, hwsrc=STATION[port], psrc=f"10.0.0.{2 + i}", hwdst=STRANGER, pdst="10.0.0.1")
        reply = Ether(dst=STRANGER, src=STATION[port]) / IP(
            src=f"10.0.0.{2 + i}", dst="10.0.0.1", id=i) / ICMP(type=0, id=7, seq=i) / bytes(
                30 + 9 * i)
        should += [raw(answer).ljust(60, b"\0"), raw(reply)]
    return frames, should


def test_testpmd_modes(driver, tmp_path):
    """Each mode that this testpmd has, but for those of test_forward.py and test_versions.py, and
    for two: ieee1588 wants time stamps; shared_rxq wants a queue that several ports share, and
    crashes without one."""
    swaps = [of_kinds(port, ["udp", "tcp", "udp6", "tcp6"]) for port in range(2)]
    mixed = [of_kinds(port, ["udp", "arp", "vlan", "garbage"]) for port in range(2)]
    wrong, right = zip(*(with_wrong_checksums(port) for port in range(2)))
    asks, answers = zip(*(asked_and_answered(port) for port in range(2)))
    tried = {
        "5tswap": (swaps, crossed(swaps, lambda data, _: swap5(data))),
        "noisy": (mixed, crossed(mixed, EXPECT["io"])),
        "rxonly": (mixed, [[], []]),
        "csum": (wrong, [right[1], right[0]]),
        "icmpecho": (asks, answers),
    }
    with Modes(driver, tmp_path, [piece for piece, _ in tried.values()]) as pmd:
        for mode, (piece, should) in tried.items():
            pmd.try_mode(mode, piece, should)
        for mode in "txonly", "flowgen":
            pmd.command(f"set fwd {mode}")
            pmd.command("start")
            for port in range(2):
                pmd.wait_sent(port, 1000)
            pmd.stop_forwarding()
            pmd.wait_idle()
        pmd.check_driver_counts()
        known = set(re.search(r"set fwd \(([\w|-]+)\)", pmd.command("help ports") +
                              pmd.command("help config") + pmd.command("help control"))[1]
                    .split("|"))
        left = known - {*tried, *EXPECT, "txonly", "flowgen", "recycle_mbufs", "ieee1588",
                        "shared_rxq"}
        assert not left, pmd.about(left)


class Tool:
    """A program of DPDK's that asks another one about its ports."""

    def __init__(self, app):
        self.app = app
        self.prefix = "sim82599." + app.runtime[-8:]
        self.env = dict(os.environ, RUNTIME_DIRECTORY=app.runtime)

    def run_tool(self, *command, text=None):
        """@return what it said; it must end well"""
        done = subprocess.run([*simlib.WITH_US, *command], env=self.env,
                              input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=simlib.PATIENCE)
        assert done.returncode == 0, self.app.about(f"{command}: {done.stdout}")
        return done.stdout


# what telemetry's commands of a port want of a driver; of others: nothing
WANTS = {"/ethdev/module_eeprom": ["Module EEPROM dump"]}
# what no driver of this device has, or net_ixymin leaves out
WITHOUT_ANSWER = ("/ethdev/dump_priv", "/ethdev/fec", "/ethdev/dcb", "/ethdev/tm_")


@pytest.mark.slow
def test_telemetry(driver):
    """dpdk-telemetry.py gets an answer to each command of /ethdev that there is.  The module's
    EEPROM comes bit by bit, each of which takes several registers and delays."""
    with Rig(driver, ["gen:start=0"] * 2) as pmd:
        tool = Tool(pmd)
        pmd.forward()
        pmd.send({0: 100, 1: 50})
        commands = [name for name in pmd.telemetry("/") if name.startswith("/ethdev/")]
        assert {"/ethdev/info", "/ethdev/stats", "/ethdev/link_status"} <= set(commands)
        asked = [name if name == "/ethdev/list" else f"{name},0" for name in commands]
        said = tool.run_tool("/usr/bin/dpdk-telemetry.py", "-f", tool.prefix,
                        text="\n".join([*asked, "quit"]) + "\n")
        answers = dict(re.findall(r'^\{"(/ethdev/\w+)": (.*)\}$', said, re.MULTILINE))
        for name in commands:
            wants = WANTS.get(name, [])
            if driver == "net_ixymin" and not ixymin_has(*wants) or \
                    name.startswith(WITHOUT_ANSWER):
                continue
            assert answers.get(name) not in (None, "null"), pmd.about(f"{name}: {said}")
        assert '"ipackets": 100' in answers["/ethdev/stats"], pmd.about(said)
        assert '"status": "UP"' in answers["/ethdev/link_status"], pmd.about(said)
