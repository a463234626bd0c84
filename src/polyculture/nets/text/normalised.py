"""Bring transcripts to one form before they are compared, by a rule that a score can name."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from polyculture.core.errors import need

Rule = Literal["none", "lower", "whisper", "whisper_english"]
APOSTROPHES = "'’"
BRITISH = "without its table of British spellings"
TOLD: dict[Rule, str] = {
    "none": "none",
    "lower": "lower case, no punctuation",
    "whisper": "Whisper's basic normaliser",
    "whisper_english": f"Whisper's English normaliser, {BRITISH}",
}
"""Each rule in words."""


def normalised(texts: Sequence[str | None], rule: Rule) -> list[str | None]:
    """Texts by one of the rules; what is missing stays missing.

    ``lower``: lower case, without punctuation; apostrophes within words are dropped, other signs
    become spaces. ``whisper`` and ``whisper_english`` are those of Radford et al. 2022,
    arXiv:2212.04356, appendix C; the latter also writes numbers as digits and knows contractions.

    Example:
        >>> normalised(["Hello, World!", "It's rock'n'roll.", None], "lower")
        ['hello world', 'its rocknroll', None]
        >>> normalised(["twenty-one"], "none")
        ['twenty-one']
    """
    change = _changes(rule)
    return [None if text is None else change(text) for text in texts]


@cache
def _changes(rule: Rule) -> Any:
    if rule == "none":
        return str
    if rule == "lower":
        return _lower
    need("transformers", extra="train", purpose="Whisper's normaliser")
    from transformers.models.whisper import english_normalizer as theirs

    english = rule == "whisper_english"
    change: Any = theirs.EnglishTextNormalizer({}) if english else theirs.BasicTextNormalizer()
    return lambda text: change(text).strip()


def _lower(text: str) -> str:
    plain = re.sub(rf"(?<=\w)[{APOSTROPHES}](?=\w)", "", text.lower())
    signs = (" " if unicodedata.category(sign)[0] == "P" else sign for sign in plain)
    return " ".join("".join(signs).split())
