"""The relay, with tests/host/fake_qemu.c in the place of QEMU and the guest."""
import hashlib
import os
import random
import signal
import subprocess
import tempfile
import time

from pithtest import RELAY, TOP, Terminal, run

FAKE = os.path.join(TOP, "build/host/fake_qemu")
MEGABYTES_16 = random.Random(1).randbytes(16 << 20)


def relay(*command, options=(), machine=(), **more):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log, with a comma")
        return run([RELAY, "--log", log, *options, FAKE, *machine, "--", *command], **more)


def shell(script, timeout=20):
    """Run a shell script in which $RELAY is the relay with its options."""
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, RELAY="%s --log %s/log %s --" % (RELAY, folder, FAKE))
        return run(["bash", "-c", script], env=env, timeout=timeout)


def test_statuses():
    for status in range(256):
        assert relay("status", status)[0] == status


def test_start_frame():
    status, out, _ = relay("start", "", "a b", "\u00e9", env=dict(os.environ, TERM="vt220"))
    assert status == 0
    assert out.decode() == ("0 0 0\nstart\n\na b\n\u00e9\nHOME=/root\n"
                            "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nTERM=vt220\n")


def test_start_frame_at_its_limit():
    # Fixed strings and numbers of the frame take less than 128 bytes.
    command = ["start"] + ["x" * 100000, "y" * (131072 - 100000 - 128)]
    assert relay(*command)[0] == 0


def test_command_too_long():
    status, _, err = relay("start", "x" * 100000, "y" * 40000)
    assert status == 2 and b"--root" in err


def test_all_bytes():
    data = bytes(range(256)) * 3
    assert relay("cat", stdin=data) == (0, data, b"")
    assert relay("cat-err", stdin=data) == (0, b"", data)


def test_16_mib_in_and_out():
    status, out, _ = relay("cat", stdin=MEGABYTES_16)
    assert status == 0 and out == MEGABYTES_16


def test_16_mib_on_both_outputs_drained_after_exit():
    status, out, err = relay("flood", 16 << 20)
    assert status == 0 and len(out) == len(err) == 8 << 20
    assert hashlib.sha256(out).digest() != hashlib.sha256(err).digest()


def test_slow_reader():
    status, out, _ = shell("$RELAY flood 4194304 2>/dev/null | (sleep 0.7; wc -c)")
    assert status == 0 and out.strip() == b"2097152"


def test_slow_writer():
    status, out, _ = shell("(echo a; sleep 0.3; echo b; sleep 0.3; echo c) | $RELAY cat")
    assert (status, out) == (0, b"a\nb\nc\n")


def test_input_is_passed_on_at_once():
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([RELAY, "--log", folder + "/log", FAKE, "--", "cat"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in (b"a\n", b"b\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line
        assert process.communicate(timeout=10)[0] == b""
        assert process.returncode == 0


def test_closed_output_pipe():
    status, out, _ = shell("$RELAY yes | head -1; exit ${PIPESTATUS[0]}")
    assert (status, out) == (1, b"yes\n")


def test_closed_error_pipe():
    status, out, _ = shell("$RELAY yes err 2>&1 >/dev/null | head -1; exit ${PIPESTATUS[0]}")
    assert (status, out) == (2, b"yes\n")


def test_output_closed_from_the_start():
    assert shell("$RELAY yes >&-")[0] == 1


def test_input_closed_from_the_start():
    assert shell("$RELAY cat <&-") == (0, b"", b"")


def test_input_is_null():
    assert shell("$RELAY cat </dev/null") == (0, b"", b"")


def test_input_is_a_folder():
    assert shell("$RELAY cat </")[0] == 0


def test_input_is_a_file():
    with tempfile.NamedTemporaryFile() as f:
        f.write(MEGABYTES_16)
        f.flush()
        status, out, _ = shell("$RELAY cat <%s | sha256sum" % f.name)
    assert status == 0 and out.split()[0].decode() == hashlib.sha256(MEGABYTES_16).hexdigest()


def test_all_streams_closed():
    assert shell("$RELAY status 9 <&- >&- 2>&-")[0] == 9


def test_timeout():
    start = time.monotonic()
    status, _, err = relay("hang", options=["--timeout", "0.5"])
    assert status == 124 and b"0.5 seconds" in err
    assert 0.4 < time.monotonic() - start < 5


def test_timeout_of_a_deaf_machine():
    assert relay("hang", machine=["deaf"], options=["--timeout", "0.3"])[0] == 124


def test_bad_timeouts():
    for text in ("", "x", "0", "-1", "nan", "inf", "1s"):
        assert relay("status", 0, options=["--timeout", text])[0] == 2, text


def test_machine_crash_shows_the_log():
    status, _, err = relay("crash")
    assert status == 70
    assert b"stopped without a status" in err and b"crashed on purpose" in err


def test_machine_that_cannot_start():
    with tempfile.TemporaryDirectory() as folder:
        status, _, err = run([RELAY, "--log", folder + "/log", "/nonexistent", "--", "x"])
    assert status == 70 and b"cannot start /nonexistent" in err


def test_garbage_on_the_control_port():
    assert relay("garbage")[0] == 70


def test_signals_end_the_machine():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [RELAY, "--log", folder + "/log", FAKE, "--", "keys"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
            assert process.stdout.readline() == b"ready\n"
            machine = children(process.pid)
            assert len(machine) == 1
            process.send_signal(number)
            assert process.wait(10) == 128 + number
            assert not os.path.exists("/proc/%d" % machine[0])
            process.stdin.close()
            process.stdout.close()


def test_machine_dies_with_a_killed_relay():
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [RELAY, "--log", folder + "/log", FAKE, "--", "keys"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        machine, = children(process.pid)
        process.kill()
        process.wait()
        for _ in range(100):
            if not is_alive(machine):
                break
            time.sleep(0.05)
        assert not is_alive(machine)
        process.stdin.close()
        process.stdout.close()


def test_scratch_is_removed_and_log_is_kept():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/scratch/deep")
        open(folder + "/scratch/deep/file", "w").close()
        status, _, _ = run([RELAY, "--log", folder + "/log", "--last-log", folder + "/last",
                            "--scratch", folder + "/scratch", FAKE, "--", "status", "3"])
        assert status == 3
        assert sorted(os.listdir(folder)) == ["last"]


def terminal(*command, machine=(), **more):
    log = tempfile.mktemp()
    return Terminal([RELAY, "--log", log, FAKE, *machine, "--", *command], **more)


def test_terminal_flags_and_size():
    with terminal("start", rows=33, columns=101) as t:
        t.expect(r"7 33 101")
        assert t.wait() == 0
        assert t.is_restored()


def test_window_size():
    with terminal("winsize") as t:
        t.expect("ready")
        t.resize(50, 132)
        t.process.send_signal(signal.SIGWINCH)
        t.expect("50 132")
        assert t.wait() == 0


def test_terminal_is_raw_and_restored():
    with terminal("keys") as t:
        t.expect("ready")
        assert not t.is_restored()
        t.type(b"\x01\x03\x04\x0d\x0a\x11\x13\x1a\x1c\x7f\xff")
        t.expect("<01><03><04><0d><0a><11><13><1a><1c><7f><ff>")
        t.type("q")
        assert t.wait() == 0
        assert t.is_restored()


def test_terminal_is_restored_on_signals():
    with terminal("keys") as t:
        t.expect("ready")
        t.process.send_signal(signal.SIGTERM)
        assert t.wait() == 143
        assert t.is_restored()


def test_interrupt_of_a_machine_that_is_not_up():
    with terminal("hang", machine=["deaf"]) as t:
        while t.is_restored():
            time.sleep(0.02)
        t.type(b"\x03")
        assert t.wait(10) == 130
        assert t.is_restored()


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(p) for p in f.read().split()]


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

