#!/usr/bin/env python3
"""Compare the kernel's measures with the ratchets in tests/ratchet/.

check_ratchets.py BUILD            fails when a measure is above its ratchet
check_ratchets.py --update BUILD   lowers each ratchet to today's measure, raises none

A ratchet is a file: a number, then the reason for it. It may shrink freely; to raise one
is to edit the file by hand and to give a line of reason there.

  lines.txt     lines of kernel/ and abi/ without the host port, blanks and comments
  text.txt      bytes of .text in the kernel
  image.txt     bytes of the stripped kernel
  function.txt  lines of the longest function in the kernel (dispatch tables, marked with
                a comment "ratchet: dispatch table", are not counted)
  ifs.txt       preprocessor conditions in the kernel, without include guards
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMENTS = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)
TABLE = "ratchet: dispatch table"


def code_of(text):
    """The text without comments, all line ends kept."""
    def replace(match):
        found = match.group(0)
        return found if found[0] in "\"'" else "\n" * found.count("\n")
    return COMMENTS.sub(replace, text)


def sources():
    files = []
    for pattern in ("kernel/**/*.[chS]", "abi/**/*.[chS]"):
        files += glob.glob(os.path.join(TOP, pattern), recursive=True)
    host = os.path.join(TOP, "kernel/arch/host") + "/"
    # What only other programs include is not the kernel's.
    others = [os.path.join(TOP, "abi", n) for n in ("control.h", "gen/stubs.h")]
    return sorted(f for f in files if not f.startswith(host) and f not in others)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def measure_lines(_build):
    return sum(1 for path in sources() for line in code_of(read(path)).splitlines()
               if line.strip())


def section_sizes(path):
    out = subprocess.run(["size", "-A", path], check=True, capture_output=True, text=True)
    return {f[0]: int(f[1]) for f in (line.split() for line in out.stdout.splitlines())
            if len(f) >= 3 and f[0].startswith(".")}


def measure_text(build):
    sizes = section_sizes(os.path.join(build, "kernel/pith.elf"))
    return sum(size for name, size in sizes.items() if name.startswith(".text"))


def measure_image(build):
    return os.path.getsize(os.path.join(build, "kernel/pith.stripped"))


def functions(path):
    """(name, lines) of each function: from its first line to the brace in column 0."""
    lines = read(path).splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{" and number:
            start = number
            head = number - 1
            while head > 0 and lines[head][:1] in ("\t", " "):
                head -= 1
        elif line.startswith("}") and start is not None:
            body = "\n".join(lines[max(0, head - 3):number])
            if line == "}" and TABLE not in body:
                name = re.search(r"(\w+)\s*\(", lines[head])
                yield (name.group(1) if name else "?"), number - head + 1
            start = None


def measure_function(_build):
    longest = max((length, name, path) for path in sources() if path.endswith(".c")
                  for name, length in list(functions(path)) + [("", 0)])
    measure_function.note = "%s in %s" % (longest[1], os.path.relpath(longest[2], TOP))
    return longest[0]


def measure_ifs(_build):
    count = 0
    for path in sources():
        text = code_of(read(path))
        count += len(re.findall(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b", text, re.M))
        if re.search(r"^#ifndef (\w+)\n#define \1\b", text, re.M):
            count -= 1
    return count


MEASURES = {
    "lines": measure_lines,
    "text": measure_text,
    "image": measure_image,
    "function": measure_function,
    "ifs": measure_ifs,
}


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    build = ([a for a in arguments if a != "--update"] or [os.path.join(TOP, "build")])[0]
    if not glob.glob(os.path.join(TOP, "kernel/*.c")):
        print("check_ratchets: no kernel yet")
        return
    failed = False
    for name, measure in MEASURES.items():
        path = os.path.join(TOP, "tests/ratchet", name + ".txt")
        text = read(path)
        limit = int(text.split()[0])
        value = measure(build)
        note = getattr(measure, "note", "")
        print("%-9s %6d of %6d%s" % (name, value, limit, "  " + note if note else ""))
        if value > limit:
            print("  above its ratchet: make it smaller, or raise %s with a reason"
                  % os.path.relpath(path, TOP))
            failed = True
        elif update and value < limit:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace(str(limit), str(value), 1))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
