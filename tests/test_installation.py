"""What the installation brought: a CPU build of torch, and nothing that is heavy for no use."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNWANTED = re.compile(r"torchvision|torchaudio|triton|nvidia-.*|cuda-.*|cupy.*")


def test_torch_is_a_build_without_cuda() -> None:
    """A CUDA build weighs gigabytes and brings nothing to a CPU; TORCH_INDEX chooses another."""
    torch = pytest.importorskip("torch", reason="torch is not installed")

    assert torch.version.cuda is None, "Set TORCH_INDEX to an index of CPU builds; see README.md."


def test_nothing_pulled_an_image_library_or_a_cuda_library() -> None:
    """Neither torchvision nor triton nor anything of NVIDIA came along."""
    names = {name.lower() for d in importlib.metadata.distributions() if (name := d.name)}

    assert not [name for name in sorted(names) if UNWANTED.fullmatch(name)]


def test_makefile_and_pyproject_pin_one_torch() -> None:
    """The Makefile installs torch first, by the pin of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pin = next(p for p in project["optional-dependencies"]["train"] if p.startswith("torch=="))

    assert f'"{pin}"' in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_demo_fetches_just_what_its_study_reads() -> None:
    """Not one download more than examples/reviews.toml needs."""
    study = tomllib.loads((ROOT / "examples" / "reviews.toml").read_text(encoding="utf-8"))
    tables = [study["recipe"], *study["models"]]
    parts = [table[key] for table in tables for key in ("base", "data") if key in table]
    needed = {part["name"] for part in parts if part.get("source") == "starter"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    fetched = re.search(r"^STUDY_STARTERS := (.*)$", makefile, re.MULTILINE)

    assert fetched is not None
    assert set(fetched[1].split()) == needed
