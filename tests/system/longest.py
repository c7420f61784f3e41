"""No way through the kernel is long: the conformance suite, with a plugin of QEMU that counts (tools/host/longest.c)."""
import os
import tempfile

import conform
from pithtest import TOP

LONGEST = 20000


def test_no_way_through_the_kernel_is_long():
    with tempfile.TemporaryDirectory(prefix="pith-longest-") as folder:
        out = os.path.join(folder, "ways")
        conform.passed(conform.run(["-plugin", "%s,out=%s" % (os.path.join(TOP, "build/host/longest.so"), out)]))
        with open(out, encoding="utf-8") as f:
            ways = [int(line.split()[0]) for line in f]
    assert ways and 1000 < ways[0] <= LONGEST, ways


test_no_way_through_the_kernel_is_long.limit = conform.LIMIT + 20
