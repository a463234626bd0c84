"""The years of one zoo beside those of another, where the names of their models match."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import median

from polyculture.core.cards import Cards
from polyculture.core.survey import YearCheck
from polyculture.core.values import Known, Undefined

LARGEST = 10
WORD = re.compile(
    r"\d+x\d+(?:\.\d+)?[bm](?![a-z\d])"  # 8x7b
    r"|\d+(?:\.\d+)?[kmbt](?![a-z\d])"  # 20b, 1.5b
    r"|\d+(?:\.\d+)*"
    r"|[^\W\d_]+"
)
SIZE_WORDS = frozenset(
    ("tiny", "mini", "small", "base", "medium", "large", "huge", "giant", "xs", "xl", "xxl", "v")
)
"""What may follow a family's name and still be one of the family."""
BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")


def year_check(cards: Cards, other: Cards) -> YearCheck:
    """Compare the years of cards with those that another source gives for the same names.

    A name of ``cards``, such as "gpt_neox", matches a model of ``other`` that has this name and
    nothing after it but a size or a version, "GPT-NeoX-20B", letters and digits compared; what
    stands in brackets is left out. A model that could belong to two families belongs to the one
    with the longer name: "GPT-2 (1.5B)" to "gpt2", not to "gpt". Of several matches the earliest
    year counts: a family begins with its first model. Versions from 2 on say nothing about that,
    and so "BEIT-3" does not date "beit".

    Left out as ambiguous are names of ``cards`` that are one name by letters and digits, and names
    that two makers gave to different models. A family may still match a stranger of its name, so
    look at the largest differences before you trust the median.

    Args:
        cards: The source to check. Cards without a year match nothing.
        other: The source to hold it against.

    Returns:
        How many names match, the median difference in years, and the largest ones, cut at 10.

    Example:
        >>> import polars as pl
        >>> def zoo(**years: int) -> Cards:
        ...     rows = {"name": list(years), "year": list(years.values())}
        ...     table = pl.DataFrame(rows).with_columns(maker=pl.lit("we"))
        ...     return Cards(source="zoo", unit="model", table=table, parents=pl.DataFrame(),
        ...                  traits=pl.DataFrame())
        >>> check = year_check(zoo(gpt_neox=2022, qwen2=2024), zoo(GPT_NeoX_20B=2021))
        >>> check.matched, check.median_lag.number
        (1, 1.0)
    """
    ours = _families(cards)
    theirs = _earliest(ours, other)
    pairs = [(name, year, theirs[key]) for key, (name, year) in ours.items() if key in theirs]
    pairs.sort(key=lambda pair: (-abs(pair[1] - pair[2]), pair[0]))
    return YearCheck(
        against=other.source,
        matched=len(pairs),
        median_lag=_median([year - their for _, year, their in pairs]),
        largest=tuple(pair for pair in pairs[:LARGEST] if pair[1] != pair[2]),
    )


def _median(lags: list[int]) -> Known | Undefined:
    if not lags:
        return Undefined(reason="no name of one source matches one of the other")
    return Known(
        number=float(median(lags)),
        no_interval="all names that match are counted; they are no sample",
    )


def _families(cards: Cards) -> dict[str, tuple[str, int]]:
    """Key to name and year; a key that two names share is left out."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, year in cards.table.select("name", "year").iter_rows():
        found[_key(_words(name))].append((name, year))
    return {
        key: several[0]
        for key, several in found.items()
        if key and len(several) == 1 and several[0][1] is not None
    }


def _earliest(families: Mapping[str, tuple[str, int]], other: Cards) -> dict[str, int]:
    """Key of a family to the first year of its models."""
    years: dict[str, set[int]] = defaultdict(set)
    makers: dict[str, set[str]] = defaultdict(set)
    for name, year, maker in other.table.select("name", "year", "maker").iter_rows():
        words = _words(BRACKETS.sub(" ", name)) or _words(name)
        key, is_later = next((stem for stem in _stems(words) if stem[0] in families), ("", False))
        if not key or is_later or year is None:
            continue
        years[key].add(year)
        if key == _key(_words(name)) and maker is not None:
            makers[key].add(maker)
    return {key: min(found) for key, found in years.items() if len(makers[key]) < 2}  # noqa: PLR2004


def _stems(words: list[str]) -> Iterator[tuple[str, bool]]:
    """The whole name, then what is left without sizes and versions at its end.

    Each with whether what was left away begins with a version from 2 on.
    """
    yield _key(words), False
    for end in range(len(words) - 1, 0, -1):
        if words[end] not in SIZE_WORDS and not words[end][0].isdigit():
            return
        yield _key(words[:end]), _is_later(words[end:])


def _is_later(ending: list[str]) -> bool:
    number = ending[1] if ending[0] == "v" and len(ending) > 1 else ending[0]
    return number[-1].isdigit() and number[0].isdigit() and int(number.split(".")[0]) > 1


def _words(name: str) -> list[str]:
    """Runs of letters, numbers, and sizes; "2.0" is the number 2."""
    words = WORD.findall(name.lower().replace("_", " "))
    return [re.sub(r"(?:\.0)+$", "", word) if word[0].isdigit() else word for word in words]


def _key(words: list[str]) -> str:
    """All words as one; a gap between two numbers stays, since 1 and 3 are not 13."""
    return re.sub(r"(?<=\d) (?=\d)", "_", " ".join(words)).replace(" ", "")
