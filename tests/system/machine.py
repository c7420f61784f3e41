"""./pith run's options on the whole system."""
import os
import subprocess
import tempfile
import time

from pithtest import PITH, TOP, Terminal, pith, run


def test_root_is_laid_over():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/etc")
        with open(folder + "/etc/hostname", "w") as f:
            f.write("over\n")
        with open(folder + "/hello", "w") as f:
            f.write("#!/bin/sh\necho hello from $0 $*\n")
        os.chmod(folder + "/hello", 0o755)
        os.symlink("hello", folder + "/link")
        assert pith("/link", "a", "b", options=["--root", folder]) == (
            0, b"hello from /link a b\n", b"")
        assert pith("cat", "/etc/hostname", "/etc/group", options=["--root", folder])[1] \
            .startswith(b"over\nroot:x:0:")


def test_nothing_is_written_to_the_host():
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/file", "w") as f:
            f.write("before\n")
        status, out, _ = pith("sh", "-c", "echo after >/file; rm /etc/passwd; cat /file",
                              options=["--root", folder])
        assert (status, out) == (0, b"after\n")
        with open(folder + "/file") as f:
            assert f.read() == "before\n"
        # Nor to the image: the next run has it as it was.
        assert pith("cat", "/etc/passwd")[0] == 0


def test_timeout():
    start = time.monotonic()
    status, out, _ = pith("sh", "-c", "echo started; sleep 1000", options=["--timeout", "10"])
    assert status == 124 and out == b"started\n"
    assert 9 < time.monotonic() - start < 30


def test_timeout_of_a_busy_program():
    assert pith("sh", "-c", "while :; do :; done", options=["--timeout", "8"])[0] == 124


def test_prompt_in_32_mib():
    with Terminal([PITH, "run", "--memory", "32M"]) as t:
        t.expect("# ")
        t.type("echo $((40 + 2))\r")
        t.expect("\r\n42\r\n")
        t.type("exit\r")
        assert t.wait() == 0


def test_1_gib():
    assert pith("true", options=["--memory", "1G"])[0] == 0


def free_mib():
    with open("/proc/meminfo") as f:
        return int(next(line for line in f if line.startswith("MemAvailable")).split()[1]) >> 10


def test_much_memory():
    for gib in (4, 8):
        if free_mib() > 512:  # the host's pages come as they are touched
            assert pith("sh", "-c", "echo $((1 + 1))", options=["--memory", "%dG" % gib]) == (
                0, b"2\n", b"")


def test_more_processors_than_are_used():
    for cpus in ("2", "8"):
        assert pith("true", options=["--cpus", cpus])[0] == 0


READ_ONLY = """
mount --bind "$1" "$2" && mount -o remount,ro,bind "$2" || exit 99
! touch "$2/x" 2>/dev/null && "$2/pith" run -- sh -c 'echo x; exit 5'
"""


def test_tree_that_may_only_be_read():
    """What was built before still runs; its log goes to TMPDIR."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/tree")
        os.mkdir(folder + "/tmp")
        status, out, err = run(
            ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", TOP, folder + "/tree"],
            env=dict(os.environ, TMPDIR=folder + "/tmp"))
        if b"unshare failed" in err or status == 99:
            return  # only root may mount
        assert (status, out, err) == (5, b"x\n", b"")
        assert os.listdir(folder + "/tmp") == ["pith.%d.log" % os.getuid()]


def test_log_is_apart_from_the_streams():
    with tempfile.TemporaryDirectory() as folder:
        assert pith("echo", "x", options=["--log", folder + "/log"]) == (0, b"x\n", b"")
        assert os.path.getsize(folder + "/log") > 0


def test_icount_repeats():
    runs = [pith("sh", "-c", "echo $((1 + 1))", options=["--icount"]) for _ in range(2)]
    assert runs[0] == runs[1] == (0, b"2\n", b"")


def test_concurrent_runs():
    children = [subprocess.Popen([PITH, "run", "--", "sh", "-c", "cat; exit %d" % n],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                for n in range(3)]
    for n, child in enumerate(children):
        out, _ = child.communicate(b"%d\n" % n, timeout=120)
        assert (child.returncode, out) == (n, b"%d\n" % n)


def test_time_to_prompt():
    """Well below what a person notices, even under emulation on a slow host."""
    pith("true")
    start = time.monotonic()
    assert pith("true")[0] == 0
    assert time.monotonic() - start < 10


def test_power_off():
    for command in ("poweroff", "poweroff -f", "kill -USR2 1"):
        status, out, err = pith("sh", "-c", "echo before; %s; sleep 60; echo after" % command)
        assert (status, out, err) == (0, b"before\n", b""), (command, status, out, err)
