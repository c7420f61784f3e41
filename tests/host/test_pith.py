"""./pith: its arguments, and how it starts QEMU (of which the relay's stand-in plays the
part, found first in PATH)."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from pithtest import PITH, TOP, run

FAKE = os.path.join(TOP, "build/host/fake_qemu")
IMAGE = os.path.join(TOP, "tools/image.py")


def fake_environment(folder):
    os.makedirs(folder + "/bin")
    os.symlink(FAKE, folder + "/bin/qemu-system-x86_64")
    os.makedirs(folder + "/tmp")
    return dict(os.environ, PATH=folder + "/bin:" + os.environ["PATH"], TMPDIR=folder + "/tmp")


def fake(*args, **more):
    with tempfile.TemporaryDirectory() as folder:
        result = run([PITH, "run", *args], env=fake_environment(folder), **more)
        assert os.listdir(folder + "/tmp") == [], "left something in TMPDIR"
        return result


def arguments(*options, **more):
    status, out, err = fake(*options, "--", "arguments", **more)
    assert status == 0, err
    return out.decode().split("\n")


def assert_usage(*args, says=b""):
    status, out, err = run([PITH, *args])
    assert status == 2, (args, status)
    assert out == b"" and err.startswith(b"pith: ") and says in err, (args, out, err)
    assert err.count(b"\n") == 1, err


def test_help():
    status, out, err = run([PITH, "--help"])
    assert status == 0 and err == b""
    for word in (b"run ", b"test ", b"build ", b"clean ", b"debug ", b"bench ", b"--root",
                 b"--memory", b"--cpus", b"--timeout", b"--log", b"--accel", b"--icount",
                 b"--qemu-args", b"--boot-args", b"--tests", b"--port", b"--no-gdb"):
        assert word in out, word
    assert run([PITH, "run", "--help"]) == (0, out, b"")


def test_no_command():
    status, out, err = run([PITH])
    assert status == 2 and out == b"" and b"usage" in err


def test_unknown_command_and_options():
    assert_usage("jump", says=b"jump")
    assert_usage("run", "--fast", says=b"--fast")
    assert_usage("run", "-x", says=b"-x")
    assert_usage("run", "ls", says=b"--")
    assert_usage("run", "--", says=b"program")
    assert_usage("run", "--no-gdb", says=b"debug")
    assert_usage("clean", "all")


def test_unknown_test_option():
    assert run([os.path.join(TOP, "tests/run"), "--fast"])[0] == 2


def test_missing_folder():
    assert_usage("run", "--root", "/nonexistent", says=b"/nonexistent")
    assert_usage("run", "--root=/etc/passwd", says=b"/etc/passwd")


def test_bad_values():
    for option, values in {
        "--memory": ("0", "M", "0M", "1", "1T", "-1M", "1.5G", "99999999M", "1 M"),
        "--cpus": ("0", "-1", "x", "256", "1.5"),
        "--timeout": ("x", "-1", "1s", "1.2.3", "."),
        "--accel": ("fast", "TCG"),
        "--log": ("/nonexistent/log", "/"),
    }.items():
        for value in values:
            assert_usage("run", option, value, says=option.encode())


def test_missing_values():
    for option in ("--root", "--memory", "--cpus", "--timeout", "--log", "--accel",
                   "--boot-args", "--qemu-args"):
        assert_usage("run", option, says=option.encode())
        assert_usage("run", option, "", says=option.encode())
        assert_usage("run", option + "=", says=option.encode())


def test_icount_and_kvm():
    assert_usage("run", "--icount", "--accel", "kvm", says=b"--icount")


def test_kvm_is_refused_where_there_is_none():
    flags = open("/proc/cpuinfo").read().split()
    if not os.path.exists("/dev/kvm") or not {"vmx", "svm"} & set(flags):
        assert_usage("run", "--accel", "kvm", says=b"vmx")


def test_boot_arguments():
    words = arguments("--boot-args", "break=file@5 x=' y'")
    assert words[words.index("-append") + 1] == "break=file@5 x=' y'"
    assert "-append" not in arguments()


def test_status_and_streams():
    assert fake("--", "status", "7") == (7, b"", b"")
    data = bytes(range(256))
    assert fake("--", "cat", stdin=data) == (0, data, b"")


def test_program_arguments():
    words = ["start", "", "a  b", "$HOME", "--memory", "--", "'", '"', "\\", "*", "a\nb"]
    status, out, _ = fake("--", *words)
    assert status == 0
    assert out.decode().startswith("0 0 0\n" + "\n".join(words) + "\nHOME=")


def test_default_program_is_a_shell():
    # The stand-in does nothing for a name that it does not know.
    assert fake() == (0, b"", b"")


def test_works_from_any_folder():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/over")
        status, _, err = fake("--root", "over", "--log", "log", "--", "status", "3", cwd=folder)
        assert status == 3, err
        assert sorted(os.listdir(folder)) == ["log", "over"]


def test_works_through_a_link_and_a_relative_path():
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(PITH, folder + "/pith")
        assert run([folder + "/pith", "--help"])[0] == 0
    assert run(["sh", "pith", "--help"], cwd=TOP)[0] == 0
    assert run(["../pith", "--help"], cwd=os.path.join(TOP, "tests"))[0] == 0


def test_machine_options():
    words = arguments("--memory", "32M", "--cpus=2", "--accel", "tcg",
                      "--qemu-args", "-object rng-builtin,id=x  -S")
    for name, value in (("-m", "32M"), ("-smp", "2"), ("-accel", "tcg"), ("-cpu", "max"),
                        ("-M", "q35"), ("-object", "rng-builtin,id=x")):
        assert words[words.index(name) + 1] == value
    assert "-S" in words


def test_icount():
    words = arguments("--icount")
    assert words[words.index("-icount") + 1] == "shift=0,sleep=off"
    assert words[words.index("-cpu") + 1] == "qemu64,+fsgsbase,+smep,+smap"
    assert words[words.index("-accel") + 1] == "tcg"


def test_timeout():
    status, _, err = fake("--timeout", "0.3", "--", "hang")
    assert status == 124 and b"0.3 seconds" in err


def test_log_of_a_stopped_machine_is_kept():
    status, _, err = fake("--", "crash")
    assert status == 70 and b"crashed on purpose" in err
    log = err.split(b"; see ")[1].split(b"\n")[0].decode()
    os.unlink(os.path.join(TOP, log))


def test_root_is_laid_over():
    with tempfile.TemporaryDirectory() as folder:
        env = fake_environment(folder)
        over = folder + "/o v'e$r"
        os.makedirs(over + "/etc")
        with open(over + "/etc/hostname", "w") as f:
            f.write("over\n")
        process = subprocess.Popen([PITH, "run", "--root", over, "--", "arguments"], env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        words = out.decode().split("\n")
        image = words[words.index("-initrd") + 1]
        assert image.startswith(folder + "/tmp/") and not os.path.exists(image)
        process = subprocess.Popen([PITH, "run", "--root", over, "--", "keys"], env=env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        images = glob.glob(folder + "/tmp/*/image")
        assert len(images) == 1
        _, listing, _ = run([IMAGE, "--list", images[0]])
        assert b"/root/bin/busybox" in listing and b"         5 " in [
            line for line in listing.split(b"\n") if line.endswith(b" /root/etc/hostname")][0]
        process.communicate(b"q", timeout=60)
        assert process.returncode == 0 and os.listdir(folder + "/tmp") == []


def test_signal_removes_what_a_run_made():
    with tempfile.TemporaryDirectory() as folder:
        env = fake_environment(folder)
        os.mkdir(folder + "/over")
        process = subprocess.Popen([PITH, "run", "--root", folder + "/over", "--", "keys"],
                                   env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        assert len(os.listdir(folder + "/tmp")) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
        process.stdin.close()
        process.stdout.close()
        assert os.listdir(folder + "/tmp") == []


def test_concurrent_runs():
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(
        (n, fake("--", "status", n)[0]))) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, n) for n in range(1, 9)]


def test_kvm_is_not_taken_where_the_processor_has_none():
    with open("/proc/cpuinfo") as f:
        flags = f.read().split()
    words = arguments()
    if "vmx" not in flags and "svm" not in flags:
        assert words[words.index("-accel") + 1] == "tcg"
    else:
        assert words[words.index("-accel") + 1] in ("tcg", "kvm")


def test_missing_tools_are_named():
    """Without apt-get: a folder of the tools that the script itself needs, and no more."""
    with tempfile.TemporaryDirectory() as folder:
        for tool in ("sh", "uname", "readlink", "dirname", "mkdir", "rm", "id"):
            os.symlink(shutil.which(tool), os.path.join(folder, tool))
        status, _, err = run(["/bin/sh", PITH, "run"], env={"PATH": folder})
        assert status == 2 and b"qemu-system-x86" in err and b"make" in err, err
