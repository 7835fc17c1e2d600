# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What the system tests share: a testpmd whose end is checked, too, and frames to compare.

All wires wait for Rig.send(), so that nothing is on its way before a test looks.
"""

import functools
import json
import os
import random
import re
import tempfile
import time

from ixymin_tools import simlib
from ixymin_tools.simlib import PATIENCE
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.layers.sctp import SCTP
from scapy.packet import Raw, raw
from scapy.utils import RawPcapReader, RawPcapWriter

DRIVERS = ["net_ixymin", "net_ixgbe"]

# rules that a driver breaks, and why doc/ says that this is so
KNOWN_VIOLATIONS = {"net_ixymin": set(), "net_ixgbe": set()}

STATION = ["02:82:59:00:00:%02x" % port for port in range(8)]  # the ports' own addresses
STRANGER = "02:11:22:33:44:55"
BROADCAST = "ff:ff:ff:ff:ff:ff"

STALLED = 10  # seconds: if no frame moves for so long, none will
MOVING = ["to_nic", "from_nic", "rx_packets", "rx_filtered", "rx_missed"]  # counts of frames


class Ports:
    """Of a program with software ports: what they and the driver are asked, and waited for.  At the
    end of a with block that went well, no rule may have been broken, no DMA address refused, and
    quit() ends the program.  driver, explained (rules that may be broken): set by the class.
    """

    def __exit__(self, kind, *rest):
        try:
            if kind is None:
                self.check_obedience()
                self.quit()
        finally:
            super().__exit__(kind, *rest)

    def check_obedience(self):
        """The driver keeps the data sheet's rules and touches no memory but the program's."""
        for name in self.telemetry("/sim82599/list"):  # the driver may have closed its port
            port = int(name.rsplit("_", 1)[1])
            broken, first = self.sim_rules(port)
            unknown = set(broken) - self.explained
            assert not unknown, self.about(f"port {port} broke rules {broken}: {first}")
            counts = self.sim_stats(port)
            for what in ("dma_refused", "unknown_access"):
                assert counts[what] == 0, self.about(f"port {port}: {counts[what]} {what}")

    def about(self, what):
        """A failure's message: what, and the command that shows it."""
        return f"{self.driver}: {what}\n$ {self.command_line}"

    def wait(self, condition, what):
        """Wait until condition() is true; what, or what(), tells what is missing."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.about(what() if callable(what) else what)
            time.sleep(0.02)

    def wait_link(self, port, state):
        """Wait until the driver says that the link is "UP" or "DOWN"."""
        def link():
            return self.telemetry("/ethdev/link_status", port)

        self.wait(lambda: link()["status"] == state,
                  lambda: f"port {port}: link stays {link()} instead of {state}")
        return link()

    # traffic

    def counts(self):
        return [self.sim_stats(port) for port in range(self.ports)]

    def send(self, frames, expect=None, since=None, calm=0.06):
        """Let wires send ({port: number}), and wait until as many came out as expected
        ({port: number}, default: as with paired ports), and nothing moves any more for calm
        seconds: none came too many.
        @return what each port's counters grew by, from before or from the given counts().
        """
        before = since or self.counts()
        if expect is None:
            expect = {port ^ 1: number for port, number in frames.items()}
        for port, number in frames.items():
            self.sim_start(port, number)
        last, moved_at = None, time.monotonic()
        while True:
            now = self.counts()
            grown = [{key: n[key] - b[key] for key in n} for n, b in zip(now, before)]
            moved = [[g[key] for key in MOVING] for g in grown]
            arrived = (all(now[port]["done"] for port in frames or range(self.ports)) and
                       all(grown[port]["from_nic"] >= number for port, number in expect.items()))
            if moved != last:
                last, moved_at = moved, time.monotonic()
            if time.monotonic() > moved_at + (calm if arrived else STALLED):
                break
            time.sleep(0.02)
        assert [grown[p]["from_nic"] for p in expect] == list(expect.values()), self.about(
            f"frames sent {frames}, expected to come out {expect}; by port, to and from the NIC, "
            f"received, filtered, missed: {moved}")
        return grown

    def wait_from_nic(self, port, number):
        """Wait until this number of frames in all have come out of a port."""
        self.wait(lambda: self.sim_stats(port)["from_nic"] >= number,
                  lambda: f"port {port}: not {number} frames, but {self.counts()}")

    def wait_sent(self, port, number):
        """Wait until a port that sends of its own accord has sent this number of further frames."""
        self.wait_from_nic(port, self.sim_stats(port)["from_nic"] + number)

    def wait_counter(self, port, name, number, counters=None):
        """Wait until a driver's statistic is at least number; counters: port_xstats, too."""
        counters = counters or self.port_stats
        self.wait(lambda: counters(port)[name] >= number,
                  lambda: f"port {port}: {name} is {counters(port)[name]}, not {number}; "
                          f"{self.counts()}")

    def wait_idle(self):
        """Wait until all is sent that drivers gave to their ports, and no frame moves any more."""
        def rings():
            return [[self.sim_regs(port, pointer + "_") for pointer in ("TDH", "TDT")]
                    for port in range(self.ports)]

        self.wait(lambda: all([*head.values()] == [*tail.values()] for head, tail in rings()),
                  lambda: f"not all is sent: {rings()}")
        self.send({}, calm=0.3)

    def driver_counts(self, port):
        """Both ways to ask a driver: its statistics and its extended ones."""
        stats, xstats = self.port_stats(port), self.port_xstats(port)
        same = {"ipackets": "rx_good_packets", "opackets": "tx_good_packets",
                "ibytes": "rx_good_bytes", "obytes": "tx_good_bytes",
                "imissed": "rx_missed_errors", "ierrors": "rx_errors", "oerrors": "tx_errors",
                "rx_nombuf": "rx_mbuf_allocation_errors"}
        for stat, xstat in same.items():
            assert stats[stat] == xstats[xstat], self.about(
                f"port {port}: {stat} {stats[stat]} but {xstat} {xstats[xstat]}")
        return stats, xstats

    def check_driver_counts(self, since=None):
        """Statistics equal what was on the wire, since the given counts() or ever."""
        for port, wire in enumerate(self.counts()):
            base = since[port] if since else dict.fromkeys(wire, 0)
            stats, _ = self.driver_counts(port)
            is_ = {k: stats[k] for k in ("ipackets", "ibytes", "opackets", "obytes", "imissed",
                                         "ierrors", "oerrors", "rx_nombuf")}
            should = {k: 0 for k in is_}
            should["imissed"] = wire["rx_missed"] - base["rx_missed"]
            for key, counter in (("ipackets", "rx_packets"), ("ibytes", "rx_bytes"),
                                 ("opackets", "from_nic"), ("obytes", "from_nic_bytes")):
                should[key] = wire[counter] - base[counter]
            assert is_ == should, self.about(f"port {port}: the driver counts\n{is_}\n"
                                             f"but on the wire were\n{should}")


class Rig(Ports, simlib.Testpmd):
    """testpmd with a software port for each wire, which ends with code 0."""

    def __init__(self, driver, wires, args=(), vdev=None, **kwargs):
        self.driver = driver
        self.explained = set(KNOWN_VIOLATIONS[driver])  # a test may add to them
        super().__init__([simlib.sim(i, driver, wire=wire, **(vdev or {}))
                          for i, wire in enumerate(wires)], args, **kwargs)

    def available_mbufs(self, pool="mb_pool_0"):
        """How many mbufs of testpmd's pool nobody has."""
        info = self.telemetry("/mempool/info", pool)
        if "common_pool_count" not in info:  # before 23.03
            said = self.command(f"dump_mempool {pool}")
            info = dict(re.findall(r"(total_cache_count|common_pool_count)=(\d+)", said))
        return int(info.get("total_cache_count", 0)) + int(info["common_pool_count"])

    def quit(self):
        """`quit`, and the exit code and the software NIC's last report."""
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        code = self.wait_exit()
        assert code == 0, self.about(f"ended with code {code}")

    def dropped(self):
        """What testpmd could not send since "start"; its counts of packets are the ports'."""
        said = self.command("show fwd stats all")
        return [int(n) for n in re.findall(r"TX-dropped: *(\d+)", said)][-1]


def assert_intact(rig, grown, total):
    """Of all that the generators sent, each frame came out once, as it was, in order."""
    sums = {key: sum(g[key] for g in grown) for key in
            ("to_nic", "from_nic", "intact", "lost", "corrupt", "duplicated", "reordered",
             "foreign", "dropped", "rx_missed", "rx_filtered")}
    should = dict.fromkeys(sums, 0)
    should.update(to_nic=total, from_nic=total, intact=total)
    assert sums == should, rig.about(f"of {total} frames:\n{sums}\ninstead of\n{should}")


# frames

HEADERS = {
    "udp": lambda: IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2),
    "tcp": lambda: IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=1, dport=2),
    "sctp": lambda: IP(src="10.0.0.1", dst="10.0.0.2") / SCTP(sport=1, dport=2),
    "icmp": lambda: IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(),
    "options": lambda: IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x01" * 8) / UDP(),
    "fragment": lambda: IP(src="10.0.0.1", dst="10.0.0.2", frag=7, proto=17),
    "udp6": lambda: IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=1, dport=2),
    "tcp6": lambda: IPv6(src="fd00::1", dst="fd00::2") / TCP(sport=1, dport=2),
    "options6": lambda: IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrHopByHop() / UDP(),
    "arp": lambda: ARP(psrc="10.0.0.1", pdst="10.0.0.2"),
    "vlan": lambda: Dot1Q(vlan=100, prio=3) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(),
    "vlan6": lambda: Dot1Q(vlan=4095) / IPv6(src="fd00::1", dst="fd00::2") / TCP(),
    "qinq": lambda: Dot1AD(vlan=5) / Dot1Q(vlan=6) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(),
}


def frame(kind, length, dst=STATION[0], src=STRANGER, seed=0):
    """A frame of a kind in HEADERS, or "garbage", without FCS: cut or filled to length."""
    rng = random.Random(f"{kind} {length} {seed}")
    if kind == "garbage":
        # a type, not a length (IEEE 802.3), which would be wrong and the frame refused (RLEC)
        return (raw(Ether(dst=dst, src=src))[:12] + bytes([rng.randrange(6, 256)]) +
                rng.randbytes(length - 13))
    packet = Ether(dst=dst, src=src) / HEADERS[kind]()
    room = length - len(raw(packet))
    if room > 0 and kind != "arp":
        packet = packet / Raw(rng.randbytes(room))
    data = raw(packet)
    return (data + rng.randbytes(max(0, length - len(data))))[:length]


@functools.lru_cache(None)
def corpus(dst, seed):
    """Every length of an untagged frame, and the longest tagged one; all kinds, all mixed."""
    kinds = list(HEADERS) + ["garbage"]
    frames = [frame(kinds[(length + seed) % len(kinds)], length, dst, seed=seed)
              for length in range(60, 1515)]
    frames.append(frame("vlan", 1518, dst, seed=seed))
    random.Random(seed).shuffle(frames)
    return frames


def write_pcap(path, frames):
    with RawPcapWriter(str(path), linktype=1) as pcap:
        pcap.write_header(None)
        for data in frames:
            pcap.write_packet(data)
    return path


def read_pcap(path):
    pcap = RawPcapReader(str(path))
    try:
        return [data for data, _ in pcap]
    finally:
        pcap.close()


def hexdump(data, at):
    """The 16 bytes around the byte in question."""
    begin = max(0, at - 8)
    return f"[{begin:4}] {data[begin:begin + 16].hex(' ')}"


def assert_frames(rig, got, should, what):
    """The same frames, byte by byte, in the same order."""
    for i, (g, s) in enumerate(zip(got, should)):
        if g == s:
            continue
        at = next((k for k, (x, y) in enumerate(zip(g, s)) if x != y), min(len(g), len(s)))
        where = f"; it is frame {should.index(g)} of those" if g in should else ""
        raise AssertionError(rig.about(
            f"{what}: frame {i} differs from byte {at} on, {len(g)} bytes instead of {len(s)}"
            f"{where}\n"
            f"is        {hexdump(g, at)}  {Ether(g).summary()}\n"
            f"should be {hexdump(s, at)}  {Ether(s).summary()}"))
    if len(got) != len(should):
        more, fewer = (got, should) if len(got) > len(should) else (should, got)
        odd = more[len(fewer)]
        raise AssertionError(rig.about(
            f"{what}: {len(got)} frames instead of {len(should)}; the first "
            f"{'too many' if more is got else 'missing'}: {len(odd)} bytes, "
            f"{Ether(odd).summary()}"))


class EthdevCheck(simlib.Program):
    """ethdev_check.c on one port, or on a port for each of a list of wires.  It runs to its end
    within the with block's beginning; then no rule may have been broken, no DMA address refused,
    and no register accessed that there is not.
    """

    name = "ethdev-check"

    def __init__(self, driver, wires, *checks, vdev=None, **kwargs):
        self.driver = driver
        wires = [wires] if isinstance(wires, str) else wires
        self._folder = tempfile.TemporaryDirectory(prefix="sim82599.")
        self._reports = [os.path.join(self._folder.name, f"report-{port}.json")
                         for port in range(len(wires))]
        super().__init__(f"{simlib.BUILD}/tests/system/{self.name}",
                         [simlib.sim(port, driver, wire=wire, report=report, **(vdev or {}))
                          for port, (wire, report) in enumerate(zip(wires, self._reports))],
                         checks, **kwargs)

    about = Rig.about

    def default_lcores(self):
        return f"0@{simlib.cores()[1][0]}"

    def wait_ready(self):
        code = self.wait_exit(600)  # a thousand starts take their time
        if code != 0 or not self.wait_for("^end$"):
            raise self.error("failed")
        for port in range(len(self._reports)):
            self.check_obedience(port)

    def check_obedience(self, port):
        """The driver keeps the data sheet's rules and touches no memory but the program's.

        The report is that of the port's last life.  Those before, of a port that was unplugged,
        have said on stderr what it has in their line.
        """
        last = self.report(port)
        broken = set(last["rules"]) - KNOWN_VIOLATIONS[self.driver]
        assert not broken, self.about(f"broke rules {last['rules']}: {last['first_violation']}")
        for what in ("dma_refused", "unknown_access"):
            assert last[what] == 0, self.about(f"{last[what]} {what}")
        lives = self.lines(rf"^sim82599_{port} \(.*; DMA refused (\d+); rule violations (\d+)")
        assert lives, self.error("said no last word")
        assert lives[-1] == (str(last["dma_refused"]), str(last["violations"])), self.about(lives)
        if not last["rules"]:
            assert set(lives) == {("0", "0")}, self.error(f"did wrong in one of its lives: {lives}")

    def report(self, port=0):
        """The software NIC's last word."""
        with open(self._reports[port]) as f:
            return json.load(f)

    def close(self):
        super().close()
        self._folder.cleanup()

    def _check_ports(self):
        pass  # it has ended

    def lines(self, pattern):
        """What it printed, by a regular expression."""
        return re.findall(pattern, self.output, re.MULTILINE)
