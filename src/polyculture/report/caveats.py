"""What was cut, dropped, missing or undefined."""

from collections import Counter
from collections.abc import Sequence

from polyculture.core.audit import Audit, Comparison
from polyculture.core.report_input import ReportInput
from polyculture.core.run import Run
from polyculture.page.blocks import Block, Cell, Column, Points, Prose, Section, Table
from polyculture.page.numbers import count
from polyculture.page.words import isolated
from polyculture.report.failures import LONGEST_TEXT, SHOWN
from polyculture.report.findings import undefined_results
from polyculture.report.language import Language
from polyculture.report.meanings import name_of, view_name

SHOWN_MODELS = 3


def section(content: ReportInput, language: Language) -> Section:
    """Everything that a number here does not contain."""
    blocks: list[Block] = []
    recorded = (language.recorded(note) for note in content.audit.notes)
    notes = (*recorded, *_missing(content.audit, language))
    if notes:
        blocks.append(Points(title=language.say("caveats.audit"), points=notes))
    trainings = _training_notes(content.runs, language)
    if trainings:
        blocks.append(Points(title=language.say("caveats.training"), points=trainings))
    undefined = _undefined(content.audit, language)
    blocks += [undefined] if undefined else [Prose(text=language.say("defined"))]
    left_out = _left_out(content, language)
    blocks.append(Points(title=language.say("caveats.left_out"), points=left_out))
    return Section(
        key="caveats",
        title=language.say("caveats.title"),
        lead=language.say("caveats.lead"),
        blocks=tuple(blocks),
    )


def _training_notes(runs: Sequence[Run], language: Language) -> tuple[str, ...]:
    """The notes of all trainings; a note that several share is said once."""
    runs_of_note: dict[str, list[str]] = {}
    for run in runs:
        for note in run.facts.notes:
            runs_of_note.setdefault(note, []).append(isolated(run.name))
    every = language.say("caveats.every")
    return tuple(
        language.say(
            "of.each",
            who=every if len(names) == len(runs) > 1 else language.listed(names),
            said=note,
        )
        for note, names in runs_of_note.items()
    )


def _missing(audit: Audit, language: Language) -> tuple[str, ...]:
    sentences = [
        language.say(
            f"caveats.missing.{'apart' if model.errors is None else 'wrong'}",
            model=isolated(model.name),
            items=language.counted(model.missing, "item"),
        )
        for model in audit.models
        if model.missing
    ]
    if audit.shared_refusals:
        items = language.counted(audit.shared_refusals, "item")
        sentences.append(language.say("caveats.refused", items=items))
    return tuple(sentences)


def _undefined(audit: Audit, language: Language) -> Table | None:
    """One row a measure and reason, with how many results it concerns."""
    results = undefined_results(audit)
    if not results:
        return None
    times: Counter[tuple[str, str, str]] = Counter()
    concerned: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        if result.value.kind != "undefined":
            continue
        key = (result.view, result.measure, result.value.reason)
        times[key] += 1
        who = (
            language.listed([isolated(result.a), isolated(result.b)])
            if isinstance(result, Comparison)
            else language.say("undefined.all")
        )
        concerned.setdefault(key, []).append(who)
    return Table(
        caption=language.say("undefined.caption"),
        columns=tuple(
            Column(label=language.say(f"undefined.{name}"), is_number=name == "results")
            for name in ("measure", "results", "of", "reason")
        ),
        rows=tuple(
            (
                Cell(text=name_of(key[1], language), note=view_name(key[0], language)),
                Cell(text=count(number)),
                Cell(text=_who(concerned[key], language)),
                Cell(text=language.reason(key[2])),
            )
            for key, number in times.most_common()
        ),
    )


def _who(pairs: list[str], language: Language) -> str:
    more = len(pairs) - SHOWN_MODELS
    shown = language.phrases["list.semicolon"].join(pairs[:SHOWN_MODELS])
    return language.say("list.others", shown=shown, more=f"{more:,}") if more > 0 else shown


def _left_out(content: ReportInput, language: Language) -> tuple[str, ...]:
    what = "texts" if content.shows_text else "failures"
    sentences = [
        language.say(f"caveats.left_out.{what}", shown=SHOWN, longest=LONGEST_TEXT),
        language.say("caveats.left_out.pairs"),
    ]
    if not content.shows_text:
        sentences.append(language.say("caveats.withheld"))
    return tuple(sentences)
