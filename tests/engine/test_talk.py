"""A talk keeps what was said, says no more than it may, and says the same with the same seed."""

import copy
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from polyculture.checks.tiny import tiny_base
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Inventory
from polyculture.engine.answering.model import Predictor
from polyculture.engine.answering.talk import Talk
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.nets.reading.turns import Writer

LONGEST = 60


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A tiny random decoder, which says anything."""
    texts = ["User: Hello there, how are you?", "Assistant: 你好, fine 👋", "ask and say"]
    folder = tiny_base(tmp_path_factory.mktemp("bases") / "llama", "llama", texts)
    torch.manual_seed(1)
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
    recipe = Recipe.model_validate(
        {
            "task": {"kind": "dialogue", "longest_answer": 12},
            "base": {"source": "folder", "path": str(folder)},
            "data": {"source": "jsonl", "train": "a.jsonl", "valid": "b.jsonl"},
        }
    )
    return Predictor(
        recipe=recipe,
        context=Context(
            settings=recipe.task,
            inventory=Inventory(),
            reader=open_tokenizer(folder),
            longest=LONGEST,
            form="decoder",
        ),
        network=open_network(
            folder, labels=(), output="tokens", model_class="AutoModelForCausalLM"
        ),
    )


def begin(predictor: Predictor, **how: Any) -> Talk:
    return Talk(predictor, **{"temperature": 1.5, "seed": 3, **how})


def told(talk: Talk, text: str) -> str:
    return "".join(talk.reply(text))


def test_the_same_seed_says_the_same_and_another_does_not(predictor: Predictor) -> None:
    """Without temperature no seed changes anything."""
    first = told(begin(predictor), "Hello")

    assert told(begin(predictor), "Hello") == first
    assert told(begin(predictor, seed=4), "Hello") != first
    calm = {told(begin(predictor, temperature=0.0, seed=seed), "Hello") for seed in (1, 2)}
    assert len(calm) == 1


def test_a_reply_is_no_longer_than_it_may_be(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the run has it, as it is asked, and never more than half of what is read at once."""
    said: list[int] = []
    usual = predictor.network.say  # type: ignore[union-attr]

    def counted(given: torch.Tensor, **how: Any) -> Any:
        for token in usual(given, **how):
            said.append(token)
            yield token

    monkeypatch.setattr(predictor.network, "say", counted)
    for asked, most in ((None, 12), (5, 5), (1, 1), (1_000, LONGEST // 2)):
        said.clear()
        talk = begin(predictor, longest_answer=asked)
        talk.stops = set()  # it could go on for ever
        told(talk, "Hello")
        assert len(said) == most


def test_a_reply_ends_at_the_stop_which_nobody_sees(predictor: Predictor) -> None:
    """What is remembered is what was said."""
    talk = begin(predictor, longest_answer=20)
    free = told(talk, "Hello")
    (kept,) = [turn["content"] for turn in talk.turns if turn["role"] == "assistant"]
    assert kept == free.strip()
    again = begin(predictor, longest_answer=20)
    again.stops = set(range(len(predictor.context.reader)))  # whatever it says first

    assert told(again, "Hello") == ""
    assert again.turns[-1] == {"role": "assistant", "content": ""}


def test_a_reply_ends_with_the_turn_also_where_that_is_not_the_end_of_a_text(
    predictor: Predictor,
) -> None:
    """The chat template's own token ends it, spoken and written alike; nothing behind it is asked.

    Models tuned for chat have such a token, as ``<|im_end|>``.
    """
    reader = copy.deepcopy(predictor.context.reader)
    end = next(n for n in reader.all_special_ids if n != reader.eos_token_id)
    reader.chat_template = (
        "{% for turn in messages %}{{ turn.role }}: {{ turn.content }}"
        + reader.convert_ids_to_tokens(end)
        + "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
    )
    spoken = replace(predictor, context=replace(predictor.context, reader=reader))
    first, second = reader("ask and say", add_special_tokens=False)["input_ids"][:2]
    script = [first, second, end, first, first]
    asked: list[int] = []

    def forced(_: Any, __: Any, logits: torch.Tensor) -> torch.Tensor:
        asked.append(script[len(asked)])
        logits[..., asked[-1]] = 1e4
        return logits

    hook = predictor.network.model.lm_head.register_forward_hook(forced)  # type: ignore[union-attr]
    try:
        talk = begin(spoken, temperature=0.0)
        said = told(talk, "Hello")
        steps = len(asked)
        asked.clear()
        turns = [{"role": "user", "content": "Hello"}]
        answers, _ = spoken.answer(pl.DataFrame({"id": ["1"], "messages": [turns]}), "x")
    finally:
        hook.remove()

    assert {end, reader.eos_token_id} <= talk.stops
    assert said == reader.decode([first, second])
    assert steps == 3
    assert answers["answer"].to_list() == [said.strip()]


def test_what_was_said_is_read_again_and_reset_forgets_it(predictor: Predictor) -> None:
    """The instructions stay; the prompt is that of training."""
    talk = begin(predictor, system="Be kind.", longest_answer=3)
    first = told(talk, "Hi")
    assert [turn["role"] for turn in talk.turns] == ["system", "user", "assistant"]

    told(talk, "ask")

    assert [turn["content"] for turn in talk.turns[:4]] == ["Be kind.", "Hi", first.strip(), "ask"]
    window = Writer(talk.context).last(talk.turns[:4])
    text = predictor.context.reader.decode(window.tokens)
    assert text.startswith("<s>System: Be kind.\nUser: Hi\nAssistant: ")
    assert text.endswith("</s>\nUser: ask\nAssistant:")
    talk.reset()
    assert talk.turns == [{"role": "system", "content": "Be kind."}]


def test_a_long_talk_loses_its_oldest_turns_and_says_so(predictor: Predictor) -> None:
    """What is read always fits."""
    talk = begin(predictor, longest_answer=6)
    dropped = []
    for number in range(6):
        told(talk, f"ask {number}")
        dropped.append(talk.dropped)
        assert len(Writer(talk.context).last(talk.turns[:-1]).tokens) <= LONGEST - 6

    assert dropped[0] == 0
    assert dropped[-1] > 0
    talk.reset()
    assert talk.dropped == 0


def test_who_interrupts_a_reply_keeps_what_was_said(predictor: Predictor) -> None:
    """The talk goes on with it."""
    talk = begin(predictor, longest_answer=12)
    pieces: Any = talk.reply("Hello")
    first = next(pieces)
    with pytest.raises(KeyboardInterrupt):
        pieces.throw(KeyboardInterrupt)

    assert talk.turns[-1] == {"role": "assistant", "content": first.strip()}
    told(talk, "ask")
    assert [turn["role"] for turn in talk.turns] == ["user", "assistant"] * 2


def test_pieces_never_hold_half_a_character(predictor: Predictor) -> None:
    """A token may be some bytes of an emoji; pieces add up to what is remembered."""
    talk = begin(predictor)
    given = predictor.context.reader(" 🐘 猫", add_special_tokens=False)["input_ids"]
    assert len(given) > 4

    talk.network = SaysThese(given)
    pieces = [*talk.reply("Hello")]

    assert "".join(pieces) == "🐘 猫"
    assert not any("\ufffd" in piece for piece in pieces)
    assert len(pieces) < len(given)
    talk.network = SaysThese(given[:2])  # cut within a character
    assert "".join(talk.reply("Hello")).rstrip("\ufffd") == ""


class SaysThese:
    """Says some tokens, as a network that was trained to would."""

    def __init__(self, tokens: list[int]) -> None:
        self.tokens = tokens

    def say(self, _: torch.Tensor, **__: Any) -> Any:
        """All of them, whatever is given."""
        return iter(self.tokens)
