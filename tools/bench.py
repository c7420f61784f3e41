#!/usr/bin/env python3
"""Measure Pith: one line `name<TAB>value<TAB>unit` for each row, and build/bench.json.

Rows in instructions are counted under QEMU's `-icount shift=0`: they repeat exactly.

  ipc.*, signal.* and so on: the kernel alone, measured by bench/native; docs/bench.md says what each row is
  linux.getppid   a Linux system call that the emulation library answers
  boot.prompt     from the kernel's entry to the shell's first wait for input, default --memory
  boot.output     plain time from ./pith to a program's first byte of output: the best of five
"""
import argparse
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import threading
import time

import bench_linux
import bench_report

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PITH = os.path.join(TOP, "pith")
PROMPT_LIMIT = 120
NATIVE_LIMIT = 120


def fail(text):
    sys.exit("bench: " + text)


def native_rows(cycles=False):
    """The kernel that ./pith run boots, with bench/native as its first task, which writes to COM1. The counter
    counts instructions, or (`cycles`, with KVM) is the processor's own."""
    how = (["-accel", "kvm", "-cpu", "host,migratable=no"] if cycles
           else ["-accel", "tcg", "-cpu", bench_linux.CPU, *bench_linux.ICOUNT])
    command = ["qemu-system-x86_64", "-M", "q35", *how, "-smp", "1", "-m", "256M", "-nodefaults",
               "-no-user-config", "-no-reboot", "-display", "none", "-kernel", os.path.join(TOP, "build/kernel/pith.elf"), "-initrd",
               os.path.join(TOP, "build/bench/native.img"), "-serial", "stdio"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
        watch = threading.Timer(NATIVE_LIMIT, machine.kill)
        watch.start()
        is_done = False
        for line in machine.stdout:
            fields = line.decode(errors="replace").split()
            if fields == ["bench", "done"]:
                is_done = True
                break
            if fields[:2] == ["bench", "failed"] or fields[:1] != ["bench"]:
                print(line.decode(errors="replace").rstrip(), file=sys.stderr)
            else:
                yield fields[1], int(fields[2]), "cycles" if cycles else "instructions"
        machine.kill()
        watch.cancel()
    if not is_done:
        fail("the native benchmark did not end")


def cycle_rows():
    yield from native_rows(cycles=True)


def cycles_check():
    """There is a processor to count, or the reason why not."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        fail("--cycles reads the processor's own counter, which takes KVM, and /dev/kvm %s; the emulator "
             "has no cycles, only instructions (--native)"
             % ("may not be used" if os.path.exists("/dev/kvm") else "is not there"))


def linux_rows():
    run = subprocess.run([PITH, "run", "--icount", "--root", os.path.join(TOP, "build/bench/root"), "--",
                          "/bench/linux", "getppid"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         timeout=600)
    if run.returncode:
        fail("/bench/linux ended with status %d" % run.returncode)
    for line in run.stdout.decode().splitlines():
        name, value = line.split("\t")[:2]
        yield name, int(value), "instructions"


def prompt_row():
    """Start a shell on a terminal, wait until it wants input, leave."""
    with tempfile.NamedTemporaryFile(prefix="pith-bench-") as log:
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(PITH, [PITH, "run", "--icount", "--log", log.name])
        shown, end, asked = b"", time.monotonic() + PROMPT_LIMIT, False
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.5)[0]:
                try:
                    shown += os.read(terminal, 4096)
                except OSError:
                    break
            if not asked and re.search(rb"[#$] ", shown):
                time.sleep(0.2)
                os.write(terminal, b"exit\r")
                asked = True
        os.waitpid(pid, 0)
        found = re.search(r"input is wanted (\d+) ticks", open(log.name).read())
    if not found:
        fail("the shell never asked for input")
    yield "boot.prompt", int(found.group(1)), "instructions"


def output_row():
    def milliseconds():
        start = time.monotonic()
        with subprocess.Popen([PITH, "run", "--", "echo", "x"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as child:
            if child.stdout.read(1) != b"x":
                fail("echo wrote nothing")
            return (time.monotonic() - start) * 1000
    yield "boot.output", round(min(milliseconds() for _ in range(5))), "ms"


def main():
    parser = argparse.ArgumentParser(prog="pith bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--native", action="store_true", help="the kernel's rows alone")
    parser.add_argument("--cycles", action="store_true",
                        help="the kernel's rows by the processor's own counter: under KVM")
    parser.add_argument("--compare", metavar="FILE",
                        help="then print each row beside that of FILE (a build/bench.json, a file of "
                        "bench/results, or printed rows) and the ratio")
    parser.add_argument("--tables", action="store_true",
                        help="then print the rows beside seL4's, and the lecture's table of one-way messages")
    parser.add_argument("--record", metavar="RELEASE", help="then keep the rows in bench/results/RELEASE.json, and put the newest "
                        "of these into README.md")
    parser.add_argument("--linux", action="store_true",
                        help="compare the costs of Linux programs with Debian's cloud kernel, which is "
                        "fetched the first time: a table, and build/bench-linux.json")
    parser.add_argument("--only", default="*", metavar="PATTERN",
                        help="with --linux: rows whose names match, as in 'pipe_*,stat'")
    parser.add_argument("--icount-only", action="store_true",
                        help="with --linux: count instructions, and do not measure time")
    parser.add_argument("--docs", action="store_true",
                        help="with --linux: put the table into docs/bench.md, too")
    args = parser.parse_args()
    before = bench_report.load(args.compare) if args.compare else None
    if args.cycles:
        cycles_check()
    if subprocess.run(["make", "-s", "-C", TOP, "bench"], stdout=subprocess.DEVNULL).returncode:
        sys.exit(2)
    if args.linux:
        if args.compare or args.tables or args.record:
            parser.error("--compare, --tables and --record are for the other rows, not for --linux")
        bench_linux.run(args.only, args.icount_only, args.docs)
        return
    rows, sources = [], (native_rows, linux_rows, prompt_row, output_row)
    if args.native or args.cycles:
        sources = (cycle_rows,) if args.cycles else (native_rows,)
    for source in sources:
        for row in source():
            print("%s\t%d\t%s" % row, flush=True)
            rows.append({"name": row[0], "value": row[1], "unit": row[2]})
    with open(os.path.join(TOP, "build/bench.json"), "w", encoding="utf-8") as f:
        json.dump(rows, f, indent=1)
    if before is not None:
        bench_report.compare(rows, args.compare, before)
    if args.tables:
        bench_report.against_sel4(rows)
        bench_report.lecture(rows)
    if args.record:
        bench_report.record(args.record, rows, args.cycles)


main()
