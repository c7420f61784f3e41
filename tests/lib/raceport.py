"""The kernel with cores that are threads of the host, under ThreadSanitizer (tests/race, mk/race.mk): run, and
built with a change of one file."""
import glob
import os
import re
import subprocess

import hostport
from hostport import TOP

OBJECTS = os.path.join(TOP, "build/race")
PROGRAM = os.path.join(TOP, "build/tests/race/cores")
FLAGS = ["-O1", "-fsanitize=thread"]
FOUND = re.compile(r"SUMMARY: ThreadSanitizer: .*|invariant \d+ broken.*|panic: .*|.*assertion failed.*|.*: phase .*")
# Sometimes the shadow memory and the host's choice of addresses do not agree.
FIXED_ADDRESSES = ["setarch", "-R"]


def build(folder, name, old, new):
    """The program with another text in one file. Returns its path; an error when the text is not there once."""
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        raise ValueError("the text is not there once")
    changed, made = (os.path.join(folder, n) for n in ("changed.c", "changed.o"))
    with open(changed, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    objects = [o for o in glob.glob(OBJECTS + "/**/*.o", recursive=True) if o != os.path.join(OBJECTS, name + ".o")]
    for command in (["gcc", *hostport.BASE, *FLAGS, "-w", "-c", "-o", made, changed],
                    ["gcc", *FLAGS, "-o", os.path.join(folder, "cores"), made, *objects, "-lcmocka", "-lpthread"]):
        subprocess.run(command, cwd=TOP, check=True)
    return os.path.join(folder, "cores")


def race(program, cores, seconds, seed, limit):
    """Returns (what was found or None, what it said)."""
    options = {"TSAN_OPTIONS": "halt_on_error=1 exitcode=66"}
    try:
        run = subprocess.run([*FIXED_ADDRESSES, program, str(cores), str(seconds), str(seed)], env={**os.environ, **options},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit,
                             check=False)
    except subprocess.TimeoutExpired:
        return "took longer than %d seconds" % limit, ""
    said = run.stdout.decode(errors="replace")
    found = FOUND.search(said)
    if run.returncode == 0 and not found:
        return None, said
    return found.group(0) if found else "status %d" % run.returncode, said
