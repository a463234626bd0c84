"""A base made from nothing: what a task's own training rows can teach, without pretraining."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from polyculture.core.errors import need
from polyculture.core.plugins import Base, BaseSource
from polyculture.core.recipe import Settings
from polyculture.core.task import Form, Reads

if TYPE_CHECKING:
    from polyculture.core.recipe import Recipe

HEAD_WIDTH = 32
WIDE_HEAD = 64
LONGEST = 512
VOCABULARY = 8_000
DEFAULT_LAYERS = {"transformer": 2, "decoder": 4, "encoder_decoder": 3, "convolutional": 3}
DEFAULT_WIDTH = {"transformer": 128, "decoder": 256, "encoder_decoder": 256, "convolutional": 128}
SQUARES = {"transformer": 12, "decoder": 12, "encoder_decoder": 20, "convolutional": 3}
"""Weights of a layer, in squares of its width. A Transformer's: four matrices of attention, and two
behind it that are each four times as large; a decoder's: four, and three that are each 8/3 as
large. An encoder's and a decoder's together: twelve matrices of attention, and four that are each
twice as large."""
ABLE: dict[str, tuple[Form, Reads]] = {
    "transformer": ("encoder", "text"),
    "decoder": ("decoder", "text"),
    "encoder_decoder": ("encoder_decoder", "text"),
    "convolutional": ("encoder", "text"),
    "resnet": ("encoder", "pictures"),
    "patch_transformer": ("encoder", "series"),
    "tdnn": ("encoder", "sounds"),
}
"""How each kind of network reads, and what."""
OWN = ("convolutional", "resnet", "tdnn", "patch_transformer")
"""Kinds that transformers has no class for, and so no standard head."""


class New(Settings):
    """Which kind of network, and how large."""

    source: Literal["new"] = "new"
    kind: Literal[
        "transformer",
        "decoder",
        "encoder_decoder",
        "convolutional",
        "tfidf",
        "resnet",
        "tdnn",
        "patch_transformer",
    ]
    """``transformer`` is an encoder. ``decoder`` reads from left to right and writes on.
    ``encoder_decoder`` reads a text and writes another. ``tfidf`` is not a network, but counts
    of words with a linear model. ``resnet``, a small residual network, reads pictures; ``tdnn``, a
    time-delay network over log-mel frames, sounds; ``patch_transformer`` series; the others text.
    """
    width: int | None = Field(default=None, ge=32, le=16_384, multiple_of=HEAD_WIDTH)
    """Size of the vector of a token, or of a piece of a clip; where left out 128, or 256 for kinds
    with a decoder. Channels of the last stage of a ``resnet``, and width of a
    ``patch_transformer``, then 64."""
    layers: int | None = Field(default=None, ge=1, le=512)
    """Left out, 2 for transformers, 4 for a decoder and 3 for a convolutional network. Of an
    encoder with a decoder each has so many, 3 where left out; stages of a ``resnet``, then by the
    size of the pictures; dilated convolutions of a ``tdnn``, then 4."""
    vocabulary: int | None = Field(default=None, ge=300, le=1_000_000)
    """Pieces of words at most, learnt from the training texts; 8,000 where left out."""

    @model_validator(mode="after")
    def _tfidf_has_no_sizes(self) -> Self:
        if self.kind == "tfidf" and (self.width or self.layers or self.vocabulary):
            msg = "width, layers and vocabulary belong to networks; kind = 'tfidf' has none"
            raise ValueError(msg)
        reads = ABLE.get(self.kind, ("", "text"))[1]
        if reads != "text" and self.vocabulary:
            msg = (
                f"vocabulary belongs to networks that read text; kind = {self.kind!r} reads {reads}"
            )
            raise ValueError(msg)
        return self


def open_base(settings: New, texts: Sequence[Sequence[Any]], work: Path, seed: int) -> Base:
    """Make the base in the work folder; the same texts and seed give the same bytes.

    Args:
        settings: Kind and sizes.
        texts: The training rows, each a list of words, of texts, of numbers, or of paths of files.
        work: An empty folder, filled with configuration, weights and the settings of a reader.
        seed: Where the first weights come from.

    Raises:
        RecipeError: The weights cannot fit into this machine's memory.
    """
    from polyculture.store.digest import of_folder, of_json

    if settings.kind == "tfidf":
        return Base(
            name=settings.kind,
            kind="tfidf",
            folder=None,
            lineage=(),
            digest=of_json(settings.model_dump(mode="json")),
        )
    if settings.kind in WRITERS:
        return _without_text(settings, texts, work, seed)
    if settings.kind in {"decoder", "encoder_decoder"}:
        pieces = _make_writer(settings, texts, work, seed)
    else:
        pieces = _make_encoder(settings, texts, work, seed)
    return Base(
        name=settings.kind,
        kind="convolutional" if settings.kind == "convolutional" else "transformers",
        folder=work,
        lineage=(),
        digest=of_folder(work),
        notes=(f"The base was made from nothing, with {pieces:,} pieces of words.",),
    )


def _make_encoder(settings: New, texts: Sequence[Sequence[str]], work: Path, seed: int) -> int:
    """Fill the folder; return how many pieces of words were learnt."""
    from polyculture.sources.bases.contents.pieces import SPECIAL, learn_pieces, write_tokenizer

    _refuse_too_large(settings, len(SPECIAL))  # before a minute is spent on the pieces
    pieces = learn_pieces(texts, settings.vocabulary or VOCABULARY)
    _refuse_too_large(settings, len(pieces))
    is_transformer = settings.kind == "transformer"
    write_tokenizer(work, pieces, longest=LONGEST, tells_pairs=is_transformer)
    write = _write_transformer if is_transformer else _write_convolutional
    write(work, settings, len(pieces), seed)
    return len(pieces)


def _make_writer(settings: New, texts: Sequence[Sequence[str]], work: Path, seed: int) -> int:
    """Fill the folder; return how many pieces of words were learnt. No piece is unknown."""
    from polyculture.sources.bases.contents.byte_pieces import (
        SPECIAL,
        learn_byte_pieces,
        write_byte_pieces,
    )

    _refuse_too_large(settings, len(SPECIAL))
    tokenizer = learn_byte_pieces(texts, settings.vocabulary or VOCABULARY)
    pieces: int = tokenizer.get_vocab_size()
    _refuse_too_large(settings, pieces)
    write_byte_pieces(work, tokenizer, longest=LONGEST)
    write = _write_decoder if settings.kind == "decoder" else _write_encoder_decoder
    write(work, settings, pieces, seed)
    return pieces


def _residual(*place: Any, **sizes: Any) -> str:
    from polyculture.sources.bases.contents.residual import write_residual

    return write_residual(*place, **sizes)


def _time_delay(*place: Any, **sizes: Any) -> str:
    from polyculture.sources.bases.contents.time_delay import write_time_delay

    return write_time_delay(*place, **sizes)


def _patches(*place: Any, **sizes: Any) -> str:
    from polyculture.sources.bases.contents.patches import write_patches

    return write_patches(*place, **sizes)


WRITERS: dict[str, Callable[..., str]] = {
    "resnet": _residual,
    "tdnn": _time_delay,
    "patch_transformer": _patches,
}
"""What fills the folder of a base that does not read text."""


def _without_text(settings: New, rows: Sequence[Sequence[Any]], work: Path, seed: int) -> Base:
    from polyculture.store.digest import of_folder

    need("torch", extra="train", purpose="Making a base")
    write = WRITERS[settings.kind]
    note = write(work, rows, width=settings.width, layers=settings.layers, seed=seed)
    return Base(
        name=settings.kind,
        kind="convolutional",
        folder=work,
        lineage=(),
        digest=of_folder(work),
        notes=(note,),
    )


def _refuse_too_large(settings: New, pieces: int) -> None:
    from polyculture.nets.efficiency.machine_memory import refuse_too_large

    width, layers = _width(settings), _layers(settings)
    squares = SQUARES[settings.kind]
    table = pieces + (0 if settings.kind == "convolutional" else LONGEST)
    refuse_too_large(
        f"base.width = {width:,} with base.layers = {layers:,}",
        squares * layers * width**2 + table * width,
    )


def _width(settings: New) -> int:
    return settings.width or DEFAULT_WIDTH[settings.kind]


def _layers(settings: New) -> int:
    return settings.layers or DEFAULT_LAYERS[settings.kind]


def _write_transformer(work: Path, settings: New, pieces: int, seed: int) -> None:
    torch: Any = need("torch", extra="train", purpose="Making a base")
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    width = _width(settings)
    config = BertConfig(
        vocab_size=pieces,
        hidden_size=width,
        num_hidden_layers=_layers(settings),
        num_attention_heads=width // HEAD_WIDTH,
        intermediate_size=4 * width,
        max_position_embeddings=LONGEST,
        architectures=["BertModel"],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertModel(config)
    config.save_pretrained(work)
    save_file(dict(model.state_dict()), work / "model.safetensors", metadata={"format": "pt"})


def _write_decoder(work: Path, settings: New, pieces: int, seed: int) -> None:
    """A small Llama: rotary positions, and one table of tokens for reading and writing."""
    torch: Any = need("torch", extra="train", purpose="Making a base")
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    width = _width(settings)
    config = LlamaConfig(
        vocab_size=pieces,
        hidden_size=width,
        num_hidden_layers=_layers(settings),
        num_attention_heads=_heads(width),
        intermediate_size=-(-8 * width // (3 * HEAD_WIDTH)) * HEAD_WIDTH,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.save_pretrained(work)


def _heads(width: int) -> int:
    return width // (HEAD_WIDTH if width % WIDE_HEAD else WIDE_HEAD)


def _write_encoder_decoder(work: Path, settings: New, pieces: int, seed: int) -> None:
    """An encoder and a decoder with one table of tokens for reading and writing.

    transformers' Pegasus: norms before the layers, which train without care, and positions of sines
    and cosines, which need no training.
    """
    torch: Any = need("torch", extra="train", purpose="Making a base")
    from transformers import PegasusConfig, PegasusForConditionalGeneration
    from transformers.utils import logging

    logging.disable_progress_bar()
    width, layers = _width(settings), _layers(settings)
    heads = _heads(width)
    config = PegasusConfig(
        vocab_size=pieces,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=2 * width,
        decoder_ffn_dim=2 * width,
        max_position_embeddings=LONGEST,
        activation_function="relu",
        # with these every table and matrix starts at the scale that its sums want
        init_std=width**-0.5,
        scale_embedding=True,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        forced_eos_token_id=None,  # an answer that was cut has no end
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PegasusForConditionalGeneration(config)
    model.save_pretrained(work)


def _write_convolutional(work: Path, settings: New, pieces: int, seed: int) -> None:
    torch: Any = need("torch", extra="train", purpose="Making a base")
    from safetensors.torch import save_file

    from polyculture.nets.bodies.convolutional import ConvolutionalText, initialise

    network = ConvolutionalText(
        vocabulary=pieces,
        width=_width(settings),
        layers=_layers(settings),
    )
    with torch.random.fork_rng(devices=[]):
        initialise(network, seed)
    network.save_sizes(work)
    save_file(network.state_dict(), work / "model.safetensors", metadata={"format": "pt"})


def refuses(recipe: "Recipe") -> str | None:
    """Weights that nobody trained cannot stay as they are; word counts have no other head."""
    from polyculture.core import parts
    from polyculture.core.regularization import Regularization
    from polyculture.core.task import task_of

    base, adaptation, head, settings = _any(recipe)
    task = task_of(settings)
    if parts.load("adaptations", adaptation.kind).freezes_body:
        return f"a base made from nothing has to be trained whole, not by {adaptation.kind!r}"
    able = [
        kind
        for kind, (form, reads) in ABLE.items()
        if form in task.model_class and reads == task.reads
    ]
    if base.kind in ABLE and base.kind not in able:
        remedy = "No base made from nothing can: the task's model_class names none of their forms"
        if able:
            remedy = "Choose " + " or ".join(repr(kind) for kind in able)
        return f"base.kind = {base.kind!r} cannot do {settings.kind!r}. {remedy}"
    is_standard = parts.load("heads", head.kind).is_standard(head, task.output)
    if base.kind == "tfidf" and task.codes is None:
        return f"word counts answer whole texts, so kind = 'tfidf' cannot do {settings.kind!r}"
    regularized = recipe.regularization != Regularization()
    if base.kind == "tfidf" and (regularized or not is_standard):
        other = "[regularization]" if regularized else f"head {head.kind!r}"
        return f"word counts have a linear model of their own, without {other}"
    spells = base.kind == "tdnn" and task.output == "tokens"
    if base.kind in OWN and is_standard and not spells:
        return (
            f"a {base.kind} base has no standard head: set [head] pooling = 'mean', "
            "or kind = 'mlp' or 'crf'"
        )
    return None


def _any(recipe: "Recipe") -> tuple[Any, Any, Any, Any]:
    return recipe.base, recipe.adaptation, recipe.head, recipe.task


PLUGIN = BaseSource(settings=New, open=open_base, refuses=refuses, is_made=True)
