"""The languages of a data check, and how its values are written in a sentence."""

from collections.abc import Mapping

from polyculture.core.finding import Point
from polyculture.page import language, numbers
from polyculture.page.language import Code, read_catalogue
from polyculture.page.numbers import Form
from polyculture.page.words import isolated

SHARES = ("share", "part", "accuracy", "inside", "outside", "here", "train", "unknown")
FORMS: Mapping[str, Form] = {
    **dict.fromkeys(SHARES, numbers.share),
    "p": numbers.p_value,
    "low": numbers.duration,
    "high": numbers.duration,
    "ratio": numbers.ratio,
    "effective": numbers.effective,
    "peak": numbers.count,
}
"""How a number of a sentence is written, by the name of its place."""
CALLED = frozenset({"split", "other", "a", "b", "main", "script", "model"})
"""Places of names that a catalogue may know by another name."""


class Language(language.Language):
    """Sentences of findings."""

    def point(self, point: Point) -> str:
        """A finding's sentence; of one that no catalogue knows, as it is.

        Example:
            >>> ENGLISH.point(Point(key="conflicts.split", values={"split": "test", "count": 2,
            ...                                                    "of": 1000}))
            'test: 2 of 1,000 rows.'
            >>> ENGLISH.point(Point(key="mine", text="{count} odd rows.", values={"count": 3}))
            '3 odd rows.'
        """
        values = {name: self._value(name, value) for name, value in point.values.items()}
        count, of = point.values.get("count"), point.values.get("of")
        if isinstance(count, int) and isinstance(of, int) and of:
            values["part"] = numbers.share(count / of)
        if self.has(point.key):
            return self.say(point.key, **values)
        return point.text.format(**values) if point.text else point.key

    def _value(self, name: str, value: str | float) -> str:
        if isinstance(value, str):
            known = self.called(value) if name in CALLED else self.recorded(value)
            return isolated(known)
        if name in FORMS:
            return FORMS[name](value)
        return numbers.count(value) if isinstance(value, int) else numbers.coefficient(value)

    def called(self, name: str) -> str:
        """A split, script or model within a sentence; English keeps the word of the data."""
        return name if self.code == "en" else self.term(name)

    def title(self, name: str) -> str:
        """What a finding is called; the name of its file, where no catalogue knows it."""
        key = f"finding.{name}"
        return self.say(key) if self.has(key) else name.replace("_", " ").capitalize()


def _language(code: Code) -> Language:
    return Language(**read_catalogue("polyculture.datacheck", code))


ENGLISH = _language("en")
CHINESE = _language("zh-CN")
LANGUAGES = {one.code: one for one in (ENGLISH, CHINESE)}
