"""The language model that a base brings: the loss of each token of a text.

A masked model hides one token at a time (pseudo-log-likelihood), a causal one reads from the left.
The two figures are of different kinds, and neither compares across tokenizers; bits a character do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from polyculture.datacheck.base_texts import reader_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BATCH = 32


@cache
def model_of(folder: Path) -> Any:
    """The base with its own head of a language model; a sentence where it has none."""
    import transformers

    from polyculture.core.errors import ModelError
    from polyculture.nets.bodies.own_bodies import own_body
    from polyculture.nets.build import form_of
    from polyculture.nets.saved.weights_fit import check_loaded, load

    if own_body(folder) is not None:
        return "a network of our own has no such head"
    form = form_of(folder)
    if form == "encoder_decoder":
        return "an encoder with a decoder has no such figure"
    if form == "encoder" and reader_of(folder).mask_token_id is None:
        return "its tokenizer has no mask"
    kind = "AutoModelForMaskedLM" if form == "encoder" else "AutoModelForCausalLM"
    try:
        model, info = load(getattr(transformers, kind), folder)
        new = check_loaded(folder, model, info, is_bare=False)
    except ModelError as error:
        return str(error).rstrip(".")
    if new:
        return f"the files of the base hold no weights of it ({len(new)} tensors are missing)"
    return model.eval()


def token_losses(texts: Sequence[str], folder: Path, *, longest: int) -> tuple[list[float], int]:
    """The loss of each known token in nats, and the characters that these tokens cover.

    An unknown token is left out: that there is one is easily guessed, and says nothing.

    Args:
        texts: Each is read up to ``longest`` tokens.
        folder: Of a base for which ``model_of`` gives a model.
        longest: Tokens of a text, special ones included.
    """
    import torch
    from torch.nn import functional

    from polyculture.nets.build import form_of

    model, tokenizer = model_of(folder), reader_of(folder)
    is_masked = form_of(folder) == "encoder"
    losses: list[float] = []
    characters = 0
    for text in texts:
        encoded = tokenizer(text, truncation=True, max_length=longest, return_offsets_mapping=True)
        ids, offsets = torch.tensor(encoded["input_ids"]), encoded["offset_mapping"]
        real = [
            place
            for place, (start, end) in enumerate(offsets)
            if end > start and encoded["input_ids"][place] != tokenizer.unk_token_id
        ]
        real = real if is_masked else [place for place in real if place > 0]
        # several pieces may be bytes of one character, which counts once
        characters += len({sign for place in real for sign in range(*offsets[place])})
        with torch.inference_mode():
            if not is_masked:
                if len(ids) > 1:
                    logits = model(input_ids=ids[None]).logits[0, :-1].float()
                    every = functional.cross_entropy(logits, ids[1:], reduction="none")
                    losses += [float(every[place - 1]) for place in real]
                continue
            for start in range(0, len(real), BATCH):
                some = torch.tensor(real[start : start + BATCH])
                hidden = ids.repeat(len(some), 1)
                hidden[torch.arange(len(some)), some] = tokenizer.mask_token_id
                logits = model(input_ids=hidden).logits[torch.arange(len(some)), some].float()
                losses += functional.cross_entropy(logits, ids[some], reduction="none").tolist()
    return losses, characters
