"""Write functions of Python's own library with the first paragraph of what they say they do.

python examples/docstrings.py

It reads the library of the Python that runs it and downloads nothing; its functions differ a little
from version to version. Licence: PSF-2.0. All functions of a module are in one split, and none
stands in two.
"""

import ast
import hashlib
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
WORDS, LINES = range(4, 41), range(3, 41)
"""Of the paragraph, and of the function without it."""
SIZES = {"test": 300, "valid": 100, "train": 600}


def functions(path: Path, module: str) -> Iterator[dict[str, str]]:
    """The functions of a file that say what they do, without saying it."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        said = (ast.get_docstring(node) or "").split("\n\n")[0]
        summary = " ".join(said.split())
        if not summary or ">>>" in summary:
            continue
        node.body = node.body[1:] or [ast.Pass()]
        text = ast.unparse(node)  # without comments
        if len(summary.split()) in WORDS and len(text.splitlines()) in LINES:
            yield {"id": f"{module}:{node.name}:{node.lineno}", "text": text, "summary": summary}


def modules() -> Iterator[tuple[str, Path]]:
    """The modules of Python's library, in an order that says nothing about them."""
    library = Path(sysconfig.get_paths()["stdlib"])
    left_out = {
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "idlelib",
        "lib2to3",
        "__pycache__",
    }
    found = {}
    for path in library.rglob("*.py"):
        parts = path.relative_to(library).with_suffix("").parts
        if not left_out.intersection(parts):
            found[".".join(parts)] = path
    for name in sorted(found, key=lambda name: hashlib.sha256(name.encode()).digest()):
        yield name, found[name]


def main() -> None:
    """Fill one split after the other with whole modules."""
    (HERE / "docstrings").mkdir(exist_ok=True)
    seen: set[str] = set()
    rows = ((name, row) for name, path in modules() for row in functions(path, name))
    splits: dict[str, list[dict[str, str]]] = {split: [] for split in SIZES}
    owner: dict[str, str] = {}
    for name, row in rows:
        if row["text"] in seen:
            continue
        seen.add(row["text"])
        open_ = [split for split, size in SIZES.items() if len(splits[split]) < size]
        if name not in owner and not open_:
            break
        splits[owner.setdefault(name, open_[0] if open_ else "train")].append(row)
    for split, found in splits.items():
        lines = [json.dumps(row, ensure_ascii=False) for row in found]
        (HERE / "docstrings" / f"{split}.jsonl").write_text(
            "\n".join(lines) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
