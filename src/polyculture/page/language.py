"""One language of pages: sentences by key from a catalogue, and numbers put into them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any, Literal

from polyculture.core.errors import PolycultureError
from polyculture.core.values import Known, Value
from polyculture.page import numbers
from polyculture.page.blocks import Cell
from polyculture.page.numbers import Form

Code = Literal["en", "zh-CN"]
WORDS: Mapping[str, Code] = {"en": "en", "zh": "zh-CN"}
"""How a person names a language of pages."""
PART = re.compile(r"\\(\d)|\{(\d)\}")
"""Where a part of a recorded sentence goes."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """Sentences by key, with places for what is counted; terms by their English name."""

    code: Code
    name: str
    """In itself."""
    phrases: Mapping[str, str]
    terms: Mapping[str, str]
    """What is called something else on the page; what is not here stays as it is."""
    reasons: Sequence[tuple[str, str]]
    """Patterns of sentences that were recorded in English, and what they say here."""
    places: Mapping[str, str] = field(default_factory=dict)
    """What every sentence may name."""

    def say(self, key: str, **values: object) -> str:
        """The sentence of that key."""
        return self.phrases[key].format(**{**self.places, **values})

    def has(self, key: str) -> bool:
        """Whether there is a sentence of that key."""
        return key in self.phrases

    def term(self, name: str) -> str:
        """What is called so in English; also several, or one to another.

        Where only a part of "one to another" is known here, all of it stays as it is.

        Example:
            >>> names = {"speech": "语音", "image": "图像", "text": "文本", " to ": "到"}
            >>> chinese = Language(code="zh-CN", name="中文", phrases={}, terms=names, reasons=())
            >>> chinese.term("speech"), chinese.term("image + text to text"), chinese.term("silu")
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

    def counted(self, number: float, noun: str) -> str:
        """A number with its noun, ``noun.<noun>.one`` or ``.many``."""
        form = "one" if number == 1 else "many"
        return self.say(f"noun.{noun}.{form}", number=numbers.count(number))

    def listed(self, words: Sequence[str]) -> str:
        """Words in a row."""
        if len(words) < 2:  # noqa: PLR2004
            return "".join(words)
        before = self.phrases["list.comma"].join(words[:-1])
        return self.say("list.last", before=before, last=words[-1])

    def recorded(self, text: str) -> str:
        r"""A sentence that was recorded in English; as it is where no pattern knows it.

        Of the parts of a pattern, ``\1`` is carried over, and ``{1}`` is looked up in its turn.

        Example:
            >>> known = [("(.+) of (.+)", r"\2的{1}"), ("both", "两者")]
            >>> chinese = Language(code="zh-CN", name="中文", phrases={}, terms={}, reasons=known)
            >>> chinese.recorded("both of both"), chinese.recorded("none")
            ('both的两者', 'none')
        """
        for pattern, sentence in self.reasons:
            match = re.fullmatch(pattern, text)
            if match:
                return PART.sub(partial(self._part, match), sentence)
        return text

    def _part(self, match: re.Match[str], place: re.Match[str]) -> str:
        carried, looked_up = place.groups()
        if carried:
            return match[int(carried)] or ""
        return self.recorded(match[int(looked_up)] or "")

    def reason(self, text: str) -> str:
        """Why there is no value, without a full stop."""
        return self.recorded(text.rstrip("."))

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
        """A value with its interval in one line, or the reason why there is no value."""
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


def codes_of(word: str | None) -> tuple[Code, ...]:
    """The languages that a person asks for with one word; all of them without one.

    Example:
        >>> codes_of("zh"), codes_of(None)
        (('zh-CN',), ('en', 'zh-CN'))

    Raises:
        PolycultureError: There is no such language.
    """
    if word is None:
        return tuple(WORDS.values())
    if word not in WORDS:
        known = " or ".join(map(repr, WORDS))
        msg = f"A page speaks {known}, got {word!r}. Name one of them, or none for both."
        raise PolycultureError(msg)
    return (WORDS[word],)


def read_catalogue(package: str, code: Code) -> dict[str, Any]:
    """What ``words/<code>.toml`` of a package says, by the names of a language's fields."""
    text = (files(package) / "words" / f"{code}.toml").read_text(encoding="utf-8")
    catalogue = tomllib.loads(text)
    catalogue["reasons"] = tuple((pattern, sentence) for pattern, sentence in catalogue["reasons"])
    return catalogue


def file_name(code: Code, suffix: str = ".html") -> str:
    """What the drawing in a language is called.

    Example:
        >>> file_name("en"), file_name("zh-CN", ".md")
        ('report.html', 'report.zh-CN.md')
    """
    return f"report{suffix}" if code == "en" else f"report.{code}{suffix}"
