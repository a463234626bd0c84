"""One language of the page: its sentences, its terms, and numbers put into them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from polyculture.core.values import Known, Value
from polyculture.page import numbers
from polyculture.page.blocks import Cell
from polyculture.page.numbers import SURE, Form
from polyculture.page.words import isolated, short

LONGEST_NAME = 48


@dataclass(frozen=True, kw_only=True)
class Language:
    """Sentences by key, with places for what is counted; terms by their English name."""

    code: Literal["en", "zh-CN"]
    name: str
    """In itself."""
    phrases: Mapping[str, str]
    terms: Mapping[str, str]
    """Communities, traits and their values; what is not here stays as it is."""
    reasons: Sequence[tuple[str, str]]
    """Patterns of sentences that figures give for having no value, and what they say here."""
    unit: str = "card"
    """What is counted."""

    def say(self, key: str, **values: object) -> str:
        """The sentence of that key. It may also name what is counted, one or many."""
        unit = self.unit if f"unit.{self.unit}" in self.phrases else "card"
        one, many = self.phrases[f"unit.{unit}"], self.phrases[f"units.{unit}"]
        return self.phrases[key].format(unit=one, units=many, Units=many.capitalize(), **values)

    def term(self, name: str) -> str:
        """The name of a community, a trait or its value; also of several, or of one to another.

        Where only a part of "one to another" is known here, all of it stays as it is.

        Example:
            >>> from polyculture.zoo.page.languages import CHINESE
            >>> CHINESE.term("speech"), CHINESE.term("image + text to text"), CHINESE.term("silu")
            ('语音', '图像 + 文本到文本', 'silu')
        """
        if name in self.terms:
            return self.terms[name]
        if " + " in name:
            return " + ".join(self.term(part) for part in name.split(" + "))
        parts = name.split(" to ")
        if len(parts) > 1 and all(part in self.terms for part in parts):
            return self.terms[" to "].join(self.terms[part] for part in parts)
        return name

    def trait(self, name: str, value: str) -> str:
        """A trait and its value."""
        return self.say("list.pair", name=self.term(name), value=self.term(value))

    def name_of(self, community: str) -> str:
        """A community within a sentence or a table; all cards for an empty name."""
        return shown(self.term(community)) if community else self.say("all")

    def counted(self, number: float, noun: str) -> str:
        """A number with its noun, ``noun.<noun>.one`` or ``.many``."""
        form = "one" if number == 1 else "many"
        key = f"noun.{noun}.{form}"
        key = key if key in self.phrases else f"noun.card.{form}"
        return self.say(key, number=numbers.count(number))

    def listed(self, words: Sequence[str]) -> str:
        """Words in a row."""
        if len(words) < 2:  # noqa: PLR2004
            return "".join(words)
        before = self.phrases["list.comma"].join(words[:-1])
        return self.say("list.last", before=before, last=words[-1])

    def reason(self, text: str) -> str:
        """Why there is no value; in its own words where nobody has put them into this language."""
        for pattern, said in self.reasons:
            match = re.fullmatch(pattern, text.rstrip("."))
            if match:
                return match.expand(said)
        return text.rstrip(".")

    def interval(self, value: Value, form: Form) -> str:
        """The interval, or why there is none; empty where nothing is said."""
        if not isinstance(value, Known):
            return ""
        if value.low is None or value.high is None:
            why = value.no_interval
            return self.say("interval.none", reason=self.reason(why)) if why else ""
        low, high = form(value.low), form(value.high)
        return self.say("interval", low=low, high=high) if low != high else low

    def told(self, value: Value, form: Form) -> str:
        """A value with its interval in one line, or the reason why there is none."""
        if not isinstance(value, Known):
            return self.say("undefined.because", reason=self.reason(value.reason))
        number = form(value.number)
        if value.low is None:
            return number
        return self.say("told", number=number, aside=self.interval(value, form))

    def cell(self, value: Value, form: Form, note: str | None = None) -> Cell:
        """A value as a cell, with its interval or another note below it."""
        if not isinstance(value, Known):
            return Cell(text=self.say("undefined"), note=self.reason(value.reason), tone="quiet")
        aside = self.interval(value, form) if note is None else note
        ends = aside.replace(" ", "\u00a0") if value.low is not None else aside
        return Cell(text=form(value.number), note=ends)

    def chance(self, value: Value, form: Form, p_value: Value | None = None) -> Cell:
        """What chance alone would give, and how often it gives as much."""
        if not isinstance(value, Known) or value.chance is None:
            return Cell(text="–", tone="quiet")
        note = "" if p_value is None else self.p(p_value)
        return Cell(text=form(value.chance), note=note, tone=tone(p_value))

    def p_cell(self, value: Value) -> Cell:
        """A probability under the null as a cell."""
        if not isinstance(value, Known):
            return Cell(text="–", note=self.reason(value.reason), tone="quiet")
        return Cell(text=numbers.p_value(value.number), tone=tone(value))

    def p(self, value: Value) -> str:
        """A probability under the null, within a sentence."""
        if not isinstance(value, Known):
            return self.say("p.undefined", reason=self.reason(value.reason))
        number = numbers.p_value(value.number)
        said = f"p {number}" if number.startswith("<") else f"p = {number}"
        return said.replace(" ", "\u00a0")


def tone(p_value: Value | None) -> Literal["plain", "alarm"]:
    """The colour of a figure that chance would hardly give."""
    is_rare = isinstance(p_value, Known) and p_value.number < SURE
    return "alarm" if is_rare else "plain"


def shown(name: str) -> str:
    """A name from outside, short enough for a cell or a sentence, and fenced."""
    return isolated(short(name, LONGEST_NAME))
