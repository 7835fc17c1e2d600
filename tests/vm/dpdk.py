# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Stock testpmd in the guest, behind vfio-pci and the virtual IOMMU."""

import os
import re
import subprocess

import image
from card import Card
from guest import Failed
from ixymin_tools import releases
from linux import (IP, IXGBE_BREAKS, MACS, Netdev, both_up, cabled, expect, judge, judge_rules,
                   linux_tree, load, ping)

VERSIONS = ["22.11", "24.11", "25.11"]
DRIVERS = ["net_ixgbe", "net_ixymin"]
PLUGIN = "/usr/local/lib/librte_net_ixymin.so"
PACKETS = 20000


def distribution(version):
    """@return (root, plugin): DPDK as its distribution ships it, net_ixymin built for it."""
    command = [os.path.join(image.ROOT, "devtools/versions"), "--build", version]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode == 77:
        raise image.Unavailable(f"DPDK {version} cannot be had")
    if done.returncode != 0:
        raise Failed(" ".join(command) + " failed, see above")
    return done.stdout.split()


class Testpmd:
    """testpmd in the guest: its commands come through a pipe, what it says goes to a terminal.

    user: who runs it; before: what the shell does first.
    """

    def __init__(self, guest, devices, driver, options="", user=None, before=":"):
        self.guest = guest
        self.driver = driver
        plugin = f"-d {PLUGIN} " if driver == "net_ixymin" else ""
        allow = " ".join(f"-a {address}" for address in devices)
        self.command_line = f"dpdk-testpmd -l 0,1 {plugin}{allow} --iova-mode=va -- " \
                            f"-i --total-num-mbufs=8192 {options}"
        self.run = f"su {user} -c '{self.command_line}'" if user else self.command_line
        self.run = f"{before}; {self.run}"

    def __enter__(self):
        self.start = len(self.guest.program_log())
        self.guest.run("rm -f /run/in; mkfifo /run/in")
        self.guest.run(f"( {self.run}; echo exit code $? ) </run/in >/dev/ttyS2 2>&1 & "
                       "exec 9>/run/in")
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.say("quit")
            self.wait_for("^exit code 0$", "testpmd's end")
        else:
            self.guest.call("killall dpdk-testpmd; sleep 1; killall -9 dpdk-testpmd")
        self.guest.call("exec 9>&-")

    def output(self):
        return self.guest.program_log()[self.start:]

    def say(self, command):
        self.guest.run(f"echo '{command}' >&9")

    def wait_for(self, pattern, what, start=0):
        def said():
            text = self.output()
            found = re.search(pattern, text[start:], re.MULTILINE)
            if found is None and "\nexit code" in text:
                raise Failed(f"{what}: testpmd ended without it")
            return found
        try:
            return self.guest.wait(said, what)
        except Failed as error:
            raise Failed(f"{error}: {self.command_line}\n{self.output()[-1500:]}") from None

    def ask(self, command, pattern):
        """@return what a command makes testpmd say."""
        start = len(self.output())
        self.say(command)
        return self.wait_for(pattern, command, start=start)

    def wait_ready(self, ports):
        """Wait for the prompt. All ports must be of this driver and behind the IOMMU."""
        self.wait_for(r"^testpmd> ", "testpmd's prompt")
        said = self.ask("show port summary all",
                        r"Number of available ports: \d+\n.*\n(\d.*\n)*testpmd> ")[0]
        expect("drivers", re.findall(r"^\d+ +\S+ +\S+ +(\S+)", said, re.M), [self.driver] * ports)
        self.wait_for("(?i)using IOMMU type 1", "word of the IOMMU")

    def forward(self, card, packets):
        """Two ports: what a generator gives to one comes out of the other."""
        before = [card.stats(port) for port in (0, 1)]

        def came(what):
            return [card.stats(port)[what] - before[port][what] for port in (0, 1)]
        self.guest.wait(lambda: all(card.stats(port)["link"] for port in (0, 1)), "links up")
        self.ask("start", "io packet forwarding")
        for port in 0, 1:
            card.start(port, packets)
        self.guest.wait(lambda: sum(came("intact")) == 2 * packets, "all frames back, intact")
        for bad in "corrupt", "duplicated", "reordered", "foreign", "rx_missed", "dma_refused":
            expect(bad, came(bad), [0, 0])
        self.ask("stop", "Done")
        said = self.ask("show port stats all", r"port 0(?:.|\n)*port 1(?:.|\n)*TX-bytes")[0]
        expect("packets in the statistics", re.findall(r"[RT]X-packets: (\d+)", said),
               [str(packets)] * 4)


def bind(guest, *addresses):
    guest.run("modprobe vfio-pci; modprobe vfio_iommu_type1")
    for address in addresses:
        guest.run(f"echo vfio-pci >/sys/bus/pci/devices/{address}/driver_override; "
                  f"echo {address} >/sys/bus/pci/drivers_probe")
        guest.run(f"test -e /sys/bus/pci/drivers/vfio-pci/{address}")


def huge_pages(guest, count=64, owner=0):
    guest.run(f"echo {count} >/proc/sys/vm/nr_hugepages; "
              f"mount -t hugetlbfs -o uid={owner},mode=0700 none /dev/hugepages")


def link_events(guest, card, driver):
    """@return the interrupt that told of the link, and how often."""
    event = "link state change event"

    def interrupts():
        line = guest.run(f"grep vfio-msix.*{card.addresses[0]} /proc/interrupts").split()
        return sum(int(count) for count in line[1:3]), line[-1]
    with Testpmd(guest, card.addresses[:1], driver) as pmd:
        pmd.wait_ready(1)
        pmd.wait_for(event, "the link's first event")
        for up in False, True:
            heard, (before, _) = pmd.output().count(event), interrupts()
            card.link(0, up)
            guest.wait(lambda: pmd.output().count(event) > heard,
                       f"event of link {'up' if up else 'down'}")
            state = "up" if up else "down"  # an event may be one of before
            guest.wait(lambda: pmd.ask("show port info 0", "Link status: (.*)")[1] == state,
                       f"link status {state}")
            after, name = interrupts()
            if after <= before:
                raise Failed(f"link {'up' if up else 'down'} without an interrupt")
        return f"{name} {after} times"


def vfio(trial):
    """Stock testpmd of DPDK 22.11, 24.11 and 25.11 through vfio-pci: net_ixgbe and net_ixymin."""
    missing = []
    for version in VERSIONS:
        part = trial.part(version)
        try:
            root, plugin = distribution(version)
        except image.Unavailable as error:
            missing.append(str(error))
            continue
        tree = image.base(image.unpack(*image.LINUX))
        image.testpmd(tree, root, plugin)
        with Card(part.name, *(f"wire=gen:start=0:window=128,mac={mac}" for mac in MACS)) as card, \
                part.boot(tree, card) as guest:
            bind(guest, *card.addresses)
            huge_pages(guest)
            for driver in DRIVERS[::-1]:  # net_ixymin breaks no rule, so it goes first
                with part.step(f"{driver} forwards {2 * PACKETS} packets, counts as the wire"), \
                        Testpmd(guest, card.addresses, driver, "--no-flush-rx") as pmd:
                    pmd.wait_ready(2)
                    pmd.forward(card, PACKETS)
                with part.step(f"{driver} hears of the link by MSI-X") as facts:
                    facts.append(link_events(guest, card, driver))
                judge_rules(part, card)
            judge(part, guest, card)
    if missing:
        raise image.Unavailable("; ".join(missing))


def unprivileged(trial):
    """testpmd as an ordinary user: the VFIO group is the user's, locked memory has a limit."""
    installed = releases.installed()
    if installed is None:
        raise image.Unavailable("DPDK is not installed; devtools/setup does it")
    root, plugin = distribution(releases.release_of(installed))
    tree = image.base(image.unpack(*image.LINUX))
    image.testpmd(tree, root, plugin)
    with Card(trial.name, *(f"wire=gen:start=0:window=128,mac={mac}" for mac in MACS)) as card, \
            trial.boot(tree, card) as guest:
        bind(guest, *card.addresses)
        huge_pages(guest, owner=1000)
        groups = [os.path.basename(guest.run(f"readlink /sys/bus/pci/devices/{a}/iommu_group"))
                  for a in card.addresses]
        with trial.step("before the groups are the user's: refused"), \
                Testpmd(guest, card.addresses, "net_ixymin", user="user") as pmd:
            pmd.wait_for("Failed to open VFIO group(.|\n)*No probed ethernet devices", "refusal")
        guest.run("chown user " + " ".join("/dev/vfio/" + group for group in groups))
        with trial.step("with 64 KB of locked memory: refused"), \
                Testpmd(guest, card.addresses, "net_ixymin", user="user",
                        before="ulimit -l 64") as pmd:
            pmd.wait_for("DMA remapping failed, error 12(.|\n)*No probed ethernet devices",
                         "refusal")
        for driver in DRIVERS[::-1]:
            with trial.step(f"{driver} as uid 1000 forwards {2 * PACKETS} packets"), \
                    Testpmd(guest, card.addresses, driver, "--no-flush-rx", user="user",
                            before="ulimit -l 262144") as pmd:
                pmd.wait_ready(2)
                expect("testpmd's user", guest.run(
                    "stat -c %u /proc/$(pidof dpdk-testpmd)"), "1000")
                pmd.forward(card, PACKETS)
            judge_rules(trial, card)
        judge(trial, guest, card)


def spin(card, guest, writes, frames, most):
    """A driver that writes its tail, and rewrites it until its frame is sent. @return tail writes
    for a frame, and the most memory that QEMU took meanwhile: no more than it may.
    """
    before = card.stats(0)
    memory, peak = guest.private_memory(), 0

    def grown(what):
        return card.stats(0)[what] - before[what]
    guest.run(f"spin {card.addresses[0]} {writes} {frames} >/run/spin 2>&1 & echo $! >/run/pid")
    try:
        while guest.call("kill -0 $(cat /run/pid)")[1] == 0:
            peak = max(peak, guest.private_memory() - memory)
            if peak > most:
                raise Failed(f"QEMU has grown by {peak >> 20} MB; come to the card are "
                             f"{grown('tdt_writes')} tail writes and {grown('from_nic')} frames")
    finally:
        guest.call("kill -9 $(cat /run/pid)")
    said = guest.run("cat /run/spin")
    if not said.isdigit():
        raise Failed(said)
    guest.wait(lambda: grown("tdt_writes") >= writes + int(said), "all tail writes at the card")
    expect("tail writes", grown("tdt_writes"), writes + int(said))
    expect("frames on the wire", grown("from_nic"), frames)
    return int(said) / frames, peak


def spinning(trial):
    """A driver that rewrites its tail while it waits: QEMU's queue is bounded, frames go on."""
    tree = image.base(image.unpack(*image.LINUX))
    tree.add("usr/local/bin/spin", image.compiled("spin.c"), 0o755)
    for name, posted, writes in ("posted", True, 1000000), ("waited-for", False, 10000):
        part = trial.part(name)
        frames = 100
        with Card(part.name, f"wire=sink,mac={MACS[0]}", posted=posted) as card, \
                part.boot(tree, card) as guest:
            bind(guest, card.addresses[0])
            with part.step(f"writes are {name.replace('-', ' ')}: {writes}, and those for "
                           f"{frames} frames") as facts:
                each, peak = spin(card, guest, writes, frames, 64 << 20)
                facts.append(f"{each:.1f} for each, QEMU has grown by {peak / 2**20:.1f} MB")
                if not posted and each > 4:  # each comes back after the frame was sent
                    raise Failed(f"{each:.1f} tail writes for a frame")
            judge_rules(part, card)
            judge(part, guest, card)


def hand_over(trial):
    """One function goes from the kernel's ixgbe to vfio-pci and back, by dpdk-devbind.py."""
    root, plugin = distribution("24.11")
    tree = linux_tree()  # Debian 13's, as DPDK 24.11 is
    image.testpmd(tree, root, plugin)
    tree.add("usr/local/bin/dpdk-devbind.py", os.path.join(root, "usr/bin/dpdk-devbind.py"), 0o755)
    with cabled(trial) as card, trial.boot(tree, card) as guest:
        ends = [Netdev(guest, 0), Netdev(guest, 1)]
        function = card.addresses[1]
        with trial.step("both functions with ixgbe: ping"):
            load(guest, ends)
            ping(ends)
        guest.run("modprobe vfio-pci; modprobe vfio_iommu_type1")
        huge_pages(guest)
        for driver in DRIVERS[::-1]:
            with trial.step(f"dpdk-devbind.py -b vfio-pci; {driver} answers the kernel's ping"):
                ends[1].run(f"{IP} link set IF down")
                guest.run(f"dpdk-devbind.py -b vfio-pci {function}")
                said = guest.run("dpdk-devbind.py --status-dev net")
                if not re.search(rf"^{function} .*drv=vfio-pci", said, re.M):
                    raise Failed(said)
                with Testpmd(guest, [function], driver, "--forward-mode=icmpecho") as pmd:
                    pmd.wait_ready(1)
                    pmd.ask("start", "icmpecho packet forwarding")
                    guest.wait(ends[0].carrier, "link of the kernel's end")
                    ends[0].run(f"{IP} neighbour replace {ends[1].address} lladdr {MACS[1]} dev IF")
                    ping(ends)
            with trial.step("dpdk-devbind.py -b ixgbe: ping as before"):
                guest.run(f"dpdk-devbind.py -b ixgbe {function}")
                ends[1].set_up()
                both_up(guest, ends)
                ping(ends)
        judge_rules(trial, card, IXGBE_BREAKS)
        judge(trial, guest, card)
