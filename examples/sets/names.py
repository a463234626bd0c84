"""Entities in Chinese texts."""

import json
from pathlib import Path

import polars as pl

from sets.tables import numbered


def weibo(downloads: Path) -> dict[str, pl.DataFrame]:
    """Characters with IOB2 tags; each stands before its place in a word, which is left out."""
    found = {}
    for split, theirs in (("train", "train"), ("valid", "dev"), ("test", "test")):
        text = (downloads / f"weiboNER_2nd_conll.{theirs}").read_text(encoding="utf-8")
        posts = [[line.split("\t") for line in post.splitlines()] for post in text.split("\n\n")]
        posts = [post for post in posts if post]
        words = [[word[:-1] for word, _ in post] for post in posts]
        tags = [_repaired([tag for _, tag in post]) for post in posts]
        found[f"{split}.jsonl"] = numbered(pl.DataFrame({"tokens": words, "tags": tags}), split)
    return found


def _repaired(tags: list[str]) -> list[str]:
    """A span that begins with I- begins with B-, as scorers read it."""
    before = ["O", *tags]
    return [
        f"B{tag[1:]}" if tag[0] == "I" and tag[1:] != last[1:] else tag
        for last, tag in zip(before, tags, strict=False)
    ]


def _apart(labels: dict[str, dict[str, list[list[int]]]]) -> list[dict[str, str | int]]:
    """Spans of a text; one that lies within another, as in a book's title, is left out."""
    found = [
        (start, last + 1, label)
        for label, mentions in labels.items()
        for places in mentions.values()
        for start, last in places
    ]
    kept: list[dict[str, str | int]] = []
    ends = 0
    for start, end, label in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= ends:
            kept.append({"start": start, "end": end, "label": label})
            ends = end
    return kept


def cluener(downloads: Path) -> dict[str, pl.DataFrame]:
    """Texts with spans; the authors' validation is the test, since their test has no labels."""
    found = {}
    for split, theirs in (("train", "train"), ("test", "dev")):
        rows = [
            json.loads(line)
            for line in (downloads / f"{theirs}.json").read_text(encoding="utf-8").splitlines()
        ]
        spans = [_apart(row["label"]) for row in rows]
        table = pl.DataFrame({"text": [row["text"] for row in rows], "spans": spans})
        found[f"{split}.jsonl"] = numbered(table, split)
    return found
