"""A talk with a model that replies: it keeps what was said, and says a reply piece by piece."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from polyculture.engine.answering.model import Predictor
from polyculture.nets.generation import stops_of
from polyculture.nets.reading.turns import Turn, Writer

HALF = "\ufffd"
"""Stands for a character of which a token holds only some bytes; the next token has the rest."""


class Talk:
    """A conversation with a finished run.

    Example: ``for piece in Talk(predictor).reply("Hello"): print(piece, end="")``.
    """

    def __init__(
        self,
        predictor: Predictor,
        *,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 1,
        longest_answer: int | None = None,
        system: str = "",
    ) -> None:
        """Begin.

        Args:
            predictor: A run whose task reads conversations, with a language model.
            temperature: How freely it speaks; 0 says the likeliest token.
            top_p: Only the likeliest tokens that together have this probability are drawn from.
            seed: Where chance comes from.
            longest_answer: Most tokens of a reply; those of the run where left out. The base reads
                and writes within one length, of which a reply may take half.
            system: Instructions that stand before everything.
        """
        context = predictor.context
        if longest_answer is not None:
            chosen = context.settings.model_copy(update={"longest_answer": longest_answer})
            context = replace(context, settings=chosen)
        self.context = context
        self.network: Any = predictor.network.eval()  # type: ignore[union-attr]  # not word counts
        self.writer = Writer(context)
        self.stops = stops_of(self.network.model, self.writer.stop)
        self.how = {"temperature": temperature, "top_p": top_p}
        self.chance = torch.Generator().manual_seed(seed)
        self.rules: list[Turn] = [{"role": "system", "content": system}] if system else []
        self.turns: list[Turn] = [*self.rules]
        self.dropped = 0
        """Oldest turns that the last reply was said without, since they did not fit."""

    def reset(self) -> None:
        """Forget what was said, but not the instructions."""
        self.turns = [*self.rules]
        self.dropped = 0

    def reply(self, text: str) -> Iterator[str]:
        """Say a reply to a text, piece by piece, and remember both.

        Whoever stops listening, or interrupts, ends the reply there; what was said is remembered.
        """
        self.turns.append({"role": "user", "content": text})
        window = self.writer.last(self.turns)
        self.writer.forget()
        self.dropped = window.dropped
        said: list[int] = []
        told = ""
        try:
            for token in self.network.say(
                torch.tensor(window.tokens),
                longest=self.context.longest_answer,
                stops=self.stops,
                chance=self.chance,
                **self.how,
            ):
                said.append(token)
                whole = self._text(said)
                if whole.endswith(HALF) or not whole.startswith(told):
                    continue
                piece, told = whole[len(told) :], whole
                if piece:
                    yield piece
            rest = self._text(said)
            if rest != told and rest.startswith(told):
                yield rest[len(told) :]
        finally:
            self.turns.append({"role": "assistant", "content": self._text(said).strip()})

    def _text(self, said: list[int]) -> str:
        return str(self.context.reader.decode(said, skip_special_tokens=True)).lstrip()
