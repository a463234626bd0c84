"""Time a few short training steps, for ``--check``."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyculture.engine.optimizers import make_optimizer, move
from polyculture.engine.prepare import PreparedTraining
from polyculture.engine.regularize.regularizers import regularizers_of
from polyculture.engine.step import Shares
from polyculture.engine.thread_team import Team
from polyculture.engine.training import Training
from polyculture.nets.network import trainable

TOKENS = 256
"""Padded tokens of the first step, which is warm-up."""
LONGEST = 0.5
"""Seconds that a later step should take at most. Within them it is as large as in the training:
small steps cost more for each token."""
USUAL = (0.5, 0.5, 0.75)
"""Quantiles of the lengths in the steps."""
NEAR = 4
"""Examples on either side of it."""


@dataclass(frozen=True, kw_only=True)
class StepTimes:
    """What was timed."""

    tokens: tuple[float, ...]
    """Seconds a padded token of each timed step."""
    move: float
    """Seconds of the optimizer a step."""
    look: float
    """Seconds a row of an evaluation while training."""
    answer: float
    """Seconds a row that the finished model answers."""
    cores: float
    """Share of the threads' time in which they ran, above 0 and at most 1."""


def time_steps(prepared: PreparedTraining, training: Training) -> StepTimes:
    """Take the steps, and read the validation rows once.

    Args:
        prepared: A training on some rows; it cannot be used afterwards.
        training: Recipe and rows of it.
    """
    network, work, chosen = prepared.network, prepared.work, prepared.chosen
    weights = trainable(network)
    optimizer = make_optimizer(training, chosen, network, weights)
    for group in optimizer.param_groups:
        group["lr"] = 0.0  # timed, not learnt: at the full rate a first step may go astray
    some = prepared.device.send(work.batch_of(work.plan[0][:1], 0))
    tokens, moves, cores = [], [], []
    most = TOKENS
    with Team(chosen.threads) as team:
        shares = Shares(
            network=network,
            weights=list(weights.values()),
            batch_of=work.batch_of,
            loss_of=work.loss_of,
            precision=chosen.kernels.precision,
            device=prepared.device,
            team=team,
            seed=training.recipe.seed,
            couples_rows=training.task.couples_rows,
            regularizers=regularizers_of(training, network, [some]),
        )
        for step, quantile in enumerate(USUAL):
            numbers, padded = _of_size(prepared, quantile, most)
            began, ran = time.perf_counter(), time.process_time()
            shares.gradients(numbers, step)
            passed = time.perf_counter() - began
            cores.append((time.process_time() - ran) / (passed * team.size))
            tokens.append(passed / padded)
            most = max(TOKENS, int(LONGEST / max(tokens)))
            move(optimizer, shares.weights, training.recipe.fit.clip)
            moves.append(time.perf_counter() - began - passed)
    began = time.perf_counter()
    work.look()
    look = (time.perf_counter() - began) / len(training.rows["valid"])
    return StepTimes(
        tokens=tuple(tokens[1:]),
        move=min(moves[1:]),
        look=look,
        answer=look + prepared.seconds_an_example,
        cores=min(1.0, max(cores[1:])),
    )


def _of_size(
    prepared: PreparedTraining, quantile: float, most: int
) -> tuple[NDArray[np.int64], int]:
    """Examples of about one length, some more than once, and their padded tokens.

    Args:
        prepared: What is timed.
        quantile: Of the lengths.
        most: Tokens; those of a batch if it has fewer.
    """
    lengths = prepared.lengths
    order = np.argsort(lengths, kind="stable")
    middle = int(quantile * (len(order) - 1))
    near = order[max(0, middle - NEAR) : middle + NEAR + 1]
    longest = int(lengths[near].max())
    numbers = np.resize(near, max(1, min(most, prepared.chosen.batch_tokens) // longest))
    return numbers, len(numbers) * longest
