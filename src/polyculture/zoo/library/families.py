"""Which communities the families of the transformers library serve, by its automatic mappings.

The library keeps one table a task (``MODEL_FOR_CAUSAL_LM_MAPPING_NAMES``), from the type of a
model to its class. The files are read as text; nothing of the library is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from polyculture.zoo.library.dictionaries import dictionaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

COMMUNITIES = {
    "MODEL_FOR_CAUSAL_LM": "causal text",
    "MODEL_FOR_MASKED_LM": "masked text",
    "MODEL_FOR_NEXT_SENTENCE_PREDICTION": "masked text",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM": "text-to-text",
    "MODEL_FOR_IMAGE_CLASSIFICATION": "vision",
    "MODEL_FOR_BACKBONE": "vision",
    "MODEL_FOR_MASKED_IMAGE_MODELING": "vision",
    "MODEL_FOR_CAUSAL_IMAGE_MODELING": "vision",
    "MODEL_FOR_IMAGE_TO_IMAGE": "image to image",
    "MODEL_FOR_IMAGE_MATTING": "segmentation",
    "MODEL_FOR_OBJECT_DETECTION": "detection",
    "MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION": "detection",
    "MODEL_FOR_IMAGE_SEGMENTATION": "segmentation",
    "MODEL_FOR_SEMANTIC_SEGMENTATION": "segmentation",
    "MODEL_FOR_INSTANCE_SEGMENTATION": "segmentation",
    "MODEL_FOR_UNIVERSAL_SEGMENTATION": "segmentation",
    "MODEL_FOR_MASK_GENERATION": "segmentation",
    "MODEL_FOR_DEPTH_ESTIMATION": "depth",
    "MODEL_FOR_NORMAL_ESTIMATION": "depth",
    "MODEL_FOR_POINTMAP_ESTIMATION": "depth",
    "MODEL_FOR_KEYPOINT_DETECTION": "keypoints",
    "MODEL_FOR_KEYPOINT_MATCHING": "keypoints",
    "MODEL_FOR_POSE_ESTIMATION": "keypoints",
    "MODEL_FOR_VIDEO_CLASSIFICATION": "video",
    "MODEL_FOR_CTC": "speech",
    "MODEL_FOR_RNNT": "speech",
    "MODEL_FOR_TDT": "speech",
    "MODEL_FOR_SPEECH_SEQ_2_SEQ": "speech",
    "MODEL_FOR_AUDIO_FRAME_CLASSIFICATION": "speech",
    "MODEL_FOR_AUDIO_XVECTOR": "speech",
    "MODEL_FOR_AUDIO_CLASSIFICATION": "audio",
    "MODEL_FOR_AUDIO_TOKENIZATION": "audio",
    "MODEL_FOR_TEXT_TO_SPECTROGRAM": "speech synthesis",
    "MODEL_FOR_TEXT_TO_WAVEFORM": "speech synthesis",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT": "multimodal",
    "MODEL_FOR_MULTIMODAL_LM": "multimodal",
    "MODEL_FOR_VISION_2_SEQ": "multimodal",
    "MODEL_FOR_VISUAL_QUESTION_ANSWERING": "multimodal",
    "MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION": "image-text matching",
    "MODEL_FOR_RETRIEVAL": "retrieval",
    "MODEL_FOR_DOCUMENT_QUESTION_ANSWERING": "document",
    "MODEL_FOR_TEXT_RECOGNITION": "document",
    "MODEL_FOR_TABLE_QUESTION_ANSWERING": "table",
    "MODEL_FOR_TABLE_RECOGNITION": "table",
    "MODEL_FOR_TIME_SERIES_CLASSIFICATION": "time series",
    "MODEL_FOR_TIME_SERIES_REGRESSION": "time series",
    "MODEL_FOR_TIME_SERIES_PREDICTION": "time series",
    "MODEL_FOR_DECISION": "decision heads",
}
"""The automatic mapping (without ``_MAPPING_NAMES``) to the community that it makes."""

ONLY_IF_NONE = {
    "MODEL_FOR_SEQUENCE_CLASSIFICATION": "masked text",
    "MODEL_FOR_TOKEN_CLASSIFICATION": "masked text",
    "MODEL_FOR_QUESTION_ANSWERING": "masked text",
    "MODEL_FOR_MULTIPLE_CHOICE": "masked text",
    "MODEL_FOR_TEXT_ENCODING": "masked text",
    "MODEL_FOR_IMAGE": "vision",
}
"""Mappings that list heads of nearly all models of text, and encoders of images in models of any
kind: they place a family that nothing else places, as a text or an image encoder."""

LEFT_OUT = {
    "MODEL": "every family's plain network, whatever it is for",
    "MODEL_FOR_PRETRAINING": "families of all communities",
}
"""Mappings that say nothing of a community, and why."""

NAMED = {
    "audio": ("encodec", "mimi", "xcodec"),
    "control": ("decision_transformer", "pi0"),
    "document": ("donut", "nougat", "udop", "*_ocr", "*_ocr2", "pp_doclayout*", "pp_ocr*", "uvdoc"),
    "image-text matching": ("bridgetower", "flava", "groupvit", "vision_text_dual_encoder"),
    "protein": ("esm", "esm[0-9c]*", "esmfold*", "evolla"),
    "retrieval": ("dpr", "rag", "colqwen2"),
    "table": ("table_transformer",),
    "time series": ("autoformer", "informer", "time_series_transformer"),
    "video": ("*video*", "tvp", "x_clip"),
}
"""Communities without a mapping of their own, or with one that lacks some: names of families."""

OTHER = "other"
"""The community of a family that nothing places."""

NOT_FAMILIES = frozenset({"auto", "deprecated", "__pycache__"})


@dataclass(frozen=True, kw_only=True)
class Library:
    """What the library's tables and folders name."""

    models: Path
    """The folder ``transformers/models``."""
    families: tuple[str, ...]
    """Folders that define a configuration or a network, in code-point order."""
    folders: frozenset[str]
    """All folders of models, those that only hold a tokeniser among them."""
    types: Mapping[str, tuple[str, ...]]
    """Family to its types of model, the one that is named like the family first."""
    configurations: Mapping[str, str]
    """Type of model to the class of its configuration."""
    mappings: Mapping[str, Mapping[str, str]]
    """Automatic mapping to type of model to class of network."""
    tokenisers: Mapping[str, str] = field(default_factory=dict)
    """Type of model to the class of its tokeniser."""
    processed: frozenset[str] = frozenset()
    """Types of model with a processor, which may hold a tokeniser."""


def library(models: Path) -> Library:
    """Read the tables of ``transformers/models``.

    Args:
        models: The folder; its ``auto`` folder may be missing, then no family has a type.
    """
    tables = dictionaries(sorted((models / "auto").glob("*.py")))
    homes = tables.get("SPECIAL_MODEL_TYPE_TO_MODULE_NAME", {})
    configurations = tables.get("CONFIG_MAPPING_NAMES", {})
    folders = frozenset(path.name for path in models.iterdir() if path.is_dir()) - NOT_FAMILIES
    families = tuple(sorted(name for name in folders if _defines(models / name)))
    types: dict[str, list[str]] = {}
    for kind in configurations:
        types.setdefault(homes.get(kind, kind.replace("-", "_")), []).append(kind)
    return Library(
        models=models,
        families=families,
        folders=folders,
        types={
            family: tuple(sorted(types.get(family, ()), key=lambda kind: _distance(kind, family)))
            for family in families
        },
        configurations=configurations,
        mappings={
            _short(name): table
            for name, table in tables.items()
            if name.startswith("MODEL_") and name.endswith("_NAMES")
        },
        tokenisers=tables.get("TOKENIZER_MAPPING_NAMES", {}),
        processed=frozenset(tables.get("PROCESSOR_MAPPING_NAMES", {})),
    )


def communities(found: Library) -> dict[str, tuple[str, ...]]:
    """The communities of each family: by ``COMMUNITIES``, ``NAMED``, then ``ONLY_IF_NONE``.

    A family may belong to several; one that nothing places belongs to ``other``. A mapping that
    is new in the library and has no place here changes nothing.
    """
    return {
        family: communities_of(found, types=found.types[family], family=family)
        for family in found.families
    }


def communities_of(
    found: Library, *, types: Iterable[str], family: str, classes: Sequence[str] = ()
) -> tuple[str, ...]:
    """The communities of a model.

    Args:
        found: The library's tables.
        types: Its types, as ``model_type`` of a configuration.
        family: The folder that it lies in.
        classes: The classes of its networks, as ``architectures`` of a configuration: where
            they are known and mapped, only their mappings count.
    """
    kinds = set(types)
    for table in (COMMUNITIES, ONLY_IF_NONE):
        placed = {
            community
            for name, community in table.items()
            for kind, network in found.mappings.get(name, {}).items()
            if (network in classes if classes else kind in kinds)
        }
        if table is COMMUNITIES:
            placed |= {name for name, patterns in NAMED.items() if _matches(family, patterns)}
        if placed:
            return tuple(sorted(placed))
    return communities_of(found, types=kinds, family=family) if classes else (OTHER,)


def family_of(found: Library, kind: str) -> str | None:
    """The family of a type of model, or none where the library has no such type.

    Example:
        >>> from pathlib import Path
        >>> tables = Library(models=Path(), families=("bert",), folders=frozenset({"bert"}),
        ...     types={"bert": ("bert",)}, configurations={"bert": "BertConfig"}, mappings={})
        >>> family_of(tables, "bert"), family_of(tables, "my_own")
        ('bert', None)
    """
    return next((family for family, kinds in found.types.items() if kind in kinds), None)


def _matches(family: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(family, pattern) for pattern in patterns)


def _distance(kind: str, family: str) -> tuple[bool, bool, int, str]:
    """Order of the types of one family: the whole model before its towers."""
    plain = kind.replace("-", "_")
    return plain != family, not plain.startswith(family), len(plain), plain


def _defines(folder: Path) -> bool:
    return any(
        next(folder.glob(f"{kind}_*.py"), None) is not None
        for kind in ("modeling", "configuration", "modular")
    )


def _short(name: str) -> str:
    return name.removesuffix("_NAMES").removesuffix("_MAPPING")
