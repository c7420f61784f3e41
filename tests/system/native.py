"""Native calls of a program (tests/linux/native.c) harm nobody else."""
from pithtest import pith


def test_the_system_goes_on():
    status, out, _ = pith("sh", "-c", "/tests/native >/dev/null; echo after $?; ls / | wc -l; "
                          "seq 1000 | tail -1", options=["--tests"], timeout=120)
    assert status == 0, status
    lines = out.split()
    assert lines[:2] == [b"after", b"0"] and lines[-1] == b"1000", out
