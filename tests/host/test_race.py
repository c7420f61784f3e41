"""The kernel with cores that are threads of the host: ThreadSanitizer sees every access to what they share."""
import os
import re
import sys
import tempfile

from pithtest import TOP

sys.path.insert(0, os.path.join(TOP, "tests/seeded"))
import raceport  # noqa: E402
from bugs import LOCK_BUGS  # noqa: E402

SECONDS = 5
LIMIT = 170


def silent(cores, seed):
    found, said = raceport.race(raceport.PROGRAM, cores, SECONDS, seed, LIMIT)
    assert not found, (found, said[-6000:])
    counts = re.search(r"^race: \d+ cores, \d+ rounds, (\d+) calls, (\d+) broken off, (\d+) touches of memory, "
                       r"(\d+) waits for a lock, (\d+) requests, (\d+) threads woken from afar$", said, re.M)
    assert counts and all(int(n) > 0 for n in counts.groups()), said[-2000:]


def test_two_cores_touch_nothing_without_a_lock():
    silent(2, 1)


def test_four_cores_touch_nothing_without_a_lock():
    silent(4, 2)


def test_a_lock_that_is_left_out_is_noticed():
    bug = next(b for b in LOCK_BUGS if b.name == "a system call takes no lock")
    with tempfile.TemporaryDirectory() as folder:
        program = raceport.build(folder, bug.file, bug.old, bug.new)
        for seed in range(1, 4):
            found, said = raceport.race(program, 2, SECONDS, seed, LIMIT / 3)
            if found and "data race" in found:
                return
    assert False, (found, said[-2000:])


for test in (test_two_cores_touch_nothing_without_a_lock, test_four_cores_touch_nothing_without_a_lock,
             test_a_lock_that_is_left_out_is_noticed):
    test.limit = LIMIT + 20
del test
