"""What the kernel costs, in instructions that repeat exactly, does not rise: tests/ratchet/bench.txt."""
import os
import subprocess
import sys

from pithtest import TOP


def limits():
    with open(os.path.join(TOP, "tests/ratchet/bench.txt"), encoding="utf-8") as f:
        for line in f:
            fields = line.split()
            if fields and not line.startswith("#"):
                yield fields[0], int(fields[1])


def test_no_row_rises():
    run = subprocess.run([sys.executable, os.path.join(TOP, "tools/bench.py"), "--native"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, check=True, text=True)
    rows = {name: int(value) for name, value, _ in (line.split("\t") for line in run.stdout.splitlines())}
    assert 998 <= rows["calibrate.nops1000"] <= 1002, rows["calibrate.nops1000"]
    missing = [name for name, _ in limits() if name not in rows]
    assert not missing, missing
    risen = ["%s: %d, at most %d" % (n, rows[n], limit) for n, limit in limits() if rows[n] > limit]
    assert not risen, "cheaper again, or a higher limit with a reason: " + "; ".join(risen)
