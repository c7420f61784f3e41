"""The program's exit status is ./pith's."""
from pithtest import pith

SAMPLES = (0, 1, 2, 7, 42, 126, 127, 128, 137, 143, 200, 254, 255)


def check(status):
    assert pith("busybox", "sh", "-c", "exit %d" % status) == (status, b"", b""), status


def sample_test(status):
    def test():
        check(status)
    return test


for _status in SAMPLES:
    globals()["test_exit_%d" % _status] = sample_test(_status)


def test_signals():
    for number in (1, 9, 15):
        status, _, _ = pith("busybox", "sh", "-c", "kill -%d $$" % number)
        assert status == 128 + number, (status, number)


def test_every_status():
    for status in range(256):
        check(status)


test_every_status.slow = True
test_every_status.limit = 1200
