"""Time to reach the same validation F1 on CoNLL-2003: Hugging Face Trainer against polyculture.

    polyculture starter fetch minilm-l6 conll2003
    python benchmarks/training.py                  # all rows, about 50 minutes on two slow cores
    python benchmarks/training.py --rows 2000      # a quick look, on fewer validation rows too

One base (minilm-l6) and one data set, one after the other in one call, each in a process of its
own with the same threads. The goal is the best validation F1 of the Trainer; the time is that of
training alone, without loading and without looks at the validation rows. Then all are asked about
the test rows. All answers are held to legal tags.

default         Trainer as it comes: batch 8, float32, rate 5e-5, three epochs
tuned           batch 32, grouped by length, a higher rate, bfloat16 where that is faster
like_default    polyculture with the same head, and the batch, rate and schedule of ``default``
like_tuned      likewise with those of ``tuned``
ours            the same head with batches of 400 tokens, two epochs
frozen          likewise, with the two lowest of six blocks frozen; reading all rows once is counted
spelt           the head of examples/ner.toml, a chain that sees how words are spelt; one epoch

``like_*`` say what a step costs, the others how soon a score is reached. The last lines hold both
against the limit of the machine: the matrix products of the network alone, by the same threads.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase

    from polyculture.engine.loop import Tick

KINDS = ("default", "tuned", "like_default", "like_tuned", "ours", "frozen", "spelt")
RATE = 3e-4
"""Of the tuned Trainer, for its batches of 32."""
OUR_TOKENS = 400
"""About 19 sentences: more steps an epoch than 32, and products that are large enough."""
OUR_EPOCHS = 2
OURS = {"learning_rate": 3e-4, "batch_tokens": OUR_TOKENS, "head_learning_rate": 1e-3}
SMALL = {"learning_rate": 2e-4, "batch_tokens": 230, "head_learning_rate": 1e-3}
"""Of ``spelt``, which has one epoch: there more steps are worth more than larger products."""
FULL = {"kind": "full"}
FROZEN = {"kind": "last_layers", "blocks": 4}
LINEAR = {"kind": "linear"}
SPELT = {"kind": "crf", "hidden": 256, "shapes": True}
SEED = 1


def main() -> None:
    arguments = read_arguments()
    if arguments.kind:
        print(json.dumps(RUN[arguments.kind](arguments)))
        return
    found = {}
    for kind in (*arguments.kinds.split(","), "limit"):
        command = [sys.executable, __file__, "--kind", kind, "--rows", str(arguments.rows)]
        command += ["--threads", str(arguments.threads), "--epochs", str(arguments.epochs)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
        lines = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment
        ).stdout.splitlines()
        found[kind] = json.loads(lines[-1])
        show(kind, found[kind])
    bound = found.pop("limit")
    for theirs in ("default", "tuned"):
        for our in (f"like_{theirs}", "ours", "frozen", "spelt"):
            if theirs in found and our in found:
                compare(theirs, found[theirs], our, found[our])
    for kind, result in found.items():
        share = bound["seconds_per_row"] / result["seconds_per_row"]
        print(f"{kind}: {share:.2f} of the speed of its matrix products alone")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=0, help="training rows; 0 for all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--kind", choices=[*KINDS, "limit"], help=argparse.SUPPRESS)
    return parser.parse_args()


def show(kind: str, result: dict) -> None:
    if kind == "limit":
        rows = 1 / result["seconds_per_row"]
        print(f"limit: {result['gflops']:.0f} GFLOP/s in products alone, {rows:.0f} rows a second")
        return
    print(f"{kind}: {result['setting']}")
    for seconds, f1 in result["looks"]:
        print(f"  after {seconds:7.1f} s of training: validation F1 {f1:.4f}")
    print(f"  test F1 {result['test_f1']:.4f}", flush=True)


def compare(kind: str, theirs: dict, our: str, ours: dict) -> None:
    goal_seconds, goal = max(theirs["looks"], key=lambda look: (look[1], -look[0]))
    reached = next((seconds for seconds, f1 in ours["looks"] if f1 >= goal), None)
    per_row = theirs["seconds_per_row"] / ours["seconds_per_row"]
    if reached is None:
        print(f"{our} did not reach {goal:.4f}, the best of {kind}; rows a second: {per_row:.2f} x")
        return
    print(
        f"to validation F1 {goal:.4f}: {kind} {goal_seconds:.1f} s, {our} {reached:.1f} s, "
        f"ratio {goal_seconds / reached:.2f}; rows a second alone: {per_row:.2f} x; "
        f"test F1 {theirs['test_f1']:.4f} and {ours['test_f1']:.4f}"
    )


def recipe(
    arguments: argparse.Namespace,
    head: dict,
    epochs: int,
    fit: dict,
    *,
    adaptation: dict = FULL,
    evaluations: int = 1,
) -> Recipe:
    data = {"source": "starter", "name": "conll2003"}
    if arguments.rows:
        data |= {"train_rows": arguments.rows, "valid_rows": min(arguments.rows, 1_000)}
    return Recipe.model_validate(
        {
            "task": {"kind": "spans", "only_legal": True},
            "name": "ours",
            "head": head,
            "adaptation": adaptation,
            "seed": SEED,
            "base": {"source": "starter", "name": "minilm-l6"},
            "data": data,
            "fit": {
                **fit,
                "epochs": epochs,
                "evaluations_per_epoch": evaluations,
                "patience": 4 * epochs,
                "threads": arguments.threads,
                "checkpoint_seconds": 1e9,
            },
        }
    )


def as_theirs(arguments: argparse.Namespace, rows: int, rate: float, warmup: float) -> dict:
    """Ours with the batch, rate and schedule of the Trainer."""
    fit = {
        "learning_rate": rate,
        "batch_tokens": round(rows * mean_tokens(arguments)),
        "warmup": warmup,
        "weight_decay": 0.0,
    }
    return ours(recipe(arguments, LINEAR, arguments.epochs, fit))


def mean_tokens(arguments: argparse.Namespace) -> float:
    """Tokens of a training row, as the base's tokenizer cuts it."""
    import numpy as np

    from polyculture import api
    from polyculture.api.shared import read_data
    from polyculture.nets.build import open_tokenizer

    words = read_data(recipe(arguments, LINEAR, 1, OURS)).splits["train"]["tokens"].to_list()
    tokenizer = open_tokenizer(api.starter_folder("minilm-l6"))
    batch = tokenizer(words, is_split_into_words=True, truncation=True)
    return float(np.mean([len(tokens) for tokens in batch["input_ids"]]))


def often(arguments: argparse.Namespace, head: dict, epochs: int, fit: dict, **more: dict) -> dict:
    """Ours with four looks an epoch, to see when a score is reached."""
    return ours(recipe(arguments, head, epochs, fit, evaluations=4, **more))


def ours(wanted: Recipe) -> dict:
    from polyculture import api
    from polyculture.engine import prepare

    looks: list[tuple[float, float]] = []
    began, looking, reading = None, 0.0, 0.0
    cache_features = prepare.cache_features

    def timed_features(*given: object, **named: object) -> object:
        """What frozen blocks say of every row is part of training."""
        nonlocal reading
        start = time.perf_counter()
        found = cache_features(*given, **named)
        reading = time.perf_counter() - start
        return found

    def tick(now: Tick) -> None:
        nonlocal began, looking
        moment = time.perf_counter()
        if began is None:
            began = moment - now.seconds
        if now.score is not None:  # its seconds end where the look at validation begins
            looks.append((reading + now.seconds - looking, now.score))
            looking += moment - began - now.seconds

    prepare.cache_features = timed_features
    with tempfile.TemporaryDirectory() as out:
        run, _ = api.train(wanted, Path(out), on_tick=tick)
    chosen = run.facts.chosen
    return {
        "setting": f"{chosen['precision']}, {chosen['attention']} attention, "
        f"{chosen['batch_tokens']} tokens a batch, rate {chosen['learning_rate']}, "
        f"epochs: {wanted.fit.epochs}" + (f", reading once {reading:.1f} s" if reading else ""),
        "looks": looks,
        "test_f1": run.test.headline().value.number,
        "seconds_per_row": looks[-1][0] / run.facts.epochs / run.facts.rows["train"],
    }


def limit(arguments: argparse.Namespace) -> dict:
    """How fast rows could be if a step were its matrix products alone, none of them padded."""
    import torch
    from transformers import AutoModel

    from polyculture import api
    from polyculture.engine.thread_team import Team

    tokens, threads = OUR_TOKENS, arguments.threads
    model = AutoModel.from_pretrained(api.starter_folder("minilm-l6"), dtype=torch.float32)
    layers = [module for module in model.encoder.modules() if isinstance(module, torch.nn.Linear)]
    rows = [torch.randn(tokens // threads, layer.in_features) for layer in layers]
    back = [torch.randn(tokens // threads, layer.out_features) for layer in layers]

    def products(_: int) -> None:
        with torch.no_grad():
            for layer, x, y in zip(layers, rows, back, strict=True):
                x @ layer.weight.T  # forward
                y @ layer.weight  # the gradient of what came in
                y.T @ x  # the gradient of the weights

    with Team(threads) as team:
        best = min(timed(lambda: team.map(products, range(threads))) for _ in range(12))
    floats = 6 * tokens * sum(layer.weight.numel() for layer in layers)
    return {
        "gflops": floats / best / 1e9,
        "seconds_per_row": best / tokens * mean_tokens(arguments),
    }


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def trainer(arguments: argparse.Namespace, *, tuned: bool) -> dict:
    import numpy as np
    import torch
    from transformers import (
        AutoModelForTokenClassification,
        DataCollatorForTokenClassification,
        Trainer,
        TrainerCallback,
        TrainingArguments,
        set_seed,
    )

    from polyculture import api
    from polyculture.api.shared import prepare_rows, read_data
    from polyculture.core import parts
    from polyculture.core.task import Context
    from polyculture.stats.spans.entities import may_follow
    from polyculture.tasks.spans import codes

    torch.set_num_threads(arguments.threads)
    set_seed(SEED)
    wanted = recipe(arguments, LINEAR, arguments.epochs, OURS)
    dataset = read_data(wanted)
    rows, inventory = prepare_rows(wanted, dataset)
    context = Context(settings=wanted.task, inventory=inventory)
    folder = api.starter_folder("minilm-l6")
    from polyculture.nets.build import open_tokenizer

    tokenizer = open_tokenizer(folder)
    task = parts.load("tasks", "spans")
    sets = {
        split: encoded(part, codes(part, context.labels), tokenizer) for split, part in rows.items()
    }
    model = AutoModelForTokenClassification.from_pretrained(
        folder, num_labels=len(context.labels), dtype=torch.float32
    )
    settings = {"learning_rate": 5e-5}
    if tuned:
        settings = {
            "learning_rate": RATE,
            "per_device_train_batch_size": 32,
            "train_sampling_strategy": "group_by_length",
            "warmup_steps": 0.1,
            "bf16": bf16_pays(model),
        }
    with tempfile.TemporaryDirectory() as out:
        made = Trainer(
            model=model,
            args=TrainingArguments(
                out,
                num_train_epochs=arguments.epochs,
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                seed=SEED,
                use_cpu=True,
                **settings,
            ),
            train_dataset=sets["train"],
            data_collator=DataCollatorForTokenClassification(tokenizer),
        )

        rule = torch.from_numpy(may_follow(context.labels))

        def f1(split: str) -> float:
            logits = read(model, sets[split], tokenizer)
            paths = [legal(row, rule) for row in logits]
            answers = task.decode(rows[split], paths, context)
            scores = task.score(rows[split], answers, context, split=split)
            return scores.headline().value.number

        looks, clock = [], {"training": 0.0, "since": 0.0}

        class Look(TrainerCallback):
            """After each epoch, with the clock of training stopped."""

            def on_epoch_begin(self, *_: object, **__: object) -> None:
                clock["since"] = time.perf_counter()

            def on_epoch_end(self, *_: object, **__: object) -> None:
                clock["training"] += time.perf_counter() - clock["since"]
                looks.append((clock["training"], f1("valid")))
                model.train()

        made.add_callback(Look())
        made.train()
    return {
        "setting": ", ".join(f"{key} {value}" for key, value in settings.items()),
        "looks": looks,
        "test_f1": f1("test"),
        "seconds_per_row": looks[-1][0] / arguments.epochs / int(np.int64(len(rows["train"]))),
    }


def encoded(rows: pl.DataFrame, targets: list, tokenizer: PreTrainedTokenizerBase) -> list[dict]:
    batch = tokenizer(rows["tokens"].to_list(), is_split_into_words=True, truncation=True)
    made = []
    for number, target in enumerate(targets):
        words = batch.word_ids(number)
        first = [
            w is not None and w != before
            for before, w in zip([None, *words[:-1]], words, strict=True)
        ]
        tags = [int(target[w]) if on else -100 for w, on in zip(words, first, strict=True)]
        one = {key: batch[key][number] for key in batch}
        made.append({**one, "labels": tags})
    return made


def read(model: nn.Module, examples: list[dict], tokenizer: PreTrainedTokenizerBase) -> list:
    """Logits of the first piece of each word, in the order of the rows."""
    import numpy as np
    import torch

    model.eval()
    order = np.argsort([-len(example["input_ids"]) for example in examples], kind="stable")
    logits = [None] * len(examples)
    for start in range(0, len(order), 64):
        part = order[start : start + 64]
        batch = tokenizer.pad(
            [{"input_ids": examples[n]["input_ids"]} for n in part], return_tensors="pt"
        )
        with torch.no_grad():
            out = model(**batch).logits.numpy()
        for number, values in zip(part, out, strict=True):
            tags = np.array(examples[number]["labels"])
            logits[number] = values[: len(tags)][tags != -100]
    return logits


def legal(logits: np.ndarray, allowed: torch.Tensor) -> np.ndarray:
    """The best tags that IOB2 allows, for the Trainer too: it is a matter of answering only."""
    import torch

    from polyculture.nets.losses.crf import viterbi

    free = torch.zeros(allowed.shape)
    words = torch.ones(1, len(logits))
    return viterbi(torch.from_numpy(logits)[None], words, free[0], free, free[0], allowed)[
        0
    ].numpy()


def bf16_pays(model: nn.Module) -> bool:
    """Whether products of this model's size are faster in bfloat16 on this machine."""
    import torch

    weight = model.base_model.encoder.layer[0].intermediate.dense.weight.detach()
    values = torch.randn(512, weight.shape[1])

    def seconds(kind: torch.dtype) -> float:
        x, w = values.to(kind), weight.to(kind)
        torch.nn.functional.linear(x, w)
        start = time.perf_counter()
        for _ in range(5):
            torch.nn.functional.linear(x, w)
        return time.perf_counter() - start

    return seconds(torch.bfloat16) < seconds(torch.float32)


RUN = {
    "default": lambda arguments: trainer(arguments, tuned=False),
    "tuned": lambda arguments: trainer(arguments, tuned=True),
    "like_default": lambda arguments: as_theirs(arguments, 8, 5e-5, 0.0),
    "like_tuned": lambda arguments: as_theirs(arguments, 32, RATE, 0.1),
    "ours": lambda arguments: often(arguments, LINEAR, OUR_EPOCHS, OURS),
    "frozen": lambda arguments: often(arguments, LINEAR, OUR_EPOCHS, OURS, adaptation=FROZEN),
    "spelt": lambda arguments: often(arguments, SPELT, 1, SMALL),
    "limit": limit,
}

if __name__ == "__main__":
    main()
