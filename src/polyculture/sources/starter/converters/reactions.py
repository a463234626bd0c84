"""Encoders of chemical reactions, BERT or ALBERT, as plain Hugging Face folders.

A reaction is a line of SMILES (``CCO.Cl>>CCCl``). It is cut into atoms, bonds, rings and brackets
as Schwaller et al. 2018 do, arXiv:1711.04810, and each is looked up in ``vocab.txt``.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StarterError, need
from polyculture.sources.starter.tensors import (
    read_pickle,
    refuse_misfits,
    without_numbers,
    write_json,
    write_model,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

PIECES = (
    r"\[[^\]]+\]|Br?|Cl?|[NOSPFIbcnops]|%\([0-9]{3}\)|%[0-9]{2}|[0-9]"
    r"|>>?|[|().=#+\\/:~@?*$-]"
)
"""An atom, in brackets or not; the number of a ring; an arrow; a bond, branch or other mark."""
SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
SHAPING = (
    "attention_probs_dropout_prob",
    "classifier_dropout_prob",
    "embedding_size",
    "hidden_act",
    "hidden_dropout_prob",
    "hidden_size",
    "initializer_range",
    "inner_group_num",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_groups",
    "num_hidden_layers",
    "pad_token_id",
    "type_vocab_size",
    "vocab_size",
)
"""What is kept of a configuration; the rest tells of old versions of the library."""
HEADS = {
    "seq_relationship": "ForPreTraining",
    "predictions": "ForMaskedLM",
    "classifier": "ForSequenceClassification",
}
"""Part of a weight's name, and the class of network that has it; the first that is found counts."""
REPEATED = {
    "predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "predictions.decoder.bias": "predictions.bias",
}
"""Weights that are kept under another name as well, and so are written once."""


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration, weights and tokenizer.

    Raises:
        StarterError: The weights do not fit the configuration.
    """
    source = members / "pytorch_model.bin"
    held = read_pickle(source)
    config = _config(members / "config.json", held)
    network = _network(config)
    known = set(network.state_dict())
    weights = {
        name: value for name, value in held.items() if name in known and _repeats(name) is None
    }
    _refuse_untied(held, source.name)
    _check(network, weights, source.name)
    write_model(folder, weights, config)
    write_tokenizer(members / "vocab.txt", folder, longest=config["max_position_embeddings"])
    unread = sorted(name for name in held if name not in known and "position_ids" not in name)
    return _notes(unread)


def _notes(unread: list[str]) -> tuple[str, ...]:
    if not unread:
        return ()
    names = ", ".join(unread)
    return (f"{len(unread)} weights that this model does not read are left out: {names}.",)


def _config(file: Path, held: "dict[str, Tensor]") -> dict[str, Any]:
    """The settings of the file, with what some of the files leave to be seen from the weights."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    family, name = ("albert", "Albert") if "embedding_size" in found else ("bert", "Bert")
    parts = {part for weight in held for part in weight.split(".")}
    head = next((kind for part, kind in HEADS.items() if part in parts), "Model")
    config: dict[str, Any] = {"model_type": family, "architectures": [f"{name}{head}"]}
    if "classifier.bias" in held:
        labels = [f"LABEL_{number}" for number in range(len(held["classifier.bias"]))]
        config["id2label"] = dict(enumerate(labels))
        config["label2id"] = {label: number for number, label in enumerate(labels)}
    return config | {key: found[key] for key in SHAPING if found.get(key) is not None}


def _network(config: dict[str, Any]) -> "nn.Module":
    transformers = need("transformers", extra="train", purpose="Reading a model's weights")
    (name,) = config["architectures"]
    made = transformers.AutoConfig.for_model(**config)
    return without_numbers(lambda: getattr(transformers, name)(made))


def _repeats(name: str) -> str | None:
    """The ending of the weight that this one repeats, if it does."""
    return next((other for one, other in REPEATED.items() if name.endswith(one)), None)


def _refuse_untied(held: "dict[str, Tensor]", source: str) -> None:
    """Say so if what should be a repeat holds other numbers, which would be lost."""
    for name, value in held.items():
        ending = _repeats(name)
        others = [held[other] for other in held if ending and other.endswith(ending)]
        if others and not any(value.equal(other) for other in others):
            msg = f"{source}: {name!r} should repeat another weight, but has numbers of its own."
            raise StarterError(msg)


def _check(network: "nn.Module", weights: "dict[str, Tensor]", source: str) -> None:
    """Hold the weights against the network, where those kept once stand for their repeats."""
    state = network.state_dict()
    repeats = {name: value for name, value in state.items() if _repeats(name)}
    refuse_misfits(weights | repeats, network, source)


def write_tokenizer(vocabulary: Path, folder: Path, *, longest: int) -> None:
    """Write a fast tokenizer of SMILES.

    What is no SMILES becomes unknown pieces, where the package's own tokenizer drops it without a
    word; spaces count for nothing in both.

    Raises:
        StarterError: The vocabulary lacks a special piece.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    lines = vocabulary.read_text(encoding="utf-8").splitlines()
    codes = {piece: code for code, piece in enumerate(lines)}
    if lacking := [piece for piece in SPECIAL.values() if piece not in codes]:
        msg = f"{vocabulary.name} lacks the piece {lacking[0]!r}, so it is not what was expected."
        raise StarterError(msg)
    tokenizer = Tokenizer(models.WordLevel(codes, unk_token=SPECIAL["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(PIECES), "isolated")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(piece, codes[piece]) for piece in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens(list(SPECIAL.values()))
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": longest}
    write_json(folder / "tokenizer_config.json", settings | SPECIAL)
