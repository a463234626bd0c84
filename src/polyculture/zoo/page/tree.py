"""The lineage as a tree: every card stands under each of its parents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from polyculture.core.survey import Member, Survey
from polyculture.page.blocks import Node, Tree
from polyculture.zoo.page.language import Language

DEEPEST = 60
"""Browsers nest only so far; what lies deeper is shown at this level."""


@dataclass(frozen=True)
class Line:
    """One line of the tree before it is put into words."""

    name: str
    depth: int
    is_copy: bool = False
    """Its code was copied from the line above it, and not inherited."""
    is_outside: bool = False
    """It is only named as a parent."""
    opened_under: str = ""
    """Where its own children stand, if that is elsewhere."""
    others: int = 0
    """Parents besides the one it stands under."""


def tree(survey: Survey, language: Language) -> list[Tree]:
    """The tree of all members that have parents or children; none if nobody has."""
    found = list(lines(survey.members, _reaches(survey)))
    if not found:
        return []
    cut = survey.cards - len(survey.members)
    words = language.say("tree.words")
    if cut > 0:
        words += language.say("tree.cut", shown=f"{len(survey.members):,}", all=f"{survey.cards:,}")
    nodes = (Node(name=line.name, depth=line.depth, note=_note(line, language)) for line in found)
    return [Tree(title=language.say("tree.title"), words=words, nodes=tuple(nodes))]


def _reaches(survey: Survey) -> dict[str, int]:
    """Descendants of ancestors, those among them that are only named as parents."""
    return {
        one.name: one.descendants
        for forest in survey.forests
        if forest.kind == "any"
        for one in forest.ancestors
    }


def _note(line: Line, language: Language) -> str:
    notes = []
    if line.is_outside:
        notes.append(language.say("tree.outside"))
    if line.is_copy:
        notes.append(language.say("tree.copy"))
    if line.others:
        notes.append(language.say("tree.others", others=language.counted(line.others, "parent")))
    if line.opened_under:
        notes.append(language.say("tree.elsewhere", name=line.opened_under))
    return language.phrases["list.comma"].join(notes)


def lines(
    members: Sequence[Member], reaches: Mapping[str, int] = MappingProxyType({})
) -> Iterator[Line]:
    """Each root with all that stands below it, the most fruitful first.

    A member with several parents stands under each; its own children stand under the first of
    these places only. A circle of parents has no root: it starts at its first name.

    Args:
        members: Cards with their parents.
        reaches: Descendants of each name, also of names without a card, where known.

    Example:
        >>> common = {"communities": (), "year": None, "maker": "", "parameters": None,
        ...     "copied_from": (), "descendants": 0, "traits": {}, "is_built": True, "reason": ""}
        >>> a = Member(name="a", parents=(), **common)
        >>> b = Member(name="b", parents=("a", "outside"), **common)
        >>> [("  " * line.depth + line.name) for line in lines([a, b])]
        ['a', '  b', 'outside', '  b']
    """
    parents = {one.name: dict.fromkeys((*one.parents, *one.copied_from)) for one in members}
    copies = {(one.name, old) for one in members for old in one.copied_from}
    copies -= {(one.name, old) for one in members for old in one.parents}
    children: dict[str, list[str]] = {}
    for name, own in parents.items():
        for parent in own:
            if parent != name:
                children.setdefault(parent, []).append(name)
    below = {**reaches, **{one.name: one.descendants for one in members}}
    family = _Family(children, parents, copies, below)
    placed: dict[str, str] = {}
    roots = [name for name in children if not parents.get(name)]
    for start in (sorted(roots, key=family.rank), sorted(children, key=family.rank)):
        for root in start:
            if root not in placed:
                yield from _below(root, family, placed)


@dataclass(frozen=True)
class _Family:
    children: Mapping[str, Sequence[str]]
    parents: Mapping[str, Mapping[str, None]]
    copies: set[tuple[str, str]]
    below: Mapping[str, int]
    """Descendants of each member."""

    def rank(self, name: str) -> tuple[int, str]:
        """The most fruitful first; a name from outside by its children."""
        return -max(self.below.get(name, 0), len(self.children.get(name, ()))), name


def _below(root: str, family: _Family, placed: dict[str, str]) -> Iterator[Line]:
    """A root and what stands under it; ``placed`` learns under whom each name was opened."""
    todo = [(root, "", 0)]
    while todo:
        name, parent, depth = todo.pop()
        opened = placed.get(name)
        below = family.children.get(name, ()) if opened is None else ()
        yield Line(
            name=name,
            depth=min(depth, DEEPEST),
            is_copy=(name, parent) in family.copies,
            is_outside=name not in family.parents,
            opened_under=(opened or "") if name in family.children else "",
            others=max(len(family.parents.get(name, ())) - 1, 0) if parent else 0,
        )
        if opened is None:
            placed[name] = parent or name
            todo += [
                (child, name, depth + 1) for child in sorted(below, key=family.rank, reverse=True)
            ]
