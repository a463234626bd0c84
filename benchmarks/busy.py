"""Two-thread training beside one busy core: threads that sleep against threads that spin.

    python benchmarks/busy.py

A BERT of MiniLM's size with random weights takes training steps in a process of its own, first on
the machine as it is, then beside another process that keeps one core busy; once with OpenMP's own
waiting (spinning), once with the policy that polyculture sets (sleeping). Printed are steps a
second and what share of the quiet speed is left.
"""

import argparse
import json
import os
import subprocess
import sys
import time

SECONDS = 12.0
PROGRAM = """
import json, sys, time
polite, seconds = sys.argv[1] == "polite", float(sys.argv[2])
if polite:
    from polyculture.nets import threads
    threads.be_polite()
import torch
from transformers import BertConfig, BertForTokenClassification
torch.set_num_threads(2)
torch.manual_seed(1)
config = BertConfig(vocab_size=8000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                    intermediate_size=1536, num_labels=9)
model = BertForTokenClassification(config)
optimiser = torch.optim.AdamW(model.parameters(), fused=True)
tokens = torch.randint(8000, (32, 24))
def step():
    loss = model(input_ids=tokens, labels=tokens % 9).loss
    loss.backward()
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
step()
start, steps = time.perf_counter(), 0
while time.perf_counter() - start < seconds:
    step()
    steps += 1
print(json.dumps(steps / (time.perf_counter() - start)))
"""


def speed(policy: str, *, busy: bool, seconds: float) -> float:
    """Steps a second of a training process, perhaps beside one that keeps a core busy."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    other = None
    if busy:
        other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.5)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, policy, str(seconds)],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
    finally:
        if other is not None:
            other.kill()
            other.wait()
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    for _ in range(arguments.rounds):
        for policy in ("spinning", "polite"):
            quiet = speed(policy, busy=False, seconds=arguments.seconds)
            loaded = speed(policy, busy=True, seconds=arguments.seconds)
            print(
                f"{policy:<9} quiet {quiet:5.2f} steps/s, one core busy {loaded:5.2f} steps/s, "
                f"{loaded / quiet:.0%} left",
                flush=True,
            )


if __name__ == "__main__":
    main()
