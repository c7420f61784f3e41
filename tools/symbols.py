#!/usr/bin/env python3
"""Write the kernel's symbol table for backtraces as C, from `nm -n` output on standard input.

symbols.py BASE    BASE: the address that offsets count from (hexadecimal)
Empty input makes an empty table: for the first link.
"""
import sys


def main():
    base = int(sys.argv[1], 16)
    rows = []
    for line in sys.stdin:
        parts = line.split()
        if len(parts) == 3 and parts[1] in "tT" and int(parts[0], 16) >= base:
            rows.append((int(parts[0], 16) - base, parts[2]))
    # The last of several at one address is taken: what the linker's script calls the beginning
    # of everything comes before the function there.
    rows.sort(key=lambda row: (row[0], row[1] != "text_start"))
    print('// Made by tools/symbols.py.\n#include "symbol.h"\n')
    print("const uint32_t symbol_count = %d;" % len(rows))
    print("const struct symbol symbols[] = {")
    at = 0
    for offset, name in rows:
        print("\t{0x%x, %d}," % (offset, at))
        at += len(name) + 1
    print("\t{0, 0},\n};")
    print("const char symbol_names[] =")
    for _, name in rows:
        print('\t"%s\\0"' % name)
    print('\t"";')


main()
