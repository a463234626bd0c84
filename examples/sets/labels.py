"""Texts with labels: intents, sentiment, requests out of scope."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl

from sets.tables import numbered

LEARNT, VALIDATED = 10, 5
"""Rows of each label of banking77."""
SOME = 10_000
"""Rows of sst2 from which its recipe learns, of 67,349."""
SENTIMENT = re.compile(r"""['"]([^{},:][^{}]*?)['"]: *['"](negative|neutral|positive)['"]""")
"""An entity and its sentiment; names may hold apostrophes, so this is not always Python."""
VERDICTS = {"0": "negative", "1": "positive"}


def banking77(downloads: Path) -> dict[str, pl.DataFrame]:
    """Ten rows of each label to learn from and five to validate on, drawn with seed 1.

    ``train-full`` has nine tenths of the rows, and ``valid-full`` the others.
    """
    rows = pl.read_csv(downloads / "train.csv").rename({"category": "label"})
    order = np.random.default_rng(1).permutation(len(rows))
    drawn, number = rows[order], pl.int_range(pl.len()).over("label")
    tenth = len(rows) // 10
    test = pl.read_csv(downloads / "test.csv").rename({"category": "label"})
    return {
        "train.tsv": numbered(drawn.filter(number < LEARNT), "train"),
        "valid.tsv": numbered(
            drawn.filter(number.is_between(LEARNT, LEARNT + VALIDATED - 1)), "valid"
        ),
        "train-full.tsv": numbered(drawn[tenth:], "train-full"),
        "valid-full.tsv": numbered(drawn[:tenth], "valid-full"),
        "test.tsv": numbered(test, "test"),
    }


def clinc150(downloads: Path) -> dict[str, pl.DataFrame]:
    """Requests out of scope have the label ``oos``: in valid and test, and in ``train-oos``."""
    found = json.loads((downloads / "data_full.json").read_text(encoding="utf-8"))
    parts = {
        "train": ("train",),
        "train-oos": ("train", "oos_train"),
        "valid": ("val", "oos_val"),
        "test": ("test", "oos_test"),
    }
    return {
        f"{name}.tsv": numbered(
            pl.DataFrame(
                [pair for split in theirs for pair in found[split]],
                schema=["text", "label"],
                orient="row",
            ),
            name,
        )
        for name, theirs in parts.items()
    }


def sst2(downloads: Path) -> dict[str, pl.DataFrame]:
    """Phrases to learn from (``train-10k``: some of them, seed 1), sentences to validate and test.

    Published figures are of ``valid``, GLUE's development set; ``test`` is the treebank's own.
    """
    train, valid = (sentiment(downloads / f"{name}.tsv", "text") for name in ("train", "dev"))
    some = np.random.default_rng(1).permutation(len(train))[:SOME]
    treebank = (downloads / "stsa.binary.test").read_text(encoding="utf-8").splitlines()
    test = pl.DataFrame(
        {"text": [line[2:] for line in treebank], "label": [VERDICTS[line[0]] for line in treebank]}
    )
    return {
        "train.tsv": numbered(train, "train"),
        "train-10k.tsv": numbered(train[some], "train-10k"),
        "valid.tsv": numbered(valid, "valid"),
        "test.tsv": numbered(test, "test"),
    }


def chnsenticorp(downloads: Path) -> dict[str, pl.DataFrame]:
    """Splits as they are published; ``test-new`` lacks texts that train or dev has, and repeats."""
    names = {"train": "train", "valid": "dev", "test": "test"}
    found = {
        name: numbered(sentiment(downloads / f"{theirs}.tsv", "text_a"), name)
        for name, theirs in names.items()
    }
    known = pl.concat([found["train"]["text"], found["valid"]["text"]])
    is_new = ~pl.col("text").is_in(known.implode())
    found["test-new"] = found["test"].filter(is_new).unique("text", maintain_order=True)
    return {f"{name}.tsv": rows for name, rows in found.items()}


def sentfin(downloads: Path) -> dict[str, pl.DataFrame]:
    """Headlines with one entity each, and its sentiment; all of a headline are in one split.

    ``means-*`` has each headline once, with the mean of its sentiments from -1 to 1. A tenth of the
    headlines validates and a tenth tests, drawn with seed 1.
    """
    rows = pl.read_csv(downloads / "SEntFiN.csv")
    headlines = rows["Title"].unique(maintain_order=True)
    order = np.random.default_rng(1).permutation(len(headlines))
    tenth = len(headlines) // 10
    split_of = dict.fromkeys(headlines, "train")
    split_of |= dict.fromkeys(headlines[order[:tenth]], "valid")
    split_of |= dict.fromkeys(headlines[order[tenth : 2 * tenth]], "test")
    found: dict[tuple[str, str], str] = {}
    for headline, decisions in rows.select("Title", "Decisions").iter_rows():
        for entity, sentiment_of in SENTIMENT.findall(decisions):
            found.setdefault((headline, entity), sentiment_of)
    pairs = pl.DataFrame(
        [(*pair, label) for pair, label in found.items()],
        schema=["text", "text_b", "label"],
        orient="row",
    )
    number = pl.col("label").replace_strict({"negative": -1, "neutral": 0, "positive": 1})
    means = pairs.group_by("text", maintain_order=True).agg(number.mean().alias("number"))
    return {
        f"{kind}{split}.tsv": numbered(
            table.filter(pl.col("text").replace_strict(split_of) == split), split
        )
        for kind, table in (("", pairs), ("means-", means))
        for split in ("train", "valid", "test")
    }


def sentiment(file: Path, column: str) -> pl.DataFrame:
    """Texts with their verdicts; quotes are plain signs."""
    rows = pl.read_csv(file, separator="\t", quote_char=None, infer_schema=False)
    return rows.select(
        pl.col(column).alias("text"), pl.col("label").replace_strict(VERDICTS).alias("label")
    )
