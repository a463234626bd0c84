"""A signal ends what is being done, wherever it arrives."""

import subprocess
import sys

WHERE_PYTHON_DROPS_WHAT_IS_RAISED = """
import os, signal, time
from polyculture.core.signals import Ended, raise_on_signals

class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(1000))  # Python code, so that the signal is handled here

raise_on_signals()
try:
    Held()
    time.sleep(10)
except Ended as ended:
    print("ended by", ended.number)
"""


def test_a_signal_inside_a_finalizer_is_not_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHERE_PYTHON_DROPS_WHAT_IS_RAISED],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("ended by 15\n", "")
