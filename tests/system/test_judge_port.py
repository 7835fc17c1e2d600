# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The port itself: flow control, link, loopback, EEPROM, module, registers, LED, descriptors."""

import re

import pytest
from judge import IXYMIN_VECTOR, Judge, judges
from rig import STATION, STRANGER, EthdevCheck, Rig, assert_frames, frame, read_pcap

PAUSE = "01:80:c2:00:00:01"


def pause(quanta, dst=PAUSE, src=STRANGER):
    """A pause frame, IEEE 802.3 annex 31B; 0 quanta: go on"""
    return (bytes.fromhex((dst + src).replace(":", "") + "88080001") +
            quanta.to_bytes(2, "big")).ljust(60, b"\0")


@judges("Flow control", paths=["vector", "bulk"])
def test_pause_frames(driver, path, tmp_path):
    """Switched on, pause frames are counted and kept from the program; those are other counters
    than its packets'.  Frames that it sends in between wait, and are all sent.
    """
    stop, go = pause(0xffff), pause(0)
    packets = [frame("udp", 60 + n, seed=n) for n in range(40)]
    frames = [stop, *packets[:20], stop, go, pause(3, STATION[0]), *packets[20:], go]
    with Judge(driver, path, tmp_path, frames) as pmd:
        pmd.do("set flow_ctrl rx on 0", "set flow_ctrl mac_ctrl_frame_fwd off 0")
        said = pmd.do("show port 0 flow_ctrl")
        assert re.search(r"Rx pause: on\s+Tx pause: off", said), pmd.about(said)
        _, got = pmd.exchange(len(frames), out=len(packets), verbose=False)
        assert_frames(pmd, got, packets, "out")
        xstats = pmd.driver_counts(0)[1]
        assert (xstats["rx_xoff_packets"], xstats["rx_xon_packets"]) == (3, 2), pmd.about(xstats)
        assert xstats["rx_good_packets"] == len(packets), pmd.about(xstats)
        assert xstats["rx_errors"] == 0, pmd.about(xstats)


@judges("Flow control", paths=["vector"])
def test_pause_frames_are_sent(driver, path, tmp_path):
    """Nobody receives: the device asks the wire to pause, again and again, and in the end to go
    on.  The pause frames are those that the program has set, and all are counted.
    """
    frames = [frame("udp", 1514, seed=n) for n in range(600)]
    with Judge(driver, path, tmp_path, frames, ["--rxd=128", "--no-flush-rx"],
               wire=":lossless=0:rate=line") as pmd:
        pmd.do("set flow_ctrl rx off tx on 300 100 1000 1 mac_ctrl_frame_fwd off autoneg off 0")
        pmd.sim_start(0, len(frames))
        pmd.wait_counter(0, "tx_xoff_packets", 3, pmd.port_xstats)
        assert pmd.sim_stats(0)["to_nic"] < len(frames), pmd.about("the wire has not paused")
        pmd.forward()
        pmd.wait(lambda: pmd.sim_stats(0)["done"], "does not go on")
        pmd.wait_idle()
        wire, xstats = pmd.sim_stats(0), pmd.driver_counts(0)[1]
        out = read_pcap(pmd.out)
        pauses = {quanta: out.count(pause(quanta, src=STATION[0])) for quanta in (1000, 0)}
        assert (xstats["tx_xoff_packets"], xstats["tx_xon_packets"]) == \
            (pauses[1000], pauses[0]), pmd.about(xstats)
        assert pauses[0] > 0, pmd.about(pauses)
        packets = [f for f in out if f[12:14] == b"\x08\0"]
        assert len(out) == len(packets) + sum(pauses.values()), pmd.about(pauses)
        assert len(packets) == xstats["tx_good_packets"] == len(frames) - wire["rx_missed"], \
            pmd.about(xstats)
        # of each pause frame net_ixgbe takes off the FCS twice
        twice = 4 * sum(pauses.values()) if driver == "net_ixgbe" else 0
        assert (xstats["tx_good_bytes"] + twice) % 2**64 == sum(map(len, packets)), \
            pmd.about(xstats)


@judges("Flow control", paths=["vector"])
def test_flow_control_settings(driver, path, tmp_path):
    """What is set is what is shown, also after a new start."""
    with Judge(driver, path, tmp_path, [frame("udp", 60)]) as pmd:
        for rx, tx in (("on", "off"), ("off", "on"), ("on", "on"), ("off", "off")):
            pmd.do(f"set flow_ctrl rx {rx} tx {tx} 128 64 1024 1 mac_ctrl_frame_fwd on "
                   "autoneg off 0")
            for _ in range(2):
                said = pmd.do("show port 0 flow_ctrl")
                assert re.search(rf"Rx pause: {rx}\s+Tx pause: {tx}\s+Autoneg: off\s+"
                                 r"Pause time: 0x400\s+High waterline: 0x80\s+"
                                 r"Low waterline: 0x40\s+Send XON: on", said), pmd.about(said)
                pmd.restart()


@judges("Link status event", paths=["vector"])
def test_link_events(driver, path, tmp_path):
    """Light goes and comes: the driver has an interrupt, and says so; traffic goes on."""
    frames = [frame("udp", 60 + n) for n in range(10)]
    with Judge(driver, path, tmp_path, frames) as pmd:
        for light, state in ((False, "DOWN"), (True, "UP")):
            begin = len(pmd.output)
            pmd.sim_light(0, light)
            pmd.wait_for("Port 0: link state change event", start=begin)
            pmd.wait_link(0, state)
        link = pmd.telemetry("/ethdev/link_status", 0)
        assert link["speed"] == 10000 and link["duplex"] == "full-duplex", pmd.about(link)
        _, got = pmd.exchange(len(frames), verbose=False)
        assert_frames(pmd, got, frames, "out")


@pytest.mark.parametrize("driver, wire, link", [  # without a link net_ixgbe takes 9 s each time
    ("net_ixymin", "sink", "up, 10 Gbps, full"), ("net_ixymin", "none", "down, None, half"),
    ("net_ixgbe", "sink", "up, 10 Gbps, full")])
def test_link_right_after_start(driver, wire, link):
    """rte_eth_link_get() waits for the link, as many programs rely on that ask just once; and it
    ends where none comes.
    """
    with EthdevCheck(driver, wire, "link=2") as check:
        said = check.lines(r"^link (started|stopped): (.*)$")
        assert [is_ for when, is_ in said if when == "started"] == [link] * 2, check.error(said)
        if driver == "net_ixymin":  # net_ixgbe also waits for, and finds, a stopped port's link
            stopped = [is_ for when, is_ in said if when == "stopped"]
            assert stopped == ["down, None, half"] * 2, check.error(said)


@judges("Link status", paths=["vector"])
def test_link_set_down_and_up(driver, path, tmp_path):
    """`set link-down port`, and up again: as told, and with traffic after."""
    frames = [frame("udp", 60 + n) for n in range(10)]
    with Judge(driver, path, tmp_path, frames) as pmd:
        def laser_off():  # ESDP.SDP3
            return pmd.sim_regs(0, "ESDP")["ESDP"] >> 3 & 1

        assert not laser_off(), pmd.about("it is off from the start")
        pmd.do("set link-down port 0")
        pmd.wait_link(0, "DOWN")
        assert laser_off(), pmd.about("the laser is still on")
        assert not pmd.sim_regs(0, "LINKS")["LINKS"] >> 30 & 1, pmd.about("with a link")
        pmd.do("set link-up port 0")
        pmd.wait_link(0, "UP")
        assert not laser_off(), pmd.about("the laser stays off")
        _, got = pmd.exchange(len(frames), verbose=False)
        assert_frames(pmd, got, frames, "out")


def test_loopback(driver):
    """MAC loopback: what is sent comes back, and none of it gets out; without light, too."""
    with Rig(driver, ["sink", "none"]) as pmd:
        for command in ("port stop all", "port config all loopback 1", "port start all"):
            said = pmd.command(command)
            assert "rror" not in said, pmd.about(said)
        pmd.command("start tx_first 1")
        for port in range(2):
            pmd.wait_counter(port, "ipackets", 10000)
        pmd.command("stop")
        pmd.command("stop")
        for port in range(2):
            stats = pmd.port_stats(port)
            assert stats["opackets"] >= stats["ipackets"] > 0, pmd.about(stats)
            assert stats["opackets"] - stats["ipackets"] <= 64, pmd.about(stats)
            assert pmd.sim_stats(port)["from_nic"] == 0, pmd.about(pmd.sim_stats(port))
        for command in ("port stop all", "port config all loopback 0", "port start all"):
            pmd.command(command)
        pmd.wait_link(0, "UP")
        pmd.command("set fwd txonly")
        pmd.command("set portlist 0")
        pmd.command("start")
        pmd.wait_sent(0, 100)
        pmd.command("stop")


@judges("EEPROM dump", paths=["vector"])
def test_eeprom(driver, path, tmp_path):
    """The whole of it, and its checksum is right; what drivers take for a firmware's version."""
    with Judge(driver, path, tmp_path, [frame("udp", 60)]) as pmd:
        said = pmd.do("show port 0 eeprom")
        data = bytes.fromhex("".join(re.findall(r"^[0-9A-F]{8}: ((?:[0-9A-F]{2} )+)", said,
                                                re.MULTILINE)))
        image = [int.from_bytes(data[i:i + 2], "little") for i in range(0, len(data), 2)]
        eec = pmd.sim_regs(0, "EEC")["EEC"]
        assert len(image) == 1 << (eec >> 11 & 0xf) + 6, pmd.about(f"{len(image)}, {eec:#x}")
        # 6.3.2.4: words 0 to 3Fh, and the sections that words 3 to Eh point to
        total = sum(image[:0x40])
        for pointer in image[3:0xf]:
            if pointer not in (0, 0xffff) and image[pointer] not in (0, 0xffff):
                total += sum(image[pointer + 1:pointer + 1 + image[pointer]])
        assert total & 0xffff == 0xbaba, pmd.about(f"{total:#x}")
        said = pmd.command("show port info 0")
        version = image[0x2e] << 16 | image[0x2d]  # the image's track id
        assert f"Firmware-version: {version:#010x}" in said, pmd.about(said)


def test_module(driver):
    """SFF-8472: an SFP that does 10GBASE-SR, with the checksums CC_BASE and CC_EXT right."""
    with EthdevCheck(driver, "sink", "module=96") as check:
        (size, data), = check.lines(r"^module of (\d+) bytes: ([0-9a-f]+)$")
        assert int(size) in (256, 512), check.error("size")
        module = bytes.fromhex(data)
        assert module[0] == 3 and module[3] & 0x10, check.about(module.hex(" "))
        assert sum(module[:63]) & 0xff == module[63], check.about(module[:64].hex(" "))
        assert sum(module[64:95]) & 0xff == module[95], check.about(module[64:96].hex(" "))


def test_eeprom_pieces_and_bad_arguments():
    """Any piece of the card's and the module's EEPROM is what it is of the whole; what is not there
    is refused, with a line that says why, and so is writing."""
    with EthdevCheck("net_ixymin", "sink", "eeprom=7") as check:
        assert check.lines("^EEPROM of (.*)$") == ["16384 bytes", "512 bytes"], check.about("")
        assert check.lines("^pieces (.*)$") == ["the same"] * 2, check.about("pieces")
        results = dict(check.lines("^result: (.*): (.*)$"))
        assert results == {"module info": "ok", "offset at the end": "EINVAL",
                           "length beyond the end": "EINVAL", "3 registers": "EINVAL",
                           "offset and length that wrap": "EINVAL", "write": "ENOTSUP"}, \
            check.error(results)
        for says in ("EEPROM has 16384 bytes, 2 from 16383 on are not there",
                     "module has 512 bytes, 1 from 512 on are not there",
                     "registers, 3 were asked for"):
            assert says in check.output, check.error(f"does not say '{says}'")
        assert check.lines("^version needs (.*)$") == ["11 bytes"], check.about("version")


def test_no_module():
    """An empty cage is an error that is told, at once."""
    with EthdevCheck("net_ixymin", "sink", "eeprom=7", vdev={"fault": "sfp"}) as check:
        results = dict(check.lines("^result: (.*): (.*)$"))
        assert results["module info"] == "EIO", check.error(results)
        assert "no SFP+ module answers" in check.output, check.error("does not say so")


# what an application allows by --force-max-simd-bitwidth; 128 bits are not enough
@pytest.mark.parametrize("bits, mode", [(512, IXYMIN_VECTOR), (128, "Scalar")])
def test_waiting_packets(bits, mode):
    """Their number, the status of descriptors, and whether a core may sleep until one comes."""
    eal = [f"--force-max-simd-bitwidth={bits}"]
    with EthdevCheck("net_ixymin", "loop", "waiting=40", eal=eal) as check:
        assert re.search(f"burst mode: {mode}(, full)?\n", check.output), check.error("burst mode")
        none, done = ("0; descriptor 0: 0, 39: 0, 511: 2", "sleep"), \
            ("40; descriptor 0: 1, 39: 1, 511: 2", "do not sleep")
        said = check.lines(r"^waiting (.*), beyond the ring: EINVAL; monitor of 8 bytes: (.*)$")
        assert said == [none, done, none], check.error(said)


def test_default_configuration():
    """testpmd takes the ring sizes and the burst that the driver tells it."""
    with Rig("net_ixymin", ["sink"], ["--burst=0"]) as pmd:
        said = pmd.command("show rxq info 0 0") + pmd.command("show txq info 0 0")
        assert re.findall("Number of [RT]XDs: ([0-9]+)", said) == ["512", "512"], pmd.about(said)
        assert re.findall("TX free threshold: ([0-9]+)", said) == ["256"], pmd.about(said)
        said = pmd.command("show config fwd") + pmd.command("show config rxtx")
        assert "packets/burst=32" in said, pmd.about(said)


def test_deferred_start():
    """A queue that starts and stops when the program says so. Not an mbuf is lost."""
    with EthdevCheck("net_ixymin", "gen", "deferred=20") as check:
        said = check.lines(r"^(with the port|started|stopped): (\w+)$")
        assert said == [("with the port", "stopped"), ("started", "started"),
                        ("stopped", "stopped"), ("with the port", "stopped")], check.error(said)
        assert check.lines(r"^resources after: mbufs (\d+),") == ["0"], check.error("mbufs leak")


def test_deferred_tx_start():
    """The same of a transmit queue. What it is given while it is stopped is never sent."""
    with EthdevCheck("net_ixymin", "sink", "txdeferred=20") as check:
        said = check.lines(r"^(burst mode|with the port|started|stopped): (.+)$")
        assert said == [("burst mode", IXYMIN_VECTOR), ("with the port", "stopped"),
                        ("started", "started"), ("stopped", "stopped")], check.error(said)
        assert check.lines(r"^tx descriptors (.*)$") == [
            "stopped: 0 done 505 done 506 full 510 full 511 unavailable 512 EINVAL",
            "started: 0 done 505 done 506 done 510 done 511 unavailable 512 EINVAL",
        ], check.error("has other descriptors")
        assert check.lines("^sent .*$") == ["sent 2000, refused 0"], check.error("has sent others")
        assert check.lines(r"^resources after: mbufs (\d+),") == ["0"], check.error("mbufs leak")


@judges("Rx descriptor status", "Tx descriptor status")
def test_descriptors(driver, path, tmp_path):
    """How many packets wait in a ring, and of each descriptor whether one is there."""
    frames = [frame("udp", 60 + n, seed=n) for n in range(300)]
    with Judge(driver, path, tmp_path, frames, ["--rxd=256", "--txd=256", "--no-flush-rx"]) as pmd:
        def rx(offset):
            said = pmd.do(f"show port 0 rxq 0 desc {offset} status")
            return re.search(r"= (\w+)", said)[1]

        def used():
            return int(re.search(r"= (\d+)", pmd.do("show port 0 rxq 0 desc used count"))[1])

        assert "= DONE" in pmd.do("show port 0 txq 0 desc 100 status")
        assert (used(), rx(0), rx(100)) == (0, "AVAILABLE", "AVAILABLE")
        before = pmd.counts()
        pmd.send({0: 40}, expect={})
        assert used() == 40, pmd.about(used())
        assert [rx(n) for n in (0, 17, 39, 40, 41, 200)] == ["DONE"] * 3 + ["AVAILABLE"] * 3
        _, got = pmd.exchange(200, out=240, verbose=False, since=before)
        assert_frames(pmd, got, frames[:240], "out")
        assert used() == 0 and rx(0) == "AVAILABLE"
        said = pmd.do("show port 0 txq 0 desc 0 status", "show port 0 txq 0 desc 64 status")
        # net_ixgbe looks at the descriptor after the one that has RS, which is never written back
        status = "FULL" if driver == "net_ixgbe" else "DONE"
        assert said.count(f"= {status}") == 2, pmd.about(said)
        for what, size in (("rxq", 256), ("txq", 256)):
            said = pmd.do(f"show {what} info 0 0")
            assert re.search(rf"Number of [RT]XDs: {size}\n", said), pmd.about(said)


def test_register_dump_and_led(driver):
    """Every register of a driver's dump is one of the device, which EthdevCheck looks at; LEDCTL
    tells what the LED does.
    """
    with EthdevCheck(driver, "sink", "registers=0") as check:
        (words_, width), = check.lines(r"^registers: (\d+) of (\d+) bytes$")
        assert int(words_) > 1000 and width == "4", check.error("no registers")
        dumps = [tuple(int(x, 16) for x in line.split())
                 for line in check.lines(r"^first registers: (.*)$")]
        assert len(dumps) == 3, check.error("no three dumps")
        before, on, off = dumps
        # CTRL, STATUS, CTRL_EXT, ESDP, EODSDP, LEDCTL; STATUS.LAN_ID 0, link (8.2.3.1.2)
        assert before[1] & 0xc == 0 and before[1] & 0x80, check.about(f"{before[1]:#x}")
        # 8.2.3.1.6: LED0_MODE 1110b is on, 1111b off
        assert (on[5] & 0xf, off[5] & 0xf) == (0xe, 0xf), check.about(dumps)
