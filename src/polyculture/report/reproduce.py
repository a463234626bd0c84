"""How the numbers were made, and how to reproduce them."""

from collections.abc import Sequence

from polyculture.core.report_input import ReportInput
from polyculture.core.run import Run
from polyculture.page.blocks import Block, Cell, Code, Column, Facts, Section, Table
from polyculture.page.numbers import count, duration
from polyculture.report.language import Language


def section(content: ReportInput, version: str, language: Language) -> Section:
    """Command, digests, versions, settings, seeds."""
    audit = content.audit
    blocks: list[Block] = [Code(text=content.command)] if content.command else []
    blocks.append(
        Facts(
            title=language.say("facts.title"),
            facts=(
                (language.say("facts.probe"), audit.probe),
                (language.say("facts.items"), count(audit.items)),
                (language.say("facts.digest"), audit.digest),
                ("polyculture", version),
            ),
        )
    )
    if audit.settings:
        settings = tuple(
            (language.term(key), _fact(value, language)) for key, value in audit.settings.items()
        )
        blocks.append(Facts(title=language.say("facts.settings"), facts=settings))
    if content.runs:
        blocks += [_training_table(content.runs, language), _digests(content.runs, language)]
    return Section(
        key="reproduce",
        title=language.say("reproduce.title"),
        lead=language.say("reproduce.lead"),
        blocks=tuple(blocks),
    )


def _fact(value: str | float, language: Language) -> str:
    if isinstance(value, bool):
        return language.say("facts.yes" if value else "facts.no")
    return count(value) if isinstance(value, int) else language.term(str(value))


def _training_table(runs: Sequence[Run], language: Language) -> Table:
    words, numbers = ("model", "base", "adaptation"), ("seed", "trained", "steps", "spent")
    return Table(
        caption=language.say("trainings.caption"),
        columns=tuple(
            Column(label=language.say(f"trainings.{name}"), is_number=name in numbers)
            for name in (*words, *numbers)
        ),
        rows=tuple(_training(run, language) for run in runs),
    )


def _training(run: Run, language: Language) -> tuple[Cell, ...]:
    recipe, facts = run.recipe, run.facts
    base = recipe.base.model_dump(mode="json")
    name = str(base.get("name") or base.get("path") or base.get("kind") or base["source"])
    adaptation = str(getattr(recipe.adaptation, "kind", ""))
    head = str(getattr(recipe.head, "kind", ""))
    of_all = language.say("trainings.trained.of", number=count(facts.parameters))
    best = language.say("trainings.steps.best", number=count(facts.best_step))
    return (
        Cell(text=run.name, note=language.recorded(facts.stopped)),
        Cell(text=name, note=str(base["source"])),
        Cell(text=adaptation, note=head),
        Cell(text=str(recipe.seed)),
        Cell(text=count(facts.trained_parameters), note=of_all),
        Cell(text=count(facts.steps), note=best),
        Cell(text=duration(facts.seconds), note=f"{count(facts.peak_memory_mb)} MB"),
    )


def _digests(runs: Sequence[Run], language: Language) -> Table:
    names = ("model", "recipe", "base", "data", "chosen", "versions")
    trainings = language.counted(len(runs), "training")
    return Table(
        caption=language.say("digests.caption"),
        columns=tuple(Column(label=language.say(f"digests.{name}")) for name in names),
        rows=tuple(
            (
                Cell(text=run.name),
                *(Cell(text=digest[:16]) for digest in _three(run)),
                Cell(text=_listed_settings(run.facts.chosen)),
                Cell(text=_listed_settings(run.facts.versions)),
            )
            for run in runs
        ),
        note=language.say("digests.note", trainings=trainings),
        is_folded=True,
    )


def _three(run: Run) -> tuple[str, str, str]:
    return run.fingerprint, run.facts.base_digest, run.facts.data_digest


def _listed_settings(values: dict[str, str | int | float | bool | None] | dict[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())
