"""Open the saved TF-IDF model of a run, and say in one sentence what is wrong with it."""

from pathlib import Path

import numpy as np

from polyculture.core.errors import ModelError
from polyculture.nets.lexical.tfidf import FILE, WEIGHTS, Tfidf
from polyculture.store.weight_files import header_of, read_object


def load_counts(folder: Path, labels: tuple[str, ...]) -> Tfidf:
    """The word counts of a run's ``model`` folder.

    Args:
        folder: What ``Tfidf.save`` wrote.
        labels: The run's, one row of weights each.

    Raises:
        ModelError: A file is missing or damaged, or the weights are those of other labels.
    """
    words = read_object(folder / FILE).get("vocabulary")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        msg = f"{folder / FILE} is damaged: 'vocabulary' should be a list of words."
        raise ModelError(msg)
    file = folder / WEIGHTS
    shapes = {name: tensor.shape for name, tensor in header_of(file).items()}
    needed = {
        "idf": (len(words),),
        "weight": (len(labels), len(words)),
        "bias": (len(labels),),
    }
    for name, shape in needed.items():
        if shapes.get(name) != shape:
            there = shapes.get(name, "missing")
            msg = (
                f"{file} is not the model of this run: {name!r} is {there}, but {len(words):,} "
                f"words and the {len(labels):,} labels in run.json need {shape}."
            )
            raise ModelError(msg)
    model = Tfidf.load(folder)
    damaged = next((n for n, array in model.arrays.items() if not np.isfinite(array).all()), None)
    if damaged is not None:
        msg = f"{file}: the weights are damaged: {damaged!r} holds NaN or infinity."
        raise ModelError(msg)
    return model
