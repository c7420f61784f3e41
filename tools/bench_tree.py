#!/usr/bin/env python3
"""Make the files that the benchmark's jobs work on: bench_tree.py FOLDER

  tree/dNN/fNN.txt   400 files of 1 to 8 KiB
  text               1 MiB of words
  data               16 MiB of words

The same each time, byte for byte and with times: sums of it are compared between systems.
"""
import os
import random
import shutil
import sys

MTIME = 1600000000
SYLLABLES = "ba co du fen gar hil jor kam lin mo nu pel quo ras si tor ur vel wo xi yan zed".split()


def words(rng, size):
    """About `size` bytes of lines; random() alone is promised to stay the same in Python."""
    def pick(some):
        return some[int(rng.random() * len(some))]

    vocabulary = ["lantern"] + ["".join(pick(SYLLABLES) for _ in range(1 + int(rng.random() * 4)))
                                for _ in range(2000)]
    lines, have = [], 0
    while have < size:
        # Some words are frequent, as in a language.
        line = " ".join(vocabulary[int(rng.random() ** 3 * len(vocabulary))] for _ in range(12))
        lines.append(line + "\n")
        have += len(line) + 1
    return "".join(lines).encode()[:size]


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)
    os.chmod(path, 0o644)
    os.utime(path, (MTIME, MTIME))


def main():
    top = sys.argv[1]
    shutil.rmtree(os.path.join(top, "tree"), ignore_errors=True)
    rng = random.Random(1)
    text = words(rng, 1 << 20)
    write(os.path.join(top, "text"), text)
    # A rotation each time, so that no two MiB are the same.
    data = b"".join(text[n * 4099:] + text[:n * 4099] for n in range(16))
    write(os.path.join(top, "data"), data)
    at = 0
    for n in range(400):
        size = 1024 + int(rng.random() * 7168)
        write(os.path.join(top, "tree/d%02d/f%02d.txt" % (n // 20, n % 20)), data[at:at + size])
        at += size
    for folder, _, _ in os.walk(os.path.join(top, "tree"), topdown=False):
        os.chmod(folder, 0o755)
        os.utime(folder, (MTIME, MTIME))


main()
