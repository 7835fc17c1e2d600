# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Many queues, and queues that stop and start while others go on."""

import random

import pytest
from judge import Judge, count_by_queue, judges, number_of, numbered, rx_by_queue
from rig import Rig, assert_intact

GEN = "gen:start=0:flows=1024"


@judges("Queue start/stop", "RSS hash", "RSS reta update", paths=["vector"])
def test_queue_stops_while_others_run(driver, path):
    """As 4.6.7.1.2 demands: the flows are led away from a receive queue, it stops, and the other
    port's transmit queue that it feeds, too; later they go on. Not a frame is lost over it.
    """
    del path
    queues, number = 4, 20000
    with Rig(driver, [GEN] * 2, [f"--rxq={queues}", f"--txq={queues}", "--rss-udp",
                                 "--no-flush-rx"]) as pmd:
        def lead(to):
            for at in range(0, 128, 8):
                pmd.command("port config 0 rss reta " + ",".join(
                    f"({i},{to[i % len(to)]})" for i in range(at, at + 8)))

        def forward():
            before = rx_by_queue(pmd, 0, queues)
            pmd.forward()
            assert_intact(pmd, pmd.send({0: number, 1: number}), 2 * number)
            pmd.command("stop")
            return [b - a for a, b in zip(before, rx_by_queue(pmd, 0, queues))]

        count_by_queue(pmd, queues)
        assert all(forward())
        for stopped in (2, 0):
            others = [q for q in range(queues) if q != stopped]
            lead(others)
            for port, what in ((0, "rxq"), (1, "txq")):
                said = pmd.command(f"port {port} {what} {stopped} stop")
                assert "ail" not in said, pmd.about(said)
                said = pmd.command(f"show {what} info {port} {stopped}")
                assert "state: stopped" in said, pmd.about(said)
            shares = forward()
            assert shares[stopped] == 0 and all(shares[q] for q in others), pmd.about(shares)
            for port, what in ((0, "rxq"), (1, "txq")):
                said = pmd.command(f"port {port} {what} {stopped} start")
                assert "ail" not in said, pmd.about(said)
            lead(range(queues))
            assert all(forward())
        pmd.check_driver_counts()


@pytest.mark.parametrize("rx, tx", [(16, 16), (128, 64)])
def test_many_queues(driver, rx, tx):
    """The driver sets up all the queues that there are, and sends from each that it reads, too:
    one burst from each at every "start tx_first", and no more, once round its ring.
    """
    burst, size = 32, 96
    with Rig(driver, ["sink"], [f"--rxq={rx}", f"--txq={tx}", f"--rxd={size}", f"--txd={size}",
                                "--disable-rss", "--total-num-mbufs=32768"]) as pmd:
        live = [name for name, value in pmd.sim_regs(0, "RXDCTL").items() if value >> 25 & 1]
        assert len(live) == rx, pmd.about(live)
        for times in (1, 2, 3, 4):
            pmd.command("start tx_first")
            pmd.wait_from_nic(0, times * burst * tx)
            pmd.stop_forwarding()
            pmd.wait_idle()
            for pointer in "TDT", "TDH":
                regs = pmd.sim_regs(0, pointer + "_")
                should = dict.fromkeys(regs, 0)
                should.update({f"{pointer}_{q}": times * burst % size for q in range(tx)})
                assert regs == should, pmd.about(regs)
            sent = pmd.sim_stats(0)["from_nic"]
            assert sent == times * burst * tx, pmd.about(sent)
        pmd.check_driver_counts()


def test_last_queue(tmp_path):
    """Filters lead frames to queues that RSS does not reach, up to the last one. They are received
    there, and sent from the transmit queue of the same number, as far as there is one.
    """
    rx, tx = 128, 64
    filters = {0x88b5: 1, 0x88b6: 16, 0x88b7: 32, 0x88b8: tx - 1, 0x88b9: rx - 1}
    queue_of = {0x88ba: 0, **filters}
    by_queue = {queue: 10 + i for i, queue in enumerate(queue_of.values())}  # all different
    frames, should = [], {}
    for ethertype, queue in queue_of.items():
        for _ in range(by_queue[queue]):
            should[len(frames)] = queue
            frames.append(numbered(bytes(12) + ethertype.to_bytes(2, "big"), len(frames)))
    random.Random(82599).shuffle(frames)
    with Judge("net_ixgbe", "vector", tmp_path, frames,
               [f"--rxq={rx}", f"--txq={tx}", "--rxd=128", "--txd=128", "--disable-rss",
                "--total-num-mbufs=32768"]) as pmd:
        for ethertype, queue in filters.items():
            pmd.do(f"flow create 0 ingress pattern eth type is {ethertype:#x} / end "
                   f"actions queue index {queue} / end")
        read = {n: queue for n, queue in should.items() if queue < tx}
        seen, got = pmd.exchange(len(frames), out=len(read))
        assert {n: said.queue for n, said in seen.items()} == read, pmd.about(seen)
        pmd.assert_same(got, [f for f in frames if number_of(f) in read])
        pmd.wait_idle()
        for pointer, most in ("RDH", rx), ("TDT", tx), ("TDH", tx):
            regs = pmd.sim_regs(0, pointer + "_")
            moved = {int(name.split("_")[1]): n for name, n in regs.items() if n}
            assert moved == {q: n for q, n in by_queue.items() if q < most}, pmd.about(
                f"{pointer}: {moved}")
        pmd.check_driver_counts()
