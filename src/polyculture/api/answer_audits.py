"""Audit anyone's answers: no model and no torch needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyculture.core import parts
from polyculture.core.errors import PolycultureError
from polyculture.core.shown import shown_name, title_of
from polyculture.store.writing.folder import write_text, written_once
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyculture.audit.cost import Cost
    from polyculture.core.audit import Audit
    from polyculture.core.run import Run
    from polyculture.core.views import Evidence
    from polyculture.sources.answers.reading.used_columns import UsedColumns
    from polyculture.store.reading.tables import Table
    from polyculture.store.reading.text_form import TextForm

ANNOUNCED = 60
"""Seconds from which on the time of an audit is announced."""
WAYS = {"encoding": "--encoding {}", "delimiter": "--separator '{}'"}
"""How the command says what a file is written in."""


def audit_answers(
    path: Path,
    *,
    out: Path,
    item: str | None = None,
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
    language: str | None = None,
    on_read: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Audit a table of answers and write the audit's folder.

    Args:
        path: CSV, TSV, JSON, JSON lines, Parquet or Excel, or ``-`` for standard input. The
            arguments up to ``document`` name its columns.
        out: Folder of the audit.
        item: Id of the item. Where it is left out, or the table is not ``wide`` and ``model`` or
            ``answer`` is left out, layout and columns that are not named are guessed.
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
        replace: Replace an audit that exists.
        resamples: Rounds of the bootstrap.
        seed: Seed of the bootstrap and of permutations.
        command: The command that reproduces the audit, for the report.
        language: Of the report's page: ``en`` or ``zh``; left out, both.
        on_read: Told which columns were taken for what, and how long comparing takes where that
            is long, before anything is compared.

    Raises:
        PolycultureError: The table cannot be read as this, the folder exists, there is no such
            language, or comparing would take more memory or time than there is.
    """
    check_output(out, kind="audit", replace=replace, inputs=[path])
    check_language(language)
    columns = {"item": item, "model": model, "answer": answer, "gold": gold, "text": text}
    columns |= {"group": group, "document": document, "probabilities": probabilities}
    if wide:
        _refuse(model=model, answer=answer, probabilities=probabilities)
    form = _form(separator, encoding)
    layout = _layout(path, form, columns, wide=wide)
    understood: list[str] = []

    def on_columns(used: UsedColumns) -> None:
        understood.append(used.sentence)
        on_read(f"{used.sentence}{layout.note}")
        cost = _affordable(len(used.models), used.items, resamples)
        if cost.seconds > ANNOUNCED:
            on_read(f"{cost.sentence}.")

    common: dict[str, Any] = layout.columns | {
        "models": models,
        "form": form,
        "on_columns": on_columns,
    }
    if layout.is_wide:
        common["is_guessed"] = bool(layout.note)
    else:
        common["intersect"] = intersect
    form_name = "wide" if layout.is_wide else "long"
    evidence = parts.load("sources.answers", form_name).read(layout.source, **common)
    asked = {"file": shown_name(path), "form": form_name}
    asked |= {f"{role} column": name for role, name in layout.columns.items()}
    asked["models"] = ", ".join(model_evidence.model for model_evidence in evidence)
    asked["read as"] = understood[0]
    return write_audit(
        evidence,
        out,
        title=f"{len(evidence)} models on {title_of(path)}",
        asked=asked,
        command=command,
        language=language,
        replace=replace,
        resamples=resamples,
        seed=seed,
    )


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How a table of answers is read."""

    source: Path | Table
    """The table itself, where it was read to be looked at."""
    is_wide: bool
    columns: dict[str, str]
    """Role to column."""
    note: str = ""
    """How to change the guess; empty if nothing was guessed."""


def _layout(path: Path, form: TextForm, columns: dict[str, str | None], *, wide: bool) -> _Layout:
    """The layout that was named, or else a guess."""
    named = {role: name for role, name in columns.items() if name is not None}
    if "item" in named and (wide or {"model", "answer"} <= named.keys()):
        return _Layout(source=path, is_wide=wide, columns=named)
    from polyculture.sources.answers.reading.answers import check_roles
    from polyculture.sources.answers.reading.column_guess import guess
    from polyculture.store.reading.tables import read_table

    table = read_table(path, form)
    check_roles(table, named)
    guessed = guess(table.frame, table.name, named, wide=wide)
    lacking = "" if "gold" in guessed.columns else "no column of right answers; "
    note = f"; {lacking}guessed: to change it, name the columns, as in {guessed.options}"
    columns_found = dict(guessed.columns)
    return _Layout(source=table, is_wide=guessed.is_wide, columns=columns_found, note=note)


def _form(separator: str | None, encoding: str) -> TextForm:
    from polyculture.store.reading.text_form import TextForm, checked_delimiter, checked_encoding

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
    language: str | None = None,
    runs: Sequence[Run] = (),
    shows_text: bool = True,
    keeps_evidence: bool = False,
    replace: bool = False,
    resamples: int = 1000,
    seed: int = 1,
) -> Audit:
    """Compare models and write the audit's folder, whole or not at all.

    It holds ``audit.json``, ``comparisons.parquet``, ``items.parquet``, ``shared_failures.parquet``
    (the items that every model fails) and the report: ``report.html``, ``report.zh-CN.html``, both
    as ``.md``, and ``report.json``.

    Args:
        evidence: Two models or more, on the same items.
        out: Folder of the audit.
        title: Heading of the report.
        asked: What was asked: short label to plain value.
        command: The command that reproduces the audit.
        language: Of the report's page: ``en`` or ``zh``; left out, both.
        runs: The trainings behind the models, in the same order.
        shows_text: Texts of the items may be written.
        keeps_evidence: Write the models' views too, into ``evidence/<model>/<probe>``.
        replace: Replace an audit that exists.
        resamples: Rounds of the bootstrap.
        seed: Seed of the bootstrap and of permutations.

    Raises:
        PolycultureError: The models cannot be compared, the folder exists, or there is no such
            language.
    """
    from polyculture.audit import aligned_evidence, audit
    from polyculture.audit.tables import comparison_table, item_table
    from polyculture.core.report_input import ReportInput
    from polyculture.report import write_report
    from polyculture.store.evidence import write_evidence
    from polyculture.store.reading.tables import write_table

    check_output(out, kind="audit", replace=replace)
    check_language(language)
    models = aligned_evidence(evidence)
    _affordable(len(models), len(models[0].items), resamples)
    result = audit(models, resamples=resamples, seed=seed)
    items = item_table(models, shows_text=shows_text)
    with written_once(out, kind="audit", replace=replace) as folder:
        write_text(folder / "audit.json", result.model_dump_json(indent=1) + "\n")
        write_table(comparison_table(result), folder / "comparisons.parquet")
        write_table(items, folder / "items.parquet")
        if "failures" in items.columns:
            shared = items.filter(items["failures"] == len(models))
            write_table(shared, folder / "shared_failures.parquet")
        content = ReportInput(
            title=title,
            audit=result,
            items=items,
            runs=tuple(runs),
            asked=asked,
            command=command,
            shows_text=shows_text,
        )
        write_report(folder, content, language)
        if keeps_evidence:
            for model in evidence:
                write_evidence(folder / "evidence" / model.model / model.probe, model)
    return result


def check_language(language: str | None) -> None:
    """Refuse an unsupported language before anything is compared.

    Raises:
        PolycultureError: There is no such language.
    """
    from polyculture.page.language import codes_of

    codes_of(language)


def summary(audit: Audit) -> dict[str, Any]:
    """The audit in few keys, as ``polyculture audit --json`` prints it."""
    from polyculture.audit.summary import summary as make

    return make(audit)
