# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Stock DPDK programs, unmodified, do on the ports of a driver what they are for.

doc/programs.md has the table of them.
"""

import re
import socket

import pytest
from examples import Endless, Example, Stubborn, needs
from ixymin_tools import simlib
from rig import STATION, STRANGER, frame
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import raw
from test_forward import EXPECT

KINDS = ["udp", "tcp", "sctp", "icmp", "options", "fragment", "udp6", "tcp6", "arp", "vlan", "qinq"]


def some_frames(port, number=110):
    """All kinds and lengths from 60 to 1,514 bytes, each once, to a port's own address."""
    return [frame(KINDS[i % len(KINDS)], 60 + i * 1454 // (number - 1), STATION[port], seed=i)
            for i in range(number)]


def swapped(change=EXPECT["io"], number=110):
    """What comes in at two ports, and what comes out of them if each forwards to the other."""
    ports = [some_frames(0, number), some_frames(1, number)]
    return ports, [[change(data, port) for data in ports[port ^ 1]] for port in range(2)]


def test_skeleton(driver, tmp_path):
    ports, should = swapped()
    with Endless(driver, "skeleton", tmp_path, ports, ready="forwarding packets") as app:
        app.forward(should)
        app.check_driver_counts()


def test_rxtx_callbacks(driver, tmp_path):
    ports, should = swapped()
    with Endless(driver, "rxtx_callbacks", tmp_path, ports, ready="forwarding packets") as app:
        app.forward(should)
        app.check_driver_counts()


def test_l2fwd_event_polling(driver, tmp_path):
    ports, should = swapped(EXPECT["mac"])
    with Example(driver, "l2fwd-event", tmp_path, ports, ["-p", "3", "-q", "2", "-T", "0",
                 "--mode=poll"], lcores=2, ready="entering main loop") as app:
        app.forward(should)
        app.check_driver_counts()


@pytest.mark.parametrize("schedule", ["atomic", "ordered"])
def test_l2fwd_event(driver, schedule, tmp_path):
    """The software event device moves frames between the ports' adapters."""
    ports, should = swapped(EXPECT["mac"])
    with Example(driver, "l2fwd-event", tmp_path, ports, ["-p", "3", "-T", "0", "--mode=eventdev",
                 f"--eventq-sched={schedule}"], eal=["--vdev=event_sw0", "-s", "2"],
                 lcores=3, ready="entering eventdev main loop") as app:
        app.forward(should)
        app.check_driver_counts()


def test_link_status_interrupt(driver, tmp_path):
    """It hears of the link by interrupts, and forwards like l2fwd."""
    ports, should = swapped(EXPECT["mac"])
    with Endless(driver, "link_status_interrupt", tmp_path, ports,
                 ["-p", "3", "-q", "2", "-T", "1"], ready="entering main loop") as app:
        app.forward(should)
        begin = len(app.output)
        app.sim_light(1, False)
        app.wait_for(r"Port 1 Link down", start=begin)
        app.wait_link(1, "DOWN")
        app.sim_light(1, True)
        app.wait_for(r"Port 1 Link up at 10 Gbps", start=begin)
        app.check_driver_counts()


def test_packet_ordering(driver, tmp_path):
    """Workers mix the frames up, and they leave in their order: mbuf->port is right.  Only full
    bursts of 32 are sent."""
    ports, should = swapped(number=128)
    with Example(driver, "packet_ordering", tmp_path, ports, ["-p", "3"], lcores=4,
                 ready="rx_thread.* started") as app:
        app.forward(should)
        app.check_driver_counts()


@pytest.mark.slow
def test_distributor(driver, tmp_path):
    """Threads take frames in turn.  The last ones stay there until more come, and the thread that
    waits for those never ends."""
    ports, should = swapped()
    with Stubborn(driver, "distributor", tmp_path, ports, ["-p", "3"], lcores=5,
                 memory=simlib.memory_args(1024), ready="acting as worker core") as app:
        before = app.counts()
        for port in range(2):
            app.sim_start(port, len(ports[port]))
        app.wait(lambda: all(n["from_nic"] - b["from_nic"] >= 32
                             for n, b in zip(app.counts(), before)), "not forwarded")
        for port in range(2):
            got = app.out(port)
            assert len(set(got)) == len(got), app.about(f"some came twice out of port {port}")
            assert set(got) <= set(should[port]), app.about(f"others came out of port {port}")


@needs("L3 checksum offload", "L4 checksum offload")
def test_qos_meter(driver, tmp_path):
    """It colours and polices what comes in at one port; of these few frames it drops none."""
    frames = some_frames(0)
    with Endless(driver, "qos_meter", tmp_path, [frames, []], ["-p", "3"],
                 ready="port RX = 0, port TX = 1") as app:
        app.send({0: len(frames)})
        app.check_driver_counts()


def routed(src, dst, number=40):
    """UDP datagrams that a router sends out of each port, and as they leave it.  src and dst have
    the port's number in place of {0}, and the next one in place of {1}."""
    ports, should = [[], []], [[], []]
    for port in range(2):
        for i in range(number):
            packet = (Ether(dst=STATION[port ^ 1], src=STRANGER) /
                      IP(src=src.format(port), dst=dst.format(port, port + 1), ttl=64, id=i) /
                      UDP(sport=9, dport=9) / bytes(range(18, 58 + i)))
            ports[port ^ 1].append(raw(packet))
            packet.dst, packet.src = f"02:00:00:00:00:{port:02x}", STATION[port]
            packet[IP].ttl -= 1
            should[port].append(raw(packet))
    return ports, should


MAIN, WORKER = ["--config=(0,0,%u),(1,0,%u)" % (lcore, lcore) for lcore in range(2)]


@pytest.mark.parametrize("lookup", ["lpm", "em", "fib"])
@needs("L3 checksum offload", "L4 checksum offload")
def test_l3fwd(driver, lookup, tmp_path):
    ports, should = routed("198.18.{0}.1", "198.18.{0}.0")
    with Example(driver, "l3fwd", tmp_path, ports, ["-p", "3", MAIN, f"--lookup={lookup}"],
                 memory=simlib.memory_args(1024), ready="entering .* on lcore 0") as app:
        app.forward(should)
        app.check_driver_counts()


@pytest.mark.parametrize("mode", ["telemetry", "pmd-mgmt=pause"], ids=["telemetry", "pause"])
@needs("L3 checksum offload", "L4 checksum offload")
def test_l3fwd_power(driver, mode, tmp_path):
    """Without interrupts: it tells how busy it is, or pauses between empty polls."""
    ports, should = routed("10.0.0.1", "{1}.1.1.1")
    with Example(driver, "l3fwd-power", tmp_path, ports, ["-p", "3", "-P", f"--{mode}", WORKER],
                 lcores=2, ready="entering main telemetry loop on lcore 1") as app:
        app.forward(should)
        app.check_driver_counts()


@needs("Packet type parsing")
def test_l3fwd_graph(driver, tmp_path):
    ports, should = routed("198.18.{0}.1", "198.18.{0}.0")
    with Example(driver, "l3fwd-graph", tmp_path, ports,
                 ["-p", "3", "-P", WORKER], lcores=2,
                 ready="(?i)entering .*loop on lcore 1") as app:
        app.forward(should)
        app.check_driver_counts()


def fragments(packet, size=1480):
    """An IPv4 packet cut into fragments, in order; size: of what is in them."""
    data = bytes(packet[IP].payload)
    found = []
    for at in range(0, len(data), size):
        piece = packet.copy()
        piece[IP].remove_payload()
        piece[IP].flags = "MF" if at + size < len(data) else 0
        piece[IP].frag = at // 8
        found.append(piece / data[at:at + size])
    return found


def long_packets(dst, number=12):
    """IPv4 packets of 1,601 to 8,000 bytes to a port's route, as they come in and as they leave."""
    ports, should = [[], []], [[], []]
    for port in range(2):
        for i in range(number):
            packet = (Ether(dst=STATION[port ^ 1], src=STRANGER) /
                      IP(src="10.0.0.1", dst=dst[port], id=100 * port + i, ttl=9) /
                      UDP(sport=i, dport=2) /
                      bytes(k % 251 for k in range(1573 + i * 6400 // (number - 1))))
            packet = Ether(raw(packet))
            ports[port ^ 1].append(packet.copy())
            packet.dst, packet.src = f"02:00:00:00:00:{port:02x}", STATION[port]
            should[port].append(packet)
    return ports, should


def all_fragments(packets):
    for packet in packets:
        del packet[IP].chksum, packet[IP].len
    return [raw(piece) for packet in packets for piece in fragments(packet)]


ROUTES = ["100.10.0.1", "100.20.0.1"]


@needs("MTU update", "Scattered Rx", "L3 checksum offload", "L4 checksum offload")
def test_ip_fragmentation(driver, tmp_path):
    """Long packets come in as several mbufs, and go out as chains of a header and of indirect
    mbufs, whose IP checksum the port computes.  Not by net_ixgbe's vector path, which takes the
    packet type from the first descriptor of a packet."""
    ports, should = long_packets(ROUTES)
    with Endless(driver, "ip_fragmentation", tmp_path, [list(map(raw, each)) for each in ports],
                 ["-p", "3", "-q", "2"], eal=["--force-max-simd-bitwidth=64"],
                 ready="entering main loop") as app:
        app.forward([all_fragments(each) for each in should])
        app.check_driver_counts()


@needs("MTU update", "L3 checksum offload", "L4 checksum offload")
def test_ip_reassembly(driver, tmp_path):
    """Fragments come in, and go out as one packet of several mbufs."""
    ports, should = long_packets(ROUTES)
    with Example(driver, "ip_reassembly", tmp_path, [all_fragments(each) for each in ports],
                 ["-p", "3", "-q", "2", "--maxflows=64", "--flowttl=60s"],
                 ready="entering main loop") as app:
        app.forward([list(map(raw, each)) for each in should])
        app.check_driver_counts()


@needs("MTU update", "Scattered Rx", "Allmulticast mode")
def test_ipv4_multicast(driver, tmp_path):
    """Copies of a packet share its mbuf: out of the first port, the second, and both."""
    frames, should = [], [[], []]
    for i in range(60):
        group = 1 + i % 3
        packet = (Ether(dst=f"01:00:5e:00:00:{0x64 + group:02x}", src=STRANGER) /
                  IP(src="10.0.0.1", dst=f"224.0.0.{100 + group}", id=i) / UDP() / bytes(20 * i))
        frames.append(raw(packet))
        for port in range(2):
            if group & 1 << port:
                packet.src = STATION[port]
                should[port].append(raw(packet).ljust(60, b"\0"))
    with Endless(driver, "ipv4_multicast", tmp_path, [frames, []], ["-p", "3", "-q", "2"],
                 ready="entering main loop") as app:
        app.forward(should)
        app.check_driver_counts()


PIPELINE = """\
mempool MEMPOOL0 buffer 2304 pool 16K cache 256 cpu 0
link LINK0 port 0 rxq 1 128 MEMPOOL0 txq 1 512 promiscuous on
link LINK1 port 1 rxq 1 128 MEMPOOL0 txq 1 512 promiscuous on
pipeline PIPELINE0 period 10 offset_port_id 0 cpu 0
pipeline PIPELINE0 port in bsz 32 link LINK0 rxq 0
pipeline PIPELINE0 port in bsz 32 link LINK1 rxq 0
pipeline PIPELINE0 port out bsz 32 link LINK0 txq 0
pipeline PIPELINE0 port out bsz 32 link LINK1 txq 0
pipeline PIPELINE0 table match stub
pipeline PIPELINE0 table match stub
pipeline PIPELINE0 port in 0 table 0
pipeline PIPELINE0 port in 1 table 1
thread 1 pipeline PIPELINE0 enable
pipeline PIPELINE0 table 0 rule add match default action fwd port 1
pipeline PIPELINE0 table 1 rule add match default action fwd port 0
"""


@needs("Scattered Rx")
def test_ip_pipeline(driver, tmp_path):
    """It chooses an MTU of 9,000 with buffers of 2 KB, and asks for no scattered packets."""
    ports, should = swapped()
    script = tmp_path / "l2fwd.cli"
    script.write_text(PIPELINE)
    with socket.socket() as s:  # it has a command line on a port of the machine
        s.bind(("127.0.0.1", 0))
        number = s.getsockname()[1]
    with socket.socket() as cli, Endless(
            driver, "ip_pipeline", tmp_path, ports,
            ["-h", "127.0.0.1", "-p", str(number), "-s", str(script)], lcores=2) as app:
        # it greets once its script is done, and dies if we close the connection
        cli.settimeout(simlib.PATIENCE)
        cli.connect(("127.0.0.1", number))
        assert cli.recv(80)
        app.forward(should)
        app.check_driver_counts()


@needs()
def test_bond(driver, tmp_path):
    """Two ports become one, which answers who asks for its address by ARP, out of either port."""
    asked = [[Ether(dst="ff:ff:ff:ff:ff:ff", src=f"02:11:22:33:{port:02x}:{i:02x}") /
              ARP(hwsrc=f"02:11:22:33:{port:02x}:{i:02x}", psrc=f"7.0.{port + 1}.{i}",
                  pdst="7.0.0.10") for i in range(8)] for port in range(2)]
    with Endless(driver, "bond", tmp_path, [list(map(raw, each)) for each in asked], lcores=2,
                 ready="Starting lcore_main", ports=3) as app:
        before = app.counts()
        for port in range(2):
            app.sim_start(port, len(asked[port]))
        app.wait(lambda: sum(n["from_nic"] - b["from_nic"] for n, b in zip(app.counts(), before))
                 >= 16, lambda: f"not 16 answers: {app.counts()}")
        replies = [Ether(data) for port in range(2) for data in app.out(port)]
        answered = {(reply[ARP].pdst, reply.dst) for reply in replies
                    if ARP in reply and reply[ARP].op == 2 and reply[ARP].psrc == "7.0.0.10"}
        assert answered >= {(ask[ARP].psrc, ask.src) for each in asked for ask in each}, \
            app.about([reply.summary() for reply in replies])


class Ethtool(Example):
    """It has a command line, and sends what it receives back to the wire."""

    PROMPT = "EthApp> "

    def ask(self, line):
        begin = len(self.output)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        echo = self.wait_for(re.escape(line) + "\n", start=begin)
        end = self.wait_for(self.PROMPT, start=echo.end())
        return self.output[echo.end():end.start()]

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        code = self.wait_exit()
        assert code == 0, self.about(f"ended with code {code}")


@pytest.mark.slow
@needs("MTU update", "VLAN filter", "Flow control", "FW version", "EEPROM dump",
       "Module EEPROM dump", "Registers dump")
def test_ethtool(driver, tmp_path):
    """All of its commands.  In between, frames still come back."""
    frames = some_frames(0, 40)
    other = "02:00:00:00:00:99"
    dump = tmp_path / "dump"
    asked = [
        ("drvinfo", rf"Port 0 driver: {driver} .*\nfirmware-version: *\S+"),
        ("link", "Port 0: Up"),
        (f"regs 0 {dump}", r"Port 0: \d+ bytes"),
        (f"eeprom 0 {dump}", r"Total EEPROM length: \d+ bytes"),
        (f"module-eeprom 0 {dump}", r"Total plugin module EEPROM length: (256|512) bytes"),
        ("pause 0 full autoneg off", "Rx pause: on\nTx pause: on\nAutoneg: off"),
        ("pause 0", "Rx pause: on\nTx pause: on"),
        ("pause 0 none autoneg off", "Rx pause: off\nTx pause: off"),
        ("macaddr 0", f"MAC Address: {STATION[0]}"),
        (f"macaddr 0 {other}", "MAC address changed"),
        ("macaddr 0", f"MAC Address: {other}"),
        (f"macaddr 0 {STATION[0]}", "MAC address changed"),
        (f"validate {other}", "Address is unicast"),
        ("stop 0", "^$"),
        ("mtu 0 1400", "Port 0: MTU set to 1400"),
        ("mtu 0 1500", "Port 0: MTU set to 1500"),
        ("open 0", "already stopped"),  # it stops the port first
        ("ringparam 0", r"Rx Pending: *\d+"),
        ("ringparam 0 256 256", "^$"),
        ("rxmode 0", "^$"),
        ("vlan 0 add 5", "VLAN vid 5 added"),
        ("vlan 0 del 5", "VLAN vid 5 removed"),
    ]
    with Ethtool(driver, "ethtool", tmp_path, [frames], lcores=2, ready="EthApp> ") as app:
        app.wait_for(app.PROMPT)
        app.sim_start(0, 20)
        app.wait(lambda: app.sim_stats(0)["from_nic"] == 20, "not sent back")
        assert "In: 20 " in app.ask("portstats 0"), app.error("counts otherwise")
        for line, says in asked:
            said = app.ask(line)
            assert re.search(says, said, re.IGNORECASE), app.about(f"{line}: {said}")
            if "module" in line:
                assert dump.read_bytes()[0] == 3, app.about("this is no SFP")
            elif str(dump) in line:
                assert any(dump.read_bytes()), app.about(f"{line}: only zeros")
        app.wait_link(0, "UP")
        out = app.sim_stats(0)["from_nic"]
        app.sim_start(0, 20)
        app.wait(lambda: app.sim_stats(0)["from_nic"] - out >= 10, "not sent back after all this")
