"""The boot image: written by tools/image.py, read here as abi/image.h says."""
import os
import socket
import stat
import struct
import tempfile

from pithtest import TOP, run

TOOL = os.path.join(TOP, "tools/image.py")


class Image:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        (magic, version, self.count, self.total, self.entries, self.names, self.names_size,
         self.boot_offset, self.boot_size) = struct.unpack_from("<8sIIQQQQQQ", self.data)
        assert magic == b"PITHIMG1" and version == 1
        assert self.total == len(self.data) and self.total % 4096 == 0
        assert self.entries == 64

    def entry(self, number):
        assert number < self.count
        keys = ("parent mode uid gid mtime size offset name_offset name_length first_child "
                "child_count nlink reserved").split()
        values = struct.unpack_from("<IIIIQQQIIIIII", self.data, self.entries + 64 * number)
        e = dict(zip(keys, values))
        assert e["name_offset"] + e["name_length"] <= self.names_size
        start = self.names + e["name_offset"]
        e["name"] = self.data[start:start + e["name_length"]]
        return e

    def find(self, path):
        """By binary search, as the servers do."""
        number = 0
        for name in [n for n in path.encode().split(b"/") if n]:
            e = self.entry(number)
            low, high = e["first_child"], e["first_child"] + e["child_count"]
            while low < high:
                middle = (low + high) // 2
                if self.entry(middle)["name"] < name:
                    low = middle + 1
                else:
                    high = middle
            if low == e["first_child"] + e["child_count"] or self.entry(low)["name"] != name:
                return None
            number = low
        return self.entry(number)

    def content(self, path):
        e = self.find(path)
        return self.data[e["offset"]:e["offset"] + e["size"]]

    def check(self):
        for number in range(self.count):
            e = self.entry(number)
            assert e["uid"] == e["gid"] == e["reserved"] == 0
            kind = stat.S_IFMT(e["mode"])
            if kind == stat.S_IFDIR:
                assert e["size"] == e["offset"] == 0
                names = [self.entry(e["first_child"] + i)["name"]
                         for i in range(e["child_count"])]
                assert names == sorted(set(names))
                for i in range(e["child_count"]):
                    assert e["first_child"] > number
                    assert self.entry(e["first_child"] + i)["parent"] == number
            elif kind == stat.S_IFREG and e["size"]:
                assert e["offset"] % 4096 == 0
                end = e["offset"] + e["size"]
                assert not any(self.data[end:(end + 4095) // 4096 * 4096])
            elif kind == stat.S_IFLNK:
                assert self.names <= e["offset"]
                assert e["offset"] + e["size"] <= self.names + self.names_size


def write(folder, name, content=b"", mode=0o644):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)
    os.chmod(path, mode)
    return path


def image(folder, *args):
    out = os.path.join(folder, "out.img")
    status, _, err = run([TOOL, "-o", out, *args])
    assert status == 0, err
    result = Image(out)
    result.check()
    return result, err


def test_empty_image():
    with tempfile.TemporaryDirectory() as folder:
        i, _ = image(folder)
        assert i.count == 3 and i.boot_offset == i.boot_size == 0
        assert i.find("root")["child_count"] == 0 and i.find("nothing") is None


def test_files_folders_and_links():
    with tempfile.TemporaryDirectory() as folder:
        tree = folder + "/tree"
        for number in range(300):
            write(tree, "many/%d" % number, b"%d" % number)
        write(tree, "bin/program", b"x" * 5000, 0o4755)
        write(tree, "empty")
        os.utime(tree + "/bin/program", (1, 1234567890))
        os.symlink("../bin/program", tree + "/many/link")
        os.chmod(tree + "/many", 0o1777)
        i, _ = image(folder, "--tree", "root=" + tree)
        program = i.find("root/bin/program")
        assert program["mode"] == 0o104755 and program["mtime"] == 1234567890
        assert i.content("root/bin/program") == b"x" * 5000
        assert i.find("root/empty")["offset"] == 0
        assert i.find("root/many")["mode"] == 0o41777
        assert i.content("root/many/link") == b"../bin/program"
        for number in range(300):
            assert i.content("root/many/%d" % number) == b"%d" % number
        assert i.find("root")["nlink"] == 4


def test_overlay():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "a/etc/keep", b"a")
        write(folder, "a/etc/replace", b"a")
        write(folder, "a/was-file", b"a")
        write(folder, "a/was-folder/x", b"a")
        write(folder, "b/etc/replace", b"b")
        write(folder, "b/was-file/y", b"b")
        write(folder, "b/was-folder", b"b")
        i, _ = image(folder, "--tree", "root=%s/a" % folder, "--tree", "root=%s/b" % folder)
        assert i.content("root/etc/keep") == b"a"
        assert i.content("root/etc/replace") == b"b"
        assert i.content("root/was-file/y") == b"b"
        assert i.content("root/was-folder") == b"b"


def test_supervisor_is_the_boot_file():
    with tempfile.TemporaryDirectory() as folder:
        elf = write(folder, "s", b"\x7fELF" + b"s" * 9000)
        i, _ = image(folder, "--system", "supervisor=" + elf, "--system", "servers/file=" + elf)
        assert i.boot_offset % 4096 == 0 and i.boot_offset > 0
        assert i.data[i.boot_offset:i.boot_offset + i.boot_size] == b"\x7fELF" + b"s" * 9000
        assert i.content("system/servers/file")[:4] == b"\x7fELF"


def test_hard_links_share_their_data():
    with tempfile.TemporaryDirectory() as folder:
        os.link(write(folder, "t/a", b"z" * 100000), folder + "/t/b")
        i, _ = image(folder, "--tree", "root=%s/t" % folder)
        assert i.find("root/a")["offset"] == i.find("root/b")["offset"]
        assert i.total < 120000


def test_dir_and_link_options():
    with tempfile.TemporaryDirectory() as folder:
        i, _ = image(folder, "--dir", "root/tmp", "1777", "--link", "root/bin/sh", "busybox")
        assert i.find("root/tmp")["mode"] == 0o41777
        assert i.content("root/bin/sh") == b"busybox"


def test_special_files_are_left_out_with_a_warning():
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "t/a")
        os.mkfifo(folder + "/t/fifo")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(folder + "/t/socket")
            i, err = image(folder, "--tree", "root=%s/t" % folder)
        assert b"t/fifo: left out" in err and b"t/socket: left out" in err
        assert i.find("root")["child_count"] == 1


def test_names_of_any_bytes():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/t")
        name = os.fsencode(folder) + b"/t/\xff\x01 name"
        open(name, "wb").close()
        i, _ = image(folder, "--tree", "root=%s/t" % folder)
        assert i.entry(i.find("root")["first_child"])["name"] == b"\xff\x01 name"


def test_same_input_makes_the_same_image():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("b", "a", "c/d"):
            write(folder, "t/" + name, name.encode())
        first, _ = image(folder, "--tree", "root=%s/t" % folder)
        second, _ = image(folder, "--tree", "root=%s/t" % folder)
        assert first.data == second.data


def test_missing_folder_is_an_error():
    with tempfile.TemporaryDirectory() as folder:
        status, _, err = run([TOOL, "-o", folder + "/x", "--tree", "root=/nonexistent"])
        assert status != 0 and b"/nonexistent: not a folder" in err
        assert os.listdir(folder) == []


def test_the_system_s_own_image():
    i = Image(os.path.join(TOP, "build/pith.img"))
    i.check()
    assert i.find("root/tmp")["mode"] == 0o41777 and i.find("root/root")["mode"] == 0o40700
    assert i.content("root/bin/sh") == b"/bin/busybox"
    assert i.content("root/bin/busybox")[:4] == b"\x7fELF"
    assert i.content("root/etc/passwd").startswith(b"root:x:0:0:")
    assert i.find("root/etc/passwd")["mode"] == 0o100644
    for name in ("proc", "dev", "sys", "run", "var", "usr/bin", "usr/sbin", "sbin"):
        assert stat.S_ISDIR(i.find("root/" + name)["mode"]), name
