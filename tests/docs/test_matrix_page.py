"""docs/matrix.md: which family of models does which task, with which adaptation; all are tried."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.checks.matrix import tried
from polyculture.checks.tasks import Case
from polyculture.checks.tiny import FAMILIES, tiny_base
from polyculture.core import parts
from polyculture.core.task import Reads
from tests.tasks.test_promises import CASES

HEAD = """# Families of models

Made by a test (`tests/docs/test_matrix_page.py`), which tries every cell: a tiny random model of
the family is trained on a few rows of the task's toy data, saved, opened again and asked. `+`
means that it answers after reloading as before, and a row alone as among others. A number is a
reason below, with which the combination is refused.

`wav2vec2` is here as its base sizes are published, with a norm over the whole clip and without a
mask of padding; `hubert` as its large ones, with norms of each vector and a mask.

Tasks that read text, with the adaptation `full`:
"""
ADAPTED = """
Adaptations, with `classification`, or `translation` for an encoder with a decoder:
"""
OTHERS = """
Tasks that read {sense}, with each adaptation and transformers' own head where there is one:
"""
MIXED = """
Bases and tasks that read something else:
"""
REASONS = """
Reasons, as they are told:
"""
SMALL: dict[str, dict[str, Any]] = {"last_layers": {"blocks": 1}}
"""Settings for models of two blocks."""
HEADS: dict[str, dict[str, Any]] = {"series": {"kind": "linear", "pooling": "mean"}}
"""Heads for tasks without a standard one."""
OF_SENSES: dict[Reads, tuple[str, str]] = {
    "text": ("bert", "classification"),
    "sounds": ("wav2vec2", "sounds"),
    "pictures": ("vit", "images"),
    "series": ("patchtst", "series"),
}
"""A family and a task for all that bases read."""
Cell = Callable[[str, Case, Mapping[str, Any]], str]


@pytest.mark.slow
def test_the_page_shows_what_each_family_does(
    page: Callable[[str, str], None], tmp_path: Path
) -> None:
    """Whatever is not refused with a reason works; what changes has to be accepted."""
    texts = [*_texts()]
    folders = {name: tiny_base(tmp_path / name, name, texts) for name in FAMILIES}
    reasons: dict[str, int] = {}

    def cell(family: str, case: Case, adaptation: Mapping[str, Any]) -> str:
        reason = tried(folders[family], case, adaptation)
        told = reason.replace(family, "MODEL").replace(str(tmp_path), "FOLDER")
        return f"{reasons.setdefault(told, len(reasons) + 1)}" if reason else "+"

    def adapted(family: str, case: Case) -> list[str]:
        return [
            cell(family, case, {"kind": name, **SMALL.get(name, {})})
            for name in parts.names("adaptations")
        ]

    of_tasks = {
        family: [cell(family, _case(name), {"kind": "full"}) for name in _tasks("text")]
        for family in _families("text")
    }
    of_adaptations = {family: adapted(family, _usual_case(family)) for family in _families("text")}
    lines = [HEAD, *_table(_tasks("text"), of_tasks)]
    lines += [ADAPTED, *_table(parts.names("adaptations"), of_adaptations)]
    for sense in ("sounds", "pictures", "series"):
        cells = {
            f"{family} | `{name}`": adapted(family, _sensing_case(name))
            for family in _families(sense)
            for name in _tasks(sense)
        }
        table = _table(parts.names("adaptations"), cells, "family | task")
        lines += [OTHERS.format(sense=sense), *table]
    mixed = {
        family: [
            "" if reads == other else cell(family, _sensing_case(name), {"kind": "full"})
            for other, (_, name) in OF_SENSES.items()
        ]
        for reads, (family, _) in OF_SENSES.items()
    }
    lines += [MIXED, *_table([name for _, name in OF_SENSES.values()], mixed)]
    lines += [REASONS, *(f"{number}. {reason}" for reason, number in reasons.items()), ""]
    page("matrix.md", "\n".join(lines))


def _families(sense: str) -> list[str]:
    return [name for name, family in FAMILIES.items() if family.reads == sense]


def _tasks(sense: str) -> list[str]:
    return [name for name in parts.names("tasks") if parts.load("tasks", name).reads == sense]


def _sensing_case(name: str) -> Case:
    return Case(task=parts.load("tasks", name), head=HEADS.get(name, {}))


def _case(name: str) -> Case:
    usual = {key: CASES[name][key] for key in ("head", "settings") if key in CASES[name]}
    return Case(task=parts.load("tasks", name), **usual)


def _usual_case(family: str) -> Case:
    is_both = family in {"t5", "bart", "marian"}
    return _case("translation" if is_both else "classification")


def _table(columns: Any, rows: Mapping[str, list[str]], first: str = "family") -> Iterator[str]:
    yield f"| {first} | {' | '.join(f'`{name}`' for name in columns)} |"
    yield f"|{'---|' * (1 + first.count('|') + len(list(columns)))}"
    for family, cells in rows.items():
        yield f"| {family} | {' | '.join(cells)} |"


def _texts() -> Iterator[str]:
    """Toy texts of all tasks, from which tokenizers are made."""
    for name in parts.names("tasks"):
        for rows in parts.load("tasks", name).toy().splits.values():
            for column in rows.select(pl.col(pl.String)).iter_columns():
                yield from column.drop_nulls().head(40).to_list()
            for column in rows.select(pl.col(pl.List(pl.String))).iter_columns():
                yield from (" ".join(words) for words in column.head(40).to_list() if words)
