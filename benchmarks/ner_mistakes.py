"""What two common mistakes do to a named-entity tagger and to its reported scores.

    polyculture starter fetch minilm-l6 conll2003
    python benchmarks/ner_mistakes.py              # 4,000 sentences, one epoch

Many tutorials fine-tune BERT for CoNLL-2003 as follows: the tags of a sentence are padded with O to
the length of the input, and token number i learns tag number i. So tags are not aligned to
sub-words (a word of three pieces shifts all that follow, and [CLS] takes the first tag), and
padding counts as O, in the loss and in the scores. Here the same base is trained twice with the
same sentences, steps and rate, once with those labels and once with each word's tag at its first
sub-token; and the answers of both are scored as such a tutorial scores them and by entity.
"""

import argparse
import os
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    get_linear_schedule_with_warmup,
)

from polyculture.core import parts
from polyculture.core.recipe import Recipe
from polyculture.stats.scores import Counts
from polyculture.stats.spans.entities import conlleval_spans, kinds_of, span_features

LENGTH, BATCH, RATE, IGNORED = 64, 32, 3e-4, -100
TAGS = ("O", *(f"{mark}-{kind}" for kind in ("LOC", "MISC", "ORG", "PER") for mark in "BI"))
RECIPE = {
    "task": "spans",
    "base": {"source": "starter", "name": "minilm-l6"},
    "data": {"source": "starter", "name": "conll2003"},
}


class Encoded(NamedTuple):
    """Padded sentences, ``(sentences, LENGTH)`` each."""

    tokens: torch.Tensor
    there: torch.Tensor
    labels: torch.Tensor
    """Code of a tag; ``IGNORED`` where none is learnt."""
    places: list[list[int]]
    """Where the answer of each word is read; shorter where a sentence was cut."""


def encode(rows: pl.DataFrame, tokenizer: Any, *, aligned: bool) -> Encoded:
    """Labels at first sub-tokens, or tag i at token i with O behind them."""
    sentences, tags = rows["tokens"].to_list(), rows["tags"].to_list()
    batch = tokenizer(
        sentences,
        is_split_into_words=True,
        truncation=True,
        max_length=LENGTH,
        padding="max_length",
        return_tensors="pt",
    )
    code = {tag: number for number, tag in enumerate(TAGS)}
    labels = torch.full(batch["input_ids"].shape, IGNORED if aligned else code["O"])
    places = []
    for row, own in enumerate(tags):
        if aligned:
            ids = batch.word_ids(row)
            firsts = [n for n, word in enumerate(ids) if word is not None and ids[n - 1] != word]
        else:
            firsts = [*range(min(len(own), LENGTH))]
        places.append(firsts)
        for place, tag in zip(firsts, own, strict=False):
            labels[row, place] = code[tag]
    return Encoded(batch["input_ids"], batch["attention_mask"], labels, places)


def train(rows: Encoded, folder: str, epochs: int) -> Any:
    """Plain AdamW with a linear schedule; padding is cut to the longest sentence of a batch."""
    torch.manual_seed(1)
    model = AutoModelForTokenClassification.from_pretrained(
        folder, num_labels=len(TAGS), dtype=torch.float32, attn_implementation="eager"
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
    steps = epochs * -(-len(rows.tokens) // BATCH)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    chance = torch.Generator().manual_seed(1)
    model.train()
    for _ in range(epochs):
        for some in torch.randperm(len(rows.tokens), generator=chance).split(BATCH):
            logits = model(rows.tokens[some], attention_mask=rows.there[some]).logits
            loss = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), rows.labels[some].flatten(), ignore_index=IGNORED
            )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    return model.eval()


@torch.no_grad()
def answers(model: Any, rows: Encoded) -> NDArray[np.int64]:
    """The best tag at every position, padding included, ``(sentences, LENGTH)``."""
    parts_of = zip(rows.tokens.split(BATCH), rows.there.split(BATCH), strict=True)
    return torch.cat([model(t, attention_mask=a).logits.argmax(-1) for t, a in parts_of]).numpy()


def by_position(answered: NDArray[np.int64], rows: Encoded) -> dict[str, float]:
    """As a tutorial scores: every position, where no label was given O is right."""
    gold = rows.labels.numpy()
    return by_tag(np.where(gold == IGNORED, 0, gold).ravel(), answered.ravel())


def by_tag(gold: NDArray[np.int64], answered: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy (micro F1), macro and weighted F1 over the nine tags, O included."""
    codes = [*range(len(TAGS))]

    def mean(average: str) -> float:
        return float(
            precision_recall_fscore_support(
                gold, answered, labels=codes, average=average, zero_division=0
            )[2]
        )

    return {
        "micro": float((gold == answered).mean()),
        "macro": mean("macro"),
        "weighted": mean("weighted"),
    }


def by_word(
    answered: NDArray[np.int64], rows: Encoded, gold: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Every word of the text once, words that were cut as O; and entities by conlleval's rules."""
    code = {tag: number for number, tag in enumerate(TAGS)}
    tags = [
        [TAGS[row[place]] for place in places] + ["O"] * (len(right) - len(places))
        for row, places, right in zip(answered, rows.places, gold, strict=True)
    ]
    flat = [np.array([code[tag] for row in table for tag in row]) for table in (gold, tags)]
    spans = [[conlleval_spans(row) for row in table] for table in (gold, tags)]
    features = span_features(spans[0], spans[1], kinds_of(TAGS))
    entities = Counts.of(features.sum(axis=0)).summed()
    return {**by_tag(*flat), "entity F1": float(entities.f1[0])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=4_000, help="sentences to train on")
    parser.add_argument("--epochs", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    recipe = Recipe.model_validate(RECIPE)
    base, data = (
        parts.load(*part) for part in (("sources.bases", "starter"), ("sources.data", "starter"))
    )
    splits = data.read(recipe.data, parts.load("tasks", "spans").columns).splits
    folder = str(base.open(recipe.base, [], None, 1).folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    gold = splits["test"]["tags"].to_list()
    print(
        f"{asked.rows:,} of {len(splits['train']):,} sentences, {asked.epochs} epoch(s), "
        f"test {len(gold):,}"
    )
    print(
        f"{'labels':10}{'scored over':22}{'micro':>8}{'macro':>8}{'weighted':>10}{'entity F1':>11}"
    )
    for aligned in (False, True):
        start = time.perf_counter()
        learnt = encode(splits["train"][: asked.rows], tokenizer, aligned=aligned)
        model = train(learnt, folder, asked.epochs)
        test = encode(splits["test"], tokenizer, aligned=aligned)
        answered = answers(model, test)
        name = "aligned" if aligned else "tag i at i"
        for over, scores in (
            (f"{LENGTH} positions", by_position(answered, test)),
            ("words", by_word(answered, test, gold)),
        ):
            entity = f"{scores['entity F1']:11.4f}" if "entity F1" in scores else ""
            print(
                f"{name:10}{over:22}{scores['micro']:8.4f}{scores['macro']:8.4f}"
                f"{scores['weighted']:10.4f}{entity}"
            )
        print(f"{'':10}{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
