"""docs/parts.md names every part with its first sentence."""

import ast
from collections.abc import Callable
from pathlib import Path

import polyculture
from polyculture.api.parts import SHELVES
from polyculture.core import parts

PACKAGE = Path(polyculture.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
HEAD = """# Parts

Made from the code by `make docs`. A part is a file, its shelf is the folder, and its name is the
file's name; other packages add parts through the entry point group `polyculture.<shelf>`.
`polyculture parts` lists what is installed.
"""


def test_the_page_lists_every_part(page: Callable[[str, str], None]) -> None:
    """One section a shelf, one line a part."""
    page("parts.md", "\n".join([HEAD, *(_shelf(shelf) for shelf in SHELVES)]))


def test_every_shelf_holds_parts_of_our_own() -> None:
    """A shelf of the list is a folder, and a folder with parts is on the list."""
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "\nPLUGIN = " in path.read_text()}
    names = {".".join(folder.relative_to(PACKAGE).parts) for folder in folders}
    assert names == set(SHELVES)


def _shelf(shelf: str) -> str:
    lines = [f"- {_linked(shelf, name)}: {_sentence(path)}" for name, path in _ours(shelf)]
    return "\n".join([f"## {shelf}", "", *lines, ""])


def _ours(shelf: str) -> list[tuple[str, Path]]:
    """Names and files; parts that other packages bring are left out."""
    files = [
        (name, PACKAGE.joinpath(*shelf.split("."), f"{name}.py")) for name in parts.names(shelf)
    ]
    return [(name, path) for name, path in files if path.is_file()]


def _linked(shelf: str, name: str) -> str:
    """The name, with a link to its own page or its shelf's, where there is one."""
    kind, _, view = shelf.partition(".")
    pages = [f"{kind}/{view}.{name}.md", f"{kind}/{name}.md", f"{kind}/{view}.md"]
    found = next((page for page in pages if (DOCS / page).is_file()), None)
    return f"[`{name}`]({found})" if found else f"`{name}`"


def _sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, f"{path} has no docstring"
    return text.partition("\n\n")[0].replace("\n", " ").replace("``", "`")
