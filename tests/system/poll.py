"""poll on the standard streams: input that comes while a program waits for it with a time limit."""
import subprocess
import time

from pithtest import PITH, Terminal

# The shell's read -t polls.
SCRIPT = "echo ready; read -t 50 x && echo got $x; read -t %s y || echo end"


def command(limit):
    return [PITH, "run", "--", "busybox", "sh", "-c", SCRIPT % limit]


def test_terminal():
    with Terminal(command("0.5")) as t:
        t.expect("ready\r\n")
        time.sleep(0.5)
        t.type("abc\r")
        t.expect("got abc\r\n", timeout=20)
        t.expect("end\r\n")
        assert t.wait() == 0


def test_stream_and_its_end():
    with subprocess.Popen(command("50"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        assert p.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        p.stdin.write(b"abc\n")
        p.stdin.flush()
        assert p.stdout.readline() == b"got abc\n"
        time.sleep(0.5)
        start = time.monotonic()
        p.stdin.close()
        assert p.stdout.read() == b"end\n"
        assert time.monotonic() - start < 20
        assert p.wait() == 0
