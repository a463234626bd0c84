"""Networks that share one body and learn together: a head each, and batches of one part each."""

from collections.abc import Mapping

from torch import Tensor, nn

from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.network import Network


class Joined(nn.Module):
    """Gives a batch to the network of its part; see ``Batch.part``.

    Args:
        networks: By part; their ``model`` is one and the same bare body.

    Raises:
        ValueError: They do not share a body.
    """

    def __init__(self, networks: Mapping[str, Network]) -> None:
        super().__init__()
        if len({id(network.model) for network in networks.values()}) > 1:
            msg = "the networks of parts have one body"
            raise ValueError(msg)
        self.members = nn.ModuleList(networks.values())
        self.places = {name: place for place, name in enumerate(networks)}

    def part(self, name: str) -> Network:
        """The network of a part."""
        network: Network = self.members[self.places[name]]  # type: ignore[assignment]
        return network

    @property
    def networks(self) -> list[Network]:
        """The networks of all parts."""
        return [self.part(name) for name in self.places]

    @property
    def body(self) -> nn.Module:
        """The body that all parts share."""
        return self.networks[0].body

    def forward(self, batch: Batch) -> Outputs:
        """What the network of the batch's part says of it."""
        outputs: Outputs = self.part(batch.part)(batch)
        return outputs

    def count(self, batch: Batch) -> int:
        """How many targets of a batch the loss is summed over."""
        return self.part(batch.part).count(batch)

    def head_loss(self, outputs: Outputs, batch: Batch) -> Tensor | None:
        """The summed loss of a structured head; none where the task's own loss is to be used."""
        return self.part(batch.part).head_loss(outputs, batch)

    def head_parameters(self) -> list[nn.Parameter]:
        """Weights that belong to the tasks: all heads, and what the base's files did not hold."""
        every = [w for network in self.networks for w in network.head_parameters()]
        return list({id(weight): weight for weight in every}.values())
