"""One network for every recipe: a body, a head, and how the head looks at the body's vectors.

A standard head is the base's own class of the task (``AutoModelForSequenceClassification`` and its
kind), so that the saved folder is a plain Hugging Face folder. Any other head is a module of ours
on top of the bare body.
"""

import threading
from collections.abc import Iterator, Sequence
from inspect import signature
from typing import Any, Self

import torch
from torch import Tensor, nn

from polyculture.core.search import Search
from polyculture.core.task import Output
from polyculture.nets.batch import IGNORED, Batch, Outputs
from polyculture.nets.continuations import continued, mean_log_probabilities
from polyculture.nets.efficiency.embedding import input_table
from polyculture.nets.efficiency.stand_ins import CachedBody, StandIn, stand_ins_for, swap
from polyculture.nets.generation import write
from polyculture.nets.losses.crf import viterbi
from polyculture.nets.pooling import Pooling, gather_words, heard_of, pool, vectors_of

NAMES = {"vectors": "vectors", "positions": "span_logits"}
"""What the output of a head of ours is called, where it is not ``logits``."""


class Network(nn.Module):
    """A batch in, ``Outputs`` by name out, such as ``logits``."""

    def __init__(
        self,
        model: nn.Module,
        *,
        output: Output,
        head: nn.Module | None = None,
        pooling: Pooling = "mean",
        untrained: tuple[str, ...] = (),
        letters: tuple[str, ...] = (),
    ) -> None:
        """Join a body and a head.

        Args:
            model: A whole transformers model with its own head, or a bare body.
            output: What the head gives.
            head: Our head for a bare body; none for a whole model.
            pooling: How a text's one vector is made for our head, unless that does it itself.
            untrained: Parameters of ``model`` that its files did not hold.
            letters: What each output stands for, where the head spells what a clip says; see
                ``nets/reading/sounds/letters.py``.
        """
        super().__init__()
        self.model = model
        self.head = head
        self.output = output
        self.pooling = pooling
        self.untrained = untrained
        self.letters = letters
        self.added: tuple[str, ...] = ()
        """Parameters that an adaptation has added and not merged; see ``nets/saved/added.py``."""
        self.own_dropout: list[tuple[Any, str, float]] = []
        """Dropout rates as they were before a recipe changed them: holder, name and rate."""
        self.stand_in: StandIn | None = None
        """What is given the features of a batch, while something stands in for what is frozen."""
        self._frozen: tuple[list[nn.Module], list[nn.Module]] = ([], [])
        self._asked = threading.local()  # each thread has its own batch
        takes = signature(model.forward).parameters
        # while learning, nothing of what was read is kept for a next token
        self._always = {"use_cache": False} if "use_cache" in takes else {}
        if head is None and output == "tokens" and self.body is not model:
            self.body.register_forward_hook(self._keep_asked)

    @property
    def body(self) -> nn.Module:
        """What the base is, without any head; the whole model where it does not tell them apart."""
        prefix = "" if self.head is not None else body_name(self.model)
        body: nn.Module = getattr(self.model, prefix) if prefix else self.model
        return body

    @property
    def vocabulary(self) -> int:
        """Entries that a language model's head tells apart; 0 for any other head."""
        get = getattr(self.model, "get_output_embeddings", None)
        table: Any = get() if get is not None and self.output == "tokens" else None
        return 0 if table is None else int(table.weight.shape[0])

    @property
    def can_cache(self) -> bool:
        """Whether what the body says of an input can be computed once and given to the head."""
        reads_text = getattr(self.body, "main_input_name", "input_ids") == "input_ids"
        return self.output != "tokens" and (self.head is not None or reads_text)

    @property
    def trains_tokens(self) -> bool:
        """Whether the table of tokens is trained, and no head of a language model shares it."""
        table = input_table(self.body)
        if table is None or self.output == "tokens":
            return False
        return bool(table.weight.requires_grad)

    def remember(self, frozen: Sequence[nn.Module] = (), *, in_tuple: bool = False) -> None:
        """Stand-ins take the place of what is frozen; see ``nets/efficiency/stand_ins.py``.

        Args:
            frozen: The first blocks of the body; the whole body where left out.
            in_tuple: Blocks give their hidden states in a tuple.
        """
        old = list(frozen) or [self.body]
        new = stand_ins_for(frozen, in_tuple=in_tuple) if frozen else [CachedBody(self.body)]
        swap(self, old, new)
        self._frozen = (old, list(new))
        self.stand_in = new[-1]

    def restore(self) -> None:
        """What is frozen is back in its place, if a stand-in had taken it."""
        old, new = self._frozen
        swap(self, new, old)
        self._frozen, self.stand_in = ([], []), None

    def head_parameters(self) -> list[nn.Parameter]:
        """Weights that belong to the task: outside the body, or in it but never trained before."""
        inside = {id(weight) for weight in self.body.parameters()}
        new = set(self.untrained)
        return [
            weight
            for name, weight in self.named_parameters()
            if id(weight) not in inside or name.removeprefix("model.") in new
        ]

    def train_head_alone(self) -> None:
        """Freeze every weight but those that belong to the task."""
        for weight in self.parameters():
            weight.requires_grad = False
        for weight in self.head_parameters():
            weight.requires_grad = True

    def head_modules(self) -> dict[str, nn.Module]:
        """The modules that make the head, by name."""
        if self.head is not None:
            return {"head": self.head}
        prefix = body_name(self.model)
        modules = {n: m for n, m in self.model.named_children() if n != prefix}
        pooler = getattr(self.body, "pooler", None)
        if pooler is not None and self.output != "word_labels":
            modules = {"pooler": pooler, **modules}
        return modules

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002  # torch's own form
        """Train or read; statistics that batch normalisation has learnt stay as they are.

        Threads would mix up those of their shares, and checkpoints hold weights alone.
        """
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001  # of any dimensions
                module.eval()
        return self

    def forward(self, batch: Batch) -> Outputs:
        """What the network says of a batch, by name."""
        if self.stand_in is not None:
            self.stand_in.give(batch.features)
        positions = batch.places.get("positions")
        if self.head is None:
            return self._standard(batch, positions)
        hidden = vectors_of(self.model(**batch.inputs, **self._always), self.model)
        if self.letters:
            logits = self.head(hidden)
            return {"logits": logits, **self._heard(logits, batch)}
        if positions is not None:
            vectors = gather_words(hidden, positions, batch.places.get("owners"))
        elif self.output == "positions":
            vectors = hidden
        else:
            mask = heard_of(self.body, hidden, batch.inputs.get("attention_mask"))
            own = getattr(self.head, "pool", None)
            vectors = pool(hidden, mask, self.pooling) if own is None else own(hidden, mask)
        name = NAMES.get(self.output, "logits")
        return {name: self.head(vectors, batch.places.get("spelling"))}

    def _heard(self, logits: Tensor, batch: Batch) -> dict[str, Tensor]:
        """How many pieces of each clip were heard, ``(rows,)``, where the head spells."""
        mask = heard_of(self.body, logits, batch.inputs.get("attention_mask"))
        if mask is None:
            return {"heard": torch.full((len(logits),), logits.shape[1], device=logits.device)}
        return {"heard": mask.sum(dim=1)}

    def _standard(self, batch: Batch, positions: Tensor | None) -> Outputs:
        self._asked.positions = positions if self.output == "tokens" else None
        self._asked.were_shown = False
        found = self.model(**batch.inputs, **self._written_before(batch), **self._always)
        outputs = {name: x for name, x in found.items() if isinstance(x, Tensor)}
        if positions is not None and not self._asked.were_shown:  # OPT goes round its own body
            owners = batch.places.get("owners")
            outputs["logits"] = gather_words(outputs["logits"], positions, owners)
        return outputs | (self._heard(outputs["logits"], batch) if self.letters else {})

    def _written_before(self, batch: Batch) -> dict[str, Tensor]:
        """What a decoder behind an encoder reads: the target, each token one place later."""
        target = batch.targets.get("tokens")
        config: Any = getattr(self.model, "config", None)
        is_given = "decoder_input_ids" in batch.inputs
        if target is None or is_given or not getattr(config, "is_encoder_decoder", False):
            return {}
        own = getattr(self.model, "prepare_decoder_input_ids_from_labels", None)
        if own is not None:
            return {"decoder_input_ids": own(labels=target)}
        later = target.roll(1, dims=1).masked_fill(target.roll(1, dims=1) == IGNORED, 0)
        later[:, 0] = config.decoder_start_token_id
        return {"decoder_input_ids": later}

    def write(self, batch: Batch, search: Search, *, longest: int, stop: int) -> list[list[int]]:
        """The tokens that the model writes behind each example; see ``nets/generation.py``."""
        self._asked.positions = None  # what an earlier batch of this thread asked
        return write(self.model, batch, search, longest=longest, stop=stop)

    def mean_log_probabilities(self, given: Tensor, continuations: Sequence[Tensor]) -> list[float]:
        """How likely each continuation of a text is; see ``nets/continuations.py``."""
        self._asked.positions = None
        return mean_log_probabilities(self.model, given, continuations)

    def say(self, given: Tensor, **how: Any) -> Iterator[int]:
        """Continue a text token by token; see ``nets/continuations.py``."""
        self._asked.positions = None
        return continued(self.model, given, **how)

    def _keep_asked(self, _: nn.Module, __: Any, found: Any) -> Any:
        """Show a language model's head those positions alone that are asked.

        The logits of all would fill the memory.
        """
        positions = getattr(self._asked, "positions", None)
        if positions is not None:
            found["last_hidden_state"] = gather_words(found["last_hidden_state"], positions)
            self._asked.were_shown = True
        return found

    def head_loss(self, outputs: Outputs, batch: Batch) -> Tensor | None:
        """The summed loss of a structured head; none where the task's own loss is to be used."""
        structured = getattr(self.head, "loss", None)
        if structured is None:
            return None
        logits, labels = outputs["logits"].float(), batch.targets["labels"]
        loss: Tensor = structured(logits, labels, whole_paths(batch))
        return loss

    def count(self, batch: Batch) -> int:
        """How many targets of a batch the loss is summed over."""
        if getattr(self.head, "loss", None) is None:
            return batch.count
        return int(whole_paths(batch).sum())

    def best_path(self, logits: Tensor, words: Tensor, allowed: Tensor | None = None) -> Tensor:
        """The label codes ``(rows, words)`` that are best together.

        Args:
            logits: What the network says of each word, ``(rows, words, labels)``.
            words: Which words there are, ``(rows, words)``; true on the left.
            allowed: Which label may follow which, ``(before, after)``, where not all may.
        """
        decode = getattr(self.head, "best_path", None)
        if decode is None and allowed is None:
            return logits.argmax(dim=2)
        if decode is None:
            free = torch.zeros(logits.shape[-1], logits.shape[-1])
            return viterbi(logits.float(), words, free[0], free, free[0], allowed)
        rule = {} if allowed is None else {"allowed": allowed}
        place = next(self.head.parameters()).device  # type: ignore[union-attr]
        rule = {name: one.to(place) for name, one in rule.items()}
        path: Tensor = decode(logits.float().to(place), words.to(place), **rule)
        return path.cpu()


def body_name(model: Any) -> str:
    """The attribute of a transformers model that holds its body; empty where there is none."""
    prefix = str(model.base_model_prefix)
    return prefix if isinstance(getattr(model, prefix, None), nn.Module) else ""


def whole_paths(batch: Batch) -> Tensor:
    """Words of the rows that a structured head is scored on, ``(examples, words)``.

    A path through a word without a target has no score: its whole row is left out.

    Example:
        >>> there = torch.ones(2, 2, dtype=torch.bool)
        >>> targets = {"labels": torch.tensor([[0, IGNORED], [2, 1]])}
        >>> whole_paths(Batch(inputs={}, targets=targets, places={"there": there})).tolist()
        [[False, False], [True, True]]
    """
    there = batch.places["there"]
    known = (batch.targets["labels"] != IGNORED) | ~there
    return there & known.all(dim=1, keepdim=True)


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
