"""Small talk by topic, one YAML file each: every conversation is a list of turns, the user's first.

A file has ``categories`` and ``conversations``. The same question stands there several times, with
a reply each; those rows are one document, so that a split keeps them together.
"""

from pathlib import Path
from typing import Any

from polyculture.core.errors import StarterError
from polyculture.sources.rows.repeats import without_repeats
from polyculture.store.reading.tables import write_table

ROLES = ("user", "assistant")


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write ``rows.parquet`` with ``id``, ``messages``, ``document``, ``group``: the topic.

    Raises:
        StarterError: A file is not such a list of conversations.
    """
    import polars as pl

    rows, broken, unanswered = [], 0, 0
    for file in sorted(members.glob("*.yml")):
        for number, turns in enumerate(_conversations(file), start=1):
            if not _is_conversation(turns):
                broken += 1
                continue
            answered = turns[: len(turns) // 2 * 2]
            unanswered += len(turns) - len(answered)
            messages = [
                {"role": ROLES[place % 2], "content": turn.strip()}
                for place, turn in enumerate(answered)
            ]
            document = " ".join(turns[0].casefold().split())
            rows.append((f"{file.stem}-{number}", messages, document, file.stem))
    turn = pl.Struct({"role": pl.String, "content": pl.String})
    schema: dict[str, Any] = dict.fromkeys(("id", "messages", "document", "group"), pl.String)
    schema["messages"] = pl.List(turn)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    words = ["\n".join(turn["content"] for turn in turns) for turns in table["messages"].to_list()]
    table = table[list(without_repeats(words, [""] * len(words)).kept)]
    write_table(table, folder / "rows.parquet")
    return (
        (
            f"{len(rows) - len(table):,} of {len(rows):,} conversations repeat another: dropped "
            "before any split."
        ),
        (
            f"Dropped: entries that are not conversations of two turns or more ({broken:,}), last "
            f"turns that nobody answers ({unanswered:,})."
        ),
        (
            f"{len(table):,} conversations on {table['group'].n_unique():,} topics stay; those "
            "that begin with the same question stay in one split."
        ),
    )


def _conversations(file: Path) -> list[Any]:
    import yaml

    # The base loader makes no objects, and text of everything: "Yes" would else be a truth value.
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{file.name} is not YAML in UTF-8: {error}."
        raise StarterError(msg) from error
    found = content.get("conversations") if isinstance(content, dict) else None
    if not isinstance(found, list):
        msg = f"{file.name}: expected a list of 'conversations'."
        raise StarterError(msg)
    return found


def _is_conversation(turns: Any) -> bool:
    return (
        isinstance(turns, list)
        and len(turns) >= len(ROLES)
        and all(isinstance(turn, str) and turn.strip() for turn in turns)
    )
