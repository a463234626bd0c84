"""Conversations, preferences between replies, and summaries."""

import json
from pathlib import Path

import numpy as np
import polars as pl

TALKS = {"dev": 200, "test": 50}
PAIRS = {"dev": 300, "test": 100}
"""Rows of talks and of questions."""
ROLES = ("user", "assistant")
Turns = list[dict[str, str]]


def talks(downloads: Path) -> dict[str, pl.DataFrame]:
    """Conversations of two people in DialogSum: who begins is the user, the other one replies.

    Learnt from are the first of the authors' validation, scored are the first of their test.
    """
    found = {}
    for name, most in TALKS.items():
        read = conversations(downloads / f"dialogsum.{name}.jsonl")
        cut = [(key, turns[: len(turns) // 2 * 2]) for key, turns in read]
        kept = [(key, turns) for key, turns in cut if turns][:most]
        found[f"{name}.jsonl"] = pl.DataFrame(kept, schema=["id", "messages"], orient="row")
    return found


def questions(downloads: Path) -> dict[str, pl.DataFrame]:
    """Two replies to the same turn, of which one asks a question: preferred is the other one.

    One is that of the conversation, the other a reply of another conversation, drawn with seed 1;
    pairs of which both ask, or neither does, are dropped. So the rule is about form: what is
    preferred is about as often out of place as it is right.
    """
    found = {}
    for name, most in PAIRS.items():
        read = conversations(downloads / f"dialogsum.{name}.jsonl")
        said = [
            (f"{key}-{n}", [turns[n - 1]], turns[n]["content"])
            for key, turns in read
            for n in range(1, len(turns), 2)
        ]
        others = np.random.default_rng(1).permutation(len(said))
        rows = []
        for (key, before, own), other in zip(said, others, strict=True):
            pair = sorted((own, said[other][2]), key=lambda text: "?" in text)
            if ["?" in text for text in pair] == [False, True]:
                rows.append((key, before, *pair))
        order = np.random.default_rng(2).permutation(len(rows))
        drawn = [rows[place] for place in order][:most]
        names = ["id", "messages", "chosen", "rejected"]
        found[f"{name}.jsonl"] = pl.DataFrame(drawn, schema=names, orient="row")
    return found


def conversations(file: Path) -> list[tuple[str, Turns]]:
    """Name and turns of the conversations of two people; lines of one person are one turn."""
    found = []
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        parts = [line.partition(":") for line in row["dialogue"].split("\n")]
        people = list(dict.fromkeys(who for who, _, _ in parts))
        if len(people) != len(ROLES):
            continue
        turns: Turns = []
        for who, _, text in parts:
            role = ROLES[people.index(who)]
            if turns and turns[-1]["role"] == role:
                turns[-1]["content"] += f" {text.strip()}"
            else:
                turns.append({"role": role, "content": text.strip()})
        found.append((row["fname"], turns))
    return found


def samsum(downloads: Path) -> dict[str, pl.DataFrame]:
    """The authors' test rows alone, to test a model of other dialogues on."""
    return {"test.jsonl": pl.read_csv(downloads / "test.csv", schema_overrides={"id": pl.String})}


def dialogsum(downloads: Path) -> dict[str, pl.DataFrame]:
    """Four fifths of dev to learn from, the rest to validate on; three summaries in test.

    Drawn with seed 1. Six dialogues of test are in dev too, as the authors have it.
    """
    dev = pl.read_ndjson(downloads / "dialogsum.dev.jsonl")
    dev = dev.select(pl.col("fname").alias("id"), "dialogue", "summary")
    order = np.random.default_rng(1).permutation(len(dev))
    fifth = len(dev) // 5
    test = pl.read_ndjson(downloads / "dialogsum.test.jsonl").select(
        pl.col("fname").alias("id"),
        "dialogue",
        pl.concat_list("summary1", "summary2", "summary3").alias("summaries"),
    )
    return {
        "train.jsonl": dev[order[fifth:]],
        "valid.jsonl": dev[order[:fifth]],
        "test.jsonl": test,
    }
