"""A signal ends what is being done, wherever it arrives."""

import subprocess
import sys

import pytest

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


def outcome(program: str) -> subprocess.CompletedProcess[str]:
    """How a program ends in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_signal_inside_a_finalizer_is_not_lost() -> None:
    done = outcome(WHERE_PYTHON_DROPS_WHAT_IS_RAISED)

    assert (done.stdout, done.stderr) == ("ended by 15\n", "")


ON_A_BUSY_MACHINE = """
import threading, time

class Late(threading.Timer):
    def start(self):
        threading.Timer = Usual
        super().start()
        time.sleep(0.1)  # this thread waits for a core meanwhile

Usual, threading.Timer = threading.Timer, Late
"""


def test_a_signal_that_arrives_while_it_is_being_sent_again_is_not_lost() -> None:
    done = outcome(ON_A_BUSY_MACHINE + WHERE_PYTHON_DROPS_WHAT_IS_RAISED)

    assert (done.stdout, done.stderr) == ("ended by 15\n", "")


WITHIN_A_STEP = """
import os, signal, time
from polyculture.core.signals import Ended, finish_step_first, raise_on_signals

raise_on_signals()
try:
    with finish_step_first() as asked:
        for pause in {pauses}:
            time.sleep(pause)
            os.kill(os.getpid(), signal.SIGTERM)
        print("finished the step, asked by", asked.number)
    print("handled as before:", signal.getsignal(signal.SIGTERM).__name__)
except Ended as ended:
    print("ended by", ended.number)
"""


def test_a_signal_that_arrives_twice_at_once_is_one_request() -> None:
    """``timeout`` sends one to the process and one to its group."""
    done = outcome(WITHIN_A_STEP.format(pauses=[0, 0, 0.1]))

    assert done.stdout == "finished the step, asked by 15\nhandled as before: _raise\n"
    assert done.stderr == "\nStopping after this step; once more ends at once.\n"


@pytest.mark.slow
def test_a_second_request_ends_the_step() -> None:
    done = outcome(WITHIN_A_STEP.format(pauses=[0, 0.6]))

    assert done.stdout == "ended by 15\n"


WHILE_A_LIBRARY_COMPUTES = """
import sys, threading, time
import torch
from polyculture.cli import main
from polyculture.core.signals import Ended

def compute():
    matrix = torch.ones(300, 300)
    while True:
        matrix @ matrix

def command(**_):
    for _ in range(3):
        threading.Thread(target=compute, daemon=True).start()
    time.sleep(0.3)
    raise Ended(15)

main.make = lambda: command
sys.argv = ["polyculture", "train", "recipe.toml"]
main.run()
"""


@pytest.mark.slow
def test_a_thread_inside_torch_does_not_change_the_exit_status() -> None:
    """Python's own end stops such a thread in the middle of C++, which aborts the process (134)."""
    done = outcome(WHILE_A_LIBRARY_COMPUTES)

    assert done.returncode == 143
    assert done.stderr.startswith("Interrupted.")
    assert len(done.stderr.splitlines()) == 1


WHILE_ANOTHER_FAULT_IS_TOLD = """
import os, signal, sys, time
from polyculture.core.signals import Ended, raise_on_signals

def tell(_):
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))  # Python code, so that the signal is handled here

class Broken:
    def __del__(self):
        raise ValueError

sys.unraisablehook = tell
raise_on_signals()
try:
    Broken()
    time.sleep(10)
except Ended as ended:
    print("ended by", ended.number)
"""


def test_a_signal_that_arrives_while_another_fault_is_told_is_not_lost() -> None:
    done = outcome(WHILE_ANOTHER_FAULT_IS_TOLD)

    assert (done.stdout, done.stderr) == ("ended by 15\n", "")
