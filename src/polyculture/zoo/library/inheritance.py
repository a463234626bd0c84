"""From which families a family of the transformers library takes its code, and since when.

Everything is read as text: classes and imports of ``modular_*.py`` by their syntax, comments and
headers line by line.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

MODELS = ("transformers", "models")
COPY = re.compile(r"^\s*#\s*Copied\s+from\s+transformers\.models\.([\w.]+)", re.MULTILINE)
YEAR = re.compile(r"\b(?:20[1-9]\d)\b")
FIRST_YEAR = 2018
"""The library's first; an older one in a header is a slip or another project's."""
HEADER = 3_000
"""Characters of a file in which its header lies."""


def bases(folder: Path, families: Collection[str]) -> Counter[str]:
    """Other families whose classes are bases here, with the number of classes that have one.

    All classes of ``modular_*.py`` count: networks, configurations, processors. A class with two
    bases of one family counts once for it. A file that is not Python is left out.

    Args:
        folder: A family's folder, ``transformers/models/<family>``.
        families: Names that count as families.
    """
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("modular_*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
        except (SyntaxError, ValueError):
            continue
        counts.update(_parents(tree, (*MODELS, folder.name), families))
    return counts


def copies(folder: Path, families: Collection[str]) -> Counter[str]:
    """Other families that comments ``# Copied from transformers.models.…`` name, with their number.

    All files of the family count: each comment stands for a class or function.
    """
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("*.py")):
        for place in COPY.findall(path.read_text(encoding="utf-8", errors="replace")):
            family = _family((*MODELS, *place.split(".")))
            if family in families and family != folder.name:
                counts[family] += 1
    return counts


def year(folder: Path) -> int | None:
    """Year of the port, by the copyright lines of the family's headers; none if no header has one.

    The headers of ``modeling_*.py`` speak first, then those of ``modular_*.py``, then those of
    ``configuration_*.py``. Of the lines that name Hugging Face the latest year counts, since an
    older line is often that of a project or file it was made from, such as BERT's; where none
    names Hugging Face, the latest of all. Of a span (2019-present) the first year counts.
    """
    for kind in ("modeling", "modular", "configuration"):
        lines = [line for path in sorted(folder.glob(f"{kind}_*.py")) for line in _copyrights(path)]
        own = [line for line in lines if "hugging" in line.lower()]
        found = _years(own) or _years(lines)
        if found:
            return max(found)
    return None


def _copyrights(path: Path) -> list[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.read(HEADER)
    return [line for line in header.splitlines() if "copyright" in line.lower()]


def _years(lines: Iterable[str]) -> list[int]:
    first = [next(iter(YEAR.findall(line)), None) for line in lines]
    return [int(found) for found in first if found and int(found) >= FIRST_YEAR]


def _parents(
    tree: ast.Module, package: tuple[str, ...], families: Collection[str]
) -> Iterable[str]:
    """The family of each class's bases, once a class."""
    names = _imported(tree, package)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found = {_family(_place(base, names)) for base in node.bases}
            yield from sorted(one for one in found if one in families and one != package[-1])


def _imported(tree: ast.Module, package: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Local name to the place it comes from, as the parts of a dotted name."""
    names: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            source = (*start, *(node.module.split(".") if node.module else ()))
            names.update({one.asname or one.name: (*source, one.name) for one in node.names})
        elif isinstance(node, ast.Import):
            for one in node.names:
                parts = tuple(one.name.split("."))
                names[one.asname or parts[0]] = parts if one.asname else parts[:1]
    return names


def _place(base: ast.expr, names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Where a base class comes from: ``Name``, ``module.Name`` or ``Name[argument]``."""
    if isinstance(base, ast.Name):
        return names.get(base.id, ())
    if isinstance(base, ast.Attribute):
        start = _place(base.value, names)
        return (*start, base.attr) if start else ()
    return _place(base.value, names) if isinstance(base, ast.Subscript) else ()


def _family(place: tuple[str, ...]) -> str:
    """``bert`` of ``transformers.models.bert.modeling_bert.BertLayer``; empty for other places."""
    if place[:2] != MODELS:
        return ""
    inner = [part for part in place[2:] if part != "deprecated"]  # once a folder of folders
    return inner[0] if inner else ""
