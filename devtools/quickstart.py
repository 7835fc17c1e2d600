# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Sets up, builds, and forwards packets between two software 82599 ports, with stock
dpdk-testpmd and stock l2fwd, through net_ixymin and through DPDK's own net_ixgbe.

Every frame that the two generators send is numbered and checked where it comes out.
Prints one table; exit code 0 only if every frame came through intact, once and in order,
the drivers' statistics equal the wire's counts, and net_ixymin broke no rule of the data
sheet.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import simlib

DRIVERS = ["net_ixymin", "net_ixgbe"]
PROGRAMS = ["testpmd", "l2fwd"]


def say(text, end="\n"):
    """A line, or with end="" one that the next, which begins with \\r, writes over on a terminal."""
    terminal = sys.stderr.isatty()
    if end or terminal:
        print(text if terminal else text.lstrip("\r"), end=end, file=sys.stderr, flush=True)


def packet_count(text):
    """'100M' -> 100000000"""
    scale = {"k": 1000, "M": 1000000}.get(text[-1:], 1)
    number = text[:-1] if scale > 1 else text
    if not number.isdecimal() or int(number) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of packets: like 500k, 100M")
    return int(number) * scale


class Rate:
    """What happened between the first and the last sample in which frames were on their way."""

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
        """It went too fast to tell."""
        return self.first is None or self.last[0] - self.first[0] < 0.2

    def mpps(self):
        """None: too short"""
        if self.is_too_short():
            return None
        return (self.last[1] - self.first[1]) / (self.last[0] - self.first[0]) / 1e6

    def busy(self):
        """The software NICs' threads, or the one that had more to do: percent of its time.
        None: too short
        """
        if self.is_too_short():
            return None
        return max(100 * (b["thread_busy_cycles"] - a["thread_busy_cycles"]) //
                   (b["thread_total_cycles"] - a["thread_total_cycles"])
                   for a, b in zip(self.first[2], self.last[2]))


def differences(name, port, driver, wire):
    """What the driver counted against what was on the wire."""
    pairs = [("ipackets", "to_nic"), ("ibytes", "to_nic_bytes"),
             ("opackets", "from_nic"), ("obytes", "from_nic_bytes")]
    return [f"{name}, port {port}: driver's {a} {driver[a]} is not the wire's {b} {wire[b]}"
            for a, b in pairs if driver[a] != wire[b]]


def run(program, driver, packets, pace):
    """@return the table's row and a list of what was wrong."""
    name = f"{program} with {driver}"
    # Both programs drop what does not fit into a Tx ring, of 512 and 1,024 descriptors here, so
    # there may not be more frames under way; testpmd throws away what came before its 'start'.
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
            forward = app.stop_forwarding()
            cycles = forward.cycles
            if forward.rx != 2 * packets or forward.tx != 2 * packets:
                wrong.append(f"{name}: testpmd received {forward.rx} frames, sent {forward.tx}, "
                            f"dropped {forward.dropped}")
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


def main():
    parser = argparse.ArgumentParser(prog="quickstart", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=packet_count, default=packet_count("50M"), metavar="N",
                        help="frames through each driver and program, both directions together "
                        "(500k, 100M, ...; default 50M)")
    parser.add_argument("--rate", choices=["unlimited", "line"], default="unlimited",
                        help="line: each generator sends 64-byte frames at 10 Gbit/s, 14.88 Mpps "
                        "(default: as fast as they are taken)")
    parser.add_argument("--driver", choices=DRIVERS, help="only this one (default: both)")
    parser.add_argument("--program", choices=PROGRAMS, help="only this one (default: both)")
    args = parser.parse_args()
    simlib.end_orderly()

    loc = subprocess.run([os.path.join(simlib.ROOT, "devtools/loc"), "--json"],
                         check=False, stdout=subprocess.PIPE)
    if loc.returncode != 0:
        sys.exit("quickstart: devtools/loc failed")
    lines = json.loads(loc.stdout)
    rows, wrong = [], []
    if len(os.sched_getaffinity(0)) < 2:
        say("one processor only: the program and the software NIC take turns at it, slowly")
    with simlib.HugePages(say):
        for program in [args.program] if args.program else PROGRAMS:
            for driver in [args.driver] if args.driver else DRIVERS:
                try:
                    row, faults = run(program, driver, (args.packets + 1) // 2, args.rate)
                except simlib.SimError as error:
                    sys.exit(f"quickstart: {error}")
                rows.append(row + [lines[driver]])
                wrong += faults
    print_table(HEADS + ["lines of code"], rows)
    if wrong:
        sys.exit("\n".join("WRONG: " + text for text in wrong))
    print("Every frame came through intact, once and in order; the drivers' statistics agree.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
