"""The host port of the kernel built aside, from a copy of its sources: with other flags, or with a change.

All unit tests of the kernel and the model's machine are linked into one program, so that a change costs one
compilation and one link. `program NAME` runs tests/unit/NAME.c, `program machine` the model's machine.
"""
import concurrent.futures
import glob
import os
import shutil
import signal
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASE = ["-std=c11", "-g", "-Wall", "-fvisibility=hidden", "-fno-strict-aliasing", "-fno-omit-frame-pointer", "-I.",
        "-Ikernel", "-Ikernel/arch/host", "-Itests/unit"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FOLDERS = ("", "base", "mem", "cap", "sched", "object", "syscall", "arch/host")
# Of base/string.c the host has its own.
LEFT_OUT = ("kernel/base/string.c",)
MODEL_STEPS = 300


def kernel_sources(top=TOP):
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(top, "kernel", folder, "*.[cS]"))):
            name = os.path.relpath(path, top)
            if name not in LEFT_OUT:
                yield name


def unit_tests(top=TOP):
    return [os.path.basename(p)[:-2] for p in sorted(glob.glob(os.path.join(top, "tests/unit/kernel_*.c")))]


class HostPort:
    def __init__(self, folder, flags=("-O1",), compiler="gcc"):
        self.folder, self.flags, self.compiler = folder, list(flags), compiler
        self.source = os.path.join(folder, "source")
        self.program = os.path.join(folder, "program")
        self.objects = {}

    def copy(self):
        """A fresh copy of the sources."""
        shutil.rmtree(self.source, ignore_errors=True)
        for part in ("kernel", "abi", "tests/unit", "tests/race", "tests/model", "tests/fuzz"):
            shutil.copytree(os.path.join(TOP, part), os.path.join(self.source, part),
                            ignore=shutil.ignore_patterns("__pycache__"))

    def object_of(self, name):
        return os.path.join(self.folder, "object", name.replace("/", "_") + ".o")

    def compile(self, name, *more):
        """Returns what the compiler said; None when all is well."""
        path = self.object_of(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        run = subprocess.run([self.compiler, *BASE, *self.flags, *more, "-c", "-o", path, name], cwd=self.source,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return run.stdout if run.returncode else None

    def write_driver(self):
        names = unit_tests(self.source)
        lines = ["#include <string.h>"] + ["int main_%s(void);" % n for n in [*names, "machine"]]
        lines += ["int main(int count, char **words)", "{", "\tif (count < 2)", "\t\treturn 2;"]
        for n in [*names, "machine"]:
            lines.append('\tif (!strcmp(words[1], "%s"))\n\t\treturn main_%s();' % (n, n))
        lines += ["\treturn 2;", "}"]
        with open(os.path.join(self.source, "driver.c"), "w") as f:
            f.write("\n".join(lines) + "\n")

    def build(self, jobs=2):
        """Compile and link everything. Returns what went wrong, or None."""
        self.write_driver()
        work = [(n,) for n in kernel_sources(self.source)] + [("driver.c",)]
        work += [("tests/unit/%s.c" % n, "-Dmain=main_" + n) for n in unit_tests(self.source)]
        work += [("tests/model/machine.c", "-Dmain=main_machine")]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            said = [s for s in pool.map(lambda w: self.compile(*w), work) if s]
        return said[0] if said else self.link([w[0] for w in work])

    def link(self, names=None):
        self.names = names or self.names
        run = subprocess.run([self.compiler, *self.flags, "-o", self.program, *map(self.object_of, self.names),
                              "-lcmocka", "-lpthread"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
        return run.stdout if run.returncode else None

    def run_unit(self, name, limit):
        """Returns what it said when it failed, else None."""
        return call([self.program, name], limit)

    def run_model(self, seconds, limit, seed=1):
        wrapper = os.path.join(self.folder, "machine")
        with open(wrapper, "w") as f:
            f.write("#!/bin/sh\nexec %s machine\n" % self.program)
        os.chmod(wrapper, 0o755)
        return call([sys.executable, "-B", os.path.join(TOP, "tests/model/run.py"), "--machine", wrapper, "--seed",
                     str(seed), "--seconds", str(seconds), "--no-shrink"], limit)


def call(command, limit):
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return "took longer than %d seconds" % limit
    return said.decode(errors="replace") if process.returncode else None
