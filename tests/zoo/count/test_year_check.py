"""Years of two sources are compared where their names match, and only there."""

from pathlib import Path

import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.cards import Cards
from polyculture.core.values import Known, Undefined
from polyculture.zoo.count.years.year_check import year_check

EPOCH = Path(__file__).parents[4] / "shared" / "data" / "epoch-ai-models"


def zoo(rows: dict[str, int | None], makers: dict[str, str] | None = None) -> Cards:
    table = pl.DataFrame(
        {
            "name": list(rows),
            "year": list(rows.values()),
            "maker": [(makers or {}).get(name, "we") for name in rows],
        },
        schema={"name": pl.String, "year": pl.Int32, "maker": pl.String},
    )
    return Cards(
        source="zoo", unit="model", table=table, parents=pl.DataFrame(), traits=pl.DataFrame()
    )


def matched(family: str, model: str) -> bool:
    return year_check(zoo({family: 2024}), zoo({model: 2020})).matched == 1


@pytest.mark.parametrize(
    ("family", "model"),
    [
        ("llama", "LLaMA-7B"),
        ("llava", "LLaVA 1.5"),
        ("phi", "Phi-1"),
        ("gpt_neox", "GPT-NeoX-20B"),
        ("gpt2", "GPT-2 (1.5B)"),
        ("gptj", "GPT-J-6B"),
        ("t5", "T5-11B"),
        ("mixtral", "Mixtral 8x7B"),
        ("wav2vec2", "wav2vec 2.0 LARGE"),
        ("deepseek_v3", "DeepSeek-V3"),
        ("xlm_roberta", "XLM-RoBERTa"),
        ("esm", "ESM-650M"),
        ("vit", "ViT-Huge/14"),
        ("clip", "CLIP (ViT L/14@336px)"),
    ],
)
def test_a_family_matches_its_models_up_to_size_and_version(family: str, model: str) -> None:
    """Letters and digits are compared, and what follows may only be a size or a version."""
    assert matched(family, model)


@pytest.mark.parametrize(
    ("family", "model"),
    [
        ("qwen2_moe", "Qwen2-72B"),
        ("qwen2", "Qwen-72B"),
        ("llama", "Llama Guard-7B"),
        ("bert", "RoBERTa Large"),
        ("bert", "BERTology"),
        ("opt1_3", "OPT-13B"),
        ("clip", "CLIP ViT-H/14 - LAION-2B"),
        ("gpt2", "GPT-20B"),
        ("beit", "BEIT-3"),
        ("videomae", "VideoMAE V2"),
        ("llama", "Llama 3.1-405B"),
    ],
)
def test_a_longer_or_shorter_name_is_another_family(family: str, model: str) -> None:
    """A prefix alone is no match."""
    assert not matched(family, model)


def test_the_longer_family_gets_the_model_and_the_earliest_year_counts() -> None:
    """GPT-2 is no model of a family "gpt" where there is a family "gpt2"."""
    ours = zoo({"gpt": 2022, "gpt2": 2021, "t5": 2020})
    theirs = zoo({"GPT-2 (124M)": 2020, "GPT-2 (1.5B)": 2019, "GPT": 2018, "T5-11B": 2020})

    check = year_check(ours, theirs)

    assert check.matched == 3
    assert isinstance(check.median_lag, Known)
    assert check.median_lag.number == 2
    assert check.largest == (("gpt", 2022, 2018), ("gpt2", 2021, 2019))
    assert check.against == "zoo"


def test_names_that_could_mean_two_things_are_left_out() -> None:
    """Two families of one spelling, one name by two makers, and cards without a year."""
    ours = zoo({"x_clip": 2022, "xclip": 2023, "align": 2022, "sam": None})
    theirs = zoo(
        {"X-CLIP": 2021, "ALIGN": 2021, "Align": 1999, "SAM": 2023, "SAM 2": None},
        makers={"Align": "others"},
    )

    check = year_check(ours, theirs)

    assert check.matched == 0
    assert isinstance(check.median_lag, Undefined)
    assert check.largest == ()


@pytest.mark.skipif(not EPOCH.is_dir(), reason="the table is not here")
def test_families_checked_by_hand_have_their_years_of_publication() -> None:
    """Eight families whose first paper everybody knows, against Epoch AI's table."""
    known = {
        "bert": 2018, "gpt2": 2019, "roberta": 2019, "t5": 2019, "gpt_neox": 2022,
        "opt": 2022, "llama": 2023, "mistral": 2023,
    }  # fmt: skip
    epoch = parts.load("zoo.sources", "table").read([EPOCH])

    check = year_check(zoo(dict(known)), epoch)

    assert check.matched == len(known)
    assert check.largest == ()
