#!/usr/bin/env python3
"""Make docs/linux-abi.md: which Linux system calls are there, as the tests show it.

linux_abi.py [--check]

A test program in tests/linux claims what it shows in lines of its comments:

  // abi: CALL [FLAG]... [(a remark)]: whole
  // abi: CALL [FLAG]...: partial: what differs from Linux
  // abi: CALL [FLAG]...: refused ERRNO[: why]

CALL is a system call's name, a FLAG any constant of it. A claim is believed only of a program that
uses the call or the flag; a call that the library's table (env/linux/table.S) does not have can only
be refused. A call of the table without a claim stands in a list of its own.

--check: only say whether the page is what this would write; status 1 when not.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(TOP, "docs/linux-abi.md")
CLAIM = re.compile(r"^//\s*abi:\s*(\w+)([^:]*):\s*(whole|partial|refused)\b:?\s*(.*)$")
# What a program calls where the C library's function has another name than the system call.
ALIASES = {
    "newfstatat": "fstatat|stat", "pread64": "pread", "pwrite64": "pwrite", "getdents64": "readdir|getdents",
    "rt_sigaction": "sigaction|signal", "rt_sigprocmask": "sigprocmask|pthread_sigmask",
    "rt_sigsuspend": "sigsuspend", "rt_sigpending": "sigpending", "rt_sigreturn": "sigaction",
    "rt_sigtimedwait": "sigtimedwait|sigwaitinfo|sigwait", "rt_sigqueueinfo": "sigqueue", "exit_group": "exit",
    "clone": "pthread_create|clone|fork", "umount2": "umount", "prlimit64": "prlimit|setrlimit",
    "epoll_pwait": "epoll_pwait|epoll_wait", "eventfd2": "eventfd", "signalfd4": "signalfd",
    "pselect6": "pselect", "set_tid_address": "pthread_create", "wait4": "waitpid|wait4|wait",
    "faccessat2": "faccessat", "fadvise64": "posix_fadvise", "exit": "exit|pthread_exit",
    "reboot": "reboot|poweroff", "execve": "exec[vl]p?e?", "mknod": "mknod|mkfifo", "setitimer": "setitimer|alarm", "sendfile": "sendfile", "ftruncate": "ftruncate",
}


def table_calls():
    """name -> number of what the library answers, by the numbers that its table has."""
    numbers = set()
    with open(os.path.join(TOP, "env/linux/table.S")) as f:
        for line in f:
            m = re.match(r"\s*(?:CALL|HOT|BARE)\s+(\d+),\s*(\w+)", line)
            if m and m.group(2) != "call_missing":
                numbers.add(int(m.group(1)))
    names = subprocess.run(["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    known = {int(n): name for name, n in re.findall(r"#define __NR_(\w+) (\d+)\b", names)}
    return {known[n]: n for n in numbers if n in known}, {name: n for n, name in known.items()}


def fail(path, line, text):
    sys.exit("linux_abi.py: %s:%d: %s" % (os.path.relpath(path, TOP), line, text))


def claims(there, known):
    for path in sorted(glob.glob(os.path.join(TOP, "tests/linux/*.c"))):
        with open(path) as f:
            text = f.read()
        code = re.sub(r"^//.*$", "", text, flags=re.M)
        for at, line in enumerate(text.splitlines(), 1):
            if not re.match(r"//\s*abi:", line):
                continue
            m = CLAIM.match(line)
            if not m:
                fail(path, at, "not '// abi: CALL [FLAG]...: whole|partial: ...|refused ERRNO'")
            call, flags, verdict, remark = m.group(1), m.group(2).strip(), m.group(3), m.group(4).strip()
            if call not in known:
                fail(path, at, "%s is no system call" % call)
            if verdict != "refused" and call not in there:
                fail(path, at, "env/linux/table.S has no %s" % call)
            if verdict != "whole" and not remark:
                fail(path, at, "say what differs, or which error")
            words = [w for w in re.findall(r"\b[A-Z][A-Z0-9_]+\b", flags)]
            names = "%s|SYS_%s|%s" % (call, call, ALIASES.get(call, call))
            used = re.search(r"\b(%s)\b" % names, code)
            if not used and not any(re.search(r"\b%s\b" % w, code) for w in words):
                fail(path, at, "the program never uses %s" % call)
            yield call, flags, verdict, remark, os.path.basename(path)[:-2]


def cell(text):
    return text.replace("|", "\\|")


def page():
    there, known = table_calls()
    rows = sorted(claims(there, known), key=lambda c: (c[0], c[2] != "whole", c[1]))
    claimed = {c[0] for c in rows}
    out = ["# Linux system calls", "",
           "Made by tools/linux_abi.py from the claims in tests/linux: each stands in a test program that shows it.",
           "*whole*: as Linux 6.1 does it, errors included; *partial*: what differs is said; *refused*: with that error,",
           "always. A call that is in neither list answers ENOSYS, and the log says so once, by name.", "",
           "| call | flags, cases | | shown by |", "| --- | --- | --- | --- |"]
    for call, flags, verdict, remark, test in rows:
        what = verdict if verdict == "whole" else "%s %s" % (verdict + (":" if verdict == "partial" else ""), remark)
        if verdict == "whole" and remark:
            what += ": " + remark
        out.append("| %s | %s | %s | %s |" % (call, cell(flags), cell(what), test))
    rest = sorted(set(there) - claimed)
    out += ["", "%d calls. There, but without a claim of a test of their own: %s." %
            (len(there), ", ".join(rest) if rest else "none"), ""]
    return "\n".join(out)


def main():
    want = page()
    have = open(PAGE).read() if os.path.exists(PAGE) else ""
    if "--check" in sys.argv[1:]:
        if want != have:
            print("docs/linux-abi.md is not what tests/linux says: run tools/linux_abi.py", file=sys.stderr)
        return want != have
    with open(PAGE, "w") as f:
        f.write(want)
    return 0


sys.exit(main())
