"""A prefix is seen by every query, whichever kernel runs, and shifts nothing of the text."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from polyculture.adaptations.prefix import PLUGIN, Prefix
from polyculture.checks.adaptations import loss_of, open_small, outputs, small_batch
from polyculture.checks.families.family import LAYERS, LONGEST
from polyculture.checks.tiny import FAMILIES, KINDS, Kind, tiny_base
from polyculture.core.errors import RecipeError
from polyculture.core.search import Search
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.thread_team import Team
from polyculture.nets.attention_prefix import Prefix as PrefixLayer
from polyculture.nets.attention_prefix import attention_layers
from polyculture.nets.batch import Batch
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.nets.efficiency.attention import register
from polyculture.nets.efficiency.recompute import recompute
from polyculture.nets.network import Network, count, trainable
from polyculture.nets.saved.added import attach

TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely and long", "no"]
BOTH = ("t5", "bart", "marian")
"""Encoders with a decoder."""
OF_TEXT = [kind for kind, family in FAMILIES.items() if family.reads == "text"]
READERS = [kind for kind in OF_TEXT if kind not in {*BOTH, "deberta-v2"}]
WIDTH, HEADS = 32, 4


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """One tiny random base of each family."""
    place = tmp_path_factory.mktemp("bases")
    return {kind: tiny_base(place / kind, kind, TEXTS) for kind in OF_TEXT}


@pytest.fixture(scope="module")
def writers(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """Random bases with the head of a language model, and weights large enough to differ."""
    place = tmp_path_factory.mktemp("writers")
    folders = {kind: tiny_base(place / kind, kind, TEXTS) for kind in ("gpt2", "llama", *BOTH)}
    for kind, folder in folders.items():
        torch.manual_seed(1)
        classes = AutoModelForSeq2SeqLM if kind in BOTH else AutoModelForCausalLM
        model = classes.from_config(AutoConfig.from_pretrained(folder))
        with torch.no_grad():
            for weight in model.parameters():
                weight.mul_(1 if weight.ndim == 1 else 4)
        model.save_pretrained(folder)
    return folders


def with_prefix(network: Network, length: int = 5, *, gate: float = 1.0) -> Network:
    """Prefixes are added, and their gates opened as far as asked."""
    attach(network, PLUGIN, Prefix(length=length))
    for name, weight in network.named_parameters():
        if name.endswith("prefix.gate"):
            nn.init.constant_(weight, gate)
    return network.eval()


def writer(folder: Path, kind: Kind) -> Network:
    """With an open prefix and the head of a language model."""
    model_class = "AutoModelForSeq2SeqLM" if kind in BOTH else "AutoModelForCausalLM"
    network = open_network(folder, labels=(), output="tokens", model_class=model_class)
    return with_prefix(network)


def prompts(folder: Path, kind: Kind, texts: list[str]) -> Batch:
    inputs = dict(open_tokenizer(folder)(texts, padding=True, return_tensors="pt"))
    inputs.pop("token_type_ids", None)
    if kind in BOTH:
        return Batch(inputs=inputs)
    return Batch(inputs=inputs, places={"prompt": inputs["attention_mask"].sum(dim=1)})


@pytest.mark.parametrize(("kind", "heads_of_keys"), [("bert", 4), ("llama", 2)])
def test_a_prefix_trains_as_many_numbers_as_declared(
    kind: Kind, heads_of_keys: int, bases: dict[Kind, Path]
) -> None:
    """Keys and values for each head of keys, a gate for each head of queries, and the head."""
    network = open_small(bases[kind], "word_labels")
    head = count(network.head_parameters())

    PLUGIN.attach(network, Prefix(length=3))

    layer = 2 * 3 * heads_of_keys * WIDTH // HEADS + HEADS
    assert count(trainable(network).values()) == head + LAYERS * layer


@pytest.mark.parametrize("scaling", [None, 1.0])
def test_what_is_added_is_attention_to_the_prefix_times_a_gate(scaling: float | None) -> None:
    """As torch's own function computes it, with heads of queries that share keys."""
    torch.manual_seed(1)
    prefix, query = PrefixLayer(5, 8, heads=4, groups=2), torch.randn(3, 4, 6, 8)
    nn.init.normal_(prefix.gate)

    added = prefix(query, scaling)

    key, value = (x.expand(3, -1, -1, -1) for x in (prefix.key, prefix.value))
    expected = nn.functional.scaled_dot_product_attention(
        query, key, value, scale=scaling, enable_gqa=True
    )
    gates = torch.tanh(prefix.gate)[None, :, None, None]
    torch.testing.assert_close(added, (expected * gates).transpose(1, 2))


@pytest.mark.parametrize("kind", READERS)
def test_every_kernel_sees_the_prefix(kind: Kind, bases: dict[Kind, Path]) -> None:
    """Chosen before the prefix is added or after; what an open prefix says changes the outputs."""
    batch = small_batch(bases[kind], "labels")
    plain = outputs(open_small(bases[kind], "labels"), batch)
    found = []
    for kernel in ("eager", "sdpa", register()):
        network: Any = open_small(bases[kind], "labels")
        network.model.set_attn_implementation("sdpa" if kernel == "eager" else "eager")
        with_prefix(network)
        network.model.set_attn_implementation(kernel)
        torch.manual_seed(2)
        for name in network.added:
            nn.init.normal_(network.get_parameter(name))
        found.append(outputs(network, batch))

    assert (found[0] - plain).abs().max() > 1e-4
    for others in found[1:]:
        torch.testing.assert_close(others, found[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", READERS)
def test_a_row_says_alone_what_it_says_beside_a_longer_one(
    kind: Kind, bases: dict[Kind, Path]
) -> None:
    """Padding is no part of a text with a prefix either."""
    network = with_prefix(open_small(bases[kind], "labels"))
    batch = small_batch(bases[kind], "labels")
    length = int(batch.inputs["attention_mask"][1].sum())
    alone = Batch(inputs={name: values[1:, :length] for name, values in batch.inputs.items()})

    torch.testing.assert_close(
        outputs(network, alone)[0], outputs(network, batch)[1], atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_the_longest_text_fits_beside_any_prefix(kind: Kind, bases: dict[Kind, Path]) -> None:
    """The prefix takes none of the positions that such a base has learnt."""
    network = with_prefix(open_small(bases[kind], "labels"), length=9)
    tokens = torch.full((1, LONGEST), 7)

    logits = outputs(network, Batch(inputs={"input_ids": tokens}))

    assert logits.isfinite().all()


def test_a_later_token_changes_nothing_of_those_before(bases: dict[Kind, Path]) -> None:
    """A decoder with a prefix still reads from left to right."""
    network: Any = with_prefix(open_small(bases["llama"], "word_labels"))
    tokens = torch.arange(20, 30)[None]
    changed = tokens.clone()
    changed[0, 6] = 99

    with torch.no_grad():
        before, after = (network.model(input_ids=x).logits[0] for x in (tokens, changed))

    torch.testing.assert_close(before[:6], after[:6])
    assert not torch.allclose(before[6:], after[6:])


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_kept_keys_and_values_say_what_reading_everything_again_says(
    kind: Kind, writers: dict[Kind, Path]
) -> None:
    """Token by token, and of continuations that are scored together."""
    network = writer(writers[kind], kind)
    model: Any = network.model
    given = torch.tensor([30, 40, 41, 42])

    def log_probabilities(tokens: Tensor) -> Tensor:
        with torch.no_grad():
            logits: Tensor = model(input_ids=tokens[None]).logits[0]
        return logits.log_softmax(dim=1)

    chance = torch.Generator()
    said = list(
        network.say(given, longest=6, stops=set(), temperature=0.0, top_p=1.0, chance=chance)
    )
    replies = [torch.tensor([50, 51, 52]), torch.tensor([60])]
    means = network.mean_log_probabilities(given, replies)

    tokens = given
    for token in said:
        assert int(log_probabilities(tokens)[-1].argmax()) == token
        tokens = torch.cat([tokens, torch.tensor([token])])
    for reply, mean in zip(replies, means, strict=True):
        read = log_probabilities(torch.cat([given, reply]))[len(given) - 1 : -1]
        assert mean == pytest.approx(float(read.gather(1, reply[:, None]).mean()), abs=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("kind", ["gpt2", "llama", *BOTH])
def test_a_batch_writes_what_its_rows_alone_write(
    kind: Kind, beams: int, writers: dict[Kind, Path]
) -> None:
    """Prompts of different lengths, several beams, and with what the prefix says."""
    network, folder = writer(writers[kind], kind), writers[kind]

    def written(texts: list[str]) -> list[list[int]]:
        search = Search(beams=beams)
        return network.write(prompts(folder, kind, texts), search, longest=8, stop=1)

    together = written(TEXTS)

    assert together == [written([text])[0] for text in TEXTS]


def test_threads_read_at_once_what_one_reads(bases: dict[Kind, Path]) -> None:
    """Nothing of a batch is kept in the network."""
    network = with_prefix(open_small(bases["bert"], "labels"))
    batches = [prompts(bases["bert"], "t5", TEXTS[: 1 + n % 4]) for n in range(24)]
    expected = [outputs(network, batch) for batch in batches]

    with Team(4) as team:
        found = team.map(lambda batch: outputs(network, batch), batches)

    assert all(map(torch.equal, found, expected))


@pytest.mark.parametrize("kind", KINDS)
def test_products_in_bfloat16_say_nearly_the_same(kind: Kind, bases: dict[Kind, Path]) -> None:
    """Where a training chooses them; the attention layer still gives what it gave without."""
    network: Any = with_prefix(open_small(bases[kind], "labels"))
    batch = small_batch(bases[kind], "labels")
    found = []
    layer = next(module for module in network.modules() if hasattr(module, "prefix"))
    layer.register_forward_hook(lambda _, __, output: found.append(output[0].dtype))

    exact = outputs(network, batch)
    with Cpu(1).arithmetic("bfloat16"):
        rough = outputs(network, batch)

    torch.testing.assert_close(rough.float(), exact, atol=0.05, rtol=0.05)
    assert found == [torch.float32, torch.bfloat16]


@pytest.mark.parametrize("kind", KINDS)
def test_recomputed_activations_give_the_same_gradients(
    kind: Kind, bases: dict[Kind, Path]
) -> None:
    """Of the prefix too, to the bit, with dropout in the attention to the text."""
    found = []
    for again in (False, True):
        torch.manual_seed(4)
        network: Any = with_prefix(open_small(bases[kind], "labels"))
        network.model.set_attn_implementation(register())
        if again:
            recompute(network)
        device = Cpu(1)
        device.make_ready(network)
        network.train()
        with device.drawing(5):
            loss = loss_of(network, small_batch(bases[kind], "labels"))
        found.append(torch.autograd.grad(loss, list(trainable(network).values())))

    assert all(map(torch.equal, *found))
    assert all(bool(gradient.any()) for gradient in found[0])


def test_attention_of_its_own_is_refused(bases: dict[Kind, Path]) -> None:
    """DeBERTa adds distances to its scores by a function of its own; others have no attention."""
    network = open_small(bases["deberta-v2"], "labels")
    refusal = r"attention interface .* has others or none\. Choose .* 'low_rank' or 'full'"

    with pytest.raises(RecipeError, match=refusal):
        PLUGIN.attach(network, Prefix())
    with pytest.raises(RecipeError, match=refusal):
        attention_layers(nn.Sequential(nn.Linear(4, 4)), purpose="Adaptation 'prefix'")


def test_a_layer_that_does_not_say_how_wide_its_keys_are_is_refused(
    bases: dict[Kind, Path],
) -> None:
    """A prefix in some of the layers alone would be another adaptation."""
    network: Any = open_small(bases["llama"], "labels")
    del network.body.layers[1].self_attn.head_dim

    with pytest.raises(RecipeError, match="keys of one known width"):
        PLUGIN.attach(network, Prefix())


def test_a_prefix_that_no_memory_holds_is_refused(bases: dict[Kind, Path]) -> None:
    """Before it is made; the message names the setting."""
    network = open_small(bases["bert"], "labels")

    with pytest.raises(RecipeError, match=r"adaptation\.length = 1,000,000,000: the .* weights"):
        PLUGIN.attach(network, Prefix(length=10**9))
