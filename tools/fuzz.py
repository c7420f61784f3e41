#!/usr/bin/env python3
"""Feed the system what nobody should, and see that it is still there.

pith fuzz --linux [--seconds N] [--seed N] [--memory SIZE]
pith fuzz --kernel [--guided] [--seconds N] [--seed N]

--linux         random Linux system calls, every number, random and boundary arguments, from four
                processes at a time (tests/linux/random.c); afterwards every server must be alive
                and the shell must answer
--kernel        random calls on the kernel, as a library of the host, and on a model of it that shares
                nothing with it (tests/model); after each call their states must be equal
--guided        with --kernel: libFuzzer chooses the calls by what they reach, and the invariants of
                docs/spec/invariants.md are checked after each; what is worth keeping is in build/fuzz/corpus,
                and the shortest input that breaks one in build/fuzz/found
--seconds N     how long (default 600)
--seed N        which calls (default: of the clock); the same seed makes the same calls
--memory SIZE   of the machine (default 256M)

Status: 0 when the system stood; 1 when not, with the log of the run and the seed, or the shortest
sequence of calls that shows it.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
import hostport  # noqa: E402
PITH = os.path.join(TOP, "pith")
# What a machine may take beyond the time it was told, on a slow host.
GRACE = 180
STEP = 30
SCRIPT = "/tests/random %d %d </dev/null >/tmp/out 2>&1; echo $?; cat /tmp/out >&2; " \
         "mkdir -p /tmp/after && ls /bin/busybox && echo $((6 * 7)) | cat"
ANSWER = b"0\n/bin/busybox\n42\n"
DEATH = re.compile(r"^supervisor: \w+ (died|ended with)|panic", re.M)


def parse():
    parser = argparse.ArgumentParser(prog="pith fuzz", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--linux", action="store_true", help="Linux system calls")
    what.add_argument("--kernel", action="store_true", help="the kernel's calls")
    parser.add_argument("--guided", action="store_true", help="chosen by what calls reach")
    parser.add_argument("--seconds", type=int, default=600, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--memory", default="256M", metavar="SIZE")
    return parser.parse_args()


def wait(process, seconds):
    """Wait, and say from time to time that it goes on. Returns what it wrote."""
    start = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=STEP)
        except subprocess.TimeoutExpired:
            gone = int(time.monotonic() - start)
            print("fuzz: %d of %d seconds" % (min(gone, seconds), seconds), file=sys.stderr, flush=True)


def main():
    options = parse()
    if options.guided and not options.kernel:
        sys.exit("fuzz: --guided is for --kernel")
    if options.guided:
        return fuzz_guided(options)
    if options.kernel:
        return fuzz_kernel(options)
    return fuzz_linux(options)


def guided_build(folder):
    """The kernel's host port and tests/fuzz/kernel.c with libFuzzer; its program."""
    # The fuzzer's runtime lies in the same program, and must not find the kernel's sched_yield.
    port = hostport.HostPort(folder, ("-O1", *hostport.SANITIZE, "-fsanitize=fuzzer-no-link",
                                      "-Dsched_yield=kernel_sched_yield"), "clang")
    port.copy()
    work = [*hostport.kernel_sources(port.source), "tests/fuzz/kernel.c"]
    said = [s for s in map(port.compile, work) if s]
    if not said:
        port.flags.append("-fsanitize=fuzzer")
        said = [s for s in [port.link(work)] if s]
    if said:
        sys.exit("fuzz: the fuzzer does not build:\n" + said[0])
    return port.program


def fuzz_guided(options):
    folder = os.path.join(TOP, "build/fuzz")
    corpus, found = os.path.join(folder, "corpus"), os.path.join(folder, "found")
    for path in (corpus, found):
        os.makedirs(path, exist_ok=True)
    program = guided_build(folder)
    kept = os.path.join(TOP, "tests/fuzz/corpus")
    command = [program, "-max_total_time=%d" % options.seconds, "-max_len=4096", "-len_control=0", "-timeout=60", "-rss_limit_mb=0",
               "-print_final_stats=1", "-seed=%d" % (int(time.time()) if options.seed is None else options.seed),
               "-artifact_prefix=" + found + "/"]
    before = set(os.listdir(found))
    status = subprocess.call([*command, corpus, *[kept] * os.path.isdir(kept)])
    for name in sorted(set(os.listdir(found)) - before):
        short = os.path.join(found, "short-" + name)
        subprocess.call([program, "-minimize_crash=1", "-max_total_time=60", "-exact_artifact_path=" + short,
                         os.path.join(found, name)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print("fuzz: %s on %s shows it" % (program, short if os.path.exists(short) else os.path.join(found, name)))
    return 1 if status else 0


def fuzz_kernel(options):
    machine = os.path.join(TOP, "build/tests/model/machine")
    made = subprocess.run(["make", "-s", "-C", TOP, machine.replace(TOP + "/", "")], stdout=subprocess.DEVNULL)
    if made.returncode:
        return 2
    seed = int(time.time()) if options.seed is None else options.seed
    return subprocess.call([sys.executable, os.path.join(TOP, "tests/model/run.py"), "--seed", str(seed),
                            "--seconds", str(options.seconds)])


def fuzz_linux(options):
    seed = int(time.time()) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory() as folder:
        log_path = os.path.join(folder, "log")
        process = subprocess.Popen(
            [PITH, "run", "--tests", "--memory", options.memory, "--log", log_path, "--timeout",
             str(options.seconds + GRACE), "--", "sh", "-c", SCRIPT % (seed, options.seconds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = wait(process, options.seconds)
        log = ""
        if os.path.exists(log_path):
            with open(log_path, encoding="latin-1") as f:
                log = f.read()
    if process.returncode == 0 and out == ANSWER and not DEATH.search(log):
        children = err.decode(errors="replace").strip().splitlines()[-1:]
        print("fuzz: seed %d, %d seconds: %s; all servers alive, the shell answers"
              % (seed, options.seconds, "".join(children)))
        return 0
    sys.stderr.write(log)
    sys.stderr.write(err.decode(errors="replace"))
    print("fuzz: seed %d: the run ended with status %s; it said %r" % (seed, process.returncode, out),
          file=sys.stderr)
    return 1


sys.exit(main())
