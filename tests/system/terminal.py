"""A person at the terminal: a shell on a pseudo-terminal, key by key."""
from pithtest import PITH, Terminal

PROMPT = r"# "
CTRL_C = "\x03"
CTRL_D = "\x04"
CTRL_U = "\x15"
CTRL_BACKSLASH = "\x1c"
ERASE = "\x7f"


def start(*command):
    return Terminal([PITH, "run"] + (["--"] + list(command) if command else []))


def test_shell_is_the_default_program():
    with start() as t:
        t.expect(PROMPT)
        t.type("echo $((6 * 7))\r")
        t.expect(r"\r\n42\r\n.*" + PROMPT)
        t.type("exit 9\r")
        assert t.wait() == 9
        assert t.is_restored()


def test_streams_are_a_terminal():
    with start("busybox", "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo all three") as t:
        t.expect("all three\r\n")
        assert t.wait() == 0


def test_echo_and_erase():
    with start("busybox", "sh", "-c", "echo ready; cat") as t:
        t.expect("ready\r\n")
        t.type("abx" + ERASE + "c\r")
        t.expect("abx\b \bc\r\nabc\r\n")
        t.type("lost" + CTRL_U + "kept\r")
        t.expect("\r\nkept\r\n")
        t.type(CTRL_D)
        assert t.wait() == 0


def test_end_of_input_in_a_line():
    with start("busybox", "sh", "-c", "echo ready; cat") as t:
        t.expect("ready\r\n")
        t.type("half" + CTRL_D)
        t.expect("halfhalf")
        t.type(CTRL_D)
        assert t.wait() == 0


def test_interrupt_of_a_pipeline():
    with start() as t:
        t.expect(PROMPT)
        # Once a program speaks, the shell has given the terminal its ordinary modes back.
        t.type("(echo ready; while read a; do echo got $a; done) | cat | cat\r")
        t.expect("\r\nready\r\n")
        t.type("key\r")
        t.expect("key\r\ngot key\r\n")
        t.type(CTRL_C)
        t.expect(PROMPT)
        t.type("echo status=$?\r")
        t.expect(r"status=130\r\n")
        t.expect(PROMPT)
        t.type("exit\r")
        t.wait()
        assert t.is_restored()


def test_interrupt_of_the_program_itself():
    with start("busybox", "sh", "-c", "echo ready; exec sleep 1000") as t:
        t.expect("ready\r\n")
        t.type(CTRL_C)
        assert t.wait() == 130
        assert t.is_restored()


def test_interrupt_handler():
    with start("busybox", "sh", "-c", "trap 'echo caught; exit 5' INT; echo ready; "
               "while :; do sleep 1; done") as t:
        t.expect("ready\r\n")
        t.type(CTRL_C)
        t.expect("caught\r\n")
        assert t.wait() == 5


def test_quit():
    # The shell itself does not die of SIGQUIT: wait until it is sleep.
    with start("busybox", "sh", "-c", "(sleep 0.5; echo ready) & exec sleep 1000") as t:
        t.expect("ready\r\n")
        t.type(CTRL_BACKSLASH)
        assert t.wait() == 131


def test_end_of_input_ends_the_shell():
    with start() as t:
        t.expect(PROMPT)
        t.type(CTRL_D)
        assert t.wait() == 0
        assert t.is_restored()


def test_window_size():
    with start() as t:
        t.expect(PROMPT)
        t.type("stty size\r")
        t.expect(r"\r\n24 80\r\n")
        t.expect(PROMPT)
        t.resize(50, 132)
        t.type("trap 'stty size' WINCH\r")
        t.expect(PROMPT)
        t.type("stty size\r")
        t.expect(r"50 132\r\n")
        t.expect(PROMPT)
        t.type("exit 0\r")
        assert t.wait() == 0


def test_raw_mode():
    with start("busybox", "sh", "-c", "stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null "
               "| od -An -tx1; stty sane") as t:
        t.expect("ready")
        t.type("\x03\x04\r")
        t.expect("03 04 0d")
        assert t.wait() == 0
