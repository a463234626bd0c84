"""The cheap mask drops as torch's own does: the right share, everywhere, and reproducibly."""

import pytest
import torch
from torch import nn

from polyculture.nets.efficiency.dropout import LEVELS, Dropout, calls_dropout, dropout, make_cheap

COUNT = 8 * 100_000


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.02])
def test_the_expectation_is_exact(share: float, kind: torch.dtype) -> None:
    """The mean stays, within four standard errors, in both precisions."""
    torch.manual_seed(1)
    values = torch.full((COUNT,), 1.3, dtype=kind)

    mean = dropout(values, share, training=True).double().mean() / values[0].double()

    error = (share / (1 - share) / COUNT) ** 0.5
    assert abs(mean - 1) < 4 * error + (2e-3 if kind == torch.bfloat16 else 0)


def test_every_lane_of_a_random_number_drops_the_same_share() -> None:
    """One number serves eight values; none of the eight is favoured, the top bit included."""
    torch.manual_seed(1)
    share = round(0.1 * LEVELS) / LEVELS

    zeros = (dropout(torch.ones(COUNT), 0.1, training=True) == 0).view(-1, 8).double()

    error = (share * (1 - share) / len(zeros)) ** 0.5
    assert (zeros.mean(dim=0) - share).abs().max() < 4 * error
    # neighbours are independent
    together = torch.corrcoef(zeros.T) - torch.eye(8, dtype=torch.float64)
    assert together.abs().max() < 5 / len(zeros) ** 0.5


def test_gradients_pass_where_values_passed() -> None:
    """The same mask and the same scale, forth and back."""
    torch.manual_seed(1)
    values = torch.randn(37, 5).requires_grad_()

    out = dropout(values, 0.3, training=True)
    out.sum().backward()

    assert values.grad is not None
    torch.testing.assert_close(values.grad * values, out)
    assert 0 < int((values.grad == 0).sum()) < values.numel()


def test_the_generator_state_brings_back_the_mask() -> None:
    """What resuming a training relies on."""
    state = torch.get_rng_state()
    first = dropout(torch.ones(1000), 0.5, training=True)
    torch.set_rng_state(state)

    assert torch.equal(dropout(torch.ones(1000), 0.5, training=True), first)


def test_nothing_is_dropped_outside_training_and_never_all() -> None:
    """Evaluation sees every value; a share near 1 keeps a finite scale."""
    values = torch.randn(100)

    assert torch.equal(Dropout(0.5).eval()(values), values)
    assert torch.equal(dropout(values, 0.0, training=True), values)
    assert dropout(values, 0.9999, training=True).isfinite().all()


def test_make_cheap_replaces_every_dropout_and_keeps_its_share() -> None:
    """Also nested ones; the mode is kept."""
    network = nn.Sequential(nn.Dropout(0.2), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.3))).eval()

    make_cheap(network)

    found = [module for module in network.modules() if isinstance(module, Dropout)]
    assert [module.p for module in found] == [0.2, 0.3]
    assert not any(module.training for module in found)
    assert not any(type(module) is nn.Dropout for module in network.modules())


@pytest.mark.slow
def test_only_networks_that_call_torchs_function_pay_for_it() -> None:
    """Watching every call of torch costs time, which networks of modules need not spend."""
    from transformers import BartConfig, BartModel, BertConfig, BertModel

    small = {"vocab_size": 50, "max_position_embeddings": 8}
    modules = BertModel(
        BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, **small)
    )
    functions = BartModel(BartConfig(d_model=16, encoder_layers=1, decoder_layers=1, **small))

    assert not calls_dropout(modules)
    assert calls_dropout(functions)
