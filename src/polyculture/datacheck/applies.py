"""Whether a finding applies to the columns of a recipe, or to its base; if not, why."""

from polyculture.core.finding import Point
from polyculture.datacheck.cells import LABELS, SPANS, of_kind
from polyculture.datacheck.subject import Subject


def to_texts(subject: Subject) -> Point | None:
    """For findings that read texts."""
    return None if subject.text_columns else Point(key="skipped.no_text")


def to_labels(subject: Subject) -> Point | None:
    """For findings about labels, or types of spans: names that are one of a few, to learn by heart.

    Several right answers in one cell are no such names where a task ranks or writes texts.
    """
    is_open = bool(subject.task.pool(subject.settings)) or subject.task.output == "tokens"
    kinds = LABELS - {"labels"} if is_open else LABELS
    is_there = of_kind(subject.columns, kinds | SPANS, gold=True)
    return None if is_there else Point(key="skipped.no_labels")


def out_of_scope(subject: Subject) -> str | None:
    """The label of texts that no row is learnt from, if the settings name one; else None."""
    name: str = getattr(subject.settings, "out_of_scope", "")
    return name or None


def to_gold(subject: Subject) -> Point | None:
    """For findings about right answers that are written in the data."""
    is_there = any(column.is_gold for column in subject.columns.values())
    return None if is_there else Point(key="skipped.no_gold")


def to_tokens(subject: Subject) -> Point | None:
    """For findings that ask the base's tokenizer."""
    if not subject.text_columns:
        return Point(key="skipped.no_text")
    if subject.base_folder is None:
        return Point(key="skipped.no_base", values={"reason": subject.no_base})
    return None
