#!/usr/bin/env python3
"""Make an initial root file system for Linux: initramfs.py -o OUT [--init FILE] FOLDER...

A cpio archive ("newc"), not compressed, of the folders laid over one another, all owned by root,
with /dev/console; FILE becomes /init. Times and modes are kept. /tmp gets mode 1777.
"""
import argparse
import os
import stat

CONSOLE = (5, 1)


def field(number):
    return b"%08x" % (number & 0xffffffff)


class Archive:
    def __init__(self, out):
        self.out = out
        self.count = 0
        self.at = 0

    def put(self, content):
        self.out.write(content)
        self.at += len(content)
        rest = -self.at % 4
        self.out.write(bytes(rest))
        self.at += rest

    def add(self, name, mode, mtime=0, content=b"", device=(0, 0)):
        self.count += 1
        links = 2 if stat.S_ISDIR(mode) else 1
        numbers = (self.count, mode, 0, 0, links, mtime, len(content), 0, 0, device[0], device[1],
                   len(name) + 1, 0)
        self.put(b"070701" + b"".join(map(field, numbers)) + name + b"\0")
        self.put(content)

    def add_path(self, name, path):
        info = os.lstat(path)
        if stat.S_ISLNK(info.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(info.st_mode):
            with open(path, "rb") as f:
                content = f.read()
        elif stat.S_ISDIR(info.st_mode):
            content = b""
        else:
            return
        mode = info.st_mode | 0o1777 if name == b"tmp" else info.st_mode
        self.add(name, mode, max(0, int(info.st_mtime)), content)


def collect(folders):
    """All names with the path that the last folder gives them, parents first."""
    found = {}
    for folder in map(os.fsencode, folders):
        for here, below, files in os.walk(folder):
            for name in below + files:
                path = os.path.join(here, name)
                found[os.path.relpath(path, folder)] = path
    return sorted(found.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="out", required=True)
    parser.add_argument("--init")
    parser.add_argument("folders", nargs="+")
    args = parser.parse_args()
    with open(args.out + ".new", "wb") as out:
        archive = Archive(out)
        for name, path in collect(args.folders):
            archive.add_path(name, path)
        archive.add(b"dev/console", stat.S_IFCHR | 0o600, device=CONSOLE)
        if args.init:
            archive.add_path(b"init", args.init)
        archive.add(b"TRAILER!!!", 0)
    os.rename(args.out + ".new", args.out)


main()
