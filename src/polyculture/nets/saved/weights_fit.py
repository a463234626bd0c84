"""Check that saved weights fit the network that a configuration describes.

transformers fills whatever its files do not hold, or hold in another shape, with random numbers. A
network like that is not the base that its name says, so it is refused. Only heads may be new, and
the pooler, which many encoders are published without.
"""

import copy
import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoModel, PreTrainedTokenizerBase

from polyculture.core.errors import ModelError
from polyculture.nets.network import Network, body_name
from polyculture.nets.saved.configuration import kind_reads, reason_of
from polyculture.store.weight_files import Stored

POOLER = "pooler."
SHOWN = 5
"""Labels that a message lists."""


def refuse_misfits(
    folder: Path,
    needed: Mapping[str, Sequence[int]],
    missing: Iterable[str],
    other: Mapping[str, Sequence[int]],
) -> None:
    """Refuse weights of which one is missing or has another shape, naming the first.

    Args:
        folder: Where the weights are.
        needed: The network's tensors and their shapes, in its order.
        missing: Those that the files do not hold.
        other: Those of another shape, with the shape in the file.

    Raises:
        ModelError: There is such a tensor.
    """
    lacking = set(missing)
    misfits = [name for name in needed if name in lacking or name in other]
    if not misfits:
        return
    name = misfits[0]
    shape = _written(needed[name])
    if name in other:
        what = f"{name!r} is {_written(other[name])} in the file, but {shape} is needed"
    elif len(misfits) == len(needed):
        what = f"none of the tensors that are needed is in the file, first {name!r} ({shape})"
    else:
        what = f"{name!r} ({shape}) is missing"
    count = len(misfits) - 1
    more = f"; {count:,} more do not fit" if count else ""
    msg = f"{folder}: the weights do not fit its settings: {what}{more}. Take both from one model."
    raise ModelError(msg)


def _written(shape: Sequence[int]) -> str:
    return "×".join(str(length) for length in shape) or "1"


def tensors_of(file: Path) -> dict[str, torch.Tensor]:
    """All tensors of a safetensors file.

    Raises:
        ModelError: It cannot be read.
    """
    try:
        return load_file(file)
    except Exception as error:
        msg = f"{file} cannot be read as safetensors: {reason_of(error)}."
        raise ModelError(msg) from error


def check_fit(folder: Path, config: Any, stored: Mapping[str, Stored]) -> int | None:
    """Check, before the network is built, that the files hold all weights of its body.

    The body is built without numbers, on torch's meta device, and its tensors are looked for by
    name. It gets no more layers than the files have tensors: if it wants more, some are missing at
    any rate. Where names differ (older files have other ones, which transformers knows), the body
    is really opened to see what it takes.

    Returns:
        Rows of its table of tokens; None if it does not read text.

    Raises:
        ModelError: The settings make no network, or a weight is missing or of another shape.
    """
    small = copy.deepcopy(config)
    text = small.get_text_config()
    if (getattr(text, "num_hidden_layers", None) or 0) > len(stored):
        text.num_hidden_layers = len(stored) + 1
    try:
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = AutoModel.from_config(small, trust_remote_code=False)
    except Exception as error:  # transformers raises whatever it likes
        msg = f"{folder / 'config.json'} makes no network: {reason_of(error)}."
        raise ModelError(msg) from error
    needed = _needed(body)
    prefix = f"{body.base_model_prefix}."
    shapes = {name.removeprefix(prefix): tensor.shape for name, tensor in stored.items()}
    missing = needed.keys() - shapes.keys()
    other = {n: shapes[n] for n in needed.keys() & shapes.keys() if shapes[n] != tuple(needed[n])}
    if missing or other:
        numbers = sum(tensor.size for tensor in stored.values())
        if sum(math.prod(shape) for shape in needed.values()) > numbers:
            refuse_misfits(folder, needed, missing, other)
        check_loaded(folder, *load(AutoModel, folder), is_bare=True)
    return _rows(folder, body) if kind_reads(config.model_type) == "text" else None


def _rows(folder: Path, body: Any) -> int:
    try:
        return int(body.get_input_embeddings().weight.shape[0])
    except (AttributeError, NotImplementedError) as error:
        msg = f"{folder}: {type(body).__name__} has no single table of tokens, which a base needs."
        raise ModelError(msg) from error


def load(kind: Any, folder: Path, **settings: Any) -> tuple[Any, dict[str, Any]]:
    """Open a folder with one of transformers' classes.

    Args:
        kind: ``AutoModel`` and its like.
        folder: Where the weights are.
        settings: Settings to change.

    Returns:
        The model, and what transformers says of its loading: see ``check_loaded``.

    Raises:
        ModelError: Whatever transformers raised, in one sentence.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # weights that are new, by design
            loaded: tuple[Any, dict[str, Any]] = kind.from_pretrained(
                folder,
                dtype=torch.float32,
                output_loading_info=True,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,  # an old head of another task is replaced
                **settings,
            )
    except Exception as error:  # transformers raises whatever it likes
        msg = f"{str(folder)!r} cannot be opened as {kind.__name__}: {reason_of(error)}."
        raise ModelError(msg) from error
    return loaded


def _needed(body: Any) -> dict[str, Sequence[int]]:
    """Names and shapes of the weights that have to be in the files."""
    return {
        name: tuple(weight.shape)
        for name, weight in body.named_parameters()
        if not name.startswith(POOLER) and not _may_lack(body, name)
    }


def _may_lack(body: Any, weight: str) -> bool:
    patterns = getattr(body, "_keys_to_ignore_on_load_missing", None) or ()
    names = (weight, f"{body.base_model_prefix}.{weight}")  # as it is called within a whole model
    return any(re.search(pattern, name) for pattern in patterns for name in names)


def check_loaded(
    folder: Path, model: Any, info: Mapping[str, Any], *, is_bare: bool
) -> tuple[str, ...]:
    """Refuse a model whose body was filled up with random numbers.

    Args:
        folder: Where it was opened from.
        model: A whole transformers model, or a bare body.
        info: What transformers says of loading it.
        is_bare: The model is a body, without a head.

    Returns:
        The parameters that are new: those of the head and of the pooler.

    Raises:
        ModelError: A tensor of the body is missing or has another shape.
    """
    name = "" if is_bare else body_name(model)
    prefix = f"{name}." if name else ""
    other = {name: tuple(shape) for name, shape, _ in info["mismatched_keys"]}
    # some are computed and never saved, such as sines and cosines of positions
    missing = [name for name in info["missing_keys"] if not _may_lack(model, name)]
    new = {*missing, *other}
    needed = {
        name.removeprefix(prefix): tuple(weight.shape)
        for name, weight in model.named_parameters()
        if name.startswith(prefix) and not name.startswith(f"{prefix}{POOLER}")
    }
    refuse_misfits(
        folder,
        needed,
        (name.removeprefix(prefix) for name in missing if name.startswith(prefix)),
        {name.removeprefix(prefix): shape for name, shape in other.items()},
    )
    return tuple(sorted(new))


def check_numbers(folder: Path) -> None:
    """Refuse weights that are NaN or infinite: nothing could be learned or answered with them.

    Raises:
        ModelError: With the name of the first such tensor.
    """
    for file in sorted(folder.glob("*.safetensors")):
        try:
            tensors = safe_open(file, "pt")
        except Exception as error:  # an error of the library's own
            msg = f"{file} cannot be read as safetensors: {reason_of(error)}."
            raise ModelError(msg) from error
        with tensors:
            for name in tensors.keys():  # noqa: SIM118  # no mapping
                _refuse_broken(file, name, tensors.get_tensor(name))


def _refuse_broken(file: Path, name: str, weight: torch.Tensor) -> None:
    # the sum alone is read many times as fast; it may overflow, so it only raises suspicion
    if not weight.is_floating_point() or weight.sum(dtype=torch.float32).isfinite():
        return
    if not weight.isfinite().all():
        what = "NaN" if weight.isnan().any() else "infinity"
        msg = (
            f"{file}: the weights are damaged: {name!r} holds {what}. Copy or download them again, "
            "or train anew."
        )
        raise ModelError(msg)


def check_tokens(folder: Path, network: Network, reader: Any) -> None:
    """Refuse a tokenizer with pieces that the network's table of tokens has no row for.

    Args:
        folder: The base's.
        network: Opened from it.
        reader: Its reader; one that is not a tokenizer has no pieces.

    Raises:
        ModelError: With the highest number and the number of rows.
    """
    if not isinstance(reader, PreTrainedTokenizerBase):
        return
    rows = _rows(folder, network.body)
    # listing all pieces takes as long as opening a small tokenizer; a tokenizer.json with gaps in
    # its numbers has been looked through before
    if not 0 < len(reader) <= rows:
        refuse_pieces(folder, reader.get_vocab().values(), rows)


def refuse_pieces(folder: Path, numbers: Iterable[int], rows: int) -> None:
    """See ``check_tokens``, for the numbers of the pieces."""
    highest = max(numbers, default=-1)
    if highest < 0:
        msg = f"{folder}: the tokenizer has no pieces. Save the model's own into the folder."
        raise ModelError(msg)
    if highest >= rows:
        msg = (
            f"{folder}: the tokenizer does not belong to the weights: its pieces are numbered up "
            f"to {highest:,}, but the embedding has {rows:,} rows. Take both from one model."
        )
        raise ModelError(msg)


def refuse_untrained(
    folder: Path, network: Network, known: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    """Say why a finished run's model lacks weights: none may be random in a model that answers.

    Args:
        folder: The model's.
        network: With new weights.
        known: Labels that the saved head answers.
        labels: Those of the run's record.

    Raises:
        ModelError: Always.
    """
    msg = f"{folder} lacks weights of its head, first {network.untrained[0]!r}."
    if known != labels:
        msg = (
            f"The head in {folder} answers {_some(known)}, but the labels in run.json are "
            f"{_some(labels)}. The two files do not belong to one run."
        )
    raise ModelError(msg)


def _some(labels: tuple[str, ...]) -> str:
    shown = ", ".join(repr(label) for label in labels[:SHOWN])
    return shown if len(labels) <= SHOWN else f"{shown}, … ({len(labels):,} labels)"
