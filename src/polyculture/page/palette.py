"""Colours by name, for light and dark. Every chart and the page around it take theirs from here.

A chart's specification holds the light colours, so it can be drawn anywhere; in the page each of
them is replaced by its name, and the reader's system chooses. Alike is terracotta, apart is teal:
the two differ in lightness and along blue and yellow, so they stay apart for all kinds of colour
blindness, and every cell of a small heat map carries its number as well.
"""

from typing import NamedTuple


class Colour(NamedTuple):
    """One colour in both schemes."""

    light: str
    dark: str


COLOURS = {
    "paper": Colour("#fcfbf7", "#161814"),
    "panel": Colour("#f4f1e9", "#1f221d"),
    "ink": Colour("#21241f", "#eae8e0"),
    "quiet": Colour("#5e6359", "#a9ada2"),
    "rule": Colour("#ddd8cb", "#363a32"),
    "accent": Colour("#1c5a56", "#82c9c1"),
    "alarm": Colour("#a5431b", "#f29b6f"),
    "observed": Colour("#b9562c", "#e98a5a"),
    "expected": Colour("#2a6f6a", "#79bdb6"),
    "even": Colour("#efebe1", "#272a25"),
    "alike-1": Colour("#f7e2d5", "#38281f"),
    "alike-2": Colour("#efc3a9", "#553523"),
    "alike-3": Colour("#e19c77", "#80492a"),
    "alike-4": Colour("#b85a2f", "#c26f41"),
    "alike-5": Colour("#8f3711", "#f09a69"),
    "apart-1": Colour("#deecea", "#1d2e2c"),
    "apart-2": Colour("#b6d6d2", "#234441"),
    "apart-3": Colour("#83b6b1", "#2c605b"),
    "apart-4": Colour("#3d7f79", "#4c908a"),
    "apart-5": Colour("#17524e", "#86cdc5"),
    "kind-1": Colour("#1f6fb2", "#6cb2ea"),
    "kind-2": Colour("#d1601a", "#f2935a"),
    "kind-3": Colour("#2f8f4e", "#73c98d"),
    "kind-4": Colour("#b03a76", "#e889b8"),
    "kind-5": Colour("#7a5cc2", "#b09cf0"),
    "kind-6": Colour("#a8820f", "#dcb94a"),
    "kind-7": Colour("#15919b", "#5fd0d8"),
    "kind-8": Colour("#8a4b32", "#cf9a80"),
    "on-pale": Colour("#2b2d28", "#efeee6"),
    "on-strong": Colour("#fffdf9", "#14120f"),
}

LIGHT = {name: colour.light for name, colour in COLOURS.items()}
NAMES = {colour.light: name for name, colour in COLOURS.items()}
"""From the light colour back to its name."""

APART = tuple(f"apart-{step}" for step in (5, 4, 3, 2, 1))
ALIKE = tuple(f"alike-{step}" for step in (1, 2, 3, 4, 5))
KINDS = tuple(f"kind-{number}" for number in range(1, 9))
"""Colours of groups, the first for the largest. Marks of one colour also share a shape."""
STRONG = frozenset({"alike-4", "alike-5", "apart-4", "apart-5"})
"""Steps on which text is set in the colour of paper."""
