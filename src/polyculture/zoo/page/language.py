"""The language of a survey's page: what is counted has its own nouns, chance its own cells."""

from collections.abc import Mapping
from typing import Literal

from polyculture.core.values import Known, Value
from polyculture.page import language, numbers
from polyculture.page.blocks import Cell
from polyculture.page.numbers import SURE, Form
from polyculture.page.words import isolated, short

LONGEST_NAME = 48


class Language(language.Language):
    """Sentences and terms; terms are communities, traits and their values."""

    def units(self, unit: str) -> Mapping[str, str]:
        """What is counted, one or many, as every sentence may name it."""
        one, many = self.phrases[f"unit.{unit}"], self.phrases[f"units.{unit}"]
        return {"unit": one, "units": many, "Units": many.capitalize()}

    def trait(self, name: str, value: str) -> str:
        """A trait and its value."""
        return self.say("list.pair", name=self.term(name), value=self.term(value))

    def name_of(self, community: str) -> str:
        """A community within a sentence or a table; all cards for an empty name."""
        return shown(self.term(community)) if community else self.say("all")

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
