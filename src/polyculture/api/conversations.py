"""Talk with a finished run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.core.errors import RecipeError, need

if TYPE_CHECKING:
    from pathlib import Path

    from polyculture.core.task import Task
    from polyculture.engine.answering.talk import Talk


def chat(
    run: Path,
    *,
    temperature: float = 0.7,
    top_p: float = 0.9,
    seed: int = 1,
    longest_answer: int | None = None,
    system: str = "",
) -> Talk:
    """Begin a talk with a run.

    Args:
        run: Folder of a finished run whose task reads conversations and writes tokens.
        temperature: How freely it speaks; 0 says the likeliest token.
        top_p: Only the likeliest tokens that together have this probability are drawn from.
        seed: Where chance comes from: the same talk with the same seed says the same.
        longest_answer: Most tokens of a reply; as the run's task has it where left out.
        system: Instructions that stand before everything.

    Returns:
        A talk, whose ``reply`` says its reply to a text piece by piece.

    Raises:
        PolycultureError: The run cannot be read, or does not talk.
    """
    from polyculture.core import parts
    from polyculture.core.task import task_of
    from polyculture.store.runs import read_run

    record = read_run(run)
    if not talks(task_of(record.recipe.task)):
        kind = getattr(record.recipe.task, "kind", "")
        able = [name for name in parts.names("tasks") if talks(parts.load("tasks", name))]
        msg = f"{run} was trained for {kind!r} and does not talk. Runs that do: {', '.join(able)}."
        raise RecipeError(msg)
    need("torch", extra="train", purpose="Talking with a trained model")
    from polyculture.engine.answering.model import open_run
    from polyculture.engine.answering.talk import Talk

    return Talk(
        open_run(run),
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        longest_answer=longest_answer,
        system=system,
    )


def talks(task: Task) -> bool:
    """Whether runs of a task reply to conversations: they read turns, and say tokens."""
    kinds = {column.kind for column in task.columns.values()}
    return task.output == "tokens" and "turns" in kinds
