"""Everything the page of a data check says, in each language, before anything is drawn."""

from collections.abc import Sequence

from polyculture.core.finding import DataCheck, Found, NamedFinding, Severity
from polyculture.datacheck.page import opening
from polyculture.datacheck.page.language import CHINESE, ENGLISH, Language
from polyculture.datacheck.page.pictures import block_of
from polyculture.page.blocks import (
    Block,
    Cell,
    Code,
    Column,
    Facts,
    Fold,
    Link,
    Points,
    Prose,
    Report,
    Section,
    Table,
)
from polyculture.page.drawing import charts_unchecked
from polyculture.page.language import file_name
from polyculture.page.numbers import coefficient, count

TONES = {"severe": "alarm", "warning": "alarm", "note": "plain", "fine": "good", "skipped": "quiet"}
LOUD: tuple[Severity, ...] = ("severe", "warning", "note")
NAMED = 3
"""Rows of an example that are named."""


def report_of(
    check: DataCheck, *, command: str = "", languages: Sequence[Language] = (ENGLISH, CHINESE)
) -> Report:
    """The page in the first of the languages, with the others as translations."""
    first, *others = (in_language(check, language, languages, command) for language in languages)
    return first.model_copy(update={"translations": tuple(others)})


@charts_unchecked
def in_language(
    check: DataCheck, language: Language, languages: Sequence[Language], command: str
) -> Report:
    """The page in one language, with links to the others."""
    from polyculture import __version__

    loud = [one for one in check.findings if one.found.severity in LOUD]
    links = tuple(
        Link(language=other.code, name=other.name, address=file_name(other.code))
        for other in languages
        if other.code != language.code
    )
    return Report(
        title=language.say("title", name=check.name),
        verdict=opening.verdict(check, language),
        deck=opening.deck(check, language),
        caveats=(language.say("streamed"),) if check.is_streamed else (),
        answers=opening.answers(check, language),
        sections=(
            _overview(check, language),
            *(_section(one, check, language) for one in loud),
            *_listed(check, "fine", "quiet", language),
            *_listed(check, "skipped", "skipped", language),
            _reproduced(check, language, command),
        ),
        version=__version__,
        language=language.code,
        links=links,
    )


def _overview(check: DataCheck, language: Language) -> Section:
    columns = ("finding", "severity", "count", "says")
    table = Table(
        caption=language.say("table.caption"),
        columns=tuple(
            Column(label=language.say(f"table.{name}"), is_number=name == "count")
            for name in columns
        ),
        rows=tuple(_line(one, language) for one in check.findings),
    )
    withheld = () if check.shows_text else (Prose(text=language.say("withheld")),)
    return Section(
        key="findings",
        title=language.say("table.title"),
        lead=language.say("table.lead"),
        blocks=(table, *withheld),
    )


def _line(one: NamedFinding, language: Language) -> tuple[Cell, ...]:
    found = one.found
    is_loud = found.severity in LOUD
    of = language.say("table.of", of=count(found.of)) if found.of and is_loud else ""
    return (
        Cell(text=language.title(one.name)),
        Cell(
            text=language.say(f"severity.{found.severity}"),
            tone=TONES[found.severity],
        ),
        Cell(text=count(found.count), note=of) if is_loud else Cell(text="–", tone="quiet"),
        Cell(text=language.point(found.points[0]) if found.points else ""),
    )


def _section(one: NamedFinding, check: DataCheck, language: Language) -> Section:
    found = one.found
    blocks: list[Block] = [Points(points=tuple(map(language.point, found.points)))]
    if found.advice:
        advice = tuple(map(language.point, found.advice))
        blocks.append(Points(title=language.say("advice"), points=advice))
    blocks += [block_of(picture, language) for picture in found.pictures if _holds(picture)]
    if found.examples:
        blocks.append(_examples(found, check, language))
    if found.table:
        file = f"{one.name}.csv"
        text = language.say("review", number=count(len(found.table)), file=file)
        blocks.append(Prose(text=text))
    if found.protocol:
        facts = tuple((key.replace("_", " "), _fact(v)) for key, v in found.protocol.items())
        blocks.append(Facts(title=language.say("protocol"), facts=facts))
    severity = language.say(f"severity.{found.severity}")
    return Section(
        key=one.name.replace("_", "-"),
        title=language.title(one.name),
        lead=severity[:1].upper() + severity[1:],
        blocks=tuple(blocks),
    )


def _holds(picture: object) -> bool:
    return bool(getattr(picture, "rows", True)) and bool(getattr(picture, "names", True))


def _fact(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return count(value) if isinstance(value, int) else f"{value:g}"


def _examples(found: Found, check: DataCheck, language: Language) -> Table:
    has_text = check.shows_text and any(one.text for one in found.examples)
    names = ["rows", "about", *(["text"] if has_text else [])]
    return Table(
        caption=language.say("examples"),
        columns=tuple(Column(label=language.say(f"examples.{name}")) for name in names),
        rows=tuple(
            (
                Cell(text=_rows(one.rows)),
                Cell(text=one.about),
                *([Cell(text=one.text)] if has_text else []),
            )
            for one in found.examples
        ),
        note=language.say("examples.more"),
    )


def _rows(rows: Sequence[str]) -> str:
    more = f" +{len(rows) - NAMED}" if len(rows) > NAMED else ""
    return ", ".join(rows[:NAMED]) + more


def _listed(
    check: DataCheck, severity: Severity, key: str, language: Language
) -> tuple[Section, ...]:
    some = [one for one in check.findings if one.found.severity == severity]
    if not some:
        return ()
    facts = tuple(
        (language.title(one.name), " ".join(map(language.point, one.found.points))) for one in some
    )
    title = language.say(f"{key}.title")
    folds = (
        Fold(
            title=language.title(one.name),
            blocks=tuple(block_of(p, language) for p in one.found.pictures if _holds(p)),
        )
        for one in some
        if any(map(_holds, one.found.pictures))
    )
    return (Section(key=key, title=title, blocks=(Facts(facts=facts), *folds)),)


def _reproduced(check: DataCheck, language: Language, command: str) -> Section:
    blocks: list[Block] = [Code(text=command)] if command else []
    facts = [(language.say("reproduce.task"), check.task)]
    if check.digest:
        facts.append((language.say("reproduce.digest"), check.digest))
    settings = ", ".join(
        f"{key} {coefficient(v) if isinstance(v, float) else v}"
        for key, v in check.settings.items()
    )
    facts.append((language.say("reproduce.settings"), settings))
    blocks.append(Facts(facts=tuple(facts)))
    if check.notes:
        notes = tuple(map(language.recorded, check.notes))
        blocks.append(Points(title=language.say("notes.title"), points=notes))
    return Section(key="reproduce", title=language.say("reproduce.title"), blocks=tuple(blocks))
