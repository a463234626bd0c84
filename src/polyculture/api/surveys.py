"""Survey a zoo of models: read its cards, count, write one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core import parts
from polyculture.core.errors import PolycultureError
from polyculture.store.writing.folder import write_text, written_once
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polyculture.core.cards import Cards
    from polyculture.core.survey import Survey

SHELF = "zoo.sources"
SETTINGS = {"table": ("columns", "aliases"), "transformers": ("fresh",)}
"""Which kinds of source take which settings."""


def survey(
    sources: Sequence[str],
    *,
    out: Path | None = None,
    replace: bool = False,
    columns: Mapping[str, str] | None = None,
    aliases: Path | None = None,
    years: Path | None = None,
    fresh: bool = False,
    draws: int = 1000,
    resamples: int = 1000,
    seed: int = 1,
    command: str = "",
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Count how alike the models of a zoo are, and where they come from.

    Args:
        sources: Names of sources (``transformers``, ``starter``) or paths: folders with a
            ``config.json`` each, a snapshot of a hub, tables of cards, folders of runs. What kind
            a path is, is seen from what it holds; several are surveyed as one zoo.
        out: Folder of the survey, its pages among it; nothing is written without it.
        replace: Replace a survey that exists.
        columns: For tables of a layout that is not known: card field to column.
        aliases: For tables: a file of names that are one, or are not.
        years: A table of models with their years of publication, to compare this source's with.
        fresh: Read everything again instead of using the cache.
        draws: Random sets behind each chance level and p value.
        resamples: Rounds behind each interval.
        seed: Seed of all drawing.
        command: The command that reproduces the survey, for the page.
        on_progress: Told (done, of all, what) while cards are read.
        on_stage: Told what is counted next.

    Returns:
        All findings. ``survey_summary`` gives them in few keys.

    Raises:
        PolycultureError: A source is not known or cannot be read, or the folder exists.
    """
    if out is not None:
        inputs = [*map(Path, sources), *(path for path in (aliases, years) if path is not None)]
        check_output(out, kind="survey", replace=replace, inputs=inputs)
    if min(draws, resamples) < 1:
        msg = f"A survey needs draws and resamples of 1 or more, got {draws} and {resamples}."
        raise PolycultureError(msg)
    settings = {"columns": columns, "aliases": aliases, "fresh": fresh}
    if years is not None and not years.exists():
        msg = f"There is no file or folder {years}, which should hold years. Check the path."
        raise PolycultureError(msg)
    kinds = _by_kind(sources)
    if "table" not in kinds and (columns or aliases):
        msg = (
            "Columns and aliases are for tables of cards, but no source is one: "
            f"{', '.join(sources)}. Leave them out, or name a table."
        )
        raise PolycultureError(msg)
    compared: Cards | None = None if years is None else parts.load(SHELF, "table").read([years])
    read = [_read_cards(kind, places, settings, on_progress) for kind, places in kinds.items()]
    # SciPy comes with these: a slip in a source is told without it
    from polyculture.zoo.count.assemble import survey as count
    from polyculture.zoo.count.cache import kept_or_counted
    from polyculture.zoo.count.merge_sources import joined

    cards = joined(read)
    effort = {"draws": draws, "resamples": resamples, "seed": seed}
    result = kept_or_counted(
        cards, lambda: count(cards, **effort, on_stage=on_stage), fresh=fresh, **effort
    )
    if compared is not None:
        from polyculture.zoo.count.years.year_check import year_check

        result = result.model_copy(update={"year_check": year_check(cards, compared)})
    if out is not None:
        on_stage("page")
        _write(result, cards, out, command=command, replace=replace)
    return result


def survey_summary(survey: Survey) -> dict[str, Any]:
    """The survey in few keys, as ``polyculture survey --json`` prints it."""
    from polyculture.zoo.count.summary import summary

    return summary(survey)


def _by_kind(sources: Sequence[str]) -> dict[str, list[Path]]:
    """Kind of source to the paths of that kind, in their order."""
    kinds: dict[str, list[Path]] = {}
    for source in sources:
        kind, places = _kind_of(source)
        kinds.setdefault(kind, []).extend(places)
    if not kinds:
        msg = f"A survey needs a source: {' or '.join(_names())}, or a path."
        raise PolycultureError(msg)
    return kinds


def _kind_of(source: str) -> tuple[str, list[Path]]:
    kinds = {name: parts.load(SHELF, name) for name in parts.names(SHELF)}
    if source in kinds and kinds[source].accepts is None:
        return source, []
    path = Path(source)
    if source == "-":
        msg = "A survey reads no standard input. Save the table of cards, and name its file."
        raise PolycultureError(msg)
    if not path.exists() and (path.suffix or len(path.parts) > 1):
        msg = f"There is no file or folder {source}. Check the path."
        raise PolycultureError(msg)
    if not path.exists():
        msg = (
            f"{source!r} is neither a source nor a path that exists. "
            f"{parts.suggestion(source, _names())}"
        )
        raise PolycultureError(msg)
    # the table takes what nothing else knows, and says what it lacks
    order = sorted(kinds, key=lambda name: name == "table")
    for name in order:
        if kinds[name].accepts is not None and kinds[name].accepts(path):
            return name, [path]
    msg = (
        f"Cannot read {source} as a model zoo. Expected folders with a config.json, a snapshot of "
        "a hub (.parquet), a table of cards (.csv, .jsonl, .parquet, .yaml), or folders of runs."
    )
    raise PolycultureError(msg)


def _names() -> tuple[str, ...]:
    """Sources that are named; the others are seen from what a path holds."""
    return tuple(name for name in parts.names(SHELF) if parts.load(SHELF, name).accepts is None)


def _read_cards(
    kind: str,
    places: Sequence[Path],
    settings: Mapping[str, Any],
    on_progress: Callable[[int, int, str], None],
) -> Cards:
    chosen = {name: settings[name] for name in SETTINGS.get(kind, ())}
    return parts.load(SHELF, kind).read(places, on_progress=on_progress, **chosen)  # type: ignore[no-any-return]


def _write(survey: Survey, cards: Cards, out: Path, *, command: str, replace: bool) -> None:
    from polyculture.store.reading.tables import write_table
    from polyculture.zoo.page import write_survey_report

    with written_once(out, kind="survey", replace=replace) as folder:
        write_text(folder / "survey.json", survey.model_dump_json(indent=1) + "\n")
        for name in ("table", "parents", "traits"):
            file = "cards" if name == "table" else name
            write_table(getattr(cards, name), folder / f"{file}.parquet")
        write_survey_report(folder, survey, command=command)
