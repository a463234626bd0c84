"""A decoder continues texts: as likely as reading them whole says, and within its limits."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    Lfm2Config,
    Lfm2ForCausalLM,
    OpenAIGPTConfig,
    OpenAIGPTLMHeadModel,
)

from polyculture.checks.tiny import tiny_base
from polyculture.nets import continuations
from polyculture.nets.build import open_network
from polyculture.nets.continuations import continued, drawn, mean_log_probabilities
from polyculture.nets.network import Network

GIVEN = torch.tensor([0, 40, 41, 42, 43])
REPLIES = [torch.tensor([50, 51, 52, 2]), torch.tensor([60]), torch.tensor([61, 2])]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A random decoder with the head of a language model."""
    folder = tiny_base(tmp_path_factory.mktemp("bases") / "llama", "llama", ["some text"])
    torch.manual_seed(3)
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
    return open_network(
        folder, labels=(), output="tokens", model_class="AutoModelForCausalLM"
    ).eval()


def whole(model: Any, tokens: Tensor) -> Tensor:
    """Log-probabilities of each next token, from one pass over everything."""
    with torch.no_grad():
        logits: Tensor = model(input_ids=tokens[None]).logits[0]
    return logits.log_softmax(dim=1)


@pytest.mark.parametrize("at_once", [1, continuations.LOGITS])
def test_continuations_are_as_likely_as_when_each_is_read_whole(
    network: Network, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they share is read once, and neither padding nor their number changes anything."""
    monkeypatch.setattr(continuations, "LOGITS", at_once)

    found = network.mean_log_probabilities(GIVEN, REPLIES)

    for value, reply in zip(found, REPLIES, strict=True):
        said = whole(network.model, torch.cat([GIVEN, reply]))[len(GIVEN) - 1 : -1]
        expected = said.gather(1, reply[:, None]).mean()
        assert value == pytest.approx(float(expected), abs=1e-5)
    assert mean_log_probabilities(network.model, GIVEN, REPLIES[1:2]) == pytest.approx([found[1]])


def recurrent() -> Any:
    """A model whose first layer keeps a state, and whose second keys and values."""
    torch.manual_seed(4)
    config = Lfm2Config(
        vocab_size=80,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        layer_types=["conv", "full_attention"],
    )
    return Lfm2ForCausalLM(config).eval()


def forgetful() -> Any:
    """A model that keeps nothing of what it has read."""
    torch.manual_seed(4)
    config = OpenAIGPTConfig(vocab_size=80, n_embd=32, n_layer=1, n_head=2, n_positions=64)
    return OpenAIGPTLMHeadModel(config).eval()


@pytest.mark.parametrize("made", [recurrent, forgetful])
def test_models_that_cannot_share_what_they_read_read_it_anew(made: Callable[[], Any]) -> None:
    """Each continuation is as likely as when it is read whole, and said as by reading all again."""
    model = made()

    found = mean_log_probabilities(model, GIVEN, REPLIES)
    said = continued(
        model,
        GIVEN,
        longest=5,
        stops=set(),
        temperature=0.0,
        top_p=1.0,
        chance=torch.Generator(),
    )

    for value, reply in zip(found, REPLIES, strict=True):
        each = whole(model, torch.cat([GIVEN, reply]))[len(GIVEN) - 1 : -1]
        assert value == pytest.approx(float(each.gather(1, reply[:, None]).mean()), abs=1e-5)
    tokens = GIVEN
    for token in said:
        assert int(whole(model, tokens)[-1].argmax()) == token
        tokens = torch.cat([tokens, torch.tensor([token])])
    assert len(tokens) == len(GIVEN) + 5


def says(network: Network, longest: int, *stops: int, **how: Any) -> list[int]:
    chance = torch.Generator().manual_seed(5)
    settings = {"temperature": 1.0, "top_p": 1.0, **how}
    spoken = continued(
        network.model, GIVEN, longest=longest, stops=set(stops), chance=chance, **settings
    )
    return [*spoken]


def test_a_continuation_ends_at_its_stop_and_at_its_longest(network: Network) -> None:
    """The stop is not said, and neither is anything behind it."""
    free = says(network, 12)

    assert len(free) == 12
    assert says(network, 5) == free[:5]
    first = free.index(free[6])
    assert says(network, 12, free[6]) == free[:first]
    assert says(network, 0) == []
    assert says(network, 12, free[0]) == []


def test_without_temperature_the_likeliest_token_is_said(network: Network) -> None:
    """As transformers' own greedy search says it, and as reading everything again would."""
    found = says(network, 6, temperature=0.0)

    tokens = GIVEN
    for token in found:
        assert int(whole(network.model, tokens)[-1].argmax()) == token
        tokens = torch.cat([tokens, torch.tensor([token])])
    assert says(network, 6, temperature=0.0) == found


def test_the_nucleus_is_the_smallest_set_of_enough_probability() -> None:
    """Of .5, .3 and .2: half of it is one token, and more than half two."""
    logits = torch.tensor([0.2, 0.5, 0.3]).log()

    def seen(top_p: float, temperature: float = 1.0) -> set[int]:
        chance = torch.Generator().manual_seed(1)
        return {
            drawn(logits, temperature=temperature, top_p=top_p, chance=chance) for _ in range(300)
        }

    assert seen(0.5) == {1}
    assert seen(0.51) == {1, 2}
    assert seen(0.8) == {1, 2}
    assert seen(1.0) == {0, 1, 2}
    assert seen(1.0, temperature=0.01) == {1}
    assert seen(1.0, temperature=1e-300) == {1}  # no quotient overflows
    chance = torch.Generator().manual_seed(1)
    often = [drawn(logits, temperature=1.0, top_p=0.8, chance=chance) for _ in range(4000)]
    assert often.count(1) / 4000 == pytest.approx(0.5 / 0.8, abs=0.03)
