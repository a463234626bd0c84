"""The report as Markdown: the same words and tables; a chart is its words and its numbers."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from polyculture.page.blocks import (
    Block,
    Cell,
    Chart,
    Charts,
    Code,
    Facts,
    Failure,
    Failures,
    Fold,
    Points,
    Prose,
    Report,
    Table,
    Tree,
)
from polyculture.page.interface import INTERFACE

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
LEADING = re.compile(r"^(\d{0,9})([#+=-]|[.)](?=\s|$))")


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is, in one line.

    Example:
        >>> print(escaped("a|b <i>\n# c"), escaped("# c"), escaped("1. d"), escaped("2.3"))
        a\|b \<i\> # c \# c 1\. d 2.3
    """
    line = " ".join(text.split())
    return LEADING.sub(r"\1\\\2", SPECIAL.sub(r"\\\1", line))


def to_markdown(report: Report) -> str:
    """Draw the report."""
    words = INTERFACE[report.language]
    lines = [f"# {escaped(report.title)}", f"**{escaped(report.verdict)}**", escaped(report.deck)]
    lines += [f"**{escaped(caveat)}**" for caveat in report.caveats]
    for answer in report.answers:
        lines.append(f"## {answer.question}")
        if answer.figure:
            lines.append(f"**{escaped(answer.figure)}** {escaped(answer.unit)}")
        lines += [escaped(sentence) for sentence in (*answer.sentences, *answer.details)]
    for section in report.sections:
        lines.append(f"## {section.title}")
        lines += [escaped(section.lead)] if section.lead else []
        for block in section.blocks:
            lines += _block(block, words)
    lines.append(words["made"].format(version=report.version))
    return "\n\n".join(lines) + "\n"


def _block(block: Block, words: Mapping[str, str]) -> Iterator[str]:
    match block:
        case Table():
            yield from _table(block)
        case Chart():
            yield from _chart(block)
        case Charts():
            yield from chain.from_iterable(_chart(chart) for chart in block.charts)
        case Tree():
            yield from _tree(block)
        case Failures():
            yield from (_failure(failure, words) for failure in block.failures)
        case Fold():
            yield from _heading(block.title)
            yield from chain.from_iterable(_block(inner, words) for inner in block.blocks)
        case _:
            yield from _text(block)


def _text(block: Prose | Points | Facts | Code) -> Iterator[str]:
    match block:
        case Prose():
            yield escaped(block.text)
        case Points():
            yield from _heading(block.title)
            yield "\n".join(f"- {escaped(point)}" for point in block.points)
        case Facts():
            yield from _heading(block.title)
            yield "\n".join(f"- {escaped(label)}: {escaped(value)}" for label, value in block.facts)
        case Code():
            yield _code(block.text)


def _tree(tree: Tree) -> Iterator[str]:
    yield from _heading(tree.title)
    yield escaped(tree.words)
    yield "\n".join(
        f"{'  ' * node.depth}- {escaped(node.name)}"
        + (f" ({escaped(node.note)})" if node.note else "")
        for node in tree.nodes
    )


def _heading(title: str) -> Iterator[str]:
    if title:
        yield f"### {escaped(title)}"


def _code(text: str) -> str:
    # A fence longer than any run of backticks within.
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text) or [""]))
    return f"{fence}\n{text}\n{fence}"


def _chart(chart: Chart) -> Iterator[str]:
    yield from _heading(chart.title)
    yield escaped(chart.words)
    if chart.table:
        yield from _table(chart.table)


def _cell(cell: Cell) -> str:
    return f"{escaped(cell.text)} ({escaped(cell.note)})" if cell.note else escaped(cell.text)


def _table(table: Table) -> Iterator[str]:
    yield f"*{escaped(table.caption)}*"
    head = [escaped(column.label) for column in table.columns]
    rule = ["---:" if column.is_number else "---" for column in table.columns]
    body = [[_cell(cell) for cell in row] for row in table.rows]
    yield "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
    if table.note:
        yield escaped(table.note)


def _failure(failure: Failure, words: Mapping[str, str]) -> str:
    place = f" ({escaped(failure.group)})" if failure.group else ""
    lines = [f"- **{escaped(failure.item)}**{place}"]
    if failure.text is not None:
        lines[0] += f": {escaped(failure.text)}"
    lines += [f"  {failure.cut}"] if failure.cut else []
    lines.append(f"  - {words['right'].lower()}: {escaped(failure.gold)}")
    for answer in failure.answers:
        names = ", ".join(escaped(model) for model in answer.models)
        shown = f"*{answer.answer}*" if answer.is_missing else escaped(answer.answer)
        lines.append(f"  - {shown}: {names}")
    return "\n".join(lines)
