"""Training only the rows that occur gives the same table as training all of them."""

import pytest
import torch
from torch import Tensor, nn

from polyculture.nets.efficiency.embedding import CompactEmbedding, compact, expand

VOCABULARY, WIDTH, PADDING = 50, 4, 1
OCCUR = [1, 3, 7, 8, 20, 49]


class Body(nn.Module):
    """A body that is nothing but its token table."""

    def __init__(self, padding: int | None) -> None:
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, WIDTH, padding_idx=padding)

    def get_input_embeddings(self) -> nn.Module:
        """The token table."""
        return self.table

    def set_input_embeddings(self, table: nn.Module) -> None:
        """Swap the token table."""
        self.table = table  # type: ignore[assignment]


def trained(body: Body) -> Tensor:
    """Ten steps of AdamW on the occurring tokens; the rest of the loss depends on the table."""
    draw = torch.Generator().manual_seed(3)
    head = torch.randn(WIDTH, generator=draw)
    optimiser = torch.optim.AdamW(body.parameters(), lr=0.1, weight_decay=0.0)
    for _ in range(10):
        tokens = torch.tensor(OCCUR)[torch.randint(len(OCCUR), (2, 5), generator=draw)]
        loss = (body.table(tokens) @ head).tanh().square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    expand(body)
    return body.table.weight.detach()


@pytest.mark.parametrize("padding", [PADDING, None])
def test_ten_steps_give_the_table_that_full_training_gives(padding: int | None) -> None:
    """Rows that occur move alike, the padding row and all others stay as they were."""
    torch.manual_seed(1)
    full = Body(padding)
    small = Body(padding)
    small.load_state_dict(full.state_dict())
    before = full.table.weight.detach().clone()

    assert compact(small, OCCUR)
    assert small.table.weight.shape == (len(OCCUR), WIDTH)
    after, ours = trained(full), trained(small)

    torch.testing.assert_close(ours, after)
    idle = [token for token in range(VOCABULARY) if token not in OCCUR]
    assert torch.equal(ours[idle], before[idle])
    assert torch.equal(ours[PADDING], before[PADDING]) == (padding is not None)


def test_a_frozen_table_stays_frozen_and_whole() -> None:
    """Compacting keeps whether the table is trained, and expanding gives a plain table back."""
    body = Body(PADDING)
    body.table.weight.requires_grad = False

    assert compact(body, OCCUR)
    assert isinstance(body.table, CompactEmbedding)
    assert not body.table.weight.requires_grad
    expand(body)

    assert type(body.table) is nn.Embedding
    assert body.table.padding_idx == PADDING
    assert not body.table.weight.requires_grad


def test_a_table_that_changes_while_it_is_read_is_left_alone() -> None:
    """With a largest norm, rows that do not occur would not stay as they are."""
    body = Body(None)
    body.table = nn.Embedding(5, 2, max_norm=1.0)

    assert not compact(body, [1, 2])
    assert not compact(nn.Linear(2, 2), [1])


def test_a_token_that_was_not_counted_is_an_error() -> None:
    """A wrong vector in silence would be worse."""
    body = Body(None)
    compact(body, OCCUR)

    with pytest.raises(IndexError):
        body.table(torch.tensor([2]))
