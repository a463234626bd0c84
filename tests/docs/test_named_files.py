"""Docs and docstrings name files of the code that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ROOT / "src" / "polyculture"
NAMED = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.py)`")


def test_every_named_file_is_there() -> None:
    """Whole paths from the root, or from within the package."""
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in sorted([*(ROOT / "docs").rglob("*.md"), *CODE.rglob("*.py")])
        for name in NAMED.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / name).is_file() and not (CODE / name).is_file()
    ]
    assert missing == []


def test_a_folder_can_be_taken_in_at_a_glance() -> None:
    """At most 25 modules lie side by side; more belong in packages, by what they do."""
    folders = [CODE, *(path for path in CODE.rglob("*") if path.is_dir())]
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in folders
        if (count := len(list(folder.glob("[!_]*.py")))) > 25
    }
    assert crowded == {}
