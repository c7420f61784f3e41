"""A person at the terminal: a shell on a pseudo-terminal, key by key."""
import time

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


def test_job_control_in_bash():
    with start("bash", "--norc", "-i") as t:
        t.expect(PROMPT)
        t.type("sleep 1000 | cat\r")
        t.expect("cat\r\n")
        time.sleep(1)
        t.type("\x1a")
        t.expect(r"\[1\]\+  Stopped +sleep 1000 \| cat\r\n.*" + PROMPT)
        t.type("bg\r")
        t.expect(r"\[1\]\+ sleep 1000 \| cat &\r\n.*" + PROMPT)
        t.type("kill %1; wait; echo gone\r")
        t.expect(r"\r\ngone\r\n.*" + PROMPT)
        t.type("cat &\r")
        t.expect(r"Stopped +cat|# ")
        t.type("fg\r")
        t.expect("\r\ncat\r\n")
        t.type("hello\r")
        t.expect("hello\r\nhello\r\n")
        t.type(CTRL_D)
        t.expect(PROMPT)
        t.type("exit 3\r")
        assert t.wait() == 3


def line_editing(shell, prompt, *options):
    with start(shell, *options) as t:
        t.expect(prompt)
        t.type("echo one two\x1b[D\x1b[D\x1b[DX\r")  # three to the left
        t.expect(r"\r\none Xtwo\r\n")
        t.expect(prompt)
        t.type("\x1b[A\r")  # history: the last line again
        t.expect(r"\r\none Xtwo\r\n")
        t.expect(prompt)
        t.type("echo /etc/hostn\t\r")
        t.expect(r"\r\n/etc/hostname *\r\n")
        t.expect(prompt)
        t.type("exit 0\r")
        assert t.wait() == 0


def test_line_editing_in_bash():
    line_editing("bash", PROMPT, "--norc", "-i")


def test_line_editing_in_zsh():
    line_editing("zsh", "# ", "-f", "-i")


def test_vi_and_less():
    with start("sh") as t:
        t.expect(PROMPT)
        t.type("vi /tmp/f\r")
        t.expect(r"/tmp/f")
        t.type("i")
        t.expect("I /tmp/f")
        t.type("hello")
        t.expect("hello")
        t.type("\x1b")
        t.expect("- /tmp/f")
        t.type(":wq\r")
        t.expect(PROMPT)
        t.type("cat /tmp/f\r")
        t.expect(r"\r\nhello\r\n")
        t.type("seq 200 | less\r")
        t.expect(r"K20\r\n")
        t.type("G")
        t.expect("200")
        t.type("q")
        t.expect(PROMPT)
        t.type("exit 0\r")
        assert t.wait() == 0


def test_top():
    with start("busybox", "top", "-d", "1") as t:
        t.expect("Mem: ")
        t.expect("PID")
        t.expect("busybox top")
        # Once more, with what has changed.
        t.expect("Mem: ")
        t.type("q")
        assert t.wait() == 0
        assert t.is_restored()
