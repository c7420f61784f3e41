#!/usr/bin/env python3
"""Make the boot image; abi/image.h is its format.

image.py -o OUT [--system NAME=FILE]... [--tree NAME=FOLDER]... [--dir PATH MODE]...
         [--link PATH TARGET]...

--system NAME=FILE   put FILE into the image as system/NAME; NAME may have slashes. The
                     file system/supervisor is what the kernel starts.
--tree NAME=FOLDER   lay FOLDER over the image's folder NAME (the Linux root is `root`).
                     Later trees go over earlier ones: a file replaces what was there,
                     folders merge. Symbolic links are kept as they are; owner and group
                     become 0; times are kept. Device nodes, sockets and pipes are left
                     out with a warning.
--dir PATH MODE      make sure that the image has a folder PATH with an octal MODE.
--link PATH TARGET   put a symbolic link there.
--list IMAGE         show what an image holds, and do nothing else.

The same input makes the same image, byte for byte.
"""
import argparse
import os
import stat
import struct
import sys

MAGIC = b"PITHIMG1"
VERSION = 1
PAGE = 4096
HEADER = struct.Struct("<8sIIQQQQQQ")
ENTRY = struct.Struct("<IIIIQQQIIIIII")
assert HEADER.size == ENTRY.size == 64
BOOT = b"system/supervisor"


class Fail(Exception):
    pass


class Node:
    """A folder (children is a dict), a symbolic link (target) or a file (source)."""

    def __init__(self, mode, mtime=0, source=None, target=None, size=0):
        self.mode = mode
        self.mtime = max(0, mtime)
        self.source = source
        self.target = target
        self.size = size
        self.children = {} if stat.S_ISDIR(mode) else None


def folder(mode=0o755, mtime=0):
    return Node(stat.S_IFDIR | mode, mtime)


def warn(text):
    print("image.py: " + text, file=sys.stderr)


def reach(root, path):
    """The folder that holds path, made if need be, and path's last name."""
    names = [n for n in os.fsencode(path).split(b"/") if n]
    if not names or any(n in (b".", b"..") for n in names):
        raise Fail("%s: not a name in the image" % path)
    node = root
    for name in names[:-1]:
        node = node.children.setdefault(name, folder())
        if node.children is None:
            raise Fail("%s: %s is not a folder" % (path, os.fsdecode(name)))
    return node, names[-1]


def file_node(path, info):
    return Node(stat.S_IFREG | stat.S_IMODE(info.st_mode), int(info.st_mtime), source=path,
                size=info.st_size)


def add_file(root, name, path):
    parent, last = reach(root, name)
    parent.children[last] = file_node(os.fsencode(path), os.stat(path))


def add_dir(root, path, mode):
    parent, last = reach(root, path)
    node = parent.children.setdefault(last, folder())
    if node.children is None:
        raise Fail("%s: is not a folder" % path)
    node.mode = stat.S_IFDIR | mode


def add_link(root, path, target):
    parent, last = reach(root, path)
    target = os.fsencode(target)
    parent.children[last] = Node(stat.S_IFLNK | 0o777, target=target, size=len(target))


def merge(node, path, links):
    """Lay the host's folder path over node."""
    with os.scandir(path) as entries:
        for entry in entries:
            info = entry.stat(follow_symlinks=False)
            old = node.children.get(entry.name)
            if stat.S_ISDIR(info.st_mode):
                if old is None or old.children is None:
                    old = node.children[entry.name] = folder()
                old.mode = stat.S_IFDIR | stat.S_IMODE(info.st_mode)
                old.mtime = max(0, int(info.st_mtime))
                merge(old, entry.path, links)
            elif stat.S_ISREG(info.st_mode):
                new = file_node(entry.path, info)
                if info.st_nlink > 1:
                    # One more name of a file whose data is in the image once.
                    new.source = links.setdefault((info.st_dev, info.st_ino), entry.path)
                node.children[entry.name] = new
            elif stat.S_ISLNK(info.st_mode):
                target = os.readlink(entry.path)
                node.children[entry.name] = Node(stat.S_IFLNK | 0o777, int(info.st_mtime),
                                                 target=target, size=len(target))
            else:
                warn("%s: left out (a device, a socket or a pipe)" % os.fsdecode(entry.path))


def add_tree(root, name, path):
    if not os.path.isdir(path):
        raise Fail("%s: not a folder" % path)
    parent, last = reach(root, name)
    node = parent.children.setdefault(last, folder())
    merge(node, os.fsencode(path), {})


def pages(size):
    return (size + PAGE - 1) // PAGE * PAGE


class Layout:
    """Numbers of all entries, breadth first: so children of one folder are together."""

    def __init__(self, root):
        self.nodes = [root]
        self.parents = [0]
        self.names = [b""]
        self.first = []
        for number, node in enumerate(self.nodes):
            self.first.append(len(self.nodes) if node.children else 0)
            for name in sorted(node.children or ()):
                self.nodes.append(node.children[name])
                self.parents.append(number)
                self.names.append(name)
        self.strings = bytearray()
        self.known = {}

    def string(self, text):
        """Offset of text among the names, where equal texts are kept once."""
        if text not in self.known:
            self.known[text] = len(self.strings)
            self.strings += text
        return self.known[text]


def build(root):
    """The image's header, entries and names, and [(offset, path, size)] of the data."""
    layout = Layout(root)
    name_at = [layout.string(n) for n in layout.names]
    target_at = [layout.string(n.target) if n.target is not None else 0 for n in layout.nodes]
    names_offset = HEADER.size + ENTRY.size * len(layout.nodes)
    end = pages(names_offset + len(layout.strings))
    data = []
    placed = {}
    boot = (0, 0)
    entries = bytearray()
    supervisor = find(root, BOOT)
    for number, node in enumerate(layout.nodes):
        offset = 0
        if node.source is not None and node.size:
            if node.source not in placed:
                placed[node.source] = end
                data.append((end, node.source, node.size))
                end += pages(node.size)
            offset = placed[node.source]
        elif node.target is not None:
            offset = names_offset + target_at[number]
        if node is supervisor:
            boot = (offset, node.size)
        children = node.children or {}
        nlink = 1
        if node.children is not None:
            nlink = 2 + sum(1 for c in children.values() if c.children is not None)
        entries += ENTRY.pack(layout.parents[number], node.mode, 0, 0, node.mtime, node.size,
                              offset, name_at[number], len(layout.names[number]),
                              layout.first[number], len(children), nlink, 0)
    header = HEADER.pack(MAGIC, VERSION, len(layout.nodes), end, HEADER.size, names_offset,
                         len(layout.strings), *boot)
    return header + entries + layout.strings, data, end


def find(root, path):
    node = root
    for name in path.split(b"/"):
        node = (node.children or {}).get(name)
        if node is None:
            return None
    return node


def write(path, root):
    head, data, total = build(root)
    # Under another name first: who boots the old image goes on reading the old one.
    temporary = "%s.%d" % (path, os.getpid())
    try:
        with open(temporary, "wb") as out:
            out.write(head)
            for offset, source, size in data:
                out.seek(offset)
                with open(source, "rb") as f:
                    content = f.read()
                if len(content) != size:
                    raise Fail("%s: changed while it was read" % os.fsdecode(source))
                out.write(content)
            out.truncate(total)
        os.rename(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def show(path):
    with open(path, "rb") as f:
        image = f.read()
    header = HEADER.unpack_from(image)
    if header[0] != MAGIC or header[1] != VERSION or header[3] != len(image):
        raise Fail("%s: not a boot image of version %d" % (path, VERSION))
    count, entries, names = header[2], header[4], header[5]
    paths = []
    for number in range(count):
        e = ENTRY.unpack_from(image, entries + number * ENTRY.size)
        name = image[names + e[7]:names + e[7] + e[8]]
        paths.append(paths[e[0]] + b"/" + name if number else b"")
        text = os.fsdecode(paths[number] or b"/")
        if stat.S_ISLNK(e[1]):
            text += " -> " + os.fsdecode(image[e[6]:e[6] + e[5]])
        print("%s %9d %8x %s" % (stat.filemode(e[1]), e[5], e[6], text))


def pair(text):
    name, equals, path = text.partition("=")
    if not name or not equals or not path:
        raise argparse.ArgumentTypeError("'%s' is not NAME=PATH" % text)
    return name, path


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0],
                                     usage=__doc__.split("\n\n", 1)[1])
    parser.add_argument("-o", dest="out")
    parser.add_argument("--system", type=pair, action="append", default=[])
    parser.add_argument("--tree", type=pair, action="append", default=[])
    parser.add_argument("--dir", nargs=2, action="append", default=[])
    parser.add_argument("--link", nargs=2, action="append", default=[])
    parser.add_argument("--list")
    options = parser.parse_args()
    if options.list:
        show(options.list)
        return
    if not options.out:
        parser.error("-o is missing")
    root = folder()
    for name in ("system", "root"):
        add_dir(root, name, 0o755)
    for name, path in options.system:
        add_file(root, "system/" + name, path)
    for name, path in options.tree:
        add_tree(root, name, path)
    for path, mode in options.dir:
        add_dir(root, path, int(mode, 8))
    for path, target in options.link:
        add_link(root, path, target)
    write(options.out, root)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
    except (Fail, OSError) as e:
        sys.exit("image.py: %s" % e)
