"""One network for every recipe: a body, a head, and how the head looks at the body's vectors.

A standard head is the base's own class of the task (``AutoModelForSequenceClassification`` and its
kind), so that the saved folder is a plain Hugging Face folder. Any other head is a module of ours
on top of the bare body.
"""

import threading
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from polyculture.nets.crf import viterbi
from polyculture.nets.pooling import Pooling, gather_words, pool

IGNORED = -100
"""Target that does not count, as torch's cross-entropy has it."""


@dataclass(kw_only=True)
class Batch:
    """Some pieces of text, padded to one length."""

    inputs: dict[str, Tensor]
    """``input_ids``, ``attention_mask`` and perhaps ``token_type_ids``, ``(rows, tokens)``."""
    positions: Tensor | None = None
    """Token at which each word is read, ``(rows, words)``; none where texts are answered."""
    words: Tensor | None = None
    """Which words there are, ``(rows, words)``; true on the left."""
    shapes: Tensor | None = None
    """Codes of the spelling of each word (capitals, digits), ``(rows, words)``."""
    targets: Tensor | None = None
    features: Tensor | None = None
    """Outputs of a body that never changes, ``(rows, tokens, width)``."""


class _Remembered(BaseModelOutputWithPooling):  # type: ignore[misc, unused-ignore]
    """What a body gave; whatever else bodies of some kinds give (a cache, ...) is none."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)


class CachedBody(nn.Module):
    """Stands in for a body whose outputs were computed before; keeps a pooler that still learns."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.pooler = getattr(body, "pooler", None)
        self.config = body.config
        self._given = threading.local()  # each thread has its own batch

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPooling:
        """The features that this thread was given."""
        features: Tensor = self._given.features
        pooled = self.pooler(features) if self.pooler is not None else None
        return _Remembered(last_hidden_state=features, pooler_output=pooled)

    def give(self, features: Tensor | None) -> None:
        """Set the features of this thread's batch."""
        self._given.features = features


class Network(nn.Module):
    """Logits ``(rows, labels)`` of texts, or ``(rows, words, labels)`` of words."""

    def __init__(
        self,
        model: nn.Module,
        *,
        level: Literal["text", "word"],
        head: nn.Module | None = None,
        pooling: Pooling = "mean",
        untrained: tuple[str, ...] = (),
    ) -> None:
        """Join a body and a head.

        Args:
            model: A whole transformers model with its own head, or a bare body.
            level: Whether texts or words are answered.
            head: Our head for a bare body; none for a whole model.
            pooling: How a text's one vector is made for our head.
            untrained: Parameters of ``model`` that its files did not hold.
        """
        super().__init__()
        self.model = model
        self.head = head
        self.level = level
        self.pooling = pooling
        self.untrained = untrained

    @property
    def body(self) -> nn.Module:
        """What the base is, without any head."""
        if self.head is not None:
            return self.model
        body: nn.Module = getattr(self.model, str(self.model.base_model_prefix))
        return body

    def swap_body(self, body: nn.Module) -> None:
        """Put another body in the place of this one's."""
        if self.head is not None:
            self.model = body
        else:
            setattr(self.model, str(self.model.base_model_prefix), body)

    def head_parameters(self) -> list[nn.Parameter]:
        """Weights that belong to the task: outside the body, or in it but never trained before."""
        inside = {id(weight) for weight in self.body.parameters()}
        new = set(self.untrained)
        return [
            weight
            for name, weight in self.named_parameters()
            if id(weight) not in inside or name.removeprefix("model.") in new
        ]

    def head_modules(self) -> dict[str, nn.Module]:
        """The modules that make the head, by name."""
        if self.head is not None:
            return {"head": self.head}
        prefix = str(self.model.base_model_prefix)
        modules = {n: m for n, m in self.model.named_children() if n != prefix}
        pooler = getattr(self.body, "pooler", None)
        if pooler is not None and self.level == "text":
            modules = {"pooler": pooler, **modules}
        return modules

    def forward(self, batch: Batch) -> Tensor:
        """Logits of a batch."""
        body = self.body
        if isinstance(body, CachedBody):
            body.give(batch.features)
        if self.head is None:
            logits: Tensor = self.model(**batch.inputs).logits
            return logits if batch.positions is None else gather_words(logits, batch.positions)
        hidden = self.model(**batch.inputs)[0]
        if batch.positions is not None:
            vectors = gather_words(hidden, batch.positions)
        else:
            vectors = pool(hidden, batch.inputs["attention_mask"], self.pooling)
        scores: Tensor = self.head(vectors, batch.shapes)
        return scores

    def head_loss(self, logits: Tensor, batch: Batch) -> Tensor | None:
        """The loss of a structured head; none where the task's own loss is to be used."""
        structured = getattr(self.head, "loss", None)
        if structured is None:
            return None
        loss: Tensor = structured(logits.float(), batch.targets, _on_whole_paths(batch))
        return loss

    def answers(self, batch: Batch) -> int:
        """How many targets of a batch its mean loss is the mean of: texts, or words."""
        return count_targets(batch, structured=getattr(self.head, "loss", None) is not None)

    def paths(self, logits: Tensor, words: Tensor, allowed: Tensor | None = None) -> Tensor | None:
        """Label codes ``(rows, words)`` decoded together; none where each word stands alone.

        Args:
            logits: What the network says of each word, ``(rows, words, labels)``.
            words: Which words there are, ``(rows, words)``; true on the left.
            allowed: Which label may follow which, ``(before, after)``, where not all may.
        """
        decode = getattr(self.head, "best_path", None)
        if decode is None and allowed is None:
            return None
        if decode is None:
            free = torch.zeros(logits.shape[-1], logits.shape[-1])
            return viterbi(logits.float(), words, free[0], free, free[0], allowed)
        rule = {} if allowed is None else {"allowed": allowed}
        path: Tensor = decode(logits.float(), words, **rule)
        return path


def count_targets(batch: Batch, *, structured: bool = False) -> int:
    """How many targets of a batch count: texts, or words.

    Args:
        batch: With targets.
        structured: The words of a row are scored together: all of them, or none.

    Example:
        >>> targets, words = torch.tensor([[0, -100], [2, 1]]), torch.ones(2, 2, dtype=torch.bool)
        >>> batch = Batch(inputs={}, targets=targets, words=words)
        >>> count_targets(batch), count_targets(batch, structured=True)
        (3, 2)
    """
    if batch.targets is None:
        msg = "only a batch with targets has a loss"
        raise AssertionError(msg)
    counts = batch.targets != IGNORED
    if batch.words is None:  # a text with several labels is one target
        return int(counts.reshape(len(counts), -1).any(dim=1).sum())
    on = _on_whole_paths(batch) if structured else counts
    return int(counts.sum() if on is None else on.sum())


def _on_whole_paths(batch: Batch) -> Tensor | None:
    """Words of the rows that a structured head is scored on.

    A path through a word without a target has no score: its whole row is left out.
    """
    words = batch.words
    if batch.targets is None or words is None:
        return words
    return words & ((batch.targets != IGNORED) | ~words).all(dim=1, keepdim=True)


def trainable(network: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that training moves, by name."""
    return {name: weight for name, weight in network.named_parameters() if weight.requires_grad}


def count(weights: Any) -> int:
    """How many numbers some weights hold."""
    return sum(weight.numel() for weight in weights)


def load_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy saved values into the parameters of the same names."""
    own = dict(network.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)
