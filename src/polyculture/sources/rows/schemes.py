"""Tagging schemes of spans: IOB1, IOB2 and BIOES; all are converted to IOB2."""

from collections.abc import Sequence
from typing import Literal

Scheme = Literal["IOB1", "IOB2", "BIOES", "mixed"]
ENDS = {"E", "L"}
SINGLES = {"S", "U"}  # BILOU is BIOES with other letters
PREFIXES = {"B", "I", *ENDS, *SINGLES}


def scheme_of(sentences: Sequence[Sequence[str]]) -> Scheme:
    """Which way of writing spans these tags follow.

    ``mixed`` means that some spans begin with B and some with I where IOB1 would not have it.

    Example:
        >>> scheme_of([["I-PER", "O"]]), scheme_of([["B-PER", "I-PER"]])
        ('IOB1', 'IOB2')
        >>> scheme_of([["S-PER", "B-LOC", "E-LOC"]]), scheme_of([["B-PER", "O", "I-PER"]])
        ('BIOES', 'mixed')
    """
    begins_with_b = begins_with_i = splits_with_b = 0
    for tags in sentences:
        before = "O"
        for tag in tags:
            prefix, same = tag[0], tag[2:] == before[2:]
            if tag != "O" and prefix in ENDS | SINGLES:
                return "BIOES"
            splits_with_b += prefix == "B" and same
            begins_with_b += prefix == "B" and not same
            begins_with_i += prefix == "I" and not same
            before = tag
    if not begins_with_i:
        return "IOB2"
    return "mixed" if begins_with_b else "IOB1"


def to_iob2(tags: Sequence[str]) -> list[str]:
    """The same spans in IOB2, read as the official scorer of CoNLL reads them.

    Example:
        >>> to_iob2(["I-PER", "I-PER", "B-PER", "O", "S-LOC", "S-LOC", "I-ORG"])
        ['B-PER', 'I-PER', 'B-PER', 'O', 'B-LOC', 'B-LOC', 'B-ORG']
    """
    written, before = [], "O"
    for tag in tags:
        if tag == "O":
            written.append("O")
        else:
            opens = (
                tag[0] in {"B", *SINGLES}
                or before == "O"
                or before[0] in ENDS | SINGLES
                or tag[2:] != before[2:]
            )
            written.append(("B-" if opens else "I-") + tag[2:])
        before = tag
    return written


def scheme_note(scheme: Scheme, sentences: Sequence[Sequence[str]]) -> str:
    """What was found and what became of it, in one sentence."""
    changed = sum(
        old != new for tags in sentences for old, new in zip(tags, to_iob2(tags), strict=True)
    )
    if scheme == "IOB2":
        return "The tags are IOB2."
    if scheme == "mixed":
        return (
            f"The tags are IOB2, but {changed} spans began with I-; these were read as beginnings, "
            "as the scorer of CoNLL does."
        )
    return f"The tags were {scheme} and are now IOB2; {changed} tags were written anew."
