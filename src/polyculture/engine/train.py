"""One training: from a recipe, its data and its base to a finished run in a folder.

Everything happens in the folder that the caller gives (``api`` renames it when the run is whole).
A folder of a training that was killed is continued: what was chosen and the last checkpoint lie in
it.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from polyculture.core.recipe import Fit
from polyculture.core.run import Facts, Run
from polyculture.engine import memory
from polyculture.engine.ingredients import Ingredients, versions
from polyculture.engine.judge import Judged, judge
from polyculture.engine.loop import Tick, fit
from polyculture.engine.predict import texts_of
from polyculture.engine.prepare import Prepared, prepare
from polyculture.engine.resume import Progress
from polyculture.engine.team import Team
from polyculture.nets.build import save_network
from polyculture.nets.embedding import expand
from polyculture.nets.network import Network, count
from polyculture.nets.tfidf import Tfidf
from polyculture.store.folder import write_text

CHECKPOINTS = "checkpoint"
LOG = "log.jsonl"


def train(
    given: Ingredients,
    folder: Path,
    *,
    budget_seconds: float | None = None,
    on_tick: Callable[[Tick], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Train, test and write a run.

    Args:
        given: Recipe, data and base.
        folder: Where the run is written: empty, or left by a training that was killed.
        budget_seconds: End after this time at the latest.
        on_tick: Called after every step.
        say: Told what is being done, in a few words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    memory.forget_peak()
    if given.base.kind == "tfidf":
        return _train_tfidf(given, folder, say)
    say("reading data and base")
    prepared = prepare(given, folder)
    log = Log(folder / LOG)

    def tell(tick: Tick) -> None:
        log.write(tick)
        on_tick(tick)

    with Team(prepared.chosen.threads) as team:
        progress = fit(
            prepared.network,
            prepared.work,
            _with_head_rate(given, prepared),
            rate=prepared.chosen.learning_rate,
            kernels=prepared.chosen.kernels,
            team=team,
            seed=given.recipe.seed,
            checkpoints=folder / CHECKPOINTS,
            budget_seconds=budget_seconds,
            on_tick=tell,
        )
    trained = count(w for w in prepared.network.parameters() if w.requires_grad)
    network = _finish(given, prepared)
    say("saving")
    save_network(network, prepared.tokenizer, folder / "model")
    judged = judge(given, folder, prepared.chosen.max_length, say)
    facts = _facts(
        given,
        prepared,
        progress,
        judged,
        sizes={
            "parameters": count(network.parameters()),
            "trained_parameters": trained,
        },
    )
    return _write(given, folder, facts, judged)


def _with_head_rate(given: Ingredients, prepared: Prepared) -> Fit:
    fit_ = given.recipe.fit
    rate = fit_.head_learning_rate or prepared.chosen.head_learning_rate
    return fit_.model_copy(update={"head_learning_rate": rate})


def _finish(given: Ingredients, prepared: Prepared) -> Network:
    """The plain network again: full embedding, merged updates, the real body."""
    network = prepared.network
    restore = getattr(network, "cached_from", None)
    if restore is not None:
        network.swap_body(restore)
    expand(network.body)
    if given.adaptation.finish is not None:
        given.adaptation.finish(network)
    return network


def _train_tfidf(given: Ingredients, folder: Path, say: Callable[[str], None]) -> Run:
    began = time.monotonic()
    targets = np.stack(given.targets("train"))
    texts = texts_of(given.rows["train"])
    model = Tfidf.fit(texts, targets, labels=len(given.labels))
    model.save(folder / "model")
    judged = judge(given, folder, 0, say)
    facts = Facts(
        versions=versions(),
        base_digest=given.base.digest,
        data_digest=given.dataset.digest,
        lineage=given.base.lineage,
        chosen={"analyzer": model.analyzer, "max_length": None},
        seconds=time.monotonic() - began,
        peak_memory_mb=memory.peak_mb(),
        steps=0,
        epochs=1.0,
        best_step=0,
        stopped="the one optimum was found",
        parameters=model.parameters,
        trained_parameters=model.parameters,
        rows={split: len(rows) for split, rows in given.rows.items()},
        notes=(*given.dataset.notes, *given.base.notes),
    )
    return _write(given, folder, facts, judged)


def _facts(
    given: Ingredients,
    prepared: Prepared,
    progress: Progress,
    judged: Judged,
    *,
    sizes: dict[str, int],
) -> Facts:
    chosen = prepared.chosen
    return Facts(
        versions=versions(),
        base_digest=given.base.digest,
        data_digest=given.dataset.digest,
        lineage=given.base.lineage,
        chosen=chosen.facts(),
        seconds=progress.seconds,
        peak_memory_mb=max(progress.peak_memory_mb, memory.peak_mb()),
        steps=progress.step,
        epochs=progress.step / prepared.work.steps_per_epoch,
        best_step=progress.best_step,
        stopped=progress.stopped,
        **sizes,
        rows={split: len(rows) for split, rows in given.rows.items()},
        notes=(*given.dataset.notes, *given.base.notes, *prepared.notes, *judged.notes),
    )


def _write(given: Ingredients, folder: Path, facts: Facts, judged: Judged) -> Run:
    run = Run(
        name=given.name,
        fingerprint=given.fingerprint,
        recipe=given.recipe,
        labels=given.labels,
        facts=facts,
        valid=judged.valid,
        test=judged.test,
        baselines=judged.baselines,
    )
    write_text(folder / "run.json", run.model_dump_json(indent=1))
    return run


class Log:
    """``log.jsonl``: a line every few steps, and one for each look at the validation rows."""

    EVERY = 20

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, tick: Tick) -> None:
        """Append a tick."""
        if tick.score is None and tick.step % self.EVERY:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(tick.model_dump(exclude_none=True)) + "\n")
