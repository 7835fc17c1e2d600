# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Forwards packets between two software 82599 ports, and compares what the programs, the drivers
and the wire counted.
"""

import sys
import time

from ixymin_tools import simlib

DRIVERS = ["net_ixymin", "net_ixgbe"]
PROGRAMS = ["testpmd", "l2fwd"]


def say(text, end="\n"):
    """Print a line. With end="", the next line, which begins with \\r, overwrites it on a terminal,
    and it is not printed elsewhere.
    """
    terminal = sys.stderr.isatty()
    if end or terminal:
        print(text if terminal else text.lstrip("\r"), end=end, file=sys.stderr, flush=True)


class Rate:
    """The progress between the first and the last sample with frames under way."""

    def __init__(self, title, total):
        self.title, self.total = title, total
        self.first = self.last = None

    def __call__(self, stats):
        now, out = time.monotonic(), sum(s["from_nic"] for s in stats)
        if not 0 < out < self.total:
            return
        self.last = now, out, stats
        self.first = self.first or self.last
        say(f"\r{self.title}: {100 * out // self.total:3d} %, {self.mpps() or 0:.1f} Mpps ", end="")

    def is_too_short(self):
        """Was the time between the samples too short for a rate?"""
        return self.first is None or self.last[0] - self.first[0] < 0.2

    def mpps(self):
        """@return None if the time was too short"""
        if self.is_too_short():
            return None
        return (self.last[1] - self.first[1]) / (self.last[0] - self.first[0]) / 1e6

    def busy(self):
        """The load of the software NICs' threads, in percent of their time; the higher one.
        @return None if the time was too short
        """
        if self.is_too_short():
            return None
        return max(100 * (b["thread_busy_cycles"] - a["thread_busy_cycles"]) //
                   (b["thread_total_cycles"] - a["thread_total_cycles"])
                   for a, b in zip(self.first[2], self.last[2]))


def differences(name, port, driver, wire):
    """@return the differences between the driver's counters and those of the wire."""
    pairs = [("ipackets", "to_nic"), ("ibytes", "to_nic_bytes"),
             ("opackets", "from_nic"), ("obytes", "from_nic_bytes")]
    return [f"{name}, port {port}: driver's {a} {driver[a]} is not the wire's {b} {wire[b]}"
            for a, b in pairs if driver[a] != wire[b]]


def forward(program, driver, packets, pace):
    """@return the table's row and a list of errors."""
    name = f"{program} with {driver}"
    # Both programs drop frames that do not fit into a Tx ring, of 512 and 1,024 descriptors here,
    # so the window is smaller; testpmd discards frames that came before its 'start'.
    ports = [simlib.sim(i, driver,
                        wire=f"gen:count={packets}:rate={pace}:lossless=1:window=384:start=0")
             for i in range(2)]
    rate = Rate(name, 2 * packets)
    cycles = None
    wrong = []
    say(f"{name}: starting")
    if program == "testpmd":
        app = simlib.Testpmd(ports, ["--rxd=512", "--txd=512"])
    else:
        app = simlib.L2fwd(ports)
    with app:
        if program == "testpmd":
            app.command("start")
        for port in range(2):
            app.sim_start(port, packets)
        stats = app.wait_wires_done(timeout=60 + packets / 20000, progress=rate)
        if program == "testpmd":
            told = app.stop_forwarding()
            cycles = told.cycles
            if told.rx != 2 * packets or told.tx != 2 * packets:
                wrong.append(f"{name}: testpmd received {told.rx} frames, sent {told.tx}, "
                             f"dropped {told.dropped}")
        counted = [app.port_stats(port) for port in range(2)]
        rules = [app.sim_rules(port) for port in range(2)]
        for port in range(2):
            wrong += differences(name, port, counted[port], stats[port])
        if program == "testpmd":
            for port, shown in app.show_port_stats().items():
                seen = {"ipackets": shown["RX-packets"], "ibytes": shown["RX-bytes"],
                        "opackets": shown["TX-packets"], "obytes": shown["TX-bytes"]}
                wrong += differences(name + " ('show port stats')", port, seen, stats[port])
        app.close()
        if app.wait_exit() != 0:
            wrong.append(f"{name}: ended with code {app.wait_exit()}")

    total = {key: sum(s[key] for s in stats) for key in
             ("to_nic", "from_nic", "intact", "lost", "corrupt", "duplicated", "reordered",
              "foreign", "dma_refused")}
    busy = rate.busy()
    say(f"\r{name}: {total['intact']:,} of {2 * packets:,} frames intact" +
        (f"; the software NIC's thread was {busy} % busy" if busy is not None else ""))
    if total["intact"] != 2 * packets:
        wrong.append(f"{name}: {total['intact']} of {2 * packets} frames came through intact")
    wrong += [f"{name}: {total[key]} frames {key}"
              for key in ("lost", "corrupt", "duplicated", "reordered", "foreign") if total[key]]
    for port, (broken, first) in enumerate(rules):
        if broken:
            text = f"{name}, port {port}: rules broken: {broken}, first: {first}"
            if driver == "net_ixymin":
                wrong.append(text)
            else:
                say("note: " + text)
    if total["dma_refused"]:
        wrong.append(f"{name}: {total['dma_refused']} DMA addresses outside the program's memory")
    mpps = rate.mpps()
    row = [driver, program, f"{mpps:.2f}" if mpps else "-", f"{cycles:.1f}" if cycles else "-",
           total["to_nic"], total["from_nic"], total["lost"], total["corrupt"],
           total["duplicated"], total["reordered"]]
    return row, wrong


HEADS = ["driver", "program", "Mpps", "cycles/packet", "in", "out", "lost", "corrupt",
         "duplicated", "reordered"]


def print_table(heads, rows):
    cells = [heads] + [[f"{c:,}" if isinstance(c, int) else c for c in row] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    for line in cells:
        print("  ".join(c.ljust(w) if i < 2 else c.rjust(w)
                        for i, (c, w) in enumerate(zip(line, widths))).rstrip())
