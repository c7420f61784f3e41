"""What tests share: running commands with a time limit, and a terminal to run them on.

Everything that a test starts is in a process group of its own, which is killed when
the test's time is over.
"""
import errno
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import fcntl
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PITH = os.path.join(TOP, "pith")
RELAY = os.path.join(TOP, "build/host/relay")

# Seconds that a machine may take for an ordinary command, under emulation on a slow host.
SYSTEM_TIMEOUT = 60


def run(args, stdin=b"", timeout=SYSTEM_TIMEOUT, cwd=None, env=None):
    """Run a command; returns (status, stdout, stderr), the last two as bytes.

    stdin: bytes, or an open file. status: 128 + n when signal n ended it; None when it
    took longer than timeout seconds.
    """
    feed = stdin if isinstance(stdin, bytes) else None
    process = subprocess.Popen(
        [str(a) for a in args], cwd=cwd, env=env, start_new_session=True,
        stdin=subprocess.PIPE if feed is not None else stdin,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(feed, timeout)
    except subprocess.TimeoutExpired:
        kill(process)
        out, err = process.communicate()
        return None, out, err
    status = process.returncode
    return (128 - status if status < 0 else status), out, err


def pith(*command, options=(), **more):
    """./pith run OPTIONS -- COMMAND"""
    return run([PITH, "run", *options, "--", *command], **more)


def kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Terminal:
    """A program on a terminal of its own: type at it, and wait for what it shows."""

    def __init__(self, args, rows=24, columns=80, env=None):
        self.shown = b""
        self.at = 0
        self.status = None
        master, slave = pty.openpty()
        self.master = master
        self.slave = slave
        self.resize(rows, columns)
        self.attributes = termios.tcgetattr(slave)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([str(a) for a in args], stdin=slave, stdout=slave,
                                        stderr=slave, preexec_fn=take_terminal, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        kill(self.process)
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def read(self, timeout):
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            return False
        self.shown += data
        return True

    def expect(self, pattern, timeout=SYSTEM_TIMEOUT):
        """Wait for a regular expression in what is shown after the last match."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern.encode(), self.shown[self.at:])
            if match:
                self.at += match.end()
                return match
            left = end - time.monotonic()
            if left <= 0 or not self.read(min(left, 0.5)) and self.process.poll() is not None:
                raise AssertionError("never showed %r; showed %r"
                                     % (pattern, self.shown[self.at:][-2000:]))

    def wait(self, timeout=SYSTEM_TIMEOUT):
        """The status it ends with; what it shows until then is read."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < end, "still runs; showed %r" % self.shown[self.at:][-2000:]
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    def is_restored(self):
        """Whether the terminal's modes are what they were before."""
        return termios.tcgetattr(self.slave) == self.attributes
