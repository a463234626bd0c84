"""How far the texts are from what the base knows: pieces per character and per word, unknowns."""

import numpy as np

from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import to_tokens
from polyculture.datacheck.base_texts import MOST_CHARACTERS, reader_of, token_lists
from polyculture.datacheck.subject import Subject
from polyculture.nets.text.words import cut

MOST = 2_000
"""Rows of a split that are looked at."""
FAR = 2.0
"""Pieces of a word from which a text is spelled rather than read. English news on an English base
takes about 1.3, and a Chinese character is one word."""
UNKNOWN = 0.01
SHIFT = 1.2
"""Times as many pieces a character as in train."""


def report(subject: Subject, _: None) -> Found:
    """Rates by split; what a tokenizer breaks into many pieces, its base has rarely seen."""
    if subject.base_folder is None:
        return Found(severity="skipped")
    tokenizer = reader_of(subject.base_folder)
    rates = {}
    for split in subject.sample:
        texts = [text[:MOST_CHARACTERS] for text in subject.texts(split)]
        places = np.linspace(0, len(texts) - 1, min(len(texts), MOST)).astype(int)
        some = [texts[place] for place in places]
        rates[split] = _rates(some, token_lists(some, tokenizer), tokenizer.unk_token_id)
    per_word = max(rate["per_word"] for rate in rates.values())
    unknown = max(rate["unknown"] for rate in rates.values())
    train = rates.get("train", next(iter(rates.values())))
    moved = [
        split
        for split, rate in rates.items()
        if rate["per_character"] > SHIFT * train["per_character"]
    ]
    points = [
        Point(
            key="distance",
            values={
                "base": subject.base_name,
                "per_word": per_word,
                "per_character": max(rate["per_character"] for rate in rates.values()),
                "unknown": unknown,
            },
        )
    ]
    points += [Point(key="distance.moved", values={"split": split}) for split in moved]
    is_far = per_word >= FAR or unknown >= UNKNOWN
    return Found(
        severity="warning" if is_far or moved else "fine",
        count=sum(int(rate["pieces"]) for rate in rates.values()),
        points=tuple(points),
        advice=(Point(key="distance.fix"),) if is_far or moved else (),
        pictures=(
            Grid(
                key="distance.grid",
                columns=("split", "per_character", "per_word", "unknown"),
                rows=tuple(
                    (
                        split,
                        round(rate["per_character"], 3),
                        round(rate["per_word"], 3),
                        rate["unknown"],
                    )
                    for split, rate in rates.items()
                ),
                in_percent=("unknown",),
            ),
        ),
        protocol={"tokenizer": subject.base_name, "rows_a_split": MOST, "far_per_word": FAR},
    )


def _rates(texts: list[str], tokens: list[list[int]], unknown: int | None) -> dict[str, float]:
    characters = sum(len(text) - text.count(" ") for text in texts)
    words = sum(len(cut(text)) for text in texts)
    pieces = sum(map(len, tokens))
    strange = 0 if unknown is None else sum(row.count(unknown) for row in tokens)
    return {
        "pieces": pieces,
        "per_character": pieces / max(1, characters),
        "per_word": pieces / max(1, words),
        "unknown": strange / max(1, pieces),
    }


PLUGIN = Finding(report=report, why_not=to_tokens)
