"""The first page of the docs runs as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_readme import ROOT, block_with


@pytest.mark.slow
def test_the_walkthrough_runs_from_a_recipe_to_an_audit(tmp_path: Path) -> None:
    """In forty lines, in an empty folder beside the examples."""
    code = block_with("docs/README.md", "python", "from polyculture import api")
    (tmp_path / "examples").symlink_to(ROOT / "examples")

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "POLYCULTURE_HOME": str(tmp_path / "home")},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "walkthrough" / "audit" / "report.html").is_file()
    assert len([line for line in code.splitlines() if line.strip()]) <= 40
