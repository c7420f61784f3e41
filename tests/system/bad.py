"""Bad programs: the system kills them, one by one, and nothing else."""
import os
import random
import struct
import tempfile

from pithtest import PITH, TOP, pith, run

BUSYBOX = os.path.join(TOP, "build/root/bin/busybox")
BASE = 0x400000
# exit(42)
CODE = bytes.fromhex("b83c000000" "bf2a000000" "0f05" "f4")


def tap(name, *arguments, options=(), **more):
    """Run a program of tests/linux, whose every line must be ok."""
    status, out, err = pith("/tests/" + name, *arguments, options=["--tests", *options], **more)
    bad = [line for line in out.decode().splitlines() if not line.startswith("ok ")]
    assert (status, bad, err) == (0, [], b""), (status, bad, err, out[-500:])


def elf(kind=2, machine=62, entry=BASE + 120, offset=64, size=56, count=1, loads=None, bits=2):
    loads = loads or [(1, 5, 0, BASE, 120 + len(CODE), 120 + len(CODE), 4096)]
    head = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, offset, 0, 0, 64, size, count, 0, 0, 0)
    for t, flags, at, address, length, memory, align in loads:
        head += struct.pack("<IIQQQQQQ", t, flags, at, address, address, length, memory, align)
    return head + CODE


def hostile():
    """Name -> (bytes, what may come of it: status, or -error)."""
    no, any_death = {-8}, {-2, -8, -12, 135, 137, 139}
    load = (1, 5, 0, BASE, 131, 131, 4096)
    top = (1 << 64) - 4096

    def one(*values):
        return elf(loads=[values])

    return {
        "good": (elf(), {42}),
        "empty-magic": (b"\x7fELF", no),
        "header-only": (elf()[:64], no),
        "half-segment": (elf()[:100], no),
        "no-code": (elf()[:120], any_death),
        "32-bit": (elf(bits=1), no),
        "arm": (elf(machine=183), no),
        "object": (elf(kind=1), no),
        "core": (elf(kind=4), no),
        "no-segments": (elf(count=0), no),
        "65535-segments": (elf(count=65535), no),
        "odd-segments": (elf(size=32), no),
        "segments-beyond": (elf(offset=1 << 20), no),
        "segments-at-the-end-of-the-world": (elf(offset=(1 << 64) - 8), no),
        "entry-0": (elf(entry=0), any_death),
        "entry-kernel": (elf(entry=0xffffffff80100000), any_death),
        "entry-odd": (elf(entry=0x1234567812345678), any_death),
        "load-0": (one(1, 5, 0, 0, 131, 131, 4096), any_death),
        "load-kernel": (one(1, 5, 0, 0xffffffff80000000, 131, 131, 4096), any_death),
        "load-top": (one(1, 5, 0, top, 131, 4096, 4096), any_death),
        "load-wraps": (one(1, 5, 0, BASE, 131, (1 << 64) - BASE, 4096), any_death),
        "load-huge": (one(1, 7, 0, BASE, 131, 1 << 46, 4096), any_death),
        "load-environment": (one(1, 7, 0, 0x7f8000000000, 131, 131, 4096), any_death),
        "file-over-memory": (one(1, 5, 0, BASE, 131, 1, 4096), any_death),
        "file-beyond": (one(1, 5, 1 << 30, BASE, 131, 131, 4096), any_death),
        "offset-wraps": (one(1, 5, top, BASE, 131, 131, 4096), any_death),
        "offset-askew": (one(1, 5, 1, BASE, 131, 131, 4096), any_death),
        "not-executable": (one(1, 4, 0, BASE, 131, 131, 4096), any_death),
        "no-rights": (one(1, 0, 0, BASE, 131, 131, 4096), any_death),
        "no-load": (one(4, 5, 0, BASE, 131, 131, 4096), any_death),
        "interpreter": (elf(count=2, loads=[(3, 4, 0, BASE, 9, 9, 1), load]), any_death),
        "overlap": (elf(count=2, entry=BASE + 176, loads=[load, load]), any_death | {42}),
        "descending": (elf(count=2, loads=[load, (1, 5, 0, BASE - 8192, 131, 131, 4096)]), any_death),
    }


def mutants(count, seed):
    rng = random.Random(seed)
    with open(BUSYBOX, "rb") as f:
        original = f.read()
    for _ in range(count):
        image = bytearray(original[:rng.choice([200, 4096, 65536, 300000, len(original)])])
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(64 + 56 * 10) if rng.random() < .8 else rng.randrange(len(image))
            at = min(at, len(image) - 8)
            if rng.random() < .5:
                image[at] = rng.randrange(256)
            else:
                value = rng.choice([0, 1, 0xfff, 1 << 31, 1 << 47, (1 << 63) - 1, (1 << 64) - 1])
                image[at:at + 8] = struct.pack("<Q", value)
        yield bytes(image)


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o755)


def statuses(folder):
    """Run every program of a folder in one boot; name -> status, or -error."""
    status, out, err = pith("sh", "-c", "/tests/execeach /bad; echo alive",
                            options=["--tests", "--root", folder], timeout=120)
    lines = out.decode().splitlines()
    assert (status, err) == (0, b"") and lines and lines[-1] == "alive", (status, err, lines[-3:])
    words = [line.split() for line in lines[:-1]]
    return {name: int(n) * (-1 if what == "error" else 1) for name, what, n in words}


def test_hostile_elf():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/bad")
        cases = hostile()
        for name, (data, _) in cases.items():
            write(folder + "/bad", name, data)
        found = statuses(folder)
    wrong = {n: found.get(n) for n in cases if found.get(n) not in cases[n][1]}
    assert not wrong, wrong


def test_mutated_elf():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/bad")
        images = list(mutants(60, 1))
        for number, data in enumerate(images):
            write(folder + "/bad", "%03d" % number, data)
        assert len(statuses(folder)) == len(images)


def test_bad_interpreters():
    script = r"""
echo '#!/nonexistent' >/tmp/a; chmod +x /tmp/a; /tmp/a 2>/dev/null; echo $?
echo '#!/tmp' >/tmp/a; /tmp/a 2>/dev/null; echo $?
echo '#!/etc/passwd' >/tmp/a; /tmp/a 2>/dev/null; echo $?
echo '#!/tmp/a' >/tmp/a; /tmp/a 2>&1 | sed 's/.*: //'
echo '#! /tmp/c' >/tmp/b; echo '#! /tmp/b' >/tmp/c; chmod +x /tmp/b /tmp/c; /tmp/b 2>/dev/null; echo $?
/tmp 2>/dev/null; echo $?
"""
    status, out, _ = pith("sh", "-c", script)
    assert status == 0
    lines = out.decode().splitlines()
    assert lines == ["127", "126", "126", "Too many levels of symbolic links", "127", "126"], lines


def test_arguments_without_end():
    script = "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do x=$x$x; " \
             "[ ${#x} -lt 4000000 ] || break; done; /bin/busybox true $x 2>&1; echo $?; " \
             "/bin/busybox true $(seq 1 200000) 2>&1; echo $?; echo alive"
    status, out, _ = pith("sh", "-c", script)
    lines = out.decode().splitlines()
    assert status == 0 and lines[-1] == "alive" and lines[1:4:2] == ["126"] * 2, lines
    assert "too long" in lines[0] and "too long" in lines[2], lines


def test_shell_says_what_happened():
    for name, number, text in (("null_read", 139, b"Segmentation fault"), ("illegal", 132, b"Illegal"),
                               ("divide", 136, b"Floating point exception"),
                               ("breakpoint", 133, b"Trace/breakpoint trap"),
                               ("int_80", 139, b"Segmentation fault")):
        status, out, err = pith("sh", "-c", "/tests/fatal %s; echo $?" % name, options=["--tests"])
        assert (status, out) == (0, b"%d\n" % number) and text in err, (name, status, out, err)


def test_fatal():
    tap("fatal")


def test_system_calls_from_strange_places():
    tap("odd")


def test_nothing_is_lost():
    tap("many", timeout=140)


def test_registers_stay():
    tap("storm", timeout=100)


def test_random_system_calls():
    status, out, err = run([PITH, "fuzz", "--linux", "--seconds", "60", "--seed", "1"], timeout=200)
    assert status == 0, (status, out, err)


test_random_system_calls.limit = 220


def hog(what, memory):
    script = "/tests/hog %s; echo; ls /bin/sh; /tests/many 100 >/dev/null && echo alive" % what
    status, out, _ = pith("sh", "-c", script, options=["--tests", "--memory", memory], timeout=100)
    assert status == 0 and out.endswith(b"\n/bin/sh\nalive\n"), (what, memory, status, out)


# 16 MiB of the small machine are the image with the tests' programs.
SMALL = "36M"


def test_memory_gone():
    for what in ("touch", "brk"):
        for memory in (SMALL, "256M"):
            hog(what, memory)


def test_processes_without_end():
    hog("forks", SMALL)
    hog("forks", "256M")


def test_programs_from_four_shells_at_once():
    each = "for s in 1 2 3 4; do (i=0; while [ $i -lt %d ]; do /bin/true || exit; i=$((i + 1)); done; echo $i) & " \
           "done; wait"
    free = "free | sed -n 2p"
    # The first round fills what is kept for the next processes.
    script = "; ".join((each % 50, free, each % 500, free))
    status, out, err = pith("sh", "-c", script, timeout=120)
    lines = out.decode().splitlines()
    assert (status, err, len(lines)) == (0, b"", 10), (status, out, err)
    assert lines[:4] == ["50"] * 4 and lines[5:9] == ["500"] * 4, lines
    before, after = (int(lines[i].split()[3]) for i in (4, 9))
    assert after + 256 >= before, (before, after)
