# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Linux's own ixgbe on two functions of a software card, with a cable between them."""

import os
import re
import struct

import image
from card import Card
from guest import Failed

IP = "/usr/bin/ip"  # not busybox's
MACS = ["02:82:59:00:01:00", "02:82:59:00:01:01"]
TCP_MB = 150        # each way
# what the kernel says when it is not content with a device or with us
COMPLAINTS = r"DMAR: \[DMA|DMAR:.*fault|WARNING:|BUG:|Oops|Tx Unit Hang|NETDEV WATCHDOG|" \
             r"hw csum failure|nobody cared|ECC Err|Adapter removed"
# rules that ixgbe breaks, and where; doc/judges.md explains them
IXGBE_BREAKS = {"RESERVED_BITS": {"EIMS", "EICS", *(f"FCRTH[{i}]" for i in range(1, 8)),
                                 *(f"EITR[{i}]" for i in range(64))}}


def expect(what, value, wanted):
    if value != wanted:
        raise Failed(f"{what}: {value} instead of {wanted}")


def cabled(trial, more=""):
    return Card(trial.name, f"wire=cable=sim82599_1,mac={MACS[0]}{more}",
                f"wire=cable=sim82599_0,mac={MACS[1]}{more}")


def judge(trial, guest, card, faults=False):
    """What there must not have been in any scenario."""
    stats = [card.stats(port) for port in range(len(card.functions))]
    with trial.step("no IOMMU fault" + (" but those intended" if faults else "")
                    + ", no complaint of the kernel"):
        said = [line for line in guest.kernel_log().splitlines()
                if re.search(COMPLAINTS, line) and not (faults and "DMAR" in line)]
        if said:
            raise Failed("\n".join(said[:5]))
        if not faults:
            expect("refused DMA, by function", [s["dma_refused"] for s in stats], [0] * len(stats))
        expect("errors of the protocol", [s["errors"] for s in stats], [0] * len(stats))


def judge_rules(trial, card, explained=None):
    """What a driver must not have done; doc/judges.md explains the rest."""
    explained = explained or {}
    with trial.step("no rule of the data sheet broken") as facts:
        for port in range(len(card.functions)):
            stats = card.stats(port)
            if set(stats["rules"]) - set(explained) or \
                    set(stats["ill_written"]) - set().union(*explained.values()):
                raise Failed(f"function {port}: {stats['rules']} {stats['ill_written']}; "
                             f"first: {stats['first_violation']}")
            facts += [f"but {rule} {times} times, as doc/judges.md explains"
                      for rule, times in stats["rules"].items()]


class Netdev:
    """A network interface in a network namespace of its own, in the guest."""

    def __init__(self, guest, port):
        self.guest = guest
        self.port = port
        self.namespace = "ab"[port]
        self.address = f"10.0.0.{port + 1}"
        self.name = None

    def run(self, command, **options):
        """Run a command where the interface is; IF is its name."""
        command = command.replace("IF", self.name)
        return self.guest.run(f"{IP} netns exec {self.namespace} {command}", **options)

    def find(self):
        """The interface with this port's address, after the driver has made it."""
        where = self.guest.run(
            f"grep -l {MACS[self.port]} /sys/bus/pci/drivers/ixgbe/*/net/*/address")
        self.name = where.split("/")[-2]

    def set_up(self):
        self.find()
        self.guest.run(f"{IP} netns add {self.namespace} 2>/dev/null; "
                       f"{IP} link set {self.name} netns {self.namespace}")
        # nothing is to be sent but what we send
        self.run("sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; "
                 "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'")
        self.run(f"{IP} link set lo up")
        self.run(f"{IP} address add {self.address}/24 dev IF")
        self.run(f"{IP} link set IF up")

    def carrier(self):
        return self.run("cat /sys/class/net/IF/carrier", check=False) == "1"

    def ethtool_stats(self):
        return {name: int(value) for name, value in
                re.findall(r"^\s*(\S+): (\d+)$", self.run("ethtool -S IF"), re.MULTILINE)}

    def tcp_errors(self):
        """TCP segments with a bad checksum, as the stack has counted them."""
        lines = [line.split() for line in self.run("cat /proc/net/snmp").splitlines()
                 if line.startswith("Tcp:")]
        return int(lines[1][lines[0].index("InCsumErrors")])


def both_up(guest, ends):
    for end in ends:
        guest.wait(end.carrier, f"link of {end.name}")


def ping(ends, options="", count=20):
    said = ends[0].run(f"ping -q -c {count} -i 0.01 -W 2 {options} {ends[1].address}",
                       check=False)
    if " 0% packet loss" not in said:
        raise Failed(said)


def without_arp(ends):
    """From now on nobody asks now and then where the other one is."""
    for end, other in zip(ends, ends[::-1]):
        end.run(f"{IP} neighbour replace {other.address} lladdr {MACS[other.port]} dev IF")


def iperf3_server(end):
    """Start a server for one client. @return the options that find it."""
    iperf3_server.port += 1  # the one before may not have ended yet
    end.run(f"iperf3 -s -1 -D -p {iperf3_server.port}")
    end.guest.wait(lambda: f":{iperf3_server.port} " in end.run("netstat -ltn"), "iperf3's server")
    return f"-c {end.address} -p {iperf3_server.port} -f m"


iperf3_server.port = 5200


def tcp(ends, megabytes, options="", timeout=300):
    """iperf3 from the first to the second end. @return Mbit/s."""
    server = iperf3_server(ends[1])
    said = ends[0].run(f"timeout {timeout} iperf3 {server} -n {megabytes}M {options}",
                       timeout=timeout + 10)
    rates = re.findall(r"([\d.]+) Mbits/sec.*receiver", said)
    if not rates:
        raise Failed(said)
    return float(rates[-1])


def counts_of(end, card):
    """What the driver and the wire count, while nothing moves."""
    def look():
        before, said, wire = card.stats(end.port), end.ethtool_stats(), card.stats(end.port)
        return all(before[k] == wire[k] for k in ("to_nic", "from_nic")) and (said, wire)
    return end.guest.wait(look, "a moment in which nothing moves")


def compare_with_wire(ends, card, before):
    """The counters of driver and wire since before, which is what this function returned.  The
    driver leaves out pause frames, of 60 bytes; they keep the slow guest from missing frames.
    """
    now = []
    for end in ends:
        said, wire = counts_of(end, card)
        for way, counter in ("rx", "to_nic"), ("tx", "from_nic"):
            pauses = sum(said[f"{way}_flow_control_{kind}"] for kind in ("xon", "xoff"))
            wire[counter] -= pauses
            wire[counter + "_bytes"] -= 60 * pauses
        now.append(({
            "packets received": said["rx_pkts_nic"], "bytes received": said["rx_bytes_nic"],
            "packets sent": said["tx_pkts_nic"], "bytes sent": said["tx_bytes_nic"],
        }, {
            "packets received": wire["to_nic"], "bytes received": wire["to_nic_bytes"],
            "packets sent": wire["from_nic"], "bytes sent": wire["from_nic_bytes"],
        }))
    if before is not None:
        for port, (was, is_) in enumerate(zip(before, now)):
            driver, wire = ({k: is_[i][k] - was[i][k] for k in is_[i]} for i in (0, 1))
            # GOTC counts the FCS, GORC only if it is not stripped; see interpretations.md
            wire["bytes sent"] += 4 * wire["packets sent"]
            expect(f"ethtool -S of function {port}", driver, wire)
    return now


def eeprom_sum(words):
    """The sum of data sheet 6.2: words 0 to 3Fh, and the sections that 03h to 0Eh point to."""
    total = sum(words[:0x40])
    for pointer in words[0x03:0x0f]:
        if pointer not in (0, 0xffff) and words[pointer] not in (0, 0xffff):
            total += sum(words[pointer + 1:pointer + 1 + words[pointer]])
    return total & 0xffff


def toeplitz(key, data):
    """The hash of data sheet 7.1.2.8.1."""
    window = int.from_bytes(key, "big")
    result, bits = 0, len(key) * 8
    for i, byte in enumerate(data):
        for bit in range(8):
            if byte & 0x80 >> bit:
                result ^= window >> bits - 32 - 8 * i - bit & 0xffffffff
    return result


def offloads(trial, card, ends):
    """Checksums, segmentation and the rest, on and off: each time, every segment is right."""
    for features in ("tx on rx on tso on gso on gro on", "tso off gso off gro off",
                     "tx off rx on", "tx on rx off", "tx off rx off"):
        with trial.step(f"TCP with {features}") as facts:
            for end in ends:
                end.run(f"ethtool -K IF {features}")
            errors = [end.tcp_errors() for end in ends]
            flagged = [end.ethtool_stats()["rx_csum_offload_errors"] for end in ends]
            before = card.stats(ends[0].port)
            rate = tcp(ends, 20)
            after = card.stats(ends[0].port)
            frames, descriptors = (after[what] - before[what]
                                   for what in ("tx_packets", "desc_reads"))
            if ("tso on" in features) != (descriptors < frames):
                raise Failed(f"{frames} frames of {descriptors} descriptors")
            expect("segments with a bad checksum", [end.tcp_errors() for end in ends], errors)
            expect("rx_csum_offload_errors",
                   [end.ethtool_stats()["rx_csum_offload_errors"] for end in ends], flagged)
            facts.append(f"20 MB, {rate:.0f} Mbit/s")
    for end in ends:
        end.run("ethtool -K IF tx on rx on tso on gso on gro on")


def vlans(trial, card, ends):
    for features in "rxvlan on txvlan on", "rxvlan off txvlan off":
        with trial.step(f"VLAN 100 with {features}"):
            for end in ends:
                end.run(f"ethtool -K IF {features}")
                end.run(f"{IP} link add link IF name IF.100 type vlan id 100")
                end.run(f"{IP} address add 10.0.100.{end.port + 1}/24 dev IF.100")
                end.run(f"{IP} link set IF.100 up")
            said = ends[0].run("ping -q -c 10 -i 0.01 -W 2 -s 1400 10.0.100.2", check=False)
            if " 0% packet loss" not in said:
                raise Failed(said)
            for end in ends:
                end.run(f"{IP} link delete IF.100")
    with trial.step("VLAN filter: a tag that nobody asked for is not received"):
        without_arp(ends)
        before, filtered = ends[1].ethtool_stats(), card.stats(ends[1].port)["rx_filtered"]
        ends[0].run(f"{IP} link add link IF name IF.200 type vlan id 200")
        ends[0].run(f"{IP} address add 10.0.200.1/24 dev IF.200")
        ends[0].run(f"{IP} link set IF.200 up")
        ends[0].run("ping -q -c 5 -i 0.01 -W 1 10.0.200.2", check=False)
        ends[0].run(f"{IP} link delete IF.200")
        ends[0].guest.wait(lambda: card.stats(ends[1].port)["rx_filtered"] > filtered,
                           "the card has filtered what was sent")
        after = ends[1].ethtool_stats()
        expect("rx_packets", after["rx_packets"], before["rx_packets"])
        for end in ends:
            end.run("ethtool -K IF rxvlan on txvlan on")


def received(ends, ports):
    """@return packets by queue of the second end, of one UDP datagram from each of these ports."""
    before = ends[1].ethtool_stats()
    ends[0].run(f"python3 /usr/local/lib/flows.py {ends[0].address} {ends[1].address} "
                + " ".join(str(port) for port in ports))

    def by_queue():
        after = ends[1].ethtool_stats()
        return [after[f"rx_queue_{q}_packets"] - before[f"rx_queue_{q}_packets"] for q in range(4)]
    ends[0].guest.wait(lambda: sum(by_queue()) >= len(ports), "the datagrams' arrival")
    return by_queue()


def queues(trial, ends):
    with trial.step("four queues by ethtool -L"):
        for end in ends:
            end.run("ethtool -L IF combined 4")
            said = end.run("ethtool -l IF").split("Current")[1]
            if not re.search(r"Combined:\s+4", said):
                raise Failed(said)
    both_up(ends[0].guest, ends)
    without_arp(ends)
    with trial.step("RSS: each UDP flow in the queue that hash, key and table say") as facts:
        said = ends[1].run("ethtool -x IF")
        key = bytes.fromhex(re.search(r"((?:[0-9a-f]{2}:){39}[0-9a-f]{2})", said)[1]
                            .replace(":", ""))
        table = [int(q) for row in re.findall(r"^\s*\d+:((?:\s+\d+)+)$", said, re.MULTILINE)
                 for q in row.split()]
        expect("entries of the redirection table", len(table), 128)
        ends[1].run("ethtool -N IF rx-flow-hash udp4 sdfn")
        flows = {q: [] for q in range(4)}
        for port in range(20000, 20200):
            data = bytes([10, 0, 0, 1, 10, 0, 0, 2]) + struct.pack(">HH", port, 9)
            flows[table[toeplitz(key, data) & 127]].append(port)
        for q, ports in flows.items():
            expect("packets by queue", received(ends, ports),
                   [len(ports) if queue == q else 0 for queue in range(4)])
        facts.append(f"200 flows: {[len(ports) for ports in flows.values()]}")
    with trial.step("RSS table by ethtool -X: all to queue 3"):
        ends[1].run("ethtool -X IF weight 0 0 0 1")
        expect("packets by queue", received(ends, range(20000, 20100)), [0, 0, 0, 100])
        ends[1].run("ethtool -X IF default")
    with trial.step("TCP over four queues, eight streams") as facts:
        before = ends[1].ethtool_stats()
        rate = tcp(ends, 5, "-P 8")
        after = ends[1].ethtool_stats()
        got = [after[f"rx_queue_{q}_packets"] - before[f"rx_queue_{q}_packets"] for q in range(4)]
        if sum(count > 0 for count in got) < 2:
            raise Failed(f"packets by queue: {got}")
        facts.append(f"{rate:.0f} Mbit/s, packets by queue {got}")


def ethtool_reads(trial, card, ends):
    with trial.step("ethtool -i, -m: driver and module"):
        said = ends[0].run("ethtool -i IF")
        if "driver: ixgbe" not in said:
            raise Failed(said)
        said = ends[0].run("ethtool -m IF")
        if "10G Base-SR" not in said or "sim82599" not in said:
            raise Failed(said)
    with trial.step("ethtool -e: the EEPROM's sum is BABAh, and the MAC address is in it"):
        for end in ends:
            said = end.run("ethtool -e IF offset 0 length 512")
            data = bytes(int(byte, 16) for line in re.findall(r"^0x[0-9a-f]+:(.*)$", said, re.M)
                         for byte in line.split())
            words = struct.unpack(f"<{len(data) // 2}H", data)
            expect("the sum", hex(eeprom_sum(words)), "0xbaba")
            core = words[0x09 + end.port]
            expect("MAC address", data[2 * core + 2:2 * core + 8].hex(":"), MACS[end.port])
    with trial.step("ethtool -d: registers as the card has them") as facts:
        said = ends[0].run("ethtool -d IF")
        card_has = card.ask("regs", 0)
        compared = 0
        for label, value in re.findall(r"^0x[0-9A-F]+: (\w+) .*0x([0-9A-F]{8})$", said, re.M):
            name = re.sub(r"^([RT]D(?:BAL|LEN)|SRRCTL|RA[LH])0*(\d+)$", r"\1[\2]", label)
            if name in STABLE or "[" in name:
                compared += 1
                expect(f"register {name}", int(value, 16), card_has.get(name, 0))
        if compared < len(STABLE) + 100:
            raise Failed(f"only {compared} registers could be compared: {said}")
        facts.append(f"{compared} registers")


# registers that do not change by themselves
STABLE = {"FCTRL", "MFLCN", "VLNCTRL", "HLREG0", "CTRL_EXT", "LEDCTL", "EIMS", "EIAC", "EIAM",
          "GPIE", "AUTOC"}


def settings(trial, ends):
    with trial.step("ethtool -A, -C, -G: flow control, interrupt rate, ring sizes"):
        for change, look, wanted in (
                ("-A IF autoneg off rx off tx off", "-a IF", r"RX:\s+off\nTX:\s+off"),
                ("-C IF rx-usecs 100", "-c IF", r"rx-usecs:\s+100"),
                ("-G IF rx 4096 tx 64", "-g IF", r"Current(.|\n)*RX:\s+4096(.|\n)*TX:\s+64\n")):
            for end in ends:
                end.run("ethtool " + change)
            both_up(ends[0].guest, ends)  # which is when the driver minds flow control
            for end in ends:
                said = end.run("ethtool " + look) + "\n"
                if not re.search(wanted, said):
                    raise Failed(f"after {change}: {said}")
        ping(ends)
        tcp(ends, 5)


def self_test(trial, ends):
    for mode in "online", "offline":
        with trial.step(f"ethtool -t {mode}"):
            for end in ends:
                said = end.run(f"ethtool -t IF {mode}", check=False)
                if "The test result is PASS" not in said:
                    raise Failed(said)
    both_up(ends[0].guest, ends)


def flaps(trial, card, ends):
    with trial.step("link flaps under TCP: it goes on"):
        guest = ends[0].guest
        server = iperf3_server(ends[1])
        ends[0].run(f"iperf3 {server} -t 6 --logfile /run/flaps & sleep 1")
        for _ in range(2):
            for end in ends:  # the cable is pulled
                card.link(end.port, False)
            for end in ends:
                guest.wait(lambda: not end.carrier(), "link down")
            for end in ends:
                card.link(end.port, True)
            both_up(guest, ends)
        guest.wait(lambda: "receiver" in guest.run("cat /run/flaps"), "the end of iperf3")
    with trial.step("ping after it"):
        ping(ends)


def linux_tree():
    root = image.unpack(*image.LINUX)
    tree = image.base(root)
    image.linux_programs(tree, root)
    image.python(tree, root)
    for script in "flows.py", "rogue.py":
        tree.add("usr/local/lib/" + script, os.path.join(image.HERE, script))
    return tree


def load(guest, ends):
    guest.run("modprobe 8021q; modprobe ixgbe")
    for end in ends:
        end.set_up()
    both_up(guest, ends)


def ixgbe(trial):
    """Linux's ixgbe on two functions with a cable: everything that ethtool, ping and iperf3 do."""
    with cabled(trial) as card, trial.boot(linux_tree(), card, "iommu=pt", 1200, 4) as guest:
        ends = [Netdev(guest, 0), Netdev(guest, 1)]
        with trial.step("ixgbe probes, links come up"):
            load(guest, ends)
        with trial.step("ping"):
            ping(ends)
        ethtool_reads(trial, card, ends)
        counts = compare_with_wire(ends, card, None)
        for way, pair in ("there", ends), ("back", ends[::-1]):
            with trial.step(f"TCP {way}") as facts:
                facts.append(f"{TCP_MB} MB, {tcp(pair, TCP_MB):.0f} Mbit/s")
        with trial.step("ethtool -S equals the wire's counts") as facts:
            now = compare_with_wire(ends, card, counts)
            facts.append(f"{now[1][1]['packets received']} packets to function 1")
        offloads(trial, card, ends)
        with trial.step("jumbo frames: MTU 9000") as facts:
            for end in ends:
                end.run(f"{IP} link set IF mtu 9000")
            both_up(guest, ends)
            ping(ends, "-M do -s 8972")
            facts.append(f"TCP {tcp(ends, 50):.0f} Mbit/s")
            ping(ends, "-M do -s 8972")
            for end in ends:
                end.run(f"{IP} link set IF mtu 1500")
            both_up(guest, ends)
        vlans(trial, card, ends)
        queues(trial, ends)
        settings(trial, ends)
        flaps(trial, card, ends)
        with trial.step("module reload, twice"):
            for _ in range(2):
                guest.run("rmmod ixgbe")
                load(guest, ends)
                ping(ends)
        judge_rules(trial, card, IXGBE_BREAKS)
        self_test(trial, ends)  # last: it writes to registers what no rule allows
        with trial.step("ping after it"):
            ping(ends)
        judge(trial, guest, card)


def one_interrupt(trial, card, cmdline, kind):
    """What there is to see of a driver that has one interrupt for everything."""
    with card, trial.boot(linux_tree(), card, cmdline) as guest:
        ends = [Netdev(guest, 0), Netdev(guest, 1)]
        with trial.step("ixgbe probes, links come up"):
            load(guest, ends)
        with trial.step(f"its interrupts are {kind}"):
            for end in ends:
                said = guest.run(f"grep {end.name} /proc/interrupts")
                if not re.search(rf"\b{kind}\b", said) or len(said.strip().splitlines()) != 1:
                    raise Failed(said)
        with trial.step("ping, TCP") as facts:
            ping(ends)
            facts.append(f"20 MB, {tcp(ends, 20):.0f} Mbit/s")
        judge_rules(trial, card, IXGBE_BREAKS)
        self_test(trial, ends)
        judge(trial, guest, card)


def intx(trial):
    """Linux's ixgbe without MSI: the interrupt line, ping, TCP, ethtool -t."""
    one_interrupt(trial, cabled(trial), "pci=nomsi", "IO-APIC")


def msi(trial):
    """The same with MSI, of a card that has no MSI-X."""
    one_interrupt(trial, cabled(trial, ",msix=0"), "", "PCI-MSI")


def isolation(trial):
    """A DMA outside of what the driver mapped is refused, and the guest's IOMMU reports it."""
    with Card(trial.name, f"wire=sink,mac={MACS[0]}") as card, \
            trial.boot(linux_tree(), card) as guest:
        address = card.addresses[0]
        guest.run("modprobe vfio-pci; modprobe vfio_iommu_type1")
        guest.run(f"echo vfio-pci >/sys/bus/pci/devices/{address}/driver_override; "
                  f"echo {address} >/sys/bus/pci/drivers_probe")
        with trial.step("a driver that sends from mapped memory: sent"):
            guest.run(f"python3 /usr/local/lib/rogue.py {address} mapped")
            expect("frames on the wire", card.stats(0)["from_nic"], 1)
        for case in "unmapped", "unmapped-later", "read-only":
            with trial.step(f"the same from {case} memory: refused and reported") as facts:
                refused = card.stats(0)["dma_refused"]
                sent = card.stats(0)["from_nic"]
                faults = len(re.findall(r"DMAR: \[DMA", guest.kernel_log()))
                guest.run(f"python3 /usr/local/lib/rogue.py {address} {case}")
                line = guest.wait(lambda: re.findall(r"DMAR: \[DMA.*", guest.kernel_log())[faults:],
                                  "a DMAR fault in the kernel's log")[0]
                facts.append(line)
                if card.stats(0)["dma_refused"] <= refused:
                    raise Failed("the card did not count a refused DMA")
                expect("frames on the wire", card.stats(0)["from_nic"], sent)
        judge(trial, guest, card, faults=True)
