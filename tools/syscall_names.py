#!/usr/bin/env python3
"""Write the names of Linux's x86-64 system calls as a C table, from the macros of <sys/syscall.h>
(`cc -E -dM` output) on standard input."""
import re
import sys


def main():
    names = {}
    for line in sys.stdin:
        m = re.match(r"#define (?:SYS|__NR)_(\w+) (\d+)$", line)
        if m:
            names.setdefault(int(m.group(2)), m.group(1))
    if 0 not in names or names[0] != "read":
        sys.exit("syscall_names.py: no system calls on standard input")
    print('// Made by tools/syscall_names.py.\n#include "servers/process/syscall_name.h"\n')
    print("static const char *const names[] = {")
    for number, name in sorted(names.items()):
        print('\t[%d] = "%s",' % (number, name))
    print("};\n\nconst char *syscall_name(uint64_t number)\n{")
    print('\tconst char *name = number < sizeof names / sizeof names[0] ? names[number] : 0;\n')
    print('\treturn name ? name : "unknown";\n}')


main()
