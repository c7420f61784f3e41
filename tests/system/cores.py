"""The kernel on several processors: tests/cores as the first task, which prints a line for each test."""
import os
import subprocess
import threading

from pithtest import TOP

LIMIT = 240
TESTS = {
    "calls_go_to_another_core", "signals_go_to_another_core", "taken_memory_is_not_used",
    "an_address_space_dies_in_use", "threads_die_in_use", "a_thread_stops_and_goes_on", "threads_move",
    "a_cancel_reaches_another_core", "no_time_is_lent_across", "deadlines_are_kept_elsewhere",
    "everything_at_once", "work_on_one_core_stays_there",
}


def lines(cpus, *options):
    """What the machine says until its end."""
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", cpus, "-m", "256M",
               "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel",
               os.path.join(TOP, "build/kernel/pith.elf"), "-initrd", os.path.join(TOP, "build/tests/cores/cores.img"),
               "-serial", "stdio", *options]
    said = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
        watch = threading.Timer(LIMIT, machine.kill)
        watch.start()
        for line in machine.stdout:
            said.append(line.decode(errors="replace").strip())
            if said[-1] == "end":
                break
        machine.kill()
        watch.cancel()
    return said


def assert_all(cores, cpus):
    said = lines(cpus)
    assert said[:1] == ["cores\t%d" % cores] and said[-1:] == ["end"], said
    assert {line for line in said[1:-1] if not line.startswith("#")} == {"ok\t" + name for name in TESTS}, said


def test_one_processor_has_nobody_to_talk_to():
    assert lines("1") == ["cores\t1", "end"]


def test_two_processors():
    assert_all(2, "2")


def test_four_processors():
    assert_all(4, "4")


def test_sixteen_are_used_at_most():
    said = lines("18")
    assert said[:2] == ["pith: 2 processors are left off: 16 are used at most", "cores\t16"], said


# More processors than the host has: a lock's holder may be off its processor for long, and each test waits.
for _test in (test_two_processors, test_four_processors, test_sixteen_are_used_at_most):
    _test.slow = _test is not test_two_processors
    _test.limit = LIMIT + 30
