"""Audit anyone's answers: no model and no torch needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyculture.core import parts
from polyculture.core.errors import PolycultureError
from polyculture.core.shown import shown_name, title_of
from polyculture.store.folder import write_text, written_once
from polyculture.store.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyculture.audit.cost import Cost
    from polyculture.core.audit import Audit
    from polyculture.core.run import Run
    from polyculture.core.views import Evidence
    from polyculture.sources.answers._taken import Taken
    from polyculture.store.text_form import TextForm

ANNOUNCED = 60
"""Seconds beyond which it is said how long an audit takes."""
WAYS = {"encoding": "--encoding {}", "delimiter": "--separator '{}'"}
"""How the command says what a file is written in."""


def audit_answers(
    path: Path,
    *,
    item: str,
    out: Path,
    model: str | None = None,
    answer: str | None = None,
    gold: str | None = None,
    text: str | None = None,
    probabilities: str | None = None,
    group: str | None = None,
    document: str | None = None,
    wide: bool = False,
    models: Sequence[str] | None = None,
    intersect: bool = False,
    separator: str | None = None,
    encoding: str = "utf-8",
    replace: bool = False,
    resamples: int = 1000,
    seed: int = 1,
    command: str = "",
    on_read: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Audit a table of answers and write the audit's folder.

    Args:
        path: CSV, TSV, JSON, JSON lines, Parquet or Excel, or ``-`` for standard input. The
            arguments up to ``document`` name its columns.
        item: Id of the item.
        out: Folder of the audit.
        model: Name of the model; in a long table, which has a row for each answer.
        answer: The answer; in a long table. An empty cell is missing: it counts as wrong, or
            without right answers agrees with nothing.
        gold: The right answer.
        text: What was asked, for the report.
        probabilities: A JSON object a cell, answer to probability; in a long table.
        group: A domain or source of the item.
        document: What the item is a part of, such as a document or a user: items of one are drawn
            together.
        wide: The table has a row for each item and a column for each model.
        models: The models to compare; if none are given, all that the table has.
        intersect: Compare on the items that all models have a row for; long tables only.
        separator: What stands between cells of CSV and TSV; what the header shows, if left out.
        encoding: Encoding of a text file.
        replace: Put the new folder in the place of one that exists.
        resamples: Rounds of the bootstrap.
        seed: Seed of the bootstrap and of permutations.
        command: The command that makes all of this again, for the report.
        on_read: Told which columns were taken for what, and how long comparing takes where that
            is long, before anything is compared.

    Raises:
        PolycultureError: The table cannot be read as this, the folder exists, or comparing would
            take more memory or time than there is.
    """
    check_output(out, kind="audit", replace=replace, inputs=[path])
    columns = {"item": item, "gold": gold, "text": text, "group": group, "document": document}
    understood: list[str] = []

    def told(taken: Taken) -> None:
        understood.append(taken.sentence)
        on_read(taken.sentence)
        cost = _affordable(len(taken.models), taken.items, resamples)
        if cost.seconds > ANNOUNCED:
            on_read(f"{cost.sentence}.")

    common = {"models": models, "form": _form(separator, encoding), "told": told}
    if wide:
        _refuse(model=model, answer=answer, probabilities=probabilities)
        evidence = parts.load("sources.answers", "wide").read(path, **columns, **common)
    else:
        if model is None or answer is None:
            lacking = " and ".join(
                name for name, v in (("--model", model), ("--answer", answer)) if v is None
            )
            msg = (
                f"A table with a row for each answer needs {lacking}. "
                "If it has a column for each model, add --wide."
            )
            raise PolycultureError(msg)
        more = {"model": model, "answer": answer, "probabilities": probabilities}
        evidence = parts.load("sources.answers", "long").read(
            path, **columns, **more, **common, intersect=intersect
        )
    asked = {"file": shown_name(path), "form": "wide" if wide else "long", "item column": item}
    named = {"model": model, "answer": answer, "gold": gold, "text": text, "group": group}
    named |= {"document": document, "probabilities": probabilities}
    asked |= {f"{role} column": name for role, name in named.items() if name is not None}
    asked["models"] = ", ".join(one.model for one in evidence)
    asked["read as"] = understood[0]
    return write_audit(
        evidence,
        out,
        title=f"{len(evidence)} models on {title_of(path)}",
        asked=asked,
        command=command,
        replace=replace,
        resamples=resamples,
        seed=seed,
    )


def _form(separator: str | None, encoding: str) -> TextForm:
    from polyculture.store.text_form import TextForm, checked_delimiter, checked_encoding

    checks = {"--separator": checked_delimiter, "--encoding": checked_encoding}
    checked = {}
    for option, word in (("--separator", separator), ("--encoding", encoding)):
        try:
            checked[option] = None if word is None else checks[option](word)
        except ValueError as error:
            reason = str(error)
            msg = f"{option}: {reason}{'' if reason.endswith('?') else '.'}"
            raise PolycultureError(msg) from error
    return TextForm(
        delimiter=checked["--separator"],
        encoding=checked["--encoding"] or "utf-8",
        settings=WAYS,
    )


def _affordable(models: int, items: int, resamples: int) -> Cost:
    """What comparing costs.

    Raises:
        PolycultureError: That is more than there is.
    """
    from polyculture.audit.cost import Cost, refuse_too_much

    cost = Cost(models=models, items=items, resamples=resamples)
    refuse_too_much(cost)
    return cost


def _refuse(**unwanted: str | None) -> None:
    for name, value in unwanted.items():
        if value is not None:
            msg = (
                f"--{name} belongs to a table with a row for each answer; a wide one has a column "
                f"for each model. Leave out --{name}, or --wide."
            )
            raise PolycultureError(msg)


def write_audit(
    evidence: Sequence[Evidence],
    out: Path,
    *,
    title: str,
    asked: dict[str, str],
    command: str,
    runs: Sequence[Run] = (),
    shows_text: bool = True,
    keeps_evidence: bool = False,
    replace: bool = False,
    resamples: int = 1000,
    seed: int = 1,
) -> Audit:
    """Compare models and write one folder, whole or not at all.

    It holds ``audit.json``, ``comparisons.parquet``, ``items.parquet``, ``shared_failures.parquet``
    (the items that every model fails) and the report: ``report.html``, ``.md``, ``.json``.

    Args:
        evidence: Two models or more, on the same items.
        out: Folder of the audit.
        title: Heading of the report.
        asked: What was asked: short label to plain value.
        command: The command that makes all of this again.
        runs: The trainings behind the models, in the same order.
        shows_text: Texts of the items may be written.
        keeps_evidence: Write the models' views too, into ``evidence/<model>/<probe>``.
        replace: Put the new folder in the place of one that exists.
        resamples: Rounds of the bootstrap.
        seed: Seed of the bootstrap and of permutations.

    Raises:
        PolycultureError: The models cannot be compared, or the folder exists.
    """
    from polyculture.audit import aligned, audit
    from polyculture.audit.tables import comparison_table, item_table
    from polyculture.core.report_input import ReportInput
    from polyculture.report import write_report
    from polyculture.store.evidence import write_evidence
    from polyculture.store.tables import write_table

    check_output(out, kind="audit", replace=replace)
    models = aligned(evidence)
    _affordable(len(models), len(models[0].items), resamples)
    found = audit(models, resamples=resamples, seed=seed)
    items = item_table(models, shows_text=shows_text)
    with written_once(out, kind="audit", replace=replace) as folder:
        write_text(folder / "audit.json", found.model_dump_json(indent=1) + "\n")
        write_table(comparison_table(found), folder / "comparisons.parquet")
        write_table(items, folder / "items.parquet")
        if "failures" in items.columns:
            shared = items.filter(items["failures"] == len(models))
            write_table(shared, folder / "shared_failures.parquet")
        content = ReportInput(
            title=title,
            audit=found,
            items=items,
            runs=tuple(runs),
            asked=asked,
            command=command,
            shows_text=shows_text,
        )
        write_report(folder, content)
        if keeps_evidence:
            for one in evidence:
                write_evidence(folder / "evidence" / one.model / one.probe, one)
    return found


def summary(audit: Audit) -> dict[str, Any]:
    """The audit in few keys, as ``polyculture audit --json`` prints it."""
    from polyculture.audit.summary import summary as make

    return make(audit)
