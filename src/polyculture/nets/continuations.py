"""How a decoder continues a text: how likely it finds given ones, and what it says token by token.

What a text says is computed once and kept, whatever continues it.
"""

import copy
from collections.abc import Iterator, Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers.cache_utils import DynamicLayer, LinearAttentionCacheLayerMixin

from polyculture.nets.losses.token_outputs import token_nats

LOGITS = 2**23
"""Logits of a vocabulary that are held at once, unless a single continuation has more."""


def mean_log_probabilities(
    model: Any, given: Tensor, continuations: Sequence[Tensor]
) -> list[float]:
    """The mean log-probability of the tokens of each continuation, in nats.

    Args:
        model: A transformers decoder with the head of a language model, in evaluation mode.
        given: The tokens before them, ``(tokens,)``; one at least.
        continuations: Tokens of each, ``(tokens,)``; one at least.
    """
    with torch.no_grad():
        logits, kept = _read(model, given[None], None)
        first = logits[0].log_softmax(dim=0)
        longest = max(map(len, continuations))
        at_once = max(1, LOGITS // (longest * len(first)))
        found: list[float] = []
        for start in range(0, len(continuations), at_once):
            some = continuations[start : start + at_once]
            sums = torch.stack([first[tokens[0]] for tokens in some]).double()
            if max(map(len, some)) > 1:
                sums += (
                    _of_the_rest(model, copy.deepcopy(kept), some, len(given))
                    if _is_shared(kept)
                    else _of_the_whole(model, given, some)
                )
            lengths = map(len, some)
            found += [total / length for total, length in zip(sums.tolist(), lengths, strict=True)]
    return found


def _of_the_rest(model: Any, kept: Any, continuations: Sequence[Tensor], given: int) -> Tensor:
    """Log-probabilities of all tokens but the first, summed, ``(continuations,)``."""
    tokens = pad_sequence([*continuations], batch_first=True, padding_value=-100)
    kept.batch_repeat_interleave(len(tokens))
    before, targets = tokens[:, :-1], tokens[:, 1:]
    there = torch.cat([before.new_ones(len(before), given), (before >= 0).to(before)], dim=1)
    logits = model(
        input_ids=before.clamp(min=0),
        attention_mask=there,
        use_cache=True,
        **{_kept_as(model): kept},
    ).logits.float()
    return -token_nats(logits, targets).double().sum(dim=1)


def _is_shared(kept: Any) -> bool:
    """Whether what was read can be repeated, and read on from by several tokens at once.

    That is so of keys and values, and not of the states of recurrent layers.
    """
    layers = getattr(kept, "layers", None) or ()
    return len(layers) > 0 and all(
        isinstance(layer, DynamicLayer) and not isinstance(layer, LinearAttentionCacheLayerMixin)
        for layer in layers
    )


def _of_the_whole(model: Any, given: Tensor, continuations: Sequence[Tensor]) -> Tensor:
    """The same sums by reading all anew with each continuation, one after the other."""
    sums = []
    for tokens in continuations:
        read = torch.cat([given, tokens])[None]
        logits = model(input_ids=read, use_cache=False).logits[:, len(given) : -1].float()
        sums.append(-token_nats(logits, tokens[None, 1:]).double().sum())
    return torch.stack(sums)


def continued(
    model: Any,
    given: Tensor,
    *,
    longest: int,
    stops: set[int],
    temperature: float,
    top_p: float,
    chance: torch.Generator,
) -> Iterator[int]:
    """Say a continuation token by token, up to a stop token, which is not said.

    Args:
        model: As above.
        given: The tokens before it, ``(tokens,)``; one at least.
        longest: Most tokens that are said.
        stops: Tokens that end it.
        temperature: Logits are divided by it before a token is drawn; 0 takes the likeliest one.
        top_p: Only the likeliest tokens that together have this probability are drawn from
            (nucleus sampling).
        chance: Where chance comes from.

    Source:
        Holtzman et al. 2020, The Curious Case of Neural Text Degeneration, arXiv:1904.09751.
    """
    tokens, kept = given[None], None
    for _ in range(longest):
        with torch.no_grad():
            logits, kept = _read(model, tokens, kept)
        token = drawn(logits[0].cpu(), temperature=temperature, top_p=top_p, chance=chance)
        if token in stops:
            return
        yield token
        said = tokens.new_tensor([[token]])
        # a model that keeps nothing reads all anew
        tokens = torch.cat([tokens, said], dim=1) if kept is None else said


def drawn(logits: Tensor, *, temperature: float, top_p: float, chance: torch.Generator) -> int:
    """One token of a vocabulary; see ``continued``.

    Example:
        >>> chance, logits = torch.Generator(), torch.tensor([0.0, 3.0, 2.0])
        >>> drawn(logits, temperature=0, top_p=1, chance=chance)
        1
        >>> {drawn(logits, temperature=1, top_p=0.9, chance=chance) for _ in range(99)}
        {1, 2}
    """
    if temperature == 0:
        return int(logits.argmax())
    colder = (logits - logits.max()).double() / temperature  # 0 or less: nothing overflows
    probabilities, order = colder.softmax(dim=0).sort(descending=True, stable=True)
    before = probabilities.cumsum(dim=0) - probabilities
    kept = probabilities.masked_fill(before >= top_p, 0)
    return int(order[torch.multinomial(kept, 1, generator=chance)])


def _read(model: Any, tokens: Tensor, kept: Any) -> tuple[Tensor, Any]:
    """Logits behind the last token, ``(rows, vocabulary)``, and what is kept of all tokens."""
    name = _kept_as(model)
    found = model(
        input_ids=tokens,
        use_cache=True,
        logits_to_keep=1,
        **({} if kept is None else {name: kept}),
    )
    return found.logits[:, -1].float(), found.get(name)


def _kept_as(model: Any) -> str:
    """What transformers calls the keys and values of what was read, which differs by version."""
    takes = signature(model.forward).parameters
    return "cache" if "cache" in takes else "past_key_values"
