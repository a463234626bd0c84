"""Open a base as a network with a head for a task; save it; open it again."""

import warnings
from dataclasses import replace
from inspect import getsource
from pathlib import Path
from typing import Any, TypeAlias

import torch
import transformers
from safetensors.torch import save_file
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from polyculture.core.errors import ModelError, RecipeError
from polyculture.core.task import Form, Output, Reads, WordSpaces
from polyculture.nets.bodies.own_bodies import OwnBody, check_own_body, own_body
from polyculture.nets.clip_padding import leave_out_padding
from polyculture.nets.layers import LinearHead
from polyculture.nets.network import Network
from polyculture.nets.pooling import Pooling
from polyculture.nets.reading.pictures import PictureReader
from polyculture.nets.reading.series import SeriesReader
from polyculture.nets.reading.sounds.clips import SoundReader
from polyculture.nets.reading.sounds.letters import BLANK, read_letters_file, vocabulary_of
from polyculture.nets.saved.added import save_added, without_added
from polyculture.nets.saved.beside import read_beside
from polyculture.nets.saved.configuration import CONFIG, check_settings, kind_reads, reason_of
from polyculture.nets.saved.model_readme import write_readme
from polyculture.nets.saved.weights_fit import check_loaded, load, tensors_of
from polyculture.store.weight_files import read_object, stored_tensors

HEAD = "head.safetensors"
BARE = "AutoModel"
"""What a task names that no class of transformers has a head for."""
ENDS = 2
"""Numbers of each token where positions are asked: an answer starts there, and ends there."""
POOLED: frozenset[Output] = frozenset({"labels", "numbers", "vectors"})
"""Outputs that are made of one vector a row."""
Reader: TypeAlias = PreTrainedTokenizerBase | PictureReader | SoundReader | SeriesReader
"""What makes a base's inputs of rows."""
logging.set_verbosity_error()
logging.disable_progress_bar()


def open_network(
    folder: Path,
    *,
    labels: tuple[str, ...],
    output: Output,
    model_class: str,
    make_head: Any = None,
    pooling: Pooling = "mean",
) -> Network:
    """Open a base's folder with a head.

    Args:
        folder: A Hugging Face folder, or one of a body of ours.
        labels: The answers, in the order of the outputs; empty if one number is answered.
        output: What the head has to give.
        model_class: transformers' class of the standard head.
        make_head: (width, number of labels, dropout) to a head of ours; None for the standard one.
        pooling: How our head sees a text, unless it makes the vector of a text itself.

    Raises:
        ModelError: The base has no standard head of this task, or cannot be read.
        RecipeError: Our head learns to pool a text, and words or places of it are answered.
    """
    if make_head is None:
        if output == "tokens" and form_of(folder) == "encoder" and reads_of(folder) == "sounds":
            return _that_spells(folder, labels, model_class)
        if own_body(folder) is not None:
            msg = (
                f"{folder.name} has no standard head. Set [head] pooling = 'mean', or kind = 'mlp' "
                "or 'crf'."
            )
            raise ModelError(msg)
        if output in {"labels", "word_labels"}:
            return _with_head_of_labels(folder, labels, output, model_class)
        numbers = {"numbers": len(labels) or 1, "positions": ENDS}.get(output)
        sizes = {} if numbers is None else {"num_labels": numbers}
        return _with_own_head(folder, output, model_class, **sizes)
    body, untrained = bare_body(folder)
    dropout = getattr(body.config, "hidden_dropout_prob", None)
    width = _width(body.config)
    if width is None:
        msg = f"{folder / 'config.json'} does not say how wide the vectors are (hidden_size)."
        raise ModelError(msg)
    head = make_head(int(width), len(labels) or 1, 0.1 if dropout is None else dropout)
    if getattr(head, "pool", None) is not None and output not in POOLED:
        msg = (
            "head.pooling = 'attention' learns to make one vector of a text, but this task "
            "answers words or tokens one by one. Leave it out."
        )
        raise RecipeError(msg)
    if getattr(head, "shapes", None) is not None and output != "word_labels":
        msg = (
            "head.shapes = true shows the head how each word is spelt, but this task does not "
            "answer words one by one. Leave it out."
        )
        raise RecipeError(msg)
    return Network(body, output=output, head=head, pooling=pooling, untrained=untrained)


def _that_spells(folder: Path, labels: tuple[str, ...], model_class: str) -> Network:
    """A base that says a letter, or none, for each piece of a clip.

    A standard head stays where it knows all letters of the training texts, else it is drawn anew.
    """
    stored = read_letters_file(folder)
    letters = vocabulary_of(stored, labels)
    if own_body(folder) is not None:
        body, _ = bare_body(folder)
        dropout = body.config.hidden_dropout_prob
        head = LinearHead(body.config.hidden_size, len(letters), dropout=dropout)
        return Network(body, output="tokens", head=head, letters=letters)
    sizes = {"vocab_size": len(letters), "pad_token_id": letters.index(BLANK)}
    model, info = _loaded(getattr(transformers, model_class), folder, **sizes)
    _make_repeatable(model, folder)
    new = set(check_loaded(folder, model, info, is_bare=False))
    if letters != stored:
        new |= _draw_head_again(model, new)
    return Network(model, output="tokens", untrained=tuple(sorted(new)), letters=letters)


def _make_repeatable(model: Any, folder: Path) -> None:
    """Neither skip layers nor hide parts of a clip, and hear no padding.

    The first two draw from generators that threads share. Clips are masked by ``Task.draw``, anew
    each time and the same for any number of threads.

    Raises:
        ModelError: The model hears the padding of a batch.
    """
    for name in ("layerdrop", "encoder_layerdrop", "decoder_layerdrop"):
        for module in (model.config, *model.modules()):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    if getattr(model.config, "apply_spec_augment", False):
        model.config.apply_spec_augment = False
    leave_out_padding(model, folder.name)


def _width(config: Any) -> int | None:
    """How wide the vectors are; of a network in stages, those of the last."""
    stages = getattr(config, "hidden_sizes", None)
    width: int | None = getattr(config, "hidden_size", stages[-1] if stages else None)
    return width


def _with_own_head(folder: Path, output: Output, model_class: str, **sizes: int) -> Network:
    """A base with the head that it was trained with, such as that of a language model."""
    model, info = _loaded(getattr(transformers, model_class), folder, **sizes)
    _make_repeatable(model, folder)
    _name_padding(model, folder)
    new = check_loaded(folder, model, info, is_bare=False)
    return Network(model, output=output, untrained=new)


def _with_head_of_labels(
    folder: Path, labels: tuple[str, ...], output: Output, model_class: str
) -> Network:
    names = dict(enumerate(labels))
    model, info = _loaded(
        getattr(transformers, model_class),
        folder,
        num_labels=len(labels),
        id2label=names,
        label2id={name: code for code, name in names.items()},
    )
    _make_repeatable(model, folder)
    _name_padding(model, folder)
    new = set(check_loaded(folder, model, info, is_bare=False))
    if labels_of(folder) != labels:
        new |= _draw_head_again(model, new)
    return Network(model, output=output, untrained=tuple(sorted(new)))


def _name_padding(model: Any, folder: Path) -> None:
    """Tell a model which token its texts are padded with; early Llamas name one that is not."""
    text = model.config.get_text_config()
    if hasattr(text, "pad_token_id") and reads_of(folder) == "text":
        text.pad_token_id = model.config.pad_token_id = open_tokenizer(folder).pad_token_id


def form_of(folder: Path) -> Form:
    """How a base reads.

    A kind that transformers knows as both is an encoder, unless it says that it is a decoder.
    """
    if own_body(folder) is not None:
        return "encoder"
    from transformers.models.auto import modeling_auto as auto

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if getattr(config, "is_encoder_decoder", False):
        return "encoder_decoder"
    kind = config.model_type
    writes = kind in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    fills_in = kind in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    is_decoder = getattr(config, "is_decoder", False)
    return "decoder" if writes and (is_decoder or not fills_in) else "encoder"


def has_class(folder: Path, model_class: str) -> bool:
    """Whether transformers has a standard head of this kind for the family of a base."""
    if own_body(folder) is not None:
        return True
    if model_class == BARE:
        return False
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return type(config) in getattr(transformers, model_class)._model_mapping  # noqa: SLF001  # there is no public name


def reads_of(folder: Path) -> Reads:
    """What a base reads.

    Raises:
        ModelError: Its settings are broken, or it reads neither text, pictures, sounds nor
            series alone.
    """
    kind = own_body(folder)
    if kind is not None:
        return kind.reads
    check_settings(folder, str(folder))
    return kind_reads(read_object(folder / CONFIG)["model_type"]) or "text"


def labels_of(folder: Path) -> tuple[str, ...]:
    """The labels of the standard head in a folder, as its configuration names them."""
    saved = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return tuple(saved.id2label[code] for code in sorted(saved.id2label))


def _draw_head_again(model: Any, new: set[str]) -> set[str]:
    """Forget a head that answers with other labels, also where it happens to have the same size."""
    prefix = f"{model.base_model_prefix}."
    old = {name for name, _ in model.named_parameters() if not name.startswith(prefix)} - new
    if old:
        fresh = type(model)(model.config)
        with torch.no_grad():
            for name in old:
                model.get_parameter(name).copy_(fresh.get_parameter(name))
    return old


def bare_body(folder: Path) -> tuple[Any, tuple[str, ...]]:
    """A base without any head, one of ours too, and which of its weights are not in its files.

    Raises:
        ModelError: Its files are damaged, or are not those of a base.
    """
    kind = own_body(folder)
    if kind is not None:
        return _own(folder, kind), ()
    model, info = _loaded(AutoModel, folder, **_one_at_a_time(folder))
    _make_repeatable(model, folder)
    new = check_loaded(folder, model, info, is_bare=True)
    unused = getattr(model, "pooler", None)
    if unused is not None and any(True for _ in unused.parameters()):
        # our heads read the vectors of tokens, never the pooler; some bodies call it all the same
        model.pooler = None if "pooler is not None" in getsource(type(model)) else nn.Identity()
    return model, tuple(name for name in new if not name.startswith("pooler."))


def _one_at_a_time(folder: Path) -> dict[str, Any]:
    """Settings with which a base of transformers reads series one by one, and hides no patches.

    Raises:
        ModelError: It has weights for each of the series that it was trained on.
    """
    if reads_of(folder) != "series":
        return {}
    settings = read_object(folder / CONFIG)
    count = settings.get("num_input_channels", 1)
    if count != 1 and not settings.get("share_embedding", True):
        msg = (
            f"{folder.name} has weights for each of {count} series (share_embedding = false), but "
            "here series are read one by one. Choose another base."
        )
        raise ModelError(msg)
    return {"num_input_channels": 1, "do_mask_input": False}


def _own(folder: Path, kind: type[OwnBody]) -> OwnBody:
    check_own_body(folder, kind, stored_tensors(folder))
    body = kind.of_folder(folder)
    body.load_state_dict(tensors_of(folder / "model.safetensors"), strict=False)
    return body


def _loaded(kind: Any, folder: Path, **settings: Any) -> tuple[Any, dict[str, Any]]:
    check_settings(folder, str(folder))
    stored_tensors(folder)
    return load(kind, folder, **settings)


def open_reader(folder: Path) -> Reader:
    """What makes a base's inputs of rows: its tokenizer, or its reader of whatever it reads.

    Raises:
        ModelError: It is missing or damaged, or would need code of its own.
    """
    match reads_of(folder):
        case "pictures":
            return PictureReader.of_folder(folder)
        case "sounds":
            writes = form_of(folder) != "encoder"
            return SoundReader.of_folder(folder, open_tokenizer(folder) if writes else None)
        case "series":
            return SeriesReader.of_folder(folder)
        case "text":
            return open_tokenizer(folder)


def open_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The base's tokenizer, with a padding token; words go into it by ``word_tokens``.

    Raises:
        ModelError: It is damaged, would need code of its own, or has no padding token.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # transformers raises whatever it likes
        msg = f"The tokenizer of {folder} cannot be opened: {_reason(folder, error)}."
        raise ModelError(msg) from error
    if not tokenizer.is_fast:
        msg = f"{folder} has no tokenizer.json, and no other kind of tokenizer is read."
        raise ModelError(msg)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token is None:
        msg = f"The tokenizer of {folder} names no token for padding, end or unknown words."
        raise ModelError(msg)
    tokenizer.padding_side = "right"
    return tokenizer  # type: ignore[no-any-return, unused-ignore]


def _reason(folder: Path, error: Exception) -> str:
    """Why a tokenizer cannot be opened; its files are only looked at when it is too late."""
    settings, file = folder / "tokenizer_config.json", folder / "tokenizer.json"
    if settings.is_file() and "auto_map" in read_object(settings):
        return "it comes as code (auto_map), and code that comes with a model is never run here"
    if file.is_file() and not isinstance(read_object(file).get("model"), dict):
        return "its tokenizer.json holds no 'model'"
    return reason_of(error)


def save_network(
    network: Network,
    reader: Reader,
    folder: Path,
    spaces: WordSpaces = "as_in_text",
) -> None:
    """Write a network so that ``open_network`` gives the same one, with a page on what opens it.

    Args:
        network: What to save.
        reader: Its tokenizer, or reader of pictures, sounds or series.
        folder: Where; it is made.
        spaces: Which words it saw with a space before them, for that page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model: Any = network.model
    if isinstance(model, OwnBody):
        model.save_sizes(folder)
        save_file(dict(without_added(network)), folder / "model.safetensors")
    else:
        if network.head is not None:
            _forget_labels(model.config)
        model.config.architectures = [type(model).__name__]
        model.set_attn_implementation("eager")  # ours would be unknown to other readers
        plain = {"state_dict": without_added(network)} if network.added else {}
        model.save_pretrained(folder, **plain)
    save_added(network, folder)
    if network.head is not None:
        head = {name: weight.contiguous() for name, weight in network.head.state_dict().items()}
        save_file(head, folder / HEAD)
    if isinstance(reader, SoundReader):
        reader = replace(reader, letters=network.letters)
    reader.save_pretrained(folder)
    write_readme(network, reader, folder, spaces)


def _forget_labels(config: Any) -> None:
    """Leave no labels of an older task, which a plain class would give to a random head."""
    config.id2label = {0: "LABEL_0", 1: "LABEL_1"}  # the library's default, which says nothing
    config.label2id = {"LABEL_0": 0, "LABEL_1": 1}
    config.problem_type = None


def load_head(network: Network, folder: Path) -> None:
    """Fill our head with saved weights.

    Raises:
        ModelError: They are missing, damaged, or those of a head of other sizes.
    """
    if network.head is not None:
        needed = {name: weight.shape for name, weight in network.head.state_dict().items()}
        network.head.load_state_dict(read_beside(folder / HEAD, needed, "head"))
