"""The disc: it boots on BIOS and UEFI, and a person at the screen and one at the serial line can use it."""
import os
import re
import socket
import subprocess
import tempfile
import time

from pithtest import TOP

ISO = os.path.join(TOP, "build/pith.iso")
FIRMWARE = "/usr/share/ovmf/OVMF.fd"
LIMIT = 200


class Machine:
    """A PC with the disc, a screen and a serial line; nothing of ./pith run's."""

    def __init__(self, scratch, *arguments):
        self.scratch = scratch
        self.output = b""
        monitor, theirs = socket.socketpair()
        self.monitor = monitor
        os.set_inheritable(theirs.fileno(), True)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-M", "q35", "-m", "512M", "-cpu", "max", "-accel", "tcg",
             "-cdrom", ISO, "-boot", "d", "-display", "none", "-vga", "std", "-serial", "stdio",
             "-chardev", "socket,id=monitor,fd=%d" % theirs.fileno(), "-mon", "monitor",
             "-net", "none", "-no-reboot", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()])
        theirs.close()
        os.set_blocking(self.process.stdout.fileno(), False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def expect(self, pattern):
        """Wait until the serial line has shown the pattern; forget what is up to its end."""
        end = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self.output)
            if found:
                self.output = self.output[found.end():]
                return found
            assert time.monotonic() < end and self.process.poll() is None, (pattern, self.output)
            self.output += self.process.stdout.read() or b""
            time.sleep(0.02)

    def type(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def press(self, *keys):
        for key in keys:
            self.monitor.sendall(b"sendkey %s 20\n" % key.encode())
            time.sleep(0.1)

    def screen(self):
        """Columns and rows of pixels, and how many of them are not black."""
        path = os.path.join(self.scratch, "screen.ppm")
        self.monitor.sendall(b"screendump %s\n" % path.encode())
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                with open(path, "rb") as file:
                    head, pixels = file.read().split(b"\n255\n", 1)
            except (FileNotFoundError, ValueError):
                time.sleep(0.1)
                continue
            width, height = (int(n) for n in head.split()[1:3])
            if len(pixels) == width * height * 3:
                return width, height, len(pixels) - pixels.count(0)
        raise AssertionError("no screendump")

    def expect_more_than(self, before):
        """The screen may come later than the serial line."""
        end = time.monotonic() + 30
        while self.screen()[2] <= before:
            assert time.monotonic() < end, "nothing was written on the screen"
            time.sleep(0.1)


def use(*arguments):
    with tempfile.TemporaryDirectory() as scratch, Machine(scratch, *arguments) as machine:
        machine.expect(rb"\n/ # ")
        machine.type(b"stty size; expr 6 \\* 7\r")
        size = machine.expect(rb"(\d+) (\d+)\r\n42\r\n")
        width, height, before = machine.screen()
        assert (width // 8, height // 16) == (int(size[2]), int(size[1])), (width, height, size[0])
        assert before, "the screen is black"
        machine.expect(rb"/ # ")
        # "Echo" with the shift key, a digit, an arrow and a control character.
        machine.press("e", "c", "h", "o", "spc", "shift-k", "7", "9", "left", "8", "ctrl-e", "ret")
        machine.expect(rb"K789\r\n")
        machine.expect_more_than(before)
        machine.type(b"exit\r")
        assert machine.process.wait(60) == 0


def test_bios_shell_on_screen_and_serial_line():
    use()


def test_uefi_shell_on_screen_and_serial_line():
    use("-bios", FIRMWARE)


def test_boot_entry_of_the_benchmark():
    with tempfile.TemporaryDirectory() as scratch, Machine(scratch) as machine:
        machine.expect(rb"automatically in")
        machine.press("down", "ret")
        assert machine.expect(rb"getppid\s+(\d+)")


def test_boot_entry_of_the_kernel_s_benchmark():
    with tempfile.TemporaryDirectory() as scratch, Machine(scratch) as machine:
        machine.expect(rb"automatically in")
        machine.press("down", "down", "ret")
        machine.expect(rb"ipc\.call\.cross\.words8")


for _test in list(globals().values()):
    if callable(_test) and getattr(_test, "__name__", "").startswith("test_"):
        _test.limit = LIMIT + 40
