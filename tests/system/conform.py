"""The kernel's conformance suite (tests/conform), a category a test, on one core, instruction for instruction the same."""
import os
import re
import subprocess
import threading

from pithtest import TOP

CATEGORIES = ("system calls", "IPC", "replies", "transfer", "rights", "capability operations", "faults", "scheduling",
              "contexts", "timeouts", "interrupts", "notifications", "cancel", "death", "VSpace", "retype",
              "preempted revoke", "long operations", "FPU", "TLS", "ports", "threads", "exports")
CASES_MIN = 300
LIMIT = 120
MACHINE = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "qemu64,+fsgsbase,+smep,+smap", "-smp", "1",
           "-m", "512M", "-icount", "shift=0,sleep=off", "-nodefaults", "-no-user-config", "-no-reboot", "-display",
           "none", "-kernel", os.path.join(TOP, "build/kernel/pith.elf"), "-initrd",
           os.path.join(TOP, "build/tests/conform.img"), "-serial", "stdio"]


FAR_MIN = 50


def run(arguments, cores=1):
    """What the suite said, as lines, up to its plan."""
    said, machine = [], MACHINE
    if cores > 1:  # each a thread of the host; counting instructions they would have long turns
        machine = [str(cores) if option == "1" else option for option in MACHINE]
        at = machine.index("-icount")
        del machine[at:at + 2]
    with subprocess.Popen(machine + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
        watch = threading.Timer(LIMIT, machine.kill)
        watch.start()
        for line in machine.stdout:
            said.append(line.decode(errors="replace").rstrip())
            if re.fullmatch(r"1\.\.\d+", said[-1]):
                break
        machine.kill()
        watch.cancel()
    return said


def passed(said):
    """How many cases passed; all must have."""
    count = sum(line.startswith("ok ") for line in said)
    assert said and said[-1] == "1..%d" % count and count, "\n".join(
        line for line in said if not line.startswith("ok "))
    return count


def test_there_are_hundreds_of_cases_and_all_pass():
    said = run([])
    assert passed(said) >= CASES_MIN
    told = {re.match(r"ok \d+ - (.*?): ", line).group(1) for line in said if line.startswith("ok ")}
    assert told == set(CATEGORIES), told ^ set(CATEGORIES)


def test_cores():
    assert passed(run(["-append", "cases=cores"], 2)) >= FAR_MIN


def make_test(category):
    def test():
        passed(run(["-append", "cases=" + category]))
    test.limit = LIMIT + 20
    return test


test_there_are_hundreds_of_cases_and_all_pass.limit = test_cores.limit = LIMIT + 20
for name in CATEGORIES:
    globals()["test_" + name.lower().replace(" ", "_")] = make_test(name)
