"""The kernel's locks and its mailbox, as tests/spin/locks.pml describes them: spin looks at every order of
events. And no part of it may be left out: then spin finds what goes wrong."""
import os
import re
import subprocess
import tempfile

from pithtest import TOP

MODEL = os.path.join(TOP, "tests/spin/locks.pml")
SEARCH = ("-m400000", "-c1")


def search(without=0):
    """How many errors spin finds, and how many states there are."""
    with tempfile.TemporaryDirectory() as folder:
        for command in (["spin", "-DWITHOUT=%d" % without, "-a", MODEL],
                        ["gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=2000", "-o", "pan", "pan.c"]):
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        said = subprocess.run([os.path.join(folder, "pan"), *SEARCH], cwd=folder, stdout=subprocess.PIPE,
                              text=True, check=False).stdout
    assert "search depth too small" not in said and "out of memory" not in said, said
    found = re.search(r"errors: (\d+)\s+(\d+) states, stored", said)
    assert found, said
    return int(found[1]), int(found[2])


def parts():
    with open(MODEL, encoding="ascii") as file:
        return {name: int(number) for name, number in re.findall(r"^#define (\w+) (\d+) +/\* \S", file.read(), re.M)}


def test_nobody_waits_for_ever():
    errors, states = search()
    assert errors == 0 and states > 1000000, (errors, states)


def test_no_part_can_be_left_out():
    without = parts()
    assert len(without) == 11 and set(without.values()) == set(range(1, 12)), without
    for name, number in without.items():
        assert search(number)[0] > 0, name + " is left out, and nothing goes wrong"


def test_each_step_names_a_function_of_the_kernel():
    with open(MODEL, encoding="ascii") as file:
        names = re.findall(r"/\* ([a-z_]+(?:, [a-z_]+)*)(?: \*/|;)", file.read())
    text = subprocess.run(["cat", *subprocess.run(["find", os.path.join(TOP, "kernel"), "-name", "*.[chS]"],
                                                  stdout=subprocess.PIPE, text=True, check=True).stdout.split()],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    steps = {name for line in names for name in line.split(", ")}
    assert len(steps) > 15
    for step in steps:
        assert re.search(r"^(?!#).*\b%s[(:]" % step, text, re.M), step + " is not there"
