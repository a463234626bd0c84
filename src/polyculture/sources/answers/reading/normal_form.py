"""Bring answers that are written differently to one form: numbers, and Unicode forms."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
"""A number as programs write it. One with leading zeros may be a code."""


@dataclass(frozen=True, kw_only=True)
class NormalForm:
    """How answers are rewritten so that equal ones are equal texts."""

    form: Mapping[str, str]
    """Every text that is rewritten or has equals that are, to the form they share."""
    notes: tuple[str, ...]

    def of(self, text: str) -> str:
        """The form in which a text is compared."""
        return self.form.get(text, text)


def normal_form(answers: Counter[str], others: Iterable[str] = ()) -> NormalForm:
    """Find answers that differ only in how they are written.

    Numbers are compared as numbers only where every answer is one.

    Args:
        answers: How often each answer occurs, right answers among them.
        others: Labels of probabilities, which are rewritten likewise.

    Example:
        >>> normal_form(Counter(["1.0", "2.0", "1"])).of("1.0")
        '1'
        >>> normal_form(Counter(["1.0", "1", "none"])).of("1.0")
        '1.0'
    """
    labels = {*answers, *others}
    form = _shared(labels, lambda label: normalize("NFC", label))
    notes = _told(answers, form, "in another Unicode form than others (such as é in two parts)")
    if all(NUMBER.fullmatch(answer) for answer in answers):
        numbers = _shared(labels, plain_number)
        notes += _told(answers, numbers, "as another form of the same number (such as 1.0 for 1)")
        form |= numbers
    return NormalForm(form=form, notes=notes)


def _shared(labels: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        groups[key(label)].append(label)
    return {label: name for name, group in groups.items() if len(group) > 1 for label in group}


def plain_number(text: str) -> str:
    """A number in its plain form; any other text as it is.

    Example:
        >>> plain_number("1.50"), plain_number("1e2"), plain_number("-0"), plain_number("007")
        ('1.5', '100', '0', '007')
        >>> plain_number("1" * 30) == plain_number("1" * 29 + "2")
        False
    """
    if not NUMBER.fullmatch(text):
        return text
    with localcontext(prec=max(28, len(text))):  # else digits beyond the 28th are rounded away
        number = Decimal(text).normalize()
    return format(number, "f") if number else "0"


def _told(answers: Counter[str], form: Mapping[str, str], how: str) -> tuple[str, ...]:
    times = sum(times for label, times in answers.items() if form.get(label, label) != label)
    if not times:
        return ()
    answer = "answer (or right answer) is" if times == 1 else "answers (or right answers) are"
    return (f"{times:,} {answer} written {how}; they are compared as the same.",)
