"""The head view of a trained model: the structure between the base's vectors and the answers."""

from typing import Any

from polyculture.core.views import HeadView, Module
from polyculture.engine.answering.model import Predictor
from polyculture.nets.graph import modules
from polyculture.nets.lexical.tfidf import Tfidf
from polyculture.nets.network import count


def observe(predictor: Predictor) -> HeadView:
    """The modules of the head, each part a graph of its own under one root."""
    settings: Any = predictor.recipe.head
    network = predictor.network
    if isinstance(network, Tfidf):
        shape = tuple(network.arrays["weight"].shape)
        return HeadView(
            modules=(Module(kind="block"), Module(kind="linear", parents=(0,), shape=shape)),
            parameters=network.parameters,
            labels=predictor.labels,
            kind="tfidf",
        )
    head = [Module(kind="block")]
    for part in network.head_modules().values():
        start = len(head)
        for module in modules(part):
            parents = tuple(start + parent for parent in module.parents) or (0,)
            head.append(module.model_copy(update={"parents": parents}))
    return HeadView(
        modules=tuple(head),
        parameters=count(w for part in network.head_modules().values() for w in part.parameters()),
        labels=predictor.labels,
        kind=settings.kind,
    )
