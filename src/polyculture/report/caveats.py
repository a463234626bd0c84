"""What was cut, dropped, missing or undefined."""

from collections import Counter
from collections.abc import Sequence

from polyculture.core.audit import Audit, Comparison
from polyculture.core.report_input import ReportInput
from polyculture.core.run import Run
from polyculture.page.blocks import Block, Cell, Column, Points, Prose, Section, Table
from polyculture.page.numbers import count
from polyculture.page.words import isolated, listed, plural
from polyculture.report.failures import LONGEST_TEXT, SHOWN
from polyculture.report.findings import undefined_results
from polyculture.report.meanings import name_of, view_name

SHOWN_MODELS = 3


def section(content: ReportInput) -> Section:
    """Everything that a number here does not contain."""
    blocks: list[Block] = []
    notes = (*content.audit.notes, *_missing(content.audit))
    if notes:
        blocks.append(Points(title="In this audit", points=notes))
    trainings = _trainings(content.runs)
    if trainings:
        blocks.append(Points(title="In training", points=trainings))
    undefined = _undefined(content.audit)
    blocks += [undefined] if undefined else [Prose(text="Every result has a value.")]
    blocks.append(Points(title="What this page leaves out", points=_left_out(content)))
    return Section(
        key="caveats",
        title="What was cut, dropped or undefined",
        lead="Nothing goes silently. “Undefined” is an answer, with its reason.",
        blocks=tuple(blocks),
    )


def _trainings(runs: Sequence[Run]) -> tuple[str, ...]:
    """The notes of all trainings; a note that several share is said once."""
    found: dict[str, list[str]] = {}
    for run in runs:
        for note in run.facts.notes:
            found.setdefault(note, []).append(isolated(run.name))
    return tuple(
        f"{'Every model' if len(names) == len(runs) > 1 else listed(names)}: {note}"
        for note, names in found.items()
    )


def _missing(audit: Audit) -> tuple[str, ...]:
    sentences = [
        f"{isolated(model.name)} gave no answer to {plural(model.missing, 'item')}; "
        f"they {'agree with nothing' if model.errors is None else 'count as wrong'}."
        for model in audit.models
        if model.missing
    ]
    if audit.shared_refusals:
        sentences.append(f"No model answered {plural(audit.shared_refusals, 'item')}.")
    return tuple(sentences)


def _undefined(audit: Audit) -> Table | None:
    """One row a measure and reason, with how many results it concerns."""
    results = undefined_results(audit)
    if not results:
        return None
    found: Counter[tuple[str, str, str]] = Counter()
    concerned: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        if result.value.kind != "undefined":
            continue
        key = (result.view, result.measure, result.value.reason)
        found[key] += 1
        who = (
            f"{isolated(result.a)} and {isolated(result.b)}"
            if isinstance(result, Comparison)
            else "all models"
        )
        concerned.setdefault(key, []).append(who)
    return Table(
        caption="Undefined results and why",
        columns=(
            Column(label="Measure"),
            Column(label="Results", is_number=True),
            Column(label="Of"),
            Column(label="Reason"),
        ),
        rows=tuple(
            (
                Cell(text=name_of(key[1]), note=view_name(key[0])),
                Cell(text=count(number)),
                Cell(text=_who(concerned[key])),
                Cell(text=key[2]),
            )
            for key, number in found.most_common()
        ),
    )


def _who(pairs: list[str]) -> str:
    more = len(pairs) - SHOWN_MODELS
    shown = "; ".join(pairs[:SHOWN_MODELS])
    return f"{shown}; {more:,} more" if more > 0 else shown


def _left_out(content: ReportInput) -> tuple[str, ...]:
    texts = f", each text up to {LONGEST_TEXT} characters" if content.shows_text else ""
    sentences = [
        (
            f"Of the items that every model fails, the first {SHOWN} are shown{texts}; "
            "shared_failures.parquet holds all of them."
        ),
        "Of many pairs the most and the least alike are listed; comparisons.parquet holds all.",
    ]
    if not content.shows_text:
        sentences.append("The texts of items are withheld, since their source allows no copies.")
    return tuple(sentences)
