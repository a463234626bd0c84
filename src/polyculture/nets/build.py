"""Open a base as a network with a head for a task; save it; open it again."""

import warnings
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from polyculture.core.errors import ModelError
from polyculture.nets.convolutional import FILE as CONVOLUTIONAL
from polyculture.nets.convolutional import ConvolutionalText
from polyculture.nets.network import Network
from polyculture.nets.pooling import Pooling

HEAD = "head.safetensors"
logging.set_verbosity_error()
logging.disable_progress_bar()


def open_network(
    folder: Path,
    *,
    labels: tuple[str, ...],
    level: Literal["text", "word"],
    model_class: str,
    make_head: Any = None,
    pooling: Pooling = "mean",
) -> Network:
    """Open a base's folder with a head.

    Args:
        folder: A Hugging Face folder, or one of a convolutional base.
        labels: The answers, in the order of the outputs.
        level: Whether texts or words are answered.
        model_class: transformers' class of the standard head.
        make_head: (width, number of labels, dropout) to a head of ours; none for the standard one.
        pooling: How our head sees a text.

    Raises:
        ModelError: The base has no standard head of this task, or cannot be read.
    """
    if make_head is None:
        return _with_standard_head(folder, labels, level, model_class)
    body, untrained = _bare_body(folder)
    dropout = getattr(body.config, "hidden_dropout_prob", None)
    head = make_head(int(body.config.hidden_size), len(labels), 0.1 if dropout is None else dropout)
    return Network(body, level=level, head=head, pooling=pooling, untrained=untrained)


def _with_standard_head(
    folder: Path, labels: tuple[str, ...], level: Literal["text", "word"], model_class: str
) -> Network:
    if (folder / CONVOLUTIONAL).exists():
        msg = "A convolutional base has no standard head. Choose [head] kind = 'mlp' or 'crf'."
        raise ModelError(msg)
    names = dict(enumerate(labels))
    model, info = _loaded(
        getattr(transformers, model_class),
        folder,
        num_labels=len(labels),
        id2label=names,
        label2id={name: code for code, name in names.items()},
    )
    if model.config.get_text_config().pad_token_id is None:
        model.config.pad_token_id = open_tokenizer(folder).pad_token_id
    new = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
    saved = AutoConfig.from_pretrained(folder, local_files_only=True)
    if tuple(saved.id2label.values()) != labels:
        new |= _draw_head_again(model, new)
    return Network(model, level=level, untrained=tuple(sorted(new)))


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


def _bare_body(folder: Path) -> tuple[Any, tuple[str, ...]]:
    if (folder / CONVOLUTIONAL).exists():
        body = ConvolutionalText.of_folder(folder)
        body.load_state_dict(load_file(folder / "model.safetensors"))
        return body, ()
    model, info = _loaded(AutoModel, folder)
    unused = getattr(model, "pooler", None)
    if unused is not None:  # our heads read the vectors of tokens, never the pooler
        model.pooler = None
    return model, tuple(n for n in sorted(info["missing_keys"]) if not n.startswith("pooler."))


def _loaded(kind: Any, folder: Path, **settings: Any) -> tuple[Any, dict[str, Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # weights that are new, by design
            loaded: tuple[Any, dict[str, Any]] = kind.from_pretrained(
                folder,
                dtype=torch.float32,
                output_loading_info=True,
                local_files_only=True,
                use_safetensors=True,
                ignore_mismatched_sizes=True,  # an old head of another task is replaced
                **settings,
            )
    except (OSError, ValueError) as error:
        msg = f"{folder.name!r} cannot be opened as {kind.__name__}: {error}".splitlines()[0]
        raise ModelError(msg) from error
    return loaded


def open_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The base's tokenizer, with a padding token; words go into it by ``word_tokens``."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    tokenizer.padding_side = "right"
    return tokenizer  # type: ignore[no-any-return, unused-ignore]


def save_network(network: Network, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a network so that ``open_network`` gives the same one; see the module's text."""
    folder.mkdir(parents=True, exist_ok=True)
    model: Any = network.model
    if isinstance(model, ConvolutionalText):
        model.save_sizes(folder)
        save_file(_plain(model), folder / "model.safetensors")
    else:
        if not model.config.architectures:
            model.config.architectures = [type(model).__name__]
        model.set_attn_implementation("eager")  # ours would be unknown to other readers
        model.save_pretrained(folder)
    if network.head is not None:
        save_file(_plain(network.head), folder / HEAD)
    tokenizer.save_pretrained(folder)


def load_head(network: Network, folder: Path) -> None:
    """Fill our head with saved weights."""
    if network.head is not None:
        network.head.load_state_dict(load_file(folder / HEAD))


def _plain(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.contiguous() for name, value in module.state_dict().items()}
