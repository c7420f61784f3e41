"""The benchmark program on Pith and on Debian's cloud kernel, side by side: ./pith bench --linux.

docs/bench.md says how it measures and what came out.
"""
import errno
import fnmatch
import glob
import json
import math
import os
import select
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build")
PITH = os.path.join(TOP, "pith")
ROOT = os.path.join(BUILD, "bench/root")
PROGRAM = os.path.join(ROOT, "bench/linux")
INITRAMFS = os.path.join(BUILD, "bench/initramfs")
# What ./pith and QEMU say on standard error: why a machine stopped.
MESSAGES = os.path.join(BUILD, "bench/messages")
LINUX = os.path.join(BUILD, "linux")
PACKAGE = "linux-image-cloud-amd64"
COMMAND_LINE = "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0"
CPU = "qemu64,+fsgsbase,+smep,+smap"
ICOUNT = ["-icount", "shift=0,sleep=off"]
MEMORY = "256M"
# Repetitions, in rounds that go to both systems in turn: time's, so that a busy moment of the host does
# not fall on one of them alone.
ROUNDS = {"icount": [3], "time": [2, 2, 1]}
DOCS = os.path.join(TOP, "docs/bench.md")
MARK_ROW = 1
DOCS_FROM, DOCS_TO = "<!-- made by ./pith bench --linux --docs -->\n", "<!-- end -->\n"
# A row that shows nothing for so long hangs.
SILENCE = 240


def note(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def fetch_kernel():
    """The newest cloud kernel of the host's Debian mirror, kept in build/linux."""
    kernel, version = os.path.join(LINUX, "vmlinuz"), os.path.join(LINUX, "version")
    if os.path.exists(version):
        with open(version, encoding="utf-8") as f:
            return kernel, f.read().strip()
    debian = os.path.join(TOP, "tools/debian.sh")
    subprocess.run([debian, LINUX, PACKAGE], check=True)
    meta = glob.glob(os.path.join(LINUX, "debian/apt/debs", PACKAGE + "_*.deb"))[0]
    depends = subprocess.run(["dpkg-deb", "-f", meta, "Depends"], stdout=subprocess.PIPE, check=True)
    # "linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)"
    package = depends.stdout.decode().split()[0]
    subprocess.run([debian, LINUX, package], check=True)
    boot = os.path.join(LINUX, "debian/root", package, "boot/vmlinuz-*")
    shutil.copyfile(glob.glob(boot)[0], kernel)
    shutil.rmtree(os.path.join(LINUX, "debian/root"))
    with open(version, "w", encoding="utf-8") as f:
        f.write(depends.stdout.decode())
    return kernel, depends.stdout.decode().strip()


def make_initramfs():
    subprocess.run([sys.executable, os.path.join(TOP, "tools/initramfs.py"), "-o", INITRAMFS, "--init",
                    os.path.join(ROOT, "bench/init"), os.path.join(BUILD, "root"), ROOT], check=True)


def pith_command(mode, arguments):
    command = [PITH, "run", "--memory", MEMORY, "--cpus", "1", "--root", ROOT]
    if mode == "icount":
        command.append("--icount")
    else:
        # The processor that --icount takes, not the emulator's largest.
        command += ["--accel", "tcg", "--qemu-args", "-cpu " + CPU]
    return command + ["--", "/bench/linux"] + arguments


def linux_command(mode, arguments):
    kernel, _ = fetch_kernel()
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", CPU, "-smp", "1", "-m", MEMORY,
               "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel", kernel,
               "-initrd", INITRAMFS, "-append", COMMAND_LINE + " -- " + " ".join(arguments),
               "-serial", "stdio"]
    return command + (ICOUNT if mode == "icount" else [])


SYSTEMS = {"pith": pith_command, "linux": linux_command}


def lines(command):
    """What a machine prints, line by line; None at the end when it hung."""
    with open(MESSAGES, "ab") as messages, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=messages) as machine:
        rest = b""
        while True:
            if not select.select([machine.stdout], [], [], SILENCE)[0]:
                machine.terminate()
                yield None
                return
            more = os.read(machine.stdout.fileno(), 4096)
            if not more:
                return
            *whole, rest = (rest + more).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").strip()


def parse(line):
    """A row's name and result, or None for a line that is no row."""
    fields = line.split("\t")
    if len(fields) < 3 or not fields[0].startswith("linux."):
        return None
    name = fields[0][len("linux."):]
    if fields[1] != "-":
        return name, {"value": int(fields[1]), "check": fields[3] if len(fields) > 3 else None}
    if not fields[2].isdigit():
        return name, {"failed": fields[2]}
    number = int(fields[2])
    why = errno.errorcode.get(number, str(number)) if number else "wrong result"
    return name, {"failed": "%s: %s" % (why, fields[3])}


def run_system(system, mode, names, repeat):
    """Results of all rows. A row that stops the machine is noted, the rest runs in a new one."""
    results, left = {}, list(names)
    while left:
        why = "the machine stopped (see build/bench/messages)"
        for line in lines(SYSTEMS[system](mode, ["--repeat", str(repeat), ",".join(left)])):
            if line is None:
                why = "no answer for %d s" % SILENCE
                break
            found = parse(line)
            if found and found[0] in left:
                name, result = found
                results[name] = result
                # A row before it that printed nothing has failed unseen.
                left = left[left.index(name) + 1:]
                note("%s %s %s: %s" % (system, mode, name, result.get("failed", result.get("value"))))
        missing = [n for n in names if n not in results and n not in left]
        if left:
            missing.append(left.pop(0))
        for name in missing:
            results[name] = {"failed": why}
            note("%s %s %s: %s" % (system, mode, name, why))
    return results


def better(old, new):
    """Of two results of a row, the smaller value; a failure stays one."""
    if not old:
        return new
    if "failed" in old or "failed" in new:
        return old if "failed" in old else new
    return min(old, new, key=lambda r: r["value"])


def run_mode(mode, names):
    best = {s: {} for s in SYSTEMS}
    for repeat in ROUNDS[mode]:
        for system, found in best.items():
            for name, result in run_system(system, mode, names, repeat).items():
                found[name] = better(found.get(name), result)
    return best


def compare(pith, linux):
    """One row in one mode: both values, the ratio where both count, why not otherwise."""
    out = {"pith": pith.get("value"), "linux": linux.get("value"), "ratio": None, "why": None}
    if "failed" in pith or "failed" in linux:
        out["why"] = pith.get("failed") or "Linux: " + linux["failed"]
    elif pith["check"] != linux["check"]:
        out["why"] = "other output than on Linux"
        out["pith"] = None
    else:
        out["ratio"] = pith["value"] / max(1, linux["value"])
    return out


def read_marks(path):
    """Lists, one for each row that began: the switches before each reading of the counter."""
    rows = []
    with open(path, encoding="ascii") as f:
        for line in f:
            mark, count = map(int, line.split())
            if mark == MARK_ROW:
                rows.append([])
            elif rows:
                rows[-1].append(count)
    return rows


def count_switches(names):
    """Address-space switches of an operation on Pith, by a plugin of QEMU that sees writes of CR3. The
    readings come in pairs, around what is measured; the last pair is the last repetition."""
    operations = dict(line.split() for line in subprocess.run(
        [PROGRAM, "--operations"], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines())
    marks = os.path.join(BUILD, "bench/marks")
    plugin = "-plugin %s,out=%s" % (os.path.join(BUILD, "host/switches.so"), marks)
    found = {}
    for name in names:
        command = pith_command("icount", ["--repeat", "2", name])
        command[command.index("--"):command.index("--")] = ["--qemu-args", plugin]
        for line in lines(command):
            parsed = parse(line) if line else None
            if parsed and "value" in parsed[1]:
                readings = read_marks(marks)[-1]
                found[name] = (readings[-1] - readings[-2]) / int(operations[name])
                note("switches %s: %.2f" % (name, found[name]))
    return found


def summary(rows, mode):
    ratios = [r[mode]["ratio"] for r in rows if r[mode]["ratio"] is not None]
    mean = math.exp(sum(math.log(max(r, 1e-6)) for r in ratios) / len(ratios)) if ratios else None
    return {"mean": mean, "rows": len(ratios), "missing": len(rows) - len(ratios),
            "above_1": sum(r > 1.0 for r in ratios), "above_2": sum(r > 2.0 for r in ratios)}


def show(number):
    return "-" if number is None else "{:,}".format(round(number))


def cell(result, scale):
    ratio = result["ratio"]
    scaled = [v and v * scale for v in (result["pith"], result["linux"])]
    return "%15s %15s %7s" % (show(scaled[0]), show(scaled[1]), "-" if ratio is None else "%.3f" % ratio)


def table(report):
    modes, tick = report["modes"], report["ticks_per_us"]
    heads = {"icount": ("Pith, instr.", "Linux, instr."), "time": ("Pith, ns", "Linux, ns")}
    yield "%-24s" % "row" + "".join(" %15s %15s %7s" % (*heads[m], "ratio") for m in modes) + "  switches"
    for row in report["rows"]:
        cells = "".join(" " + cell(row[m], 1 if m == "icount" else 1000 / tick) for m in modes)
        why = next((row[m]["why"] for m in modes if row[m]["why"]), "")
        yield "%-24s%s  %8s  %s" % ("linux." + row["name"], cells, "-" if row["switches"] is None else "%.1f" % row["switches"], why)
    for mode in modes:
        s = report["summary"][mode]
        yield "%s: geometric mean %s of %d rows; %d above 1.0, %d above 2.0; %d did not run" % (
            mode, "-" if s["mean"] is None else "%.3f" % s["mean"], s["rows"], s["above_1"], s["above_2"],
            s["missing"])
    yield "switches: address-space switches of an operation on Pith (writes of CR3)"


def markdown(report):
    """The same table for docs/bench.md. Only a report of all rows in both modes has one."""
    tick = report["ticks_per_us"]
    yield "%s, Linux package %s.\n\n" % (report["date"], report["linux"])
    yield "| row | Pith, instr. | Linux, instr. | ratio | Pith, ns | Linux, ns | ratio | |\n"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
    for row in report["rows"]:
        cells = "|".join(" | ".join(cell(row[m], 1 if m == "icount" else 1000 / tick).split())
                         for m in report["modes"]).replace("|", " | ").replace("  ", " ")
        yield "| %s | %s | %s |\n" % (row["name"], cells, row["icount"]["why"] or row["time"]["why"] or "")
    yield "\n"
    for mode, name in (("icount", "Instructions"), ("time", "Time")):
        s = report["summary"][mode]
        yield "%s: geometric mean %.3f of %d rows; %d above 1.0, %d above 2.0; %d did not run.\n" % (
            name, s["mean"], s["rows"], s["above_1"], s["above_2"], s["missing"])


def write_docs(report):
    with open(DOCS, encoding="utf-8") as f:
        text = f.read()
    before, after = text.index(DOCS_FROM) + len(DOCS_FROM), text.index(DOCS_TO)
    with open(DOCS, "w", encoding="utf-8") as f:
        f.write(text[:before] + "\n" + "".join(markdown(report)) + "\n" + text[after:])


def measure_all(only, icount_only):
    listed = subprocess.run([PROGRAM, "--list"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    names = [n for n in listed if any(fnmatch.fnmatchcase(n, p) for p in only.split(","))]
    if not names:
        sys.exit("bench: no row matches '%s'; rows are: %s" % (only, " ".join(listed)))
    _, version = fetch_kernel()
    make_initramfs()
    with open(MESSAGES, "wb"):
        pass
    modes = ["icount"] if icount_only else ["icount", "time"]
    results = {m: run_mode(m, names) for m in modes}
    switches = count_switches(names)
    rows = [dict({"name": n, "switches": switches.get(n)},
                 **{m: compare(results[m]["pith"][n], results[m]["linux"][n]) for m in modes})
            for n in names]
    tick = subprocess.run([PROGRAM, "--tick"], stdout=subprocess.PIPE, check=True).stdout
    return {"linux": version, "command_line": COMMAND_LINE, "cpu": CPU, "memory": MEMORY,
            "repeat": {m: sum(r) for m, r in ROUNDS.items()}, "ticks_per_us": float(tick), "date": time.strftime("%Y-%m-%d"),
            "modes": modes, "rows": rows, "summary": {m: summary(rows, m) for m in modes}}


def run(only, icount_only, docs):
    if docs and (only != "*" or icount_only):
        sys.exit("bench: --docs wants all rows in both modes")
    report = measure_all(only, icount_only)
    with open(os.path.join(BUILD, "bench-linux.json"), "w", encoding="utf-8") as f:
        json.dump(report, f, indent=1)
        f.write("\n")
    for line in table(report):
        print(line)
    if docs:
        write_docs(report)
