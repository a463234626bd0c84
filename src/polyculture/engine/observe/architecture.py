"""The architecture view of a trained model: its module graph and configuration."""

from typing import Any

from polyculture.core.views import Architecture, Module
from polyculture.engine.answering.model import Predictor
from polyculture.nets.graph import architecture
from polyculture.nets.lexical.tfidf import Tfidf


def observe(predictor: Predictor) -> Architecture:
    """The graph of the whole network, base and head."""
    network = predictor.network
    if isinstance(network, Tfidf):
        rows, columns = network.arrays["weight"].shape
        return Architecture(
            modules=(
                Module(kind="block"),
                Module(kind="tfidf", parents=(0,), shape=(columns,)),
                Module(kind="linear", parents=(0,), shape=(rows, columns)),
            ),
            parameters=network.parameters,
            configuration={"model_type": "tfidf", "analyzer": network.analyzer},
        )
    body: Any = network.body
    return architecture(network, body.config.to_dict())
