"""Every task on the shelf is checked by the columns it declares, without a line for it."""

from pathlib import Path

import pytest

from polyculture.checks.tasks import Case
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.recipe import Recipe
from polyculture.datacheck.cells import TEXTS
from polyculture.datacheck.flow import findings, pass_over, slices
from polyculture.datacheck.page.content import report_of
from polyculture.datacheck.run import check_subject
from polyculture.datacheck.subject import Subject
from polyculture.page.markdown import to_markdown
from tests.tasks.test_promises import CASES


@pytest.mark.parametrize("name", parts.names("tasks"))
def test_the_toy_rows_of_a_task_are_checked(tmp_path: Path, name: str) -> None:
    """Nothing raises, its rows are accepted, and every finding says something in two languages."""
    task = parts.load("tasks", name)
    case = Case(task=task, **CASES[name])
    recipe = Recipe.model_validate(
        {
            "task": case.chosen,
            "base": dict(case.base),
            "data": {"source": "starter", "name": "reviews"},  # the toy rows stand for it
            **({"head": dict(case.head)} if case.head else {}),
        }
    )
    toy = task.toy()
    kinds = findings()
    passed = pass_over(slices(toy.splits), task.columns, list(kinds.values()), most=500, seed=1)
    read = [column for column in passed.columns.values() if not column.is_gold]
    reads_text = any(column.kind in TEXTS for column in read)
    subject = Subject(
        recipe=recipe,
        task=task,
        name=toy.name,
        columns=passed.columns,
        rows=passed.rows,
        sample=passed.sample,
        base_folder=tiny_base(tmp_path, "bert", ["some words"]) if reads_text else None,
        no_base="it reads no text",
    )

    check = check_subject(subject, kinds, passed.counters, settings={})

    found = {one.name: one.found for one in check.findings}
    assert found["accepted_rows"].severity == "fine"
    assert (found["text_length"].severity != "skipped") == reads_text
    assert all(one.points for one in found.values())
    report = report_of(check)
    for page in (report, *report.translations):
        assert "{" not in to_markdown(page).replace("\\{", "")
