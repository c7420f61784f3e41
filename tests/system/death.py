"""What follows when a component of the system dies (servers/supervisor/break.h): the log names
it, the address and the cause, and the run ends with a status of its own, or goes on. Nobody
hangs."""
import os
import re
import subprocess
import tempfile

from pithtest import PITH, Terminal, pith

# The break comes long after the first line, on a busy machine, too.
SCRIPT = "echo start; sleep 3; echo end; exit 5"
MOMENT = 1200
STOPPED = b"the machine stopped without a status"
CAUSES = {
    "null": r"page fault at 0x0 \(execute\), ip 0x0, sp 0x[0-9a-f]+",
    "stack": r"page fault at 0x[0-9a-f]{1,2} \((read|write)\), ip 0x[0-9a-f]{7}, sp 0x8",
    "illegal": r"exception 13, error code 0x0, ip 0x[0-9a-f]{7}, sp 0x[0-9a-f]+",
}


def broken(what, script=SCRIPT, options=(), **more):
    """Run the script with something breaking. Returns (status, stdout, stderr, log)."""
    with tempfile.TemporaryDirectory() as folder:
        status, out, err = pith("sh", "-c", script, options=[
            "--timeout", "40", "--log", folder + "/log", "--boot-args", what, *options], **more)
        with open(folder + "/log", encoding="latin-1") as log:
            return status, out, err, log.read()


def assert_ends(what, script=SCRIPT, out=b"start\n", **more):
    name, how = re.match(r"break=(\w+)@\d+:?(\w*)", what).groups()
    status, said, err, log = broken(what, script, **more)
    assert status == 70 and STOPPED in err, (status, err, log)
    assert out is None or said == out, said
    death = "ended with status 3" if how == "exit" else "died: " + CAUSES[how or "null"]
    assert re.search("supervisor: %s %s\r?\n" % (name, death), log), log
    # And ./pith shows it.
    assert ("supervisor: %s" % name).encode() in err and b"cannot go on" in err, err
    # In the order of what happened.
    assert log.index("supervisor: " + name) < log.index("cannot go on"), log


def ends_test(name, how):
    def test():
        assert_ends("break=%s@%d:%s" % (name, MOMENT, how))
    return test


for _name in ("console", "file", "process", "terminal", "net"):
    for _how in ("null", "stack", "illegal", "exit"):
        globals()["test_%s_%s" % (_name, _how)] = ends_test(_name, _how)


def test_uart_is_dispensable():
    for how, cause in CAUSES.items():
        status, out, err, log = broken("break=uart@%d:" % MOMENT + how)
        assert (status, out, err) == (5, b"start\nend\n", b""), (status, out, err)
        assert re.search("supervisor: uart died: " + cause, log), log


def test_lines_reach_the_log_without_uart():
    status, _, err, log = broken("break=uart@400 break=file@500")
    assert status == 70 and STOPPED in err
    assert "uart died" in log and "supervisor: file died" in log and "cannot go on" in log, log


def test_two_at_once():
    for names in (("file", "process"), ("process", "terminal"), ("uart", "console", "file")):
        status, _, err, log = broken(" ".join("break=%s@500" % name for name in names))
        assert status == 70 and STOPPED in err, (status, err)
        assert re.search("supervisor: (%s) died" % "|".join(names), log), log


def test_at_the_start():
    for name in ("console", "file", "process", "terminal", "net"):
        assert_ends("break=%s@1" % name, out=None)


def test_supervisor():
    for how, cause in CAUSES.items():
        status, out, err, log = broken("break=supervisor@%d:" % MOMENT + how)
        assert status == 70 and STOPPED in err and out == b"start\n", (status, out, err)
        cause = cause.replace("0x", "")
        assert re.search("pith: panic: the first task died: " + cause, log), log
        assert "\npith: stopped" in log and re.search("thread ffff", log), log
        assert re.search(r"  ffffffff80[0-9a-f]+ ipc_fault(\.cold)?\+", log), log
        assert b"pith: panic" in err or b"called from" in err, err


def test_pipe_in_traffic():
    for name in ("file", "process", "terminal", "console"):
        assert_ends("break=%s@700" % name, "yes | cat >/dev/null", out=b"")


def test_output_in_traffic():
    for name in ("file", "process", "terminal", "console"):
        status, out, err, log = broken("break=%s@%d" % (name, MOMENT), "yes")
        assert status == 70 and STOPPED in err and name + " died" in log, (status, err, log)
        assert set(out) <= {ord("y"), ord("\n")} and len(out) > 100
    # Long enough that the death comes in the middle on any machine.
    status, out, _, log = broken("break=uart@300", "yes | head -c 24000000; exit 6")
    assert status == 6 and out == b"y\n" * 12000000 and "uart died" in log, (status, log)


def test_files_in_traffic():
    for name in ("file", "process"):
        assert_ends("break=%s@700" % name,
                    "while :; do cat /etc/passwd >/tmp/a; cat /tmp/a /tmp/a >/tmp/b; done", out=b"")


def test_sockets_in_traffic():
    for name in ("net", "file", "process"):
        status, _, err, log = broken("break=%s@700" % name,
                                     "while :; do /tests/socket; /tests/passing; done",
                                     options=("--tests",))
        assert status == 70 and STOPPED in err and name + " died" in log, (status, err, log)


def test_output_that_the_host_does_not_take():
    """The terminal cannot get rid of the output: the supervisor does not wait for ever."""
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [PITH, "run", "--log", folder + "/log", "--timeout", "40", "--boot-args",
             "break=process@%d" % MOMENT, "--", "yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Nothing reads the pipe until the machine has stopped.
        while "the terminal does not answer" not in open(folder + "/log", encoding="latin-1").read() \
                if os.path.exists(folder + "/log") else True:
            assert child.poll() is None
            try:
                child.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        _, err = child.communicate(timeout=40)
        assert child.returncode == 70 and STOPPED in err, (child.returncode, err)


def test_interactive_read():
    for name in ("file", "process", "terminal", "console"):
        with Terminal([PITH, "run", "--boot-args", "break=%s@1500" % name, "--timeout", "40"]) as t:
            t.expect("# ")
            assert t.wait() == 70, t.shown
            assert STOPPED in t.shown and t.is_restored()


def test_death_of_a_program_is_a_status():
    status, _, _, log = broken("none", "kill -SEGV $$")
    assert status == 139 and " died" not in log, (status, log)


def test_words_that_are_not_understood():
    for word in ("break=nobody@5", "break=file", "break=file@x", "break=file@5:how",
                 "break=file@5x", "break=@", "break=file@99999999999999999999"):
        status, out, _, log = broken(word + " other=word", "echo on")
        assert (status, out) == (0, b"on\n")
        assert "'%s' is not break=" % word in log, log


for _test in ("test_at_the_start", "test_pipe_in_traffic", "test_output_in_traffic",
              "test_sockets_in_traffic", "test_interactive_read", "test_words_that_are_not_understood"):
    globals()[_test].limit = 240
