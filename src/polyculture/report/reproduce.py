"""How these numbers came about, and how to make them again."""

from collections.abc import Sequence

from polyculture.core.report_input import ReportInput
from polyculture.core.run import Run
from polyculture.page.blocks import Block, Cell, Code, Column, Facts, Section, Table
from polyculture.page.numbers import count, duration
from polyculture.page.words import plural


def section(content: ReportInput, version: str) -> Section:
    """Command, digests, versions, settings, seeds."""
    audit = content.audit
    blocks: list[Block] = [Code(text=content.command)] if content.command else []
    blocks.append(
        Facts(
            title="Probe and program",
            facts=(
                ("Probe", audit.probe),
                ("Items", count(audit.items)),
                ("Digest of items and right answers", audit.digest),
                ("polyculture", version),
            ),
        )
    )
    if audit.settings:
        settings = tuple((key, _plain(value)) for key, value in audit.settings.items())
        blocks.append(Facts(title="Settings of the audit", facts=settings))
    if content.runs:
        blocks += [_trainings(content.runs), _digests(content.runs)]
    return Section(
        key="reproduce",
        title="How to make this again",
        lead="The same input, settings and seed give the same numbers.",
        blocks=tuple(blocks),
    )


def _plain(value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return count(value) if isinstance(value, int) else str(value)


def _trainings(runs: Sequence[Run]) -> Table:
    numbers = ("Seed", "Parameters trained", "Steps", "Time and memory")
    return Table(
        caption="How the models were trained",
        columns=(
            Column(label="Model"),
            Column(label="Base"),
            Column(label="Adaptation and head"),
            *(Column(label=label, is_number=True) for label in numbers),
        ),
        rows=tuple(_training(run) for run in runs),
    )


def _training(run: Run) -> tuple[Cell, ...]:
    recipe, facts = run.recipe, run.facts
    base = recipe.base.model_dump(mode="json")
    name = str(base.get("name") or base.get("path") or base.get("kind") or base["source"])
    adaptation = str(getattr(recipe.adaptation, "kind", ""))
    head = str(getattr(recipe.head, "kind", ""))
    return (
        Cell(text=run.name, note=facts.stopped),
        Cell(text=name, note=str(base["source"])),
        Cell(text=adaptation, note=head),
        Cell(text=str(recipe.seed)),
        Cell(text=count(facts.trained_parameters), note=f"of {count(facts.parameters)}"),
        Cell(text=count(facts.steps), note=f"best at\u00a0{count(facts.best_step)}"),
        Cell(text=duration(facts.seconds), note=f"{count(facts.peak_memory_mb)} MB"),
    )


def _digests(runs: Sequence[Run]) -> Table:
    return Table(
        caption="Fingerprints and versions",
        columns=(
            Column(label="Model"),
            Column(label="Recipe and data"),
            Column(label="Base"),
            Column(label="Data"),
            Column(label="Chosen automatically"),
            Column(label="Versions"),
        ),
        rows=tuple(
            (
                Cell(text=run.name),
                *(Cell(text=digest[:16]) for digest in _three(run)),
                Cell(text=_pairs(run.facts.chosen)),
                Cell(text=_pairs(run.facts.versions)),
            )
            for run in runs
        ),
        note="The first 16 characters of each SHA-256; run.json holds them whole, with the recipe "
        f"of each of the {plural(len(runs), 'training')}.",
        is_folded=True,
    )


def _three(run: Run) -> tuple[str, str, str]:
    return run.fingerprint, run.facts.base_digest, run.facts.data_digest


def _pairs(values: dict[str, str | int | float | bool | None] | dict[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())
