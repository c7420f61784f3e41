"""What a machine that cannot run the system says, and what ./pith makes of it."""
import os
import re
import struct
import tempfile

from pithtest import TOP, pith

IMAGE = os.path.join(TOP, "build/pith.img")
BOOT_OFFSET = 48  # abi/image.h
# Shown however the kernel stops: registers, callers by name, the thread.
REGISTERS = (rb"rsp ffffffff80[0-9a-f]{6} rbp [0-9a-f]{16} rbx [0-9a-f]{16}\n"
             rb"r12 [0-9a-f]{16} r13 [0-9a-f]{16} r14 [0-9a-f]{16} r15 [0-9a-f]{16}\n"
             rb"cr0 [0-9a-f]+ cr2 [0-9a-f]+ cr3 [0-9a-f]+ cr4 [0-9a-f]+\n")


def stopped(*options):
    status, out, err = pith("true", options=["--timeout", "30", *options])
    assert (status, out) == (70, b""), (status, out, err)
    assert err.startswith(b"pith: the machine stopped without a status; see "), err
    return err.replace(b"\r", b"")


def assert_panic(text, function, *options):
    err = stopped(*options)
    assert re.search(rb"^pith: panic: " + text + rb"[^\n]*\n" + REGISTERS + rb"called from:\n", err,
                     re.M), err
    assert re.search(rb"^  [0-9a-f]{16} " + function + rb"\+[0-9a-f]+\n", err, re.M), err
    assert err.endswith(b"no thread was running\npith: stopped\n"), err


def with_image(data, check):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        check("--qemu-args=-initrd " + file.name)


def image():
    with open(IMAGE, "rb") as file:
        return file.read()


def test_no_image():
    with_image(b"", lambda o: assert_panic(b"no boot image", b"boot_main", o))


def test_image_of_something_else():
    for data in (b"x", b"\x1f\x8b" + bytes(100000)):
        with_image(data, lambda o: assert_panic(b"the boot image is none of Pith's", b"kernel_boot", o))


def test_image_cut_short():
    with_image(image()[:4096],
               lambda o: assert_panic(b"the boot image is cut short", b"kernel_boot", o))

    def check(option):
        assert b"supervisor: the boot image is damaged or cut short" in stopped(option)
    for length in (1 << 20, len(image()) - 4096):
        with_image(image()[:length], check)


def test_damaged_supervisor():
    data = image()
    at, = struct.unpack_from("<Q", data, BOOT_OFFSET)
    with_image(data[:at] + bytes(64) + data[at + 64:],
               lambda o: assert_panic(b"the boot image's supervisor is no static ELF", b"kernel_boot", o))


def test_processor_without_fsgsbase():
    assert_panic(b"the processor lacks FSGSBASE", b"cpu_init", "--accel=tcg", "--qemu-args=-cpu qemu64")


def test_too_little_memory():
    image = os.path.getsize(os.path.join(TOP, "build/pith.img")) // (1 << 20)
    assert_panic(b"not enough memory", b"take", "--memory", "%dM" % (image + 2))
    for more in (3, 4, 6):
        err = stopped("--memory", "%dM" % (image + more))
        assert b"memory" in err and b"panic: assertion" not in err and b"exception" not in err, err
    assert b"initrd is too large" in stopped("--memory", "1M")
