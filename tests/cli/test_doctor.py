"""The doctor names what is missing and what is broken, and touches nothing."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runner import FIXTURES, contents

LOADED = """
import sys
from polyculture.cli.main import run
try:
    run(sys.argv[1:])
finally:
    assert "torch" not in sys.modules and "transformers" not in sys.modules
"""
WITHOUT_TRAINING = """
import sys
from importlib import metadata, util
real_version, real_spec = metadata.version, util.find_spec
def version(name):
    if name in ("torch", "transformers", "fastexcel"):
        raise metadata.PackageNotFoundError(name)
    return "0.0.1" if name == "unearth" else real_version(name)
metadata.version = version
util.find_spec = lambda name, *more: None if name == "torch" else real_spec(name, *more)
from polyculture.cli.main import run
run(sys.argv[1:])
"""


def doctor(
    *arguments: str, home: Path, program: str = LOADED, path: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, "doctor", *arguments],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "POLYCULTURE_HOME": str(home),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH")])),
        },
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A cache in which a data set passes for fetched."""
    FIXTURES["starter"](tmp_path)
    for model in ("minilm-l6", "minilm-l3"):
        shutil.rmtree(tmp_path / "cache" / "starter" / model)
    return tmp_path / "cache"


@pytest.mark.slow
def test_a_sound_installation_ends_well_and_loads_no_torch_itself(home: Path) -> None:
    """Versions, machine, device, cache and starters, each on a line; nothing is changed."""
    before = contents(home)

    done = doctor(home=home)

    assert done.returncode == 0, done.stderr
    for said in ("Python 3.", " cores, ", f"torch {version('torch')}", "starter 0.00 GB"):
        assert said in done.stdout
    assert "fetched: reviews; not fetched: minilm-l6, minilm-l6-sre" in done.stdout
    assert contents(home) == before


@pytest.mark.slow
def test_programs_read_the_same(home: Path) -> None:
    """Sizes in bytes, names in lists."""
    found: dict[str, Any] = json.loads(doctor("--json", home=home).stdout)

    assert found["fetched"] == ["reviews"]
    assert [one["name"] for one in found["kept"]] == ["starter"]
    assert found["kept"][0]["bytes"] > 0
    (torch,) = (one for one in found["libraries"] if one["name"] == "torch")
    assert torch == {
        "name": "torch",
        "version": version("torch"),
        "extra": "train",
        "wanted": "==2.13.0",
        "is_fit": True,
    }
    assert all(not problem["is_broken"] for problem in found["problems"])


@pytest.mark.slow
def test_a_damaged_starter_is_broken(home: Path) -> None:
    """Exit status 1, with the command that mends it."""
    (home / "starter" / "reviews" / "rows.parquet").write_bytes(b"short")

    done = doctor(home=home)

    assert done.returncode == 1
    assert "Broken: The starter 'reviews' is damaged: rows.parquet has 5 bytes" in done.stdout
    assert "  polyculture starter fetch reviews" in done.stdout


def test_what_is_not_installed_is_missing_and_not_broken(home: Path) -> None:
    """Exit status 0; which commands need it, and how it is installed."""
    done = doctor(home=home, program=WITHOUT_TRAINING)

    assert done.returncode == 0, done.stderr
    assert "device       cpu (torch is not installed)" in done.stdout
    assert (
        "Missing: Not installed: torch, transformers, unearth >=0.19 (there is 0.0.1). Needed for: "
        "train, study and predict;"
    ) in done.stdout
    assert "pip install 'polyculture[train]'" in done.stdout


@pytest.mark.slow
def test_an_empty_home_is_no_fault(tmp_path: Path) -> None:
    """Nothing has been fetched yet; nothing is made by looking."""
    done = doctor("--json", home=tmp_path / "none")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kept"] == []
    assert not (tmp_path / "none").exists()


def test_a_torch_that_cannot_be_imported_is_broken(home: Path, tmp_path: Path) -> None:
    """It is asked in a process of its own, so everything else is still told."""
    (tmp_path / "torch").mkdir()
    failing = "raise ImportError('libtorch_cpu.so: cannot open shared object file')"
    (tmp_path / "torch" / "__init__.py").write_text(failing, encoding="utf-8")

    done = doctor(home=home, path=str(tmp_path))

    assert done.returncode == 1
    assert "device       unknown" in done.stdout
    assert "Broken: torch is installed, but cannot be imported (ImportError: lib" in done.stdout
    assert "fetched: reviews" in done.stdout
