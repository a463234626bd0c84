"""Characters that the base's tokenizer does not know, or drops without a trace."""

import unicodedata
from typing import Any

import numpy as np

from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import to_tokens
from polyculture.datacheck.base_texts import reader_of
from polyculture.datacheck.counters.characters import CharacterCounter
from polyculture.datacheck.subject import Subject

MANY = 0.001
"""Share of the characters that are unknown, from which it is worth a look."""
WRONG = 0.05
"""The same from which a base cannot read these texts."""
SHOWN = 30
BLANK = {"Zs", "Cc"}
"""Spaces and line ends have no token of their own, and need none."""


def report(subject: Subject, characters: CharacterCounter) -> Found:
    """Each character of the data is shown to the tokenizer alone."""
    if subject.base_folder is None:
        return Found(severity="skipped")
    total = characters.total
    codes = np.flatnonzero(total)
    unknown, dropped = _asked([chr(code) for code in codes], reader_of(subject.base_folder))
    every = int(total.sum())
    counts = {sign: int(total[ord(sign)]) for sign in (*unknown, *dropped)}
    lost, gone = sum(counts[s] for s in unknown), sum(counts[s] for s in dropped)
    if not counts:
        point = Point(key="unknown.fine", values={"characters": len(codes)})
        return Found(severity="fine", points=(point,))
    points = []
    if unknown:
        values = {"signs": len(unknown), "count": lost, "share": lost / every}
        points.append(Point(key="unknown", values=values))
    if dropped:
        values = {"signs": len(dropped), "count": gone}
        points.append(Point(key="unknown.dropped", values=values))
    order = sorted(counts, key=lambda sign: (-counts[sign], sign))
    return Found(
        severity="severe"
        if lost / every >= WRONG
        else "warning"
        if lost / every >= MANY
        else "note",
        count=lost + gone,
        of=every,
        points=tuple(points),
        advice=(Point(key="unknown.fix"),),
        pictures=(
            Grid(
                key="unknown.grid",
                columns=("character", "code", "name", "times", *characters.codes),
                rows=tuple(
                    (
                        sign if sign.isprintable() else "",
                        f"U+{ord(sign):04X}",
                        unicodedata.name(sign, "?").lower(),
                        counts[sign],
                        *(int(by[ord(sign)]) for by in characters.codes.values()),
                    )
                    for sign in order[:SHOWN]
                ),
            ),
        ),
        protocol={"tokenizer": subject.base_name, "different_characters": len(codes)},
    )


def _asked(signs: list[str], tokenizer: Any) -> tuple[list[str], list[str]]:
    """Characters that are unknown, and those without any token."""
    encoded = tokenizer(signs, add_special_tokens=False, return_attention_mask=False)
    unknown_id = tokenizer.unk_token_id
    unknown, dropped = [], []
    for sign, tokens in zip(signs, encoded["input_ids"], strict=True):
        if unknown_id is not None and unknown_id in tokens:
            unknown.append(sign)
        elif not tokens and unicodedata.category(sign) not in BLANK:
            dropped.append(sign)
    return unknown, dropped


PLUGIN = Finding(report=report, why_not=to_tokens, count=CharacterCounter)
