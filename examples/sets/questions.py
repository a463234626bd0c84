"""Questions about a context."""

import json
from pathlib import Path

import numpy as np
import polars as pl


def xquad(downloads: Path) -> dict[str, pl.DataFrame]:
    """English questions; whole articles: 6 to validate, 10 to test, 32 to learn from."""
    return by_article(downloads / "xquad.en.json", valid=6, test=10)


def cmrc2018(downloads: Path) -> dict[str, pl.DataFrame]:
    """Chinese questions; whole pages: 100 to validate, 200 to test, the rest to learn from."""
    return by_article(downloads / "cmrc2018_dev.json", valid=100, test=200)


def by_article(file: Path, *, valid: int, test: int) -> dict[str, pl.DataFrame]:
    """Questions of a file of the SQuAD kind in splits of whole articles, drawn with seed 1."""
    rows = [
        {
            "id": question["id"],
            "document": article["title"] or f"article {number}",
            "question": question["question"],
            "context": paragraph["context"],
            "answers": question["answers"],
        }
        for number, article in enumerate(json.loads(file.read_text(encoding="utf-8"))["data"])
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    titles = sorted({row["document"] for row in rows})
    order = [titles[number] for number in np.random.default_rng(1).permutation(len(titles))]
    held = {"test": set(order[:test]), "valid": set(order[test : test + valid])}
    held["train"] = set(titles) - held["test"] - held["valid"]
    return {
        f"{split}.jsonl": pl.DataFrame([row for row in rows if row["document"] in chosen])
        for split, chosen in held.items()
    }
