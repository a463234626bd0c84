"""The picture of the layers is the contract that is checked."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "design" / "0001-layers-one-way-of-flow.md"


def test_the_layers_of_the_picture_are_those_of_the_import_contract() -> None:
    """Also in their order. import-linter itself runs in ``make check``."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one.get("containers") == ["polyculture"]]
    block = PICTURE.read_text(encoding="utf-8").split("```")[1]
    drawn = [re.split(r"\s{2,}", line)[0] for line in block.splitlines()[1:]]
    assert drawn == layers


def test_every_folder_of_the_package_is_in_the_picture() -> None:
    """A new folder needs a place in the flow."""
    block = PICTURE.read_text(encoding="utf-8").split("```")[1]
    drawn = {
        name for line in block.splitlines() for name in re.split(r"\s{2,}", line)[0].split(" | ")
    }
    folders = {path.parent.name for path in (ROOT / "src" / "polyculture").glob("*/__init__.py")}
    assert folders == drawn - {""}
