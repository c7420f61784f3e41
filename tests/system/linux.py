"""The programs of tests/linux on the system: each prints `ok` and `not ok` lines."""
import glob
import os
import re

from pithtest import PITH, TOP, Terminal, pith


def names():
    """The tests among them: others are there to be started by tests."""
    for path in sorted(glob.glob(os.path.join(TOP, "tests/linux/*.c"))):
        with open(path) as f:
            if re.search(r'#include "tap(_child)?\.h"', f.read()):
                yield os.path.basename(path)[:-2]


def program_test(name):
    def test():
        status, out, err = pith("/tests/" + name, options=["--tests"], timeout=120)
        lines = out.decode(errors="replace").splitlines()
        assert any(line.startswith("ok ") for line in lines), (status, out, err)
        assert status == 0 and not any(line.startswith("not ok") for line in lines), \
            "status %s\n%s" % (status, (out + err).decode(errors="replace"))
    return test


for _name in names():
    globals()["test_" + _name] = program_test(_name)


def test_one_after_another_below_a_shell():
    script = "for t in %s; do /tests/$t >/tmp/out || { echo $t: $?; grep -v '^ok' /tmp/out; }; done" \
        % " ".join(names())
    result = pith("sh", "-c", script, options=["--tests"], timeout=140)
    assert result == (0, b"", b""), result


def on_terminal(name):
    with Terminal([PITH, "run", "--tests", "--", "/tests/" + name]) as t:
        assert t.wait() == 0, t.shown
        assert b"ok " in t.shown and b"not ok" not in t.shown, t.shown
        assert t.is_restored()


def test_tty_on_a_terminal():
    on_terminal("tty")


def test_native_on_a_terminal():
    on_terminal("native")


def test_a_signal_at_each_instruction():
    status, out, err = pith("/tests/sigstep", options=["--tests", "--icount"], timeout=120)
    assert status == 0 and b"# instructions are counted" in out and b"not ok" not in out, (status, out, err)
