#!/usr/bin/env python3
"""Where the instructions of a run go: kernel, each component, library, programs; function by function.

  ./pith profile [--top N] [--svg FILE] [--root DIR] -- COMMAND ARG...

Runs the command under `--icount` with a plugin that counts the instructions of each block of code, and
the same with `true` to subtract the boot. Prints a table; --svg draws the same as nested bars.
"""
import argparse
import bisect
import collections
import glob
import html
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build")
PLUGIN = os.path.join(BUILD, "host/profile.so")
KERNEL_BASE = 0xffffffff80000000
ENV_BASE = 0x7f8000000000


class Symbols:
    """Functions of one ELF file by address."""

    def __init__(self, path):
        rows = []
        for line in subprocess.run(["nm", "-n", "-C", path], capture_output=True, text=True).stdout.splitlines():
            parts = line.split(None, 2)
            if len(parts) == 3 and parts[1] in "tTwW":
                rows.append((int(parts[0], 16), parts[2]))
        self.addresses = [a for a, _ in rows]
        self.names = [n for _, n in rows]

    def find(self, address):
        i = bisect.bisect_right(self.addresses, address) - 1
        return self.names[i] if i >= 0 else "?"


def images():
    """(first address, name, path) of everything that is linked at addresses of its own, sorted."""
    found = []
    for path in glob.glob(BUILD + "/servers/*/*.elf") + glob.glob(BUILD + "/drivers/*/*.elf"):
        symbols = Symbols(path)
        found.append((symbols.addresses[0] & ~0x1fffff, os.path.basename(path)[:-4], symbols))
    return sorted(found, key=lambda x: x[0])


class Names:
    def __init__(self):
        self.kernel = Symbols(BUILD + "/kernel/pith.elf")
        self.library = Symbols(BUILD + "/env/linux/linux.elf")
        self.images = images()
        self.bases = [x[0] for x in self.images]

    def find(self, address):
        if address >= KERNEL_BASE:
            return "kernel", self.kernel.find(address)
        if address >= ENV_BASE:
            where = self.library.find(address) if address < ENV_BASE + 0x200000 else "trampoline"
            return "library", where
        if self.bases[0] <= address < self.bases[-1] + 0x200000:
            _, name, symbols = self.images[bisect.bisect_right(self.bases, address) - 1]
            last = symbols.addresses[-1] if symbols.addresses else 0
            # A program linked at a fixed address may overlap: what no function covers is the program's.
            if symbols.addresses[0] <= address <= last + 0x1000:
                return name, symbols.find(address)
        return "program", "%x" % (address & ~0xfff)


def count(command, roots):
    with tempfile.NamedTemporaryFile(prefix="pith-profile-") as out:
        args = [TOP + "/pith", "run", "--icount", "--qemu-args", "-plugin %s,out=%s" % (PLUGIN, out.name)]
        for root in roots:
            args += ["--root", root]
        status = subprocess.run(args + ["--"] + command, stdin=subprocess.DEVNULL,
                                stdout=sys.stderr).returncode
        counts = collections.Counter()
        for line in open(out.name, encoding="ascii"):
            address, n = line.split()
            counts[int(address, 16)] += int(n)
    if not counts:
        sys.exit("profile: nothing was counted (status %d)" % status)
    return counts


def draw(path, parts, total):
    """Nested bars: a row for the parts, under each its functions by size."""
    width, row = 1200.0, 22
    text = ['<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="80" font-family="monospace" '
            'font-size="11">']
    x = 0.0
    colours = ["#e66101", "#fdb863", "#b2abd2", "#5e3c99", "#80cdc1", "#018571", "#dfc27d", "#a6611a"]
    for i, (part, functions) in enumerate(parts):
        size = sum(functions.values())
        text.append(bar(x, 0, width * size / total, row, colours[i % 8], part, size))
        at = x
        for name, n in functions.most_common():
            w = width * n / total
            if w < 0.5:
                break
            text.append(bar(at, row + 1, w, row, colours[i % 8], name, n))
            at += w
        x += width * size / total
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(text) + "\n</svg>\n")


def bar(x, y, w, h, colour, name, n):
    label = html.escape(name[:int(w / 7)])
    return ('<g><title>%s: %d</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" stroke="white"/>'
            '<text x="%.1f" y="%d">%s</text></g>' % (html.escape(name), n, x, y, w, h, colour, x + 2, y + 15, label))


def main():
    parser = argparse.ArgumentParser(prog="pith profile", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--top", type=int, default=40, help="functions to show")
    parser.add_argument("--svg", help="draw it, too")
    parser.add_argument("--root", action="append", default=[], help="as for run")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    if subprocess.run(["make", "-s", "-C", TOP, "run-files", "build/host/profile.so"], stdout=subprocess.DEVNULL).returncode:
        sys.exit(2)
    names = Names()
    counts = count(args.command, args.root)
    counts.subtract(count(["true"], args.root))
    parts = collections.defaultdict(collections.Counter)
    for address, n in counts.items():
        part, function = names.find(address)
        parts[part][function] += n
    total = sum(n for f in parts.values() for n in f.values())
    print("%14d instructions beyond those of `true`" % total)
    by_size = sorted(parts.items(), key=lambda x: -sum(x[1].values()))
    for part, functions in by_size:
        n = sum(functions.values())
        print("%14d %5.1f%%  %s" % (n, 100.0 * n / total, part))
    print()
    rows = [(n, part, f) for part, functions in parts.items() for f, n in functions.items()]
    for n, part, function in sorted(rows, reverse=True)[:args.top]:
        print("%14d %5.1f%%  %-12s %s" % (n, 100.0 * n / total, part, function))
    if args.svg:
        draw(args.svg, by_size, total)


main()
