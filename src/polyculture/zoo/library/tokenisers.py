"""How models cut text: families of the transformers library, and saved models by their files."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyculture.zoo.library.families import communities

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polyculture.zoo.library.families import Library

MODELS = {"BPE": "BPE", "Unigram": "Unigram", "WordPiece": "WordPiece", "WordLevel": "word"}
"""Models of the tokenizers library, and what we call them."""
SIGNS = (
    ("WordpieceTokenizer(", "WordPiece"),
    ("def bpe(", "BPE"),
    *((f"{model}(", kind) for model, kind in MODELS.items()),
)
"""What the source of a class shows, the first that is found."""
KNOWN = {
    "ByT5Tokenizer": "byte",
    "CanineTokenizer": "character",
    "EsmTokenizer": "character",
    "MgpstrTokenizer": "character",
    "MyT5Tokenizer": "byte",
    "PerceiverTokenizer": "byte",
    "VitsTokenizer": "character",
    "Wav2Vec2CTCTokenizer": "character",
}
"""Tokenisers that are plain Python and that their files do not tell in one of these ways."""
WITHOUT_TEXT = frozenset(
    {"audio", "control", "depth", "detection", "image to image", "keypoints", "segmentation"}
    | {"time series", "video", "vision"}
)
"""Communities whose models need not read or write text."""


@dataclass(frozen=True, kw_only=True)
class _Class:
    bases: tuple[str, ...]
    kind: str
    """Empty where neither its ``model`` nor its source tells it."""


def tokenisers(found: Library) -> dict[str, str]:
    """Family to WordPiece, BPE, Unigram, word, character, byte, or none.

    A family whose tokeniser is read from a checkpoint (``TokenizersBackend``), or is a
    SentencePiece model of either kind, is absent: its kind cannot be told from the library.
    ``none`` is a family of communities without text, to which the library gives neither a
    tokeniser nor a processor.
    """
    classes = _classes(found.models)
    kinds = {family: _of_family(found, family, classes) for family in found.families}
    for family, places in communities(found).items():
        if kinds[family] == "none" and not WITHOUT_TEXT.issuperset(places):
            kinds[family] = ""
    return {family: kind for family, kind in kinds.items() if kind}


def _of_family(found: Library, family: str, classes: Mapping[str, _Class]) -> str:
    types = found.types[family]
    mapped = next((found.tokenisers[kind] for kind in types if kind in found.tokenisers), None)
    if mapped is not None:
        return _kind(mapped, classes)
    own = sorted((found.models / family).glob("tokenization_*.py"))
    kinds = {_kind(name, classes) for path in own for name in _parsed(path)} - {""}
    if len(kinds) == 1:
        return kinds.pop()
    is_without = not own and not any(kind in found.processed for kind in types)
    return "none" if is_without else ""


def _kind(name: str, classes: Mapping[str, _Class]) -> str:
    """The kind of a class, or of the first of its bases that has one."""
    if name in KNOWN:
        return KNOWN[name]
    if name not in classes:
        return ""
    own = {key: value for key, value in classes.items() if key != name}  # no class twice
    inherited = (_kind(base, own) for base in classes[name].bases)
    return classes[name].kind or next((kind for kind in inherited if kind), "")


def _classes(models: Path) -> dict[str, _Class]:
    found: dict[str, _Class] = {}
    for path in sorted(models.glob("*/tokenization_*.py")):
        found.update(_parsed(path))
    return found


def _parsed(path: Path) -> dict[str, _Class]:
    """All classes of tokenisers in a file; those of a broken file are left out."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return {}
    lines = text.splitlines()
    return {
        node.name: _Class(
            bases=tuple(base.id for base in node.bases if isinstance(base, ast.Name)),
            kind=_declared(node) or _shown("\n".join(lines[node.lineno - 1 : node.end_lineno])),
        )
        for node in body
        if isinstance(node, ast.ClassDef) and "Tokenizer" in node.name
    }


def _declared(node: ast.ClassDef) -> str:
    """What ``model = BPE`` in a class says."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            value = statement.value
            named = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
            if statement.targets[0].id == "model" and named in MODELS:
                return MODELS[named]
    return ""


def _shown(source: str) -> str:
    return next((kind for sign, kind in SIGNS if sign in source), "")


def tokeniser_of(folder: Path) -> dict[str, tuple[str, ...]]:
    """The trait of the ``tokenizer.json`` in a folder; none where there is none that is known."""
    try:
        settings = json.loads((folder / "tokenizer.json").read_bytes())
        return {"tokeniser": (MODELS[settings["model"]["type"]],)}
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return {}
