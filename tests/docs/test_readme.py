"""What the first pages say is true: commands exist, outputs are real, links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import typer.main

from polyculture.api import read_recipe
from polyculture.api.runs import name_of
from polyculture.checks.measures import CHECKS
from polyculture.cli.main import make

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
FIRST_PAGES = (ENGLISH, CHINESE, "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = (*FIRST_PAGES, *(str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("docs/**/*.md"))))
COLUMNS = "100"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and content of every code block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), flags=re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def headings(page: str) -> list[int]:
    """The level of every heading, in order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(page), flags=re.MULTILINE)]


def demo(page: str) -> str:
    found = re.search(r"<!-- demo -->\n(.*?)<!-- /demo -->", text_of(page), flags=re.DOTALL)
    assert found, f"{page} has lost the marks of the demo"
    return found[1]


def block_with(page: str, language: str, words: str) -> str:
    return next(code for kind, code in blocks(page) if kind == language and words in code)


def commands_named(page: str) -> set[str]:
    """What follows ``polyculture`` in code blocks and in code within sentences."""
    inline = "\n".join(re.findall(r"`([^`\n]+)`", prose(page)))
    shell = "\n".join(code for kind, code in blocks(page) if kind in {"bash", "console"})
    return set(
        re.findall(r"^(?:\$ )?polyculture ([a-z][a-z-]*)", f"{inline}\n{shell}", flags=re.MULTILINE)
    )


@pytest.mark.parametrize("page", FIRST_PAGES)
def test_every_command_that_a_page_names_exists(page: str) -> None:
    """A renamed command is renamed on the first pages as well."""
    known = typer.main.get_command(make()).commands  # type: ignore[attr-defined]

    assert commands_named(page) <= set(known)


def test_every_option_in_the_readme_s_commands_exists() -> None:
    """An option is known to the command behind which it stands."""
    known = typer.main.get_command(make()).commands  # type: ignore[attr-defined]
    shell = "".join(code for kind, code in blocks(ENGLISH) if kind == "bash")

    for name, rest in re.findall(r"^polyculture (\S+)([^#\n]*)", shell, flags=re.MULTILINE):
        options = {option for given in known[name].params for option in given.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options, name


def test_the_readme_shows_every_command() -> None:
    """A new command is not left out."""
    known = typer.main.get_command(make()).commands  # type: ignore[attr-defined]

    assert commands_named(ENGLISH) == set(known)


@pytest.mark.parametrize("page", FIRST_PAGES)
def test_every_target_of_make_that_a_page_names_exists(page: str) -> None:
    """``make demo`` and its kin stand in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), flags=re.MULTILINE))
    shown = re.findall(
        r"^(?:\$ )?make ([a-z]+)", "".join(c for _, c in blocks(page)), flags=re.MULTILINE
    )

    assert {*shown, *re.findall(r"`make ([a-z]+)", prose(page))} <= targets


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the README's commands are for a shell")
def test_the_audit_in_the_readme_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """The table is written and audited just as a reader would do it."""
    script = block_with(ENGLISH, "bash", "cat > answers.csv")
    shown = block_with(ENGLISH, "text", "items of answers").splitlines()
    here = f'polyculture() {{ "{sys.executable}" -m polyculture "$@"; }}\n'

    done = subprocess.run(
        ["bash", "-euc", here + script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": COLUMNS, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    assert printed[: len(shown)] == shown
    for file in re.findall(r"`((?:report|audit)\.\w+)`", prose(ENGLISH)):
        assert (tmp_path / "audits" / "first" / file).is_file()


def test_the_recipe_in_the_readme_is_one(tmp_path: Path) -> None:
    """It is checked against what is on the shelves, and its run has the name shown below."""
    path = tmp_path / "reviews.toml"
    path.write_text(block_with(ENGLISH, "toml", "# reviews.toml"), encoding="utf-8")

    recipe = read_recipe(path)

    assert f"runs/{name_of(recipe)} " in block_with(ENGLISH, "bash", "polyculture predict")


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.skipif(shutil.which("bash") is None, reason="the README's commands are for a shell")
def test_the_commands_of_the_readme_run_one_after_the_other(tmp_path: Path) -> None:
    """As they stand, but for what takes minutes, the browser, and the chat with another run."""
    (tmp_path / "reviews.toml").write_text(block_with(ENGLISH, "toml", "# reviews.toml"))
    shown = block_with(ENGLISH, "bash", "polyculture predict").replace(" --open", "")
    left_out = tuple(f"polyculture {command} " for command in ("study", "reproduce", "chat"))
    lines = [line for line in shown.splitlines() if not line.startswith(left_out)]
    here = f'polyculture() {{ "{sys.executable}" -m polyculture "$@"; }}\n'

    done = subprocess.run(
        ["bash", "-euc", here + "\n".join(lines)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "audits" / "runs" / "report.html").is_file()


def test_both_readmes_have_the_same_headings_and_code() -> None:
    """A change to one is made to the other too."""
    assert headings(ENGLISH) == headings(CHINESE)
    assert blocks(ENGLISH) == blocks(CHINESE)
    assert demo(ENGLISH) == demo(CHINESE)


def test_both_readmes_have_tables_of_one_shape() -> None:
    """Rows and columns are translated, none is left out."""
    rows = [re.findall(r"^\|.*$", prose(page), flags=re.MULTILINE) for page in (ENGLISH, CHINESE)]

    assert [row.count("|") for row in rows[0]] == [row.count("|") for row in rows[1]]


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_a_file(page: str) -> None:
    """Neither a moved page nor a slip leaves a dead link."""
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    relative = [link.split("#")[0] for link in links if "://" not in link]

    missing = [link for link in relative if link and not ((ROOT / page).parent / link).is_file()]

    assert not missing


@pytest.mark.parametrize("page", FIRST_PAGES)
def test_a_path_of_the_repository_named_in_code_exists(page: str) -> None:
    """Names of our own folders and files, where they are no pattern and no result."""
    named = re.findall(r"`((?:src|docs|examples|benchmarks)/[\w./-]*)`", prose(page))

    new = {"src/polyculture/measures/predictions/error_overlap.py"}
    new |= {"docs/measures/predictions.error_overlap.md"}
    assert not [p for p in named if "NAME" not in p and p not in new and not (ROOT / p).exists()]


def test_the_layers_shown_are_the_layers_checked() -> None:
    """The README and CONTRIBUTING draw what import-linter enforces."""
    settings = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]
    layers = settings["contracts"][0]["layers"]

    for page in (ENGLISH, "CONTRIBUTING.md"):
        drawn = block_with(page, "text", "api\n" if page != ENGLISH else "the verbs: ")
        assert [line.split("   ")[0].strip() for line in drawn.splitlines()] == layers


def test_the_measure_in_contributing_keeps_all_promises(tmp_path: Path) -> None:
    """Who copies the example has a measure that passes."""
    path = tmp_path / "error_overlap.py"
    path.write_text(block_with("CONTRIBUTING.md", "python", "PLUGIN"), encoding="utf-8")
    spec = spec_from_file_location("error_overlap", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)

    for check in CHECKS:
        check(module.PLUGIN, "predictions")


def test_every_measure_is_cited() -> None:
    """The table of sources names each measure with the source that its file states."""
    from typing import get_args

    from polyculture.core import parts
    from polyculture.core.measure import ViewName

    rows = re.findall(r"^\| (`\w+`.*) \| (.*) \|$", prose(ENGLISH), flags=re.MULTILINE)
    cited = {name: source for names, source in rows for name in re.findall(r"`(\w+)`", names)}

    for shelf in (*get_args(ViewName), "group"):
        for name in parts.names(f"measures.{shelf}"):
            stated = parts.load(f"measures.{shelf}", name).source
            assert stated.startswith(cited[name]), name
