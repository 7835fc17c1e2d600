# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Stock DPDK programs on software 82599 ports, from Python.

    with Testpmd([sim(0, "net_ixymin", wire="gen:count=1000000")], args=["--rxd=256"]) as pmd:
        pmd.command("start")
        pmd.wait_wires_done()
        forward = pmd.stop_forwarding()     # forward.rx, .tx, .dropped, .cycles
        print(pmd.port_stats(0)["ipackets"], pmd.sim_stats(0)["violations"])

Each program has its own runtime directory and file prefix, so any number of them can run at the
same time.  Leaving the `with` block ends the program, by force if necessary, and no other one.  All
waits have a deadline, which is generous, because a machine may be slow and busy; a SimError has the
command line and the end of the program's output.

IXYMIN_BUILD names a build directory to use instead of build/. IXYMIN_SUITE is the folder of the
DPDK that it was built for: of another Debian suite, or one that was built from its source
(devtools/versions makes both).
"""

import collections
import contextlib
import glob
import json
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTPMD = "dpdk-testpmd"

HUGE = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
HUGE_PAGES = 256  # of 2 MB

Forward = collections.namedtuple("Forward", "rx tx dropped cycles")


# A shell that starts us in the background has them ignored; programs that we start must not.
for _number in signal.SIGINT, signal.SIGQUIT:
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

# The start of a command line: the program ends when this process ends, even if that is killed.
WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"]


PATIENCE = 60  # seconds, as the deadline for steps that take a few seconds


class SimError(Exception):
    """An expected event did not happen, or a program failed."""


def sim(index, driver=None, **arguments):
    """The --vdev argument of software port `index`; a file's path must not have a comma."""
    if driver is not None:
        arguments["driver"] = driver
    return ",".join([f"sim82599_{index}"] + [f"{key}={value}" for key, value in arguments.items()])


def free_hugepages():
    """Megabytes in free huge pages of the default size that a program can map here."""
    with open("/proc/meminfo") as f:
        info = dict(line.split(":") for line in f)
    mounts = [line.split() for line in open("/proc/mounts")]
    usable = any(fs == "hugetlbfs" and os.access(where, os.W_OK) for _, where, fs, *_ in mounts)
    if not usable or "Hugepagesize" not in info:
        return 0
    return int(info["HugePages_Free"]) * int(info["Hugepagesize"].split()[0]) // 1024


def memory_args(megabytes=512):
    """EAL arguments for memory: huge pages if there are enough, else ordinary ones."""
    if free_hugepages() >= megabytes:
        return ["-m", str(megabytes), "--huge-unlink"]
    return ["-m", str(megabytes), "--no-huge"]


class HugePages:
    """Reserve huge pages in a `with` block, if that is possible; say(text) reports the result."""

    def __init__(self, say, pages=HUGE_PAGES):
        self.say, self.pages = say, pages
        self.reserved = 0
        self.mounted = None

    def __enter__(self):
        if not free_hugepages() >= 2 * self.pages:
            try:
                self._reserve()
            except (OSError, subprocess.CalledProcessError):
                pass
            except BaseException:  # told to end
                self.__exit__()
                raise
        if free_hugepages() >= 2 * self.pages:
            self.say(f"memory: {2 * self.pages} MB in huge pages")
        else:
            self.__exit__()
            self.say("memory: there are no huge pages; ordinary ones are used (--no-huge)")
        return self

    @staticmethod
    def _pages():
        with open(HUGE) as f:
            return int(f.read())

    def _reserve(self):
        before = self._pages()
        with open(HUGE, "w") as f:
            self.reserved = self.pages
            f.write(str(before + self.pages))
        self.reserved = self._pages() - before
        with open("/proc/mounts") as f:
            if not any(line.split()[2] == "hugetlbfs" for line in f):
                os.makedirs("/dev/hugepages", exist_ok=True)
                subprocess.run(["mount", "-t", "hugetlbfs", "none", "/dev/hugepages"], check=True,
                               stderr=subprocess.DEVNULL)
                self.mounted = "/dev/hugepages"

    def __exit__(self, *_):
        if self.mounted is not None:
            subprocess.run(["umount", self.mounted], check=False)
            self.mounted = None
        if self.reserved > 0:  # other programs may have reserved some meanwhile
            pages = max(0, self._pages() - self.reserved)
            with open(HUGE, "w") as f:
                f.write(str(pages))
            self.reserved = 0


def use_dpdk(build, suite=None):
    """Run programs of another DPDK from now on. build is the build directory for it, suite the
    folder of the suite that it is from, or that it was installed into (None: the installed DPDK).
    """
    global BUILD, SUITE, IXYMIN_PLUGIN, SIM_PLUGIN, L2FWD, L3FWD_POWER
    BUILD = os.path.join(ROOT, build)
    SUITE = suite and os.path.join(ROOT, suite)
    IXYMIN_PLUGIN = os.path.join(BUILD, "drivers/net/ixymin/librte_net_ixymin.so")
    SIM_PLUGIN = os.path.join(BUILD, "app/sim82599/librte_sim82599.so")
    L2FWD = os.path.join(BUILD, "dpdk-l2fwd")
    L3FWD_POWER = os.path.join(BUILD, "dpdk-l3fwd-power")


use_dpdk(os.environ.get("IXYMIN_BUILD", "build"), os.environ.get("IXYMIN_SUITE"))


def in_suite(path):
    """How to start a program of the suite in use, or built for it: by the suite's own loader.
    A DPDK that was built has none, but needs the system's, and its EAL finds its plugins itself.
    @return the command, and the EAL arguments that name the suite's own plugins.
    """
    if SUITE is None:
        return [path], []
    libraries = os.path.join(SUITE, "usr/lib/x86_64-linux-gnu")
    loader = os.path.join(SUITE, "lib64/ld-linux-x86-64.so.2")
    program = ["--library-path", libraries, os.path.join(SUITE, "usr/bin", path)]
    if not os.path.exists(loader):
        return ["/lib64/ld-linux-x86-64.so.2"] + program, []
    plugins = [word for folder in glob.glob(libraries + "/dpdk/pmds-*") for word in ("-d", folder)]
    return [loader] + program, plugins


def has_program(name):
    """Has the DPDK in use this program?"""
    return bool(shutil.which(name) if SUITE is None else
                os.path.exists(os.path.join(SUITE, "usr/bin", name)))


def end_orderly():
    """End by an exception on SIGHUP and SIGTERM, so that resources are returned."""
    for number in signal.SIGHUP, signal.SIGTERM:
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def cores():
    """The cores to use: the main one, shared with the software NIC, and those that forward."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[1:] or usable


class Program:
    """A DPDK program that runs as a child of ours, with the two plugins loaded.

    vdevs: values of --vdev (see sim()); args: the program's own arguments, after "--";
    eal: more EAL arguments; lcores: EAL's --lcores; driver_plugin=False: without net_ixymin;
    ports: the number of ports at the start, if it is not one for each vdev (refused arguments: 0);
    runtime: the runtime directory of another Program, whose processes this one belongs to.
    """

    name = "program"

    def __init__(self, path, vdevs=(), args=(), eal=(), lcores=None, memory=None,
                 driver_plugin=True, ports=None, runtime=None):
        self.ports = len(vdevs) if ports is None else ports
        self.runtime = runtime
        self._own_runtime = runtime is None
        self.process = None
        self.output = ""
        self._said_all = False
        self._arrived = threading.Condition()
        self._asking = None  # connection to telemetry, and the length of its longest answer
        plugins = [SIM_PLUGIN] + ([IXYMIN_PLUGIN] if driver_plugin else [])
        self.program, own_plugins = in_suite(path)
        self.argv = self.program + ["--lcores", lcores or self.default_lcores(), "--no-pci"]
        self.argv += [word for plugin in plugins for word in ("-d", plugin)] + own_plugins
        self.argv += memory_args() if memory is None else memory
        self.argv += [f"--vdev={self._on_core(i, vdev)}" for i, vdev in enumerate(vdevs)]
        self.argv += list(eal) + ["--"] + list(args)

    @staticmethod
    def _on_core(i, vdev):
        """The i-th software NIC on a core that does not forward, unless the vdev says where; with
        three cores or more, not on that of its neighbour.
        """
        if not vdev.startswith("sim82599") or ",core=" in vdev:
            return vdev
        main, forwarding = cores()
        free = [main] + forwarding[1:2]
        return f"{vdev},core={free[i % len(free)]}"

    def default_lcores(self):
        main, forwarding = cores()
        return f"0@{main},1@{forwarding[0]}"

    @property
    def command_line(self):
        """The command line, to be pasted into a shell."""
        return shlex.join(self.argv)

    # start and end

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Run the program and wait until it is ready for use."""
        if self._own_runtime:
            self.runtime = tempfile.mkdtemp(prefix="sim82599.")
        # a terminal for the output, so that it arrives line by line
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            raise SimError(f"no terminal for {self.name}'s output: {error}") from None
        try:
            self.process = subprocess.Popen(
                WITH_US + self.start_command(), stdin=subprocess.PIPE, stdout=theirs, stderr=theirs,
                text=True, env=self.environment(), start_new_session=True)
        except OSError as error:
            os.close(ours)
            raise SimError(f"{WITH_US[0]} cannot be run: {error.strerror}") from None
        finally:
            os.close(theirs)
        threading.Thread(target=self._collect, args=(ours,), daemon=True).start()
        self.wait_ready()
        self._check_ports()

    def start_command(self):
        """What is started, with a file prefix of its own."""
        at = len(self.program)
        return self.program + ["--file-prefix", "sim82599." + self.runtime[-8:]] + self.argv[at:]

    def environment(self):
        return dict(os.environ, RUNTIME_DIRECTORY=self.runtime)

    def wait_ready(self):
        raise NotImplementedError

    def _check_ports(self):
        found = len(self.telemetry("/ethdev/list"))
        if found != self.ports:
            raise self.error(f"has {found} ports instead of {self.ports}")

    def _collect(self, terminal):
        with os.fdopen(terminal, "rb", buffering=0) as stream:
            while True:
                try:
                    data = stream.read(65536)
                except OSError:  # EIO: the program has closed its end
                    data = b""
                with self._arrived:
                    self.output += data.decode(errors="replace").replace("\r", "")
                    self._said_all = not data
                    self._arrived.notify_all()
                if not data:
                    return

    def interrupt(self):
        """Ask the program to end, as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def wait_exit(self, timeout=PATIENCE):
        """@return the exit code, negative for a signal."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self.error(f"did not end within {timeout} s") from None

    def close(self):
        """End the program, by a signal and then by force, and remove its files."""
        if self._asking is not None:
            self._asking[0].close()
        if self.process is not None:
            try:
                if self.process.poll() is None:
                    self.interrupt()
                    self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            with contextlib.suppress(BrokenPipeError):  # a command that it has not read
                self.process.stdin.close()
        if self._own_runtime and self.runtime is not None:
            shutil.rmtree(self.runtime, ignore_errors=True)

    # its output

    def error(self, what):
        tail = "\n".join(self.output.splitlines()[-25:])
        code = self.process.poll()
        state = "" if code is None else f" (it ended with code {code})"
        return SimError(f"{self.name} {what}{state}\n$ {self.command_line}\n{tail}")

    def wait_for(self, pattern, timeout=PATIENCE, start=0):
        """Wait for a regular expression in the output from position start. @return the match."""
        regex = re.compile(pattern, re.MULTILINE)
        return self._wait(lambda: regex.search(self.output, start), pattern, timeout)

    def _wait(self, look, what, timeout):
        """Wait until look() finds something in the output. @return its result"""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                seen = look()
                if seen:
                    return seen
                if self._said_all:
                    raise self.error(f"ended without saying /{what}/")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self.error(f"did not say /{what}/ within {timeout} s")
                self._arrived.wait(min(left, 0.2))

    # telemetry

    def telemetry(self, command, *parameters, timeout=PATIENCE):
        """DPDK telemetry, e.g. telemetry("/ethdev/stats", 0). @return the decoded answer."""
        request = ",".join([command] + [str(p) for p in parameters])
        path = os.path.join(self.runtime, "dpdk", "sim82599." + self.runtime[-8:],
                            "dpdk_telemetry.v2")
        # one connection for all requests: DPDK has a thread for each, and allows ten
        s, size = self._asking or (socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET), None)
        self._asking = s, size
        s.settimeout(timeout)
        try:
            if size is None:
                s.connect(path)
                size = json.loads(s.recv(1024))["max_output_len"]
                self._asking = s, size
            s.send(request.encode())
            answer = json.loads(s.recv(size))
        except (OSError, ValueError) as error:
            s.close()
            self._asking = None
            raise self.error(f"did not answer telemetry {request}: {error}") from None
        if answer.get(command) is None:
            raise self.error(f"does not know telemetry {request}, or not these parameters")
        return answer[command]

    def port_stats(self, port):
        """The driver's counters: ipackets, opackets, ibytes, obytes, imissed ..."""
        return self.telemetry("/ethdev/stats", port)

    def port_xstats(self, port):
        return self.telemetry("/ethdev/xstats", port)

    # the software NIC; port is N of sim82599_N

    def _sim(self, command, *parameters, kind=str, expect=None):
        answer = self.telemetry("/sim82599/" + command, *parameters)
        if not isinstance(answer, kind) or expect and not re.search(expect, answer):
            raise self.error(f"says to telemetry /sim82599/{command}: {answer}")
        return answer

    def sim_stats(self, port):
        """The counters of the software NIC, its wire and its thread (nic.h, wire.h)."""
        return self._sim("stats", port, kind=dict)

    def sim_rules(self, port):
        """The rules that the driver has broken.
        @return {name: times} and the particulars of the first violation.
        """
        rules = self._sim("rules", port, kind=dict)
        first = rules.pop("first_violation")
        return {name: times for name, times in rules.items() if times > 0}, first

    def sim_regs(self, port, prefix=None):
        """Registers by name (RDT_5), without the side effects of reading them."""
        return self._sim("regs", port, *([] if prefix is None else [prefix]), kind=dict)

    def sim_irq(self, port):
        """How often the interrupt line was asserted, and messages: {"line": n, "vector_1": n}"""
        return self._sim("irq", port, kind=dict)

    def sim_start(self, port, count):
        """Let a generator or pcap send count frames; 0: as many as its description says."""
        self._sim("start", port, count, expect=": started")

    def sim_stop(self, port):
        self._sim("stop", port, expect=": stopped")

    def sim_light(self, port, on):
        """Switch the light on the fibre on or off: the link comes and goes with it."""
        self._sim("link", port, "up" if on else "down", expect=": light")

    def sim_fault(self, port, names):
        """Set faults by name, joined by '+', or "none"."""
        self._sim("fault", port, names, expect=": fault")

    def wait_wires_done(self, timeout=60, progress=None):
        """Wait until the generators have sent their count and all of it is forwarded, or nothing
        has moved for two seconds.  progress(stats) is called every tenth of a second.
        @return the ports' sim_stats().
        """
        deadline = time.monotonic() + timeout
        last, since = None, 0
        while True:
            stats = [self.sim_stats(port) for port in range(self.ports)]
            now = time.monotonic()
            if progress is not None:
                progress(stats)
            moved = [(s["to_nic"], s["from_nic"]) for s in stats]
            if moved != last:
                last, since = moved, now
            if all(s["done"] for s in stats):
                to_nic, from_nic = map(sum, zip(*moved))
                if to_nic == from_nic or now - since > 2:
                    return stats
            if now > deadline or now - since > 20:
                raise self.error(f"has not forwarded everything, and {now - since:.0f} s ago was "
                                 f"the last; by port (to, from the NIC): {moved}")
            time.sleep(0.1)


class Testpmd(Program):
    """dpdk-testpmd with its command line."""

    name = "testpmd"
    PROMPT = "testpmd> "

    def __init__(self, vdevs=(), args=(), **kwargs):
        args = ["-i", "--total-num-mbufs=16384", "--record-core-cycles"] + list(args)
        super().__init__(TESTPMD, vdevs, args, **kwargs)

    def wait_ready(self):
        self.wait_prompt(PATIENCE)

    def wait_prompt(self, timeout, start=0):
        """Wait for a prompt in the output from position start. @return the match."""
        try:
            return self.wait_for(self.PROMPT, min(timeout, 3), start)
        except SimError:
            if self._said_all:
                raise
        self.say("")  # a log line may have split it: ask for another one
        return self.wait_for(self.PROMPT, timeout, start)

    def say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.error(f"took no more commands ('{line}')") from None

    def _echo_end(self, line, start):
        """@return where the echo of a command ends in the output from position start, if it does.

        It is written letter by letter, and what other threads log falls into it: each piece of it
        is the beginning of a line.
        """
        plain = self.output.find(line + "\n", start)
        if plain >= 0:
            return plain + len(line) + 1
        done = {0}  # possible numbers of letters that were echoed
        for match in re.finditer(f"(?:{self.PROMPT})*(.*)\n", self.output[start:]):
            text = match[1]
            if any(line[n:] == text for n in done):
                return start + match.end()
            done = {n + i for n in done for i in range(len(text) + 1)
                    if line.startswith(text[:i], n)}
        return None

    def command(self, line, timeout=PATIENCE):
        """Give testpmd a command. @return its output."""
        start = len(self.output)
        self.say(line)
        echo = self._wait(lambda: self._echo_end(line, start), line, timeout)
        end = self.wait_prompt(timeout, echo)
        return self.output[echo:end.start()]

    def forward(self, mode="io"):
        """Start forwarding so that nothing is dropped: what does not fit into a Tx ring, since
        the software NIC's thread did not run, waits.
        """
        self.command(f"set fwd {mode} retry")
        self.command("set burst tx delay 1 retry 1000000")
        self.command("start")

    def stop_forwarding(self, timeout=PATIENCE):
        """`stop`. @return the sums over all ports, and cycles/packet (None if nothing came)."""
        said = self.command("stop", timeout)
        try:
            total = said[said.index("Accumulated forward statistics"):]
            number = {key: int(value) for key, value in
                      re.findall(r"(RX-packets|TX-packets|TX-dropped): *(\d+)", total)}
            cycles = re.search(r"cycles/packet=([\d.]+)", total)
            return Forward(number["RX-packets"], number["TX-packets"], number["TX-dropped"],
                           float(cycles[1]) if cycles else None)
        except (ValueError, KeyError):
            raise self.error("printed no forward statistics at 'stop'") from None

    def show_port_stats(self):
        """`show port stats all`. @return by port: {"RX-packets": ..., "TX-bytes": ...}"""
        said = self.command("show port stats all")
        ports = re.split(r"NIC statistics for port (\d+)", said)[1:]
        return {int(port): {key: int(value) for key, value in
                            re.findall(r"([RT]X-[a-z]+): *(\d+)", text)}
                for port, text in zip(ports[::2], ports[1::2])}

    def close(self):
        if self.process is not None and self.process.poll() is None:
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.flush()
                self.process.wait(20)
            except (OSError, subprocess.TimeoutExpired):
                pass
        super().close()


class L2fwd(Program):
    """The l2fwd example, one core polling all ports."""

    name = "l2fwd"

    def __init__(self, vdevs=(), args=(), **kwargs):
        args = ["-p", hex((1 << len(vdevs)) - 1), "-q", str(len(vdevs)), "-T", "0"] + list(args)
        super().__init__(L2FWD, vdevs, args, **kwargs)

    def default_lcores(self):
        return f"0@{cores()[1][0]}"

    def wait_ready(self):
        self.wait_for("entering main loop on lcore")


class L3fwdPower(Program):
    """The l3fwd-power example, one core for all ports, which sleeps until an Rx interrupt."""

    name = "l3fwd-power"

    def __init__(self, vdevs=(), args=(), **kwargs):
        args = ["-p", hex((1 << len(vdevs)) - 1), "-P", "--interrupt-only", "--config",
                ",".join(f"({port},0,0)" for port in range(len(vdevs)))] + list(args)
        super().__init__(L3FWD_POWER, vdevs, args, **kwargs)

    def default_lcores(self):
        return f"0@{cores()[1][0]}"

    def wait_ready(self):
        self.wait_for("entering main interrupt loop on lcore")
