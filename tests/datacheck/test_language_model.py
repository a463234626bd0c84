"""Losses of tokens are those that transformers itself computes."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from polyculture.checks.tiny import Kind, tiny_base
from polyculture.datacheck.language_model import model_of, token_losses

TEXTS = ["good films and bad films", "a book of films"] * 20


def base(folder: Path, kind: Kind) -> Path:
    """A random base with the head of a language model."""
    tiny_base(folder, kind, TEXTS)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if kind == "bert":
        tokenizer.mask_token = "[MASK]"  # noqa: S105  # a token of text
        tokenizer.save_pretrained(folder)
    torch.manual_seed(2)
    maker = AutoModelForMaskedLM if kind == "bert" else AutoModelForCausalLM
    maker.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
    return folder


def test_a_masked_model_hides_one_token_at_a_time(tmp_path: Path) -> None:
    """Each loss equals that of a pass in which this token alone is hidden."""
    folder = base(tmp_path, "bert")

    losses, characters = token_losses(["good films", "bad book 饺"], folder, longest=32)

    tokenizer, model = AutoTokenizer.from_pretrained(folder), model_of(folder)
    expected = []
    for text in ("good films", "bad book"):  # what is unknown is left out, but seen
        whole = "bad book 饺" if text == "bad book" else text
        ids = torch.tensor(tokenizer(whole)["input_ids"])
        for place in range(1, len(tokenizer(text)["input_ids"]) - 1):
            hidden, labels = ids.clone(), torch.full_like(ids, -100)
            hidden[place], labels[place] = tokenizer.mask_token_id, ids[place]
            with torch.inference_mode():
                expected.append(float(model(input_ids=hidden[None], labels=labels[None]).loss))
    assert losses == pytest.approx(expected, abs=1e-5)
    assert characters == len("goodfilmsbadbook")


def test_a_causal_model_reads_from_the_left(tmp_path: Path) -> None:
    """The mean over all tokens but the first equals the model's own loss."""
    folder = base(tmp_path, "llama")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "good films and bad films"

    losses, _ = token_losses([text], folder, longest=32)

    ids = torch.tensor([tokenizer(text)["input_ids"][:-1]])  # the end is no text
    with torch.inference_mode():
        loss = model_of(folder)(input_ids=ids, labels=ids).loss
    assert sum(losses) / len(losses) == pytest.approx(float(loss), abs=1e-5)


def test_a_character_of_several_pieces_counts_once(tmp_path: Path) -> None:
    """Byte-level pieces of one character share its place."""
    folder = base(tmp_path, "gpt2")

    _, characters = token_losses(["我喜欢🙂"], folder, longest=64)

    assert characters == 4


def test_a_base_without_such_a_head_says_so(tmp_path: Path) -> None:
    """Its weights are missing, and are not drawn at random."""
    folder = tiny_base(tmp_path, "llama", TEXTS)

    assert "hold no weights of it" in str(model_of(folder))
