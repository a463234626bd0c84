"""A time budget for the whole command, and what is left of it for training steps.

After the last step come a look at the validation rows, saving, opening the saved model and
answering validation and test with it. What these take is estimated from the speed at which rows
were read so far, and kept back.
"""

import math
import time

TRAINING_COSTS = 3.0
"""How many times more a token costs in training than in reading."""
SAVING = 2.0
"""Seconds for writing and reopening a small model, and for what no estimate sees."""
WEIGHTS_A_SECOND = 25e6
"""Weights that are written and read again in a second, on a slow disk."""
AGAIN = 0.5
"""Answering is timed again after this share of the remaining time: a model that has learnt little
writes longer texts."""
COLD = 3
"""Warm-up steps whose speed says little: memory is being allocated and caches are cold."""


class Budget:
    """When the steps of a training must end.

    Example:
        >>> budget = Budget(until=100.0, tokens_after=0, weights=0, share=0.0, now=0.0)
        >>> budget.share(49.0), budget.is_spent(99.0)
        (0.5, True)
    """

    def __init__(
        self,
        *,
        until: float,
        tokens_after: int,
        weights: int,
        share: float,
        now: float | None = None,
    ) -> None:
        """Start the clock.

        Args:
            until: When the command has to end, on the clock of ``time.monotonic``; infinite for no
            limit.
            tokens_after: Tokens that are read after the last step.
            weights: Weights of the model that is saved at the end.
            share: Share of the schedule that was behind when this command began.
            now: The time; asked where left out.
        """
        self.until = until
        self.tokens_after = tokens_after
        self.saving = SAVING + weights / WEIGHTS_A_SECOND
        self.steps = 0
        self.begun_at = share
        self.began = time.monotonic() if now is None else now
        self.speed: float | None = None
        self.was_read = False
        self.ask_from = -math.inf

    def asks(self, now: float) -> bool:
        """Whether it is time to see how long answers take, where that is seen apart from looks."""
        return math.isfinite(self.until) and now >= self.ask_from

    def saw_answers(self, *, tokens: int, seconds: float, now: float) -> None:
        """Record how long some answers took."""
        self.saw(tokens=tokens, seconds=seconds, learning=False)
        self.ask_from = now + AGAIN * self.left(now)

    def saw(self, *, tokens: int, seconds: float, learning: bool) -> None:
        """Record how long some tokens took; reading counts for more than training."""
        self.steps += learning
        if seconds <= 0 or (learning and (self.was_read or self.steps <= COLD)):
            return
        self.was_read = not learning
        self.speed = tokens / seconds * (TRAINING_COSTS if learning else 1.0)

    @property
    def end(self) -> float:
        """When the steps must end."""
        reading = self.tokens_after / self.speed if self.speed else 0.0
        return self.until - self.saving - reading

    def left(self, now: float) -> float:
        """Seconds that are left for steps."""
        return max(0.0, self.end - now)

    def is_spent(self, now: float) -> bool:
        """Whether no further step should begin."""
        return now >= self.end

    def share(self, now: float) -> float:
        """Share of the schedule that is behind at a time, from 0 to 1."""
        whole = self.end - self.began
        passed = 1.0 if whole <= 0 else min(1.0, (now - self.began) / whole)
        return self.begun_at + (1 - self.begun_at) * passed
