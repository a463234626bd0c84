"""What the starter set of CoNLL-2003 is known to hold, found exactly."""

from pathlib import Path

import pytest

from polyculture.api.data_checks import check_data
from polyculture.api.recipes import recipe_of
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find
from tests.datacheck.conftest import found, values


@pytest.mark.model
def test_the_repeats_of_conll2003_are_those_that_were_counted_by_hand() -> None:
    """1,350 in train; 193 of valid and 126 of test in train, 45 of these with five words."""
    entry = find("conll2003", "data")
    cache.need(entry)
    table = {
        "task": "spans",
        "base": {"source": "new", "kind": "convolutional", "width": 32, "layers": 1},
        "data": {"source": "starter", "name": "conll2003"},
        "head": {"kind": "mlp"},
    }

    check = check_data(recipe_of(table, Path("recipe.toml")), timed=False)

    assert check.rows == {"train": 14_041, "valid": 3_250, "test": 3_453}
    within = {v["split"]: v["count"] for v in values(check, "repeated_rows", "repeated.within")}
    across = {
        (v["split"], v["other"]): (v["count"], v["of"], v["long"])
        for v in values(check, "repeated_rows", "repeated.across")
    }
    assert within["train"] == 1_350
    assert across["valid", "train"][:2] == (193, 3_250)
    assert across["test", "train"] == (126, 3_453, 45)
    (adjacent,) = values(check, "illegal_tags", "tags.adjacent")
    assert adjacent["counts"] == "train 70, valid 4, test 20"
    assert found(check, "illegal_tags").points[0].key == "tags.IOB2"
    assert not check.shows_text
    assert not any(one.text for f in check.findings for one in f.found.examples)
