"""A speaker encoder from a checkpoint of its training; ``nets/bodies/speaker.py`` opens it."""

from pathlib import Path

from polyculture.core.errors import StarterError
from polyculture.sources.starter.tensors import (
    read_pickle,
    refuse_misfits,
    without_numbers,
    write_model,
)

LOSS = ("similarity_weight", "similarity_bias")
"""Two numbers of the training loss, of no use to the encoder."""
HEARING = {"sampling_rate": 16_000, "window_ms": 25, "step_ms": 10, "partial_frames": 160}
"""How the mel spectrogram is made that the encoder was trained on."""
NOTES = (
    "The scale and shift of the training loss, two numbers, are left out.",
    "It reads mel spectrograms of speech at 16 kHz; config.json says of what kind.",
)


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration and weights.

    Raises:
        StarterError: The checkpoint is not one of a speaker encoder.
    """
    from polyculture.nets.bodies.speaker import MODEL_TYPE, SpeakerEncoder

    (file,) = members.glob("*.pt")
    state = read_pickle(file).get("model_state")
    if not isinstance(state, dict) or "lstm.weight_ih_l0" not in state:
        msg = f"{file.name} holds no 'model_state' of a recurrent encoder, as was expected."
        raise StarterError(msg)
    weights = {name: value for name, value in state.items() if name not in LOSS}
    rows, channels = weights["lstm.weight_ih_l0"].shape
    width, layers = rows // 4, sum(name.startswith("lstm.weight_ih_l") for name in weights)
    sizes = {"channels": channels, "width": width, "layers": layers}
    network = without_numbers(lambda: SpeakerEncoder(**sizes))
    refuse_misfits(weights, network, file.name)
    write_model(folder, weights, {"model_type": MODEL_TYPE, **sizes, **HEARING})
    return NOTES
