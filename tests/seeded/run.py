#!/usr/bin/env python3
"""Are seeded bugs found? tests/seeded/run.py [--only TEXT] [--seconds N] [--sanitize]

Each bug of bugs.py is put into a copy of the kernel. Its host port is built anew (--sanitize: with the sanitizers), and the
unit tests, the random calls and the model run until one fails, within N seconds (default 120). The bugs of locks are
hunted by cores that are threads of the host (tests/race), which has to be built: `make tests`. Says for
each how it was found; status 1 when one was not, or is none any more.
"""
import argparse
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import hostport  # noqa: E402
import raceport  # noqa: E402
from bugs import BUGS, LOCK_BUGS  # noqa: E402

LAST = ("kernel_fuzz",)  # of the unit tests: it is the longest
HANGS = 60  # seconds that no other takes


def seed(port, bug):
    """Put it in; False when the text is not there (once)."""
    path = os.path.join(port.source, bug.file)
    with open(path) as f:
        text = f.read()
    if text.count(bug.old) != 1:
        return False
    with open(path, "w") as f:
        f.write(text.replace(bug.old, bug.new))
    return True


def mend(port, bug):
    with open(os.path.join(hostport.TOP, bug.file)) as f, open(os.path.join(port.source, bug.file), "w") as out:
        out.write(f.read())
    port.compile(bug.file)


def first_lines(said):
    for line in said.splitlines():
        found = re.search(r"invariant \d+ broken.*|panic: .*|assertion failed.*|ERROR: AddressSanitizer: \S+|runtime error.*",
                          line)
        if found:
            return found.group(0)
    return next((line for line in said.splitlines() if "FAILED" in line or "differs" in line), said[-80:].strip())


def hunt(port, seconds):
    """Run the tests. Returns (which found it, what it said) or None."""
    end = time.monotonic() + seconds
    names = [n for n in hostport.unit_tests() if n not in LAST]
    for name in [*names, "model", *LAST]:
        left = end - time.monotonic()
        if left < 1:
            return None
        said = port.run_model(min(left, 45), left) if name == "model" else port.run_unit(name, min(left, HANGS))
        if said and not (said.startswith("took longer") and end - time.monotonic() < 1):
            return name, first_lines(said)
    return None


def try_bug(port, bug, seconds):
    if not seed(port, bug):
        return "is none: the text is not there once"
    said = port.compile(bug.file) or port.link()
    start = time.monotonic()
    found = hunt(port, seconds) if not said else None
    mend(port, bug)
    if said:
        return "does not compile: " + said
    if not found:
        return "was not found in %d seconds" % seconds
    print("found %-70s by %s in %.1f s: %s" % (bug.name, found[0], time.monotonic() - start, found[1]), flush=True)
    return None


def try_lock_bug(bug, seconds):
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pith-race-") as folder:
        try:
            program = raceport.build(folder, bug.file, bug.old, bug.new)
        except ValueError as e:
            return "is none: %s" % e
        found = None
        while not found and time.monotonic() - start < seconds - 5:
            left = seconds - (time.monotonic() - start)
            found, _ = raceport.race(program, 3, min(left - 5, 30), 1, left)
    if not found:
        return "was not found in %d seconds" % seconds
    print("found %-70s by race in %.1f s: %s" % (bug.name, time.monotonic() - start, found), flush=True)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--seconds", type=int, default=120, metavar="N")
    parser.add_argument("--sanitize", action="store_true")
    options = parser.parse_args()
    bugs = [b for b in BUGS if options.only in b.name]
    lock_bugs = [b for b in LOCK_BUGS if options.only in b.name]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="pith-seeded-") as folder:
        port = hostport.HostPort(folder, ("-O1", *hostport.SANITIZE * options.sanitize))
        port.copy()
        said = port.build()
        if said:
            sys.exit(said)
        for bug, hunter in [(b, lambda b: try_bug(port, b, options.seconds)) for b in bugs] + \
                [(b, lambda b: try_lock_bug(b, options.seconds)) for b in lock_bugs]:
            why = hunter(bug)
            failed += why is not None
            if why:
                print("MISSED %s: %s" % (bug.name, why), flush=True)
    print("%d bugs, %d missed" % (len(bugs) + len(lock_bugs), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
