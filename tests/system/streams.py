"""A program's streams and status through the whole system."""
import hashlib
import random
import subprocess

from pithtest import PITH, pith

BIG = 16 << 20


def test_hello():
    status, out, err = pith("busybox", "sh", "-c", "echo hello; echo oops >&2; "
                            "seq 100000 | sort -rn | head -1; exit 7")
    assert (status, out, err) == (7, b"hello\n100000\n", b"oops\n")


def test_all_byte_values():
    data = bytes(range(256)) * 5
    assert pith("busybox", "cat", stdin=data) == (0, data, b"")


def test_all_byte_values_to_standard_error():
    data = bytes(range(256)) * 5
    assert pith("busybox", "sh", "-c", "cat >&2", stdin=data) == (0, b"", data)


def test_16_mib_each_way():
    data = random.Random(2).randbytes(BIG)
    status, out, err = pith("busybox", "cat", stdin=data, timeout=280)
    assert (status, err) == (0, b"")
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()


test_16_mib_each_way.limit = 300


def test_empty_input():
    assert pith("busybox", "cat") == (0, b"", b"")
    assert pith("busybox", "cat", stdin=subprocess.DEVNULL) == (0, b"", b"")


def test_input_that_nobody_reads():
    assert pith("busybox", "true", stdin=b"x" * (1 << 20)) == (0, b"", b"")


def test_closed_output_pipe():
    reader = subprocess.Popen("%s run -- busybox yes | head -1" % PITH, shell=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert reader.communicate(timeout=120)[0] == b"y\n"


def test_closed_output_pipe_ends_the_writer():
    script = "%s run -- busybox yes | head -1; exit ${PIPESTATUS[0]}" % PITH
    done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=120, check=False)
    assert done.stdout == b"y\n"
    assert done.returncode in (1, 141)  # yes sees EPIPE, or dies of SIGPIPE


def test_arguments():
    words = ["", "a  b", "$HOME", "*", "'", '"', "\\", "a\nb", "\u00e9", "--"]
    status, out, _ = pith("busybox", "printf", "<%s>", *words)
    assert status == 0
    assert out.decode() == "".join("<%s>" % w for w in words)


def test_environment():
    status, out, _ = pith("busybox", "env")
    names = sorted(line.split("=")[0] for line in out.decode().splitlines())
    assert status == 0 and {"HOME", "PATH", "TERM"} <= set(names), names
    assert b"HOME=/root\n" in out and b"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n" in out


def test_program_that_does_not_exist():
    status, out, err = pith("/nonexistent")
    assert status == 127 and out == b"" and b"/nonexistent" in err


def test_program_that_is_not_executable():
    status, out, err = pith("/etc/passwd")
    assert status == 126 and out == b"" and b"/etc/passwd" in err
