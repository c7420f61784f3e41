#!/usr/bin/env python3
"""Which lines and branches of the kernel its tests on the host execute: pith test --coverage [--seconds N]

The host port is built with gcc's counters; all unit tests of the kernel run, and the model for N seconds
(default 60). Counted is kernel/ outside arch/. Not counted are the failing side of ASSERT, and calls of panic.

Prints a line for each file and what was never executed; status 1 when less than 95% of the lines or 85% of
the branches were.
"""
import argparse
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
import hostport  # noqa: E402

LINES_MIN, BRANCHES_MIN = 95.0, 85.0
NOT_COUNTED = re.compile(r"\b(ASSERT|panic)\(")


def parse():
    parser = argparse.ArgumentParser(prog="pith test --coverage", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, metavar="N")
    return parser.parse_args()


def execute(port, seconds):
    for name in hostport.unit_tests(port.source):
        said = port.run_unit(name, 600)
        if said:
            sys.exit("coverage: %s failed:\n%s" % (name, said[-3000:]))
    said = port.run_model(seconds, seconds + 300)
    if said:
        sys.exit("coverage: the model differs:\n%s" % said[-3000:])


def counted(port):
    """File -> line -> (times executed, branches taken, branches)."""
    found = {}
    for name in hostport.kernel_sources(port.source):
        if name.startswith("kernel/arch/") or name.endswith(".S"):
            continue
        subprocess.run(["gcov", "--json-format", "--branch-probabilities", port.object_of(name)], cwd=port.folder,
                       stdout=subprocess.DEVNULL, check=True)
        path = os.path.join(port.folder, os.path.basename(port.object_of(name)) + ".gcov.json.gz")
        if not os.path.exists(path):
            path = path.replace(".o.gcov", ".gcov")
        with gzip.open(path) as f:
            data = json.load(f)
        for part in data["files"]:
            merge(found, part)
    return {f: lines for f, lines in found.items() if f.startswith("kernel/") and "/arch/" not in f}


def merge(found, part):
    lines = found.setdefault(part["file"], {})
    for line in part["lines"]:
        taken = [b["count"] > 0 for b in line["branches"]]
        count, before = lines.get(line["line_number"], (0, None))
        if before and len(before) == len(taken):  # a header's: any file's execution counts
            taken = [a or b for a, b in zip(before, taken)]
        lines[line["line_number"]] = (count + line["count"], taken)


def text_of(port, name):
    with open(os.path.join(port.source, name), encoding="utf-8") as f:
        return f.read().split("\n")


def report(port, found):
    total = [0, 0, 0, 0]
    for name in sorted(found):
        text, missed, sums = text_of(port, name), [], [0, 0, 0, 0]
        for number, (count, taken) in sorted(found[name].items()):
            source = text[number - 1]
            if NOT_COUNTED.search(source):
                continue
            sums = [a + b for a, b in zip(sums, (count > 0, 1, sum(taken), len(taken)))]
            if not count or not all(taken):
                missed.append("    %4d %s %s" % (number, "line  " if not count else "branch", source.strip()))
        total = [a + b for a, b in zip(total, sums)]
        print("%-34s lines %4d of %4d, branches %4d of %4d" % (name, *sums))
        print("\n".join(missed)) if missed else None
    lines, branches = 100.0 * total[0] / total[1], 100.0 * total[2] / total[3]
    print("coverage: %.1f%% of %d lines, %.1f%% of %d branches" % (lines, total[1], branches, total[3]))
    return lines >= LINES_MIN and branches >= BRANCHES_MIN


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix="pith-coverage-") as folder:
        port = hostport.HostPort(folder, ("-O0", "--coverage"))
        port.copy()
        said = port.build()
        if said:
            sys.exit("coverage: the host port does not build:\n" + said)
        execute(port, options.seconds)
        return 0 if report(port, counted(port)) else 1


if __name__ == "__main__":
    sys.exit(main())
