"""A network writes: what it writes ends at the stop, and depends on nothing beside its own row."""

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.search import Search
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch
from polyculture.nets.build import form_of, open_network, open_tokenizer
from polyculture.nets.efficiency.attention import register
from polyculture.nets.efficiency.dropout import drawing_from, make_cheap
from polyculture.nets.generation import stops_of, until
from polyculture.nets.network import Network
from polyculture.sources.bases.contents.plain import check_folder

TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely and long", "no"]
LONGEST = 12
CLASSES = {"encoder_decoder": "AutoModelForSeq2SeqLM", "decoder": "AutoModelForCausalLM"}
SIDES = {
    f"{side}_{name}": value
    for side in ("encoder", "decoder")
    for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 32))
}
Form = Literal["encoder_decoder", "decoder"]
FORMS: tuple[Form, ...] = ("encoder_decoder", "decoder")


def base(folder: Path, form: Form) -> Path:
    """A random base whose weights are large enough for texts that differ."""
    if form == "decoder":
        tiny_base(folder, "llama", TEXTS)
        torch.manual_seed(1)
        config = AutoConfig.from_pretrained(folder)
        config.initializer_range = 0.5
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        return folder
    source = parts.load("sources.bases", "new")
    settings = source.settings(kind="encoder_decoder", width=32, layers=1, vocabulary=300)
    folder.mkdir()
    source.open(settings, [[text] for text in TEXTS], folder, 3)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "_proj" in name or "fc" in name:
                weight.mul_(4.0)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Form, Path]:
    place = tmp_path_factory.mktemp("bases")
    return {form: base(place / form, form) for form in FORMS}


def opened(folder: Path, form: Form) -> Network:
    return open_network(folder, labels=(), output="tokens", model_class=CLASSES[form]).eval()


def batch_of(folder: Path, form: Form, texts: list[str]) -> Batch:
    """Padded on the right, as for learning; a decoder's prompts are followed by something."""
    tokenizer = open_tokenizer(folder)
    found = tokenizer(texts, padding=True, return_tensors="pt")
    inputs = {name: found[name] for name in ("input_ids", "attention_mask")}
    if form == "encoder_decoder":
        return Batch(inputs=inputs)
    lengths = inputs["attention_mask"].sum(dim=1)
    more = torch.full((len(texts), 3), 7)
    longer = {name: torch.cat([x, more], dim=1) for name, x in inputs.items()}
    return Batch(inputs=longer, places={"prompt": lengths})


def written(network: Network, batch: Batch, stop: int, **search: Any) -> list[list[int]]:
    return network.write(batch, Search(**search), longest=LONGEST, stop=stop)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("form", FORMS)
def test_a_batch_writes_what_its_rows_alone_write(
    form: Form, beams: int, folders: dict[Form, Path]
) -> None:
    """Padding on either side says nothing, nor do the neighbours."""
    network = opened(folders[form], form)

    together = written(network, batch_of(folders[form], form, TEXTS), 1, beams=beams)
    alone = [
        written(network, batch_of(folders[form], form, [text]), 1, beams=beams)[0] for text in TEXTS
    ]

    assert together == alone
    assert len({tuple(tokens) for tokens in together}) > 1
    assert all(len(tokens) <= LONGEST for tokens in together)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_kept_behind_the_stop(form: Form, folders: dict[Form, Path]) -> None:
    """Whatever token is the stop, a text ends before it, also where its neighbours go on."""
    network = opened(folders[form], form)
    batch = batch_of(folders[form], form, TEXTS)
    free = written(network, batch, 1, beams=1)
    stop = free[0][len(free[0]) // 2]

    cut = written(network, batch, stop, beams=1)

    assert cut[0] == free[0][: free[0].index(stop)]
    assert all(stop not in tokens for tokens in cut)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("form", FORMS)
def test_rows_of_a_batch_stop_at_steps_of_their_own(
    form: Form, beams: int, folders: dict[Form, Path]
) -> None:
    """A row that has ended waits for the others; by greedy search it is cut from what was free."""
    network = opened(folders[form], form)
    batch = batch_of(folders[form], form, TEXTS)
    free = written(network, batch, 1, beams=1)
    stop = max(
        {token for tokens in free for token in tokens[1:]},
        key=lambda token: len({len(until(tokens, {token})) for tokens in free}),
    )

    cut = written(network, batch, stop, beams=beams)

    assert all(stop not in tokens and len(tokens) <= LONGEST for tokens in cut)
    alone = [
        written(network, batch_of(folders[form], form, [text]), stop, beams=beams)[0]
        for text in TEXTS
    ]
    assert cut == alone
    if beams == 1:
        assert cut == [until(tokens, {stop}) for tokens in free]
        assert len({len(tokens) for tokens in cut}) > 1


def test_what_is_said_token_by_token_is_what_a_batch_writes(folders: dict[Form, Path]) -> None:
    """Without temperature, to the same end: at the stop, or at the longest answer."""
    folder = folders["decoder"]
    network, tokenizer = opened(folder, "decoder"), open_tokenizer(folder)
    batch = batch_of(folder, "decoder", TEXTS)
    free = written(network, batch, 1, beams=1)

    for stop in (1, free[0][len(free[0]) // 2]):
        for text, tokens in zip(TEXTS, written(network, batch, stop, beams=1), strict=True):
            said = network.say(
                tokenizer(text, return_tensors="pt")["input_ids"][0],
                longest=LONGEST,
                stops=stops_of(network.model, stop),
                temperature=0.0,
                top_p=1.0,
                chance=torch.Generator(),
            )
            assert [*said] == tokens


def test_habits_of_a_base_do_not_change_what_is_written(folders: dict[Form, Path]) -> None:
    """What its files say of lengths, lists and guidance; sampling is never asked for."""
    network = opened(folders["decoder"], "decoder")
    batch = batch_of(folders["decoder"], "decoder", TEXTS)
    plain = written(network, batch, 1, beams=1)
    habits: Any = network.model.generation_config
    habits.min_new_tokens, habits.guidance_scale = 5, 3.0
    habits.suppress_tokens = sorted({token for tokens in plain for token in tokens})
    habits.stop_strings, habits.do_sample, habits.temperature = ["x"], True, 5.0

    assert written(network, batch, 1, beams=1) == plain


def test_one_token_is_no_run() -> None:
    """It would forbid every word to occur twice."""
    with pytest.raises(ValueError, match="choose 2 or more, or 0"):
        Search(no_repeat=1)


def test_runs_are_not_written_twice_where_that_is_asked(folders: dict[Form, Path]) -> None:
    """Free greedy search repeats itself; with the setting no pair of tokens comes twice."""

    def repeats(tokens: list[int]) -> bool:
        pairs = list(pairwise(tokens))
        return len(set(pairs)) < len(pairs)

    network = opened(folders["encoder_decoder"], "encoder_decoder")
    batch = batch_of(folders["encoder_decoder"], "encoder_decoder", TEXTS)

    free = written(network, batch, 1, beams=1)
    asked = written(network, batch, 1, beams=1, no_repeat=2)

    assert any(repeats(tokens) for tokens in free)
    assert not any(repeats(tokens) for tokens in asked)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_threads_that_write_at_once_write_what_one_writes(
    form: Form, folders: dict[Form, Path]
) -> None:
    """Nothing of a search is kept in the network."""
    network = opened(folders[form], form)
    batches = [batch_of(folders[form], form, TEXTS[: 1 + n % 4]) for n in range(12)]
    expected = [written(network, batch, 1, beams=2) for batch in batches]

    with Team(4) as team:
        found = team.map(lambda batch: written(network, batch, 1, beams=2), batches)

    assert found == expected


def test_what_an_earlier_batch_asked_does_not_change_what_is_written(
    folders: dict[Form, Path],
) -> None:
    """Positions at which logits were wanted belong to their batch."""
    network = opened(folders["decoder"], "decoder")
    batch = batch_of(folders["decoder"], "decoder", TEXTS)
    before = written(network, batch, 1, beams=1)
    batch.places["positions"] = torch.tensor([[1, 0]] * len(TEXTS))

    with torch.no_grad():
        logits = network(batch)["logits"]

    assert logits.shape[1] == 2
    assert written(network, batch, 1, beams=1) == before


def learning_batch(folder: Path) -> Batch:
    batch = batch_of(folder, "encoder_decoder", TEXTS)
    tokens = batch.inputs["input_ids"]
    return Batch(inputs=batch.inputs, targets={"tokens": tokens.masked_fill(tokens == 0, -100)})


def test_a_target_is_read_one_place_later(folders: dict[Form, Path]) -> None:
    """A token is told from those before it: a change of the last one changes nothing of it."""
    network = opened(folders["encoder_decoder"], "encoder_decoder")
    batch = learning_batch(folders["encoder_decoder"])
    with torch.no_grad():
        first = network(batch)["logits"]
        batch.targets["tokens"] = batch.targets["tokens"].clone()
        batch.targets["tokens"][0, 4] = 9
        second = network(batch)["logits"]

    same = (first == second).all(dim=2)
    assert bool(same[0, :5].all())
    assert not bool(same[0, 5])


@pytest.mark.parametrize("kind", ["bart", "marian", "t5", "m2m_100"])
def test_published_kinds_open_from_a_folder_and_our_kernel_is_right(
    kind: str, tmp_path: Path
) -> None:
    """Also where positions are computed and never saved, or learnt as a bias of attention."""
    source = base(tmp_path / "tokens", "encoder_decoder")
    sizes = {"num_layers": 1, "num_heads": 2, "d_kv": 16, "d_ff": 32} if kind == "t5" else SIDES
    config = AutoConfig.for_model(
        kind,
        vocab_size=300,
        d_model=32,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        **sizes,
    )
    folder = tmp_path / kind
    AutoModelForSeq2SeqLM.from_config(config).save_pretrained(folder)
    open_tokenizer(source).save_pretrained(folder)
    check_folder(folder, kind)
    batch = learning_batch(folder)
    network = opened(folder, "encoder_decoder")
    found = []
    for kernel in ("eager", register()):
        network.model.set_attn_implementation(kernel)  # type: ignore[operator]
        with torch.no_grad():
            found.append(network(batch)["logits"])

    assert form_of(folder) == "encoder_decoder"
    assert not network.untrained
    torch.testing.assert_close(found[1], found[0], atol=1e-5, rtol=1e-4)
    assert all(len(tokens) <= LONGEST for tokens in written(network, batch, 1, beams=2))


def test_our_kernel_computes_what_the_plain_one_does(folders: dict[Form, Path]) -> None:
    """For attention of a decoder to itself and to what the encoder read."""
    batch = learning_batch(folders["encoder_decoder"])
    found = []
    for kernel in ("eager", register()):
        network = opened(folders["encoder_decoder"], "encoder_decoder")
        network.model.set_attn_implementation(kernel)  # type: ignore[operator]
        logits = network(batch)["logits"]
        logits.square().mean().backward()
        found.append((logits, [w.grad for w in network.parameters() if w.grad is not None]))

    torch.testing.assert_close(found[1], found[0], atol=1e-5, rtol=1e-4)


def test_functions_that_drop_draw_from_the_seed_too(folders: dict[Form, Path]) -> None:
    """This base calls torch's function, and has no module that could be replaced."""
    network = opened(folders["encoder_decoder"], "encoder_decoder").train()
    make_cheap(network)
    batch = learning_batch(folders["encoder_decoder"])

    def logits(seed: int) -> Tensor:
        with torch.no_grad(), drawing_from(seed, everywhere=True):
            found: Tensor = network(batch)["logits"]
        return found

    assert torch.equal(logits(7), logits(7))
    assert not torch.equal(logits(7), logits(8))
