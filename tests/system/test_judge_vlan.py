# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""VLAN tags: taken off, put in, filtered; by port and by queue; one tag and two."""

from judge import Judge, judges, number_of, numbered
from rig import assert_frames
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q
from scapy.packet import Raw

OUTER = 0x88a8
TAGS = [(0x8100, 1), (0x8100, 0x6123), (0x8100, 0xfffe), (0x8100, 0x5fff), (0x8100, 0)]
STRIPPED = {"VLAN", "VLAN_STRIPPED"}
# Of a tag that stays the device tells that it is there (7.1.6.2, VP), but not what it says. For
# net_ixgbe that is a VLAN whose tag is 0.
NOT_STRIPPED = {"net_ixgbe": ({"VLAN"}, 0), "net_ixymin": (set(), None)}


def ip4(size=60):
    return IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(bytes(range(size)))


def tagged(frame, *tags):
    """A frame, with these (type, TCI) inserted, outermost first."""
    return frame[:12] + b"".join(t.to_bytes(2, "big") + tci.to_bytes(2, "big")
                                 for t, tci in tags) + frame[12:]


def taken_off(frame, at=12):
    """Without the tag at this place, and padded by the one who sends it."""
    return (frame[:at] + frame[at + 4:]).ljust(60, b"\0")


def tci(frame, at=12):
    return int.from_bytes(frame[at + 2:at + 4], "big")


def has_tag(frame, at=12):
    return frame[at:at + 2] == b"\x81\0"


def some_frames():
    """One tag of every kind, none, two; large and small ones."""
    plain = [numbered(ip4(), 0), numbered(ARP(psrc="10.0.0.1"), 1).ljust(60, b"\0"),
             numbered(IPv6(src="fd00::1", dst="fd00::2") / TCP() / Raw(bytes(1400)), 2),
             numbered(ip4(14), 3)]
    frames = list(plain)
    for n, tag in enumerate(TAGS):
        frames.append(numbered(tagged(plain[n % len(plain)], tag), 10 + n))
    frames.append(numbered(tagged(plain[0], (0x8100, 7), (0x8100, 8)), 20))
    frames.append(numbered(tagged(plain[0], (OUTER, 7), (0x8100, 8)), 21))
    frames.append(numbered(tagged(plain[1][:42], (0x8100, 9)).ljust(60, b"\0"), 22))
    return frames


def assert_stripped(pmd, frames, seen, got, strips=True, at=12):
    """Frames with a tag at this place came without it, and it with them; all others as sent."""
    should = [taken_off(f, at) if strips and has_tag(f, at) else f for f in frames]
    pmd.assert_same(got, should)
    for frame in frames:
        said = seen[number_of(frame)]
        if not has_tag(frame, at):
            should = set(), None, len(frame)
        elif strips:
            should = STRIPPED, tci(frame, at), len(frame) - 4
        else:
            should = *NOT_STRIPPED[pmd.driver], len(frame)
        assert (said.flags & STRIPPED, said.vlan, said.length) == should, \
            pmd.about(f"{said}\n{frame[:24].hex(' ')}")


@judges("VLAN offload")
def test_strip(driver, path, tmp_path):
    """Switched on and off while the port runs, and on again by a new start."""
    frames = some_frames()
    with Judge(driver, path, tmp_path, frames * 4) as pmd:
        assert_stripped(pmd, frames, *pmd.exchange(len(frames)), strips=False)
        pmd.do("vlan set strip on 0")
        assert_stripped(pmd, frames, *pmd.exchange(len(frames)))
        pmd.restart()
        assert_stripped(pmd, frames, *pmd.exchange(len(frames)))
        pmd.do("vlan set strip off 0")
        assert_stripped(pmd, frames, *pmd.exchange(len(frames)), strips=False)


@judges("VLAN offload", "RSS hash", paths=["vector"])
def test_strip_by_queue(driver, path, tmp_path):
    """One queue takes tags off, the other one does not."""
    frames = [numbered(Dot1Q(vlan=100 + n) / IP(src="10.0.0.1", dst="10.0.0.2") /
                       UDP(sport=n, dport=2) / Raw(bytes(60)), n) for n in range(40)]
    with Judge(driver, path, tmp_path, frames * 2, ["--rxq=2", "--txq=2", "--rss-udp"]) as pmd:
        for on, off in ((1, 0), (0, 1)):
            pmd.do(f"vlan set stripq on 0,{on}", f"vlan set stripq off 0,{off}")
            seen, got = pmd.exchange(len(frames))
            assert {s.queue for s in seen.values()} == {0, 1}, pmd.about(seen)
            mine = [f for n, f in enumerate(frames) if seen[n].queue == on]
            pmd.assert_same(got, [taken_off(f) if f in mine else f for f in frames])
            for n, frame in enumerate(frames):
                vlan = tci(frame) if frame in mine else NOT_STRIPPED[driver][1]
                assert seen[n].vlan == vlan, pmd.about(seen[n])


@judges("VLAN filter", paths=["vector", "bulk"])
def test_filter(driver, path, tmp_path):
    """Tagged frames pass by their number alone, untagged ones always."""
    vids = [0, 1, 31, 32, 63, 64, 100, 2047, 4095]
    frames = [numbered(tagged(numbered(ip4(), 0), (0x8100, vid | vid % 8 << 13)), n)
              for n, vid in enumerate(vids)]
    frames += [numbered(ip4(), 50), numbered(Dot1AD(vlan=1) / Dot1Q(vlan=2) / ip4(), 51)]
    with Judge(driver, path, tmp_path, frames * 8) as pmd:
        def passes(*numbers):
            should = [f for f in frames if not has_tag(f) or tci(f) & 0xfff in numbers]
            before = pmd.sim_stats(0)["rx_filtered"]
            _, got = pmd.exchange(len(frames), out=len(should))
            assert_frames(pmd, got, should, f"VLANs {numbers}")
            assert pmd.sim_stats(0)["rx_filtered"] - before == len(frames) - len(should)

        passes(*vids)
        pmd.do("vlan set filter on 0")
        passes()
        pmd.do("rx_vlan add 1 0", "rx_vlan add 63 0", "rx_vlan add 4095 0")
        passes(1, 63, 4095)
        pmd.do("rx_vlan rm 63 0", "rx_vlan add 0 0", "rx_vlan add 64 0")
        passes(0, 1, 64, 4095)
        pmd.do("set promisc 0 off")  # own address: the frames are for it
        passes(0, 1, 64, 4095)
        pmd.do("set promisc 0 on", "vlan set filter off 0")
        passes(*vids)
        pmd.do("vlan set filter on 0", "rx_vlan add all 0")
        passes(*vids)


@judges("VLAN offload", paths=["vector"])
def test_insert(driver, path, tmp_path):
    """A tag is put into every frame, also one that has one; also where one was taken off."""
    frames = some_frames()
    with Judge(driver, path, tmp_path, frames * 3) as pmd:
        def swapped(frame):
            return frame[6:12] + frame[:6] + frame[12:]

        pmd.do("set fwd macswap")
        _, got = pmd.exchange(len(frames))
        assert_frames(pmd, got, [swapped(f) for f in frames], "without insertion")
        pmd.restart("tx_vlan set 0 2748")
        _, got = pmd.exchange(len(frames))
        assert_frames(pmd, got, [tagged(swapped(f), (0x8100, 2748)) for f in frames], "inserted")
        pmd.do("vlan set strip on 0")
        _, got = pmd.exchange(len(frames))
        should = [tagged(swapped(f[:12] + f[16:] if has_tag(f) else f), (0x8100, 2748))
                  for f in frames]
        assert_frames(pmd, got, should, "exchanged")


@judges("VLAN offload", "QinQ offload", paths=["vector", "bulk"])
def test_two_tags(driver, path, tmp_path):
    """With double VLAN (7.4.5) it is the inner tag that is taken off, and filtered by; the outer
    one's type is the program's to say.
    """
    plain = numbered(ip4(), 0)
    frames = [numbered(tagged(plain, (outer, 0x2005), (0x8100, 0x6007)), n)
              for n, outer in enumerate((0x8100, OUTER, 0x9100))] + [numbered(plain, 4)]
    with Judge(driver, path, tmp_path, frames * 2 + frames[1:] * 2) as pmd:
        pmd.do("vlan set extend on 0", "vlan set strip on 0")
        for number, outer in enumerate((OUTER, 0x9100)):
            pmd.do(f"vlan set outer tpid {outer:#x} 0")
            seen, got = pmd.exchange(len(frames))
            double = [f for f in frames if f[12:14] == outer.to_bytes(2, "big")]
            assert len(double) == 1
            for frame, out in zip(frames, got):
                if frame in double:
                    said = seen[number_of(frame)]
                    assert said.vlan == 0x6007 and said.flags >= STRIPPED, pmd.about(said)
                    assert_frames(pmd, [out], [taken_off(frame, 16)], f"{number}: inner tag")
                elif frame[12:14] == b"\x08\0":
                    assert_frames(pmd, [out], [frame], f"{number}: no tag")
        pmd.do("vlan set filter on 0", "vlan set strip off 0", "rx_vlan add 5 0")
        _, got = pmd.exchange(3, out=2)
        assert_frames(pmd, got, [frames[1], frames[3]], "inner VLAN 7 is filtered")
        pmd.do("rx_vlan add 7 0")
        _, got = pmd.exchange(3)
        assert_frames(pmd, got, frames[1:], "inner VLAN 7 passes")


def test_settings_outlive_restarts(tmp_path):
    """The device has the filter's table, the modes and the types of tags after a restart."""
    with Judge("net_ixymin", "scalar", tmp_path, [numbered(ip4(), 0)]) as pmd:
        def settings():
            names = ("VFTA", "VLNCTRL", "EXVET", "CTRL_EXT", "DMATXCTL", "RXDCTL_0")
            return {name: pmd.sim_regs(0, name) for name in names}

        pmd.do("vlan set filter on 0", "rx_vlan add 33 0", "rx_vlan add 4095 0",
               "vlan set extend on 0", "vlan set strip on 0", "vlan set outer tpid 0x88a8 0",
               "vlan set inner tpid 0x9100 0")
        should = settings()
        assert (should["VFTA"]["VFTA_1"], should["VFTA"]["VFTA_127"]) == (2, 1 << 31), \
            pmd.about(should)
        assert should["VLNCTRL"]["VLNCTRL"] == 0x40009100, pmd.about(should)
        assert should["EXVET"]["EXVET"] == 0x88a80000, pmd.about(should)
        assert should["RXDCTL_0"]["RXDCTL_0"] >> 30 & 1, pmd.about(should)
        pmd.restart()
        assert settings() == should, pmd.about("lost")
        pmd.restart("port reset 0")
        assert settings() == should, pmd.about("lost")
