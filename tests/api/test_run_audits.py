"""Audits of runs say what was learned from, and keep everything inside the audit's folder."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from polyculture import api
from polyculture.api.shared import read_data
from polyculture.api.training_overlap import STEERED, TrainingRows
from polyculture.core.errors import PolycultureError, ProbeMismatchError, StoreError
from polyculture.core.task import task_of
from polyculture.store.evidence import read_evidence
from polyculture.store.runs import read_run

ROWS = [("good film", "pos"), ("bad film", "neg"), ("fine plot", "pos"), ("dull plot", "neg")]
RECIPE = (
    'task = "classification"\nname = "{name}"\nbase = {{ source = "new", kind = "tfidf" }}\n'
    'data = {{ source = "table", train = "{train}.csv", valid = "valid.csv", test = "test.csv" }}\n'
)
Train = Callable[..., Path]


def csv(rows: list[tuple[str, str]]) -> str:
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    own = [(f"{text} {number}", label) for number in range(5) for text, label in ROWS]
    (tmp_path / "train.csv").write_text(csv(own), encoding="utf-8")
    (tmp_path / "valid.csv").write_text(csv(ROWS), encoding="utf-8")
    test = [(f"{text} again", label) for text, label in ROWS * 2]
    test = [(f"{text} {place}", label) for place, (text, label) in enumerate(test)]
    (tmp_path / "test.csv").write_text(csv(test), encoding="utf-8")
    (tmp_path / "all.csv").write_text(csv([*own, *test]), encoding="utf-8")
    return tmp_path


@pytest.fixture
def train(work: Path) -> Train:
    def trained(name: str, rows: str = "train") -> Path:
        recipe = work / f"{name}.toml"
        recipe.write_text(RECIPE.format(name=name, train=rows), encoding="utf-8")
        folder: Path = api.train(api.read_recipe(recipe), work / "runs")[1]
        return folder

    return trained


@pytest.mark.slow
def test_a_probe_that_models_learned_from_is_named_everywhere(work: Path, train: Train) -> None:
    """In the record, the JSON, the page, the Markdown and the evidence."""
    runs = [train("a"), train("b")]

    audit = api.audit_runs(runs, probe="train", out=work / "audit", resamples=20)

    caveat = (
        "Every model learned from 20 of the 20 items (100.0%): these texts are among the training "
        "rows. Its scores and its likeness here say little about new texts."
    )
    assert audit.caveats == (caveat,)
    assert [model.learned_items for model in audit.models] == [20, 20]
    summary = api.summary(audit)
    assert summary["caveats"] == [caveat]
    assert summary["learned_items"] == {"a": 20, "b": 20}
    page = (work / "audit" / "report.html").read_text(encoding="utf-8")
    assert page.index(caveat) < page.index('id="answers"')
    assert f"**{caveat}**" in (work / "audit" / "report.md").read_text(encoding="utf-8")
    assert json.loads((work / "audit" / "audit.json").read_bytes())["caveats"] == [caveat]


@pytest.mark.slow
def test_one_model_of_other_rows_that_hold_the_probe_is_named(work: Path, train: Train) -> None:
    """The share is told for each model; the one that did not see the items is not blamed."""
    runs = [train("a"), train("saw", "all")]

    audit = api.audit_runs(runs, probe="test", out=work / "audit", resamples=20)

    assert [model.learned_items for model in audit.models] == [0, 8]
    (caveat,) = audit.caveats
    assert caveat == (
        "saw learned from 8 of the 8 items (100.0%): these texts are among the training rows. Its "
        "scores and its likeness here say little about new texts."
    )


@pytest.mark.slow
def test_data_that_changed_since_training_are_named_and_answered_anew(
    work: Path, train: Train
) -> None:
    """Saved answers belong to other texts then, though ids and right answers are the same."""
    runs = [train("a"), train("b")]
    test = (work / "test.csv").read_text(encoding="utf-8")
    (work / "test.csv").write_text(test.replace("good", "bad"), encoding="utf-8")

    audit = api.audit_runs(runs, probe="test", out=work / "audit", resamples=20)

    (caveat,) = audit.caveats
    assert caveat.startswith("Its data changed since it was trained")
    seen = read_evidence(work / "audit" / "evidence" / "a" / "test")
    answers = dict(zip(seen.texts or (), seen.predictions.labels, strict=True))
    assert seen.predictions.classes[answers["bad film again 0"]] == "neg"


def test_the_validation_split_as_probe_is_named(train: Train) -> None:
    """Training in steps chose its best one on it; counted words have no steps."""
    counted = read_run(train("a"))
    data = read_data(counted.recipe)
    facts = counted.facts.model_copy(update={"steps": 3})
    stepped = counted.model_copy(update={"facts": facts})

    columns = task_of(counted.recipe.task).columns
    rows = TrainingRows(data, "valid", data.splits["valid"], columns)

    assert rows.of(counted).caveats == ()
    assert rows.of(stepped).caveats == (STEERED,)


@pytest.mark.slow
def test_gold_that_training_has_not_seen_stays_in_an_audit(work: Path, train: Train) -> None:
    """No model answers it: it is failed by all, and named as never answered."""
    with (work / "test.csv").open("a", encoding="utf-8") as file:
        file.write("what is this,CODE\nand that,CODE\n")
    runs = [train("a"), train("b")]

    audit = api.audit_runs(runs, probe="test", out=work / "audit", resamples=20)

    assert audit.items == 10
    assert all(model.never_answered == ("CODE",) for model in audit.models)
    assert audit.failures_by_count[2] >= 2
    seen = read_evidence(work / "audit" / "evidence" / "a" / "test").predictions
    code = seen.classes.index("CODE")
    assert seen.probabilities is not None
    assert seen.probabilities.shape == (10, 3)
    assert not seen.probabilities[:, code].any()


@pytest.mark.slow
def test_evidence_stays_inside_the_audit(work: Path, train: Train) -> None:
    """Nothing beside the runs is made or replaced."""
    runs = [train("a"), train("b")]
    (work / "evidence").mkdir()
    (work / "evidence" / "mine.txt").write_text("precious", encoding="utf-8")
    before = {path.name for path in work.iterdir()}

    api.audit_runs(runs, probe="test", out=work / "audit", resamples=20)

    assert {path.name for path in work.iterdir()} == before | {"audit"}
    assert (work / "evidence" / "mine.txt").read_text(encoding="utf-8") == "precious"
    assert {path.name for path in (work / "audit" / "evidence").iterdir()} == {"a", "b"}


def test_a_run_whose_name_leads_elsewhere_is_refused(work: Path, train: Train) -> None:
    """A record may come from anywhere."""
    runs = [train("a"), train("b")]
    record = runs[1] / "run.json"
    changed = record.read_text(encoding="utf-8").replace('"name": "b"', '"name": "../../b"', 1)
    record.write_text(changed, encoding="utf-8")

    with pytest.raises(StoreError, match="a name cannot hold '/'"):
        api.audit_runs(runs, probe="test", out=work / "audit")


SLIPS = """
import sys
from pathlib import Path
from polyculture import api
from polyculture.api.training_overlap import STEERED, TrainingRows
from polyculture.api.shared import read_data
from polyculture.core.errors import PolycultureError
runs, probe, out = [Path(name) for name in sys.argv[3:]], sys.argv[1], Path(sys.argv[2])
try:
    api.audit_runs(runs, probe=probe, out=out)
except PolycultureError as error:
    print(error)
print("torch" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tset", "new", "runs/a", "runs/b"), "has no split 'tset' to be the probe. Did you mean"),
        (("test", "new", "runs/a", "runs/c"), "runs/c is not a finished run"),
        (("test", "new", "runs/a", "runs/a"), "Two runs are named 'a'."),
        (("test", "runs", "runs/a", "runs/b"), "runs is what this command reads."),
    ],
)
def test_slips_are_told_before_torch_is_loaded(
    work: Path, train: Train, arguments: tuple[str, ...], told: str
) -> None:
    """A slip costs no ten seconds of loading."""
    train("a"), train("b")

    done = subprocess.run(
        [sys.executable, "-c", SLIPS, *arguments],
        cwd=work,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


def test_two_models_at_least_are_needed(work: Path) -> None:
    """One is compared with nothing."""
    with pytest.raises(ProbeMismatchError, match="one run was named"):
        api.audit_runs([work], probe="test", out=work / "audit")


@pytest.mark.slow
def test_a_report_is_drawn_for_a_study_and_replaces_only_drawings(work: Path, train: Train) -> None:
    """The folder of a study holds its audit; records and foreign files stay."""
    api.audit_runs(
        [train("a"), train("b")], probe="test", out=work / "study" / "audit", resamples=20
    )
    foreign = work / "notes.md"
    foreign.write_text("precious", encoding="utf-8")

    assert api.render(work / "study") == work / "study" / "audit" / "report.html"
    drawn = api.render(work / "study", work / "page.html")
    with pytest.raises(PolycultureError, match="exists already"):
        api.render(work / "study", drawn)
    assert api.render(work / "study", drawn, replace=True) == drawn
    for path, told in (
        (foreign, "it has no mark of polyculture"),
        (work / "study" / "audit" / "audit.json", "lies inside 'audit', a finished result"),
        (work / "study" / "audit" / "report.json", "lies inside 'audit', a finished result"),
        (work / "study", "Unsupported file type"),
        (work / "a.pdf", "Unsupported file type"),
    ):
        with pytest.raises(StoreError, match=told):
            api.render(work / "study", path, replace=True)
    assert foreign.read_text(encoding="utf-8") == "precious"
