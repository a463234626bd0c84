"""What the loop calls: a batch of some examples, its loss, a look at the validation rows."""

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from polyculture.core.task import Context, Encoded
from polyculture.engine.answering.read import decoded, read_rows
from polyculture.engine.batches import collated
from polyculture.engine.choices.precision import Precision
from polyculture.engine.device import Device
from polyculture.engine.look import Look, look_at_loss
from polyculture.engine.training import Training
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.network import Network

BatchOf = Callable[[NDArray[Any], int], Batch]
LossOf = Callable[[Outputs, Batch], Tensor]


def functions_of(
    training: Training,
    network: Network,
    encoded: Encoded,
    context: Context,
    features: Sequence[Tensor] | None = None,
) -> tuple[BatchOf, LossOf]:
    """What makes a batch of the examples of some numbers at a step, and the loss of a batch."""
    task, seed = training.task, training.recipe.seed

    def batch_of(numbers: NDArray[Any], step: int) -> Batch:
        return collated(encoded, numbers, task, context, features, chance=(seed, step))

    def loss_of(outputs: Outputs, batch: Batch) -> Tensor:
        structured = network.head_loss(outputs, batch)
        return task.loss(outputs, batch, context) if structured is None else structured

    return batch_of, loss_of


def look_of(
    training: Training,
    network: Network,
    encoded: Encoded,
    context: Context,
    *,
    precision: Precision,
    device: Device,
    features: Sequence[Tensor] | None = None,
) -> Callable[[], Look]:
    """Score and loss on the validation rows, whenever it is called.

    Args:
        training: Recipe and data.
        network: As it learns.
        encoded: Examples of ``valid``.
        context: What the task may look at.
        precision: Arithmetic of matrix products.
        device: Where the network is.
        features: Saved outputs of the body, where these are kept.
    """
    task, rows = training.task, training.rows["valid"]
    _, loss_of = functions_of(training, network, encoded, context)

    def look() -> Look:
        read = read_rows(
            network,
            encoded,
            task,
            context,
            precision=precision,
            device=device,
            loss_of=loss_of,
            features=features,
            answers=task.steer == "score",
        )
        if task.steer == "loss":
            return look_at_loss(read.loss)
        answers = decoded(task, rows, read.rows, context)
        score = task.score(rows, answers, context, split="valid").headline()
        facts: Any = {
            "name": score.name,
            "higher_is_better": score.higher_is_better,
            "loss": read.loss,
        }
        if score.value.kind == "undefined":
            return Look(reason=score.value.reason, **facts)
        return Look(score=score.value.number, **facts)

    return look
