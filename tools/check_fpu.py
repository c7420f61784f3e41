#!/usr/bin/env python3
"""Check by disassembly that objects use general registers only.

check_fpu.py OBJECT...

Our own user code is built without FPU registers, so that the kernel need not save them
for us; a hand-written instruction would pass the compiler. What saves and restores a
program's registers (xsave, fxrstor, for signals) names none of them and is allowed.
"""
import re
import subprocess
import sys

REGISTER = re.compile(r"%(?:[xyz]?mm\d+|st\b|k[0-7]\b)")
# x87 names its registers seldom; the state instructions are not arithmetic.
X87 = re.compile(r"\sf(?!xsave|xrstor|s\b)(?:add|sub|mul|div|ld|st|ist|ild|ist|com|ucom|abs|chs|"
                 r"sqrt|sin|cos|ptan|patan|xch|rndint|scale|prem|yl2x|2xm1|cmov|tst|nop|free)\w*\b")
PLACE = re.compile(r"^[0-9a-f]+ <(.+)>:$")
OBJECT = re.compile(r"^(\S.*):\s+file format ")


def main():
    objects = sys.argv[1:]
    if not objects:
        return
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", *objects], check=True,
                         capture_output=True, text=True).stdout
    path, function, wrong = "?", "?", 0
    for line in out.splitlines():
        place = PLACE.match(line)
        if place:
            function = place.group(1)
        elif OBJECT.match(line):
            path = OBJECT.match(line).group(1)
        else:
            # Only the instruction: a symbol's name may say anything.
            code = line.split("#")[0].split("<")[0]
            if REGISTER.search(code) or X87.search(code):
                print("%s: %s: %s" % (path, function, " ".join(line.split())))
                wrong += 1
    if wrong:
        sys.exit("check_fpu: %d instructions with FPU registers" % wrong)


if __name__ == "__main__":
    main()
