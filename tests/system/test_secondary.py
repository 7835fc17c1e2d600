# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Secondary processes on the software ports of a primary one.  They need huge pages."""

import os
import re
import subprocess
import tempfile
import time

import pytest
from ixymin_tools import simlib
from rig import STATION, Rig, assert_frames, assert_intact, frame, read_pcap, write_pcap

GEN = "gen:start=0"
MEMORY = ["-m", "256"]  # without --huge-unlink, which secondaries cannot do with
QUEUES = ["--rxq=2", "--txq=2", "--num-procs=2", "--no-flush-rx"]
COUNTERS = re.compile(r"statistics for port (\d).*?RX-packets: +(\d+).*?RX-bytes: +(\d+).*?"
                      r"TX-packets: +(\d+).*?TX-bytes: +(\d+)", re.DOTALL)


@pytest.fixture(autouse=True, scope="module")
def huge_pages():
    with simlib.HugePages(lambda _: None):
        if simlib.free_hugepages() < 256:
            pytest.skip("there are no huge pages, without which there is no secondary process")
        yield


def eal_of(primary):
    """What a secondary process needs to find its primary one."""
    return ["--file-prefix", "sim82599." + primary.runtime[-8:]]


def environment(primary, **more):
    return dict(os.environ, RUNTIME_DIRECTORY=primary.runtime, **more)


def mempools():
    """Handlers of mempools are numbered in the order in which a program registers them, and
    testpmd is linked with some.  @return these, for a process that makes a pool for testpmd.
    """
    command, _ = simlib.in_suite(simlib.TESTPMD)
    said = subprocess.run(command + ["--version"], env=dict(os.environ, LD_DEBUG="files"),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return re.findall(r"calling init: (\S*librte_mempool_\S+)", said.stderr)


def start(primary, program, args, first=()):
    if not simlib.has_program(program):
        pytest.skip(f"a DPDK that was built from its source tree has no {program}")
    command, plugins = simlib.in_suite(program)
    command = command + eal_of(primary) + ["--no-pci"]
    for plugin in [*first, simlib.SIM_PLUGIN, simlib.IXYMIN_PLUGIN]:
        command += ["-d", plugin]
    return subprocess.Popen(simlib.WITH_US + command + plugins + ["--"] + args, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env=environment(primary))


def end(process, primary):
    said, _ = process.communicate(timeout=simlib.PATIENCE)
    assert process.returncode == 0, primary.about(said)
    return said


class Secondary(simlib.Testpmd):
    """A second testpmd, of the queues that --num-procs and --proc-id say."""

    def __init__(self, primary, args):
        main, forwarding = simlib.cores()
        super().__init__([], args, memory=["--proc-type=secondary"], ports=primary.ports,
                         lcores=f"2@{main},3@{forwarding[0]}",  # of no other process
                         runtime=primary.runtime)
        self.argv.remove("--total-num-mbufs=16384")

    def _check_ports(self):  # its telemetry has a socket of its own
        pass


def wait_left(pmd, secondaries=0):
    pmd.wait(lambda: all(pmd.sim_stats(port)["secondaries"] == secondaries
                         for port in range(pmd.ports)), "a secondary process is still there")


def test_proc_info(driver):
    """dpdk-proc-info reads the port's registers, and neither process loses a count."""
    with Rig(driver, [GEN] * 2, memory=MEMORY) as pmd:
        pmd.forward()
        for round_ in (1, 2):
            assert_intact(pmd, pmd.send({0: 300, 1: 200}), 500)
            said = end(start(pmd, "dpdk-proc-info", ["--stats"]), pmd)
            got = [[int(n) for n in found] for found in COUNTERS.findall(said)]
            should = [[0, 300 * round_, 18000 * round_, 200 * round_, 12000 * round_],
                      [1, 200 * round_, 12000 * round_, 300 * round_, 18000 * round_]]
            assert got == should, pmd.about(said)
        said = end(start(pmd, "dpdk-proc-info", ["--xstats"]), pmd)
        assert said.count("tx_good_packets: ") == 2, pmd.about(said)
        pmd.check_driver_counts()
        wait_left(pmd)


def test_before_the_primary_has_queues(driver):
    """A secondary process comes and goes before the port is configured."""
    with Rig(driver, [GEN] * 2, ["--disable-device-start"], memory=MEMORY) as pmd:
        end(start(pmd, "dpdk-proc-info", ["--stats"]), pmd)
        said = pmd.command("port start all")
        assert "Fail" not in said, pmd.about(said)
        pmd.forward()
        assert_intact(pmd, pmd.send({0: 300, 1: 200}), 500)


def test_second_testpmd(driver):
    """A second testpmd forwards on the queues that the first one leaves to it."""
    with Rig(driver, ["gen:start=0:flows=64"] * 2, [*QUEUES, "--proc-id=0"],
             memory=MEMORY) as pmd, Secondary(pmd, [*QUEUES, "--proc-id=1"]) as second:
        pmd.forward()
        second.forward()
        grown = pmd.send({0: 30000, 1: 20000})  # most by direct doorbells
        sums = {key: sum(g[key] for g in grown) for key in ("intact", "corrupt", "lost", "foreign")}
        assert sums == {"intact": 50000, "corrupt": 0, "lost": 0, "foreign": 0}, pmd.about(grown)
        said = second.command("stop")
        assert int(re.findall(r"RX-packets: *(\d+)", said)[-1]) > 0, pmd.about(said)
        pmd.command("stop")
        pmd.check_driver_counts()
        second.say("quit")
        second.wait_exit()
        wait_left(pmd)


def test_killed(driver):
    """The primary process does not notice that a secondary one, which has sent, is killed."""
    with Rig(driver, [GEN] * 2, [*QUEUES, "--proc-id=0"], memory=MEMORY) as pmd:
        pmd.forward()
        for _ in range(3):
            with Secondary(pmd, [*QUEUES, "--proc-id=1"]) as second:
                second.command("set fwd txonly")
                second.command("start")
                pmd.wait_sent(0, 10000)
                # a kill between two instructions of a mempool's ring would block all processes
                second.command("stop")
                second.process.kill()
                second.process.wait()
            wait_left(pmd)
        pmd.command("stop")
        pmd.command("port stop all")
        said = pmd.command("port start all")
        assert "Fail" not in said, pmd.about(said)
        pmd.forward()
        with Secondary(pmd, [*QUEUES, "--proc-id=1"]) as second:  # for those that RSS gives it
            second.forward()
            assert_intact(pmd, pmd.send({0: 300, 1: 200}), 500)


def test_several_killed_while_they_read(driver):
    """Several processes read statistics at once, and some are killed meanwhile."""
    with Rig(driver, [GEN] * 2, memory=MEMORY) as pmd:
        pmd.forward()
        for delay in (0.15, 0.2, 0.25, 0.3):
            programs = [start(pmd, "dpdk-proc-info", ["--xstats"]) for _ in range(3)]
            time.sleep(delay)
            programs[0].kill()
            programs[0].communicate()
            pmd.port_stats(0)
            for program in programs[1:]:
                end(program, pmd)
        wait_left(pmd)
        assert_intact(pmd, pmd.send({0: 300, 1: 200}), 500)


@pytest.mark.parametrize("program", ["dpdk-pdump", "dpdk-dumpcap"])
def test_capture(driver, program):
    """dpdk-pdump and dpdk-dumpcap see each frame that a port receives."""
    with tempfile.TemporaryDirectory(prefix="sim82599.") as folder:  # EAL's messages hold 128 bytes
        check_capture(driver, program, folder)


def check_capture(driver, program, folder):
    frames = [frame("udp", length, STATION[0]) for length in range(60, 160)]
    source = write_pcap(f"{folder}/in.pcap", frames)
    out = f"{folder}/out.pcap"
    with Rig(driver, [f"pcap:in={source}:start=0", "none"], ["--disable-link-check"],
             memory=MEMORY) as pmd:
        if program == "dpdk-pdump":
            capture = start(pmd, "dpdk-pdump", ["--pdump", f"port=0,queue=*,rx-dev={out}"],
                            mempools())
        else:  # which takes no arguments of EAL
            if simlib.SUITE:
                pytest.skip("plugins are preloaded, which the system's loader cannot do")
            dumpcap, _ = simlib.in_suite("dpdk-dumpcap")
            capture = subprocess.Popen(
                simlib.WITH_US + dumpcap + eal_of(pmd) +
                ["-i", "0000:03:00.0", "-P", "-w", out], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=environment(pmd, LD_PRELOAD=":".join(
                    [*mempools(), simlib.SIM_PLUGIN, simlib.IXYMIN_PLUGIN])))
        pmd.command("set fwd rxonly")
        pmd.command("start")
        pmd.wait(lambda: os.path.exists(out) or capture.poll() is not None, "no capture")
        time.sleep(3)  # until it has asked the primary process for packets
        pmd.sim_start(0, len(frames))
        pmd.wait(lambda: pmd.port_stats(0)["ipackets"] == len(frames), "not received")
        time.sleep(1)
        capture.send_signal(simlib.signal.SIGINT)
        end(capture, pmd)
    assert_frames(pmd, read_pcap(out), frames, program)
