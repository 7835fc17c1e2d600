# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What is wrong is refused with one line that names it and says what is allowed, and with a
negative errno; everything else goes on.
"""

import re

import pytest
from rig import EthdevCheck, Rig, assert_intact, frame, write_pcap

# arguments of a virtual device; what the error line says of the thing, and of what is allowed
BAD_ARGUMENTS = [
    ("colour=red", "colour", "driver, pci, doorbells"),
    ("driver", "'driver' has no value", "driver=VALUE"),
    ("driver=", "driver=", "name of a PCI driver"),
    ("driver=net_nothing", "net_nothing", "net_ixgbe, net_ixymin|net_ixymin, net_ixgbe"),
    ("driver=net_e1000_em", "net_e1000_em", "net_ixgbe, net_ixymin|net_ixymin, net_ixgbe"),
    ("strict=2", "strict=2", "0 or 1"),
    ("strict=1,strict=0", "strict.* given twice", "once"),
    ("doorbells=direct", "doorbells=direct", "adaptive or trap"),
    ("mac=02:00:00:00:00", "mac=02:00:00:00:00", "xx:xx:xx:xx:xx:xx"),
    ("mac=01:00:00:00:00:00", "mac=01:00:00:00:00:00", "unicast"),
    ("core=999", "core=999", "a processor"),
    ("core=-1", "core=-1", "a processor"),
    ("core=apps", "core=apps", "a processor, or app"),
    ("pci=03:00.2", "pci=03:00.2", "function F 0 or 1"),
    ("pci=03:00.0", "pci=.*03:00.0 is in use", "a free address"),
    ("pci=nowhere", "pci=nowhere", "BB:DD.F"),
    ("fault=flood", "fault=flood", "gone, reset"),
    ("fault=gone+flood", "fault=gone.flood", "gone, reset"),
    ("trace=/nowhere/trace", "/nowhere/trace.*No such file", "can be written"),
    ("report=/nowhere/report", "/nowhere/report.*No such file", "can be written"),
    ("wire=carrier-pigeon", "carrier-pigeon", "none, gen, sink"),
    ("wire=gen:sise=64", "sise", "size"),
    ("wire=gen:size=63", "size=63", "64"),
    ("wire=gen:size=15873", "size=15873", "15872"),
    ("wire=gen:size=100-64", "size=100-64", "64"),
    ("wire=gen:size=", "size=", "64"),
    ("wire=gen:rate=fast", "rate=fast", "line"),
    ("wire=gen:count=-1", "count=-1", "allowed"),
    ("wire=gen:count=1e6", "count=1e6", "allowed"),
    ("wire=gen:burst=65", "burst=65", "64"),
    ("wire=gen:flows=0", "flows=0", "65536"),
    ("wire=gen:dst=02:00", "dst", "allowed"),
    ("wire=cable=", "cable=", "another port"),
    ("wire=cable=sim82599_1", "sim82599_1", "another port"),
    ("wire=cable=1", "cable=1: ", "sim82599_0 to sim82599_63, but not sim82599_1"),
    ("wire=cable=sim82599_64", "cable=sim82599_64: ", "sim82599_0 to sim82599_63"),
    ("wire=cable=sim82599_00:lossless=0", "cable=sim82599_00: ", "sim82599_0 to sim82599_63"),
    ("wire=cable=sim82599_0", "wire of sim82599_0 is gen:start=0", "wire is cable=sim82599_1"),
    ("wire=pcap", "no file", "in=FILE"),
    ("wire=pcap:in=/nowhere/in.pcap", "/nowhere/in.pcap.*No such file", "can be read"),
    ("wire=pcap:out=/nowhere/out.pcap", "/nowhere/out.pcap.*No such file", "can be written"),
    ("wire=pcap:in={cut}", "cut.pcap.*frame 3", "whole files"),
    ("wire=pcap:in={text}", "text.pcap", "a pcap file"),
    ("wire=pcap:in={short}", "short.pcap.*frame 1 has 13 bytes", "14 to 15868"),
    ("wire=pcap:in={folder}", "{folder}", "allowed"),
]


def files(folder):
    """Files that no port can play."""
    frames = [frame("udp", 100, seed=i) for i in range(3)]
    whole = write_pcap(folder / "whole.pcap", frames).read_bytes()
    (folder / "cut.pcap").write_bytes(whole[:-1])
    (folder / "text.pcap").write_text("No pcap file begins like this, nor does it end so.\n")
    write_pcap(folder / "short.pcap", [bytes(13)])
    return {"cut": folder / "cut.pcap", "text": folder / "text.pcap",
            "short": folder / "short.pcap", "folder": folder}


def test_vdev_arguments(tmp_path):
    """Plugged in beside a port that forwards all the while, and takes no harm."""
    names = files(tmp_path)
    with Rig("net_ixymin", ["gen:start=0"]) as pmd:
        pmd.command("set port setup on event")
        pmd.forward()
        zones = pmd.telemetry("/eal/memzone_list")
        for arguments, thing, allowed in BAD_ARGUMENTS:
            arguments, thing = arguments.format(**names), thing.format(**names)
            said = pmd.command(f"port attach sim82599_1,{arguments}")
            lines = re.findall(r"^.*sim82599_1: .*$", said, re.MULTILINE)
            assert len(lines) == 1, pmd.about(f"{arguments}: not one line, but\n{said}")
            for what in (thing, allowed):
                assert re.search(what, lines[0]), pmd.about(
                    f"{arguments}: /{what}/ is not in\n{lines[0]}")
            assert "Failed to attach port" in said, pmd.about(said)
            assert pmd.telemetry("/ethdev/list") == [0], pmd.about(f"{arguments} made a port")
        for name in ("sim82599_", "sim82599_64", "sim82599_x", "sim82599_-1", "sim82599_01"):
            said = pmd.command(f"port attach {name},driver=net_ixymin")
            assert len(re.findall(rf"^.*{name}: .*allowed: sim82599_0 to sim82599_63", said,
                                  re.MULTILINE)) == 1, pmd.about(said)
        assert pmd.telemetry("/eal/memzone_list") == zones, pmd.about("memory zones are left")
        assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)
        # and a good one works in the same place
        said = pmd.command("port attach sim82599_1,driver=net_ixymin,wire=gen:start=0")
        assert pmd.telemetry("/ethdev/list") == [0, 1], pmd.about(said)


def test_a_cable_whose_other_end_comes_later():
    """It is said once that there is no link till then, and that a port with another wire is not
    what the cable waits for."""
    with Rig("net_ixymin", ["gen:start=0"]) as pmd:
        pmd.command("set port setup on event")

        def attach(arguments):
            said = pmd.command(f"port attach {arguments},driver=net_ixymin")
            assert "Failed" not in said, pmd.about(said)
            return re.findall(r"^sim82599_\d: wire: .*$", said, re.MULTILINE)
        said = attach("sim82599_1,wire=cable=sim82599_2")
        assert said == ["sim82599_1: wire: cable=sim82599_2: no link until sim82599_2 is there, "
                        "too"], pmd.about(said)
        assert attach("sim82599_3,wire=gen:start=0") == []
        said = attach("sim82599_2,wire=sink")
        assert said == ["sim82599_2: wire: sink is not the other end of sim82599_1's "
                        "cable=sim82599_2: no link there"], pmd.about(said)
        pmd.command("port start 1")
        pmd.wait_link(1, "DOWN")
        said = pmd.command("device detach sim82599_2")
        assert "is detached" in said, pmd.about(said)
        assert attach("sim82599_2,wire=cable=sim82599_1") == []
        pmd.command("port start all")  # the far end's laser is on from then on
        pmd.wait_link(1, "UP")


@pytest.mark.parametrize("arguments", ["driver=net_nothing", "wire=pcap:in=/nowhere/in.pcap"])
def test_at_program_start(arguments):
    """A wrong --vdev does not keep the other port from working."""
    with Rig("net_ixymin", ["gen:start=0"], eal=[f"--vdev=sim82599_1,{arguments}"]) as pmd:
        assert len(re.findall("^.*sim82599_1: ", pmd.output, re.MULTILINE)) == 1, pmd.about(
            pmd.output)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000}, expect={0: 1000}), 1000)


BLOCKED = "0000:07:00.0"


def test_a_blocked_address():
    """-b of a port's address is honoured."""
    with Rig("net_ixymin", ["gen:start=0"],
             eal=["-b", BLOCKED, f"--vdev=sim82599_1,pci={BLOCKED}"]) as pmd:
        assert re.findall("^.*sim82599_1: (.*)", pmd.output, re.MULTILINE)[0] == \
            f"{BLOCKED} is blocked by -b; choose another address with pci=DDDD:BB:DD.F", \
            pmd.about(pmd.output)
        assert pmd.telemetry("/ethdev/list") == [0], pmd.about(pmd.output)


def test_an_allow_list():
    """-a of another device does not hide a port that --vdev asks for; a line says so."""
    with Rig("net_ixymin", ["gen:start=0"] * 2, eal=["-a", BLOCKED]) as pmd:
        for port in range(2):
            assert re.search(rf"sim82599_{port}: .* is not among the devices of -a, but --vdev "
                             "asks for it", pmd.output), pmd.about(pmd.output)
        assert pmd.telemetry("/ethdev/list") == [0, 1], pmd.about(pmd.output)


ERRORS = {  # call: result, the line that says why, or None where ethdev says nothing
    "start unconfigured": ("EINVAL", "port_id=0 is not configured"),
    "too many rx queues": ("EINVAL", r"nb_rx_queues=129 > 128"),
    "too many tx queues": ("EINVAL", r"nb_tx_queues=65 > 64"),
    "rx offload not offered": ("EINVAL", "Rx offloads (0x8000000000000000 doesn't match|UNKNOWN)"),
    "tx offload not offered": ("EINVAL", "Tx offloads (0x8000000000000000 doesn't match|UNKNOWN)"),
    "dcb": ("ENOTSUP", "net_ixymin: port 0: Rx mq_mode 2 is not supported, none and RSS are"),
    "tx dcb": ("ENOTSUP", "net_ixymin: port 0: Tx mq_mode 1 is not supported, none is"),
    "loopback mode 2": (
        "ENOTSUP", r"net_ixymin: port 0: loopback mode 2 is not supported, 0 and 1 \(MAC\) are"),
    "1 Gb/s only": (
        "ENOTSUP", r"net_ixymin: port 0: link speeds 0x21 are not supported, 10 Gb/s is"),
    "configure": ("ok", None),
    "address of packets without queue": ("EINVAL", None),
    "cleanup without queue": ("EINVAL", None),
    "start tx queue without queue": ("EINVAL", "Port 0 must be started before start any queue"),
    "tx queue 1 of 1": ("EINVAL", "Invalid Tx queue_id=1"),
    "rx queue with an offload of the port": ("EINVAL", "must be within per-queue offload"),
    "tx queue with an offload of the port": ("EINVAL", "must be within per-queue offload"),
    "start without queues": ("EINVAL", "net_ixymin: port 0: .*not set up"),
    "rx ring of 100": ("EINVAL", r"nb_rx_desc\(=100\).*<= 4096, >= 64, and a product of 8"),
    "rx ring of 8": ("EINVAL", r"nb_rx_desc\(=8\).*<= 4096, >= 64, and a product of 8"),
    "rx ring of 4104": ("EINVAL", r"nb_rx_desc\(=4104\).*<= 4096, >= 64, and a product of 8"),
    "tx ring of 100": ("EINVAL", r"nb_tx_desc\(=100\).*<= 4096, >= 64, and a product of 8"),
    "tx ring of 8": ("EINVAL", r"nb_tx_desc\(=8\).*<= 4096, >= 64, and a product of 8"),
    "tx ring of 4104": ("EINVAL", r"nb_tx_desc\(=4104\).*<= 4096, >= 64, and a product of 8"),
    "rx queue 1 of 1": ("EINVAL", "Invalid Rx queue_id=1"),
    "mbufs of 700 bytes": ("EINVAL", r"tiny mbuf_data_room_size 700 < 1152"),
    "mbufs of 1024 bytes": ("ok", None),
    "a pool of 63 mbufs": ("ok", None),
    "start with 63 mbufs": ("ENOMEM", "net_ixymin: port 0: rx queue 0: .*few"),
    "rx queue": ("ok", None),
    "tx queue": ("ok", None),
    "MTU 45": ("EINVAL", r"MTU \(45\) < device min MTU \(\d+\)"),
    "MTU 9711": ("EINVAL", r"MTU \(9711\) > device max MTU \(9710\)"),
    "MTU 65535": ("EINVAL", r"MTU \(65535\) > device max MTU \(9710\)"),
    "MTU 9000 while stopped": ("ok", None),
    "start with MTU 9000 in mbufs of 2 KB": ("ok", None),
    "stop with MTU 9000": ("ok", None),
    "MTU 1500": ("ok", None),
    "multicast address as own": ("EINVAL", None),
    "start tx queue of a stopped port": (
        "EINVAL", "Port 0 must be started before start any queue"),
    "start": ("ok", None),
    "start tx queue again": ("ok", "port_id=0 already started"),
    "start tx queue 1 of 1": ("EINVAL", "Invalid Tx queue_id=1"),
    "stop tx queue 1 of 1": ("EINVAL", "Invalid Tx queue_id=1"),
    "burst mode of tx queue 1 of 1": ("EINVAL", "Invalid Tx queue_id=1"),
    "descriptor of rx queue 1 of 1": ("EINVAL", None),
    "descriptor of tx queue 1 of 1": ("EINVAL", None),
    "packets in rx queue 1 of 1": ("EINVAL", None),
    "descriptor 512 of 512": ("EINVAL", None),
    "address of no one": ("EINVAL", "Cannot add NULL MAC address"),
    "address of pool 1": (
        "ENOTSUP", "net_ixymin: port 0: MAC address of pool 1 is not supported, of pool 0 is"),
    "address of pool 64": ("EINVAL", r"Pool ID must be 0-63"),
    "flow control by priority": ("ENOTSUP", None),
    "start again": ("ok", "port_id=0 already started"),
    "MTU 9000 while started": ("ok", None),
    "rx queue while started": ("EBUSY", None),
    "configure while started": ("EBUSY", "Port 0 must be stopped"),
    "stop": ("ok", None),
    "stop again": ("ok", "port_id=0 already stopped"),
    "close": ("ok", None),
    "close again": ("ENODEV", "Invalid port_id=0"),
    "start after close": ("ENODEV", "Invalid port_id=0"),
    "configure after close": ("ENODEV", "Invalid port_id=0"),
    "statistics after close": ("ENODEV", "Invalid port_id=0"),
}
# ethdev's own, after the driver's
ECHOES = r"(ETHDEV: )?Port0 dev_configure = -\d+"


def assert_results(check, results):
    """Each call gave what it should, and said why in one line."""
    for call, (result, why) in results.items():
        match = re.search(rf"^try: {call}\n((?:.*\n)*?)result: {call}: (.*)$", check.output,
                          re.MULTILINE)
        assert match, check.error(f"did not try '{call}'")
        assert match[2] == result, check.error(f"'{call}' gives {match[2]}, not {result}")
        lines = [line for line in match[1].splitlines() if not re.fullmatch(ECHOES, line)]
        if why is None:
            assert lines == [], check.error(f"'{call}' says {lines}")
        else:
            assert len(lines) == 1 and re.search(why, lines[0]), check.error(
                f"'{call}' says {lines}, not /{why}/")


def test_calls():
    """What is refused leaves the port usable: it forwards after all these."""
    with EthdevCheck("net_ixymin", "gen", "errors=3000") as check:
        assert "\nforwarded\n" in check.output, check.error("did not forward")
        assert_results(check, ERRORS)


# Since 23.11 it is ethdev that checks the key's length.
KEY_LENGTH = r"RSS key (of {0} bytes is not supported, 40 are|len: {0}, valid value: 40)"
RSS_ERRORS = {
    "configure with a key of 39 bytes": ("EINVAL", KEY_LENGTH.format(39)),
    "configure with a type not offered": ("EINVAL", "invalid rss_hf: "),
    "key of 39 bytes": ("EINVAL", KEY_LENGTH.format(39)),
    "key of 41 bytes": ("EINVAL", KEY_LENGTH.format(41)),
    "room of 39 bytes for the key": (
        "EINVAL", "there is room for 39|key len: 39, should not be less than: 40"),
    "RETA of 64 entries": (
        "EINVAL", "net_ixymin: port 0: RETA of 64 entries is not supported, 128 are"),
    "RETA of 512 entries": (
        "EINVAL", "net_ixymin: port 0: RETA of 512 entries is not supported, 128 are"),
    "RETA entry beyond the queues": ("EINVAL", r"reta\[0\]: \d+ exceeds the maximum rxq index"),
    "query 64 entries of RETA": (
        "EINVAL", "net_ixymin: port 0: RETA of 64 entries is not supported, 128 are"),
    "key and types": ("ok", None),
    "RETA entries 5 and 127": ("ok", None),
    "no type": ("ok", None),
    "configure without RSS": ("ok", None),
    "key without RSS": ("ENOTSUP", "Multi-queue RSS mode isn't enabled"),
    "RETA without RSS": ("ENOTSUP", "Multi-queue RSS mode isn't enabled"),
}
IPV4, IPV6, IPV6_UDP = 1 << 2, 1 << 8, 1 << 11
KEY = ("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa",
       bytes(range(40)).hex())


def spread(queues):
    """RETA as print_rss() prints it: all queues in turn."""
    return "".join(f"{i % queues:x}" for i in range(128))


@pytest.mark.parametrize("queues", [3, 20])
def test_rss(queues):
    """What is refused changes nothing. Key and table outlive a stop, a reset and configuration, the
    types a stop; only another number of queues makes a new table."""
    with EthdevCheck("net_ixymin", "sink", f"rss={queues}") as check:
        assert not check.lines("^type .*"), check.error("types are not exact")
        reachable = min(queues, 16)
        more = {"RETA entry of queue 16": (
            "EINVAL", "RETA entry 0: RSS does not reach rx queue 16, only 0 to 15")}
        too_many = rf"RSS reaches rx queues 0 to 15 only, not all {queues}$"
        assert bool(check.lines(too_many)) == (queues > 16), check.error("too many queues")
        assert_results(check, {**RSS_ERRORS, **(more if queues > 16 else {})})
        table = list(spread(reachable))
        table[5] = table[127] = "1"
        table = "".join(table)
        fewer = spread(queues - 1) if queues - 1 < 16 else table
        should = {
            "at first": (IPV4, KEY[0], spread(reachable)),
            "after what was refused": (IPV4, KEY[0], spread(reachable)),
            "changed": (IPV6 | IPV6_UDP, KEY[1], table),
            "started again": (IPV6 | IPV6_UDP, KEY[1], table),
            "reset": (IPV6, KEY[1], table),
            "with no type": (0, KEY[1], table),
            "with one queue less": (IPV6, KEY[1], fewer),
        }
        said = {when: (int(types, 16), key, reta) for when, types, key, reta in
                check.lines(r"^rss ([\w ]+): types (\w+), key (\w+), reta (\w+)$")}
        assert said == should, check.error(f"{said}\ninstead of\n{should}")


TX_CASES = {  # a packet: what rte_eth_tx_prepare() says of it, and without any offload
    "a packet of 60 bytes": ("ok", "ok"),
    "a packet of 17 bytes": ("ok", "ok"),
    "a packet of 16 bytes": ("EINVAL", "EINVAL"),
    "a packet of 0 bytes": ("EINVAL", "EINVAL"),
    "2 segments": ("ok", "EINVAL"),
    "an empty last segment": ("EINVAL", "EINVAL"),
    "an empty first segment": ("EINVAL", "EINVAL"),
    "40 segments": ("ok", "EINVAL"),
    "41 segments": ("EINVAL", "EINVAL"),
    "one segment more than told": ("EINVAL", "EINVAL"),
    "one segment less than told": ("EINVAL", "EINVAL"),
    "9728 bytes": ("ok", "EINVAL"),
    "9729 bytes": ("EINVAL", "EINVAL"),
    "TCP checksum": ("ok", "ENOTSUP"),
    "UDP checksum over IPv6": ("ok", "EINVAL"),
    "SCTP checksum of 16 bytes": ("ok", "ENOTSUP"),
    "SCTP checksum of 15 bytes": ("EINVAL", "ENOTSUP"),
    "IP checksum of IPv6": ("EINVAL", "ENOTSUP"),
    "TCP checksum without IP": ("EINVAL", "ENOTSUP"),
    "MAC header of 13 bytes": ("EINVAL", "ENOTSUP"),
    "IPv4 header of 19 bytes": ("EINVAL", "ENOTSUP"),
    "IPv6 header of 39 bytes": ("EINVAL", "ENOTSUP"),
    "TCP header cut off": ("EINVAL", "ENOTSUP"),
    "TSO": ("ok", "EINVAL"),
    "TSO, MSS 0": ("EINVAL", "EINVAL"),
    "TSO, IPv4 without checksum": ("EINVAL", "EINVAL"),
    "TSO, TCP header of 19 bytes": ("EINVAL", "EINVAL"),
    "TSO, TCP header of 65 bytes": ("EINVAL", "EINVAL"),
    "TSO, headers of 240 bytes": ("ok", "EINVAL"),
    "TSO, headers of 241 bytes": ("EINVAL", "EINVAL"),
    "TSO, headers in two segments": ("ENOTSUP", "EINVAL"),
    "TSO, headers only": ("EINVAL", "ENOTSUP"),
    "TSO to 9728 bytes": ("ok", "EINVAL"),
    "TSO to 9729 bytes": ("EINVAL", "EINVAL"),
    "TSO to 9729 bytes by a tag": ("EINVAL", "EINVAL"),
    "VLAN tag": ("ok", "ENOTSUP"),
    "9728 bytes by a tag": ("ok", "EINVAL"),
    "9729 bytes by a tag": ("EINVAL", "EINVAL"),
    "two VLAN tags": ("ENOTSUP", "ENOTSUP"),
    "outer IP checksum": ("ENOTSUP", "ENOTSUP"),
    "UDP segmentation": ("ENOTSUP", "EINVAL"),
}
# how many frames come of it
TX_FRAMES = {"TSO": 4, "TSO, headers of 240 bytes": 4, "TSO to 9728 bytes": 2}


@pytest.mark.parametrize("offloads, rounds", [(True, 100), (False, 0)])
def test_packets_that_cannot_be_sent(offloads, rounds):
    """What rte_eth_tx_prepare() refuses, a burst without it drops, frees and counts; the others
    are sent, also from a ring of 64 descriptors, and nothing is held in the end. Without offloads
    a burst does not look at flags, and sends such a packet as it is."""
    with EthdevCheck("net_ixymin", "sink", f"txcases={rounds}", vdev={"strict": 1}) as check:
        should = {name: said[0 if offloads else 1] for name, said in TX_CASES.items()}
        assert dict(check.lines(r"^prepare: (.*): (\w+)$")) == should, check.error("is wrong")
        good = [name for name, said in should.items() if said == "ok" or
                not offloads and said == "ENOTSUP"]
        bad = (len(should) - len(good)) * max(rounds, 1)
        good = sum(TX_FRAMES.get(name, 1) for name in good) * max(rounds, 1)
        # held: the receive ring
        assert check.lines("^sent .*$") == [f"sent {good}, refused {bad}, held 511"], check.error(
            "has sent something else")


FLOW_ERRORS = {
    "flow control mode 4": ("EINVAL", "flow control mode 4 is not supported, 0 to 3 are"),
    "negotiated flow control": ("ENOTSUP", "negotiation of flow control is not supported"),
    "pause time 0": ("EINVAL", "pause time 0 is not supported, 1 to 65535 are"),
    "high water of 503": ("EINVAL", "high water of 503 KB is not supported, up to 502 are"),
    "low water of 0": ("EINVAL", "low water of 0 KB is not supported, 1 to below 300 are"),
    "low water of 300": ("EINVAL", "low water of 300 KB is not supported, 1 to below 300 are"),
    "flow control": ("ok", None),
    "no flow control": ("ok", None),
}


def test_flow_control():
    """What is refused changes nothing; what is set is there at once and after a reset, and
    packets go on."""
    with EthdevCheck("net_ixymin", "gen", "flow=2000") as check:
        assert_results(check, FLOW_ERRORS)
        first = "mode 0, 64 to 128 KB, pause 1664, XON 1, forward 0, autoneg 0"
        changed = "mode 3, 100 to 502 KB, pause 1000, XON 1, forward 0, autoneg 0"
        said = dict(check.lines("^flow control ([\\w ]+): (mode .*)$"))
        assert said == {"at first": first, "after what was refused": first,
                        "changed": changed, "reset": changed}, check.error(said)


VLAN_ERRORS = {
    "VLAN 1 without filter": ("another error", "VLAN-filtering disabled"),  # ENOSYS
    "both tags stripped": ("EINVAL", "must be within Rx offloads capabilities"),
    "filter": ("ok", None),
    "VLAN 4095": ("ok", None),
    "VLAN 4096": ("EINVAL", "invalid vlan_id=4096 > 4095"),
    "strip by queue": ("ok", None),
    "strip by queue 1 of 1": ("EINVAL", "Invalid rx_queue_id=1"),
    "type of an unknown tag": (
        "EINVAL", "net_ixymin: port 0: VLAN type 0 is not supported, inner and outer are"),
    "type of the outer tag": ("ok", None),
    "port VLAN": ("ENOTSUP", None),
}


def test_vlan():
    """What is refused of VLANs, and that packets go on."""
    with EthdevCheck("net_ixymin", "gen", "vlan=2000") as check:
        assert_results(check, VLAN_ERRORS)


def test_testpmd_commands(driver):
    """What a person may type: refused, and the old value goes on working."""
    with Rig(driver, ["gen:start=0"] * 2) as pmd:
        pmd.command("port stop all")
        said = pmd.command("port config mtu 0 16000")
        assert re.search(r"MTU \(16000\) > device max MTU \(\d+\) for port_id 0", said), \
            pmd.about(said)
        for what in ("rxd", "txd"):
            pmd.command(f"port config all {what} 100")
            said = pmd.command("port start 0")
            assert re.search(r"nb_.x_desc\(=100\).*<= \d+.*product of 8", said), pmd.about(said)
            assert "Fail to configure port 0" in said, pmd.about(said)
            pmd.command(f"port config all {what} 512")
        said = pmd.command("port start all") + pmd.command("port start 0")
        assert "Fail" not in said and "not stopped" in said, pmd.about(said)
        for port in range(2):
            pmd.wait_link(port, "UP")
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 1000, 1: 1000}), 2000)


def test_queues_that_are_not_there():
    """testpmd asks the driver for descriptors of a queue that has never been set up. With net_ixgbe
    of 22.11 testpmd crashes."""
    with Rig("net_ixymin", ["sink"]) as pmd:
        for queue in "txq 7 desc 0 status", "rxq 7 desc 0 status", "rxq 7 desc used count":
            said = pmd.command(f"show port 0 {queue}")
            assert "Invalid" in said, pmd.about(said)


def test_small_mbufs():
    """--mbuf-size too small: testpmd says so, starts no port, and does not crash."""
    with Rig("net_ixymin", ["none"], ["--mbuf-size=1024"]) as pmd:
        begin = pmd.output
        assert len(re.findall(r"mbuf_data_room_size 1024 < 1152 \(128 \+ 1024\)", begin)) == 1, \
            pmd.about(begin)
        assert "Fail to configure port 0 rx queues" in begin, pmd.about(begin)
