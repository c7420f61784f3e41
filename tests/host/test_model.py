"""The kernel of the host port against the model of its abstract state (tests/model)."""
import sys

from pithtest import TOP, run

SECONDS = 120


def test_every_call_does_what_the_model_says():
    status, out, err = run([sys.executable, TOP + "/tests/model/run.py", "--seconds", str(SECONDS)],
                           timeout=SECONDS + 300)
    assert status == 0 and b"no difference" in out, (status, out[-4000:].decode(errors="replace"), err[-2000:])


test_every_call_does_what_the_model_says.limit = SECONDS + 320
