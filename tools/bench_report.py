"""What ./pith bench does with its rows: compare them, keep them, print others beside them. docs/bench.md says how the rows are measured."""
import datetime
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(TOP, "bench/results")

# seL4 16.0 on x86-64, fast path on, the same emulator and the same counting.
SEL4 = {
    "ipc.call.cross.words0": 184, "ipc.reply_recv.cross.words0": 210, "ipc.call.cross.words4": 205,
    "ipc.reply_recv.cross.words4": 231, "ipc.call.cross.lent.words8": 212,
    "ipc.reply_recv.cross.lent.words8": 277, "ipc.send": 700, "signal.higher": 511, "signal.lower": 605,
    "signal.none": 353, "wait.pending": 235, "wait.blocking": 411, "null.call": 89, "yield.alone": 277,
    "yield.switch": 255, "fault.call": 604, "fault.reply": 695, "pagefault.served": 1884, "interrupt": 350,
    "map.1": 682, "unmap.1": 553, "retype.frame": 780, "retype.endpoint": 775, "retype.thread": 4975,
    "thread.create": 8330, "thread.destroy": 2500, "copy": 737, "delete": 683,
}

# Heiser and Elphinstone, "From L3 to seL4: What have we learnt in 20 years of L4 microkernels?", SOSP 2013,
# table 1: one-way message between address spaces. Name, year, processor, MHz, cycles.
LECTURE = (
    ("Original", 1993, "i486", 50, 250), ("Original", 1997, "Pentium", 160, 121),
    ("L4/MIPS", 1997, "R4700", 100, 86), ("L4/Alpha", 1997, "21064", 433, 45),
    ("Hazelnut", 2002, "Pentium 4", 1400, 2000), ("Pistachio", 2005, "Itanium", 1500, 36),
    ("OKL4", 2007, "XScale 255", 400, 151), ("NOVA", 2010, "Core i7, 32 bits", 2660, 288),
    ("seL4", 2013, "Core i7, 32 bits", 3400, 301), ("seL4", 2013, "ARM11", 532, 188),
    ("seL4", 2013, "Cortex-A9", 1000, 316),
)


def fail(text):
    sys.exit("bench: " + text)


def output(*command):
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout


def load(path):
    """Rows of build/bench.json, of a file in bench/results, or of the printed lines."""
    try:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if text.lstrip()[:1] in ("[", "{"):
            data = json.loads(text)
            return {r["name"]: r["value"] for r in (data["rows"] if isinstance(data, dict) else data)}
        return {name: int(value) for name, value, _ in (line.split("\t") for line in text.splitlines())}
    except (OSError, ValueError, KeyError, TypeError) as e:
        fail("%s holds no rows: %s" % (path, e))


def compare(rows, path, before):
    """A line for each row: NAME, before, now, now / before."""
    names = [r["name"] for r in rows]
    print("\nnow against %s" % path)
    for row in rows:
        if row["name"] in before:
            old = before[row["name"]]
            print("%-34s %12d %12d  %s" % (row["name"], old, row["value"],
                                          "%.3f" % (row["value"] / old) if old else "-"))
        else:
            print("%-34s %12s %12d  new" % (row["name"], "", row["value"]))
    for name in sorted(set(before) - set(names)):
        print("%-34s %12d %12s  not measured" % (name, before[name], ""))


def against_sel4(rows):
    """Half of seL4's figure is the bar."""
    print("\n%-34s %10s %10s  %s" % ("instructions", "Pith", "seL4 16.0", "ratio (the bar is 0.5)"))
    for row in rows:
        if row["name"] in SEL4:
            print("%-34s %10d %10d  %.2f" % (row["name"], row["value"], SEL4[row["name"]],
                                            row["value"] / SEL4[row["name"]]))


def lecture(rows):
    found = {r["name"]: r["value"] for r in rows}
    print("\none-way message between address spaces (Heiser and Elphinstone, SOSP 2013), in CYCLES")
    for name, year, processor, mhz, cycles in LECTURE:
        print("%-10s %d  %-18s %5d MHz %6d cycles %8.2f us" % (name, year, processor, mhz, cycles, cycles / mhz))
    if "ipc.call.cross.words8" in found:
        print("%-10s       %-18s           %6d INSTRUCTIONS" % ("Pith", "x86-64",
                                                                found["ipc.call.cross.words8"]))
    print("An instruction is no cycle: a processor does several ordinary ones in a cycle, and `syscall`, `sysret`,\n"
          "the load of CR3, `rdtsc` and a locked one take dozens to hundreds each. Pith's line says how much work\n"
          "a message is, and nothing about how long that takes; --cycles measures that where there is KVM.")


# Of README.md: the rows whose sum is shown, what they are, seL4's figure or null for that of SEL4.
README_ROWS = (
    (("ipc.call.cross.words8",), "call to another address space, eight words", "205 (four words)"),
    (("ipc.reply_recv.cross.words8",), "the answer, and the next receive", "231 (four words)"),
    (("ipc.call.cross.words16", "ipc.reply_recv.cross.words16"), "both, sixteen words", "about 1,620"),
    (("ipc.send",), "one-way message to who waits", None),
    (("signal.none",), "signal, nobody waits", None),
    (("wait.pending",), "wait for what was signalled", None),
    (("fault.call", "fault.reply"), "fault to its handler and back", None),
    (("pagefault.served",), "page fault served by a pager", None),
    (("map.1", "unmap.1"), "map and unmap a page", None),
    (("thread.create", "thread.destroy"), "make and destroy a thread", None),
)
README_BEGIN = "<!-- figures: ./pith bench --record -->\n"
README_END = "<!-- end of figures -->\n"


def latest():
    """The path of the newest file of bench/results."""
    found = {}
    for name in os.listdir(RESULTS):
        path = os.path.join(RESULTS, name)
        with open(path, encoding="utf-8") as f:
            found[json.load(f)["date"], name] = path
    return found[max(found)]


def readme_table(path):
    """What stands between README.md's marks, made of a file of bench/results."""
    rows = load(path)
    lines = [README_BEGIN, "| instructions | Pith | seL4 16.0 |\n", "| --- | ---: | ---: |\n"]
    for names, text, theirs in README_ROWS:
        theirs = theirs or format(sum(SEL4[n] for n in names), ",")
        lines.append("| %s: %s | %s | %s |\n" % (" + ".join(names), text,
                                               format(sum(rows[n] for n in names), ","), theirs))
    lines.append("\nFrom %s.\n" % os.path.relpath(path, TOP))
    return "".join(lines) + README_END


def readme_split():
    """README.md before its table, the table, and what follows it."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as f:
        before, rest = f.read().split(README_BEGIN)
    table, after = rest.split(README_END)
    return before, README_BEGIN + table + README_END, after


def record(name, rows, cycles):
    """bench/results/NAME.json: the rows with everything that one needs to get them again; and README.md's table."""
    if not name.replace(".", "").replace("-", "").isalnum():
        fail("--record wants a name like 0.1")
    report = {
        "release": name,
        "date": datetime.date.today().isoformat(),
        "commit": output("git", "rev-parse", "HEAD").strip() +
                  (" with changes" if output("git", "status", "--porcelain") else ""),
        "compiler": output("gcc", "--version").splitlines()[0],
        "emulator": output("qemu-system-x86_64", "--version").splitlines()[0],
        "cpu": "host, KVM" if cycles else "qemu64,+fsgsbase,+smep,+smap, -icount shift=0,sleep=off",
        "method": "docs/bench.md; a row of the kernel is the least of at least six readings",
        "rows": rows,
    }
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".json"), "w", encoding="utf-8") as f:
        json.dump(report, f, indent=1)
        f.write("\n")
    if not cycles:
        before, _, after = readme_split()
        with open(os.path.join(TOP, "README.md"), "w", encoding="utf-8") as f:
            f.write(before + readme_table(latest()) + after)
