"""What once destroyed files, was silently wrong or ended in a traceback: each case once more."""

from pathlib import Path

import pytest

from tests.faults.runner import Case, Kitchen, cases, run

CASES = cases()


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Kitchen:
    return Kitchen(tmp_path_factory.mktemp("prepared"))


def test_cases_have_names_of_their_own() -> None:
    """A case is found by its area and name."""
    names = [(case.area, case.name) for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.area}: {case.name}")
def test_a_fault_that_was_found_ends_as_it_should(
    case: Case, kitchen: Kitchen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, the right status, and no file touched that the command was not asked for."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "work"
    folder.mkdir()

    outcome = run(case, folder, kitchen, in_process=True)

    assert outcome.faults(case) == [], outcome.printed
