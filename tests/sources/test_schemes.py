"""Tags in any usual scheme say the same spans, and become IOB2."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polyculture.sources.rows.schemes import scheme_note, scheme_of, to_iob2

Span = tuple[int, str]
"""Words in it, and its label; none for outside."""
spans = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "PER", "LOC"])), min_size=1)


def iob2(parts: Sequence[Span]) -> list[str]:
    tags: list[str] = []
    for length, label in parts:
        inside = [f"I-{label}"] * (length - 1)
        tags += [f"B-{label}", *inside] if label else ["O"] * length
    return tags


def iob1(parts: Sequence[Span]) -> list[str]:
    tags: list[str] = []
    before = ""
    for length, label in parts:
        first = "B" if label == before else "I"
        tags += [f"{first}-{label}", *[f"I-{label}"] * (length - 1)] if label else ["O"] * length
        before = label
    return tags


def bioes(parts: Sequence[Span]) -> list[str]:
    tags: list[str] = []
    for length, label in parts:
        if not label:
            tags += ["O"] * length
        elif length == 1:
            tags.append(f"S-{label}")
        else:
            tags += [f"B-{label}", *[f"I-{label}"] * (length - 2), f"E-{label}"]
    return tags


@given(spans)
def test_every_scheme_gives_the_same_spans(parts: list[Span]) -> None:
    """What was written in IOB1, IOB2, BIOES or BILOU reads the same."""
    bilou = [tag.replace("S-", "U-").replace("E-", "L-") for tag in bioes(parts)]

    for written in (iob1(parts), iob2(parts), bioes(parts), bilou):
        assert to_iob2(written) == iob2(parts)


@pytest.mark.slow
@given(st.lists(spans, min_size=1))
def test_the_scheme_is_recognised(sentences: list[list[Span]]) -> None:
    """IOB1 is told from IOB2 where the text has any span."""
    assume(any(label for parts in sentences for _, label in parts))

    assert scheme_of([iob2(parts) for parts in sentences]) == "IOB2"
    assert scheme_of([iob1(parts) for parts in sentences]) == "IOB1"


@given(spans)
def test_iob2_stays_as_it_is(parts: list[Span]) -> None:
    """Nothing is repaired that is not broken."""
    assert to_iob2(iob2(parts)) == iob2(parts)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (["O", "O"], "IOB2"),
        (["B-PER", "I-LOC"], "mixed"),
        (["B-PER", "O", "I-PER"], "mixed"),
        (["I-PER", "B-PER"], "IOB1"),
        (["B-PER", "E-PER"], "BIOES"),
    ],
)
def test_odd_cases(tags: list[str], found: str) -> None:
    """A beginning with I where IOB1 would not have it is a slip, and is said."""
    assert scheme_of([tags]) == found


def test_slips_are_counted() -> None:
    """A span that begins with I- is read as the scorer reads it, and the note says how many."""
    tags = [["B-PER", "O", "I-PER"], ["O", "I-LOC", "I-LOC"]]

    assert "2 spans began with I-" in scheme_note(scheme_of(tags), tags)
