#!/usr/bin/env python3
"""Check the include lines and the architecture conditions: the floors of the house.

check_floors.py [FOLDER]    of another tree, for the tests

A file includes its own floor and those below it, never up. In the kernel the floors are
FLOORS, below; user code never includes kernel/; servers and drivers never include one
another: they meet in protocol/. Outside arch/ no #if names an architecture.
"""
import os
import re
import sys

# Lowest first. What stands on one line shares a floor.
FLOORS = [
    ["abi"],
    ["base"],
    ["arch"],
    ["mem"],
    ["cap", "sched"],
    ["object"],
    ["syscall"],
    ["main"],
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
# A port implements arch/arch.h, walks tables with mem, and calls up by one header.
PORT_FLOOR = FLOOR["mem"]
PORT_ALSO = ("kernel/kernel.h",)

USER = ("lib", "servers", "drivers", "env", "apps")
# What each part of user code may include besides itself, the C library and abi.
USER_MAY = {
    "lib": ("abi", "protocol", "lib"),
    "servers": ("abi", "protocol", "lib"),
    "drivers": ("abi", "protocol", "lib"),
    "apps": ("abi", "protocol", "lib"),
    "env": ("abi", "protocol", "lib", "env"),
    "protocol": ("abi", "protocol"),
    "abi": ("abi",),
}
# Generated stubs stand on the few lines of our library that send a message.
STUBS = ("abi/gen/stubs.h", "protocol/gen/")
STUBS_MAY = "lib/sys/"

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
ANGLE = re.compile(r'^\s*#\s*include\s*<([^>]+)>')
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")
ARCHITECTURE = re.compile(r"__(?:x86_64|amd64|i386|aarch64|arm|riscv)(?:__|_xlen)?\b"
                          r"|\bCONFIG_(?:X86|ARM|RISCV)|\bPORT_")
SOURCES = (".c", ".h", ".S")


def kernel_floor(path):
    """The floor of a file under kernel/, by its path from the top."""
    parts = path.split("/")
    if len(parts) == 2:
        return FLOOR["main"]
    if parts[1] == "arch" and len(parts) > 3:
        return PORT_FLOOR
    return FLOOR.get(parts[1])


class Checker:
    def __init__(self, top):
        self.top = top
        self.errors = []

    def resolve(self, path, name):
        """The included file's path from the top, or None if it is none of ours."""
        folders = [os.path.dirname(path), ""]
        if path.startswith("kernel/"):
            folders.append("kernel")
            port = path.split("/")[2:3]
            folders += ["kernel/arch/" + p for p in ([port[0]] if path.startswith(
                "kernel/arch/") and path.count("/") > 2 else ["x86_64", "host"])]
        elif path.startswith("env/linux/"):
            folders += ["lib", "env/linux"]
        elif path.split("/")[0] in USER:
            folders.append("lib")
        for folder in folders:
            found = os.path.normpath(os.path.join(folder, name))
            if os.path.isfile(os.path.join(self.top, found)):
                return found
        return None

    def kernel_include(self, path, target):
        if target in PORT_ALSO and kernel_floor(path) == PORT_FLOOR:
            return None
        # The header of the whole: `struct kernel`, and the entry points.
        if target.startswith("abi/"):
            return None
        if not target.startswith("kernel/"):
            return "the kernel includes nothing but itself and abi/"
        parts = target.split("/")
        if parts[1] == "arch" and len(parts) > 3:
            other = path.startswith("kernel/arch/") and path.split("/")[2] not in (
                parts[2], "host", "arch.h")
            return "another port's file" if other else None
        floor, own = kernel_floor(target), kernel_floor(path)
        if len(parts) == 2 and parts[1].endswith(".h"):
            # kernel/*.h is what all floors but the lowest share (struct kernel).
            return None if own > FLOOR["base"] else "kernel/*.h is above base"
        if floor is None:
            return "kernel/%s has no floor: see FLOORS in tools/check_floors.py" % parts[1]
        return "a climb" if floor > own else None

    def user_include(self, path, target):
        part = path.split("/")[0]
        own = "/".join(path.split("/")[:2])
        if target.startswith(own + "/") or target.split("/")[0] in USER_MAY[part]:
            return None
        if target.startswith("kernel/"):
            return "user code never includes kernel/"
        if path.startswith(STUBS) and target.startswith(STUBS_MAY):
            return None
        return "%s meets others in protocol/ only" % own

    def check(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8", errors="replace") as f:
            lines = f.readlines()
        in_kernel = path.startswith("kernel/")
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line) or ANGLE.match(line)
            if match:
                target = self.resolve(path, match.group(1))
                rule = self.kernel_include if in_kernel else self.user_include
                why = rule(path, target) if target else None
                if not target and INCLUDE.match(line):
                    why = "no such file"
                if why:
                    self.errors.append("%s:%d: includes %s: %s" % (path, number,
                                                                    match.group(1), why))
            match = CONDITION.match(line)
            if match and "arch" not in path.split("/") and ARCHITECTURE.search(match.group(1)):
                self.errors.append("%s:%d: an #if on the architecture, outside arch/" % (
                    path, number))

    def run(self):
        count = 0
        for part in ("kernel",) + tuple(USER_MAY):
            for folder, _, names in os.walk(os.path.join(self.top, part)):
                for name in sorted(names):
                    if name.endswith(SOURCES):
                        self.check(os.path.relpath(os.path.join(folder, name), self.top))
                        count += 1
        for error in sorted(self.errors):
            print(error)
        return count


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(
        os.path.dirname(os.path.abspath(__file__)))
    checker = Checker(top)
    count = checker.run()
    if checker.errors:
        sys.exit("check_floors: %d of %d files' lines are wrong" % (len(checker.errors), count))


if __name__ == "__main__":
    main()
