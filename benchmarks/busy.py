"""Two-thread training beside one busy core: torch's own threads against a team that meets rarely.

    python benchmarks/busy.py

A BERT of MiniLM's size with random weights takes training steps in a process of its own, first on
the machine as it is, then beside another process that keeps one core busy. ``spinning``: torch's
threads as they come; ``sleeping``: with OMP_WAIT_POLICY=PASSIVE; ``team``: polyculture's own step,
where each thread computes its share of the rows alone. Printed are steps a second and what share
of the quiet speed is left.
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
policy, seconds = sys.argv[1], float(sys.argv[2])
from polyculture.nets.efficiency import threads
if policy != "spinning":
    threads.be_polite()
import numpy as np
import torch
from transformers import BertConfig, BertForTokenClassification
from polyculture.engine.step import Shares
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch
from polyculture.nets.efficiency.dropout import make_cheap
from polyculture.nets.network import Network, trainable
torch.set_num_threads(2)
torch.manual_seed(1)
config = BertConfig(vocab_size=8000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                    intermediate_size=1536, num_labels=9)
network = Network(BertForTokenClassification(config), output="word_labels")
make_cheap(network)
tokens = torch.randint(8000, (32, 24))

def batch_of(numbers, step):
    rows = tokens[torch.from_numpy(numbers)]
    places = torch.arange(24).expand(len(rows), -1)
    return Batch(inputs={"input_ids": rows, "attention_mask": torch.ones_like(rows)},
                 places={"positions": places, "there": places >= 0},
                 targets={"labels": rows % 9}, rows=tuple(numbers.tolist()),
                 count=rows.numel(), size=rows.numel())

def loss_of(outputs, batch):
    logits, labels = outputs["logits"].flatten(0, 1), batch.targets["labels"].flatten()
    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")

weights = trainable(network)
optimiser = torch.optim.AdamW(weights.values(), fused=True)
shares = Shares(network=network, weights=list(weights.values()), batch_of=batch_of,
                loss_of=loss_of, precision="float32", device=Cpu(2),
                team=Team(2 if policy == "team" else 1), seed=1)

def step(number):
    shares.gradients(np.arange(32), number)
    optimiser.step()

step(0)
start, steps = time.perf_counter(), 0
while time.perf_counter() - start < seconds:
    steps += 1
    step(steps)
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
        for policy in ("spinning", "sleeping", "team"):
            quiet = speed(policy, busy=False, seconds=arguments.seconds)
            loaded = speed(policy, busy=True, seconds=arguments.seconds)
            print(
                f"{policy:<9} quiet {quiet:5.2f} steps/s, one core busy {loaded:5.2f} steps/s, "
                f"{loaded / quiet:.0%} left",
                flush=True,
            )


if __name__ == "__main__":
    main()
