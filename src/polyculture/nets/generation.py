"""Generate text with transformers' own search.

Prompts of different lengths have to end side by side: they are padded on the left here, whatever
side they were padded on for learning. What comes back ends before the stop token; nothing that a
model says behind it is kept.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import GenerationMixin

from polyculture.core.search import Search
from polyculture.nets.batch import Batch

HABITS: dict[str, Any] = {
    "early_stopping": False,
    "encoder_no_repeat_ngram_size": 0,
    "encoder_repetition_penalty": 1.0,
    "exponential_decay_length_penalty": None,
    "guidance_scale": None,
    "low_memory": None,
    "min_new_tokens": None,
    "penalty_alpha": None,
    "sequence_bias": None,
    "stop_strings": None,
}
"""Settings of transformers' search with the values that they have where nobody sets them."""
NEVER_SAID = ("suppress_tokens", "begin_suppress_tokens")


def write(model: Any, batch: Batch, search: Search, *, longest: int, stop: int) -> list[list[int]]:
    """Generate a continuation of each example.

    Args:
        model: A transformers model with the head of a language model, in evaluation mode.
        batch: Of texts or clips to read. ``places["prompt"]``, of a decoder's batch and where a
            decoder behind an encoder is given a beginning, says how many tokens of each example
            are given, ``(examples,)``; what follows them is not looked at.
        search: How it searches.
        longest: Most tokens that are written.
        stop: The token that ends a text, beside those that the model itself names.

    Returns:
        Tokens of each example, without the prompt, up to the first stop token and without it.
    """
    stops = stops_of(model, stop)
    inputs = _prompts(batch, stop)
    # the plain search, also for Whisper, whose own cuts clips and repeats what it finds unlikely
    written: Tensor = GenerationMixin.generate(
        model,
        **inputs,
        max_new_tokens=longest,
        min_length=0,
        do_sample=False,
        num_beams=search.beams,
        length_penalty=search.length_penalty,
        repetition_penalty=search.repetition_penalty,
        no_repeat_ngram_size=search.no_repeat,
        eos_token_id=sorted(stops),
        pad_token_id=_padding(model, stop),
        use_cache=True,
        return_dict_in_generate=False,
        **_without_habits(model),
    )
    given = inputs.get("decoder_input_ids", None if _has_encoder(model) else inputs["input_ids"])
    begins = 1 if given is None else given.shape[1]
    return [until(tokens, stops) for tokens in written[:, begins:].tolist()]


def _without_habits(model: Any) -> dict[str, Any]:
    """Undo what a base's files ask of a search, beyond how texts begin and end.

    Whisper's lists of tokens that are never said stay: they are signs, not words.
    """
    has_signs = getattr(model.config, "model_type", "") == "whisper"
    return HABITS if has_signs else HABITS | dict.fromkeys(NEVER_SAID)


def until(tokens: list[int], stops: set[int]) -> list[int]:
    """Tokens up to the first that ends a text.

    Example:
        >>> until([5, 6, 1, 7], {1}), until([5], {1}), until([1, 1], {1})
        ([5, 6], [5], [])
    """
    end = next((place for place, token in enumerate(tokens) if token in stops), len(tokens))
    return tokens[:end]


def stops_of(model: Any, stop: int) -> set[int]:
    """A token that ends a text, and those that the model itself names."""
    tokens = model.generation_config.eos_token_id
    return {stop, *(tokens if isinstance(tokens, list) else [] if tokens is None else [tokens])}


def _padding(model: Any, stop: int) -> int:
    padding = model.generation_config.pad_token_id
    return stop if padding is None else int(padding)


def _has_encoder(model: Any) -> bool:
    return bool(model.config.is_encoder_decoder)


def _prompts(batch: Batch, stop: int) -> dict[str, Tensor]:
    """What is given to the search: all inputs, or a decoder's prompts, padded on the left."""
    lengths = batch.places.get("prompt")
    if lengths is None:
        return batch.inputs
    begun = batch.inputs.get("decoder_input_ids")
    if begun is not None:  # all begin alike
        return batch.inputs | {"decoder_input_ids": begun[:, : int(lengths.max())]}
    read = batch.inputs["input_ids"]
    width = int(lengths.max())
    # place of each token of the padded prompt in the example; below 0 is padding
    places = torch.arange(width, device=read.device) - (width - lengths[:, None])
    there = places >= 0
    tokens = read.gather(1, places.clamp(min=0)).masked_fill(~there, stop)
    return {"input_ids": tokens, "attention_mask": there.to(torch.int64)}
