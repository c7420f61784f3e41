"""The shell as a person sees it: in tmux, a whole terminal emulator, by what stands on its screen."""
import os
import subprocess
import time

from pithtest import PITH

SOCKET = "pith-test-%d" % os.getpid()
LIMIT = 60


def tmux(*args):
    return subprocess.run(("tmux", "-L", SOCKET, "-f", "/dev/null") + args, check=True,
                          capture_output=True, text=True).stdout


def wait_for(text):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        screen = tmux("capture-pane", "-p")
        if text in screen:
            return screen
        time.sleep(0.1)
    raise AssertionError("never on the screen: %r; there was:\n%s" % (text, screen))


def keys(*names):
    tmux("send-keys", *names)


def test_a_session_in_tmux():
    tmux("new-session", "-d", "-x", "80", "-y", "24", "exec %s run" % PITH)
    try:
        wait_for("/ #")
        keys("echo typoo", "BSpace", " $((6 * 7))", "Enter")
        wait_for("\ntypo 42\n")
        keys("stty size", "Enter")
        wait_for("24 80")
        keys("cat | cat", "Enter")
        time.sleep(0.5)
        keys("over and over", "Enter")
        wait_for("over and over\nover and over\n")
        keys("C-c")
        keys("echo status $?", "Enter")
        wait_for("status 130")
        keys("C-d")
        end = time.monotonic() + LIMIT
        while subprocess.run(("tmux", "-L", SOCKET, "has-session"), capture_output=True).returncode == 0:
            assert time.monotonic() < end, "Ctrl-D did not end the shell"
            time.sleep(0.1)
    finally:
        subprocess.run(("tmux", "-L", SOCKET, "kill-server"), capture_output=True)
