"""The table of results as Markdown: each row with its interval, its baselines and its goal.

It is a page of documentation, and so in English alone.
"""

from collections.abc import Sequence
from statistics import stdev

from polyculture.core.several.results import Goal, ResultOutcome, Results
from polyculture.core.values import Known, Value
from polyculture.page.markdown import escaped
from polyculture.page.numbers import count, duration

COLUMNS = (
    "result",
    "task",
    "base, adaptation",
    "score",
    "seeds",
    "baselines",
    "goal",
    "rows",
    "time",
    "memory",
)
LEAD = (
    "Made by `{command}`. A score is of the test rows unless it says otherwise: with one seed with "
    "its 95% interval, with several the mean, the standard deviation and each value. Baselines are "
    "simple methods on the same rows. Time is that of training, on the "
    "machine that is named at the end; memory is the most that the process held."
)
QUICK = (
    "**These are quick trainings, on fewer rows or for fewer epochs: they show that everything "
    "runs, not what it reaches.**"
)


def to_markdown(results: Results) -> str:
    """The page: a table, then the protocol of each row."""
    lines = [f"# {escaped(results.title)}", ""]
    command = results.command or "polyculture reproduce"
    lines += [LEAD.format(command=command), ""]
    lines += [QUICK, ""] if results.is_quick else []
    lines += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(_cells(row)) for row in results.rows]
    lines += ["", "## Goals", "", _on_goals(results.rows), ""]
    told = [row for row in results.rows if row.reason or row.note]
    lines += ["## Notes", ""] if told else []
    for row in told:
        why = " ".join(filter(None, (row.note, row.reason)))
        lines.append(f"- {escaped(row.name)}: {escaped(why)}")
    lines += [""] if told else []
    lines += ["## Protocols", "", "What has to agree before a score is compared with another.", ""]
    for row in results.rows:
        if row.reached:
            facts = "; ".join(f"{name} {fact}" for name, fact in row.reached[0].protocol.items())
            changes = f" ({', '.join(row.changes)})" if row.changes else ""
            recipe = escaped(f"{row.recipe}{changes}")
            lines.append(f"- **{escaped(row.name)}**, {recipe}: {escaped(facts)}")
    lines += ["", *_versions(results.rows)]
    return "\n".join(lines) + "\n"


def figure(number: float) -> str:
    """A score as tables of results have it: four places for shares, two for larger numbers.

    Example:
        >>> figure(0.87784), figure(33.31)
        ('0.8778', '33.31')
    """
    return f"{number:.4f}" if abs(number) < 10 else f"{number:.2f}"  # noqa: PLR2004


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: ResultOutcome) -> list[str]:
    first = row.reached[0] if row.reached else None
    return [
        escaped(row.name),
        escaped(row.task),
        escaped(f"{row.base}, {row.adaptation}"),
        _score(row),
        ", ".join(str(one.seed) for one in row.reached) or "–",
        _baselines(row),
        "; ".join(_goal(row, goal) for goal in row.goals) or "–",
        "–" if first is None else f"{count(first.items)} {first.split}",
        _time(row) if first else "–",
        f"{count(max(one.peak_memory_mb for one in row.reached))} MB" if first else "–",
    ]


def _versions(rows: Sequence[ResultOutcome]) -> list[str]:
    """What was trained with which versions; rows are named where there are several sets of them."""
    trained: dict[str, list[str]] = {}
    for row in rows:
        for one in row.reached:
            told = ", ".join(f"{name} {version}" for name, version in one.versions.items())
            told = f"{told}; on {one.machine}"
            trained.setdefault(told, []).append(row.name)
    if len(trained) == 1:
        return [f"Versions: {escaped(next(iter(trained)))}."]
    return [
        f"- Versions of {escaped(', '.join(dict.fromkeys(names)))}: {escaped(told)}."
        for told, names in trained.items()
    ]


def _time(row: ResultOutcome) -> str:
    if row.trained_as:
        return f"as {escaped(row.trained_as)}"
    return duration(sum(one.seconds for one in row.reached))


def _score(row: ResultOutcome) -> str:
    if not row.reached:
        return "not trained"
    values = [one.scores[row.headline] for one in row.reached]
    name = escaped(row.headline.replace("_", " "))
    if len(values) == 1:
        return f"{name} **{_with_interval(values[0])}**"
    numbers = [value.number for value in values if isinstance(value, Known)]
    mean = row.mean(row.headline)
    if mean is None or len(numbers) < 2:  # noqa: PLR2004  # a deviation needs two
        return f"{name} {', '.join(_with_interval(value) for value in values)}"
    each = ", ".join(map(figure, numbers))
    return f"{name} **{figure(mean)}** ± {figure(stdev(numbers))} ({each})"


def _with_interval(value: Value) -> str:
    if not isinstance(value, Known):
        return f"undefined: {escaped(value.reason)}"
    number = figure(value.number)
    if value.low is None or value.high is None:
        return number
    return f"{number} ({figure(value.low)} to {figure(value.high)})"


def _baselines(row: ResultOutcome) -> str:
    if not row.reached:
        return "–"
    told = [
        f"{escaped(name.replace('_', ' '))} "
        f"{figure(value.number) if isinstance(value, Known) else 'undefined'}"
        for name, value in row.reached[0].baselines.items()
    ]
    return ", ".join(told) or "–"


def _goal(row: ResultOutcome, goal: Goal) -> str:
    mean = row.mean(goal.score or row.headline)
    if mean is None:
        return f"{escaped(str(goal))}: no value"
    verdict = "reached" if goal.is_met(mean) else "**missed**"
    reached = f"{figure(mean)}, " if goal.score else ""  # the headline has its own column
    return f"{escaped(str(goal))}: {reached}{verdict}"


def _on_goals(rows: Sequence[ResultOutcome]) -> str:
    asked = [row for row in rows if row.goals and row.reached]
    missed = [row.name for row in asked if row.missed()]
    if not asked:
        return "No row with a goal was trained."
    reached = f"{len(asked) - len(missed)} of {len(asked)} trained rows with a goal reach it."
    return f"{reached} Missed: {escaped(', '.join(missed))}." if missed else reached
