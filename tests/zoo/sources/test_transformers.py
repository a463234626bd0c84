"""The transformers library as cards: what its files say, and what its networks are made of."""

import json
import re
import subprocess
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError
from polyculture.core.views import Architecture, Module
from polyculture.zoo.frames import frame
from polyculture.zoo.library import families, graph_json, inheritance, workers
from polyculture.zoo.library.build_on_meta import reason_of, without_weights
from polyculture.zoo.library.cache import keep, kept
from polyculture.zoo.library.tokenisers import tokenisers
from polyculture.zoo.sources import transformers

SPEC = find_spec("transformers")
MODELS = Path(next(iter((SPEC.submodule_search_locations if SPEC else None) or [""]))) / "models"
NAMES = frozenset({"alpha", "beta", "gamma", "delta"})

needs_library = pytest.mark.skipif(SPEC is None, reason="transformers is not installed")


def family(folder: Path, name: str, **files: str) -> Path:
    """A made-up family: ``modular="…"`` writes ``modular_<name>.py``."""
    (folder / name).mkdir(parents=True)
    for kind, text in files.items():
        (folder / name / f"{kind}_{name}.py").write_text(text, encoding="utf-8")
    return folder / name


def tables(folder: Path, modeling: str, configuration: str) -> None:
    (folder / "auto").mkdir(parents=True)
    (folder / "auto" / "modeling_auto.py").write_text(modeling, encoding="utf-8")
    (folder / "auto" / "configuration_auto.py").write_text(configuration, encoding="utf-8")


# Inheritance, from made-up files


@pytest.mark.parametrize(
    ("lines", "parents"),
    [
        ("from ..beta.modeling_beta import Layer\nclass A(Layer): pass", {"beta": 1}),
        ("from ..beta.modeling_beta import Layer as L\nclass A(L): pass", {"beta": 1}),
        ("from ...models.beta.modeling_beta import Layer\nclass A(Layer): pass", {"beta": 1}),
        ("from transformers.models.beta import Layer\nclass A(Layer): pass", {"beta": 1}),
        ("from ..beta import modeling_beta\nclass A(modeling_beta.Layer): pass", {"beta": 1}),
        ("from .. import beta as b\nclass A(b.modeling_beta.Layer): pass", {"beta": 1}),
        (
            (
                "import transformers.models.beta.modeling_beta\n"
                "class A(transformers.models.beta.modeling_beta.Layer): pass"
            ),
            {"beta": 1},
        ),
        (
            "import transformers.models.beta.modeling_beta as m\nclass A(m.Layer): pass",
            {"beta": 1},
        ),
        ("from ..beta.modeling_beta import Layer\nclass A(Layer[int]): pass", {"beta": 1}),
        (
            (
                "from ..beta.modeling_beta import One, Two\nfrom ..gamma.proc import P\n"
                "class A(One, Two): pass\nclass B(Two): pass\nclass C(P, One): pass"
            ),
            {"beta": 3, "gamma": 1},
        ),
        ("if True:\n    from ..beta.modeling_beta import One\nclass A(One): pass", {"beta": 1}),
        ("from ..alpha.modeling_alpha import Own\nclass A(Own): pass", {}),
        ("from ...modeling_utils import Base\nclass A(Base): pass", {}),
        ("from ..auto import Auto\nclass A(Auto): pass", {}),
        ("from ..beta.modeling_beta import used\nclass A(object):\n    x = used()", {}),
        ("class A(unknown.Thing, call()): pass", {}),
        ("this is not python", {}),
    ],
)
def test_a_class_base_from_another_family_is_a_parent(
    tmp_path: Path, lines: str, parents: dict[str, int]
) -> None:
    """However it is imported; once a class; neither the family itself nor shared files count."""
    alpha = family(tmp_path, "alpha", modular=lines)

    assert dict(inheritance.bases(alpha, NAMES)) == parents


def test_only_modular_files_have_class_bases(tmp_path: Path) -> None:
    """Files that the library generates from modular ones repeat no inheritance."""
    text = "from ..beta.modeling_beta import Layer\nclass A(Layer): pass"

    assert not inheritance.bases(family(tmp_path, "alpha", modeling=text), NAMES)


def test_copies_are_counted_by_comment_and_from_other_families_alone(tmp_path: Path) -> None:
    """All files of the family count, the family itself and shared files do not."""
    folder = family(
        tmp_path,
        "alpha",
        modeling="# Copied from transformers.models.beta.modeling_beta.Layer with Beta->Alpha\n"
        "class A:\n    # Copied from transformers.models.beta.modeling_beta.B.forward\n    x = 1\n"
        "# Copied from transformers.models.alpha.modeling_alpha.Own\n"
        "# Copied from transformers.modeling_utils.thing\n"
        "# Adapted from transformers.models.gamma.modeling_gamma.G\n",
        tokenization="# Copied from transformers.models.deprecated.gamma.tokenization_gamma.G\n",
    )

    assert dict(inheritance.copies(folder, NAMES)) == {"beta": 2, "gamma": 1}


@pytest.mark.parametrize(
    ("header", "year"),
    [
        ("# Copyright 2021 The HuggingFace Inc. team.", 2021),
        (
            "# Copyright 2018 Google and The HuggingFace Inc. team.\n# Copyright 2020 Hugging Face",
            2020,
        ),
        ("# Copyright 2022 The HuggingFace team\n# Copyright (c) 2025, NVIDIA CORPORATION.", 2022),
        ("# Copyright (c) 2018-2021, NVIDIA CORPORATION.", 2018),
        ("# Copyright 2019-present, the HuggingFace Inc. team", 2019),
        ("# Copyright 2010 The HuggingFace Inc. team", None),
        ("# Copyright Studio Ousia and The HuggingFace Inc. team", None),
        ("x = 2020", None),
    ],
)
def test_the_year_of_the_port_is_the_latest_that_hugging_face_names(
    tmp_path: Path, header: str, year: int | None
) -> None:
    """Older lines are those of projects it was made from; impossible years are not years."""
    assert inheritance.year(family(tmp_path, "alpha", modeling=header)) == year


def test_a_family_without_a_year_in_its_model_takes_that_of_its_configuration(
    tmp_path: Path,
) -> None:
    """The headers are asked in the order modeling, modular, configuration."""
    folder = family(
        tmp_path,
        "alpha",
        modeling="# no header",
        configuration="# Copyright 2024 The HuggingFace Inc. team.",
    )

    assert inheritance.year(folder) == 2024


# Families and communities, from made-up tables


def made_up(folder: Path) -> families.Library:
    tables(
        folder,
        modeling="from collections import OrderedDict\n"
        'MODEL_MAPPING_NAMES = OrderedDict([("alpha", "AlphaModel"), ("beta-one", "BetaModel")])\n'
        'MODEL_FOR_CAUSAL_LM_MAPPING_NAMES = OrderedDict([("alpha", "AlphaForCausalLM")])\n'
        "MODEL_FOR_MASKED_LM_MAPPING_NAMES = OrderedDict(\n"
        '    [*list(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.items()), ("beta_text", ("B", "C"))])\n'
        'MODEL_FOR_DREAMS_MAPPING_NAMES = OrderedDict([("gamma", "GammaForDreams")])\n',
        configuration="CONFIG_MAPPING_NAMES = OrderedDict([\n"
        '    ("alpha", "AlphaConfig"), ("beta-one", "BetaConfig"), ("beta_text", "TextConfig"),\n'
        '    ("gamma", "GammaConfig")])\n'
        'SPECIAL_MODEL_TYPE_TO_MODULE_NAME = OrderedDict([("beta_text", "beta_one")])\n',
    )
    for name in ("alpha", "beta_one", "gamma"):
        family(folder, name, configuration="x = 1")
    family(folder, "words", tokenization="x = 1")
    return families.library(folder)


def test_tables_are_read_as_text(tmp_path: Path) -> None:
    """Tables that take others in, several classes for one type, types in another's folder."""
    found = made_up(tmp_path)

    assert found.families == ("alpha", "beta_one", "gamma")
    assert found.folders - set(found.families) == {"words"}
    assert found.types["beta_one"] == ("beta-one", "beta_text")
    assert found.mappings["MODEL_FOR_MASKED_LM"] == {"alpha": "AlphaForCausalLM", "beta_text": "B"}
    assert families.family_of(found, "beta_text") == "beta_one"
    assert families.family_of(found, "nothing") is None


def test_a_family_belongs_to_the_communities_of_its_mappings(tmp_path: Path) -> None:
    """To several, if it is in several; to "other", if no mapping that we know has it."""
    assert families.communities(made_up(tmp_path)) == {
        "alpha": ("causal text", "masked text"),
        "beta_one": ("masked text",),
        "gamma": ("other",),
    }


def test_a_configuration_belongs_to_the_communities_of_the_classes_it_names(
    tmp_path: Path,
) -> None:
    """Where it names a class that is mapped; else to those of its type."""
    found = made_up(tmp_path)

    mapped, unknown = (
        families.communities_of(found, types=["beta_text"], family="beta_one", classes=classes)
        for classes in (["AlphaForCausalLM"], ["SomethingElse"])
    )

    assert mapped == ("causal text", "masked text")
    assert unknown == ("masked text",)


def test_tokenisers_are_told_by_their_model_and_inherited(tmp_path: Path) -> None:
    """``model = BPE``, a base class, or the source; a SentencePiece model's kind is not told."""
    found = made_up(tmp_path)
    sources = {
        "alpha": "class AlphaTokenizer(Backend):\n    model = BPE\n",
        "beta_one": "class BetaTokenizer(AlphaTokenizer):\n    pass\n",
        "gamma": "class GammaTokenizer(SentencePieceBackend):\n    pass\n",
    }
    for name, text in sources.items():
        (tmp_path / name / f"tokenization_{name}.py").write_text(text, encoding="utf-8")

    assert tokenisers(found) == {"alpha": "BPE", "beta_one": "BPE"}


# Processes that hang or crash

TROUBLE = """
import json, os, sys, time
for line in sys.stdin:
    name = line.strip()
    if name == "hangs":
        time.sleep(600)
    if name == "crashes":
        os._exit(7)
    if name == "mumbles":
        print("no JSON", flush=True)
        continue
    print(json.dumps({"graph": None, "traits": {}, "reason": "told " + name}), flush=True)
"""


@pytest.mark.slow
def test_a_family_that_hangs_or_crashes_costs_its_own_answer_alone() -> None:
    """Its process is replaced, the rest is answered, and the reason says what happened."""
    names = ["one", "hangs", "two", "crashes", "three", "mumbles", "four"]

    found = dict(workers.answers(names, start=TROUBLE, processes=2, seconds=3, loading=0))

    reasons = {name: answer["reason"] for name, answer in found.items()}
    assert set(reasons) == set(names)
    assert [reasons[name] for name in ("one", "two", "three", "four")] == [
        f"told {name}" for name in ("one", "two", "three", "four")
    ]
    assert reasons["hangs"] == "it took longer than 3 s"
    assert reasons["crashes"] == "its process ended with code 7"
    assert "ended" in reasons["mumbles"]


def test_giving_up_ends_the_processes() -> None:
    """A reader that stops after the first answer does not wait for one that hangs."""
    answers = workers.answers(["one", "hangs"], start=TROUBLE, processes=2, seconds=60)

    assert next(answers)[0] == "one"
    answers.close()  # type: ignore[attr-defined]  # the pytest timeout is the assertion


# The cache


def small_cards() -> Cards:
    modules = (Module(kind="block"), Module(kind="linear", parents=(0,), shape=(2, 3)))
    graph = Architecture(modules=modules, parameters=9, configuration={"width": 3, "name": None})
    row = {"name": "alpha", "communities": ["vision"], "year": 2020, "is_built": True}
    return Cards(
        source="transformers 0",
        unit="family",
        table=frame([row], CARD_COLUMNS),
        parents=frame([], PARENT_COLUMNS),
        traits=frame([], TRAIT_COLUMNS),
        graphs={"alpha": graph},
        listed=2,
        is_census=True,
        notes=("a note",),
        joined=(("A", "a"),),
    )


def test_cards_read_back_are_those_that_were_kept(tmp_path: Path) -> None:
    """Tables in their types, graphs, notes and all."""
    cards = small_cards()

    keep(cards, tmp_path / "kept")
    back = kept(tmp_path / "kept")

    assert back is not None
    assert back.table.equals(cards.table)
    assert back.table.schema == cards.table.schema
    assert back.graphs == cards.graphs
    assert (back.notes, back.joined, back.listed) == (cards.notes, cards.joined, cards.listed)


@pytest.mark.parametrize("name", ["cards.json", "graphs.json.gz", "table.parquet"])
@pytest.mark.parametrize("content", [b"", b"{}", b"broken"])
def test_a_broken_cache_counts_as_none(tmp_path: Path, name: str, content: bytes) -> None:
    """Whatever file is broken, the library is read again."""
    keep(small_cards(), tmp_path / "kept")
    (tmp_path / "kept" / name).write_bytes(content)

    back = kept(tmp_path / "kept")

    assert back is None or (name, content) == ("graphs.json.gz", b"{}")


def test_a_cut_off_cache_counts_as_none(tmp_path: Path) -> None:
    """Half of the graphs is no graphs."""
    keep(small_cards(), tmp_path / "kept")
    whole = (tmp_path / "kept" / "graphs.json.gz").read_bytes()
    (tmp_path / "kept" / "graphs.json.gz").write_bytes(whole[: len(whole) // 2])

    assert kept(tmp_path / "kept") is None


# Building


def test_a_network_that_needs_numbers_is_built_all_the_same() -> None:
    """Where the meta device has no values, only the weights are put there."""
    import torch
    from torch import nn

    def make() -> nn.Module:
        rates = torch.linspace(0, 0.5, 3)
        return nn.Sequential(*(nn.Dropout(rate.item()) for rate in rates), nn.Linear(4, 4))

    network = without_weights(make)

    assert {weight.device.type for weight in network.parameters()} == {"meta"}
    assert network[2].p == 0.5


def test_what_cannot_be_built_says_why_in_one_line() -> None:
    """The first error is told, not the one of the second try."""
    tries: list[int] = []

    def make() -> Any:
        tries.append(1)
        msg = f"try {len(tries)}\nneeds more than this"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="try 1") as error:
        without_weights(make)
    assert reason_of(error.value) == "ValueError: try 1 needs more than this"
    assert len(reason_of(ValueError("long " * 100))) <= 140


def test_packed_graphs_are_small() -> None:
    """A stack of equal layers costs three short numbers a module."""
    layer = [Module(kind="linear", parents=(0,), shape=(768, 768))] * 1000
    graph = Architecture(modules=(Module(kind="block"), *layer), parameters=0, configuration={})

    assert len(json.dumps(graph_json.packed(graph))) < 10_000
    assert graph_json.unpacked(graph_json.packed(graph)) == graph


def test_a_place_is_refused(tmp_path: Path) -> None:
    """The library is where it is installed; a path would be silently ignored."""
    with pytest.raises(DataError, match="where it is installed"):
        transformers.PLUGIN.read([tmp_path])


# The real library


@needs_library
def test_every_automatic_mapping_is_placed_or_left_out_on_purpose() -> None:
    """A mapping that is new in the library shows here, and is given a community or a reason."""
    known = {*families.COMMUNITIES, *families.ONLY_IF_NONE, *families.LEFT_OUT}

    assert set(families.library(MODELS).mappings) - known == set()


@needs_library
@pytest.mark.slow
def test_heirs_of_llama_are_those_that_a_search_finds() -> None:
    """Counted again with two regular expressions over the modular files."""
    heirs = set()
    for path in MODELS.glob("*/modular_*.py"):
        text = path.read_text(encoding="utf-8")
        imports = re.findall(
            r"^\s*from (?:\.\.|\.\.\.models\.|transformers\.models\.)llama\.\w+ import "
            r"(\([^)]*\)|[^\n]*)",
            text,
            re.MULTILINE,
        )
        names = {name for found in imports for name in re.findall(r"\w+", found)}
        bases = re.findall(r"^class \w+\(([^)]*)\)", text, re.MULTILINE)
        if names & {base.strip() for found in bases for base in found.split(",")}:
            heirs.add(path.parent.name)

    found = families.library(MODELS)
    ours = {
        name
        for name in found.families
        if "llama" in inheritance.bases(MODELS / name, found.folders)
    }

    assert ours == heirs - {"llama"}
    assert len(ours) > 20


@pytest.mark.slow
@needs_library
def test_copies_of_bert_are_those_that_grep_finds() -> None:
    """Comments counted again by another program."""
    lines = subprocess.run(
        ["grep", "-rcE", "--include=*.py", "# Copied from transformers.models.bert[.]", MODELS],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        path, _, count = line.rpartition(":")
        counts[Path(path).parent.name] += int(count)

    found = families.library(MODELS)
    ours = {
        name: inheritance.copies(MODELS / name, found.folders)["bert"] for name in found.families
    }

    assert {name: count for name, count in ours.items() if count} == {
        name: count
        for name, count in counts.items()
        if count and name != "bert" and name in found.families
    }
    assert sum(count > 0 for count in ours.values()) > 30


@needs_library
def test_years_of_the_library_are_possible() -> None:
    """Most families have one, none is older than the library; BERT is of its first year."""
    found = families.library(MODELS)
    years = [inheritance.year(MODELS / name) for name in found.families]
    known = [year for year in years if year is not None]

    assert len(known) > 0.95 * len(years)
    assert min(known) >= 2018
    assert inheritance.year(MODELS / "bert") == 2018


@needs_library
def test_well_known_families_are_in_their_communities() -> None:
    """A few that anybody would place by hand."""
    places = families.communities(families.library(MODELS))

    assert "masked text" in places["bert"]
    assert "causal text" in places["llama"]
    assert "text-to-text" in places["t5"]
    assert "vision" in places["vit"]
    assert "detection" in places["detr"]
    assert "speech" in places["wav2vec2"]
    assert "protein" in places["esm"]
    assert "multimodal" in places["llava"]
    assert "time series" in places["informer"]
    assert sum(kinds == ("other",) for kinds in places.values()) < 0.06 * len(places)


@pytest.mark.slow
@needs_library
def test_tokenisers_known_by_hand() -> None:
    """BERT cuts into word pieces, GPT-2 merges bytes, T5 has a unigram model, CANINE characters."""
    kinds = tokenisers(families.library(MODELS))

    assert [kinds[name] for name in ("bert", "gpt2", "t5", "canine", "vit")] == [
        "WordPiece",
        "BPE",
        "Unigram",
        "character",
        "none",
    ]


FEW = {
    "bert": {
        "mixer": ["attention"],
        "attention": ["multi-head"],
        "normalisation": ["layer_norm"],
        "activation": ["gelu"],
        "position": ["learned"],
        "experts": ["dense"],
    },
    "llama": {
        "mixer": ["attention"],
        "normalisation": ["rms_norm"],
        "activation": ["silu"],
        "position": ["rotary"],
        "experts": ["dense"],
    },
    "mamba": {
        "mixer": ["state space"],
        "attention": ["none"],
        "normalisation": ["rms_norm"],
        "position": ["none"],
    },
    "mixtral": {"attention": ["grouped-query"], "experts": ["mixture"]},
    "deepseek_v3": {"attention": ["latent"], "experts": ["mixture"]},
    "gpt_bigcode": {"attention": ["multi-query"]},
    "resnet": {
        "mixer": ["convolution"],
        "attention": ["none"],
        "normalisation": ["batch_norm"],
        "activation": ["relu"],
    },
    "t5": {"position": ["relative"], "activation": ["relu"], "normalisation": ["rms_norm"]},
    "bloom": {"position": ["alibi"]},
    "jamba": {"mixer": ["attention", "state space"], "experts": ["mixture"]},
    "dinov2": {"normalisation": ["layer_norm"], "mixer": ["attention"], "position": ["learned"]},
    "wav2vec2": {"mixer": ["attention", "convolution"]},
    "roformer": {"position": ["rotary", "sinusoidal"]},  # a table of sines is what it rotates by
    "fnet": {"mixer": ["fourier"], "attention": ["none"]},
    "rwkv": {"mixer": ["linear attention"]},
}


@pytest.mark.slow
@needs_library
def test_traits_known_by_hand() -> None:
    """Families whose papers say how they are built."""
    cards = transformers.cards_of(families.library(MODELS), "transformers", families=list(FEW))

    told = {
        name: {
            trait: cards.traits.filter(pl.col("name") == name, pl.col("trait") == trait)["value"]
            .sort()
            .to_list()
            for trait in traits
        }
        for name, traits in FEW.items()
    }
    assert told == FEW
    parameters = dict(cards.table.select("name", "parameters").iter_rows())
    assert parameters["bert"] == pytest.approx(110e6, rel=0.02)  # BERT base, as published


@pytest.mark.slow
@pytest.mark.timeout(900)
@needs_library
def test_nearly_all_of_the_library_is_built_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least nine families in ten; each other one has its reason; the second reading is quick."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path))
    told: list[tuple[int, int, str]] = []

    cards = transformers.PLUGIN.read(on_progress=lambda *step: told.append(step))
    again = transformers.PLUGIN.read()

    table = cards.table
    assert {name: str(kind) for name, kind in table.schema.items()} == CARD_COLUMNS
    assert table["name"].to_list() == sorted(set(table["name"]))
    assert table["is_built"].mean() >= 0.9  # type: ignore[operator]
    assert table.filter(~pl.col("is_built"))["reason"].str.len_chars().min() > 5  # type: ignore[operator]
    assert table.filter("is_built")["reason"].null_count() == table["is_built"].sum()
    assert set(cards.graphs) == set(table.filter("is_built")["name"])
    assert set(cards.parents["kind"]) == {"base", "copy"}
    assert told[-1][:2] == (len(table), len(table))
    assert again.table.equals(table)
    assert again.parents.equals(cards.parents)
    assert again.traits.equals(cards.traits)
    assert again.graphs == cards.graphs
