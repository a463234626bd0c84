"""Conversations become tokens of which the replies, and nothing else, are learnt."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import ModelError
from polyculture.core.task import Context, Inventory
from polyculture.nets.build import open_tokenizer
from polyculture.nets.reading.replies import encode_turns, said
from polyculture.nets.reading.turns import PLAIN, Writer, has_answer
from polyculture.sources.starter.cache import root

CHATML = (
    "{% if messages[0]['role'] != 'system' %}<s>system\nBe kind</s>\n{% endif %}"
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
WITHOUT_END = (
    "{% for m in messages %}### {{ m['role'] }}\n{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}### assistant\n{% endif %}"
)
FORGETFUL = (
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}"
    "{% else %}{{ '> ' + (m['content'] if loop.last else '...') }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}> {% endif %}"
)
STRICT = "{{ raise_exception('roles must alternate') }}"


def turns(*contents: str, system: str = "") -> list[dict[str, str]]:
    """A user and an assistant by turns."""
    rules = [{"role": "system", "content": system}] if system else []
    roles = ("user", "assistant")
    return [*rules, *({"role": roles[n % 2], "content": c} for n, c in enumerate(contents))]


TALK = turns("Hi there 你好", "Hello! 👋", "How old are you?", "Two  days\nold.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small decoder, whose tokenizer begins a text with <s> and ends it with </s>."""
    texts = [f"{role}: {turn['content']}" for turn in TALK for role in ("User", "Assistant")]
    return tiny_base(tmp_path_factory.mktemp("bases") / "llama", "llama", texts)


def context_of(
    folder: Path, own: str | None = None, *, longest: int = 400, room: int = 8, **chosen: Any
) -> Context:
    reader = open_tokenizer(folder)
    reader.chat_template = own
    settings = SimpleNamespace(
        **{"template": "base", "learns": "all", "longest_answer": room, **chosen}
    )
    return Context(
        settings=settings, inventory=Inventory(), reader=reader, longest=longest, form="decoder"
    )


@pytest.mark.parametrize(
    ("template", "written", "replies"),
    [
        (
            None,
            (
                "<s>User: Hi there 你好\nAssistant: Hello! 👋</s>\nUser: How old are you?\n"
                "Assistant: Two  days\nold.</s>"
            ),
            [" Hello! 👋</s>", " Two  days\nold.</s>"],
        ),
        (
            CHATML,
            (
                "<s>system\nBe kind</s>\n<s>user\nHi there 你好</s>\n<s>assistant\nHello! 👋</s>\n"
                "<s>user\nHow old are you?</s>\n<s>assistant\nTwo  days\nold.</s>"
            ),
            ["Hello! 👋</s>", "Two  days\nold.</s>"],
        ),
        (
            WITHOUT_END,
            (
                "### user\nHi there 你好\n### assistant\nHello! 👋\n</s>"
                "### user\nHow old are you?\n### assistant\nTwo  days\nold.\n</s>"
            ),
            ["Hello! 👋\n</s>", "Two  days\nold.\n</s>"],
        ),
    ],
)
@pytest.mark.parametrize("learns", ["all", "last"])
def test_the_tokens_of_replies_and_their_ends_are_the_only_targets(
    folder: Path, learns: str, template: str | None, written: str, replies: list[str]
) -> None:
    """Nothing of user, system or template is learnt, and the end of each reply is."""
    context = context_of(folder, template, learns=learns)

    (example,) = encode_turns([TALK], context, None).examples

    tokens, targets = example.inputs["input_ids"], example.targets["tokens"]
    positions = example.places["positions"]
    learnt = replies if learns == "all" else replies[-1:]
    if template == WITHOUT_END and learns == "last":  # its own replies of the past have no end
        written = written.replace("👋\n</s>", "👋\n")
    assert context.reader.decode(tokens) == written
    assert context.reader.decode(targets) == "".join(learnt)
    assert tokens[positions + 1].tolist() == targets.tolist()
    ends = np.flatnonzero(targets == context.reader.eos_token_id)
    assert len(ends) == len(learnt)
    assert targets[-1] == context.reader.eos_token_id
    given = np.delete(tokens, positions + 1)
    assert "Hello" not in context.reader.decode(given) or learns == "last"
    assert int(example.places["covers"]) == sum(
        len(turn["content"].encode()) for turn in (TALK[1::2] if learns == "all" else TALK[3:])
    )


@pytest.mark.parametrize("template", [None, CHATML, WITHOUT_END])
@pytest.mark.parametrize("learns", ["all", "last"])
def test_what_is_read_before_a_reply_does_not_depend_on_the_reply(
    folder: Path, template: str | None, learns: str
) -> None:
    """A reply is asked for behind the very tokens behind which it is learnt."""
    writer = Writer(context_of(folder, template, learns=learns))

    learnt, asked = writer.last(TALK), writer.last(TALK[:-1])

    assert asked.tokens == learnt.tokens[: learnt.prompt]
    assert asked.prompt == learnt.prompt == len(asked.tokens)


def test_a_long_conversation_loses_its_oldest_turns_and_no_reply(folder: Path) -> None:
    """What the system says stays; replies of dropped turns are learnt in a window before."""
    long = turns(*(f"{'ask' if n % 2 == 0 else 'say'} {n}" for n in range(12)), system="Rule 1.")
    context = context_of(folder, longest=110, room=20)

    windows = Writer(context).windows(long)

    told = [context.reader.decode(window.tokens) for window in windows]
    assert len(windows) > 1
    assert all(text.startswith("<s>System: Rule 1.\nUser: ") for text in told)
    assert all(len(window.tokens) <= 110 for window in windows)
    assert windows[-1].prompt <= 110 - 20
    assert windows[-1].dropped > 0
    found = [context.reader.decode(said(window)[0]) for window in windows]
    assert "".join(found) == "".join(f" say {n}</s>" for n in range(1, 12, 2))
    assert sum(sum(window.covers) for window in windows) == sum(
        len(turn["content"]) for turn in long if turn["role"] == "assistant"
    )
    last = Writer(context_of(folder, longest=110, room=20, learns="last")).windows(long)
    assert [context.reader.decode(said(window)[0]) for window in last] == [" say 11</s>"]


def test_a_turn_that_is_too_long_keeps_its_end_and_a_reply_its_beginning(folder: Path) -> None:
    """What is cut is counted; bytes are those of what is left, also within a character's bytes."""
    context = context_of(folder, longest=40, room=16)
    asks, replies = "ask " * 40 + "now", "猫 says öö 👋 " * 9

    encoded = encode_turns([turns(asks, replies), turns("a", "b")], context, None)

    example = encoded.examples[0]
    kept = context.reader.decode(example.targets["tokens"])
    assert len(example.inputs["input_ids"]) == 40
    assert int(example.places["prompt"]) == 24
    assert context.reader.decode(example.inputs["input_ids"][:24]).endswith("ask now\nAssistant:")
    assert replies.startswith(kept.strip().rstrip("\ufffd"))
    whole = len(kept.strip().rstrip("\ufffd").encode())
    assert whole <= int(example.places["covers"]) <= whole + 4
    assert context.reader.eos_token_id not in example.targets["tokens"]
    assert encoded.protocol["cut_texts"] == encoded.protocol["cut_replies"] == 1
    assert [note.split(" conversations ")[0] for note in encoded.notes] == ["1 of 2"] * 2
    assert "raise longest_answer" in encoded.notes[1]


def test_a_conversation_without_a_reply_is_asked_for_one_and_teaches_nothing(folder: Path) -> None:
    """Also one that begins with a greeting of the assistant, which replies to nobody."""
    greeting = [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hm"}]
    context = context_of(folder)

    encoded = encode_turns([TALK[:3], greeting, greeting[:1]], context, None)

    assert not any(example.targets for example in encoded.examples)
    assert not has_answer(greeting[:1])
    assert [context.reader.decode(e.inputs["input_ids"])[-10:] for e in encoded.examples] == [
        "Assistant:"
    ] * 3


def test_templates_that_cannot_be_cut_at_replies_are_told(folder: Path) -> None:
    """The sentence names the settings that help, and these do help."""
    forgetful = context_of(folder, FORGETFUL)
    with pytest.raises(ModelError, match=r"writes a turn differently.*task\.learns = 'last'"):
        encode_turns([TALK], forgetful, None)
    encode_turns([TALK], context_of(folder, FORGETFUL, learns="last"), None)
    with pytest.raises(ModelError, match=r"roles must alternate. Set task.template = 'plain'"):
        encode_turns([TALK], context_of(folder, STRICT), None)
    plain = encode_turns([TALK], context_of(folder, STRICT, template="plain"), None)
    assert plain.protocol["plain_template"] == 1
    assert encode_turns([TALK], context_of(folder, CHATML), None).protocol["plain_template"] == 0


def test_the_plain_template_is_a_template_that_any_tokenizer_takes(folder: Path) -> None:
    """Whoever opens the model elsewhere can give it to ``apply_chat_template``."""
    reader = open_tokenizer(folder)

    text = reader.apply_chat_template(
        TALK[:1], chat_template=PLAIN, tokenize=False, add_generation_prompt=True
    )

    assert text == "<s>User: Hi there 你好\nAssistant:"


@pytest.mark.model
def test_the_parts_of_smollm_have_the_tokens_of_the_whole() -> None:
    """Its replies are fenced by tokens that stand for no text, so cutting changes nothing."""
    smollm = root() / "smollm2-135m"
    if not smollm.is_dir():
        pytest.skip("smollm2-135m is not fetched: polyculture starter fetch smollm2-135m")
    own = open_tokenizer(smollm)
    context = context_of(smollm, own.chat_template)

    (window,) = Writer(context).windows(TALK)

    whole = own.apply_chat_template(TALK, tokenize=True, return_dict=False)
    assert whole[:-1] == window.tokens  # behind the last reply the template breaks the line
    assert own.decode(said(window)[0]) == "Hello! 👋<|im_end|>Two  days\nold.<|im_end|>"
