#!/usr/bin/env python3
"""Are small changes of the kernel noticed? pith test --mutants [--count N] [--seed N] [--minutes N] [--jobs N] [--fresh]

A fixed sample (or that of another seed) of N (default 300) changes of kernel/cap, object, mem and sched, by file: a comparison, an operator or
a constant is another, a condition is negated, a statement is left out. For each the one file is compiled into the host
port, and the unit tests and the model run until one fails. What was tried is kept in build/mutants.json, and the
next call goes on from there, for as long as the files are the same; --fresh begins anew.

Prints the survivors. Status 1 when less than 90% of all were noticed; survivors that tests/seeded/survivors.txt
gives a reason for (they change nothing that is promised) count as noticed.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import queue
import random
import re
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
import hostport  # noqa: E402

FOLDERS = ("kernel/cap/", "kernel/object/", "kernel/mem/", "kernel/sched/")
STATE = os.path.join(TOP, "build/mutants.json")
REASONS = os.path.join(TOP, "tests/seeded/survivors.txt")
SEED = 20260101
NOTICED_MIN = 0.9
UNIT_LIMIT, MODEL_SECONDS = 60, 20
# From the quick ones to the slow.
ORDER = ("kernel_derive", "kernel_untyped", "kernel_thread", "kernel_sched", "kernel_ipc", "kernel_range", "kernel_map",
         "kernel_death", "kernel_heap", "kernel_fast")

SWAPS = [(r"==", "!="), (r"!=", "=="), (r"<=", "<"), (r">=", ">"), (r"(?<![<>-])<(?![<=])", "<="),
         (r"(?<![<>-])>(?![>=])", ">="), (r"&&", "||"), (r"\|\|", "&&"), (r"(?<=\w) \+ (?=\w)", " - "),
         (r"(?<=\w) - (?=\w)", " + "), (r"\b0\b(?!x)", "1"), (r"\b1\b", "0"), (r"\btrue\b", "false"),
         (r"\bfalse\b", "true"), (r"(?<=[ (])!(?=[\w(])", ""), (r"\+=", "-="), (r"-=", "+="), (r"\|=", "="),
         (r"\bSLOT_FIRST\b", "SLOT_LAST"), (r"\bSLOT_LAST\b", "SLOT_FIRST")]
STATEMENT = re.compile(r"^\t+(?!return\b|break\b|continue\b|case\b|default\b|goto\b)[\w*(][^{}]*;\s*$")
DECLARATION = re.compile(r"^\t+(const |static |struct |unsigned |uint\d+_t |bool |err_t |link_t |tag_t |int |char )")
CONDITION = re.compile(r"^(\t+(?:else )?(?:if|while) \()(.*)(\))$")


def candidates(name):
    """(line number, new text, what) of every change of a file."""
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        lines = f.read().split("\n")
    inside = False
    for number, line in enumerate(lines):
        if line == "{":
            inside = True
        elif line == "}":
            inside = False
        code = line.split("//")[0].rstrip()
        if not inside or "ASSERT" in code or code.lstrip().startswith("#") or '"' in code:
            continue
        for pattern, other in SWAPS:
            for found in re.finditer(pattern, code):
                yield number, code[:found.start()] + other + code[found.end():], pattern
        if STATEMENT.match(code) and not DECLARATION.match(code):
            yield number, "%s;  // %s" % (re.match(r"\t+", code).group(0), code.strip()), "left out"
        found = CONDITION.match(code)
        if found:
            yield number, "%s!(%s)%s" % found.groups(), "negated"


def sample(count, seed):
    """By file, as many as its share of all; in an order that is always the same."""
    rng = random.Random(seed)
    all_of = {n: list(candidates(n)) for n in hostport.kernel_sources() if n.startswith(FOLDERS)}
    total, chosen = sum(map(len, all_of.values())), []
    for name, some in sorted(all_of.items()):
        share = min(len(some), round(count * len(some) / total))
        chosen += [(name, *c) for c in rng.sample(some, share)]
    rng.shuffle(chosen)
    return chosen


def key_of(change):
    name, number, text, _ = change
    with open(os.path.join(TOP, name), "rb") as f:
        return "%s:%d:%s:%s" % (name, number + 1, text.strip(), hashlib.sha1(f.read()).hexdigest()[:12])


def try_change(port, change):
    """What noticed it; None when nothing did; "invalid" when it does not compile."""
    name, number, text, _ = change
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        lines = f.read().split("\n")
    lines[number] = text
    with open(os.path.join(port.source, name), "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    try:
        if port.compile(name, "-w") or port.link():
            return "invalid"
        for test in ORDER:
            if test in hostport.unit_tests() and port.run_unit(test, UNIT_LIMIT):
                return test
        if port.run_model(MODEL_SECONDS, MODEL_SECONDS + 60):
            return "model"
        return "kernel_fuzz" if port.run_unit("kernel_fuzz", 2 * UNIT_LIMIT) else None
    finally:
        with open(os.path.join(TOP, name)) as f, open(os.path.join(port.source, name), "w") as out:
            out.write(f.read())
        port.compile(name, "-w")


def reasons():
    """Place and text of a survivor -> why it changes nothing. Lines `FILE | TEXT | REASON`."""
    found = {}
    if os.path.exists(REASONS):
        with open(REASONS, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    name, text, why = (part.strip() for part in line.split(" | ", 2))
                    found[(name, text)] = why
    return found


def work_off(todo, results, options):
    end, ports = time.monotonic() + 60 * options.minutes, queue.Queue()
    with tempfile.TemporaryDirectory(prefix="pith-mutants-") as folder:
        for job in range(options.jobs):
            port = hostport.HostPort(os.path.join(folder, str(job)), ("-O1",))
            os.makedirs(port.folder)
            port.copy()
            said = port.build()
            if said:
                sys.exit("mutants: the host port does not build:\n" + said)
            ports.put(port)

        def one(change):
            if time.monotonic() > end:
                return
            port = ports.get()
            try:
                results[key_of(change)] = try_change(port, change)
            finally:
                ports.put(port)
            with open(STATE + ".new", "w") as f:
                json.dump(dict(results), f, indent=1)
            os.replace(STATE + ".new", STATE)
            print("%-12s %s:%d: %s" % (results[key_of(change)] or "SURVIVED", change[0], change[1] + 1,
                                       change[2].strip()), flush=True)

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(one, todo))


def parse():
    parser = argparse.ArgumentParser(prog="pith test --mutants", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, metavar="N")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N")
    parser.add_argument("--minutes", type=int, default=60, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--fresh", action="store_true")
    return parser.parse_args()


def main():
    options, results = parse(), {}
    os.makedirs(os.path.dirname(STATE), exist_ok=True)
    if os.path.exists(STATE) and not options.fresh:
        with open(STATE) as f:
            results = json.load(f)
    changes = sample(options.count, options.seed)
    work_off([c for c in changes if key_of(c) not in results], results, options)
    tried = [(c, results[key_of(c)]) for c in changes if results.get(key_of(c), "invalid") != "invalid"]
    known, noticed = reasons(), 0
    for change, what in tried:
        why = known.get((change[0], change[2].strip()))
        noticed += what is not None or why is not None
        if what is None:
            print("survivor: %s:%d: %s%s" % (change[0], change[1] + 1, change[2].strip(),
                                             " (%s)" % why if why else ""))
    invalid = sum(results.get(key_of(c)) == "invalid" for c in changes)
    print("mutants: %d of %d noticed; %d do not compile, %d are not tried yet"
          % (noticed, len(tried), invalid, len(changes) - len(tried) - invalid))
    return 0 if noticed >= NOTICED_MIN * len(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
