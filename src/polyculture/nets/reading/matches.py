"""Texts with matching texts, one of which is drawn at each step.

What belongs to a text is named by ids, given beside it, or whatever has the same label.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from polyculture.nets.reading.groups import encode_groups, only, pad_groups
from polyculture.nets.reading.padding import padded, stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyculture.core.task import Context, Encoded, Example, Pool
    from polyculture.nets.batch import Batch

MOST = 8
"""Texts of a label at most from which a partner is drawn."""


def belonging(
    names: Sequence[Sequence[str]] | None, texts: Sequence[str] | None, pool: Pool | None
) -> list[list[str]] | None:
    """The texts that belong to each row; None if unknown.

    Args:
        names: Ids of texts of the pool that belong to each row, if they are known.
        texts: One that belongs to each row, looked at where there are no names or no pool.
        pool: With columns ``id`` and ``text``.

    Example:
        >>> belonging(None, ["a", "b"], None)
        [['a'], ['b']]
    """
    if names is not None and pool is not None:
        text_of = dict(pool.rows.select("id", "text").iter_rows())
        return [[text_of[name] for name in names_of_row] for names_of_row in names]
    return None if texts is None else [[text] for text in texts]


def partners(texts: Sequence[str], labels: Sequence[str], most: int = MOST) -> list[list[str]]:
    """For each text, the next ones of the same label, starting over at the end.

    A text that is alone in its label is its own partner: dropout reads it in two ways.

    Source:
        Khosla et al. 2020, Supervised Contrastive Learning, arXiv:2004.11362; Gao, Yao and Chen
        2021, SimCSE, arXiv:2104.08821.

    Example:
        >>> partners(["a", "b", "c", "d"], ["x", "x", "y", "x"])
        [['b', 'd'], ['d', 'a'], ['c'], ['a', 'b']]
    """
    texts_of: dict[str, list[str]] = {}
    places = []
    for text, label in zip(texts, labels, strict=True):
        places.append(len(texts_of.setdefault(label, [])))
        texts_of[label].append(text)
    partners_of_rows = []
    for place, label in zip(places, labels, strict=True):
        same = texts_of[label]
        partners_of_rows.append(([*same[place + 1 :], *same[:place]] or same)[:most])
    return partners_of_rows


def encode_matches(
    texts: Sequence[str],
    matches: Sequence[Sequence[str]] | None,
    context: Context,
    *,
    names: Sequence[str] | None = None,
    wrong: Sequence[str] | None = None,
) -> Encoded:
    """Texts, each with those that belong to it: see ``draw_match`` and ``pad_matches``.

    Targets are ``codes``, what each text behind the first is, and ``right``, all codes that are
    right for the row; rows of one text share what is right for them.

    Args:
        texts: One a row.
        matches: The texts that belong to each, one at least; None if unknown.
        context: With the base's tokenizer.
        names: What all matches of a row are, such as its label; left out, a text is what it says.
        wrong: A text for each row that does not belong to it.
    """
    if matches is None:
        return encode_groups([[text] for text in texts], context, {})
    ahead = 0 if wrong is None else 1
    behind = [
        [*([] if wrong is None else [wrong[n]]), *candidates]
        for n, candidates in enumerate(matches)
    ]
    code = {name: number for number, name in enumerate(context.labels)}
    codes, right = [], dict[str, set[int]]()
    for row, (text, candidates) in enumerate(zip(texts, behind, strict=True)):
        called = candidates if names is None else [names[row]] * len(candidates)
        codes.append(np.array([code.setdefault(name, len(code)) for name in called]))
        right.setdefault(text, set()).update(codes[-1][ahead:].tolist())
    targets = {"codes": codes, "right": [np.array(sorted(right[text])) for text in texts]}
    if wrong is not None:
        targets["wrong"] = [np.array(ahead)] * len(texts)
    groups = [[text, *candidates] for text, candidates in zip(texts, behind, strict=True)]
    return encode_groups(groups, context, targets, at_once=2 + ahead)


def draw_match(example: Example, rng: np.random.Generator) -> Example:
    """A text with one of those that belong to it, and the wrong one where it has one."""
    if "codes" not in example.targets:
        return example
    codes, ahead = example.targets["codes"], len(np.atleast_1d(example.targets.get("wrong", ())))
    places = [int(rng.integers(ahead, len(codes))), *range(ahead)]
    drawn = only(example, [0, *(place + 1 for place in places)])
    return replace(drawn, targets={**example.targets, "codes": codes[places]})


def pad_matches(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of what was drawn, with a target for each example that has one."""
    batch = pad_groups(examples, context)
    targets = [dict(example.targets) for example in examples]
    if targets[0]:
        right = [target.pop("right") for target in targets if "right" in target]
        batch.targets = stacked(targets)
        if right:
            batch.targets["right"], _ = padded(right, -1)
        batch.count = len(examples)
    return batch
