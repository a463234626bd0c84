"""What a cell of somebody's table says: a word, a list, a year, a number, or nothing."""

import ast
import json
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

UNKNOWN = frozenset(
    # The last two are slips in Ecosystem Graphs that stand for the word before them.
    {"", "-", "?", "~", "n/a", "nan", "none", "null", "unknown", "unknkown", "unknokwn"}
)
YEAR = re.compile(r"(?<!\d)(?:1[89]|2\d)\d\d(?!\d)")
COMPACT = re.compile(r"((?:1[89]|2\d)\d\d)(\d\d)(\d\d)")
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)")
AMOUNT = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?|\.\d+)(?P<power>e[+-]?\d+)?"
    r"\s*(?P<unit>[kmbt]|thousand|million|billion|trillion)?"
    r"(?:\s*param(?:eter)?s?\b.*)?",
    re.IGNORECASE | re.DOTALL,
)
BRACKET = re.compile(r"[(\[]")
UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
LONGEST_LIST = 100_000
"""Characters of a list in a cell; a longer one is read as a plain word."""


def plain(value: Any) -> str | None:
    """A cell as text, none where nothing is known; of ``{value, explanation}`` the value.

    Example:
        >>> plain(" MIT "), plain({"value": "open", "explanation": "…"}), plain("Unknown")
        ('MIT', 'open', None)
    """
    if isinstance(value, dict):
        value = value.get("value")
    if value is None or isinstance(value, list | dict):
        return None
    text = _text(value)
    return None if text.casefold() in UNKNOWN else text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(str(value).split())


def items(value: Any, separator: str) -> tuple[str, ...]:
    """The words of a list, or of a cell that holds one, each once; unknown ones are left out.

    A cell is a JSON or Python list, or words with ``separator`` between them. A separator within
    brackets parts nothing.

    Example:
        >>> items("['GPT-4', 'C4']", ","), items("a, b (c, d),a", ",")
        (('GPT-4', 'C4'), ('a', 'b (c, d)'))
    """
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str):
        listed = _listed(value)
        value = _parts(value, separator) if listed is None else listed
    if not isinstance(value, list | tuple):
        value = [value]
    return tuple(dict.fromkeys(word for one in value if (word := plain(one)) is not None))


def _listed(text: str) -> list[Any] | None:
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > LONGEST_LIST:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return value if isinstance(value, list) else None
    return None


def _parts(text: str, separator: str) -> list[str]:
    if not BRACKET.search(text):
        return text.split(separator)
    depth, start, found = 0, 0, []
    for place, sign in enumerate(text):
        depth = max(0, depth + (sign in "([") - (sign in ")]"))
        if sign == separator and depth == 0:
            found.append(text[start:place])
            start = place + 1
    return [*found, text[start:]]


@dataclass(frozen=True, kw_only=True)
class When:
    """What a cell says about a date."""

    year: int | None = None
    day: str = ""
    """The whole date as ISO text, where the cell has it."""
    trouble: Literal["", "missing", "unread", "future"] = ""


def when(value: Any, today: date) -> When:
    """The year that a cell names, whichever way the date is written.

    It is known where the text names exactly one year, and that is not to come.

    Example:
        >>> when("March 3, 2021", date(2026, 1, 1)).year, when("2021/22", date(2026, 1, 1)).year
        (2021, 2021)
        >>> when("2999-01-01", date(2026, 1, 1)).trouble, when("soon", date(2026, 1, 1)).trouble
        ('future', 'unread')
    """
    text = plain(value)
    if text is None:
        return When(trouble="missing")
    if compact := COMPACT.fullmatch(text):
        text = "-".join(compact.groups())
    years = {int(year) for year in YEAR.findall(text)}
    if len(years) != 1:
        return When(trouble="unread")
    year, day = years.pop(), _day(text)
    if year > today.year or (day and day > today.isoformat()):
        return When(trouble="future")
    return When(year=year, day=day)


def _day(text: str) -> str:
    found = DAY.match(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""  # the thirtieth of February: the year still counts


def amount(text: str) -> float | None:
    """A number of parameters or downloads; none where the text says something else.

    Example:
        >>> amount("3B parameters (dense)"), amount("306M"), amount("5.5B (text, image) pairs")
        (3000000000.0, 306000000.0, None)
    """
    found = AMOUNT.fullmatch(text)
    if found is None:
        return None
    number = float(found["number"].replace(",", "") + (found["power"] or ""))
    number *= UNITS[found["unit"][0].lower()] if found["unit"] else 1
    return number if math.isfinite(number) else None
