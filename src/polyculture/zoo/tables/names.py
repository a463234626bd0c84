"""Names that are one name in two spellings: "Google Deepmind" and "Google DeepMind".

Two names are taken for one only if nothing but case, spaces, dashes, dots, quotes and brackets
tells them apart, and for makers a leading "the" and a legal form such as "Inc." at the end. No
distance between words is used: it would join "Command R" and "Command R+".
"""

import csv
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from polyculture.core.errors import DataError

LEGAL_FORMS = frozenset(
    ("ab", "ag", "bv", "co", "company", "corp", "corporation", "ev", "gmbh", "inc", "incorporated",
     "limited", "llc", "llp", "ltd", "nv", "plc", "pte", "pty", "sa", "sas", "srl")
)  # fmt: skip
TELLING = frozenset("#%&*+@!?")
"""Signs that are part of a name: the plus of "Command R+"."""
HEADER = ["as_written", "counted_as"]


def model_key(name: str) -> str:
    """A name without what varies between its spellings; equal keys are one model.

    Between two digits a dot stays, and so does a gap, since "OPT-1.3B" is not "OPT-13B".

    Example:
        >>> model_key("LLaMA 2"), model_key("Llama-2"), model_key("llama_2")
        ('llama2', 'llama2', 'llama2')
        >>> model_key("OPT-1.3B"), model_key("OPT-13B"), model_key("Command R+")
        ('opt1.3b', 'opt13b', 'commandr+')
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    plain = "".join(sign if _tells(sign) else "." if sign == "." else " " for sign in text)
    return re.sub(r"[ .]+", _gap, plain.strip(" ."))


def _tells(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return kind[0] in "LMN" or kind in {"Sm", "Sc", "So"} or sign in TELLING


def _gap(found: re.Match[str]) -> str:
    text = found.string
    between_digits = text[found.start() - 1].isdigit() and text[found.end()].isdigit()
    if not between_digits:
        return ""
    return "." if found[0] == "." else " "


def maker_key(name: str) -> str:
    """A maker's name without what varies between its spellings, its legal form included.

    Example:
        >>> maker_key("Runway AI, Inc."), maker_key("Runway AI"), maker_key("LAION e.V.")
        ('runwayai', 'runwayai', 'laion')
    """
    text = unicodedata.normalize("NFKC", name).casefold().replace(".", "")
    words = [word for word in re.split(r"[\s,]+", text) if word]
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words.pop(0)
    return model_key(" ".join(words))


def spellings(
    counts: Mapping[str, int],
    *,
    key: Callable[[str], str],
    aliases: Mapping[str, str],
    fixed: Collection[str] = (),
) -> dict[str, str]:
    """How each name is counted: the most common spelling of its group, ties by code point.

    Args:
        counts: Each name as it is written, and how often.
        key: What all spellings of one name share.
        aliases: Names that a person gave: as written to as counted. One that is given as itself
            stays apart from its group.
        fixed: Names that stay as they are. A group that holds one of them takes its spelling; one
            that holds several is left as it is, since it cannot be told which is meant.

    Example:
        >>> spellings({"GPT-4": 2, "GPT 4": 1}, key=model_key, aliases={})
        {'GPT-4': 'GPT-4', 'GPT 4': 'GPT-4'}
    """
    pinned = set(fixed) | {
        theirs for ours, theirs in aliases.items() if ours != theirs and aliases.get(theirs) is None
    }
    groups: dict[str, set[str]] = defaultdict(set)
    for name in {*counts, *pinned} - aliases.keys():
        groups[key(name)].add(name)
    found = {}
    for group in groups.values():
        found.update(_counted(group, counts, pinned))
    return {name: aliases.get(name) or found[name] for name in counts}


def _counted(group: set[str], counts: Mapping[str, int], pinned: set[str]) -> dict[str, str]:
    held = group & pinned
    if len(held) > 1:
        return {name: name for name in group}
    best = min(held or group, key=lambda name: (-counts.get(name, 0), name))
    return dict.fromkeys(group, best)


def different(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs of a name as written and as counted that are not the same, sorted, each once."""
    return sorted({(written, counted) for written, counted in pairs if written != counted})


def read_aliases(path: Path | None) -> dict[str, str]:
    """Read what a person wants to be counted as what.

    Args:
        path: A TOML file of ``"as written" = "as counted"``, or a CSV file with the columns
            ``as_written`` and ``counted_as``; none for no aliases.

    Raises:
        DataError: The file is missing, or is not one of these.
    """
    if path is None:
        return {}
    if not path.is_file():
        msg = f"There is no file {path}, which should hold aliases. Check the path."
        raise DataError(msg)
    pairs = list(_toml_pairs(path) if path.suffix.lower() == ".toml" else _csv_pairs(path))
    twice = {name for name, _ in pairs if len({to for one, to in pairs if one == name}) > 1}
    if twice:
        msg = f"{path} counts {min(twice)!r} as two different names. Leave one of them out."
        raise DataError(msg)
    return dict(pairs)


def _toml_pairs(path: Path) -> Iterator[tuple[str, str]]:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as TOML ({error}). Write one line a name: 'a b' = 'A B'."
        raise DataError(msg) from error
    for name, counted in table.items():
        if not isinstance(counted, str) or not counted.strip():
            msg = f"{path}: expected a name in quotes for {name!r}, got {counted!r:.40}."
            raise DataError(msg)
        yield name, counted


def _csv_pairs(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file, strict=True) if row] or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as CSV ({error}). Check its quotes and save it as UTF-8."
        raise DataError(msg) from error
    if header != HEADER:
        msg = f"{path}: expected the header {','.join(HEADER)}, got {','.join(header)[:60]!r}."
        raise DataError(msg)
    for row in rows:
        if len(row) != len(HEADER) or not all(cell.strip() for cell in row):
            msg = f"{path}: expected two names a row, got {','.join(row)[:60]!r}."
            raise DataError(msg)
        yield row[0], row[1]
