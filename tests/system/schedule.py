"""Schedulers in user mode (tests/native/schedule) beside what the kernel does alone, in instructions that repeat exactly."""
import os
import subprocess
import sys
import threading

from pithtest import TOP

sys.path.insert(0, os.path.join(TOP, "tools"))
import bench_linux  # noqa: E402

LIMIT = 100


def rows(image):
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", bench_linux.CPU, "-smp", "1", "-m", "256M",
               *bench_linux.ICOUNT, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel",
               os.path.join(TOP, "build/kernel/pith.elf"), "-initrd", os.path.join(TOP, "build/tests/native", image),
               "-serial", "stdio"]
    found = {}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
        watch = threading.Timer(LIMIT, machine.kill)
        watch.start()
        for line in machine.stdout:
            fields = line.decode(errors="replace").split()
            if fields[:2] == ["bench", "done"]:
                found["done"] = 1
                break
            assert fields[:1] == ["bench"] and len(fields) == 3, line
            found[fields[1]] = int(fields[2])
        machine.kill()
        watch.cancel()
    assert found.pop("done", None), "the image did not end: %s" % found
    return found


_rows = {}


def all_rows():
    if not _rows:
        _rows.update(rows("schedule.img"))
    return _rows


def test_edf_meets_all_deadlines_at_90_percent_load():
    r = all_rows()
    assert r["edf.jobs"] >= 80 and r["edf.late"] == 0, r
    # What the kernel does alone cannot: neither by fixed priorities nor by turns.
    assert r["rate_monotonic.jobs"] == r["turns.jobs"] == r["edf.jobs"], r
    assert r["rate_monotonic.late"] > 0 and r["turns.late"] > 0, r


def test_stride_gives_shares_within_2_percent():
    r = all_rows()
    for tickets in range(1, 5):
        share, want = r["stride.tickets%d" % tickets], tickets * 1000
        assert abs(share - want) * 100 <= 2 * want, r
        assert abs(r["slices.tickets%d" % tickets] - 2500) * 100 <= 2 * 2500, r


_budget = {}


def budget_rows():
    if not _budget:
        _budget.update(rows("budget.img"))
    return _budget


def test_a_budget_is_a_share_and_the_rest_is_for_others():
    r = budget_rows()
    assert 1950 <= r["budget.share"] <= 2050 and r["budget.rest"] >= 7800, r


def test_lent_time_that_is_used_up_comes_back():
    r = budget_rows()  # a call takes six budgets
    assert 12 <= r["lent.answers"] <= 20, r


def test_a_timeout_handler_gives_more_time():
    r = budget_rows()
    assert r["timeout.wrong"] == 0 and r["timeout.heard"] >= 4 * r["timeout.answers"] >= 4 * 50, r


def test_a_server_goes_on_with_its_reserve():
    r = budget_rows()
    assert r["reserve.answers"] >= 50 and r["reserve.cancelled"] >= 10, r
    assert r["reserve.answers_after"] >= 50, r
