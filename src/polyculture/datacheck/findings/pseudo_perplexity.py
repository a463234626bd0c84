"""How surprised the base itself is by the texts, where it brings the head of a language model.

After Salazar et al. 2020, Masked Language Model Scoring, arXiv:1910.14659.
"""

import numpy as np

from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import to_tokens
from polyculture.datacheck.language_model import model_of, token_losses
from polyculture.datacheck.subject import Subject

TEXTS = 40
"""Texts of a split that are read: each token of one is a pass of its own through an encoder."""
LONGEST = 64
"""Tokens of a text that are read."""
SHIFT = 1.5
"""Times as many bits a character as in train."""


def why_not(subject: Subject) -> Point | None:
    """It takes weights, which are read on request only, and a head among them."""
    reason = to_tokens(subject)
    if reason is not None or subject.base_folder is None:
        return reason
    if not subject.reads_with_base:
        return Point(key="perplexity.not_asked")
    model = model_of(subject.base_folder)
    return (
        Point(key="perplexity.no_head", values={"reason": model})
        if isinstance(model, str)
        else None
    )


def report(subject: Subject, _: None) -> Found:
    """Bits a character and perplexity a token, by split."""
    from polyculture.nets.build import form_of

    if subject.base_folder is None:
        return Found(severity="skipped")
    rows: list[tuple[str, int, float, float]] = []
    for split in subject.sample:
        texts = [text for text in subject.texts(split) if text.strip()]
        places = np.linspace(0, len(texts) - 1, min(len(texts), TEXTS)).astype(int)
        some = [texts[place] for place in places]
        losses, characters = token_losses(some, subject.base_folder, longest=LONGEST)
        if losses:
            bits = sum(losses) / np.log(2) / max(1, characters)
            rows.append(
                (split, len(losses), round(float(np.exp(np.mean(losses))), 2), round(bits, 3))
            )
    if not rows:
        return Found(severity="skipped", points=(Point(key="skipped.no_text"),))
    train = next((row for row in rows if row[0] == "train"), rows[0])
    moved = [row for row in rows if row[3] > SHIFT * train[3]]
    points = [
        Point(
            key="perplexity", values={"perplexity": train[2], "bits": train[3], "split": train[0]}
        )
    ]
    points += [
        Point(key="perplexity.moved", values={"split": row[0], "bits": row[3]}) for row in moved
    ]
    return Found(
        severity="warning" if moved else "note",
        count=sum(row[1] for row in rows),
        points=tuple(points),
        advice=(Point(key="perplexity.use"),),
        pictures=(
            Grid(
                key="perplexity.grid",
                columns=("split", "tokens", "perplexity", "bits"),
                rows=tuple(rows),
            ),
        ),
        protocol={
            "texts_a_split": TEXTS,
            "tokens_a_text": LONGEST,
            "kind": "masked" if form_of(subject.base_folder) == "encoder" else "causal",
        },
    )


PLUGIN = Finding(report=report, why_not=why_not)
