# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Debian's Open vSwitch with DPDK, unmodified, on ports of a driver.

Its packages are unpacked below .dpdk/ at the first test (50 MB), and installed nowhere: their
installation would start a switch on the machine.  The switch here has a database, a folder and
a network interface of its own.
"""

import functools
import os
import shlex
import subprocess

import pytest
from examples import Example, needs
from ixymin_tools import simlib
from rig import STATION, STRANGER, assert_frames
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import raw

pytestmark = pytest.mark.very_slow

FOLDER = os.path.join(simlib.ROOT, ".dpdk/ovs")
LIBRARIES = ":".join(os.path.join(FOLDER, lib, "x86_64-linux-gnu") for lib in ("usr/lib", "lib"))
BRIDGE = "ixymin-br0"
CROSSED = ["in_port=p0,actions=output:p1", "in_port=p1,actions=output:p0"]
TX_OFFLOAD_TCP_TSO = 1 << 5
HUGE_PAGES = 768  # one pool of mbufs for each MTU: the first one takes 390 MB


@functools.lru_cache(None)
def unpacked():
    """@return whether there is an Open vSwitch that this DPDK's plugins can be loaded into."""
    done = subprocess.run([os.path.join(simlib.ROOT, "devtools/debs"), "system", FOLDER,
                           "openvswitch-switch-dpdk"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0 and simlib.SUITE is None


@pytest.fixture(scope="module", autouse=True)
def huge_pages():
    """The switch starts EAL with --in-memory, which needs huge pages."""
    with simlib.HugePages(lambda said: None, HUGE_PAGES):
        if simlib.free_hugepages() < 2 * HUGE_PAGES:
            pytest.skip(f"this needs {2 * HUGE_PAGES} MB in huge pages of 2 MB")
        yield


class Ovs(Example):
    """A switch between pcap files: frames that come in at p0 leave at p1, and the other way."""

    def __init__(self, driver, folder, inputs, options=()):
        if not unpacked():
            pytest.skip("Debian's openvswitch-switch-dpdk cannot be had, or is for another DPDK")
        if os.geteuid() != 0 or not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            pytest.skip("a bridge's own interface needs root and /dev/net/tun")
        super().__init__(driver, "ovs-vswitchd", folder, inputs, ready="DPDK Enabled - initialized",
                         memory=[])
        self.options, self.database = options, None

    def path(self, name):
        return os.path.join(self.runtime, name)

    def tool(self, program):
        return ["/lib64/ld-linux-x86-64.so.2", "--library-path", LIBRARIES,
                os.path.join(FOLDER, "usr", program)]

    def run(self, program, *words):
        done = subprocess.run([*simlib.WITH_US, *self.tool(program), *words],
                              env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=simlib.PATIENCE)
        assert done.returncode == 0, self.error(f"{program} {words}: {done.stdout}")
        return done.stdout.strip()

    def vsctl(self, *words):
        return self.run("bin/ovs-vsctl", f"--db=unix:{self.path('db.sock')}", "--timeout=40",
                        *words)

    def ofctl(self, *words):
        return self.run("bin/ovs-ofctl", *words)

    def appctl(self, *words):
        return self.run("bin/ovs-appctl", "-t", self.path("ovs-vswitchd.ctl"), *words)

    def environment(self):
        return dict(os.environ, RUNTIME_DIRECTORY=self.runtime, OVS_RUNDIR=self.runtime,
                    OVS_DBDIR=self.runtime, OVS_LOGDIR=self.runtime, OVS_SYSCONFDIR=self.runtime)

    def start_command(self):
        """Start the database, say in it how DPDK is to be started, and start the switch."""
        schema = os.path.join(FOLDER, "usr/share/openvswitch/vswitch.ovsschema")
        self.run("bin/ovsdb-tool", "create", self.path("conf.db"), schema)
        self.database = subprocess.Popen(
            [*simlib.WITH_US, *self.tool("sbin/ovsdb-server"), self.path("conf.db"),
             f"--remote=punix:{self.path('db.sock')}", f"--unixctl={self.path('ovsdb.ctl')}",
             "-vconsole:off"], env=self.environment(), stdin=subprocess.DEVNULL)
        self.wait(lambda: os.path.exists(self.path("db.sock")), "no database")
        eal = super().start_command()[len(self.program):-1]  # without "--"
        at = eal.index("--lcores")  # the switch has lcores of its own
        del eal[at:at + 2]
        _, forwarding = simlib.cores()
        self.vsctl("--no-wait", "init", "--", "set", "Open_vSwitch", ".",
                   "other_config:dpdk-init=true",
                   f"other_config:pmd-cpu-mask={1 << forwarding[0]:x}",
                   f'other_config:dpdk-extra="{shlex.join(eal)}"',
                   *(f"other_config:{option}" for option in self.options))
        return [*self.tool("lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"),
                f"unix:{self.path('db.sock')}", f"--unixctl={self.path('ovs-vswitchd.ctl')}",
                "-vconsole:info"]

    def start(self):
        simlib.Program.start(self)
        self.ports = len(self.inputs)
        self.vsctl("--", "add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev",
                   "fail-mode=secure")
        for port in range(self.ports):
            self.add_port(port)
        self.flows(*CROSSED)

    def add_port(self, port, device=None):
        self.vsctl("add-port", BRIDGE, f"p{port}", "--", "set", "Interface", f"p{port}",
                   "type=dpdk", f"options:dpdk-devargs={device or self.device(port)}")
        assert self.get(port, "error") == "[]", self.error(self.get(port, "error"))
        self.wait_link(port, "UP")

    def device(self, port):
        return self.telemetry("/ethdev/info", port)["name"]

    def get(self, port, column):
        return self.vsctl("get", "Interface", f"p{port}", column)

    def set(self, port, *options):
        self.vsctl("set", "Interface", f"p{port}", *options)

    def flows(self, *flows):
        self.ofctl("del-flows", f"{BRIDGE}")
        for flow in flows:
            self.ofctl("add-flow", BRIDGE, flow)

    def exchange(self, numbers, should):
        """Let the next frames in ({port: number}); see that these come out, by port."""
        self.send(numbers, expect={port: len(frames) for port, frames in enumerate(should)})
        for port, frames in enumerate(should):
            assert_frames(self, sorted(self.out(port)), sorted(frames), f"out of port {port}")

    def quit(self):
        self.appctl("exit", "--cleanup")
        code = self.wait_exit()
        assert code == 0, self.about(f"ended with code {code}")

    def close(self):
        super().close()
        if self.database is not None:
            self.database.kill()
            self.database.wait()


def datagrams(port, number, size=100, flows=1):
    return [raw(Ether(dst=STATION[port], src=STRANGER) /
                IP(src="10.0.0.1", dst=f"10.0.1.{i % flows}", id=i) /
                UDP(sport=1000 + i % flows, dport=2) / bytes(k % 251 for k in range(size + i)))
            for i in range(number)]


@needs("L3 checksum offload", "L4 checksum offload", "RSS hash", "Flow control",
       "MTU update")
def test_switch(driver, tmp_path):
    """Flows, queues, MTU, flow control, administrative state; a port is taken away, and is back."""
    small = [datagrams(port, 40, flows=8) for port in range(2)]
    large = [datagrams(port, 10, size=8000) for port in range(2)]
    inputs = [small[port] + small[port] + large[port] + 3 * small[port] for port in range(2)]
    crossed = [small[1], small[0]]
    both = {0: 40, 1: 40}
    with Ovs(driver, tmp_path, inputs) as ovs:
        ovs.exchange(both, crossed)
        # two queues, among which RSS spreads
        for port in range(2):
            ovs.set(port, "options:n_rxq=2")
        shown = ovs.appctl("dpif-netdev/pmd-rxq-show")
        assert shown.count("queue-id:  1") == 2, ovs.about(shown)
        ovs.exchange(both, crossed)
        heads = ovs.sim_regs(0, "RDH_")
        assert min(heads["RDH_0"], heads["RDH_1"]) > 0, ovs.about("RSS has not spread")
        # jumbo frames
        for port in range(2):
            ovs.set(port, "mtu_request=9000")
            ovs.wait(lambda: ovs.get(port, "mtu") == "9000", lambda: ovs.error("keeps the MTU"))
            ovs.wait_link(port, "UP")
        ovs.exchange({0: 10, 1: 10}, [large[1], large[0]])
        # flow control
        ovs.set(0, "options:rx-flow-ctrl=true", "options:tx-flow-ctrl=true")
        ovs.wait(lambda: ovs.sim_regs(0, "FCCFG")["FCCFG"] & 0x8, "no pause frames are sent")
        assert ovs.sim_regs(0, "MFLCN")["MFLCN"] & 0x8, ovs.about("no pause frames are heeded")
        ovs.exchange(both, crossed)
        # administrative state: what comes in at a port that is down is lost
        ovs.ofctl("mod-port", BRIDGE, "p1", "down")
        ovs.wait(lambda: ovs.get(1, "admin_state") == "down", "p1 stays up")
        ovs.ofctl("mod-port", BRIDGE, "p1", "up")
        ovs.wait(lambda: ovs.get(1, "admin_state") == "up", "p1 stays down")
        ovs.wait_link(1, "UP")
        ovs.exchange(both, crossed)


@needs()
def test_detach(driver, tmp_path):
    """A port that was detached is back by the address of its device."""
    small = [datagrams(port, 20) for port in range(2)]
    with Ovs(driver, tmp_path, small) as ovs:
        device = ovs.device(0)
        ovs.vsctl("del-port", BRIDGE, "p0")
        assert "have been detached" in ovs.appctl("netdev-dpdk/detach", device)
        ovs.add_port(0, device)
        ovs.flows(*CROSSED)
        ovs.exchange({0: 20, 1: 20}, [small[1], small[0]])


@needs("L3 checksum offload", "L4 checksum offload")
def test_conntrack(driver, tmp_path):
    """Only answers to a connection that p0 began come in at p1."""
    def segment(port, flags, sport, dport, **fields):
        ends = ("10.0.0.1", "10.0.0.2")[::-1 if port else 1]
        return raw(Ether(dst=STATION[port], src=STRANGER) / IP(src=ends[0], dst=ends[1]) /
                   TCP(sport=sport, dport=dport, flags=flags, **fields) / bytes(10))

    syn, ack = segment(0, "S", 1000, 80, seq=1), segment(1, "SA", 80, 1000, seq=9, ack=12)
    foreign = segment(1, "S", 1001, 80, seq=7)
    with Ovs(driver, tmp_path, [[syn], [foreign, ack]]) as ovs:
        ovs.flows("table=0,priority=9,tcp,ct_state=-trk,actions=ct(table=1)",
                  "table=1,in_port=p0,tcp,ct_state=+trk+new,actions=ct(commit),output:p1",
                  "table=1,in_port=p0,tcp,ct_state=+trk+est,actions=output:p1",
                  "table=1,in_port=p1,tcp,ct_state=+trk+est,actions=output:p0")
        ovs.exchange({1: 1}, [[], []])
        ovs.exchange({0: 1}, [[], [syn]])
        ovs.exchange({1: 1}, [[ack], []])
        seen = ovs.appctl("dpctl/dump-conntrack")
        assert "tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80)" in seen, ovs.about(seen)


@needs("TSO")
def test_userspace_tso(driver, tmp_path):
    """It finds that the port segments TCP, and forwards."""
    small = [datagrams(port, 40) for port in range(2)]
    with Ovs(driver, tmp_path, small, ["userspace-tso-enable=true"]) as ovs:
        info = ovs.telemetry("/ethdev/info", 0)
        assert int(info["tx_offloads"]) & TX_OFFLOAD_TCP_TSO, ovs.about(info)
        ovs.exchange({0: 40, 1: 40}, [small[1], small[0]])
