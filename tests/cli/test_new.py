"""A recipe to start from parses, trains as it stands, and says every setting with its default."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from polyculture import api
from polyculture.api.recipes import recipe_of
from polyculture.core import parts
from polyculture.core.errors import PolycultureError
from tests.faults.runner import done

WORDS = "".join(f"Ada B-PER\nlives O\nin O\nOslo B-LOC\n{n} O\n\n" for n in range(40))
SETTING = re.compile(r"^# (\w+ = (?!<).*)$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with texts in two forms."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    rows = "".join(f"good film {n},pos\nbad film {n},neg\n" for n in range(20))
    (tmp_path / "train.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    (tmp_path / "train.conll").write_text(WORDS, encoding="utf-8")
    (tmp_path / "train.jsonl").write_text('{"text": "good", "label": "pos"}\n', encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_what_is_written_can_be_trained_as_it_stands(folder: Path) -> None:
    """The check finds nothing wrong, for either task."""
    assert done("new", "--data", "train.csv", "--base", "tfidf") == 0
    names = ("names.toml", "--task", "spans", "--data", "train.conll", "--base", "transformer")
    assert done("new", *names) == 0

    assert done("train", "recipe.toml", "--check", "--quiet") == 0
    assert done("train", "names.toml", "--check", "--quiet") == 0
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("base", ["minilm-l6", "tfidf", "transformer", "owner/name"])
@pytest.mark.parametrize("data", ["train.csv", "train.jsonl", "reviews", "conll2003"])
def test_every_default_in_a_comment_is_the_default(folder: Path, base: str, data: str) -> None:
    """With every # taken away the recipe asks for just the same."""
    path = folder / "recipe.toml"
    api.new_recipe(path, task="classification", data=data, base=base)
    text = path.read_text(encoding="utf-8")

    written = api.read_recipe(path)
    uncommented = tomllib.loads(SETTING.sub(r"\1", text))

    assert len(SETTING.findall(text)) > 10
    assert recipe_of(uncommented, path) == written


@pytest.mark.parametrize("task", ["classification", "spans"])
def test_every_setting_of_the_chosen_parts_is_there_with_its_sentence(
    folder: Path, task: str
) -> None:
    """A setting that is added to a record is in the next template."""
    path = folder / "recipe.toml"
    api.new_recipe(path, task=task, data="train.jsonl", base="minilm-l6")
    text = path.read_text(encoding="utf-8")

    kinds = [("tasks", task), ("sources.data", "jsonl"), ("sources.bases", "starter")]
    kinds += [("adaptations", "full"), ("heads", "linear")]
    for shelf, name in kinds:
        for setting in parts.load(shelf, name).settings.model_fields:
            assert re.search(rf"^(# )?{setting} = ", text, re.MULTILINE), setting
    for number, line in enumerate(text.splitlines()):
        if re.match(r"(# )?\w+ = ", line):
            assert text.splitlines()[number - 1].startswith("# "), line


def test_paths_are_relative_to_the_recipe(folder: Path) -> None:
    """A recipe in another folder still finds its texts."""
    (folder / "recipes").mkdir()
    path = folder / "recipes" / "first.toml"

    api.new_recipe(path, task="classification", data="train.csv", base="tfidf")

    assert 'train = "../train.csv"' in path.read_text(encoding="utf-8")


def test_a_recipe_that_somebody_changed_is_never_replaced(folder: Path) -> None:
    """One that is as it was written is, with ``--replace``."""
    words = ("new", "--data", "train.csv", "--base", "tfidf")

    first = [done(*words), done(*words), done(*words, "--replace")]
    with (folder / "recipe.toml").open("a", encoding="utf-8") as file:
        file.write("\nepochs = 9\n")

    assert first == [0, 2, 0]
    assert done(*words, "--replace") == 2
    assert "epochs = 9" in (folder / "recipe.toml").read_text(encoding="utf-8")


REFUSALS = {
    "no such file": ({"data": "trein.csv"}, "There is no file trein.csv."),
    "an unknown suffix": ({"data": "home.py"}, "Unsupported file type: home.py."),
    "a base that is misspelt": ({"base": "minilm-16"}, "Did you mean 'minilm-l6'?"),
    "a task that is misspelt": ({"task": "span"}, "Did you mean 'spans'?"),
    "parts that do not fit": (
        {"task": "spans", "base": "tfidf"},
        "word counts answer whole texts, so kind = 'tfidf' cannot do 'spans'.",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_cannot_be_trained_is_refused_and_nothing_written(folder: Path, what: str) -> None:
    """One sentence that names the nearest word."""
    changes, sentence = REFUSALS[what]
    (folder / "home.py").touch()
    asked = {"task": "classification", "data": "train.csv", "base": "minilm-l6", **changes}

    with pytest.raises(PolycultureError) as caught:
        api.new_recipe(folder / "recipe.toml", **asked)

    assert sentence in str(caught.value)
    assert not list(folder.glob("*recipe.toml*"))


def test_a_folder_of_a_model_is_a_base(folder: Path) -> None:
    """It is named by its whole path, so that the recipe may be moved."""
    shutil.copytree(folder / ".", folder / "mine", ignore=lambda *_: ["mine"])

    api.new_recipe(folder / "r.toml", task="classification", data="train.csv", base="mine")

    assert f'path = "{folder / "mine"}"' in (folder / "r.toml").read_text(encoding="utf-8")
