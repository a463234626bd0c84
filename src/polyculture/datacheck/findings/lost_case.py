"""What an uncased base does not see: capital letters, which often mark names."""

from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import to_tokens
from polyculture.datacheck.base_texts import reader_of
from polyculture.datacheck.cells import answers_of
from polyculture.datacheck.subject import Subject
from polyculture.sources.rows.repeats import input_keys

TELLING = 0.3
"""Difference between the shares of capitalised words, inside spans and outside, from which case
tells where spans are."""
FEWEST = 0.01
"""Share of the letters that are capitals, from which losing them can matter."""


def why_not(subject: Subject) -> Point | None:
    """A base that tells capital letters from small ones loses nothing."""
    reason = to_tokens(subject)
    if reason is not None or subject.base_folder is None:
        return reason
    tokenizer = reader_of(subject.base_folder)
    upper, lower = tokenizer(["AE Paris", "ae paris"], add_special_tokens=False)["input_ids"]
    return None if upper == lower else Point(key="case.cased", values={"base": subject.base_name})


def report(subject: Subject, _: None) -> Found:
    """Capitals in the texts, capitalised words in spans, and inputs that differ by case alone."""
    texts = [text for split in subject.sample for text in subject.texts(split)]
    letters = sum(sign.isalpha() for text in texts for sign in text)
    capitals = sum(sign.isupper() for text in texts for sign in text)
    share = capitals / max(1, letters)
    inside, outside = _capitalised(subject)
    merged = _merged(subject)
    points = [Point(key="case", values={"base": subject.base_name, "share": share})]
    if inside is not None and outside is not None:
        values = {"inside": inside, "outside": outside}
        points.append(Point(key="case.spans", values=values))
    if merged:
        points.append(Point(key="case.merged", values={"count": merged}))
    tells = inside is not None and outside is not None and inside - outside >= TELLING
    severity = "warning" if tells or merged else "note" if share >= FEWEST else "fine"
    return Found(
        severity=severity,
        count=capitals,
        of=letters,
        points=tuple(points),
        advice=(Point(key="case.fix"),) if severity != "fine" else (),
        pictures=()
        if inside is None or outside is None
        else (
            Grid(
                key="case.grid",
                columns=("words", "capitalised"),
                rows=(("inside", inside), ("outside", outside)),
                in_percent=("capitalised",),
            ),
        ),
    )


def _capitalised(subject: Subject) -> tuple[float | None, float | None]:
    """Share of the words that begin with a capital letter, inside spans and outside."""
    prepared, _, _ = subject.prepared()
    counts = {True: [0, 0], False: [0, 0]}
    for rows in prepared.values():
        if not {"tokens", "tags"} <= set(rows.columns):
            return None, None
        for words, tags in rows.select("tokens", "tags").iter_rows():
            for word, tag in zip(words[1:], tags[1:], strict=True):  # the first has one anyway
                if word[:1].isalpha():
                    counts[tag != "O"][0] += word[:1].isupper()
                    counts[tag != "O"][1] += 1
    if not counts[True][1] or not counts[False][1]:
        return None, None
    return counts[True][0] / counts[True][1], counts[False][0] / counts[False][1]


def _merged(subject: Subject) -> int:
    """Rows whose input equals another's but for case, while their answers differ."""
    answers: dict[str, set[tuple[str, str]]] = {}
    for rows in subject.sample.values():
        golds = answers_of(rows, subject.columns)
        if golds is None:
            continue
        for key, gold in zip(input_keys(rows, subject.columns), golds, strict=True):
            answers.setdefault(key.lower(), set()).add((key, gold))
    return sum(
        len(pairs)
        for pairs in answers.values()
        if len({key for key, _ in pairs}) > 1 and len({gold for _, gold in pairs}) > 1
    )


PLUGIN = Finding(report=report, why_not=why_not)
