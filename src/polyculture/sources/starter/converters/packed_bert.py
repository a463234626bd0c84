"""A BERT encoder out of a packed 4-bit file; ``sources/starter/packed.py`` tells the format."""

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.sources.starter.bert import write_bert
from polyculture.sources.starter.packed import Packed, read_packed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers.normalizers import Normalizer

MATRICES = {  # short name in the file: module of a BERT layer
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
TILDE, PRIVATE = "\uff5e", "\ue000"
"""The full-width tilde, and a character of nobody that hides it from NFKC."""
NOTES = (
    "The weights were stored in blocks of 4 bits and are float32 again; they stay coarse.",
    "For embeddings it expects 'query: ' or 'passage: ' before a text; nothing adds it here.",
)


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration, weights and the tokenizer that lies in the same file."""
    (file,) = members.glob("*.bin")
    packed = read_packed(file)
    write_bert(
        folder,
        weights_of(packed),
        source=file.name,
        heads=packed.heads,
        epsilon=packed.epsilon,
        padding=packed.special["<pad>"],
    )
    write_tokenizer(packed, folder)
    return NOTES


def weights_of(packed: Packed) -> "dict[str, NDArray[np.float32]]":
    """All weights by the names of transformers' ``BertModel``."""
    width, inner = packed.width, packed.inner
    weights = {
        "embeddings.word_embeddings.weight": packed.matrix("emb.word", packed.vocabulary, width),
        "embeddings.position_embeddings.weight": packed.plain("emb.pos", packed.positions, width),
        "embeddings.token_type_embeddings.weight": _token_types(packed),
        "embeddings.LayerNorm.weight": packed.plain("emb.ln.w", width),
        "embeddings.LayerNorm.bias": packed.plain("emb.ln.b", width),
    }
    for layer in range(packed.layers):
        for short, module in MATRICES.items():
            rows = inner if short == "fi" else width
            columns = inner if short == "fo" else width
            target, name = f"encoder.layer.{layer}.{module}", f"l{layer}.{short}"
            weights[f"{target}.weight"] = packed.matrix(f"{name}.w", rows, columns)
            weights[f"{target}.bias"] = packed.plain(f"{name}.b", rows)
        for short, module in NORMS.items():
            target, name = f"encoder.layer.{layer}.{module}", f"l{layer}.{short}"
            weights[f"{target}.weight"] = packed.plain(f"{name}.w", width)
            weights[f"{target}.bias"] = packed.plain(f"{name}.b", width)
    return weights


def _token_types(packed: Packed) -> "NDArray[np.float32]":
    import numpy as np

    stored = packed.rows("emb.type", packed.width)  # may be fewer than the header says
    rows = np.zeros((max(packed.types, stored), packed.width), np.float32)
    rows[:stored] = packed.plain("emb.type", stored, packed.width)
    return rows


def write_tokenizer(packed: Packed, folder: Path) -> None:
    """Write the Unigram tokenizer of the file as a fast tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    tokenizer = Tokenizer(
        models.Unigram(list(packed.pieces), unk_id=packed.special["<unk>"], byte_fallback=False)
    )
    tokenizer.normalizer = _normaliser(packed.normal_forms)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="\u2581", prepend_scheme="always", split=False
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", packed.special["<s>"]), ("</s>", packed.special["</s>"])],
    )
    known = {piece for piece, _ in packed.pieces}
    tokenizer.add_special_tokens([name for name in (*packed.special, "<mask>") if name in known])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": packed.positions,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    if "<mask>" in known:
        settings["mask_token"] = "<mask>"  # noqa: S105  # no password, a piece of text
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")


def _normaliser(forms: Mapping[str, str]) -> "Normalizer":
    """NFKC, corrected where the file's own forms differ from it.

    They turn control characters into nothing or a space and leave the full-width tilde alone. About
    70 rare letters and symbols, newer than the file's forms, are left to NFKC.
    """
    from tokenizers import Regex, normalizers

    differs = [c for c, form in forms.items() if form != unicodedata.normalize("NFKC", c)]

    def one_of(wanted: str) -> "list[Normalizer]":
        points = "".join(f"\\x{{{ord(c):x}}}" for c in differs if forms[c] == wanted)
        return [normalizers.Replace(Regex(f"[{points}]"), wanted)] if points else []

    return normalizers.Sequence(
        [
            *one_of(""),
            *one_of(" "),
            normalizers.Replace(TILDE, PRIVATE),
            normalizers.NFKC(),
            normalizers.Replace(PRIVATE, TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
