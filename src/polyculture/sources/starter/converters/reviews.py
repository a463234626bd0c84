"""Sentiment in four domains, rated by about 20 people a row from -4 to 4.

Read out of the archive within the archive: ``<domain>_GroundTruth.txt``, lines of id, mean rating
and text between tabs. In two domains the id is ``document_snippet``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StarterError
from polyculture.sources.rows.repeats import without_repeats
from polyculture.sources.starter.unpack import unpack
from polyculture.store.reading.tables import text_lines, write_table

if TYPE_CHECKING:
    import polars as pl

DOMAINS = {  # our name: (the file's, whether ids name documents)
    "tweets": ("tweets", False),
    "movies": ("movieReviewSnippets", False),
    "amazon": ("amazonReviewSnippets", True),
    "nyt": ("nytEditorialSnippets", True),
}
POSITIVE, NEGATIVE = 0.5, -0.5


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write ``rows.parquet`` with ``id``, ``text``, ``label``, ``document``, ``group``."""
    import polars as pl

    (archive,) = members.glob("*.tar.gz")
    names = [f"hutto_ICWSM_2014/{name}_GroundTruth.txt" for name, _ in DOMAINS.values()]
    unpack(archive, names, members)
    rated = pl.concat(
        _rated(members / f"{name}_GroundTruth.txt", domain, has_documents=has_documents)
        for domain, (name, has_documents) in DOMAINS.items()
    )
    clear = rated.filter(pl.col("label").is_not_null())
    repeats = without_repeats(clear["text"].to_list(), clear["label"].to_list())
    rows = clear[list(repeats.kept)]
    write_table(rows, folder / "rows.parquet")
    return (
        (
            f"{len(rated) - len(clear):,} of {len(rated):,} rows lie between {NEGATIVE} and "
            f"{POSITIVE} and are dropped."
        ),
        f"{repeats.repeated:,} rows repeat the text of another and are dropped before any split.",
        f"{repeats.conflicting:,} rows have a text that is rated both ways and are dropped.",
        f"{len(rows):,} rows stay: {_counts(rows)}.",
        (
            "Snippets of one amazon or nyt document stay in one split; the source does not say "
            "which snippets of movies come from one review."
        ),
    )


def _rated(file: Path, domain: str, *, has_documents: bool) -> "pl.DataFrame":
    import polars as pl

    rows = [
        _row(line, f"{file.name}, line {number}", domain, has_documents=has_documents)
        for number, line in enumerate(text_lines(file), start=1)
        if line.strip()
    ]
    names = ("id", "text", "label", "document", "group")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _row(line: str, place: str, domain: str, *, has_documents: bool) -> tuple[Any, ...]:
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) != 3:  # noqa: PLR2004  # id, rating, text
        msg = f"{place}: expected id, rating and text between tabs, got {len(cells)} cells."
        raise StarterError(msg)
    key, rating, text = cells
    label = None
    if float(rating) >= POSITIVE:
        label = "positive"
    elif float(rating) <= NEGATIVE:
        label = "negative"
    document = key.split("_")[0] if has_documents else key
    return f"{domain}-{key}", text.strip(), label, f"{domain}-{document}", domain


def _counts(rows: "pl.DataFrame") -> str:
    parts = []
    for domain in DOMAINS:
        labels = rows.filter(rows["group"] == domain)["label"].to_list()
        parts.append(
            f"{domain} {labels.count('positive'):,} positive and {labels.count('negative'):,} "
            "negative"
        )
    return "; ".join(parts)
