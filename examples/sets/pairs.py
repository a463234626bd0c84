"""Sentences in two languages."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl

from sets.tables import numbered


def tatoeba(downloads: Path) -> dict[str, pl.DataFrame]:
    """Translations of one English sentence stay in one split: a twentieth each, seed 1."""
    lines = (downloads / "cmn.txt").read_text(encoding="utf-8").splitlines()
    pairs = pl.DataFrame(
        [line.split("\t")[:2] for line in lines], schema=["source", "target"], orient="row"
    )
    sentences = pairs["source"].unique(maintain_order=True)
    order = np.random.default_rng(1).permutation(len(sentences))
    twentieth = len(sentences) // 20
    held = {
        "test.tsv": sentences[order[:twentieth]],
        "valid.tsv": sentences[order[twentieth : 2 * twentieth]],
        "train.tsv": sentences[order[2 * twentieth :]],
    }
    return {
        name: numbered(pairs.filter(pl.col("source").is_in(chosen.implode())), name[:-4])
        for name, chosen in held.items()
    }


def multi30k(downloads: Path) -> dict[str, pl.DataFrame]:
    """Lines of both languages side by side."""
    found = {}
    for name in ("train", "val", "test_2016_flickr"):
        sides = {"source": lines(downloads / f"{name}.en.gz")}
        sides["target"] = lines(downloads / f"{name}.de.gz")
        found[f"{name}.tsv"] = numbered(pl.DataFrame(sides), name)
    return found


def lines(packed: Path) -> list[str]:
    """Lines of a gzip file."""
    with gzip.open(packed, "rt", encoding="utf-8") as text:
        return text.read().splitlines()
