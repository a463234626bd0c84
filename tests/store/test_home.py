"""The cache is a convenience: where it cannot be written, work goes on."""

import logging
from pathlib import Path

import pytest

from polyculture.core.errors import StarterError, StoreError
from polyculture.store.home import home, keep, needing_cache

WHERE = {"stone": "a file stands in its way", "/proc/x": "no folder can be made there"}


@pytest.fixture(params=WHERE)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that cannot be written."""
    (tmp_path / "stone").touch()
    found = tmp_path / str(request.param)
    monkeypatch.setenv("POLYCULTURE_HOME", str(found))
    return found


def reason(place: Path) -> str:
    why = next(told for name, told in WHERE.items() if str(place).endswith(name))
    return f"The cache {place} (POLYCULTURE_HOME) cannot be written: {why}."


def test_what_cannot_be_kept_is_told_and_stops_nothing(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One note that names the cache, and no run's folder."""
    with caplog.at_level(logging.WARNING):
        keep(home() / "machine" / "a.json", "{}")

    told = f"{reason(place)} What would be kept there is found out anew each time."
    assert caplog.messages == [told]


def test_what_has_to_lie_in_the_cache_is_refused_with_its_name(place: Path) -> None:
    """And with what to set."""
    with pytest.raises(StoreError) as refused, needing_cache():
        (home() / "starter").mkdir(parents=True)

    assert str(refused.value) == f"{reason(place)} Set POLYCULTURE_HOME to a folder of yours."


def test_a_sentence_about_something_else_stays_what_it_is() -> None:
    """Not every error within is the cache's."""
    msg = "not on any index"
    with pytest.raises(StarterError, match="not on any index"), needing_cache():
        raise StarterError(msg)


def test_somebody_s_home_who_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, whoever asks."""
    monkeypatch.setenv("POLYCULTURE_HOME", "~no-such-person/cache")
    with pytest.raises(StoreError, match="POLYCULTURE_HOME"):
        home()
