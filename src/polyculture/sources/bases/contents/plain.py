"""What a base folder must hold: configuration, safetensors, a reader; no code, no pickle."""

from pathlib import Path

from polyculture.core.errors import ModelError
from polyculture.store.digest import of_file, of_json
from polyculture.store.weight_files import read_object, refuse_pointer, stored_tensors

CONFIG = "config.json"
CONVOLUTIONAL = "convolutional.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")
ADAPTER = "adapter_config.json"
DISTRIBUTED = "shard-*-model-*-of-*.safetensors"
"""Shards of a checkpoint of torch's own kind, which transformers prefers to anything beside it."""
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
SENSES = "preprocessor_config.json"
"""How pictures or sounds go into a base that reads them."""
HISTORY = "context_length"
"""What the settings of a model of series name; it needs no other file to say how they go in."""
FILES = (
    CONFIG,
    SENSES,
    "generation_config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "chat_template*",
)
"""Everything that is read of a base."""


def check_folder(folder: Path, name: str) -> None:
    """See that a folder can be opened safely; only headers and settings are read.

    Raises:
        ModelError: Something is missing or damaged, or would have to be run to be read.
    """
    if not folder.is_dir():
        msg = f"There is no folder {folder}. Check the path of the base."
        raise ModelError(msg)
    if not any((folder / file).is_file() for file in WEIGHTS):
        _refuse_weights(folder, name)
    _refuse_foreign(folder, name)
    is_convolutional = (folder / CONVOLUTIONAL).is_file()
    settings = read_object(folder / CONVOLUTIONAL if is_convolutional else _config(folder, name))
    stored = stored_tensors(folder)
    reads_series = HISTORY in settings and not _tokenizer_files(folder)
    has_reader = reads_series or (folder / SENSES).is_file()
    pieces = None if has_reader else _check_tokenizer(folder, name)
    # all above is told before torch is loaded
    from polyculture.nets.bodies import own_bodies
    from polyculture.nets.saved import configuration, weights_fit

    body = own_bodies.own_body(folder)
    if body is None:
        config = configuration.open_configuration(folder, name)
        _check_reader(folder, name, config.model_type)
        rows = weights_fit.check_fit(folder, config, stored)
    else:
        rows = own_bodies.check_own_body(folder, body, stored)
    if pieces is not None and rows is not None:
        weights_fit.refuse_pieces(folder, pieces, rows)
    weights_fit.check_numbers(folder)


def _refuse_weights(folder: Path, name: str) -> None:
    pickled = next((path for pattern in PICKLES for path in folder.glob(pattern)), None)
    if pickled is None:
        msg = (
            f"{name} has no model.safetensors beside its config.json, and no other format is read."
        )
        raise ModelError(msg)
    msg = (
        f"{name} has its weights only as {pickled.name}, a format that can run code when it is "
        'opened. Convert it once, where you trust it: python -c "from transformers import '
        f"AutoModel as M; M.from_pretrained('{folder}').save_pretrained('{folder}')\""
    )
    raise ModelError(msg)


def _refuse_foreign(folder: Path, name: str) -> None:
    """Refuse files by which transformers would open something other than the weights."""
    if (folder / ADAPTER).exists():
        msg = (
            f"{name} holds an adapter ({ADAPTER}) that would be laid over the weights. Merge it "
            "into them first (peft: merge_and_unload, then save_pretrained)."
        )
        raise ModelError(msg)
    shard = next(folder.glob(DISTRIBUTED), None)
    if shard is not None:
        msg = f"{name} is a distributed checkpoint ({shard.name}). Save it as a plain folder first."
        raise ModelError(msg)


def _config(folder: Path, name: str) -> Path:
    if not (folder / CONFIG).exists():
        msg = f"{name} has no config.json, so nobody can tell what its weights are."
        raise ModelError(msg)
    return folder / CONFIG


def _check_reader(folder: Path, name: str, kind: str) -> None:
    """See that a folder says how its base reads what it reads."""
    from polyculture.nets.saved.configuration import kind_reads

    reads = kind_reads(kind)
    if reads == "text":
        _check_tokenizer(folder, name)
    elif reads != "series" and not (folder / SENSES).is_file():
        msg = (
            f"{name} is of the model_type {kind!r}, which reads {reads}, but has no {SENSES}, "
            "which says how they go in. Save the model's own into the folder; to read text, choose "
            "an encoder such as BERT or a decoder such as Llama."
        )
        raise ModelError(msg)


def _check_tokenizer(folder: Path, name: str) -> tuple[int, ...] | None:
    """The numbers of a tokenizer's pieces, if its file says them plainly."""
    files = _tokenizer_files(folder)
    if not files:
        msg = f"{name} has no tokenizer (tokenizer.json). Save one into the same folder."
        raise ModelError(msg)
    for file in files:
        refuse_pointer(file)
        if not file.stat().st_size:
            msg = f"{file} is empty (0 bytes), but a tokenizer is read from it."
            raise ModelError(msg)
    whole, settings = folder / TOKENIZERS[0], folder / "tokenizer_config.json"
    if whole.is_file():
        return _pieces(whole)
    if settings.is_file() and "auto_map" in read_object(settings):
        msg = (
            f"The tokenizer of {name} comes as code (auto_map in {settings.name}), and code that "
            "comes with a model is never run here. Save it as a tokenizer.json, where you trust it."
        )
        raise ModelError(msg)
    return None


def _tokenizer_files(folder: Path) -> list[Path]:
    return [file for pattern in TOKENIZERS for file in folder.glob(pattern) if file.is_file()]


def _pieces(file: Path) -> tuple[int, ...] | None:
    table = read_object(file)
    model, added = table.get("model"), table.get("added_tokens")
    if not isinstance(model, dict) or not isinstance(added, list):
        msg = f"{file} is damaged: it holds no tokenizer ('model' and 'added_tokens')."
        raise ModelError(msg)
    vocabulary = model.get("vocab")
    if isinstance(vocabulary, dict):
        numbers = tuple(vocabulary.values())
    elif isinstance(vocabulary, list):  # the kind Unigram numbers its pieces by their order
        numbers = tuple(range(len(vocabulary)))
    else:
        return None
    numbers += tuple(token.get("id") for token in added if isinstance(token, dict))
    return numbers if all(type(number) is int for number in numbers) else None


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of the files that make the base."""
    wanted = {path for pattern in (*FILES, CONVOLUTIONAL) for path in folder.glob(pattern)}
    files = sorted(file for file in wanted if file.is_file())
    return of_json([(file.name, of_file(file)) for file in files])
