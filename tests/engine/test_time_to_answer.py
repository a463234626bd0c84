"""Where answers take longer than a look, a budget of time keeps back what they take."""

import math
import time

import pytest

from polyculture.engine.cost.budget import Budget
from polyculture.engine.look import Look
from polyculture.engine.loop import Work, _timed


def work_of(calls: list[str]) -> Work:
    """Looks that take no time, and answers of 10 tokens that take some."""

    def answer_some() -> int:
        calls.append("answers")
        time.sleep(0.05)
        return 10

    return Work(
        plan=(),
        steps_per_epoch=1,
        batch_of=lambda *_: pytest.fail("no batch is wanted"),
        loss_of=lambda *_: pytest.fail("no loss is wanted"),
        look=lambda: Look(score=1.0),
        answer_some=answer_some,
        tokens_valid=1_000_000,
    )


def test_answers_tell_when_the_steps_end_and_later_looks_do_not() -> None:
    """What 2,000 tokens take is reckoned from what 10 took."""
    now = time.monotonic()
    budget = Budget(until=now + 100, tokens_after=2_000, weights=0, share=0.0)
    calls: list[str] = []
    work = work_of(calls)

    _timed(work, budget)
    end = budget.end
    _timed(work, budget)

    assert calls == ["answers"]
    assert end == budget.end
    assert now + 60 < end < now + 95


def test_answers_are_timed_again_when_half_of_the_time_has_passed() -> None:
    """A model that has learnt more writes shorter texts, and leaves more time for steps."""
    budget = Budget(until=100.0, tokens_after=1_000, weights=0, share=0.0, now=0.0)
    budget.saw_answers(tokens=50, seconds=2.0, now=10.0)  # 40 s are kept back, and 2 for saving
    first = budget.end

    asked = [budget.asks(now) for now in (10.0, 33.0, 35.0)]
    budget.saw_answers(tokens=100, seconds=2.0, now=35.0)

    assert asked == [False, False, True]
    assert (first, budget.end) == (58.0, 78.0)


def test_nothing_is_answered_while_learning_where_time_is_no_limit() -> None:
    """Then nobody asks how long it takes."""
    calls: list[str] = []
    budget = Budget(until=math.inf, tokens_after=2_000, weights=0, share=0.0)

    _timed(work_of(calls), budget)

    assert not calls
